"""What figures of phase diagrams say: names and units of axes and quantities, the reduction, what was held fixed."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from cumulode.theory.problem.axes import AXES, value_of

if TYPE_CHECKING:
    import xarray as xr

SGD = "sgd_"
#: Lines of a legend do not break within it.
IPR_TIMES_D = "IPR\u00a0\u00d7\u00a0D"
#: As the field writes them.
SYMBOLS = {
    "gain": "g",
    "gain_plus": "g_+",
    "gain_minus": "g_-",
    "xi_plus": r"\xi_+",
    "xi_minus": r"\xi_-",
    "t_plus": "t_+",
    "t_minus": "t_-",
    "J_plus": "J_+",
    "J_minus": "J_-",
    "bias": "b",
    "prior": "p_+",
    "amplitude": "|w_0|",
    "start_amplitude": "|w_0|",
    "learning_rate": r"\eta",
}
_PURE = ("", "1", "dimensionless")


def with_units(words: str, units: Any) -> str:
    """``words (units)``, without what has none."""
    return words if str(units or "") in _PURE else f"{words} ({units})"


def symbol(name: str) -> str:
    """The axis's symbol in mathematics, or its name in words."""
    return f"${SYMBOLS[name]}$" if name in SYMBOLS else name.replace("_", " ")


def axis_label(ds: xr.Dataset, name: str) -> str:
    """Long name, symbol and units of an axis, from its coordinate's attributes."""
    attrs = dict(ds[name].attrs) if name in ds.coords else {}
    known = AXES.get(name)
    words = attrs.get("long_name") or (known.long_name if known else name.replace("_", " "))
    if name == "size" and "problem" in ds.attrs:
        return "side L (sites)" if torus(ds) else "number of sites D"
    units = attrs.get("units", known.units if known else "")
    mark = f" ${SYMBOLS[name]}$" if name in SYMBOLS else ""
    return with_units(f"{words}{',' if mark and ',' in words else ''}{mark}", units)


def value_label(name: str, value: Any) -> str:
    """``$g$ = 3``, or the word itself for an axis of words."""
    if isinstance(value, str):
        return f"{name} {value}" if name in ("closure", "activation") else value
    shown = r"$\infty$" if value == float("inf") else f"{float(value):{'.0f' if float(value).is_integer() else '.3g'}}"
    return f"{symbol(name)} = {shown}"


def named_value(ds: xr.Dataset, name: str, value: Any) -> str:
    """``value_label``, and of a size L = 8 on a torus, D = 40 on a ring."""
    return f"{'L' if torus(ds) else 'D'} = {value:g}" if name == "size" else value_label(name, value)


def is_sgd(variable: str) -> bool:
    """Whether the variable is SGD's."""
    return variable.startswith(SGD)


def quantity_label(ds: xr.Dataset, variable: str) -> str:
    """Long name and units of a variable; SGD's says so."""
    attrs = ds[variable].attrs
    words = str(attrs.get("long_name") or variable.removeprefix(SGD).replace("_", " "))
    if variable.removeprefix(SGD) == "ipr_times_D":
        words = IPR_TIMES_D
    if is_sgd(variable) and "SGD" not in words:
        words += ", SGD"
    return with_units(words, attrs.get("units"))


def reduction_label(ds: xr.Dataset, variable: str, over: str | int, flags: bool = False) -> str:
    """How the seeds became one number: ``median of 8 seeds``; nothing where there are no seeds."""
    if "seed" not in ds[variable].dims:
        return ""
    if not isinstance(over, str):
        return f"seed {over}"
    seeds = ds.sizes["seed"]
    if seeds == 1:
        return "one seed"
    return f"{'most frequent' if flags else over} of {seeds} seeds"


def conditions(
    ds: xr.Dataset, swept: Iterable[str], select: Mapping[str, Any], theory: bool = True, sgd: bool = False
) -> str:
    """What was held fixed: selected axes, the problem's other parameters, closure or learning rate, start and time."""
    swept = set(swept)
    words = [named_value(ds, name, value) for name, value in select.items() if theory or name != "closure"]
    words += _problem_words(json_of(ds.attrs, "problem"), swept | set(select))
    settings = json_of(ds.attrs, "settings") | {key: ds.attrs[key] for key in ("closure", "time") if key in ds.attrs}
    run = ("closure",) * theory + ("learning_rate", "batch_size") * sgd
    for name in (*run, "amplitude", "time"):
        value = settings.get(name)
        told = {name, "start_amplitude"} if name == "amplitude" else {name}
        if isinstance(value, (int, float, str)) and not told & (swept | set(select)):
            words.append(f"$t$ = {float(value):g}" if name == "time" else value_label(name, value))
    return ", ".join(w.replace(" ", "\u00a0") for w in words)  # lines break between them only


def _problem_words(parameters: dict[str, Any], known: set[str]) -> list[str]:
    """Of the problem's parameters those that no axis tells."""
    from cumulode.theory import Problem

    try:
        problem = Problem.from_dict(parameters)
    except (KeyError, TypeError, ValueError):
        return []  # a user's own law, or a file without the problem
    words = [type(problem.plus).__name__]
    both = {"gain": ("gain_plus", "gain_minus")}
    for name in ("gain", "xi_plus", "xi_minus", "t_plus", "t_minus", "bias", "prior"):
        told = name in known or known & set(both.get(name, ())) or name.replace("t_", "J_") in known
        if told or (name == "prior" and problem.prior == 0.5):
            continue
        try:
            words.append(value_label(name, value_of(problem, name)))
        except ValueError:
            continue  # the law has no such parameter
    if "size" not in known:
        sides = problem.shape
        words.append(f"D = {sides[0]}" if len(sides) == 1 else f"{sides[0]} x {sides[1]} torus")
    elif len(problem.shape) == 2:
        words.append("torus")
    return words


def json_of(attrs: Mapping[Any, Any], name: str) -> dict[str, Any]:
    """An attribute that holds JSON; empty where there is none."""
    try:
        found = json.loads(attrs.get(name, "{}"))
    except (TypeError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def torus(ds: xr.Dataset) -> bool:
    """Whether the fields live on a torus."""
    return isinstance(json_of(ds.attrs, "problem").get("size"), list)
