"""Fit of a convolutional CP decomposition by variable projection (theory.md section 4).

With the coefficients at their optimum, ``c = (M + ridge)^-1 k``, what is left is ``|K|^2 - k.c``, a function of the
normalised factors alone. It is minimised by Gauss and Newton's method with Levenberg and Marquardt's damping, whose
normal equations need no tensor: every inner product of two terms, or of their derivatives, is a sum over the
correlations ``X_rs(m) = sum_a G_r(a) G_s(a-m)``. Best fits have nearly cancelling pairs, where the problem is badly
conditioned and methods without this second-order information (BFGS) stall.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from cumulode.numerics.compile.jit import kernel

from .line import Segment

#: Price of ``|c|^2``, in units of |K|^2: pairs that cancel to a part in 1e4 without a gain do not grow further.
RIDGE = 1e-13
#: Below this part of |K|^2 what is left is rounding.
ROUNDING = 1e-14
SMALLEST_DAMPING, LARGEST_DAMPING = 1e-12, 1e8


@dataclass(frozen=True, eq=False)
class Point:
    """Factors ``G`` (R, n), rows of norm 1, with the best coefficients ``c`` (R,) and what follows from them.

    ``correlations`` (R, R, 2n-1): ``X_rs(m)``, m from -(n-1); ``gram`` (R, R): ``M_rs = sum_m X_rs(m)^4`` with the
    ridge; ``cubic`` (R, n): ``K(G_r,G_r,G_r)``; ``left``: ``1 - k.c``, the squared error (and the ridge's share).
    """

    G: np.ndarray
    c: np.ndarray
    correlations: np.ndarray
    gram: np.ndarray
    cubic: np.ndarray
    left: float


def point(line: Segment, G: np.ndarray) -> Point:
    """Normalise the rows of ``G`` (R, n) and find their best coefficients."""
    G = G / np.linalg.norm(G, axis=1)[:, None]
    X = correlations(G)
    gram = (X**4).sum(axis=2) + RIDGE * np.eye(len(G))
    cubic = line.cubic(G)
    k = (cubic * G).sum(axis=1)
    c = np.linalg.solve(gram, k)
    return Point(G, c, X, gram, cubic, float(1 - k @ c))


def correlations(G: np.ndarray) -> np.ndarray:
    """``X_rs(m) = sum_a G_r(a) G_s(a-m)`` for m = -(n-1) .. n-1: (R, n) -> (R, R, 2n-1)."""
    n = G.shape[1]
    length = 2 ** int(2 * n - 1).bit_length()
    modes = np.fft.rfft(G, length, axis=1)
    X = np.fft.irfft(modes[:, None] * modes[None].conj(), length, axis=2)
    return np.concatenate([X[..., length - n + 1 :], X[..., :n]], axis=2)


def shifted(G: np.ndarray) -> np.ndarray:
    """``G_s(a-m)``, zero off the support: (R, n) -> (R, n, 2n-1), m as in ``correlations``."""
    n = G.shape[1]
    padded = np.concatenate([np.zeros((len(G), n - 1)), G, np.zeros((len(G), n - 1))], axis=1)
    a, m = np.arange(n)[:, None], np.arange(-(n - 1), n)
    return np.asarray(padded[:, a - m + n - 1])


def pulled(at: Point, moved: np.ndarray) -> np.ndarray:
    """``T_s(G_r,G_r,G_r) = sum_m X_rs(m)^3 G_s(.-m)``, (R, R, n); ``moved`` is ``shifted(G)``."""
    return np.matmul(moved[None], at.correlations[..., None] ** 3)[..., 0]


def gradient(at: Point) -> np.ndarray:
    """Gradient of ``left / 2`` in the factors, (R, n): ``-4 c_r [ K(G_r,G_r,G_r) - sum_s c_s T_s(G_r,G_r,G_r) ]``.

    The coefficients, being optimal, count as constants; so does the norm of a factor, but for the ridge.
    """
    return _gradient(at, pulled(at, shifted(at.G)))


def _gradient(at: Point, pull: np.ndarray) -> np.ndarray:
    return np.asarray(-4 * at.c[:, None] * (at.cubic - np.einsum("s,rsa->ra", at.c, pull)))


def normal_equations(at: Point) -> tuple[np.ndarray, np.ndarray]:
    """Gauss-Newton matrix (R n, R n) and gradient (R, n), the coefficients projected out (Kaufman's form).

    Two derivatives have the inner product ``c_r c_s sum_m [ 4 X(m)^3 delta_(a,b+m) + 12 X(m)^2 G_s(a-m) G_r(b+m) ]``.
    """
    rank, n = at.G.shape
    X, moved, site = at.correlations, shifted(at.G), np.arange(n)
    pull = pulled(at, moved)
    r, s = np.tril_indices(rank)  # the other pairs are the transposed of these
    inner = np.matmul(moved[s] * (12 * X[r, s, None] ** 2), moved[r][:, :, ::-1].transpose(0, 2, 1))
    inner += (4 * X[r, s] ** 3)[:, site[:, None] - site + n - 1]
    inner *= (at.c[r] * at.c[s])[:, None, None]
    blocks = np.empty((rank, n, rank, n))
    blocks[r, :, s], blocks[s, :, r] = inner, inner.transpose(0, 2, 1)
    whole = blocks.reshape(rank * n, rank * n)
    mixed = (4 * at.c[:, None, None] * pull).transpose(0, 2, 1).reshape(rank * n, rank)
    projected = np.matmul(mixed.reshape(rank, n, rank), np.linalg.solve(at.gram, mixed.T))  # in blocks: see ``cubic``
    return whole - projected.reshape(whole.shape), _gradient(at, pull)


def fit(line: Segment, G: np.ndarray, steps: int, settled: float = 5e-4) -> Point:
    """Follow the steps down from ``G`` (R, n), at most ``steps`` of them.

    It ends when three steps in a row gain less than ``settled`` of what is left, or rounding is.
    """
    at, damping, idle = point(line, G), 1e-3, 0
    for _ in range(steps):
        after, damping = _step(line, at, damping)
        if after is None:
            break
        idle = idle + 1 if at.left - after.left < settled * at.left else 0
        at = after
        if idle == 3 or at.left < ROUNDING:
            break
    return at


def _step(line: Segment, at: Point, damping: float) -> tuple[Point | None, float]:
    """The next point, lower than ``at``, and the damping to try after it; None where no step leads down.

    The damping follows the gain over the gain that the quadratic model foresaw (H. B. Nielsen, IMM-REP-1999-05).
    """
    matrix, slope = normal_equations(at)
    scale, step, raised = np.repeat(4 * at.c**2, at.G.shape[1]), np.empty(matrix.shape[0]), 2.0
    while damping < LARGEST_DAMPING:
        if solve_positive(matrix + np.diag(damping * scale), -slope.ravel(), step):
            after = point(line, at.G + step.reshape(at.G.shape))
            if after.left < at.left:
                ratio = (at.left - after.left) / (step @ (damping * scale * step - slope.ravel()))
                return after, max(damping * max(1 / 3, 1 - (2 * ratio - 1) ** 3), SMALLEST_DAMPING)
        damping, raised = damping * raised, 2 * raised
    return None, damping


@kernel
def solve_positive(A, b, x):  # type: ignore[no-untyped-def]
    """Set ``x`` (n,) to ``A^-1 b``; False where A (n, n), of which the lower half is used and lost, is not positive.

    Cholesky's way on one thread: for a few hundred rows LAPACK on two busy cores took thirty times as long. Four
    columns at a time, so that a row is read and written once for four of them.
    """
    n = A.shape[0]
    columns = np.zeros((4, n))
    for first in range(0, n, 4):
        many = min(4, n - first)
        columns[:] = 0.0
        for p in range(many):
            k = first + p
            for i in range(k, n):
                for q in range(p):
                    A[i, k] -= columns[q, i] * columns[q, k]
            if not A[k, k] > 0.0:
                return False
            pivot = math.sqrt(A[k, k])
            for i in range(k, n):
                A[i, k] /= pivot
                columns[p, i] = A[i, k]
        rest = first + many
        c0, c1, c2, c3 = columns[0], columns[1], columns[2], columns[3]
        for i in range(rest, n):
            a0, a1, a2, a3 = c0[i], c1[i], c2[i], c3[i]
            row = A[i]
            for j in range(rest, i + 1):
                row[j] -= (a0 * c0[j] + a1 * c1[j]) + (a2 * c2[j] + a3 * c3[j])
    _substitute(A, b, x)
    return True


@kernel
def _substitute(L, b, x):  # type: ignore[no-untyped-def]
    """Forwards with the lower triangular ``L``, then backwards with its transpose."""
    n = L.shape[0]
    for i in range(n):
        total = b[i]
        for j in range(i):
            total -= L[i, j] * x[j]
        x[i] = total / L[i, i]
    for i in range(n - 1, -1, -1):
        x[i] /= L[i, i]
        for j in range(i):
            x[j] -= L[i, j] * x[i]
