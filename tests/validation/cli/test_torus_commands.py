"""Tori from the command line and through ``compare``."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image

from cumulode import NLGP, Problem, compare, solve
from cumulode.numerics.result import Result
from cumulode.validation.cli import main
from cumulode.validation.cli.problem_options import size_of
from cumulode.validation.comparison.quantities import QUANTITIES
from cumulode.validation.comparison.table import select
from cumulode.validation.comparison.verdicts import AGREES
from cumulode.validation.receptive_fields import metrics

L = 6
TORUS = Problem(NLGP(3.0, 1.6, "wrapped"), NLGP(3.0, 0.6, "wrapped"), (L, L), bias=-1.0)
START = 0.1 * np.random.default_rng(1).standard_normal(L * L) / L
OPTIONS = ["--size", f"{L}x{L}", "--covariance", "wrapped", "--xi-plus", "1.6", "--xi-minus", "0.6", "--quiet"]
OPTIONS += ["--time", "2", "--points", "3"]


@pytest.mark.parametrize(("text", "size"), [("40", 40), ("20x20", (20, 20)), ("4X4", (4, 4)), ("016x16", (16, 16))])
def test_a_size_is_read_as_ring_or_torus(text, size):
    """Assert D and LxL."""
    assert size_of(text) == size


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
    printed = json.loads(capsys.readouterr().out)
    assert printed["provenance"]["problem"]["size"] == [L, L]
    np.save(tmp_path / "w0.npy", START.reshape(L, L))
    assert main(["solve", *OPTIONS, "--w0", str(tmp_path / "w0.npy"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["w"] == printed["w"]


def test_sgd_takes_a_torus(capsys):
    """Assert --json with "size": [6, 6]."""
    assert main(["sgd", *OPTIONS, "--batch-size", "5", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["provenance"]["problem"]["size"] == [L, L]


def test_compare_draws_and_writes_a_torus(tmp_path, capsys):
    """Assert exit code 0, a figure that carries its command, and "size": [6, 6] in the JSON."""
    figure = tmp_path / "torus.png"
    assert main(["compare", *OPTIONS, "--seeds", "2", "--batch-size", "5", "--json", "--figure", str(figure)]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed["theory"]["provenance"]["theory"]["problem"]["size"] == [L, L]
    assert Image.open(figure).text["Description"].startswith("cumulode compare --size 6x6")


def test_theory_and_sgd_agree_on_a_torus():
    """Assert that X agrees in norm and k2 at t = 3, and that a wrong xi (0.9 for 1.6) in the theory differs in k2 of its class.

    Six seeds, fixed; intervals hold together with probability 0.95 (without a population: X holds the closure's error).
    """
    result = compare(
        TORUS, 5 * START, [0.0, 3.0], seeds=6, learning_rate=0.02, batch_size=1000, population=None, margin=0.1
    )
    for name in ("norm", "k2_plus", "k2_minus"):
        assert result.verdict(name) == AGREES
    row = select(result.table, "k2_plus", 3.0).iloc[0]
    wrong = solve(Problem(NLGP(3.0, 0.9, "wrapped"), TORUS.minus, (L, L)), 5 * START, [3.0]).k2[0, 0]
    assert abs(wrong - row.rate_shift - row.sgd) > row.unexplained_half_width + 0.1 * row.theory
