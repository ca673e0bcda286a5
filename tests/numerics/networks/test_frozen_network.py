"""Committees on frozen samples: the drift against plain sums and all states, symmetry, errors that cover, the flow."""

from __future__ import annotations

import numpy as np
import pytest
from oracles import ACTIVATIONS, ising_points

from cumulode.numerics import Solver, Status, drift, load, solve_network
from cumulode.numerics.frozen.flow import seeds_of
from cumulode.numerics.frozen.points import samples
from cumulode.numerics.networks.frozen_drift import FrozenNetworkDrift
from cumulode.theory import NLGP, Cumulants, Ising, Problem
from cumulode.theory.user_input.arguments import InvalidArgument

FIELD = Problem(NLGP(3.0, 1.5), NLGP(3.0, 0.7), 10, prior=0.3)
SPINS = Problem(Ising(t=0.7), Ising(t=0.3), 8)
TORUS = Problem(NLGP(3.0, 1.2, "wrapped"), NLGP(3.0, 0.6, "wrapped"), (4, 4))
FEW = Solver(frozen_points=64)


def weights(K, size, seed=1, scale=1.0):
    return scale * np.random.default_rng(seed).standard_normal((K, size)) / np.sqrt(size)


def images(x, shape):
    """All translations and reflections of samples (n, D), with both signs, (m, D)."""
    lattice = x.reshape(-1, *shape)
    axes = tuple(range(1, 1 + len(shape)))
    out = [lattice]
    for axis in axes:
        out += [np.flip(one, axis) for one in out]
    moved = [
        np.roll(one, shift, axes) for one in out for shift in np.ndindex(*shape)
    ]  # fmt: skip
    flat = np.concatenate([one.reshape(len(one), -1) for one in moved])
    return np.concatenate([flat, -flat])


def average(problem, xs, w, b, activation):
    """dw/dt and db/dt over samples (n, D) of each class, by plain sums."""
    dw, db = np.zeros_like(w), np.zeros(len(b))
    for x, y, p in zip(xs, problem.labels, problem.priors, strict=True):
        value, slope = ACTIVATIONS[activation](x @ w.T + b)
        force = (y - value.mean(1))[:, None] * slope
        dw, db = dw + p * force.T @ x / len(x), db + p * force.mean(0)
    return dw, db


@pytest.mark.parametrize("problem", [FIELD, SPINS, TORUS], ids=["ring", "spins", "torus"])
@pytest.mark.parametrize("activation", ["erf", "tanh"])
def test_the_drift_is_the_sum_over_all_images_of_the_samples(problem, activation):
    """Assert it to 1e-12 by plain sums over translations, reflections and signs, for 3 neurons, two scrambles together."""
    own = Problem(problem.plus, problem.minus, problem.shape, activation, prior=problem.prior)
    w, b, seeds = weights(3, own.size), np.array([-1.0, 0.3, 0.8]), seeds_of(3)[:2]
    dw, db = FrozenNetworkDrift(own, 16, seeds)(w, b)
    xs = []
    for place, law in enumerate(own.laws):
        each = [
            samples(law, own.shape, 16, np.random.SeedSequence(s.entropy, spawn_key=(*s.spawn_key, place)))
            for s in seeds
        ]
        xs.append(images(np.concatenate(each), own.shape))
    expected = average(own, xs, w, b, activation)
    np.testing.assert_allclose(dw, expected[0], atol=1e-12)
    np.testing.assert_allclose(db, expected[1], atol=1e-12)


def test_one_neuron_is_the_flow_of_one_neuron_on_the_same_samples():
    """Assert the drift of a committee of one to 1e-12 against the closure frozen of a neuron, in which only the odd part
    of the force counts.
    """
    problem = Problem(FIELD.plus, FIELD.minus, 10, bias=-0.7, prior=0.3)
    w = weights(1, 10)
    alone = drift(problem, solver=Solver("frozen", frozen_points=64))(w[0])
    dw, _ = FrozenNetworkDrift(problem, 64, seeds_of(0))(w, np.array([-0.7]))
    np.testing.assert_allclose(dw[0], alone, atol=1e-12)


def test_the_drift_is_the_populations_within_the_scatter_of_scrambles():
    """Assert every component within ten standard errors of the sum over all 2^8 states, and errors below 0.01 (fixed
    scrambles; Student's t of 7 degrees beyond 10: 2e-5 each of 27 components).
    """
    w, b = weights(3, 8), np.array([-1.0, 0.2, 0.9])
    each = [FrozenNetworkDrift(SPINS, 256, [seed])(w, b) for seed in seeds_of(5)]
    exact = by_states(w, b)
    for i in range(2):
        values = np.array([one[i] for one in each])
        error = values.std(axis=0, ddof=1) / np.sqrt(8)
        assert (np.abs(values.mean(axis=0) - exact[i]) < 10 * error + 1e-12).all()
        assert error.max() < 0.01


