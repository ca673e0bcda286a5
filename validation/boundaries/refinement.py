"""A boundary in a plane of two axes from few points: a coarse grid, then only where the level passes between points."""

from __future__ import annotations

import itertools
import math
import sys
from collections.abc import Mapping
from concurrent.futures import Executor
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from cumulode.numerics.io.atomic import earlier, write
from cumulode.theory.problem.axes import AXES
from cumulode.theory.problem.problem import Problem
from cumulode.theory.user_input.arguments import InvalidArgument, integer, real

from .isoline import isoline
from .learner import Square, filled, learner_2d, refine
from .probe import QUANTITIES, Probe, Scale, overwrites, scale, stamp


def refine_boundary(
    problem: Problem,
    axes: Mapping[str, tuple[float, float]],
    *,
    quantity: str = "ipr_times_D",
    level: float = 3.0,
    resolution: float = 0.01,
    coarse: int = 7,
    seeds: int = 8,
    time: float = 150.0,
    amplitude: float = 0.1,
    closure: str = "regression",
    rtol: float = 1e-6,
    atol: float = 1e-9,
    cumulant_tolerance: float = 1e-3,
    batch: int = 16,
    most: int = 5000,
    simulate: bool = False,
    out: str | Path | None = None,
    executor: Executor | None = None,
    progress: bool = False,
) -> xr.Dataset:
    """The line in a plane of two axes on which the field passes a level, to a resolution.

    The function is the mean over starts of ln(quantity / level), as in :func:`cumulode.boundary`.
    A ``coarse`` x ``coarse`` grid comes first, corners included; then ``adaptive.Learner2D`` splits triangles between
    points, those first over which the level passes between points farthest apart. It ends when every two neighbours
    (in the Delaunay triangulation) on different sides of the level are within ``resolution`` of each axis' range:
    **what is known is that the level is passed between them**, as between neighbours on a grid of 1 / ``resolution`` +
    1 points a side. The polyline, linear between such neighbours, is much nearer where the function is smooth. Gains
    and amplitudes count by their logarithm. A part of the boundary that lies wholly between points of the coarse grid
    is not found.

    Parameters
    ----------
    problem : Problem
    axes : mapping
        Two axes and their ranges, ``{"gain": (0.1, 30.0), "xi_plus": (1.5, 6.0)}``; axes as for ``boundary``.
    quantity, level, seeds, time, amplitude, closure, rtol, atol, cumulant_tolerance
        As for ``boundary``.
    resolution : float in (0, 0.5]
        Share of each axis' range (of its logarithm).
    coarse : int >= 3
    batch : int >= 1
        Points evaluated together, so that all cores work; the points chosen depend on it a little.
    most : int > 0
        Points at most; where they do not suffice, ``attrs["reached"]`` is above the resolution and ``remark`` says so.
    simulate : bool
        Only False: a sign near the level cannot be told from one noisy value, so SGD's boundary is measured by
        ``boundary(simulate=True)`` on lines across the theory's.
    out : path, optional
        netCDF file (SciPy's engine), written after each batch; a file of the same settings is resumed, with the same
        points as without the interruption.
    executor
        Of :func:`cumulode.solve`.
    progress : bool
        On standard error; the number of points is not known beforehand.

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
    ValueError
        Naming the argument, what came and what is allowed.
    """
    if simulate is not False:
        raise InvalidArgument(
            "simulate", simulate, "False (SGD is noisy: use boundary(..., simulate=True) on lines across it)"
        )
    resolution = real("resolution", resolution, gt=0, le=0.5)
    for name, value, low in (("coarse", coarse, 3), ("batch", batch, 1), ("most", most, 1)):
        integer(name, value, ge=low, allowed=f"an integer >= {low}")
    learner_2d()
    probe = Probe(problem, quantity, level, seeds, time, amplitude, closure, rtol, atol, cumulant_tolerance, executor)
    scales = _scales(axes, probe)
    settings = {"axes": {s.name: [s.low, s.high] for s in scales}, "resolution": resolution, "coarse": coarse}
    title = f"{QUANTITIES[quantity][0]} = {level:g} in {scales[0].name} and {scales[1].name}"
    attrs = stamp(title, probe, settings | {"batch": batch})
    rows = _earlier(out, attrs, scales)

    def evaluate(squares: list[Square]) -> list[float]:
        points = [{s.name: float(s.value(u)) for s, u in zip(scales, square, strict=True)} for square in squares]
        rows.update(zip(squares, probe.theory_all(points), strict=True))
        return [float(rows[square].mean()) for square in squares]

    def save(reached: float) -> None:
        if progress:
            print(f"refine_boundary: {len(rows)} points, neighbours across it within {reached:.3g}", file=sys.stderr)
        if out is not None:
            write(_dataset(rows, scales, attrs, resolution), out)

    known = {square: float(row.mean()) for square, row in rows.items()}
    refine(evaluate, resolution, coarse=coarse, batch=batch, most=most, known=known, save=save)
    return _dataset(rows, scales, attrs, resolution)


def _scales(axes: Any, probe: Probe) -> list[Scale]:
    """Both axes with their ranges; the problems at the corners must exist."""
    if not isinstance(axes, Mapping) or len(axes) != 2:
        raise InvalidArgument("axes", axes, "a mapping of two axes to their (low, high)")
    scales = [scale(name, between, f"axes[{name!r}]") for name, between in axes.items()]
    one, two = (AXES[s.name] for s in scales)
    if overwrites(one, two) or overwrites(two, one):
        raise InvalidArgument("axes", list(axes), "two axes that do not set the same parameter")
    for corner in itertools.product(*((s.low, s.high) for s in scales)):
        probe.check(dict(zip(axes, corner, strict=True)))
    return scales


def _earlier(out: str | Path | None, attrs: dict[str, Any], scales: list[Scale]) -> dict[Square, np.ndarray]:
    """Points in the unit square and their rows (seeds,) from a file of the same settings."""
    before = earlier(out, attrs)
    if before is None:
        return {}
    squares = np.stack([before[f"share_{s.name}"].values for s in scales], axis=1).tolist()
    return {tuple(square): row for square, row in zip(squares, before["ln_ratio"].values, strict=True)}


def _dataset(
    rows: dict[Square, np.ndarray], scales: list[Scale], attrs: dict[str, Any], resolution: float
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
    coords: dict[str, Any] = {"seed": ("seed", np.arange(values.shape[1], dtype=np.int32), {"units": "1"})}
    for i, s in enumerate(scales):
        what = AXES[s.name].attrs
        coords[s.name] = ("point", s.value(squares[:, i]), what)
        data[f"share_{s.name}"] = ("point", squares[:, i], share)
        data[f"boundary_{s.name}"] = ("vertex", s.value(line.vertices[:, i] + 0.5), what)
    reached = float(line.bracket.max(initial=0.0))
    failed = int(np.sum(np.isnan(means)))
    told = {
        "axes": ", ".join(s.name for s in scales),
        "points_used": len(rows),
        "full_grid_points": (math.ceil(1 / resolution) + 1) ** 2,
        "resolution": resolution,
        "reached": reached,
        "remark": "; ".join(
            ["no point on the other side of the level"] * (not line.bracket.size)
            + [f"the resolution is not reached: {reached:.3g}"] * (reached > resolution)
            + [f"flows failed at {failed} points"] * (failed > 0)
        ),
    }
    return xr.Dataset(data, coords, attrs | told)
