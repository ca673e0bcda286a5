"""Scrambled Sobol points mapped to a law's samples.

The first coordinates, which Sobol's points fill best, are what matters most: of a Gaussian field its waves in order of
power. Spins of an Ising ring follow one another, each given the one before it and the first, which closes the ring.
"""

from __future__ import annotations

import math

import numpy as np
from scipy import special
from scipy.stats import qmc

from cumulode.numerics.cumulants import second_cumulant
from cumulode.theory.cumulants import nlgp
from cumulode.theory.problem import covariance
from cumulode.theory.problem.laws import GP, NLGP, Ising, Law
from cumulode.theory.user_input.arguments import Described, InvalidArgument

#: Waves of less than this share of the field's variance are left out.
NO_POWER = 1e-14


def check_sampled(law: Law) -> None:
    """InvalidArgument where a law is known by its cumulants alone."""
    if not isinstance(law, (NLGP, GP, Ising)):
        raise InvalidArgument("closure", Described(f"'frozen' with {law!r}"), "'frozen' only for laws with samples")


def of_class(seed: np.random.SeedSequence, place: int) -> np.random.SeedSequence:
    """The seed of one class's samples in a scramble."""
    return np.random.SeedSequence(seed.entropy, spawn_key=(*seed.spawn_key, place))


def samples(law: Law, shape: tuple[int, ...], n: int, seed: np.random.SeedSequence) -> np.ndarray:
    """``n`` samples (n, D) of the law; of a power of two n the first half are those of n/2."""
    check_sampled(law)
    law.check_size(shape)
    if isinstance(law, Ising):
        return _spins(_uniform(shape[0], n, seed), law.t)
    if isinstance(law, GP):
        return _field(second_cumulant(law, shape).reshape(shape), n, seed)
    assert isinstance(law, NLGP)
    c, _ = covariance.covariance_on(law.covariance, law.xi, shape)
    z = _field(c, n, seed)
    if math.isinf(law.gain):
        return np.where(z < 0, -1.0, 1.0)
    variance = float(nlgp.normalisation(law.q, complement=law.one_minus_q))
    return np.asarray(special.erf(law.gain / math.sqrt(2) * z) / math.sqrt(variance))


def _uniform(dimensions: int, n: int, seed: np.random.SeedSequence) -> np.ndarray:
    """``n`` points (n, dimensions) in the open unit cube."""
    most = qmc.Sobol.MAXDIM
    if dimensions > most:
        raise InvalidArgument("closure", Described(f"'frozen' with {dimensions} waves"), f"'frozen' up to {most}")
    u = qmc.Sobol(dimensions, scramble=True, bits=53, rng=np.random.default_rng(seed)).random(n)
    return np.clip(u, 2.0**-54, 1 - 2.0**-53)


def _field(c: np.ndarray, n: int, seed: np.random.SeedSequence) -> np.ndarray:
    """Gaussian fields (n, D) of covariance ``c`` (of the lattice's shape)."""
    power, waves = _waves(c)
    normal = special.ndtri(_uniform(len(power), n, seed))
    return np.asarray((normal * np.sqrt(power)) @ waves)


def _waves(c: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Power of every real wave that has some, largest first, (m,), and the waves, (m, D), orthonormal."""
    size, shape = c.size, c.shape
    power = np.fft.fftn(c).real
    power = np.maximum(power, 0.0) / size
    place = np.arange(size)
    partner = np.ravel_multi_index([(-i) % side for i, side in zip(np.unravel_index(place, shape), shape)], shape)  # noqa: B905
    kept = [k for k in place if k <= partner[k] and power.flat[k] > NO_POWER]
    sites = np.stack(np.unravel_index(place, shape), axis=-1) / np.array(shape)
    rows, strength = [], []
    for k in kept:
        phase = 2 * np.pi * sites @ np.array(np.unravel_index(k, shape))
        own = k == partner[k]
        for wave in (np.cos(phase),) if own else (np.sqrt(2) * np.cos(phase), np.sqrt(2) * np.sin(phase)):
            rows.append(wave)
            strength.append(power.flat[k])
    order = np.argsort(-np.array(strength), kind="stable")
    return np.array(strength)[order], np.array(rows)[order]


def _spins(u: np.ndarray, t: float) -> np.ndarray:
    """Spins of an Ising ring: each keeps the sign of the one before it with the probability that the ring leaves it."""
    size = u.shape[1]
    x = np.empty_like(u)
    x[:, 0] = np.where(u[:, 0] < 0.5, 1.0, -1.0)
    for i in range(size - 1):
        left = size - i  # bonds from spin i round to the first
        sign = x[:, i] * x[:, 0]
        keep = 0.5 * (1 + t) * (1 + sign * t ** (left - 1)) / (1 + sign * t**left)
        x[:, i + 1] = np.where(u[:, i + 1] < keep, x[:, i], -x[:, i])
    return x
