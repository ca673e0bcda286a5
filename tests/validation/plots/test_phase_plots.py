"""Figures of phase diagrams: they show the Dataset's numbers at their places, and say what is missing or doubtful."""

from __future__ import annotations

import itertools
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import phase_data as made
import pytest
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from phase_data import labelled, texts_of

from cumulode.validation.plots import comparison as report
from cumulode.validation.plots.phase import insets, phase_figure, phase_map, slice_figure, slices

COMMAND = "cumulode draw phase.nc --variable ipr_times_D"


@pytest.fixture(name="ds")
def _ds() -> xr.Dataset:
    return made.diagram()


#: Every test here also asserts that settings and open figures are as before.
pytestmark = pytest.mark.usefixtures("nothing_left_behind")


def mesh_of(ax: Axes) -> Any:
    """The mesh of numbers: the first."""
    return ax.collections[0]


def test_importing_does_not_import_matplotlib_or_xarray() -> None:
    """Assert that drawing is paid for only when something is drawn."""
    code = "import sys, cumulode.validation.plots.phase; sys.exit(bool({'matplotlib', 'xarray'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_map_shows_every_point_in_its_cell_whatever_the_order_of_the_axes(ds: xr.Dataset) -> None:
    """Assert colours = median over seeds, cells centred on points in their spacing, labels and units, and no pyplot."""
    shuffled = ds.isel(gain=[3, 0, 4, 1, 2], xi_plus=[2, 0, 3, 1])
    for given in (ds, shuffled):
        ax = Figure().add_subplot()
        assert phase_map(given, ax=ax, contour=False, lines=False) is ax
        expected = made.level(made.GAINS[None, :], made.XIS[:, None])  # the middle seed's factor is 1
        np.testing.assert_allclose(mesh_of(ax).get_array(), expected)
        edges = mesh_of(ax).get_coordinates()[0, :, 0]
        np.testing.assert_allclose(np.sqrt(edges[1:] * edges[:-1]), made.GAINS)  # geometric: log cells about points
        assert (ax.get_xscale(), ax.get_xlabel()) == ("log", "gain $g$")
        assert ax.get_ylabel() == r"correlation length, class plus, $\xi_+$ (sites)"
        assert "median of 3 seeds" in ax.figure.axes[1].get_ylabel()


def test_cells_of_any_spacing_meet_halfway_and_end_as_far_outside() -> None:
    """Assert edges on unequal linear spacing, against hand-made numbers, and which spacing counts as geometric."""
    ds = made.diagram({"gain": np.array([1.0, 2.0, 4.0, 5.0]), "xi_plus": np.array([1.0, 10.0])})
    mesh = mesh_of(phase_map(ds))
    np.testing.assert_allclose(mesh.get_coordinates()[0, :, 0], [0.5, 1.5, 3.0, 4.5, 5.5])
    np.testing.assert_allclose(mesh.get_coordinates()[:, 0, 1], [10**-0.5, 10**0.5, 10**1.5])


@pytest.mark.parametrize(("over", "factor"), [("median", 1.0), ("mean", 3.2 / 3), ("min", 0.9), ("max", 1.3), (2, 1.3)])
def test_seeds_are_reduced_as_asked(ds: xr.Dataset, over: Any, factor: float) -> None:
    """Assert the reductions against the seeds' known factors 0.9, 1, 1.3; an int is one seed."""
    ax = phase_map(ds, over=over)
    expected = made.level(made.GAINS[None, :], made.XIS[:, None]) * factor
    np.testing.assert_allclose(mesh_of(ax).get_array(), expected)
    assert (f"{over} of 3 seeds" if isinstance(over, str) else "seed 2") in ax.figure.axes[1].get_ylabel()


