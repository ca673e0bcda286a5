"""A and B in closed form against 50-digit quadrature; the cubic term as a field equation against dense tensors."""

from __future__ import annotations

import itertools
import math
from functools import cache, lru_cache

import mpmath as mp
import numpy as np
import oracles
import pytest
import sympy as sp
from mpmath.calculus.quadrature import GaussLegendre

from cumulode.numerics import fourth_cumulant
from cumulode.numerics.contraction import sorted_list
from cumulode.theory import NLGP, Ising
from cumulode.theory.closures.family import b, closure
from cumulode.theory.cumulants import cubic
from cumulode.theory.dynamics.drift import k2, k4
from cumulode.theory.neuron.activations import parse, y
from cumulode.theory.neuron.gaussian import GaussianMean, closed_form, mean, variance

# ---------------------------------------------------------------- closed forms of A and B

DIGITS = 50
#: F_y(h) and where it has a kink, written by hand.
FORCES = {
    "erf": (lambda h, label: (label - mp.erf(h / mp.sqrt(2))) * mp.sqrt(2 / mp.pi) * mp.exp(-h * h / 2), ()),
    "relu": (lambda h, label: label - h if h > 0 else mp.mpf(0), (0,)),
    "h - h**3/6": (lambda h, label: (label - h + h**3 / 6) * (1 - h * h / 2), ()),
    "exp(-h**2/2)": (lambda h, label: -(label - mp.exp(-h * h / 2)) * h * mp.exp(-h * h / 2), ()),
}
#: bias, label, k2, kurtosis
POINTS = [
    ("-1", 1, "0.6", "-0.8"),
    ("0.4", -1, "1.7", "-1.4"),
    ("1.3", 1, "0.05", "-0.01"),
    ("-0.2", -1, "3.1", "-1.95"),
]


@lru_cache(maxsize=1)
def rule():
    """48 Gauss-Legendre nodes on [-1, 1], exact to degree 95."""
    with mp.workdps(DIGITS + 10):
        return GaussLegendre(mp.mp).calc_nodes(5, mp.mp.prec)


@cache
def averages(activation, centre, var, label):
    """``E[F^(n)]``, n = 0 .. 5, over N(centre, var): the integral of ``F He_n`` over z in [-16, 16], split at kinks."""
    force, kinks = FORCES[activation]
    width = mp.sqrt(var)
    cuts = sorted({*map(mp.mpf, range(-16, 17, 2)), *((kink - centre) / width for kink in kinks)})
    nodes = [
        ((high + low) / 2 + (high - low) / 2 * x, (high - low) / 2 * weight)
        for low, high in itertools.pairwise(cuts)
        for x, weight in rule()
    ]
    totals = [mp.mpf(0)] * 6
    for z, weight in nodes:
        value = weight * mp.npdf(z) * force(centre + width * z, label)
        before, now = mp.mpf(0), mp.mpf(1)
        for n in range(6):
            totals[n] += value * now
            before, now = now, z * now - n * before
    return [total / width**n for n, total in enumerate(totals)]


def by_quadrature(name, activation, bias, label, second, fourth):
    """A and B of a closure from its definition (theory.md section 3)."""
    if name == "bimodal":  # at fixed m dPsi/d(s^2) = E[F']/2, at fixed s dPsi/dm = E[+-F], dm/dk4 = -1/(8 m^3)
        m = (-fourth / 2) ** mp.mpf("0.25")
        up, down = (averages(activation, bias + sign * m, second - m * m, label) for sign in (1, -1))
        A = (up[1] + down[1]) / 2
        return A, -((up[0] - down[0]) / 2 - m * A) / (2 * m**3)
    f = averages(activation, bias, second, label)
    return (f[1], mp.mpf(0)) if name == "gaussian" else (f[1] + fourth / 24 * f[5], f[3] / 6)


@cache
def closed(name, activation):
    """A and B of a closure for one activation, as functions of (b, y, k2, k4)."""
    found = parse(activation)

    def average(n, m, v):
        return closed_form(found, int(n)).subs({mean: m, variance: v}, simultaneous=True)

    exprs = [e.replace(GaussianMean, average) for e in closure(name).coefficients()]
    return sp.lambdify((b, y, k2, k4), exprs, "mpmath")


