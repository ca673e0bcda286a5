"""Results of runs: read at other times, written and read back, shown."""

from __future__ import annotations

import copy
import json
import math
import pickle
import re

import numpy as np
import pytest
import xarray as xr

from cumulode import load
from cumulode.numerics import (
    Solution,
    Solver,
    Status,
    critical_value,
    drift,
    preactivation_cumulants,
    solve,
    stationary_state,
    validity,
)
from cumulode.numerics.result import Result
from cumulode.theory import NLGP, InvalidArgument, Ising, Problem

RING = Problem(Ising(t=0.7), Ising(t=0.3), 8, bias=-1.0)
SHARP = Problem(NLGP(math.inf, 1.0), NLGP(3.0, 0.5), (4, 4), bias=-0.5)
TIMES = np.array([2.0, 3.0, 7.5])


def field(size=8, n=None):
    shape = (size,) if n is None else (n, size)
    return 0.1 * np.random.default_rng(1).standard_normal(shape)


MADE = {
    "one run": lambda: solve(RING, field(), TIMES, "pearson", rtol=1e-7),
    "runs": lambda: solve(RING, field(8, 3), TIMES, solver=Solver(tolerance=1e-4, max_step=0.5)),
    "problems": lambda: solve([RING, RING.gaussian_control()], field(), TIMES),
    "one of a list": lambda: solve([RING], field(), TIMES),
    "infinite gain": lambda: solve(SHARP, field(16), TIMES, "taylor"),
    "one time": lambda: solve(RING, field(), [3.0]),
}


@pytest.fixture(params=MADE, scope="module")
def result(request):
    return MADE[request.param]()


def same(one, other):
    """Whether two results are equal to the bit, in all they hold."""
    assert type(one) is type(other)
    for name in ("t", "w", "bias", "k2", "k4", "w0", "ipr", "norm", "statuses"):
        mine, theirs = getattr(one, name), getattr(other, name)
        assert mine.dtype == theirs.dtype
        assert mine.shape == theirs.shape
        assert mine.tobytes() == theirs.tobytes(), name
    for name in ("message", "messages", "provenance", "status", "success", "runs"):
        assert getattr(one, name) == getattr(other, name), name
    return True


def test_a_file_gives_back_the_result_to_the_bit(result, tmp_path):
    """Assert that what is saved and loaded is equal in every array, word and number, and integrates as it did."""
    result.save(tmp_path / "run.nc", command="cumulode solve")
    again = load(tmp_path / "run.nc")
    assert same(result, again)
    assert np.array_equal(again(TIMES[0]), result.w[..., 0, :] if result.t[0] == TIMES[0] else result(TIMES[0]))
    assert isinstance(again, Solution)


def test_results_are_pickled_and_copied(result):
    """Assert the same of pickle and deepcopy."""
    assert same(result, pickle.loads(pickle.dumps(result)))
    assert same(result, copy.deepcopy(result))


def test_a_solution_is_a_function_of_time(result):
    """Assert that recorded times give the recorded weights to the bit, in any order and repeated, from the start on; and
    that a single time drops the axis of times.
    """
    t = result.t
    assert np.array_equal(result(t), result.w)
    assert np.array_equal(result(t[::-1]), np.flip(result.w, axis=-2))
    assert np.array_equal(result([t[-1], 0.0, t[-1]])[..., 1, :], result.w0)
    assert np.array_equal(result(t[-1]), result.w[..., -1, :])
    assert result(1.0).shape == result.w0.shape


def test_results_of_other_kinds_are_linear_between_the_times_recorded():
    """Assert recorded weights at recorded times to the bit, their mean in between, axes as for a solution."""
    for runs in (None, 3):
        w = np.random.default_rng(2).standard_normal((3, 5) if runs is None else (runs, 3, 5))
        flat = np.zeros(w.shape[:-1])
        run = Result(TIMES, w, flat, flat, flat, np.zeros(runs or 1, int), ("",) * (runs or 1), "", {})
        assert run.runs == runs
        assert np.array_equal(run(TIMES), w)
        assert np.array_equal(run(TIMES[1]), w[..., 1, :])
        assert np.allclose(run([5.25, 2.5])[..., 0, :], (w[..., 1, :] + w[..., 2, :]) / 2, rtol=1e-15)
        for t in (1.9, 7.6, [2.0, math.nan], "now", [], [[2.0]]):
            with pytest.raises(InvalidArgument, match=r"^t: got .*allowed: a finite time from 2 to 7.5"):
                run(t)


@pytest.mark.parametrize("t", [-1.0, math.inf, [0.0, math.nan], "now", [], [[1.0]]])
def test_a_solution_refuses_what_is_no_time(t):
    """Assert one line that names t."""
    with pytest.raises(InvalidArgument, match=r"^t: got [^\n]*allowed: a finite time from 0 "):
        MADE["one run"]()(t)


def test_to_dict_is_ready_for_json(result):
    """Assert strict JSON, equal arrays when read back, and null for NaN, "inf" for an infinity."""
    again = json.loads(json.dumps(result.to_dict(), allow_nan=False))
    assert np.array_equal(np.array(again["w"], dtype=float), result.w)
    assert again["statuses"] == [Status(s).name for s in result.statuses]
    assert again["provenance"]["max_step"] == ("inf" if math.isinf(result.provenance["max_step"]) else 0.5)
    broken = Result(TIMES[:1], np.array([[math.nan, math.inf]]), *np.zeros((3, 1, 2)), np.zeros(1, int), ("",), "", {})
    assert broken.to_dict()["w"] == [[None, "inf"]]


