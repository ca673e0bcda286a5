"""Measured boundaries over a map: critical values with error bars, theory filled, SGD open; refined ones as a line.

What is drawn must be of the map's problem, start, time, closure and level (``check_same_map``).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr
from matplotlib.axes import Axes

from cumulode.theory import Problem
from cumulode.theory.problem.axes import AXES, PROBLEM_AXES, at
from cumulode.theory.user_input.arguments import Described, InvalidArgument
from cumulode.validation.plots.style import draw_legend, halo, styled
from cumulode.validation.plots.words import IPR_TIMES_D, SGD, json_of, value_label

from .map import PhaseMap

STYLES: dict[str, dict[str, Any]] = {
    "theory": {"marker": "o", "markerfacecolor": "black", "markeredgecolor": "white"},
    "sgd": {"marker": "s", "markerfacecolor": "white", "markeredgecolor": "black"},
}
NAMES = {"theory": "boundary, theory", "sgd": "boundary, SGD"}
QUANTITIES = {"ipr_times_D": IPR_TIMES_D, "ipr": "IPR", "norm": "|w|", "amplitude": "largest |weight|"}


@styled()
def boundary_symbols(
    ax: Axes, theory: xr.Dataset | None = None, sgd: xr.Dataset | None = None, *, legend: bool = True
) -> Axes:
    """Critical values with error bars of one standard error over a map: theory filled, SGD open.

    Parameters
    ----------
    ax : Axes
        That ``phase_map`` drew in.
    theory : xarray.Dataset
        From ``boundary``: ``critical`` and ``standard_error`` over one dimension, an axis of the map, with the other
        axis of the map in the attribute ``axis``; NaN where there is none. Or from ``refine_boundary``, drawn as a
        line. What lies outside the map is left out.
    sgd : xarray.Dataset
        From ``boundary(simulate=True)``: the same with ``sgd_critical`` and ``sgd_standard_error``.

    Raises
    ------
    InvalidArgument
        If neither is given; if one has not the map's axes, or its problem (apart from these axes), start, time,
        closure, quantity or level is another, where both say what it is.
    """
    shown = PhaseMap.on(ax)
    if theory is None and sgd is None:
        raise InvalidArgument("theory", None, "at least one of theory and sgd")
    for role, ds in (("theory", theory), ("sgd", sgd)):
        if ds is not None:
            draw = _draw_refined if role == "theory" and "vertex" in ds.dims else _draw_symbols
            draw(ax, shown, ds, role)
    if legend:
        draw_legend(ax)
    return ax


def _draw_symbols(ax: Axes, shown: PhaseMap, ds: xr.Dataset, role: str) -> None:
    prefix = SGD if role == "sgd" else ""
    needed = (f"{prefix}critical", f"{prefix}standard_error")
    if any(name not in ds for name in needed):
        of = "boundary(simulate=True)" if prefix else "boundary or refine_boundary"
        got = Described(", ".join(map(str, ds.data_vars)))
        raise InvalidArgument(role, got, f"a Dataset of {of}, with {' and '.join(needed)}")
    own = str(ds.attrs.get("axis", ds[needed[0]].attrs.get("axis", "")))
    dims = [str(d) for d in ds[needed[0]].dims]
    if len(dims) != 1 or {own, *dims} != set(shown.dims):
        raise _other_axes(shown, role, f"critical {own or 'values'} along {', '.join(dims)}")
    check_same_map(shown, ds, role)
    axis, other = (shown.x, shown.y) if shown.x.name == own else (shown.y, shown.x)
    v, place, error = axis.place(ds[needed[0]].values), other.place(ds[dims[0]].values), ds[needed[1]].values
    inside = axis.holds(v) & other.holds(place)
    v, place, error = v[inside], place[inside], np.nan_to_num(error[inside])
    x, y, bars = (v, place, {"xerr": error}) if axis is shown.x else (place, v, {"yerr": error})
    style: dict[str, Any] = {"color": "black", "linestyle": "none", "markersize": 5.0, **STYLES[role], **bars}
    words = _words(ds, role, "standard error", bool(inside.any()))
    drawn = ax.errorbar(x, y, **style, elinewidth=1.2, capsize=2.5, zorder=5, label=words)
    for bar in drawn.lines[2]:
        bar.set_path_effects(halo(2.6))


def _draw_refined(ax: Axes, shown: PhaseMap, ds: xr.Dataset, role: str) -> None:
    """The polyline of ``refine_boundary``, a piece for each number in ``line``: white with a black rim."""
    own = {str(name).removeprefix("boundary_") for name in ds.data_vars if str(name).startswith("boundary_")}
    if own != set(shown.dims) or "line" not in ds:
        raise _other_axes(shown, role, " and ".join(sorted(own)) or ", ".join(map(str, ds.data_vars)))
    check_same_map(shown, ds, role)
    x, y = (axis.place(ds[f"boundary_{axis.name}"].values) for axis in (shown.x, shown.y))
    reached = ds.attrs.get("reached")
    how = "refined" if reached is None else f"to {100 * float(reached):.2g} % of each axis"
    words = _words(ds, role, how, bool((shown.x.holds(x) & shown.y.holds(y)).any()))
    style: dict[str, Any] = {"color": "white", "linewidth": 1.2, "path_effects": halo(2.8, "black")}
    for number in np.unique(ds["line"].values):
        on = ds["line"].values == number
        ax.plot(x[on], y[on], **style, zorder=4.2, label=words)


def _other_axes(shown: PhaseMap, role: str, got: str) -> InvalidArgument:
    allowed = f"a boundary in the axes of the map, {shown.x.name} and {shown.y.name}"
    return InvalidArgument(role, Described(got), allowed)


def _words(ds: xr.Dataset, role: str, how: str, seen: bool) -> str:
    """Whose boundary, of which average (a map's contour is of another: the median's, say), how well known."""
    settings = dict(ds.attrs) | json_of(ds.attrs, "settings")
    quantity = settings.get("quantity")
    mean = f": mean of ln({QUANTITIES.get(str(quantity), quantity)}) over starts" if quantity else ""
    for name in ("learning_rate", "batch_size") if role == "sgd" else ():
        if settings.get(name) is not None:
            how += ", " + value_label(name, float(settings[name])).replace(" ", "\u00a0")
    return f"{NAMES[role]}{mean} ({how})" + ("" if seen else ", none within the map")


def check_same_map(shown: PhaseMap, ds: xr.Dataset, role: str) -> None:
    """Raise InvalidArgument naming ``role`` and the first thing in which ``ds`` is of another map than ``shown``.

    What one of them does not say (a boundary made by hand has no problem) is not compared.
    """
    along = {*(set(shown.swept) - set(shown.select)), *map(str, ds.dims), ds.attrs.get("axis")}
    check_same_problem(shown.ds.attrs, ds.attrs, along, shown.select, role)
    names = {"time", "amplitude"} | ({"closure"} if role == "theory" else set())
    names |= {"learning_rate", "batch_size"} if role == "sgd" and shown.prefix else set()
    settings = json_of(ds.attrs, "settings")
    ours = dict(shown.ds.attrs) | json_of(shown.ds.attrs, "settings")
    ours |= {AXES[axis].parameter: value for axis, value in shown.select.items() if axis in AXES}
    for name in sorted(names - _keys(along)):
        if None not in (ours.get(name), settings.get(name)):
            _compare(role, name, ours[name], settings[name])
    quantity, level = (settings.get(name, ds.attrs.get(name)) for name in ("quantity", "level"))
    levels = [("ipr_times_D", shown.threshold)]
    levels += [(shown.variable.removeprefix(SGD), value) for value in shown.levels or ()]
    if None not in (quantity, level) and not any(quantity == q and _same(level, v) for q, v in levels):
        allowed = " or ".join(f"{q} = {v:g}" for q, v in levels)
        raise InvalidArgument(role, Described(f"{quantity} = {level:g}"), f"a boundary at the map's level: {allowed}")


def check_same_problem(
    ours: Mapping[Any, Any], theirs: Mapping[Any, Any], along: set[Any], select: Mapping[str, Any], role: str
) -> None:
    """Compare the problems in two Datasets' attributes, ours at the selected values, but for the axes ``along``."""
    mine, other = json_of(ours, "problem"), json_of(theirs, "problem")
    if mine and other:
        a = _flat(_moved(mine, {axis: value for axis, value in select.items() if axis in PROBLEM_AXES}))
        b = _flat(_moved(other, {}))
        for key in sorted((a.keys() | b.keys()) - _keys(along)):
            law, dot, parameter = key.partition(".")
            _compare(role, f"{parameter}_{law}" if dot else key, a.get(key), b.get(key))


