"""A network's SGD is its stated rule: against NumPy, finite differences, an exact expectation, and one neuron's SGD.

Statistical bounds are 5.5 standard errors (two-sided 4e-8 a comparison) unless a test says otherwise.
"""

from __future__ import annotations

import copy
import json
import pickle
import threading
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from typing import Any

import numpy as np
import pytest
from scipy import special, stats

from cumulode import GP, NLGP, Ising, Problem, Status, load, simulate_network, simulate_sgd
from cumulode.numerics import preactivation_cumulants
from cumulode.numerics.compile.closure_kernels import activation_kernels, response_kernel
from cumulode.numerics.compile.generated import losses as generated_losses
from cumulode.validation.sampling.sampler import rows_sampler, sampler
from cumulode.validation.sampling.streams import stream
from cumulode.validation.sgd import training
from cumulode.validation.sgd.network import engine, held_out
from cumulode.validation.sgd.network.result import NetworkRun

ERRORS = 5.5
SMALL = Problem(Ising(t=0.7), Ising(t=-0.3), 6, bias=-0.6, prior=0.3)
RNG = np.random.default_rng(7)

#: sigma and its derivative, written independently of the package.
ACTIVATIONS: dict[str, Any] = {
    "erf": (lambda h: special.erf(h / np.sqrt(2)), lambda h: np.sqrt(2 / np.pi) * np.exp(-(h**2) / 2)),
    "tanh": (np.tanh, lambda h: 1 - np.tanh(h) ** 2),
    "relu": (lambda h: np.maximum(h, 0), lambda h: (h > 0) * 1.0),
    "softplus": (lambda h: np.logaddexp(0, h), special.expit),
    "-h**3/6 + h": (lambda h: h - h**3 / 6, lambda h: 1 - h**2 / 2),
}
#: loss and residual of output and target.
LOSSES: dict[str, Any] = {
    "mse": (lambda y, s: (y - s) ** 2 / 2, lambda y, s: y - s),
    "cross-entropy": (lambda y, s: np.logaddexp(0, s) - y * s, lambda y, s: y - special.expit(s)),
}


def problem_of(activation: str) -> Problem:
    return Problem(NLGP(3.0, 2.0), NLGP(2.0, 1.0), 12, activation, bias=-0.7, prior=0.4)


