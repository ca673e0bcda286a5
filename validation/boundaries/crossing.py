"""Where functions of one variable change sign, for many of them at once: a scan, then Chandrupatla's root finder.

T. R. Chandrupatla, Adv. Eng. Software 28, 145 (1997): inverse quadratic interpolation where it is safe, else halving.
A root stays bracketed throughout, so that a jump across zero is found like a root, and known by its size.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

#: Values of the functions ``rows`` at ``u``, one each.
Functions = Callable[[np.ndarray, np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Crossings:
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
        u[rows], width[rows], jump[rows] = chandrupatla(lambda k, x: functions(rows[k], x), *ends, accuracy)
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


def chandrupatla(
    functions: Functions, a: np.ndarray, b: np.ndarray, fa: np.ndarray, fb: np.ndarray, accuracy: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Root, width of its bracket and change over it, (n,) each, from brackets [a, b]; NaN where a value was."""
    a, b, fa, fb = (np.array(x, dtype=float) for x in (a, b, fa, fb))
    c, fc = a.copy(), fa.copy()
    step = np.full(a.shape, 0.5)
    active = np.arange(a.size)
    for _ in range(100):
        active = active[(np.abs(b - a)[active] > accuracy) & np.isfinite(fa[active]) & (fa[active] != 0)]
        if not active.size:
            break
        k = active
        x = a[k] + step[k] * (b[k] - a[k])
        fx = np.asarray(functions(k, x), dtype=float)
        same = (fx >= 0) == (fa[k] >= 0)
        c[k], fc[k] = np.where(same, a[k], b[k]), np.where(same, fa[k], fb[k])
        b[k], fb[k] = np.where(same, b[k], a[k]), np.where(same, fb[k], fa[k])
        a[k], fa[k] = x, fx
        step[k] = _step(a[k], b[k], c[k], fa[k], fb[k], fc[k], accuracy)
    root = np.where(np.isfinite(fa), np.where(np.abs(fa) <= np.abs(fb), a, b), np.nan)
    exact = fa == 0
    return root, np.where(exact, 0.0, np.abs(b - a)), np.where(exact, 0.0, np.abs(fb - fa))


def _step(
    a: np.ndarray, b: np.ndarray, c: np.ndarray, fa: np.ndarray, fb: np.ndarray, fc: np.ndarray, accuracy: float
) -> np.ndarray:
    """Next point as a share of the way from a, the newest, to b: across the root by half the accuracy where near it."""
    with np.errstate(divide="ignore", invalid="ignore"):
        xi, phi = (a - b) / (c - b), (fa - fb) / (fc - fb)
        safe = (phi**2 < xi) & ((1 - phi) ** 2 < 1 - xi)
        quadratic = fa / (fb - fa) * fc / (fb - fc) + (c - a) / (b - a) * fa / (fc - fa) * fb / (fc - fb)
        least = np.minimum(0.5, 0.5 * accuracy / np.abs(b - a))
    share = np.where(safe & np.isfinite(quadratic), quadratic, 0.5)
    return np.clip(share, least, 1 - least)
