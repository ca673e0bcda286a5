"""Tori from the command line and through ``compare``."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image

from cumulode import NLGP, Problem, compare
from cumulode.numerics.result import Result
from cumulode.validation.cli import main
from cumulode.validation.cli.options import sides
from cumulode.validation.comparison.compare import QUANTITIES
from cumulode.validation.comparison.table import AGREES, select
from cumulode.validation.receptive_fields import metrics

L = 6
TORUS = Problem(NLGP(3.0, 1.6, "wrapped"), NLGP(3.0, 0.6, "wrapped"), (L, L), bias=-1.0)
START = 0.1 * np.random.default_rng(1).standard_normal(L * L) / L
OPTIONS = ["--size", f"{L}x{L}", "--covariance", "wrapped", "--xi-plus", "1.6", "--xi-minus", "0.6", "--quiet"]
OPTIONS += ["--time", "2", "--points", "3"]


@pytest.mark.parametrize(("text", "size"), [("40", 40), ("20x20", (20, 20)), ("4X4", (4, 4)), ("016x16", (16, 16))])
def test_a_size_is_read_as_ring_or_torus(text, size):
    """Assert D and LxL."""
    assert sides(text) == size


@pytest.mark.parametrize("text", ["20x21", "3x3", "20x", "x", "8x8x8", "-5", "4.5", "1e1", "9" * 5000, "", "8×8"])
@pytest.mark.parametrize("command", ["solve", "sgd", "compare"])
def test_a_size_that_is_neither_is_told_in_one_line(command, text, capsys):
    """Assert exit code 2 and one line naming ``size`` and what is allowed."""
    assert main([command, "--size", text]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(f"cumulode {command}: size: got ")
    assert "(L, L) with an integer L >= 4 (a torus), written LxL" in err
    assert err.count("\n") == 1


def test_laws_that_do_not_live_on_a_torus_are_told_in_one_line(capsys):
    """Assert the Ising law refused by ``size``, a correlation length too long for a side by the option's name."""
    assert main(["solve", "--law", "ising", "--size", "8x8"]) == 2
    assert "size: got (8, 8), allowed: an integer, a ring, for Ising" in capsys.readouterr().err
    assert main(["solve", "--size", "20x20", "--xi-plus", "4"]) == 2
    assert "xi-plus: got 4.0, allowed: 0 < xi <= 2.88" in capsys.readouterr().err


def test_a_start_from_a_file_is_flat_or_square(tmp_path, capsys):
    """Assert that a file of another shape is refused, naming the number of sites."""
    np.save(tmp_path / "w0.npy", np.ones((4, 9)))
    assert main(["solve", *OPTIONS, "--w0", str(tmp_path / "w0.npy")]) == 2
    assert "36 numbers, one start" in capsys.readouterr().err


def test_width_is_compared_as_the_torus_has_it():
    """Assert that ``compare`` measures the width on the torus that the run's problem names."""
    w = np.random.default_rng(0).standard_normal((3, 2, L * L))
    k = np.ones((3, 2, 2))
    ended = {"statuses": np.zeros(3, int), "messages": ("",) * 3, "message": ""}
    run = Result(np.arange(2.0), w, w[..., 0], k, k, **ended, provenance={"problem": TORUS.to_dict()})
    assert np.array_equal(QUANTITIES["width"](run), metrics.width(w, (L, L)))
    assert not np.allclose(QUANTITIES["width"](run), metrics.width(w))


def test_solve_takes_a_torus_and_a_square_start(tmp_path, capsys):
    """Assert --json with "size": [6, 6], and the same weights from the same start given as a square."""
    assert main(["solve", *OPTIONS, "--seed", "1", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["provenance"]["problem"]["size"] == [L, L]
    np.save(tmp_path / "w0.npy", START.reshape(L, L))
    assert main(["solve", *OPTIONS, "--w0", str(tmp_path / "w0.npy"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["w"] == told["w"]


def test_sgd_takes_a_torus(capsys):
    """Assert --json with "size": [6, 6]."""
    assert main(["sgd", *OPTIONS, "--batch-size", "5", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["provenance"]["problem"]["size"] == [L, L]


def test_compare_draws_and_writes_a_torus(tmp_path, capsys):
    """Assert exit code 0, a figure that carries its command, and "size": [6, 6] in the JSON."""
    figure = tmp_path / "torus.png"
    assert main(["compare", *OPTIONS, "--seeds", "2", "--batch-size", "5", "--json", "--figure", str(figure)]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["theory"]["provenance"]["theory"]["problem"]["size"] == [L, L]
    assert Image.open(figure).text["Description"].startswith("cumulode compare --size 6x6")


def test_theory_and_sgd_agree_on_a_torus():
    """Assert that IPR, norm and k2 agree at t = 3, and that a wrong xi (0.9 for 1.6) in the theory would differ in k2 of the class plus.

    Six seeds, fixed; each verdict allows 3 standard errors and the shift measured at twice the learning rate.
    """
    found = compare(TORUS, 5 * START, [0.0, 3.0], seeds=6, learning_rate=0.02, batch_size=200)
    for name in ("ipr", "norm", "k2_plus", "k2_minus"):
        assert found.verdict(name) == AGREES
    row = select(found.table, "k2_plus", 3.0).iloc[0]
    other = Problem(NLGP(3.0, 0.9, "wrapped"), TORUS.minus, (L, L))
    wrong = compare(other, 5 * START, [0.0, 3.0], seeds=2, learning_rate=0.02, batch_size=20)
    assert abs(select(wrong.table, "k2_plus", 3.0).iloc[0].theory - row.sgd) > 3 * row.standard_error + row.allowance
