"""Where a phase begins: the value of one axis at which the field passes a level, by root finding and by SGD."""

from __future__ import annotations

import itertools
import numbers
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import xarray as xr

from cumulode.numerics.flow.solver import FLOW, Solver, choose
from cumulode.numerics.io.atomic import check_output
from cumulode.numerics.io.netcdf import earlier, write
from cumulode.numerics.io.progress import Progress, Shown, check_progress
from cumulode.theory.problem.axes import check_axis
from cumulode.theory.problem.problem import Problem
from cumulode.theory.user_input.arguments import InvalidArgument, flag
from cumulode.theory.user_input.arrays import listed
from cumulode.theory.user_input.deprecation import renamed_arguments
from cumulode.theory.user_input.options import either
from cumulode.validation.receptive_fields.localised import LOCALISED
from cumulode.validation.sgd.settings import Sgd
from cumulode.validation.sgd.settings import choose as choose_sgd
from cumulode.validation.sweep.protocol import Point

from .axis_range import AxisRange, check_range
from .measured import Measurement, measure, with_verdicts
from .probe import Probe
from .roots import ROUNDS, Lines, Search, dataset, find_roots, stamp

#: Keywords of before that are fields of the solver, or of SGD's rule, now.
MOVED: dict[str, tuple[Any, ...]] = dict.fromkeys(("rtol", "atol"), ("solver", Solver, ("closure",)))
MOVED |= {"cumulant_tolerance": ("solver", Solver, ("closure",), "tolerance")}
RULE = dict.fromkeys(("learning_rate", "batch_size"), ("sgd", Sgd, ()))


@renamed_arguments({**MOVED, **RULE}, points="sgd_values", tolerance="margin")
@either(solver=("closure",))
def boundary(
    problem: Problem,
    axis: str,
    between: tuple[float, float],
    along: Mapping[str, Sequence[Any]],
    *,
    quantity: str = "ipr_times_D",
    level: float = LOCALISED,
    seeds: int | Sequence[int] = 8,
    time: float = 150.0,
    amplitude: float = 0.1,
    closure: str = "regression",
    scan: int = 9,
    accuracy: float = 1e-4,
    each: bool = True,
    margin: float = 0.05,
    simulate: bool = False,
    sgd_values: int = 3,
    span: float = 0.2,
    solver: Solver | None = None,
    sgd: Sgd | None = None,
    out: str | Path | None = None,
    executor: Any = None,
    progress: Shown = False,
) -> xr.Dataset:
    """The value of ``axis`` at which the field passes a level, for each value of other axes.

    The **critical value** is where the mean over the starts of ln(quantity) at ``time`` equals ln(level); a start is
    ``amplitude * default_rng(seed).standard_normal(D) / sqrt(D)``. Theory and SGD have the same starts and this same
    definition. Theory: a scan of ``between``, then root finding over all lines at once, in the logarithm of gains and
    amplitudes. SGD (``simulate``): runs at ``sgd_values`` values of the axis around the theory's critical value; the
    mean over starts of ln(SGD / theory) is fitted there by a straight line (so that the curve of the theory is not
    taken for a misfit), and the root of theory + line is the SGD's critical value.

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
    seeds : int >= 2, or at least two distinct ints >= 0
    time, amplitude, closure, solver, sgd, executor
        As for :func:`cumulode.phase_diagram`; time is learning rate x steps.
    scan : int >= 3
        Values scanned, ends included: two crossings between neighbours stay unseen.
    accuracy : float in (0, 0.1]
        Width of the bracket at the end, as a share of ``between``.
    each : bool
        Find each start's own critical value as well (more than half of the theory's work).
    margin : float > 0
        Relative difference of critical values one cares to see: a standard error above it is inconclusive.
    simulate : bool
        SGD, too: 2 x lines x ``sgd_values`` x ``seeds`` runs, a third of the samples for the learning rate's shift.
    sgd_values : int >= 3
        Values of the axis at which SGD runs, with different random numbers at each.
    span : float > 0
        The theory's ln(quantity) differs by about this between the outermost of them and the middle.
    out : path, optional
        netCDF file (SciPy's engine), written after every point of SGD; a file of the same settings is resumed, one of
        anything else refused.
    progress : bool or callable
        Show theory and SGD on standard error, or call this with the fraction done of each.

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
    InvalidArgument
        Naming the argument, what came and what is allowed.
    """
    probe = Probe(
        problem=problem,
        seeds=seeds,  # type: ignore[arg-type]
        time=time,
        amplitude=amplitude,
        solver=choose(solver, FLOW, closure=closure),
        sgd=choose_sgd(sgd),
        quantity=quantity,
        level=level,
        executor=executor,
    )
    along_axis = check_range(axis, between)
    simulate = flag("simulate", simulate)
    names = _names(along, along_axis, simulate)
    lines = Lines(probe, along_axis, _points(names, along_axis, probe))
    search, how = Search(scan, accuracy, each), Measurement(sgd_values, span, margin)
    check_progress(progress)
    settings: dict[str, Any] = {"axis": axis, "between": [along_axis.low, along_axis.high], "along": names}
    settings |= {"scan": scan, "accuracy": accuracy}
    if simulate:
        settings |= {"learning_rate": probe.sgd.learning_rate, "batch_size": probe.sgd.batch_size, **how.settings()}
    if out is not None:
        earlier(check_output("out", out), stamp(lines, settings))  # refuses a file of anything else
    with Progress(ROUNDS, "boundary: theory", progress, unit="") as bar:
        roots = find_roots(lines, search, bar)
    result = dataset(lines, names, roots, settings)
    if simulate:
        result = with_verdicts(measure(result, lines, roots, how, out, progress), along_axis, how)
    if out is not None:
        write(result, out)
    return result


def _names(along: Any, along_axis: AxisRange, simulate: bool) -> dict[str, list[Any]]:
    """Values of the other axes by name."""
    if not isinstance(along, Mapping):
        raise InvalidArgument("along", along, "a mapping of an axis's name to its values")
    names: dict[str, list[Any]] = {}
    for name, values in along.items():
        if along_axis.axis.overwrites(check_axis(name, argument="along")):
            raise InvalidArgument("along", name, f"axes that {along_axis.name} does not set as well")
        if name in ("learning_rate", "batch_size") and not simulate:
            raise InvalidArgument("along", name, "axes of the theory where simulate=False")
        many = [values] if isinstance(values, (str, numbers.Number)) else values
        names[name] = listed(f"along[{name!r}]", many, "a 1-d sequence of at least one value")
    return names


def _points(names: dict[str, list[Any]], along_axis: AxisRange, probe: Probe) -> list[Point]:
    """Every combination of values; the problems at both ends of each line must exist."""
    points: list[Point] = [dict(zip(names, values, strict=True)) for values in itertools.product(*names.values())]
    for point, end in itertools.product(points, (along_axis.low, along_axis.high)):
        try:
            probe.check({**point, along_axis.name: end})
        except InvalidArgument as error:  # an axis that the laws do not have
            name = "axis" if error.got == along_axis.name else "along"
            raise error.about(name) if error.name == "axes" else error from None
    return points
