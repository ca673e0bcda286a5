"""``solve``: against another integrator, to the bit where it must be, along the potential, and when it fails."""

from __future__ import annotations

import math
import time
import warnings
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import solve_ivp

from cumulode.numerics import Solver, SolveWarning, Status, drift, potential, preactivation_cumulants, solve
from cumulode.theory import NLGP, Ising, Problem
from cumulode.theory.closures.names import CLOSURES, GRADIENT

ISING = Problem(plus=Ising(t=0.7), minus=Ising(t=0.3), size=16, bias=-1.0)
FIELD = Problem(plus=NLGP(gain=3.0, xi=1.6), minus=NLGP(gain=3.0, xi=0.6), size=16, bias=-1.0)
TIMES = np.linspace(0.0, 40.0, 9)


def start(seed=1, size=16, amplitude=0.1):
    """A random start of about that norm."""
    return amplitude * np.random.default_rng(seed).standard_normal(size) / math.sqrt(size)


def stop_after(seconds):
    """A progress callback that interrupts, so that a run that hangs fails its test instead of the whole suite."""
    began = time.monotonic()

    def progress(_):
        if time.monotonic() - began > seconds:
            raise KeyboardInterrupt

    return progress


# ---------------------------------------------------------------- against another integrator


@pytest.mark.parametrize(
    ("problem", "closure"), [(p, c) for p in (ISING, FIELD) for c in CLOSURES] + [(ISING, "exact")]
)
def test_solve_agrees_with_dop853(problem, closure):
    """Assert 1e-8 of the largest weight at rtol 1e-10 against SciPy's eighth-order method at rtol 1e-11, all times."""
    f = drift(problem, closure)
    other = solve_ivp(lambda t, w: f(w), (0, TIMES[-1]), start(), "DOP853", TIMES, rtol=1e-11, atol=1e-13)
    ours = solve(problem, start(), TIMES, closure=closure, rtol=1e-10, atol=1e-12)
    assert ours.success
    assert np.abs(ours.w - other.y.T).max() < 1e-8 * np.abs(other.y).max()


@pytest.mark.parametrize("activation", ["tanh", "softplus", "relu", "Max(0, h) + 0.1*Min(0, h)"])
def test_other_activations_agree_with_dop853(activation):
    """Assert the same for the default closure with smooth and kinked activations."""
    problem = Problem(ISING.plus, ISING.minus, 16, activation=activation, bias=-0.5)
    f = drift(problem)
    other = solve_ivp(lambda t, w: f(w), (0, 20), start(), "DOP853", [5.0, 20.0], rtol=1e-11, atol=1e-13)
    ours = solve(problem, start(), [5.0, 20.0], rtol=1e-10, atol=1e-12)
    assert np.abs(ours.w - other.y.T).max() < 1e-8 * np.abs(other.y).max()


# ---------------------------------------------------------------- to the bit


@settings(deadline=None, max_examples=20)
@given(times=st.lists(st.floats(0.0, 40.0), min_size=1, max_size=6, unique=True))
def test_the_trajectory_does_not_depend_on_the_times_asked_for(times):
    """Assert that a time recorded among others is recorded, to the bit, when asked for alone."""
    times = np.sort(np.array(times))
    together = solve(ISING, start(), times).w
    for t, w in zip(times, together, strict=True):
        assert np.array_equal(solve(ISING, start(), [t]).w[0], w)


def test_time_zero_is_the_start_itself():
    """Assert that w(0) is w0 to the bit, and that t = 0 alone is a legal request."""
    assert np.array_equal(solve(ISING, start(), [0.0]).w[0], start())


@pytest.mark.parametrize("closure", ["regression", "pearson", "exact"])
def test_a_batch_of_starts_is_the_single_runs(closure):
    """Assert that n starts give, to the bit, w, k2 and k4 of n separate calls, with a leading axis n."""
    starts = np.array([start(seed) for seed in range(5)])
    batch = solve(ISING, starts, TIMES, closure=closure)
    assert batch.w.shape == (5, TIMES.size, 16)
    for i, w0 in enumerate(starts):
        single = solve(ISING, w0, TIMES, closure=closure)
        assert np.array_equal(batch.w[i], single.w)
        assert np.array_equal(batch.k2[i], single.k2)
        assert np.array_equal(batch.k4[i], single.k4)


