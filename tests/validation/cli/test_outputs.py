"""Outputs of commands: tried before the work, replaced whole, kept where the disk is full or Ctrl-C came."""

from __future__ import annotations

import contextlib
import os
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest
import run_data
from disk import full_disk

from cumulode import load
from cumulode.numerics import Ensemble
from cumulode.numerics.status import Status
from cumulode.validation.cli import main
from cumulode.validation.comparison import compare as module
from cumulode.validation.comparison.result import Comparison

OUTPUTS = [
    ("solve", "--out", "nc"),
    ("sgd", "--out", "npz"),
    ("network", "--out", "nc"),
    ("compare", "--out", "csv"),
    ("compare", "--figure", "png"),
    ("phase", "--out", "nc"),
    ("phase", "--figure", "pdf"),
    ("derive", "--out", "md"),
    ("draw", "--figure", "svg"),
]
WORK = ["numerics.solve", "validation.sgd.neuron.simulate_sgd", "validation.sgd.network.simulate.simulate_network"]
WORK += ["validation.comparison.compare.compare", "validation.sweep.scheduling.run_tasks"]
WORK += ["theory.documents.derive", "validation.sweep.files.open_phase"]


@pytest.mark.parametrize(("command", "option", "suffix"), OUTPUTS)
def test_a_place_that_cannot_be_written_is_refused_before_the_work(
    command, option, suffix, tmp_path, monkeypatch, capsys
):
    """Assert exit code 2, one line that names the option, no work done and nothing changed, for five places."""
    monkeypatch.chdir(tmp_path)
    for name in WORK:
        monkeypatch.setattr(f"cumulode.{name}", lambda *_, **__: pytest.fail("worked"))
    (tmp_path / f"folder.{suffix}").mkdir()
    (tmp_path / f"circle.{suffix}").symlink_to(f"circle.{suffix}")
    places = [f"no/such.{suffix}", f"folder.{suffix}", f"circle.{suffix}", f"{'x' * 201}.{suffix}", ""]
    places += ["x.text"] if command != "derive" else []
    needed = {"phase": ["--gain", "1,2"], "draw": ["file.nc"], "derive": ["flow"]}.get(command, [])
    for place in places:
        assert main([command, *needed, option, place]) == 2
        out, err = capsys.readouterr()
        assert err.startswith(f"cumulode {command}: {option[2:]}: got '{place[:9]}"), err
        assert out == ""
        assert err.count("\n") == 1
    assert len(list(tmp_path.iterdir())) == 2


def ended(status: Status, runs: int = 0):
    """A run made up, which ended so."""
    n = max(runs, 1)
    made = run_data.trajectory(3.0, 1, runs)
    made.provenance.update(cumulant_error=0.0, problem={"size": run_data.D})
    return replace(made, statuses=np.full(n, status), messages=("stopped",) * n, message="stopped")


def compared(status: Status) -> Comparison:
    theory, sgd = ended(Status.REACHED_END), ended(status, 3)
    noisy = ended(Status.REACHED_END, 30)
    langevin = Ensemble(**{f.name: getattr(noisy, f.name) for f in fields(noisy)}, w0=theory.w[0])
    judged = module.judged_times(3, theory.t)
    rows = [np.swapaxes(module.values(each), 0, 1) for each in (theory, langevin, sgd)]
    unfit, gone = np.full(rows[0].shape[1:], "", object), np.zeros(theory.t.size, bool)
    material = module.Material(rows[0][0], rows[0], *rows[1:], unfit, gone, judged, 0.05, module.floors())
    places = module.positions(theory, langevin, sgd, np.flatnonzero(judged))
    return Comparison(module._table(material, theory.t), theory, sgd, theory, langevin, places, {})


def fake(monkeypatch, status: Status) -> None:
    """Commands whose runs end so, without any work."""
    monkeypatch.setattr("cumulode.numerics.solve", lambda *_, **__: ended(status))
    monkeypatch.setattr("cumulode.validation.comparison.compare.compare", lambda *_, **__: compared(status))


SIZE = ["--size", "12", "--xi-plus", "1.5", "--xi-minus", "0.5", "--quiet"]
COMPARE = ["compare", *SIZE, "--no-control", "--out", "c.csv", "--figure", "c.png"]
LINES = {"run.nc": ["solve", *SIZE, "--out", "run.nc"], "run.npz": ["solve", *SIZE, "--out", "run.npz"]}
LINES |= {"c.csv c.png": COMPARE}
FILES = " ".join(LINES).split()


def test_an_interrupted_run_does_not_replace_a_whole_one(tmp_path, monkeypatch, capsys):
    """Assert that after Ctrl-C the files of before are as they were, and what there is has names with ``.partial``."""
    monkeypatch.chdir(tmp_path)
    fake(monkeypatch, Status.INTERRUPTED)
    for name in FILES:
        Path(name).write_text("whole")
    for names, line in LINES.items():
        assert main(line) == 130
        err = capsys.readouterr().err
        for stem, suffix in (name.split(".") for name in names.split()):
            assert f"interrupted: what there is of {stem}.{suffix} is in {stem}.partial.{suffix}" in err
    assert {Path(name).read_text() for name in FILES} == {"whole"}
    made = {p.name for p in tmp_path.iterdir()} - set(FILES)
    assert made == {"run.partial.nc", "run.partial.npz", "c.partial.csv", "c.partial.png"}
    assert load("run.partial.nc").status is Status.INTERRUPTED


def test_a_full_disk_keeps_what_was_there_and_what_is_printed(tmp_path, monkeypatch, capsys):
    """Assert exit code 1, a line that names the file, the file of before whole, and the numbers on standard output."""
    monkeypatch.chdir(tmp_path)
    fake(monkeypatch, Status.REACHED_END)
    for name in FILES:
        Path(name).write_text("whole")
    for names, line in LINES.items():
        with full_disk():
            assert main(line) == 1
        out, err = capsys.readouterr()
        assert len(out.splitlines()) > 5
        for name in names.split():
            assert f"cannot write {name}: File too large (a file that was there is as it was)" in err
            assert Path(name).read_text() == "whole"
    assert main(LINES["run.nc"]) == 0
    assert load("run.nc").success
    assert {p.name for p in tmp_path.iterdir()} == set(FILES)


def test_derive_writes_to_a_device_and_through_a_link(tmp_path, monkeypatch, capsys):
    """Assert that /dev/full is exit code 1 in one line and stays a device, and that a link is written through."""
    monkeypatch.setattr(
        "cumulode.theory.documents.derive", lambda *_, **__: type("D", (), {"text": lambda _: "words"})()
    )
    assert main(["derive", "flow", "--out", "/dev/full"]) == 1
    assert "cannot write /dev/full: No space left on device" in capsys.readouterr().err
    assert not os.path.isfile("/dev/full")
    (tmp_path / "link").symlink_to("text")
    assert main(["derive", "flow", "--out", str(tmp_path / "link")]) == 0
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "text").read_text() == "words"


def test_words_of_the_command_line_are_escaped(capsys):
    """Assert that no control character of an argument reaches the terminal."""
    evil = "\x1b]0;owned\x07"
    for line in (
        ["solve", "--activation", evil],
        ["solve", f"--{evil}"],
        [evil],
        ["rerun", evil],
        ["solve", "--time", evil],
    ):
        with contextlib.suppress(SystemExit):
            main(line)
        assert capsys.readouterr().err.replace("\n", "").isprintable()
