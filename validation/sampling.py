"""Inputs on a ring, drawn from their law: Gaussian fields by a real-space filter, Ising rings exactly in one pass.

A law becomes a ``Sampler``, a tuple of plain arrays and numbers; ``draw`` is the kernel that turns it and a
random generator into one input. Nothing here is iterated to equilibrium: every input is an independent, exact draw.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numba import types

from cumulode.numerics import second_cumulant
from cumulode.numerics.jit import f8, i8, kernel, vector
from cumulode.theory import covariance
from cumulode.theory.laws import GP, NLGP, Ising, Law
from cumulode.theory.nlgp import normalisation
from cumulode.theory.validate import complain, integer

GAUSSIAN, ERF, SIGN, ISING = range(4)

#: Outer taps of a filter are dropped while no entry of the field's covariance moves by more than this.
COVARIANCE_CHANGE = 1e-10

_NODES = np.arange(769) / 64.0 - 6.0  # erf(6) is 1 to the last digit
_ERF = np.array([math.erf(c) for c in _NODES])
_SLOPE = np.array([2.0 / math.sqrt(math.pi) * math.exp(-c * c) for c in _NODES])


class Sampler(NamedTuple):
    """A law on a ring as the kernels read it; made by ``sampler``.

    Attributes
    ----------
    kind : int
        ``GAUSSIAN``, ``ERF``, ``SIGN`` (what is done to the Gaussian field) or ``ISING``.
    table : (m,) array
        Taps of the filter that correlates white noise, padded with zeros to a multiple of 8. Ising:
        ``table[2 i + s]``, the probability that spin i+1 equals spin i, where ``s`` tells whether spin i
        equals spin 0.
    scale, factor : float
        ``x = factor erf(scale z)``: ``g / sqrt 2`` and ``1 / Z(g)``.
    """

    kind: int
    table: np.ndarray
    scale: float
    factor: float


sampler_type = types.NamedTuple((i8, vector, f8, f8), Sampler)


def sampler(law: Law, size: int) -> Sampler:
    """Describe ``law`` on a ring of ``size`` sites for the kernel ``draw`` (theory.md sections 1 and 2).

    Raises
    ------
    ValueError
        For something that is no law, or a law that does not exist at this size.
    """
    if not isinstance(law, (NLGP, GP, Ising)):
        raise complain("law", law, "a law: NLGP(...), GP(...) or Ising(...)")
    size = integer("size", size, "an integer >= 4", low=4)
    law.check_size(size)
    if isinstance(law, Ising):
        return Sampler(ISING, _keep_probabilities(law.t, size), 1.0, 1.0)
    if isinstance(law, GP):
        return Sampler(GAUSSIAN, field_filter(second_cumulant(law, size)), 1.0, 1.0)
    c, _ = covariance.gaussian_covariance(law.covariance, np.arange(size), law.xi, size)
    if math.isinf(law.gain):
        return Sampler(SIGN, field_filter(c), 1.0, 1.0)
    variance = float(normalisation(law.q, complement=law.one_minus_q))
    return Sampler(ERF, field_filter(c), law.gain / math.sqrt(2.0), 1.0 / math.sqrt(variance))


def field_filter(c: np.ndarray) -> np.ndarray:
    """Taps of the symmetric square root of the circulant covariance ``c`` (D,), for ``draw``.

    Negative eigenvalues (which ``covariance.check_ring`` has found tiny) become 0, and the variance is
    then brought back to 1. The taps are centred, and as few as ``COVARIANCE_CHANGE`` permits.
    """
    power = np.clip(np.fft.fft(c).real, 0.0, None)
    power *= power.size / power.sum()
    root = np.fft.ifft(np.sqrt(power)).real
    exact = np.fft.ifft(power).real

    def moves(reach: int) -> bool:
        kept = np.where(distance <= reach, root, 0.0)
        return bool(np.abs(np.fft.ifft(np.abs(np.fft.fft(kept)) ** 2).real - exact).max() > COVARIANCE_CHANGE)

    size = root.size
    distance = np.minimum(np.arange(size), size - np.arange(size))
    low, reach = -1, size // 2
    while reach - low > 1:  # the shortest reach that moves nothing
        middle = (low + reach) // 2
        low, reach = (middle, reach) if moves(middle) else (low, middle)
    count = min(2 * reach + 1, size)
    taps = np.zeros(-(-count // 8) * 8)
    taps[:count] = root[np.arange(-reach, count - reach) % size]
    return taps


def _keep_probabilities(t: float, size: int) -> np.ndarray:
    """P(spin i+1 = spin i | spin i, spin 0), from powers ``T^n(s, s') = (1 + s s' t^n) / 2`` closing the ring."""
    left = size - np.arange(size - 1)  # bonds from spin i round to spin 0
    table = np.empty((size - 1, 2))
    for column, sign in enumerate((-1.0, 1.0)):
        table[:, column] = 0.5 * (1.0 + t) * (1.0 + sign * t ** (left - 1)) / (1.0 + sign * t**left)
    return np.clip(table, 0.0, 1.0).ravel()


@kernel
def gaussian_field(taps: np.ndarray, rng: np.random.Generator, noise: np.ndarray, x: np.ndarray) -> None:
    """Fill ``x`` (D,) with a field of unit variance; ``noise`` holds at least ``D + taps.size`` numbers.

    The noise is continued periodically, so that every inner loop runs over contiguous memory.
    """
    size = x.size
    for i in range(size):
        noise[i] = rng.standard_normal()
    for i in range(size, size + taps.size - 1):
        noise[i] = noise[i - size]
    x[:] = 0.0
    for j in range(0, taps.size, 8):
        a, b, c, d = taps[j], taps[j + 1], taps[j + 2], taps[j + 3]
        e, f, g, h = taps[j + 4], taps[j + 5], taps[j + 6], taps[j + 7]
        n = noise[j : j + size + 7]
        for i in range(size):
            x[i] += (
                a * n[i]
                + b * n[i + 1]
                + c * n[i + 2]
                + d * n[i + 3]
                + e * n[i + 4]
                + f * n[i + 5]
                + g * n[i + 6]
                + h * n[i + 7]
            )


@kernel
def erf_of(x: np.ndarray, scale: float, factor: float, near: np.ndarray, work: np.ndarray) -> None:
    """Replace ``x`` (D,) by ``factor erf(scale x)``; ``near`` (D,) int32 and ``work`` (2D,) are scratch.

    Taylor series to fifth order about the nearest of 769 nodes: error below 2e-14, relative error below
    1e-13, and a fifth of the time of ``math.erf`` (which the compiler cannot vectorise).
    """
    size = x.size
    value, slope = work[:size], work[size : 2 * size]
    for i in range(size):
        v = min(max(scale * x[i], -6.0), 6.0)
        k = np.int32(v * 64.0 + 384.5)
        near[i] = k
        x[i] = v - (k * 0.015625 - 6.0)
    for i in range(size):
        node = np.uint32(near[i])  # unsigned: no test for a negative index
        value[i] = _ERF[node]
        slope[i] = _SLOPE[node]
    for i in range(size):
        c = near[i] * 0.015625 - 6.0
        d = x[i]
        s = c * c
        fourth = c * (3.0 - 2.0 * s) * (1.0 / 6.0) + d * ((4.0 * s * s - 12.0 * s + 3.0) * (1.0 / 30.0))
        series = 1.0 + d * (-c + d * ((2.0 * s - 1.0) * (1.0 / 3.0) + d * fourth))
        x[i] = factor * (value[i] + slope[i] * d * series)


@kernel
def ising_ring(keep: np.ndarray, rng: np.random.Generator, x: np.ndarray) -> None:
    """Fill ``x`` (D,) with the spins of a ring: each given the one before it and the first, which closes the ring."""
    first = 1.0 if rng.random() < 0.5 else -1.0
    x[0] = first
    same = True  # whether the present spin equals the first
    for i in range(x.size - 1):
        u = rng.random()
        after_same, after_other = u < keep[2 * i + 1], u >= keep[2 * i]
        same = (same & after_same) | ((not same) & after_other)  # no branch: it would be guessed wrong half the time
        x[i + 1] = first if same else -first


@kernel
def draw(law: Sampler, rng: np.random.Generator, noise: np.ndarray, near: np.ndarray, x: np.ndarray) -> None:
    """Fill ``x`` (D,) with one input; ``noise`` (2D + 8,) and ``near`` (D,) int32 are scratch."""
    if law.kind == ISING:
        ising_ring(law.table, rng, x)
        return
    gaussian_field(law.table, rng, noise, x)
    if law.kind == ERF:
        erf_of(x, law.scale, law.factor, near, noise)
    elif law.kind == SIGN:
        for i in range(x.size):
            x[i] = -1.0 if x[i] < 0.0 else 1.0


@kernel
def _draw_rows(law: Sampler, rng: np.random.Generator, rows: np.ndarray) -> None:
    size = rows.shape[1]
    noise, near = np.empty(2 * size + 8), np.empty(size, np.int32)
    for k in range(rows.shape[0]):
        draw(law, rng, noise, near, rows[k])


def seed_sequence(name: str, seed: object) -> np.random.SeedSequence:
    """``seed``, an int >= 0 or a SeedSequence, as a SeedSequence; raise ValueError under ``name`` otherwise."""
    if isinstance(seed, np.random.SeedSequence):
        return seed
    allowed = "an int >= 0 or a numpy SeedSequence"
    return np.random.SeedSequence(integer(name, seed, allowed, low=0))


def generator(root: np.random.SeedSequence, key: Sequence[int] = ()) -> np.random.Generator:
    """Generator on the child ``key`` of ``root``, which stays as it is (``spawn`` would count its calls)."""
    child = np.random.SeedSequence(root.entropy, spawn_key=(*root.spawn_key, *key), pool_size=root.pool_size)
    return np.random.Generator(np.random.SFC64(child))


def sample(law: Law, size: int, n: int, seed: int | np.random.SeedSequence = 0) -> np.ndarray:
    """Draw ``n`` independent inputs from ``law`` on a ring of ``size`` sites.

    Parameters
    ----------
    law : NLGP, GP or Ising
    size : int >= 4
        Number of sites D.
    n : int >= 1
    seed : int >= 0 or SeedSequence
        Equal seeds give equal inputs; the first rows do not depend on ``n``.

    Returns
    -------
    (n, D) array
        Inputs of zero mean and unit variance.

    Raises
    ------
    ValueError
        Naming the argument, what came and what is allowed.
    """
    described = sampler(law, size)
    rows = np.empty((integer("n", n, "an integer >= 1", low=1), size))
    _draw_rows(described, generator(seed_sequence("seed", seed)), rows)
    return rows
