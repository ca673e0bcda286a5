"""Waiting for runs in threads, so that Ctrl-C is heard and progress shown."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor, wait
from os import cpu_count
from typing import Any, TypeVar

import numpy as np

from cumulode.numerics.io.progress import Progress, Shown
from cumulode.numerics.trajectory.dormand_prince import STOP, TIME

T = TypeVar("T")

#: Parts in which progress is counted.
PARTS = 1000


def in_threads(
    work: Sequence[Callable[[], T]],
    states: np.ndarray,
    end: float,
    name: str,
    progress: Shown,
    stop: threading.Event | None,
    pool: Executor | None,
) -> list[T]:
    """What each piece of ``work`` returns, in the threads of ``pool`` or of our own, one a core.

    ``states`` (n, STATE) are those of the runs; Ctrl-C, ``stop`` and any error end each run at its next step, which
    keeps what it has recorded.
    """
    own = pool or ThreadPoolExecutor(min(len(work), cpu_count() or 1))
    tasks = [own.submit(piece) for piece in work]
    try:
        with Progress(PARTS, name, progress, unit="") as shown:
            watch(tasks, states, end, shown, stop)
    except KeyboardInterrupt:
        pass  # what was recorded is the result
    finally:
        states[:, STOP] = 1.0
        if pool is None:
            own.shutdown()
    return [task.result() for task in tasks]


def watch(
    tasks: list[Future[Any]],
    states: np.ndarray,
    end: float,
    shown: Progress,
    stop: threading.Event | None,
) -> None:
    """Wait in short spells, so that Ctrl-C is heard and progress shown."""
    left: Any = tasks
    while left:
        _, left = wait(left, timeout=0.1)
        if stop is not None and stop.is_set():
            states[:, STOP] = 1.0
        done = 1.0 if not left or end == 0 else float(np.mean(np.minimum(states[:, TIME] / end, 1.0)))
        shown.reach(PARTS * done)
