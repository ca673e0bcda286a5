"""Online SGD of a two-layer network, many seeds at once over threads: ``simulate_network``."""

from __future__ import annotations

import threading
import time
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from cumulode.numerics import jit, preactivation_cumulants
from cumulode.numerics.inputs import check_problem, check_times
from cumulode.numerics.library import response_kernel
from cumulode.theory.problem import Problem
from cumulode.theory.validate import complain, integer

from ..progress import Progress
from ..sampling import Sampler, sampler
from ..streams import seed_sequence, stream
from ..training import (
    DONE,
    Outcome,
    Seed,
    check_batch,
    check_rate,
    describe,
    go_through,
    is_sequence,
    plain_seed,
    run_all,
    whole_steps,
)
from . import settings
from .engine import Rule, advance_kernel, draw_kernel, held_out_kernel
from .held_out import HeldOut, draw_held_out, split
from .result import NetworkRun

_INPUTS, _START = 0, 1  # children of a run's seed
_ARRAYS = ("w", "bias", "readout", "k2", "k4", "loss", "accuracy", "loss_error", "accuracy_error")


@dataclass(frozen=True)
class _Job:
    """One run, as plain picklable values; ``steps`` (T,) are the steps after which to record."""

    plus: Sampler
    minus: Sampler
    activation: str
    rule: Rule
    theta: np.ndarray
    steps: np.ndarray
    root: np.random.SeedSequence
    held: HeldOut


@dataclass
class _Outcome(Outcome):
    """What one run left: parameters (T, P), held-out measures (T, 4), and how far it came."""

    theta: np.ndarray
    measures: np.ndarray

    def record(self, i: int, theta: np.ndarray, job: _Job) -> None:
        """Keep the parameters at time ``i``, and what they are worth."""
        self.theta[i] = theta
        self.measures[i] = job.held.measure(theta, job.activation, job.rule)


def _blank(job: _Job) -> _Outcome:
    """A run that has not begun: only the start is known."""
    outcome = _Outcome(np.full((job.steps.size, job.theta.size), np.nan), np.full((job.steps.size, 4), np.nan))
    if job.steps[0] == 0:
        outcome.record(0, job.theta, job)
    return outcome


def _run(job: _Job, stop: threading.Event | None = None, progress: Progress | None = None) -> _Outcome:
    """One run from its start to its last time, or until it diverges or ``stop`` is set."""
    random, theta, outcome = stream(job.root, (_INPUTS,)), job.theta.copy(), _blank(job)
    size, response = job.held.inputs.shape[1], response_kernel(job.activation)

    def take(count: int) -> int:
        return int(advance_kernel()(theta, size, count, job.plus, job.minus, response, job.rule, random))

    def record(i: int) -> None:
        outcome.record(i, theta, job)

    spell = 1 + 1000 // (job.rule.batch_size * job.rule.hidden)
    go_through(job.steps, spell, take, record, outcome, stop, progress)
    return outcome


