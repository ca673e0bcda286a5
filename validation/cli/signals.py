"""Ctrl-C, SIGTERM and a terminal that goes: the work stops, what was done is kept, and nothing is left running."""

from __future__ import annotations

import _thread
import contextlib
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from types import FrameType

#: The exit code of a command that was interrupted.
INTERRUPTED = 130
SIGNALS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))
_USUAL = (signal.SIG_DFL, signal.default_int_handler)
#: Seconds within which a signal that is sent again (to a process and to its group, say) counts as one.
_ONCE = 1.0
#: Seconds after which a program that was interrupted ends, whatever it still does.
_PATIENCE = 30.0


class Listener:
    """Turns the first signal into KeyboardInterrupt, for which all work keeps what it has; a later one ends all."""

    def __init__(self, program: bool) -> None:
        self.heard: int | None = None
        self._when, self._program, self._postponed = 0.0, program, False

    def hear(self, number: int, frame: FrameType | None) -> None:
        """Called by Python with the signal's number, and the frame that it comes upon."""
        now = time.monotonic()
        if self.heard is None:
            self.heard, self._when = number, now
            if self._program:
                _later(_PATIENCE, os._exit, 128 + number)
        elif not self._postponed:
            if now - self._when > _ONCE:
                os._exit(128 + number)
            return
        self._postponed = _imports(frame)
        if self._postponed:
            _later(0.05, _thread.interrupt_main, number)
            return
        raise KeyboardInterrupt

    def exit_code(self, code: int) -> int:
        """128 + the signal's number where the work was interrupted: 130 for Ctrl-C, 143 for SIGTERM."""
        return 128 + self.heard if code == INTERRUPTED and self.heard is not None else code


def _later(seconds: float, call: Callable[..., object], number: int) -> None:
    timer = threading.Timer(seconds, call, (number,))
    timer.daemon = True
    timer.start()


def _imports(frame: FrameType | None) -> bool:
    """Whether a module is being imported: there KeyboardInterrupt may come out as another error, which is caught."""
    while frame is not None and frame.f_globals.get("__name__") != "importlib._bootstrap":
        frame = frame.f_back
    return frame is not None


_listener = Listener(program=False)


def interrupted() -> bool:
    """Whether the command that runs has heard a signal."""
    return _listener.heard is not None


@contextlib.contextmanager
def listening(program: bool) -> Iterator[Listener]:
    """Hear signals, but none that the caller ignores (as nohup and a shell's background jobs do).

    ``program``: the process is the command's own, and may be ended.
    """
    global _listener
    _listener = Listener(program)
    if threading.current_thread() is not threading.main_thread():
        yield _listener
        return
    before = {number: signal.getsignal(number) for number in SIGNALS if signal.getsignal(number) in _USUAL}
    for number in before:
        signal.signal(number, _listener.hear)
    try:
        yield _listener
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
