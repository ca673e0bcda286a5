"""Many problems and starts at once: the same as one at a time, and no failure where none is due."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from cumulode.numerics import Solver, Status, solve
from cumulode.theory import NLGP, Ising, Problem

SIZE = 100


def _start(seed, norm=0.1):
    w = np.random.default_rng(seed).standard_normal(SIZE)
    return norm * w / np.linalg.norm(w)


def _problem(gain, xi, bias):
    return Problem(NLGP(gain, xi), NLGP(gain, 1.0), SIZE, bias=bias)


def test_where_k4_is_noise_no_run_fails():
    """Assert that eight starts at xi+ = 10, b = -0.29 decay to w = 0: on the way C is nearly singular and k4/k2^2
    is noise of the contraction; k4 is clamped to -2 k2^2 and k2 has a floor (theory.md section 5).
    """
    found = solve(_problem(3.0, 10.0, -0.29), np.array([_start(seed) for seed in range(8)]), [0.0, 75.0, 150.0])
    assert found.success
    assert np.all(found.statuses == Status.DECAYED)
    assert np.all(np.isfinite(found.w))


def test_a_grid_of_problems_and_starts_is_each_by_itself():
    """Assert the same bytes for 3 gains x 2 biases x 2 starts, given as an array of problems, as for each alone; that no
    run fails; and that nothing is kept but what was asked for.
    """
    problems = np.array([_problem(g, 4.0, b) for g in (0.1, 3.0, 30.0) for b in (-1.2, -0.29) for _ in range(2)])
    starts = np.array([_start(seed) for _ in range(6) for seed in range(2)])
    found = solve(problems, starts, [10.0, 150.0])
    assert found.success
    assert found.w.shape == (12, 2, SIZE)
    for i in (0, 5, 11):
        alone = solve(problems[i], starts[i], [10.0, 150.0])
        assert alone.w.tobytes() == found.w[i].tobytes()


@pytest.mark.parametrize(("xi", "gain"), [(4.0, 3.0), (2.0, 10.0), (10.0, 3.0)])
def test_trajectories_at_the_default_tolerance_are_the_exact_ones(xi, gain):
    """Assert a distance of at most 1e-3 of |w| at t = 15, while fields form, and t = 150, from the same four starts at
    tolerance 1e-8.
    """
    starts = np.array([_start(seed) for seed in range(4)])
    rough, fine = (solve(_problem(gain, xi, -1.0), starts, [15.0, 150.0], tolerance=t, rtol=1e-8) for t in (1e-3, 1e-8))
    distance = np.linalg.norm(rough.w - fine.w, axis=-1) / np.linalg.norm(fine.w, axis=-1)
    assert distance.max() < 1e-3


def test_the_provenance_names_every_contraction():
    """Assert that of a batch all methods are named, each once, not those of the first problem alone."""
    gaussian = _problem(3.0, 4.0, -1.0).gaussian_control()
    found = solve([gaussian, _problem(3.0, 4.0, -1.0), gaussian], _start(0), [0.0])
    assert found.provenance["contracted_by"] == "none (Gaussian), ordered-gap"


@pytest.mark.parametrize("closure", ["conditional", "exact"])
def test_a_contraction_that_cannot_be_is_refused_before_the_work(closure, monkeypatch):
    """Assert that closures without K refuse it too, for k4 is recorded; and that nothing is integrated then."""
    field = NLGP(1.0, 0.5)
    torus, ring = Problem(field, field, (4, 4)), Problem(Ising(t=0.99), Ising(t=0.3), 500)
    problem, contraction = (torus, "ordered-gap") if closure == "conditional" else (ring, "sorted-list")
    monkeypatch.setattr(sys.modules["cumulode.numerics.flow.solve"], "_run_all", None)
    with pytest.raises(ValueError, match=r"^(contraction|size): [^\n]*$"):
        solve(problem, np.ones(problem.size), [0.0, 1.0], solver=Solver(closure, contraction=contraction))


def test_where_k2_is_rounding_no_step_collapses():
    """Assert that a neuron near threshold at xi+ = 10 is followed to the end: its k2 falls to 1e-17 |w|^2 in class plus.

    Gain 0.611, b = -0.463: of 4096 runs seven like this one stopped before coefficients had a limit at k2 = 0.
    """
    gain, bias = float(np.geomspace(0.1, 30.0, 64)[20]), float(np.linspace(-1.5, -0.29, 8)[6])
    found = solve(_problem(gain, 10.0, bias), np.array([_start(seed) for seed in (1, 4, 6)]), [0.0, 150.0])
    assert found.success
