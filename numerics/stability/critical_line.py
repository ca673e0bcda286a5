"""Critical values over a map: :func:`critical_value` at every point of other axes, as a labelled array."""

from __future__ import annotations

import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from os import cpu_count
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from cumulode.numerics.check_input import check_problem
from cumulode.numerics.contraction.names import AUTO
from cumulode.theory.problem.axes import PROBLEM_AXES, at, check_axis
from cumulode.theory.problem.problem import Problem
from cumulode.theory.user_input.arguments import InvalidArgument

from .critical_value import STABILITY, CriticalValues, check_question, critical_value

if TYPE_CHECKING:
    import xarray


def critical_line(
    problem: Problem,
    axis: str,
    between: tuple[float, float],
    along: Mapping[str, ArrayLike],
    criterion: str = STABILITY,
    closure: str = "regression",
    *,
    points: int = 13,
    tolerance: float = 1e-4,
    contraction: str = AUTO,
) -> xarray.Dataset:
    """:func:`critical_value` at every value of other parameters: a line on a phase diagram.

    Parameters
    ----------
    problem, axis, between, criterion, closure, points, tolerance, contraction
        As for :func:`critical_value`.
    along : dict of axis name: values
        The other axes of the map, by the names of ``cumulode.theory.problem.axes``.

    Returns
    -------
    xarray.Dataset
        Dimensions: those of ``along``, and ``crossing`` (as many as any point has, at least 1). Variables: one called
        like ``axis``, the critical values, NaN where there are fewer or none; ``direction`` (1 unstable above, -1
        below, 0 none); ``mode``, what grows ("1", or "0,1" on a torus); ``reason``, in words. Units and long names as
        the axes have them.

    Raises
    ------
    ValueError
        As :func:`critical_value`; naming ``along`` where it has no axis, or ``axis`` itself.
    """
    check_problem(problem)
    check_question(axis, criterion, points)
    coordinates = _along(along, axis)
    options: Any = {"points": points, "tolerance": tolerance, "contraction": contraction}

    def point(values: tuple[Any, ...]) -> CriticalValues:
        try:
            moved = at(problem, **dict(zip(coordinates, values, strict=True)))
        except ValueError as error:
            return _absent(axis, criterion, closure, str(error))
        return critical_value(moved, axis, between, criterion, closure, **options)

    with ThreadPoolExecutor(cpu_count() or 1) as pool:
        found = list(pool.map(point, product(*coordinates.values())))
    attributes = {"problem": json.dumps(problem.to_dict()), "between": list(map(float, between)), "points": points}
    attributes |= {"criterion": criterion, "closure": closure, "tolerance": tolerance, "contraction": contraction}
    return _dataset(axis, coordinates, found, attributes)


def _along(along: Any, axis: str) -> dict[str, list[Any]]:
    allowed = "a dict of other axes of problems and their values, 1-d and not empty"
    if not isinstance(along, Mapping) or not along or axis in along:
        raise InvalidArgument("along", along, allowed)
    coordinates = {}
    for name, values in along.items():
        check_axis(name, tuple(PROBLEM_AXES))
        array = np.asarray(values)
        if array.ndim != 1 or array.size == 0:
            raise InvalidArgument("along", along, allowed)
        coordinates[name] = array.tolist()
    return coordinates


def _absent(axis: str, criterion: str, closure: str, why: str) -> CriticalValues:
    return CriticalValues(axis, criterion, closure, np.empty(0), np.empty(0, int), (), np.empty(0), why)


def _dataset(
    axis: str, coordinates: dict[str, list[Any]], found: list[CriticalValues], attributes: dict[str, Any]
) -> xarray.Dataset:
    """The points as arrays over their axes."""
    import xarray

    from cumulode import __version__

    most = max(1, *(each.values.size for each in found))
    values, direction = np.full((len(found), most), np.nan), np.zeros((len(found), most), np.int8)
    mode = np.full((len(found), most), "", dtype="U16")
    for i, each in enumerate(found):
        n = each.values.size
        values[i, :n], direction[i, :n] = each.values, each.directions
        mode[i, :n] = [",".join(map(str, m)) if isinstance(m, tuple) else str(m) for m in each.modes]
    shape, dims = [len(v) for v in coordinates.values()], [*coordinates, "crossing"]
    named = PROBLEM_AXES[axis]
    described = {"long_name": f"critical {named.long_name}", "units": named.units}
    return xarray.Dataset(
        {
            axis: (dims, values.reshape(*shape, most), described),
            "direction": (dims, direction.reshape(*shape, most), {"long_name": "1: unstable above, -1: below"}),
            "mode": (dims, mode.reshape(*shape, most), {"long_name": "wavenumber of what grows", "units": "waves"}),
            "reason": (dims[:-1], np.array([each.reason for each in found]).reshape(shape)),
        },
        coords={name: (name, v, PROBLEM_AXES[name].attrs) for name, v in coordinates.items()},
        attrs={**attributes, "version": __version__},
    )
