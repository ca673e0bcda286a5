"""Bad input on the command line: exit code 2, one line on standard error that names the option, nothing else."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import phase_data as made
import pytest
import xarray as xr

from cumulode.validation.cli import main

SIZES = ["20x21", "3x3", "20x", "x", "8x8x8", "-5", "4.5", "1e1", "9" * 5000, "", "8×8"]
TORUS = "--size 6x6 --covariance wrapped --xi-plus 1.6 --xi-minus 0.6"
#: The command line, and what the line on standard error begins with (after "cumulode COMMAND: ").
REFUSED: list[tuple[str, str]] = [
    # the problem
    ("solve --gain -1", "gain: got -1.0"),
    ("solve --gain nan", "gain: got nan"),
    ("solve --size=--", "argument --size: got '--', allowed: one argument"),
    ("sgd --batch-size=--", "argument --batch-size: got '--', allowed: one argument"),
    (
        "solve --gain -3",
        "gain: got -3.0, allowed: 1e-07 <= gain <= inf (below, the field is Gaussian to all digits: use the law GP)",
    ),
    ("solve --gain three", "argument --gain: "),
    ("solve --gain-minus 0", "gain-minus: got 0.0"),
    ("solve --xi-plus 0", "xi-plus: got 0.0"),
    ("solve --xi-minus -2", "xi-minus: got -2.0"),
    ("solve --xi-plus 12", "xi-plus: got 12.0"),
    ("solve --size 20x20 --xi-plus 4", "xi-plus: got 4.0, allowed: 0 < xi <= 2.88"),
    ("solve --size 3", "size: got 3"),
    ("solve --law ising --size 8x8", "size: got (8, 8), allowed: an integer, a ring, for Ising"),
    ("solve --activation gelu", "activation: "),
    ("solve --activation __import__('os')", "activation: "),
    ("solve --activation relu --bias 0 --closure taylor", "closure: "),
    ("solve --prior 1", "prior: got 1.0"),
    ("solve --bias inf", "bias: got inf"),
    ("solve --law potts", "law: got 'potts'"),
    ("solve --law ising --t-plus 1.5", "t-plus: got 1.5"),
    ("solve --law ising --t-plus 0.5 --J-plus 0.5", "t-plus: got (0.5, 0.5)"),
    ("solve --covariance matern", "covariance: got 'matern'"),
    # an option of another law is refused, not ignored
    ("solve --law ising --gain 2", "gain: got 2.0, allowed: only with another --law; --law ising takes t-plus"),
    ("solve --law ising --covariance wrapped", "covariance: got 'wrapped', allowed: only with another --law"),
    ("solve --t-plus 0.5", "t-plus: got 0.5, allowed: only with another --law; --law nlgp takes gain"),
    ("solve --law gp --t-minus 0.5", "t-minus: got 0.5, allowed: only with another --law; --law gp takes gain"),
    ("solve --J-minus 0.5", "J-minus: got 0.5, allowed: only with another --law"),
    # the run
    ("solve --time 0", "time: got 0.0"),
    ("solve --time nan", "time: got nan"),
    ("solve --points 1", "points: got 1"),
    ("solve --amplitude 0", "amplitude: got 0.0"),
    ("solve --seed -1", "seed: got -1"),
    ("solve --w0 missing.npy", "w0: got 'missing.npy'"),
    (f"solve {TORUS} --w0 oblong.npy", "w0: got oblong.npy, shape (4, 9), allowed: 36 numbers, one start"),
    ("solve --out x.txt", "out: got 'x.txt'"),
    ("solve --out no/such/place.nc", "out: got 'no/such/place.nc'"),
    ("solve --nonsense", "unrecognized arguments: --nonsense"),
    ("solve --gian 3", "unrecognized arguments: --gian 3; did you mean '--gain'?"),
    # Solver and Sgd
    ("solve --closure nonsense", "closure: got 'nonsense'"),
    ("solve --closure tree:-1", "closure: got 'tree:-1'"),
    ("solve --closure exact", "closure: "),
    ("solve --rtol 0", "rtol: got 0.0"),
    ("solve --atol -1", "atol: got -1.0"),
    ("solve --tolerance 2", "tolerance: got 2.0"),
    ("solve --contraction fast", "contraction: got 'fast'"),
    ("solve --max-step 0", "max-step: got 0.0"),
    ("sgd --learning-rate 0", "learning-rate: got 0.0"),
    ("sgd --batch-size 0", "batch-size: got 0"),
    ("sgd --conventions theirs", "conventions: got 'theirs'"),
    # compare
    ("compare --seeds 1", "seeds: got 1"),
    ("compare --seeds 0,-1", "seeds: got"),
    ("compare --margin 0", "margin: got 0.0"),
    ("compare --figure x.gif", "figure: got 'x.gif'"),
    ("compare --population some", "population: got 'some'"),
    ("compare --runs 3", "runs: got 3"),
    # network
    ("network --hidden 3", "hidden: got 3"),
    ("network --hidden 0", "hidden: got 0"),
    ("network --biases odd", "biases: got 'odd'"),
    ("network --labels a", "labels: got 'a'"),
    ("network --labels 1,2", "labels: got (1.0, 2.0)"),
    ("network --loss hinge", "loss: got 'hinge'"),
    ("network --w0 missing.npy", "w0: got 'missing.npy'"),
    ("network --seeds 0", "seeds: got 0"),
    ("network --n-test 1", "n-test: got 1"),
    ("network --out a.txt", "out: got 'a.txt'"),
    ("network --architecture deep", "architecture: got 'deep'"),
    # phase and rerun
    (
        "phase --gain 3",
        "options: got one value of each, allowed: a range of at least one, such as --gain 0.1:30:16:log",
    ),
    ("phase --gain 0.1:30:16:lin", "argument --gain: got '0.1:30:16:lin'"),
    ("phase --gain 30:-1:16:log", "argument --gain: "),
    ("phase --gain 1,1", "argument --gain: "),
    ("phase --gain 1,2 --t-plus 0.1", "t-plus: "),
    ("phase --gain 1,2 --law foo", "law: "),
    ("phase --gain 1,2 --xi-plus 50", "xi-plus: "),
    ("phase --gain 1,2 --seeds 0", "seeds: "),
    ("phase --gain 1,2 --seeds 1.5", "argument --seeds: "),
    ("phase --gain 1,2 --out p.txt", "out: "),
    ("phase --gain 1,2 --figure p.gif", "figure: "),
    ("phase --gain 1,2 --measures ipr,foo", "measures: "),
    ("phase --gain 1,2 --measures ipr --variable width", "variable: "),
    ("phase --gain 1,2 --variable sgd_ipr", "variable: "),
    ("phase --gain 1,2 --variable pattern", "variable: "),
    ("phase --gain 1,2 --validity foo", "validity: "),
    ("phase --gain 1,2 --closure foo", "closure: "),
    ("phase --gain 1,2 --size 16:x:3", "size: "),
    ("phase --gain 1,2 --size 3", "size: "),
    ("phase --gain 1,2 --xi-plus 1 --xi-minus 0.5 --size 20,8x8", "size: "),
    ("phase --learning-rate 0.01,0.02", "axes: "),
    ("phase --gain 1,2 --workers 0", "workers: "),
    ("phase --gain 1,2 --scheduler tcp://127.0.0.1:1 --workers 2", "workers: "),
    ("rerun nowhere.nc", "file: got 'nowhere.nc', allowed: a file that exists"),
    ("rerun text.nc", "file: got 'text.nc', allowed: a netCDF file of a phase diagram"),
    ("rerun other.nc", "file: got other.nc, which holds a, allowed: a phase diagram"),
    ("rerun solution.nc", "file: got solution.nc, which holds a Solution, allowed: a phase diagram"),
    # draw
    ("draw text.nc", "file: got 'text.nc', allowed: a netCDF file of a phase diagram"),
    ("draw line.nc", "file: got line.nc, which holds critical"),
    ("draw nowhere.nc", "file: got 'nowhere.nc', allowed: a file that exists"),
    ("draw map.nc --variable foo", "variable: got 'foo'"),
    ("draw map.nc --insets 2", "select: got nothing for closure, allowed: closure= one of regression, tree"),
    ("draw map.nc --select closure", "select: got 'closure', allowed: AXIS=VALUE"),
    ("draw map.nc --select gain=x", "select: got gain=x"),
    ("draw map.nc --select closure=tree --at 3", "argument --at: got '3', allowed: X,Y"),
    ("draw map.nc --select closure=tree --at 300,2", "at: got gain = 300"),
    ("draw map.nc --select closure=tree --insets 40", "insets: got 40"),
    ("draw map.nc --select closure=tree --field-seed 9", "field-seed: got 9"),
    ("draw map.nc --select closure=tree --boundary map.nc", "boundary: got"),
    (
        "draw map.nc --boundary nowhere.nc --select closure=tree",
        "boundary: got 'nowhere.nc', allowed: a file that exists",
    ),
    ("draw map.nc --slice --at 1,2", "at: got [(1.0, 2.0)], allowed: only without --slice"),
    ("draw map.nc --along gain", "along: got 'gain', allowed: only with --slice"),
    ("draw map.nc --figure a.bmp", "figure: got 'a.bmp'"),
    ("draw map.nc --contour low", "argument --contour: got 'low'"),
    ("draw map.nc --log --linear", "argument --linear: not allowed with argument --log"),
    (
        "draw map.nc --select closure=tree --boundary-sgd line.nc",
        "boundary-sgd: got critical, standard_error, allowed: a Dataset of boundary(simulate=True), with sgd_critical "
        "and sgd_standard_error",
    ),
    (
        "draw map.nc --select closure=regression --boundary line.nc",
        "boundary: got closure = tree, allowed: a boundary of what the map shows, closure = regression",
    ),
    ("draw map.nc --select closure=tree --variable pattern --log", "log: got True, allowed: only for numbers"),
    ("draw map.nc --select closure=tree --variable pattern --linear", "linear: got False, allowed: only for numbers"),
    (
        "draw map.nc --select closure=tree --select gain=3.1",
        "select: got gain = 3.1, allowed: gain= one of 0.1, 0.3162, 1, 3.162",
    ),
    (
        "draw map.nc --slice --x gain --select closure=tree",
        "select: got nothing for xi_plus, allowed: xi_plus= one of 1.5, 2, 3, 4 (--select), or a curve for each "
        "value: along xi_plus (--along)",
    ),
    # the rest
    ("derive everything", "name: got 'everything'"),
    ("derive drift --order 2", "order: got 2"),
    ("derive drift --format pdf", "format: got 'pdf'"),
    ("derive drift --out no/a.md", "out: got 'no/a.md', allowed: a file in a directory that exists"),
    (r"check drift \frac{1}{2", r"formula: got '\frac{1}{2', allowed: a formula whose brackets close (a { does not)"),
    ("check drift (F1*Cw", "formula: got '(F1*Cw', allowed: a formula whose brackets close (a ( does not)"),
    ("check drift F1*Cw)", "formula: got 'F1*Cw)', allowed: a formula whose brackets match (a ) closes no other)"),
    ("reproduce nothing", "claim: got 'nothing', allowed: all, or 1 or tiling, 2 or control"),
    ("reproduce all tiling", "claim: got all tiling"),
    ("reproduce tiling all", "claim: got tiling all"),
    ("reproduce tensor --quick --out text.nc", "out: got 'text.nc', allowed: a folder that can be written"),
    ("cache --warm --activation gelu", "activation: got 'gelu'"),
    ("frobnicate", "COMMAND: got 'frobnicate', allowed: derive, check, solve"),
    ("slove", "COMMAND: got 'slove', did you mean solve?"),
    ("", "the following arguments are required: COMMAND"),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Files that commands are given: a phase diagram, boundaries, and what is none of them."""
    path = tmp_path_factory.mktemp("files")
    axes = {"gain": made.GAINS, "xi_plus": made.XIS, "closure": np.array(["regression", "tree"])}
    made.diagram(axes).to_netcdf(path / "map.nc", engine="scipy")
    line = made.boundary("gain", "xi_plus", [1.7], [0.9], [0.05], **made.stamped(closure="tree"))
    line.to_netcdf(path / "line.nc", engine="scipy")
    xr.Dataset({"a": ("x", [1.0])}).to_netcdf(path / "other.nc", engine="scipy")
    xr.Dataset({"a": ("x", [1.0])}, attrs={"kind": "Solution"}).to_netcdf(path / "solution.nc", engine="scipy")
    (path / "text.nc").write_text("no netCDF")
    np.save(path / "oblong.npy", np.ones((4, 9)))
    return path


