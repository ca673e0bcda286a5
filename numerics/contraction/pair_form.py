"""K(w,w,w) on small rings and on tori by pairs of sites (theory.md section 5, pair form).

``p_a(m) = w_m w_{m+a}`` for pairs within a window; all waves of them are coupled by a real symmetric matrix,
``K(w,w,w,w) = sum_k p(k)^+ G(k) p(k)``, the phases counted from the middle of a pair. The waves are found by small
tables of cosines and sines, folded about the middle of the lattice, first along one axis and then along the other.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cumulode.numerics.compile.jit import kernel
from cumulode.theory.problem.lattice import shape_of
from cumulode.theory.problem.laws import GP, Cumulants, Law
from cumulode.theory.user_input.arguments import InvalidArgument

from .low_rank_setup import SMALLEST_TOLERANCE
from .pair_setup import PairFactors, factors
from .pair_waves import (
    first_axis,
    first_axis_back,
    ring_waves,
    ring_waves_back,
    tables,
    torus_waves,
    torus_waves_back,
    weighted_sum,
)


@dataclass(frozen=True, eq=False)
class PairForm:
    """The fourth cumulant of one law on one ring or torus, as ``contract`` wants it.

    ``pairs`` (n + 1, 6) int64: first a row ``rows, columns, waves along each, these padded, halo``; then of each pair
    how far its two sites lie from its middle, ``(lo1, lo2, hi1, hi2)``, its mirror image and whether that is a whole
    turn away along the axes (1, 2, 3). ``coupling`` (waves, n, n): half of G. ``waves`` (8, q, q): cosines and sines,
    the middle on a site or between two, by place and wave or by wave and place. ``error``: Frobenius norm of the error
    of the whole tensor, relative to the tensor's; ``norm``: the root of the sum of ``K_0abc^2`` over a, b, c. For a
    Gaussian law all are empty.
    """

    shape: tuple[int, ...]
    pairs: np.ndarray
    coupling: np.ndarray
    waves: np.ndarray
    error: float
    norm: float

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
        return PairForm(shape, np.empty((0, 6), np.int64), np.empty((0, 0, 0)), np.empty((0, 0, 0)), 0.0, 0.0)
    if not tolerance >= SMALLEST_TOLERANCE:
        raise InvalidArgument("tolerance", tolerance, f"{SMALLEST_TOLERANCE:g} or more for the pair form")
    if isinstance(law, Cumulants) and not _symmetric(law):
        raise InvalidArgument(
            "fourth", repr(law), "for the pair form arrays unchanged by reflections and quarter turns"
        )
    found = factors(law, shape, tolerance)
    middle = found.offsets // 2  # rounded down: the odd site is on the far side
    far = found.offsets - middle
    count = found.coupling.shape[2:]
    padded = -(-count[1] // 4) * 4
    first = [*found.shape, *count, padded, int(np.abs(far).max()) + 1]
    pairs = np.vstack([first, np.column_stack([middle, far, found.mirror, found.turns])]).astype(np.int64)
    return PairForm(shape, pairs, _coupling(found), tables(found.shape[1], max(count), padded), found.error, found.norm)


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


def _coupling(found: PairFactors) -> np.ndarray:
    """Half of G, a matrix for each wave."""
    n = len(found.offsets)
    return np.ascontiguousarray(0.5 * found.coupling.reshape(n, n, -1).transpose(2, 0, 1))


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
        ring_waves(x, half, pairs, waves, count, plane)
        _couple(q, x, coupling)
        ring_waves_back(half, q, pairs, waves, count, plane, scratch[1])
        _distribute(total, half, field, pairs, columns, halo1, halo)
    else:
        _multiply(products, field, pairs, columns, halo1, halo)
        first_axis(half, products, pairs, waves, columns, n1)
        torus_waves(x, half, pairs, waves, count, plane)
        _couple(q, x, coupling)
        torus_waves_back(half, q, pairs, waves, count, plane, scratch[1])
        first_axis_back(products, half, pairs, waves, columns, n1)
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
def _couple(q, x, coupling):  # type: ignore[no-untyped-def]
    """``q_a = sum_b G_ab x_b`` at every wave."""
    kinds = x.shape[0] // coupling.shape[0]
    for k in range(coupling.shape[0]):
        for i in range(kinds * k, kinds * (k + 1)):
            weighted_sum(q[i], x[i], coupling[k], 0, 1, 0)
