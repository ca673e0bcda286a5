"""The formulas of the documents on the NLGP, Ising, phi^4 and elliptical laws, against definitions written out here."""

from __future__ import annotations

import itertools
import math
import random

import mpmath as mp
import numpy as np
import pytest
import sympy as sp

from cumulode.numerics import fourth_cumulant, second_cumulant
from cumulode.theory import NLGP
from cumulode.theory.cumulants import elliptical, ising, nlgp, phi4, plackett
from cumulode.theory.neuron.activations import parse, y
from cumulode.theory.neuron.gaussian import closed_form, mean, variance

PAIRS = ("ij", "ik", "il", "jk", "jl", "kl")


def cumulant(moment, sites):
    """Fourth cumulant of an even law from its moments."""
    i, j, k, l = sites
    pairs = moment(i, j) * moment(k, l) + moment(i, k) * moment(j, l) + moment(i, l) * moment(j, k)
    return moment(i, j, k, l) - pairs


def gauss(nodes):
    """Nodes and weights of a unit Gaussian."""
    x, weight = np.polynomial.hermite_e.hermegauss(nodes)
    return x, weight / math.sqrt(2 * math.pi)


# ---------------------------------------------------------------- NLGP


def composed(tau, r):
    """The equation set of one pair, assignment by assignment, in mpmath."""
    equations = plackett.plackett_pair()
    numbers = [tau, 1 - tau, *r.values(), *(1 - x for x in r.values())]
    at = dict(zip(equations.arguments, numbers, strict=True))
    for symbol, expr in equations.before:
        at[symbol] = sp.sympify(expr).xreplace({s: sp.Float(v, 45) for s, v in at.items()})
    return mp.mpf(sp.N(equations.results[0].xreplace({s: sp.Float(v, 45) for s, v in at.items()}), 40))


def partial(r, tau, pair):
    """Correlation of the other two given that both of ``pair`` vanish, by solving 2 x 2 equations."""
    i, j = pair
    k, l = (x for x in "ijkl" if x not in pair)

    def c(a, b):
        return mp.mpf(1) if a == b else tau * r["".join(sorted(a + b))]

    def left(a, b):
        inner = mp.matrix([[1, c(i, j)], [c(i, j), 1]])
        solved = mp.lu_solve(inner, mp.matrix([c(i, b), c(j, b)]))
        return c(a, b) - c(i, a) * solved[0] - c(j, a) * solved[1]

    return left(k, l) / mp.sqrt(left(k, k) * left(l, l)), c(k, l)


def relabelled(r, pair):
    """Correlations with the sites renamed so that ``pair`` is ij."""
    names = dict(zip("ijkl", [*pair, *(x for x in "ijkl" if x not in pair)], strict=True))
    return {p: r["".join(sorted(names[x] for x in p))] for p in PAIRS}


def loadings(seed):
    """Four unequal loadings on one common Gaussian, and the correlations they make."""
    source = random.Random(seed)
    a = dict(zip("ijkl", (mp.mpf(str(round(source.uniform(0.3, 0.95), 6))) for _ in range(4)), strict=True))
    return a, {p: a[p[0]] * a[p[1]] for p in PAIRS}


@pytest.mark.parametrize("seed", range(4))
def test_the_composed_pair_is_the_plain_difference_of_arcsines(seed):
    """Assert that the assignments the code compiles make r/sqrt(1 - tau^2 r^2) [asin rho - asin(tau r_kl)], for six pairs."""
    with mp.workdps(40):
        _, r = loadings(seed)
        tau = mp.mpf(random.Random(seed).randint(1, 9)) / 10
        for pair in PAIRS:
            rho, plain = partial(r, tau, pair)
            difference = r[pair] / mp.sqrt(1 - (tau * r[pair]) ** 2) * (mp.asin(rho) - mp.asin(plain))
            assert abs(composed(tau, relabelled(r, pair)) - difference) < mp.mpf(10) ** -33


