"""Convolutions with a few taps over contiguous rows that continue periodically: what the contractions are made of."""

from __future__ import annotations

from ..jit import kernel

#: ``convolve`` takes eight or four taps at a time; factors are padded with zeros.
FOUR = 4


@kernel
def convolve(out, p, start, k, n, direction):  # type: ignore[no-untyped-def]
    """``out_i += sum_b k_b p_(start + i + direction b)`` over the first ``n`` taps, a multiple of four."""
    m = out.size
    b = 0
    while n - b >= 8:
        if direction > 0:
            c0, c1, c2, c3, c4, c5, c6, c7 = k[b], k[b + 1], k[b + 2], k[b + 3], k[b + 4], k[b + 5], k[b + 6], k[b + 7]
            at = start + b
        else:
            c7, c6, c5, c4, c3, c2, c1, c0 = k[b], k[b + 1], k[b + 2], k[b + 3], k[b + 4], k[b + 5], k[b + 6], k[b + 7]
            at = start - b - 7
        p0, p1, p2, p3 = p[at : at + m], p[at + 1 : at + 1 + m], p[at + 2 : at + 2 + m], p[at + 3 : at + 3 + m]
        p4, p5, p6, p7 = p[at + 4 : at + 4 + m], p[at + 5 : at + 5 + m], p[at + 6 : at + 6 + m], p[at + 7 : at + 7 + m]
        for i in range(m):
            even = c0 * p0[i] + c1 * p1[i] + c2 * p2[i] + c3 * p3[i]
            out[i] += even + (c4 * p4[i] + c5 * p5[i] + c6 * p6[i] + c7 * p7[i])
        b += 8
    if n - b >= 4:
        if direction > 0:
            c0, c1, c2, c3 = k[b], k[b + 1], k[b + 2], k[b + 3]
            at = start + b
        else:
            c3, c2, c1, c0 = k[b], k[b + 1], k[b + 2], k[b + 3]
            at = start - b - 3
        p0, p1, p2, p3 = p[at : at + m], p[at + 1 : at + 1 + m], p[at + 2 : at + 2 + m], p[at + 3 : at + 3 + m]
        for i in range(m):
            out[i] += c0 * p0[i] + c1 * p1[i] + c2 * p2[i] + c3 * p3[i]


@kernel
def multiply(out, a, b):  # type: ignore[no-untyped-def]
    for i in range(out.size):
        out[i] = a[i] * b[i]


@kernel
def take(row, halo, w, first, sites):  # type: ignore[no-untyped-def]
    """Copy ``sites`` sites of the ring ``w`` from ``first`` on to ``row[halo:]``."""
    done = 0
    while done < sites:
        n = min(sites - done, w.size - first)
        row[halo + done : halo + done + n] = w[first : first + n]
        done, first = done + n, 0


@kernel
def wrap(row, size, halo):  # type: ignore[no-untyped-def]
    """Continue ``row[halo : halo + size]`` periodically on both sides."""
    for i in range(halo):
        row[halo + size + i] = row[halo + i]
        row[halo - 1 - i] = row[halo - 1 - i + size]
