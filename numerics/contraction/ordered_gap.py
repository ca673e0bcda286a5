"""K(w,w,w) on a ring by a low rank in the sorted gaps of the four sites (theory.md section 5).

The sum over sorted sites takes one-sided convolutions, eq. (cubic.6, ordered gradient); what it counts wrongly where
three sites coincide is corrected by eq. (cubic.7, coincidence correction). The Ising ring, of rank one with four
places to cut it, has a kernel of its own (``ising_ring``).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cumulode.numerics.compile.jit import kernel
from cumulode.theory.problem.laws import Law
from cumulode.theory.user_input.arguments import InvalidArgument

from .convolve import FOUR, convolve, convolve_two, multiply, take, wrap
from .low_rank_setup import LONGEST_GAP, SMALLEST_TOLERANCE, low_rank

#: Sites contracted at a time, so that all rows of the scratch stay in the cache.
BLOCK = 2048
#: Rows of the scratch start so many doubles apart, modulo a page: at the same place in it they would delay each other.
ROW_OFFSET = 88


@dataclass(frozen=True, eq=False)
class OrderedGap:
    """The fourth cumulant of one law on one ring, as ``contract`` wants it.

    ``A`` (R, n_a), ``B`` (R, R, n_b): the factors, zero gaps halved, 24/4 put into B; padded with zeros to a
    multiple of four; ``kappa`` (n_k,): half of what takes the place of ``K_000d``, d >= 0, the first halved again;
    ``taps`` (R, R + 1): entries used of ``B_rs`` and, in the last column, of ``A_r``, multiples of four or zero;
    ``error``: Frobenius norm of the error of the whole ring tensor, relative to the tensor's; ``norm``: the root of the
    sum of ``K_0abc^2`` over a, b, c.
    """

    size: int
    A: np.ndarray
    B: np.ndarray
    kappa: np.ndarray
    taps: np.ndarray
    error: float
    norm: float

    @property
    def tables(self) -> tuple[np.ndarray, ...]:
        """The first arguments of ``contract``."""
        return self.A, self.B, self.kappa, self.taps

    @property
    def reach(self) -> int:
        """How far from a site K(w,w,w) depends on ``w``."""
        return max(2 * self.A.shape[1] + self.B.shape[2], len(self.kappa))

    def scratch(self) -> np.ndarray:
        """Fresh scratch for ``contract``; every thread needs its own."""
        halo = max(self.A.shape[1], self.B.shape[2], len(self.kappa))
        sites = min(self.size, BLOCK + 2 * self.reach)
        length = sites + 2 * halo
        return np.zeros((4 * len(self.A) + 4, length + (ROW_OFFSET - length) % 512))


def ordered_gap(law: Law, size: int, tolerance: float) -> OrderedGap:
    """Factors whose ring tensor has a relative Frobenius error of at most ``tolerance / 3``.

    So ``|error of K(w,w,w)| <= tolerance / 3 * |K|_F |w|^3`` for every w.

    Raises
    ------
    ValueError
        Naming ``tolerance`` below 1e-11; ``size`` when the ring is too short, or the correlation too long, for this
        method at this tolerance.
    """
    if tolerance < SMALLEST_TOLERANCE:
        raise InvalidArgument("tolerance", tolerance, f"{SMALLEST_TOLERANCE:g} or more for the ordered-gap contraction")
    found = low_rank(law, size, tolerance)
    if found is None:
        raise InvalidArgument(
            "size",
            size,
            "rings of some 6.5 correlation lengths or more at tolerance 1e-3, of 10 at 1e-8, and correlations over "
            f"at most {LONGEST_GAP} sites, for the ordered-gap contraction; 'auto' takes another that can",
        )
    taps = -(-found.taps // FOUR) * FOUR
    A, B, kappa = _ready(found.A, 1.0), _ready(found.B, 6.0), _ready(found.kappa, 0.5)
    return OrderedGap(size, A, B, kappa, taps, found.error, found.norm)


def fits(law: Law, size: int, tolerance: float) -> bool:
    """Whether ``ordered_gap`` exists for this law, ring and tolerance."""
    return low_rank(law, size, tolerance) is not None


def _ready(factor: np.ndarray, scale: float) -> np.ndarray:
    """The entry at gap zero halved, all scaled; zeros appended along the last axis up to a multiple of four."""
    halved = scale * np.concatenate([factor[..., :1] / 2, factor[..., 1:]], axis=-1)
    return np.ascontiguousarray(np.pad(halved, [(0, 0)] * (halved.ndim - 1) + [(0, -halved.shape[-1] % FOUR)]))


@kernel
def contract(w, out, A, B, kappa, taps, scratch):  # type: ignore[no-untyped-def]
    """Set ``out`` (D,) to K(w,w,w). The tables and the scratch are those of an ``OrderedGap``; nothing is allocated.

    A ring longer than the scratch is cut into blocks, each with as many sites on both sides as it depends on: what
    the ends of such a piece, closed to a ring, spoil does not reach the block.
    """
    size = w.size
    halo = max(A.shape[1], B.shape[2], kappa.size)
    reach, block = max(2 * A.shape[1] + B.shape[2], kappa.size), BLOCK
    sites = block + 2 * reach
    if size <= sites:
        sites, reach, block = size, 0, size
    total = scratch[1]
    for first in range(0, size, block):
        take(scratch[0], halo, w, (first - reach) % size, sites)
        _ring(scratch, sites, halo, A, B, kappa, taps)
        for i in range(min(block, size - first)):
            out[first + i] = total[reach + i]


@kernel
def _ring(rows, size, halo, A, B, kappa, taps):  # type: ignore[no-untyped-def]
    """Set row 1 of ``rows`` to K(w,w,w), w being row 0 from ``halo`` on; the others are scratch.

    Terms go by twos, since what a convolution reads then serves two; an odd last one goes alone.
    """
    rank = taps.shape[0]
    wrap(rows[0], size, halo)
    _coincidences(rows, size, halo, kappa)
    for r in range(0, rank, 2):
        _near_and_far(rows, size, halo, A, taps, r, min(r + 1, rank - 1))
    for r in range(0, rank, 2):
        for side in range(2):  # 0: Z, from what lies ahead; 1: Z', from what lies behind
            _middle(rows, size, halo, A, B, taps, r, min(r + 1, rank - 1), side)


@kernel
def _near_and_far(rows, size, halo, A, taps, r, t):  # type: ignore[no-untyped-def]
    """L and R of terms ``r`` and ``t`` (which may be one), and both times w, continued."""
    rank = taps.shape[0]
    w = rows[0]
    inner = w[halo : halo + size]
    for side in range(2):
        near, also = rows[4 + 4 * r + side, :size], rows[4 + 4 * t + side, :size]
        near[:] = 0.0
        if t > r:
            also[:] = 0.0
            convolve_two(near, also, w, halo, A[r], A[t], max(taps[r, rank], taps[t, rank]), 2 * side - 1)
            _multiply_and_wrap(rows[6 + 4 * t + side], also, inner, size, halo)
        else:
            convolve(near, w, halo, A[r], taps[r, rank], 2 * side - 1)
        _multiply_and_wrap(rows[6 + 4 * r + side], near, inner, size, halo)


@kernel
def _middle(rows, size, halo, A, B, taps, r, t, side):  # type: ignore[no-untyped-def]
    """Add what terms ``r`` and ``t`` (which may be one) give for Z (side 0) or Z' (side 1) to row 1."""
    rank = taps.shape[0]
    z, also = rows[2], rows[3]
    first, second = z[halo : halo + size], also[halo : halo + size]
    first[:] = 0.0
    second[:] = 0.0
    for s in range(rank):
        far, n = rows[7 + 4 * s - side], taps[r, s]
        if t > r:
            convolve_two(first, second, far, halo, B[r, s], B[t, s], max(n, taps[t, s]), 1 - 2 * side)
        else:
            convolve(first, far, halo, B[r, s], n, 1 - 2 * side)
    _outer(rows, size, halo, z, A[r], taps[r, rank], rows[4 + 4 * r + side], 1 - 2 * side)
    if t > r:
        _outer(rows, size, halo, also, A[t], taps[t, rank], rows[4 + 4 * t + side], 1 - 2 * side)


