"""The Runge-Kutta pair: its tableau, its measured orders on the real flow, and how a run ends."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace

import numba
import numpy as np
import pytest
from scipy.integrate import RK45, solve_ivp

from cumulode.numerics import Solver, Status, drift, solve
from cumulode.numerics.compile.jit import compiled
from cumulode.numerics.compile.signatures import coefficients_sig
from cumulode.numerics.flow.ending import describe
from cumulode.numerics.flow.plan import make_plan
from cumulode.numerics.flow.right_hand_side import UNDEFINED, rhs_sig
from cumulode.numerics.trajectory import dormand_prince as integrate
from cumulode.numerics.trajectory.run import run_one
from cumulode.theory import Ising, Problem

PROBLEM = Problem(plus=Ising(t=0.7), minus=Ising(t=0.3), size=12, bias=-1.0)
GAUSSIAN = Solver("gaussian", tolerance=1e-3)
W0 = 0.5 * np.random.default_rng(4).standard_normal(12) / math.sqrt(12)
A = np.zeros((7, 7))
A[:, :6] = integrate.A
FIFTH = np.append(integrate.A[6], 0.0)
FOURTH = FIFTH - integrate.E


# ---------------------------------------------------------------- the tableau


def trees(order):
    """Rooted trees of ``order`` nodes as sorted tuples of their children."""
    if order == 1:
        return [()]
    found = set()
    for parts in _partitions(order - 1):
        for children in itertools.product(*(trees(n) for n in parts)):
            found.add(tuple(sorted(children)))
    return sorted(found)


def _partitions(n, largest=None):
    if n == 0:
        return [()]
    return [(k, *rest) for k in range(min(n, largest or n), 0, -1) for rest in _partitions(n - k, k)]


def order_of(tree):
    """Number of nodes."""
    return 1 + sum(order_of(child) for child in tree)


def density(tree):
    """gamma(t): a method has order p when ``b . Phi(t) = 1/gamma(t)`` for every tree of at most p nodes."""
    return order_of(tree) * math.prod(density(child) for child in tree)


def elementary_weight(tree):
    """Phi(t), one number a stage."""
    return math.prod((A @ elementary_weight(child) for child in tree), start=np.ones(7))


def test_there_are_as_many_order_conditions_as_butcher_counts():
    """Assert 1, 1, 2, 4, 9, 20 rooted trees of 1 to 6 nodes, so that no condition below is missing."""
    assert [len(trees(n)) for n in range(1, 7)] == [1, 1, 2, 4, 9, 20]


@pytest.mark.parametrize(("weights", "order"), [(FIFTH, 5), (FOURTH, 4)], ids=["fifth", "embedded"])
def test_the_tableau_meets_every_order_condition_and_no_higher_order(weights, order):
    """Assert all 17 conditions to order 5 (8 to order 4 for the embedded weights), and that the next order is
    missed.
    """
    for n in range(1, order + 1):
        for tree in trees(n):
            assert abs(weights @ elementary_weight(tree) - 1 / density(tree)) < 1e-15, (n, tree)
    missed = max(abs(weights @ elementary_weight(tree) - 1 / density(tree)) for tree in trees(order + 1))
    assert missed > 1e-5


def test_stages_lie_where_their_rows_sum_to():
    """Assert ``c_i = sum_j a_ij`` and that the last stage is the step itself (first same as last)."""
    assert np.abs(A.sum(1) - integrate.C).max() < 1e-15
    assert integrate.A[6].sum() == pytest.approx(1.0, abs=1e-15)


def test_the_tableau_is_scipys():
    """Assert C, A, b, E and the interpolant P against ``scipy.integrate.RK45``, written independently."""
    assert np.array_equal(integrate.C[:6], RK45.C)
    assert np.abs(integrate.A[:6, :5] - RK45.A).max() < 1e-15
    assert np.abs(integrate.A[6] - RK45.B).max() < 1e-15
    assert np.abs(np.abs(integrate.E) - np.abs(RK45.E)).max() < 1e-16
    assert np.abs(integrate.P - RK45.P).max() < 1e-14


@pytest.mark.parametrize("x", [0.2, 0.5, 0.9])
def test_the_interpolant_meets_every_condition_of_order_four(x):
    """Assert ``sum_i b_i(x) Phi_i(t) = x^n / gamma(t)`` for all trees of at most four nodes, and not for those of
    five.
    """
    b = integrate.P @ x ** np.arange(1, 5)
    for n in range(1, 5):
        for tree in trees(n):
            assert abs(b @ elementary_weight(tree) - x**n / density(tree)) < 1e-14, (n, tree)
    assert max(abs(b @ elementary_weight(tree) - x**5 / density(tree)) for tree in trees(5)) > 1e-5


def test_the_interpolant_ends_on_the_step():
    """Assert b_i(1) = b_i, and that the slopes at both ends are those of the stages there: the join is smooth."""
    assert np.abs(integrate.P.sum(1) - FIFTH).max() < 1e-14
    assert np.abs(integrate.P[:, 0] - np.eye(7)[0]).max() == 0
    assert np.abs(integrate.P @ np.arange(1, 5) - np.eye(7)[6]).max() < 1e-13


# ---------------------------------------------------------------- measured orders on the real flow


@pytest.fixture(scope="module")
def truth():
    """The regression flow by DOP853 at rounding level, as a function of time."""
    f = drift(PROBLEM)
    made = solve_ivp(lambda t, w: f(w), (0, 8.0), W0, "DOP853", TIMES, rtol=1e-13, atol=1e-16, max_step=0.1)
    return dict(zip(TIMES.tolist(), made.y.T, strict=True))


STEPS = 2.0 ** -np.arange(2, 6)
TIMES = np.unique(np.concatenate([[8.0], STEPS, STEPS / 2, 0.3 * STEPS]))


def errors(truth, times):
    """Norm of the error at each of ``times`` for each maximal step in STEPS, tolerances too loose to matter."""
    runs = [
        solve(PROBLEM, W0, np.atleast_1d(t), solver=Solver(rtol=0.99, atol=1.0, max_step=h))
        for t, h in zip(times, STEPS, strict=True)
    ]
    for run, t, h in zip(runs, times, STEPS, strict=True):
        assert run.provenance["steps"] == max(1, math.ceil(t / h - 1e-12))
    return [np.linalg.norm(run.w[0] - truth[float(t)]) for run, t in zip(runs, times, strict=True)]


def slope(values):
    """Exponent in the step."""
    return np.polyfit(np.log(STEPS), np.log(values), 1)[0]


def test_fixed_steps_converge_with_order_five(truth):
    """Assert slope 5 within 0.2 of the error at t = 8 over steps 1/4 to 1/32 (rtol 0.99, atol 1: every step is
    max_step).
    """
    assert abs(slope(errors(truth, [8.0] * len(STEPS))) - 5) < 0.2


def test_one_step_errs_by_order_six(truth):
    """Assert slope 6 within 0.2 of the error after a single step."""
    assert abs(slope(errors(truth, STEPS)) - 6) < 0.2


@pytest.mark.parametrize("x", [0.5, 0.3])
def test_dense_output_has_order_four(truth, x):
    """Assert slope 5 within 0.2 of the interpolant's error inside a single step: local error h^5, order 4."""
    assert abs(slope(errors(truth, x * STEPS)) - 5) < 0.2


