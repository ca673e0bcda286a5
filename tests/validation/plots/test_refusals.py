"""What figures refuse: one line that starts with the argument's name, and says what is allowed."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import numpy as np
import phase_data as made
import pytest
import run_data
from matplotlib.figure import Figure
from run_data import TIMES, TORUS_TIMES

from cumulode.numerics.result import Result
from cumulode.validation import plots
from cumulode.validation.receptive_fields import symmetry

RUNS = run_data.comparison()
THEORY, SGD = RUNS["theory"], RUNS["sgd"]
EARLY = TIMES - 39.0
TORUS = run_data.on_torus()
RING = Result(
    TORUS_TIMES, TORUS.w, np.zeros(5), *[np.ones((5, 2))] * 2, np.zeros(1, int), ("",), "", {"problem": {"size": 64}}
)
MOVE = symmetry.find_symmetry(THEORY.w[-1], THEORY.w[-1])

RUN_CASES: dict[str, Any] = {
    "ax: got 'ipr', allowed: matplotlib's Axes": lambda: THEORY.plot("ipr"),
    "ax: got 1, allowed: matplotlib's Axes": lambda: THEORY.plot(ax=1),
    "run: got 5": lambda: plots.space_time(SGD, run=5),
    "run: got 1": lambda: plots.fields(theory=THEORY, run=1),
    "sgd_run: got 5": lambda: plots.comparison_figure(THEORY, SGD, sgd_run=5),
    "centred: got True": lambda: plots.space_time(THEORY, centred=True, symmetry=MOVE),
    "limit: got 0": lambda: plots.space_time(THEORY, limit=0),
    "trajectory: got": lambda: plots.space_time(replace(THEORY, t=EARLY), log_time=True),
    "sgd: got": lambda: plots.kurtosis_over_time(sgd=replace(SGD, t=EARLY), log_time=True),
    "theory: got None": plots.ipr_over_time,
    "seeds: got 'dots'": lambda: plots.fields(theory=THEORY, seeds="dots"),
    "control: got": lambda: plots.comparison_figure(THEORY, control=replace(THEORY, w=THEORY.w[:, :8])),
    "path: got 'nowhere/figure.bmp', allowed: a file name ending in .png, .pdf, .svg":
        lambda: plots.save(Figure(), "nowhere/figure.bmp", "command"),
    "trajectory: got a run on a 8 x 8 torus, allowed: a run on a ring (of a torus: field_images)":
        lambda: plots.space_time(TORUS),
    "theory: got a run on a 8 x 8 torus, allowed: a run on a ring (of a torus: field_image)":
        lambda: plots.fields(theory=TORUS),
    "trajectory: got 64 sites on a ring, allowed: a run on a torus (of a ring: space_time)":
        lambda: plots.field_images(RING),
    "w: got shape (10,)": lambda: plots.field_image(np.ones(10)),
    "w: got shape (2, 16)": lambda: plots.field_image(np.ones((2, 16))),
    "shape: got (16,), allowed: (L, L)": lambda: plots.field_image(np.ones(16), shape=(16,)),
    "times: got ['a']": lambda: plots.field_images(TORUS, times=["a"]),
    "axes: got 0 Axes": lambda: plots.field_images(TORUS, axes=[]),
    "run: got 1, allowed: an integer from 0 to 0": lambda: plots.field_images(TORUS, run=1),
}  # fmt: skip

DS = made.diagram()
DS["w"][0, 0] = DS["ipr_times_D"][0, 0] = np.nan
DS["status"][0, 0] = -1
THREE = made.diagram({"gain": made.GAINS, "xi_plus": made.XIS, "closure": np.array(["regression", "tree"])})
ONE = made.diagram({"gain": made.GAINS})
FAR = made.boundary("bias", "xi_plus", [2.0], [1.0], [0.1])
LINE = made.refined("xi_plus", "gain", [[2, 1], [3, 0.5]], [0, 0], **made.stamped())


def _map(*args: Any, **options: Any) -> Any:
    return plots.phase_map(DS, *args, **options)


PHASE_CASES: dict[str, Any] = {
    "ds: got 'map.nc', allowed: a Dataset of a phase diagram, for instance open_phase(path)":
        lambda: plots.phase_figure("map.nc"),
    "ds: got 'other.nc'": lambda: plots.slice_figure("other.nc"),
    "select: got nothing for closure, allowed: closure= one of regression, tree": lambda: plots.phase_map(THREE),
    "select: got nothing for xi_plus, allowed: xi_plus= one of 1.5, 2, 3, 4": lambda: plots.slices(DS, x="gain"),
    "select: got closure = cubic": lambda: plots.phase_map(THREE, select={"closure": "cubic"}),
    "select: got xi_plus = 2.5": lambda: plots.phase_map(THREE, y="closure", select={"xi_plus": 2.5}),
    "select: got 'size'": lambda: _map(select={"size": 3}),
    "variable: got 'iprr'": lambda: _map("iprr"),
    "variable: got 'w'": lambda: _map("w"),
    "variable: got 'pattern'": lambda: plots.slices(DS, "pattern", along="xi_plus"),
    "x: got 'xi_minus'": lambda: _map(x="xi_minus"),
    "y: got ipr_times_D over gain, allowed: two axes": lambda: plots.phase_map(ONE),
    "y: got 'gain'": lambda: _map(x="gain", y="gain"),
    "over: got 'average'": lambda: _map(over="average"),
    "over: got 7": lambda: _map(over=7),
    "limits: got (2, 1)": lambda: _map(limits=(2, 1)),
    "log: got True, allowed: False where": lambda: _map("growth_rate", log=True),
    "log: got True, allowed: only for numbers": lambda: _map("pattern", log=True),
    "contour: got [1]": lambda: _map("pattern", contour=[1]),
    "along: got xi_plus = 9": lambda: plots.slices(DS, along={"xi_plus": [9]}),
    "along: got 'gain'": lambda: plots.slices(DS, x="gain", along="gain"),
    "ax: got": lambda: plots.boundary_symbols(Figure().add_subplot(), FAR),
    "theory: got None": lambda: plots.boundary_symbols(_map()),
    "theory: got critical bias along xi_plus": lambda: plots.boundary_symbols(_map(), FAR),
    "theory: got bias and gain, allowed: a boundary in the axes of the map":
        lambda: plots.boundary_symbols(_map(), made.refined("bias", "gain", [[-1, 1]], [0])),
    "theory: got time = 20": lambda: plots.boundary_symbols(
        _map(), made.refined("xi_plus", "gain", [[2, 1]], [0], **made.stamped(time=20.0))),
    "sgd: got ipr_times_D": lambda: plots.boundary_symbols(_map(), sgd=DS),
    "sgd: got boundary_xi_plus": lambda: plots.boundary_symbols(_map(), sgd=LINE),
    "width: got 1": lambda: plots.phase_figure(DS, width=1),
    "fields: got 'left'": lambda: plots.phase_figure(DS, fields="left"),
    "points: got 0": lambda: plots.insets(_map(), DS, 0),
    "points: got 13": lambda: plots.insets(_map(), DS, 13),
    "points: got gain = 99": lambda: plots.insets(_map(), DS, [(99.0, 2.0)]),
    "points: got gain = -1": lambda: plots.insets(_map(), DS, [(-1.0, 2.0)]),
    "points: got [3]": lambda: plots.insets(_map(), DS, [3]),
    "points: got gain = 0.1, xi_plus = 1.5, allowed: points with a finished run (there: pending)":
        lambda: plots.insets(_map(), DS, [(0.1, 1.5)]),
    "seed: got 9": lambda: plots.insets(_map(), DS, [(1.0, 2.0)], seed=9),
    "size: got 0.9": lambda: plots.insets(_map(), DS, 1, size=0.9),
    "ax: got <Axes": lambda: plots.insets(Figure().add_subplot(), DS, 1),
    "panels: got 0 Axes": lambda: plots.field_strip(_map(), DS, 1, []),
}  # fmt: skip


@pytest.mark.usefixtures("nothing_left_behind")
@pytest.mark.parametrize(("start", "call"), [*RUN_CASES.items(), *PHASE_CASES.items()])
def test_bad_input_is_refused_by_name(start: str, call: Any) -> None:
    """Assert one line that starts with the argument's name and what came."""
    with pytest.raises(ValueError, match=f"^{re.escape(start)}[^\n]*$"):
        call()
