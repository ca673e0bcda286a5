"""A refined boundary is where it should be, from far fewer points than a grid, and an interruption changes nothing."""

import sys

import numpy as np
import pytest
import xarray as xr

from cumulode import NLGP, Problem, boundary, refine_boundary

pytest.importorskip("adaptive")

from cumulode.validation.boundaries.learner import isoline, refine

PROBLEM = Problem(plus=NLGP(1.0, 1.5), minus=NLGP(1.0, 0.5), size=16, bias=-1.0)
AXES = {"gain": (0.4, 12.0), "xi_plus": (1.0, 2.0)}
OPTIONS = {"level": 4.0, "time": 80.0, "seeds": 2}


def circle(x, y):
    return (x - 0.45) ** 2 + (y - 0.55) ** 2 - 0.09


def two(x, y):
    """A circle and a line that meets the square's sides."""
    return np.minimum((x - 0.3) ** 2 + (y - 0.4) ** 2 - 0.04, 1.6 - x - y)


def step(x, y):
    """A jump with values of very different size on its sides."""
    return np.where(y > 0.3 + 0.2 * np.sin(5 * x), 1.0, -1e-3)


def refined(function, resolution, **options):
    """Points, values and line."""
    data = refine(lambda squares: [float(function(*s)) for s in squares], resolution, **options)
    points, values = np.array(list(data)), np.array(list(data.values()))
    return points, values, isoline(points - 0.5, values)


@pytest.mark.parametrize("function", [circle, two, step], ids=lambda f: f.__name__)
def test_every_crossing_is_bracketed_to_the_resolution(function):
    """Assert that points 0.02 to either side of the polyline lie on different sides, checked on the function itself.

    The vertices cover the boundary: each sign change on a 301 x 301 grid has a vertex within 0.02.
    """
    _, _, line = refined(function, 0.01)
    vertices = line.vertices + 0.5
    assert line.bracket.max() <= 0.01
    around = np.array(
        [
            [0.02, 0.0],
            [-0.02, 0.0],
            [0.0, 0.02],
            [0.0, -0.02],
            [0.014, 0.014],
            [-0.014, -0.014],
            [0.014, -0.014],
            [-0.014, 0.014],
        ]
    )
    signs = np.array([function(*(vertices + a).T) >= 0 for a in around])
    assert np.all(signs.any(axis=0) & ~signs.all(axis=0))
    side = np.linspace(0, 1, 301)
    above = function(side[:, None], side[None, :]) >= 0
    changes = np.argwhere(above[1:] != above[:-1])
    places = (changes + np.array([0.5, 0.0])) / 300
    nearest = [np.abs(vertices - p).max(axis=1).min() for p in places[::7]]
    assert max(nearest) < 0.02


@pytest.mark.parametrize(("resolution", "accuracy"), [(0.1, 5e-3), (0.01, 1e-4)])
def test_polyline_of_a_smooth_function_is_nearer_than_its_brackets(resolution, accuracy):
    """Assert that the polyline of a circle is off by the square of the bracket's order: 5e-3 at 0.1, 1e-4 at 0.01."""
    _, _, line = refined(circle, resolution)
    x, y = line.vertices.T + 0.5
    assert np.abs(np.hypot(x - 0.45, y - 0.55) - 0.3).max() < accuracy


@pytest.mark.parametrize("function", [circle, two, step], ids=lambda f: f.__name__)
def test_far_fewer_points_than_the_grid(function):
    """Assert at least 8 times fewer points than the 101 x 101 grid that brackets to the same resolution."""
    points, _, _ = refined(function, 0.01)
    assert len(points) * 8 <= 101**2


def test_lines_are_in_order_and_closed_ones_come_back():
    """Assert one closed line for the circle, of its circumference; two lines for two, the open one from side to side."""
    _, _, line = refined(circle, 0.02)
    assert set(line.line) == {0}
    np.testing.assert_array_equal(line.vertices[0], line.vertices[-1])
    length = np.linalg.norm(np.diff(line.vertices, axis=0), axis=1).sum()
    assert length == pytest.approx(2 * np.pi * 0.3, rel=3e-3)
    _, _, line = refined(two, 0.02)
    lengths = sorted(
        np.linalg.norm(np.diff(line.vertices[line.line == i], axis=0), axis=1).sum() for i in set(line.line)
    )
    np.testing.assert_allclose(lengths, [0.4 * np.sqrt(2), 2 * np.pi * 0.2], rtol=5e-3)


