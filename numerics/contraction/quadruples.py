"""Quadruples of sites that are two pairs: each distinct one found once, with its number of orders and its K.

Sites are those of a ring, taken as a 1 x D torus, or of an L x L torus. Quadruples are alike under translations,
permutations and the point group of the lattice, which every law here has (reflections; on the square also a quarter
turn). Theory.md section 5, pair form.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from cumulode.numerics.compile.jit import compiled, i8, kernel, types
from cumulode.numerics.cumulants import fourth_at, second_cumulant
from cumulode.theory.problem.laws import Cumulants, Law

#: ``|K| <= BOUND c^2``, or c, where c is the strongest correlation between two parts of a quadruple: measured, with
#: a margin (tests/test_pair_form.py); only entries that do not matter are left out by it, and they count in the error.
BOUND = 4.0

_INTEGERS = types.int64[:, ::1]


@dataclass(frozen=True, eq=False)
class PairLattice:
    """A ring (1, D) or torus (L, L), its pairs of sites sorted by how strongly the law correlates them.

    ``offsets`` (n, 2): one of a pair's two, as short as it gets, strongest correlation first; ``level`` (n,): those of
    one level are alike under the point group; ``orders`` (n,): 2, or 1 where the offset is its own opposite;
    ``level_of``, ``correlation`` (N,): the level and ``|C|`` of every offset, by its flat index.
    """

    shape: tuple[int, int]
    offsets: np.ndarray
    level: np.ndarray
    orders: np.ndarray
    level_of: np.ndarray
    correlation: np.ndarray

    @property
    def size(self) -> int:
        """Number of sites."""
        return self.shape[0] * self.shape[1]

    def radius(self, levels: int) -> float:
        """Of the disc, or half the interval, that holds the offsets of the first ``levels`` levels."""
        count = int(self.orders[self.level < levels].sum())
        return (count - 1) / 2 if self.shape[0] == 1 else math.sqrt(count / math.pi)


def lattice(law: Law, shape: tuple[int, ...]) -> PairLattice:
    """Sites of ``shape`` (D,) or (L, L) as the law sees them."""
    rows, columns = shape if len(shape) == 2 else (1, *shape)
    correlation = np.abs(np.ravel(second_cumulant(law, shape if len(shape) == 2 else shape[0])))  # type: ignore[arg-type]
    grid = np.stack(np.divmod(np.arange(rows * columns), columns), axis=1)
    sizes = np.array([rows, columns])
    short = np.where(2 * grid > sizes, grid - sizes, grid)
    alike = np.sort(np.abs(short), axis=1)  # one row for all that the point group maps to one another
    names, first, orbit = np.unique(alike, axis=0, return_index=True, return_inverse=True)
    rank = np.empty(len(names), np.int64)
    rank[np.lexsort((np.square(names).sum(axis=1), -correlation[first]))] = np.arange(len(names))
    level_of = rank[orbit.ravel()]
    opposite = (-grid % sizes) @ np.array([columns, 1])
    half = np.nonzero(np.arange(rows * columns) <= opposite)[0]
    half = half[np.argsort(level_of[half], kind="stable")]
    orders = np.where(opposite[half] == half, 1, 2)
    return PairLattice((rows, columns), short[half], level_of[half], orders, level_of, correlation)


@dataclass(frozen=True, eq=False)
class Quadruples:
    """All quadruples ``(0, a, n, n + b)`` with ``a``, ``b`` among the first ``len(offsets)`` of the lattice's.

    ``member`` (n (n+1) / 2, N): for a <= b in the lattice's order and every n, which class the quadruple is of;
    ``pairings`` (m, 3): of each class, the weaker pair's level in its three pairings, increasing; ``values`` (m,): K,
    or zero where it is negligible; ``orders`` (m,): ordered quadruples of that class whose first site is 0;
    ``neglected``: a bound of their share in the squared norm.
    """

    member: np.ndarray
    pairings: np.ndarray
    values: np.ndarray
    orders: np.ndarray
    neglected: float

    @property
    def weight(self) -> np.ndarray:
        """Share of each class in the squared Frobenius norm."""
        return self.orders * np.square(self.values)


class Collector:
    """Quadruples of growing windows; entries of K once computed are kept, those surely below ``negligible`` are not."""

    def __init__(self, law: Law, sites: PairLattice, precision: float = 1e-14) -> None:
        self.law, self.sites, self.precision, self.negligible = law, sites, precision, 0.0
        self._codes, self._values = np.empty(0, np.int64), np.empty(0)

    def __call__(self, levels: int) -> Quadruples:
        """Those whose pairs are both of the first ``levels`` levels."""
        sites = self.sites
        offsets = sites.offsets[sites.level < levels]
        names, member = np.unique(_pair_codes(offsets, sites.shape), return_inverse=True)
        member = member.reshape(-1, sites.size).astype(np.int32)
        pairings, bound = _pairings(names, sites)
        covered = (pairings < levels).sum(axis=1)
        counts = pair_orders(sites.orders[: len(offsets)])
        orders = np.bincount(member.ravel(), np.repeat(counts, sites.size), minlength=len(names)) * 3 / covered
        known = (bound > self.negligible) | isinstance(self.law, Cumulants)  # the bound is of laws, not of arrays
        values = np.zeros(len(names))
        values[known] = self.values(names[known])
        neglected = float((orders[~known] * np.square(bound[~known])).sum())
        return Quadruples(member, pairings, values, orders, neglected)

    def values(self, names: np.ndarray) -> np.ndarray:
        """K of the quadruples that the codes ``names`` stand for."""
        alike, which = np.unique(_square_codes(names, self.sites.shape), return_inverse=True)
        new = np.setdiff1d(alike, self._codes, assume_unique=True)
        if len(new):
            codes = np.concatenate([self._codes, new])
            values = np.concatenate([self._values, self._compute(new)])
            order = np.argsort(codes)
            self._codes, self._values = codes[order], values[order]
        return np.asarray(self._values[np.searchsorted(self._codes, alike)][which.ravel()])

    def _compute(self, codes: np.ndarray) -> np.ndarray:
        rows, columns = self.sites.shape
        flat = _flat_sites(codes, rows * columns)
        places = flat if rows == 1 else np.stack(np.divmod(flat, columns), axis=2)
        values = fourth_at(self.law, places, columns if rows == 1 else (rows, columns), self.precision)
        if not np.all(np.isfinite(values)):
            raise FloatingPointError(f"the fourth cumulant of {self.law} is not finite; please report it")
        return values


def pair_orders(orders: np.ndarray) -> np.ndarray:
    """How often ``(a, b)``, a <= b, stands for ordered pairs of offsets in a window with these ``orders``."""
    a, b = np.triu_indices(len(orders))
    return np.asarray(orders[a] * orders[b] * np.where(a == b, 1, 2))


def _flat_sites(codes: np.ndarray, size: int) -> np.ndarray:
    """The four sites (n, 4), the first 0, that a code stands for."""
    return np.stack([0 * codes, codes // size**2, codes // size % size, codes % size], axis=1)


def _pairings(codes: np.ndarray, sites: PairLattice) -> tuple[np.ndarray, np.ndarray]:
    """The weaker pair's level in each of the three pairings, increasing, (n, 3), and a bound of K (n,).

    Two pairs, or a site and three, that nothing stronger than c links have a K of order c^2, or c; see ``BOUND``.
    """
    rows, columns = sites.shape
    x, y = np.divmod(_flat_sites(codes, sites.size), columns)

    def link(i: int, j: int) -> np.ndarray:
        return np.asarray((x[:, i] - x[:, j]) % rows * columns + (y[:, i] - y[:, j]) % columns)

    links = {(i, j): link(i, j) for i in range(4) for j in range(i)}
    level = {ij: sites.level_of[at] for ij, at in links.items()}
    c = {ij: sites.correlation[at] for ij, at in links.items()}
    weaker, bound = [], np.full(len(codes), np.inf)
    for one, two in (((1, 0), (3, 2)), ((2, 0), (3, 1)), ((3, 0), (2, 1))):
        weaker.append(np.maximum(level[one], level[two]))
        across = np.maximum.reduce([c[ij] for ij in links if ij not in (one, two)])
        bound = np.minimum(bound, np.square(across))
    for i in range(4):
        bound = np.minimum(bound, np.maximum.reduce([c[ij] for ij in links if i in ij]))
    return np.sort(np.stack(weaker, axis=1), axis=1), BOUND * bound


def _pair_codes(offsets: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Codes (n (n+1)/2, N) of the quadruples ``(0, a, n, n + b)`` up to translations, permutations and inversion."""
    n, size = len(offsets), shape[0] * shape[1]
    out = np.empty((n * (n + 1) // 2, size), np.int64)
    work = compiled(_name_pairs, i8(_INTEGERS, i8, i8, _INTEGERS))
    work(np.ascontiguousarray(offsets), *shape, out)
    return out


def _square_codes(codes: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """The same, up to the square's other symmetries too; a ring has no others."""
    if shape[0] == 1:
        return codes
    out = np.empty(len(codes), np.int64)
    compiled(_name_squares, i8(types.int64[::1], i8, types.int64[::1]))(codes, shape[0], out)
    return out


@kernel
def _name_pairs(offsets, rows, columns, out):  # type: ignore[no-untyped-def]
    """Set row (a, b), column n of ``out`` to the code of (0, a, n, n + b)."""
    x, y = np.zeros(4, np.int64), np.zeros(4, np.int64)
    row = 0
    for a in range(offsets.shape[0]):
        for b in range(a, offsets.shape[0]):
            x[1], y[1] = offsets[a, 0] % rows, offsets[a, 1] % columns
            for n in range(rows * columns):
                x[2], y[2] = n // columns, n % columns
                x[3], y[3] = (x[2] + offsets[b, 0]) % rows, (y[2] + offsets[b, 1]) % columns
                out[row, n] = _name(x, y, rows, columns)
            row += 1
    return 0


@kernel
def _name_squares(codes, side, out):  # type: ignore[no-untyped-def]
    """Set ``out`` to the smallest code among the images under (x, y) -> (y, x), (-x, y) and both."""
    x, y = np.zeros(4, np.int64), np.zeros(4, np.int64)
    u = np.zeros(4, np.int64)
    size = side * side
    for e in range(codes.size):
        for i in range(1, 4):
            flat = codes[e] // size ** (3 - i) % size
            x[i], y[i] = flat // side, flat % side
            u[i] = (side - x[i]) % side
        best = min(_name(x, y, side, side), _name(y, x, side, side))
        out[e] = min(best, min(_name(u, y, side, side), _name(y, u, side, side)))
    return 0


@kernel
def _name(x, y, rows, columns):  # type: ignore[no-untyped-def]
    """The smallest code of a quadruple seen from each of its sites, and of its inversion; 0 <= x < rows, y too."""
    size = rows * columns
    best = size * size * size
    for i in range(4):
        for sign in range(2):
            low, middle, high = 0, 0, 0
            for j in range(4):
                if j != i:
                    dx, dy = (x[j] - x[i], y[j] - y[i]) if sign == 0 else (x[i] - x[j], y[i] - y[j])
                    dx += rows if dx < 0 else 0
                    dy += columns if dy < 0 else 0
                    flat = dx * columns + dy
                    if flat > high:
                        low, middle, high = middle, high, flat
                    elif flat > middle:
                        low, middle = middle, flat
                    else:
                        low = flat
            best = min(best, (low * size + middle) * size + high)
    return best
