"""Langevin trajectories against the flow, the linear theory and one another; what an ensemble says of them."""

from __future__ import annotations

import pickle
import threading
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

import numpy as np
import pytest
from noise_data import DATA, RING
from scipy.linalg import cholesky

from cumulode import NLGP, Problem, Solver, SolveWarning, linear_fluctuations, load, noise_covariance, solve
from cumulode.numerics.noise.langevin import JITTER, root
from cumulode.numerics.status import Status
from cumulode.theory.user_input.arguments import InvalidArgument, InvalidTogether

START = DATA["m"][0]
FIELD = Problem(NLGP(3.0, 4.0), NLGP(3.0, 1.0), 40, bias=-1.0)


def test_root_is_choleskys():
    """Assert the root against LAPACK's; a direction without variance gets no noise and is reported."""
    N, L = noise_covariance(RING, START), np.zeros((12, 12))
    assert not root(N, L)
    lifted = N + JITTER * N.trace() / 12 * np.eye(12)
    assert pytest.approx(cholesky(lifted, lower=True), abs=1e-14) == L
    assert root(np.diag([1.0, -1.0, 1.0]), np.zeros((3, 3)))


def test_without_noise_it_is_the_flow():
    """Assert at noise 1e-16 the flow to 0.2 % of the largest weight, from small weights to a field at rest."""
    times = [0.0, 1.0, 3.3, 10.0, 80.0]
    w0 = 0.1 * np.random.default_rng(0).standard_normal(40) / np.sqrt(40)
    found, flow = solve(FIELD, w0, times, noise=1e-16, runs=1).w[0], solve(FIELD, w0, times).w
    assert np.all(np.abs(found - flow).max(axis=1) <= 2e-3 * np.abs(flow).max(axis=1))


def test_scatter_is_that_of_the_linear_theory():
    """Assert tr of the covariance over s against the closure's own Sigma, 1 +- .09 (1000 runs, seed 0, s = 1e-4).

    Linear theory is trusted here (D1 = .003). The ratio's standard error is .02 to .03: a factor 1.2 in N or a kick of
    one half too few (a factor 1/2) fails.
    """
    times = [0.0, 0.1, 2.0, 10.0]
    linear = linear_fluctuations(RING, START, times)
    assert np.all(linear.trusted(1e-4))
    w = solve(RING, START, times, noise=1e-4, runs=1000, seed=0).w
    traces = np.var(w, axis=0, ddof=1).sum(axis=1) / 1e-4
    assert np.all(w[:, 0] == START)
    # t = 0.1 lies inside a step: a Brownian bridge
    assert traces[1:] == pytest.approx(np.trace(linear.Sigma, axis1=1, axis2=2)[1:], rel=0.09)


def test_a_run_is_the_same_whatever_else_is_run_or_recorded():
    """Assert equal bytes of run 1 among three and five, in one thread, in processes, and with other times recorded."""
    three = solve(RING, START, [0.0, 0.5, 3.0], noise=1e-3, runs=3, seed=7)
    five = solve(RING, START, [0.0, 0.5, 3.0], noise=1e-3, runs=5, seed=7)
    assert five.w[:3].tobytes() == three.w.tobytes()
    assert not np.array_equal(three.w[0], three.w[1])
    with ThreadPoolExecutor(1) as threads:
        alone = solve(RING, START, [0.0, 0.5, 3.0], noise=1e-3, runs=3, seed=7, executor=threads)
    assert alone.w.tobytes() == three.w.tobytes()
    later = solve(RING, START, [0.4, 1.0, 3.0], noise=1e-3, runs=3, seed=7)
    assert later.w[:, 2].tobytes() == three.w[:, 2].tobytes()
    assert not np.array_equal(solve(RING, START, [3.0], noise=1e-3, runs=1, seed=8).w[0, 0], three.w[0, 2])


@pytest.mark.slow
def test_processes_give_the_same_bytes():
    """Assert runs in two processes are those in threads."""
    with ProcessPoolExecutor(2) as processes:
        found = solve(RING, START, [0.0, 1.0], noise=1e-3, runs=3, executor=processes)
    assert found.w.tobytes() == solve(RING, START, [0.0, 1.0], noise=1e-3, runs=3).w.tobytes()


def test_bands_and_means(tmp_path):
    """Assert Weibull's quantiles, means and errors, functions of the weights, saving, pickling; and what is refused."""
    found = solve(RING, START, [0.0, 1.0], noise=1e-3, runs=39, seed=1)
    assert (found.runs, found.status) == (39, Status.REACHED_END)
    band = found.band(0.95, "norm")
    assert band.shape == (2, 2)
    assert band[1] == pytest.approx([found.norm[:, 1].min(), found.norm[:, 1].max()])  # positions 1/40 and 39/40
    assert found.band(0.8, "kurtosis").shape == (2, 2, 2)
    assert found.mean(lambda w: w[..., 0]) == pytest.approx(found.w[..., 0].mean(axis=0))
    assert found.standard_error("ipr")[1] == pytest.approx(found.ipr[:, 1].std(ddof=1) / np.sqrt(39))
    found.save(tmp_path / "ensemble.nc")
    for again in (load(tmp_path / "ensemble.nc"), pickle.loads(pickle.dumps(found))):
        assert type(again) is type(found)
        assert again.w.tobytes() == found.w.tobytes()
    assert found(0.5).shape == (39, 12)
    for quantity in ("size", "t", "no", 3):
        with pytest.raises(InvalidArgument, match="^quantity: "):
            found.band(0.9, quantity)
    with pytest.raises(InvalidArgument, match="^level: got 0.96, allowed: at most 0.95 with 39 trajectories"):
        found.band(0.96)


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ({"noise": 0.0}, "noise"),
        ({"noise": float("nan")}, "noise"),
        ({"noise": 1e-3, "runs": 0}, "runs"),
        ({"noise": 1e-3, "seed": -1}, "seed"),
        ({"noise": 1e-3, "rtol": 1e-3}, "rtol"),
        ({"noise": 1e-3, "solver": Solver(max_steps=4)}, "max_steps"),
        ({"runs": 3}, "runs"),
        ({"seed": 3}, "seed"),
    ],
)
def test_refusals(given, name):
    """Assert the argument is named; runs and seed without noise are refused, not ignored."""
    with pytest.raises((InvalidArgument, InvalidTogether), match=f"^{name}: "):
        solve(RING, START, [0.0, 1.0], **given)


def test_one_start_of_one_problem():
    """Assert several starts and several problems are refused by name."""
    with pytest.raises(InvalidArgument, match="^w0: "):
        solve(RING, np.zeros((2, 12)), [0.0, 1.0], noise=1e-3)
    with pytest.raises(InvalidArgument, match="^problem: "):
        solve([RING, RING], START, [0.0, 1.0], noise=1e-3)


def test_a_run_that_fails_says_so():
    """Assert status and message, NaN, a warning, where the flow blows up before the first time recorded."""
    with pytest.warns(SolveWarning, match="2 of 2 trajectories failed"):
        found = solve(RING, 1e3 * START, [0.0, 0.15], closure="taylor", noise=1e-3, runs=2)
    assert found.status is Status.DIVERGED
    assert np.all(np.isnan(found.w[:, 1]))


def test_a_stop_keeps_what_was_recorded():
    """Assert that a stop ends all runs with their status, NaN afterwards."""
    stop = threading.Event()
    stop.set()
    found = solve(RING, START, [0.0, 1e4], noise=1e-3, runs=4, stop=stop)
    assert found.status is Status.INTERRUPTED
    assert np.all(np.isnan(found.w[:, 1]))
    assert "interrupted" in found.message
