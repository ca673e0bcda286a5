"""SGD does what its rule says: one step in expectation, many steps in the limit, the same bytes for the same seed.

Statistical bounds are 5.5 standard errors (two-sided 4e-8 a comparison, 1e-6 where they come from 60 runs) unless a
test says otherwise; the false alarms of this file together are below 5e-5.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import special, stats

from cumulode.numerics import solve
from cumulode.theory import GP, NLGP, Ising, Problem
from cumulode.theory.problem.laws import Law
from cumulode.validation.sampling.sampler import sample
from cumulode.validation.sgd.neuron import simulate_sgd

ERRORS = 5.5
SMALL = Problem(plus=Ising(t=0.7), minus=Ising(t=-0.3), size=6, bias=-0.6, prior=0.3)
WIDE = Problem(plus=NLGP(3.0, 2.0), minus=NLGP(3.0, 1.0), size=20, bias=-1.0)
UNBOUNDED = Problem(plus=Ising(t=0.7), minus=Ising(t=0.3), size=8, activation="relu", bias=1.0)
RNG = np.random.default_rng(5)
W_SMALL = 0.5 * RNG.standard_normal(6)
W_WIDE = 0.2 * RNG.standard_normal((6, 20))

#: sigma and its derivative, written independently of the package.
ACTIVATIONS: dict[str, tuple[Callable[..., Any], Callable[..., Any]]] = {
    "erf": (lambda h: special.erf(h / np.sqrt(2)), lambda h: np.sqrt(2 / np.pi) * np.exp(-(h**2) / 2)),
    "tanh": (np.tanh, lambda h: 1 - np.tanh(h) ** 2),
    "relu": (lambda h: np.maximum(h, 0), lambda h: (h > 0) * 1.0),
    "-h**3/6 + h": (lambda h: h - h**3 / 6, lambda h: 1 - h**2 / 2),
}


def updates(activation: str, bias: float, y: float, w: np.ndarray, x: np.ndarray) -> np.ndarray:
    """``F_y(w.x + b) x`` for inputs (n, D)."""
    value, slope = ACTIVATIONS[activation]
    h = x @ w + bias
    return np.asarray(((y - value(h)) * slope(h))[:, None] * x)


def exact_update(problem: Problem, w: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean (D,) and covariance (D, D) of one sample's update, summed over all 2^D states of the two Ising rings."""
    x = np.array(list(product([-1.0, 1.0], repeat=problem.size)))
    mean, second = np.zeros(problem.size), np.zeros((problem.size, problem.size))
    for law, y, prior in zip(problem.laws, problem.labels, problem.priors, strict=True):
        assert isinstance(law, Ising)
        bonds = np.prod(1 + law.t * x * np.roll(x, -1, axis=1), axis=1)
        p = prior * bonds / (2**problem.size * (1 + law.t**problem.size))
        u = updates(str(problem.activation), problem.bias, y, w, x)
        mean += p @ u
        second += u.T @ (p[:, None] * u)
    return mean, second - np.outer(mean, mean)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_one_step_is_the_population_drift_in_expectation(activation: str) -> None:
    """Assert that a step with 400 000 samples is the exact drift within standard errors (seed 1; 24 comparisons)."""
    problem = Problem(SMALL.plus, SMALL.minus, 6, activation, SMALL.bias, SMALL.prior)
    drift, covariance = exact_update(problem, W_SMALL)
    batch, rate = 400_000, 0.5
    run = simulate_sgd(problem, W_SMALL, [0.0, rate], rate, batch, seed=1)
    np.testing.assert_array_equal(run.w[0], W_SMALL)
    z = ((run.w[1] - W_SMALL) / rate - drift) / np.sqrt(np.diag(covariance) / batch)
    assert np.abs(z).max() < ERRORS


