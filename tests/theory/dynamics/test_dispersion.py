"""Linear growth: plane waves, the selected wavenumber, bias and committee, by sums over all states of small rings."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from scipy import special

from cumulode import NLGP, Ising, Problem, drift, second_cumulant
from cumulode.theory.dynamics import dispersion

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