def test_a_list_of_problems_is_the_single_runs():
    """Assert the same for several problems from one start and from one start each."""
    problems = [ISING, FIELD, ISING.gaussian_control()]
    starts = np.array([start(seed) for seed in range(3)])
    shared, own = solve(problems, start(), TIMES), solve(problems, starts, TIMES)
    for i, problem in enumerate(problems):
        assert np.array_equal(shared.w[i], solve(problem, start(), TIMES).w)
        assert np.array_equal(own.w[i], solve(problem, starts[i], TIMES).w)
    assert len(own.provenance["problem"]) == 3


@pytest.mark.parametrize("threads", [1, 4])
def test_the_number_of_threads_changes_no_byte(threads):
    """Assert equal bytes of w with 1 and 4 threads and with the default pool."""
    starts = np.array([start(seed) for seed in range(8)])
    with ThreadPoolExecutor(threads) as pool:
        assert solve(FIELD, starts, TIMES, executor=pool).w.tobytes() == solve(FIELD, starts, TIMES).w.tobytes()


@pytest.mark.slow
def test_other_processes_give_the_same_bytes():
    """Assert that a ProcessPoolExecutor (spawned, nothing inherited) gives the bytes of this process."""
    starts = np.array([start(seed) for seed in range(2)])
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        elsewhere = solve(ISING, starts, TIMES[:3], executor=pool)
    assert elsewhere.w.tobytes() == solve(ISING, starts, TIMES[:3]).w.tobytes()
    assert elsewhere.success


def test_a_run_is_the_same_run_twice():
    """Assert equal bytes from two calls: nothing is left over in scratch arrays."""
    assert solve(FIELD, start(), TIMES).w.tobytes() == solve(FIELD, start(), TIMES).w.tobytes()


# ---------------------------------------------------------------- symmetry


@settings(deadline=None, max_examples=30)
@given(
    closure=st.sampled_from([*CLOSURES, "exact"]),
    field=st.booleans(),
    shift=st.integers(1, 15),
    seed=st.integers(0, 99),
    amplitude=st.floats(0.01, 2.0),
)
def test_the_drift_commutes_with_translation_reflection_and_sign(closure, field, shift, seed, amplitude):
    """Assert f(Tw) = T f(w) for T a translation, the reflection and -1, to 1e-12 of the largest component."""
    problem = FIELD if field and closure != "exact" else ISING
    f, w = drift(problem, closure), start(seed, amplitude=amplitude)
    value = f(w)
    allowed = 1e-12 * np.abs(value).max() + 1e-15 * amplitude
    assert np.abs(f(np.roll(w, shift)) - np.roll(value, shift)).max() < allowed
    assert np.abs(f(w[::-1].copy()) - value[::-1]).max() < allowed
    assert np.abs(f(-w) + value).max() < allowed


def test_the_drift_of_many_fields_is_the_drift_of_each():
    """Assert that (n, D) input gives the rows' drifts to the bit, and that (D,) keeps its shape."""
    f = drift(FIELD)
    rows = np.array([start(seed) for seed in range(4)])
    assert f(rows[0]).shape == (16,)
    assert all(np.array_equal(a, f(w)) for a, w in zip(f(rows), rows, strict=True))


# ---------------------------------------------------------------- the potential


@pytest.mark.parametrize("problem", [ISING, FIELD], ids=["Ising", "NLGP"])
@pytest.mark.parametrize("closure", GRADIENT)
def test_the_potential_never_rises_along_a_gradient_closure(problem, closure):
    """Assert V falls or rests (rounding 1e-13) between 301 dense times, from starts of norm 0.05, 0.5 and 2, and falls
    at all.
    """
    times = np.linspace(0.0, 60.0, 301)
    for seed, amplitude in enumerate((0.05, 0.5, 2.0)):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SolveWarning)  # taylor may leave: what was recorded still falls
            solution = solve(problem, start(seed, amplitude=amplitude), times, closure=closure, rtol=1e-8, atol=1e-11)
        w = solution.w[np.isfinite(solution.w).all(axis=1)]
        V = potential(problem, w, closure)
        assert np.all(np.diff(V) <= 1e-13 * np.maximum(1.0, np.abs(V[1:]))), (seed, np.diff(V).max())
        assert V[0] - V[-1] > 1e-6