@pytest.mark.parametrize(("plus", "minus"), [(NLGP(3.0, 3.0), NLGP(2.0, 1.0)), (GP(NLGP(3.0, 3.0)), NLGP(np.inf, 1.0))])
def test_one_step_averages_over_the_inputs_of_both_classes(plus: Law, minus: Law) -> None:
    """Assert that a step agrees with averages over ``sample``'s inputs, class by class (seeds 2, 3; 60 comparisons)."""
    problem = Problem(plus, minus, 30, bias=-0.5, prior=0.7)
    w, batch, rate = 0.3 * np.random.default_rng(0).standard_normal(30), 200_000, 0.1
    step = (simulate_sgd(problem, w, [rate], rate, batch, seed=2).w[0] - w) / rate
    mean, square, error = np.zeros(30), np.zeros(30), np.zeros(30)
    for law, y, prior in zip(problem.laws, problem.labels, problem.priors, strict=True):
        u = updates("erf", -0.5, y, w, sample(law, 30, batch // 2, seed=3))
        mean += prior * u.mean(axis=0)
        square += prior * (u**2).mean(axis=0)
        error += prior**2 * u.var(axis=0) / (batch // 2)
    assert np.abs((step - mean) / np.sqrt((square - mean**2) / batch + error)).max() < ERRORS


def test_the_noise_of_a_step_falls_with_the_batch() -> None:
    """Assert mean and variance of 3000 single steps at batch 1 and 5 (seeds 0..2999; 24 comparisons).

    The variance's standard error comes from the sample's own fourth moment.
    """
    drift, covariance = exact_update(SMALL, W_SMALL)
    variance = np.diag(covariance)
    for batch in (1, 5):
        runs = simulate_sgd(SMALL, W_SMALL, [0.1], 0.1, batch, seeds=3000)
        u = (runs.w[:, 0] - W_SMALL) / 0.1 - drift
        assert np.abs(u.mean(axis=0) / np.sqrt(variance / batch / 3000)).max() < ERRORS
        gap = (u**2).mean(axis=0) - variance / batch
        assert np.abs(gap / ((u**2).std(axis=0) / np.sqrt(3000))).max() < ERRORS


def euler(problem: Problem, w: np.ndarray, rate: float, steps: int) -> np.ndarray:
    """``steps`` steps along the exact population drift."""
    for _ in range(steps):
        w = w + rate * exact_update(problem, w)[0]
    return w


def test_many_steps_follow_the_drift_and_small_rates_the_exact_flow() -> None:
    """Assert that SGD's mean over 60 seeds is Euler's method on the exact drift, whose error is O(learning rate).

    Noise moves the mean by about rate / batch = 1e-5, which is allowed on top of the standard errors (12 comparisons);
    Euler's error against the exact flow must halve with the rate, so time is learning rate x steps.
    """
    rate, batch = 0.5, 40_000
    w = simulate_sgd(SMALL, W_SMALL, [2.0, 4.0], rate, batch, seeds=60).w
    for i, steps in enumerate((4, 8)):
        error = w[:, i].std(axis=0, ddof=1) / np.sqrt(60)
        assert np.all(np.abs(w[:, i].mean(axis=0) - euler(SMALL, W_SMALL, rate, steps)) < ERRORS * error + rate / batch)

    flow = solve(SMALL, W_SMALL, [4.0], closure="exact", rtol=1e-10, atol=1e-12).w[0]
    off = [np.abs(euler(SMALL, W_SMALL, 4.0 / steps, steps) - flow).max() for steps in (8, 100, 200)]
    assert off[1] / off[2] == pytest.approx(2.0, rel=0.02)
    assert off[0] > 2 * (
        ERRORS * error.max() + rate / batch
    )  # so the first comparison distinguishes Euler from the flow


def test_fluctuations_follow_the_linear_noise_equation() -> None:
    """Assert that the variance over 1500 seeds is that of theory.md section 7, dS/dt = J S + S J^T + rate B / batch.

    Its discrete form along Euler's path, with J and B exact; standard errors from the sample's fourth moment
    (seeds 0..1499; 6 comparisons; what the linearisation drops, about 10 S, is below 1e-2 of S = 4e-4).
    """
    rate, batch, steps = 0.1, 200, 40
    w, s, h = W_SMALL, np.zeros((6, 6)), 1e-5
    for _ in range(steps):
        drift, covariance = exact_update(SMALL, w)
        jacobian = np.array(
            [(exact_update(SMALL, w + e)[0] - exact_update(SMALL, w - e)[0]) / (2 * h) for e in h * np.eye(6)]
        ).T
        move = np.eye(6) + rate * jacobian
        s = move @ s @ move.T + rate**2 * covariance / batch
        w = w + rate * drift
    found = simulate_sgd(SMALL, W_SMALL, [rate * steps], rate, batch, seeds=1500).w[:, 0]
    square = (found - found.mean(axis=0)) ** 2
    error = square.std(axis=0) / np.sqrt(1500)
    assert np.all(np.abs(square.mean(axis=0) - np.diag(s)) < ERRORS * error + 0.01 * np.diag(s))
    assert error.max() < 0.05 * np.diag(s).min()  # so a wrong power of the rate or the batch would be seen


def test_a_step_on_a_torus_averages_over_its_inputs() -> None:
    """Assert that the inputs are those of the torus, by a step's agreement with ``sample`` (seeds 2, 3; 36 comparisons)."""
    problem = Problem(NLGP(3.0, 2.0, "wrapped"), NLGP(2.0, 0.5), (6, 6), bias=-1.0, prior=0.7)
    w, batch, rate = 0.04 + 0.02 * np.random.default_rng(0).standard_normal(36), 100_000, 0.1
    step = (simulate_sgd(problem, w, [rate], rate, batch, seed=2).w[0] - w) / rate
    mean, square, error = np.zeros(36), np.zeros(36), np.zeros(36)
    for law, y, prior in zip(problem.laws, problem.labels, problem.priors, strict=True):
        u = updates("erf", -1.0, y, w, sample(law, (6, 6), batch // 2, seed=3))
        mean += prior * u.mean(axis=0)
        square += prior * (u**2).mean(axis=0)
        error += prior**2 * u.var(axis=0) / (batch // 2)
    scale = np.sqrt((square - mean**2) / batch + error)
    assert np.abs((step - mean) / scale).max() < ERRORS
    flat = (
        simulate_sgd(Problem(*problem.laws, 36, bias=-1.0, prior=0.7), w, [rate], rate, batch, seed=2).w[0] - w
    ) / rate
    assert np.abs((flat - mean) / scale).max() > 2 * ERRORS  # so a ring's inputs would be seen


@pytest.mark.slow
def test_localisation_is_that_of_the_population_flow() -> None:
    """Assert that the final IPR over 16 seeds is the reference's, within t-distributed errors at 1e-5 and 0.005.

    NLGP 4/1, gain 3, D = 40, batch 100; 0.005 is the O(learning rate) allowance.
    """
    data = np.load(Path(__file__).parents[2] / "data" / "nlgp_population.npz")
    key = next(k for k in data.files if k.startswith("nlgp_D40_xip4_xim1_g3_b-1_amp0.1_seed1/") and k.endswith("/w"))
    problem = Problem(plus=NLGP(3.0, 4.0), minus=NLGP(3.0, 1.0), size=40, bias=-1.0)
    run = simulate_sgd(problem, data[key][0], [0.0, 150.0], 0.01, 100, seeds=16)
    expected = data[key.replace("/w", "/ipr")][-1]
    final = run.ipr[:, -1]
    assert abs(final.mean() - expected) < stats.t(15).isf(5e-6) * final.std(ddof=1) / 4 + 0.005