def test_the_error_follows_the_tolerance():
    """Assert that the error at t = 40 falls with rtol, 1e-4 to 1e-10, by a power of 0.8 to 1.2, staying below
    20 rtol.
    """
    times, f = [40.0], drift(PROBLEM)
    true = solve_ivp(lambda t, w: f(w), (0, 40.0), W0, "DOP853", times, rtol=1e-13, atol=1e-15).y[:, 0]
    tolerances = 10.0 ** -np.arange(4, 11)
    runs = [solve(PROBLEM, W0, times, rtol=r, atol=1e-3 * r) for r in tolerances]
    error = np.array([np.linalg.norm(run.w[0] - true) for run in runs]) / np.linalg.norm(true)
    assert 0.8 < np.polyfit(np.log(tolerances), np.log(error), 1)[0] < 1.2
    assert np.all(error < 20 * tolerances)


# ---------------------------------------------------------------- how a run ends, with right-hand sides made up for it


def integrate_made_up(function, w0, times, rtol=1e-6, atol=1e-9):
    """Run the integrator on ``function(w, out, t_of_call)``-like kernels of the ordinary signature; Outcome and
    message.
    """
    plan = make_plan(PROBLEM, GAUSSIAN)
    made = type(plan)(**{**plan.__dict__, "rhs": compiled(numba.njit(function), rhs_sig)})
    solver = Solver("gaussian", rtol, atol, tolerance=1e-3)
    start = np.asarray(w0, float)
    outcome = run_one(made, start, np.asarray(times, float), solver)
    return outcome, describe(PROBLEM, start, outcome, replace(solver, closure="regression"), times[-1])


