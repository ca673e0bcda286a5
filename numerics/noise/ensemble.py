"""``solve(..., noise=...)``: many trajectories of SGD's Langevin equation, over threads, and the bands they make."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from os import cpu_count
from typing import Any, NamedTuple

import numpy as np

from cumulode import __version__
from cumulode.numerics.compile import jit
from cumulode.numerics.compile.closure_kernels import square_kernel
from cumulode.numerics.compile.quadrature import gauss_legendre
from cumulode.numerics.flow.plan import Plan, make_plan
from cumulode.numerics.flow.preactivation import cumulants_by
from cumulode.numerics.flow.result import Solution
from cumulode.numerics.flow.solver import Solver
from cumulode.numerics.flow.watch import in_threads
from cumulode.numerics.io.progress import Shown
from cumulode.numerics.observables import quantiles
from cumulode.numerics.result import Result
from cumulode.numerics.status import Status
from cumulode.numerics.trajectory.dormand_prince import FLAGS, NORM, STATE, STOP, TIME
from cumulode.theory.problem.problem import Problem
from cumulode.theory.user_input.arguments import InvalidArgument, real

from .covariance import NODES, noise_data
from .langevin import RENEWALS, SINGULAR, STEP, Noise, langevin

Quantity = str | Callable[[np.ndarray], np.ndarray]


def of_runs(runs: Result, quantity: Quantity) -> np.ndarray:
    """A quantity of every run, (n, T, ...): an attribute, or a function of the weights (..., D)."""
    if callable(quantity):
        return np.asarray(quantity(runs.w))
    values = getattr(runs, quantity, None) if isinstance(quantity, str) else None
    if not isinstance(values, np.ndarray) or values.shape[:2] != runs.w.shape[:2]:
        allowed = "norm, ipr, ipr_times_D, k2, k4, kurtosis, w, or a function of weights (..., D)"
        raise InvalidArgument("quantity", quantity, allowed)
    return values


@dataclass(frozen=True, eq=False, repr=False)
class Ensemble(Solution):
    """What ``solve(..., noise=s, runs=n)`` returns: n trajectories of the Langevin equation, a leading axis n.

    Each is what theory says one run of SGD at ``learning rate / batch size = s`` may do; see :func:`cumulode.solve`.

    ``w0`` is one start, (D,); at times between the recorded ones weights are linear in time.
    """

    __call__ = Result.__call__

    def of(self, quantity: Quantity) -> np.ndarray:
        """A quantity of every trajectory, (n, T, ...): an attribute, or a function of the weights (..., D).

        As ``"norm"``, ``"ipr"``, ``"ipr_times_D"``, ``"k2"``, ``"kurtosis"``; ``cumulode.width`` or your own.
        """
        return of_runs(self, quantity)

    def mean(self, quantity: Quantity) -> np.ndarray:
        """Mean over the trajectories, (T, ...)."""
        return np.asarray(self.of(quantity).mean(axis=0))

    def standard_error(self, quantity: Quantity) -> np.ndarray:
        """Standard error of the mean, (T, ...)."""
        values = self.of(quantity)
        return np.asarray(values.std(axis=0, ddof=1) / np.sqrt(len(values)))

    def band(self, level: float = 0.95, quantity: Quantity = "ipr") -> np.ndarray:
        """Limits between which one run lies with probability ``level`` at each time, (T, ..., 2).

        Quantiles of the trajectories by Weibull's positions ``k/(n + 1)``, which hold on average over ensembles.

        Raises
        ------
        InvalidArgument
            For a level not in (0, 1), one that asks for more than ``2/(1 - level) - 1`` trajectories, or a quantity
            there is not.
        """
        level = real("level", level, gt=0, lt=1)
        values = self.of(quantity)
        largest = 1 - 2 / (len(values) + 1)
        if level > largest * (1 + 1e-12):
            raise InvalidArgument("level", level, f"at most {largest:.3g} with {len(values)} trajectories")
        return quantiles(values, level)

    def to_xarray(self) -> Any:
        """As every result, and ``w0`` with dimension site."""
        dataset = Result.to_xarray(self)
        dataset["w0"] = (("site",), self.w0, {"long_name": "weight at time 0"})
        return dataset


def ensemble(
    problem: Problem,
    w0: np.ndarray,
    times: np.ndarray,
    solver: Solver,
    s: float,
    runs: int,
    seed: int,
    executor: Executor | None,
    progress: Shown,
    stop: threading.Event | None,
) -> Ensemble:
    """The trajectories; all arguments checked."""
    began, compiling = time.perf_counter(), jit.compile_seconds
    plan = make_plan(problem, solver)
    if executor is not None and not isinstance(executor, ThreadPoolExecutor):
        chunks = np.array_split(np.arange(runs), min(runs, 4 * (cpu_count() or 1)))
        given = [(problem, solver, w0, times, s, seed, chunk) for chunk in chunks]
        parts = [future.result() for future in [executor.submit(_from_scratch, *one) for one in given]]
        kept = Trajectories(*map(np.concatenate, zip(*parts, strict=True)))
    else:
        kept = _over_threads(_Work(plan, w0, times, s, seed), runs, executor, progress, stop)
    w, statuses, states = kept
    k2, k4 = cumulants_by(plan.forms(), problem, w)
    compiled = jit.compile_seconds - compiling
    messages = tuple(_message(int(status), state, times[-1]) for status, state in zip(statuses, states, strict=True))
    failed = int(np.sum(statuses != Status.REACHED_END))
    first = next((m for m, status in zip(messages, statuses, strict=True) if status != Status.REACHED_END), messages[0])
    return Ensemble(
        t=times,
        w=w,
        bias=np.full(w.shape[:2], problem.bias),
        k2=k2,
        k4=k4,
        w0=w0,
        statuses=statuses,
        messages=messages,
        message=f"{failed} of {runs} trajectories failed; {first}" if failed else first,
        provenance={
            "version": __version__,
            "method": "Langevin, kicks and midpoint",
            **solver.to_dict(),
            "noise": s,
            "seed": seed,
            "step": STEP,
            "contracted_by": plan.method,
            "cumulant_error": plan.error,
            "problem": problem.to_dict(),
            "run_seconds": time.perf_counter() - began - compiled,
            "compile_seconds": compiled,
        },
    )


class Trajectories(NamedTuple):
    """Weights (n, T, D), statuses (n,) and states (n, STATE), as threads fill them."""

    w: np.ndarray
    statuses: np.ndarray
    states: np.ndarray


def _none_yet(runs: int, times: np.ndarray, size: int) -> Trajectories:
    w = np.full((runs, times.size, size), np.nan)
    return Trajectories(w, np.full(runs, int(Status.INTERRUPTED)), np.zeros((runs, STATE)))


class _Work:
    """One trajectory after another, each with random numbers of its own: the same whatever else is run."""

    def __init__(self, plan: Plan, w0: np.ndarray, times: np.ndarray, s: float, seed: int) -> None:
        self.times, self.w0 = times, w0
        self._plan, self._s, self._seed = plan, s, seed
        self._kernel = langevin(plan.signature, plan.law_type)
        self._square, self._rule = square_kernel(str(plan.problem.activation)), gauss_legendre(NODES)
        self._steps = int(np.ceil(times[-1] / STEP)) + 1

    def __call__(self, runs: Iterable[tuple[int, int]], kept: Trajectories) -> None:
        """Take ``(row, run)`` until there are no more, and fill that row."""
        plan, data = self._plan, self._plan.data()
        noise = Noise(noise_data(plan.problem, plan.forms()), plan.problem.bias, self._rule, self._s)
        for row, run in runs:
            steps, between = (np.random.default_rng(each) for each in self._seeds(run))
            normals = steps.standard_normal((2 * self._steps, self.w0.size))
            bridges = between.standard_normal((self.times.size, self.w0.size))
            own = plan.rhs, plan.law, data, noise, self._square, self.w0, self.times
            kept.statuses[row] = self._kernel(*own, STEP, RENEWALS, normals, bridges, kept.w[row], kept.states[row])

    def _seeds(self, run: int) -> list[np.random.SeedSequence]:
        return np.random.SeedSequence(self._seed, spawn_key=(run,)).spawn(2)


def _over_threads(
    work: _Work, runs: int, pool: Executor | None, progress: Shown, stop: threading.Event | None
) -> Trajectories:
    """All runs; Ctrl-C ends them at their next step."""
    kept = _none_yet(runs, work.times, work.w0.size)
    work_of_each = [partial(work, _Queue(runs, kept.states), kept)] * min(runs, cpu_count() or 1)
    in_threads(work_of_each, kept.states, work.times[-1], "Langevin", progress, stop, pool)
    return kept


class _Queue:
    """Runs handed out one by one to several threads, until a stop."""

    def __init__(self, runs: int, states: np.ndarray) -> None:
        self._left, self._states, self._lock = iter(range(runs)), states, threading.Lock()

    def __iter__(self) -> Iterator[tuple[int, int]]:
        return self

    def __next__(self) -> tuple[int, int]:
        with self._lock:
            run = next(self._left)
        if self._states[run, STOP] != 0.0:
            raise StopIteration
        return run, run


def _from_scratch(
    problem: Problem, solver: Solver, w0: np.ndarray, times: np.ndarray, s: float, seed: int, runs: np.ndarray
) -> Trajectories:
    """For executors in other processes: some runs by their numbers."""
    kept = _none_yet(len(runs), times, w0.size)
    _Work(make_plan(problem, solver), w0, times, s, seed)(enumerate(runs.tolist()), kept)
    return kept


def _message(status: int, state: np.ndarray, end: float) -> str:
    if status == Status.REACHED_END:
        lost = int(state[FLAGS]) & SINGULAR
        return f"reached t = {end:g}" + (" (N had no variance in some direction, which got no noise)" if lost else "")
    where = f"stopped at t = {state[TIME]:.6g} of {end:g}: "
    if status == Status.INTERRUPTED:
        return where + "interrupted; what was recorded is kept, the rest is NaN"
    if status == Status.LEFT_DOMAIN:
        return where + f"the closure is not defined here (|w| = {state[NORM]:.3g}); try closure='edgeworth'"
    return where + f"the weights blow up (|w| = {state[NORM]:.3g}); try a smaller noise, or a closure that saturates"
