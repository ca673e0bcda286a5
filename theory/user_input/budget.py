"""Work on a user's text in a second process, which is ended where it takes too long or too much memory.

Python cannot stop a thread, and one power of large integers holds the interpreter for hours. The second process is
started when it is first needed and kept for the next text; it runs ``worker`` with this interpreter and these paths,
never the user's script, so that it works in notebooks and scripts without a guard.
"""

from __future__ import annotations

import atexit
import os
import pickle
import signal
import subprocess
import sys
import threading
from importlib import import_module
from typing import Any, ClassVar

from .arguments import InvalidArgument

#: For one text: time of the processor, time on the clock (on a busy machine), and memory beyond that of the process.
PROCESSOR, SECONDS, MEMORY = 7.0, 20.0, 2 * 2**30
#: Starting takes half a second; more than this on no machine that works.
_START = 60.0
#: Exit code of a process that has had its time of the processor.
_TIMES_UP = (-signal.SIGPROF,) if hasattr(signal, "SIGPROF") else ()
#: Set in the second process.
_INSIDE = "CUMULODE_SECOND_PROCESS" in os.environ
_BEGIN = "import sys; sys.path[:] = {paths!r}; from cumulode.theory.user_input.worker import serve; serve()"


class OutOfBudget(ValueError):
    """What was being done when time or memory ran out: ``part``, and ``why`` in words."""

    def __init__(self, part: str, why: str) -> None:
        super().__init__(part, why)
        self.part, self.why = part, why

    def __str__(self) -> str:
        return f"{self.part} {self.why}"


def within_budget(task: str, *arguments: Any, seconds: float = SECONDS, processor: float = PROCESSOR) -> Any:
    """What a function returns, computed in a second process within a time and ``MEMORY``.

    Within such a process the function is simply called: its budget is that process's.

    Parameters
    ----------
    task : str
        ``"module:function"``, of a function ``f(report, *arguments)``. It calls ``report(part)`` before each part of
        its work, and ``report(part, result)`` once it has a result that further parts only add to.
    arguments
        Anything that can be pickled.
    seconds, processor : float
        Time on the clock, and of the processor, where the system can limit that.

    Returns
    -------
    object
        Its result, or the last one it reported where the budget ends in a later part.

    Raises
    ------
    OutOfBudget
        Naming the part, when there is no result yet.
    Exception
        Whatever the function raises.
    """
    if _INSIDE:
        module, _, name = task.partition(":")
        return getattr(import_module(module), name)(lambda *_: None, *arguments)
    try:
        request = pickle.dumps(arguments)
    except RecursionError:
        raise OutOfBudget("passing it on", "fails: it is nested too deeply") from None
    except (pickle.PicklingError, AttributeError, TypeError) as error:
        raise OutOfBudget("passing it on", f"fails: {error}") from None
    worker = _Worker.waiting()
    try:
        kind, found, part = worker.work((task, request, (seconds, processor), MEMORY), seconds)
    except BaseException:  # Ctrl-C among them: what it is at is not known
        worker.end()
        raise
    if kind in ("result", "raised"):
        worker.release()
    else:
        by_itself = worker.end() in _TIMES_UP
    if kind == "raised":
        raise found[0]
    if found:
        return found[0]
    if kind == "memory":
        raise OutOfBudget(part, f"needs more than {MEMORY / 2**30:g} GB")
    limit = processor if by_itself else seconds
    late = by_itself or worker.late
    raise OutOfBudget(part, f"takes longer than {limit:g} s" if late else "fails: the process ended")


def refused(name: str, got: object, error: OutOfBudget, instead: str = "") -> InvalidArgument:
    """The refusal of an argument that takes too long; ``instead`` is what to do then."""
    return InvalidArgument(name, got, f"a formula that can be worked out in time and memory ({error}){instead}")


def start() -> None:
    """Start the second process unless one waits, so that it loads while this process does other things."""
    if not _INSIDE:
        _Worker.waiting().release()


class _Worker:
    """One second process; it does one thing at a time, and waits for the next."""

    _idle: ClassVar[list[_Worker]] = []
    _lock = threading.Lock()

    def __init__(self) -> None:
        paths = [path or os.getcwd() for path in sys.path]
        environment = {
            **os.environ,
            "CUMULODE_SECOND_PROCESS": "1",
            "OPENBLAS_NUM_THREADS": "1",
            "MKL_NUM_THREADS": "1",
        }
        command = [sys.executable, "-c", _BEGIN.format(paths=paths)]
        pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
        self.process = subprocess.Popen(command, env=environment, **pipes)
        self.owner, self.late = os.getpid(), False

    @classmethod
    def waiting(cls) -> _Worker:
        """One that waits, or a new one; those of the parent of a forked process are left to it."""
        with cls._lock:
            while cls._idle:
                worker = cls._idle.pop()
                if worker.owner == os.getpid() and worker.process.poll() is None:
                    return worker
        return cls()

    def release(self) -> None:
        """Let it wait for the next request."""
        with self._lock:
            self._idle.append(self)

    def end(self) -> int | None:
        """End the process; what it ended with."""
        self.process.kill()
        self.process.communicate()
        return self.process.returncode

    def work(self, request: tuple[Any, ...], seconds: float) -> tuple[str, list[Any], str]:
        """How a request ended, its result or the last one reported, and the last part."""
        part: str = "starting"
        found: list[Any] = []
        timer = self._ends_after(_START)
        try:
            pickle.dump(request, self.process.stdin)  # type: ignore[arg-type]
            self.process.stdin.flush()  # type: ignore[union-attr]
            while True:
                kind, *rest = pickle.load(self.process.stdout)  # type: ignore[arg-type]
                if kind == "started":
                    timer.cancel()
                    timer = self._ends_after(seconds)
                elif kind == "part":
                    part, *known = rest
                    found = known or found
                else:
                    return kind, rest or found, part
        except (EOFError, OSError, pickle.UnpicklingError):
            return "ended", found, part
        finally:
            timer.cancel()

    def _ends_after(self, seconds: float) -> threading.Timer:
        timer = threading.Timer(seconds, self._end_late)
        timer.daemon = True
        timer.start()
        return timer

    def _end_late(self) -> None:
        self.late = True
        self.process.kill()


@atexit.register
def _end_all() -> None:
    for worker in _Worker._idle:
        if worker.owner == os.getpid():
            worker.end()
