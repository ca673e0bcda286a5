"""A boundary in a plane of two axes from few points: a coarse grid, then only where the level passes between points."""

from __future__ import annotations

import itertools
import math
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from cumulode.numerics.flow.solver import FLOW, Solver, choose
from cumulode.numerics.io.atomic import check_output
from cumulode.numerics.io.netcdf import UNREADABLE, earlier, reason, write
from cumulode.numerics.io.progress import Shown, check_progress
from cumulode.theory.problem.problem import Problem
from cumulode.theory.user_input.arguments import InvalidArgument, integer, real
from cumulode.theory.user_input.deprecation import renamed_arguments
from cumulode.theory.user_input.options import either
from cumulode.validation.receptive_fields.localised import LOCALISED

from .axis_range import AxisRange, check_range
from .boundary import MOVED
from .learner import Square, filled, isoline, learner_2d, refine
from .probe import Probe


@renamed_arguments(MOVED)
@either(solver=("closure",))
def refine_boundary(
    problem: Problem,
    axes: Mapping[str, tuple[float, float]],
    *,
    quantity: str = "ipr_times_D",
    level: float = LOCALISED,
    resolution: float = 0.01,
    coarse: int = 7,
    seeds: int | Sequence[int] = 8,
    time: float = 150.0,
    amplitude: float = 0.1,
    closure: str = "regression",
    batch: int = 16,
    most: int = 5000,
    simulate: bool = False,
    solver: Solver | None = None,
    out: str | Path | None = None,
    executor: Any = None,
    progress: Shown = False,
) -> xr.Dataset:
    """The line in a plane of two axes on which the field passes a level, to a resolution.

    The function is the mean over starts of ln(quantity / level), as in :func:`cumulode.boundary`.
    A ``coarse`` x ``coarse`` grid comes first, corners included; then ``adaptive.Learner2D`` splits triangles between
    points, those first over which the level passes between points farthest apart. It ends when every two neighbours
    (in the Delaunay triangulation) on different sides of the level are within ``resolution`` of each axis' range:
    **what is known is that the level is passed between them**, as between neighbours on a grid of 1 / ``resolution`` +
    1 points a side. The polyline, linear between such neighbours, is much nearer where the function is smooth. Gains
    and amplitudes count by their logarithm. A part of the boundary that lies wholly between points of the coarse grid
    is missed.

    Parameters
    ----------
    problem : Problem
    axes : mapping
        Two axes and their ranges, ``{"gain": (0.1, 30.0), "xi_plus": (1.5, 6.0)}``; axes as for ``boundary``.
    quantity, level, seeds, time, amplitude, closure, solver, executor
        As for ``boundary``.
    resolution : float in (0, 0.5]
        Share of each axis' range (of its logarithm).
    coarse : int >= 3
    batch : int >= 1
        Points evaluated together, so that all cores work; the points chosen depend on it a little.
    most : int > 0
        Points at most; where they do not suffice, ``attrs["reached"]`` is above the resolution and ``remark`` says so.
    simulate : bool
        Only False: a sign near the level cannot be known from one noisy value, so SGD's boundary is measured by
        ``boundary(simulate=True)`` on lines across the theory's.
    out : path, optional
        netCDF file (SciPy's engine), written after each batch; a file of the same settings is resumed, with the same
        points as without the interruption.
    progress : bool or callable
        Show on standard error, after each batch, how far neighbours across the boundary are apart; or call this with
        the resolution over that distance.

    Returns
    -------
    xarray.Dataset
        ``point``: every point evaluated, in order, with both axes as coordinates; ``ln_ratio`` (point, seed), its mean
        ``mean_ln_ratio`` (NaN where a flow failed: the boundary is not sought there). ``vertex``: the boundary,
        ``boundary_<axis>`` in order along each ``line`` (number of the line; the first vertex comes again at the end
        of a closed one), with ``bracket``, the distance of the two points around it as a share of the range. attrs:
        ``points_used``, ``reached`` (largest bracket), ``full_grid_points`` (of the grid of this resolution), problem,
        settings, versions.

    Raises
    ------
    ImportError
        Without the package ``adaptive``, in one line.
    InvalidArgument
        Naming the argument, what came and what is allowed.
    """
    if simulate is not False:
        allowed = "False (SGD is noisy: use boundary(..., simulate=True) on lines across it)"
        raise InvalidArgument("simulate", simulate, allowed)
    resolution = real("resolution", resolution, gt=0, le=0.5)
    given = (("coarse", coarse, 3), ("batch", batch, 1), ("most", most, 1))
    coarse, batch, most = (integer(name, value, ge=low, le=10**6) for name, value, low in given)
    check_progress(progress)
    if out is not None:
        check_output("out", out)
    learner_2d()
    probe = Probe(
        problem=problem,
        seeds=seeds,  # type: ignore[arg-type]
        time=time,
        amplitude=amplitude,
        solver=choose(solver, FLOW, closure=closure),
        quantity=quantity,
        level=level,
        executor=executor,
    )
    plane = _plane(axes, probe)
    settings = {"axes": {s.name: [s.low, s.high] for s in plane}, "resolution": resolution, "coarse": coarse}
    title = f"{probe.measured[0]} = {level:g} in {plane[0].name} and {plane[1].name}"
    attrs = probe.stamp(title, settings | {"batch": batch})
    rows = _earlier(out, attrs, plane)

    def evaluate(squares: list[Square]) -> list[float]:
        points = [{s.name: float(s.value(u)) for s, u in zip(plane, square, strict=True)} for square in squares]
        rows.update(zip(squares, probe.theory_all(points), strict=True))
        return [float(rows[square].mean()) for square in squares]

    def save(reached: float) -> None:
        _show(progress, len(rows), reached, resolution)
        if out is not None:
            write(_dataset(rows, plane, attrs, probe, resolution), out)

    known = {square: float(row.mean()) for square, row in rows.items()}
    refine(evaluate, resolution, coarse=coarse, batch=batch, most=most, known=known, save=save)
    return _dataset(rows, plane, attrs, probe, resolution)


