"""Stochastic gradient descent of one neuron on fresh samples: the experiment the theory is compared with.

Every run has a random stream of its own.
"""

from __future__ import annotations

import math
import threading
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numba import types
from numpy.typing import ArrayLike

from cumulode.numerics import Result, preactivation_cumulants
from cumulode.numerics.check_input import check_problem, check_stop, check_times, check_weights
from cumulode.numerics.compile.closure_kernels import activation_kernels
from cumulode.numerics.compile.jit import compiled, f8, flag_type, i8, kernel, vector
from cumulode.numerics.compile.vectors import axpy, dot, finite
from cumulode.numerics.flow.preactivation import cumulants_and_error
from cumulode.numerics.io.progress import Progress, Shown, check_progress
from cumulode.theory.problem.problem import Problem
from cumulode.theory.user_input.options import either
from cumulode.validation.sampling.draw import Sampler, draw_class, sampler_type, scratch, unowned_law
from cumulode.validation.sampling.sampler import sampler
from cumulode.validation.sampling.streams import stream, stream_type
from cumulode.validation.sampling.unowned import unowned

from .conventions import Units, units_of
from .old_arguments import old_arguments
from .seeds import RunSeeds, Seed, Seeds, check_seeds
from .settings import Sgd, choose
from .training import Stopwatch, Trace, bounded, described, flag_of, go_through, how_ended, run_all, whole_steps


class Run(Result):
    """What :func:`cumulode.simulate_sgd` returns: a :class:`cumulode.numerics.Result`.

    ``t`` holds the times of the steps actually recorded. A run whose weights become non-finite or pass 1e70 is
    ``DIVERGED``.
    """

    ROLE = "sgd"


class NeuronRule(NamedTuple):
    """The learning rule as the kernel reads it."""

    prior: float
    bias: float
    learning_rate: float
    batch_size: int


@kernel
def _advance(w, steps, plus, minus, force, rule, random, halt):  # type: ignore[no-untyped-def]
    """Take ``steps`` steps of SGD on ``w`` (D,) in place; returns how many, negative if ``w`` then was not finite.

    ``halt`` (1,), set by another thread, ends it before the next sample; of a batch cut short nothing is kept. Weights
    that are not finite make the next sample's preactivation so; until then nothing is spent on looking.
    """
    w, plus, minus, random = unowned(w), unowned_law(plus), unowned_law(minus), unowned(random)
    size = w.size
    x, change = np.empty(size), np.zeros(size)
    work = np.empty(max(scratch(plus, size), scratch(minus, size)))
    rate = rule.learning_rate / rule.batch_size
    for step in range(steps):
        for _ in range(rule.batch_size):
            if halt[0] != 0:
                return step
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
    rule = types.NamedTuple((f8, f8, f8, i8), NeuronRule)
    return compiled(_advance, i8(vector, i8, sampler_type, sampler_type, force, rule, stream_type, flag_type))


@dataclass(frozen=True)
class _Job:
    """One run, as plain picklable values; ``steps`` (T,) are the steps after which to record."""

    plus: Sampler
    minus: Sampler
    activation: str
    rule: NeuronRule
    w0: np.ndarray
    steps: np.ndarray
    root: np.random.SeedSequence
    key: int


@dataclass
class _NeuronTrace(Trace):
    """What one run left: weights (T, D), and how far it came."""

    w: np.ndarray


def _blank(job: _Job) -> _NeuronTrace:
    """A run that has not begun: only the start is known."""
    return _NeuronTrace(np.where(job.steps[:, None] == 0, job.w0, np.nan))