def test_regression_is_nearly_a_gradient_flow():
    """Assert the Jacobian's asymmetry theory.md states, 1 to 1.5 % of its norm at most, and that it is there at all."""
    f, w = drift(ISING), solve(ISING, start(), [60.0]).w[0]
    h = 1e-5
    J = np.array([(f(w + h * e) - f(w - h * e)) / (2 * h) for e in np.eye(16)]).T
    asymmetry = np.linalg.norm(J - J.T) / np.linalg.norm(J + J.T)
    assert 1e-4 < asymmetry < 0.015


# ---------------------------------------------------------------- what a run records


def test_statistics_along_a_run_are_those_of_its_weights():
    """Assert ipr, norm, k2, k4 and kurtosis against their formulas, and the provenance against what was asked."""
    solution = solve(FIELD, start(), TIMES, rtol=1e-7, atol=1e-10)
    w = solution.w
    k2, k4 = preactivation_cumulants(FIELD, w)
    assert np.allclose(solution.ipr, (w**4).sum(1) / (w**2).sum(1) ** 2, rtol=1e-14, atol=0)
    assert np.allclose(solution.norm, np.linalg.norm(w, axis=1), rtol=1e-14, atol=0)
    assert np.array_equal(solution.k2, k2)
    assert np.array_equal(solution.k4, k4)
    assert np.array_equal(solution.kurtosis, k4 / k2**2)
    made = solution.provenance
    assert (made["rtol"], made["atol"], made["closure"], made["tolerance"]) == (1e-7, 1e-10, "regression", 1e-3)
    assert made["problem"] == FIELD.to_dict()
    assert made["cumulant_error"] == drift(FIELD).error
    assert made["evaluations"] == 2 + 6 * (made["steps"] + made["rejected"])


def test_remarks_name_a_positive_fourth_cumulant():
    """Assert that bimodal says when edgeworth stood in: a start whose k4 is positive."""
    w0 = 0.3 * (-1.0) ** np.arange(16) + start()
    assert preactivation_cumulants(ISING, w0)[1][0] > 0
    solution = solve(ISING, w0, [0.0, 1.0], closure="bimodal")
    assert solution.success
    assert "edgeworth stood in" in solution.message


def test_progress_runs_from_zero_to_one():
    """Assert that the callback sees fractions in [0, 1] that never fall and end at 1."""
    seen = []
    solve(ISING, np.array([start(s) for s in range(3)]), TIMES, progress=seen.append)
    assert seen[-1] == 1.0
    assert np.all(np.diff(seen) >= 0)
    assert min(seen) >= 0


# ---------------------------------------------------------------- failures


def test_a_finite_time_blow_up_is_named_and_kept_up_to_it():
    """Assert what taylor does at bias -2: success False, a SolveWarning, cause and next step named, NaN only
    afterwards.
    """
    problem = Problem(plus=Ising(t=0.9), minus=Ising(t=0.3), size=16, bias=-2.0)
    times = np.linspace(0.0, 3.0, 31)
    with pytest.warns(SolveWarning, match="weights blow up.*try a closure that saturates") as caught:
        solution = solve(problem, start(), times, closure="taylor")
    assert not solution.success
    assert solution.statuses.tolist() == [Status.DIVERGED]
    assert str(caught[0].message) == solution.message
    assert "\n" not in solution.message
    finite = np.isfinite(solution.w).all(axis=1)
    reached = float(solution.message.split("t = ")[1].split(" of")[0])
    assert np.array_equal(finite, times <= reached)
    assert 0 < finite.sum() < times.size
    assert np.array_equal(solution.w[finite], solve(problem, start(), times[finite], closure="taylor").w)


@pytest.mark.parametrize("closure", ["taylor-5", "taylor-7", "taylor-9"])
def test_a_steeper_blow_up_is_not_taken_for_too_tight_a_tolerance(closure):
    """Assert that an expansion of higher order, whose steps collapse before |w| is 1e4, is said to blow up."""
    problem = Problem(plus=Ising(t=0.9), minus=Ising(t=0.3), size=16)
    with pytest.warns(SolveWarning):
        solution = solve(problem, start(amplitude=3.0), [0.0, 3.0], closure=closure)
    assert solution.statuses.tolist() == [Status.DIVERGED], solution.message
    assert "blow up" in solution.message


