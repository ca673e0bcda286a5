"""K(w,w,w) on small rings and on tori by pairs of sites (theory.md section 5, pair form).

``p_a(m) = w_m w_{m+a}`` for pairs within a window; all waves of them are coupled by a real symmetric matrix,
``K(w,w,w,w) = sum_k p(k)^+ G(k) p(k)``, the phases counted from the middle of a pair. The waves are found by small
tables of cosines and sines, folded about the middle of the lattice, first along one axis and then along the other.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from cumulode.theory.laws import GP, Cumulants, Law
from cumulode.theory.shape import shape_of
from cumulode.theory.validate import complain

from ..jit import kernel
from .pair_setup import SMALLEST_TOLERANCE, Factors, factors

METHOD = "pair-form"
#: Columns transformed at a time along the first axis, so that all rows of them stay in the cache.
COLUMNS = 128


@dataclass(frozen=True, eq=False)
class PairForm:
    """The fourth cumulant of one law on one ring or torus, as ``contract`` wants it.

    ``pairs`` (n + 1, 6) int64: first a row ``rows, columns, waves along each, these padded, halo``; then of each pair
    how far its two sites lie from its middle, ``(lo1, lo2, hi1, hi2)``, its mirror image and whether that is a whole
    turn away along the axes (1, 2, 3). ``coupling`` (waves, n, n): half of G. ``waves`` (8, q, q): cosines and sines,
    the middle on a site or between two, by place and wave or by wave and place. ``error``: Frobenius norm of the error
    of the whole tensor, relative to the tensor's. For a Gaussian law all are empty.
    """

    shape: tuple[int, ...]
    pairs: np.ndarray
    coupling: np.ndarray
    waves: np.ndarray
    error: float

    @property
    def tables(self) -> tuple[np.ndarray, ...]:
        """The first arguments of ``contract``."""
        return self.pairs, self.coupling, self.waves

    def scratch(self) -> np.ndarray:
        """Fresh scratch for ``contract``; every thread needs its own."""
        if not self.pairs.size:
            return np.zeros((5, 0))
        rows, columns, n1, _, padded, halo = (int(x) for x in self.pairs[0])
        n = len(self.pairs) - 1
        planes = (2 if rows == 1 else 4) * len(self.coupling)
        halo1 = halo if rows > 1 else 0
        first = rows if rows == 1 else max(rows, 2 * n1)
        needed = [(rows + 2 * halo1) * (columns + 2 * halo), first * n * columns, n * planes + 4 * n1 * padded]
        return np.zeros((5, max(needed)))


@lru_cache(maxsize=64)
def pair_form(law: Law, shape: tuple[int, ...], tolerance: float) -> PairForm:
    """Coupled pairs whose tensor has a relative Frobenius error of at most ``tolerance / 3``.

    So ``|error of K(w,w,w)| <= tolerance / 3 * |K|_F |w|^3`` for every w.

    Parameters
    ----------
    law : NLGP, GP or Ising
        The same under reflections, and on a torus under a quarter turn, as all of these are.
    shape : (D,) or (L, L), each at least 4
    tolerance : float >= 1e-11

    Raises
    ------
    ValueError
        Naming ``size``, ``xi`` or ``tolerance``: where the law does not exist, or the table of pairs were too large.
    """
    shape = shape_of(shape)
    law.check_size(shape)
    if isinstance(law, GP):
        return PairForm(shape, np.empty((0, 6), np.int64), np.empty((0, 0, 0)), np.empty((0, 0, 0)), 0.0)
    if not tolerance >= SMALLEST_TOLERANCE:
        raise complain("tolerance", tolerance, f"{SMALLEST_TOLERANCE:g} or more for the pair form")
    if isinstance(law, Cumulants) and not _symmetric(law):
        raise complain("fourth", repr(law), "for the pair form arrays unchanged by reflections and quarter turns")
    found = factors(law, shape, tolerance)
    middle = found.offsets // 2  # rounded down: the odd site is on the far side
    far = found.offsets - middle
    count = found.coupling.shape[2:]
    padded = -(-count[1] // 4) * 4
    first = [*found.shape, *count, padded, int(np.abs(far).max()) + 1]
    pairs = np.vstack([first, np.column_stack([middle, far, found.mirror, found.turns])]).astype(np.int64)
    return PairForm(shape, pairs, _coupling(found), _waves(found.shape[1], max(count), padded), found.error)


def fits(law: Law, shape: tuple[int, ...], tolerance: float) -> bool:
    """Whether ``pair_form`` may be tried: the law has the lattice's symmetries, and the tolerance is not beyond it."""
    return tolerance >= SMALLEST_TOLERANCE and (not isinstance(law, Cumulants) or _symmetric(law))


