"""Where the work of a sweep is done: blocks of points handed to an executor, taken as they are finished."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ThreadPoolExecutor, wait
from os import cpu_count

from .table import Table
from .work import Block, Row, Task, run_tasks

#: Points a block at most: work of a second or so.
_BLOCK = 16


def blocks(tasks: list[Task], executor: Executor) -> list[list[Task]]:
    """Tasks of one layer each, few enough that every worker gets several blocks; of SGD and lines one point each."""
    workers = getattr(executor, "_max_workers", None) or cpu_count() or 1
    parts: list[tuple[float, list[Task]]] = []
    for name in dict.fromkeys(task.layer for task in tasks):
        own = [task for task in tasks if task.layer == name]
        size = 1 if name != "theory" else max(1, min(_BLOCK, len(own) // (8 * workers)))
        parts += [((i + size / 2) / len(own), own[i : i + size]) for i in range(0, len(own), size)]
    # layers side by side: critical lines are Python's work, flows are compiled and leave it the interpreter
    return [block for _, block in sorted(parts, key=lambda part: part[0])]


def run(executor: Executor, parts: list[list[Task]], table: Table, take: Callable[[Block], None]) -> None:
    """Hand finished blocks to ``take`` as they come; after Ctrl-C what had begun, and no more."""
    stop = threading.Event()
    threads = isinstance(executor, ThreadPoolExecutor)  # a flag cannot be sent to another process
    running: dict[Future[list[Row]], list[Task]] = {}

    def take_from(future: Future[list[Row]]) -> None:
        take(list(zip(running[future], _result(future), strict=False)))

    try:
        for block in parts:
            work = executor.submit(run_tasks, block, table.settings, table.axes, *((stop,) if threads else ()))
            running[work] = block
        while running:
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                take_from(future)
                del running[future]
    except KeyboardInterrupt:
        stop.set()
        left = [future for future in running if not future.cancel()]
        for future in left:
            # what another process is still at is not waited for; one that Ctrl-C ended has nothing
            if threads or (future.done() and future.exception() is None):
                take_from(future)
    finally:
        stop.set()
        for future in running:
            future.cancel()


def _result(future: Future[list[Row]]) -> list[Row]:
    try:
        return future.result()
    except Exception as error:  # of any class, as executors have their own; what goes wrong at a point is its result
        raise RuntimeError(
            f"executor: a worker died ({type(error).__name__}: {error}); what was finished is kept: repeat the call to "
            "go on from there"
        ) from error
