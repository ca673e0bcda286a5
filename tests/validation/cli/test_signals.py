"""Ctrl-C, SIGTERM and the end of a terminal stop every long command, keep what was done, and leave nothing running."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from benchmarks.faults.bench import cpu_seconds, until
from cumulode.validation.cli import main
from cumulode.validation.sweep.files import open_phase

pytestmark = pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="signals of Unix")

RING = ("--size", "8", "--xi-plus", "1.5", "--quiet")
GRID = (*RING, "--gain", "0.5:5:30", "--bias=-1:1:30", "--seeds", "2", "--points", "5", "--no-figure", "--no-lines")
SMALL_STEPS = ("--max-step", "1e-6", "--max-steps", "1000000000000000")
LONG = {
    "solve": ("solve", *RING, *SMALL_STEPS, "--time", "1e8", "--points", "101"),
    "sgd": ("sgd", *RING, "--time", "1e7", "--points", "101"),
    "network": ("network", *RING, "--hidden", "2", "--n-test", "10", "--time", "1e7", "--points", "101"),
    "compare": ("compare", *RING, "--time", "1e4", "--points", "3", "--no-figure", "--population", "none"),
    "phase": ("phase", *GRID, "--time", "1000", "--out", "map.nc"),
    "phase --simulate": ("phase", *GRID, "--time", "1e5", "--simulate", "--out", "map.nc"),
    "reproduce": ("reproduce", "control", "--out", "claims"),
    "derive": ("derive", "bump"),
}


#: Options that make a command short, so that what it compiles is there.
SHORT = {
    "phase": ("--gain", "1:2:2", "--bias=-1:0:2", "--time", "1", "--out", "short.nc"),
    "reproduce": (),
    "derive": (),
}


@pytest.fixture
def in_a_second(monkeypatch, tmp_path):
    """Run a command of this process, to which a signal is sent meanwhile: the code, and the seconds it took to end."""
    monkeypatch.chdir(tmp_path)

    def run(words, number, after=1.0):
        sent = []

        def send():
            sent.append(time.monotonic())
            os.kill(os.getpid(), number)

        timer = threading.Timer(after, send)
        timer.start()
        code = main(list(words))
        timer.cancel()
        timer.join()
        return code, time.monotonic() - sent[0] if sent else None

    return run


@pytest.mark.parametrize("command", LONG)
def test_every_long_command_stops(command, in_a_second, capsys):
    """Assert that SIGTERM ends it within seconds (of what is compiled already) with exit code 143 and a line, no thread of it running on."""
    short = SHORT.get(LONG[command][0], ("--time", "0.5"))
    assert not short or main([*LONG[command], *short]) == 0
    before = threading.active_count()
    code, seconds = in_a_second(LONG[command], signal.SIGTERM)
    err = capsys.readouterr().err
    assert code == 143, err
    assert seconds is not None
    assert seconds < 10.0
    assert "interrupted" in err or "stopped" in err
    assert threading.active_count() <= before
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL


def test_ctrl_c_in_sgd_says_how_far_the_runs_came(in_a_second, capsys):
    """Assert the range of times that the runs reached, not the last time recorded, nor that of runs that never began."""
    code, _ = in_a_second(
        ("compare", *RING, "--time", "1e4", "--points", "2", "--no-figure", "--seeds", "8"), signal.SIGINT
    )
    assert code == 130
    line = re.search(r"SGD: 8 of 8 runs stopped between t = 0 and ([0-9.]+) of", capsys.readouterr().err)
    assert line is not None
    assert float(line[1]) > 1.0


def test_nothing_begins_after_theory_was_interrupted(in_a_second, capsys):
    """Assert that Ctrl-C while theory is integrated ends ``compare``, whose SGD does not begin."""
    slow = (*SMALL_STEPS, "--time", "1e4", "--points", "2", "--no-figure")
    code, seconds = in_a_second(("compare", *RING, *slow), signal.SIGINT)
    assert code == 130
    assert seconds is not None
    assert seconds < 5.0
    err = capsys.readouterr().err
    assert "theory: stopped at t = " in err
    assert "SGD: 8 of 8 runs stopped at t = 0 of" in err


def test_a_signal_that_is_ignored_stays_so(in_a_second):
    """Assert that a command under nohup does not hear the end of its terminal, and that handlers are as before."""
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        assert in_a_second(("sgd", *RING, "--time", "150", "--points", "2"), signal.SIGHUP, 0.2)[0] == 0
        assert signal.getsignal(signal.SIGHUP) == signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, signal.SIG_DFL)


def children(process):
    listed = subprocess.run(["ps", "-o", "pid=", "--ppid", str(process)], capture_output=True, text=True, check=False)
    return [int(word) for word in listed.stdout.split()]


def running(process):
    try:
        with open(f"/proc/{process}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def finished(path):
    """How many runs of a map are done."""
    return int((open_phase(path).status == 0).sum()) if path.exists() else 0


@pytest.mark.slow
@pytest.mark.skipif(not os.path.exists("/proc/self/stat"), reason="looks at /proc")
def test_no_worker_outlives_its_command(tmp_path):
    """Assert that SIGTERM, and kill -9, of `phase --workers 2` leave no process, and that what was done is there."""
    words = [sys.executable, "-m", "cumulode", "phase", *GRID, "--time", "20", "--workers", "2", "--out", "map.nc"]
    done = 0
    for number, code in ((signal.SIGTERM, 143), (signal.SIGKILL, -signal.SIGKILL)):
        command = subprocess.Popen(words, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        waited = time.monotonic() + 60
        while time.monotonic() < waited and finished(tmp_path / "map.nc") <= done:
            time.sleep(0.1)
        began = children(command.pid)
        assert len(began) >= 2
        command.send_signal(number)
        _, err = command.communicate(timeout=30)
        assert command.returncode == code, err
        waited = time.monotonic() + 20
        while time.monotonic() < waited and any(map(running, began)):
            time.sleep(0.1)
        assert [process for process in began if running(process)] == []
        assert finished(tmp_path / "map.nc") > done
        done = finished(tmp_path / "map.nc")


@pytest.mark.slow
@pytest.mark.skipif(not os.path.exists("/proc/self/stat"), reason="looks at /proc")
def test_a_worker_that_dies_does_not_leave_the_command_waiting_for_the_others(tmp_path):
    """Assert that kill -9 of one worker, while the other is at a block of hours, ends the command and the other soon."""
    words = [sys.executable, "-m", "cumulode", "phase", *RING, "--gain", "0.5:5:4", "--bias", "-1", "--seeds", "1"]
    words += ["--no-figure", "--no-lines", "--simulate", "--time", "1e7", "--workers", "2", "--out", "map.nc"]
    command = subprocess.Popen(words, cwd=tmp_path, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)

    def workers():
        return [one for one in children(command.pid) if "spawn_main" in Path(f"/proc/{one}/cmdline").read_text()]

    try:
        assert until(lambda: len(workers()) == 2 and all(cpu_seconds(one) > 4.0 for one in workers()), 120.0)
        first, second = workers()
        os.kill(first, signal.SIGKILL)
        _, err = command.communicate(timeout=20)
        assert command.returncode == 1
        assert "a worker died" in err
        assert until(lambda: not running(second), 5.0)
    finally:
        command.kill()  # what it has started ends with it
