"""Runs of SGD: bytes of a seed, times, provenance, divergence and interruption, files, old arguments."""

from __future__ import annotations

import copy
import json
import os
import pickle
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pytest

from cumulode.numerics import load, preactivation_cumulants
from cumulode.numerics.io.progress import Progress
from cumulode.numerics.status import Status
from cumulode.theory import NLGP, Ising, Problem
from cumulode.validation.sampling.erf_table import erf_by
from cumulode.validation.sgd import neuron as sgd
from cumulode.validation.sgd import training
from cumulode.validation.sgd.network.simulate import simulate_network
from cumulode.validation.sgd.neuron import Run, simulate_sgd
from cumulode.validation.sgd.settings import Sgd

WIDE = Problem(plus=NLGP(3.0, 2.0), minus=NLGP(3.0, 1.0), size=20, bias=-1.0)
SMALL = Problem(plus=Ising(t=0.7), minus=Ising(t=-0.3), size=6, bias=-0.6, prior=0.3)
UNBOUNDED = Problem(plus=Ising(t=0.7), minus=Ising(t=0.3), size=8, activation="relu", bias=1.0)
RNG = np.random.default_rng(5)
W_SMALL = 0.5 * RNG.standard_normal(6)
W_WIDE = 0.2 * RNG.standard_normal((6, 20))