@pytest.mark.parametrize("seed", range(3))
def test_plackett_integral_is_the_mean_of_four_signs_with_a_common_factor(seed):
    """Assert that the integral over six unlike pairs is the cumulant of signs of a common and private Gaussians, 1e-20."""
    with mp.workdps(25):
        a, r = loadings(seed)

        def sign(site, z):  # mean of the sign of a z + sqrt(1 - a^2) n
            return mp.erf(a[site] * z / mp.sqrt(2 * (1 - a[site] ** 2)))

        four = mp.quad(lambda z: mp.npdf(z) * mp.fprod(sign(s, z) for s in "ijkl"), [-mp.inf, 0, mp.inf])
        two = {p: 2 / mp.pi * mp.asin(r[p]) for p in PAIRS}
        exact = four - two["ij"] * two["kl"] - two["ik"] * two["jl"] - two["il"] * two["jk"]

        def integrand(tau):
            total = mp.mpf(0)
            for pair in PAIRS:
                rho, plain = partial(r, tau, pair)
                total += r[pair] / mp.sqrt(1 - (tau * r[pair]) ** 2) * (mp.asin(rho) - mp.asin(plain))
            return total

        assert abs(4 / mp.pi**2 * mp.quad(integrand, [0, 0.5, 1]) - exact) < 1e-20


def orders(errors, gains):
    """Powers of the gain by which errors fall from one gain to the next."""
    return np.diff(np.log(np.abs(errors)), axis=0) / np.diff(np.log(gains))[:, None]


def test_the_second_cumulant_at_small_gain_errs_by_the_eighth_power_of_the_gain():
    """Assert that C - c - q^2 (c^3 - c)/6 falls as q^4 = g^8, and that the correction itself is of order g^4."""
    gains, xi, d = np.array([0.1, 0.08, 0.06]), 2.0, np.arange(1, 4)
    c = np.exp(-(d**2) / xi**2)
    q = gains**2 / (1 + gains**2)
    exact = np.array([second_cumulant(NLGP(gain=g, xi=xi), 24)[d] for g in gains])
    assert np.all(np.abs(orders(exact - nlgp.small_gain_second(q[:, None], c), gains) - 8) < 0.3)
    assert np.all(np.abs(orders(exact - c, gains) - 4) < 0.05)


@pytest.mark.parametrize(("order", "power"), [(1, 4), (2, 6)])
def test_the_fourth_cumulant_at_small_gain_errs_by_the_stated_power_of_the_gain(order, power):
    """Assert error ~ g^4 with the stars alone and g^6 with the next term, from gain 0.01 to 0.1, sites apart or together."""
    gains, xi = np.array([0.01, 0.02, 0.05, 0.1]), 2.0
    offsets = np.array([(0, 0, 0), (0, 0, 1), (0, 1, 1), (0, 1, 2), (1, 2, 3), (-1, 1, 3)])
    sites = np.concatenate([np.zeros((len(offsets), 1)), offsets], axis=1)
    c = {p: np.exp(-((sites[:, "ijkl".index(p[0])] - sites[:, "ijkl".index(p[1])]) ** 2) / xi**2) for p in PAIRS}
    q = gains**2 / (1 + gains**2)
    exact = np.array([fourth_cumulant(NLGP(gain=g, xi=xi), offsets) for g in gains])
    errors = exact - np.array([nlgp.small_gain_fourth(x, c, order=order) for x in q])
    assert np.all(np.abs(orders(errors, gains) - power) < 0.1)
    assert np.all(np.abs(exact[0] / nlgp.small_gain_fourth(q[0], c, order=1) - 1) < 1e-3)


# ---------------------------------------------------------------- Ising


@pytest.mark.parametrize("t", [0.3, 0.8, -0.5])
def test_ising_cumulants_are_sums_over_all_states_of_six_spins(t):
    """Assert C, the sorted fourth moment and K on a ring of six against the 64 states, at every four sites."""
    size = 6
    states = np.array(list(itertools.product((1, -1), repeat=size)))
    weight = np.prod(1 + t * states * np.roll(states, -1, axis=1), axis=1)
    weight /= weight.sum()

    def moment(*sites):
        return weight @ np.prod(states[:, sites], axis=1)

    for sites in itertools.combinations_with_replacement(range(size), 4):
        gaps = [*np.diff(sites), size - sites[3] + sites[0]]
        assert abs(ising.fourth_moment(t, gaps, size) - moment(*sites)) < 1e-14
        assert abs(ising.fourth(t, gaps, size) - cumulant(moment, sites)) < 1e-14
        assert abs(ising.second(t, sites[1] - sites[0], size) - moment(*sites[:2])) < 1e-14


@pytest.mark.parametrize("gaps", [(1, 2, 3), (0, 1, 1), (2, 0, 0), (4, 1, 2)])
def test_ising_on_the_line_is_the_limit_of_long_rings(gaps):
    """Assert that the one term of the infinite line is met by a ring of 200 sites to 1e-14."""
    t, size = 0.8, 200
    assert abs(ising.fourth(t, gaps) - ising.fourth(t, (*gaps, size - sum(gaps)), size)) < 1e-14


