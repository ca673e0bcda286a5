"""Stochastic gradient descent of one neuron on fresh samples: the experiment the theory is compared with.

Every run has a random stream of its own and advances in spells of about a fifth of a second of compiled code, so that
the result depends neither on threads nor on spells, and Ctrl-C is heard.
"""

from __future__ import annotations

import math
import os
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numba import types
from numpy.typing import ArrayLike

from cumulode.numerics import Trajectory, jit, preactivation_cumulants
from cumulode.numerics.inputs import check_problem, check_times, check_weights
from cumulode.numerics.jit import compiled, f8, i8, kernel, vector
from cumulode.numerics.library import activation_kernels
from cumulode.theory.problem import Problem
from cumulode.theory.validate import complain, integer, real

from .borrowing import borrowed
from .progress import Progress
from .sampling import Sampler, draw, lent, sampler, sampler_type, scratch
from .streams import seed_sequence, stream, stream_type, uniform

DONE, DIVERGED, INTERRUPTED = 0, 2, 4  # the codes of cumulode.numerics.integrate
_SPELL = 0.2  # seconds of compiled code between two looks at the stop flag
_MOST_STEPS = 2**53  # beyond, a count of steps is no longer an exact float

Seed = int | np.random.SeedSequence | Sequence[int]


class Run(Trajectory):
    """What :func:`cumulode.simulate_sgd` returns: a :class:`cumulode.numerics.Trajectory`.

    ``t`` holds the times of the steps actually recorded. ``status`` codes: 0 reached the end, 2 the weights became
    non-finite, 4 interrupted.
    """


class Rule(NamedTuple):
    """The learning rule as the kernel reads it."""

    prior: float
    bias: float
    learning_rate: float
    batch_size: int


@kernel(fastmath={"contract"})
def dot(a, b):  # type: ignore[no-untyped-def]
    """Scalar product in four partial sums, which do not wait for one another."""
    s0, s1, s2, s3 = 0.0, 0.0, 0.0, 0.0
    whole = a.size - a.size % 4
    for i in range(0, whole, 4):
        s0 += a[i] * b[i]
        s1 += a[i + 1] * b[i + 1]
        s2 += a[i + 2] * b[i + 2]
        s3 += a[i + 3] * b[i + 3]
    for i in range(whole, a.size):
        s0 += a[i] * b[i]
    return (s0 + s1) + (s2 + s3)


@kernel(fastmath={"contract"})
def axpy(factor, x, y):  # type: ignore[no-untyped-def]
    """Add ``factor x`` to ``y``."""
    for i in range(x.size):
        y[i] += factor * x[i]


@kernel
def finite(w):  # type: ignore[no-untyped-def]
    """Whether no number of ``w`` is infinite or NaN."""
    for i in range(w.size):  # noqa: SIM110 - numba has no all() of a generator
        if not math.isfinite(w[i]):
            return False
    return True


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
            y = 1.0
            if uniform(random) < rule.prior:
                draw(plus, random, work, x)
            else:
                y = -1.0
                draw(minus, random, work, x)
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
class _Outcome:
    """What one run left: weights (T, D), a status code, the number of steps taken."""

    w: np.ndarray
    status: int = INTERRUPTED
    steps: int = 0


def _blank(job: _Job) -> _Outcome:
    """A run that has not begun: only the start is known."""
    return _Outcome(np.where(job.steps[:, None] == 0, job.w0, np.nan))


def _run(job: _Job, stop: threading.Event | None = None, progress: Progress | None = None) -> _Outcome:
    """One run from its start to its last time, or until it diverges or ``stop`` is set."""
    advance, force = _kernel(), activation_kernels(job.activation).force
    random = stream(job.root, (job.key,))
    w = job.w0.copy()
    outcome = _blank(job)
    spell = 1 + 1000 // job.rule.batch_size
    try:
        for record, goal in enumerate(job.steps):
            while outcome.steps < goal:
                if stop is not None and stop.is_set():
                    return outcome
                todo = int(min(spell, goal - outcome.steps))
                began = time.perf_counter()
                taken = advance(w, todo, job.plus, job.minus, force, job.rule, random)
                if todo == spell:
                    spell = _next_spell(spell, time.perf_counter() - began)
                outcome.steps += abs(taken)
                if progress is not None:
                    progress.update(abs(taken))
                if taken < 0:
                    outcome.status = DIVERGED
                    return outcome
            outcome.w[record] = w
        outcome.status = DONE
    except KeyboardInterrupt:  # in a process of its own, or where the caller's thread does the work
        if stop is not None:
            stop.set()
    return outcome