def test_axes_and_selection_are_the_ones_asked_for() -> None:
    """Assert x and y exchanged, a selected closure's numbers, and numbers selected to 1 %."""
    ds = made.diagram({"closure": np.array(["regression", "tree"]), "gain": made.GAINS, "xi_plus": made.XIS})
    ax = phase_map(ds, x="xi_plus", y="gain", select={"closure": "tree"})
    np.testing.assert_allclose(mesh_of(ax).get_array(), made.level(made.GAINS[:, None], made.XIS) + 1)
    assert ax.get_yscale() == "log"
    ax = phase_map(ds, x="gain", y="closure", select={"xi_plus": 2.01})
    np.testing.assert_allclose(mesh_of(ax).get_array(), made.level(made.GAINS, 2.0) + np.array([[0], [1]]))
    assert [t.get_text() for t in ax.get_yticklabels()] == ["regression", "tree"]


def test_an_infinite_gain_has_a_cell_of_its_own() -> None:
    """Assert equal steps, named ticks, and analytic lines at interpolated places."""
    ds = made.diagram({"gain": np.array([0.5, np.inf, 1.0]), "xi_plus": made.XIS})
    ax = phase_map(ds)
    assert [t.get_text() for t in ax.get_xticklabels()] == ["0.5", "1", r"$\infty$"]
    np.testing.assert_allclose(mesh_of(ax).get_array()[:, 2], made.level(50.0, made.XIS))
    line = labelled(ax, "uniform state")[0]
    critical = 0.8 * 1.5 / made.XIS
    np.testing.assert_allclose(line.get_xdata()[0], (critical[0] - 0.5) / 0.5)


def test_what_is_missing_is_grey_and_the_legend_says_why(ds: xr.Dataset) -> None:
    """Assert pending, failed and partly failed cells, each by its own mark and legend entry."""
    for at, code in (((0, 0), -1), ((1, 1), 3)):
        ds["status"][at] = code
        ds["ipr_times_D"][at] = np.nan
    ds["status"][2, 2, 0] = 3
    ds["ipr_times_D"][2, 2, 0] = np.nan
    ax = phase_map(ds)
    assert (marked(ax, "pending"), marked(ax, "failed")) == ({(0, 0)}, {(1, 1)})
    assert np.ma.getmaskarray(mesh_of(ax).get_array()).sum() == 2
    cross = labelled(ax, "some seeds")[0]
    np.testing.assert_allclose([cross.get_xdata(), cross.get_ydata()], [[made.GAINS[2]], [made.XIS[2]]])
    assert {"pending", "failed", "some seeds pending or failed"} <= set(texts_of(ax))


def test_a_map_of_nothing_yet_is_all_pending(ds: xr.Dataset) -> None:
    """Assert that a sweep just begun can be drawn."""
    ds["status"][:] = -1
    ds["ipr_times_D"][:] = np.nan
    ax = phase_map(ds)
    assert "pending" in texts_of(ax)
    assert labelled(ax, "IPR") == []


def test_runs_that_never_localised_are_not_left_out_of_the_median(ds: xr.Dataset) -> None:
    """Assert that the median of 2 in 3 seeds that never localised is never, and of 1 in 3 a number of all three."""
    ax = phase_map(ds, "time_to_localise")
    ipr = ds["ipr_times_D"].values
    times = np.sort(np.where(ipr > 3, 100 / ipr, np.inf), axis=-1)[..., 1].T
    assert np.isinf(times).any()
    shown = mesh_of(ax).get_array()
    np.testing.assert_array_equal(np.ma.getmaskarray(shown), np.isinf(times))
    np.testing.assert_allclose(shown.compressed(), times[np.isfinite(times)])
    assert "not localised by the end" in texts_of(ax)
    assert "uniform: no wavelength" in texts_of(phase_map(ds, "wavelength"))


