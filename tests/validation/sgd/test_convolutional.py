"""A convolutional network's SGD is its stated rule: against NumPy, finite differences, and a committee's."""

from __future__ import annotations

import json
import threading
from typing import Any

import numpy as np
import pytest
from scipy import special

from cumulode import NLGP, Ising, Problem, Status, load, simulate_convolutional, simulate_network
from cumulode.numerics.compile.closure_kernels import response_kernel
from cumulode.validation.sampling.sampler import rows_sampler, sampler
from cumulode.validation.sampling.streams import stream
from cumulode.validation.sgd.convolutional import engine
from cumulode.validation.sgd.network import engine as network_engine

RING = Problem(NLGP(3.0, 1.0), NLGP(2.0, 0.5), 10, bias=-0.7, prior=0.4)
TORUS = Problem(NLGP(3.0, 0.5), NLGP(2.0, 0.4), (4, 4), bias=-0.7)
RNG = np.random.default_rng(4)
ACTIVATIONS: dict[str, Any] = {
    "erf": (lambda h: special.erf(h / np.sqrt(2)), lambda h: np.sqrt(2 / np.pi) * np.exp(-(h**2) / 2)),
    "tanh": (np.tanh, lambda h: 1 - np.tanh(h) ** 2),
    "-h**3/6 + h": (lambda h: h - h**3 / 6, lambda h: 1 - h**2 / 2),
}
RESIDUALS: dict[str, Any] = {"mse": lambda y, s: y - s, "cross-entropy": lambda y, s: y - special.expit(s)}


def seen_by_positions(x: np.ndarray, shape: tuple[int, ...], tap: int) -> np.ndarray:
    """What a filter sees at each position, (D, P), by np.roll: entry j of position i is x_(i + j)."""
    square = x.reshape(shape)
    offsets = list(np.ndindex(*(tap,) * len(shape)))
    moved = [np.roll(square, [-o for o in offset], axis=tuple(range(len(shape)))).ravel() for offset in offsets]
    return np.stack(moved, axis=-1)