def _next_spell(spell: int, seconds: float) -> int:
    """Steps that take about ``_SPELL`` seconds; the length grows by no more than 8 at once."""
    return max(1, int(spell * min(8.0, _SPELL / max(seconds, 1e-6))))


def simulate_sgd(
    problem: Problem,
    w0: ArrayLike,
    t_eval: ArrayLike,
    learning_rate: float = 0.01,
    batch_size: int = 1,
    seed: Seed = 0,
    *,
    erf: str = "table",
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
    starts = check_weights("w0", w0, problem.shape)
    rule = Rule(problem.prior, problem.bias, _rate(learning_rate), _batch(batch_size))
    steps = _steps(check_times(t_eval), rule.learning_rate)
    streams = _streams(seed, starts)
    single = starts.ndim == 1 and not _is_sequence(seed)
    began, compiling = time.perf_counter(), jit.compile_seconds
    _kernel(), activation_kernels(str(problem.activation))  # compile before the threads start
    plus, minus = (sampler(law, problem.shape, erf) for law in problem.laws)
    preactivation_cumulants(problem, starts)  # what is recorded needs K: refused before the work, not after
    rows = np.broadcast_to(starts, (len(streams), problem.size))
    jobs = [_Job(plus, minus, str(problem.activation), rule, row.copy(), steps, root, key)
            for row, (root, key) in zip(rows, streams, strict=True)]
    ready = time.perf_counter()
    with Progress(len(jobs) * int(steps[-1]), "SGD", enabled=progress) as shown:
        outcomes = _run_all(jobs, executor, shown, stop)
    cost = {"run_seconds": time.perf_counter() - ready, "setup_seconds": ready - began}
    run = _gather(problem, rule, steps, outcomes, single)
    run.provenance.update(seed=_plain_seed(seed), erf=erf, **cost, compile_seconds=jit.compile_seconds - compiling)
    return run


def _rate(learning_rate: object) -> float:
    return real("learning_rate", learning_rate, "0 < learning_rate < inf", low=0.0, open_low=True, high=math.inf,
                open_high=True)


def _batch(batch_size: object) -> int:
    return integer("batch_size", batch_size, "an integer >= 1", low=1, high=2**31)


def _steps(times: np.ndarray, learning_rate: float) -> np.ndarray:
    """Whole steps nearest to the times."""
    with np.errstate(over="ignore"):
        steps = np.rint(times / learning_rate)
    if not steps[-1] <= _MOST_STEPS:
        raise complain("t_eval", float(times[-1]), f"at most 2**53 steps of learning_rate={learning_rate:g}")
    return steps.astype(np.int64)


def _is_sequence(seed: object) -> bool:
    return isinstance(seed, (Sequence, np.ndarray)) and not isinstance(seed, (str, bytes))


def _streams(seed: Any, starts: np.ndarray) -> list[tuple[np.random.SeedSequence, int]]:
    """Root and child of every run's stream: start i of one seed is its child i; a seed of a sequence, its child 0."""
    if not _is_sequence(seed):
        root = seed_sequence("seed", seed)
        return [(root, i) for i in range(1 if starts.ndim == 1 else len(starts))]
    roots = [seed_sequence("seed", s) for s in seed]
    if not roots or (starts.ndim == 2 and len(roots) != len(starts)):
        few = "at least one" if starts.ndim == 1 else f"{len(starts)} (one for each start)"
        raise complain("seed", seed, f"an int >= 0, a SeedSequence, or a sequence of {few} ints >= 0")
    return [(root, 0) for root in roots]


def _plain_seed(seed: Any) -> Any:
    """The seed as plain values, for provenance and JSON."""
    if _is_sequence(seed):
        return [_plain_seed(s) for s in seed]
    if isinstance(seed, np.random.SeedSequence):
        entropy = list(map(int, seed.entropy)) if isinstance(seed.entropy, (Sequence, np.ndarray)) else seed.entropy
        return {"entropy": entropy, "spawn_key": list(map(int, seed.spawn_key))}
    return int(seed)


def _run_all(
    jobs: list[Any], executor: Executor | None, progress: Progress, stop: threading.Event | None,
    run: Callable[..., Any] = _run, blank: Callable[..., Any] = _blank,
) -> list[Any]:
    """What ``run`` makes of every job, ``blank`` of those that never began.

    They go to the caller's executor or to a thread a core; Ctrl-C stops each at its next spell.
    """
    pool = executor or ThreadPoolExecutor(min(len(jobs), os.cpu_count() or 1))
    halt = threading.Event()
    # a flag and a bar cannot be sent to another process; there each run hears Ctrl-C itself
    shared = (halt, progress) if isinstance(pool, ThreadPoolExecutor) else ()
    tasks: list[Future[Any]] = []
    try:
        for job in jobs:
            tasks.append(pool.submit(run, job, *shared))
        _wait(tasks, stop)
    except KeyboardInterrupt:
        for task in tasks:
            task.cancel()  # those still in the queue
    finally:
        halt.set()  # nothing is left running, whatever happened
    begun = [blank(job) if task.cancelled() else task.result() for job, task in zip(jobs, tasks, strict=False)]
    if executor is None:
        pool.shutdown()
    return begun + [blank(job) for job in jobs[len(begun):]]


def _wait(tasks: list[Future[Any]], stop: threading.Event | None) -> None:
    """Wait for all; what Ctrl-C raises is raised when ``stop`` is set."""
    left = set(tasks)
    while left:
        left = wait(left, timeout=None if stop is None else 0.1).not_done
        if left and stop is not None and stop.is_set():
            raise KeyboardInterrupt


def _gather(problem: Problem, rule: Rule, steps: np.ndarray, outcomes: list[_Outcome], single: bool) -> Run:
    """Stack the runs, with their cumulants and how they ended."""
    from cumulode import __version__

    w = np.stack([outcome.w for outcome in outcomes])
    k2, k4 = preactivation_cumulants(problem, w)
    status = np.array([outcome.status for outcome in outcomes])
    provenance = {"version": __version__, "method": "sgd", "problem": problem.to_dict(),
                  "learning_rate": rule.learning_rate, "batch_size": rule.batch_size,
                  "steps": [outcome.steps for outcome in outcomes]}
    if single:
        w, k2, k4 = w[0], k2[0], k4[0]
    return Run(t=steps * rule.learning_rate, w=w, k2=k2, k4=k4, success=bool(np.all(status == DONE)),
               message=_describe(outcomes, steps, rule), status=status, provenance=provenance)


def _describe(outcomes: list[Any], steps: np.ndarray, rule: Any) -> str:
    """In words: how the runs ended, why, and what to do next."""
    end = steps[-1] * rule.learning_rate
    for status in (DIVERGED, INTERRUPTED):
        reached = [outcome.steps for outcome in outcomes if outcome.status == status]
        if not reached:
            continue
        which = f"{len(reached)} of {len(outcomes)} runs " if len(outcomes) > 1 else ""
        where = f"{which}stopped at t = {min(reached) * rule.learning_rate:g} of {end:g}: "
        if status == DIVERGED:
            return (f"{where}learning rate too large, the weights became non-finite; try learning_rate below "
                    f"{rule.learning_rate:g}, or a bounded activation")
        return f"{where}interrupted; what was recorded is kept, the rest is NaN"
    return f"reached t = {end:g} ({steps[-1]} steps of {rule.batch_size} samples)"