def test_classes_have_named_colours_and_the_most_frequent_seed_decides(ds: xr.Dataset) -> None:
    """Assert the class of two in three seeds, the first of equals, unknown left blank, and names on the colour bar."""
    ds["pattern"][0, 0] = [2, 0, 2]
    ds["pattern"][0, 1] = [2, 1, 0]
    ds["pattern"][0, 2] = -1
    ax = phase_map(ds, "pattern")
    shown = mesh_of(ax).get_array()
    assert (shown[0, 0], shown[1, 0]) == (2, 0)
    assert np.ma.getmaskarray(shown)[2, 0]
    bar = ax.figure.axes[1]
    assert [t.get_text() for t in bar.get_yticklabels()] == ["unpatterned", "oscillatory", "localised"]
    colours = {mesh_of(ax).cmap(mesh_of(ax).norm(v)) for v in range(3)}
    assert len(colours) == 3


def test_the_colour_scale_is_logarithmic_where_the_range_asks_for_it(ds: xr.Dataset) -> None:
    """Assert the norm by range, by request and by limits, symmetric about 0 for both signs, and a refusal."""

    def norm(variable: str, **options: Any) -> Any:
        return mesh_of(phase_map(ds, variable, **options)).norm

    assert type(norm("ipr_times_D")).__name__ == "LogNorm"
    assert type(norm("ipr_times_D", log=False)).__name__ == "Normalize"
    assert (norm("ipr_times_D", limits=(1, 9)).vmin, norm("ipr_times_D", limits=(1, 9)).vmax) == (1, 9)
    growth = norm("growth_rate")
    assert growth.vmin == -growth.vmax == -77.0  # 2 x 10 x 4 - 3
    with pytest.raises(ValueError, match="^log: got True"):
        phase_map(ds, "growth_rate", log=True)


def test_the_contour_is_where_ipr_times_d_is_three(ds: xr.Dataset) -> None:
    """Assert it against gain = 1.5 / xi, exact at the points where log IPR x D is linear in log gain; SGD's is SGD's."""
    for variable, factor in (("ipr_times_D", 1.0), ("width", 1.0), ("sgd_width", 0.8)):
        ax = phase_map(ds, variable)
        (line,) = labelled(ax, "IPR")
        gain, xi = line.get_xdata(), line.get_ydata()
        for at in made.XIS:
            here = np.isclose(xi, at)
            assert here.any()
            np.testing.assert_allclose(gain[here], 1.5 / at / factor, rtol=1e-9)
        assert any("IPR" in t and "= 3" in t for t in texts_of(ax))
    assert labelled(phase_map(ds, contour=False), "IPR") == []
    assert len(labelled(phase_map(ds, contour=[2.0, 5.0]), "level")) == 2
    ds.attrs["localised_threshold"] = 6.0
    (line,) = labelled(phase_map(ds), "IPR")
    np.testing.assert_allclose(line.get_xdata()[np.isclose(line.get_ydata(), 2.0)], 1.5)


def test_analytic_lines_stand_at_their_values(ds: xr.Dataset) -> None:
    """Assert both lines on either axis, labelled in the legend; NaN leaves a gap, lines=False leaves them out."""
    ds["critical_gain_linear"][1] = np.nan
    for axes in ({}, {"x": "xi_plus", "y": "gain"}):
        ax = phase_map(ds, **axes)  # type: ignore[arg-type]
        for kind in ("linear", "stability"):
            (line,) = labelled(ax, ds[f"critical_gain_{kind}"].long_name)
            pair = [line.get_xdata(), line.get_ydata()]
            np.testing.assert_array_equal(pair if not axes else pair[::-1], [ds[f"critical_gain_{kind}"], made.XIS])
    assert {"linear threshold", "uniform state loses stability"} <= set(texts_of(ax))
    assert labelled(phase_map(ds, lines=False), "linear") == []