@pytest.mark.parametrize("name", ["gaussian", "edgeworth", "bimodal"])
@pytest.mark.parametrize("activation", FORCES)
def test_closed_coefficients_are_the_defining_integrals(name, activation):
    """Assert A and B in closed form against 50-digit quadrature of F alone, to 1e-25 of their size."""
    with mp.workdps(DIGITS):
        for bias, label, second, kurtosis in POINTS:
            at = mp.mpf(bias), label, mp.mpf(second), mp.mpf(kurtosis) * mp.mpf(second) ** 2
            expected = by_quadrature(name, activation, *at)
            with mp.workdps(DIGITS + 20):
                found = closed(name, activation)(*at)
            for value, reference in zip(found, expected, strict=True):
                assert abs(value - reference) <= mp.mpf(10) ** -25 * abs(reference), (bias, value, reference)


def test_the_quadrature_would_notice_a_missing_kink():
    """Assert that leaving the jump of the ReLU's force out of E[F'] is an error of the size of the density there."""
    with mp.workdps(30):
        at = mp.mpf("-0.3"), mp.mpf("0.5"), 1
        smooth = -mp.ncdf(at[0] / mp.sqrt(at[1]))
        density = mp.npdf(0, at[0], mp.sqrt(at[1]))
        assert abs(averages("relu", *at)[1] - (smooth + density)) < 1e-25
        assert abs(averages("relu", *at)[1] - smooth) > 0.3


# ---------------------------------------------------------------- the field equation


def listed(law, w):
    """K(w,w,w) by the sorted list of all entries of the ring."""
    entries = sorted_list.sorted_list(law, w.size, 0.0)
    out, left, right = np.empty(2 * w.size), np.empty(w.size), np.empty(w.size)
    sorted_list.contract(np.tile(w, 2), w.size, entries.positions, entries.coefficients, out, left, right)
    return out[: w.size]


def distances(size):
    return np.minimum(np.arange(size), size - np.arange(size))


def contracted(K, w):
    return np.einsum("ijkl,j,k,l->i", K, w, w, w, optimize=True)


def test_a_convolutional_decomposition_contracts_like_its_dense_tensor():
    """Assert K(w,w,w) of two asymmetric kernels against the sum over m of their fourth outer powers, to 1e-14 of |K||w|^3."""
    rng, size = np.random.default_rng(1), 7
    kernels, coefficients, w = rng.standard_normal((2, size)), (0.7, -1.3), rng.standard_normal(size)
    K = np.zeros((size,) * 4)
    for kernel, c in zip(kernels, coefficients, strict=True):
        for m in range(size):
            G = np.roll(kernel, m)
            K += c * np.einsum("i,j,k,l->ijkl", G, G, G, G)
    exact = contracted(K, w)
    assert (
        np.abs(cubic.convolutional_cubic(kernels, coefficients, w) - exact).max()
        < 1e-14 * np.linalg.norm(K) * np.linalg.norm(w) ** 3
    )


def test_the_small_gain_cubic_term_errs_by_order_q_squared():
    """Assert against the sorted list on a ring of 16 that the error falls as q^2: slope 2 within 0.01, gains 0.01-0.1."""
    size, w = 16, np.random.default_rng(2).standard_normal(16)
    c = np.exp(-((distances(size) / 1.3) ** 2))
    errors, powers = [], []
    for gain in (0.01, 0.03, 0.1):
        q = gain**2 / (1 + gain**2)
        exact = listed(NLGP(gain=gain, xi=1.3), w)
        errors.append(np.abs(cubic.small_gain_cubic(c, w, q) - exact).max())
        powers.append(q)
        assert errors[-1] < 4 * q * np.abs(exact).max()
    slopes = np.diff(np.log(errors)) / np.diff(np.log(powers))
    assert np.abs(slopes - 2).max() < 0.01


def test_the_small_gain_cubic_term_is_that_of_brute_force():
    """Assert the same order against Gauss-Hermite points in four dimensions, where nothing of cumulode enters."""
    size, xi, w = 4, 1.5, np.array([0.9, -0.4, 0.7, 0.3])
    images = np.arange(-8, 9)[:, None] * size + np.arange(size)
    c = np.exp(-((images / xi) ** 2)).sum(0)
    c /= c[0]
    covariance = c[(np.arange(size)[:, None] - np.arange(size)) % size]
    errors = []
    for gain in (0.1, 0.2):
        q = gain**2 / (1 + gain**2)
        _, K = oracles.dense_cumulants(*oracles.hermite_points(gain, covariance, 12))
        errors.append(np.abs(cubic.small_gain_cubic(c, w, q) - contracted(K, w)).max() / q**2)
    assert 0.9 < errors[1] / errors[0] < 1.1
    assert errors[0] < 8 < 2 * errors[0]  # in units of q^2; K(w,w,w) itself is 6 q


