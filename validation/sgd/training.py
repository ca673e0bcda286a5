"""What every training by SGD shares: its rule checked, whole steps, runs over threads in short spells, how they ended.

Every run advances in spells of about a fifth of a second of compiled code, so that the result depends neither on
threads nor on spells, and Ctrl-C is heard.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from cumulode.numerics.io.progress import Progress
from cumulode.theory.user_input.arguments import InvalidArgument, integer, real

DONE, DIVERGED, INTERRUPTED = 0, 2, 4  # the codes of cumulode.numerics.integrate
_SPELL = 0.2  # seconds of compiled code between two looks at the stop flag
_MOST_STEPS = 2**53  # beyond, a count of steps is no longer an exact float

Seed = int | np.random.SeedSequence | Sequence[int]


@dataclass
class Outcome:
    """How far one run came: a status code, the number of steps taken."""

    status: int = field(default=INTERRUPTED, kw_only=True)
    steps: int = field(default=0, kw_only=True)


def check_rate(learning_rate: object) -> float:
    """Return ``learning_rate`` if it is positive."""
    return real("learning_rate", learning_rate, gt=0)


def check_batch(batch_size: object) -> int:
    """Return ``batch_size`` if it is a whole number from 1 on."""
    return integer("batch_size", batch_size, ge=1, le=2**31)


def whole_steps(times: np.ndarray, learning_rate: float) -> np.ndarray:
    """Whole steps nearest to the times."""
    with np.errstate(over="ignore"):
        steps = np.rint(times / learning_rate)
    if not steps[-1] <= _MOST_STEPS:
        raise InvalidArgument("t_eval", float(times[-1]), f"at most 2**53 steps of learning_rate={learning_rate:g}")
    return steps.astype(np.int64)


def is_sequence(seed: object) -> bool:
    """Whether several seeds are given."""
    return isinstance(seed, (Sequence, np.ndarray)) and not isinstance(seed, (str, bytes))


def plain_seed(seed: Any) -> Any:
    """The seed as plain values, for provenance and JSON."""
    if is_sequence(seed):
        return [plain_seed(s) for s in seed]
    if isinstance(seed, np.random.SeedSequence):
        entropy = list(map(int, seed.entropy)) if isinstance(seed.entropy, (Sequence, np.ndarray)) else seed.entropy
        return {"entropy": entropy, "spawn_key": list(map(int, seed.spawn_key))}
    return int(seed)


def go_through(
    goals: np.ndarray,
    spell: int,
    take: Callable[[int], int],
    record: Callable[[int], None],
    outcome: Outcome,
    stop: threading.Event | None,
    progress: Progress | None,
) -> None:
    """Take the steps to each of the ``goals`` (T,) and record there, until ``stop`` is set or ``take`` fails.

    ``take(n)`` does n steps and returns how many, negative where what is trained was not finite then; ``spell`` is the
    first n; ``record(i)`` keeps what there is at goal i. ``outcome`` is told the status and the steps.
    """
    try:
        for i, goal in enumerate(goals):
            while outcome.steps < goal:
                if stop is not None and stop.is_set():
                    return
                todo = int(min(spell, goal - outcome.steps))
                began = time.perf_counter()
                taken = take(todo)
                if todo == spell:
                    spell = _next_spell(spell, time.perf_counter() - began)
                outcome.steps += abs(taken)
                if progress is not None:
                    progress.update(abs(taken))
                if taken < 0:
                    outcome.status = DIVERGED
                    return
            record(i)
        outcome.status = DONE
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
    executor: Executor | None,
    progress: Progress,
    stop: threading.Event | None,
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
    return begun + [blank(job) for job in jobs[len(begun) :]]


def _wait(tasks: list[Future[Any]], stop: threading.Event | None) -> None:
    """Wait for all; what Ctrl-C raises is raised when ``stop`` is set."""
    left = set(tasks)
    while left:
        left = wait(left, timeout=None if stop is None else 0.1).not_done
        if left and stop is not None and stop.is_set():
            raise KeyboardInterrupt


def describe(
    outcomes: Sequence[Outcome], steps: np.ndarray, rule: Any, clock: tuple[float, float] | None = None
) -> str:
    """In words: how the runs ended, why, and what to do next.

    ``clock``: time of a step and learning rate in the units of the caller, where these are not the rule's.
    """
    tick, rate = clock or (rule.learning_rate, rule.learning_rate)
    end = steps[-1] * tick
    for status in (DIVERGED, INTERRUPTED):
        reached = [outcome.steps for outcome in outcomes if outcome.status == status]
        if not reached:
            continue
        which = f"{len(reached)} of {len(outcomes)} runs " if len(outcomes) > 1 else ""
        where = f"{which}stopped at t = {min(reached) * tick:g} of {end:g}: "
        if status == DIVERGED:
            return (
                f"{where}learning rate too large, the weights became non-finite; try learning_rate below "
                f"{rate:g}, or a bounded activation"
            )
        return f"{where}interrupted; what was recorded is kept, the rest is NaN"
    return f"reached t = {end:g} ({steps[-1]} steps of {rule.batch_size} samples)"
