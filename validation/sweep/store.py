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
import warnings
import zipfile
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any

import numpy as np

from cumulode.numerics.io.atomic import left_over, write, write_bytes
from cumulode.theory.user_input.arguments import InvalidArgument

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
        raise InvalidArgument("out", str(path), f"a netCDF file of a phase diagram ({why})") from None


def read_parts(path: Path) -> list[tuple[str, list[tuple[Task, Found]]]]:
    """Finished blocks not yet gathered, oldest first, each with the identity of its grid.

    A file that vanishes meanwhile is in the netCDF file by then; one that cannot be read is computed again.
    """
    found = []
    for part in sorted(parts_of(path).glob("*.block")):
        with contextlib.suppress(FileNotFoundError):
            try:
                found.append(_load(part))
            except (OSError, ValueError, KeyError, TypeError, IndexError, EOFError, zipfile.BadZipFile) as error:
                if isinstance(error, FileNotFoundError):
                    raise
                warnings.warn(f"{part} cannot be read, its points are computed again ({error})", stacklevel=3)
    return found


def block_bytes(block: list[tuple[Task, Found]], identity: str) -> bytes:
    """A block as NumPy writes arrays (.npz), the tasks as JSON among them, and the identity of their grid."""
    tasks = json.dumps([asdict(task) for task, _ in block])
    arrays = {f"{i}.{name}": np.asarray(value) for i, (_, found) in enumerate(block) for name, value in found.items()}
    buffer = io.BytesIO()
    np.savez(buffer, tasks=np.array(tasks), identity=np.array(identity), **arrays)  # type: ignore[arg-type]
    return buffer.getvalue()


def _load(part: Path) -> tuple[str, list[tuple[Task, Found]]]:
    with np.load(part, allow_pickle=False) as arrays:
        tasks = [
            Task(t["layer"], tuple(t["index"]), t["point"], tuple(t["seeds"])) for t in json.loads(str(arrays["tasks"]))
        ]
        found: list[Found] = [{} for _ in tasks]
        for key in arrays.files:
            i, dot, name = key.partition(".")
            if dot:
                found[int(i)][name] = arrays[key][()]
        identity = str(arrays["identity"])
    return identity, list(zip(tasks, found, strict=True))


class Store:
    """Where a sweep goes; used under ``held``, which keeps a second sweep from the same file.

    ``identity``: of the grid; blocks that bear another one are of a sweep before, and in the netCDF file already.
    """

    def __init__(self, path: Path, identity: str) -> None:
        self.path, self.identity = path, identity
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
            self._count = 1 + max((int(p.stem) for p in parts.glob("*.block") if p.stem.isdecimal()), default=-1)
            try:
                yield
            finally:
                if not any(parts.glob("*.block")):
                    shutil.rmtree(parts, ignore_errors=True)

    def add(self, block: list[tuple[Task, Found]]) -> None:
        """Put a finished block on disk."""
        write_bytes(parts_of(self.path) / f"{self._count:08d}.block", block_bytes(block, self.identity))
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
        _open_lock(folder).close()
        yield
        return
    while True:
        with _open_lock(folder) as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise InvalidArgument(
                    "out", str(folder.with_suffix("")), "a file that no other sweep is writing"
                ) from None
            if not _still_there(folder / "lock", file.fileno()):
                continue  # the one before removed the folder in between
            _handles.add(file.fileno())
            try:
                yield
            finally:
                _handles.discard(file.fileno())
            return


#: Locks held. A worker that is forked has them open too, and would hold them after the sweep has been killed.
_handles: set[int] = set()


def _let_go() -> None:
    """In a forked process: leave the locks to the parent."""
    while _handles:
        os.close(_handles.pop())


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_let_go)


def _open_lock(folder: Path) -> IO[str]:
    """The file to lock; ValueError naming ``out`` where nothing can be written."""
    try:
        while True:
            folder.mkdir(exist_ok=True)
            with contextlib.suppress(FileNotFoundError):  # another sweep removed the folder in between
                return open(folder / "lock", "a")
    except OSError as error:
        allowed = f"a file in a directory that can be written ({error})"
        raise InvalidArgument("out", str(folder.with_suffix("")), allowed) from None


def _still_there(path: Path, handle: int) -> bool:
    try:
        return os.path.samestat(os.stat(path), os.fstat(handle))
    except FileNotFoundError:
        return False
