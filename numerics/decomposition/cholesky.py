"""Cholesky's solution of the normal equations, compiled and on one thread.

Matrices of a few hundred rows are what LAPACK on several threads does badly: on two busy cores it took thirty times as
long as on one.
"""

from __future__ import annotations

import math

import numpy as np

from cumulode.numerics.compile.jit import kernel


@kernel
def solve_positive(A, b, x):  # type: ignore[no-untyped-def]
    """Set ``x`` (n,) to ``A^-1 b``; False where A (n, n), of which the lower half is used and lost, is not positive.

    Four columns at a time, so that a row is read and written once for four of them.
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