def test_one_failed_run_leaves_the_others_whole():
    """Assert that in a batch the run that fails is named, alone has NaN, and the rest equal their single runs."""
    good, bad = ISING, Problem(plus=Ising(t=0.9), minus=Ising(t=0.3), size=16, bias=-2.0)
    with pytest.warns(SolveWarning, match="1 of 3 runs failed; run 1: stopped at"):
        solution = solve([good, bad, good], start(), [0.0, 10.0], closure="taylor")
    assert solution.statuses.tolist() == [Status.REACHED_END, Status.DIVERGED, Status.REACHED_END]
    assert solution.status is Status.DIVERGED
    assert np.isfinite(solution.w[[0, 2]]).all()
    assert np.isnan(solution.w[1, 1]).all()
    assert np.array_equal(solution.w[0], solve(good, start(), [0.0, 10.0], closure="taylor").w)


@pytest.mark.parametrize("closure", ["pearson", "regression"])
def test_beyond_a_kurtosis_of_three_edgeworth_stands_in_and_the_message_says_so(closure):
    """Assert that a start of kurtosis 22 (alternating, t = 0.9), where Pearson's law ends, follows edgeworth there."""
    problem = Problem(plus=Ising(t=0.9), minus=Ising(t=0.3), size=8)
    w0 = (-1.0) ** np.arange(8)
    k2, k4 = preactivation_cumulants(problem, w0)
    assert k4[0] > 3 * k2[0] ** 2
    k2, k4 = k2[0], k4[0]
    from cumulode.numerics.compile.closure_kernels import coefficients_kernel
    from cumulode.numerics.compile.quadrature import gauss_legendre

    own, other = (
        coefficients_kernel("erf", name)(k2, k4, 1.0, -1.0, gauss_legendre()) for name in (closure, "edgeworth")
    )
    assert own[:2] == other[:2]
    assert own[2] == 1
    solution = solve(problem, w0, [0.0, 1.0], closure=closure)
    assert solution.success
    assert "edgeworth stood in" in solution.message


@pytest.mark.parametrize(
    "problem",
    [Problem(NLGP(1.0, 5.0), NLGP(1.0, 3.5), 40, bias=0.0), Problem(NLGP(0.3, 5.0), NLGP(0.3, 3.5), 40, bias=-0.29)],
    ids=["bias 0", "bias -0.29"],
)
@pytest.mark.parametrize("closure", ["pearson", "regression", "bimodal"])
def test_a_neuron_that_decays_is_followed_to_the_end(problem, closure):
    """Assert that a field dying to where C is nearly singular, and k4/k2^2 is noise, does not stop the run."""
    w0 = 0.1 * np.random.default_rng(1).standard_normal(40) / np.sqrt(40)
    solution = solve(problem, w0, [0.0, 10.0, 300.0], closure=closure)
    assert solution.success, solution.message
    assert np.all(np.diff(solution.norm) < 0)


def test_a_slope_that_is_not_finite_at_the_start_ends_the_run_at_once():
    """Assert that a start beyond the exact drift's reach fails in words instead of looping for ever (3 seconds
    allowed).
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SolveWarning)
        solution = solve(ISING, 1e6 * start(), [0.0, 1.0], closure="exact", progress=stop_after(3.0))
    assert solution.statuses.tolist() == [Status.DIVERGED], solution.message
    assert np.array_equal(solution.w[0], 1e6 * start())


def test_ctrl_c_returns_what_exists():
    """Assert that a KeyboardInterrupt while waiting stops every run, keeps what was recorded and says so, without a
    warning.
    """

    def interrupt(fraction):
        if fraction > 0:
            raise KeyboardInterrupt

    times = np.array([0.0, 1e-3, 1e7])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        solution = solve(
            ISING,
            np.array([start(1), start(2)]),
            times,
            solver=Solver(max_step=1e-3, max_steps=10**12),
            progress=interrupt,
        )
    assert not solution.success
    assert solution.statuses.tolist() == [Status.INTERRUPTED] * 2
    assert "interrupted" in solution.message
    assert np.isfinite(solution.w[:, :2]).all()
    assert np.isnan(solution.w[:, 2]).all()
