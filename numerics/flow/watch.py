"""Waiting for runs in threads, so that Ctrl-C is heard and progress shown."""

from __future__ import annotations

import threading
from concurrent.futures import Future, wait
from typing import Any

import numpy as np

from cumulode.numerics.io.progress import Progress
from cumulode.numerics.trajectory.dormand_prince import STOP, TIME

#: Parts in which progress is counted.
PARTS = 1000


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