def test_a_line_of_a_closure_that_is_not_drawn_is_left_out() -> None:
    """Assert the selected closure's line, and across words a stroke for each row."""
    ds = made.diagram({"gain": made.GAINS, "xi_plus": made.XIS, "closure": np.array(["regression", "tree"])})
    ds["critical_gain_stability"][:, 1] *= 2
    (line,) = labelled(phase_map(ds, select={"closure": "tree"}), "uniform state")
    np.testing.assert_allclose(line.get_xdata(), 2 * 0.8 * 1.5 / made.XIS)
    (line,) = labelled(phase_map(ds, y="closure", select={"xi_plus": 2.0}), "uniform state")
    np.testing.assert_allclose(line.get_xdata()[[0, 1, 3, 4]], [0.6, 0.6, 1.2, 1.2])
    np.testing.assert_allclose(line.get_ydata()[[0, 1, 3, 4]], [-0.5, 0.5, 0.5, 1.5])


HATCHES = {"some": "closure not trusted: some", "most": "closure not trusted: half", "unknown": "closure's validity"}


def marked(ax: Axes, words: str) -> set[tuple[int, int]]:
    """Cells (gain, xi) whose centre lies in a box filled or hatched for this reason."""
    boxes = [path.get_extents() for c in labelled(ax, words) if c in ax.collections for path in c.get_paths()]
    return {
        (i, j)
        for i, g in enumerate(made.GAINS)
        for j, xi in enumerate(made.XIS)
        if any(b.x0 < g < b.x1 and b.y0 < xi < b.y1 for b in boxes)
    }


def hatched(ax: Axes, kind: str) -> set[tuple[int, int]]:
    """Cells hatched, of a kind."""
    return marked(ax, HATCHES[kind])


def test_hatching_covers_what_is_not_trusted(ds: xr.Dataset) -> None:
    """Assert where one seed, where most and where unknown, by pattern and legend; none for SGD or linear theory."""
    ds["trusted"][1, 2, 0] = 0
    ds["trusted"][2, 1:3, :2] = 0
    ds["trusted"][4, 3] = -1
    ax = phase_map(ds)
    assert hatched(ax, "some") == {(1, 2)}
    assert hatched(ax, "most") == {(2, 1), (2, 2)}
    assert hatched(ax, "unknown") == {(4, 3)}
    assert sum("trusted" in t for t in texts_of(ax)) == 2
    assert "closure's validity unknown" in texts_of(ax)
    assert hatched(phase_map(ds, over=0), "most") == {(1, 2), (2, 1), (2, 2)}
    for other in (phase_map(ds, hatch=False), phase_map(ds, "sgd_width"), phase_map(ds, "growth_rate")):
        assert [hatched(other, kind) for kind in ("some", "most", "unknown")] == [set()] * 3
    ds["trusted"][:] = -1
    assert hatched(phase_map(ds), "unknown") == set()  # not a judgement: the diagnostic was not run


def errors_of(container: Any) -> np.ndarray:
    """Half heights of the error bars."""
    return np.array([np.ptp(s[:, 1]) / 2 for s in container.lines[2][0].get_segments()])


def test_slices_show_theory_filled_and_sgd_open_with_standard_errors(ds: xr.Dataset) -> None:
    """Assert means, s / sqrt n, fill, one colour a curve, critical values of x and the threshold as lines."""
    ax = slices(ds, x="gain", along={"xi_plus": [2.0, 4.0]})
    seeds = np.array([0.9, 1.0, 1.3])
    for role, factor, face in (("theory", 1.0, None), ("sgd", 0.8, "white")):
        drawn = [c for c in ax.containers if c.get_label() == f"_{role}"]
        assert len(drawn) == 2
        for container, xi in zip(drawn, (2.0, 4.0), strict=True):
            line, scale = container.lines[0], made.level(made.GAINS, xi) * factor
            np.testing.assert_allclose(line.get_ydata(), seeds.mean() * scale)
            np.testing.assert_allclose(errors_of(container), seeds.std(ddof=1) / 3**0.5 * scale)
            assert line.get_markerfacecolor() == (face or line.get_color())
            assert (line.get_linestyle() == "None") == (role == "sgd")
    lines = labelled(ax, "critical_gain_stability")
    assert [line.get_xdata()[0] for line in lines] == pytest.approx([0.6, 0.3])
    assert labelled(ax, "localised above")[0].get_ydata()[0] == 3.0
    said = texts_of(ax)
    assert said[:2] == [r"$\xi_+$ = 2", r"$\xi_+$ = 4"]
    assert "SGD: mean and standard error over 3 seeds" in said


