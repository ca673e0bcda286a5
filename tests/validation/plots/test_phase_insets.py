"""Receptive fields in maps: the right seed of the right point, centred, and where they cover nothing."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import phase_data as made
import pytest
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from cumulode.validation.plots.phase import field_strip, insets, phase_map
from cumulode.validation.plots.phase.placing import place


@pytest.fixture(name="ds")
def _ds() -> xr.Dataset:
    return made.diagram()


def labelled(ax: Axes, label: str) -> list[Any]:
    """Lines that carry a label."""
    return [line for line in ax.lines if line.get_label() == f"_{label}"]


@pytest.mark.parametrize("prefix", ["", "sgd_"])
def test_an_inset_shows_the_median_seed_of_the_cell_asked_for(ds: xr.Dataset, prefix: str) -> None:
    """Assert the weights of seed 1 (factor 1, the median) up to a translation and the sign, centred and upright."""
    bump = ds[f"{prefix}w"]
    bump[3, 2, 1] *= 1.7  # tells the cell from others
    bump[3, 2, 0] = bump[3, 2, 0] ** 3  # tells the seeds apart: of another IPR
    bump[3, 2, 2] = np.sign(bump[3, 2, 2]) * np.abs(bump[3, 2, 2]) ** 0.5
    ax = phase_map(ds, f"{prefix}ipr_times_D")
    (panel,) = insets(ax, ds, [(made.GAINS[3] * 1.1, 3.1)])
    shown = panel.lines[-1].get_ydata()
    w = bump.values[3, 2, 1]
    assert any(np.array_equal(shown, -np.roll(w, k)) for k in range(made.D))
    assert np.argmax(shown) == made.D // 2
    (marker,) = labelled(ax, "point")
    u = [s.to_unit(v) for s, v in zip(_scales(ax), (made.GAINS[3], 3.0), strict=True)]
    np.testing.assert_allclose([marker.get_xdata()[0], marker.get_ydata()[0]], u)


def _scales(ax: Axes) -> Any:
    from cumulode.validation.plots.phase.planes import planes

    return planes[ax].x, planes[ax].y


def test_a_seed_can_be_asked_for_and_its_padding_is_cut_off(ds: xr.Dataset) -> None:
    """Assert the field of seed 2 on a ring of 12 sites, padded with NaN to 20."""
    ds["w"][0, 0, 2, 12:] = np.nan
    (panel,) = insets(phase_map(ds), ds, [(0.1, 1.5)], seed=2)
    shown = panel.lines[-1].get_ydata()
    np.testing.assert_allclose(np.sort(shown), np.sort(-ds["w"].values[0, 0, 2, :12]))


def test_a_torus_is_shown_as_an_image() -> None:
    """Assert the weights row-major, translated so that the largest is in the middle."""
    ds = made.diagram(torus=True)
    w = np.zeros((4, 4))
    w[3, 1] = -2.0
    w[3, 2] = w[0, 1] = -0.5
    ds["w"][2, 1, 1] = w.ravel()
    ds["w"][2, 1, [0, 2]] = np.nan
    (panel,) = insets(phase_map(ds), ds, [(1.0, 2.0)])
    image = np.asarray(panel.images[0].get_array())
    np.testing.assert_array_equal(image, -np.roll(w, (2 - 3, 2 - 1), (0, 1)))
    assert panel.images[0].get_clim() == (-2.0, 2.0)


def boxes_of(panels: list[Axes], ax: Axes) -> np.ndarray:
    """Left, bottom, right, top of inset Axes, in fractions of the map."""
    ax.figure.draw_without_rendering()  # type: ignore[union-attr]
    back = ax.transAxes.inverted()
    return np.array([back.transform_bbox(p.get_window_extent()).extents for p in panels])


@pytest.mark.parametrize("count", [1, 4, 8])
def test_insets_cover_no_other_and_no_marker(ds: xr.Dataset, count: int) -> None:
    """Assert boxes apart, inside the map, and clear of all markers; leaders end on their box."""
    ax = phase_map(ds)
    panels = insets(ax, ds, count)
    assert len(panels) == count
    boxes = boxes_of(panels, ax)
    points = np.array([[m.get_xdata()[0], m.get_ydata()[0]] for m in labelled(ax, "point")])
    assert len(np.unique(points, axis=0)) == count
    assert boxes.min() >= 0
    assert boxes.max() <= 1
    for i, a in enumerate(boxes):
        assert not ((points > a[:2]) & (points < a[2:])).all(axis=1).any()
        end = np.array([line[-1] for line in labelled(ax, "leader")[i].get_data()])
        assert ((end >= a[:2] - 1e-6) & (end <= a[2:] + 1e-6)).all()
        for b in boxes[i + 1:]:
            assert (np.minimum(a[2:], b[2:]) - np.maximum(a[:2], b[:2])).min() < 0


def test_chosen_points_span_the_range_of_the_map(ds: xr.Dataset) -> None:
    """Assert that among four points are fields below and above the threshold, in rising order of IPR x D."""
    ax = phase_map(ds)
    insets(ax, ds, 4)
    x, y = _scales(ax)
    values = [made.level(x.from_unit(m.get_xdata()[0]), y.from_unit(m.get_ydata()[0])) for m in labelled(ax, "point")]
    assert values == sorted(values)
    assert values[0] < 3 < values[-1]


@pytest.mark.parametrize("seed", range(6))
def test_placing_keeps_its_promise_for_points_anywhere(seed: int) -> None:
    """Assert boxes apart, off all points and off the leaders of others, for random points, some of them close."""
    points = np.random.default_rng(seed).uniform(0.02, 0.98, (6, 2))
    points[1] = points[0] + 0.03
    points = np.clip(points, 0.02, 0.98)
    boxes = place(points, (0.2, 0.14))
    for i, a in enumerate(boxes):
        assert not ((points > a[:2]) & (points < a[:2] + a[2:])).all(axis=1).any()
        for j, b in enumerate(boxes):
            if i != j:
                assert (np.minimum(a[:2] + a[2:], b[:2] + b[2:]) - np.maximum(a[:2], b[:2])).min() < 0
                way = np.linspace(points[j], np.clip(points[j], b[:2], b[:2] + b[2:]), 50)
                assert not ((way > a[:2]) & (way < a[:2] + a[2:])).all(axis=1).any()


def test_a_strip_has_a_panel_a_letter_and_one_scale(ds: xr.Dataset) -> None:
    """Assert letters at the points, titles that name them, sites from the centre, equal limits of the weights."""
    ax = phase_map(ds)
    figure = Figure()
    panels = field_strip(ax, ds, [(0.1, 1.5), (10.0, 4.0)], [figure.add_subplot(1, 2, i) for i in (1, 2)])
    letters = {t.get_text(): t.get_position() for t in ax.texts}
    assert letters == {"A": pytest.approx((0.1, 1.5)), "B": pytest.approx((10.0, 4.0))}
    assert panels[1].get_title(loc="left").split() == ["B:", "$g$", "=", "10,", r"$\xi_+$", "=", "4"]
    assert panels[0].get_ylim() == panels[1].get_ylim()
    line = panels[1].lines[-1]
    assert line.get_xdata()[np.argmax(line.get_ydata())] == 0


def test_bad_points_are_refused_by_name(ds: xr.Dataset) -> None:
    """Assert one line that starts with the argument, and says why a point has no field."""
    ds["w"][0, 0] = ds["ipr_times_D"][0, 0] = np.nan
    ds["status"][0, 0] = -1
    ax = phase_map(ds)
    cases: dict[str, Any] = {
        "points: got 0": lambda: insets(ax, ds, 0),
        "points: got 'gain = 99'": lambda: insets(ax, ds, [(99.0, 2.0)]),
        "points: got 'gain = -1'": lambda: insets(ax, ds, [(-1.0, 2.0)]),
        "points: got [3]": lambda: insets(ax, ds, [3]),  # type: ignore[list-item]
        "points: got 'gain = 0.1, xi_plus = 1.5', allowed: points with a finished run (there: pending)":
            lambda: insets(ax, ds, [(0.1, 1.5)]),
        "points: got '12 points'": lambda: insets(ax, ds, 12, size=0.5),
        "seed: got 9": lambda: insets(ax, ds, [(1.0, 2.0)], seed=9),
        "size: got 0.9": lambda: insets(ax, ds, 1, size=0.9),
        "ax: got": lambda: insets(Figure().add_subplot(), ds, 1),
        "panels: got '0 Axes'": lambda: field_strip(ax, ds, 1, []),
    }  # fmt: skip
    for start, call in cases.items():
        with pytest.raises(ValueError, match=f"^{re.escape(start)}[^\n]*$"):
            call()


def test_insets_of_one_seed_s_map_are_that_seed_s_and_their_marker_is_a_ring(ds: xr.Dataset) -> None:
    """Assert seed 2's weights on its map, no fill (boundaries' symbols have one), and whose the legend says they are."""
    ds["w"][3, 2, 2] *= 1.7
    ax = phase_map(ds, over=2)
    (panel,) = insets(ax, ds, [(made.GAINS[3], 3.0)])
    np.testing.assert_allclose(np.sort(panel.lines[-1].get_ydata()), np.sort(-ds["w"].values[3, 2, 2]))
    assert labelled(ax, "point")[0].get_markerfacecolor() == "none"
    assert "final weights of seed 2, centred, whole ring, own scale" in made.texts_of(ax)
    ax = phase_map(ds, "pattern")
    insets(ax, ds, 1)
    assert any(t.startswith("final weights of the seed nearest the median of IPR × D") for t in made.texts_of(ax))
