"""No run without an end: states at rest are carried on, saddles are not, and the most steps end what is left."""

from __future__ import annotations

import math
import re
import threading
import time
import warnings

import numpy as np
import pytest
from scipy.linalg import expm

from cumulode.numerics import Solver, SolveWarning, Status, drift, solve, solve_network, stationary_state
from cumulode.numerics.flow.plan import make_plan
from cumulode.numerics.flow.solver import FLOW
from cumulode.numerics.trajectory.rest import near
from cumulode.theory import NLGP, Ising, Problem
from cumulode.theory.user_input.arguments import InvalidArgument

FIELD = Problem(NLGP(3.0, 1.5), NLGP(3.0, 0.5), 12)
Z = np.random.default_rng(1).standard_normal(12) / math.sqrt(12)


def test_a_state_at_rest_is_carried_on_exactly():
    """Assert t = 1e12 in fewer than 1e4 steps, at a state where the drift vanishes to 1e-9, and said to rest."""
    run = solve(FIELD, Z, [0.0, 1e3, 1e12])
    assert run.status is Status.REACHED_END
    assert run.provenance["steps"] < 1e4
    assert "at rest" in run.message
    assert np.abs(drift(FIELD)(run.w[-1])).max() < 1e-9
    assert run.w[1] == pytest.approx(solve(FIELD, Z, [1e3]).w[0], abs=0)


def test_what_still_moves_slowly_towards_rest_moves_on():
    """Assert w(s) = w* + exp(J s)(y - w*) by SciPy's expm, and against the flow itself to the square of the distance."""
    plan = make_plan(FIELD, FLOW)
    y = solve(FIELD, Z, [2e4]).w[0]
    rest = near(plan, y, plan.data(), 1e-4)
    assert rest is not None
    assert rest.stable
    J = (rest.vectors @ np.diag(rest.rates) @ np.linalg.inv(rest.vectors)).real
    for s, w in zip((0.0, 10.0, 2e3), rest.carry_on(y, np.array([0.0, 10.0, 2e3])), strict=True):
        assert w == pytest.approx(rest.w + expm(J * s) @ (y - rest.w), abs=1e-12)
    distance = np.linalg.norm(y - rest.w)
    later = solve(FIELD, y, [2e3], rtol=1e-9).w[0]
    assert np.linalg.norm(rest.carry_on(y, np.array([2e3]))[0] - later) < 10 * distance**2 + 1e-7
    assert np.linalg.norm(later - y) > 0.05 * distance  # it did move


def test_a_saddle_is_not_taken_for_rest():
    """Assert that the uniform state, which waves leave, is followed until the steps end, with its rate; and that a field
    1e-6 off it, which takes hundreds of time units to leave, leaves.
    """
    state = stationary_state(FIELD)
    assert state.kind == "uniform"
    assert state.rate > 0
    solver = Solver(tolerance=1e-3, max_steps=5000)
    with pytest.warns(SolveWarning, match="5000 steps were tried.*saddle"):
        stuck = solve(FIELD, np.full(12, 0.01), [0.0, 1e12], solver=solver)
    assert stuck.status is Status.OUT_OF_STEPS
    rate = float(re.search(r"rate of ([\d.e-]+)", stuck.message)[1])
    assert rate == pytest.approx(state.rate, rel=0.05)
    off = state.w + 1e-9 * np.cos(2 * np.pi * np.arange(12) / 12)
    left = solve(FIELD, off, [0.0, 1e12], solver=Solver(tolerance=1e-3))
    assert np.ptp(left.w[1]) > 0.1


def test_steps_that_cannot_be_are_refused_before_any_is_taken():
    """Assert a refusal naming max_step, and the least that would do, for a flow and a committee."""
    for run in (
        lambda s: solve(FIELD, Z, [0.0, 1.0], solver=s),
        lambda s: solve_network(FIELD, Z[None], [0.0, 1.0], 0.5, solver=s),
    ):
        with pytest.raises(
            InvalidArgument, match="max_step: got 1e-12, allowed: at least 2e-05 to reach t = 1 in 50000"
        ):
            run(Solver(max_step=1e-12))


def test_a_committee_ends_after_the_most_steps():
    """Assert OUT_OF_STEPS with its time, a warning, and what was recorded before."""
    spins = Problem(Ising(t=0.7), Ising(t=0.3), 12)
    with pytest.warns(SolveWarning, match="7 steps were taken, the most allowed"):
        run = solve_network(spins, 0.01 * Z[None], [0.0, 0.1, 1e4], 0.5, solver=Solver(max_steps=7))
    assert run.status is Status.OUT_OF_STEPS
    assert np.isfinite(run.w[:2]).all()
    assert np.isnan(run.w[2]).all()


def test_an_error_in_progress_ends_the_runs():
    """Assert that what a progress callback raises is raised, and that no thread of the flow goes on behind it."""

    def fail(_):
        raise RuntimeError("mine")

    before = set(threading.enumerate())
    with pytest.raises(RuntimeError, match="mine"):
        solve(
            FIELD,
            np.array([Z, np.full(12, 0.01)]),
            [0.0, 1e9],
            solver=Solver(max_step=0.01, max_steps=10**12),
            progress=fail,
        )
    deadline = time.monotonic() + 2.0
    while time.monotonic() < deadline and any(t.is_alive() for t in set(threading.enumerate()) - before):
        time.sleep(0.01)
    assert not [t for t in set(threading.enumerate()) - before if t.is_alive()]


def test_warnings_point_at_who_called():
    """Assert the file of the warning of ``solve`` and of ``solution(t)`` to be this one."""
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        run = solve(FIELD, Z, [0.0, 1e3], solver=Solver(max_steps=10))
        run(500.0)
    assert [w.filename for w in seen if w.category is SolveWarning] == [__file__, __file__]