def test_slices_of_an_axis_only_sgd_has(ds: xr.Dataset) -> None:
    """Assert one theory for all learning rates: a black curve, or a level line against the learning rate."""
    swept = made.diagram({"gain": made.GAINS, "learning_rate": np.array([0.01, 0.02])})
    ax = slices(swept, "width", x="gain", along="learning_rate")
    assert [c.get_label() for c in ax.containers] == ["_theory", "_sgd", "_sgd"]
    ax = slices(swept, "width", x="learning_rate", along={"gain": [1.0]})
    (level,) = (line for line in ax.lines if line.get_label() == "_theory")
    ipr = made.level(1.0, 1.5) * np.array([0.9, 1.0, 1.3])
    np.testing.assert_allclose(level.get_ydata(), np.mean(10 / ipr))
    alone = slices(made.diagram({"gain": made.GAINS}), sgd=False)  # a diagram with one axis
    np.testing.assert_allclose(alone.containers[0].lines[0].get_xdata(), made.GAINS)


def test_slices_mark_what_is_not_trusted_and_the_median_has_a_bootstrap_error(ds: xr.Dataset) -> None:
    """Assert crosses where half the seeds or more are not trusted; a bootstrap error between 0 and the spread."""
    ds["trusted"][1, 1, :2] = 0
    ds["trusted"][2, 1, 0] = 0
    ax = slices(ds, x="gain", select={"xi_plus": 2.0}, over="median", sgd=False)
    (cross,) = labelled(ax, "closure not trusted")
    np.testing.assert_allclose(cross.get_xdata(), [made.GAINS[1]])
    np.testing.assert_allclose(ax.containers[0].lines[0].get_ydata(), made.level(made.GAINS, 2.0))
    relative = errors_of(ax.containers[0]) / made.level(made.GAINS, 2.0)
    assert ((relative > 0.05) & (relative < 0.2)).all()  # of 27 equal draws: sd of the median 0.134


def test_a_figure_works_from_a_file_and_nothing_overlaps(ds: xr.Dataset, tmp_path: Path) -> None:
    """Assert the same from disk; title, legend, map, fields and bar apart and inside the figure, at both widths."""
    ds["trusted"][2, :, 0] = 0
    ds.to_netcdf(tmp_path / "phase.nc", engine="scipy")
    theory, sgd = (
        made.boundary("gain", "xi_plus", [1.7, 3.0], [0.9, 0.5], [0.05, 0.02], prefix, **made.stamped())
        for prefix in ("", "sgd_")
    )
    with xr.open_dataset(tmp_path / "phase.nc") as saved:
        for width, fields in ((3.4, "above"), (3.4, "below"), (5.2, "below"), (7.0, "above")):
            figure = phase_figure(saved, points=3, fields=fields, theory=theory, sgd=sgd, width=width)
            report.save(figure, tmp_path / "figure.png", COMMAND)
            assert_apart(figure)
            np.testing.assert_allclose(mesh_of(figure.axes[0]).get_array(), mesh_of(phase_map(ds)).get_array())
    figure = slice_figure(ds, x="gain", along="xi_plus")
    report.save(figure, tmp_path / "figure.svg", COMMAND)
    assert_apart(figure)
    with_boundary = phase_figure(ds, points=None, sgd=sgd).get_suptitle()
    assert "batch" not in with_boundary  # the boundary's own rate and batch are in the legend
    assert "batch size = 100" in figure.get_suptitle().replace("\u00a0", " ")