def _moved(parameters: dict[str, Any], values: dict[str, Any]) -> dict[str, Any]:
    """The problem at these values of its axes, as a dict; as it is where it has a law of one's own."""
    try:
        return at(Problem.from_dict(parameters), **values).to_dict()
    except (KeyError, TypeError, ValueError):
        return parameters


def _flat(tree: dict[str, Any]) -> dict[str, Any]:
    """``{"plus.xi": 4.0, ..., "size": 40}``; a Gaussian law's source counts as the law."""
    flat: dict[str, Any] = {}
    for key, value in tree.items():
        if not isinstance(value, dict):
            flat[key] = value
        elif key == "source":
            flat |= {f"source's {k}" if k == "law" else k: v for k, v in _flat(value).items()}
        else:
            flat |= {f"{key}.{k}": v for k, v in _flat(value).items()}
    return flat


def _keys(along: set[Any]) -> set[str]:
    """What axes set in a flat problem or in the settings."""
    keys = set()
    for axis in [AXES[name] for name in along if name in AXES]:
        parameter = "t" if axis.parameter == "J" else axis.parameter
        keys |= {f"{c}.{parameter}" for c in axis.classes} or {parameter}
    return keys


def _same(a: Any, b: Any) -> bool:
    """Equal, numbers to rounding, an infinity written as a word or not."""
    try:
        return math.isclose(float(a), float(b), rel_tol=1e-9)
    except (TypeError, ValueError):
        return bool(list(a) == list(b) if isinstance(a, (list, tuple)) and isinstance(b, (list, tuple)) else a == b)


def _compare(role: str, name: str, ours: Any, theirs: Any) -> None:
    if not _same(ours, theirs):
        got, allowed = (f"{name} = {v:g}" if isinstance(v, float) else f"{name} = {v}" for v in (theirs, ours))
        raise InvalidArgument(role, Described(got), f"a boundary of what the map shows, {allowed}")
