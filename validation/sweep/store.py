"""A sweep on disk: one netCDF file and, while it runs, a folder next to it with a file for each finished block.

A block is written whole or not at all, so whatever kills the sweep, what was finished is there. Now and then, and at
the end, blocks are gathered into the netCDF file, which is replaced in the same way.
"""

from __future__ import annotations

import contextlib
import io
import json
import shutil
import time
import warnings
import zipfile
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from filelock import FileLock, Timeout

from cumulode.numerics.io.atomic import left_over, write, write_bytes
from cumulode.theory.user_input.arguments import InvalidArgument

from .work import Block, Row, Task

#: Gathering takes at most about this share of the time.
_SHARE = 0.05
_SOONEST = 5.0  # seconds
#: What reading a file that is damaged, or no such file, may raise.
_UNREADABLE = (OSError, ValueError, TypeError, KeyError, IndexError, EOFError, zipfile.BadZipFile)


def parts_of(path: Path) -> Path:
    """The folder of finished blocks."""
    return path.with_name(path.name + ".parts")


def read(path: Path) -> xr.Dataset:
    """The dataset of a netCDF file, in memory. InvalidArgument naming ``out`` for a file that is no netCDF."""
    try:
        return xr.load_dataset(path, engine="scipy")
    except _UNREADABLE as error:
        why = f"{type(error).__name__}: {error}"
        raise InvalidArgument("out", str(path), f"a netCDF file of a phase diagram ({why})") from None


def read_parts(path: Path) -> list[tuple[str, Block]]:
    """Finished blocks not yet gathered, oldest first, each with the identity of its grid.

    A file that vanishes meanwhile is in the netCDF file by then; one that cannot be read is computed again.
    """
    parts = []
    for part in sorted(parts_of(path).glob("*.block")):
        try:
            parts.append(_load(part))
        except FileNotFoundError:
            continue
        except _UNREADABLE as error:
            warnings.warn(f"{part} cannot be read, its points are computed again ({error})", stacklevel=3)
    return parts


def block_bytes(block: Block, identity: str) -> bytes:
    """A block as NumPy writes arrays (.npz), the tasks as JSON among them, and the identity of their grid."""
    tasks = json.dumps([asdict(task) for task, _ in block])
    arrays = {f"{i}.{name}": np.asarray(value) for i, (_, row) in enumerate(block) for name, value in row.items()}
    buffer = io.BytesIO()
    np.savez(buffer, tasks=np.array(tasks), identity=np.array(identity), **arrays)  # type: ignore[arg-type]
    return buffer.getvalue()


def _load(part: Path) -> tuple[str, Block]:
    with np.load(part, allow_pickle=False) as arrays:
        tasks = [
            Task(t["layer"], tuple(t["index"]), t["point"], tuple(t["seeds"])) for t in json.loads(str(arrays["tasks"]))
        ]
        rows: list[Row] = [{} for _ in tasks]
        for key in arrays.files:
            i, dot, name = key.partition(".")
            if dot:
                rows[int(i)][name] = arrays[key][()]
        identity = str(arrays["identity"])
    return identity, list(zip(tasks, rows, strict=True))


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
        """Hold the file; InvalidArgument naming ``out`` where another sweep does. The folder is removed at the end."""
        parts = parts_of(self.path)
        with _lock(self.path):
            for left in [*parts.glob(".*.tmp"), *left_over(self.path)]:
                left.unlink(missing_ok=True)  # of a sweep that was killed while it wrote
            self._count = 1 + max((int(p.stem) for p in parts.glob("*.block") if p.stem.isdecimal()), default=-1)
            try:
                yield
            finally:
                if not any(parts.glob("*.block")):
                    shutil.rmtree(parts, ignore_errors=True)

    def add(self, block: Block) -> None:
        """Put a finished block on disk."""
        write_bytes(parts_of(self.path) / f"{self._count:08d}.block", block_bytes(block, self.identity))
        self._count += 1

    def due(self) -> bool:
        """Whether it is time to gather."""
        return time.monotonic() - self._written > max(_SOONEST, self._cost / _SHARE)

    def gather(self, dataset: xr.Dataset) -> None:
        """Write ``dataset``, which holds every block added so far, and forget the blocks."""
        began = time.monotonic()
        done = list(parts_of(self.path).glob("*.block"))
        write(dataset, self.path)
        for part in done:
            part.unlink(missing_ok=True)
        self._written = time.monotonic()
        self._cost = self._written - began


def _lock(path: Path) -> AbstractContextManager[Any]:
    """Hold a lock in the folder of blocks (made if needed); it dies with the process."""
    folder = parts_of(path)
    while True:
        try:
            folder.mkdir(exist_ok=True)
            return FileLock(folder / "lock").acquire(blocking=False)
        except Timeout:
            raise InvalidArgument("out", str(path), "a file that no other sweep is writing") from None
        except FileNotFoundError:  # another sweep removed the folder in between
            continue
        except OSError as error:
            raise InvalidArgument("out", str(path), f"a file in a directory that can be written ({error})") from None