def test_one_status_sums_up_how_runs_ended(result):
    """Assert that the one status is the worst of all, of type Status, and that success means that all reached the end."""
    assert result.status is Status.REACHED_END
    assert result.success
    n = len(result.statuses)
    ended = np.array([Status.REACHED_END] * (n - 1) + [Status.LEFT_DOMAIN])
    other = Result(result.t, result.w, result.bias, result.k2, result.k4, ended, result.messages, "", {})
    assert other.status is Status.LEFT_DOMAIN
    assert not other.success
    assert len(result.messages) == n


def test_results_are_shown_in_a_line_and_in_a_table(result):
    """Assert a repr of one line that names class, times and outcome; and a table with the provenance."""
    line = repr(result)
    assert line.startswith("Solution(")
    assert "\n" not in line
    assert result.message in line
    table = result._repr_html_()
    assert table.count("<table>") == 1
    assert "Dormand-Prince" in table


def test_a_dataset_names_units_and_dimensions(result):
    """Assert dimensions, units of time and that the dataset's arrays are the result's."""
    data = result.to_xarray()
    lead = () if result.runs is None else ("run",)
    assert data["w"].dims == (*lead, "time", "site")
    assert data["k4"].dims == (*lead, "time", "class")
    assert data["w0"].dims == (*lead, "site")
    assert data["time"].attrs["units"] == "learning rate x steps"
    assert np.array_equal(data["norm"], result.norm)


def test_files_are_whole_or_not_there(tmp_path):
    """Assert that bad places are refused in one line, naming path, and that a text is no result."""
    run = MADE["one run"]()
    for path, words in (
        (tmp_path / "run.txt", "file name ending in .nc"),
        (tmp_path / "no" / "run.nc", "file in a dir"),
    ):
        with pytest.raises(InvalidArgument, match=f"^path: got .*allowed: a {words}"):
            run.save(path)
    (tmp_path / "text.nc").write_text("words")
    (tmp_path / "arrays.npz").write_text("words")
    xr.Dataset(attrs={"settings": "{}"}).to_netcdf(tmp_path / "map.nc", engine="scipy")
    refusals = {
        "none.nc": "a file that exists",
        "": "a file that exists",
        "text.nc": "a .nc file that the save method",
        "arrays.npz": r".*\(numpy.load reads",
        "map.nc": r".*\(open_phase reads a phase diagram",
    }
    for name, words in refusals.items():
        with pytest.raises(InvalidArgument, match=f"^path: got .*allowed: {words}"):
            load(tmp_path / name)
    assert {p.name for p in tmp_path.iterdir()} == {"text.nc", "arrays.npz", "map.nc"}


@pytest.mark.parametrize("closure", ["regression", "tree", "conditional"])
def test_a_drift_is_pickled_and_copied(closure):
    """Assert the same dw/dt to the bit."""
    f = drift(RING, closure)
    w = np.linspace(-0.1, 0.2, RING.size)
    for again in (pickle.loads(pickle.dumps(f)), copy.deepcopy(f)):
        assert np.array_equal(again(w), f(w))
        assert repr(again) == repr(f)


def test_a_file_of_something_else_is_refused(tmp_path):
    """Assert one line that names the path, for names of no result, and results without their arrays."""
    for kind in ("solve", "Problem", "Solution", "no such"):
        xr.Dataset(attrs={"kind": kind}).to_netcdf(tmp_path / "other.nc", engine="scipy")
        with pytest.raises(InvalidArgument, match=r"^path: got [^\n]*allowed: a .nc file that the save"):
            load(tmp_path / "other.nc")


def test_states_verdicts_and_critical_values_show_themselves_in_one_line():
    """Assert a line each, with what was computed."""
    problem = Problem(Ising(0.5), Ising(0.2), 6)
    rows = 0.1 * np.ones((2, 6))
    lines = {
        r"StationaryState\(uniform weights .*; left at the rate .*\)": stationary_state(problem),
        r"StationaryState\(no wave grows.*\)": stationary_state(Problem(Ising(0.5), Ising(0.5), 6, bias=0.0)),
        r"Validity\(\w+.*, rho .*: .*\)": validity(problem, rows),
        r"Validity\(2 runs: \d trusted, \d not trusted, \d unknown\)": validity(problem, [rows, rows]),
        r"CriticalValues\(bias (none|-?\d).*, criterion linear, closure regression.*\)": critical_value(
            problem, "bias", (-2.0, -0.1), "linear"
        ),
    }
    for pattern, result in lines.items():
        assert re.fullmatch(pattern, repr(result)), repr(result)


@pytest.mark.parametrize("function", [drift, stationary_state, preactivation_cumulants])
def test_a_contraction_given_last_by_place_works_with_a_warning(function):
    """Assert the result of the keyword of now."""
    problem, w = Problem(Ising(0.5), Ising(0.2), 6), 0.1 * np.ones(6)
    before = {drift: ("regression",), stationary_state: ("regression", None), preactivation_cumulants: (w,)}[function]
    with pytest.warns(FutureWarning, match="contraction is now solver=Solver"):
        old = function(problem, *before, 1e-3, "pair-form")
    solver = Solver(tolerance=1e-3, contraction="pair-form")
    now = function(problem, *([w] if function is preactivation_cumulants else []), solver=solver)
    assert repr(old) == repr(now)
