"""Worker processes of a command: none outlives it."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing.context import SpawnContext, SpawnProcess
from typing import Any

from cumulode.numerics.compile import places

from .signals import SIGNALS, interrupted

#: What a terminal sends to all its processes. SIGTERM ends a worker: the pool sends it to those left when one has died.
_OF_THE_TERMINAL = tuple(number for number in SIGNALS if number != signal.SIGTERM)


class _Process(SpawnProcess):
    """A worker that hears no signal of the terminal, not even while it starts: the process that made it decides."""

    def start(self) -> None:
        block = getattr(signal, "pthread_sigmask", None)
        if block is None:
            super().start()
            return
        before = block(signal.SIG_BLOCK, _OF_THE_TERMINAL)  # a child begins with the signals that its parent blocks
        try:
            super().start()
        finally:
            block(signal.SIG_SETMASK, before)


class _Context(SpawnContext):
    Process = _Process


@contextlib.contextmanager
def processes(count: int) -> Iterator[Any]:
    """A pool of worker processes, which end with this one however it ends, and at once when it is interrupted."""
    pool = ProcessPoolExecutor(count, mp_context=_Context(), initializer=_begin)
    try:
        with _one_cache():
            yield pool
    finally:
        if interrupted():
            for process in list((pool._processes or {}).values()):
                process.kill()
        pool.shutdown(cancel_futures=True)


@contextlib.contextmanager
def _one_cache() -> Iterator[None]:
    """Where this process may not use the cache, its workers use the directory it has instead."""
    if not places.is_private():
        yield
        return
    before = os.environ.get("CUMULODE_CACHE")
    os.environ["CUMULODE_CACHE"] = str(places.cache_directory())
    try:
        yield
    finally:
        del os.environ["CUMULODE_CACHE"]
        os.environ |= {} if before is None else {"CUMULODE_CACHE": before}


def _begin() -> None:
    """In a worker: signals of the terminal are the parent's; without a parent there is nothing to do."""
    for number in _OF_THE_TERMINAL:
        signal.signal(number, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
