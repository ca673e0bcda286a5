"""Fluctuations against simulated steps and ``simulate_sgd``.

Statistical bounds are 5.5 standard errors (two-sided 4e-8 a comparison, seeds fixed); with fewer than 60 comparisons
the false alarms of this file together are below 1e-5.
"""

from __future__ import annotations

import math
from itertools import product

import numpy as np
import pytest
from scipy import integrate, special

from cumulode.theory import Ising, Problem
from cumulode.theory.dynamics import fluctuations as noisy
from cumulode.validation.sgd.neuron import simulate_sgd

ERRORS = 5.5
JACOBIAN = np.array([[-0.8, 0.5], [-0.2, 0.3]])
SPREAD = np.array([[1.0, 0.0], [0.4, 0.7]])
NOISE = SPREAD @ SPREAD.T


def erf_force(h: float, y: float) -> tuple[float, float, float]:
    """F, F' and F''' of the default neuron, from the derivatives of erf."""
    d = math.sqrt(2 / math.pi) * math.exp(-h * h / 2)
    value, second, third, fourth = special.erf(h / math.sqrt(2)), -h * d, (h * h - 1) * d, (3 * h - h**3) * d
    return (y - value) * d, (y - value) * second - d * d, (y - value) * fourth - 4 * d * third - 3 * second**2


def linear_runs(runs: int, steps: int, eta: float) -> np.ndarray:
    """Steps of a linear drift with noise of independent signs, from one start: (runs, 2)."""
    rng = np.random.default_rng(11)
    w = np.tile([0.5, -0.3], (runs, 1))
    for _ in range(steps):
        signs = rng.integers(0, 2, size=(runs, 2)) * 2.0 - 1.0
        w = w + eta * (w @ JACOBIAN.T + signs @ SPREAD.T)
    return w


def test_covariance_step_repeated_is_the_covariance_of_many_runs() -> None:
    """Assert all entries after 40 steps of 40 000 linear runs within standard errors (5 comparisons)."""
    runs, steps, eta = 40_000, 40, 0.05
    w = linear_runs(runs, steps, eta)
    mean, expected = np.array([0.5, -0.3]), np.zeros((2, 2))
    for _ in range(steps):
        mean = mean + eta * (JACOBIAN @ mean)
        expected = noisy.covariance_step(JACOBIAN, expected, NOISE, eta)
    u = w - mean
    assert np.abs(u.mean(axis=0) / np.sqrt(np.diag(expected) / runs)).max() < ERRORS
    for i, k in ((0, 0), (0, 1), (1, 1)):
        terms = u[:, i] * u[:, k]
        assert abs(terms.mean() - expected[i, k]) < ERRORS * terms.std() / math.sqrt(runs)


def test_covariance_rate_is_what_steps_do_up_to_the_order_neglected() -> None:
    """Assert that the ODE's solution differs from steps by a relative amount that halves with the learning rate."""

    def relative(eta: float) -> float:
        steps = np.zeros((2, 2))
        for _ in range(round(2.0 / eta)):
            steps = noisy.covariance_step(JACOBIAN, steps, NOISE, eta)
        rate = lambda t, v: noisy.covariance_rate(JACOBIAN, v.reshape(2, 2), NOISE, eta).ravel()
        flow = integrate.solve_ivp(rate, (0, 2), np.zeros(4), rtol=1e-10, atol=1e-14).y[:, -1].reshape(2, 2)
        return float(np.linalg.norm(steps - flow) / np.linalg.norm(flow))

    coarse, fine = relative(0.01), relative(0.005)
    assert coarse < 0.02
    assert coarse / fine == pytest.approx(2.0, rel=0.02)


