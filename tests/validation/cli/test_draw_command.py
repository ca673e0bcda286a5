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


def test_a_map_is_drawn_beside_its_file_and_names_its_command(file: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Assert the default figure, its command in the metadata, and --json on standard output."""
    line, sgd = (str(Path(file).with_name(name)) for name in ("line.nc", "sgd.nc"))
    arguments = ["draw", file, "--select", "closure=tree", "--at", "1,2", "--boundary", line, "--boundary-sgd", sgd]
    assert main([*arguments, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["figure"] == file.replace(".nc", "-ipr_times_D.png")
    assert not Path(file.replace(".nc", ".png")).exists()  # that is the figure of `cumulode phase`
    with Image.open(told["figure"]) as image:
        assert image.info["Description"] == told["command"]
        assert image.width == 1040
    assert told["command"].startswith("cumulode draw ")


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


BAD = {
    "--variable foo": "variable: got 'foo'",
    "--insets 2": "select: got nothing for closure, allowed: closure= one of regression, tree",
    "--select closure": "select: got 'closure', allowed: AXIS=VALUE",
    "--select gain=x": "select: got 'gain=x'",
    "--select closure=tree --at 3": "at: got '3', allowed: X,Y",
    "--select closure=tree --at 300,2": "at: got gain = 300",
    "--select closure=tree --insets 40": "insets: got 40",
    "--select closure=tree --field-seed 9": "field-seed: got 9",
    "--select closure=tree --boundary {}": "boundary: got",
    "--boundary nowhere.nc --select closure=tree": "boundary: got 'nowhere.nc', allowed: a file that exists",
    "--slice --at 1,2": "at: got ['1,2'], allowed: only without --slice",
    "--along gain": "along: got 'gain', allowed: only with --slice",
    "--figure a.bmp": "figure: got 'a.bmp'",
    "--contour low": "contour: got 'low'",
    "--select closure=tree --boundary-sgd {folder}/line.nc": "boundary-sgd: got critical, standard_error, allowed: a "
    "Dataset of boundary(simulate=True), with sgd_critical and sgd_standard_error",
    "--select closure=regression --boundary {folder}/line.nc": "boundary: got closure = tree, allowed: a boundary of "
    "what the map shows, closure = regression",
    "--select closure=tree --variable pattern --log": "log: got True, allowed: only for numbers",
    "--select closure=tree --variable pattern --linear": "linear: got False, allowed: only for numbers",
    "--select closure=tree --select gain=3.1": "select: got gain = 3.1, allowed: gain= one of 0.1, 0.3162, 1, 3.162",
    "--slice --x gain --select closure=tree": "select: got nothing for xi_plus, allowed: xi_plus= one of 1.5, 2, 3, 4 "
    "(--select), or a curve for each value: along xi_plus (--along)",
}


@pytest.mark.parametrize("arguments", BAD)
def test_bad_input_is_one_line_that_names_the_option(
    file: str, arguments: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Assert exit code 2, one line on standard error, nothing on standard output, no figure."""
    folder = str(Path(file).parent)
    assert main(["draw", file, *arguments.format(file, folder=folder).split()]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert len(err.splitlines()) == 1
    assert err.startswith(f"cumulode draw: {BAD[arguments]}")
    assert list(Path(file).parent.glob("*.png")) == []


def test_what_is_no_phase_diagram_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Assert the line for a missing file and for one that is no netCDF."""
    text = tmp_path / "a.nc"
    text.write_text("no netCDF")
    other = tmp_path / "line.nc"
    made.boundary("gain", "xi_plus", [1.7], [0.9], [0.05]).to_netcdf(other, engine="scipy")
    for path, words in ((text, "a phase diagram"), (other, "a phase diagram"), (tmp_path / "b.nc", "a file that exists")):
        assert main(["draw", str(path)]) == 2
        said = capsys.readouterr().err
        assert said.startswith(f"cumulode draw: file: got '{str(path)[:60]}")
        assert words in said


def test_log_and_linear_exclude_each_other_and_help_tells_defaults_that_are_values(
    file: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Assert exit code 2 in one line, and no ``(default: None)`` or ``(default: True)`` in the help of any command."""
    with pytest.raises(SystemExit, match="2"):
        main(["draw", file, "--log", "--linear"])
    assert "not allowed with argument --log" in capsys.readouterr().err
    for command in ("draw", "phase", "solve"):
        with pytest.raises(SystemExit, match="0"):
            main([command, "--help"])
        told = " ".join(capsys.readouterr().out.split())
        assert not any(f"(default: {value})" in told for value in (None, True, False))
    assert "(default: 150.0)" in told
