"""Whether a measured boundary is of the map it is drawn over: the same problem, start, time, closure and level."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import xarray as xr

from cumulode.theory import Problem
from cumulode.theory.problem.axes import AXES, PROBLEM_AXES, at
from cumulode.theory.user_input.arguments import Described, InvalidArgument
from cumulode.validation.plots.words import SGD, json_of

if TYPE_CHECKING:
    from .map import PhaseMap


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
