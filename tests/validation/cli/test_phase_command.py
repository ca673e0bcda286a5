"""``cumulode phase`` and ``cumulode rerun``: data, figure, exit codes."""

from __future__ import annotations

import contextlib
import io
import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from cumulode.numerics.io.checksums import without_checksums
from cumulode.theory import NLGP, Problem
from cumulode.validation import phase_diagram
from cumulode.validation.cli import main
from cumulode.validation.cli.values import integers, numbers, words
from cumulode.validation.sweep.rerun import rerun

SMALL = [
    "phase",
    "--gain",
    "0.3,3",
    "--xi-plus",
    "1.5:2.1:3",
    "--size",
    "16",
    "--time",
    "20",
    "--points",
    "5",
    "--seeds",
    "2",
    "--quiet",
]


@pytest.fixture(scope="module", name="made")
def _made(tmp_path_factory) -> tuple[Path, str]:
    """A folder with the file and the figure of SMALL, made once, and what was printed."""
    folder, out = tmp_path_factory.mktemp("phase"), io.StringIO()
    with contextlib.chdir(folder), contextlib.redirect_stdout(out):
        assert main([*SMALL, "--out", "p.nc"]) == 0
    return folder, out.getvalue()


@pytest.fixture
def there(made, tmp_path, monkeypatch):
    """A directory of its own with a copy of that file."""
    shutil.copy(made[0] / "p.nc", tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_command_is_the_function(made):
    """Assert that the file is the one phase_diagram writes, that the figure holds the command, and what is printed."""
    folder, out = made
    assert "theory: " in out
    assert re.search(r"^gain +2 values: 0\.3, 3$", out, re.MULTILINE)
    problem = Problem(NLGP(3.0, 2.0), NLGP(3.0, 1.0), 16)
    axes = {"gain": [0.3, 3.0], "xi_plus": [1.5, 1.8, 2.1]}
    expected = phase_diagram(problem, axes, seeds=2, time=20.0, points=5)
    data = xr.load_dataset(folder / "p.nc", engine="scipy")
    assert data.drop_attrs().identical(expected.drop_attrs())
    command = "cumulode " + " ".join([*SMALL, "--out", "p.nc"])
    assert data.attrs["command"] == command
    assert command.encode() in (folder / "p.png").read_bytes()


def test_json_is_one_object_with_the_numbers(there, capsys):
    """Assert axes, medians over seeds, counts of classes, critical values and the command, and nothing else on stdout."""
    assert main([*SMALL, "--out", "p.nc", "--json", "--no-figure"]) == 0
    printed = json.loads(capsys.readouterr().out)
    data = xr.load_dataset("p.nc", engine="scipy")
    np.testing.assert_array_equal(printed["ipr_times_D"], data.ipr_times_D.median("seed"))
    assert printed["axes"] == {"gain": [0.3, 3.0], "xi_plus": [1.5, 1.8, 2.1]}
    assert sum(printed["patterns"].values()) == printed["runs"] == 12
    assert set(printed["critical"]) == {"critical_gain_linear", "critical_gain_stability"}
    assert printed["command"].startswith("cumulode phase --gain 0.3,3 ")
    assert not (there / "p.png").exists()


def test_rerun_repeats_a_file_from_itself(there, capsys):
    """Assert that an untouched file is equal (exit 0); that a number changed by hand is noticed (exit 1), and refused
    (exit 2) where the file still has its checksums.
    """
    assert main(["rerun", "p.nc", "--quiet"]) == 0
    assert re.search(r"^6 \w+ repeated: equal to the bit$", capsys.readouterr().out, re.MULTILINE)
    data = xr.load_dataset("p.nc", engine="scipy")
    data["norm"][0, 1, 1] *= 1 + 1e-6
    data.to_netcdf("q.nc", engine="scipy")
    assert main(["rerun", "q.nc", "--quiet"]) == 2
    assert "not as it was written, by its checksums: norm)" in capsys.readouterr().err
    without_checksums(data).to_netcdf("q.nc", engine="scipy")
    assert main(["rerun", "q.nc", "--quiet", "--json"]) == 1
    printed = json.loads(capsys.readouterr().out)
    assert not printed["verified"]
    row = next(d for d in printed["differences"] if d["variable"] == "norm")
    assert (row["compared"], row["differ"]) == (12, 1)
    assert row["relative"] == pytest.approx(1e-6, rel=1e-3)
    assert [d["variable"] for d in printed["differences"] if d["differ"]] == ["norm"]


def test_rerun_of_a_few_cells(there):
    """Assert that about as many cells as given are repeated."""
    problem = Problem(NLGP(3.0, 2.0), NLGP(3.0, 1.0), 16)
    axes = {"gain": [0.3, 1.0, 3.0, 10.0], "xi_plus": [1.5, 1.8, 2.1]}
    phase_diagram(problem, axes, seeds=1, time=5.0, points=3, out="cells.nc", validity="off")
    again = rerun("cells.nc", cells=3, seed=1)
    assert again.equal
    assert again.cells == 4  # 2 x 2


def test_axes_keep_the_order_of_the_command_line(there):
    """Assert the order of axes, that gain is class plus's where gain-minus is given, and that all run axes are axes."""
    line = "phase --size 12,16 --xi-plus 1.5 --gain-minus 3 --gain 1,3 --time 2 --points 3 --seeds 1 --simulate"
    line += " --learning-rate 0.1,0.2 --batch-size 2 --amplitude 0.1,0.2 --closure taylor,gaussian --validity off"
    assert main([*line.split(), "--no-lines", "--no-fields", "--out", "o.nc", "--no-figure", "--quiet"]) == 0
    data = xr.load_dataset("o.nc", engine="scipy")
    assert data.ipr.dims == ("size", "gain_plus", "start_amplitude", "closure", "seed")
    assert data.sgd_ipr.dims == ("size", "gain_plus", "learning_rate", "start_amplitude", "seed")
    assert data.attrs["axes"] == "size, gain_plus, learning_rate, start_amplitude, closure"
    assert "w" not in data


def test_when_nothing_works_the_exit_code_says_so(there, capsys):
    """Assert exit 1 where every run failed, exit 0 where only some points do not exist, with the reason on stderr."""
    taylor = [
        "phase",
        "--activation",
        "relu",
        "--bias",
        "0",
        "--closure",
        "taylor",
        "--gain",
        "1,3",
        "--size",
        "16",
        "--xi-plus",
        "2",
    ]
    rest = ["--time", "2", "--out", "n.nc", "--no-figure", "--quiet"]
    assert main([*taylor, *rest]) == 1
    assert "closure: got 'taylor' with activation='relu'" in capsys.readouterr().err
    line = ["phase", "--xi-plus", "2,9", "--size", "16", "--time", "2", "--seeds", "1"]
    assert main([*line, "--out", "q.nc", "--no-figure", "--quiet"]) == 0
    assert "theory: 1 of 2 failed; xi: got 9.0" in capsys.readouterr().err


@pytest.mark.slow
def test_processes_instead_of_threads(there):
    """Assert that --workers gives the same file."""
    assert main([*SMALL, "--out", "q.nc", "--no-figure", "--workers", "2"]) == 0
    one, two = (xr.load_dataset(f, engine="scipy").drop_attrs() for f in ("p.nc", "q.nc"))
    assert one.identical(two)


def test_a_file_begun_by_another_version_is_mentioned_once(there, capsys, monkeypatch):
    """Assert one line on standard error where the revision changed, both revisions in the file, and no more later."""
    line = [*SMALL, "--out", "p.nc", "--no-figure", "--quiet"]
    assert main(line) == 0
    assert "begun with" not in capsys.readouterr().err
    monkeypatch.setattr("cumulode.validation.sweep.table.revision", lambda: "another")
    for times in (1, 0):
        assert main(line) == 0
        assert capsys.readouterr().err.count("p.nc was begun with revision") == times
        assert xr.load_dataset("p.nc", engine="scipy").attrs["revision"].split("; ")[1:] == ["another"]


def test_extend_takes_single_values_of_the_file_s_axes(there):
    """Assert that --extend --gain 1 adds one gain, and leaves the other axis as it is."""
    more = "phase --gain 1 --size 16 --time 20 --points 5 --seeds 2 --extend --out p.nc --no-figure --quiet"
    assert main(more.split()) == 0
    data = xr.load_dataset("p.nc", engine="scipy")
    assert data.gain.values.tolist() == [0.3, 1.0, 3.0]
    assert data.xi_plus.values.tolist() == [1.5, 1.8, 2.1]
    assert (data.status == 0).all()


def test_a_range_may_begin_with_a_minus_sign(there):
    """Assert that --bias -1:0:3 is taken as --bias=-1:0:3."""
    line = "phase --bias -1:-0.8:2 --size 16 --xi-plus 2 --time 2 --points 3 --seeds 1 --validity off --no-lines"
    assert main([*line.split(), "--out", "b.nc", "--no-figure", "--quiet"]) == 0
    assert xr.load_dataset("b.nc", engine="scipy").bias.values.tolist() == [-1.0, -0.8]


def test_ranges():
    """Assert what the notation means."""
    assert numbers("3") == [3.0]
    assert numbers("1,2,4") == [1.0, 2.0, 4.0]
    assert numbers("0.1:0.7:7") == [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7]
    assert numbers("1:100:3:log") == [1.0, 10.0, 100.0]
    assert numbers("1,inf") == [1.0, np.inf]
    assert integers("16:64:3") == [16, 40, 64]
    assert words("a, b") == ["a", "b"]
