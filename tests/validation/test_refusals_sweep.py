"""Bad input to sweeps and boundaries: one line that names the argument, what came and what is allowed."""

from __future__ import annotations

import re

import numpy as np
import pytest
import xarray as xr

from cumulode import NLGP, Problem, Sgd, Solver, boundary, phase_diagram, refine_boundary
from cumulode.numerics.io import netcdf

PROBLEM = Problem(plus=NLGP(1.0, 1.5), minus=NLGP(1.0, 0.5), size=16, bias=-1.0)
#: What each function is called with, but for what is wrong.
CALLS = {
    phase_diagram: {"axes": {"gain": [1.0]}, "points": 5, "time": 20.0, "validity": "off", "lines": False},
    boundary: {"axis": "gain", "between": (0.5, 2.0), "along": {"xi_plus": [1.5]}},
    refine_boundary: {"axes": {"gain": (0.4, 12.0), "xi_plus": (1.0, 2.0)}, "level": 4.0, "time": 80.0, "seeds": 2},
}
SWEEPS = [
    ({"axes": {}}, "axes: got {}"),
    ({"axes": np.ones(3)}, "axes: got"),
    ({"axes": {"foo": [1.0]}}, "axes: got 'foo', allowed: names among gain"),
    ({"axes": {"gain": []}}, "axes: got"),
    ({"axes": {"gain": [[1.0, 2.0], [3.0]]}}, "axes: got"),
    ({"axes": {"gain": {"a": 1.0}}}, "axes: got"),
    ({"axes": {"gain": 3.0}}, "axes: got 3.0"),
    ({"axes": {"gain": [1.0, 1.0]}}, "axes: got"),
    ({"axes": {"gain": [1.0, np.nan]}}, "axes: got"),
    ({"axes": {"gain": ["a"]}}, "axes: got"),
    ({"axes": {"gain": [-1.0]}}, "gain: got -1.0"),
    ({"axes": {"xi_plus": [0.0]}}, "xi_plus: got 0.0"),
    ({"axes": {"t_plus": [0.3]}}, "axes: got 't_plus'"),
    ({"axes": {"gain": [1.0], "gain_plus": [2.0]}}, "axes: got"),
    ({"axes": {"t_plus": [0.1], "J_plus": [0.2]}}, "axes: got"),
    ({"axes": {"closure": ["regresion"]}}, "closure: got 'regresion'"),
    ({"axes": {"size": [16.5]}}, "axes: got"),
    ({"axes": {"size": [2]}}, "size: got 2"),
    ({"axes": {"bias": [np.inf]}}, "bias: got inf"),
    ({"axes": {"prior": [1.0]}}, "prior: got 1.0"),
    ({"axes": {"learning_rate": [0.0]}}, "learning_rate: got 0.0"),
    ({"axes": {"gain": [1.0], "learning_rate": [0.1, 0.2]}}, "axes: got learning_rate"),
    ({"axes": {"closure": ["regression", "exact"]}}, "closure: got 'exact' with plus=NLGP"),
    ({"retry_failed": np.array([True, False])}, "retry_failed: got"),
    ({"extend": 1}, "extend: got 1"),
    ({"axes": {"closure": ["regression", "frozen"]}}, "closure: got 'frozen'"),
    ({"seeds": 0}, "seeds: got 0"),
    ({"seeds": [1, 1]}, "seeds: got"),
    ({"time": -1.0}, "time: got -1.0"),
    ({"points": 1}, "points: got 1"),
    ({"measures": ["ipr", "foo"]}, "measures: got 'foo'"),
    ({"measures": []}, "measures: got"),
    ({"validity": "slow"}, "validity: got 'slow'"),
    ({"validity": np.ones(2)}, "validity: got array"),
    ({"simulate": 1}, "simulate: got 1"),
    ({"out": "phase.txt"}, "out: got 'phase.txt'"),
    ({"out": "/no/such/place/p.nc"}, "out: got"),
    ({"executor": 3}, "executor: got 3"),
    ({"progress": 3}, "progress: got 3"),
    ({"closure": "exact"}, "closure: got 'exact' with plus=NLGP"),
    ({"closure": "foo"}, "closure: got 'foo'"),
    ({"solver": "tree"}, "solver: got 'tree'"),
    ({"solver": Solver("tree"), "closure": "pearson"}, "solver: got"),
    ({"sgd": 0.1}, "sgd: got 0.1"),
    ({"sgd": Sgd(0.1, 1, "ingrosso-goldt")}, "sgd: got"),
    ({"sgd": Sgd(0.1), "learning_rate": 0.2}, "sgd: got"),
    ({"rtol": 2.0}, "rtol: got 2.0"),
    ({"tolerance": 2.0}, "tolerance: got 2.0"),
    ({"contraction": "best"}, "contraction: got 'best'"),
]
BOUNDARIES = [
    ({"axis": "gian"}, "axis: got 'gian'"),
    ({"axis": "size", "between": (10, 20)}, "axis: got 'size'"),
    ({"axis": "learning_rate"}, "axis: got 'learning_rate'"),
    ({"between": (2.0, 1.0)}, "between: got"),
    ({"between": (0.0, 1.0)}, "between: got .*above 0"),
    ({"between": (1.0, np.inf)}, "between: got"),
    ({"between": 3.0}, "between: got"),
    ({"between": (1, 2, 3)}, "between: got"),
    ({"axis": "xi_plus", "between": (1.0, 14.0), "along": {"gain": [1.0]}}, "xi: got 14.0"),
    ({"axis": "t_plus", "between": (0.1, 0.5)}, "axis: got 't_plus'"),
    ({"along": ["xi_plus"]}, "along: got"),
    ({"along": {"xi": [1.0]}}, "along: got 'xi'"),
    ({"along": {"t_plus": [0.1]}}, "along: got 't_plus'"),
    ({"along": {"xi_plus": [[1.0, 2.0], [3.0]]}}, r"along\['xi_plus'\]"),
    ({"along": {"xi_plus": []}}, r"along\['xi_plus'\]"),
    ({"along": {"gain_plus": [1.0]}}, "along: got 'gain_plus'"),
    ({"along": {"learning_rate": [0.1]}}, "along: got 'learning_rate'"),
    ({"quantity": "ipr_D"}, "quantity: got"),
    ({"level": 0.0}, "level: got 0.0"),
    ({"level": "3"}, "level: got '3'"),
    ({"seeds": 1}, "seeds: got 1"),
    ({"seeds": [3, 3]}, "seeds: got"),
    ({"time": -1.0}, "time: got -1.0"),
    ({"scan": 2}, "scan: got 2"),
    ({"accuracy": 0.0}, "accuracy: got 0.0"),
    ({"closure": "best"}, "closure: got 'best'"),
    ({"along": {"closure": ["best"]}}, "closure: got 'best'"),
    ({"along": {"start_amplitude": [0.1, 0.0]}}, "start_amplitude: got 0.0"),
    ({"along": {"batch_size": [0]}, "simulate": True}, "batch_size: got 0"),
    ({"sgd_values": 2, "simulate": True}, "sgd_values: got 2"),
    ({"margin": 0.0}, "margin: got 0.0"),
    ({"executor": 3}, "executor: got 3"),
    ({"progress": "yes"}, "progress: got 'yes'"),
    ({"problem": None}, "problem: got None"),
    ({"points": 2, "simulate": True}, "sgd_values: got 2"),
    ({"tolerance": -1.0}, "margin: got -1.0"),
    ({"cumulant_tolerance": 2.0}, "tolerance: got 2.0"),
    ({"rtol": 2.0, "learning_rate": 0.1}, "rtol: got 2.0"),
    ({"learning_rate": 0.0, "simulate": True}, "learning_rate: got 0.0"),
    ({"tolerance": 0.1, "margin": 0.1}, "tolerance: got 0.1, allowed: one of tolerance and margin"),
    ({"solver": Solver("tree"), "atol": 1e-8}, "atol: got 1e-08, allowed: one of atol and solver"),
]
PLANES = [
    ({"axes": {"gain": (0.1, 1.0)}}, "axes: got"),
    ({"axes": ["gain", "xi_plus"]}, "axes: got"),
    ({"axes": {"gain": (0.1, 1.0), "xi": (1, 2)}}, "axes: got 'xi'"),
    ({"axes": {"gain": (0.1, 1.0), "gain_plus": (1, 2)}}, "axes: got"),
    ({"axes": {"gain": (0.0, 1.0), "xi_plus": (1, 2)}}, r"axes\['gain'\]"),
    ({"axes": {"gain": (0.1, 1.0), "xi_plus": (1, 14)}}, "xi: got 14"),
    ({"resolution": 0.0}, "resolution: got 0.0"),
    ({"coarse": 2}, "coarse: got 2"),
    ({"batch": 0}, "batch: got 0"),
    ({"level": -3.0}, "level: got -3.0"),
    ({"quantity": "ipr*D"}, "quantity: got"),
    ({"simulate": True}, "simulate: got True.*noisy"),
    ({"cumulant_tolerance": 2.0}, "tolerance: got 2.0"),
]
#: Keywords of before: the new name is named in the refusal, and in a warning.
OLD = {"rtol", "atol", "contraction", "cumulant_tolerance"}
OLD_OF = {phase_diagram: OLD | {"tolerance"}, refine_boundary: OLD}
OLD_OF[boundary] = OLD | {"points", "tolerance", "learning_rate", "batch_size"}
CASES = [(phase_diagram, change, re.escape(words)) for change, words in SWEEPS]
CASES += [(boundary, *case) for case in BOUNDARIES] + [(refine_boundary, *case) for case in PLANES]