def draws(problem: Problem, n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """The inputs and classes that a run of ``seed`` sees."""
    x, classes = np.empty((n, problem.size)), np.empty(n)
    laws = [sampler(law, problem.shape) for law in problem.laws]
    network_engine.draw_kernel()(*laws, problem.prior, stream(np.random.SeedSequence(seed), (0,)), x, classes)
    return x, classes


@pytest.mark.parametrize("batch", [1, 3])
@pytest.mark.parametrize(
    ("problem", "tap", "activation", "readout", "biases", "loss"),
    [
        (RING, 10, "erf", "pooled", "balanced", "mse"),
        (RING, 4, "tanh", "full", "trained", "cross-entropy"),
        (TORUS, 3, "-h**3/6 + h", "full", "trained", "mse"),
        (TORUS, 4, "erf", "pooled", "trained", "mse"),
    ],
)
def test_steps_are_those_of_a_loop_in_numpy(problem, tap, activation, readout, biases, loss, batch) -> None:
    """Assert filters, biases and readouts after 8 steps against NumPy on the same inputs, to 1e-11."""
    rate, steps, F, D = 0.05, 8, 2, problem.size
    problem = Problem(problem.plus, problem.minus, problem.shape, activation, bias=-0.7, prior=problem.prior)
    v = 0.3 * RNG.standard_normal((F, tap ** len(problem.shape)))
    given: dict[str, Any] = {"learning_rate": rate, "batch_size": batch, "seed": 3, "loss": loss, "n_test": 2}
    run = simulate_convolutional(problem, F, tap, readout, biases, [0, rate * steps], v, **given)
    b, a = np.array([0.7, -0.7]), np.ones((F, D))
    xs, classes = draws(problem, steps * batch, 3)
    ys = classes if loss == "cross-entropy" else 2 * classes - 1
    value, slope = ACTIVATIONS[activation]
    for n in range(steps):
        dv, db, da = np.zeros_like(v), np.zeros_like(b), np.zeros_like(a)
        for x, y in zip(xs[n * batch : (n + 1) * batch], ys[n * batch : (n + 1) * batch], strict=True):
            seen = seen_by_positions(x, problem.shape, tap)
            h = v @ seen.T + b[:, None]
            r = RESIDUALS[loss](y, np.mean(a * value(h)))
            force = r * a * slope(h) / D
            dv, db, da = dv + force @ seen, db + force.sum(axis=1), da + r * value(h)
        v = v + rate * dv / batch
        b = b + rate * db / batch * (biases == "trained")
        a = a + rate * da / batch * (readout == "full")
    assert np.abs(run.w[-1] - v).max() < 1e-11
    assert np.abs(run.bias[-1] - b).max() < 1e-11
    assert np.abs(run.readout[-1] - (a if readout == "full" else 1)).max() < 1e-11


@pytest.mark.parametrize("kind", [network_engine.MSE, network_engine.CROSS_ENTROPY])
def test_the_step_is_the_gradient_times_filters(kind) -> None:
    """Assert a sample's update against central differences of its loss times F (readouts: F D), to 1e-8."""
    F, lattice, D = 2, engine.FilterLattice(4, 4, 3, 3), 16
    theta, x = 0.4 * RNG.standard_normal(F * 9 + F + F * D), RNG.standard_normal((1, D))
    rule = network_engine.NetworkRule(0.5, 1.0, 1, F, kind, 1.0, 0.0, 1.0, 1.0)
    response, values = response_kernel("erf"), np.empty((1, 2))

    def loss(at: np.ndarray) -> float:
        engine.held_out_kernel()(at, lattice, x, np.ones(1), response, rule, values)
        return float(values[0, 0])

    eps, gradient = 1e-5, np.empty(theta.size)
    for i in range(theta.size):
        shift = eps * (np.arange(theta.size) == i)
        gradient[i] = (loss(theta + shift) - loss(theta - shift)) / (2 * eps)
    sampled = network_engine.NetworkRule(1.0, 1.0, 1, F, kind, 1.0, 0.0, 1.0, 1.0)
    moved, rows = theta.copy(), rows_sampler(x)
    random = stream(np.random.SeedSequence(0), (0,))
    assert engine.advance_kernel()(moved, lattice, 1, rows, rows, response, sampled, random, np.zeros(1, np.uint8)) == 1
    scale = np.where(np.arange(theta.size) < F * 9 + F, F, F * D)
    assert np.abs(moved - theta + scale * gradient).max() < 1e-8


def test_seeds_are_equal_bytes_alone_and_together() -> None:
    """Assert that each run of a sequence equals, to the bit, the run with its seed, and that seeds differ."""
    given: dict[str, Any] = {"t_eval": [0, 0.2], "n_test": 20}
    both, alone = (simulate_convolutional(RING, 2, 4, **s, **given) for s in ({"seeds": [5, 6]}, {"seed": 6}))
    assert both.w.shape == (2, 2, 2, 4)
    assert alone.fields.shape == (2, 2, 10)
    assert both.w[1].tobytes() == alone.w.tobytes()
    assert both.loss[1].tobytes() == alone.loss.tobytes()
    assert not np.array_equal(both.w[0], both.w[1])


@pytest.mark.parametrize(("problem", "tap"), [(RING, 4), (TORUS, 3)])
def test_a_run_shows_its_shapes(problem, tap, tmp_path) -> None:
    """Assert xarray, dict, repr and html, with metrics of the filter as a field of D sites."""
    run = simulate_convolutional(problem, 2, tap, "full", t_eval=[0, 0.1], n_test=20, seeds=[1, 2])
    data = run.to_xarray()
    assert data["readout"].dims == ("run", "time", "unit", "site")
    assert data["w"].sizes["tap"] == run.w.shape[-1]
    assert run.readout.shape == (2, 2, 2, problem.size)
    assert run.ipr.shape == run.width.shape == (2, 2, 2)
    assert run.k2.shape == (2, 2, 2, 2)
    assert np.all(run.k2 > 0)
    json.dumps(run.to_dict())
    assert "ConvolutionalRun" in repr(run)
    assert "<table" in run._repr_html_()
    assert run.plot().lines
    run.save(tmp_path / "run.nc")
    again = load(tmp_path / "run.nc")
    assert type(again) is type(run)
    assert again.taps == run.taps
    for name in ("t", *type(run).VARIABLES, "fields"):
        np.testing.assert_array_equal(getattr(again, name), getattr(run, name))
    assert run.fields.reshape(-1, *problem.shape)[..., tap:].any() == np.False_


def test_divergence_and_interruption_leave_what_there_is() -> None:
    """Assert status, message and NaN of a diverging run (relu), and of one stopped before it began."""
    wild = Problem(Ising(t=0.7), Ising(t=-0.3), 6, "relu", bias=0.5)
    run = simulate_convolutional(wild, 2, t_eval=[0, 5e5], learning_rate=500.0, batch_size=1, n_test=2)
    assert not run.success
    assert run.statuses.tolist() == [Status.DIVERGED]
    assert "learning rate too large" in run.message
    assert np.isfinite(run.w[0]).all()
    assert np.isnan(run.w[1]).all()
    assert np.isnan(run.fields[1]).all()
    stop = threading.Event()
    stop.set()
    halted = simulate_convolutional(RING, 2, t_eval=[0, 50], n_test=2, stop=stop)
    assert halted.statuses.tolist() == [Status.INTERRUPTED]
    assert "interrupted" in halted.message


@pytest.mark.parametrize("activation", ["erf", "relu"])
def test_what_is_not_finite_at_its_first_step_has_diverged(activation):
    """Assert a run that ends, as DIVERGED or at its last time, where inputs of 1e200 overflow at once."""
    problem = Problem(NLGP(1.0, 0.2, "wrapped"), NLGP(1.0, 0.1, "wrapped"), (4, 4), activation=activation, bias=-0.2)
    samples = np.full((5, 16), 1e200) * np.arange(16), np.ones((4, 16)) * np.arange(16)
    for run in (
        simulate_convolutional(problem, filters=2, t_eval=[0, 0.1], n_test=3, samples=samples, filter_size=4),
        simulate_network(problem, hidden=2, t_eval=[0, 0.1], n_test=3, samples=samples),
    ):
        assert run.status in (Status.DIVERGED, Status.REACHED_END)
        assert activation == "erf" or run.status is Status.DIVERGED