def simulate_network(
    problem: Problem,
    hidden: int = 8,
    architecture: str = "committee",
    biases: str | ArrayLike = "balanced",
    t_eval: ArrayLike | None = None,
    w0: ArrayLike | None = None,
    amplitude: float = 0.1,
    learning_rate: float = 0.01,
    batch_size: int = 100,
    seed: Seed = 0,
    *,
    readout: ArrayLike | None = None,
    loss: str = "mse",
    labels: tuple[float, float] = (-1, 1),
    samples: tuple[ArrayLike, ArrayLike] | None = None,
    n_test: int = 10_000,
    test_seed: int = 0,
    erf: str = "table",
    executor: Executor | None = None,
    progress: bool = False,
    stop: threading.Event | None = None,
) -> NetworkRun:
    """Train a network of one hidden layer by SGD on fresh samples (theory.md section 1).

    Output ``s(x) = mean_k a_k sigma(h_k)``, ``h_k = w_k.x + b_k``. With the residual ``r = -dL/ds`` a step is, averaged
    over the batch and times the learning rate: ``w_k += r a_k sigma'(h_k) x``, where biases are trained
    ``b_k += r a_k sigma'(h_k)``, where readouts are ``a_k += r sigma(h_k)``: the gradient times K, so that time means
    the same for every K, and all parameters of a step change at once.

    Parameters
    ----------
    problem : Problem
    hidden : int >= 1
        Number K of hidden units; even with balanced or trained biases.
    architecture : {"committee", "two-layer"}
        ``a_k = 1`` for ever, or trained from ``readout``.
    biases : {"balanced", "trained", "equal"} or (K,) array
        Fixed, the first half ``+|problem.bias|`` and the second ``-|problem.bias|``; trained from there; fixed, all
        ``problem.bias``; fixed as given.
    t_eval : (T,) array, optional
        Times at which to record, non-negative and increasing, learning rate x steps, rounded to whole steps; by default
        31 times from 0 to 300.
    w0 : (K, D) array, or (n, K, D) with n seeds, optional
        Weights at time 0 (of a torus also (..., L, L)); by default Gaussian rows of norm about ``amplitude``, from the
        run's seed.
    amplitude : float > 0
    learning_rate : float > 0
    batch_size : int >= 1
        Samples a step.
    seed : int >= 0, SeedSequence, or a sequence of n of them
        Of the inputs and the random start. A sequence: a run each, each equal to the bit to the run with that seed
        alone. Equal seeds give equal bytes, whatever the number of threads.
    readout : (K,) array, optional
        ``a_k`` at time 0 of a two-layer network, by default ones.
    loss : {"mse", "cross-entropy"}
        ``L = (y - s)^2 / 2``, ``r = y - s``; or the logit is ``s``, ``p = 1/(1 + e^-s)`` the probability of the class
        plus, ``L = -log`` of the true class's probability, ``r = 1 - p`` for plus and ``-p`` for minus.
    labels : (-1, 1) or (0, 1)
        ``y`` of the classes minus and plus; cross-entropy does not depend on them.
    samples : (plus, minus) arrays (n, D), optional
        A user's inputs (of a torus also (n, L, L)) in place of the problem's laws, drawn with replacement. A tenth of
        each class, taken at random by ``test_seed``, is kept from training and used to test. Not recentred or scaled.
    n_test : int >= 2
        Number of held-out inputs on which loss and accuracy are measured.
    test_seed : int >= 0
        Of the held-out inputs, the same for all runs.
    erf : {"table", "libm"}
        How an NLGP's erf is computed, see :func:`cumulode.simulate_sgd`.
    executor, progress, stop
        As of :func:`cumulode.simulate_sgd`.

    Returns
    -------
    NetworkRun
        ``t``, ``w`` (T, K, D), ``bias``, ``readout``, ``ipr``, ``norm``, ``width``, ``centre`` (T, K), ``kurtosis``
        (T, K, 2), ``loss``, ``accuracy`` (T,) with ``loss_error``, ``accuracy_error``; a sequence of n seeds puts an
        axis n in front. A run whose parameters become non-finite stops, with NaN from there on and a message naming
        the cause; Ctrl-C returns what exists.

    Raises
    ------
    ValueError
        Naming the argument, what came and what is allowed.
    """
    check_problem(problem)
    rate, batch = check_rate(learning_rate), check_batch(batch_size)
    rule = settings.make_rule(problem, rate, batch, settings.check_hidden(hidden), architecture, biases, loss, labels)
    fixed = (settings.biases_of(biases, problem, rule.hidden), settings.readout_of(readout, architecture, rule.hidden))
    start, scale = settings.check_start(w0, amplitude, rule.hidden, problem.shape)
    steps = whole_steps(check_times(np.linspace(0.0, 300.0, 31) if t_eval is None else t_eval), rate)
    roots = _roots(seed, start)
    rows = settings.check_samples(samples, problem.shape)
    test = (integer("n_test", n_test, "an integer >= 2", low=2), seed_sequence("test_seed", test_seed))
    began, compiling = time.perf_counter(), jit.compile_seconds
    plus, minus, held = _inputs(problem, rows, erf, *test)
    _compile(problem, rows is None)
    jobs = [
        _Job(plus, minus, str(problem.activation), rule, np.concatenate([w.ravel(), *fixed]), steps, root, held)
        for root, w in zip(roots, _starts(roots, start, scale, rule.hidden, problem.size), strict=True)
    ]
    ready = time.perf_counter()
    with Progress(len(jobs) * int(steps[-1]), "network", enabled=progress) as shown:
        outcomes = run_all(_run, _blank, jobs, executor, shown, stop)
    cost = {"run_seconds": time.perf_counter() - ready, "setup_seconds": ready - began}
    single = not is_sequence(seed)
    run = _gather(problem, rule, steps, outcomes, rows is None, single)
    run.provenance.update(
        architecture=architecture,
        loss=loss,
        labels=[float(y) for y in labels],
        biases=biases if isinstance(biases, str) else fixed[0].tolist(),
        n_test=test[0],
        amplitude=None if w0 is not None else scale,
        seed=plain_seed(seed),
        test_seed=plain_seed(test_seed),
        erf=erf,
        **cost,
        compile_seconds=jit.compile_seconds - compiling,
    )
    return run


