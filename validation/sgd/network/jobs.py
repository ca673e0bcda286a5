"""The runs of a network of either kind: what a call trains, its jobs for any thread or process, what each leaves."""

from __future__ import annotations

import threading
from concurrent.futures import Executor
from dataclasses import dataclass
from math import prod
from typing import Any, NamedTuple, TypeVar

import numpy as np

from cumulode.numerics import preactivation_cumulants
from cumulode.numerics.compile.closure_kernels import response_kernel
from cumulode.numerics.flow.preactivation import cumulants_and_error
from cumulode.numerics.io.progress import Progress, Shown, check_progress
from cumulode.theory.problem.problem import Problem
from cumulode.theory.user_input.arguments import integer
from cumulode.validation.receptive_fields.field_input import embed
from cumulode.validation.sampling.draw import Sampler
from cumulode.validation.sampling.sampler import MOST_ROWS, sampler
from cumulode.validation.sampling.streams import child, seed_sequence, stream
from cumulode.validation.sgd.conventions import Units
from cumulode.validation.sgd.seeds import RunSeeds, plain_seed
from cumulode.validation.sgd.settings import Sgd
from cumulode.validation.sgd.training import (
    Stopwatch,
    Trace,
    bounded,
    described,
    flag_of,
    go_through,
    how_ended,
    run_all,
)

from . import settings
from .engine import HiddenLayer, NetworkRule, draw_kernel
from .held_out import HeldOut, draw_held_out, split
from .result import NetworkRun

Kind = TypeVar("Kind", bound=NetworkRun)
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
    layer: HiddenLayer


@dataclass
class NetworkTrace(Trace):
    """What one run left: parameters (T, P), held-out measures (T, 4), and how far it came."""

    theta: np.ndarray
    measures: np.ndarray

    def record(self, i: int, theta: np.ndarray, job: Job) -> None:
        """Keep the parameters at time ``i``, and what they are worth."""
        self.theta[i] = theta
        self.measures[i] = job.held.measure(theta, job.layer, job.activation, job.rule)


def blank(job: Job) -> NetworkTrace:
    """A run that has not begun: only the start is known."""
    trace = NetworkTrace(np.full((job.steps.size, job.theta.size), np.nan), np.full((job.steps.size, 4), np.nan))
    if job.steps[0] == 0:
        trace.record(0, job.theta, job)
    return trace


def run(job: Job, stop: threading.Event | None = None, progress: Progress | None = None) -> NetworkTrace:
    """One run from its start to its last time, or until it diverges or ``stop`` is set; in any thread or process."""
    random, theta, trace = stream(job.root, (INPUTS,)), job.theta.copy(), blank(job)
    halt = flag_of(stop)
    advance, response = job.layer.advance(), response_kernel(job.activation)

    def take(count: int) -> int:
        return int(advance(theta, job.layer.sees, count, job.plus, job.minus, response, job.rule, random, halt))

    def record(i: int) -> bool:
        if bounded(theta):
            trace.record(i, theta, job)
        return bounded(theta)

    work = job.rule.batch_size * job.rule.hidden * job.layer.positions
    go_through(job.steps, 1 + 1000 // work, take, record, trace, stop, progress)
    return trace


class TrainingData(NamedTuple):
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
    count, root = integer("n_test", n_test, ge=2, le=MOST_ROWS), seed_sequence("test_seed", test_seed)
    response_kernel(str(problem.activation)), draw_kernel()
    if rows is None:
        kept = plus, minus = [sampler(law, problem.shape, diagonal) for law in problem.laws]
        preactivation_cumulants(problem, np.zeros((1, problem.size)))
    else:
        (plus, first), (minus, second) = (split(of_class, root) for of_class in rows)
        kept = [first, second]
    held = draw_held_out(kept[0], kept[1], problem.prior, problem.size, count, root)
    inputs = "the problem's laws" if rows is None else "the user's samples"
    made = {"inputs": inputs, "n_test": count, "test_seed": plain_seed(test_seed)}
    return TrainingData(plus, minus, held, rows is None, made)


@dataclass(frozen=True)
class Training:
    """What one call trains, checked.

    ``start``: weights (K, P) of all runs, or (n, K, P), or None for Gaussian rows of norm about ``amplitude``;
    ``rest``: biases and readouts at time 0; ``steps`` (T,): those after which to record.
    """

    problem: Problem
    sgd: Sgd
    rule: NetworkRule
    layer: HiddenLayer
    start: np.ndarray | None
    amplitude: float
    rest: np.ndarray
    steps: np.ndarray
    seeds: RunSeeds
    units: Units

    def starts(self) -> list[np.ndarray]:
        """All parameters of every run at time 0."""
        roots, shape = self.seeds.roots, (self.rule.hidden, prod(self.layer.taps))
        if self.start is not None:
            weights = list(np.broadcast_to(self.start, (len(roots), *shape)))
        else:
            generators = [np.random.default_rng(child(root, (START,))) for root in roots]
            weights = [self.amplitude / np.sqrt(shape[1]) * random.standard_normal(shape) for random in generators]
        return [np.concatenate([w.ravel(), self.rest]) for w in weights]

    def run(
        self, kind: type[Kind], name: str, tested: tuple[Any, object, object], options: dict[str, Any],
        executor: Executor | None, progress: Shown, stop: threading.Event | None,
    ) -> Kind:  # fmt: skip
        """Train all; ``tested``: samples, n_test, test_seed; ``options``: for the provenance."""
        check_progress(progress)
        watch = Stopwatch()
        data = data_of(self.problem, *tested, self.units.diagonal)
        self.layer.advance(), self.layer.held_out()
        own = data.plus, data.minus, str(self.problem.activation), self.rule
        starts = zip(self.starts(), self.seeds.roots, strict=True)
        jobs = [Job(*own, theta, self.steps, root, data.held, self.layer) for theta, root in starts]
        with watch.running(), Progress(len(jobs) * int(self.steps[-1]), name, progress) as shown:
            traces = run_all(run, blank, jobs, executor, shown, stop)
        made = described(self.problem, self.sgd, self.seeds, traces) | watch.costs()
        return kind(
            t=self.steps * self.rule.learning_rate,
            **self._arrays(traces, data.laws),
            **how_ended(traces, self.steps, self.rule, self.units),
            provenance={"method": f"{name} sgd", **options, **data.provenance, **made},
        )

    def _arrays(self, traces: list[NetworkTrace], laws: bool) -> dict[str, Any]:
        """Parameters, the preactivations' cumulants (NaN without laws) and held-out measures, with a first axis n."""
        theta, K, layer = np.stack([trace.theta for trace in traces]), self.rule.hidden, self.layer
        w, bias, readout = np.split(theta, np.cumsum([K * prod(layer.taps), K]), axis=-1)
        w = np.ascontiguousarray(w).reshape(*bias.shape, -1)
        if layer.positions > 1:
            readout = readout.reshape(*bias.shape, -1)
            readout = readout if self.rule.readout_rate > 0 else readout[..., 0]
        fields = embed(w, layer.taps, self.problem.shape)
        unknown = np.full((*fields.shape[:-1], 2), np.nan)
        k2, k4, k4_error = cumulants_and_error(self.problem, fields) if laws else (unknown,) * 3
        arrays = {"w": w, "bias": bias, "readout": readout, "k2": k2, "k4": k4, "k4_error": k4_error}
        arrays |= zip(MEASURES, np.moveaxis(np.stack([trace.measures for trace in traces]), -1, 0), strict=True)
        return arrays if self.seeds.many else {name: array[0] for name, array in arrays.items()}
