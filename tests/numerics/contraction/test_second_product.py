"""C w by convolution over the sites that C reaches, against the Fourier transform."""

from __future__ import annotations

import math

import numpy as np
import pytest

from cumulode.numerics import second_cumulant
from cumulode.numerics.contraction.second import BLOCK, Second, correlate, padded, second_taps
from cumulode.theory import GP, NLGP, Ising

SHAPES = [(4,), (5,), (9,), (30,), (2 * BLOCK + 37,), (4, 4), (5, 5), (8, 8), (13, 13)]
LAWS = [NLGP(3.0, 0.4), NLGP(math.inf, 1.1, "wrapped"), NLGP(1.0, 25.0, "circular-exponential"), GP(NLGP(3.0, 0.3))]


def _product(second, shape, w):
    out = np.full(w.size, math.nan)
    pad = padded(shape, second)
    pad[:] = math.nan
    correlate(w, out, second.taps, second.left, pad)
    return out


def _by_fourier(C, shape, w):
    return np.fft.ifftn(np.fft.fftn(C.reshape(shape)) * np.fft.fftn(w.reshape(shape))).real.ravel()


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("law", LAWS, ids=repr)
def test_the_product_is_that_of_the_whole_circulant(law, shape):
    """Assert C w to 1e-14 of |C|_1 |w|, odd and even rings and tori, short and long laws, several blocks; the scratch
    starts as NaN, so that nothing stale is read.
    """
    C = second_cumulant(law, shape)
    w = np.random.default_rng(len(shape)).standard_normal(C.size)
    error = np.abs(_product(second_taps(C, shape), shape, w) - _by_fourier(C, shape, w)).max()
    assert error <= 1e-14 * np.abs(C).sum() * np.abs(w).max()


def test_negative_correlations_and_opposite_sites_count_once():
    """Assert the same for an Ising ring of t = -0.8 at even D, where C alternates up to the opposite site."""
    C = second_cumulant(Ising(-0.8), 12)
    w = np.eye(12)[3]
    assert np.abs(_product(second_taps(C, (12,)), (12,), w) - np.roll(C, 3)).max() < 1e-16 * 12


def test_an_even_kernel_that_no_reflection_maps_to_itself():
    """Assert C w on a torus for C(dx, dy) = C(-dx, -dy) that differs from C(dx, -dy), as a user's array may."""
    rng, shape = np.random.default_rng(4), (6, 6)
    half = rng.standard_normal(shape)
    C = half + np.roll(half[::-1, ::-1], 1, axis=(0, 1))
    w = rng.standard_normal(36)
    found = _product(second_taps(C.ravel(), shape), shape, w)
    assert np.abs(found - _by_fourier(C, shape, w)).max() < 1e-13 * np.abs(C).sum()


@pytest.mark.parametrize(("name", "change"), [("taps", 1.01), ("left", 1)])
def test_a_planted_mistake_is_noticed(name, change):
    """Assert that one wrong tap, or a start one site off, moves C w by more than 1e-3 of it."""
    C, w = second_cumulant(NLGP(3.0, 2.0), 30), np.random.default_rng(5).standard_normal(30)
    right = second_taps(C, (30,))
    taps = right.taps.copy()
    taps[0, 3] *= change if name == "taps" else 1.0
    taps[0, 3] += 0.01 if name == "taps" else 0.0
    wrong = Second(taps, right.left + (change if name == "left" else 0))
    moved = np.linalg.norm(_product(wrong, (30,), w) - _by_fourier(C, (30,), w))
    assert moved > 1e-3 * np.linalg.norm(_by_fourier(C, (30,), w))
