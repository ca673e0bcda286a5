"""Where SGD crosses the level: the theory's curve plus a straight line fitted to ln(SGD / theory), with its error."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from scipy.stats import f as fisher


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
    remark = "the root of SGD lies outside the points measured: extrapolated" if beyond else ""
    return Fit(root, error / abs(float(np.polyval(np.polyder(total), root - centre))), p, remark)