def _symmetric(law: Cumulants) -> bool:
    """Whether a user's K is unchanged by inversion and, on a torus, by the square's other symmetries."""
    K = np.asarray(law.fourth)
    axes = len(law.shape)
    side = K.shape[0]
    mirror = np.arange(side)[::-1] if law.reach is not None else -np.arange(side) % side
    images = [K]
    for axis in range(K.ndim):
        images[0] = np.take(images[0], mirror, axis=axis)
    if axes == 2:
        images.append(K.transpose(1, 0, 3, 2, 5, 4))
        turned = K
        for axis in (0, 2, 4):
            turned = np.take(turned, mirror, axis=axis)
        images.append(turned)
    return all(np.abs(image - K).max() <= 1e-9 * np.abs(K).max() for image in images)


def _coupling(found: Factors) -> np.ndarray:
    """Half of G, a matrix for each wave."""
    n = len(found.offsets)
    return np.ascontiguousarray(0.5 * found.coupling.reshape(n, n, -1).transpose(2, 0, 1))


def _waves(size: int, count: int, padded: int) -> np.ndarray:
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
def contract(w, out, pairs, coupling, waves, scratch):  # type: ignore[no-untyped-def]
    """Set ``out`` (D,) to K(w,w,w); a torus row by row. The tables and the scratch are those of a ``PairForm``;
    nothing is allocated.
    """
    if pairs.shape[0] == 0:
        out[:] = 0.0
        return
    rows, columns, n1 = pairs[0, 0], pairs[0, 1], pairs[0, 2]
    count, padded, halo = pairs[0, 3], pairs[0, 4], pairs[0, 5]
    n, halo1 = pairs.shape[0] - 1, halo if rows > 1 else 0
    high, width, first = rows + 2 * halo1, columns + 2 * halo, 2 * n1 if rows > 1 else 1
    planes = 4 * coupling.shape[0] if rows > 1 else 2 * coupling.shape[0]
    field, total = scratch[0, : high * width].reshape(high, width), scratch[1, : high * width].reshape(high, width)
    products = scratch[2, : rows * n * columns].reshape(rows, n * columns)
    half = scratch[3, : first * n * columns].reshape(first, n * columns)
    x, q = scratch[2, : n * planes].reshape(planes, n), scratch[4, : n * planes].reshape(planes, n)
    plane = scratch[4, n * planes : n * planes + 4 * n1 * padded].reshape(2 * n1, 2 * padded)
    _surround(field, w, rows, columns, halo1, halo)
    if rows == 1:
        _multiply(half, field, pairs, columns, halo1, halo)
        _ring_waves(x, half, pairs, waves, count, plane)
        _couple(q, x, coupling)
        _ring_waves_back(half, q, pairs, waves, count, plane, scratch[1])
        _distribute(total, half, field, pairs, columns, halo1, halo)
    else:
        _multiply(products, field, pairs, columns, halo1, halo)
        _first_axis(half, products, pairs, waves, columns, n1)
        _torus_waves(x, half, pairs, waves, count, plane)
        _couple(q, x, coupling)
        _torus_waves_back(half, q, pairs, waves, count, plane, scratch[1])
        _first_axis_back(products, half, pairs, waves, columns, n1)
        _distribute(total, products, field, pairs, columns, halo1, halo)
    _collect(out, total, rows, columns, halo1, halo)


@kernel
def _surround(field, w, rows, columns, halo1, halo):  # type: ignore[no-untyped-def]
    """``w`` with its periodic images around it."""
    for i in range(field.shape[0]):
        source = w[((i - halo1) % rows) * columns : ((i - halo1) % rows + 1) * columns]
        row = field[i]
        for j in range(columns):
            row[halo + j] = source[j]
        for j in range(halo):
            row[j] = source[columns - halo + j]
            row[halo + columns + j] = source[j]


@kernel
def _multiply(products, field, pairs, columns, halo1, halo):  # type: ignore[no-untyped-def]
    """``p_a(m) = w_(m-lo) w_(m+hi)``, pair after pair in each row."""
    for a in range(pairs.shape[0] - 1):
        lo1, lo2, hi1, hi2 = pairs[a + 1, 0], pairs[a + 1, 1], pairs[a + 1, 2], pairs[a + 1, 3]
        for i in range(products.shape[0]):
            left = field[halo1 + i - lo1, halo - lo2 : halo - lo2 + columns]
            right = field[halo1 + i + hi1, halo + hi2 : halo + hi2 + columns]
            p = products[i, a * columns : (a + 1) * columns]
            for m in range(columns):
                p[m] = left[m] * right[m]


