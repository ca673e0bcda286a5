"""K(w,w,w) of the Ising ring, exactly and in one sweep there and one back (theory.md section 2)."""

from __future__ import annotations

import numpy as np

from cumulode.numerics.compile.jit import kernel

#: Sites whose partial sums are kept at a time, so that they stay in the cache.
BLOCK = 2048


def norm(t: float) -> float:
    """A bound of the root of the sum of ``K_0abc^2`` over a, b, c: an entry is at most 2 t^(its sites' extent)."""
    return float(np.sqrt(96 / ((1 - t * t) ** 2 * (1 - t**4))))


def scratch(size: int) -> np.ndarray:
    """Fresh scratch for ``contract``, (n, 16)."""
    return np.zeros((3 + -(-size // BLOCK) + min(size, BLOCK), 16))


@kernel
def contract(w, out, t, rows):  # type: ignore[no-untyped-def]
    """K(w,w,w) of the Ising ring, all windings included: eq. (ising.4, Ising fourth cumulant) as a cyclic automaton.

    A quadruple is a walk around the ring whose level rises by one at each of its sites, by n with weight w^n/n! where
    n coincide; a bond costs t, t^2, t, 1 at level s, s+1, s+2, s+3, where s = 0..3 is the gap across the seam. ``F``
    sums over what lies before a site (levels 0..3, each for the four s), ``G`` over what lies behind (levels 1..4):
    ``K(w,w,w)_i = -12/(1+t^D)^2 sum_s sum_m F_m sum_n w^(n-1)/(n-1)! G_(m+n)``. ``rows`` (n, 16): bonds, F, G, then
    F at the first site of each block, then F at each site of one block.
    """
    size = w.size
    bonds, F, G = rows[0], rows[1], rows[2]
    for m in range(4):
        for s in range(4):
            step = (s + m) % 4
            bonds[4 * m + s] = 1.0 if step == 3 else (t * t if step == 1 else t)
            F[4 * m + s] = 1.0 if m == 0 else 0.0
            G[4 * m + s] = bonds[s] if m == 3 else 0.0
    blocks = (size + BLOCK - 1) // BLOCK
    starts, kept = rows[3 : 3 + blocks], rows[3 + blocks :]
    for k in range(blocks):
        starts[k] = F
        if k < blocks - 1:
            for i in range(k * BLOCK, (k + 1) * BLOCK):
                _forward(F, bonds, w[i])
    scale = -12.0 / (1.0 + t**size) ** 2
    for k in range(blocks - 1, -1, -1):
        first, last = k * BLOCK, min(size, (k + 1) * BLOCK)
        F[:] = starts[k]
        for i in range(first, last):
            kept[i - first] = F
            _forward(F, bonds, w[i])
        for i in range(last - 1, first - 1, -1):
            out[i] = scale * _backward(kept[i - first], G, bonds, w[i])


@kernel
def _forward(F, bonds, w):  # type: ignore[no-untyped-def]
    """Take ``F`` past one site and the bond after it."""
    w2, w3 = w * w / 2, w * w * w / 6
    for s in range(4):
        f0, f1, f2, f3 = F[s], F[4 + s], F[8 + s], F[12 + s]
        F[s] = _flushed(f0 * bonds[s])
        F[4 + s] = _flushed((f1 + w * f0) * bonds[4 + s])
        F[8 + s] = _flushed((f2 + w * f1 + w2 * f0) * bonds[8 + s])
        F[12 + s] = _flushed((f3 + w * f2 + w2 * f1 + w3 * f0) * bonds[12 + s])


@kernel
def _backward(F, G, bonds, w):  # type: ignore[no-untyped-def]
    """The sum over m, n, s at a site, then ``G`` taken past it and the bond before it."""
    w2, w3 = w * w / 2, w * w * w / 6
    total = 0.0
    for s in range(4):
        g1, g2, g3, g4 = G[s], G[4 + s], G[8 + s], G[12 + s]
        one = g3 + w * g4
        two = g2 + w * g3 + w2 * g4
        three = g1 + w * g2 + w2 * g3 + w3 * g4
        total += F[s] * three + F[4 + s] * two + F[8 + s] * one + F[12 + s] * g4
        G[s] = _flushed(three * bonds[4 + s])
        G[4 + s] = _flushed(two * bonds[8 + s])
        G[8 + s] = _flushed(one * bonds[12 + s])
        G[12 + s] = _flushed(g4 * bonds[s])
    return total


@kernel
def _flushed(x):  # type: ignore[no-untyped-def]
    """Zero for what would soon be a denormal number, on which processors are slow."""
    return x if abs(x) > 1e-280 else 0.0
