"""Vectors in kernels: scalar product, sum, whether all is finite."""

from __future__ import annotations

import math

from .jit import kernel


@kernel(fastmath={"contract"})
def dot(a, b):  # type: ignore[no-untyped-def]
    """Scalar product in four partial sums, which do not wait for one another."""
    s0, s1, s2, s3 = 0.0, 0.0, 0.0, 0.0
    whole = a.size - a.size % 4
    for i in range(0, whole, 4):
        s0 += a[i] * b[i]
        s1 += a[i + 1] * b[i + 1]
        s2 += a[i + 2] * b[i + 2]
        s3 += a[i + 3] * b[i + 3]
    for i in range(whole, a.size):
        s0 += a[i] * b[i]
    return (s0 + s1) + (s2 + s3)


@kernel(fastmath={"contract"})
def axpy(factor, x, y):  # type: ignore[no-untyped-def]
    """Add ``factor x`` to ``y``."""
    for i in range(x.size):
        y[i] += factor * x[i]


@kernel
def finite(w):  # type: ignore[no-untyped-def]
    """Whether no number of ``w`` is infinite or NaN."""
    for i in range(w.size):  # noqa: SIM110 - numba has no all() of a generator
        if not math.isfinite(w[i]):
            return False
    return True
