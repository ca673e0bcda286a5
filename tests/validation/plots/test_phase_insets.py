"""Receptive fields in maps: the right seed of the right point, centred, and where they cover nothing."""

from __future__ import annotations

import numpy as np
import phase_data as made
import pytest
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from cumulode.validation.plots.phase import field_strip, insets, phase_map


@pytest.fixture(name="ds")
def _ds() -> xr.Dataset:
    return made.diagram()


def letters_of(ax: Axes) -> dict[str, tuple[float, float]]:
    """Where each letter stands on a map."""
    return {t.get_text(): t.get_position() for t in ax.texts}


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
    assert letters_of(ax) == {"A": pytest.approx((made.GAINS[3], 3.0))}
    assert [t.get_text() for t in panel.texts] == ["A"]


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


@pytest.mark.parametrize(("count", "torus"), [(1, False), (4, False), (8, False), (12, True)])
def test_insets_stand_above_the_map_and_cover_nothing(count: int, torus: bool) -> None:
    """Assert boxes apart, outside the map, below the legend; a letter for each, at another cell."""
    ds = made.diagram(torus=torus)
    ax = phase_map(ds)
    strip = insets(ax, ds, count)
    letters = letters_of(ax)
    assert [p.texts[0].get_text() for p in strip] == sorted(letters) == list("ABCDEFGHIJKL"[:count])
    assert len(set(letters.values())) == count
    boxes = boxes_of(strip, ax)
    assert boxes[:, [0, 1]].min(axis=0) == pytest.approx([0, 1], abs=0.05)
    assert boxes[:, 1].min() >= 1
    assert boxes[:, 2].max() <= 1 + 1e-9
    legend = ax.transAxes.inverted().transform_bbox(ax.get_legend().get_window_extent())
    assert legend.y0 >= boxes[:, 3].max()
    for i, a in enumerate(boxes):
        for b in boxes[i + 1 :]:
            assert (np.minimum(a[2:], b[2:]) - np.maximum(a[:2], b[:2])).min() < 0


def test_chosen_points_span_the_range_of_the_map(ds: xr.Dataset) -> None:
    """Assert that among four points are fields below and above the threshold, in rising order of IPR x D."""
    ax = phase_map(ds)
    insets(ax, ds, 4)
    values = [made.level(*where) for _, where in sorted(letters_of(ax).items())]
    assert values == sorted(values)
    assert values[0] < 3 < values[-1]


def test_a_strip_has_a_panel_a_letter_and_one_scale(ds: xr.Dataset) -> None:
    """Assert letters at the points, titles that name them, sites from the centre, equal limits of the weights."""
    ax = phase_map(ds)
    figure = Figure()
    panels = field_strip(ax, ds, [(0.1, 1.5), (10.0, 4.0)], [figure.add_subplot(1, 2, i) for i in (1, 2)])
    assert letters_of(ax) == {"A": pytest.approx((0.1, 1.5)), "B": pytest.approx((10.0, 4.0))}
    assert panels[1].get_title(loc="left").split() == ["B:", "$g$", "=", "10,", r"$\xi_+$", "=", "4"]
    assert panels[0].get_ylim() == panels[1].get_ylim()
    line = panels[1].lines[-1]
    assert line.get_xdata()[np.argmax(line.get_ydata())] == 0


def test_insets_of_one_seed_s_map_are_that_seed_s_and_the_legend_says_so(ds: xr.Dataset) -> None:
    """Assert seed 2's weights on its map, and whose the legend says they are."""
    ds["w"][3, 2, 2] *= 1.7
    ax = phase_map(ds, over=2)
    (panel,) = insets(ax, ds, [(made.GAINS[3], 3.0)])
    np.testing.assert_allclose(np.sort(panel.lines[-1].get_ydata()), np.sort(-ds["w"].values[3, 2, 2]))
    assert "A: final weights of seed 2, centred, whole ring, each on its own scale" in made.texts_of(ax)
    ax = phase_map(ds, "pattern")
    insets(ax, ds, 1)
    assert any(t.startswith("A: final weights of the seed nearest the median of IPR × D") for t in made.texts_of(ax))
