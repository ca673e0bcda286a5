"""One network's run as a job for any thread or process: its inputs, its start, and what it leaves."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from cumulode.numerics import preactivation_cumulants
from cumulode.numerics.io.progress import Progress
from cumulode.theory.problem.problem import Problem
from cumulode.theory.user_input.arguments import InvalidArgument
from cumulode.validation.sampling.inputs import Sampler, sampler
from cumulode.validation.sampling.streams import seed_sequence, stream
from cumulode.validation.sgd.training import DONE, Outcome, describe, go_through, is_sequence

from . import settings
from .engine import Rule
from .held_out import HeldOut, draw_held_out, split

INPUTS, START = 0, 1  # children of a run's seed
ARRAYS = ("w", "bias", "readout", "k2", "k4", "loss", "accuracy", "loss_error", "accuracy_error")


@dataclass(frozen=True)
class Job:
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
class NetworkOutcome(Outcome):
    """What one run left: parameters (T, P), held-out measures (T, 4), and how far it came."""

    theta: np.ndarray
    measures: np.ndarray

    def record(self, i: int, theta: np.ndarray, job: Job) -> None:
        """Keep the parameters at time ``i``, and what they are worth."""
        self.theta[i] = theta
        self.measures[i] = job.held.measure(theta, job.activation, job.rule)


def blank(job: Job) -> NetworkOutcome:
    """A run that has not begun: only the start is known."""
    outcome = NetworkOutcome(np.full((job.steps.size, job.theta.size), np.nan), np.full((job.steps.size, 4), np.nan))
    if job.steps[0] == 0:
        outcome.record(0, job.theta, job)
    return outcome


def trained(
    job: Job,
    advance: Callable[[np.ndarray, int, np.ndarray], int],
    work: int,
    stop: threading.Event | None,
    progress: Progress | None,
) -> NetworkOutcome:
    """One run from its start to its last time, or until it diverges or ``stop`` is set.

    ``advance(theta, count, random)`` takes steps; ``work`` is about how many units a step computes.
    """
    random, theta, outcome = stream(job.root, (INPUTS,)), job.theta.copy(), blank(job)

    def take(count: int) -> int:
        return advance(theta, count, random)

    def record(i: int) -> None:
        outcome.record(i, theta, job)

    go_through(job.steps, 1 + 1000 // work, take, record, outcome, stop, progress)
    return outcome


def told(
    problem: Problem, rule: Rule, steps: np.ndarray, outcomes: list[NetworkOutcome], samples: bool,
    clock: tuple[float, float] | None = None,
) -> dict[str, Any]:  # fmt: skip
    """How the runs ended and what they were, as a result tells it, apart from its arrays."""
    from cumulode import __version__

    status = np.array([outcome.status for outcome in outcomes])
    provenance = {
        "version": __version__,
        "problem": problem.to_dict(),
        "inputs": "the user's samples" if samples else "the problem's laws",
        "learning_rate": rule.learning_rate,
        "batch_size": rule.batch_size,
        "steps": [outcome.steps for outcome in outcomes],
    }
    return {
        "t": steps * rule.learning_rate,
        "shape": problem.shape,
        "success": bool(np.all(status == DONE)),
        "message": describe(outcomes, steps, rule, clock),
        "status": status,
        "provenance": provenance,
    }


def stacked(
    problem: Problem, parameters: list[np.ndarray], fields: np.ndarray, outcomes: list[NetworkOutcome],
    samples: bool, single: bool,
) -> dict[str, Any]:  # fmt: skip
    """The arrays of a result: weights, biases, readouts, cumulants of the preactivations of ``fields``, measures."""
    if samples:
        cumulants = [np.full((*fields.shape[:-1], 2), np.nan) for _ in range(2)]
    else:
        cumulants = list(preactivation_cumulants(problem, fields))
    measures = np.stack([outcome.measures for outcome in outcomes])
    arrays = [*parameters, *cumulants, *np.moveaxis(measures, -1, 0)]
    return dict(zip(ARRAYS, [a[0] for a in arrays] if single else arrays, strict=True))


def roots_of(seed: Any, start: np.ndarray | None) -> list[np.random.SeedSequence]:
    """A root of random numbers for every run."""
    starts = None if start is None or start.ndim == 2 else len(start)
    if not is_sequence(seed):
        if starts is not None:
            raise InvalidArgument("seed", seed, f"a sequence of {starts} seeds, one for each start of w0")
        return [seed_sequence("seed", seed)]
    if len(seed) == 0 or starts not in (None, len(seed)):
        many = "at least one int" if starts is None else f"{starts} ints (one for each start)"
        raise InvalidArgument("seed", seed, f"an int >= 0, a SeedSequence, or a sequence of {many} >= 0")
    return [seed_sequence("seed", s) for s in seed]


def starts_of(
    roots: list[np.random.SeedSequence], start: np.ndarray | None, scale: float, hidden: int, size: int
) -> list[np.ndarray]:
    """The weights (K, D) of every run at time 0."""
    if start is not None:
        return list(np.broadcast_to(start, (len(roots), hidden, size)))
    found = []
    for root in roots:
        child = np.random.SeedSequence(root.entropy, spawn_key=(*root.spawn_key, START), pool_size=root.pool_size)
        found.append(scale / np.sqrt(size) * np.random.default_rng(child).standard_normal((hidden, size)))
    return found


def inputs_of(
    problem: Problem, rows: settings.Pair | None, erf: str, diagonal: float, n_test: int, root: np.random.SeedSequence
) -> tuple[Sampler, Sampler, HeldOut]:
    """The two classes to train on, and the held-out inputs."""
    if rows is None:
        plus, minus = (sampler(law, problem.shape, erf, diagonal) for law in problem.laws)
        return plus, minus, draw_held_out(plus, minus, problem.prior, problem.size, n_test, root)
    (plus, plus_kept), (minus, minus_kept) = (split(of_class, root) for of_class in rows)
    return plus, minus, draw_held_out(plus_kept, minus_kept, problem.prior, problem.size, n_test, root)
