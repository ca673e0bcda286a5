"""Measured boundaries over maps: where they stand, what the legend says, and that they are of the map's problem."""

from __future__ import annotations

import json
import re

import numpy as np
import phase_data as made
import pytest
import xarray as xr
from phase_data import labelled, texts_of

from cumulode.theory import NLGP, Problem
from cumulode.validation.plots.phase import boundary_symbols, phase_map


@pytest.fixture(name="ds")
def _ds() -> xr.Dataset:
    return made.diagram()


def test_boundary_symbols_stand_at_critical_values_with_their_errors(ds: xr.Dataset) -> None:
    """Assert filled theory and open SGD, error bars along the axis of the critical value, NaN and outside left out."""
    theory = made.boundary("gain", "xi_plus", [1.7, 2.0, 3.0], [0.9, np.nan, 0.5], [0.05, np.nan, 0.02])
    sgd = made.boundary(
        "xi_plus", "gain", [0.4, 99.0], [3.1, 3.0], [0.3, 0.1], "sgd_", **made.stamped(learning_rate=0.02)
    )
    ax = boundary_symbols(phase_map(ds), theory, sgd)
    drawn = {made.plain(c.get_label()): c for c in ax.containers}
    marks, _, (bars,) = drawn["boundary, theory (standard error)"].lines
    np.testing.assert_array_equal([marks.get_xdata(), marks.get_ydata()], [[0.9, 0.5], [1.7, 3.0]])
    np.testing.assert_allclose(bars.get_segments()[0], [[0.85, 1.7], [0.95, 1.7]])
    assert marks.get_markerfacecolor() == "black"
    marks, _, (bars,) = next(c for label, c in drawn.items() if label.startswith("boundary, SGD")).lines
    np.testing.assert_array_equal([marks.get_xdata(), marks.get_ydata()], [[0.4], [3.1]])
    np.testing.assert_allclose(bars.get_segments()[0], [[0.4, 2.8], [0.4, 3.4]])
    assert marks.get_markerfacecolor() == "white"
    assert (
        "boundary, SGD: mean of ln(IPR × D) over starts (standard error, $\\eta$ = 0.02, batch size = 100)"
        in texts_of(ax)
    )
    assert "boundary, theory (standard error)" in texts_of(ax)  # of a Dataset that does not tell its quantity


def test_a_boundary_must_be_of_the_problem_that_the_map_shows():
    """Assert one line naming the first difference in problem, start, time, closure, level; none along the map's axes."""
    ds = made.diagram({"gain": made.GAINS, "xi_plus": made.XIS, "bias": np.array([-1.0, -0.5])})

    def draw(select=-1.0, variable="ipr_times_D", role="theory", contour=True, **changed):
        prefix = "sgd_" if role == "sgd" else ""
        attrs = made.stamped(**changed)
        line = made.boundary("gain", "xi_plus", [2.0], [1.0], [0.1], prefix, **attrs)
        boundary_symbols(phase_map(ds, variable, select={"bias": select}, contour=contour), **{role: line})

    laws = {"plus": NLGP(0.7, 2.5), "minus": NLGP(0.7, 1.0)}
    draw(problem=Problem(**laws, size=made.D))  # other gains of both classes and another xi_plus: the map's axes
    draw(-0.5, problem=Problem(**laws, size=made.D, bias=-0.5))  # the selected value, not the base problem's
    draw(role="sgd", learning_rate=0.02)  # theory's map shows no learning rate
    draw(contour=[5.0], level=5.0)
    differs = {
        "theory: got bias = -1, allowed: a boundary of what the map shows, bias = -0.5": {"select": -0.5},
        "theory: got xi_minus = 1.1, allowed: a boundary of what the map shows, xi_minus = 1":
            {"problem": Problem(NLGP(3.0, 2.5), NLGP(3.0, 1.1), made.D)},
        "theory: got size = 40": {"problem": Problem(**laws, size=40)},
        "theory: got time = 300, allowed: a boundary of what the map shows, time = 150": {"time": 300.0},
        "theory: got amplitude = 0.2": {"amplitude": 0.2},
        "theory: got closure = tree": {"closure": "tree"},
        "theory: got ipr_times_D = 4, allowed: a boundary at the map's level: ipr_times_D = 3": {"level": 4.0},
        "theory: got width = 3": {"quantity": "width"},
        "sgd: got learning_rate = 0.02": {"role": "sgd", "learning_rate": 0.02, "variable": "sgd_ipr_times_D"},
    }  # fmt: skip
    for start, how in differs.items():
        with pytest.raises(ValueError, match=f"^{re.escape(start)}[^\n]*$"):
            draw(**how)


def test_a_boundary_on_a_torus_or_in_couplings_is_compared_in_the_problem_s_own_terms():
    """Assert that a selected side L stands for (L, L), a selected coupling J for t = tanh J, and others are refused."""
    from cumulode.theory import Ising
    from cumulode.validation.plots.phase.boundaries import check_same_problem

    def stamp(problem):
        return {"problem": json.dumps(problem.to_dict())}

    torus = Problem(NLGP(3.0, 1.2), NLGP(3.0, 1.0), (20, 20))
    ring = Problem(Ising(t=0.7), Ising(t=0.3), 40)
    for problem, select, other in (
        (torus, {"size": 12}, Problem(torus.plus, torus.minus, (12, 12))),
        (ring, {"J_minus": 0.5}, Problem(ring.plus, Ising(J=0.5), 40)),
        (torus.gaussian_control(), {"xi_minus": 1.5}, Problem(torus.plus, NLGP(3.0, 1.5), (20, 20)).gaussian_control()),
    ):
        check_same_problem(stamp(problem), stamp(other), {"gain", "xi_plus"}, select, "theory")
        with pytest.raises(ValueError, match="^theory: got"):
            check_same_problem(stamp(problem), stamp(problem), {"gain", "xi_plus"}, select, "theory")


def test_a_refined_boundary_is_a_line_for_each_piece(ds: xr.Dataset) -> None:
    """Assert vertices, a piece a number, the legend's words."""
    line = made.refined("xi_plus", "gain", [[2, 1], [3, 0.5], [1.6, 4], [1.8, 5]], [0, 0, 1, 1], **made.stamped())
    ax = boundary_symbols(phase_map(ds), line)
    one, two = labelled(ax, "boundary, theory")
    np.testing.assert_array_equal(one.get_data(), [[1, 0.5], [2, 3]])
    np.testing.assert_array_equal(two.get_data(), [[4, 5], [1.6, 1.8]])
    assert "boundary, theory: mean of ln(IPR × D) over starts (to 1 % of each axis)" in texts_of(ax)
    far = made.refined("xi_plus", "gain", [[2, 99], [3, 98]], [0, 0])
    assert "boundary, theory (to 1 % of each axis), none within the map" in texts_of(
        boundary_symbols(phase_map(ds), far)
    )