def test_interruption_changes_nothing():
    """Assert that a refinement resumed from any prefix of its points chooses the same ones as without."""
    whole = refine(lambda squares: [float(circle(*s)) for s in squares], 0.05)
    for kept in (16, 48, 49 + 16):
        known = dict(list(whole.items())[:kept])
        again = refine(lambda squares: [float(circle(*s)) for s in squares], 0.05, known=known)
        assert list(again.items()) == list(whole.items())


def test_failed_points_make_no_boundary():
    """Assert that NaN in a corner, away from the circle, costs no points there beyond the coarse grid."""
    _, values, _ = refined(lambda x, y: np.where(x + y > 1.75, np.nan, circle(x, y)), 0.05)
    plain = refined(circle, 0.05)[0]
    assert np.isnan(values).sum() == 3
    assert len(values) == len(plain)


@pytest.fixture(scope="module")
def plane():
    """A problem's boundary in gain and correlation length."""
    return refine_boundary(PROBLEM, AXES, resolution=0.02, **OPTIONS)


def test_boundary_of_a_problem_is_that_of_root_finding(plane):
    """Assert that root finding along the gain, at vertices' correlation lengths, meets the polyline.

    Within the brackets: 0.02 of ln 30 in gain, and as much of the range of xi by the line's slope there.
    """
    gain, xi = plane.boundary_gain.values, plane.boundary_xi_plus.values
    slope = np.abs(np.gradient(np.log(gain) / np.log(30)) / np.gradient(xi))
    flat = np.flatnonzero(slope < 1)  # where the line does not run along the gain
    pick = flat[np.linspace(0, flat.size - 1, 4).astype(int)]
    found = boundary(PROBLEM, "gain", AXES["gain"], {"xi_plus": xi[pick]}, scan=5, **OPTIONS)
    apart = np.abs(np.log(found.critical.values / gain[pick])) / np.log(30)
    assert np.all(apart < 0.02 * (1 + slope[pick]))
    assert np.median(apart) < 0.002  # far nearer, the function being smooth


def test_points_of_a_problem_against_the_grid(plane):
    """Assert 5 times fewer points than the 51 x 51 grid of this resolution, and that the dataset says so."""
    assert plane.attrs["full_grid_points"] == 51**2
    assert plane.sizes["point"] == plane.attrs["points_used"]
    assert plane.attrs["points_used"] * 5 <= 51**2
    assert plane.attrs["reached"] <= 0.02
    assert plane.attrs["remark"] == ""
    for name, variable in plane.variables.items():
        assert "units" in variable.attrs, name


def test_file_is_resumed(plane, tmp_path, monkeypatch):
    """Assert that after a kill between batches the file holds whole batches, and the resumed result is the whole one."""
    from cumulode.validation.boundaries.probe import Probe

    out, done, theory = tmp_path / "r.nc", [], Probe.theory_all
    options = OPTIONS | {"resolution": 0.1, "coarse": 4, "out": out}

    def until(self, points):
        if len(done) == 3:
            raise KeyboardInterrupt
        done.append(len(points))
        return theory(self, points)

    monkeypatch.setattr(Probe, "theory_all", until)
    with pytest.raises(KeyboardInterrupt):
        refine_boundary(PROBLEM, AXES, **options)
    kept = xr.load_dataset(out, engine="scipy")
    assert kept.sizes["point"] >= 16
    monkeypatch.setattr(Probe, "theory_all", theory)
    resumed = refine_boundary(PROBLEM, AXES, **options)
    whole = refine_boundary(PROBLEM, AXES, **options | {"out": None})
    xr.testing.assert_equal(resumed, whole)
    xr.testing.assert_equal(xr.load_dataset(out, engine="scipy"), whole)
    with pytest.raises(ValueError, match="^out: .* settings differs"):
        refine_boundary(PROBLEM, AXES, **options | {"seeds": 3})


def test_too_few_points_are_told():
    """Assert that a limit on points leaves a resolution not reached, and says so."""
    found = refine_boundary(PROBLEM, AXES, coarse=4, most=20, **OPTIONS)
    assert found.attrs["points_used"] == 20
    assert found.attrs["reached"] > 0.01
    assert "not reached" in found.attrs["remark"]


def test_missing_package_is_one_clear_line(monkeypatch):
    """Assert that without adaptive an ImportError says what to install."""
    monkeypatch.setitem(sys.modules, "adaptive", None)
    with pytest.raises(
        ImportError, match=r"^refine_boundary needs the package adaptive: pip install 'cumulode\[refine\]'$"
    ):
        refine_boundary(PROBLEM, AXES, **OPTIONS)
