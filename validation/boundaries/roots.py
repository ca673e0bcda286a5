"""The theory's critical values: a scan of each line, roots of the mean over starts and of each start; as a dataset."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import xarray as xr

from cumulode.numerics.io.progress import Progress
from cumulode.theory.problem.axes import AXES
from cumulode.theory.user_input.arguments import flag, integer, real
from cumulode.validation.sweep.protocol import Point

from .axis_range import AxisRange
from .crossing import crossings
from .probe import Probe

#: A change of ln(quantity) over the final bracket from which a crossing is called a jump.
JUMP = 0.05
#: About how many batches of flows root finding takes.
ROUNDS = 10
#: Half the distance over which slopes are taken, as a share of the range.
STEP = 0.005


@dataclass(frozen=True)
class Search:
    """How roots are sought: points scanned, width of the last bracket, whether each start's own root, too."""

    scan: int
    accuracy: float
    each: bool

    def __post_init__(self) -> None:
        integer("scan", self.scan, ge=3, le=100_000)
        flag("each", self.each)
        real("accuracy", self.accuracy, gt=0, le=0.1)


@dataclass(frozen=True)
class Lines:
    """Lines along one axis, one at each combination of values of the others."""

    probe: Probe
    range: AxisRange
    points: list[Point]

    def on(self, rows: Iterable[int], u: np.ndarray) -> list[Point]:
        """The points of lines ``rows`` at coordinates ``u``."""
        return [{**self.points[i], self.range.name: float(x)} for i, x in zip(rows, self.range.value(u), strict=True)]


class Roots(NamedTuple):
    """Critical coordinates ``u`` (lines,), of each start (lines, seeds), and the scan (lines, scan)."""

    u: np.ndarray
    u_of_seed: np.ndarray
    slope: np.ndarray
    spread: np.ndarray
    grid: np.ndarray
    scanned: np.ndarray
    reasons: list[str]
    remarks: list[str]


def find_roots(lines: Lines, search: Search, bar: Progress) -> Roots:
    """All lines at once: the scan, the roots of the mean and (where wanted) of each start, slope and spread there."""
    probe, count, seeds = lines.probe, len(lines.points), len(lines.probe.seeds)

    def functions(rows: np.ndarray, u: np.ndarray) -> np.ndarray:
        """Rows below ``count`` are means over the starts, the others one start of one line."""
        of_mean = rows < count
        line = np.concatenate([np.repeat(rows[of_mean], seeds), (rows[~of_mean] - count) // seeds])
        start = np.concatenate([np.tile(np.arange(seeds), of_mean.sum()), (rows[~of_mean] - count) % seeds])
        points = lines.on(line, np.concatenate([np.repeat(u[of_mean], seeds), u[~of_mean]]))
        values = probe.theory(points, [probe.seeds[s] for s in start])
        result = np.empty(rows.size)
        result[of_mean] = values[: of_mean.sum() * seeds].reshape(-1, seeds).mean(axis=1)
        result[~of_mean] = values[of_mean.sum() * seeds :]
        bar.update(int(bar.done < ROUNDS - 1))
        return result

    grid = np.linspace(0.0, 1.0, search.scan)
    points = lines.on(np.repeat(np.arange(count), grid.size), np.tile(grid, count))
    values = probe.theory_all(points).reshape(count, grid.size, seeds)
    means = values.mean(axis=2)
    of_seed = values.transpose(0, 2, 1).reshape(count * seeds, grid.size) if search.each else means[:0]
    bar.update(1)
    roots = crossings(functions, grid, np.concatenate([means, of_seed]), search.accuracy)
    u = roots.u[:count]
    u_of_seed = roots.u[count:].reshape(count, seeds) if search.each else np.full((count, seeds), np.nan)
    slope, spread = _around(lines, u)
    bar.update(ROUNDS - bar.done)
    remarks = [f"jumps by {j:.2g} in ln(quantity) across the level" if j > JUMP else "" for j in roots.jump[:count]]
    return Roots(u, u_of_seed, slope, spread, grid, means, roots.reasons[:count], remarks)


def _around(lines: Lines, u: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Slope of the mean per unit of the coordinate, and the standard deviation over starts, at the roots."""
    slope, spread = np.full((2, u.size), np.nan)
    rows = np.flatnonzero(np.isfinite(u))
    if rows.size:
        below, above = np.maximum(u[rows] - STEP, 0.0), np.minimum(u[rows] + STEP, 1.0)
        values = lines.probe.theory_all(lines.on(np.tile(rows, 3), np.concatenate([below, above, u[rows]])))
        low, high, middle = values.reshape(3, rows.size, -1)
        slope[rows] = (high - low).mean(axis=1) / (above - below)
        spread[rows] = middle.std(axis=1, ddof=1)
    return slope, spread


def dataset(lines: Lines, names: dict[str, list[Any]], roots: Roots, settings: dict[str, Any]) -> xr.Dataset:
    """The theory's part, named and with units; ``names``: the other axes and their values."""
    probe, along = lines.probe, lines.range
    dims, shape = tuple(names), tuple(map(len, names.values()))
    what, long_name = along.axis.attrs, probe.measured[0]
    rate = along.rate(roots.u)
    error = roots.spread / np.sqrt(len(probe.seeds)) / np.abs(roots.slope) * rate

    def variable(values: Any, long: str, unit: str, *extra: str) -> tuple[Any, ...]:
        array = np.asarray(values)
        return (*dims, *extra), array.reshape(shape + array.shape[1:]), {"long_name": long, "units": unit}

    critical, unit = f"critical {what['long_name']}", what["units"]
    ln = f"ln of {long_name}"
    data = {
        "critical": variable(along.value(roots.u), critical, unit),
        "standard_error": variable(error, f"standard error over starts of the {critical}", unit),
        "critical_of_seed": variable(along.value(roots.u_of_seed), f"{critical} of each start", unit, "seed"),
        "slope": variable(roots.slope / rate, f"slope of the mean {ln}", unit if unit == "1" else f"1 / {unit}"),
        "spread": variable(roots.spread, f"standard deviation over starts of the {ln} there", "1"),
        "scanned": variable(roots.scanned, f"mean over starts of the {ln} / level", "1", "scan"),
        "reason": variable(roots.reasons, "why there is no critical value", ""),
        "remark": variable(roots.remarks, "what to know of a critical value", ""),
    }
    coords: dict[str, Any] = {name: (name, values, AXES[name].attrs) for name, values in names.items()}
    coords["seed"] = ("seed", np.array(probe.seeds, np.int32), {"long_name": "seed of the start", "units": "1"})
    coords["scan"] = ("scan", along.value(roots.grid), what)
    return xr.Dataset(data, coords, stamp(lines, settings))


def stamp(lines: Lines, settings: dict[str, Any]) -> dict[str, Any]:
    """Attributes that say what is sought, and how: known before the work."""
    probe, what = lines.probe, lines.range.axis.attrs
    long_name, units = probe.measured
    title = f"critical {what['long_name']} at which the {long_name} is {probe.level:g}"
    return probe.stamp(title, settings) | {"axis": lines.range.name, "units": what["units"], "quantity_units": units}
