"""Pairs of sites coupled wave by wave, with the error of the whole tensor (theory.md section 5, pair form).

Every quadruple with a pairing whose two pairs lie within a window is kept, divided among such pairings; the others,
and what waves left out hold, are summed entry by entry.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from scipy import fft

from cumulode.theory.problem.laws import Cumulants, Law
from cumulode.theory.user_input.arguments import InvalidArgument

from .low_rank_setup import precision_for
from .quadruples import Collector, PairLattice, Quadruples, lattice, pair_orders

#: Elements of the table of pairs with pairs: 0.5 GB and some minutes of set-up.
MOST_ELEMENTS = 50_000_000
#: Part of the squared error allowed that a window may use up; waves left out have the rest.
WINDOW_PART = 0.9
#: Entries of K below this part of the error allowed, times K_0000, are not computed where a bound shows it.
NEGLIGIBLE = 3e-4


@dataclass(frozen=True, eq=False)
class PairFactors:
    """Coupling of the pairs ``(m, m+a)`` with one another, wave by wave.

    ``offsets`` (n, 2): the pairs of the window, those of one parity together; ``mirror`` (n,): which of them each is
    after (x, y) -> (-x, y), and ``turns`` (n,) how many whole turns that is away, odd along the first axis (1), the
    second (2) or both (3); ``coupling`` (n, n, n_1, n_2): G at waves ``0 <= k1, k2``, times the number of waves
    alike, over the number of sites; n_1 = 1 on a ring; ``error``: Frobenius norm of the error of the whole tensor,
    relative to the tensor's; ``norm``: the root of the sum of ``K_0abc^2`` over a, b, c.
    """

    shape: tuple[int, int]
    offsets: np.ndarray
    mirror: np.ndarray
    turns: np.ndarray
    coupling: np.ndarray
    error: float
    norm: float


def factors(law: Law, shape: tuple[int, ...], tolerance: float) -> PairFactors:
    """The smallest window and the fewest waves whose error is at most ``tolerance / 3``; ValueError naming ``size``."""
    sites = lattice(law, shape)
    # a torus has many entries: they are known just well enough, which is part of the error
    precision = 1e-14 if len(shape) == 1 else min(precision_for(tolerance), 1e-6)
    entries = 0.0 if len(shape) == 1 else 10 * precision
    allowed = (tolerance / 3) ** 2 - entries**2
    window, quadruples, missing, norm = _window(law, sites, WINDOW_PART * allowed, precision)
    coupling = _Coupling(sites, window, quadruples, missing, norm)
    found = coupling.cut(*coupling.fewest_waves(allowed))
    return replace(found, error=math.hypot(found.error, entries))


def _window(
    law: Law, sites: PairLattice, allowed: float, precision: float = 1e-14
) -> tuple[int, Quadruples, float, float]:
    """Levels of the smallest window that misses at most ``allowed`` of the squared norm.

    Returns the levels, the quadruples of a wider window, the part missed and the squared norm. What even the wider
    window misses is extrapolated, see ``_beyond``, unless it holds all pairs.
    """
    collect = Collector(law, sites, precision)
    triples = collect.values(sites.offsets % sites.shape @ np.array([sites.shape[1], 1]))
    share = np.bincount(sites.level, np.square(triples) * sites.orders)
    collect.negligible = NEGLIGIBLE * math.sqrt(allowed) * abs(float(triples[0]))
    wide = int(sites.level[-1]) + 1 if isinstance(law, Cumulants) else _first_guess(sites, share, allowed)
    while True:
        elements = int((sites.level < wide).sum()) ** 2 * sites.size
        if elements > MOST_ELEMENTS:
            raise _too_large(law, sites, elements)
        found = collect(wide)
        norm = float(found.weight.sum())
        if found.neglected > allowed / 1000 * norm:
            collect.negligible /= 10
            continue
        missed = _missed(found, wide)
        beyond = _beyond(missed, share)
        if beyond[wide] <= allowed / 100:
            missing = missed + beyond[wide] + found.neglected / norm
            window = int(np.nonzero(missing[1:] <= allowed)[0][0]) + 1
            return window, found, float(missing[window]), norm
        needed = int(np.nonzero(beyond <= allowed / 100)[0][0])
        wide = min(max(needed, wide + 1), _wider(sites, wide, max(1.0, sites.radius(wide) / 2)))


def _too_large(law: Law, sites: PairLattice, elements: int) -> ValueError:
    size = sites.shape if sites.shape[0] > 1 else sites.size
    return InvalidArgument(
        "size",
        size,
        f"for {law!r} by the pair form a size, correlation length and tolerance whose table of pairs holds at most "
        f"{MOST_ELEMENTS} elements (here {elements} or more); a larger tolerance shortens it",
    )


def _outside(share: np.ndarray) -> np.ndarray:
    """Sum over the levels from 0, 1, ... on, (levels + 1,), the last 0."""
    return np.append(np.cumsum(share[::-1])[::-1], 0.0)


def _first_guess(sites: PairLattice, share: np.ndarray, allowed: float) -> int:
    """Levels of a window that is not too wide: outside it, K_000a alone reaches what is allowed.

    The norm of all entries is taken for that of K_000a times the number of sites correlated with one.
    """
    outside = _outside(share)
    correlated = np.square(sites.correlation).sum()
    needed = np.nonzero(outside <= allowed * correlated**2 * outside[0])[0]
    return max(int(needed[0]), _wider(sites, 0, 2.0))


def _beyond(missed: np.ndarray, share: np.ndarray) -> np.ndarray:
    """At most what windows of 0, 1, ... levels miss, extrapolated to all levels: twice what it is most likely.

    A quadruple outside every window has a site far from the other three, so each level misses about as many times
    the ``share`` of its K_000a (three sites in one) as another: 1 to 2.5 times what level 1 does, for all laws tried.
    The largest of these ratios among the outer half of the levels known is taken.
    """
    known = len(missed) - 1
    shells, below = missed[:-1] - missed[1:], share[:known]
    ratio = np.divide(shells, below, out=np.zeros(known), where=below > 0)
    return np.asarray(2 * ratio[known // 2 :].max() * _outside(share))


def _wider(sites: PairLattice, levels: int, step: float) -> int:
    """Levels of a window whose radius is ``step`` larger."""
    last = int(sites.level[-1]) + 1
    start = sites.radius(levels) if levels else 0.0
    return next((n for n in range(levels + 1, last) if sites.radius(n) >= start + step - 1e-9), last)


def _missed(found: Quadruples, wide: int) -> np.ndarray:
    """Part of the squared norm that windows of 0, 1, ..., ``wide`` levels miss, (wide + 1,)."""
    shells = np.bincount(found.pairings[:, 0], found.weight, minlength=wide)
    return np.append(np.cumsum(shells[::-1])[::-1], 0.0) / shells.sum()


class _Coupling:
    """The window's coupling of pairs, ``B`` (n, n, k1, k2) at all waves, real and symmetric by inversion symmetry.

    An offset counts with the square root of its orders, and its pair stands at the middle of its two sites: then
    ``sum |B|^2`` is N times the squared norm of what multiplies p_a(m) p_b(n).
    """

    def __init__(self, sites: PairLattice, window: int, found: Quadruples, missing: float, norm: float) -> None:
        n = int((sites.level < window).sum())
        a, b = np.triu_indices(_order_of(found))
        inside = (a < n) & (b < n)
        rows, columns = sites.shape
        first = np.arange(rows)
        self.shape, self.offsets, self.missing, self.norm = sites.shape, sites.offsets[:n], missing, norm
        self.roots = np.sqrt(sites.orders[:n])
        self.member, self.orders = found.member[inside], found.orders
        self.counts = np.sqrt(pair_orders(sites.orders[:n]) * np.where(a == b, 1, 2)[inside])
        self.waves = np.where(2 * first > rows, first - rows, first), np.arange(columns // 2 + 1)
        self.alike = np.where(_alone(self.waves[1], columns), 1.0, 2.0)
        self.nearest = np.maximum(np.abs(self.waves[0])[:, None], self.waves[1])
        covered = (found.pairings < window).sum(axis=1)
        self.B = self._transform(found.values * 3 / np.maximum(covered, 1))

    def _phase(self, a: int) -> np.ndarray:
        """``exp(-ik (b - a)/2)`` for all b from a on, (n - a, k1, k2)."""
        half = (self.offsets[a:] - self.offsets[a]) / 2
        turn = [np.exp(-2j * np.pi / self.shape[d] * half[:, d, None] * self.waves[d]) for d in (0, 1)]
        return np.asarray(turn[0][:, :, None] * turn[1][:, None, :])

    def _rows(self) -> Iterator[tuple[int, slice]]:
        """Each pair and the rows of ``member`` that couple it to itself and later ones: no large table is copied."""
        n = len(self.offsets)
        starts = np.cumsum([0, *range(n, 0, -1)])
        return ((a, slice(starts[a], starts[a + 1])) for a in range(n))

    def _transform(self, values: np.ndarray) -> np.ndarray:
        B = np.empty((len(self.offsets), len(self.offsets), self.shape[0], self.shape[1] // 2 + 1))
        for a, rows in self._rows():
            real = values[self.member[rows]] * (self.roots[a] * self.roots[a:])[:, None]
            waves = fft.rfft2(real.reshape(-1, *self.shape)) * self._phase(a)
            B[a, a:] = B[a:, a] = waves.real
        return B

    def fewest_waves(self, allowed: float) -> tuple[int, float]:
        """The longest wave number along either axis that must be kept, and the squared error then."""
        power = (np.square(self.B).sum(axis=(0, 1)) * self.alike).ravel()
        power = np.bincount(self.nearest.ravel(), power) / (self.norm * self.shape[0] * self.shape[1])
        bound = np.append(np.cumsum(power[::-1])[::-1][1:], 0.0)  # were all entries left out distinct
        longest = int(np.nonzero(bound <= allowed - self.missing)[0][0])
        error = self.missing + self._left_out(longest)
        while longest > 0:
            shorter = self.missing + self._left_out(longest - 1)
            if shorter > allowed:
                break
            longest, error = longest - 1, shorter
        return longest, error

    def _left_out(self, longest: int) -> float:
        """Squared norm of the waves beyond ``longest``, permutations of a quadruple taken together, relative."""
        if longest >= self.nearest.max():
            return 0.0
        sums = np.zeros(len(self.orders))
        for a, rows in self._rows():
            waves = self.B[a, a:] * (self.nearest > longest) * self._phase(a).conj()
            real = fft.irfft2(waves, self.shape).reshape(len(waves), -1) * self.counts[rows, None]
            sums += np.bincount(self.member[rows].ravel(), real.ravel(), minlength=len(sums))
        return float((np.square(sums) / self.orders).sum() / self.norm)

    def cut(self, longest: int, squared_error: float) -> PairFactors:
        """What is left when waves end at ``longest``."""
        k1, k2 = np.arange(1 if self.shape[0] == 1 else longest + 1), np.arange(longest + 1)
        order = np.lexsort((self.offsets % 2).T[::-1])
        alike = np.where(_alone(k1, self.shape[0])[:, None] & _alone(k2, self.shape[1]), 1.0, 2.0)
        scale = self.roots[:, None] * self.roots
        G = self.B[:, :, : len(k1), : len(k2)] * scale[:, :, None, None] * alike / (self.shape[0] * self.shape[1])
        offsets = self.offsets[order]
        G = np.ascontiguousarray(G[np.ix_(order, order)])
        return PairFactors(
            self.shape, offsets, *_mirror(offsets, self.shape), G, math.sqrt(squared_error), math.sqrt(self.norm)
        )


def _alone(k: np.ndarray, size: int) -> np.ndarray:
    """Whether a wave along one axis is its own opposite."""
    return np.asarray(2 * k % size == 0)


def _mirror(offsets: np.ndarray, shape: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """Of each pair the one that its mirror image is, and which whole turns away, as ``PairFactors`` has them."""
    sizes = np.array(shape)
    index = {tuple(o): i for i, o in enumerate(offsets % sizes)}
    mirror, turns = np.empty(len(offsets), np.int64), np.empty(len(offsets), np.int64)
    for i, (first, second) in enumerate(offsets):
        for image in (np.array([-first, second]), np.array([first, -second])):  # a pair has two offsets
            if tuple(image % sizes) in index:
                mirror[i] = index[tuple(image % sizes)]
                odd = (image - offsets[mirror[i]]) // sizes % 2
                turns[i] = odd[0] + 2 * odd[1]
                break
    return mirror, turns


def _order_of(found: Quadruples) -> int:
    """The number n of offsets of which ``found`` has n (n+1) / 2 pairs."""
    return (math.isqrt(8 * len(found.member) + 1) - 1) // 2
