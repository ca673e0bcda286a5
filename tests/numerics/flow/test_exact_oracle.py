"""The exact Ising drift by transfer matrices against the sum over all states."""

from __future__ import annotations

import math

import numpy as np
import oracles
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cumulode.numerics import drift, solve
from cumulode.numerics.flow.exact import exact_data, exact_rhs, highest_frequency
from cumulode.theory import Ising, Problem

SIZE = 12


def by_states(problem, w):
    """The population drift as the sum over the 2^D states of each class."""
    points = [oracles.ising_points(law.t, problem.size) for law in problem.laws]
    return oracles.population_drift(w, *points, oracles.force(problem_activation(problem)), problem.bias, problem.prior)


def problem_activation(problem):
    """The activation as the table of hand-written ones knows it."""
    return {"-h**3/6 + h": "h - h**3/6"}.get(problem.activation, problem.activation)


def start(seed, amplitude, size=SIZE):
    """A random field of about that norm."""
    return amplitude * np.random.default_rng(seed).standard_normal(size) / math.sqrt(size)


@pytest.mark.parametrize("activation", ["erf", "tanh", "softplus", "h - h**3/6"])
@pytest.mark.parametrize(("plus", "minus"), [(0.7, 0.3), (0.9, -0.4), (-0.8, 0.0)])
@pytest.mark.parametrize("bias", [-1.0, 0.0, 1.5])
def test_the_exact_drift_is_the_sum_over_all_states(activation, plus, minus, bias):
    """Assert agreement with 4096 states, weak to strong fields, to 1e-12 relative plus rounding.

    What is rounded are forces as far out as the fade begins, 6 beyond sum |w_i|: of order one unless the force grows
    (the cubic's, as h^5), and then its value there counts.
    """
    problem = Problem(Ising(t=plus), Ising(t=minus), SIZE, activation=activation, bias=bias, prior=0.3)
    f = drift(problem, "exact")
    for seed, amplitude in enumerate((1e-3, 0.1, 1.0, 4.0)):
        w = start(seed, amplitude)
        expected = by_states(problem, w)
        far = np.array([-1, 1]) * (np.abs(w).sum() + 6) + bias
        rounding = 2e-15 + 1e-16 * np.abs(oracles.force(problem_activation(problem))(far, 1.0)).max()
        assert np.abs(f(w) - expected).max() < 1e-12 * np.abs(expected).max() + rounding, amplitude


@settings(deadline=None, max_examples=25)
@given(
    t=st.tuples(st.floats(-0.95, 0.95), st.floats(-0.95, 0.95)),
    bias=st.floats(-2.5, 2.5),
    size=st.integers(4, 9),
    seed=st.integers(0, 1000),
    log_amplitude=st.floats(-2, 0.7),
)
def test_the_exact_drift_holds_for_any_coupling_bias_and_size(t, bias, size, seed, log_amplitude):
    """Assert the same on rings of 4 to 9 sites, odd ones frustrated, to 2e-13 where forces are of order one."""
    problem = Problem(Ising(t=t[0]), Ising(t=t[1]), size, bias=bias)
    w = start(seed, 10.0**log_amplitude, size)
    assert np.abs(drift(problem, "exact")(w) - by_states(problem, w)).max() < 2e-13


@pytest.mark.parametrize("activation", ["erf", "tanh"])
def test_the_exact_drift_needs_no_more_modes_than_it_takes(activation):
    """Assert that half as many modes again change nothing, and half as few do: the cut is where the spectrum ends."""
    problem = Problem(Ising(t=0.7), Ising(t=0.3), SIZE, activation=activation)
    f = drift(problem, "exact")
    w = start(1, 1.0)
    data = exact_data(problem)
    assert data.frequency == highest_frequency(activation, -1.0)
    results = []
    for factor in (1.0, 1.5, 0.5):
        out = np.empty(SIZE)
        exact_rhs(w, out, data._replace(frequency=factor * data.frequency), f._plan.law)
        results.append(out)
    assert np.abs(results[1] - results[0]).max() < 1e-14
    assert 1e-12 < np.abs(results[2] - results[0]).max() < 1e-2


def test_one_site_carrying_the_field_has_the_drift_of_a_single_spin():
    """Assert the closed form for w along one site: ``E[F(w s) x_i] = C_i E[F(w s) s]``, the neighbours
    following as C.
    """
    problem = Problem(Ising(t=0.7), Ising(t=0.3), SIZE, bias=-1.0)
    w = np.zeros(SIZE)
    w[0] = 1.3
    force = oracles.force("erf")
    expected = np.zeros(SIZE)
    for law, label in zip(problem.laws, problem.labels, strict=True):
        d = np.arange(SIZE)
        C = (law.t**d + law.t ** (SIZE - d)) / (1 + law.t**SIZE)
        expected += 0.5 * C * (force(0.3, label) - force(-2.3, label)) / 2
    assert np.abs(drift(problem, "exact")(w) - expected).max() < 5e-15


@pytest.mark.parametrize("size", [40, 100])
def test_long_rings_keep_translation_reflection_and_sign(size):
    """Assert that the exact drift commutes with the symmetries to rounding where no sum over states can check it."""
    f = drift(Problem(Ising(t=0.9), Ising(t=0.3), size), "exact")
    w = start(3, 1.5, size)
    value = f(w)
    scale = 1e-13 * np.abs(value).max()
    assert np.abs(f(np.roll(w, 7)) - np.roll(value, 7)).max() < scale
    assert np.abs(f(w[::-1].copy()) - value[::-1]).max() < scale
    assert np.abs(f(-w) + value).max() < scale


def test_the_exact_flow_meets_the_reference_trajectories():
    """Assert the 41 recorded times of both reference flows (D = 40, t = 0.7 and 0.9) to 1e-7 of the largest weight."""
    from pathlib import Path

    data = np.load(Path(__file__).parents[2] / "data" / "ising_exact.npz")
    for plus in (0.7, 0.9):
        reference = data[f"ising_D40_tp{plus}_tm0.3_b-1_seed1/w"]
        solution = solve(
            Problem(Ising(t=plus), Ising(t=0.3), 40), reference[0], data["t"], closure="exact", rtol=1e-9, atol=1e-12
        )
        assert np.abs(solution.w - reference).max() < 1e-7 * np.abs(reference).max()


# ---------------------------------------------------------------- refusals
