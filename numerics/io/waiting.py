"""Locks between processes: waited for with a word, and not for ever."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from filelock import FileLock, Timeout

#: Seconds until a line says what is waited for.
SOON = 3.0


@contextlib.contextmanager
def held(lock: Path, limit: float, what: str, then: str) -> Iterator[float]:
    """Hold the lock that a file stands for, or go on without it after ``limit`` seconds; gives the seconds waited.

    After some seconds a line on standard error says ``what`` is waited for, who holds it, and what happens ``then``.
    A process may hold it twice. Where files cannot be locked (a system without flock, a directory that cannot be
    written) nobody waits.
    """
    one, began = FileLock(lock, is_singleton=True), time.monotonic()
    with contextlib.ExitStack() as stack:
        with contextlib.suppress(NotImplementedError, OSError):
            try:
                stack.enter_context(one.acquire(timeout=min(SOON, limit)))
            except Timeout:
                if limit > SOON:
                    _say(f"{what} ({_holder(lock)} holds {lock}); {then} in {limit - SOON:.0f} s")
                    with contextlib.suppress(Timeout):
                        stack.enter_context(one.acquire(timeout=limit - SOON))
        yield time.monotonic() - began


def _say(line: str) -> None:
    print(f"cumulode: {line}", file=sys.stderr, flush=True)


def _holder(lock: Path) -> str:
    """The process that holds a lock, where the system says so."""
    with contextlib.suppress(OSError, ValueError):
        inode = str(lock.stat().st_ino)
        for line in Path("/proc/locks").read_text().splitlines():
            words = line.split()
            if "->" not in words and words[5].rpartition(":")[2] == inode and int(words[4]) > 0:
                return f"process {words[4]}"
    return "another process"
