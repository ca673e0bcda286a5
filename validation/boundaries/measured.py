"""SGD around a boundary of the theory: the same functional of the same starts, fitted, with its error and verdict."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import xarray as xr
from scipy.stats import f as fisher

from cumulode.numerics.io.atomic import earlier, write
from cumulode.numerics.io.progress import Progress
from cumulode.theory.user_input.arguments import InvalidArgument, integer, real
from cumulode.validation.comparison.table import judge

from .probe import Point, Probe, Scale

#: Streams of SGD begin here: beyond the seeds of starts, and one for every run.
STREAMS = 10**6


@dataclass(frozen=True)
class Measurement:
    """How SGD is run and judged; see :func:`cumulode.boundary`."""

    learning_rate: float
    batch_size: int
    points: int
    span: float
    tolerance: float

    def __post_init__(self) -> None:
        for name in ("learning_rate", "span", "tolerance"):
            real(name, getattr(self, name), gt=0)
        integer("batch_size", self.batch_size, ge=1)
        integer("points", self.points, ge=3, note=": a straight line and its check")

    def settings(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)


class Fit(NamedTuple):
    """Root of theory + line, its standard error, the chance of a worse fit, and a remark."""

    u: float
    error: float
    p: float
    remark: str = ""


NONE = Fit(math.nan, math.nan, math.nan)
ABSENT = NONE._replace(remark="the theory has no critical value to measure around")


def fit(u: np.ndarray, theory: np.ndarray, sgd: np.ndarray, near: float) -> Fit:
    """Where the mean over starts of ln(SGD / level) is zero.

    Parameters
    ----------
    u : (p,) array, p >= 3
        Coordinates measured at.
    theory, sgd : (p, n) arrays
        ln(quantity / level) from n starts. d = sgd - theory is averaged over starts and fitted by a line: its variance,
        taken as equal at all points, is what the n starts scatter, with p (n - 1) degrees of freedom.
    near : float
        The root nearest to this one is meant.
    """
    difference = sgd - theory
    if not np.all(np.isfinite(difference)):
        return NONE._replace(remark="a run of SGD failed")
    points, starts = difference.shape
    variance = float(difference.var(axis=1, ddof=1).mean()) / starts  # of the mean at one point
    centre, mean = u.mean(), difference.mean(axis=1)
    offset, square = u - centre, float(np.sum((u - centre) ** 2))
    line = np.array([offset @ mean / square, mean.mean()])  # slope, height at the centre
    curve = np.polyfit(offset, theory.mean(axis=1), 2)
    total = np.polyadd(curve, line)
    roots = np.roots(total)
    real_roots = roots[np.abs(roots.imag) < 1e-12].real + centre
    misfit = float(np.sum((mean - np.polyval(line, offset)) ** 2))
    p = float(fisher.sf(misfit / variance / (points - 2), points - 2, points * (starts - 1))) if variance else math.nan
    if not real_roots.size:
        return NONE._replace(p=p, remark="the fit of SGD does not reach the level")
    root = float(real_roots[np.argmin(np.abs(real_roots - near))])
    error = math.sqrt(variance * (1 / points + (root - centre) ** 2 / square))
    half = np.ptp(u) / (points - 1)
    beyond = root < u.min() - half or root > u.max() + half
    return Fit(root, error / abs(float(np.polyval(np.polyder(total), root - centre))), p,
               "the root of SGD lies outside the points measured: extrapolated" * bool(beyond))  # fmt: skip


def measure(
    found: xr.Dataset, probe: Probe, scaled: Scale, lines: Sequence[Point], u: np.ndarray, slope: np.ndarray,
    how: Measurement, out: str | Path | None, progress: bool,
) -> xr.Dataset:  # fmt: skip
    """Add ``sgd_at``, ``theory_ln`` and ``sgd_ln`` around the roots ``u``; saved after every point, and resumed."""
    count, dims = len(lines), tuple(found["critical"].dims)
    reach = np.minimum(how.span / np.abs(slope), np.minimum(u, 1 - u))
    at = u[:, None] + reach[:, None] * np.linspace(-1, 1, how.points)
    values = scaled.value(at)
    shape = found["critical"].shape
    rows = np.flatnonzero(np.isfinite(at).all(axis=1) & (reach > 0)).tolist()
    theory = np.full((count, how.points, probe.seeds), np.nan)
    if rows:
        flat = [{**lines[i], scaled.name: float(x)} for i in rows for x in values[i]]
        theory[rows] = probe.theory_all(flat).reshape(len(rows), how.points, probe.seeds)
    ln = {"long_name": "ln(quantity / level)", "units": "1"}
    inner = (*dims, "sgd_point")
    runs = found.assign(
        sgd_at=(inner, values.reshape(*shape, -1), dict(found["critical"].attrs, long_name="where SGD was run")),
        theory_ln=((*inner, "seed"), theory.reshape(*shape, how.points, -1), ln),
        sgd_ln=((*dims, "rate", "sgd_point", "seed"), np.full((*shape, 2, how.points, probe.seeds), np.nan), ln),
    ).assign_coords(rate=("rate", [1.0, 2.0], {"long_name": "learning rate over the one asked", "units": "1"}))
    sgd = runs["sgd_ln"].values.reshape(count, 2, how.points, probe.seeds)  # a view: filled in place
    before = earlier(out, found.attrs)
    if before is not None and "sgd_ln" in before:
        if not np.allclose(before["sgd_at"], runs["sgd_at"], rtol=1e-9, equal_nan=True):
            raise InvalidArgument(
                "out", str(out), "a new path (there SGD was run elsewhere: the theory has changed since)"
            )
        sgd[...] = before["sgd_ln"].values.reshape(sgd.shape)
        made = (before.attrs["revision"], runs.attrs["revision"])
        runs.attrs["revision"] = ", ".join(dict.fromkeys(made))  # of the runs kept, and of those still to come
    todo = [(i, k, r) for i in rows for r in range(2) for k in range(how.points) if np.isnan(sgd[i, r, k]).all()]
    with Progress(len(todo) * probe.seeds, "boundary: SGD", progress, unit="runs") as bar:
        for i, k, r in todo:
            sgd[i, r, k] = _run(probe, {**lines[i], scaled.name: float(values[i, k])}, how, (i, k, r))
            bar.update(probe.seeds)
            if out is not None:
                write(runs, out)
    return runs


def _run(probe: Probe, point: Point, how: Measurement, index: tuple[int, int, int]) -> np.ndarray:
    """SGD at one point and rate, with random numbers of its own."""
    line, k, r = index
    first = STREAMS + ((line * how.points + k) * 2 + r) * probe.seeds
    rate = point.get("learning_rate", how.learning_rate) * (1 + r)
    batch = int(point.get("batch_size", how.batch_size))
    return probe.sgd(point, float(rate), batch, range(first, first + probe.seeds))


def sgd_variables(runs: xr.Dataset, scaled: Scale, how: Measurement) -> xr.Dataset:
    """Critical values, shift, limit and verdict, from the runs."""
    found = runs["critical"]
    dims, shape, count = found.dims, found.shape, found.size
    at, theory, sgd = (runs[name].values for name in ("sgd_at", "theory_ln", "sgd_ln"))
    at, theory = at.reshape(count, -1), theory.reshape(count, *theory.shape[-2:])
    sgd = sgd.reshape(count, *sgd.shape[-3:])
    critical = found.values.ravel()
    rows = [_judged(a, t, s, c, scaled, how) for a, t, s, c in zip(at, theory, sgd, critical, strict=True)]
    unit, words = found.attrs["units"], found.attrs["long_name"]
    described = {name: (f"{text}, {words}".replace(", critical", " critical"), unit) for name, text in TEXTS.items()}
    described |= {name: (text, "1") for name, text in PLAIN.items()}
    return runs.assign({
        name: (dims, np.array([row[name] for row in rows]).reshape(shape), {"long_name": text, "units": units})
        for name, (text, units) in described.items()
    })  # fmt: skip


TEXTS = {
    "sgd_critical": "SGD's",
    "sgd_standard_error": "standard error of SGD's",
    "sgd_double": "twice the learning rate's",
    "sgd_double_error": "standard error of twice the learning rate's",
    "sgd_shift": "what doubling the learning rate adds to the",
    "sgd_shift_error": "standard error of what doubling the learning rate adds to the",
    "sgd_limit": "extrapolated to learning rate 0, SGD's",
    "sgd_limit_error": "standard error, extrapolated to learning rate 0, of SGD's",
}
PLAIN = {
    "z": "(theory - SGD) / standard error",
    "z_limit": "(theory - limit) / standard error",
    "sgd_fit_p": "chance of a worse fit by a straight line",
    "sgd_double_fit_p": "the same at twice the learning rate",
    "verdict": "agrees, differs or inconclusive",
    "sgd_remark": "what to know of the fit",
}


def _judged(at: np.ndarray, theory: np.ndarray, sgd: np.ndarray, critical: float, scaled: Scale,
            how: Measurement) -> dict[str, Any]:  # fmt: skip
    """One line's numbers, in units of the axis; errors by the delta method."""
    u = scaled.coordinate(at)
    near = float(scaled.coordinate(critical))
    fits = [fit(u, theory, values, near) if np.all(np.isfinite(u)) else ABSENT for values in sgd]
    (one, two), (error, error2) = ([float(scaled.value(f.u)) for f in fits],
                                   [float(f.error * scaled.rate(f.u)) for f in fits])  # fmt: skip
    limit, limit_error = 2 * one - two, math.hypot(2 * error, error2)
    shift = two - one
    return {
        "sgd_critical": one, "sgd_standard_error": error, "sgd_double": two, "sgd_double_error": error2,
        "sgd_shift": shift, "sgd_shift_error": math.hypot(error, error2),
        "sgd_limit": limit, "sgd_limit_error": limit_error,
        "z": (critical - one) / error if error else math.nan,
        "z_limit": (critical - limit) / limit_error if limit_error else math.nan,
        "sgd_fit_p": fits[0].p, "sgd_double_fit_p": fits[1].p,
        "verdict": judge(critical, one, error, abs(shift), how.tolerance * abs(critical)),
        "sgd_remark": "; ".join(dict.fromkeys(f.remark for f in fits if f.remark)),
    }  # fmt: skip
