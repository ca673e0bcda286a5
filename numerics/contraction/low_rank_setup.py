"""Factors of the fourth cumulant in its sorted gaps, with the error of the whole ring tensor (theory.md section 5).

``K(alpha, beta, gamma)`` of the line is tabulated up to a longest gap and factored by an SVD; the ring tensor that a
contraction of these factors stands for is then compared with the law's, entry by entry.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from cumulode.numerics.cumulants import fourth_at
from cumulode.theory.problem.covariance import gaussian_covariance
from cumulode.theory.problem.laws import NLGP, Cumulants, Law

from .sorted_list import _code, _permutations, _symmetry

#: The line's table has (W+1)^3 / 2 entries of 10 (tolerance 1e-3) to 50 us each: half a minute or less at W = 100.
LONGEST_GAP = 100
#: Entries are known to about 1e-12 of the largest: no smaller tolerance can be met.
SMALLEST_TOLERANCE = 1e-11
#: The coefficients ``24 / 2^(zero gaps)`` with which the sum over sorted sites counts an entry.
ORDERS = 24.0


@dataclass(frozen=True, eq=False)
class Line:
    """Entries ``table`` (W+1, W+1, W+1) of the line at gaps up to W, and the squared norm ``beyond`` of all others.

    It is relative, and extrapolated from the last two shells of equal gap, whose ratio falls with the gap.
    """

    table: np.ndarray
    beyond: float


@dataclass(frozen=True, eq=False)
class GapFactors:
    """``K ~ sum_rs A_r(alpha) B_rs(beta) A_s(gamma)`` as a contraction wants it.

    ``A`` (R, n_a), ``B`` (R, R, n_b), ``B_rs = B_sr``: plain values; ``kappa`` (n_k,): what takes the place of
    ``K_000d``, d >= 0; ``taps`` (R, R + 1): how many entries of ``B_rs`` are not zero, and in the last column of
    ``A_r``; ``error``: Frobenius norm of the error of the ring tensor, relative to the tensor's; ``norm``: the root of
    the sum of ``K_0abc^2`` over a, b, c.
    """

    A: np.ndarray
    B: np.ndarray
    kappa: np.ndarray
    taps: np.ndarray
    error: float
    norm: float


@lru_cache(maxsize=8)  # needed by ``fits`` and again at once
def low_rank(law: Law, size: int, tolerance: float) -> GapFactors | None:
    """The cheapest factors whose error on the ring is at most ``tolerance / 3``; None if the ring holds none.

    The SVD gives each zero gap the weight 1/2. These product weights, 24 / 2^(zero gaps), are the numbers of orders
    24, 12, 6, 4, 1 of a quadruple wherever no three sites coincide; at triples, which ``kappa`` makes exact, they
    are larger. So the truncated SVD minimises an upper bound of the error, and nearly the error.
    """
    if tolerance < SMALLEST_TOLERANCE:
        return None
    line = _own_line(law, size) if isinstance(law, Cumulants) else _long_enough(law, (size - 1) // 2, tolerance)
    if line is None:
        return None
    ring = _Ring(law, size, tolerance, line)
    basis, values, core = decompose(line.table)
    if ring.error(_cut(basis, values, core, len(values), 0.0)) > tolerance / 3:
        return None
    best = None
    for rank in range(1, len(values) + 1):
        whole = _cut(basis, values, core, rank, 0.0)
        if ring.error(whole) <= tolerance / 3:
            found = _shortened(ring, basis, values, core, rank, tolerance / 3)
            if best is not None and _cost(found) >= _cost(best):
                break
            best = found
    return best


def first_guess(law: Law, tolerance: float) -> int:
    """The gap at which K has fallen to about a thirtieth of the tolerance.

    For an NLGP where the covariance has, since K is of order C there; for another law it is read off K at two sites.
    """
    if isinstance(law, NLGP):
        low = math.log(30 / max(tolerance, 1e-14))
        return max(2, math.ceil(law.xi * (low if law.covariance == "circular-exponential" else math.sqrt(low))))
    falling = _at_two_sites(law, np.arange(LONGEST_GAP + 2), None)
    large = np.nonzero((np.abs(falling) > max(tolerance, 1e-14) / 30 * np.abs(falling).max()).any(axis=0))[0]
    return max(2, int(large[-1]) + 1) if len(large) else 2


def _at_two_sites(law: Law, d: np.ndarray, size: int | None) -> np.ndarray:
    """``K_000d`` and ``K_00dd`` on a ring of ``size`` sites, or the line: (2, n)."""
    ends = np.stack([0 * d, 0 * d, 0 * d, d], axis=1), np.stack([0 * d, 0 * d, d, d], axis=1)
    return np.stack([fourth_at(law, sites, size) for sites in ends])


def _long_enough(law: Law, half: int, tolerance: float) -> Line | None:
    """A table up to half the ring, or shorter if the entries beyond have less than a twentieth of the error allowed."""
    longest = min(first_guess(law, tolerance), half)
    if longest > LONGEST_GAP:
        return None
    line = line_table(law, longest, precision_for(tolerance))
    while line.beyond > (tolerance / 60) ** 2 and longest < min(half, LONGEST_GAP):
        longest = min(longest + max(1, longest // 8), half, LONGEST_GAP)
        line = line_table(law, longest, precision_for(tolerance))
    return line


def _own_line(law: Cumulants, size: int) -> Line | None:
    """A user's entries by the gaps between sorted sites, up to half the ring, so that none is left out; None where they
    are not those of the mirror image, as the factors are, or reach too far.
    """
    longest = size // 2 if law.reach is None else min(law.reach, size // 2)
    if longest > LONGEST_GAP:
        return None
    alpha, beta, gamma = np.indices((longest + 1,) * 3).reshape(3, -1)
    ends = np.stack([0 * alpha, alpha, alpha + beta, alpha + beta + gamma], axis=1)
    table = fourth_at(law, ends, size).reshape((longest + 1,) * 3)
    mirrored = np.abs(table - table.transpose(2, 1, 0)).max() <= 1e-9 * np.abs(table).max()
    return Line(table, 0.0) if mirrored and np.any(table) else None


def precision_for(tolerance: float) -> float:
    """Error allowed in one entry, relative to K_0000: next to the tolerance of all together it does not count."""
    return 1.001e-3 * tolerance


@lru_cache(maxsize=8)
def line_table(law: Law, longest: int, precision: float = 1e-14) -> Line:
    """Entries at gaps up to ``longest``, each to ``precision`` of K_0000, and what lies beyond."""
    table = _table(law, longest, precision)
    weighted = np.square(table) * sorted_orders(longest + 1)
    sides = [tuple(i for i in range(3) if i != axis) for axis in range(3)]
    beyond = sum(_geometric_tail(weighted.sum(axis=side)) for side in sides)
    return Line(table, beyond / weighted.sum())


def _geometric_tail(shells: np.ndarray) -> float:
    """Sum of what follows a sequence whose ratios do not grow; four times that, since a ring has two long gaps."""
    if shells[-1] == 0.0:
        return 0.0
    ratio = shells[-1] / shells[-2]
    return float("inf") if ratio >= 1 else float(4 * shells[-1] * ratio / (1 - ratio))


def _table(law: Law, longest: int, precision: float) -> np.ndarray:
    """K of the line at all gaps up to ``longest``, (W+1, W+1, W+1); a quadruple and its mirror image are one."""
    alpha, beta, gamma = np.indices((longest + 1,) * 3)
    half = alpha <= gamma
    ends = np.stack([0 * alpha[half], alpha[half], (alpha + beta)[half], (alpha + beta + gamma)[half]], axis=1)
    table = np.empty(half.shape)
    table[half] = fourth_at(law, ends, None, precision)
    table = np.where(half, table, table.transpose(2, 1, 0))
    if not np.all(np.isfinite(table)):
        raise FloatingPointError(f"the fourth cumulant of {law} is not finite on the line; please report it")
    return table


def sorted_orders(n: int) -> np.ndarray:
    """Numbers of orders of the four sites, 24, 12, 6, 4 or 1, for gaps below ``n``: (n, n, n)."""
    gaps = np.indices((n,) * 3).reshape(3, -1).T
    return _permutations(gaps).reshape(n, n, n)


def _halves(n: int) -> np.ndarray:
    """One half for each gap of zero, (n, n, n)."""
    h = np.where(np.arange(n) == 0, 0.5, 1.0)
    return h[:, None, None] * h[None, :, None] * h[None, None, :]


def decompose(table: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Orthonormal ``U`` (n, n), singular values and core ``U^T T(beta) U`` (n, n, n) of the weighted table."""
    n = len(table)
    weighted = table * np.sqrt(_halves(n))
    basis, values, _ = np.linalg.svd(np.asarray(np.linalg.qr(weighted.reshape(n, -1).T, mode="r")).T)
    core = np.einsum("ar,abc,cs->rbs", basis, weighted, basis, optimize=True)
    return basis, values, 0.5 * (core + core.transpose(2, 1, 0))


