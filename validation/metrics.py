"""Metrics of receptive fields on a ring, vectorised over leading axes: w is (..., D).

The numbers are invariant under the symmetries of the drift, so that fields formed at different places compare;
``centre`` moves along with the field. A row that is zero or not finite has no metrics: NaN (-1 where an integer).
Exceptions, as the words mean: the norm of a zero row is 0, and that of a row with an infinity is infinite.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from cumulode.numerics.observables import ipr, norm
from cumulode.theory.validate import complain

__all__ = ["Symmetry", "align", "centre", "dominant_wavenumber", "find_symmetry", "ipr", "norm", "power_spectrum",
           "summary", "transform", "width"]

#: Resultant lengths and differences of overlap up to here are rounding: no centre, and a tie.
ROUNDING = 1e-12


class Symmetry(NamedTuple):
    """A symmetry of the drift: ``w_i -> sign * w_(i - shift)``, after ``w_i -> w_(-i)`` where ``reflected``.

    Attributes
    ----------
    shift : int array (...)
        Translation in sites, in [0, D).
    reflected : bool array (...)
    sign : float array (...)
        +1 or -1.
    """

    shift: np.ndarray
    reflected: np.ndarray
    sign: np.ndarray


def _field(name: str, w: ArrayLike) -> np.ndarray:
    """``w`` as floats, or the one error for what is not a field on a ring."""
    allowed = "real numbers of shape (..., D), D >= 4"
    try:
        a = np.asarray(w)
    except ValueError:  # ragged lists
        raise complain(name, w, allowed) from None
    if a.dtype.kind not in "iuf" or a.ndim == 0 or a.shape[-1] < 4:
        raise complain(name, w, allowed)
    return a.astype(float)


def _unit(w: np.ndarray) -> np.ndarray:
    """Rows scaled to norm 1; all NaN where that cannot be."""
    with np.errstate(invalid="ignore", divide="ignore"):
        scaled = w / np.max(np.abs(w), axis=-1, keepdims=True)  # first, lest tiny or huge weights under- or overflow
        return np.asarray(scaled / norm(scaled)[..., None])


def _centre(weight: np.ndarray) -> np.ndarray:
    """Circular mean of the site under weights of sum 1; NaN where the resultant is rounding."""
    size = weight.shape[-1]
    resultant = np.sum(weight * np.exp(2j * np.pi * np.arange(size) / size), axis=-1)
    site = np.mod(np.angle(resultant) * size / (2 * np.pi), size)
    site = np.where(site >= size, 0.0, site)  # mod rounds -1e-17 up to D
    return np.where(np.abs(resultant) > ROUNDING, site, np.nan)


def centre(w: ArrayLike) -> np.ndarray:
    """Centre of the field: circular mean of the site weighted by ``w^2``.

    Parameters
    ----------
    w : real array (..., D), D >= 4

    Returns
    -------
    array (...)
        In [0, D), sites. NaN where no site is singled out, the resultant ``|sum w_j^2 exp(2 pi i j / D)| / sum w_j^2``
        being below 1e-12: a uniform vector, a sinusoid, two equal bumps opposite each other.

    Raises
    ------
    ValueError
        If ``w`` is not real or has fewer than 4 sites.
    """
    return _centre(_unit(_field("w", w)) ** 2)


def width(w: ArrayLike) -> np.ndarray:
    """Width of the field: root mean square of the shortest distance from ``centre(w)``, weighted by ``w^2``.

    Of a Gaussian bump of parameter s: ``s / sqrt 2``, eq. (bump.3, width of a bump).

    Parameters
    ----------
    w : real array (..., D), D >= 4

    Returns
    -------
    array (...)
        In sites: 0 for one site, ``s / sqrt 2`` for ``exp(-d^2 / (2 s^2))`` with ``1 < s << D``, and ``D / sqrt 12``
        for a uniform vector and every other field without a centre: the mean over all centres is that, whatever ``w``.

    Raises
    ------
    ValueError
        If ``w`` is not real or has fewer than 4 sites.
    """
    weight = _unit(_field("w", w)) ** 2
    size = weight.shape[-1]
    middle = _centre(weight)
    distance = np.mod(np.arange(size) - middle[..., None] + size / 2, size) - size / 2
    spread = np.sqrt(np.sum(weight * distance**2, axis=-1))
    centreless = np.isnan(middle) & np.isfinite(weight).all(axis=-1)
    return np.where(centreless, size / math.sqrt(12), spread)


def power_spectrum(w: ArrayLike) -> np.ndarray:
    """Share of ``sum w_i^2`` in each wavenumber, +k and -k together.

    Parameters
    ----------
    w : real array (..., D), D >= 4

    Returns
    -------
    array (..., D // 2 + 1)
        For k = 0, 1, ..., D // 2 (k periods around the ring), sum 1. k = 0 and k = D / 2 are their own mirror images
        and count once.

    Raises
    ------
    ValueError
        If ``w`` is not real or has fewer than 4 sites.
    """
    unit = _unit(_field("w", w))
    power = np.abs(np.fft.rfft(unit)) ** 2
    power[..., 1 : (unit.shape[-1] + 1) // 2] *= 2
    return np.asarray(power / np.sum(power, axis=-1, keepdims=True))


def dominant_wavenumber(w: ArrayLike) -> np.ndarray:
    """Wavenumber of the largest share of ``power_spectrum(w)``.

    Parameters
    ----------
    w : real array (..., D), D >= 4

    Returns
    -------
    int array (...)
        In 0 .. D // 2; of equal ones (to 1e-12) the smallest; -1 where ``w`` is zero or not finite.

    Raises
    ------
    ValueError
        If ``w`` is not real or has fewer than 4 sites.
    """
    power = power_spectrum(w)
    top = np.max(power, axis=-1, keepdims=True)
    k = np.argmax(power >= top * (1 - ROUNDING), axis=-1)
    return np.where(np.isfinite(top[..., 0]), k, -1)


def find_symmetry(w: ArrayLike, reference: ArrayLike, *, reflect: bool = True, sign: bool = True) -> Symmetry:
    """The translation, and where allowed reflection and sign, that brings ``w`` nearest to ``reference``.

    Arguments and errors as for ``align``. Among equals (to 1e-12) the unreflected one, then the smallest shift.
    """
    w, reference = _pair(w, reference)
    candidates = [w, _reflected(w)] if reflect else [w]
    overlaps = np.stack([_overlaps(c, reference) for c in candidates], axis=-2)  # (..., 1 or 2, D)
    flat = overlaps.reshape(*overlaps.shape[:-2], overlaps.shape[-2] * overlaps.shape[-1])
    score = np.abs(flat) if sign else flat
    best = np.argmax(score >= np.max(score, axis=-1, keepdims=True) - ROUNDING, axis=-1)  # NaN: all False, the identity
    chosen = np.take_along_axis(flat, best[..., None], axis=-1)[..., 0]
    flipped = sign & (chosen < 0)
    return Symmetry(best % w.shape[-1], best >= w.shape[-1], np.where(flipped, -1.0, 1.0))


def transform(w: ArrayLike, symmetry: Symmetry) -> np.ndarray:
    """Apply ``symmetry``, whose shape must broadcast with the leading axes of ``w`` (..., D)."""
    w = _field("w", w)
    shift, reflected, sign = (np.asarray(part)[..., None] for part in symmetry)
    back = np.arange(w.shape[-1]) - shift
    index = np.where(reflected, -back, back) % w.shape[-1]
    shape = np.broadcast_shapes(w.shape, index.shape)
    moved = np.take_along_axis(np.broadcast_to(w, shape), np.broadcast_to(index, shape), axis=-1)
    return np.asarray(sign * moved)


def align(w: ArrayLike, reference: ArrayLike, *, reflect: bool = True,
          sign: bool = True) -> tuple[np.ndarray, np.ndarray]:
    """Move ``w`` where it overlaps most with ``reference``, by whole sites.

    The drift commutes with translations, reflections and ``w -> -w``, because the laws of the inputs are invariant
    under translations, reflections and ``x -> -x``. Fields that differ by these are equally good, and the start and
    the noise choose among them: compare what is left after aligning.

    Parameters
    ----------
    w : real array (..., D), D >= 4
    reference : real array (D,) or (..., D)
        Broadcasts with ``w``; any scale.
    reflect, sign : bool
        Whether ``w`` may be reflected, and multiplied by -1.

    Returns
    -------
    aligned : array (..., D)
        At the scale of ``w``.
    overlap : array (...)
        Cosine between ``aligned`` and ``reference``, the largest there is, in [-1, 1]; NaN (and ``w`` left as it is)
        where either is zero or not finite.

    Raises
    ------
    ValueError
        If ``w`` or ``reference`` is not real, has fewer than 4 sites, or their shapes do not broadcast.
    """
    w, reference = _pair(w, reference)
    aligned = transform(w, find_symmetry(w, reference, reflect=reflect, sign=sign))
    cosine = np.sum(_unit(aligned) * _unit(reference), axis=-1)
    return aligned, np.clip(cosine, -1.0, 1.0)


def summary(w: ArrayLike) -> dict[str, Any]:
    """All metrics by name, for tables: plain numbers for ``w`` of shape (D,), arrays (...) for (..., D).

    Keys: ipr, ipr_times_D, norm, width (sites), centre (sites), dominant_wavenumber. Errors as for ``centre``.
    """
    w = _field("w", w)
    values = {"ipr": ipr(w), "ipr_times_D": ipr(w) * w.shape[-1], "norm": norm(w), "width": width(w),
              "centre": centre(w), "dominant_wavenumber": dominant_wavenumber(w)}
    return {name: np.asarray(v).item() if w.ndim == 1 else np.asarray(v) for name, v in values.items()}


def _pair(w: ArrayLike, reference: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """Both as fields of one shape."""
    a, b = _field("w", w), _field("reference", reference)
    try:
        shape = np.broadcast_shapes(a.shape, b.shape)
    except ValueError:
        raise complain("reference", b.shape, f"a shape that broadcasts with w's {a.shape}") from None
    return np.broadcast_to(a, shape), np.broadcast_to(b, shape)


def _reflected(w: np.ndarray) -> np.ndarray:
    """``w_(-i)`` on the ring: site 0 stays."""
    return np.roll(w[..., ::-1], 1, axis=-1)


def _overlaps(w: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """Cosine of ``reference`` with ``w`` translated by 0 .. D-1 sites, (..., D)."""
    spectrum = np.fft.rfft(_unit(reference)) * np.conj(np.fft.rfft(_unit(w)))
    return np.asarray(np.fft.irfft(spectrum, n=w.shape[-1]))