def test_equal_seeds_give_equal_bytes_whatever_the_threads_times_and_spells(monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that neither threads, nor the recorded times, nor the length of a spell of compiled code matter."""
    once = simulate_sgd(WIDE, W_WIDE, [0.0, 1.0, 3.0], 0.01, 3, seed=9).w
    for threads in (1, 4):
        with ThreadPoolExecutor(threads) as pool:
            again = simulate_sgd(WIDE, W_WIDE, [0.0, 1.0, 3.0], 0.01, 3, seed=9, executor=pool)
        assert again.w.tobytes() == once.tobytes()
    monkeypatch.setattr(training, "_SPELL", 1e-9)  # a look at the stop flag after every step
    often = simulate_sgd(WIDE, W_WIDE, np.arange(31) / 10, 0.01, 3, seed=9)
    np.testing.assert_array_equal(often.w[:, [0, 10, 30]], once)
    assert not np.array_equal(simulate_sgd(WIDE, W_WIDE, [0.0, 1.0, 3.0], 0.01, 3, seed=10).w, once)


def test_one_seed_of_many_equals_the_run_alone() -> None:
    """Assert that a sequence of seeds is so many single runs, from one start or from one start each."""
    single = [simulate_sgd(WIDE, W_WIDE[0], [0.0, 1.0], seed=s).w for s in (0, 7, 2**70)]
    np.testing.assert_array_equal(simulate_sgd(WIDE, W_WIDE[0], [0.0, 1.0], seeds=[0, 7, 2**70]).w, single)
    starts = simulate_sgd(WIDE, W_WIDE[:2], [0.0, 1.0], seeds=np.array([0, 7])).w
    np.testing.assert_array_equal(starts[0], single[0])
    np.testing.assert_array_equal(starts[1], simulate_sgd(WIDE, W_WIDE[1], [0.0, 1.0], seed=7).w)


def test_every_start_has_a_stream_of_its_own_that_does_not_depend_on_their_number() -> None:
    """Assert that starts differ in their noise, and the first ones do not change with n."""
    same = np.tile(W_WIDE[0], (4, 1))
    sequence = np.random.SeedSequence(3, spawn_key=(5,))
    w = simulate_sgd(WIDE, same, [1.0], seed=sequence).w
    assert len(np.unique(w[:, 0], axis=0)) == 4
    np.testing.assert_array_equal(simulate_sgd(WIDE, same[:2], [1.0], seed=sequence).w, w[:2])
    np.testing.assert_array_equal(simulate_sgd(WIDE, same[0], [1.0], seed=sequence).w, w[0])
    assert sequence.n_children_spawned == 0


def test_times_are_rounded_to_whole_steps() -> None:
    """Assert that t holds steps x learning rate, and the shapes are those of the request."""
    run = simulate_sgd(WIDE, W_WIDE[0], [0.0, 0.104, 0.106, 0.3], 0.01)
    np.testing.assert_array_equal(run.t, np.array([0, 10, 11, 30]) * 0.01)
    np.testing.assert_array_equal(run.w[0], W_WIDE[0])
    assert (run.w.shape, run.ipr.shape, run.k2.shape) == ((4, 20), (4,), (4, 2))
    assert simulate_sgd(WIDE, W_WIDE, [0.0], seeds=[1] * 6).k4.shape == (6, 1, 2)
    assert simulate_sgd(WIDE, W_WIDE[0], [0.0, 0.1], seeds=[4]).w.shape == (1, 2, 20)


def test_a_run_says_how_it_was_made(tmp_path: Path) -> None:
    """Assert that provenance suffices to repeat the run, survives JSON, and the cumulants are those of its weights."""
    run = simulate_sgd(WIDE, W_WIDE[:2], [0.0, 0.5], 0.02, 3, seed=np.random.SeedSequence(8))
    made = json.loads(json.dumps(run.provenance))
    assert Problem.from_dict(made["problem"]) == WIDE
    assert (made["method"], made["learning_rate"], made["batch_size"]) == ("sgd", 0.02, 3)
    assert made["seed"] == {"entropy": 8, "spawn_key": []}
    assert made["erf"] == "table"
    assert made["run_seconds"] > 0
    assert made["compile_seconds"] >= 0
    assert run.success
    assert run.message == "reached t = 0.5 (25 steps of 3 samples)"
    for got, expected in zip((run.k2, run.k4), preactivation_cumulants(WIDE, run.w), strict=True):
        np.testing.assert_array_equal(got, expected)
    assert dict(run.to_xarray().sizes) == {"run": 2, "time": 2, "site": 20, "class": 2}
    run.save(tmp_path / "run.nc")
    for again in (load(tmp_path / "run.nc"), pickle.loads(pickle.dumps(run)), copy.deepcopy(run)):
        assert type(again) is Run
        assert again.provenance == run.provenance
        assert again.messages == run.messages
        for name in ("t", *Run.VARIABLES):
            np.testing.assert_array_equal(getattr(again, name), getattr(run, name))
    np.testing.assert_allclose(
        run([0.125, 0.5]), np.stack([0.75 * run.w[:, 0] + 0.25 * run.w[:, 1], run.w[:, 1]], 1), rtol=1e-13
    )
    assert run.plot().lines


def test_erf_by_table_is_that_of_libm() -> None:
    """Assert that the C library's erf moves 100 steps' weights by rounding only, and is recorded."""
    table = simulate_sgd(WIDE, W_WIDE[0], [1.0], batch_size=1, seed=3)
    with erf_by("libm"):
        libm = simulate_sgd(WIDE, W_WIDE[0], [1.0], batch_size=1, seed=3)
    np.testing.assert_allclose(table.w, libm.w, rtol=0, atol=1e-13)
    assert not np.array_equal(table.w, libm.w)
    assert libm.provenance["erf"] == "libm"


def test_old_arguments_work_with_a_warning() -> None:
    """Assert that a sequence as seed, erf and conventions are what they were."""
    new = simulate_sgd(WIDE, W_WIDE[0], [1.0], seeds=[3, 4])
    with pytest.warns(FutureWarning, match="seeds"):
        old = simulate_sgd(WIDE, W_WIDE[0], [1.0], seed=[3, 4])
    np.testing.assert_array_equal(old.w, new.w)
    with pytest.warns(FutureWarning, match="erf"):
        assert simulate_sgd(WIDE, W_WIDE[0], [1.0], 0.01, 1, erf="libm").provenance["erf"] == "libm"
    theirs = simulate_sgd(WIDE, W_WIDE[0], [1.0], sgd=Sgd(0.3, 3, "ingrosso-goldt"))
    with pytest.warns(FutureWarning, match="Sgd"):
        old = simulate_sgd(WIDE, W_WIDE[0], [1.0], 0.3, 3, conventions="ingrosso-goldt")
    np.testing.assert_array_equal(old.w, theirs.w)


def test_one_kernel_is_compiled_for_all_activations_and_laws() -> None:
    """Assert that the step is compiled once, not once an activation."""
    for activation in ("erf", "tanh", "relu", "-h**3/6 + h"):
        simulate_sgd(Problem(SMALL.plus, NLGP(1.0, 1.0), 8, activation), np.zeros(8), [0.1])
    assert len(getattr(sgd._advance, "signatures", [None])) == 1


def test_weights_too_large_for_cumulants_are_a_run_that_diverged() -> None:
    """Assert that a run which grows beyond 1e70 is no success, with NaN from there on, also where floats hold it."""
    problem = Problem(UNBOUNDED.plus, UNBOUNDED.minus, 8, "relu", 0.0, prior=0.3)
    run = simulate_sgd(problem, np.full(8, 0.1), [0.0, 10.0, 2000.0], learning_rate=10.0, batch_size=100, seed=0)
    assert run.status is Status.DIVERGED
    assert np.all(np.isfinite(run.k2[:2]))
    assert np.all(np.isnan(run.k2[2]) & np.isnan(run.w[2]).all())
    steep = Problem(UNBOUNDED.plus, UNBOUNDED.minus, 8, "h - h**3/6", 40.0)
    run = simulate_sgd(steep, np.full(8, 0.001), [0.0, 3.0], learning_rate=1.0, batch_size=100)
    assert run.status is Status.DIVERGED
    assert "stopped at t = 3 of 3: learning rate too large, the weights grew without bound" in run.message


@pytest.mark.parametrize("activation", ["relu", "-h**3/6 + h"])
def test_a_diverging_run_stops_with_the_cause_and_the_next_step(activation: str) -> None:
    """Assert that weights without bound end a run: NaN after it, the others unharmed, a message naming the rate."""
    problem = Problem(UNBOUNDED.plus, UNBOUNDED.minus, 8, activation, UNBOUNDED.bias)
    run = simulate_sgd(problem, np.full((2, 8), 0.1), [0.0, 3.0, 30_000.0], 3.0, 1, seed=1)
    assert not run.success
    assert run.statuses.tolist() == [Status.DIVERGED] * 2
    assert np.all(np.isfinite(run.w[:, :2]))
    assert np.all(np.isnan(run.w[:, 2]) & np.isnan(run.ipr[:, 2:]))
    assert np.all(np.isnan(run.k2[:, 2]))
    assert "\n" not in run.message
    assert all(message.startswith("stopped at t = ") for message in run.messages)
    assert "of 2 runs" not in run.messages[0]
    for part in ("2 of 2 runs", "learning rate too large", "the weights grew without bound", "learning_rate below 3"):
        assert part in run.message


def test_an_interrupted_run_returns_what_exists() -> None:
    """Assert that Ctrl-C ends all runs soon, keeping what was recorded; runs still waiting have their start."""
    threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT)).start()
    began = time.perf_counter()
    run = simulate_sgd(WIDE, W_WIDE, [0.0, 0.01, 1e7], 0.01, 10, seed=1)
    assert time.perf_counter() - began < 10.0
    assert not run.success
    assert "interrupted" in run.message
    assert "of 1e+07" in run.message
    assert run.statuses.tolist() == [Status.INTERRUPTED] * 6
    np.testing.assert_array_equal(run.w[:, 0], W_WIDE)
    assert np.all(np.isfinite(run.w[0, 1]))
    assert np.all(np.isnan(run.w[:, 2]))
    assert 0 < run.provenance["steps"][0] < 1e9


def test_progress_is_plain_lines_on_standard_error_unless_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    """Assert that lines come no more often than allowed, end with the whole, and nothing comes when disabled."""
    simulate_sgd(SMALL, W_SMALL, [1.0], progress=True)
    simulate_sgd(SMALL, W_SMALL, [1.0], progress=False)
    with Progress(4, "work", every=0.0) as shown:
        for _ in range(3):
            shown.update(1)
    captured = capsys.readouterr()
    lines = captured.err.splitlines()
    assert captured.out == ""
    assert lines[0].startswith("SGD: 100 % (100 of 100 steps)")
    assert [line.split(" (")[0] for line in lines[1:]] == ["work: 25 %", "work: 50 %", "work: 75 %", "work: 75 %"]


@pytest.mark.slow
def test_runs_in_other_processes_are_the_same() -> None:
    """Assert that an executor of processes gives the same bytes."""
    here = simulate_sgd(WIDE, W_WIDE[:2], [0.0, 1.0], seed=4).w
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        there = simulate_sgd(WIDE, W_WIDE[:2], [0.0, 1.0], seed=4, executor=pool).w
    np.testing.assert_array_equal(there, here)


@pytest.mark.slow
def test_the_compiled_step_is_found_on_disk_by_the_next_process(tmp_path: Path) -> None:
    """Assert that a second process compiles no step: it loads the one the first wrote."""
    code = (
        "from cumulode.validation.sgd.neuron import _advance, _kernel\n"
        "_kernel(); print(sum(_advance.stats.cache_hits.values()))"
    )
    hits = [
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "CUMULODE_CACHE": str(tmp_path)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.split()[-1]
        for _ in range(2)
    ]
    assert hits == ["0", "1"]


def test_a_run_whose_cumulants_cannot_be_recorded_is_refused_before_the_work(monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that a torus too large for its correlation length is refused by name, and that no step is taken then."""
    field = NLGP(3.0, 8.0)
    monkeypatch.setattr(sgd, "run_all", None)
    with pytest.raises(ValueError, match=r"^size: [^\n]*$"):
        simulate_sgd(Problem(field, field, (64, 64)), np.zeros(4096), [0.0, 1.0])


def test_a_stop_is_heard_within_a_batch() -> None:
    """Assert that a step of 2^31 - 1 samples, of a neuron and of a network, ends within 2 s of a stop, as interrupted."""
    problem, start = Problem(NLGP(3.0, 1.5), NLGP(3.0, 0.5), 12), np.full(12, 0.1)
    endless = {"learning_rate": 0.1, "batch_size": 2**31 - 1}
    for train in (
        lambda **o: simulate_sgd(problem, start, [0.0, 1.0], **o),
        lambda **o: simulate_network(problem, 2, t_eval=[0.0, 1.0], **o),
    ):
        train(learning_rate=0.1, batch_size=10)  # compiled
        stop = threading.Event()
        timer = threading.Timer(0.5, stop.set)
        timer.start()
        began = time.monotonic()
        run = train(**endless, stop=stop)
        assert time.monotonic() - began < 2.5
        assert run.status is Status.INTERRUPTED