def assert_apart(figure: Figure) -> None:
    """Assert that texts, legend and panels with their labels keep apart and within the figure."""
    figure.draw_without_rendering()
    boxes = [b for ax in figure.axes if (b := ax.get_tightbbox()) is not None]
    boxes += [a.get_window_extent() for a in (figure._suptitle, *figure.legends)]  # type: ignore[attr-defined]
    for i, a in enumerate(boxes):
        assert min(a.x0, a.y0) >= -1
        assert a.x1 <= figure.bbox.x1 + 1
        assert a.y1 <= figure.bbox.y1 + 1
        for b in boxes[i + 1 :]:
            assert min(min(a.x1, b.x1) - max(a.x0, b.x0), min(a.y1, b.y1) - max(a.y0, b.y0)) < 1, (a, b)


def test_the_title_says_what_was_held_fixed() -> None:
    """Assert the problem's other parameters, the selected axis, and no axis that is drawn."""
    ds = made.diagram({"gain": made.GAINS, "xi_plus": made.XIS, "bias": np.array([-1.0, -0.5])})
    title = phase_figure(ds, select={"bias": -0.5}, points=None).get_suptitle().replace("\u00a0", " ")
    for words in ("$b$ = -0.5", r"$\xi_-$ = 1", "D = 20", "closure regression", "$t$ = 150", "NLGP"):
        assert words in " ".join(title.split())
    assert "$g$" not in title
    assert "$b$ = -1" not in title


def test_lines_slices_and_insets_follow_axes_in_any_order(ds: xr.Dataset) -> None:
    """Assert that a Dataset with its points in another order gives the same lines, curves, errors and fields."""
    ds["trusted"][1, 1] = 0
    drawn = []
    for given in (ds, ds.isel(gain=[3, 0, 4, 1, 2], xi_plus=[2, 0, 3, 1])):
        ax = phase_map(given)
        (panel,) = insets(ax, given, [(10.0, 2.0)])
        sliced = slices(given, x="gain", select={"xi_plus": 2.0})
        curves = [[c.lines[0].get_xdata(), c.lines[0].get_ydata(), errors_of(c)] for c in sliced.containers]
        line = labelled(ax, "linear threshold")[0].get_data()
        drawn.append(
            (
                line,
                panel.lines[-1].get_ydata(),
                np.array(curves),
                labelled(sliced, "closure not trusted")[0].get_xdata(),
            )
        )
    for first, second in zip(*drawn, strict=True):
        np.testing.assert_array_equal(first, second)


def test_a_line_of_one_point_is_seen_and_classes_have_no_contour():
    """Assert a marker at a lone critical value, none where the line goes on, and no contour over classes."""
    from cumulode.validation.plots.phase.lines import _lone

    assert _lone(np.array([np.nan, 1.0, np.nan, 2.0, 3.0, np.nan, 4.0])).tolist() == [0, 1, 0, 0, 0, 0, 1]
    ds = made.diagram()
    plain, classes = (len(phase_map(ds, name, lines=False).lines) for name in ("ipr_times_D", "pattern"))
    assert plain > classes == 0


def test_axes_of_few_values_have_their_ticks_there_and_say_what_a_size_is():
    """Assert ticks at 20, 35, 50 and at sides 8, 10, none between; a torus in the title; labels by the shape."""
    for torus, sizes, label in ((False, [20, 35, 50], "number of sites D"), (True, [8, 10], "side L (sites)")):
        ds = made.diagram({"gain": made.GAINS, "size": np.array(sizes)}, torus=torus)
        figure = phase_figure(ds, points=None)
        ax = figure.axes[0]
        assert [t.get_text() for t in ax.get_yticklabels()] == [str(s) for s in sizes]
        assert ax.get_yticks().tolist() == sizes
        assert len(ax.get_yticks(minor=True)) == 0
        assert ax.get_ylabel() == label
        assert ("torus" in figure.get_suptitle()) == torus
        assert 0.316 not in ax.get_xticks()  # values of many digits: the scale's own ticks


