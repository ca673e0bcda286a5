"""Critical values over a map: :func:`critical_value` at every point of other axes, as a labelled array."""

from __future__ import annotations

import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from functools import partial
from itertools import product
from os import cpu_count
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from cumulode.numerics.check_input import check_executor
from cumulode.numerics.flow.solver import Solver, choose
from cumulode.theory.problem.axes import PROBLEM_AXES, at
from cumulode.theory.problem.problem import Problem
from cumulode.theory.user_input.arguments import InvalidArgument
from cumulode.theory.user_input.arrays import listed
from cumulode.theory.user_input.deprecation import renamed_arguments
from cumulode.theory.user_input.options import either

from .critical_value import DEFAULT, STABILITY, CriticalValues, check_between, check_has, check_question, critical_value

if TYPE_CHECKING:
    import xarray


@renamed_arguments({"contraction": ("solver", Solver, ("closure", "tolerance"))}, points="scan")
@either(solver=("closure", "tolerance"))
def critical_line(
    problem: Problem,
    axis: str,
    between: tuple[float, float],
    along: Mapping[str, ArrayLike],
    criterion: str = STABILITY,
    closure: str = "regression",
    *,
    scan: int = 13,
    tolerance: float = 1e-4,
    solver: Solver | None = None,
    executor: Any = None,
) -> xarray.Dataset:
    """:func:`critical_value` at every value of other parameters: a line on a phase diagram.

    Parameters
    ----------
    problem, axis, between, criterion, closure, scan, tolerance, solver
        As for :func:`critical_value`.
    along : dict of axis name: values
        The other axes of the map, by the names of ``cumulode.theory.problem.axes``.
    executor : concurrent.futures.Executor or dask.distributed.Client, optional
        Where the points go; by default a pool of one thread a core.

    Returns
    -------
    xarray.Dataset
        Dimensions: those of ``along``, and ``crossing`` (as many as any point has, at least 1). Variables: one called
        like ``axis``, the critical values, NaN where there are fewer or none; ``standard_error`` (0 but for the closure
        frozen); ``direction`` (1 unstable above, -1
        below, 0 none); ``mode``, what grows ("1", or "0,1" on a torus); ``reason``, in words. Units and long names as
        the axes have them.

    Raises
    ------
    InvalidArgument
        As :func:`critical_value`; naming ``along`` where it has no axis, or ``axis`` itself; ``executor``.
    """
    check_question(problem, axis, criterion, scan)
    executor = check_executor(executor)
    solver = choose(solver, DEFAULT, closure=closure, tolerance=tolerance)
    low, high = check_between(axis, between)
    coordinates = _along(problem, along, axis)
    places = [dict(zip(coordinates, values, strict=True)) for values in product(*coordinates.values())]
    work = partial(_point, problem, axis, (low, high), criterion, scan, solver)
    with nullcontext(executor) if executor else ThreadPoolExecutor(cpu_count() or 1) as pool:
        points = list(pool.map(work, places))
    attributes = {"problem": json.dumps(problem.to_dict()), "between": [low, high], "scan": scan}
    settings = {name: getattr(solver, name) for name in ("closure", "tolerance", "contraction")}
    return _dataset(axis, coordinates, points, attributes | {"criterion": criterion} | settings)


def _point(
    problem: Problem, axis: str, between: Any, criterion: str, scan: int, solver: Solver, place: dict[str, Any]
) -> CriticalValues:
    """The critical values at one place; none, with the reason, where the problem does not exist."""
    try:
        moved = at(problem, **place)
    except ValueError as error:
        nothing = np.empty(0), np.empty(0, int), (), np.empty(0)
        return CriticalValues(axis, criterion, solver.closure, *nothing, str(error))
    return critical_value(moved, axis, between, criterion, solver.closure, scan=scan, solver=solver)


def _along(problem: Problem, along: Any, axis: str) -> dict[str, list[Any]]:
    allowed = "a dict of other axes of problems and their values, 1-d and not empty"
    if not isinstance(along, Mapping) or not along or axis in along:
        raise InvalidArgument("along", along, allowed)
    coordinates = {}
    for name, values in along.items():
        check_has(problem, name, "along", tuple(PROBLEM_AXES))
        coordinates[name] = listed("along", values, allowed)
    return coordinates


def _dataset(
    axis: str, coordinates: dict[str, list[Any]], points: list[CriticalValues], attributes: dict[str, Any]
) -> xarray.Dataset:
    """The points as arrays over their axes."""
    import xarray

    from cumulode import __version__

    most = max(1, *(point.values.size for point in points))
    values, direction = np.full((len(points), most), np.nan), np.zeros((len(points), most), np.int8)
    mode, errors = np.full((len(points), most), "", dtype="U16"), np.full((len(points), most), np.nan)
    for i, point in enumerate(points):
        n = point.values.size
        values[i, :n], direction[i, :n], errors[i, :n] = point.values, point.directions, point.errors
        mode[i, :n] = [",".join(map(str, m)) if isinstance(m, tuple) else str(m) for m in point.modes]
    shape, dims = [len(v) for v in coordinates.values()], [*coordinates, "crossing"]
    named = PROBLEM_AXES[axis]
    units = {"units": named.units}
    described = {"long_name": f"critical {named.long_name}", **units}
    return xarray.Dataset(
        {
            axis: (dims, values.reshape(*shape, most), described),
            "standard_error": (dims, errors.reshape(*shape, most), {"long_name": "its standard error", **units}),
            "direction": (dims, direction.reshape(*shape, most), {"long_name": "1: unstable above, -1: below"}),
            "mode": (dims, mode.reshape(*shape, most), {"long_name": "wavenumber of what grows", "units": "waves"}),
            "reason": (dims[:-1], np.array([point.reason for point in points]).reshape(shape)),
        },
        coords={name: (name, v, PROBLEM_AXES[name].attrs) for name, v in coordinates.items()},
        attrs={**attributes, "version": __version__},
    )