def test_the_border_rank_pair_converges_as_epsilon_squared_while_its_coefficients_diverge():
    """Assert the slope 2 within 1e-6, the exact error -q eps^2 [3 w^2 (c*w) + c*w^3], and terms that grow as 1/eps."""
    size, q, w = 12, 0.01, np.random.default_rng(3).standard_normal(12)
    c = np.exp(-((distances(size) / 2.0) ** 2))
    circulant = c[(np.arange(size)[:, None] - np.arange(size)) % size]
    limit = cubic.small_gain_cubic(c, w, q)
    rest = -q * (3 * w**2 * (circulant @ w) + circulant @ w**3)
    widths, errors = np.array([0.4, 0.2, 0.1]), []
    for epsilon in widths:
        error = cubic.border_rank_pair(c, w, q, epsilon) - limit
        assert np.abs(error - epsilon**2 * rest).max() < 1e-12 * np.abs(limit).max()
        errors.append(np.abs(error).max())
    assert np.abs(np.diff(np.log(errors)) / np.diff(np.log(widths)) - 2).max() < 1e-6
    delta = (np.arange(size) == 0).astype(float)
    sizes = [np.abs(cubic.convolutional_cubic([c + e * delta], [q / (2 * e)], w)).max() for e in (1e-4, 1e-5)]
    assert 9.9 < sizes[1] / sizes[0] < 10.1


# ---------------------------------------------------------------- sums over sorted sites


def sorted_tensor(entry, size):
    """K (D, D, D, D) on a line from a function of the three sorted gaps."""
    K = np.empty((size,) * 4)
    for sites in itertools.product(range(size), repeat=4):
        K[sites] = entry(*np.diff(sorted(sites)))
    return K


def on_a_line(A, B, kappa, w, function=cubic.ordered_cubic):
    """Through the ring of the module: w padded with zeros, kappa on both sides of 0."""
    n, size = A.shape[1], len(w)
    padded = np.concatenate([w, np.zeros(n - 1)])
    around = np.concatenate([kappa, kappa[:0:-1]])
    return function(A, B, around, padded)[:size]


def low_rank(seed=4, rank=2, size=6):
    """Random factors of a symmetric K(alpha, beta, gamma), the entry itself, and kappa."""
    rng = np.random.default_rng(seed)
    A, B = rng.standard_normal((rank, size)), rng.standard_normal((rank, rank, size))
    B = B + B.transpose(1, 0, 2)

    def entry(first, second, third):
        return A[:, first] @ B[:, :, second] @ A[:, third]

    return A, B, entry, np.array([entry(0, 0, d) for d in range(size)])


def test_a_rank_two_sum_over_sorted_sites_is_the_sum_over_all_sites():
    """Assert K(w,w,w) on a line of six sites against the dense tensor, to 1e-13, and that the correction counts."""
    A, B, entry, kappa = low_rank()
    w = np.random.default_rng(5).standard_normal(6)
    K = sorted_tensor(entry, 6)
    exact = contracted(K, w)
    assert np.abs(on_a_line(A, B, kappa, w) - exact).max() < 1e-13 * np.linalg.norm(K)
    uncorrected = on_a_line(A, B, kappa, w, lambda A, B, around, padded: cubic.ordered_gradient(A, B, padded) / 4)
    assert np.abs(uncorrected - exact).max() > 1e-2 * np.abs(exact).max()


def test_the_ordered_gradient_is_the_gradient_of_the_halved_sum():
    """Assert dV4/dw by central differences of the sum over sorted sites, gaps of zero counted one half, to 1e-8."""
    A, B, entry, _ = low_rank(seed=6, rank=3)
    w = np.random.default_rng(7).standard_normal(6)

    def quartic(v):
        total = 0.0
        for sites in itertools.combinations_with_replacement(range(6), 4):
            gaps = np.diff(sites)
            total += 24 * 0.5 ** np.sum(gaps == 0) * entry(*gaps) * np.prod(v[list(sites)])
        return total

    steps = 1e-4 * np.eye(6)
    numeric = np.array([(quartic(w + e) - quartic(w - e)) / 2e-4 for e in steps])
    found = on_a_line(A, B, np.zeros(6), w, lambda A, B, around, padded: cubic.ordered_gradient(A, B, padded))
    assert np.abs(found - numeric).max() < 1e-7 * np.abs(numeric).max()