@pytest.mark.parametrize(("function", "change", "words"), CASES)
def test_bad_input_is_refused_in_one_line(function, change, words, monkeypatch, recwarn):
    """Assert the message, one line, before any flow is solved; and a warning for every keyword of before."""
    if function is refine_boundary:
        pytest.importorskip("adaptive")
    for module in ("boundaries.probe", "sweep.work"):
        monkeypatch.setattr(f"cumulode.validation.{module}.solve", lambda *a, **k: pytest.fail("solved"))
    with pytest.raises(ValueError, match=f"^{words}") as error:
        function(**{"problem": PROBLEM} | CALLS[function] | change)
    assert "\n" not in str(error.value)
    assert "allowed: " in str(error.value)
    old = [str(w.message).split(": ")[1].split(" is now ")[0] for w in recwarn if w.category is FutureWarning]
    assert set(old) == OLD_OF[function] & set(change)


@pytest.mark.parametrize("function", [boundary, refine_boundary])
def test_an_output_that_cannot_be_or_is_of_something_else_is_refused_before_the_work(function, monkeypatch, tmp_path):
    """Assert one line that names out, no flow solved, and a file of something else left as it is."""
    if function is refine_boundary:
        pytest.importorskip("adaptive")
    monkeypatch.setattr("cumulode.validation.boundaries.probe.solve", lambda *a, **k: pytest.fail("solved"))
    (tmp_path / "folder.nc").mkdir()
    (tmp_path / "text.nc").write_text("mine")
    netcdf.write(xr.Dataset({"a": ("x", [1.0])}, attrs={"title": "mine"}), tmp_path / "other.nc")
    before = (tmp_path / "other.nc").read_bytes()
    places = {
        "no/such.nc": "a directory that exists",
        "folder.nc": "not a directory",
        "text.nc": "of the same settings",
    }
    for place, words in (places | {"other.nc": "there title differs"}).items():
        with pytest.raises(ValueError, match=f"^out: got [^\n]*allowed: [^\n]*{words}"):
            function(PROBLEM, **CALLS[function], out=tmp_path / place)
    assert (tmp_path / "other.nc").read_bytes() == before
    assert (tmp_path / "text.nc").read_text() == "mine"
