"""A sweep that is killed, interrupted, or shared among workers of which one dies, ends as one that is left alone."""

from __future__ import annotations

import os
import random
import select
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from cumulode.theory import NLGP, Problem
from cumulode.validation import phase_diagram
from cumulode.validation.sweep import open_phase
from cumulode.validation.sweep.store import parts_of

BASE = Problem(NLGP(3.0, 2.0), NLGP(3.0, 1.0), 24)
AXES = {"gain": np.geomspace(0.1, 30, 10).tolist(), "xi_plus": np.linspace(1.5, 3.2, 5).tolist()}
OPTIONS = {"seeds": 2, "time": 100.0, "points": 6}
#: Runs of theory.
RUNS = 100

#: A process that has imported and compiled, and begins the sweep in a child for every path that it reads. It writes the
#: child's id at once, and how it ended; the child writes how many runs are pending next to the file.
NURSERY = """
import os, sys
import numpy as np
from cumulode import NLGP, Problem
from cumulode.validation import phase_diagram
base = Problem(NLGP(3.0, 2.0), NLGP(3.0, 1.0), 24)
axes = {"gain": np.geomspace(0.1, 30, 10).tolist(), "xi_plus": np.linspace(1.5, 3.2, 5).tolist()}
phase_diagram(base, {"gain": [1.0, 2.0]}, seeds=1, time=1.0)  # compiles
print("ready", flush=True)
for line in sys.stdin:
    path = line.strip()
    child = os.fork()
    if child == 0:
        ds = phase_diagram(base, axes, seeds=2, time=100.0, points=6, out=path, command="the sweep")
        with open(path + ".pending", "w") as file:
            file.write(str(int((ds.status == -1).sum())))
        os._exit(0)
    print(child, flush=True)
    print(os.waitpid(child, 0)[1], flush=True)
"""


class Nursery:
    """Begins sweeps of the same settings in processes of their own, without importing anew."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", NURSERY], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0
        )
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.to, self.answers = self.process.stdin, self.process.stdout
        assert self.answers.readline() == b"ready\n"

    def start(self, path: Path) -> int:
        """The id of the process of a new sweep."""
        self.to.write(f"{path}\n".encode())
        return int(self.answers.readline())

    def running(self) -> bool:
        """Whether the sweep begun last has not ended."""
        return not select.select([self.answers], [], [], 0)[0]

    def status(self) -> int:
        """How it ended: 0, or the number of the signal."""
        return int(self.answers.readline())


def pending(path: Path) -> int | None:
    """How many runs the sweep of ``path`` left pending; None where it did not come to say so."""
    note = path.with_name(path.name + ".pending")
    if not note.exists():
        return None
    number = int(note.read_text())
    note.unlink()
    return number


@pytest.fixture(scope="module")
def nursery():
    made = Nursery()
    yield made
    made.to.close()
    made.process.wait()


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The sweep left alone: its file, and how long it took."""
    path = tmp_path_factory.mktemp("whole") / "p.nc"
    phase_diagram(BASE, {"gain": [1.0, 2.0]}, seeds=1, time=1.0)  # compiles
    began = time.monotonic()
    phase_diagram(BASE, AXES, out=path, command="the sweep", **OPTIONS)
    return path, time.monotonic() - began


needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")


@needs_fork
@pytest.mark.slow
def test_killed_ten_times_and_resumed_it_is_equal_bit_for_bit(whole, nursery, tmp_path):
    """Assert that kill -9 at ten random moments (seed 4) loses no finished block, leaves a readable file each time,
    does nothing twice, and that the bytes in the end are those of the sweep left alone.
    """
    reference, seconds = whole
    whole_values = xr.load_dataset(reference, engine="scipy")
    moments = random.Random(4)
    path = tmp_path / "p.nc"
    finished = 0
    for _ in range(10):
        sweep = nursery.start(path)
        time.sleep(moments.uniform(0, 0.25 * seconds))
        os.kill(sweep, signal.SIGKILL)
        nursery.status()
        if path.exists():
            left = open_phase(path)
            done = int((left.status == 0).sum())
            assert done >= finished
            finished = done
            xr.load_dataset(path, engine="scipy")
            here = (left.status == 0).values
            np.testing.assert_array_equal(left.ipr.values[here], whole_values.ipr.values[here])
    assert finished > 0
    pending(path)
    nursery.start(path)
    assert nursery.status() == 0
    assert pending(path) == 0
    assert path.read_bytes() == reference.read_bytes()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["p.nc"]


@needs_fork
@pytest.mark.slow
def test_ctrl_c_leaves_a_valid_partial_file(whole, nursery, tmp_path):
    """Assert that after SIGINT the file holds all that was finished and the folder of blocks is gone."""
    reference, seconds = whole
    path = tmp_path / "p.nc"
    sweep = nursery.start(path)
    while not path.exists():  # the sweep's own handler is there by then
        time.sleep(0.01)
    time.sleep(0.3 * seconds)
    os.kill(sweep, signal.SIGINT)
    assert nursery.status() == 0
    partial = xr.load_dataset(path, engine="scipy")
    assert not parts_of(path).exists()
    assert int((partial.status == 0).sum()) + pending(path) == partial.status.size == RUNS
    phase_diagram(BASE, AXES, out=path, command="the sweep", **OPTIONS)
    assert path.read_bytes() == reference.read_bytes()


@needs_fork
@pytest.mark.slow
def test_a_running_sweep_can_be_read_and_no_second_one_writes(whole, nursery, tmp_path):
    """Assert that blocks appear in ``open_phase`` while the sweep runs, and that another sweep of the file is refused."""
    path = tmp_path / "p.nc"
    nursery.start(path)
    seen = []
    refused = ""
    while nursery.running():
        if path.exists():
            seen.append(int((open_phase(path).status == 0).sum()))
            try:
                phase_diagram(BASE, AXES, out=path, command="the sweep", **OPTIONS)
                break  # it has just let go of a finished file
            except ValueError as error:
                refused = str(error)
        time.sleep(0.05)
    assert nursery.status() == 0
    assert refused.startswith("out: got ")
    assert refused.endswith("allowed: a file that no other sweep is writing")
    assert seen == sorted(seen)
    assert any(0 < n < RUNS for n in seen)


@pytest.mark.slow
def test_two_dask_workers_one_killed(whole):
    """Assert that a local cluster of two processes, one of them killed in the middle of the sweep, gives the same
    numbers to the bit.
    """
    distributed = pytest.importorskip("distributed")
    import dask

    with (
        dask.config.set({"distributed.scheduler.allowed-failures": 10}),
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster,
        distributed.Client(cluster) as client,
    ):
        victim = next(iter(client.run(os.getpid).values()))
        killed = threading.Event()

        def kill() -> None:
            os.kill(victim, signal.SIGKILL)
            killed.set()

        phase_diagram(BASE, {"gain": [1.0, 2.0]}, seeds=1, time=1.0, executor=client)
        timer = threading.Timer(0.5 * whole[1], kill)
        timer.start()
        found = phase_diagram(BASE, AXES, executor=client, **OPTIONS)
        timer.join()
        assert killed.is_set()
    reference = xr.load_dataset(whole[0], engine="scipy")
    assert reference.drop_attrs().identical(found.drop_attrs())