def _roots(seed: Any, start: np.ndarray | None) -> list[np.random.SeedSequence]:
    """A root of random numbers for every run."""
    starts = None if start is None or start.ndim == 2 else len(start)
    if not is_sequence(seed):
        if starts is not None:
            raise complain("seed", seed, f"a sequence of {starts} seeds, one for each start of w0")
        return [seed_sequence("seed", seed)]
    if len(seed) == 0 or starts not in (None, len(seed)):
        many = "at least one int" if starts is None else f"{starts} ints (one for each start)"
        raise complain("seed", seed, f"an int >= 0, a SeedSequence, or a sequence of {many} >= 0")
    return [seed_sequence("seed", s) for s in seed]


def _starts(
    roots: list[np.random.SeedSequence], start: np.ndarray | None, scale: float, hidden: int, size: int
) -> list[np.ndarray]:
    """The weights (K, D) of every run at time 0."""
    if start is not None:
        return list(np.broadcast_to(start, (len(roots), hidden, size)))
    found = []
    for root in roots:
        child = np.random.SeedSequence(root.entropy, spawn_key=(*root.spawn_key, _START), pool_size=root.pool_size)
        found.append(scale / np.sqrt(size) * np.random.default_rng(child).standard_normal((hidden, size)))
    return found


def _inputs(
    problem: Problem, rows: settings.Pair | None, erf: str, n_test: int, root: np.random.SeedSequence
) -> tuple[Sampler, Sampler, HeldOut]:
    """The two classes to train on, and the held-out inputs."""
    if rows is None:
        plus, minus = (sampler(law, problem.shape, erf) for law in problem.laws)
        return plus, minus, draw_held_out(plus, minus, problem.prior, problem.size, n_test, root)
    (plus, plus_kept), (minus, minus_kept) = (split(of_class, root) for of_class in rows)
    return plus, minus, draw_held_out(plus_kept, minus_kept, problem.prior, problem.size, n_test, root)


def _compile(problem: Problem, cumulants: bool) -> None:
    """Compile before the threads start; what is recorded needs K: refused before the work, not after."""
    response_kernel(str(problem.activation)), advance_kernel(), held_out_kernel(), draw_kernel()
    if cumulants:
        preactivation_cumulants(problem, np.zeros((1, problem.size)))


def _gather(
    problem: Problem, rule: Rule, steps: np.ndarray, outcomes: list[_Outcome], cumulants: bool, single: bool
) -> NetworkRun:
    """Stack the runs, with their cumulants and how they ended."""
    from cumulode import __version__

    K, D = rule.hidden, problem.size
    theta = np.stack([outcome.theta for outcome in outcomes])
    w = np.ascontiguousarray(theta[..., : K * D]).reshape(*theta.shape[:2], K, D)
    if cumulants:
        k2, k4 = preactivation_cumulants(problem, w)
    else:
        k2, k4 = np.full((*w.shape[:-1], 2), np.nan), np.full((*w.shape[:-1], 2), np.nan)
    measures = np.stack([outcome.measures for outcome in outcomes])
    arrays = [w, theta[..., K * D : K * D + K], theta[..., K * D + K :], k2, k4, *np.moveaxis(measures, -1, 0)]
    if single:
        arrays = [a[0] for a in arrays]
    status = np.array([outcome.status for outcome in outcomes])
    provenance = {
        "version": __version__,
        "method": "network sgd",
        "problem": problem.to_dict(),
        "inputs": "the problem's laws" if cumulants else "the user's samples",
        "learning_rate": rule.learning_rate,
        "batch_size": rule.batch_size,
        "hidden": K,
        "steps": [outcome.steps for outcome in outcomes],
    }
    ended: dict[str, Any] = {
        "success": bool(np.all(status == DONE)),
        "message": describe(outcomes, steps, rule),
    }
    named: dict[str, Any] = dict(zip(_ARRAYS, arrays, strict=True))
    return NetworkRun(
        t=steps * rule.learning_rate, shape=problem.shape, status=status, provenance=provenance, **named, **ended
    )
