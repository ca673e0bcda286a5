"""What the metrics take for a field: real numbers (..., D) on a ring, or (..., L * L), row-major, on a torus."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from cumulode.numerics.observables import norm
from cumulode.theory.problem.lattice import shape_of, sites_in
from cumulode.theory.user_input.arguments import InvalidArgument
from cumulode.theory.user_input.arrays import real_array

#: Resultant lengths and differences of overlap up to here are rounding: no centre, and a tie.
ROUNDING = 1e-12


def field(name: str, w: ArrayLike) -> np.ndarray:
    """``w`` as floats, or the one error for what is not a field on a ring."""
    allowed = "real numbers of shape (..., D), D >= 4"
    a = real_array(name, w, allowed)
    if a.ndim == 0 or a.shape[-1] < 4:
        raise InvalidArgument(name, w, allowed)
    return a


def shape_for(w: np.ndarray, shape: Any) -> tuple[int, ...]:
    """``(D,)`` or ``(L, L)``: the ring where ``shape`` is None, else ``shape`` if it has w's number of sites."""
    size = w.shape[-1]
    if shape is None:
        return (size,)
    allowed = f"None or ({size},), a ring, or a torus (L, L) of L * L = {size} sites"
    sides = shape_of(shape, "shape", allowed)
    if sites_in(sides) != size:
        raise InvalidArgument("shape", shape, allowed)
    return sides


def on_torus(w: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """``w`` (..., L * L) as (..., L, L)."""
    return w.reshape(*w.shape[:-1], *shape)


def embed(w: np.ndarray, taps: tuple[int, ...], shape: tuple[int, ...]) -> np.ndarray:
    """Filters (..., P) as fields (..., D) on the ring or torus: zero where a filter does not look."""
    if taps == shape:
        return w
    square = w.reshape(*w.shape[:-1], *taps)
    beyond = [(0, 0)] * (w.ndim - 1) + [(0, side - tap) for side, tap in zip(shape, taps, strict=True)]
    # NaN, where a run has ended, stays NaN in all sites
    padded = np.pad(square, beyond).reshape(*w.shape[:-1], -1)
    return np.where(np.isnan(w).any(axis=-1, keepdims=True), np.nan, padded)


def pair(w: ArrayLike, reference: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """Both as fields of one shape."""
    a, b = field("w", w), field("reference", reference)
    try:
        shape = np.broadcast_shapes(a.shape, b.shape)
    except ValueError:
        raise InvalidArgument("reference", b.shape, f"a shape that broadcasts with w's {a.shape}") from None
    return np.broadcast_to(a, shape), np.broadcast_to(b, shape)


def unit(w: np.ndarray) -> np.ndarray:
    """Rows scaled to norm 1; all NaN where that cannot be."""
    with np.errstate(invalid="ignore", divide="ignore"):
        scaled = w / np.max(np.abs(w), axis=-1, keepdims=True)  # first, lest tiny or huge weights under- or overflow
        return np.asarray(scaled / norm(scaled)[..., None])
