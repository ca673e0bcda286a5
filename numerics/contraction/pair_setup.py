"""Pairs of sites as few features, coupled wave by wave, with the error of the whole tensor (theory.md section 5).

Every quadruple with a pairing whose two pairs lie within a window is kept, divided among such pairings; the others,
and what low rank leaves out, are summed entry by entry.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy import fft

from cumulode.theory.laws import Law
from cumulode.theory.validate import complain

from .quadruples import Collector, Lattice, Quadruples, lattice, pair_orders

#: Entries are known to about 1e-12 of the largest: no smaller tolerance can be met.
SMALLEST_TOLERANCE = 1e-11
#: Elements of the table of pairs with pairs: 0.5 GB and some minutes of set-up.
MOST_ELEMENTS = 50_000_000
#: Part of the squared error allowed that a window may use up, and waves left out; features have the rest.
WINDOW_PART, WAVES_PART = 0.8, 0.3


@dataclass(frozen=True, eq=False)
class Factors:
    """``K_ab(n) ~ sum_ij U_ai U_bj G_ij(n)`` for pairs ``(m, m+a)`` and ``(m+n, m+n+b)``.

    ``offsets`` (n, 2): the pairs of the window; ``U`` (n, J): features, each of pairs of one parity, times the number
    of orders of a pair; ``parity`` (J, 2); ``G`` (J, J, S, n_1, n_2): at waves ``(+-k1, k2)``, first the plus sign,
    times the number of waves alike, over that of sites; S = n_1 = 1 on a ring; ``error``: Frobenius norm of the error of the whole
    tensor, relative to the tensor's.
    """

    shape: tuple[int, int]
    offsets: np.ndarray
    U: np.ndarray
    parity: np.ndarray
    G: np.ndarray
    error: float


def factors(law: Law, shape: tuple[int, ...], tolerance: float) -> Factors:
    """The fewest features and waves found whose error is at most ``tolerance / 3``; ValueError naming ``size``."""
    sites = lattice(law, shape)
    allowed = (tolerance / 3) ** 2
    window, quadruples, missing, norm = _window(law, sites, WINDOW_PART * allowed)
    coupling = _Coupling(sites, window, quadruples, missing, norm)
    best, share = None, 0.5
    for _ in range(4):
        trial = coupling.cut(share * (allowed - missing))
        if trial.error**2 <= allowed and (best is None or trial.U.shape[1] <= best.U.shape[1]):
            best = trial
        used = (trial.error**2 - missing) / (allowed - missing)
        if 0.8 < used <= 1 or share * 0.9 / max(used, 1e-3) > 100:
            break
        share *= 0.9 / max(used, 1e-3)
    return best if best is not None else coupling.cut(0.0)


def _window(law: Law, sites: Lattice, allowed: float) -> tuple[int, Quadruples, float, float]:
    """Levels of the smallest window that misses at most ``allowed`` of the squared norm.

    Returns the levels, the quadruples of a wider window, the part missed and the squared norm. What even the wider
    window misses is extrapolated from its last two shells of unit width.
    """
    collect = Collector(law, sites)
    levels = int(sites.level[-1]) + 1
    wide = _wider(sites, 0, 2.0)
    while True:
        elements = int((sites.level < wide).sum()) ** 2 * sites.size
        if elements > MOST_ELEMENTS:
            raise _too_large(law, sites, elements)
        found = collect(wide)
        missed = _missed(found, wide)
        beyond = 0.0 if wide == levels else _tail(sites, missed, wide)
        norm = float(found.weight.sum()) * (1 + (0.0 if math.isinf(beyond) else beyond))
        fits = np.nonzero((missed + beyond)[1:] <= allowed)[0]
        if wide == levels or (beyond <= allowed / 100 and len(fits)):
            window = int(fits[0]) + 1
            return window, found, float(missed[window] + beyond), norm
        wide = _wider(sites, wide, 1.0)


def _too_large(law: Law, sites: Lattice, elements: int) -> ValueError:
    size = sites.shape if sites.shape[0] > 1 else sites.size
    return complain(
        "size",
        size,
        f"for {law!r} by the pair form a size, correlation length and tolerance whose table of pairs holds at most "
        f"{MOST_ELEMENTS} elements (here {elements} or more); a larger tolerance shortens it",
    )


def _wider(sites: Lattice, levels: int, step: float) -> int:
    """Levels of a window whose radius is ``step`` larger."""
    last = int(sites.level[-1]) + 1
    start = sites.radius(levels) if levels else 0.0
    return next((n for n in range(levels + 1, last) if sites.radius(n) >= start + step - 1e-9), last)


def _missed(found: Quadruples, wide: int) -> np.ndarray:
    """Part of the squared norm that windows of 0, 1, ..., ``wide`` levels miss, (wide + 1,)."""
    shells = np.bincount(found.pairings[:, 0], found.weight, minlength=wide)
    return np.append(np.cumsum(shells[::-1])[::-1], 0.0) / shells.sum()


def _tail(sites: Lattice, missed: np.ndarray, wide: int) -> float:
    """Sum of what follows the last two shells of unit width, whose ratio falls; twice that, to be safe."""
    radii = np.array([sites.radius(n) for n in range(1, wide + 1)])
    inner = [int(np.searchsorted(radii, radii[-1] - step - 1e-9)) + 1 for step in (1, 2)]
    last, before = missed[inner[0]], missed[inner[1]] - missed[inner[0]]
    if last == 0:
        return 0.0
    return float(2 * last * last / (before - last)) if last < before else math.inf


class _Coupling:
    """The window's coupling of pairs, ``B`` (n, n, k1, k2) at all waves, real and symmetric by inversion symmetry.

    An offset counts with the square root of its orders, and its pair stands at the middle of its two sites: then
    ``sum |B|^2`` is N times the squared norm of what multiplies p_a(m) p_b(n).
    """

    def __init__(self, sites: Lattice, window: int, found: Quadruples, missing: float, norm: float) -> None:
        n = int((sites.level < window).sum())
        wide = _order_of(found)
        a, b = np.triu_indices(wide)
        self.shape, self.offsets, self.missing, self.norm = sites.shape, sites.offsets[:n], missing, norm
        self.inside = (a < n) & (b < n)
        self.member = found.member[self.inside]
        self.roots = np.sqrt(sites.orders[:n])
        self.counts = np.sqrt(pair_orders(sites.orders[:n]) * np.where(a == b, 1, 2)[self.inside])
        self.classes = len(found.values)
        covered = (found.pairings < window).sum(axis=1)
        self.orders = found.orders
        self.waves = [np.fft.fftfreq(size, 1 / size) for size in sites.shape]
        self.alike = np.where((2 * np.arange(sites.shape[1] // 2 + 1)) % sites.shape[1] == 0, 1.0, 2.0)
        self.B = self._transform(found.values * 3 / np.maximum(covered, 1))

    def _phase(self, a: np.ndarray, b: np.ndarray, k1: np.ndarray, k2: np.ndarray) -> np.ndarray:
        """``exp(-ik (b - a)/2)`` for rows of offsets ``a``, ``b``."""
        half = (b - a) / 2
        first, second = (np.exp(-2j * np.pi * half[:, d, None] * k / self.shape[d]) for d, k in enumerate((k1, k2)))
        return np.asarray(first[:, :, None] * second[:, None, :])

    def _transform(self, values: np.ndarray) -> np.ndarray:
        n = len(self.offsets)
        B = np.empty((n, n, self.shape[0], self.shape[1] // 2 + 1))
        last = np.arange(self.shape[1] // 2 + 1)
        row = 0
        for a in range(n):  # by rows, so that the complex table is never held whole
            rows = slice(row, row + n - a)
            row += n - a
            real = values[self.member[rows]] * (self.roots[a] * self.roots[a:])[:, None]
            waves = fft.rfft2(real.reshape(-1, *self.shape))
            waves *= self._phase(self.offsets[a][None], self.offsets[a:], self.waves[0], last)
            B[a, a:] = B[a:, a] = waves.real
        return B

    def cut(self, allowed: float) -> Factors:
        """Features and waves that leave out at most ``allowed`` of the squared norm, were all entries distinct."""
        total = self.norm * self.shape[0] * self.shape[1]
        nearest = np.maximum(np.abs(self.waves[0])[:, None], np.arange(self.B.shape[3])).astype(int)
        power = np.bincount(nearest.ravel(), (np.square(self.B).sum(axis=(0, 1)) * self.alike).ravel()) / total
        dropped = np.append(np.cumsum(power[::-1])[::-1][1:], 0.0)
        longest = int(np.nonzero(dropped <= WAVES_PART * allowed)[0][0])
        kept = (nearest <= longest) * np.sqrt(self.alike)
        basis, parity = self._features(self.B * kept, (allowed - dropped[longest]) * total / 2)
        core = np.einsum("ai,abkl,bj->ijkl", basis, self.B, basis, optimize=True) * (nearest <= longest)
        error = math.sqrt(self.missing + self._error(basis, core))
        return Factors(
            self.shape,
            self.offsets,
            basis * self.roots[:, None],
            parity,
            self._half(core, longest, parity),
            error,
        )

    def _features(self, B: np.ndarray, allowed: float) -> tuple[np.ndarray, np.ndarray]:
        """Orthonormal (n, J), each of one parity (J, 2), that leave out at most ``allowed`` of the rows of ``B``."""
        parity = self.offsets % 2
        found = []
        for p in np.unique(parity, axis=0):
            rows = np.nonzero(np.all(parity == p, axis=1))[0]
            triangle = np.linalg.qr(B[rows].reshape(len(rows), -1).T, mode="r")
            _, values, vectors = np.linalg.svd(triangle)
            found += [(v, p, rows, x) for v, x in zip(values, vectors, strict=False)]
        values = np.sort([f[0] for f in found])
        fewest = int(np.searchsorted(np.cumsum(np.square(values)), allowed, side="right"))
        smallest = values[min(fewest, len(values) - 1)] * (1 - 1e-6)  # features that symmetry makes alike stay together
        found = [f for f in found if f[0] >= smallest]
        basis = np.zeros((len(self.offsets), len(found)))
        for j, (_, _, rows, x) in enumerate(found):
            basis[rows, j] = x
        return basis, np.array([f[1] for f in found])

    def _error(self, basis: np.ndarray, core: np.ndarray) -> float:
        """Squared norm of what is left out of the kept quadruples, permutations taken together, relative."""
        n, row = len(self.offsets), 0
        sums = np.zeros(self.classes)
        last = np.arange(self.shape[1] // 2 + 1)
        for a in range(n):
            left = self.B[a, a:] - np.tensordot(basis[a:], np.tensordot(basis[a], core, 1), 1)
            rows = slice(row, row + n - a)
            row += n - a
            waves = left * self._phase(self.offsets[a][None], self.offsets[a:], self.waves[0], last).conj()
            real = fft.irfft2(waves, self.shape).reshape(n - a, -1) * self.counts[rows, None]
            sums += np.bincount(self.member[rows].ravel(), real.ravel(), minlength=self.classes)
        return float((np.square(sums) / self.orders).sum() / self.norm)

    def _half(self, core: np.ndarray, longest: int, parity: np.ndarray) -> np.ndarray:
        """``core`` at waves (+k1, k2) and (-k1, k2), 0 <= k1, k2 <= ``longest``, as ``Factors.G``."""
        ring = self.shape[0] == 1
        k1 = np.arange(1 if ring else longest + 1)
        k2 = np.arange(longest + 1)
        planes = []
        for sign in (1,) if ring else (1, -1):
            plane = core[:, :, sign * k1 % self.shape[0]][..., k2]
            shift = np.rint((sign * k1 - self.waves[0][sign * k1 % self.shape[0]]) / self.shape[0])  # whole turns
            flip = (parity[:, None, 0] + parity[None, :, 0]) % 2
            planes.append(plane * np.where(flip[..., None] * shift % 2 == 0, 1.0, -1.0)[..., None])
        G = np.stack(planes, axis=2)
        own = [(2 * k % size == 0) for k, size in zip((k1, k2), self.shape, strict=True)]
        alone = own[0][:, None] & own[1]  # k = -k
        G *= np.where(alone, 1.0, 2.0) / (self.shape[0] * self.shape[1])
        if not ring:
            G[:, :, 1, own[0][:, None] | own[1]] = 0.0  # (-k1, k2) is (k1, k2) or its opposite
        return np.ascontiguousarray(G)


def _order_of(found: Quadruples) -> int:
    """The number n of offsets of which ``found`` has n (n+1) / 2 pairs."""
    return (math.isqrt(8 * len(found.member) + 1) - 1) // 2