def test_a_tie_between_classes_is_told_where_there_is_one(ds: xr.Dataset) -> None:
    """Assert a dot on the tied cells alone, with an entry; none without a tie, of a majority, or of one seed."""
    words = "tie between classes: the lower on the bar is shown"
    ds["pattern"][:] = 0
    ds["pattern"][0, 0] = [2, 2, 1]
    assert words not in texts_of(phase_map(ds, "pattern"))
    ds["pattern"][3, 2] = [2, 1, 0]
    ds["pattern"][4, 1] = [2, 1, -1]
    ax = phase_map(ds, "pattern")
    (dots,) = labelled(ax, "tie")
    np.testing.assert_allclose(sorted(zip(*dots.get_data(), strict=True)),
                               [[made.GAINS[3], made.XIS[2]], [made.GAINS[4], made.XIS[1]]])  # fmt: skip
    assert words in texts_of(ax)
    assert labelled(phase_map(ds, "pattern", over=0), "tie") == []


def test_critical_lines_and_colour_bars_are_told_in_symbols_and_whole_phrases(ds: xr.Dataset) -> None:
    """Assert the symbol for the axis's name, in maps and slices, and a break before how seeds were reduced."""
    ds["critical_gain_linear"].attrs["long_name"] = "gain at which the largest growth rate of w = 0 vanishes"
    words = "$g$ where the largest growth rate of $w=0$ vanishes"
    assert words in texts_of(phase_map(ds))
    assert words in texts_of(slices(ds, x="gain", along="xi_plus"))
    ds["pattern"].attrs["long_name"] = "class of the field by a rule"
    bar = phase_map(ds, "pattern").figure.axes[1]
    assert bar.get_ylabel() == "class of the field by a rule:\nmost frequent of 3 seeds"


def test_small_maps_have_no_stub_and_the_map_of_trust_is_not_hatched(ds: xr.Dataset) -> None:
    """Assert no contour between 2 x 2 points, one between 3 x 2; and hatching on other maps only."""
    assert labelled(phase_map(ds.isel(gain=[1, 3], xi_plus=[0, 3])), "IPR") == []
    assert len(labelled(phase_map(ds.isel(gain=[1, 2, 3], xi_plus=[0, 3])), "IPR")) == 1
    ds["trusted"][2, 1, :2] = 0
    assert hatched(phase_map(ds), "most") == {(2, 1)}
    assert hatched(phase_map(ds, "trusted"), "most") == set()


def test_a_strip_below_a_narrow_map_is_high_enough_and_its_ticks_keep_apart(ds: xr.Dataset) -> None:
    """Assert panels at least 0.9 inch high and tick labels apart, for 1, 4 and 9 fields at 3.4 inch."""
    for count in (1, 4, 9, 3):
        given = ds if count != 3 else made.diagram(torus=True)
        figure = phase_figure(given, points=count, fields="below", width=3.4)
        assert_apart(figure)
        panels = figure.axes[2 : 2 + count]
        assert len(panels) == count
        assert min(p.get_position().height for p in panels) * figure.get_figheight() >= 0.9
        labels = [t.get_window_extent() for p in panels for a in (p.xaxis, p.yaxis) for t in a.get_ticklabels()
                  if a.get_view_interval()[0] <= _at(a, t) <= a.get_view_interval()[1] and t.get_visible()]  # fmt: skip
        assert len(labels) > 2 * count or given is not ds  # images have no ticks
        assert not any(a.overlaps(b) for a, b in itertools.combinations(labels, 2))


def _at(axis: Any, text: Any) -> float:
    """Where along its axis a tick's label stands."""
    return float(text.get_position()[axis.axis_name == "y"])


def test_fields_inside_a_map_are_now_above_it(ds: xr.Dataset) -> None:
    """Assert the old word's warning and the same figure."""
    with pytest.warns(FutureWarning, match="inside"):
        old = phase_figure(ds, fields="inside")
    assert len(old.axes[0].child_axes) == len(phase_figure(ds).axes[0].child_axes) == 4
