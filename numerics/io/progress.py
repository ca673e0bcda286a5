"""Progress on standard error: a bar on a terminal, a plain line now and then elsewhere, nothing when disabled."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any

from cumulode.numerics.compile import jit
from cumulode.theory.user_input.arguments import InvalidArgument

#: Whether progress is shown on standard error; or what is called with the fraction done.
Shown = bool | Callable[[float], None]


def check_progress(progress: object) -> None:
    """Raise InvalidArgument unless ``progress`` is True, False or callable."""
    if not isinstance(progress, bool) and not callable(progress):
        raise InvalidArgument("progress", progress, "True, False, or a function of the fraction done")


class Progress:
    """Shows how much of a piece of work is done; safe to update from several threads.

    Parameters
    ----------
    total : int
        Units of work in all.
    label : str
        What is being done, shown in front.
    shown : bool or callable
        Whether it is shown on standard error; or what is called with the fraction done.
    unit : str
        Name of a unit, in the plural; empty: only the share is shown.
    every : float
        Seconds between plain lines when standard error is not a terminal.
    done : int
        Units that were done before, by an earlier run: part of the share, not of the rate.
    """

    def __init__(
        self,
        total: int,
        label: str,
        shown: Shown = True,
        *,
        unit: str = "steps",
        every: float = 10.0,
        done: int = 0,
    ) -> None:
        self.total, self.label, self.unit = total, label, unit
        self._call = shown if callable(shown) else None
        self.enabled = shown is True
        self.done: float = done
        self._before = done
        self._every = every
        self._lock = threading.Lock()
        self._bar: Any = None

    def __enter__(self) -> Progress:
        self._start = self._shown_at = time.monotonic()
        self._compiled = jit.compile_seconds
        if self.enabled and sys.stderr.isatty():
            from tqdm import tqdm

            self._bar = tqdm(
                total=self.total, initial=self.done, desc=self.label, unit=f" {self.unit}", unit_scale=True, leave=False
            )
        return self

    def update(self, done: float) -> None:
        """Count ``done`` further units."""
        with self._lock:
            self.done += done
            if self._bar is not None:
                self._bar.update(done)
            elif self._call is not None:
                self._call(self.done / self.total if self.total else 1.0)
            elif self.enabled and time.monotonic() - self._shown_at >= self._every:
                self._print()

    def reach(self, done: float) -> None:
        """Count up to ``done`` units."""
        if done > self.done:
            self.update(done - self.done)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.close()
        elif self.enabled:
            self._print()

    def _print(self) -> None:
        self._shown_at = time.monotonic()
        share = 100.0 * self.done / self.total if self.total else 100.0
        seconds = self._shown_at - self._start
        count = f" ({self.done} of {self.total} {self.unit})" if self.unit else ""
        line = f"{self.label}: {share:.0f} %{count}, {seconds:.0f} s"
        compiling = jit.compile_seconds - self._compiled
        if compiling >= 1:
            line += f" ({compiling:.0f} of them compiling)"
        working = seconds - compiling  # what is still to be done compiles nothing
        if self.unit and self.done > self._before and working > 0:
            line += f", {(self.done - self._before) / working:.3g} {self.unit}/s"
        if self._before < self.done < self.total:
            line += f", {max(0.0, working) * (self.total - self.done) / (self.done - self._before):.0f} s left"
        print(line, file=sys.stderr, flush=True)