# ---------------------------------------------------------------- phi^4


def two_site_phi4(coupling, covariance):
    """Moments of two coupled sites by a Gaussian product rule that carries the quartic weight."""
    x, weight = gauss(60)
    z = np.stack(np.meshgrid(x, x, indexing="ij")).reshape(2, -1)
    field = np.linalg.cholesky(covariance) @ z
    p = np.outer(weight, weight).ravel() * np.exp(-coupling * (field**4).sum(axis=0) / 24)
    p /= p.sum()
    return lambda *sites: p @ np.prod(field[list(sites)], axis=0)


def test_phi4_cumulants_of_two_sites_err_by_the_square_of_the_coupling():
    """Assert that first-order C and K of two sites are met by quadrature with an error ~ lambda^2."""
    G = np.array([[0.9, 0.4], [0.4, 1.2]])
    couplings = np.array([0.02, 0.01, 0.005])
    wrong = []
    for coupling in couplings:
        moment = two_site_phi4(coupling, G)
        second = [
            moment(i, j) - G[i, j] - phi4.second_change(coupling, G[i], G[j], np.diag(G)) for i, j in ((0, 0), (0, 1))
        ]
        fourth = [
            cumulant(moment, s) - phi4.fourth(coupling, *(G[i] for i in s))
            for s in ((0, 0, 0, 0), (0, 0, 0, 1), (0, 0, 1, 1), (0, 1, 1, 1))
        ]
        wrong.append([*second, *fourth])
    assert np.all(np.abs(orders(np.array(wrong), couplings) - 2) < 0.15)


def test_phi4_in_units_of_its_deviation_has_the_same_first_order():
    """Assert that K / C_00^2 with the true variance differs from the formula in unperturbed units at order lambda^2."""
    G = np.array([[1.3, 0.5], [0.5, 1.3]])
    couplings = np.array([0.02, 0.01, 0.005])
    unit = G / G[0, 0]
    wrong = []
    for coupling in couplings:
        moment = two_site_phi4(coupling, G)
        scale = moment(0, 0) ** 2
        sites = ((0, 0, 0, 0), (0, 0, 1, 1), (0, 0, 0, 1))
        expected = [phi4.fourth(coupling * G[0, 0] ** 2, *(unit[i] for i in s)) for s in sites]
        wrong.append([cumulant(moment, s) / scale - e for s, e in zip(sites, expected, strict=True)])
    assert np.all(np.abs(orders(np.array(wrong), couplings) - 2) < 0.15)


# ---------------------------------------------------------------- elliptical laws

SCALES = ((0.25, 0.1), (0.75, 1.3))
C3 = np.array([[1.0, 0.6, 0.2], [0.6, 1.0, 0.5], [0.2, 0.5, 1.0]])


def scale_mixture(nodes=40):
    """Points and probabilities of sqrt(s) z on three sites, s of two values with mean 1."""
    x, weight = gauss(nodes)
    z = np.linalg.cholesky(C3) @ np.stack(np.meshgrid(x, x, x, indexing="ij")).reshape(3, -1)
    p = np.einsum("a,b,c->abc", weight, weight, weight).ravel()
    return np.concatenate([math.sqrt(s) * z for _, s in SCALES], axis=1), np.concatenate([q * p for q, _ in SCALES])


def test_elliptical_fourth_cumulants_are_those_of_a_scale_mixture():
    """Assert K, K(w,w,w) and the kurtosis of w.x against an exact product rule, at all 81 index tuples."""
    assert abs(sum(p * s for p, s in SCALES) - 1) < 1e-15
    c = sum(p * s**2 for p, s in SCALES) - 1
    x, p = scale_mixture(8)

    def moment(*sites):
        return p @ np.prod(x[list(sites)], axis=0)

    K = np.empty((3,) * 4)
    for sites in itertools.product(range(3), repeat=4):
        K[sites] = cumulant(moment, sites)
        pairs = {q: C3[sites["ijkl".index(q[0])], sites["ijkl".index(q[1])]] for q in PAIRS}
        assert abs(elliptical.fourth(c, pairs) - K[sites]) < 1e-13
    w = np.array([0.7, -1.1, 0.4])
    k2 = w @ C3 @ w
    assert np.allclose(np.einsum("ijkl,j,k,l", K, w, w, w), elliptical.contracted(c, k2, C3 @ w), atol=1e-13)
    assert abs(np.einsum("ijkl,i,j,k,l", K, w, w, w, w) / k2**2 - elliptical.kurtosis(c)) < 1e-13