def test_a_closure_left_in_the_middle_of_a_run_is_said_to_be():
    """Assert status 3 for a right-hand side that ends at w_0 = 2 (flag 4 beyond): the time is found, NaN only after
    it.
    """

    def grows_out(w, out, data, law):
        out[:] = 1.0
        return UNDEFINED if w[0] > 2.0 else 0

    times = np.linspace(0.0, 4.0, 9)
    outcome, message = integrate_made_up(grows_out, np.full(3, 1e-12), times)
    assert outcome.status == Status.LEFT_DOMAIN
    assert np.allclose(outcome.w[:4, 0], times[:4], rtol=1e-12, atol=2e-12)
    assert np.isnan(outcome.w[5:]).all()
    assert abs(outcome.state[0] - 2.0) < 1e-9
    assert "try closure='edgeworth'" in message
    assert "t = 2 of 4" in message


def test_a_right_hand_side_that_jumps_collapses_the_step():
    """Assert status 1 for a slope that jumps from -1 to 1e6 at w = 1 at the tightest tolerance, with advice; the approach
    is kept.
    """

    def jumps(w, out, data, law):
        for i in range(w.size):
            out[i] = -1.0 if w[i] > 1 else 1e6
        return 0

    outcome, message = integrate_made_up(jumps, np.array([2.0]), np.array([0.0, 0.5, 2.0]), rtol=1e-13, atol=1e-300)
    assert outcome.status == Status.STEPS_COLLAPSED
    assert outcome.w[1, 0] == pytest.approx(1.5, abs=1e-12)
    assert math.isnan(outcome.w[2, 0])
    assert "step size collapsed" in message
    assert "larger rtol or atol" in message


def test_a_finite_time_singularity_is_located():
    """Assert status 2 for dw/dt = w^2 from 1, singular at t = 1: stopped within 1e-3 of it, everything before is
    right.
    """

    def squares(w, out, data, law):
        out[:] = w * w
        return 0

    times = np.array([0.0, 0.5, 0.9, 0.99, 1.5])
    outcome, message = integrate_made_up(squares, np.array([1.0]), times)
    assert outcome.status == Status.DIVERGED
    assert np.allclose(outcome.w[:4, 0], 1 / (1 - times[:4]), rtol=1e-4)
    assert math.isnan(outcome.w[4, 0])
    assert abs(outcome.state[0] - 1) < 1e-3
    assert "weights blow up" in message


def test_flags_seen_on_the_way_are_told():
    """Assert that a clamped kurtosis (flag 2) is remarked on at the end of a run that succeeds."""

    def clamps(w, out, data, law):
        out[:] = -w
        return 2

    outcome, message = integrate_made_up(clamps, np.ones(2), np.array([0.0, 1.0]))
    assert outcome.status == Status.REACHED_END
    assert np.allclose(outcome.w[1], math.exp(-1), rtol=1e-5)
    assert "clamped" in message


def test_a_field_at_rest_stays_and_takes_few_steps():
    """Assert that dw/dt = 0 is integrated to t = 1e6 exactly in fewer than 40 steps: nothing divides by the slope."""

    def rests(w, out, data, law):
        out[:] = 0.0
        return 0

    outcome, _ = integrate_made_up(rests, np.ones(12), np.array([0.0, 1e6]))
    assert outcome.status == Status.REACHED_END
    assert np.array_equal(outcome.w, np.ones((2, 12)))
    assert outcome.counts[1] < 40


def test_a_compiled_law_has_the_signature_the_right_hand_side_takes():
    """Assert that a law outside the package, compiled for ``coefficients_sig``, drives the same integrator."""

    def linear(k2, k4, y, b, rule):
        return -1.0, 0.0, 0

    plan = make_plan(PROBLEM, GAUSSIAN)
    made = type(plan)(**{**plan.__dict__, "law": compiled(numba.njit(linear), coefficients_sig)})
    outcome = run_one(made, np.ones(12), np.array([0.0, 1.0]), Solver("gaussian", 1e-9, 1e-12, 1e-3))
    d = np.arange(12)
    power = sum(0.5 * ((t**d + t ** (12 - d)) / (1 + t**12)).sum() for t in (0.7, 0.3))
    assert np.allclose(outcome.w[1], math.exp(-power), rtol=1e-8)
