"""Growth rates on rings and tori: against dense covariances, short flows and closed forms."""

from __future__ import annotations

import numpy as np
import pytest

from cumulode.numerics import drift, growth_rates, second_cumulant, solve
from cumulode.numerics.trajectory.growth import selected
from cumulode.theory import GP, NLGP, Ising, Problem
from cumulode.theory.dynamics import dispersion

RING = Problem(NLGP(3.0, 4.0), NLGP(3.0, 1.0), 40, bias=-1.0, prior=0.4)
CASES = {
    "erf": RING,
    "tanh": Problem(Ising(t=0.7), Ising(t=-0.3), 15, activation="tanh", bias=-0.8),
    "relu": Problem(Ising(t=0.7), GP(NLGP(3.0, 0.5)), 16, activation="relu", bias=0.3),
    "torus": Problem(NLGP(3.0, 1.0), NLGP(3.0, 0.5), (8, 8), bias=-1.0),
}


def wave(problem, k):
    """``cos(2 pi k.site / side)``."""
    side = problem.shape[0]
    sites = np.array(np.unravel_index(np.arange(problem.size), problem.shape))
    return np.cos(2 * np.pi * np.atleast_1d(k) @ sites / side)


@pytest.mark.parametrize("name", list(CASES))
def test_every_wave_grows_at_its_rate(name):
    """Assert drift(a cos) = mu(k) a cos to 1e-9 of the largest rate, a = 1e-6, for every k."""
    problem = CASES[name]
    rates, f = growth_rates(problem), drift(problem, "gaussian")
    assert rates.shape == tuple(side // 2 + 1 for side in problem.shape)
    for k in np.ndindex(rates.shape):
        w = 1e-6 * wave(problem, k)
        # what is left is of the order k2, some 1e-10
        assert np.abs(f(w) - rates[k] * w).max() < 1e-9 * np.abs(rates).max() * np.abs(w).max()


def test_a_flow_from_noise_grows_as_predicted():
    """Assert the power of every wave after t = 1 from |w| = 1e-6: exp(2 mu(k)), to 1e-6."""
    w0 = 1e-6 * np.random.default_rng(0).standard_normal(40)
    w = solve(RING, w0, [1.0], rtol=1e-10, atol=1e-18).w[-1]
    gain = np.abs(np.fft.rfft(w)) / np.abs(np.fft.rfft(w0))
    assert gain == pytest.approx(np.exp(growth_rates(RING)), rel=1e-6)


def test_ising_rates_have_their_closed_form():
    """Assert the spectrum of theory.dispersion on the ring to 1e-12, with the slopes of erf written by hand."""
    problem = Problem(Ising(t=0.7), Ising(t=0.3), 20, bias=-0.9, prior=0.3)
    k = 2 * np.pi * np.arange(11) / 20
    b = problem.bias
    first = np.sqrt(2 / np.pi) * np.exp(-(b**2) / 2)
    from scipy.special import erf

    slopes = [(y - erf(b / np.sqrt(2))) * (-b * first) - first**2 for y in (1, -1)]
    spectra = [dispersion.ising_spectrum(k, t, 20) for t in (0.7, 0.3)]
    expected = 0.3 * slopes[0] * spectra[0] + 0.7 * slopes[1] * spectra[1]
    assert growth_rates(problem) == pytest.approx(expected, rel=1e-12)


def test_the_selected_wave_is_uniform_or_not_as_the_classes_stand():
    """Assert k = 0 with the long-range class at +1; exchanged, the continuum's wavenumber to half a wave in the ring."""
    ring = Problem(NLGP(0.1, 4.0), NLGP(0.1, 1.0), 100, bias=-1.0)
    k, rate = selected(ring)
    assert k == 0
    assert rate == growth_rates(ring)[0] > 0
    turned = Problem(ring.minus, ring.plus, 100, bias=-1.0)
    k, rate = selected(turned)
    slopes = growth_rates(ring)[0], growth_rates(turned)[0]
    # two equations for p_y F_y'(0), from both orders, with Chat(0) of each
    spectra = [second_cumulant(law, 100).sum() for law in ring.laws]
    a_plus, a_minus = np.linalg.solve([spectra, spectra[::-1]], slopes)
    continuum, _ = dispersion.selected_wavenumber(a_plus, a_minus, 1.0, 4.0)
    assert abs(k - continuum * 100 / (2 * np.pi)) < 0.6
    assert k > 3
    assert rate == growth_rates(turned).max()


def test_a_smooth_activation_may_have_bias_zero():
    """Assert finite rates at bias 0, where relu's are refused."""
    assert np.all(np.isfinite(growth_rates(Problem(Ising(t=0.7), Ising(t=0.3), 8, bias=0.0))))
    assert second_cumulant(Ising(t=0.7), 8)[0] == 1
