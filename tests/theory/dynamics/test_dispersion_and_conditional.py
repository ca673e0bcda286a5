"""Linear growth and the conditional closure: sums over all states of small rings, the numerics' drift, plain quadrature."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
import sympy as sp
from scipy import integrate, special

from cumulode import NLGP, Ising, Problem, drift, fourth_cumulant, second_cumulant
from cumulode.theory.closures import conditional
from cumulode.theory.closures.family import b, taylor_coefficient
from cumulode.theory.dynamics import dispersion
from cumulode.theory.neuron.activations import parse, y

PRIOR = 0.3


def erf_derivatives(bias):
    """sigma, sigma', sigma'' of erf(h/sqrt 2), by hand."""
    slope = math.sqrt(2 / math.pi) * math.exp(-(bias**2) / 2)
    return math.erf(bias / math.sqrt(2)), slope, -bias * slope


def ring(t, size):
    """All states of an Ising ring and their probabilities."""
    x = np.array(list(itertools.product((-1.0, 1.0), repeat=size)))
    weight = np.prod(1 + t * x * np.roll(x, 1, axis=1), axis=1)
    return x, weight / weight.sum()


def spectrum(law, size):
    """FFT of the second cumulant."""
    return np.fft.fft(second_cumulant(law, size)).real


# ------------------------------------------------------------------------------------------------- plane waves

CASES = {
    "NLGP": (NLGP(gain=3.0, xi=2.0), NLGP(gain=1.0, xi=1.0)),
    "Ising": (Ising(t=0.7), Ising(t=0.3)),
}


