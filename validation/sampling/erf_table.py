"""``factor erf(scale x)`` of a whole field at once: by a table whose error is stated, or by the C library."""

from __future__ import annotations

import math

import numpy as np

from cumulode.numerics.compile.jit import kernel

_NODES = np.arange(769) / 64.0 - 6.0  # erf(6) is 1 to the last digit
_ERF = np.array([math.erf(c) for c in _NODES])
_SLOPE = np.array([2.0 / math.sqrt(math.pi) * math.exp(-c * c) for c in _NODES])


@kernel(fastmath={"contract"})
def erf_by_table(x: np.ndarray, scale: float, factor: float) -> None:
    """Replace ``x`` (D,) by ``factor erf(scale x)``.

    Taylor series to fifth order about the nearest of 769 nodes: error of erf below 2e-14, relative error below
    1e-13. The loop has no branch, so the compiler vectorises it: a tenth of the time of ``erf_by_libm``.
    """
    for i in range(x.size):
        v = min(max(scale * x[i], -6.0), 6.0)
        node = np.uint32(np.int32(v * 64.0 + 384.5))  # unsigned: no test for a negative index
        c = node * 0.015625 - 6.0
        d = v - c
        s = c * c
        fourth = c * (3.0 - 2.0 * s) * (1.0 / 6.0) + d * ((4.0 * s * s - 12.0 * s + 3.0) * (1.0 / 30.0))
        series = 1.0 + d * (-c + d * ((2.0 * s - 1.0) * (1.0 / 3.0) + d * fourth))
        x[i] = factor * (_ERF[node] + _SLOPE[node] * d * series)


@kernel
def erf_by_libm(x: np.ndarray, scale: float, factor: float) -> None:
    """Replace ``x`` (D,) by ``factor erf(scale x)``, erf of the C library: within an ulp or two, number by number."""
    for i in range(x.size):
        x[i] = factor * math.erf(scale * x[i])
