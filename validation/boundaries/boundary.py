"""Where a phase begins: the value of one axis at which the field passes a level, by root finding and by SGD."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from cumulode.numerics.io.atomic import write
from cumulode.numerics.io.progress import Progress
from cumulode.theory.problem.axes import AXES, check_axis
from cumulode.theory.problem.problem import Problem
from cumulode.theory.user_input.arguments import InvalidArgument, integer, real

from .crossing import crossings
from .dataset import Theory, dataset
from .measured import Measurement, measure, sgd_variables
from .probe import Point, Probe, Scale, overwrites, scale

#: A change of ln(quantity) over the final bracket from which a crossing is called a jump.
JUMP = 0.05
#: About how many batches of flows root finding takes.
ROUNDS = 10
#: Half the distance over which slopes are taken, as a share of ``between``.
STEP = 0.005


def boundary(
    problem: Problem,
    axis: str,
    between: tuple[float, float],
    along: Mapping[str, Sequence[Any]],
    *,
    quantity: str = "ipr_times_D",
    level: float = 3.0,
    seeds: int = 8,
    time: float = 150.0,
    amplitude: float = 0.1,
    closure: str = "regression",
    scan: int = 9,
    accuracy: float = 1e-4,
    each: bool = True,
    rtol: float = 1e-6,
    atol: float = 1e-9,
    cumulant_tolerance: float = 1e-3,
    simulate: bool = False,
    learning_rate: float = 0.01,
    batch_size: int = 100,
    points: int = 3,
    span: float = 0.2,
    tolerance: float = 0.05,
    out: str | Path | None = None,
    executor: Executor | None = None,
    progress: bool = False,
) -> xr.Dataset:
    """The value of ``axis`` at which the field passes a level, for each value of other axes.

    The **critical value** is where the mean over the starts of ln(quantity) at ``time`` equals ln(level); a start is
    ``amplitude * default_rng(seed).standard_normal(D) / sqrt(D)``, seeds 0 .. ``seeds`` - 1. Theory and SGD have the
    same starts and this same definition. Theory: a scan of ``between``, then root finding over all lines at once, in
    the logarithm of gains and amplitudes. SGD (``simulate``): runs at ``points`` values of the axis around the theory's
    critical value; the mean over starts of ln(SGD / theory) is fitted there by a straight line (so that the curve of
    the theory is not taken for a misfit), and the root of theory + line is the SGD's critical value.

    Parameters
    ----------
    problem : Problem
    axis : str
        Numeric axis of ``theory.problem.axes`` other than size, learning rate and batch size.
    between : (low, high)
        Where to look, in units of the axis.
    along : mapping
        Name of an axis -> its values, ``{"xi_plus": [2, 3, 4]}``; several axes: every combination. Also text axes.
    quantity : {"ipr_times_D", "ipr", "norm", "amplitude", "width"}
    level : float > 0
        In units of the quantity. IPR x D of 3 is a random vector's; above it a field counts as localised.
    seeds : int >= 2
    time : float > 0
        Learning rate x steps.
    amplitude : float > 0
        Norm of the starts (its root mean square).
    closure, rtol, atol, cumulant_tolerance
        Of :func:`cumulode.solve` (there ``tolerance``).
    scan : int >= 3
        Points scanned, ends included: two crossings between neighbours stay unseen.
    accuracy : float in (0, 0.1]
        Width of the bracket at the end, as a share of ``between``.
    each : bool
        Find each start's own critical value as well (more than half of the theory's work).
    simulate : bool
        SGD, too: 2 x lines x ``points`` x ``seeds`` runs, a third of the samples for the learning rate's shift.
    learning_rate, batch_size
        Of :func:`cumulode.simulate_sgd`.
    points : int >= 3
        Values of the axis at which SGD runs, with different random numbers at each.
    span : float > 0
        The theory's ln(quantity) differs by about this between the outermost of them and the middle.
    tolerance : float > 0
        Relative difference of critical values one cares to see: a standard error above it is inconclusive.
    out : path, optional
        netCDF file (SciPy's engine), written after every point of SGD; a file of the same settings is resumed.
    executor
        Of :func:`cumulode.solve` and :func:`cumulode.simulate_sgd`.
    progress : bool
        Of the theory and of SGD, on standard error.

    Returns
    -------
    xarray.Dataset
        Dimensions: the axes of ``along``, then ``seed``, ``scan``, with SGD also ``rate`` (learning rate, twice it) and
        ``sgd_point``. ``critical``, ``standard_error`` (delta method: of the mean over starts, as a sample of all
        starts; of one SGD compared with theory from the *same* starts it is no part), ``critical_of_seed``, ``slope``
        (of the mean of ln(quantity), per unit of the axis), ``spread`` (standard deviation of ln(quantity) over starts
        there), ``reason`` (why there is none: no crossing, several, a failed flow) and ``remark`` (a jump). SGD:
        ``sgd_critical``, ``sgd_standard_error`` (gradient noise, from the scatter of ln(SGD / theory) over starts),
        ``sgd_shift`` (critical value at twice the learning rate minus that), ``sgd_limit`` (extrapolated to learning
        rate 0) with their errors, ``z`` and ``z_limit`` ((theory - SGD) / standard error), ``verdict``: *differs* where
        |theory - SGD| exceeds 3 standard errors plus |shift|, as :func:`cumulode.compare` judges; ``sgd_fit_p``
        (chance of a worse fit were it a straight line). attrs: axis, units, level, problem, settings, versions.

    Raises
    ------
    ValueError
        Naming the argument, what came and what is allowed.
    """
    probe = Probe(problem, quantity, level, seeds, time, amplitude, closure, rtol, atol, cumulant_tolerance, executor)
    scaled = scale(axis, between)
    names, lines = _lines(along, scaled, probe, simulate)
    integer("scan", scan, ge=3)
    if not isinstance(each, bool):
        raise InvalidArgument("each", each, "True or False")
    real("accuracy", accuracy, gt=0, le=0.1)
    measurement = Measurement(learning_rate, batch_size, points, span, tolerance)
    with Progress(ROUNDS, "boundary: theory", progress, unit="") as bar:
        theory = _theory(probe, scaled, lines, (scan, accuracy, each), bar)
    settings: dict[str, Any] = {"axis": axis, "between": [scaled.low, scaled.high], "scan": scan, "accuracy": accuracy}
    settings |= {"along": {name: list(values) for name, values in names.items()}}
    settings |= measurement.settings() if simulate else {}
    found = dataset(probe, scaled, names, theory, settings)
    if simulate:
        runs = measure(found, probe, scaled, lines, theory.u, theory.slope, measurement, out, progress)
        found = sgd_variables(runs, scaled, measurement)
    if out is not None:
        write(found, out)
    return found


def _lines(along: Any, scaled: Scale, probe: Probe, simulate: bool) -> tuple[dict[str, list[Any]], list[Point]]:
    """Values by axis, and a point for each combination; every problem that bounds a line must exist."""
    if not isinstance(along, Mapping):
        raise InvalidArgument("along", along, "a mapping of an axis's name to its values")
    names: dict[str, list[Any]] = {}
    for name, values in along.items():
        other = check_axis(name)
        if overwrites(AXES[scaled.name], other):
            raise InvalidArgument("along", name, f"axes that {scaled.name} does not set as well")
        if name in ("learning_rate", "batch_size") and not simulate:
            raise InvalidArgument("along", name, "axes of the theory where simulate=False")
        names[name] = np.atleast_1d(np.asarray(values)).tolist()
        if not names[name] or np.ndim(values) > 1:
            raise InvalidArgument(f"along[{name!r}]", values, "a 1-d sequence of at least one value")
    lines: list[Point] = [dict(zip(names, values, strict=True)) for values in itertools.product(*names.values())]
    for line, end in itertools.product(lines, (scaled.low, scaled.high)):
        probe.check({**line, scaled.name: end})
    return names, lines


def _theory(probe: Probe, scaled: Scale, lines: list[Point], how: tuple[int, float, bool], bar: Progress) -> Theory:
    """Scan, roots of the mean over starts and of each start, slope and spread at the former."""
    count, seeds = len(lines), probe.seeds
    scan, accuracy, each = how

    def points(rows: Sequence[int], u: np.ndarray) -> list[Point]:
        return [{**lines[i], scaled.name: float(x)} for i, x in zip(rows, scaled.value(u), strict=True)]

    def functions(rows: np.ndarray, u: np.ndarray) -> np.ndarray:
        """Rows below ``count`` are means over the starts, the others one start of one line."""
        asked = [(int(r), s, x) for r, x in zip(rows, u, strict=True) if r < count for s in range(seeds)]
        asked += [(*divmod(int(r) - count, seeds), x) for r, x in zip(rows, u, strict=True) if r >= count]
        values = probe.theory(points([a[0] for a in asked], np.array([a[2] for a in asked])), [a[1] for a in asked])
        means = int(np.sum(rows < count))
        result = np.empty(rows.size)
        result[rows < count] = values[: means * seeds].reshape(means, seeds).mean(axis=1)
        result[rows >= count] = values[means * seeds :]
        bar.update(int(bar.done < ROUNDS - 1))
        return result

    grid = np.linspace(0.0, 1.0, scan)
    every = points(np.repeat(np.arange(count), scan).tolist(), np.tile(grid, count))
    values = probe.theory_all(every).reshape(count, scan, seeds)
    of_seed = values.transpose(0, 2, 1).reshape(count * seeds, scan)
    bar.update(1)
    found = crossings(functions, grid, np.concatenate([values.mean(axis=2), of_seed[: None if each else 0]]), accuracy)
    u = found.u[:count]
    u_of_seed = found.u[count:].reshape(count, seeds) if each else np.full((count, seeds), np.nan)
    slope, spread = _local(probe, points, u)
    bar.update(ROUNDS - bar.done)
    jumps = found.jump[:count]
    remarks = [f"jumps by {j:.2g} in ln(quantity) across the level" if j > JUMP else "" for j in jumps]
    return Theory(u, u_of_seed, slope, spread, grid, values.mean(axis=2),
                  found.reasons[:count], remarks)  # fmt: skip


def _local(probe: Probe, points: Any, u: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Slope of the mean per unit of the coordinate, and the standard deviation over starts, at the roots."""
    slope, spread = np.full((2, u.size), np.nan)
    rows = np.flatnonzero(np.isfinite(u))
    if rows.size:
        below, above = np.maximum(u[rows] - STEP, 0.0), np.minimum(u[rows] + STEP, 1.0)
        values = probe.theory_all(points(np.tile(rows, 3).tolist(), np.concatenate([below, above, u[rows]])))
        low, high, middle = values.reshape(3, rows.size, probe.seeds)
        slope[rows] = (high - low).mean(axis=1) / (above - below)
        spread[rows] = middle.std(axis=1, ddof=1)
    return slope, spread
