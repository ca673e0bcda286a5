"""K(w,w,w) by the sorted list of distinct entries: the oracle for faster contractions (theory.md section 5).

Every quadruple of sites is a translation of one whose cyclic gaps ``(g_0, g_1, g_2, g_3)`` are in canonical order;
``K(w,w,w,w)`` is the sum over these of ``coefficient * sum_m w_m w_(m+p1) w_(m+p2) w_(m+p3)``, and ``K(w,w,w)`` a
quarter of its gradient.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from cumulode.numerics.compile.jit import kernel
from cumulode.numerics.cumulants import fourth_at, second_cumulant
from cumulode.theory.problem.laws import GP, Cumulants, Law
from cumulode.theory.user_input.arguments import InvalidArgument

#: Entries a list may hold: beyond, set-up takes minutes and a call milliseconds.
MOST_ENTRIES = 4_000_000


@dataclass(frozen=True, eq=False)
class SortedList:
    """Distinct entries of one law's fourth cumulant on one ring.

    ``positions`` (n, 3): offsets of the other three sites, increasing; ``coefficients`` (n,): the entry times its
    permutations, divided by the symmetry of its orbit; ``error``: Frobenius norm of what was left out, relative;
    ``norm``: the root of the sum of ``K_0abc^2`` over a, b, c.
    """

    size: int
    positions: np.ndarray
    coefficients: np.ndarray
    error: float
    norm: float


def sorted_list(law: Law, size: int, tolerance: float) -> SortedList:
    """The list whose left-out entries have a relative Frobenius norm of at most ``tolerance / 3``.

    Raises
    ------
    ValueError
        Naming ``size`` when the list would be too long.
    """
    if isinstance(law, GP):
        return SortedList(size, np.empty((0, 3), np.int64), np.empty(0), 0.0, 0.0)
    gaps = _canonical_gaps(size, _longest_gap(law, size, tolerance))
    positions = np.cumsum(gaps[:, :3], axis=1)
    values = fourth_at(law, np.concatenate([np.zeros((len(gaps), 1), np.int64), positions], axis=1), size)
    if not np.all(np.isfinite(values)):
        raise FloatingPointError(f"the fourth cumulant of {law} is not finite at size {size}; please report it")
    coefficients = values * _permutations(gaps) / _symmetry(gaps)
    weight = np.square(values) * _permutations(gaps) / _symmetry(gaps)
    kept, error = _shorten(weight, tolerance)
    positions, coefficients = (np.ascontiguousarray(x[kept]) for x in (positions, coefficients))
    return SortedList(size, positions, coefficients, error, math.sqrt(weight.sum()))


def _shorten(weight: np.ndarray, tolerance: float) -> tuple[np.ndarray, float]:
    """Indices of the entries kept and the relative norm of the rest; a quadruple and its mirror image stay together."""
    total = weight.sum()
    if total == 0:
        return np.arange(len(weight)), 0.0
    order = np.argsort(weight)
    dropped = int(np.searchsorted(np.cumsum(weight[order]), (tolerance / 3) ** 2 * total, side="right"))
    smallest = weight[order[min(dropped, len(order) - 1)]]
    drop = weight < smallest * (1 - 1e-6)  # mirror images have equal weights up to rounding
    return np.nonzero(~drop)[0], math.sqrt(weight[drop].sum() / total)


def _longest_gap(law: Law, size: int, tolerance: float) -> int:
    """Gaps beyond this split the sites into groups too weakly correlated to matter: |K| is at most of order C there."""
    if isinstance(law, Cumulants):  # a user's K may reach further than C does
        longest = size
    else:
        c = np.abs(second_cumulant(law, size))[: size // 2 + 1]
        far = np.nonzero(c > 1e-4 * max(tolerance, 1e-14))[0]
        longest = min(int(far[-1]) + 1, size)
    if longest**3 / 4 > 4 * MOST_ENTRIES or (longest > size // 3 and size**3 / 24 > MOST_ENTRIES):
        raise InvalidArgument(
            "size",
            size,
            f"rings on which the sorted list holds fewer than {MOST_ENTRIES} entries; "
            "a shorter correlation length or a larger tolerance shortens it",
        )
    return longest


def _canonical_gaps(size: int, longest: int) -> np.ndarray:
    """One representative of every translation class of sorted quadruples, as cyclic gaps (n, 4), last the largest."""
    blocks = []
    ends = np.arange(longest + 1)
    for first in range(longest + 1):
        second, third = np.meshgrid(ends, ends, indexing="ij")
        last = size - first - second - third
        keep = (last >= first) & (last >= second) & (last >= third)
        block = np.stack([np.full(keep.sum(), first), second[keep], third[keep], last[keep]], axis=1)
        blocks.append(block[_is_canonical(block, size)])
    return np.concatenate(blocks)


def _is_canonical(gaps: np.ndarray, size: int) -> np.ndarray:
    """Among the rotations of a gap sequence, the one read from its last gap on is the largest."""
    codes = [_code(np.roll(gaps, 1 + shift, axis=1), size) for shift in range(4)]
    return np.asarray(codes[0] >= np.max(codes[1:], axis=0))


def _code(gaps: np.ndarray, size: int) -> np.ndarray:
    base = np.int64(size + 1) ** np.arange(3, -1, -1)
    return gaps @ base


def _symmetry(gaps: np.ndarray) -> np.ndarray:
    """How many translations map the quadruple to itself: 1, 2 or 4."""
    return np.sum([np.all(np.roll(gaps, shift, axis=1) == gaps, axis=1) for shift in range(4)], axis=0)


def _permutations(gaps: np.ndarray) -> np.ndarray:
    """Number of distinct orderings of the four sites, 4! / (product of factorials of multiplicities)."""
    same = (gaps[:, :3] == 0).astype(int)
    runs = same[:, 0] * 4 + same[:, 1] * 2 + same[:, 2]
    table = np.array([24, 12, 12, 4, 12, 6, 4, 1])  # by which of the three inner gaps vanish
    return table[runs]


@kernel
def contract(w2, size, positions, coefficients, out2, left, right):  # type: ignore[no-untyped-def]
    """Set ``out2[:size]`` to K(w,w,w), given ``w2`` = w twice in a row; ``out2`` (2D), ``left``, ``right`` (D) are
    scratch.
    """
    out2[:] = 0.0
    for e in range(coefficients.size):
        p, q, r, c = positions[e, 0], positions[e, 1], positions[e, 2], 0.25 * coefficients[e]
        a0, a1, a2, a3 = w2[:size], w2[p : p + size], w2[q : q + size], w2[r : r + size]
        o0, o1, o2, o3 = out2[:size], out2[p : p + size], out2[q : q + size], out2[r : r + size]
        for m in range(size):
            left[m] = c * a0[m] * a1[m]
            right[m] = c * a2[m] * a3[m]
        for m in range(size):
            o0[m] += a1[m] * right[m]
        for m in range(size):
            o1[m] += a0[m] * right[m]
        for m in range(size):
            o2[m] += a3[m] * left[m]
        for m in range(size):
            o3[m] += a2[m] * left[m]
    for m in range(size):
        out2[m] += out2[size + m]