@kernel
def _distribute(total, products, field, pairs, columns, halo1, halo):  # type: ignore[no-untyped-def]
    """The gradient with respect to p_a(m) goes to both sites of the pair."""
    total[:, :] = 0.0
    for a in range(pairs.shape[0] - 1):
        lo1, lo2, hi1, hi2 = pairs[a + 1, 0], pairs[a + 1, 1], pairs[a + 1, 2], pairs[a + 1, 3]
        for i in range(products.shape[0]):
            p = products[i, a * columns : (a + 1) * columns]
            left = field[halo1 + i - lo1, halo - lo2 : halo - lo2 + columns]
            right = field[halo1 + i + hi1, halo + hi2 : halo + hi2 + columns]
            to_left = total[halo1 + i - lo1, halo - lo2 : halo - lo2 + columns]
            to_right = total[halo1 + i + hi1, halo + hi2 : halo + hi2 + columns]
            for m in range(columns):
                to_left[m] += p[m] * right[m]
            for m in range(columns):
                to_right[m] += p[m] * left[m]


@kernel
def _collect(out, total, rows, columns, halo1, halo):  # type: ignore[no-untyped-def]
    """Fold ``total`` and the images around it into ``out``."""
    out[:] = 0.0
    for i in range(total.shape[0]):
        to = out[((i - halo1) % rows) * columns : ((i - halo1) % rows + 1) * columns]
        row = total[i]
        for j in range(columns):
            to[j] += row[halo + j]
        for j in range(halo):
            to[columns - halo + j] += row[j]
            to[j] += row[halo + columns + j]


@kernel
def _sum(out, c, rows, first, step, start):  # type: ignore[no-untyped-def]
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
def _first_axis(half, products, pairs, waves, columns, n1):  # type: ignore[no-untyped-def]
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
            _sum(half[k, start:stop], cosines, products, 0, 1, start)
            _sum(half[n1 + k, start:stop], sines, products, ends - inner, -1, start)
        a = b


@kernel
def _first_axis_back(products, half, pairs, waves, columns, n1):  # type: ignore[no-untyped-def]
    """The transpose of ``_first_axis``."""
    a = 0
    while a < pairs.shape[0] - 1:
        b, parity = _together(pairs, a, columns)
        places, inner, paired, ends = _fold(products.shape[0], parity)
        start, stop = a * columns, b * columns
        for f in range(places):
            _sum(products[f, start:stop], waves[4 * parity, f, :n1], half, 0, 1, start)
        for f in range(inner, inner + paired):
            _sum(products[ends - f, start:stop], waves[4 * parity + 2, f, :n1], half, n1, 1, start)
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
    _sum(cosine, p[:places], waves[4 * parity], 0, 1, 0)
    _sum(sine, p[ends - last : ends - inner + 1], waves[4 * parity + 2], last, -1, 0)


@kernel
def _row_back(p, cosine, sine, waves, parity, spare):  # type: ignore[no-untyped-def]
    """The transpose of ``_row``."""
    places, inner, paired, ends = _fold(p.size, parity)
    _sum(p[:places], cosine, waves[4 * parity + 1], 0, 1, 0)
    _sum(spare[:places], sine, waves[4 * parity + 3], 0, 1, 0)
    for f in range(inner, inner + paired):
        p[f], p[ends - f] = p[f] + spare[f], p[f] - spare[f]


@kernel
def _ring_waves(x, half, pairs, waves, count, plane):  # type: ignore[no-untyped-def]
    """Waves of all pairs: ``x`` (2 waves, n), cosine and sine by turns."""
    columns, padded = half.shape[1] // x.shape[1], plane.shape[1] // 2
    cosine, sine = plane[0, :padded], plane[0, padded:]
    for a in range(x.shape[1]):
        _row(cosine, sine, half[0, a * columns : (a + 1) * columns], waves, pairs[a + 1, 3] - pairs[a + 1, 1])
        for k in range(count):
            x[2 * k, a], x[2 * k + 1, a] = cosine[k], sine[k]


@kernel
def _ring_waves_back(half, q, pairs, waves, count, plane, spare):  # type: ignore[no-untyped-def]
    """The transpose of ``_ring_waves``."""
    columns, padded = half.shape[1] // q.shape[1], plane.shape[1] // 2
    cosine, sine = plane[0, :count], plane[0, padded : padded + count]
    for a in range(q.shape[1]):
        for k in range(count):
            cosine[k], sine[k] = q[2 * k, a], q[2 * k + 1, a]
        p = half[0, a * columns : (a + 1) * columns]
        _row_back(p, cosine, sine, waves, pairs[a + 1, 3] - pairs[a + 1, 1], spare)


@kernel
def _torus_waves(x, half, pairs, waves, count, plane):  # type: ignore[no-untyped-def]
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
def _torus_waves_back(half, q, pairs, waves, count, plane, spare):  # type: ignore[no-untyped-def]
    """The transpose of ``_torus_waves``."""
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


@kernel
def _couple(q, x, coupling):  # type: ignore[no-untyped-def]
    """``q_a = sum_b G_ab x_b`` at every wave."""
    kinds = x.shape[0] // coupling.shape[0]
    for k in range(coupling.shape[0]):
        for i in range(kinds * k, kinds * (k + 1)):
            _sum(q[i], x[i], coupling[k], 0, 1, 0)
