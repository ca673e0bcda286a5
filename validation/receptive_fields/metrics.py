"""Metrics of receptive fields on a ring or torus, vectorised over leading axes: w is (..., D), on a torus row-major.

The numbers are invariant under the symmetries of the drift, so that fields formed at different places compare;
``centre`` moves along with the field. A row that is zero or not finite has no metrics: NaN (-1 where an integer).
Exceptions, as the words mean: the norm of a zero row is 0, and that of a row with an infinity is infinite.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from cumulode.numerics.observables import ipr, norm

from .field_input import ROUNDING, field, on_torus, shape_for, unit


def _centre(weight: np.ndarray) -> np.ndarray:
    """Circular mean of the site under weights of sum 1; NaN where the resultant is rounding."""
    size = weight.shape[-1]
    resultant = np.sum(weight * np.exp(2j * np.pi * np.arange(size) / size), axis=-1)
    site = np.mod(np.angle(resultant) * size / (2 * np.pi), size)
    site = np.where(site >= size, 0.0, site)  # mod rounds -1e-17 up to D
    return np.where(np.abs(resultant) > ROUNDING, site, np.nan)


def _directions(weight: np.ndarray, shape: tuple[int, ...]) -> list[np.ndarray]:
    """Weights (..., L) summed over the other direction, one for each of the torus's two."""
    square = on_torus(weight, shape)
    return [square.sum(axis=-1), square.sum(axis=-2)]


def centre(w: ArrayLike, shape: Any = None) -> np.ndarray:
    """Centre of the field: circular mean of the site weighted by ``w^2``.

    Parameters
    ----------
    w : real array (..., D), D >= 4
    shape : None, or (L, L)
        None is the ring; (L, L) the torus, its sites row-major, D = L**2.

    Returns
    -------
    array (...)
        In [0, D), sites. NaN where no site is singled out, the resultant ``|sum w_j^2 exp(2 pi i j / D)| / sum w_j^2``
        being below 1e-12: a uniform vector, a sinusoid, two equal bumps opposite each other. On a torus (..., 2), each
        direction by itself: of stripes along one direction that one is NaN.

    Raises
    ------
    InvalidArgument
        If ``w`` is not real, has fewer than 4 sites, or not those of ``shape``.
    """
    w = field("w", w)
    weight, sides = unit(w) ** 2, shape_for(w, shape)
    if len(sides) == 1:
        return _centre(weight)
    return np.stack([_centre(part) for part in _directions(weight, sides)], axis=-1)


def width(w: ArrayLike, shape: Any = None) -> np.ndarray:
    """Width of the field: root mean square of the shortest distance from ``centre(w)``, weighted by ``w^2``.

    Of a Gaussian bump of parameter s: ``s / sqrt 2``, eq. (bump.3, width of a bump). Arguments and errors as of
    ``centre``.

    Returns
    -------
    array (...)
        In sites: 0 for one site, ``s / sqrt 2`` for ``exp(-d^2 / (2 s^2))`` with ``1 < s << D``, and ``D / sqrt 12``
        for a uniform vector and every other field without a centre: the mean over all centres is that, whatever ``w``.
        On a torus the distance is Euclidean, so that the two directions' squares add up: ``s`` for a round bump
        ``exp(-r^2 / (2 s^2))``, ``L / sqrt 6`` for a uniform vector.
    """
    w = field("w", w)
    weight, sides = unit(w) ** 2, shape_for(w, shape)
    if len(sides) == 1:
        return _spread(weight)
    return np.asarray(np.hypot(*(_spread(part) for part in _directions(weight, sides))))


def _spread(weight: np.ndarray) -> np.ndarray:
    """Root mean square distance from the centre on a ring, under weights of sum 1."""
    size = weight.shape[-1]
    middle = _centre(weight)
    distance = np.mod(np.arange(size) - middle[..., None] + size / 2, size) - size / 2
    spread = np.sqrt(np.sum(weight * distance**2, axis=-1))
    centreless = np.isnan(middle) & np.isfinite(weight).all(axis=-1)
    return np.where(centreless, size / math.sqrt(12), spread)


def power_spectrum(w: ArrayLike, shape: Any = None) -> np.ndarray:
    """Share of ``sum w_i^2`` in each wavenumber, +k and -k together. Arguments and errors as of ``centre``.

    Returns
    -------
    array (..., D // 2 + 1)
        For k = 0, 1, ..., D // 2 (k periods around the ring), sum 1. k = 0 and k = D / 2 are their own mirror images
        and count once. On a torus (..., L // 2 + 1, L // 2 + 1): for (k, l) periods along the first and the second
        index, all signs together.
    """
    w = field("w", w)
    scaled, sides = unit(w), shape_for(w, shape)
    if len(sides) == 2:
        return _torus_spectrum(on_torus(scaled, sides))
    power = np.abs(np.fft.rfft(scaled)) ** 2
    power[..., 1 : (scaled.shape[-1] + 1) // 2] *= 2
    return np.asarray(power / np.sum(power, axis=-1, keepdims=True))


def _torus_spectrum(square: np.ndarray) -> np.ndarray:
    """Shares of (|k|, |l|) from fields (..., L, L): the half spectrum, its lower half of k added to the upper."""
    side = square.shape[-1]
    power = np.abs(np.fft.rfft2(square)) ** 2
    power[..., 1 : (side + 1) // 2] *= 2
    folded = power[..., : side // 2 + 1, :].copy()
    own = (side + 1) // 2  # 1 .. own - 1 have a mirror image of their own
    folded[..., 1:own, :] += power[..., : side - own : -1, :]
    return np.asarray(folded / np.sum(folded, axis=(-1, -2), keepdims=True))


def dominant_wavenumber(w: ArrayLike, shape: Any = None) -> np.ndarray:
    """Wavenumber of the largest share of ``power_spectrum(w)``. Arguments and errors as of ``centre``.

    Returns
    -------
    int array (...)
        In 0 .. D // 2; of equal ones (to 1e-12) the smallest; -1 where ``w`` is zero or not finite. On a torus
        (..., 2): periods along the first and the second index.
    """
    power = power_spectrum(w, shape)
    torus = len(shape_for(np.asarray(w), shape)) == 2
    if torus:
        power = power.reshape(*power.shape[:-2], power.shape[-1] ** 2)
    top = np.max(power, axis=-1, keepdims=True)
    k = np.argmax(power >= top * (1 - ROUNDING), axis=-1)
    k = np.where(np.isfinite(top[..., 0]), k, -1)
    if not torus:
        return k
    pair = np.stack(np.divmod(k, math.isqrt(power.shape[-1])), axis=-1)
    return np.where(k[..., None] < 0, -1, pair)


def summary(w: ArrayLike, shape: Any = None) -> dict[str, Any]:
    """All metrics by name, for tables: plain numbers for ``w`` of shape (D,), arrays (...) for (..., D).

    Keys: ipr, ipr_times_D, norm, width (sites), centre (sites), dominant_wavenumber; on a torus, where ``shape`` is
    (L, L), the last two are pairs, (..., 2). Errors as of ``centre``.
    """
    w = field("w", w)
    values = {
        "ipr": ipr(w),
        "ipr_times_D": ipr(w) * w.shape[-1],
        "norm": norm(w),
        "width": width(w, shape),
        "centre": centre(w, shape),
        "dominant_wavenumber": dominant_wavenumber(w, shape),
    }
    return {name: np.asarray(v).tolist() if w.ndim == 1 else np.asarray(v) for name, v in values.items()}