@dataclass(frozen=True, eq=False)
class _Cut:
    """Factors with unit weights, ``A`` (n, R) and ``B`` (R, n, R), zero beyond the number of taps each keeps."""

    A: np.ndarray
    B: np.ndarray


def _cut(basis: np.ndarray, values: np.ndarray, core: np.ndarray, rank: int, threshold: float) -> _Cut:
    """The first ``rank`` terms; each factor ends where nothing as large as ``threshold`` follows."""
    root = np.where(np.arange(len(basis)) == 0, math.sqrt(0.5), 1.0)
    A, B = basis[:, :rank], core[:rank, :, :rank]
    A = np.where(_followed(np.abs(A) * values[:rank] > threshold, 0), A, 0.0)
    B = np.where(_followed(np.abs(B) > threshold, 1), B, 0.0)
    return _Cut(A / root[:, None], B / root[None, :, None])


def _followed(large: np.ndarray, axis: int) -> np.ndarray:
    """Whether this entry or a later one along ``axis`` is marked."""
    return np.flip(np.maximum.accumulate(np.flip(large, axis), axis=axis), axis)


def _shortened(
    ring: _Ring, basis: np.ndarray, values: np.ndarray, core: np.ndarray, rank: int, allowed: float
) -> GapFactors:
    """Cut every factor as short as the error allows, by bisection of the threshold."""
    low, high = 1e-17 * values[0], values[0]
    best = _cut(basis, values, core, rank, 0.0)
    for _ in range(24):
        middle = math.sqrt(low * high)
        trial = _cut(basis, values, core, rank, middle)
        if ring.error(trial) <= allowed:
            low, best = middle, trial
        else:
            high = middle
    return _factors(best, ring.kappa(best), ring.error(best), ring.norm)