@pytest.mark.parametrize("rate", [-0.7, 0.4])
def test_variance_of_one_mode_after_steps_and_in_time(rate: float) -> None:
    """Assert the closed form against the recursion, its limits at rest, and the form in time to first order."""
    eta, noise, variance = 0.02, 1.3, 0.4
    for _ in range(50):
        variance = (1 + eta * rate) ** 2 * variance + eta**2 * noise
    assert noisy.variance_after(rate, noise, eta, 50, 0.4) == pytest.approx(variance, rel=1e-13)
    assert noisy.mode_variance(rate, noise, 1.0, eta, 0.4) == pytest.approx(variance, rel=eta)
    fine = noisy.variance_after(rate, noise, eta / 100, 5000, 0.4 / 100)
    assert noisy.mode_variance(rate, noise, 1.0, eta / 100, 0.4 / 100) == pytest.approx(fine, rel=eta / 100)
    if rate < 0:
        rest = noisy.stationary_variance(rate, noise, eta)
        assert noisy.variance_after(rate, noise, eta, 5000) == pytest.approx(rest, rel=1e-12)
        assert rest == pytest.approx(-eta * noise / (2 * rate), rel=eta)


def test_mode_variance_takes_arrays_and_a_rate_of_zero() -> None:
    """Assert diffusion at rate 0 and that nearby rates join it."""
    values = noisy.mode_variance(np.array([-1e-9, 0.0, 1e-9]), 2.0, 3.0, 0.1, 0.5)
    np.testing.assert_allclose(values, 0.5 + 0.1 * 2.0 * 3.0, rtol=1e-8)


def test_errors_of_steps_without_noise() -> None:
    """Assert local and global error of steps of w - w^3 against Bernoulli's solution, both to leading order."""
    drift = lambda w: w - w**3
    exact = lambda t, w0: w0 * math.exp(t) / math.sqrt(1 + w0**2 * (math.exp(2 * t) - 1))
    eta, w0 = 1e-3, 0.2
    one = exact(eta, w0) - (w0 + eta * drift(w0))
    assert noisy.local_error(drift(w0), 1 - 3 * w0**2, eta) == pytest.approx(one, rel=2e-3)
    for t in (1.0, 2.0):
        w = w0
        for _ in range(round(t / eta)):
            w += eta * drift(w)
        there = exact(t, w0)
        assert noisy.step_error(drift(w0), drift(there), eta) == pytest.approx(w - there, rel=5e-3)


def test_the_mean_of_nonlinear_runs_is_shifted_as_said() -> None:
    """Assert the mean of 100 000 runs of w - w^3 with noise, to a tenth of the shift and standard errors.

    First order predicts the shift with a relative error of order eta / |f'|, a few percent at eta = 0.02.
    """
    eta, t, w0, runs = 0.02, 1.5, 0.3, 100_000
    rng = np.random.default_rng(5)
    w = np.full(runs, w0)
    for _ in range(round(t / eta)):
        w = w + eta * (w - w**3 + rng.integers(0, 2, runs) * 2.0 - 1.0)

    def rates(_: float, v: np.ndarray) -> list[float]:
        m, variance = v
        slope = 1 - 3 * m**2
        return [noisy.mean_rate(m - m**3, slope, -6 * m, variance, eta), 2 * slope * variance + eta]

    predicted = integrate.solve_ivp(rates, (0, t), [w0, 0.0], rtol=1e-9, atol=1e-12).y[0, -1]
    plain = integrate.solve_ivp(lambda _, v: v - v**3, (0, t), [w0], rtol=1e-9, atol=1e-12).y[0, -1]
    error = w.std() / math.sqrt(runs)
    assert abs(plain - predicted) > 3 * ERRORS * error
    assert abs(w.mean() - predicted) < 0.1 * abs(plain - predicted) + ERRORS * error


SMALL = Problem(plus=Ising(t=0.7), minus=Ising(t=0.3), size=6, bias=-1.0, prior=0.4)


def states(law: Ising, size: int) -> tuple[np.ndarray, np.ndarray]:
    """All states of an Ising ring and their probabilities, from the product over bonds."""
    x = np.array(list(product([-1.0, 1.0], repeat=size)))
    weight = np.prod(1 + law.t * x * np.roll(x, -1, axis=1), axis=1)
    return x, weight / weight.sum()


