"""conventions="ingrosso-goldt": an explicit loop with the authors' scalings, on the same numbers as ours."""

import dataclasses
import math

import numpy as np
import pytest

from cumulode import GP, NLGP, Ising, Problem, Sgd, simulate_network, simulate_sgd
from cumulode.numerics import second_cumulant
from cumulode.validation.cli import main
from cumulode.validation.sampling.erf_table import erf_by
from cumulode.validation.sampling.sampler import sampler
from cumulode.validation.sampling.streams import stream
from cumulode.validation.sgd import conventions
from cumulode.validation.sgd.network import simulate
from cumulode.validation.sgd.network.engine import draw_kernel
from cumulode.validation.sgd.network.held_out import draw_held_out

SIZE, LR, BATCH, STEPS, HIDDEN = 16, 0.3, 3, 40, 4
PROBLEM = Problem(plus=NLGP(gain=3.0, xi=2.0), minus=NLGP(gain=3.0, xi=1.0), size=SIZE, bias=-1.0)
THEIRS = Sgd(LR, BATCH, "ingrosso-goldt")
TIMES = np.array([0, 8, 24, STEPS]) / SIZE


def erf(h):
    return np.vectorize(math.erf)(h / math.sqrt(2))


def slope(h):
    return math.sqrt(2 / math.pi) * np.exp(-(h**2) / 2)


def inputs(seed, child, count):
    """What the run of this seed draws: labels (count,) and inputs (count, D), by the package's own sampler."""
    laws = [sampler(law, PROBLEM.shape, diagonal=conventions.DIAGONAL) for law in PROBLEM.laws]
    x, plus = np.empty((count, SIZE)), np.empty(count)
    draw_kernel()(*laws, PROBLEM.prior, stream(np.random.SeedSequence(seed), (child,)), x, plus)
    return 2 * plus - 1, x


def loop(w, b, v, train_b, train_v):
    """Their run, in their own terms: two outputs, one a class; mean squared error over batch and outputs; ``lr`` times K
    for a committee, over D for biases and readouts. Of two layers the second output is kept minus the first."""
    y, x = inputs(7, 0, STEPS * BATCH)
    w, b, v, K, layers = w.copy(), b.copy(), np.stack([v, -v], axis=1), len(b), train_v
    norm, lr = (1, LR) if layers else (K, LR * K)
    found = [(w.copy(), b.copy(), v[:, 0].copy())]
    for step in range(STEPS):
        rows = slice(step * BATCH, (step + 1) * BATCH)
        h = x[rows] @ w.T / np.sqrt(SIZE) + b
        outputs = erf(h) @ v / norm
        targets = np.stack([y[rows], -y[rows]], axis=1)
        dl_do = 2 * (outputs - targets) / outputs.size  # of the mean over batch and outputs
        dl_dh = (dl_do @ v.T) * slope(h) / norm
        gradients = (dl_dh.T @ x[rows] / np.sqrt(SIZE), dl_dh.sum(axis=0), erf(h).T @ dl_do / norm)
        w -= lr * gradients[0]
        b -= lr / SIZE * gradients[1] * train_b
        v -= lr / SIZE * gradients[2] * train_v
        if step + 1 in (8, 24, STEPS):
            found.append((w.copy(), b.copy(), v[:, 0].copy()))
    return [np.array(part) for part in zip(*found, strict=True)]


def network(**options):
    """Ours, given the settings of ``loop`` as they are."""
    w0 = np.random.default_rng(0).standard_normal((HIDDEN, SIZE))
    given = {"w0": w0, "sgd": THEIRS, "seed": 7, "n_test": 500}
    with erf_by("libm"):
        return w0, simulate_network(PROBLEM, HIDDEN, t_eval=TIMES, **{**given, **options})


V0 = np.array([0.3, -0.2, 0.5, 0.1])


