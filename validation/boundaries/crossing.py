"""Where functions of one variable change sign, for many of them at once: a scan, then bracketing root finding.

Roots are Chandrupatla's (``scipy.optimize.elementwise.find_root``): inverse quadratic interpolation where it is safe,
else halving. A root stays bracketed throughout, so that a jump across zero counts like a root, and known by its size.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from scipy.optimize.elementwise import find_root

#: Values of the functions ``rows`` at ``u``, one each.
Functions = Callable[[np.ndarray, np.ndarray], np.ndarray]


class Crossings(NamedTuple):
    """``u`` (n,): where each function changes sign, NaN where not; ``width`` of its bracket; ``jump``: how much the
    function changes over that bracket; ``reasons`` why there is none.
    """

    u: np.ndarray
    width: np.ndarray
    jump: np.ndarray
    reasons: list[str]


def crossings(functions: Functions, grid: np.ndarray, scanned: np.ndarray, accuracy: float) -> Crossings:
    """The one sign change of each function on the grid, to ``accuracy``.

    Parameters
    ----------
    functions : callable
        ``functions(rows, u)``: values (m,) of the functions numbered ``rows`` at ``u``.
    grid : (g,) array, increasing
    scanned : (n, g) array
        The functions on the grid: a function with none or several sign changes, or a NaN, gets no crossing.
    accuracy : float
        Width of the bracket at the end.
    """
    reasons = [_reason(row, grid) for row in scanned]
    u, width, jump = np.full((3, len(scanned)), np.nan)
    rows = np.array([i for i, reason in enumerate(reasons) if not reason], dtype=int)
    if rows.size:
        at = np.array([_changes(scanned[i])[0] for i in rows])
        ends = grid[at], grid[at + 1], scanned[rows, at], scanned[rows, at + 1]
        u[rows], width[rows], jump[rows] = _roots(functions, rows, ends, accuracy)
        for i in rows[np.isnan(u[rows])]:
            reasons[i] = "the function is not finite within the bracket"
    return Crossings(u, width, jump, reasons)


def _changes(row: np.ndarray) -> np.ndarray:
    """Where the sign changes to the next value; zero counts as above."""
    return np.flatnonzero(np.diff(row >= 0))


def _reason(row: np.ndarray, grid: np.ndarray) -> str:
    """Why a scanned function has no crossing; empty where it has one."""
    if not np.all(np.isfinite(row)):
        return f"not finite at {int(np.sum(~np.isfinite(row)))} of {row.size} points scanned"
    count = _changes(row).size
    if count == 0:
        return f"no crossing: {'above' if row[0] >= 0 else 'below'} the level at all {row.size} points scanned"
    return "" if count == 1 else f"not monotone: {count} crossings between the points scanned"


def _roots(
    functions: Functions, rows: np.ndarray, ends: tuple[np.ndarray, ...], accuracy: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Root, width of its bracket and change over it, from brackets and the values there; NaN where a value was."""
    low, high, at_low, at_high = ends
    failed = np.zeros(rows.size, bool)

    def values(u: np.ndarray, k: np.ndarray) -> np.ndarray:
        """The scan's values at the ends, which are known, else new ones."""
        result = np.where(u == low[k], at_low[k], np.where(u == high[k], at_high[k], np.nan))
        new = np.flatnonzero((u != low[k]) & (u != high[k]) & ~failed[k])
        if new.size:
            result[new] = functions(rows[k[new]], u[new])
            failed[k[new]] = np.isnan(result[new])
        return result

    tolerances = {"xatol": accuracy, "xrtol": 0.0, "fatol": 0.0, "frtol": 0.0}
    roots = find_root(values, (low, high), args=(np.arange(rows.size),), tolerances=tolerances, maxiter=100)
    (a, b), (fa, fb) = roots.bracket, roots.f_bracket
    exact = roots.f_x == 0
    return np.where(failed, np.nan, roots.x), np.where(exact, 0.0, np.abs(b - a)), np.where(exact, 0.0, np.abs(fb - fa))
