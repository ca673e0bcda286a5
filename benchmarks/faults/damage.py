"""Single bits of files turned."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from cumulode.numerics.compile.kernel_files import KernelFiles
from cumulode.theory import Ising, Problem
from cumulode.validation.sweep.files import open_phase
from cumulode.validation.sweep.phase_diagram import phase_diagram

from .bench import Bench, Row, equal


def _flips(bench: Bench, path: Path, count: int):  # type: ignore[no-untyped-def]
    """Turn one bit of a file, ``count`` times, each in the whole file."""
    whole = path.read_bytes()
    for _ in range(count):
        at = bench.random.randrange(8 * len(whole))
        changed = bytearray(whole)
        changed[at // 8] ^= 1 << at % 8
        path.write_bytes(bytes(changed))
        yield
    path.write_bytes(whole)


def maps(bench: Bench) -> Row:
    """A map of which one bit is turned: refused, or the same numbers."""
    row = Row("one bit turned", "a map, opened", "maps")
    path = bench.place() / "map.nc"
    problem = Problem(Ising(t=0.5), Ising(t=0.1), 8)
    phase_diagram(problem, {"bias": [-1.0, 0.0], "prior": [0.4, 0.5]}, seeds=2, time=5.0, points=5, out=path)
    whole, refused = open_phase(path), 0
    for _ in _flips(bench, path, bench.times(300, 30)):
        row.tried += 1
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                found = open_phase(path)
            except ValueError as error:
                refused += 1
                row.seen = " ".join(str(error).replace(str(path.parent) + "/", "").split())
                continue
        row.wrong += any(name not in found or not _same(whole[name], found[name]) for name in whole.variables)
    row.seen = f"{refused} refused, e.g. {row.seen}"
    return row


def _same(one, other) -> bool:  # type: ignore[no-untyped-def]
    one, other = np.asarray(one), np.asarray(other)
    return equal(one, other) if one.dtype.kind == "f" else np.array_equal(one, other)


def kernels(bench: Bench) -> Row:
    """Compiled code of which one bit is turned: never run."""
    row = Row("one bit turned", "a compiled kernel", "kernels (compiled anew)")
    files = KernelFiles(bench.place(), "kernel")
    files.save("key", bytes(range(256)) * 40)
    for _ in _flips(bench, files.path("key"), bench.times(1000, 100)):
        row.tried += 1
        row.wrong += files.load("key") is not None
    row.seen = "nothing"
    return row


def rows(bench: Bench) -> Iterator[Row]:
    """All of them."""
    yield maps(bench)
    yield kernels(bench)
