"""Waves of pairs of sites on a ring or torus, and back: small tables of cosines and sines, no FFT.

Each axis is folded about its middle first, which halves the work: cosines need sums of opposite places only, sines
differences. A pair of odd extent stands between two places. In each kernel ``pairs`` are those of a ``PairForm``.
"""

from __future__ import annotations

import numpy as np

from cumulode.numerics.compile.jit import kernel

#: Columns transformed at a time along the first axis, so that all rows of them stay in the cache.
COLUMNS = 128


def tables(size: int, count: int, padded: int) -> np.ndarray:
    """Cosines and sines of waves 0, ..., count - 1 at places 0 and on, or 1/2 and on, up to half the ring."""
    n = max(padded, -(-(size // 2 + 1) // 4) * 4)
    out = np.zeros((8, n, n))
    for parity in (0, 1):
        places = size // 2 + 1 - parity if size % 2 == 0 else (size + 1) // 2
        angle = np.pi * np.outer(2 * np.arange(places) + parity, np.arange(count)) / size
        for kind, table in enumerate((np.cos(angle), np.sin(angle))):
            out[4 * parity + 2 * kind, :places, :count] = table
            out[4 * parity + 2 * kind + 1, :count, :places] = table.T
    return out


@kernel
def weighted_sum(out, c, rows, first, step, start):  # type: ignore[no-untyped-def]
    """``out = sum_f c_f rows[first + step f]``, each row from ``start`` on."""
    m, n, f = out.size, c.size, c.size % 4
    if f == 0:
        for i in range(m):
            out[i] = 0.0
    elif f == 1:
        r0 = rows[first, start : start + m]
        for i in range(m):
            out[i] = c[0] * r0[i]
    else:
        r0, r1 = rows[first, start : start + m], rows[first + step, start : start + m]
        r2, c2 = rows[first + step * (f - 1), start : start + m], c[2] if f == 3 else 0.0
        for i in range(m):
            out[i] = c[0] * r0[i] + c[1] * r1[i] + c2 * r2[i]
    while n - f >= 8:
        at = first + step * f
        c0, c1, c2, c3, c4, c5, c6, c7 = c[f], c[f + 1], c[f + 2], c[f + 3], c[f + 4], c[f + 5], c[f + 6], c[f + 7]
        r0, r1 = rows[at, start : start + m], rows[at + step, start : start + m]
        r2, r3 = rows[at + 2 * step, start : start + m], rows[at + 3 * step, start : start + m]
        r4, r5 = rows[at + 4 * step, start : start + m], rows[at + 5 * step, start : start + m]
        r6, r7 = rows[at + 6 * step, start : start + m], rows[at + 7 * step, start : start + m]
        for i in range(m):
            even = c0 * r0[i] + c1 * r1[i] + c2 * r2[i] + c3 * r3[i]
            out[i] += even + (c4 * r4[i] + c5 * r5[i] + c6 * r6[i] + c7 * r7[i])
        f += 8
    if f < n:
        at = first + step * f
        c0, c1, c2, c3 = c[f], c[f + 1], c[f + 2], c[f + 3]
        r0, r1 = rows[at, start : start + m], rows[at + step, start : start + m]
        r2, r3 = rows[at + 2 * step, start : start + m], rows[at + 3 * step, start : start + m]
        for i in range(m):
            out[i] += c0 * r0[i] + c1 * r1[i] + c2 * r2[i] + c3 * r3[i]


@kernel
def _fold(size, parity):  # type: ignore[no-untyped-def]
    """Places up to the middle, the first that has an opposite, how many have, and the sum of two opposite ones."""
    if parity == 1:
        return (size + 1) // 2, 0, size // 2, size - 1
    return size // 2 + 1, 1, (size - 1) // 2, size


@kernel
def first_axis(half, products, pairs, waves, columns, n1):  # type: ignore[no-untyped-def]
    """Cosine waves along the first axis into rows 0 and on of ``half``, sine waves into rows n1 and on.

    Rows opposite each other about the middle are first replaced by their sum and difference.
    """
    a = 0
    while a < pairs.shape[0] - 1:
        b, parity = _together(pairs, a, columns)
        places, inner, paired, ends = _fold(products.shape[0], parity)
        start, stop = a * columns, b * columns
        for f in range(inner, inner + paired):
            _sum_and_difference(products[f, start:stop], products[ends - f, start:stop])
        for k in range(n1):
            cosines, sines = waves[4 * parity + 1, k, :places], waves[4 * parity + 3, k, inner : inner + paired]
            weighted_sum(half[k, start:stop], cosines, products, 0, 1, start)
            weighted_sum(half[n1 + k, start:stop], sines, products, ends - inner, -1, start)
        a = b


@kernel
def first_axis_back(products, half, pairs, waves, columns, n1):  # type: ignore[no-untyped-def]
    """The transpose of ``first_axis``."""
    a = 0
    while a < pairs.shape[0] - 1:
        b, parity = _together(pairs, a, columns)
        places, inner, paired, ends = _fold(products.shape[0], parity)
        start, stop = a * columns, b * columns
        for f in range(places):
            weighted_sum(products[f, start:stop], waves[4 * parity, f, :n1], half, 0, 1, start)
        for f in range(inner, inner + paired):
            weighted_sum(products[ends - f, start:stop], waves[4 * parity + 2, f, :n1], half, n1, 1, start)
            _sum_and_difference(products[f, start:stop], products[ends - f, start:stop])
        a = b


@kernel
def _together(pairs, a, columns):  # type: ignore[no-untyped-def]
    """The end of a run of pairs from ``a`` on that are transformed together, and their parity along the first axis."""
    parity = pairs[a + 1, 2] - pairs[a + 1, 0]
    b = a + 1
    while b < pairs.shape[0] - 1 and pairs[b + 1, 2] - pairs[b + 1, 0] == parity and (b + 1 - a) * columns <= COLUMNS:
        b += 1
    return b, parity


@kernel
def _sum_and_difference(x, y):  # type: ignore[no-untyped-def]
    """Replace ``x, y`` by their sum and difference."""
    for i in range(x.size):
        s, d = x[i] + y[i], x[i] - y[i]
        x[i], y[i] = s, d


@kernel
def _row(cosine, sine, p, waves, parity):  # type: ignore[no-untyped-def]
    """Set ``cosine`` and ``sine`` (padded) to the waves of the row ``p``, which is overwritten."""
    places, inner, paired, ends = _fold(p.size, parity)
    for f in range(inner, inner + paired):
        p[f], p[ends - f] = p[f] + p[ends - f], p[f] - p[ends - f]
    last = inner + paired - 1
    weighted_sum(cosine, p[:places], waves[4 * parity], 0, 1, 0)
    weighted_sum(sine, p[ends - last : ends - inner + 1], waves[4 * parity + 2], last, -1, 0)


@kernel
def _row_back(p, cosine, sine, waves, parity, spare):  # type: ignore[no-untyped-def]
    """The transpose of ``_row``."""
    places, inner, paired, ends = _fold(p.size, parity)
    weighted_sum(p[:places], cosine, waves[4 * parity + 1], 0, 1, 0)
    weighted_sum(spare[:places], sine, waves[4 * parity + 3], 0, 1, 0)
    for f in range(inner, inner + paired):
        p[f], p[ends - f] = p[f] + spare[f], p[f] - spare[f]


@kernel
def ring_waves(x, half, pairs, waves, count, plane):  # type: ignore[no-untyped-def]
    """Waves of all pairs: ``x`` (2 waves, n), cosine and sine by turns."""
    columns, padded = half.shape[1] // x.shape[1], plane.shape[1] // 2
    cosine, sine = plane[0, :padded], plane[0, padded:]
    for a in range(x.shape[1]):
        _row(cosine, sine, half[0, a * columns : (a + 1) * columns], waves, pairs[a + 1, 3] - pairs[a + 1, 1])
        for k in range(count):
            x[2 * k, a], x[2 * k + 1, a] = cosine[k], sine[k]


@kernel
def ring_waves_back(half, q, pairs, waves, count, plane, spare):  # type: ignore[no-untyped-def]
    """The transpose of ``ring_waves``."""
    columns, padded = half.shape[1] // q.shape[1], plane.shape[1] // 2
    cosine, sine = plane[0, :count], plane[0, padded : padded + count]
    for a in range(q.shape[1]):
        for k in range(count):
            cosine[k], sine[k] = q[2 * k, a], q[2 * k + 1, a]
        p = half[0, a * columns : (a + 1) * columns]
        _row_back(p, cosine, sine, waves, pairs[a + 1, 3] - pairs[a + 1, 1], spare)


@kernel
def torus_waves(x, half, pairs, waves, count, plane):  # type: ignore[no-untyped-def]
    """Waves ``(k1, k2)`` and ``(-k1, k2)`` of all pairs, the latter in the place of the mirror image of the pair: then
    one coupling serves both. ``x`` (4 waves, n): cosines of the two, sines of the two, by turns.
    """
    n1, columns, padded = half.shape[0] // 2, half.shape[1] // x.shape[1], plane.shape[1] // 2
    for a in range(x.shape[1]):
        parity, mirror, turns = pairs[a + 1, 3] - pairs[a + 1, 1], pairs[a + 1, 4], pairs[a + 1, 5]
        for i in range(2 * n1):
            p = half[i, a * columns : (a + 1) * columns]
            _row(plane[i, :padded], plane[i, padded:], p, waves, parity)
        for k1 in range(n1):
            cc, cs, sc, ss = plane[k1], plane[k1, padded:], plane[n1 + k1], plane[n1 + k1, padded:]
            for k2 in range(count):
                at, sign = 4 * (k1 * count + k2), _sign(k1, k2, turns, columns)
                x[at, a], x[at + 1, mirror] = cc[k2] - ss[k2], sign * (cc[k2] + ss[k2])
                x[at + 2, a], x[at + 3, mirror] = cs[k2] + sc[k2], sign * (cs[k2] - sc[k2])


@kernel
def torus_waves_back(half, q, pairs, waves, count, plane, spare):  # type: ignore[no-untyped-def]
    """The transpose of ``torus_waves``."""
    n1, columns, padded = half.shape[0] // 2, half.shape[1] // q.shape[1], plane.shape[1] // 2
    for a in range(q.shape[1]):
        parity, mirror, turns = pairs[a + 1, 3] - pairs[a + 1, 1], pairs[a + 1, 4], pairs[a + 1, 5]
        for k1 in range(n1):
            cc, cs, sc, ss = plane[k1], plane[k1, padded:], plane[n1 + k1], plane[n1 + k1, padded:]
            for k2 in range(count):
                at, sign = 4 * (k1 * count + k2), _sign(k1, k2, turns, columns)
                cosine, other = q[at, a], sign * q[at + 1, mirror]
                cc[k2], ss[k2] = cosine + other, other - cosine
                sine, other = q[at + 2, a], sign * q[at + 3, mirror]
                cs[k2], sc[k2] = sine + other, sine - other
        for i in range(2 * n1):
            p = half[i, a * columns : (a + 1) * columns]
            _row_back(p, plane[i, :count], plane[i, padded : padded + count], waves, parity, spare)


@kernel
def _sign(k1, k2, turns, size):  # type: ignore[no-untyped-def]
    """What whole turns make of the wave (-k1, k2); 0 where it is (k1, k2) or its opposite, and counted there."""
    if 2 * k1 % size == 0 or 2 * k2 % size == 0:
        return 0.0
    return 1.0 - 2.0 * ((k1 * (turns % 2) + k2 * (turns // 2)) % 2) if turns else 1.0