def brute_moments(w: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """``E[F^2 x x^T]`` and ``E[F x]`` of SMALL over both classes and all states."""
    second, mean = np.zeros((6, 6)), np.zeros(6)
    for law, y, prior in zip(SMALL.laws, SMALL.labels, SMALL.priors, strict=True):
        assert isinstance(law, Ising)
        x, p = states(law, 6)
        u = np.array([erf_force(h, y)[0] for h in x @ w + SMALL.bias])[:, None] * x
        second, mean = second + prior * (p[:, None] * u).T @ u, mean + prior * p @ u
    return second, mean


def early_modes() -> tuple[np.ndarray, np.ndarray]:
    """Growth rate and noise of the modes k = 0..3 of SMALL, from second moments over all states."""
    rates, noise = np.zeros(4), np.zeros(4)
    spectra, forces = [], []
    for law, y, prior in zip(SMALL.laws, SMALL.labels, SMALL.priors, strict=True):
        assert isinstance(law, Ising)
        x, p = states(law, 6)
        spectra.append(np.abs(np.fft.rfft(x, axis=1)).T ** 2 @ p / 6)
        force, slope, _ = erf_force(SMALL.bias, y)
        forces.append(force)
        rates += prior * slope * spectra[-1]
    noise = noisy.small_field_noise(SMALL.priors, forces, spectra)
    return rates, noise


def test_noise_of_small_fields_is_that_of_all_states() -> None:
    """Assert B at small w against the sum over all states, mode by mode, with an error that falls as w^2."""
    _, noise = early_modes()
    direction = np.random.default_rng(3).standard_normal(6)
    waves = np.fft.fft(np.eye(6))[:4] / math.sqrt(6)

    def error(size: float) -> float:
        second, mean = brute_moments(size * direction)
        covariance = noisy.noise_covariance(second, np.outer(mean, mean))
        return float(np.abs(np.einsum("ki,ij,kj->k", waves, covariance, waves.conj()).real / noise - 1).max())

    assert error(0.0) < 1e-13
    assert error(0.02) < 2 * 0.02**2 * (direction @ direction)
    assert error(0.02) / error(0.01) == pytest.approx(4.0, rel=0.05)


def test_simulated_fields_grow_from_noise_alone() -> None:
    """Assert E|w_k|^2 of 4000 runs of ``simulate_sgd`` that start from zero, k = 0..3, at three times (12 comparisons).

    One mode grows, three decay. What is neglected is of relative order |w|^2, here 7e-4 in the mean with a coefficient
    below 2 (the test above), and is allowed for by half a percent.
    """
    rates, noise = early_modes()
    eta, steps, runs = 5e-4, np.array([200, 600, 1200]), 4000
    run = simulate_sgd(SMALL, np.zeros((runs, 6)), steps * eta, eta, 1, seed=8)
    power = np.abs(np.fft.rfft(run.w, axis=2)) ** 2 / 6
    expected = noisy.variance_after(rates, noise, eta, steps[:, None])
    error = power.std(axis=0) / math.sqrt(runs)
    assert np.mean(run.norm**2, axis=0).max() < 1e-3
    assert rates[0] > 0 > rates[1:].max()
    assert np.all(np.abs(power.mean(axis=0) - expected) < ERRORS * error + 0.005 * expected)
    np.testing.assert_allclose(noisy.mode_variance(rates, noise, steps[:, None] * eta, eta), expected, rtol=2 * eta)


def test_share_of_the_noise() -> None:
    """Assert the share at a time as a ratio of variances, its late limit, and one half where 2 mu S_0 = eta B."""
    rate, noise, eta, start = 0.3, 1.2, 0.01, 0.02
    for t in (0.1, 2.0):
        ratio = noisy.mode_variance(rate, noise, t, eta) / noisy.mode_variance(rate, noise, t, eta, start)
        assert noisy.noise_share(rate, noise, eta, start, t) == pytest.approx(ratio, rel=1e-12)
    late = noisy.mode_variance(rate, noise, 60.0, eta) / noisy.mode_variance(rate, noise, 60.0, eta, start)
    assert noisy.noise_share(rate, noise, eta, start) == pytest.approx(late, rel=1e-12)
    assert noisy.noise_share(rate, noise, 2 * rate * start / noise, start) == pytest.approx(0.5, rel=1e-12)