def _run(job: _Job, stop: threading.Event | None = None, progress: Progress | None = None) -> _NeuronTrace:
    """One run from its start to its last time, or until it diverges or ``stop`` is set."""
    advance, force = _kernel(), activation_kernels(job.activation).force
    halt = flag_of(stop)
    random, w, trace = stream(job.root, (job.key,)), job.w0.copy(), _blank(job)

    def take(count: int) -> int:
        return int(advance(w, count, job.plus, job.minus, force, job.rule, random, halt))

    def record(i: int) -> bool:
        if bounded(w):
            trace.w[i] = w
        return bounded(w)

    go_through(job.steps, 1 + 1000 // job.rule.batch_size, take, record, trace, stop, progress)
    return trace


@old_arguments
@either(sgd=("learning_rate", "batch_size"))
def simulate_sgd(
    problem: Problem,
    w0: ArrayLike,
    t_eval: ArrayLike,
    learning_rate: float = 0.01,
    batch_size: int = 100,
    seed: Seed = 0,
    *,
    seeds: Seeds | None = None,
    sgd: Sgd | None = None,
    executor: Any = None,
    progress: Shown = False,
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
    learning_rate, batch_size
        See :class:`cumulode.Sgd`.
    seed : int >= 0 or SeedSequence
        Equal seeds give equal bytes, whatever the number of threads.
    seeds : int n >= 1, or a sequence of n ints >= 0 or SeedSequences, optional
        In place of ``seed``, a run each of the seeds 0 .. n - 1, or these: with a single start, each equal to the bit
        to the run with that seed alone; with n starts, one seed a start.
    sgd : Sgd, optional
        Learning rate and batch in place of the two keywords, and the units of ``w0``, ``t_eval`` and the result.
    executor : concurrent.futures.Executor or dask.distributed.Client, optional
        Where the runs go; by default a pool of one thread a core (the kernels hold no lock).
    progress : bool or callable
        Show progress on standard error, or call this with the fraction done now and then.
    stop : threading.Event, optional
        Set by another thread, it does what Ctrl-C does, to runs in threads of this process.

    Returns
    -------
    Run
        ``t`` (the times of the steps recorded), ``w`` (T, D), or (n, T, D) for n starts or ``seeds``, ``ipr``,
        ``norm``, ``k2``, ``k4``, ``status``, ``message``, ``provenance``. A run whose weights pass 1e70 stops,
        with NaN from there on and a message naming the cause; Ctrl-C returns what exists.

    Raises
    ------
    InvalidArgument
        Naming the argument, what came and what is allowed.
    """
    check_problem(problem)
    sgd = choose(sgd, learning_rate=learning_rate, batch_size=batch_size)
    units = units_of(sgd, problem)
    starts = check_weights("w0", units.weights_to_ours(w0), problem.shape)
    rule = NeuronRule(problem.prior, problem.bias, sgd.learning_rate * units.rate, sgd.batch_size)
    steps = whole_steps(check_times(units.times_to_ours(t_eval)), rule.learning_rate, units)
    chosen = check_seeds(seed, seeds, None if starts.ndim == 1 else len(starts))
    check_progress(progress)
    check_stop(stop)
    watch = Stopwatch()
    jobs = _jobs(problem, starts, rule, steps, chosen, units.diagonal)
    with watch.running(), Progress(len(jobs) * int(steps[-1]), "SGD", progress) as shown:
        traces = run_all(_run, _blank, jobs, executor, shown, stop)
    provenance = {"method": "sgd", **described(problem, sgd, chosen, traces), **watch.costs()}
    single = starts.ndim == 1 and not chosen.many
    return units.from_ours(_gather(problem, rule, steps, traces, single, units, provenance))


def _jobs(
    problem: Problem, starts: np.ndarray, rule: NeuronRule, steps: np.ndarray, seeds: RunSeeds, diagonal: float
) -> list[_Job]:
    """A job a run: start i of one seed draws from its child i, every run of many seeds from its own seed's child 0."""
    _kernel(), activation_kernels(str(problem.activation))  # compile before the threads start
    plus, minus = (sampler(law, problem.shape, diagonal) for law in problem.laws)
    preactivation_cumulants(problem, starts)  # what is recorded needs K: refused before the work, not after
    count = len(seeds.roots) if seeds.many or starts.ndim == 1 else len(starts)
    rows = np.broadcast_to(starts, (count, problem.size))
    streams = [(root, 0) for root in seeds.roots] if seeds.many else [(seeds.roots[0], i) for i in range(count)]
    return [
        _Job(plus, minus, str(problem.activation), rule, row.copy(), steps, root, key)
        for row, (root, key) in zip(rows, streams, strict=True)
    ]


def _gather(
    problem: Problem, rule: NeuronRule, steps: np.ndarray, traces: list[_NeuronTrace], single: bool, units: Units,
    provenance: dict[str, Any],
) -> Run:  # fmt: skip
    """Stack the runs, with their cumulants and how they ended."""
    w = np.stack([trace.w for trace in traces])
    k2, k4, k4_error = cumulants_and_error(problem, w)
    arrays = {"w": w, "bias": np.full(w.shape[:-1], problem.bias), "k2": k2, "k4": k4, "k4_error": k4_error}
    if single:
        arrays = {name: array[0] for name, array in arrays.items()}
    ended = how_ended(traces, steps, rule, units)
    return Run(t=steps * rule.learning_rate, **arrays, **ended, provenance=provenance)