def erf_slope(label, bias):
    """The Gaussian average of F' as a function of the variance, from the closed form."""
    return sp.lambdify(variance, closed_form(parse("erf"), 1).subs({mean: bias, y: label}), "scipy")


@pytest.mark.parametrize("label", [1, -1])
@pytest.mark.parametrize("bias", [-1.0, 0.4])
def test_the_exact_elliptical_drift_is_one_number_times_the_covariance(label, bias):
    """Assert E[x_i F(w.x)] = alpha (C w)_i at three sites against a product rule, for the force of erf."""
    x, p = scale_mixture()
    w = np.array([0.5, -0.3, 0.4])
    h = w @ x + bias
    sigma = sp.lambdify(y, sp.erf(y / sp.sqrt(2)), "scipy")(h)
    force = (label - sigma) * math.sqrt(2 / math.pi) * np.exp(-(h**2) / 2)
    alpha = elliptical.drift_coefficient(SCALES, erf_slope(label, bias), w @ C3 @ w)
    assert np.allclose(x @ (p * force), alpha * C3 @ w, rtol=0, atol=1e-9)


@pytest.mark.parametrize("bias", [0.0, -0.3, -1.0, -2.5])
def test_the_negative_class_never_lets_an_elliptical_field_rest_by_itself(bias):
    """Assert alpha_- < 0 for b <= 0 and alpha_+ < 0 for the mirror image, from k2 = 1e-4 to 1e4."""
    for k2 in np.logspace(-4, 4, 33):
        assert elliptical.drift_coefficient(SCALES, erf_slope(-1, bias), k2) < 0
        assert elliptical.drift_coefficient(SCALES, erf_slope(1, -bias), k2) < 0


def elliptical_flow(w, time, step, bias=-1.0):
    """Exact flow of two elliptical classes with Ising spectra (t = 0.7 and 0.3), by Runge-Kutta."""
    size = len(w)
    spectra = [np.fft.fft(ising.second(t, np.arange(size), size)).real for t in (0.7, 0.3)]
    slopes = [erf_slope(label, bias) for label in (1, -1)]

    def drift(modes):
        rate = np.zeros(size)
        for spectrum, slope in zip(spectra, slopes, strict=True):
            k2 = (spectrum * np.abs(modes) ** 2).sum() / size
            rate = rate + 0.5 * elliptical.drift_coefficient(SCALES, slope, k2) * spectrum
        return rate * modes, rate

    modes = np.fft.fft(w)
    for _ in range(round(time / step)):
        a = drift(modes)[0]
        b = drift(modes + step / 2 * a)[0]
        c = drift(modes + step / 2 * b)[0]
        d = drift(modes + step * c)[0]
        modes = modes + step / 6 * (a + 2 * b + 2 * c + d)
    return modes, drift(modes)[1], spectra


def test_an_elliptical_flow_only_filters_its_start():
    """Assert that log(w_k(t) / w_k(0)) is real and a combination of the two spectra, from a start with every mode."""
    w = 0.1 * np.random.default_rng(0).standard_normal(16)
    modes, _, spectra = elliptical_flow(w, 5.0, 0.05)
    growth = modes / np.fft.fft(w)
    assert np.all(np.abs(growth.imag) < 1e-12)
    logs = np.log(growth.real)
    fit = np.linalg.lstsq(np.stack(spectra, axis=1), logs, rcond=None)[0]
    assert np.allclose(np.stack(spectra, axis=1) @ fit, logs, atol=1e-8)
    assert np.ptp(logs) > 0.1


def test_an_elliptical_flow_from_one_site_ends_in_a_single_wavenumber():
    """Assert that a start on one site (IPR 1) loses its localisation: one wavenumber at rest, IPR at most 2/D."""
    size = 16
    modes, rate, _ = elliptical_flow(np.eye(size)[3], 3000.0, 0.5)
    power = np.abs(modes) ** 2 / (np.abs(modes) ** 2).sum()
    strong = power > 1e-3
    assert len({min(k, size - k) for k in np.flatnonzero(strong)}) == 1
    assert np.all(np.abs(rate[strong]) < 1e-5)
    w = np.fft.ifft(modes).real
    assert (w**4).sum() / (w**2).sum() ** 2 < 2 / size
