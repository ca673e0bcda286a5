"""What every training by SGD shares: its rule checked, whole steps, runs over threads in short spells, how they ended.

Every run advances in spells of about a fifth of a second of compiled code, so that the result depends neither on
threads nor on spells, and Ctrl-C is heard.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from cumulode import __version__
from cumulode.numerics.check_input import LARGEST_WEIGHT, check_executor
from cumulode.numerics.compile import jit
from cumulode.numerics.io.progress import Progress
from cumulode.numerics.status import Status
from cumulode.theory.problem.problem import Problem
from cumulode.theory.user_input.arguments import Described, InvalidArgument
from cumulode.validation.sampling.erf_table import erf_name

from .conventions import OWN, Units
from .seeds import RunSeeds
from .settings import Sgd

_SPELL = 0.2  # seconds of compiled code between two looks at the stop flag
_GRACE = 1.0  # seconds in which another process that has heard Ctrl-C, too, hands back what it has
_MOST_STEPS = 2**53  # beyond, a count of steps is no longer an exact float


@dataclass
class Trace:
    """How far one run came: a status code, the number of steps taken."""

    status: Status = field(default=Status.INTERRUPTED, kw_only=True)
    steps: int = field(default=0, kw_only=True)


def whole_steps(times: np.ndarray, learning_rate: float, units: Units = OWN) -> np.ndarray:
    """Whole steps nearest to the times, both in our units; a last time that holds no step is refused in ``units``."""
    with np.errstate(over="ignore"):
        steps = np.rint(times / learning_rate)
    last, rate = float(times[-1] / units.time), learning_rate / units.rate
    if not steps[-1] <= _MOST_STEPS:
        raise InvalidArgument("t_eval", last, f"at most 2**53 steps of learning_rate={rate:g}")
    if steps[-1] == 0 < times[-1]:
        half = f"more than half a step, {0.5 * learning_rate / units.time:g} at learning_rate={rate:g}"
        raise InvalidArgument("t_eval", Described(f"the last time {last:g}"), f"0 alone, or a last time of {half}")
    return steps.astype(np.int64)


class Halt(threading.Event):
    """An event that compiled code sees, too, between two samples: ``flag`` (1,) is 1 once it is set."""

    def __init__(self) -> None:
        super().__init__()
        self.flag = np.zeros(1, np.uint8)

    def set(self) -> None:
        self.flag[0] = 1
        super().set()


def flag_of(stop: threading.Event | None) -> np.ndarray:
    """The flag of a ``Halt``; of what has none, one that stays 0."""
    return stop.flag if isinstance(stop, Halt) else np.zeros(1, np.uint8)


class Stopwatch:
    """Seconds of setting up, of compiling and of running."""

    def __init__(self) -> None:
        self._began, self._compiled = time.perf_counter(), jit.compile_seconds
        self._ready = self._ended = self._began

    @contextmanager
    def running(self) -> Iterator[None]:
        """What comes before is setting up."""
        self._ready = time.perf_counter()
        yield
        self._ended = time.perf_counter()

    def costs(self) -> dict[str, float]:
        """For provenance."""
        return {
            "run_seconds": self._ended - self._ready,
            "setup_seconds": self._ready - self._began,
            "compile_seconds": jit.compile_seconds - self._compiled,
        }


def described(problem: Problem, sgd: Sgd, seeds: RunSeeds, traces: Sequence[Trace]) -> dict[str, Any]:
    """What every training was made with, for provenance."""
    return {
        "version": __version__,
        "problem": problem.to_dict(),
        **asdict(sgd),
        "steps": [trace.steps for trace in traces],
        "seed": seeds.plain,
        "erf": erf_name.get(),
    }


def bounded(parameters: np.ndarray) -> bool:
    """Whether parameters are of a size whose cumulants floats hold."""
    return bool(np.abs(parameters).max() <= LARGEST_WEIGHT)


def go_through(
    goals: np.ndarray,
    spell: int,
    take: Callable[[int], int],
    record: Callable[[int], bool],
    trace: Trace,
    stop: threading.Event | None,
    progress: Progress | None,
) -> None:
    """Take the steps to each of the ``goals`` (T,) and record there, until ``stop`` is set or ``take`` fails.

    ``take(n)`` does n steps, fewer once a ``Halt`` is set, and returns how many, negative, or 0, where what is trained
    was not finite then; ``spell`` is the first n; ``record(i)`` keeps what there is at goal i and returns whether it is
    ``bounded``. ``trace`` keeps the status and the steps.
    """
    try:
        for i, goal in enumerate(goals):
            while trace.steps < goal:
                if stop is not None and stop.is_set():
                    return
                todo = int(min(spell, goal - trace.steps))
                began = time.perf_counter()
                taken = take(todo)
                if todo == spell:
                    spell = _next_spell(spell, time.perf_counter() - began)
                trace.steps += abs(taken)
                if progress is not None:
                    progress.update(abs(taken))
                stopped = stop is not None and stop.is_set()
                if taken < 0 or (taken == 0 and not stopped):  # not finite at its first step
                    trace.status = Status.DIVERGED
                    return
            if not record(i):
                trace.status = Status.DIVERGED
                return
        trace.status = Status.REACHED_END
    except KeyboardInterrupt:  # in a process of its own, or where the caller's thread does the work
        if stop is not None:
            stop.set()


def _next_spell(spell: int, seconds: float) -> int:
    """Steps that take about ``_SPELL`` seconds; the length grows by no more than 8 at once."""
    return max(1, int(spell * min(8.0, _SPELL / max(seconds, 1e-6))))


def run_all(
    run: Callable[..., Any],
    blank: Callable[..., Any],
    jobs: list[Any],
    executor: Any,
    progress: Progress,
    stop: threading.Event | None,
) -> list[Any]:
    """What ``run`` makes of every job, ``blank`` of those that never began.

    They go to the caller's executor or to a thread a core; Ctrl-C stops each at its next spell.
    """
    given = check_executor(executor)
    pool = given or ThreadPoolExecutor(min(len(jobs), os.cpu_count() or 1))
    halt = Halt()
    if stop is not None and stop.is_set():
        halt.set()
    # a flag and a bar cannot be sent to another process; there each run hears Ctrl-C itself
    shared = (halt, progress) if isinstance(pool, ThreadPoolExecutor) else ()
    tasks: list[Future[Any]] = []
    try:
        for job in jobs:
            tasks.append(pool.submit(run, job, *shared))
        _wait(tasks, stop)
    except KeyboardInterrupt:
        halt.set()
        for task in tasks:
            task.cancel()  # those still in the queue
        wait(tasks, timeout=None if shared else _GRACE)
    finally:
        halt.set()  # nothing is left running, whatever happened
        if given is None:
            pool.shutdown()
    begun = [task.result() if _ended(task) else blank(job) for job, task in zip(jobs, tasks, strict=False)]
    return begun + [blank(job) for job in jobs[len(begun) :]]


def _ended(task: Future[Any]) -> bool:
    """Whether there is a result: not of what was cancelled, nor of what another process is still at."""
    return task.done() and not task.cancelled()


def _wait(tasks: list[Future[Any]], stop: threading.Event | None) -> None:
    """Wait for all, or until one fails; what Ctrl-C raises is raised when ``stop`` is set."""
    left = set(tasks)
    while left:
        done, left = wait(left, None if stop is None else 0.1, FIRST_EXCEPTION)
        if any(task.exception() for task in done):
            return
        if left and stop is not None and stop.is_set():
            raise KeyboardInterrupt


def how_ended(traces: Sequence[Trace], steps: np.ndarray, rule: Any, units: Units) -> dict[str, Any]:
    """``statuses``, ``messages`` and ``message`` of a result; times and rates in the caller's ``units``."""
    tick, rate = rule.learning_rate / units.time, rule.learning_rate / units.rate
    return {
        "statuses": np.array([int(trace.status) for trace in traces]),
        "messages": tuple(_in_words([trace], steps, rule.batch_size, tick, rate) for trace in traces),
        "message": _in_words(traces, steps, rule.batch_size, tick, rate),
    }


def _in_words(traces: Sequence[Trace], steps: np.ndarray, batch: int, tick: float, rate: float) -> str:
    """How the runs ended, why, and what to do next; ``tick``: time of a step."""
    end = steps[-1] * tick
    for status in (Status.DIVERGED, Status.INTERRUPTED):
        reached = [trace.steps for trace in traces if trace.status == status]
        if not reached:
            continue
        which = f"{len(reached)} of {len(traces)} runs " if len(traces) > 1 else ""
        where = f"{which}stopped {_span(min(reached) * tick, max(reached) * tick)} of {end:g}: "
        if status == Status.DIVERGED:
            return (
                f"{where}learning rate too large, the weights grew without bound; try learning_rate below "
                f"{rate:g}, or a bounded activation"
            )
        return f"{where}interrupted; what was recorded is kept, the rest is NaN"
    return f"reached t = {end:g} ({steps[-1]} steps of {batch} samples)"


def _span(first: float, last: float) -> str:
    """When runs stopped: all at once, or some before others."""
    return f"at t = {last:g}" if first == last else f"between t = {first:g} and {last:g}"
