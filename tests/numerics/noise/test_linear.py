"""Linear theory of SGD's scatter against exact sums over states and the diffusion constants of known fields."""

from __future__ import annotations

import math

import numpy as np
import pytest
from noise_data import DATA, RING, exact_noise
from oracles import ising_points
from scipy.integrate import solve_ivp
from scipy.special import erf

from cumulode import NLGP, Ising, Problem, Solver, linear_fluctuations, simulate_sgd
from cumulode.numerics.noise.linear import covariances, shift_direction
from cumulode.theory.user_input.arguments import InvalidArgument


def _exact(w):
    """Drift and Jacobian of RING over all states."""
    f, J = 0.0, 0.0
    for t, label in ((0.7, 1.0), (0.3, -1.0)):
        x, p = ising_points(t, 12)
        h = x @ w - 1.0
        g = math.sqrt(2 / math.pi) * np.exp(-h * h / 2)
        rest = label - erf(h / math.sqrt(2))
        f = f + (p * rest * g / 2) @ x
        J = J + (x.T * (p * (-g * g - rest * h * g) / 2)) @ x
    return f, J


def test_the_covariance_equation_is_solved():
    """Assert tr Sigma with the exact drift, J and N of the Ising ring of 12 to 1e-6, and Sigma to 1e-5."""
    m = solve_ivp(lambda t, w: _exact(w)[0], (0, 40), DATA["m"][0], "DOP853", dense_output=True, rtol=1e-10, atol=1e-12)
    grid, Sigma = covariances(lambda t: m.sol(t).T, lambda w: (_exact(w)[1], exact_noise(w)), DATA["t"])
    Sigma = Sigma[np.searchsorted(grid, DATA["t"])]
    traces, expected = (np.trace(S, axis1=1, axis2=2)[1:] for S in (Sigma, DATA["Sigma"]))
    assert traces == pytest.approx(expected, rel=1e-6)
    assert Sigma == pytest.approx(DATA["Sigma"], abs=1e-5)


def test_the_closures_covariance_is_near_the_exact_one():
    """Assert tr Sigma of the closure within 3, 6, 6, 8, 20 % of the exact one at t = 2, 5, 10, 20, 40."""
    found = linear_fluctuations(RING, DATA["m"][0], DATA["t"])
    ratio = np.trace(found.Sigma, axis1=1, axis2=2)[1:] / np.trace(DATA["Sigma"], axis1=1, axis2=2)[1:]
    assert np.all(np.abs(ratio - 1) < [0.03, 0.06, 0.06, 0.08, 0.2])
    assert np.all(np.diff(found.amplification) >= 0)


def test_sgd_scatters_as_the_exact_covariance_says():
    """Assert tr of the covariance of 1,000 runs of SGD over s tr Sigma within 1 +- .09 at t = 2, 5, 10, 20 and
    s = 1e-3 (seeds 0 .. 999; standard error at most .02, false alarm 1e-5).
    """
    w = simulate_sgd(RING, DATA["m"][0], DATA["t"][1:5], learning_rate=0.01, batch_size=10, seeds=1000).w
    ratio = w.var(axis=0, ddof=1).sum(axis=-1) / 1e-3 / np.trace(DATA["Sigma"], axis1=1, axis2=2)[1:5]
    assert np.all(np.abs(ratio - 1) < 0.09)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("plus", "minus", "expected"),
    [(NLGP(3.0, 4.0), NLGP(3.0, 1.0), 32.1), (Ising(0.7), Ising(0.3), 48.3), (NLGP(1.0, 4.0), NLGP(1.0, 1.0), 177.0)],
    ids=["gain 3", "ising", "gain 1"],
)
def test_diffusion_of_the_centre(plus, minus, expected):
    """Assert the diffusion constants of stationary fields of 40 sites to 2 %; eq. (fluctuations.26, diffusion of the
    centre)."""
    problem = Problem(plus, minus, 40, bias=-1.0)
    w0 = 0.1 * np.random.default_rng(1).standard_normal(40) / math.sqrt(40)
    found = linear_fluctuations(problem, w0, [0.0, 400.0])
    assert math.isnan(found.diffusion[0])  # a field on its way has no such constant
    assert found.diffusion[-1] == pytest.approx(expected, rel=0.02)
    assert 5e3 < found.amplification[-1] < 1e6
    assert not found.trusted(1e-4)[-1]
    assert found.trusted(1e-9)[-1]


def test_shift_direction_is_the_derivative_of_a_wave():
    """Assert the spectral derivative of waves on a ring and a torus, to rounding."""
    i = np.arange(12)
    k = 2 * np.pi * 3 / 12
    assert shift_direction(np.cos(k * i), (12,))[0] == pytest.approx(-k * np.sin(k * i))
    x, y = np.meshgrid(np.arange(6), np.arange(6), indexing="ij")
    q = 2 * np.pi / 6
    rows = shift_direction((np.cos(q * x) * np.sin(2 * q * y)).ravel(), (6, 6))
    assert rows[0] == pytest.approx((-q * np.sin(q * x) * np.sin(2 * q * y)).ravel())
    assert rows[1] == pytest.approx((2 * q * np.cos(q * x) * np.cos(2 * q * y)).ravel())


def test_many_starts_are_refused():
    """Assert the argument is named."""
    with pytest.raises(InvalidArgument, match="^w0: "):
        linear_fluctuations(RING, np.zeros((2, 12)), [0.0, 1.0])


def test_a_flow_that_fails_is_refused_and_time_zero_is_answered():
    """Assert one line that says how the flow ended; at time 0 there is no scatter."""
    with pytest.raises(InvalidArgument, match="^w0: got a flow that stopped"):
        linear_fluctuations(RING, DATA["m"][0], [0.0, 1.0], solver=Solver(max_steps=3))
    assert np.all(linear_fluctuations(RING, DATA["m"][0], [0.0]).Sigma == 0.0)


def test_near_times_and_zero_weights_are_no_trouble_and_what_is_too_stiff_is_refused(monkeypatch):
    """Assert finite numbers, one line to show them, and refusals of what is no problem and of a flow too fast."""
    problem, w = Problem(Ising(0.5), Ising(0.2), 6), 0.1 * np.cos(np.arange(6.0))
    for start, times in ((w, [5e-324, 1.0]), (w, [0.0, 1.0, 1.0 + 1e-15]), (0 * w, [0.0, 1.0])):
        made = linear_fluctuations(problem, start, times)
        assert np.all(np.isfinite(made.Sigma))
    assert repr(made).startswith("LinearFluctuations(t 0 .. 1 (2 times), w (2, 6), amplification ")
    with pytest.raises(InvalidArgument, match="^problem: got "):
        linear_fluctuations("ring", w, [0.0, 1.0])
    monkeypatch.setattr("cumulode.numerics.noise.linear.MOST_STEPS", 1)
    with pytest.raises(InvalidArgument, match="^t_eval: got 1.0, allowed: times up to .*too stiff$"):
        linear_fluctuations(problem, w, [0.0, 1.0])
