"""The fourth cumulant of the infinite line as a convolutional CP fit needs it: its form on a segment, its norm.

``K(G,G,G)`` is exact on the tabulated gaps: they are factored at full rank in the sorted gaps, so that a segment takes
one-sided convolutions, here Toeplitz matrices (theory.md section 5; ``theory.cumulants.cubic.ordered_cubic`` is the
same sum in plain shifts).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from cumulode.numerics.contraction.low_rank_setup import Line, decompose, sorted_orders

#: Singular values below this part of the largest are rounding.
NEGLIGIBLE = 1e-13


@dataclass(frozen=True, eq=False)
class Segment:
    """K / |K| on ``n`` neighbouring sites of the line, |K| being the Frobenius norm of all tabulated gaps, per site.

    ``ahead`` (Q, n, n): Toeplitz matrices of ``A_q``, upper triangular; ``between`` (Q n, Q n): of ``24 B_qp``;
    ``ends`` (n, n): ``K_000d``. Zero gaps are halved in the first two. ``table`` (W+1, W+1, W+1): entries by sorted
    gaps; ``beyond``: norm of all other entries; ``norm``: |K|.
    """

    n: int
    ahead: np.ndarray
    between: np.ndarray
    ends: np.ndarray
    table: np.ndarray
    beyond: float
    norm: float

    def cubic(self, G: np.ndarray) -> np.ndarray:
        """``K(G_r,G_r,G_r) / |K|`` for each row of ``G`` (R, n) -> (R, n); eq. (cubic.6, ordered gradient)."""
        q, n = len(self.ahead), self.n
        w = G.T
        behind = self.ahead.transpose(0, 2, 1)
        left, right = behind @ w, self.ahead @ w
        # a block of rows at a time: BLAS takes more threads to products this small only once they are one, and crawls
        after = np.matmul(self.between.reshape(q, n, q * n), (right * w).reshape(q * n, -1))
        before = np.matmul(self.between.T.reshape(q, n, q * n), (left * w).reshape(q * n, -1))
        total = (left * after + right * before + self.ahead @ (w * after) + behind @ (w * before)).sum(axis=0)
        total -= 2 * (3 * w**2 * (self.ends @ w) + self.ends @ w**3)
        return np.asarray(total.T / 4)


def segment(line: Line, n: int) -> Segment:
    """The form of a tabulated line on ``n`` sites; gaps beyond the table count as zero."""
    norm = math.sqrt(float((np.square(line.table) * sorted_orders(len(line.table))).sum()))
    table = line.table / norm
    basis, values, core = decompose(table)
    kept = max(1, int(np.count_nonzero(values > NEGLIGIBLE * values[0])))
    # each zero gap has the weight sqrt(1/2) in these factors, 1/2 in the sum over sorted sites
    half = np.where(np.arange(len(table)) == 0, math.sqrt(0.5), 1.0)
    ahead = toeplitz((basis[:, :kept] * half[:, None]).T, n)
    between = 24 * toeplitz(core[:kept, :, :kept].transpose(0, 2, 1) * half, n)
    between = between.transpose(0, 2, 1, 3).reshape(kept * n, kept * n)
    ends = toeplitz(table[0, 0], n)
    ends = ends + np.triu(ends, 1).T
    return Segment(n, ahead, np.ascontiguousarray(between), ends, table, math.sqrt(line.beyond), norm)


def toeplitz(f: np.ndarray, n: int) -> np.ndarray:
    """Upper triangular ``(n, n)`` matrices with ``f`` (..., m) along the diagonals, cut or continued by zeros."""
    padded = np.zeros((*f.shape[:-1], 2 * n))
    m = min(n, f.shape[-1])
    padded[..., :m] = f[..., :m]
    i = np.arange(n)
    return np.asarray(padded[..., i[None, :] - i[:, None]])  # negative gaps read the zeros at the end


def by_sorted_gaps(G: np.ndarray, c: np.ndarray, gaps: int) -> np.ndarray:
    """``sum_r c_r sum_m G_r(m) G_r(m+alpha) G_r(m+alpha+beta) G_r(m+alpha+beta+gamma)`` at gaps below ``gaps``.

    ``G`` (R, n), ``c`` (R,) -> (gaps, gaps, gaps).
    """
    n, total = G.shape[1], np.zeros((gaps,) * 3)
    site = np.arange(n)
    for g, weight in zip(G, c, strict=True):
        padded = np.concatenate([g, np.zeros(n + gaps)])
        pairs = g[:, None] * padded[site[:, None] + np.arange(gaps)]  # (m, gap)
        padded_pairs = np.concatenate([pairs, np.zeros((n + gaps, gaps))])
        for alpha in range(min(n, gaps)):
            # sum_m pairs(m, alpha) pairs(m + alpha + beta, gamma)
            left = weight * pairs[: n - alpha, alpha]
            for beta in range(min(n - alpha, gaps)):
                stop = n - alpha - beta
                total[alpha, beta] += left[:stop] @ padded_pairs[alpha + beta : alpha + beta + stop]
    return total


def residual(line: Segment, G: np.ndarray, c: np.ndarray) -> float:
    """Frobenius norm of ``K / |K|`` less the decomposition of ``G`` (R, n) and ``c``, over the whole line: no less.

    A sum of squares over all gaps that the table or the factors reach; entries of K beyond the table are not known,
    their norm is, and what the factors have there is taken to add to it.
    """
    known, n = len(line.table), G.shape[1]
    gaps = max(known, n)
    held = by_sorted_gaps(G, c, gaps)
    outside = np.square(held) * sorted_orders(gaps)
    outside[:known, :known, :known] = 0.0
    wrong = np.square(held[:known, :known, :known] - line.table) * sorted_orders(known)
    return math.sqrt(wrong.sum() + (math.sqrt(outside.sum()) + line.beyond) ** 2)
