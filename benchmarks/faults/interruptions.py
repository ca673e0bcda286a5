"""Ctrl-C and SIGTERM for every long command."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from .bench import MAP, RING, Bench, Row, alive, children, cpu_seconds, done, end, equal, same_map, until

RUNS = {
    "solve": f"solve {RING} --max-step 0.001 --max-steps 1000000000 --seed 1",
    "sgd": f"sgd {RING} --batch-size 100 --seed 1",
    "network": f"network {RING} --hidden 2 --n-test 10 --seed 1",
}
LONG = "--time 5e3 --points 5001 --out run.npz --json"
SHORT = "--time 20 --points 21 --out run.npz --json"
OTHERS = {
    "derive": "derive closures",
    "reproduce": "reproduce control --out claims",
    "rerun": "rerun whole.nc --quiet",
}


def _hear(bench: Bench, row: Row, words: str, place: Path, number: int, begun: Callable[[], bool] | None = None) -> str:
    """Start a command, send the signal once it works, count what is left running; its line.

    RuntimeError where it was at its end before: then nothing was tried.
    """
    process = bench.command(words, place)
    works = begun or (lambda: cpu_seconds(process.pid) > 2.5)  # to start takes 1.5
    until(lambda: process.poll() is not None or works())
    bench.moment(0.5)
    own = children(process.pid)
    if process.poll() is not None:
        raise RuntimeError(f"{words}: at its end before it was interrupted; a longer one is needed")
    process.send_signal(number)
    ended = end(process)
    until(lambda: not any(map(alive, own)), 20.0)
    row.tried += 1
    row.wrong += sum(map(alive, own)) + (ended.code != 128 + number)
    return f"exit codes 130 and 143: {ended.line}"


def run(bench: Bench, name: str) -> Row:
    """A run that records at every unit of time, against the same run undisturbed."""
    row = Row("Ctrl-C, SIGTERM", f"`{name}`", "recorded times")
    words, place = RUNS[name], bench.place()
    bench.run(f"{words} {SHORT}", place)
    whole = np.load(place / "run.npz")
    for number in (signal.SIGINT, signal.SIGTERM)[: bench.times(2)]:
        there = bench.place()
        row.seen = _hear(bench, row, f"{words} {LONG}", there, number)
        part = there / "run.partial.npz"
        if not part.exists():
            row.lost += 1
            continue
        one, other = (np.moveaxis(of["w"], 1, 0) if name == "network" else of["w"] for of in (np.load(part), whole))
        recorded = int(np.isfinite(one).reshape(len(one), -1).all(axis=1).sum())
        both = min(recorded, len(other) - 1)  # to the last time the undisturbed run takes a shorter step
        row.lost += both < 1
        row.wrong += not equal(one[:both], other[:both])
    return row


def sweep(bench: Bench, whole: Path, workers: str) -> Row:
    """A map, then the same command again."""
    row = Row("Ctrl-C, SIGTERM", f"`phase{workers}`", "finished runs")
    for number in (signal.SIGINT, signal.SIGTERM)[: bench.times(2)]:
        path = bench.place() / "map.nc"
        before = [0]

        def begun(path: Path = path, before: list[int] = before) -> bool:
            before[0] = done(path)
            return before[0] > 0

        row.seen = _hear(bench, row, MAP + workers, path.parent, number, begun)
        row.lost += max(0, before[0] - done(path))
        row.wrong += bench.run(MAP, path.parent).code != 0 or not same_map(path, whole)
    return row


def compare(bench: Bench) -> Row:
    """Theory, then SGD: what the theory has is there, and a good table from before stays."""
    row = Row("Ctrl-C, SIGTERM", "`compare`", "tables of before")
    for number in (signal.SIGINT, signal.SIGTERM)[: bench.times(2)]:
        place = bench.place()
        (place / "table.csv").write_text("of before")
        words = f"compare {RING} --time 1e4 --points 3 --seeds 4 --no-figure --no-control --out table.csv"
        row.seen = _hear(bench, row, words, place, number)
        row.lost += (place / "table.csv").read_text() != "of before"
    return row


def other(bench: Bench, name: str, whole: Path) -> Row:
    """Commands that have nothing to keep but finished parts."""
    row = Row("Ctrl-C, SIGTERM", f"`{name}`", "files of before")
    for number in (signal.SIGINT, signal.SIGTERM)[: bench.times(2)]:
        place = bench.place()
        (place / "whole.nc").write_bytes(whole.read_bytes())
        row.seen = _hear(bench, row, OTHERS[name], place, number)
        row.lost += (place / "whole.nc").read_bytes() != whole.read_bytes()
        results = place / "claims" / "results.json"
        row.wrong += results.exists() and not isinstance(json.loads(results.read_text()), dict)
    return row


def rows(bench: Bench) -> Iterator[Row]:
    """All of them."""
    for name in list(RUNS)[: bench.times(len(RUNS))]:
        yield run(bench, name)
    if bench.small:
        return
    place = bench.place()
    bench.run(MAP, place)
    whole = place / "map.nc"
    yield compare(bench)
    for workers in ("", " --workers 2"):
        yield sweep(bench, whole, workers)
    for name in OTHERS:
        yield other(bench, name, whole)
