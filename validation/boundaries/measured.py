"""SGD around a boundary of the theory: the same functional of the same starts, fitted, with its error and verdict."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import xarray as xr
from scipy.stats import f as fisher

from cumulode.numerics.io.netcdf import UNREADABLE, earlier, reason, write
from cumulode.numerics.io.progress import Progress, Shown
from cumulode.theory.user_input.arguments import InvalidArgument, integer, real
from cumulode.validation.comparison.verdicts import AGREES, DIFFERS, INCONCLUSIVE

from .axis_range import AxisRange
from .roots import Lines, Roots

#: Streams of SGD begin here: beyond the seeds of starts, and one for every run.
STREAMS = 10**6
LN = {"long_name": "ln(quantity / level)", "units": "1"}


@dataclass(frozen=True)
class Measurement:
    """Where SGD is run and how it is judged; see :func:`cumulode.boundary`."""

    sgd_values: int
    span: float
    margin: float

    def __post_init__(self) -> None:
        for name in ("span", "margin"):
            real(name, getattr(self, name), gt=0)
        integer("sgd_values", self.sgd_values, ge=3, le=1000, note=": a straight line and its check")

    def settings(self) -> dict[str, Any]:
        """Plain values, under the names that files have had from the start."""
        return {"points": self.sgd_values, "span": self.span, "tolerance": self.margin}


def measure(
    theory: xr.Dataset, lines: Lines, roots: Roots, how: Measurement, out: str | Path | None, progress: Shown
) -> xr.Dataset:
    """The dataset with ``sgd_at``, ``theory_ln`` and ``sgd_ln`` around the roots; saved after every point, resumed."""
    probe, count, seeds = lines.probe, len(lines.points), len(lines.probe.seeds)
    runs, rows = _around_roots(theory, lines, roots, how)
    at = runs["sgd_at"].values.reshape(count, -1)
    sgd = runs["sgd_ln"].values.reshape(count, 2, how.sgd_values, seeds)  # a view: filled in place
    _resume(runs, sgd, out)
    todo = [(i, k, r) for i in rows for r in range(2) for k in range(how.sgd_values) if np.isnan(sgd[i, r, k]).all()]
    with Progress(len(todo) * seeds, "boundary: SGD", progress, unit="runs") as bar:
        for i, k, r in todo:
            point = {**lines.points[i], lines.range.name: float(at[i, k])}
            rule = probe.sgd_at(point)
            first = STREAMS + ((i * how.sgd_values + k) * 2 + r) * seeds  # random numbers of its own
            rule = replace(rule, learning_rate=rule.learning_rate * (1 + r))
            sgd[i, r, k] = probe.run_sgd(point, rule, range(first, first + seeds))
            bar.update(seeds)
            if out is not None:
                write(runs, out)
    return runs


def _around_roots(theory: xr.Dataset, lines: Lines, roots: Roots, how: Measurement) -> tuple[xr.Dataset, list[int]]:
    """The dataset with where SGD is run, the theory there, and room for SGD; and the lines that have a root."""
    count, seeds = len(lines.points), len(lines.probe.seeds)
    dims, shape = tuple(theory["critical"].dims), theory["critical"].shape
    reach = np.minimum(how.span / np.abs(roots.slope), np.minimum(roots.u, 1 - roots.u))
    u = roots.u[:, None] + reach[:, None] * np.linspace(-1, 1, how.sgd_values)
    rows = np.flatnonzero(np.isfinite(u).all(axis=1) & (reach > 0)).tolist()
    ln = np.full((count, how.sgd_values, seeds), np.nan)
    if rows:
        points = lines.on(np.repeat(rows, how.sgd_values), u[rows].ravel())
        ln[rows] = lines.probe.theory_all(points).reshape(len(rows), how.sgd_values, seeds)
    inner = (*dims, "sgd_point")
    where = dict(theory["critical"].attrs, long_name="where SGD was run")
    runs = theory.assign(
        sgd_at=(inner, lines.range.value(u).reshape(*shape, -1), where),
        theory_ln=((*inner, "seed"), ln.reshape(*shape, how.sgd_values, -1), LN),
        sgd_ln=((*dims, "rate", "sgd_point", "seed"), np.full((*shape, 2, how.sgd_values, seeds), np.nan), LN),
    )
    rate = ("rate", [1.0, 2.0], {"long_name": "learning rate over the one given", "units": "1"})
    return runs.assign_coords(rate=rate), rows


def _resume(runs: xr.Dataset, sgd: np.ndarray, out: str | Path | None) -> None:
    """Take over the runs that the file has; InvalidArgument where they were made elsewhere."""
    before = earlier(out, runs.attrs)
    if before is None or "sgd_ln" not in before:
        return
    try:
        same = np.allclose(before["sgd_at"], runs["sgd_at"], rtol=1e-9, equal_nan=True)
        kept = before["sgd_ln"].values.reshape(sgd.shape).astype(float)
    except UNREADABLE as error:
        raise InvalidArgument("out", str(out), f"a file that boundary wrote, whole ({reason(error)})") from None
    if not same:
        raise InvalidArgument("out", str(out), "a new path (there SGD was run elsewhere: the theory has changed since)")
    sgd[...] = kept
    # of the runs kept, and of those still to come
    revisions = (str(before.attrs.get("revision")), runs.attrs["revision"])
    runs.attrs["revision"] = ", ".join(dict.fromkeys(revisions))


def with_verdicts(runs: xr.Dataset, along: AxisRange, how: Measurement) -> xr.Dataset:
    """The dataset with critical values, shift, limit and verdict, from the runs."""
    critical = runs["critical"]
    dims, shape, count = critical.dims, critical.shape, critical.size
    names = ("sgd_at", "theory_ln", "sgd_ln")
    arrays = [runs[name].values.reshape(count, *runs[name].shape[critical.ndim :]) for name in names]
    lines = zip(critical.values.ravel(), *arrays, strict=True)
    rows = [_judged(float(c), at, theory, sgd, along, how) for c, at, theory, sgd in lines]
    unit, words = critical.attrs["units"], critical.attrs["long_name"]
    described = {name: (f"{text}, {words}".replace(", critical", " critical"), unit) for name, text in ON_AXIS.items()}
    described |= {name: (text, "1") for name, text in PLAIN.items()}
    return runs.assign(
        {
            name: (dims, np.array([row[name] for row in rows]).reshape(shape), {"long_name": text, "units": units})
            for name, (text, units) in described.items()
        }
    )


#: Variables in units of the axis, and others.
ON_AXIS = {
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


def _judged(
    critical: float, at: np.ndarray, theory: np.ndarray, sgd: np.ndarray, along: AxisRange, how: Measurement
) -> dict[str, Any]:
    """One line's numbers, in units of the axis; errors by the delta method."""
    u, near = along.coordinate(at), float(along.coordinate(critical))
    fits = [fit(u, theory, values, near) if np.all(np.isfinite(u)) else ABSENT for values in sgd]
    one, two = (float(along.value(f.u)) for f in fits)
    error, error_two = (float(f.error * along.rate(f.u)) for f in fits)
    limit, limit_error = 2 * one - two, math.hypot(2 * error, error_two)
    shift = two - one
    return {
        "sgd_critical": one,
        "sgd_standard_error": error,
        "sgd_double": two,
        "sgd_double_error": error_two,
        "sgd_shift": shift,
        "sgd_shift_error": math.hypot(error, error_two),
        "sgd_limit": limit,
        "sgd_limit_error": limit_error,
        "z": (critical - one) / error if error else math.nan,
        "z_limit": (critical - limit) / limit_error if limit_error else math.nan,
        "sgd_fit_p": fits[0].p,
        "sgd_double_fit_p": fits[1].p,
        "verdict": judge(critical, one, error, abs(shift), how.margin * abs(critical)),
        "sgd_remark": "; ".join(dict.fromkeys(f.remark for f in fits if f.remark)),
    }


def judge(theory: float, mean: float, error: float, allowance: float, margin: float) -> str:
    """*differs* beyond 3 errors and the allowance, *inconclusive* where the error exceeds the margin, else *agrees*."""
    if not all(map(math.isfinite, (theory, mean, error, allowance))):
        return INCONCLUSIVE
    if abs(theory - mean) > 3 * error + allowance:
        return DIFFERS
    return AGREES if error <= margin else INCONCLUSIVE


class LineFit(NamedTuple):
    """Root of theory + line, its standard error, the chance of a worse fit, and a remark."""

    u: float
    error: float
    p: float
    remark: str = ""


NONE = LineFit(math.nan, math.nan, math.nan)
ABSENT = NONE._replace(remark="the theory has no critical value to measure around")


def fit(u: np.ndarray, theory: np.ndarray, sgd: np.ndarray, near: float) -> LineFit:
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
    remark = "the root of SGD lies outside the points measured: extrapolated" if beyond else ""
    return LineFit(root, error / abs(float(np.polyval(np.polyder(total), root - centre))), p, remark)
