"""Where the work of a sweep is done: blocks of points handed to an executor, taken as they are finished."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ThreadPoolExecutor, wait
from os import cpu_count
from typing import Any

from cumulode.theory.user_input.arguments import InvalidArgument

from .table import Table
from .work import Found, Task, run_tasks

#: Points a block at most: work of a second or so.
_BLOCK = 16


def check_executor(executor: Any) -> Executor | None:
    """An executor, or that of a dask client; None for threads of our own. ValueError naming it otherwise."""
    if executor is None or isinstance(executor, Executor):
        return executor
    if hasattr(executor, "get_executor"):  # a dask.distributed client, which need not be installed to be recognised
        found = executor.get_executor()
        if isinstance(found, Executor):
            return found
    raise InvalidArgument("executor", executor, "a concurrent.futures.Executor, a dask.distributed.Client or None")


def blocks(tasks: list[Task], executor: Executor) -> list[list[Task]]:
    """Tasks of one layer each, few enough that every worker gets several blocks; of SGD and lines one point each."""
    workers = getattr(executor, "_max_workers", None) or cpu_count() or 1
    found: list[tuple[float, list[Task]]] = []
    for name in dict.fromkeys(task.layer for task in tasks):
        own = [task for task in tasks if task.layer == name]
        size = 1 if name != "theory" else max(1, min(_BLOCK, len(own) // (8 * workers)))
        found += [((i + size / 2) / len(own), own[i : i + size]) for i in range(0, len(own), size)]
    # layers side by side: critical lines are Python's work, flows are compiled and leave it the interpreter
    return [block for _, block in sorted(found, key=lambda each: each[0])]


def run(
    executor: Executor, parts: list[list[Task]], table: Table, take: Callable[[list[tuple[Task, Found]]], None]
) -> None:
    """Hand finished blocks to ``take`` as they come; after Ctrl-C what had begun, and no more."""
    stop = threading.Event()
    threads = isinstance(executor, ThreadPoolExecutor)  # a flag cannot be sent to another process
    running: dict[Future[list[Found]], list[Task]] = {}
    try:
        for block in parts:
            work = executor.submit(run_tasks, block, table.settings, table.axes, *((stop,) if threads else ()))
            running[work] = block
        while running:
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                take(list(zip(running[future], _result(future), strict=False)))
                del running[future]
    except KeyboardInterrupt:
        stop.set()
        left = [future for future in running if not future.cancel()]
        for future in left:
            # what another process is still at is not waited for; one that Ctrl-C ended has nothing
            if threads or (future.done() and future.exception() is None):
                take(list(zip(running[future], _result(future), strict=False)))
    finally:
        stop.set()
        for future in running:
            future.cancel()


def _result(future: Future[list[Found]]) -> list[Found]:
    try:
        return future.result()
    except Exception as error:  # what goes wrong at a point is its result: this is the executor's
        raise RuntimeError(
            f"executor: a worker died ({type(error).__name__}: {error}); what was finished is kept: repeat the call to "
            "go on from there"
        ) from error