@pytest.mark.parametrize(
    ("options", "train_b", "train_v"),
    [
        ({}, 0, 0),
        ({"biases": "trained"}, 1, 0),
        ({"architecture": "two-layer", "readout": V0}, 0, 1),
        ({"architecture": "two-layer", "readout": V0, "biases": "trained"}, 1, 1),
    ],
)
def test_networks_agree_with_an_explicit_loop_in_their_conventions(options, train_b, train_v):
    """Assert weights, biases, readouts and times equal to 1e-8, in their units (seed 7, the same random numbers)."""
    w0, run = network(**options)
    b0 = np.repeat([1.0, -1.0], HIDDEN // 2)
    w, b, v = loop(w0, b0, V0 if train_v else np.ones(HIDDEN), train_b, train_v)
    np.testing.assert_allclose(run.w, w, rtol=0, atol=1e-8)
    np.testing.assert_allclose(run.bias, b, rtol=0, atol=1e-8)
    np.testing.assert_allclose(run.readout, v, rtol=0, atol=1e-8)
    np.testing.assert_allclose(run.t, TIMES, rtol=1e-14)
    assert np.abs(w[-1] - w0).max() > 1e-2  # they moved
    for moved, trained in ((b, train_b), (v, train_v)):
        assert (np.abs(moved[-1] - moved[0]).max() > 1e-4) == bool(trained)


def test_a_neuron_agrees_with_an_explicit_loop():
    """Assert the same of ``simulate_sgd``, theirs of one unit (theory.md section 1: rate 2 lr / D, t = 2 lr time)."""
    w0 = np.random.default_rng(1).standard_normal(SIZE)
    with erf_by("libm"):
        run = simulate_sgd(PROBLEM, w0, TIMES, seed=7, sgd=THEIRS)
    w, _, _ = loop(w0[None], np.array([-1.0]), np.ones(1), 0, 0)
    np.testing.assert_allclose(run.w, w[:, 0], rtol=0, atol=1e-8)
    np.testing.assert_allclose(run.t, TIMES, rtol=1e-14)
    assert f"reached t = {TIMES[-1]:g} ({STEPS} steps" in run.message
    assert run.to_xarray().time.attrs["units"] == network()[1].to_xarray().time.attrs["units"] == "steps / D"
    assert run.provenance["conventions"] == "ingrosso-goldt"
    assert run.provenance["learning_rate"] == pytest.approx(LR)


@pytest.mark.parametrize("name", ["rate", "time", "weight", "readout", "readout_rate", "loss", "diagonal"])
def test_every_factor_of_the_table_matters(name, monkeypatch):
    """Assert that each factor, taken wrong by two (the diagonal: left out), is seen in what comes back."""
    options = {"biases": "trained", "architecture": "two-layer", "readout": V0}
    right = network(**options)[1]
    units = conventions.network_units

    def planted(*args, **kwargs):
        found = units(*args, **kwargs)
        return dataclasses.replace(found, **{name: 0.0 if name == "diagonal" else 2 * getattr(found, name)})

    monkeypatch.setattr(simulate, "network_units", planted)
    wrong = network(**options)[1]
    pairs = [(getattr(right, part), getattr(wrong, part)) for part in ("w", "bias", "readout", "loss", "t")]
    assert any(a.shape != b.shape or np.abs(a - b).max() > 1e-5 for a, b in pairs)


def test_losses_are_theirs_and_shapes_are_the_same_in_both():
    """Assert the loss without its 1/2 (of a network that says nothing: 1), and that IPR, width and kurtosis do not
    know the units: they equal those of our own run with the mapped settings, without the diagonal to 1e-12."""
    _, run = network(biases=np.zeros(HIDDEN), w0=np.full((HIDDEN, SIZE), 1e-9))
    assert run.loss[0] == pytest.approx(1.0, abs=1e-6)
    plain = Problem(plus=Ising(t=0.7), minus=Ising(t=0.3), size=SIZE, bias=-1.0)  # no field, no diagonal
    w0 = np.random.default_rng(3).standard_normal((HIDDEN, SIZE))
    theirs = simulate_network(plain, HIDDEN, t_eval=TIMES, w0=w0, n_test=500, sgd=Sgd(LR, conventions="ingrosso-goldt"))
    rate = 2 * LR / SIZE
    ours = simulate_network(
        plain, HIDDEN, t_eval=np.array([0, 8, 24, STEPS]) * rate, w0=w0 / 4, learning_rate=rate, n_test=500
    )
    for name in ("ipr", "width", "kurtosis", "accuracy"):
        np.testing.assert_allclose(getattr(theirs, name), getattr(ours, name), rtol=1e-9)
    np.testing.assert_allclose(theirs.loss, 2 * ours.loss, rtol=1e-12)
    np.testing.assert_allclose(theirs.norm, 4 * ours.norm, rtol=1e-9)


@pytest.mark.parametrize(
    ("law", "size"), [(NLGP(3.0, 2.0), 16), (GP(NLGP(2.0, 2.0)), 16), (GP(NLGP(2.0, 1.0)), (6, 6))]
)
def test_the_diagonal_is_added_to_the_gaussian_covariance(law, size):
    """Assert the variance of what is drawn: of an NLGP erf's of the larger field over the old Z, of its control the
    asin of the larger covariance over the old one's, and neighbours as if nothing was added to them (40000 inputs, within 5 standard errors; seed 0)."""
    described = sampler(law, size, diagonal=0.1)
    sites = int(np.prod(size))
    x = draw_held_out(described, described, 0.5, sites, 40_000, np.random.SeedSequence(0)).inputs
    c = second_cumulant(law, size)
    variance, neighbours = np.mean(x**2, axis=1), np.mean(x * np.roll(x, 1, axis=1), axis=1)
    if isinstance(law, GP):
        q = law.source.gain**2 / (1 + law.source.gain**2)
        expected, next_to = np.arcsin(1.1 * q) / np.arcsin(q), c[1]
    else:
        q = law.gain**2 / (1 + law.gain**2)
        z2 = 2 / np.pi * np.arcsin(q)
        wide = law.gain**2 * 1.1 / (1 + law.gain**2 * 1.1)
        expected = 2 / np.pi * np.arcsin(wide) / z2
        rho = law.gain**2 * np.exp(-1 / 4) / (1 + law.gain**2 * 1.1)
        next_to = 2 / np.pi * np.arcsin(rho) / z2
    if np.ndim(size):
        neighbours, next_to = variance, expected
    for values, value in ((variance, expected), (neighbours, next_to)):
        assert abs(values.mean() - value) < 5 * values.std() / np.sqrt(len(values))


def test_the_start_is_theirs():
    """Assert entries of standard deviation ``amplitude`` (10000 of them, within 5 standard errors; seed 0)."""
    run = simulate_network(PROBLEM, 1000, biases="equal", t_eval=[0.0], amplitude=0.1, n_test=10, sgd=THEIRS)
    assert abs(run.w[0].std() - 0.1) < 5 * 0.1 / np.sqrt(2 * run.w[0].size)


def test_relative_rates_scale_what_they_name():
    """Assert that in one small step biases and readouts move in proportion to their rates, weights as before."""
    options = {"architecture": "two-layer", "biases": "trained", "t_eval": [0.0, 1e-6], "learning_rate": 1e-6}
    runs = [
        simulate_network(PROBLEM, HIDDEN, n_test=10, **options, bias_rate=a, readout_rate=c)
        for a, c in ((1, 1), (2, 5))
    ]
    for name, factor in (("w", 1), ("bias", 2), ("readout", 5)):
        one, other = (np.diff(getattr(run, name), axis=0) for run in runs)
        np.testing.assert_allclose(other, factor * one, rtol=1e-6, atol=1e-16)


def test_the_command_line_takes_the_conventions(capsys):
    """Assert that both commands pass them on, and refuse an unknown name with exit code 2."""
    small = ["--size", "16", "--xi-plus", "2", "--quiet", "--time", "1", "--points", "2", "--learning-rate", "0.3"]
    for command in (["network", "--n-test", "50"], ["sgd"]):
        assert main([*command, *small, "--conventions", "ingrosso-goldt", "--json"]) == 0
        assert '"conventions": "ingrosso-goldt"' in capsys.readouterr().out
        assert main([*command, *small, "--conventions", "other"]) == 2
        assert capsys.readouterr().err.count("\n") == 1
