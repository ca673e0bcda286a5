"""The command line: data on standard output, messages on standard error, exit codes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cumulode import Sgd, Solver
from cumulode.numerics.result import load
from cumulode.theory import documents
from cumulode.validation.cli import COMMANDS, build_parser, main

SHORT = ["--size", "16", "--xi-plus", "2", "--time", "4", "--points", "3", "--quiet"]


def test_solve_prints_a_table_and_the_outcome(capsys):
    """Assert that a table comes on standard output and nothing on standard error with --quiet."""
    assert main(["solve", *SHORT]) == 0
    out, err = capsys.readouterr()
    assert out.splitlines()[0].split() == ["time", "IPR", "x", "D", "norm", "kurtosis", "+", "kurtosis", "-"]
    assert "reached t = 4" in out
    assert err == ""


def test_solve_json_is_what_the_function_gives(capsys):
    """Assert that --json prints one object equal to solve() with the same numbers, and the law's options its law."""
    from cumulode import NLGP, Problem, solve

    assert main(["solve", *SHORT, "--json", "--seed", "5"]) == 0
    printed = json.loads(capsys.readouterr().out)
    w0 = 0.1 * np.random.default_rng(5).standard_normal(16) / 4
    sol = solve(Problem(NLGP(3.0, 2.0), NLGP(3.0, 1.0), 16), w0, [0, 2, 4])
    assert np.array_equal(printed["w"], sol.w)
    assert printed["provenance"]["closure"] == "regression"
    assert printed["command"].startswith("cumulode solve --size 16")


def test_options_have_the_names_and_defaults_of_the_objects():
    """Assert that what a command line without options describes is Solver, Sgd and the defaults of the functions."""
    import inspect

    from cumulode import phase_diagram, simulate_network
    from cumulode.numerics.flow.solver import FLOW
    from cumulode.validation.cli.fields import read

    compare, phase, network = (build_parser(c).parse_args([c]) for c in ("compare", "phase", "network"))
    for options in (compare, phase):
        assert read(Solver, options) == FLOW
        assert read(Sgd, options) == Sgd()
    assert (compare.time, compare.amplitude, compare.size) == (150.0, 0.1, "40")
    of_phase, of_network = (inspect.signature(f).parameters for f in (phase_diagram, simulate_network))
    assert (phase.time, phase.points, phase.amplitude) == (of_phase["time"].default, of_phase["points"].default, [0.1])
    for name in ("hidden", "architecture", "biases", "amplitude", "loss", "n_test"):
        assert getattr(network, name) == of_network[name].default


@pytest.mark.parametrize(("words", "law"), [
    ("--gain-minus 2", "NLGP(gain=2.0, xi=1.0"), ("--gain 2 --xi-minus 0.5", "NLGP(gain=2.0, xi=0.5"),
    ("--law ising --J-minus 0.5", "Ising(t=0.46211715726"), ("--law ising", "Ising(t=0.3)"), ("--law gp", "GP(source=NLGP("),
])  # fmt: skip
def test_options_of_the_laws_are_the_axes_of_problems(words, law):
    """Assert the law of the class minus."""
    from cumulode.validation.cli.problem_options import problem

    options = build_parser("solve").parse_args(["solve", *words.split()])
    assert repr(problem(options).minus).startswith(law)


