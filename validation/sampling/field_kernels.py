"""Kernels that make a Gaussian field of normal numbers: filters and sums over modes, as ``fields`` describes them."""

from __future__ import annotations

import numpy as np

from cumulode.numerics.compile.jit import kernel


@kernel(fastmath={"contract"})
def correlate(taps: np.ndarray, source: np.ndarray, out: np.ndarray) -> None:
    """``out[i] = sum_j taps[j] source[i + j]``; four taps a pass, which stay in registers."""
    size = out.size
    for i in range(size):
        out[i] = 0.0
    for j in range(0, taps.size, 4):
        a, b, c, d = taps[j], taps[j + 1], taps[j + 2], taps[j + 3]
        n = source[j : j + size + 3]
        for i in range(size):
            out[i] += a * n[i] + b * n[i + 1] + c * n[i + 2] + d * n[i + 3]


@kernel(fastmath={"contract"})
def combine(weights: np.ndarray, rows: np.ndarray, stride: int, out: np.ndarray) -> None:
    """``out[i] = sum_j weights[j] rows[i + j stride]``, ``rows`` flat: ``correlate`` with its taps ``stride`` apart."""
    size = out.size
    for i in range(size):
        out[i] = 0.0
    for j in range(0, weights.size, 4):
        a, b, c, d = weights[j], weights[j + 1], weights[j + 2], weights[j + 3]
        start = j * stride
        p, q = rows[start : start + size], rows[start + stride : start + stride + size]
        start += 2 * stride
        r, s = rows[start : start + size], rows[start + stride : start + stride + size]
        for i in range(size):
            out[i] += a * p[i] + b * q[i] + c * r[i] + d * s[i]


@kernel
def _continue(noise: np.ndarray, period: int, count: int) -> None:
    """Continue the first ``period`` numbers periodically by ``count`` more."""
    for i in range(period, period + count):
        noise[i] = noise[i - period]


@kernel
def filter_ring(taps: np.ndarray, noise: np.ndarray, x: np.ndarray) -> None:
    """Fill ``x`` (D,) from white ``noise`` (D + taps.size,), of which D are given: inner loops run contiguously."""
    _continue(noise, x.size, taps.size)
    correlate(taps, noise, x)


@kernel
def filter_torus(taps: np.ndarray, side: int, noise: np.ndarray, x: np.ndarray) -> None:
    """Fill ``x`` (L L,) from white ``noise`` (L L + taps.size L,), of which L L are given: columns, then rows."""
    _continue(noise, x.size, taps.size * side)
    combine(taps, noise, side, x)
    for start in range(0, x.size, side):
        row = x[start : start + side]
        for j in range(side):
            noise[j] = row[j]
        filter_ring(taps, noise, row)


@kernel
def sum_modes(basis: np.ndarray, cosines: int, a: np.ndarray, work: np.ndarray, x: np.ndarray) -> None:
    """Fill ``x`` (L,) with the sum of modes of coefficients ``a`` (M,), the first ``cosines`` of them cosines.

    Cosines are even and sines odd about site 0, so each is summed on half a ring; ``work`` (L + 2,) is scratch.
    """
    size = x.size
    half = size // 2 + 1
    even, odd = work[:half], work[half : 2 * half]
    combine(a[:cosines], basis, half, even)
    combine(a[cosines:], basis[cosines * half :], half, odd)
    for i in range(half):
        x[i] = even[i] + odd[i]
    for i in range(half, size):
        x[i] = even[size - i] - odd[size - i]


@kernel
def modes_torus(basis: np.ndarray, cosines: int, side: int, a: np.ndarray, work: np.ndarray, x: np.ndarray) -> None:
    """The torus' field (L L,) from coefficients ``a`` (M M,): rows, then columns; ``work`` ((M + 3) L + M,)."""
    half = side // 2 + 1
    modes = basis.size // half
    weights, rest = work[:modes], work[modes : modes + 2 * side + 2]
    rows = work[modes + 2 * side + 2 :]
    for k in range(modes):
        sum_modes(basis, cosines, a[k * modes : (k + 1) * modes], rest, rows[k * side : (k + 1) * side])
    even, odd = rest[:side], rest[side : 2 * side]
    for i in range(half):
        for k in range(modes):
            weights[k] = basis[k * half + i]
        combine(weights[:cosines], rows, side, even)
        combine(weights[cosines:], rows[cosines * side :], side, odd)
        mirror = (side - i) % side
        for j in range(side):
            x[i * side + j] = even[j] + odd[j]
        if mirror != i:
            for j in range(side):
                x[mirror * side + j] = even[j] - odd[j]