@pytest.mark.parametrize("t", [0.6, -0.5])
def test_the_ising_line_is_of_rank_one(t):
    """Assert A = t^a, B = -2 t^(2 b) against the sorted list on a ring that is 76 bonds longer than the field, to 1e-13."""
    size, n = 100, 24
    w = np.zeros(size)
    w[:n] = np.random.default_rng(8).standard_normal(n)
    powers = t ** np.arange(n, dtype=float)
    around = np.zeros(size)
    around[:n] = -2 * powers
    around[-n + 1 :] = around[n - 1 : 0 : -1]
    found = cubic.ordered_cubic(powers[None], -2 * (powers**2)[None, None], around, w)
    exact = listed(Ising(t=t), w)
    assert np.abs(found - exact)[:n].max() < 1e-13 * np.abs(exact).max()


def test_a_field_of_full_rank_is_summed_exactly_over_sorted_sites():
    """Assert the NLGP on a ring of 20, gaps up to 6, A the identity and B all of K, against the sorted list, to 1e-12."""
    law, size, n = NLGP(gain=3.0, xi=0.8), 20, 7
    gaps = np.array(list(itertools.product(range(n), repeat=3)))
    K = fourth_cumulant(law, np.cumsum(gaps, axis=1), size=size).reshape(n, n, n)
    w = np.random.default_rng(9).standard_normal(size)
    kappa = fourth_cumulant(law, [(0, 0, d) for d in range(size)], size=size)
    found = cubic.ordered_cubic(np.eye(n), K.transpose(0, 2, 1), kappa, w)
    exact = listed(law, w)
    assert np.abs(found - exact).max() < 1e-12 * np.abs(exact).max()


@pytest.mark.parametrize("mistake", ["halving", "weight", "order"])
def test_a_mistake_in_the_sum_over_sorted_sites_is_noticed(mistake, monkeypatch):
    """Assert that unhalved entries, another weight of the correction, or left for right spoil the agreement."""
    A, B, entry, kappa = low_rank()
    w = np.random.default_rng(5).standard_normal(6)
    exact = contracted(sorted_tensor(entry, 6), w)
    if mistake == "halving":
        monkeypatch.setattr(cubic, "_halved", np.asarray)
    elif mistake == "weight":
        monkeypatch.setattr(cubic, "coincidence_correction", lambda kappa, v: 2 * (v**2 * cubic.convolve(kappa, v)))
    else:
        monkeypatch.setattr(cubic, "correlate", cubic.convolve)
    assert np.abs(on_a_line(A, B, kappa, w) - exact).max() > 1e-3 * np.abs(exact).max()


# ---------------------------------------------------------------- power iteration


def test_power_iteration_ends_in_one_translate_at_the_stated_rate():
    """Assert that a random start ends in its largest component, the ratio of the next one cubed in every step."""
    size = 9
    phases = np.exp(1j * np.r_[0.0, np.random.default_rng(10).uniform(0, 2 * math.pi, size // 2)])
    kernel = np.fft.irfft(phases, size)  # a flat spectrum: its translates are orthonormal
    translates = np.array([np.roll(kernel, m) for m in range(size)])
    assert np.abs(translates @ translates.T - np.eye(size)).max() < 1e-14
    w = np.random.default_rng(11).standard_normal(size)
    for _ in range(4):
        image = cubic.convolutional_cubic([kernel], [0.4], w)
        before, after = translates @ w, translates @ image
        assert np.abs(after - 0.4 * before**3).max() < 1e-13
        w = image / np.linalg.norm(image)
    winner = np.argmax(np.abs(translates @ w))
    for _ in range(6):
        w = cubic.convolutional_cubic([kernel], [0.4], w)
        w /= np.linalg.norm(w)
    assert np.abs(np.abs(translates @ w) - np.eye(size)[winner]).max() < 1e-14
    assert np.abs(cubic.convolutional_cubic([kernel], [0.4], kernel) - 0.4 * kernel).max() < 1e-14
