"""Quantities that need no law: norm and inverse participation ratio of weights, kurtosis from cumulants."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from cumulode.theory.user_input.arguments import InvalidArgument
from cumulode.theory.user_input.arrays import real_array

#: Below this a square of k2, or the k4 over it, is no longer a float of full precision.
SMALLEST_SQUARE = 1e-290


def _rows(w: ArrayLike) -> np.ndarray:
    allowed = "real numbers of shape (..., D), D >= 1"
    array = real_array("w", w, allowed)
    if array.ndim == 0 or array.shape[-1] == 0:
        raise InvalidArgument("w", w, allowed)
    return array


def norm(w: ArrayLike) -> np.ndarray:
    """Euclidean norm over the last axis: (..., D) -> (...), whatever the scale."""
    w = _rows(w)
    with np.errstate(invalid="ignore", over="ignore", under="ignore"):
        largest = np.max(np.abs(w), axis=-1)
        shift = np.where(np.isfinite(largest), np.frexp(largest)[1], 0)  # a power of two: no rounding
        return np.asarray(np.ldexp(np.sqrt(np.sum(np.square(np.ldexp(w, -shift[..., None])), axis=-1)), shift))


def kurtosis(k2: np.ndarray, k4: np.ndarray, k4_error: np.ndarray) -> np.ndarray:
    """Excess kurtosis ``k4 / k2^2``; NaN where it is not resolved.

    That is where the error of k4 may exceed it (NaN, an unknown error, counts as none), and where k2 is zero, or so
    small that k2^2 has lost digits.
    """
    with np.errstate(invalid="ignore", divide="ignore", under="ignore", over="ignore"):
        square = np.square(k2)
        return np.asarray(np.where((square > SMALLEST_SQUARE) & ~(k4_error > np.abs(k4)), k4 / square, np.nan))


def ipr(w: ArrayLike) -> np.ndarray:
    """Inverse participation ratio ``sum w_i^4 / (sum w_i^2)^2`` over the last axis (theory.md section 1).

    ``1/D`` uniform, ``3/(2D)`` a wave (eq. (bump.23, IPR of a wave)), ``3/(D+2)`` random (mean,
    eq. (bump.26, IPR of a random vector)), 1 one site.

    Parameters
    ----------
    w : array (..., D)
        Weights, finite; any scale.

    Returns
    -------
    array (...)
        ``1/D`` for a uniform vector, ``1.5/D`` for a sinusoid, 1 for a single site, NaN where ``w`` is zero.
    """
    w = _rows(w)
    largest = np.max(np.abs(w), axis=-1, keepdims=True)
    with np.errstate(invalid="ignore", divide="ignore"):
        square = np.square(w / largest)  # scale first: no underflow for tiny weights
        return np.asarray(np.sum(square**2, axis=-1) / np.sum(square, axis=-1) ** 2)


def quantiles(values: np.ndarray, level: float) -> np.ndarray:
    """The ends between which a share ``level`` of values (n, ...) lies, by Weibull's positions, (..., 2)."""
    ends = np.quantile(values, [(1 - level) / 2, (1 + level) / 2], axis=0, method="weibull")
    return np.asarray(np.moveaxis(ends, 0, -1))
