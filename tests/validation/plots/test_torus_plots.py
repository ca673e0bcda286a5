"""Figures of runs on tori: images show the weights given, moved as they say; what is no ring's is refused."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure
from run_data import L
from run_data import on_torus as run

from cumulode.validation import plots
from cumulode.validation.plots import comparison as report
from cumulode.validation.receptive_fields import symmetry


def pixels(ax):
    """The weights an image shows, [row, column]."""
    return np.asarray(ax.images[0].get_array())


def test_an_image_shows_the_weights_row_major_on_a_symmetric_scale():
    """Assert pixels = w[L x + y], first index upward, colours from -limit to limit, square cells, names on the axes."""
    w = run().w[-1]
    ax = plots.field_image(w)
    assert np.array_equal(pixels(ax), w.reshape(L, L))
    assert ax.images[0].origin == "lower"
    assert ax.images[0].get_clim() == (-np.abs(w).max(), np.abs(w).max())
    assert (ax.get_xlabel(), ax.get_ylabel(), ax.get_aspect()) == ("column (site)", "row (site)", 1.0)
    assert plots.field_image(w, Figure().add_subplot(), limit=3.0).images[0].get_clim() == (-3.0, 3.0)


def test_an_image_says_how_it_was_moved():
    """Assert that pixels are the moved field's and that exchange, reversals, shift and sign are told."""
    w = run().w[-1]
    move = symmetry.TorusSymmetry(np.array([1, 6]), np.asarray(7), np.asarray(-1.0))
    ax = plots.field_image(w, symmetry=move)
    assert np.array_equal(pixels(ax).ravel(), symmetry.transform(w, move))
    said = " ".join(ax.get_xlabel().split())
    assert said == "column (site) (axes exchanged, rows reversed, columns reversed, shifted by +1, -2, sign reversed)"


def test_images_of_a_run_are_its_start_middle_and_end():
    """Assert the three recorded fields and titles; asked for times, the nearest recorded; centred, the peak's place."""
    panels = plots.field_images(run(n=3), run=1)
    assert [ax.get_title(loc="left") for ax in panels] == ["t = 0", "t = 2", "t = 10"]
    for ax, i in zip(panels, (0, 2, 4), strict=True):
        assert np.array_equal(pixels(ax).ravel(), run(n=3).w[1, i])
    panels = plots.field_images(run(), times=[0.9, 30.0], limit=0.5)
    assert [ax.get_title(loc="left") for ax in panels] == ["t = 1", "t = 10"]
    assert {ax.images[0].get_clim() for ax in panels} == {(-0.5, 0.5)}
    last = plots.field_images(run(), centred=True)[-1]
    assert np.unravel_index(pixels(last).argmax(), (L, L)) == (L // 2, L // 2)
    assert "shifted by +2, -2" in last.get_xlabel()
    assert len(plots.field_images(run(known=False), shape=(L, L))) == 3


def test_the_comparison_shows_aligned_images():
    """Assert theory in the middle, SGD's images equal to it (its seeds are moved copies), one scale, no field panel."""
    sgd, control = run(n=4), run(gaussian=True)
    for sgd_run in range(4):
        figure = report.comparison_figure(run(), sgd, control, title="t", sgd_run=sgd_run)
        images = [ax for ax in figure.axes if ax.images]
        assert [ax.get_title(loc="left").split(",")[0] for ax in images] == ["theory\nt = 10", "SGD", "control"]
        assert np.unravel_index(pixels(images[0]).argmax(), (L, L)) == (L // 2, L // 2)
        for ax in images[1:]:
            assert np.allclose(pixels(ax), pixels(images[0]), atol=1e-12)
        assert len({ax.images[0].get_clim() for ax in images}) == 1
        titles = [ax.get_title(loc="left") for ax in figure.axes]
        assert "localisation" in titles
        assert "preactivation" in titles
        assert "final fields, aligned" not in titles


def test_a_comparison_of_a_run_that_stopped_shows_its_last_field(tmp_path):
    """Assert the last finite field and its time, with theory alone too, and that the figure can be saved."""
    theory = run()
    theory.w[3:] = np.nan
    figure = report.comparison_figure(theory, title="theory alone")
    image = next(ax for ax in figure.axes if ax.images)
    assert image.get_title(loc="left") == "theory\nt = 2"
    assert np.isfinite(pixels(image)).all()
    report.save(figure, tmp_path / "one.png", "cumulode compare")
    assert (tmp_path / "one.png").stat().st_size > 1000
