"""Ctrl-C, SIGTERM and the end of a terminal stop every long command, keep what was done, and leave nothing running."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from cumulode.validation.cli import main, signals
from cumulode.validation.sweep.files import open_phase

pytestmark = pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="signals of Unix")

RING = ("--size", "8", "--xi-plus", "1.5", "--quiet")
GRID = (*RING, "--gain", "0.5:5:30", "--bias=-1:1:30", "--seeds", "2", "--points", "5", "--no-figure", "--no-lines")
LONG = {
    "solve": ("solve", *RING, "--time", "1e5", "--max-step", "1e-4", "--points", "101"),
    "sgd": ("sgd", *RING, "--time", "1e7", "--points", "101"),
    "network": ("network", *RING, "--hidden", "2", "--n-test", "10", "--time", "1e7", "--points", "101"),
    "compare": ("compare", *RING, "--time", "1e6", "--points", "3", "--no-figure"),
    "phase": ("phase", *GRID, "--time", "1000", "--out", "map.nc"),
    "phase --simulate": ("phase", *GRID, "--time", "1e5", "--simulate", "--out", "map.nc"),
    "reproduce": ("reproduce", "control", "--out", "claims"),
    "derive": ("derive", "bumps"),
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
    """Assert that SIGTERM ends it within seconds with exit code 143 and a line, no thread of it running on."""
    before = threading.active_count()
    code, seconds = in_a_second(LONG[command], signal.SIGTERM)
    err = capsys.readouterr().err
    assert code == 143, err
    assert seconds is not None
    assert seconds < 10.0
    assert "interrupted" in err or "stopped" in err
    assert threading.active_count() <= before
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL
