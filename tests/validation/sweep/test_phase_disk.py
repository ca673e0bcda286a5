"""What a sweep leaves on disk at any instant, and what the next one makes of it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import Executor, Future
from pathlib import Path

import numpy as np
import pytest

from cumulode.numerics import Solver
from cumulode.theory import NLGP, Problem
from cumulode.validation import phase_diagram
from cumulode.validation.sweep import open_phase, store, work
from cumulode.validation.sweep.rerun import rerun
from cumulode.validation.sweep.store import parts_of

BASE = Problem(NLGP(3.0, 2.0), NLGP(3.0, 1.0), 16)
QUICK = {"seeds": 1, "time": 20.0, "points": 3}

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")


class Killed(BaseException):
    """As kill -9, at a chosen instant."""


def leave_blocks(path: Path, gains: list[float], monkeypatch: pytest.MonkeyPatch) -> None:
    """A sweep whose blocks are still there, as if killed after the file was written and before they were removed."""
    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", lambda self, missing_ok=False: None)
        phase_diagram(BASE, {"gain": gains}, out=path, **QUICK)
    assert any(parts_of(path).glob("*.block"))


def test_blocks_of_a_smaller_grid_do_not_go_to_points_of_a_larger_one(tmp_path, monkeypatch):
    """Assert that a sweep extended, and killed between writing the file and removing the blocks of the smaller grid, has
    the numbers of one left alone, critical values too, and that ``open_phase`` of the state between sees no such block.
    """
    path, wider = tmp_path / "p.nc", [0.2, 0.4, 2.0, 3.0, 4.0]
    leave_blocks(path, [2.0, 3.0], monkeypatch)

    def killed(target, data, real=store.write_bytes):
        real(target, data)
        raise Killed

    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(store, "write_bytes", killed)
        phase_diagram(BASE, {"gain": wider}, out=path, **QUICK)
    whole = phase_diagram(BASE, {"gain": wider}, **QUICK)
    between = open_phase(path)
    assert between.status.values.ravel().tolist() == [-1, -1, 0, 0, -1]
    known = between.status.values == 0
    np.testing.assert_array_equal(between.ipr.values[known], whole.ipr.values[known])
    assert np.isfinite(whole.critical_gain_stability[0])
    assert whole.drop_attrs().identical(phase_diagram(BASE, {"gain": wider}, out=path, **QUICK).drop_attrs())


def test_a_block_that_cannot_be_read_is_computed_again(tmp_path):
    """Assert that garbage in a folder of blocks, of a version that did not mark it, is no obstacle, and gone in the end."""
    path, axes = tmp_path / "p.nc", {"gain": [2.0, 3.0]}
    whole = phase_diagram(BASE, axes, out=path, **QUICK)
    parts_of(path).mkdir()
    (parts_of(path) / "lock").touch()
    for name in ("00000000.block", "00000001.block", ".00000002.block.ab12_cd3.tmp"):
        (parts_of(path) / name).write_bytes(b"PK\x03\x04 no archive")
    with pytest.warns(UserWarning, match=r"00000000.block cannot be read"):
        assert whole.identical(open_phase(path))
    assert whole.drop_attrs().identical(phase_diagram(BASE, axes, out=path, **QUICK).drop_attrs())
    assert [p.name for p in tmp_path.iterdir()] == ["p.nc"]


def test_refusals_leave_nothing_behind_and_name_out(tmp_path):
    """Assert one line naming out for a directory, and for a file where the folder of blocks should be; no folder left."""
    (tmp_path / "d.nc").mkdir()
    (tmp_path / "f.nc.parts").write_text("")
    for name in ("d.nc", "f.nc"):
        with pytest.raises(ValueError, match=rf"^out: got '.*{name}', allowed: [^\n]*$"):
            phase_diagram(BASE, {"gain": [2.0, 3.0]}, out=tmp_path / name, **QUICK)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["d.nc", "f.nc.parts"]


def test_the_reason_of_a_failed_seed_is_kept_when_seeds_are_added(tmp_path, monkeypatch):
    """Assert that the reason stays when an added seed is well, is joined by that of one that fails, and goes when all
    are repeated and well.
    """
    options = {"out": tmp_path / "p.nc", **QUICK}
    real, ill = work._theory, {0, 2}

    def some_fail(task, *rest):
        found = real(task, *rest)
        wrong = [i for i, seed in enumerate(task.seeds) if seed in ill]
        found["status"][wrong] = 2
        return found | {"reason": f"seed {task.seeds[wrong[0]]} is ill" if wrong else ""}

    monkeypatch.setattr(work, "_theory", some_fail)
    said = [phase_diagram(BASE, {"gain": [2.0]}, **{**options, "seeds": n}).reason.values[0] for n in (1, 2, 3)]
    assert said == ["seed 0 is ill", "seed 0 is ill", "seed 0 is ill; seed 2 is ill"]
    ill.clear()
    again = phase_diagram(BASE, {"gain": [2.0]}, **{**options, "seeds": 3}, retry_failed=True)
    assert again.reason.values.tolist() == [""]


def test_rerun_of_all_points_by_their_number_is_equal(tmp_path):
    """Assert that lines, which a draw of points leaves out, are not told as differences."""
    phase_diagram(BASE, {"gain": [2.0, 3.0, 4.0]}, out=tmp_path / "p.nc", **QUICK)
    found = rerun(tmp_path / "p.nc", cells=100)
    assert found.equal
    assert found.cells == 3


def test_an_infinite_gain_does_not_hide_the_critical_one():
    """Assert the critical values of the finite part of the axis."""
    finite, all_gains = ([0.1, 3.0], [0.1, 3.0, np.inf])
    found = [phase_diagram(BASE, {"gain": g}, **QUICK).critical_gain_stability.values[0] for g in (finite, all_gains)]
    assert np.isfinite(found[0])
    assert found[0] == found[1]


def test_a_file_of_an_earlier_revision_is_opened_and_continued(tmp_path, monkeypatch):
    """Assert that a file of before Solver and Sgd opens, is continued with nothing computed again, and is repeated to
    the last digits of its fields.
    """
    path = tmp_path / "p.nc"
    path.write_bytes((Path(__file__).parents[2] / "data" / "phase_0.nc").read_bytes())
    before = open_phase(path)
    assert (before.status == 0).all()
    again = rerun(path, executor=None).differences
    assert again.loc[["status", "pattern"], "differ"].tolist() == [0, 0]
    assert (again.loc[["w", "ipr", "validity_mu"], "relative"] < 1e-6).all()
    monkeypatch.setattr("cumulode.validation.sweep.scheduling.run_tasks", None)
    axes = {"gain": before.gain.values}
    like_it = Solver(atol=1e-9)  # what was the default then
    continued = phase_diagram(BASE, axes, seeds=1, points=3, time=5.0, out=path, command="x", solver=like_it)
    assert before.drop_attrs().identical(continued.drop_attrs())


class Finished(Executor):
    """Has done all work as soon as it is given, as other processes may have when Ctrl-C is heard."""

    def submit(self, work, /, *rest, **more):
        future: Future = Future()
        future.set_result(work(*rest, **more))
        return future


def test_after_ctrl_c_what_other_processes_have_finished_is_kept(tmp_path, monkeypatch):
    """Assert that results that were there when Ctrl-C was heard, in the middle of writing one, are in the file."""
    real, calls = store.Store.add, []

    def heard(self, block):
        calls.append(block)
        if len(calls) == 2:
            raise KeyboardInterrupt
        real(self, block)

    monkeypatch.setattr(store.Store, "add", heard)
    whole = phase_diagram(BASE, {"gain": [2.0, 3.0, 4.0]}, **QUICK)
    phase_diagram(BASE, {"gain": [2.0, 3.0, 4.0]}, out=tmp_path / "p.nc", executor=Finished(), **QUICK)
    assert whole.drop_attrs().identical(open_phase(tmp_path / "p.nc").drop_attrs())


def test_what_the_axes_override_is_no_other_sweep_where_the_first_point_does_not_exist(tmp_path):
    """Assert that a file whose first point is impossible is continued by a call that writes the base in another way."""
    axes = {"xi_plus": [9.0, 2.0]}
    first = phase_diagram(BASE, axes, out=tmp_path / "p.nc", **QUICK)
    same = Problem(NLGP(3.0, 1.5), NLGP(3.0, 1.0), 16)
    assert first.drop_attrs().identical(phase_diagram(same, axes, out=tmp_path / "p.nc", **QUICK).drop_attrs())
    other = Problem(NLGP(2.5, 1.5), NLGP(3.0, 1.0), 16)
    with pytest.raises(ValueError, match=r"^out: got .*gain=3\.0.*gain=2\.5"):
        phase_diagram(other, axes, out=tmp_path / "p.nc", **QUICK)


FORKED = """
import sys, time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from cumulode.validation.sweep.store import Store
from pathlib import Path
with Store(Path(sys.argv[1]), "").held(), ProcessPoolExecutor(1, mp_context=get_context("fork")) as pool:
    pool.submit(time.sleep, 0).result()
    print(next(iter(pool._processes)), flush=True)
    time.sleep(60)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_worker_that_outlives_a_killed_sweep_does_not_hold_its_file(tmp_path):
    """Assert that the file can be held again at once after kill -9, its worker still being there."""
    path = tmp_path / "p.nc"
    process = subprocess.Popen([sys.executable, "-c", FORKED, str(path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    worker = int(process.stdout.readline())
    with pytest.raises(ValueError, match="no other sweep"), store.Store(path, "").held():
        pass
    process.kill()
    process.wait()
    try:
        os.kill(worker, 0)
        time.sleep(0.1)
        with store.Store(path, "").held():
            assert parts_of(path).is_dir()
    finally:
        os.kill(worker, signal.SIGKILL)
