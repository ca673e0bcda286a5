"""Processes killed with kill -9 at random moments."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

from .bench import MAP, Bench, Row, alive, children, done, end, kill, same_map, until

#: Runs of the map.
ALL = 800

DASK = """
import os, signal, sys, threading, time
import dask, distributed
from cumulode.validation.cli import main
if __name__ == "__main__":
    with dask.config.set({"distributed.scheduler.allowed-failures": 10}), \\
         distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster:
        with distributed.Client(cluster) as client:
            victim = next(iter(client.run(os.getpid).values()))
        def kill():
            parts = "map.nc.parts"
            while not os.path.exists(parts) or not any(name.endswith(".block") for name in os.listdir(parts)):
                time.sleep(0.01)
            time.sleep(float(sys.argv[1]))
            os.kill(victim, signal.SIGKILL)
            print("killed", flush=True)
        threading.Thread(target=kill, daemon=True).start()
        sys.exit(main([*sys.argv[2:], "--scheduler", cluster.scheduler_address]))
"""


def undisturbed(bench: Bench) -> tuple[Path, float]:
    """The map that nobody disturbs, and how long it takes."""
    place = bench.place()
    bench.run(MAP, place)  # compiles
    (place / "map.nc").unlink()
    began = time.monotonic()
    bench.run(MAP, place)
    return place / "map.nc", time.monotonic() - began


def _resumed(bench: Bench, row: Row, path: Path, whole: Path) -> None:
    """Go on from a file to its end; count a result that is not that of the whole."""
    ended = bench.run(MAP, path.parent)
    row.wrong += ended.code != 0 or not same_map(path, whole)


def sweep(bench: Bench, whole: Path, seconds: float) -> Row:
    """One sweep is killed again and again, then goes on to its end."""
    row = Row("kill -9, again and again, then the same command", "`phase`", "finished runs")
    path = bench.place() / "map.nc"
    before = 0
    while row.tried < bench.times(10, 2):
        process = bench.command(MAP, path.parent)
        bench.moment(0.5 * seconds)
        row.tried += kill(process)
        now = done(path)
        if now == ALL:  # from the start again
            row.wrong += not same_map(path, whole)
            path.unlink()
            now = 0
            before = 0
        row.lost, before = row.lost + max(0, before - now), now
    _resumed(bench, row, path, whole)
    row.seen = "what was finished is in the file at once; the same command goes on"
    return row


def worker(bench: Bench, whole: Path) -> Row:
    """One of two worker processes is killed while it is at a block, others being done."""
    row = Row("kill -9 of a worker in mid-block", "`phase --workers 2`", "finished runs")
    for _ in range(bench.times(3)):
        path = bench.place() / "map.nc"
        process = bench.command(f"{MAP} --workers 2", path.parent)
        until(lambda path=path: done(path) > 0)  # type: ignore[misc]
        bench.moment(0.5)
        before, own = done(path), children(process.pid)
        workers = [one for one in own if "spawn_main" in Path(f"/proc/{one}/cmdline").read_text()]
        os.kill(bench.random.choice(workers), signal.SIGKILL)
        ended = end(process)
        row.tried, row.lost = row.tried + (ended.code == 1), row.lost + max(0, before - done(path))
        row.seen = f"exit code {ended.code}: {ended.line}"
        _resumed(bench, row, path, whole)
    return row


def parent(bench: Bench, whole: Path) -> Row:
    """The command is killed; its workers must end by themselves."""
    row = Row("kill -9 of the command in mid-block", "`phase --workers 2`", "finished runs, {} processes left")
    left = 0
    for _ in range(bench.times(3)):
        path = bench.place() / "map.nc"
        process = bench.command(f"{MAP} --workers 2", path.parent)
        until(lambda path=path: done(path) > 0)  # type: ignore[misc]
        bench.moment(0.5)
        before, own = done(path), children(process.pid)
        row.tried += kill(process)
        until(lambda own=own: not any(map(alive, own)), 20.0)  # type: ignore[misc]
        left += sum(map(alive, own))
        row.lost += max(0, before - done(path))
        _resumed(bench, row, path, whole)
    row.lost_is = row.lost_is.format(left)
    row.seen = "the workers end within a second or so; the same command goes on"
    return row


def dask(bench: Bench, whole: Path) -> Row | None:
    """A worker of a dask cluster is killed while it is at a block; None where dask is not installed."""
    try:
        import distributed  # noqa: F401
    except ImportError:
        return None
    row = Row("kill -9 of a worker in mid-block", "`phase --scheduler`, two dask workers", "finished runs")
    for _ in range(bench.times(3)):
        path = bench.place() / "map.nc"
        (path.parent / "sweep.py").write_text(DASK)
        after = str(bench.random.uniform(0.0, 0.5))
        ended = end(bench.python(["sweep.py", after, *MAP.split()], path.parent))
        row.tried += "killed" in ended.out
        row.wrong += ended.code != 0 or not same_map(path, whole)
    row.seen = "nothing: dask gives the block to the other worker"
    return row


def rows(bench: Bench) -> Iterator[Row]:
    """All of them."""
    whole, seconds = undisturbed(bench)
    yield sweep(bench, whole, seconds)
    if not bench.small:
        yield worker(bench, whole)
        yield parent(bench, whole)
        with_dask = dask(bench, whole)
        if with_dask is not None:
            yield with_dask