@pytest.mark.parametrize("closure", ["regression", "taylor"])
@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("bias", [-1.0, 0.4])
def test_a_small_plane_wave_grows_at_mu(name, closure, bias):
    """Assert that the drift of every small plane wave is mu(k) times the wave, with spectra by FFT."""
    size, (plus, minus) = 24, CASES[name]
    f = drift(Problem(plus=plus, minus=minus, size=size, bias=bias, prior=PRIOR), closure)
    slopes = [dispersion.force_slope(label, *erf_derivatives(bias)) for label in (1, -1)]
    spectra = [spectrum(law, size) for law in (plus, minus)]
    rates = dispersion.growth_rate((PRIOR, 1 - PRIOR), slopes, spectra)
    for n in range(size // 2 + 1):
        wave = 1e-5 * np.cos(2 * np.pi * n * np.arange(size) / size + 0.3)
        np.testing.assert_allclose(f(wave), rates[n] * wave, rtol=0, atol=1e-7 * np.abs(wave).max())


@pytest.mark.parametrize("t", [0.7, -0.4])
@pytest.mark.parametrize("size", [5, 6, 12])
def test_the_ising_spectrum_is_the_fft_of_the_correlations_summed_over_states(t, size):
    """Assert the closed form on a ring against every state's weight."""
    x, weight = ring(t, size)
    found = dispersion.ising_spectrum(2 * np.pi * np.arange(size) / size, t, size)
    np.testing.assert_allclose(found, np.fft.fft(weight @ (x[:, :1] * x)).real, atol=1e-13)


def test_the_ising_spectrum_of_a_long_ring_is_that_of_the_line():
    """Assert that the factor of the ring tends to 1."""
    k = np.linspace(0, np.pi, 7)
    np.testing.assert_allclose(dispersion.ising_spectrum(k, 0.6, 200), dispersion.ising_spectrum(k, 0.6), rtol=1e-14)


@pytest.mark.parametrize("xi", [1.0, 2.5])
def test_the_line_spectrum_is_the_sum_over_sites(xi):
    """Assert the continuum formula against the sum over integer sites, to the images' stated size."""
    d = np.arange(-40, 41)
    for k in (0.0, 0.5, 1.0):
        exact = np.sum(np.exp(-((d / xi) ** 2)) * np.cos(k * d))
        found = dispersion.line_spectrum(k, xi)
        assert abs(found - exact) < 1e-3 * math.sqrt(math.pi) * xi
        if xi > 2:
            assert found == pytest.approx(exact, rel=1e-12)


# ------------------------------------------------------------------------------------ the selected wavenumber


def rate_on(k, a_plus, a_minus, xi_plus, xi_minus):
    """mu(k) written by hand."""
    return math.sqrt(math.pi) * (
        a_plus * xi_plus * np.exp(-((k * xi_plus) ** 2) / 4) + a_minus * xi_minus * np.exp(-((k * xi_minus) ** 2) / 4)
    )


@pytest.mark.parametrize("a", [(0.29, -0.194), (-0.194, 0.29), (0.1, -0.4)])
@pytest.mark.parametrize("xis", [(4.0, 1.0), (1.0, 4.0), (1.0, 1.1), (1.5, 1.0), (2.0, 2.0)])
def test_the_selected_wavenumber_is_where_mu_is_largest(a, xis):
    """Assert against a dense grid, wherever some mode grows; else that the rate is not positive."""
    k = np.linspace(0, 12, 240001)
    mu = rate_on(k, *a, *xis)
    found, rate = dispersion.selected_wavenumber(*a, *xis)
    if mu.max() > 1e-12:
        assert found == pytest.approx(k[mu.argmax()], abs=1e-4)
        assert rate == pytest.approx(mu.max(), rel=1e-8)
    else:
        assert rate <= 0


def test_long_range_plus_selects_the_uniform_mode_and_short_range_plus_a_wave():
    """Assert k = 0 for correlation lengths 4, 1 at bias -1, and a wavelength near 2 pi for 1, 4; exchanged at bias +1."""
    for bias, long in ((-1.0, 0), (1.0, 1)):
        a = [dispersion.force_slope(label, *erf_derivatives(bias)) / 2 for label in (1, -1)]
        uniform, wave = ((4, 1), (1, 4)) if long == 0 else ((1, 4), (4, 1))
        assert dispersion.selected_wavenumber(*a, *uniform)[0] == 0
        k, rate = dispersion.selected_wavenumber(*a, *wave)
        assert 2 * math.pi / k == pytest.approx(6.28, abs=0.01)
        assert rate == pytest.approx(0.375, abs=1e-3)


def test_a_class_only_a_little_shorter_still_selects_the_uniform_mode():
    """Assert that the border is at (xi_-/xi_+)^3 = -a_+/a_-."""
    a_plus, a_minus = 0.29, -0.194
    border = (-a_plus / a_minus) ** (1 / 3)
    assert dispersion.selected_wavenumber(a_plus, a_minus, 1.0, 0.999 * border)[0] == 0
    assert dispersion.selected_wavenumber(a_plus, a_minus, 1.0, 1.001 * border)[0] > 0


@pytest.mark.parametrize("xis", [(4.0, 1.0), (1.0, 4.0)])
def test_the_rate_changes_sign_at_the_threshold_wavenumber(xis):
    """Assert mu = 0 there and opposite signs beside it, where the threshold is real."""
    a = (0.2, -0.3)
    k = math.sqrt(dispersion.threshold_wavenumber_squared(*a, *xis))
    assert rate_on(k, *a, *xis) == pytest.approx(0, abs=1e-14)
    assert rate_on(k - 1e-3, *a, *xis) * rate_on(k + 1e-3, *a, *xis) < 0


# ------------------------------------------------------------------------------------------ bias and committee


@pytest.mark.parametrize("prior", [0.5, 0.2])
def test_a_trained_bias_starts_with_the_stated_velocity(prior):
    """Assert db/dt as the sum over labels of the force at w = 0, and that it points to sigma(b) = 2p - 1."""
    for bias in (-1.0, 0.3):
        s0, s1, _ = erf_derivatives(bias)
        velocity = dispersion.bias_velocity(prior, s0, s1)
        assert velocity == pytest.approx(prior * (1 - s0) * s1 + (1 - prior) * (-1 - s0) * s1)
        rest = math.sqrt(2) * special.erfinv(2 * prior - 1)
        assert np.sign(velocity) == np.sign(rest - bias)


def committee_force(w, biases, classes, priors):
    """sum_y p_y E[(y - s) sigma'(h_k) x] over all states, (K, D)."""
    total = np.zeros_like(w)
    for label, prior, (x, weight) in zip((1, -1), priors, classes, strict=True):
        h = x @ w.T + biases
        output = special.erf(h / math.sqrt(2)).mean(1)
        force = (label - output)[:, None] * math.sqrt(2 / math.pi) * np.exp(-(h**2) / 2)
        total += prior * (force * weight[:, None]).T @ x
    return total


def numeric_jacobian(biases, classes, priors, size):
    """Central differences at w = 0, (K D, K D)."""
    K, step = len(biases), 1e-5
    columns = []
    for i in range(K * size):
        w = np.zeros(K * size)
        w[i] = step
        plus, minus = (committee_force(s * w.reshape(K, size), biases, classes, priors) for s in (1, -1))
        columns.append(((plus - minus) / (2 * step)).ravel())
    return np.array(columns).T


SIZE = 6
RINGS = [ring(0.6, SIZE), ring(0.2, SIZE)]
SPECTRA = [np.fft.fft(w @ (x[:, :1] * x)).real for x, w in RINGS]


@pytest.mark.parametrize("biases", [(-1.0, 1.0), (-0.7, -0.7, 0.7, 0.7), (-1.0, -0.2, 0.9)])
@pytest.mark.parametrize("prior", [0.5, 0.3])
def test_the_committee_matrix_has_the_eigenvalues_of_the_mean_field_jacobian(biases, prior):
    """Assert all growth rates of all waves against the Jacobian at w = 0 of the force summed over states."""
    derivatives = [erf_derivatives(x) for x in biases]
    s0, s1, s2 = zip(*derivatives, strict=True)
    priors = (prior, 1 - prior)
    expected = np.linalg.eigvals(numeric_jacobian(np.array(biases), RINGS, priors, SIZE))
    found = [
        np.linalg.eigvals(dispersion.committee_matrix(priors, [c[n] for c in SPECTRA], s0, s1, s2)) for n in range(SIZE)
    ]
    np.testing.assert_allclose(np.sort(np.concatenate(found).real), np.sort(expected.real), atol=1e-8)
    assert np.abs(expected.imag).max() < 1e-7


@pytest.mark.parametrize("size", [2, 4])
def test_a_balanced_committee_grows_at_the_four_rates(size):
    """Assert that the rates are the eigenvalues: two for K = 2, all four (the halves' own modes) for K = 4."""
    bias = 1.0
    _, s1, s2 = erf_derivatives(-bias)
    plus, minus = 3.0, 1.2
    g, h = s2 * (plus - minus) / 2, s1**2 * (plus + minus) / 2
    half = size // 2
    s0 = erf_derivatives(bias)[0]
    matrix = dispersion.committee_matrix(
        (0.5, 0.5), (plus, minus), [-s0] * half + [s0] * half, [s1] * size, [s2] * half + [-s2] * half
    )
    rates = dispersion.committee_rates(g, h)[4 - size :]
    np.testing.assert_allclose(np.sort(np.linalg.eigvals(matrix)), np.sort(rates), atol=1e-14)


def test_a_mode_of_zero_mean_over_all_neurons_need_not_be_an_eigenmode():
    """Assert that (1, -1) over the two halves is none, and (1, -1, 0, 0) within the half of negative bias grows at g."""
    s0, s1, s2 = erf_derivatives(-1.0)
    plus, minus = 3.0, 1.2
    g = s2 * (plus - minus) / 2
    two = np.array(dispersion.committee_matrix((0.5, 0.5), (plus, minus), [s0, -s0], [s1] * 2, [s2, -s2]))
    image = two @ [1, -1]
    assert abs(image[0] + image[1]) > 0.1
    four = np.array(
        dispersion.committee_matrix((0.5, 0.5), (plus, minus), [s0] * 2 + [-s0] * 2, [s1] * 4, [s2] * 2 + [-s2] * 2)
    )
    np.testing.assert_allclose(four @ [1, -1, 0, 0], g * np.array([1, -1, 0, 0]), atol=1e-15)
    assert g > 0


# ------------------------------------------------------------------------------------------ conditional closure


def gaussian_mean(function, mean, variance):
    """Average over N(mean, variance) by 80 Gauss-Hermite nodes."""
    z, weight = np.polynomial.hermite_e.hermegauss(80)
    return np.sum(weight * function(mean + math.sqrt(variance) * z)) / math.sqrt(2 * math.pi)


def force(label, bias):
    """(y - sigma) sigma' at lam + bias."""

    def of(lam):
        h = lam + bias
        return (label - special.erf(h / math.sqrt(2))) * math.sqrt(2 / math.pi) * np.exp(-(h**2) / 2)

    return of


def test_the_conditional_law_of_gaussian_data_is_the_regression():
    """Assert mean and variance of lam given x_i against the Schur complement of the joint covariance."""
    rng = np.random.default_rng(3)
    a = rng.standard_normal((5, 5))
    c = a @ a.T
    scale = np.sqrt(np.diag(c))
    c = c / np.outer(scale, scale)
    w = rng.standard_normal(5)
    joint = np.array([[1, (c @ w)[2]], [(c @ w)[2], w @ c @ w]])
    assert conditional.mean(0.7, (c @ w)[2]) == pytest.approx(0.7 * joint[1, 0] / joint[0, 0])
    assert conditional.variance(w @ c @ w, (c @ w)[2]) == pytest.approx(1 / np.linalg.inv(joint)[1, 1])


@pytest.mark.parametrize("label", [1, -1])
def test_the_closure_is_exact_for_gaussian_data(label):
    """Assert E[x G(x)] over a Gaussian x equals Stein's (C w)_i E[F'], by quadrature."""
    cw, k2, bias = 0.6, 1.3, -1.0
    f = force(label, bias)
    left = integrate.quad(
        lambda x: (
            x
            * gaussian_mean(f, conditional.mean(x, cw), conditional.variance(k2, cw))
            * math.exp(-(x**2) / 2)
            / math.sqrt(2 * math.pi)
        ),
        -12,
        12,
        epsabs=1e-12,
    )[0]
    right = cw * gaussian_mean(lambda lam: (f(lam + 1e-5) - f(lam - 1e-5)) / 2e-5, 0.0, k2)
    assert left == pytest.approx(right, abs=1e-8)


@pytest.mark.parametrize(("kappa4", "points"), [(-2.0, (1.0,)), (-1.2, None), (0.0, "gauss")])
def test_to_third_order_only_the_kurtosis_of_the_marginal_enters(kappa4, points):
    """Assert the third-order formula as the limit of the closure for spins, uniform and Gaussian marginals."""
    slope, third = (float(taylor_coefficient(parse("erf"), n).subs({b: -1, y: 1})) for n in (1, 3))
    f = force(1, -1.0)
    if points is None:
        nodes, weight = np.polynomial.legendre.leggauss(40)
        x, p = math.sqrt(3) * nodes, weight / 2
    elif points == "gauss":
        x, weight = np.polynomial.hermite_e.hermegauss(60)
        p = weight / math.sqrt(2 * math.pi)
    else:
        x, p = np.array([-1.0, 1.0]), np.array([0.5, 0.5])
    for scale in (0.1, 0.05):
        cw, k2 = 0.8 * scale, scale**2
        closure = sum(
            pi * xi * gaussian_mean(f, conditional.mean(xi, cw), conditional.variance(k2, cw))
            for xi, pi in zip(x, p, strict=True)
        )
        assert closure == pytest.approx(conditional.third_order(slope, third, k2, cw, kappa4), abs=3 * scale**5)
        if kappa4:
            assert closure != pytest.approx(conditional.third_order(slope, third, k2, cw, 0.0), abs=3 * scale**5)


def test_the_closure_for_spins_is_half_a_difference():
    """Assert spins() against the average over x = +-1 written out."""
    f, cw, k2 = force(-1, 0.5), 0.4, 0.9

    def average(mean, variance):
        return gaussian_mean(f, mean, variance)

    expected = sum(x / 2 * gaussian_mean(f, x * cw, k2 - cw**2) for x in (1, -1))
    assert conditional.spins(average, k2, cw) == pytest.approx(expected, rel=1e-13)


def test_the_closure_differs_from_an_ising_ring_at_third_order_by_the_fourth_cumulant():
    """Assert E[x_i lam^3] over all states less the closure's is K(w,w,w)_i - kappa4 (C w)_i^3, K from moments."""
    x, p = RINGS[0]
    w = np.random.default_rng(2).standard_normal(SIZE)
    lam, c = x @ w, (x * p[:, None]).T @ x
    cw, k2 = c @ w, w @ c @ w
    exact = (x * (p * lam**3)[:, None]).sum(0)
    cubic = conditional.third_order(0, 6, k2, cw, -2.0)
    moment = np.einsum("s,si,sj,sk,sl->ijkl", p, x, x, x, x)
    pairs = [np.einsum(f"{a},{b}->ijkl", c, c) for a, b in (("ij", "kl"), ("ik", "jl"), ("il", "jk"))]
    kwww = np.einsum("ijkl,j,k,l->i", moment - sum(pairs), w, w, w)
    np.testing.assert_allclose(exact - cubic, kwww + 2 * cw**3, atol=1e-12)
    assert np.abs(exact - cubic).max() > 0.1


def test_beside_a_peak_the_closure_has_a_tenth_of_the_cumulant():
    """Assert the figures of theory.md: K_ijjj = -0.51 against -0.05 for the NLGP, gain 3, xi 4, distance 4."""
    law = NLGP(gain=3.0, xi=4.0)
    exact, kappa4 = fourth_cumulant(law, [[4, 4, 4], [0, 0, 0]])
    c = second_cumulant(law, 60)[4]
    assert exact == pytest.approx(-0.5066852633406760, rel=1e-12)
    assert kappa4 * c**3 == pytest.approx(-0.05, abs=5e-3)


@pytest.mark.parametrize("kappa4", [-2.0, -1.2, 0.7])
def test_the_jacobian_of_the_third_order_field_is_not_symmetric(kappa4):
    """Assert the antisymmetric part against central differences on a ring of five sites; zero for a uniform field."""
    slope, third, c1, c2 = 0.4, -1.3, 0.5, 0.2
    c = np.array([[(1, c1, c2, c2, c1)[(i - j) % 5] for j in range(5)] for i in range(5)])

    def field(w):
        return conditional.third_order(slope, third, w @ c @ w, c @ w, kappa4)

    def jacobian(w):
        e = 1e-5 * np.eye(5)
        return np.array([(field(w + v) - field(w - v)) / 2e-5 for v in e]).T

    w = np.random.default_rng(0).standard_normal(5)
    J, m = jacobian(w), c @ w
    np.testing.assert_allclose(J - J.T, conditional.antisymmetric(third, kappa4, c, m[:, None], m[None, :]), atol=1e-8)
    assert np.abs(J - J.T).max() > 0.01
    J = jacobian(np.full(5, 0.8))
    np.testing.assert_allclose(J, J.T, atol=1e-8)
    signs = np.linalg.solve(c, np.array([1.0, 1, -1, 1, -1]))
    J = jacobian(signs)
    np.testing.assert_allclose(J, J.T, atol=1e-8)


def test_the_functions_take_symbols():
    """Assert that numbers put into the symbolic result give the numeric one."""
    a, c, x1, x2 = sp.symbols("a c x1 x2")
    expr = dispersion.stationary_wavenumber_squared(a, c, x1, x2, sp)
    at = {a: 0.29, c: -0.194, x1: 1.0, x2: 4.0}
    assert float(expr.subs(at)) == pytest.approx(dispersion.stationary_wavenumber_squared(*at.values()))
    k, t = sp.symbols("k t")
    assert float(dispersion.ising_spectrum(k, t, 6, sp).subs({k: 0.3, t: 0.5})) == pytest.approx(
        dispersion.ising_spectrum(0.3, 0.5, 6)
    )
