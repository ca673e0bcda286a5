"""The second process of ``budget``: one request after another from standard input, answers to standard output.

Its own alarm ends it where the process that started it is gone; a closed standard input ends it when it waits.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import signal
import traceback
from collections.abc import Iterator
from importlib import import_module
from typing import Any, BinaryIO

from .arguments import InvalidArgument


def serve() -> None:
    """Answer requests until standard input closes."""
    requests, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.dup2(nothing, 1)  # what is printed is no answer
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the process that started this one
    limited = False
    while True:
        try:
            task, request, times, memory = pickle.load(requests)
        except (EOFError, OSError):
            return
        module, _, name = task.partition(":")
        function = getattr(import_module(module), name)
        limited = limited or _limit_memory(memory)
        _send(answers, "started")
        with _alarms(*times):
            going_on = _work(function, request, answers)
        if not going_on:
            return


def _work(function: Any, request: bytes, answers: BinaryIO) -> bool:
    """Answer one request; whether the process is fit for another."""

    def report(part: str, *result: Any) -> None:
        _send(answers, "part", part, *result)

    try:
        _send(answers, "result", function(report, *pickle.loads(request)))
    except MemoryError:
        _send(answers, "memory")
        return False
    except Exception as error:
        _raised(answers, error)
    return True


def _raised(answers: BinaryIO, error: Exception) -> None:
    if not isinstance(error, InvalidArgument):
        error.add_note("".join(traceback.format_exception(error)))
    error.__traceback__ = None
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:
        error = RuntimeError(f"{type(error).__name__}: {error}")
    _send(answers, "raised", error)


def _send(answers: BinaryIO, *message: Any) -> None:
    data = pickle.dumps(message)  # whole, before any of it is sent
    answers.write(data)
    answers.flush()


@contextlib.contextmanager
def _alarms(seconds: float, processor: float) -> Iterator[None]:
    """End this process after so much time of the processor, and some seconds late on the clock, where there are alarms.

    Their default action ends a process in the middle of any computation.
    """
    timers = [("ITIMER_REAL", seconds + 3.0), ("ITIMER_PROF", processor)]
    known = [(getattr(signal, name), after) for name, after in timers if hasattr(signal, name)]
    for timer, after in known:
        signal.setitimer(timer, after)
    yield
    for timer, _ in known:
        signal.setitimer(timer, 0.0)


def _limit_memory(extra: int) -> bool:
    """Allow so many bytes beyond those in use, where the system can say and limit that (Linux)."""
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource

        with open("/proc/self/statm") as file:
            used = int(file.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")
        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        most = used + extra if hard == resource.RLIM_INFINITY else min(used + extra, hard)
        resource.setrlimit(resource.RLIMIT_AS, (most, hard))
    return True
