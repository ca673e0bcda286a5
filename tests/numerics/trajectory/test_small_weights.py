"""Starts of every size: growth from 1e-300 on is exact, and no accuracy was given up at ordinary starts."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from cumulode.numerics import Status, drift, growth_rates, solve, solve_network
from cumulode.numerics.observables import ipr, kurtosis, norm
from cumulode.theory import NLGP, Ising, Problem
from cumulode.theory.closures.names import CLOSURES
from cumulode.theory.user_input.arguments import InvalidArgument

FIELD = Problem(NLGP(3.0, 1.5), NLGP(3.0, 0.5), 12)
SPINS = Problem(Ising(t=0.7), Ising(t=0.3), 12, bias=-1.0)
Z = np.random.default_rng(1).standard_normal(12) / math.sqrt(12)
SIZES = (1e-3, 1e-9, 1e-30, 1e-81, 1e-110, 1e-160, 1e-200, 1e-299)


def linear(problem, w0, t):
    """``exp(J t) w0`` of the flow about w = 0, whose eigenvectors are waves."""
    rates = growth_rates(problem)
    full = np.concatenate([rates, rates[-2:0:-1]])
    return np.fft.ifft(np.exp(full * t) * np.fft.fft(w0)).real


@pytest.mark.parametrize("closure", [*CLOSURES, "exact"])
def test_small_fields_grow_as_linear_theory_says(closure):
    """Assert w(t) / |w0| = exp(J t) w0 / |w0| to 1e-5 for starts of 1e-9 to 1e-299: not a digit less at 1e-299."""
    problem = SPINS if closure == "exact" else FIELD
    sizes = SIZES[1:]
    time = 5.0 if closure == "exact" else 20.0
    runs = solve(problem, np.outer(sizes, Z), [time], closure=closure)
    expected = linear(problem, Z, time)
    for size, w in zip(sizes, runs.w[:, 0], strict=True):
        assert np.abs(w / size - expected).max() < 1e-5 * np.abs(expected).max(), size


@pytest.mark.parametrize("size", SIZES)
def test_every_start_is_as_near_to_dop853_as_an_ordinary_one(size):
    """Assert the error at t = 20 against DOP853 at rtol 1e-11 (the flow scaled by 1 / |w0| for it) below 1e-5."""
    f, scale = drift(FIELD), size
    times = [5.0, 20.0]
    truth = solve_ivp(lambda _, v: f(scale * v) / scale, (0, 20.0), Z, "DOP853", times, rtol=1e-11, atol=1e-15).y.T
    error = np.linalg.norm(solve(FIELD, size * Z, times).w / size - truth, axis=1)
    assert np.all(error < 1e-5 * np.linalg.norm(truth, axis=1))


@pytest.mark.parametrize("problem", [FIELD, SPINS], ids=["field", "spins"])
@pytest.mark.parametrize("size", [0.1, 1.0])
def test_the_default_is_no_worse_at_ordinary_starts_than_an_absolute_error_of_1e_9(problem, size):
    """Assert an error against a run at rtol 1e-11 of at most twice that of atol = 1e-9, or 3 rtol, at t = 5, 20, 60."""
    times = [5.0, 20.0, 60.0]
    truth = solve(problem, size * Z, times, rtol=1e-11, atol=1e-14).w
    ours, fixed = (
        np.linalg.norm(solve(problem, size * Z, times, atol=atol).w - truth, axis=1) for atol in (None, 1e-9)
    )
    assert np.all(ours <= np.maximum(2 * fixed, 3e-6 * np.linalg.norm(truth, axis=1)))


def test_a_given_atol_keeps_its_meaning_and_is_said_to_be_too_coarse():
    """Assert that with atol = 1e-9 growth from 1e-30 is wrong, and that the message says so and names the way out."""
    run = solve(FIELD, 1e-30 * Z, [20.0], atol=1e-9)
    expected = linear(FIELD, 1e-30 * Z, 20.0)
    assert np.linalg.norm(run.w[0]) > 10 * np.linalg.norm(expected)
    assert "below atol" in run.message
    assert "atol=None" in run.message


@pytest.mark.parametrize(
    ("size", "limit"),
    [(1e-301, "at least 1e-300"), (1e-320, "at least 1e-300"), (1e76, "up to 1e+70"), (1e200, "up to 1e+70")],
)
def test_starts_that_floats_cannot_follow_are_refused(size, limit):
    """Assert a refusal that names w0, its size and the limit, below 1e-300 and where k4 overflows."""
    with pytest.raises(InvalidArgument, match=rf"^w0: got .*{re.escape(limit)}"):
        solve(FIELD, size * Z / np.linalg.norm(Z / np.abs(Z).max()) / np.abs(Z).max(), [1.0])


def test_zero_stays_zero():
    """Assert that w0 = 0 is followed to the end, with a remark, whatever the activation (a kink at the bias, too)."""
    for problem in (FIELD, Problem(NLGP(3.0, 1.5), NLGP(3.0, 0.5), 12, activation="relu")):
        run = solve(problem, np.zeros(12), [0.0, 5.0])
        assert run.status is Status.REACHED_END
        assert not run.w.any()
        assert "w0 is zero" in run.message


def test_a_saturated_activation_is_no_dead_neuron():
    """Assert that weights that do not move are said to saturate the activation where w.x is large, else to be dead."""
    for size in (1e8, 1e30, 1e70):
        run = solve(FIELD, size * Z, [1.0])
        assert "saturated" in run.message
        assert "dead" not in run.message
    dead = solve(Problem(NLGP(3.0, 1.5), NLGP(3.0, 0.5), 12, activation="relu", bias=-30.0), 0.1 * Z, [1.0])
    assert "dead neuron" in dead.message


def test_a_committee_follows_its_own_weights():
    """Assert linear growth of a committee of one neuron from 1e-9 to 1e-200, alike to 1e-5."""
    for size in (1e-9, 1e-100, 1e-200):
        run = solve_network(SPINS, size * Z[None], [5.0], -1.0)
        again = solve_network(SPINS, 1e-9 * Z[None], [5.0], -1.0, rtol=1e-11)
        assert np.allclose(run.w[0] / size, again.w[0] / 1e-9, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("scale", [1e-300, 1e-170, 1e-5, 1.0, 1e160, 1e300])
def test_norm_and_ipr_have_no_scale(scale):
    """Assert |s w| = s |w| to rounding, and one IPR, where squares under- or overflow; to the bit at powers of two."""
    assert norm(scale * Z) == pytest.approx(scale * math.hypot(*Z), rel=1e-15)
    assert ipr(scale * Z) == pytest.approx(ipr(Z), rel=1e-13)
    assert norm(2.0**-600 * Z) == 2.0**-600 * norm(Z)


def test_a_kurtosis_of_cumulants_that_underflow_is_not_a_number():
    """Assert NaN, not 0, where k2^2 is below the floats, and k4 / k2^2 above."""
    k2 = np.array([1.0, 1e-100, 1e-150, 0.0])
    assert np.array_equal(np.isnan(kurtosis(k2, -2.0 * k2**2, 0.0 * k2)), [False, False, True, True])
    assert kurtosis(k2, -2.0 * k2**2, 0.0 * k2)[1] == pytest.approx(-2.0)
