"""Caches of kernels that are cut, somebody else's, locked, shared by processes that are killed."""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from cumulode.numerics.compile.jit import LOCKS

from .bench import Bench, Ended, Row, end, kill

#: Three kernels, the last calling the others; prints the number of it and how many were compiled.
PROGRAM = """
from cumulode.numerics.compile import jit
saved = []
real = jit._Cache.save_overload
jit._Cache.save_overload = lambda self, sig, data: (saved.append(1), real(self, sig, data))
f8 = jit.f8
@jit.kernel
def square(x): return x * x
@jit.kernel
def sum_of_squares(x, y): return square(x) + square(y)
@jit.kernel
def loop(x):
    total = 0.0
    for i in range(5): total += sum_of_squares(x, 1.0 * i)
    return total
for f, signature in ((square, f8(f8)), (sum_of_squares, f8(f8, f8)), (loop, f8(f8))): jit.compiled(f, signature)
print(loop(2.0), len(saved))
"""
RIGHT = "50.0"


def _start(bench: Bench, cache: Path | str) -> object:
    return bench.python(["-c", PROGRAM], bench.folder, CUMULODE_CACHE=str(cache))


def _count(row: Row, ended: Ended) -> None:
    row.tried += 1
    row.wrong += ended.code != 0 or ended.out.split()[:1] != [RIGHT]
    row.seen = ended.line or "nothing"


def _filled(bench: Bench) -> Path:
    """A cache with the kernels in it; its folder of kernels."""
    cache = bench.place() / "cache"
    end(_start(bench, cache))
    (kernels,) = (cache / "kernels").iterdir()
    return kernels


def killed(bench: Bench) -> Row:
    """Processes that fill one cache are killed at random moments."""
    row = Row("kill -9 while kernels are compiled and written", "a process that compiles", "kernels that were there")
    cache = bench.place() / "cache"
    began = time.monotonic()
    end(_start(bench, bench.place() / "cache"))
    seconds = time.monotonic() - began
    there: set[str] = set()
    for _ in range(bench.times(10, 2)):
        process = _start(bench, cache)
        bench.moment(seconds)
        row.tried += kill(process)
        now = {path.name for path in cache.rglob("*.nbc")}
        row.lost, there = row.lost + len(there - now), now
    ended = end(_start(bench, cache))
    row.wrong += ended.out.split()[:1] != [RIGHT]
    row.seen = "nothing"
    return row


def together(bench: Bench) -> Row:
    """Processes that find one empty cache at the same time."""
    row = Row("two that compile the same kernels at once", "a process that compiles", "kernels compiled twice")
    for _ in range(bench.times(3)):
        cache = bench.place() / "cache"
        both = [end(process) for process in [_start(bench, cache) for _ in range(2)]]
        for ended in both:
            _count(row, ended)
        row.lost += sum(int(ended.out.split()[1]) for ended in both if ended.code == 0) - 3
    return row


def _changed(name: str, kernels: Path) -> None:
    """Do something to a cache."""
    if name == "garbage in every file":
        for path in kernels.glob("*.nbc"):
            path.write_bytes(os.urandom(1000))
    elif name == "every file cut":
        for path in kernels.glob("*.nbc"):
            path.write_bytes(path.read_bytes()[:500])
    elif name == "of another user":
        os.chown(kernels, 12345, -1)
    elif name == "written by anybody":
        kernels.parent.parent.chmod(0o777)
    elif name == "a file of another user":
        os.chown(next(kernels.glob("*.nbc")), 12345, -1)


def changed(bench: Bench, name: str) -> Row:
    """A cache that cannot be used, or not trusted."""
    row = Row(f"cache: {name}", "a process that compiles", "results")
    for _ in range(bench.times(2)):
        kernels = _filled(bench)
        _changed(name, kernels)
        ended = end(_start(bench, kernels.parent.parent))
        _count(row, ended)
        row.wrong += ended.out.split()[1:] == ["0"] and not name.startswith("a file")  # what is there was run
    return row


def elsewhere(bench: Bench, name: str, cache: str) -> Row:
    """A cache that cannot be written."""
    row = Row(f"cache: {name}", "a process that compiles", "results")
    for _ in range(bench.times(2)):
        _count(row, end(_start(bench, cache)))
    return row


def locked(bench: Bench, kept: bool) -> Row:
    """All locks of a cache are held for ever: who needs none must not wait, others must say that they do."""
    what = "the kernels being there" if kept else "the kernels not being there"
    row = Row(f"cache: locked for ever, {what}", "a process that compiles", "results")
    for _ in range(bench.times(2) if kept else 1):
        kernels = _filled(bench)
        if not kept:
            for path in kernels.glob("*.nbc"):
                path.unlink()
        with contextlib.ExitStack() as held:
            for number in range(LOCKS):
                file = held.enter_context((kernels / f"lock-{number}").open("a"))
                fcntl.flock(file, fcntl.LOCK_EX)
            began = time.monotonic()
            ended = end(_start(bench, kernels.parent.parent))
            _count(row, ended)
            row.wrong += time.monotonic() - began > (30.0 if kept else 120.0)
            row.wrong += ("waiting for kernels" in ended.err) == kept
    return row


def rows(bench: Bench) -> Iterator[Row]:
    """All of them; what only root can arrange, where it is root."""
    names = ["garbage in every file", "every file cut", "written by anybody"]
    names += ["of another user", "a file of another user"] if os.getuid() == 0 else []
    made: list[Callable[[], Row]] = [lambda: killed(bench), lambda: together(bench)]
    made += [lambda name=name: changed(bench, name) for name in (names[:1] if bench.small else names)]  # type: ignore[misc]
    if not bench.small:
        made += [lambda: elsewhere(bench, "read-only place", "/proc"), lambda: locked(bench, True)]
        made += [lambda: locked(bench, False)]
    yield from (make() for make in made)
