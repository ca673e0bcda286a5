"""Disks that are full, places that are read-only, two that write to one file."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

from .bench import MAP, RING, Bench, Row, done, end, same_map

#: Commands with an output: the words, the output, and bytes that do not hold it.
OUTPUTS = {
    "solve": (f"solve {RING} --time 1 --points 200 --out run.nc", "run.nc", 4000),
    "sgd": (f"sgd {RING} --time 1 --points 101 --out run.npz", "run.npz", 4000),
    "network": (f"network {RING} --hidden 2 --n-test 10 --time 1 --points 101 --out run.nc", "run.nc", 4000),
    "compare": (f"compare {RING} --time 1 --points 51 --seeds 2 --no-control --no-figure --out t.csv", "t.csv", 4000),
    "derive": ("derive nlgp --out page.md", "page.md", 500),
}
GOOD = "a good file of before"
#: Where nobody can write, root neither.
READ_ONLY = "/proc"


def full(bench: Bench, name: str) -> Row:
    """An output that the disk cannot hold, over a good file."""
    row = Row("full disk (no file beyond 0.5 or 4 kB)", f"`{name} --out`", "good files of before")
    words, out, room = OUTPUTS[name]
    place = bench.place()
    bench.run(words, place)  # compiles: the cache needs room of its own
    (place / out).write_text(GOOD)
    for _ in range(bench.times(2)):
        ended = bench.run(words, place, room)
        row.tried += 1
        row.lost += (place / out).read_text() != GOOD
        row.wrong += ended.code == 0 or "Traceback" in ended.err
        row.seen = f"exit code {ended.code}: {ended.line}"
    left = [path.name for path in place.iterdir() if path.name != out]
    row.wrong += len(left)
    return row


def full_map(bench: Bench, whole: Path) -> Row:
    """A sweep whose disk is full before its end, then has room again."""
    row = Row("full disk (no file beyond some kB)", "`phase`", "finished runs")
    for room in (3000, 12000)[: bench.times(2)]:
        path = bench.place() / "map.nc"
        before = bench.command(MAP, path.parent)
        bench.moment(6.0)
        before.kill()
        end(before)
        had = done(path)
        ended = bench.run(MAP, path.parent, room)
        row.tried, row.lost = row.tried + 1, row.lost + max(0, had - done(path))
        row.wrong += ended.code == 0 or "Traceback" in ended.err
        row.seen = f"exit code {ended.code}: {ended.line}"
        row.wrong += bench.run(MAP, path.parent).code != 0 or not same_map(path, whole)
    return row


def read_only(bench: Bench) -> Row:
    """An output in a place that cannot be written: refused before the work."""
    row = Row("output in a read-only place", "`solve`, `sgd`, `network`, `compare`, `phase`", "runs for nothing")
    long = {"run.nc": "/run.nc", "run.npz": "/run.npz", "t.csv": "/t.csv", "map.nc": "/map.nc"}
    for words, out in [*((w, o) for w, o, _ in OUTPUTS.values() if o in long), (MAP, "map.nc")]:
        began = time.monotonic()
        ended = bench.run(f"{words} --time 1e6".replace(f"--out {out}", f"--out {READ_ONLY}{long[out]}"), bench.place())
        row.tried += 1
        row.lost += time.monotonic() - began > 30.0
        row.wrong += ended.code != 2
        row.seen = f"exit code {ended.code}, before the work: {ended.line}"
        if bench.small:
            break
    return row


def writers(bench: Bench, whole: Path) -> Row:
    """Two sweeps of one file at once: one is refused."""
    row = Row("two writers", "`phase`", "finished runs")
    for _ in range(bench.times(2)):
        path = bench.place() / "map.nc"
        both = [bench.command(MAP, path.parent) for _ in range(2)]
        ended = [end(process) for process in both]
        row.tried += 1
        row.wrong += sorted(one.code for one in ended) not in ([0, 2], [0, 0]) or not same_map(path, whole)
        row.seen = next((f"exit code 2: {one.line}" for one in ended if one.code == 2), row.seen)
    return row


def rows(bench: Bench) -> Iterator[Row]:
    """All of them."""
    for name in list(OUTPUTS)[: bench.times(len(OUTPUTS))]:
        yield full(bench, name)
    yield read_only(bench)
    if bench.small:
        return
    place = bench.place()
    bench.run(MAP, place)
    whole = place / "map.nc"
    yield full_map(bench, whole)
    yield writers(bench, whole)
