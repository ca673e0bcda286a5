"""One network's run as a job for any thread or process: its inputs, its start, and what it leaves."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from cumulode.numerics import preactivation_cumulants
from cumulode.numerics.compile.closure_kernels import response_kernel
from cumulode.numerics.io.progress import Progress
from cumulode.theory.problem.problem import Problem
from cumulode.theory.user_input.arguments import integer
from cumulode.validation.sampling.draw import Sampler
from cumulode.validation.sampling.sampler import sampler
from cumulode.validation.sampling.streams import child, seed_sequence, stream
from cumulode.validation.sgd.seeds import plain_seed
from cumulode.validation.sgd.training import Trace, go_through

from . import settings
from .engine import NetworkRule, draw_kernel
from .held_out import HeldOut, draw_held_out, split

INPUTS, START = 0, 1  # children of a run's seed
MEASURES = ("loss", "accuracy", "loss_error", "accuracy_error")


@dataclass(frozen=True)
class Job:
    """One run, as plain picklable values; ``steps`` (T,) are the steps after which to record."""

    plus: Sampler
    minus: Sampler
    activation: str
    rule: NetworkRule
    theta: np.ndarray
    steps: np.ndarray
    root: np.random.SeedSequence
    held: HeldOut


@dataclass
class NetworkTrace(Trace):
    """What one run left: parameters (T, P), held-out measures (T, 4), and how far it came."""

    theta: np.ndarray
    measures: np.ndarray

    def record(self, i: int, theta: np.ndarray, job: Job) -> None:
        """Keep the parameters at time ``i``, and what they are worth."""
        self.theta[i] = theta
        self.measures[i] = job.held.measure(theta, job.activation, job.rule)


def blank(job: Job) -> NetworkTrace:
    """A run that has not begun: only the start is known."""
    trace = NetworkTrace(np.full((job.steps.size, job.theta.size), np.nan), np.full((job.steps.size, 4), np.nan))
    if job.steps[0] == 0:
        trace.record(0, job.theta, job)
    return trace


def trained(
    job: Job,
    advance: Callable[[np.ndarray, int, np.ndarray], int],
    work: int,
    stop: threading.Event | None,
    progress: Progress | None,
) -> NetworkTrace:
    """One run from its start to its last time, or until it diverges or ``stop`` is set.

    ``advance(theta, count, random)`` takes steps; ``work`` is about how many units a step computes.
    """
    random, theta, trace = stream(job.root, (INPUTS,)), job.theta.copy(), blank(job)

    def take(count: int) -> int:
        return advance(theta, count, random)

    def record(i: int) -> None:
        trace.record(i, theta, job)

    go_through(job.steps, 1 + 1000 // work, take, record, trace, stop, progress)
    return trace


def starts_of(
    roots: list[np.random.SeedSequence], start: np.ndarray | None, scale: float, hidden: int, size: int
) -> list[np.ndarray]:
    """The weights (K, D) of every run at time 0."""
    if start is not None:
        return list(np.broadcast_to(start, (len(roots), hidden, size)))
    generators = [np.random.default_rng(child(root, (START,))) for root in roots]
    return [scale / np.sqrt(size) * generator.standard_normal((hidden, size)) for generator in generators]


@dataclass(frozen=True)
class TrainingData:
    """What all runs of a call share: the two classes to train on, the held-out inputs, whether there are laws."""

    plus: Sampler
    minus: Sampler
    held: HeldOut
    laws: bool
    provenance: dict[str, Any]


def data_of(problem: Problem, samples: Any, n_test: object, test_seed: object, diagonal: float = 0.0) -> TrainingData:
    """The problem's laws, or a user's ``samples``, a part of them held out; compiled before the threads start.

    What is recorded needs K: a problem without is refused before the work, not after.
    """
    rows = settings.check_samples(samples, problem.shape)
    count, root = integer("n_test", n_test, ge=2), seed_sequence("test_seed", test_seed)
    response_kernel(str(problem.activation)), draw_kernel()
    if rows is None:
        kept = plus, minus = [sampler(law, problem.shape, diagonal) for law in problem.laws]
        preactivation_cumulants(problem, np.zeros((1, problem.size)))
    else:
        (plus, first), (minus, second) = (split(of_class, root) for of_class in rows)
        kept = [first, second]
    held = draw_held_out(*kept, problem.prior, problem.size, count, root)
    inputs = "the problem's laws" if rows is None else "the user's samples"
    return TrainingData(
        plus, minus, held, rows is None, {"inputs": inputs, "n_test": count, "test_seed": plain_seed(test_seed)}
    )


def stacked(
    problem: Problem, traces: list[NetworkTrace], parameters: dict[str, np.ndarray], fields: np.ndarray, laws: bool,
    single: bool,
) -> dict[str, Any]:  # fmt: skip
    """The arrays of a result: ``parameters``, cumulants of the preactivations of ``fields`` (..., D), measures."""
    if laws:
        k2, k4 = preactivation_cumulants(problem, fields)
    else:
        k2, k4 = (np.full((*fields.shape[:-1], 2), np.nan) for _ in range(2))
    measures = np.moveaxis(np.stack([trace.measures for trace in traces]), -1, 0)
    arrays = {**parameters, "k2": k2, "k4": k4, **dict(zip(MEASURES, measures, strict=True))}
    return {name: array[0] if single else array for name, array in arrays.items()}
