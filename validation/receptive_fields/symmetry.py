"""Symmetries of the drift: which one brings a field nearest to another, and the field moved by it."""

from __future__ import annotations

import math
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from cumulode.theory.user_input.arguments import flag

from .field_input import ROUNDING, field, on_torus, pair, shape_for, unit


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


class TorusSymmetry(NamedTuple):
    """A symmetry of the drift on an L x L torus: one of the square, then a translation, then a sign.

    Attributes
    ----------
    shift : int array (..., 2)
        Translation in sites along rows' and columns' index, in [0, L).
    element : int array (...)
        Of the square's eight, 0 the identity: +1 row index reversed, +2 column index reversed (site 0 stays), +4 the
        two indices exchanged first.
    sign : float array (...)
        +1 or -1.
    """

    shift: np.ndarray
    element: np.ndarray
    sign: np.ndarray


AnySymmetry: TypeAlias = "Symmetry | TorusSymmetry"


def find_symmetry(
    w: ArrayLike, reference: ArrayLike, *, reflect: bool = True, sign: bool = True, shape: Any = None
) -> AnySymmetry:
    """The translation, and where allowed reflection and sign, that brings ``w`` nearest to ``reference``.

    Arguments and errors as for ``align``. Among equals (to 1e-12) the unreflected one (on a torus the first element),
    then the smallest shift. A ``Symmetry``, on a torus a ``TorusSymmetry``.
    """
    w, reference = pair(w, reference)
    reflect, sign = flag("reflect", reflect), flag("sign", sign)
    sides = shape_for(w, shape)
    if len(sides) == 2:
        return _find_on_torus(w, reference, reflect, sign, sides)
    candidates = [w, _reflected(w)] if reflect else [w]
    overlaps = np.stack([_overlaps(c, reference) for c in candidates], axis=-2)  # (..., 1 or 2, D)
    best, signs = _largest(overlaps, sign)
    return Symmetry(best % w.shape[-1], best >= w.shape[-1], signs)


def _find_on_torus(
    w: np.ndarray, reference: np.ndarray, reflect: bool, sign: bool, sides: tuple[int, ...]
) -> TorusSymmetry:
    square = on_torus(unit(w), sides)
    target = np.fft.rfft2(on_torus(unit(reference), sides))
    overlaps = np.stack(
        [
            np.fft.irfft2(target * np.conj(np.fft.rfft2(_element(square, e))), s=sides).reshape(w.shape)
            for e in range(8 if reflect else 1)
        ],
        axis=-2,
    )  # (..., 1 or 8, D)
    best, signs = _largest(overlaps, sign)
    element, place = np.divmod(best, w.shape[-1])
    return TorusSymmetry(np.stack(np.divmod(place, sides[1]), axis=-1), element, signs)


def _largest(overlaps: np.ndarray, sign: bool) -> tuple[np.ndarray, np.ndarray]:
    """Index of the first of the largest overlaps (..., candidates, D), flattened, and the sign it takes."""
    flat = overlaps.reshape(*overlaps.shape[:-2], overlaps.shape[-2] * overlaps.shape[-1])
    score = np.abs(flat) if sign else flat
    best = np.argmax(score >= np.max(score, axis=-1, keepdims=True) - ROUNDING, axis=-1)  # NaN: all False, the identity
    chosen = np.take_along_axis(flat, best[..., None], axis=-1)[..., 0]
    return best, np.where(sign & (chosen < 0), -1.0, 1.0)


def transform(w: ArrayLike, symmetry: AnySymmetry) -> np.ndarray:
    """Apply ``symmetry``, whose shape must broadcast with the leading axes of ``w`` (..., D).

    A ``TorusSymmetry`` takes w's D sites for those of the torus of sides ``sqrt D``.
    """
    w = field("w", w)
    if isinstance(symmetry, TorusSymmetry):
        return _transform_on_torus(w, symmetry)
    shift, reflected, sign = (np.asarray(part)[..., None] for part in symmetry)
    back = np.arange(w.shape[-1]) - shift
    index = np.where(reflected, -back, back) % w.shape[-1]
    shape = np.broadcast_shapes(w.shape, index.shape)
    moved = np.take_along_axis(np.broadcast_to(w, shape), np.broadcast_to(index, shape), axis=-1)
    return np.asarray(sign * moved)


def _transform_on_torus(w: np.ndarray, symmetry: TorusSymmetry) -> np.ndarray:
    """The site that each site's weight comes from, and the weights taken there."""
    side = math.isqrt(w.shape[-1])
    sides = shape_for(w, (side, side))
    element, sign = (np.asarray(part)[..., None, None] for part in (symmetry.element, symmetry.sign))
    shift = np.asarray(symmetry.shift)
    row = np.arange(side)[:, None] - shift[..., 0, None, None]
    column = np.arange(side) - shift[..., 1, None, None]
    row, column = np.where(element & 1, -row, row), np.where(element & 2, -column, column)
    row, column = np.where(element & 4, column, row), np.where(element & 4, row, column)
    site = row % side * side + column % side
    site = site.reshape(*site.shape[:-2], math.prod(sides))
    shape = np.broadcast_shapes(w.shape, site.shape)
    moved = np.take_along_axis(np.broadcast_to(w, shape), np.broadcast_to(site, shape), axis=-1)
    return np.asarray(sign[..., 0] * moved)


def align(
    w: ArrayLike, reference: ArrayLike, *, reflect: bool = True, sign: bool = True, shape: Any = None
) -> tuple[np.ndarray, np.ndarray]:
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
        Whether ``w`` may be reflected (on a torus also turned by right angles), and multiplied by -1.
    shape : None, or (L, L)
        None is the ring; (L, L) the torus, its sites row-major, D = L**2.

    Returns
    -------
    aligned : array (..., D)
        At the scale of ``w``.
    overlap : array (...)
        Cosine between ``aligned`` and ``reference``, the largest there is, in [-1, 1]; NaN (and ``w`` left as it is)
        where either is zero or not finite.

    Raises
    ------
    InvalidArgument
        If ``w`` or ``reference`` is not real, has fewer than 4 sites, their shapes do not broadcast, or ``shape``
        does not have D sites.
    """
    w, reference = pair(w, reference)
    aligned = transform(w, find_symmetry(w, reference, reflect=reflect, sign=sign, shape=shape))
    cosine = np.sum(unit(aligned) * unit(reference), axis=-1)
    return aligned, np.clip(cosine, -1.0, 1.0)


def _reflected(w: np.ndarray) -> np.ndarray:
    """``w_(-i)`` on the ring: site 0 stays."""
    return np.roll(w[..., ::-1], 1, axis=-1)


def _element(square: np.ndarray, element: int) -> np.ndarray:
    """Fields (..., L, L) after one of the square's symmetries, numbered as in ``TorusSymmetry``."""
    if element & 4:
        square = np.swapaxes(square, -1, -2)
    for bit, axis in ((1, -2), (2, -1)):
        if element & bit:
            square = np.roll(np.flip(square, axis), 1, axis)
    return square


def _overlaps(w: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """Cosine of ``reference`` with ``w`` translated by 0 .. D-1 sites, (..., D)."""
    spectrum = np.fft.rfft(unit(reference)) * np.conj(np.fft.rfft(unit(w)))
    return np.asarray(np.fft.irfft(spectrum, n=w.shape[-1]))
