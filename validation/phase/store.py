"""A sweep on disk: one netCDF file, and beside it, while the sweep runs, a folder with a file for each finished block.

A block is written whole or not at all (written aside, then renamed), so whatever kills the sweep, what was finished is
there. Now and then, and at the end, blocks are gathered into the netCDF file, which is replaced in the same way.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import shutil
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from cumulode.theory.validate import complain

from ..atomic import left_over, write, write_bytes
from .work import Found, Task

#: Gathering takes at most about this share of the time.
_SHARE = 0.05
_SOONEST = 5.0  # seconds


def parts_of(path: Path) -> Path:
    """The folder of finished blocks."""
    return path.with_name(path.name + ".parts")


def read(path: Path) -> Any:
    """The dataset of a netCDF file, in memory. ValueError naming ``out`` for a file that is no netCDF."""
    import xarray as xr

    try:
        return xr.load_dataset(path, engine="scipy")
    except (OSError, ValueError, TypeError, KeyError, IndexError, EOFError) as error:
        why = f"{type(error).__name__}: {error}"
        raise complain("out", str(path), f"a netCDF file of a phase diagram ({why})") from None


def read_parts(path: Path) -> list[tuple[Task, Found]]:
    """Finished blocks not yet gathered, oldest first; a file that vanishes meanwhile is in the netCDF file by then."""
    found: list[tuple[Task, Found]] = []
    for part in sorted(parts_of(path).glob("*.block")):
        with contextlib.suppress(FileNotFoundError):
            found += _load(part)
    return found


def block_bytes(block: list[tuple[Task, Found]]) -> bytes:
    """A block as NumPy writes arrays (.npz), the tasks as JSON among them."""
    tasks = json.dumps([asdict(task) for task, _ in block])
    arrays = {f"{i}.{name}": np.asarray(value) for i, (_, found) in enumerate(block) for name, value in found.items()}
    buffer = io.BytesIO()
    np.savez(buffer, tasks=np.array(tasks), **arrays)  # type: ignore[arg-type]
    return buffer.getvalue()


def _load(part: Path) -> list[tuple[Task, Found]]:
    with np.load(part, allow_pickle=False) as arrays:
        tasks = [
            Task(t["layer"], tuple(t["index"]), t["point"], tuple(t["seeds"])) for t in json.loads(str(arrays["tasks"]))
        ]
        found: list[Found] = [{} for _ in tasks]
        for key in arrays.files:
            i, dot, name = key.partition(".")
            if dot:
                found[int(i)][name] = arrays[key][()]
    return list(zip(tasks, found, strict=True))


class Store:
    """Where a sweep goes; used under ``held``, which keeps a second sweep from the same file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._count = 0
        self._written = time.monotonic()
        self._cost = 0.0

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Hold the file; ValueError naming ``out`` where another process does. The folder is removed at the end."""
        parts = parts_of(self.path)
        with contextlib.ExitStack() as stack:
            stack.enter_context(_locked(parts))
            for left in [*parts.glob(".*.tmp"), *left_over(self.path)]:
                left.unlink(missing_ok=True)  # of a sweep that was killed while it wrote
            self._count = 1 + max((int(p.stem) for p in parts.glob("*.block")), default=-1)
            yield
            if not any(parts.glob("*.block")):
                shutil.rmtree(parts, ignore_errors=True)

    def add(self, block: list[tuple[Task, Found]]) -> None:
        """Put a finished block on disk."""
        write_bytes(parts_of(self.path) / f"{self._count:08d}.block", block_bytes(block))
        self._count += 1

    def due(self) -> bool:
        """Whether it is time to gather."""
        return time.monotonic() - self._written > max(_SOONEST, self._cost / _SHARE)

    def gather(self, dataset: Any) -> None:
        """Write ``dataset``, which holds every block added so far, and forget the blocks."""
        began = time.monotonic()
        done = list(parts_of(self.path).glob("*.block"))
        write(dataset, self.path)
        for part in done:
            part.unlink(missing_ok=True)
        self._written = time.monotonic()
        self._cost = self._written - began


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Hold a lock in ``folder`` (made if needed) that dies with the process."""
    try:
        import fcntl
    except ImportError:  # a system without: nobody is kept out
        folder.mkdir(exist_ok=True)
        yield
        return
    while True:
        folder.mkdir(exist_ok=True)
        with open(folder / "lock", "a") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise complain("out", str(folder.with_suffix("")), "a file that no other sweep is writing") from None
            if not _still_there(folder / "lock", file.fileno()):
                continue  # the one before removed the folder in between
            yield
            return


def _still_there(path: Path, handle: int) -> bool:
    try:
        return os.path.samestat(os.stat(path), os.fstat(handle))
    except FileNotFoundError:
        return False
