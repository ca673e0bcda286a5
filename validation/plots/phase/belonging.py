"""Whether a measured boundary is of the map it is to be drawn over: the same problem, start, time, closure, level."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from cumulode.theory.problem.axes import AXES, PROBLEM_AXES
from cumulode.theory.user_input.arguments import InvalidArgument

from .planes import Plane
from .words import is_sgd, json_of

if TYPE_CHECKING:
    import xarray as xr


def check_belongs(plane: Plane, ds: xr.Dataset, role: str) -> None:
    """Raise ValueError naming ``role`` and the first thing in which ``ds`` is of another map than ``plane``'s.

    What one of them does not tell (a boundary made by hand has no problem) is not compared.
    """
    _check_problem(plane, ds, role)
    settings = json_of(ds.attrs, "settings")
    names = ["time", "amplitude", *(["closure"] if role == "theory" else [])]
    if role == "sgd" and is_sgd(plane.variable):
        names += ["learning_rate", "batch_size"]
    for name in names:
        ours, theirs = _setting(plane, name), settings.get(name)
        axes = {a for a, axis in AXES.items() if axis.parameter == name}
        own_axis = axes & ({str(d) for d in ds.dims} | {ds.attrs.get("axis")})
        if None not in (ours, theirs) and not own_axis and not _same(ours, theirs):
            raise _differs(role, name, theirs, ours)
    level = settings.get("level", ds.attrs.get("level"))
    got = (settings.get("quantity", ds.attrs.get("quantity")), level)
    if None not in got and not any(got[0] == q and _same(level, v) for q, v in plane.levels):
        allowed = " or ".join(f"{q} = {v:g}" for q, v in plane.levels)
        raise InvalidArgument(role, f"{got[0]} = {level:g}", f"a boundary at the map's level: {allowed}")


def _check_problem(plane: Plane, ds: xr.Dataset, role: str) -> None:
    """The problems, apart from what the map's axes set, the selected values put in."""
    ours, theirs = (_flat(json_of(attrs, "problem")) for attrs in (plane.attrs, ds.attrs))
    if not ours or not theirs:
        return
    for axis, value in plane.select.items():
        if axis in PROBLEM_AXES:
            ours |= _entries(axis, value, ours)
    free = {key for axis in (plane.x.name, plane.y.name) if axis in PROBLEM_AXES for key in _entries(axis, 0, ours)}
    for key in sorted((set(ours) | set(theirs)) - free):
        if not _same(ours.get(key), theirs.get(key)):
            raise _differs(role, _named(key), theirs.get(key), ours.get(key))


def _setting(plane: Plane, name: str) -> Any:
    """What the map has: its selected value, its setting, or None where that is an axis."""
    axes = [axis for axis, known in AXES.items() if known.parameter == name and axis not in PROBLEM_AXES]
    for axis in axes:
        if axis in plane.select:
            return plane.select[axis]
        if axis in plane.swept:
            return None
    return json_of(plane.attrs, "settings").get(name, plane.attrs.get(name))


def _flat(tree: dict[str, Any]) -> dict[str, Any]:
    """``{"plus.xi": 4.0, ..., "size": 40}``; a Gaussian law's source counts as the law."""
    found: dict[str, Any] = {}
    for key, value in tree.items():
        if isinstance(value, dict):
            if key == "source":
                found |= {f"source's {k}" if k == "law" else k: v for k, v in _flat(value).items()}
            else:
                found |= {f"{key}.{k}": v for k, v in _flat(value).items()}
        else:
            found[key] = value
    return found


def _entries(axis: str, value: Any, flat: dict[str, Any]) -> dict[str, Any]:
    """What an axis sets in a flat problem."""
    known = PROBLEM_AXES[axis]
    if known.parameter == "size" and isinstance(flat.get("size"), list):
        value = [int(value)] * len(flat["size"])
    parameter = known.parameter
    if parameter == "J":
        parameter, value = "t", math.tanh(value)
    return {f"{c}.{parameter}" if c else parameter: value for c in known.classes or ("",)}


def _named(key: str) -> str:
    """``plus.xi`` as the axis is called, xi_plus."""
    law, dot, parameter = key.partition(".")
    return f"{parameter}_{law}" if dot else key


def _same(a: Any, b: Any) -> bool:
    """Equal, numbers to rounding, an infinity written as a word or not."""
    try:
        return math.isclose(float(a), float(b), rel_tol=1e-9)
    except (TypeError, ValueError):
        return bool(a == b)


def _differs(role: str, name: str, got: Any, allowed: Any) -> ValueError:
    return InvalidArgument(
        role, f"{name} = {_plain(got)}", f"a boundary of what the map shows, {name} = {_plain(allowed)}"
    )


def _plain(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