def _show(progress: Shown, points: int, reached: float, resolution: float) -> None:
    if callable(progress):
        progress(min(1.0, resolution / reached) if reached else 1.0)
    elif progress:
        print(f"refine_boundary: {points} points, neighbours across it within {reached:.3g}", file=sys.stderr)


def _plane(axes: Any, probe: Probe) -> list[AxisRange]:
    """Both axes with their ranges; the problems at the corners must exist."""
    if not isinstance(axes, Mapping) or len(axes) != 2:
        raise InvalidArgument("axes", axes, "a mapping of two axes to their (low, high)")
    one, two = (check_range(name, between, "axes", f"axes[{name!r}]") for name, between in axes.items())
    if one.axis.overwrites(two.axis) or two.axis.overwrites(one.axis):
        raise InvalidArgument("axes", list(axes), "two axes that do not set the same parameter")
    for corner in itertools.product((one.low, one.high), (two.low, two.high)):
        probe.check(dict(zip(axes, corner, strict=True)))
    return [one, two]


def _earlier(out: str | Path | None, attrs: dict[str, Any], plane: list[AxisRange]) -> dict[Square, np.ndarray]:
    """Points in the unit square and their rows (seeds,) from a file of the same settings."""
    before = earlier(out, attrs)
    if before is None:
        return {}
    try:
        squares = np.stack([before[f"share_{s.name}"].values for s in plane], axis=1).tolist()
        return {tuple(square): row for square, row in zip(squares, before["ln_ratio"].values, strict=True)}
    except UNREADABLE as error:
        raise InvalidArgument("out", str(out), f"a file that refine_boundary wrote, whole ({reason(error)})") from None


def _dataset(
    rows: dict[Square, np.ndarray], plane: list[AxisRange], attrs: dict[str, Any], probe: Probe, resolution: float
) -> xr.Dataset:
    """Points, values and the line, named and with units."""
    squares, values = np.array(list(rows)), np.array(list(rows.values()))
    means = values.mean(axis=1)
    # centred as the learner's, so that the triangles are the same
    line = isoline(squares - 0.5, filled(dict(zip(rows, means.tolist(), strict=True))))
    ln = {"long_name": "ln(quantity / level)", "units": "1"}
    share = {"long_name": "share of the range (of its logarithm, for gains and amplitudes)", "units": "1"}
    data: dict[str, Any] = {
        "ln_ratio": (("point", "seed"), values, ln),
        "mean_ln_ratio": ("point", means, ln | {"long_name": "mean over starts of ln(quantity / level)"}),
        "line": ("vertex", line.line.astype(np.int32), {"long_name": "number of the line", "units": "1"}),
        "bracket": ("vertex", line.bracket, {"long_name": "distance of the points on either side", "units": "1"}),
    }
    coords: dict[str, Any] = {"seed": ("seed", np.array(probe.seeds, np.int32), {"units": "1"})}
    for i, s in enumerate(plane):
        coords[s.name] = ("point", s.value(squares[:, i]), s.axis.attrs)
        data[f"share_{s.name}"] = ("point", squares[:, i], share)
        data[f"boundary_{s.name}"] = ("vertex", s.value(line.vertices[:, i] + 0.5), s.axis.attrs)
    return xr.Dataset(data, coords, attrs | _summary(line.bracket, means, plane, resolution))


def _summary(bracket: np.ndarray, means: np.ndarray, plane: list[AxisRange], resolution: float) -> dict[str, Any]:
    """How far the refinement came."""
    reached, failed = float(bracket.max(initial=0.0)), int(np.sum(np.isnan(means)))
    remarks = {
        "no point on the other side of the level": not bracket.size,
        f"the resolution is not reached: {reached:.3g}": reached > resolution,
        f"flows failed at {failed} points": failed > 0,
    }
    return {
        "axes": ", ".join(s.name for s in plane),
        "points_used": means.size,
        "full_grid_points": (math.ceil(1 / resolution) + 1) ** 2,
        "resolution": resolution,
        "reached": reached,
        "remark": "; ".join(remark for remark, holds in remarks.items() if holds),
    }