@kernel
def _outer(rows, size, halo, z, a, n, near, direction):  # type: ignore[no-untyped-def]
    """Add ``near z`` and ``a`` convolved with ``w z`` to row 1."""
    w, total = rows[0, halo : halo + size], rows[1, :size]
    middle = z[halo : halo + size]
    for i in range(size):
        total[i] += near[i] * middle[i]
        middle[i] *= w[i]
    wrap(z, size, halo)
    convolve(total, z, halo, a, n, direction)


@kernel
def _multiply_and_wrap(far, near, w, size, halo):  # type: ignore[no-untyped-def]
    multiply(far[halo : halo + size], near, w)
    wrap(far, size, halo)


@kernel
def _coincidences(rows, size, halo, kappa):  # type: ignore[no-untyped-def]
    """Set row 1 to ``-[3 w^2 (kappa * w) + kappa * w^3] / 2``, w being row 0; ``kappa`` holds half of one side."""
    w, total, cube = rows[0], rows[1, :size], rows[2]
    near = rows[3, :size]
    near[:] = 0.0
    total[:] = 0.0
    for i in range(cube.size):
        cube[i] = -w[i] * w[i] * w[i]
    for direction in (-1, 1):
        convolve(near, w, halo, kappa, kappa.size, direction)
        convolve(total, cube, halo, kappa, kappa.size, direction)
    for i in range(size):
        total[i] -= 3.0 * w[halo + i] * w[halo + i] * near[i]