def test_sgd_json_and_saved_arrays_agree(capsys, tmp_path):
    """Assert that sgd prints JSON, and saves the same arrays as netCDF and as .npz with the command in them."""
    common = ["sgd", *SHORT, "--batch-size", "5", "--json"]
    assert main([*common, "--out", str(tmp_path / "a.nc")]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert main([*common, "--out", str(tmp_path / "a.npz")]) == 0
    assert np.array_equal(load(tmp_path / "a.nc").w, printed["w"])
    import xarray as xr

    with xr.open_dataset(tmp_path / "a.nc", engine="scipy") as saved:
        assert saved.attrs["command"].startswith("cumulode sgd")
    with np.load(tmp_path / "a.npz") as saved:
        assert np.array_equal(saved["w"], printed["w"])


def test_compare_writes_a_figure_and_a_table_that_name_their_command(capsys, tmp_path):
    """Assert that compare prints both tables, and that figure and CSV are written."""
    figure, table = tmp_path / "c.png", tmp_path / "c.csv"
    code = main(["compare", *SHORT, "--seeds", "3", "--batch-size", "5", "--figure", str(figure), "--out", str(table)])
    assert code == 0
    out = capsys.readouterr().out
    assert "theory against SGD" in out
    assert "control against SGD" in out
    assert Image.open(figure).text["Description"].startswith("cumulode compare --size 16")
    lines = table.read_text().splitlines()
    assert lines[0].startswith("run,quantity,time,theory,population,population_error,langevin,sgd,standard_error")
    assert {line.split(",")[0] for line in lines[1:]} == {"theory", "control"}


@pytest.mark.parametrize("name", ["drift", "closures", "nlgp", "ising"])
def test_every_derivation_is_printed_in_every_format(name, derived, monkeypatch, capsys):
    """Assert that each derivation renders in every format, and says that no step failed."""
    monkeypatch.setattr(documents, "derive", derived)
    for form in ("text", "markdown", "latex"):
        assert main(["derive", name, "--format", form]) == 0
        assert "none failed" in capsys.readouterr().out


def test_one_equation_is_printed_with_its_assumptions(derived, monkeypatch, capsys):
    """Assert that ``derive growth.18`` prints that equation alone, and what it rests on."""
    monkeypatch.setattr(documents, "derive", lambda name, **given: derived("growth", **given).equation(name))
    assert main(["derive", "growth.18"]) == 0
    out = capsys.readouterr().out
    assert "(growth.18, " in out
    assert "(growth.17, " not in out
    assert "First neglected order: " in out


def test_help_shows_defaults_that_are_values(capsys):
    """Assert no ``(default: None)`` or ``(default: True)`` in the help of any command, and the default of the time."""
    for command in COMMANDS:
        with pytest.raises(SystemExit, match="0"):
            main([command, "--help"])
        printed = " ".join(capsys.readouterr().out.split())
        assert not any(f"(default: {value})" in printed for value in (None, True, False)), command
        if command == "solve":
            assert "(default: 150.0)" in printed


def test_a_run_that_fails_has_exit_code_1_and_says_why(capsys):
    """Assert that a blow-up is said in one line with its cause, and the JSON holds null, not NaN."""
    code = main(["solve", *SHORT, "--bias", "0.3", "--amplitude", "30", "--closure", "taylor", "--json"])
    out, err = capsys.readouterr()
    assert code == 1
    assert "blow up" in err
    assert "regression" in err  # the next step
    printed = json.loads(out)
    assert printed["success"] is False
    assert printed["w"][-1][0] is None


def test_a_neuron_that_does_not_move_is_said_not_to(capsys):
    """Assert the remark for a ReLU at bias -1, whose force vanishes where small weights are."""
    assert main(["solve", *SHORT, "--activation", "relu"]) == 0
    assert "did not move" in capsys.readouterr().out


def test_an_interrupted_run_has_exit_code_130_and_keeps_what_it_has(capsys):
    """Assert that Ctrl-C in a long SGD run ends it: what was recorded is printed, the code is 130."""
    words = ["sgd", "--size", "16", "--xi-plus", "2", "--batch-size", "1", "--quiet", "--json"]
    assert main([*words, "--time", "1"]) == 0  # everything is compiled
    capsys.readouterr()
    timer = threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    code = main([*words, "--time", "10000000", "--points", "10001"])
    out, err = capsys.readouterr()
    assert code == 130, err
    assert "interrupted" in err
    printed = json.loads(out)
    assert printed["w"][0][0] is not None
    assert printed["w"][-1][0] is None


def test_the_module_is_the_program():
    """Assert that ``python -m cumulode --version`` prints the version."""
    import cumulode

    done = subprocess.run([sys.executable, "-m", "cumulode", "--version"], capture_output=True, text=True, check=True)
    assert done.stdout == f"cumulode {cumulode.__version__}\n"


def _timed(*arguments: str, **environment: str) -> float:
    program = [str(Path(sys.executable).parent / "cumulode"), *arguments]
    begin = time.perf_counter()
    subprocess.run(program, check=True, capture_output=True, env=os.environ | environment)
    return time.perf_counter() - begin


@pytest.mark.slow
def test_the_second_start_compiles_nothing(capsys, tmp_path):
    """Assert that a second process loads its kernels from disk: nothing new is cached, and SymPy is not imported.

    The times are printed, not asserted (target: 2 s).
    """
    from cumulode.numerics.compile.places import cache_directory

    arguments = ["solve", "--gain", "3", "--xi-plus", "4", "--quiet"]
    first = _timed(*arguments)
    for kernel in cache_directory().rglob("*.nb?"):  # a copy, which tests that run at the same time do not fill
        copy = tmp_path / kernel.relative_to(cache_directory())
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(kernel.read_bytes())
    before = sorted((p, p.stat().st_mtime_ns) for p in tmp_path.rglob("*.nbc"))
    second = _timed(*arguments, CUMULODE_CACHE=str(tmp_path))
    after = sorted((p, p.stat().st_mtime_ns) for p in tmp_path.rglob("*.nbc"))
    with capsys.disabled():
        print(f"\n[cumulode solve: first start {first:.2f} s, second start {second:.2f} s]")
    assert before == after
    code = (
        "import sys; from cumulode.validation.cli import main; main(['solve', '--quiet', '--time', '1']); "
        "sys.exit('sympy' in sys.modules or 'matplotlib' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, check=False).returncode == 0


@pytest.mark.parametrize("option", ["--order 3", "--activation tanh", "--seed 2"])
def test_an_option_may_stand_between_the_quantity_and_the_formula(option, capsys):
    """Assert the same output in both orders, and a formula that begins with a minus sign."""
    code = main(["check", "drift", *option.split(), "-F1*Cw"])
    between = capsys.readouterr().out
    assert main(["check", "drift", "-F1*Cw", *option.split()]) == code == 1
    assert capsys.readouterr().out == between
    assert "understood: -Cw*F1" in between


def test_a_law_goes_by_its_name_in_any_case(capsys):
    """Assert that --law NLGP is nlgp."""
    assert main(["solve", *SHORT, "--law", "NLGP"]) == 0
    assert "reached t = 4" in capsys.readouterr().out


def test_help_begins_with_a_sentence_that_keeps_its_capitals(capsys):
    """Assert the description of compare."""
    with pytest.raises(SystemExit):
        main(["compare", "--help"])
    assert "Theory, Gaussian control and SGD side by side" in capsys.readouterr().out


def test_the_list_of_derivations_has_two_columns(capsys):
    """Assert that all descriptions begin at the same place."""
    assert main(["derive", "--list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert {line[:14].rstrip() for line in lines} == set(documents.DOCUMENTS)
