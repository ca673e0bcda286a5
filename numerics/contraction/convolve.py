"""Convolutions with a few taps over contiguous rows that continue periodically: what the contractions are made of."""

from __future__ import annotations

from cumulode.numerics.compile.jit import kernel

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
        q = p[at : at + m + 7]  # one slice: each costs as much as some ten multiply-adds
        for i in range(m):
            even = c0 * q[i] + c1 * q[i + 1] + c2 * q[i + 2] + c3 * q[i + 3]
            out[i] += even + (c4 * q[i + 4] + c5 * q[i + 5] + c6 * q[i + 6] + c7 * q[i + 7])
        b += 8
    if n - b >= 4:
        if direction > 0:
            c0, c1, c2, c3 = k[b], k[b + 1], k[b + 2], k[b + 3]
            at = start + b
        else:
            c3, c2, c1, c0 = k[b], k[b + 1], k[b + 2], k[b + 3]
            at = start - b - 3
        q = p[at : at + m + 3]
        for i in range(m):
            out[i] += c0 * q[i] + c1 * q[i + 1] + c2 * q[i + 2] + c3 * q[i + 3]


@kernel
def convolve_two(out, also, p, start, k, l, n, direction):  # type: ignore[no-untyped-def]
    """``convolve`` into ``out`` with ``k`` and into ``also`` with ``l``: what is read serves both.

    Four taps at a time: eight for each would need more registers than there are.
    """
    m = out.size
    for b in range(0, n - n % FOUR, FOUR):
        if direction > 0:
            c0, c1, c2, c3 = k[b], k[b + 1], k[b + 2], k[b + 3]
            d0, d1, d2, d3 = l[b], l[b + 1], l[b + 2], l[b + 3]
            at = start + b
        else:
            c3, c2, c1, c0 = k[b], k[b + 1], k[b + 2], k[b + 3]
            d3, d2, d1, d0 = l[b], l[b + 1], l[b + 2], l[b + 3]
            at = start - b - 3
        q = p[at : at + m + 3]
        for i in range(m):
            out[i] += c0 * q[i] + c1 * q[i + 1] + c2 * q[i + 2] + c3 * q[i + 3]
            also[i] += d0 * q[i] + d1 * q[i + 1] + d2 * q[i + 2] + d3 * q[i + 3]


@kernel
def multiply(out, a, b):  # type: ignore[no-untyped-def]
    """Set ``out`` to ``a b``, site by site."""
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
