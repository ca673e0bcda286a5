"""A sweep that is killed, interrupted, or shared among workers of which one dies, ends as one that is left alone."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
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
AXES = {"gain": np.geomspace(0.1, 30, 12).tolist(), "xi_plus": np.linspace(1.5, 3.2, 8).tolist()}
OPTIONS = {"seeds": 3, "time": 100.0, "points": 11}

#: A sweep in a process of its own; "started" tells that importing and compiling are over.
SCRIPT = """
import sys
import numpy as np
from cumulode import NLGP, Problem
from cumulode.validation import phase_diagram
base = Problem(NLGP(3.0, 2.0), NLGP(3.0, 1.0), 24)
axes = {"gain": np.geomspace(0.1, 30, 12).tolist(), "xi_plus": np.linspace(1.5, 3.2, 8).tolist()}
phase_diagram(base, {"gain": [1.0, 2.0]}, seeds=1, time=1.0)  # compiles
print("started", flush=True)
ds = phase_diagram(base, axes, seeds=3, time=100.0, points=11, out=sys.argv[1], command="the sweep")
print("pending", int((ds.status == -1).sum()), flush=True)
"""


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The sweep left alone: its file, and how long it took."""
    path = tmp_path_factory.mktemp("whole") / "p.nc"
    phase_diagram(BASE, {"gain": [1.0, 2.0]}, seeds=1, time=1.0)  # compiles
    began = time.monotonic()
    phase_diagram(BASE, AXES, out=path, command="the sweep", **OPTIONS)
    return path, time.monotonic() - began


def start(path: Path) -> subprocess.Popen:
    """The sweep in another process, as soon as it computes."""
    process = subprocess.Popen([sys.executable, "-c", SCRIPT, str(path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "started\n"
    return process


@pytest.mark.slow
def test_killed_ten_times_and_resumed_it_is_equal_bit_for_bit(whole, tmp_path):
    """Assert that kill -9 at ten random moments (seed 4) loses no finished block, leaves a readable file each time,
    does nothing twice, and that the bytes in the end are those of the sweep left alone.
    """
    reference, seconds = whole
    moments = random.Random(4)
    path = tmp_path / "p.nc"
    finished = 0
    for _ in range(10):
        process = start(path)
        time.sleep(moments.uniform(0, 0.25 * seconds))
        process.kill()
        process.wait()
        if path.exists():
            left = open_phase(path)
            done = int((left.status == 0).sum())
            assert done >= finished
            finished = done
            xr.load_dataset(path, engine="scipy")
            whole_values = xr.load_dataset(reference, engine="scipy")
            here = (left.status == 0).values
            np.testing.assert_array_equal(left.ipr.values[here], whole_values.ipr.values[here])
    assert finished > 0
    last = start(path)
    assert last.communicate()[0] == "pending 0\n"
    assert path.read_bytes() == reference.read_bytes()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["p.nc"]


@pytest.mark.slow
def test_ctrl_c_leaves_a_valid_partial_file(whole, tmp_path):
    """Assert that after SIGINT the file holds all that was finished and the folder of blocks is gone."""
    reference, seconds = whole
    path = tmp_path / "p.nc"
    process = start(path)
    time.sleep(0.3 * seconds)
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=60)
    if "pending" in out:  # else it was interrupted before the sweep's own handler was there
        assert process.returncode == 0
        partial = xr.load_dataset(path, engine="scipy")
        assert not parts_of(path).exists()
        assert int((partial.status == 0).sum()) + int(out.split()[1]) == partial.status.size
    phase_diagram(BASE, AXES, out=path, command="the sweep", **OPTIONS)
    assert path.read_bytes() == reference.read_bytes()


@pytest.mark.slow
def test_a_running_sweep_can_be_read_and_no_second_one_writes(whole, tmp_path):
    """Assert that blocks appear in ``open_phase`` while the sweep runs, and that another sweep of the file is refused."""
    path = tmp_path / "p.nc"
    process = start(path)
    seen = []
    refused = ""
    while process.poll() is None:
        if path.exists():
            seen.append(int((open_phase(path).status == 0).sum()))
            try:
                phase_diagram(BASE, AXES, out=path, command="the sweep", **OPTIONS)
                break  # it has just let go of a finished file
            except ValueError as error:
                refused = str(error)
        time.sleep(0.05)
    assert process.wait() == 0
    assert refused.startswith("out: got ")
    assert refused.endswith("allowed: a file that no other sweep is writing")
    assert seen == sorted(seen)
    assert any(0 < n < 288 for n in seen)


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
        import threading

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


@pytest.mark.slow
def test_of_many_workers_with_an_empty_cache_one_compiles(tmp_path):
    """Assert that four processes that start at once together write as many kernels to the cache as one alone: none is
    compiled twice. One that starts later writes none.
    """
    script = (
        "import cumulode.numerics.jit as jit\n"
        "from cumulode.numerics.compile.closure_kernels import activation_kernels, coefficients_kernel\n"
        "saved = []\n"
        "real = jit._Cache.save_overload\n"
        "jit._Cache.save_overload = lambda self, sig, data: (saved.append(str(self._name)), real(self, sig, data))[1]\n"
        "activation_kernels('erf'); [coefficients_kernel('erf', c) for c in ('taylor', 'gaussian', 'edgeworth')]\n"
        "print(len(saved))\n"
    )
    environment = {**os.environ, "CUMULODE_CACHE": str(tmp_path)}
    processes = [
        subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True, env=environment)
        for _ in range(4)
    ]
    counts = sorted(int(process.communicate()[0]) for process in processes)
    assert counts[-1] > 1
    alone = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, env=environment, check=True)
    assert int(alone.stdout) == 0
    fresh = {**environment, "CUMULODE_CACHE": str(tmp_path / "fresh")}
    once = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, env=fresh, check=True)
    assert sum(counts) == int(once.stdout)
