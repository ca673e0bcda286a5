"""A sweep on disk: one netCDF file and, while it runs, a folder next to it with a file for each finished block.

A block is written whole or not at all, so whatever kills the sweep, what was finished is there. Now and then, and at
the end, blocks are gathered into the netCDF file, which is replaced in the same way.
"""

from __future__ import annotations

import contextlib
import io
import json
import time
import warnings
import zipfile
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import numpy as np
import xarray as xr

from cumulode.numerics.io import netcdf
from cumulode.numerics.io.atomic import real_path, write_bytes
from cumulode.numerics.io.own_folder import OwnFolder
from cumulode.theory.user_input.printable import printable

from .work import Block, Row, Task

#: Gathering takes at most about this share of the time.
_SHARE = 0.05
_SOONEST = 5.0  # seconds
_DIGITS = 8


def parts_of(path: Path) -> Path:
    """The folder of finished blocks, next to the file itself where ``path`` is a link."""
    real = real_path(path)
    return real.with_name(real.name + ".parts")


def _folder(path: Path) -> OwnFolder:
    return OwnFolder(parts_of(path), rf"\d{{{_DIGITS},}}\.block", real_path(path), path)


def read(path: Path, name: str = "out") -> tuple[xr.Dataset, bool]:
    """The dataset of a netCDF file, in memory, and whether it is verified. InvalidArgument names ``name``."""
    new = "a new path, or " if name == "out" else ""
    return netcdf.read(path, name, f"{new}a netCDF file of a phase diagram")


def read_parts(path: Path) -> list[tuple[str, Block]]:
    """Finished blocks not yet gathered, oldest first, each with the identity of its grid.

    A file that vanishes meanwhile is in the netCDF file by then; one that cannot be read is computed again.
    """
    parts = []
    for part in _folder(path).files():
        try:
            parts.append(_load(part))
        except FileNotFoundError:
            continue
        except (OSError, zipfile.BadZipFile, *netcdf.UNREADABLE) as error:
            words = f"{printable(part)} cannot be read, its points are computed again ({netcdf.reason(error)})"
            warnings.warn(words, stacklevel=3)
    return parts


def block_bytes(block: Block, identity: str) -> bytes:
    """A block as NumPy writes arrays (.npz, with CRC-32), tasks as JSON among them, and the identity of the grid."""
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
        self._folder = _folder(path)
        self._count = 0
        self._written = time.monotonic()
        self._cost = 0.0

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Hold the file; InvalidArgument naming ``out`` where another sweep does. The folder is removed at the end."""
        with self._folder.held():
            self._count = 1 + max((int(p.stem) for p in self._folder.files()), default=-1)
            yield

    def add(self, block: Block) -> None:
        """Put a finished block on disk."""
        write_bytes(self._folder.path / f"{self._count:0{_DIGITS}d}.block", block_bytes(block, self.identity))
        self._count += 1

    def due(self) -> bool:
        """Whether it is time to gather."""
        return time.monotonic() - self._written > max(_SOONEST, self._cost / _SHARE)

    def gather(self, dataset: xr.Dataset) -> None:
        """Write ``dataset``, which holds every block added so far, and forget the blocks."""
        began = time.monotonic()
        done = self._folder.files()
        netcdf.write(dataset, self.path, within=self._folder.path)
        for part in done:
            part.unlink(missing_ok=True)
        self._written = time.monotonic()
        self._cost = self._written - began