def refused(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    """The one line of a refusal, after ``cumulode COMMAND: ``."""
    try:
        code: object = main(arguments)
    except SystemExit as stop:
        code = stop.code
    out, err = capsys.readouterr()
    assert code == 2, err
    assert out == ""
    assert len(err.strip().splitlines()) == 1, err
    head = "cumulode: " if not arguments or "COMMAND" in err else f"cumulode {arguments[0]}: "
    assert err.startswith(head)
    return err.removeprefix(head)


@pytest.mark.parametrize(("line", "begins"), REFUSED, ids=[line for line, _ in REFUSED])
def test_bad_input_is_one_line_that_names_the_option(line, begins, folder, monkeypatch, capsys):
    """Assert exit code 2, the one line, nothing on standard output, and no file written."""
    monkeypatch.chdir(folder)
    before = sorted(folder.iterdir())
    quiet = ["--quiet"] if line.split()[:1] in (["compare"], ["network"], ["solve"], ["sgd"]) else []
    assert refused([*line.split(), *quiet], capsys).startswith(begins)
    assert sorted(folder.iterdir()) == before


@pytest.mark.parametrize("text", SIZES)
@pytest.mark.parametrize("command", ["solve", "sgd", "compare"])
def test_a_size_that_is_neither_ring_nor_torus_is_refused(command, text, capsys):
    """Assert the line, with what is allowed."""
    line = refused([command, "--size", text], capsys)
    assert line.startswith("size: got ")
    assert "(a torus), written LxL" in line


def test_an_empty_folder_is_refused(capsys):
    """Assert the line for ``--out ''``, which no shell line of the table can hold."""
    assert refused(["reproduce", "tiling", "--out", ""], capsys).startswith("out: got ''")


@pytest.mark.parametrize(("old", "new"), [
    ("compare --wanted 0", "--wanted is now --margin"), ("rerun --points 2 nowhere.nc", "--points is now --cells"),
    ("network --test=1", "--test is now --n-test"), ("phase --gain 1,2 --measure foo", "--measure is now --measures"),
])  # fmt: skip
def test_an_old_name_works_with_a_line_that_says_the_new_one(old, new, capsys):
    """Assert a line before that of the refusal, which shows that the value has arrived."""
    assert main(old.split()) == 2
    first, *_, last = capsys.readouterr().err.strip().splitlines()
    assert first == f"cumulode {old.split()[0]}: {new}; the old name goes with the next release"
    assert "got" in last


@pytest.mark.parametrize(
    "arguments", [["--help"], ["solve", "--help"], ["solve", "--gain", "-1"], ["sgd", "--batch-size", "0"]]
)
def test_help_and_refusals_start_at_once(arguments):
    """Assert that neither numba nor SymPy, matplotlib, xarray or pandas is imported."""
    import subprocess
    import sys

    code = (
        "import sys; from cumulode.validation.cli import main\n"
        "try: main(sys.argv[1:])\n"
        "except SystemExit: pass\n"
        "sys.exit(any(m in sys.modules for m in ('numba', 'sympy', 'matplotlib', 'xarray', 'pandas')))"
    )
    done = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, check=False)
    assert done.returncode == 0
