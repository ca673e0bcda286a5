"""w = 0 attracts: solve and validity say so, weights that become nothing are zero, and no shape of them is judged."""

from __future__ import annotations

import math

import numpy as np
import pytest

from cumulode.numerics import Status, growth_rates, solve, validity
from cumulode.numerics.trajectory.decay import has_decayed, largest_rate
from cumulode.theory import NLGP, Problem

DYING = Problem(NLGP(3.0, 1.5), NLGP(3.0, 0.5), 12, activation="tanh", bias=-0.5, prior=0.3)
GROWING = Problem(NLGP(3.0, 1.5), NLGP(3.0, 0.5), 12)
KINKED = Problem(NLGP(3.0, 1.5), NLGP(3.0, 0.5), 40, activation="relu", bias=0.0, prior=0.3)
Z = np.random.default_rng(1).standard_normal(12) / math.sqrt(12)
Z40 = np.random.default_rng(1).standard_normal(40) / math.sqrt(40)


@pytest.mark.parametrize("atol", [None, 1e-9, 1e-6])
def test_weights_that_become_nothing_are_zero_and_have_no_shape(atol):
    """Assert DECAYED, a success, at a time within a step (8) after linear decay gets there; zero after, right before."""
    times = np.array([0.0, 25.0, 30.0, 60.0, 100.0])
    run = solve(DYING, Z, times, atol=atol)
    assert run.status is Status.DECAYED
    assert run.success
    rate, size = growth_rates(DYING).max(), run.norm[1]
    limit = 1e-9 if atol is None else max(1e-9, atol * math.sqrt(12))
    gone = 25.0 + math.log(limit / size) / rate
    assert np.array_equal(run.norm > 0, times < gone)
    assert np.isnan(run.ipr[times > gone]).all()
    assert np.isnan(run.kurtosis[times > gone]).all()
    if atol is None:
        assert run.norm[2] / size == pytest.approx(math.exp(5 * rate), rel=0.02)
    assert "w = 0 attracts" in run.message
    assert f"{rate:.3g}" in run.message
    stated = float(run.message.split("by t = ")[1].split()[0])
    assert 0.0 <= stated - gone < 8.0


def test_a_decay_under_way_is_said_to_be_one():
    """Assert the remark where |w| fell below its start and 0.1 and no wave grows, and none where a wave grows."""
    run = solve(DYING, Z, [0.0, 10.0])
    assert run.status is Status.REACHED_END
    assert "w = 0 attracts" in run.message
    last = np.cos(np.pi * np.arange(12))  # the fastest wave decays, others grow
    assert growth_rates(GROWING)[-1] < 0 < growth_rates(GROWING)[0]
    other = solve(GROWING, 0.01 * last, [5.0])
    assert other.norm[-1] < 0.01 * math.sqrt(12)
    assert "attracts" not in other.message


def test_weights_that_shrink_before_they_grow_are_not_given_up():
    """Assert that a start along a decaying wave with a trace of a growing one of 1e-6 grows by linear theory after it
    has fallen, where nothing attracts, and is not taken for decayed.
    """
    rates = growth_rates(GROWING)
    site = np.arange(12)
    w0 = 1e-8 * (np.cos(np.pi * site) + 1e-6 * np.ones(12))
    run = solve(GROWING, w0, [0.0, 30.0], rtol=1e-9)
    assert run.status is Status.REACHED_END
    assert run.w[1].mean() == pytest.approx(1e-14 * math.exp(30 * rates[0]), rel=1e-4)


@pytest.mark.parametrize("closure", ["regression", "gaussian", "tree"])
def test_zero_reached_in_finite_time_ends_the_run_with_its_time(closure):
    """Assert that relu at bias 0 gets to w = 0 where its norm, extrapolated, vanishes (to 2 %), in under 1000 steps."""
    run = solve(KINKED, 0.1 * Z40, [0.0, 0.3, 0.4, 1.0], closure=closure)
    assert run.status is Status.DECAYED
    assert run.provenance["steps"] + run.provenance["rejected"] < 1000
    late = solve(KINKED, 0.1 * Z40, [0.55, 0.58], closure=closure).norm
    vanishes = 0.58 + 0.03 * late[1] / (late[0] - late[1])
    stated = float(run.message.split("w = 0 at t = ")[1].split(":")[0])
    assert stated == pytest.approx(vanishes, rel=0.02)
    assert np.array_equal(run.norm > 0, [True, True, True, False])


def test_validity_judges_no_shape_of_decayed_weights():
    """Assert no difference where both flows decay, and the words, under way and over; a growing one has its delta."""
    for times in ([0.0, 10.0], [0.0, 100.0]):
        run = solve(DYING, Z, times)
        verdict = validity(DYING, run.w, t=run.t)
        assert verdict.delta == 0
        assert verdict.trusted == 1
        assert "w = 0 attracts" in verdict.reasons
    run = solve(GROWING, 0.1 * Z, [0.0, 30.0])
    verdict = validity(GROWING, run.w, t=run.t)
    assert verdict.delta > 0
    assert "attracts" not in verdict.reasons


def test_decayed_needs_that_nothing_grows():
    """Assert the rule at its edges: below start and 0.1, rates below 0; zero always; NaN never; kinks unknown."""
    assert has_decayed(DYING, 1.0, [0.2, 0.09, 0.0, np.nan]).tolist() == [False, True, True, False]
    assert has_decayed(DYING, 0.05, [0.06, 0.04]).tolist() == [False, True]
    assert has_decayed(GROWING, 1.0, [0.09, 0.0]).tolist() == [False, True]
    assert math.isnan(largest_rate(KINKED))
    assert has_decayed(KINKED, 1.0, [0.09, 0.0]).tolist() == [False, True]
