"""The command line: data on standard output, one clear line and exit code 2 for bad input."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from cumulode.validation.cli import main

SHORT = ["--size", "16", "--xi-plus", "2", "--time", "4", "--points", "3", "--quiet"]


def test_solve_prints_a_table_and_the_outcome(capsys):
    """Assert that a table comes on standard output and nothing on standard error with --quiet."""
    assert main(["solve", *SHORT]) == 0
    out, err = capsys.readouterr()
    assert out.splitlines()[0].split() == ["time", "IPR", "x", "D", "norm", "kurtosis", "+", "kurtosis", "-"]
    assert "reached t = 4" in out
    assert err == ""


def test_solve_json_is_what_the_library_gives(capsys):
    """Assert that --json prints one object equal to solve() with the same numbers."""
    from cumulode import NLGP, Problem, solve

    assert main(["solve", *SHORT, "--json", "--seed", "5"]) == 0
    told = json.loads(capsys.readouterr().out)
    w0 = 0.1 * np.random.default_rng(5).standard_normal(16) / 4
    sol = solve(Problem(NLGP(3.0, 2.0), NLGP(3.0, 1.0), 16), w0, [0, 2, 4])
    assert np.array_equal(told["w"], sol.w)
    assert told["provenance"]["closure"] == "regression"
    assert told["command"].startswith("cumulode solve --size 16")


def test_sgd_json_and_saved_arrays_agree(capsys, tmp_path):
    """Assert that sgd prints JSON, and saves the same arrays as netCDF and as .npz with the command in them."""
    import xarray as xr

    common = ["sgd", *SHORT, "--batch-size", "5", "--json"]
    assert main([*common, "--out", str(tmp_path / "a.nc")]) == 0
    told = json.loads(capsys.readouterr().out)
    assert main([*common, "--out", str(tmp_path / "a.npz")]) == 0
    with xr.open_dataset(tmp_path / "a.nc", engine="scipy") as saved:
        assert np.array_equal(saved["w"], told["w"])
        assert saved.attrs["command"].startswith("cumulode sgd")
    with np.load(tmp_path / "a.npz") as saved:
        assert np.array_equal(saved["w"], told["w"])


def test_compare_writes_a_figure_and_a_table_that_name_their_command(capsys, tmp_path):
    """Assert that compare prints both tables, and that figure and CSV are written."""
    from PIL import Image

    figure, table = tmp_path / "c.png", tmp_path / "c.csv"
    code = main(["compare", *SHORT, "--seeds", "3", "--batch-size", "5", "--figure", str(figure), "--out", str(table)])
    assert code == 0
    out = capsys.readouterr().out
    assert "theory against SGD" in out
    assert "control against SGD" in out
    assert Image.open(figure).text["Description"].startswith("cumulode compare --size 16")
    lines = table.read_text().splitlines()
    assert lines[0].startswith("run,quantity,time,theory,sgd,standard_error,allowance,z,verdict")
    assert {line.split(",")[0] for line in lines[1:]} == {"theory", "control"}


@pytest.mark.parametrize("name", ["drift", "closures", "nlgp", "ising"])
@pytest.mark.parametrize("form", ["text", "markdown", "latex"])
def test_every_derivation_is_printed_in_every_format(name, form, capsys):
    """Assert that each derivation renders, and says that no step failed."""
    assert main(["derive", name, "--format", form]) == 0
    assert "none failed" in capsys.readouterr().out


BAD = [
    (["solve", "--gain", "-1"], "gain"),
    (["solve", "--gain", "nan"], "gain"),
    (["solve", "--xi-plus", "0"], "xi-plus"),
    (["solve", "--xi-minus", "-2"], "xi-minus"),
    (["solve", "--xi-plus", "12"], "xi-plus"),
    (["solve", "--size", "3"], "size"),
    (["solve", "--closure", "nonsense"], "closure"),
    (["solve", "--closure", "tree:-1"], "closure"),
    (["solve", "--closure", "exact"], "closure"),
    (["solve", "--activation", "gelu"], "activation"),
    (["solve", "--activation", "__import__('os')"], "activation"),
    (["solve", "--time", "0"], "time"),
    (["solve", "--time", "nan"], "time"),
    (["solve", "--points", "1"], "points"),
    (["solve", "--rtol", "0"], "rtol"),
    (["solve", "--atol", "-1"], "atol"),
    (["solve", "--tolerance", "2"], "tolerance"),
    (["solve", "--amplitude", "0"], "amplitude"),
    (["solve", "--seed", "-1"], "seed"),
    (["solve", "--prior", "1"], "prior"),
    (["solve", "--bias", "inf"], "bias"),
    (["solve", "--law", "potts"], "law"),
    (["solve", "--law", "ising", "--t-plus", "1.5"], "t-plus"),
    (["solve", "--covariance", "matern"], "covariance"),
    (["solve", "--gain", "three"], "gain"),
    (["solve", "--nonsense"], "nonsense"),
    (["solve", "--w0", "missing.npy"], "w0"),
    (["solve", "--out", "x.txt"], "out"),
    (["solve", "--out", "no/such/place.nc"], "out"),
    (["solve", "--activation", "relu", "--bias", "0", "--closure", "taylor"], "closure"),
    (["sgd", "--learning-rate", "0"], "learning_rate"),
    (["sgd", "--batch-size", "0"], "batch_size"),
    (["compare", "--seeds", "1"], "seeds"),
    (["compare", "--figure", "x.gif"], "figure"),
    (["compare", "--allowance", "some"], "allowance"),
    (["derive", "everything"], "name"),
    (["derive", "drift", "--order", "2"], "order"),
    (["derive", "drift", "--format", "pdf"], "format"),
    (["frobnicate"], "frobnicate"),
    ([], "COMMAND"),
]


@pytest.mark.parametrize(("arguments", "named"), BAD, ids=lambda v: " ".join(v) if isinstance(v, list) else v)
def test_bad_input_is_one_line_naming_the_argument_and_exit_code_2(arguments, named, capsys):
    """Assert exit code 2, nothing on standard output, and one line on standard error that names the argument."""
    try:
        code = main([*arguments, *(["--quiet"] if arguments and arguments[0] in ("solve", "sgd", "compare") else [])])
    except SystemExit as stop:
        code = stop.code
    out, err = capsys.readouterr()
    assert code == 2
    assert out == ""
    assert len(err.strip().splitlines()) == 1, err
    assert named in err


def test_a_run_that_fails_has_exit_code_1_and_says_why(capsys):
    """Assert that a blow-up is told in one line with its cause, and the JSON holds null, not NaN."""
    code = main(["solve", *SHORT, "--bias", "0.3", "--amplitude", "30", "--closure", "taylor", "--json"])
    out, err = capsys.readouterr()
    assert code == 1
    assert "blow up" in err
    assert "regression" in err  # the next step
    told = json.loads(out)
    assert told["success"] is False
    assert told["w"][-1][0] is None


@pytest.mark.parametrize(("arguments", "named"), [
    (["--law", "ising", "--gain", "2"], "gain"), (["--law", "ising", "--covariance", "wrapped"], "covariance"), (["--t-plus", "0.5"], "t-plus"),
    (["--law", "gp", "--t-minus", "0.5"], "t-minus"),
])
def test_an_option_of_another_law_is_refused_rather_than_ignored(arguments, named, capsys):
    """Assert exit code 2 and one line naming the option, and which options the law takes."""
    assert main(["solve", *arguments, "--quiet"]) == 2
    err = capsys.readouterr().err
    assert len(err.strip().splitlines()) == 1
    assert err.startswith(f"cumulode solve: {named}: got ")
    assert "takes" in err


def test_a_neuron_that_does_not_move_is_said_not_to(capsys):
    """Assert the remark for a ReLU at bias -1, whose force vanishes where small weights are."""
    assert main(["solve", *SHORT, "--activation", "relu"]) == 0
    assert "did not move" in capsys.readouterr().out


def test_an_interrupted_run_has_exit_code_130_and_keeps_what_it_has(tmp_path):
    """Assert that Ctrl-C in a long SGD run ends it within seconds: what was recorded is printed, the code is 130."""
    program = Path(sys.executable).parent / "cumulode"
    words = [str(program), "sgd", "--size", "16", "--xi-plus", "2", "--time", "10000000", "--points", "10001", "--batch-size", "1", "--json"]
    running = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path)
    time.sleep(5)
    running.send_signal(signal.SIGINT)
    out, err = running.communicate(timeout=60)
    assert running.returncode == 130, err
    assert "interrupted" in err
    told = json.loads(out)
    assert told["w"][0][0] is not None
    assert told["w"][-1][0] is None


def _timed(*arguments: str) -> float:
    program = [str(Path(sys.executable).parent / "cumulode"), *arguments]
    begin = time.perf_counter()
    subprocess.run(program, check=True, capture_output=True, env=os.environ)
    return time.perf_counter() - begin


@pytest.mark.slow
def test_the_second_start_compiles_nothing(capsys):
    """Assert that a second process loads its kernels from disk: nothing new is cached, and SymPy is not imported.

    The times are printed, not asserted (target: 2 s).
    """
    from cumulode.numerics.compile.jit import cache_directory

    arguments = ["solve", "--gain", "3", "--xi-plus", "4", "--quiet"]
    first = _timed(*arguments)
    before = sorted((p, p.stat().st_mtime_ns) for p in cache_directory().rglob("*.nbc"))
    second = min(_timed(*arguments) for _ in range(3))
    after = sorted((p, p.stat().st_mtime_ns) for p in cache_directory().rglob("*.nbc"))
    with capsys.disabled():
        print(f"\n[cumulode solve: first start {first:.2f} s, second start {second:.2f} s]")
    assert before == after
    code = (
        "import sys; from cumulode.validation.cli import main; main(['solve', '--quiet', '--time', '1']); "
        "sys.exit('sympy' in sys.modules or 'matplotlib' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, check=False).returncode == 0
