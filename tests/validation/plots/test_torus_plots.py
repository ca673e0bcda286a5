"""Figures of runs on tori: images show the weights given, moved as they say; what is no ring's is refused."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.figure import Figure

from cumulode.numerics.result import Result
from cumulode.validation.plots import comparison as report
from cumulode.validation.plots import trajectories as plots
from cumulode.validation.receptive_fields import metrics

L = 8
TIMES = np.array([0.0, 1.0, 2.0, 5.0, 10.0])


def run(n=0, gaussian=False, known=True):
    """A lopsided bump that grows at (2, 6): one run, or n of them moved by random symmetries of the torus."""
    rng = np.random.default_rng(n)
    d = [np.mod(np.arange(L) - a + L / 2, L) - L / 2 for a in (2, 6)]
    bump = np.exp(-(d[0][:, None] ** 2 + d[1] ** 2) / 3) * (1 + 0.2 * d[0][:, None] + 0.05 * d[1])
    w = np.tanh(TIMES / 3 + 0.1)[:, None] * bump.ravel()
    if n:
        moves = zip(rng.integers(0, L, (n, 2)), rng.integers(0, 8, n), rng.choice([-1.0, 1.0], n), strict=True)
        w = np.stack([metrics.transform(w, metrics.TorusSymmetry(*map(np.asarray, move))) for move in moves])
    k2 = np.stack([np.sum(w**2, -1), 0.5 * np.sum(w**2, -1)], -1)
    kurtosis = 0.0 if gaussian else np.array([-1.0, -0.3]) * metrics.ipr(w)[..., None]
    provenance = {"problem": {"size": [L, L]}} if known else {}
    return Result(TIMES, w, k2, kurtosis * k2**2, True, "reached the end", np.zeros(max(n, 1), int), provenance)


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
    assert (ax.get_xlabel(), ax.get_ylabel(), ax.get_aspect()) == ("column", "row", 1.0)
    assert plots.field_image(w, Figure().add_subplot(), limit=3.0).images[0].get_clim() == (-3.0, 3.0)


def test_an_image_says_how_it_was_moved():
    """Assert that pixels are the moved field's and that exchange, reversals, shift and sign are told."""
    w = run().w[-1]
    move = metrics.TorusSymmetry(np.array([1, 6]), np.asarray(7), np.asarray(-1.0))
    ax = plots.field_image(w, symmetry=move)
    assert np.array_equal(pixels(ax).ravel(), metrics.transform(w, move))
    said = " ".join(ax.get_xlabel().split())
    assert said == "column (axes exchanged, rows reversed, columns reversed, shifted by +1, -2, sign reversed)"


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


def test_figures_of_rings_and_tori_are_not_mixed_up():
    """Assert one line that names the argument and the function to use instead."""
    ring = Result(TIMES, run().w, *[np.ones((5, 2))] * 2, True, "", np.zeros(1, int), {"problem": {"size": 64}})
    for call, message in (
        (lambda: plots.space_time(run()), r"^trajectory: got 'a run on a 8 x 8 torus'.*field_images"),
        (lambda: plots.fields(theory=run()), r"^theory: got .*torus.*field_image"),
        (lambda: plots.field_images(ring), r"^trajectory: got '64 sites on a ring'.*space_time"),
        (lambda: plots.field_image(np.ones(10)), r"^w: got 'shape \(10,\)'"),
        (lambda: plots.field_image(np.ones((2, 16))), r"^w: got "),
        (lambda: plots.field_image(np.ones(16), shape=(16,)), r"^shape: got \(16,\), allowed: \(L, L\)$"),
        (lambda: plots.field_images(run(), times=["a"]), "^times: "),
        (lambda: plots.field_images(run(), axes=[]), "^axes: "),
        (lambda: plots.field_images(run(), run=1), "^run: "),
    ):
        with pytest.raises(ValueError, match=message):
            call()