def _factors(cut: _Cut, kappa: np.ndarray, error: float, norm: float) -> GapFactors:
    A, B = cut.A.T, cut.B.transpose(0, 2, 1)
    lengths = [np.count_nonzero(_followed(f != 0, f.ndim - 1), axis=-1) for f in (A, B)]
    n_a, n_b = max(1, lengths[0].max()), max(1, lengths[1].max())
    taps = np.concatenate([lengths[1], lengths[0][:, None]], axis=1).astype(np.int64)
    return GapFactors(np.ascontiguousarray(A[:, :n_a]), np.ascontiguousarray(B[:, :, :n_b]), kappa, taps, error, norm)


def _cost(factors: GapFactors) -> int:
    """Multiply-adds a site, in fours, and two more for each convolution."""
    in_fours = -(-factors.taps // 4) * 4 + 2 * (factors.taps > 0)
    return int(2 * in_fours[:, :-1].sum() + 4 * in_fours[:, -1].sum())


class _Ring:
    """The law's tensor on a ring of ``size`` sites, to compare with what factors stand for.

    A contraction adds up all gaps that the factors hold, from every site on. Up to the extent ``same`` no other gaps
    lead to the same sites, and the law has the line's entry there. Beyond ("late") the gaps are grouped by the set of
    sites they lead to, going around the ring as often as they do, and compared with the law's entry for that set.
    """

    def __init__(self, law: Law, size: int, tolerance: float, line: Line) -> None:
        self.table, n, precision = line.table, len(line.table), precision_for(tolerance)
        self.halves, self.orders = _halves(n), sorted_orders(n)
        extent = np.indices((n,) * 3).sum(axis=0)
        self.late = extent > _same_extent(law, size, tolerance, 3 * n)
        self._group(law, size, precision)
        self.end = fourth_at(law, np.stack([0 * np.arange(n)] * 3 + [np.arange(n)], axis=1), size)
        early = (self.orders * np.square(self.table))[~self.late].sum()
        self.norm = math.sqrt(early + (self.set_orders / self.symmetry * np.square(self.exact)).sum())
        self.beyond = line.beyond * self.norm**2
        tail = np.cumsum(8 * np.square(self.end[::-1]))[::-1]
        self.kappas = max(1, int(np.count_nonzero(tail > (tolerance / 60 * self.norm) ** 2)))

    def _group(self, law: Law, size: int, precision: float) -> None:
        """Number the sets of sites that late gaps lead to, up to translation; the law's entries there."""
        gaps = _canonical(np.cumsum(np.argwhere(self.late), axis=1), size)
        _, first, self.member = np.unique(_code(gaps, size), return_index=True, return_inverse=True)
        gaps = gaps[first]
        sites = np.concatenate([np.zeros((len(gaps), 1), np.int64), np.cumsum(gaps[:, :3], axis=1)], axis=1)
        self.exact = fourth_at(law, sites, size, precision)
        self.set_orders, self.symmetry = _permutations(gaps), _symmetry(gaps)

    def kappa(self, cut: _Cut) -> np.ndarray:
        """What to take for ``K_000d`` in eq. (cubic.7, coincidence correction) so that these entries are exact.

        The sum over sorted sites has ``6 T - 2 kappa`` where the tensor has ``4 K`` (at d = 0: ``3 T - 2 kappa`` and
        ``K``), T being the factors' own entry. (n_k,)
        """
        own = _product(cut)[0, 0]
        kappa = 3 * own - 2 * self.end
        kappa[0] = (3 * own[0] - self.end[0]) / 2
        return np.ascontiguousarray(kappa[: self.kappas])

    def error(self, cut: _Cut) -> float:
        """Frobenius norm of the ring tensor's error, relative; a sum of squares, so as exact as they are."""
        held = ORDERS * self.halves * _product(cut)
        for d in range(self.kappas):  # these entries are exact by the choice of kappa
            held[0, 0, d] = held[d, 0, 0] = (self.orders[0, 0, d]) * self.end[d]
        wrong = np.square(held / self.orders - self.table) * self.orders
        total = wrong[~self.late].sum() + self.beyond
        sums = self.symmetry * np.bincount(self.member, held[self.late], minlength=len(self.exact))
        total += (self.set_orders / self.symmetry * np.square(sums / self.set_orders - self.exact)).sum()
        return math.sqrt(total) / self.norm


def _product(cut: _Cut) -> np.ndarray:
    """``sum_rs A_r(alpha) B_rs(beta) A_s(gamma)``, (n, n, n)."""
    return np.tensordot(np.tensordot(cut.A, cut.B, 1), cut.A.T, 1)


def _same_extent(law: Law, size: int, tolerance: float, most: int) -> int:
    """Up to this extent, at most half the ring, the law is the line's to a millionth of the tolerance.

    An NLGP's entries are functions of its covariance, which is compared; of another law K at two sites is.
    """
    if isinstance(law, Cumulants):  # the table is the ring's own
        return (size - 1) // 2
    d = np.arange(min(most, (size - 1) // 2) + 1)
    if isinstance(law, NLGP):
        ring, _ = gaussian_covariance(law.covariance, d, law.xi, size)
        line, _ = gaussian_covariance(law.covariance, d, law.xi, None)
        different = np.abs(ring - line) > 1e-6 * tolerance
    else:
        ring, line = _at_two_sites(law, d, size), _at_two_sites(law, d, None)
        different = (np.abs(ring - line) > 1e-6 * tolerance * np.abs(line).max()).any(axis=0)
    differ = np.nonzero(different)[0]
    return int(differ[0]) - 1 if len(differ) else int(d[-1])


def _canonical(ends: np.ndarray, size: int) -> np.ndarray:
    """Cyclic gaps (n, 4) of the sites 0 and ``ends`` (n, 3), turned so that read from the last on they are largest."""
    sites = np.sort(np.concatenate([np.zeros((len(ends), 1), np.int64), ends % size], axis=1), axis=1)
    gaps = np.concatenate([np.diff(sites, axis=1), size - sites[:, 3:] + sites[:, :1]], axis=1)
    turned = np.stack([np.roll(gaps, shift, axis=1) for shift in range(4)])
    codes = np.stack([_code(np.roll(g, 1, axis=1), size) for g in turned])
    return np.asarray(turned[codes.argmax(axis=0), np.arange(len(gaps))])
