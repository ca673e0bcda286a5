"""Stochastic gradient descent of one neuron on fresh samples: the experiment the theory is compared with.

Every run has a random stream of its own.
"""

from __future__ import annotations

import math
import threading
import time
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numba import types
from numpy.typing import ArrayLike

from cumulode.numerics import Result, preactivation_cumulants
from cumulode.numerics.check_input import check_problem, check_times, check_weights
from cumulode.numerics.compile import jit
from cumulode.numerics.compile.closure_kernels import activation_kernels
from cumulode.numerics.compile.jit import compiled, f8, i8, kernel, vector
from cumulode.numerics.compile.vectors import axpy, dot, finite
from cumulode.numerics.io.progress import Progress
from cumulode.theory.problem.problem import Problem
from cumulode.theory.user_input.arguments import InvalidArgument
from cumulode.validation.sampling.inputs import Sampler, draw_class, lent, sampler, sampler_type, scratch
from cumulode.validation.sampling.streams import seed_sequence, stream, stream_type

from .borrowing import borrowed
from .conventions import OURS, units
from .training import (
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


class Run(Result):
    """What :func:`cumulode.simulate_sgd` returns: a :class:`cumulode.numerics.Result`.

    ``t`` holds the times of the steps actually recorded. ``status`` codes: 0 reached the end, 2 the weights became
    non-finite, 4 interrupted.
    """


class Rule(NamedTuple):
    """The learning rule as the kernel reads it."""

    prior: float
    bias: float
    learning_rate: float
    batch_size: int


@kernel
def _advance(w, steps, plus, minus, force, rule, random):  # type: ignore[no-untyped-def]
    """Take ``steps`` steps of SGD on ``w`` (D,) in place; returns how many, negative if ``w`` then was not finite.

    Weights that are not finite make the next sample's preactivation so; until then nothing is spent on looking.
    """
    w, plus, minus, random = borrowed(w), lent(plus), lent(minus), borrowed(random)
    size = w.size
    x, change = np.empty(size), np.zeros(size)
    work = np.empty(max(scratch(plus, size), scratch(minus, size)))
    rate = rule.learning_rate / rule.batch_size
    for step in range(steps):
        for _ in range(rule.batch_size):
            y = 1.0 if draw_class(plus, minus, rule.prior, random, work, x) else -1.0
            preactivation = dot(w, x)
            if not (math.isfinite(preactivation) or finite(w)):
                return -step
            axpy(rate * force(preactivation + rule.bias, y), x, w if rule.batch_size == 1 else change)
        if rule.batch_size > 1:
            axpy(1.0, change, w)
            for i in range(size):
                change[i] = 0.0
    return steps if finite(w) else -steps


@lru_cache(maxsize=1)
def _kernel() -> Any:
    """The compiled ``_advance``, one for every activation and every pair of laws."""
    force = types.FunctionType(f8(f8, f8))
    rule = types.NamedTuple((f8, f8, f8, i8), Rule)
    return compiled(_advance, i8(vector, i8, sampler_type, sampler_type, force, rule, stream_type))


@dataclass(frozen=True)
class _Job:
    """One run, as plain picklable values; ``steps`` (T,) are the steps after which to record."""

    plus: Sampler
    minus: Sampler
    activation: str
    rule: Rule
    w0: np.ndarray
    steps: np.ndarray
    root: np.random.SeedSequence
    key: int


@dataclass
class _Outcome(Outcome):
    """What one run left: weights (T, D), and how far it came."""

    w: np.ndarray


def _blank(job: _Job) -> _Outcome:
    """A run that has not begun: only the start is known."""
    return _Outcome(np.where(job.steps[:, None] == 0, job.w0, np.nan))


def _run(job: _Job, stop: threading.Event | None = None, progress: Progress | None = None) -> _Outcome:
    """One run from its start to its last time, or until it diverges or ``stop`` is set."""
    advance, force = _kernel(), activation_kernels(job.activation).force
    random, w, outcome = stream(job.root, (job.key,)), job.w0.copy(), _blank(job)

    def take(count: int) -> int:
        return int(advance(w, count, job.plus, job.minus, force, job.rule, random))

    def record(i: int) -> None:
        outcome.w[i] = w

    go_through(job.steps, 1 + 1000 // job.rule.batch_size, take, record, outcome, stop, progress)
    return outcome


def simulate_sgd(
    problem: Problem,
    w0: ArrayLike,
    t_eval: ArrayLike,
    learning_rate: float = 0.01,
    batch_size: int = 1,
    seed: Seed = 0,
    *,
    erf: str = "table",
    conventions: str = OURS,
    executor: Executor | None = None,
    progress: bool = False,
    stop: threading.Event | None = None,
) -> Run:
    """Train one neuron by SGD on fresh samples: ``w += learning_rate * mean of F_y(w.x + b) x`` over the batch.

    The label is +1 with probability ``problem.prior``, the input from that class; nothing is seen twice
    (theory.md section 1). The step is that of eq. (flow.1, force). As ``learning_rate -> 0`` at fixed time the run
    follows the population flow, eq. (flow.4, gradient flow). Runs lag behind it by the order of the learning rate,
    eq. (flow.10, global error), and scatter with a covariance of that order, eq. (fluctuations.3, covariance equation),
    over the batch size, eq. (flow.12, batch covariance).

    Parameters
    ----------
    problem : Problem
    w0 : (D,) or (n, D) array, finite
        Weights at time 0; with n starts each has a random stream of its own, which does not depend on n.
    t_eval : (T,) array
        Times at which to record, non-negative and increasing; time is learning rate x steps. Each is rounded to
        the nearest whole step.
    learning_rate : float > 0
    batch_size : int >= 1
        Samples a step.
    seed : int >= 0, SeedSequence, or a sequence of n ints >= 0
        A sequence gives each run its seed; with a single start, one run a seed, each equal to the bit to the run
        with that seed alone. Equal seeds give equal bytes, whatever the number of threads.
    erf : {"table", "libm"}
        How an NLGP's erf is computed: to 2e-14, or to an ulp or two at three times the cost of a step. Either
        way from the same random numbers. All is in double precision; the fields' covariance is met to 1e-10.
    conventions : {"cumulode", "ingrosso-goldt"}
        "ingrosso-goldt": ``w0``, ``t_eval`` (steps / D) and ``learning_rate`` are in the units of the paper's own runs,
        and so is what is returned, see ``validation/conventions.py`` and docs/conventions.md.
    executor : concurrent.futures.Executor, optional
        Where the runs go; by default a pool of one thread a core (the kernels hold no lock).
    progress : bool
        Show progress on standard error.
    stop : threading.Event, optional
        Set by another thread, it does what Ctrl-C does, to runs in threads of this process.

    Returns
    -------
    Run
        ``t`` (the times of the steps recorded), ``w`` (T, D), or (n, T, D) for n starts or a sequence of seeds,
        ``ipr``, ``norm``, ``k2``, ``k4``, ``success``, ``message``, ``status``, ``provenance``. A run whose weights
        become non-finite stops, with NaN from there on and a message naming the cause; Ctrl-C returns what exists.

    Raises
    ------
    ValueError
        Naming the argument, what came and what is allowed.
    """
    check_problem(problem)
    given = units(conventions, problem, learning_rate)
    learning_rate, t_eval, w0 = given.given(learning_rate, t_eval, w0)
    starts = check_weights("w0", w0, problem.shape)
    rule = Rule(problem.prior, problem.bias, check_rate(learning_rate), check_batch(batch_size))
    steps = whole_steps(check_times(t_eval), rule.learning_rate)
    streams = _streams(seed, starts)
    single = starts.ndim == 1 and not is_sequence(seed)
    began, compiling = time.perf_counter(), jit.compile_seconds
    _kernel(), activation_kernels(str(problem.activation))  # compile before the threads start
    plus, minus = (sampler(law, problem.shape, erf, given.diagonal) for law in problem.laws)
    preactivation_cumulants(problem, starts)  # what is recorded needs K: refused before the work, not after
    rows = np.broadcast_to(starts, (len(streams), problem.size))
    jobs = [
        _Job(plus, minus, str(problem.activation), rule, row.copy(), steps, root, key)
        for row, (root, key) in zip(rows, streams, strict=True)
    ]
    ready = time.perf_counter()
    with Progress(len(jobs) * int(steps[-1]), "SGD", progress) as shown:
        outcomes = run_all(_run, _blank, jobs, executor, shown, stop)
    cost = {"run_seconds": time.perf_counter() - ready, "setup_seconds": ready - began}
    run = _gather(problem, rule, steps, outcomes, single, given.clock(rule.learning_rate))
    run.provenance.update(seed=plain_seed(seed), erf=erf, **cost, compile_seconds=jit.compile_seconds - compiling)
    return given.told(run)


def _streams(seed: Any, starts: np.ndarray) -> list[tuple[np.random.SeedSequence, int]]:
    """Root and child of every run's stream: start i of one seed is its child i; a seed of a sequence, its child 0."""
    if not is_sequence(seed):
        root = seed_sequence("seed", seed)
        return [(root, i) for i in range(1 if starts.ndim == 1 else len(starts))]
    roots = [seed_sequence("seed", s) for s in seed]
    if not roots or (starts.ndim == 2 and len(roots) != len(starts)):
        few = "at least one" if starts.ndim == 1 else f"{len(starts)} (one for each start)"
        raise InvalidArgument("seed", seed, f"an int >= 0, a SeedSequence, or a sequence of {few} ints >= 0")
    return [(root, 0) for root in roots]


def _gather(
    problem: Problem, rule: Rule, steps: np.ndarray, outcomes: list[_Outcome], single: bool, clock: tuple[float, float]
) -> Run:
    """Stack the runs, with their cumulants and how they ended."""
    from cumulode import __version__

    w = np.stack([outcome.w for outcome in outcomes])
    k2, k4 = preactivation_cumulants(problem, w)
    statuses = np.array([outcome.status for outcome in outcomes])
    provenance = {
        "version": __version__,
        "method": "sgd",
        "problem": problem.to_dict(),
        "learning_rate": rule.learning_rate,
        "batch_size": rule.batch_size,
        "steps": [outcome.steps for outcome in outcomes],
    }
    bias = np.full(w.shape[:-1], problem.bias)
    arrays = {"w": w, "bias": bias, "k2": k2, "k4": k4}
    if single:
        arrays = {name: array[0] for name, array in arrays.items()}
    message = describe(outcomes, steps, rule, clock)
    ended = {"statuses": statuses, "messages": (message,) * len(outcomes), "message": message}
    return Run(t=steps * rule.learning_rate, **arrays, **ended, provenance=provenance)