def draws(problem: Problem, n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """The inputs (n, D) and classes (n,), 1 plus and 0 minus, that a run of ``seed`` sees."""
    x, classes = np.empty((n, problem.size)), np.empty(n)
    laws = [sampler(law, problem.shape) for law in problem.laws]
    engine.draw_kernel()(*laws, problem.prior, stream(np.random.SeedSequence(seed), (0,)), x, classes)
    return x, classes


def forward(activation: str, w: np.ndarray, b: np.ndarray, a: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Outputs (n,) for inputs (n, D)."""
    return np.asarray(ACTIVATIONS[activation][0](x @ w.T + b) @ a / len(a))


def steps_in_numpy(activation: str, loss: str, w: Any, b: Any, a: Any, batches: Any, rate: float, trained: Any) -> Any:
    """The rule of ``simulate_network``'s docstring, batch by batch of (x, y); ``trained``: biases, readouts."""
    value, slope = ACTIVATIONS[activation]
    for x, y in batches:
        h = x @ w.T + b
        r = LOSSES[loss][1](y, forward(activation, w, b, a, x))
        force = r[:, None] * a * slope(h)
        new_b = b + rate * force.mean(axis=0) * trained[0]
        new_a = a + rate * (r[:, None] * value(h)).mean(axis=0) * trained[1]
        w, b, a = w + rate * force.T @ x / len(x), new_b, new_a
    return w, b, a


@pytest.mark.parametrize("batch", [1, 3])
@pytest.mark.parametrize(
    ("activation", "architecture", "biases", "loss", "labels"),
    [
        ("erf", "committee", "balanced", "mse", (-1, 1)),
        ("erf", "two-layer", "trained", "cross-entropy", (-1, 1)),
        ("tanh", "committee", "trained", "mse", (-1, 1)),
        ("relu", "two-layer", "equal", "mse", (0, 1)),
        ("softplus", "committee", "given", "cross-entropy", (0, 1)),
        ("-h**3/6 + h", "two-layer", "given", "mse", (0, 1)),
    ],
)
def test_a_few_steps_are_those_of_a_loop_in_numpy(activation, architecture, biases, loss, labels, batch) -> None:
    """Assert weights, biases and readouts after 1 and 12 steps against NumPy on the same inputs, to 1e-11."""
    problem, rate, hidden = problem_of(activation), 0.05, 4
    w0 = 0.3 * RNG.standard_normal((hidden, 12))
    given = np.array([-0.4, 0.1, 0.9, -1.2])
    two = architecture == "two-layer"
    a0 = np.array([1.0, -0.5, 0.8, 1.4]) if two else np.ones(hidden)
    net = simulate_network(
        problem,
        hidden,
        architecture,
        given if biases == "given" else biases,
        [0, rate, 12 * rate],
        w0,
        learning_rate=rate,
        batch_size=batch,
        seed=3,
        loss=loss,
        labels=labels,
        n_test=2,
        readout=a0 if two else None,
    )
    b0 = {"given": given, "equal": np.full(hidden, -0.7)}.get(biases, np.array([0.7, 0.7, -0.7, -0.7]))
    x, classes = draws(problem, 12 * batch, 3)
    low, high = (0, 1) if loss == "cross-entropy" else labels
    y = np.where(classes > 0, high, low)
    batches = [(x[i : i + batch], y[i : i + batch]) for i in range(0, len(x), batch)]
    np.testing.assert_array_equal(net.w[0], w0)
    for record, count in ((1, 1), (2, 12)):
        w, b, a = steps_in_numpy(activation, loss, w0, b0, a0, batches[:count], rate, (biases == "trained", two))
        np.testing.assert_allclose(net.w[record], w, rtol=1e-11, atol=1e-12)
        np.testing.assert_allclose(net.bias[record], b, rtol=1e-11, atol=1e-12)
        np.testing.assert_allclose(net.readout[record], a, rtol=1e-11, atol=1e-12)
    assert np.abs(net.w[2] - w0).max() > 1e-3


@pytest.mark.parametrize("law", [Ising(t=0.7), NLGP(3.0, 2.0), GP(NLGP(3.0, 2.0))])
def test_one_hidden_unit_is_the_single_neuron(law) -> None:
    """Assert that K = 1 with the problem's bias is ``simulate_sgd`` of the same seed, to rounding."""
    other = Ising(t=0.1) if isinstance(law, Ising) else NLGP(2.0, 1.0)
    problem = Problem(law, other, 12, bias=-0.8, prior=0.6)
    w0 = 0.2 * RNG.standard_normal(12)
    one = simulate_sgd(problem, w0, [0, 1, 4], 0.05, 3, seed=5)
    net = simulate_network(
        problem, 1, biases="equal", t_eval=[0, 1, 4], w0=w0[None], learning_rate=0.05, batch_size=3, seed=5, n_test=2
    )
    np.testing.assert_allclose(net.w[:, 0], one.w, rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(net.kurtosis[:, 0], one.kurtosis, rtol=1e-8)


@pytest.mark.parametrize("loss", LOSSES)
def test_a_step_is_the_gradient_of_the_batch_loss_times_the_hidden_units(loss) -> None:
    """Assert (theta_1 - theta_0) / rate = -K grad of the mean loss, by central differences (error 1e-8 allowed)."""
    problem, hidden, batch, rate = problem_of("tanh"), 4, 40, 0.1
    w0 = 0.3 * RNG.standard_normal((hidden, 12))
    a0 = np.array([1.0, -0.5, 0.8, 1.4])
    net = simulate_network(
        problem,
        hidden,
        "two-layer",
        "trained",
        [0, rate],
        w0,
        learning_rate=rate,
        batch_size=batch,
        seed=2,
        loss=loss,
        readout=a0,
        n_test=2,
    )
    x, classes = draws(problem, batch, 2)
    y = classes if loss == "cross-entropy" else 2 * classes - 1

    def mean_loss(theta: np.ndarray) -> float:
        w, b, a = theta[:48].reshape(4, 12), theta[48:52], theta[52:]
        return float(LOSSES[loss][0](y, forward("tanh", w, b, a, x)).mean())

    theta = [np.concatenate([net.w[i].ravel(), net.bias[i], net.readout[i]]) for i in (0, 1)]
    gradient = [(mean_loss(theta[0] + e) - mean_loss(theta[0] - e)) / 2e-5 for e in 1e-5 * np.eye(56)]
    np.testing.assert_allclose((theta[1] - theta[0]) / rate, -hidden * np.array(gradient), atol=1e-8)


def test_the_mean_of_a_step_is_exact_over_all_ising_states() -> None:
    """Assert one step with 400 000 samples against the sum over all 2^6 states (seed 1; 16 comparisons)."""
    w, batch, rate = 0.5 * RNG.standard_normal((2, 6)), 400_000, 0.5
    x = np.array(list(product([-1.0, 1.0], repeat=6)))
    mean, second = np.zeros(14), np.zeros(14)
    value, slope = ACTIVATIONS["erf"]
    b = np.array([0.6, -0.6])
    for law, y, prior in zip(SMALL.laws, (1.0, -1.0), SMALL.priors, strict=True):
        p = prior * np.prod(1 + law.t * x * np.roll(x, -1, axis=1), axis=1) / (2**6 * (1 + law.t**6))
        h = x @ w.T + b
        force = (y - value(h).mean(axis=1))[:, None] * slope(h)
        u = np.concatenate([force[:, :1] * x, force[:, 1:] * x, force], axis=1)
        mean += p @ u
        second += p @ u**2
    net = simulate_network(
        SMALL, 2, biases="trained", t_eval=[0, rate], w0=w, learning_rate=rate, batch_size=batch, seed=1, n_test=2
    )
    step = np.concatenate([(net.w[1] - net.w[0]).ravel(), net.bias[1] - net.bias[0]]) / rate
    assert np.abs((step - mean) / np.sqrt((second - mean**2) / batch)).max() < ERRORS


def test_hidden_units_are_exchangeable() -> None:
    """Assert that permuting rows and biases of the start permutes the run, to rounding."""
    problem, order = problem_of("erf"), np.array([2, 0, 3, 1])
    w0, b = 0.3 * RNG.standard_normal((4, 12)), np.array([0.3, -0.3, 0.8, -0.8])
    common = {"t_eval": [0, 2.0], "learning_rate": 0.1, "batch_size": 2, "seed": 4, "n_test": 50}
    one = simulate_network(problem, 4, biases=b, w0=w0, **common)
    other = simulate_network(problem, 4, biases=b[order], w0=w0[order], **common)
    np.testing.assert_allclose(other.w, one.w[:, order], rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(other.loss, one.loss, rtol=1e-10)


def test_bits_depend_neither_on_threads_nor_on_spells_nor_on_the_other_seeds(monkeypatch) -> None:
    """Assert equal bytes of one run alone, among others, in one thread, and in short spells; seeds differ."""

    def run(**more):
        return simulate_network(
            problem_of("erf"), 2, t_eval=[0, 5, 20], learning_rate=0.1, batch_size=2, n_test=50, **more
        )

    three = run(seeds=3)
    with ThreadPoolExecutor(1) as pool:
        np.testing.assert_array_equal(run(seeds=[0, 1, 2], executor=pool).w, three.w)
    monkeypatch.setattr(training, "_SPELL", 1e-9)
    alone = run(seed=1)
    np.testing.assert_array_equal(alone.w, three.w[1])
    np.testing.assert_array_equal(alone.loss, three.loss[1])
    assert alone.w.shape == (3, 2, 12)
    assert three.w.shape == (3, 3, 2, 12)
    assert three.ipr.shape == (3, 3, 2)
    assert not np.array_equal(three.w[0, 0], three.w[1, 0])
    wide = simulate_network(problem_of("erf"), 2000, t_eval=[0], amplitude=0.5, n_test=2)
    assert np.sqrt(np.mean(wide.norm**2)) == pytest.approx(0.5, rel=6 / np.sqrt(2 * 24000))


@pytest.mark.parametrize(("loss", "labels"), [("mse", (-1, 1)), ("mse", (0, 1)), ("cross-entropy", (0, 1))])
def test_loss_and_accuracy_are_those_of_fresh_inputs(loss, labels) -> None:
    """Assert the held-out numbers against independent inputs of another seed within standard errors (6 comparisons)."""
    problem, w0 = problem_of("erf"), 0.6 * RNG.standard_normal((4, 12))
    net = simulate_network(problem, 4, t_eval=[0], w0=w0, loss=loss, labels=labels, n_test=20_000, test_seed=1)
    x, classes = draws(problem, 200_000, 99)
    low, high = (0, 1) if loss == "cross-entropy" else labels
    s = forward("erf", w0, np.array([0.7, 0.7, -0.7, -0.7]), np.ones(4), x)
    border = 0.0 if loss == "cross-entropy" else (low + high) / 2
    values = np.stack([LOSSES[loss][0](np.where(classes > 0, high, low), s), (s > border) == (classes > 0)])
    error = values.std(axis=1) * np.sqrt(1 / 20_000 + 1 / 200_000)
    held = np.array([net.loss[0], net.accuracy[0]])
    assert np.all(np.abs(held - values.mean(axis=1)) < ERRORS * error)
    spread = values.std(axis=1) / np.sqrt(20_000)
    np.testing.assert_allclose([net.loss_error[0], net.accuracy_error[0]], spread, rtol=0.1)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_response_and_residual_are_the_functions_and_derivatives(activation) -> None:
    """Assert sigma, sigma' and the losses' residuals against formulas written here, to 1e-13."""
    response = response_kernel(activation)
    value, slope = ACTIVATIONS[activation]
    for h in np.linspace(-6, 6, 50):
        np.testing.assert_allclose(response(h), (value(h), slope(h)), rtol=1e-12, atol=1e-14)
    assert response(0.3)[0] == pytest.approx(activation_kernels(activation).sigma(0.3), rel=1e-14)
    for loss, (of, residual) in LOSSES.items():
        tag = loss.replace("-", "_")
        for y, s in product((-1.0, 0.0, 1.0), (-800.0, -2.0, 0.1, 3.0, 800.0)):
            assert getattr(generated_losses, f"{tag}_loss")(y, s) == pytest.approx(of(y, s), rel=1e-12, abs=1e-13)
            assert getattr(generated_losses, f"{tag}_residual")(y, s) == pytest.approx(residual(y, s), abs=1e-13)


def test_own_samples_are_drawn_evenly_and_a_tenth_is_kept() -> None:
    """Assert that exactly the sites of rows trained on move, and by a chi-square of 40 000 draws (seed 0; p > 1e-6)."""
    rows = 2.0 * np.eye(20)
    problem = Problem(NLGP(3.0, 2.0), NLGP(3.0, 1.0), 20)
    net = simulate_network(
        problem,
        2,
        t_eval=[0, 40],
        w0=np.zeros((2, 20)),
        learning_rate=0.01,
        batch_size=5,
        samples=(rows, -rows),
        seed=0,
        n_test=100,
    )
    moved = net.w[-1, 0] != 0
    assert moved.sum() == 18  # both classes keep the same two rows, the split is the test seed's
    assert np.isnan(net.kurtosis).all()
    assert "user" in net.provenance["inputs"]
    train, kept = held_out.split(rows, np.random.SeedSequence(0))
    assert not (set(np.flatnonzero(kept.table.reshape(-1, 20).sum(axis=0))) & set(np.flatnonzero(moved)))
    assert train.table.size == 18 * 20
    x, classes = np.empty((40_000, 20)), np.empty(40_000)
    law = rows_sampler(rows)
    engine.draw_kernel()(law, law, 0.5, stream(np.random.SeedSequence(0)), x, classes)
    counts = (x > 0).sum(axis=0)
    assert counts.sum() == 40_000
    assert stats.chisquare(counts).pvalue > 1e-6


def test_a_torus_has_centres_of_two_coordinates_and_flattens_what_it_is_given() -> None:
    """Assert shapes on a 6 x 6 torus, that (K, L, L) starts and (n, L, L) samples are their flat forms."""
    problem = Problem(NLGP(3.0, 1.0), NLGP(1.0, 1.0), (6, 6))
    w0, x = RNG.standard_normal((2, 6, 6)), RNG.standard_normal((30, 6, 6))
    net = simulate_network(problem, 2, t_eval=[0, 0.1], w0=w0, n_test=10)
    np.testing.assert_array_equal(net.w[0], w0.reshape(2, 36))
    assert net.centre.shape == (2, 2, 2)
    assert net.width.shape == (2, 2)
    assert net.to_xarray()["centre"].dims[-1] == "direction"
    np.testing.assert_allclose(net.k4, preactivation_cumulants(problem, net.w)[1])
    common = {"t_eval": [0, 0.1], "w0": w0, "n_test": 10}
    flat = simulate_network(problem, 2, samples=(x.reshape(30, 36), x.reshape(30, 36)), **common)
    np.testing.assert_array_equal(simulate_network(problem, 2, samples=(x, x), **common).w, flat.w)


def test_a_result_can_be_saved_and_shown(tmp_path) -> None:
    """Assert that xarray, JSON, repr and HTML hold the arrays, with the seeds in front."""
    net = simulate_network(problem_of("erf"), 2, t_eval=[0, 0.1], seeds=[3, 4], n_test=10)
    data = net.to_xarray()
    assert data["ipr"].dims == ("run", "time", "unit")
    assert data["kurtosis"].shape == (2, 2, 2, 2)
    assert net.success
    assert net.statuses.tolist() == [Status.REACHED_END] * 2
    assert len(net.messages) == 2
    plain = json.loads(json.dumps(net.to_dict(), allow_nan=False))
    np.testing.assert_allclose(plain["w"], net.w)
    assert plain["provenance"]["seed"] == [3, 4]
    assert "reached" in repr(net)
    assert "<table>" in net._repr_html_()
    assert net.plot().lines
    net.save(tmp_path / "net.nc")
    for again in (load(tmp_path / "net.nc"), pickle.loads(pickle.dumps(net)), copy.deepcopy(net)):
        assert type(again) is NetworkRun
        assert again.provenance == net.provenance
        for name in ("t", *NetworkRun.VARIABLES):
            np.testing.assert_array_equal(getattr(again, name), getattr(net, name))
    np.testing.assert_allclose(net(0.05), (net.w[:, 0] + net.w[:, 1]) / 2, rtol=1e-14)
    units = net.neurons()
    np.testing.assert_array_equal(units.w[3], net.w[1, :, 1])
    np.testing.assert_array_equal(units.k2[2], net.k2[1, :, 0])


def test_a_run_that_diverges_or_is_stopped_says_so_and_keeps_what_it_has() -> None:
    """Assert status, message and NaN after the end; the start stays."""
    cubic = problem_of("h - h**3/6")
    net = simulate_network(cubic, 2, t_eval=[0, 1e4], learning_rate=5.0, batch_size=1, n_test=10)
    assert net.status is Status.DIVERGED
    assert "learning rate too large" in net.message
    assert not net.success
    assert np.isfinite(net.w[0]).all()
    assert np.isnan(net.w[1]).all()
    assert np.isnan(net.loss[1])
    stop = threading.Event()
    stop.set()
    net = simulate_network(problem_of("erf"), 2, t_eval=[0, 1e6], seeds=2, stop=stop, n_test=10)
    assert net.statuses.tolist() == [Status.INTERRUPTED] * 2
    assert "interrupted" in net.message
    assert np.isfinite(net.w[:, 0]).all()
    assert np.isnan(net.w[:, 1]).all()
    assert np.isfinite(net.accuracy[:, 0]).all()
