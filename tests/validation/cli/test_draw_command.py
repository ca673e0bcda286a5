"""``cumulode draw``: the figure of a file, with its command in it; bad input is one line that names the option."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import phase_data as made
import pytest
from PIL import Image

from cumulode.validation.cli import main


@pytest.fixture(name="file")
def _file(tmp_path: Path) -> str:
    axes = {"gain": made.GAINS, "xi_plus": made.XIS, "closure": np.array(["regression", "tree"])}
    made.diagram(axes).to_netcdf(tmp_path / "phase.nc", engine="scipy")
    attrs = made.stamped(closure="tree")
    made.boundary("gain", "xi_plus", [1.7], [0.9], [0.05], **attrs).to_netcdf(tmp_path / "line.nc", engine="scipy")
    sgd = made.boundary("gain", "xi_plus", [1.7], [0.9], [0.05], "sgd_", **attrs)
    sgd.to_netcdf(tmp_path / "sgd.nc", engine="scipy")
    return str(tmp_path / "phase.nc")


def test_a_map_is_drawn_next_to_its_file_and_names_its_command(file: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Assert the default figure, its command in the metadata, and --json on standard output."""
    line, sgd = (str(Path(file).with_name(name)) for name in ("line.nc", "sgd.nc"))
    arguments = ["draw", file, "--select", "closure=tree", "--at", "1,2", "--boundary", line, "--boundary-sgd", sgd]
    assert main([*arguments, "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed["figure"] == file.replace(".nc", "-ipr_times_D.png")
    assert not Path(file.replace(".nc", ".png")).exists()  # that is the figure of `cumulode phase`
    with Image.open(printed["figure"]) as image:
        assert image.info["Description"] == printed["command"]
        assert image.width == 1040
    assert printed["command"].startswith("cumulode draw ")


@pytest.mark.parametrize("extra", [
    ["--variable", "pattern", "--x", "xi_plus", "--y", "gain", "--select", "closure=tree", "--no-hatch", "--no-lines"],
    ["--select", "closure=tree", "--insets", "0", "--contour", "2,4", "--over", "2", "--linear"],
    ["--select", "xi_plus=2", "--y", "closure", "--at", "1,tree", "--fields", "below", "--contour", "none"],
    ["--slice", "--x", "gain", "--along", "xi_plus=2,4", "--select", "closure=tree", "--over", "median"],
    ["--slice", "--x", "gain", "--along", "closure", "--select", "xi_plus=2", "--variable", "width"],
])  # fmt: skip
def test_every_kind_of_figure_is_written(file: str, tmp_path: Path, extra: list[str]) -> None:
    """Assert exit code 0 and a figure, for maps and slices."""
    figure = tmp_path / "figure.svg"
    assert main(["draw", file, "--figure", str(figure), "--quiet", *extra]) == 0
    assert b"cumulode draw" in figure.read_bytes()


def test_the_old_place_of_fields_works_with_a_line_that_says_the_new_one(file, tmp_path, capsys):
    """Assert that fields "inside" the map are drawn above it, and that standard error says so."""
    assert (
        main(["draw", file, "--select", "closure=tree", "--fields", "inside", "--figure", str(tmp_path / "a.png")]) == 0
    )
    assert "--fields inside is now above" in capsys.readouterr().err