def by_states(w, b):
    """dw/dt and db/dt of an Ising committee over all states."""
    dw, db = np.zeros_like(w), np.zeros(len(b))
    for law, y in ((SPINS.plus, 1.0), (SPINS.minus, -1.0)):
        x, weight = ising_points(law.t, w.shape[1])
        value, slope = ACTIVATIONS["erf"](x @ w.T + b)
        force = weight[:, None] * (y - value.mean(1))[:, None] * slope
        dw, db = dw + 0.5 * force.T @ x, db + 0.5 * force.sum(0)
    return dw, db


def exact_flow(w0, b0, times):
    """The committee of ``SPINS`` by all states, with trained biases: SciPy's integrator."""
    from scipy.integrate import solve_ivp

    K, D = w0.shape

    def velocity(_, y):
        dw, db = by_states(y[: K * D].reshape(K, D), y[K * D :])
        return np.concatenate([dw.ravel(), db])

    run = solve_ivp(velocity, (0, times[-1]), np.concatenate([w0.ravel(), b0]), t_eval=times, rtol=1e-8, atol=1e-10)
    return run.y.T[:, : K * D].reshape(-1, K, D), run.y.T[:, K * D :]


def test_the_flow_is_that_of_all_states_within_its_error():
    """Assert norms and biases of a trained committee at t = 5, 20 within six standard errors of the exact flow (7 degrees
    of freedom: 3e-4 each of 12, fixed scrambles), errors of a few per cent at most, and equal numbers by ``mean``.
    """
    w0, b0, times = weights(3, 8, scale=0.3), np.array([-1.0, 0.2, 0.9]), np.array([5.0, 20.0])
    run = solve_network(SPINS, w0, times, b0, trained_biases=True, closure="frozen", solver=Solver(frozen_points=256))
    w, b = exact_flow(w0, b0, times)
    norms, error = run.mean("norm"), run.error_of("norm")
    assert (np.abs(norms - np.linalg.norm(w, axis=-1)) < 6 * error + 1e-4).all()
    assert (np.abs(run.bias - b) < 6 * run.bias_error + 1e-4).all()
    assert (error < 0.05 * norms).all()
    assert run.scrambles.shape == (8, 2, 3, 8)
    np.testing.assert_allclose(run.w[~run.split], run.scrambles.mean(axis=0)[~run.split], rtol=1e-12)


def test_small_weights_follow_third_order():
    """Assert that from |w| = 0.05 the flow to t = 1 is that of the third order within 1 % of the weights' change."""
    w0, b = weights(4, 8, scale=0.05), np.array([-1.0, -1.0, 1.0, 1.0])
    cubic = solve_network(SPINS, w0, [1.0], b)
    run = solve_network(SPINS, w0, [1.0], b, closure="frozen", solver=Solver(frozen_points=1024))
    error = np.linalg.norm(run.w - cubic.w) / np.linalg.norm(cubic.w - w0)
    assert error < 0.01 + 6 * np.linalg.norm(run.standard_error) / np.linalg.norm(cubic.w - w0)


def test_what_splits_is_said_and_what_is_kept_comes_back(tmp_path):
    """Assert that units whose scrambles end apart have no mean, that the message counts them, that the file gives the
    run back, and that kinks and tori have a flow.
    """
    w0 = weights(4, 10, scale=0.1)
    run = solve_network(FIELD, w0, [0.0, 30.0, 200.0], [-1.0, -1.0, 1.0, 1.0], closure="frozen", solver=FEW, seed=2)
    assert run.split[-1].any()
    assert np.isnan(run.w[run.split]).all()
    assert f"{int(run.split.any(axis=0).sum())} of 4 units are in different basins" in run.message
    assert np.isfinite(run.mean("ipr")).all()
    run.save(tmp_path / "n.nc")
    back = load(tmp_path / "n.nc")
    np.testing.assert_array_equal(back.scrambles, run.scrambles)
    np.testing.assert_array_equal(back.split, run.split)
    assert type(back) is type(run)
    relu = Problem(FIELD.plus, FIELD.minus, 10, activation="relu")
    made = solve_network(relu, w0, [0.0, 1.0], 0.0, closure="frozen", solver=FEW)
    assert made.status is Status.REACHED_END
    assert solve_network(TORUS, weights(2, 16), [0.0, 1.0], [-1.0, 1.0], closure="frozen", solver=FEW).success


def test_what_has_no_samples_is_refused():
    """Assert one line that names what is wrong."""
    own = Problem(Cumulants(np.eye(8)[0], np.zeros((8, 8, 8))), Ising(0.3), 8)
    with pytest.raises(InvalidArgument, match="closure: got 'frozen'"):
        solve_network(own, weights(2, 8), [1.0], [-1.0, 1.0], closure="frozen")
    with pytest.raises(InvalidArgument, match="seed: got 1, allowed: None without closure='frozen'"):
        solve_network(SPINS, weights(2, 8), [1.0], [-1.0, 1.0], seed=1)
    with pytest.raises(InvalidArgument, match="seed: got -1"):
        solve_network(SPINS, weights(2, 8), [1.0], [-1.0, 1.0], closure="frozen", seed=-1)
