"""What figures say: names, symbols and units of axes and quantities, and what was held fixed."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from cumulode.numerics.result import Result
from cumulode.theory import Problem
from cumulode.theory.problem.axes import AXES, value_of

if TYPE_CHECKING:
    import xarray as xr

SGD = "sgd_"
#: Lines of a legend do not break within it.
IPR_TIMES_D = "IPR\u00a0\u00d7\u00a0D"


def with_units(words: str, units: Any) -> str:
    """``words (units)``, without what has none."""
    return f"{words} ({units})" if str(units or "1") not in ("1", "dimensionless") else words


def symbol(name: str) -> str:
    """The axis's symbol in mathematics, or its name in words."""
    return f"${AXES[name].symbol}$" if name in AXES and AXES[name].symbol else name.replace("_", " ")


def axis_label(ds: xr.Dataset, name: str) -> str:
    """Long name, symbol and units of an axis, from its coordinate's attributes."""
    if name == "size" and "problem" in ds.attrs:
        return "side L (sites)" if torus(ds.attrs) else "number of sites D"
    attrs = (AXES[name].attrs if name in AXES else {}) | dict(ds[name].attrs)
    words = str(attrs.get("long_name", name.replace("_", " ")))
    mark = symbol(name) if symbol(name).startswith("$") else ""
    return with_units(f"{words}{',' if mark and ',' in words else ''} {mark}".strip(), attrs.get("units"))


def value_label(name: str, value: Any, attrs: Mapping[Any, Any] | None = None) -> str:
    """``$g$ = 3``, the word itself for an axis of words; of a size L = 8 on the torus of ``attrs``, else D = 40."""
    if isinstance(value, str):
        return f"{name} {value}" if name in ("closure", "activation") else value
    if name == "size":
        return f"{'L' if torus(attrs or {}) else 'D'} = {value:g}"
    shown = r"$\infty$" if value == float("inf") else f"{float(value):{'.0f' if float(value).is_integer() else '.3g'}}"
    return f"{symbol(name)} = {shown}"


def quantity_label(ds: xr.Dataset, variable: str) -> str:
    """Long name and units of a variable; SGD's says so."""
    attrs = ds[variable].attrs
    words = str(attrs.get("long_name") or variable.removeprefix(SGD).replace("_", " "))
    words = IPR_TIMES_D if variable.removeprefix(SGD) == "ipr_times_D" else words
    return with_units(words + (", SGD" if variable.startswith(SGD) and "SGD" not in words else ""), attrs.get("units"))


def reduction_label(ds: xr.Dataset, variable: str, over: str | int) -> str:
    """How the seeds became one number: ``median of 8 seeds``; nothing where there are no seeds."""
    if "seed" not in ds[variable].dims:
        return ""
    if not isinstance(over, str):
        return f"seed {over}"
    seeds = ds.sizes["seed"]
    how = "most frequent" if "flag_values" in ds[variable].attrs else over
    return "one seed" if seeds == 1 else f"{how} of {seeds} seeds"


def conditions(
    attrs: Mapping[Any, Any], swept: Iterable[str], select: Mapping[str, Any], theory: bool = True, sgd: bool = False
) -> str:
    """What was held fixed in a sweep: selected axes, the problem, closure or learning rate, start and time."""
    known = set(swept) | set(select)
    words = [value_label(name, value, attrs) for name, value in select.items() if theory or name != "closure"]
    settings = json_of(attrs, "settings") | {key: attrs[key] for key in ("closure", "time") if key in attrs}
    run = (*["closure"] * theory, *["learning_rate", "batch_size"] * sgd, "amplitude", "time")
    return _joined(words + problem_words(json_of(attrs, "problem"), known) + _run_words(settings, known, run))


def conditions_of_run(theory: Result, sgd: Result | None = None) -> str:
    """The same of single runs, from their provenance."""
    words = problem_words(theory.provenance.get("problem", {}), set())
    words += _run_words(theory.provenance, set(), ("closure",))
    trained = {} if sgd is None else sgd.provenance
    return _joined(words + _run_words(trained, set(), ("learning_rate", "batch_size")))


def problem_words(parameters: Any, known: set[str]) -> list[str]:
    """Law and parameters of a problem written as a dict, but for the axes ``known``; nothing of a law of one's own."""
    try:
        problem = Problem.from_dict(parameters)
    except (AttributeError, KeyError, TypeError, ValueError):
        return []
    words = [type(problem.plus).__name__]
    for name in ("gain", "xi_plus", "xi_minus", "t_plus", "t_minus", "bias", "prior"):
        others = {name, name.replace("t_", "J_")} | ({"gain_plus", "gain_minus"} if name == "gain" else set())
        if known & others or (name == "prior" and problem.prior == 0.5):
            continue
        try:
            words.append(value_label(name, value_of(problem, name)))
        except ValueError:
            continue  # the law has no such parameter
    sides = problem.shape
    if "size" in known:
        return words + ["torus"] * (len(sides) == 2)
    return [*words, f"D = {sides[0]}" if len(sides) == 1 else f"{sides[0]} x {sides[1]} torus"]


def _run_words(settings: Mapping[str, Any], known: set[str], names: tuple[str, ...]) -> list[str]:
    """Settings of a run that are single values and no axes."""
    words = []
    for name in names:
        value, axis = settings.get(name), "start_amplitude" if name == "amplitude" else name
        if isinstance(value, (int, float, str)) and not {name, axis} & known:
            words.append(f"$t$ = {float(value):g}" if name == "time" else value_label(axis, value))
    return words


def _joined(words: list[str]) -> str:
    return ", ".join(w.replace(" ", "\u00a0") for w in words)  # lines break between them only


def json_of(attrs: Mapping[Any, Any], name: str) -> dict[str, Any]:
    """An attribute that holds JSON; empty where there is none."""
    try:
        content = json.loads(attrs.get(name, "{}"))
    except (TypeError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def torus(attrs: Mapping[Any, Any]) -> bool:
    """Whether the fields of a sweep live on a torus."""
    return isinstance(json_of(attrs, "problem").get("size"), list)
