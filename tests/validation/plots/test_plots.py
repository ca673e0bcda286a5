"""Figures: they show the data given, say how it was moved, carry their command, and leave nothing behind."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import matplotlib
import numpy as np
import phase_data as made
import pytest
import run_data
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from PIL import Image
from run_data import TIMES, D, trajectory

from cumulode.numerics.result import Result
from cumulode.validation import plots
from cumulode.validation.plots.roles import COLOURS, TIME
from cumulode.validation.receptive_fields import metrics, symmetry

matplotlib.use("Agg")

COMMAND = "cumulode compare --gain 3 --xi-plus 4 (seed 1) & <more>"


@pytest.fixture(name="runs")
def _runs() -> dict[str, Result]:
    return run_data.comparison()


#: Every test here also asserts that settings and open figures are as before.
pytestmark = pytest.mark.usefixtures("nothing_left_behind")


def lines_of(ax: Axes, role: str) -> list[Any]:
    """The lines in a role's colour, in the order drawn."""
    return [line for line in ax.lines if str(line.get_color()).upper() == COLOURS[role]]


def band_of(ax: Axes, role: str) -> list[np.ndarray]:
    """Corners of the shaded bands in a role's colour."""
    return [
        np.asarray(c.get_paths()[0].vertices)
        for c in ax.collections
        if to_hex(tuple(np.ravel(c.get_facecolor())[:3])).upper() == COLOURS[role]
    ]


def texts_of(ax: Axes) -> list[str]:
    """Entries of the legend."""
    return made.texts_of(ax)


def test_importing_plots_does_not_import_matplotlib() -> None:
    """Assert that drawing is paid for only when something is drawn."""
    code = "import sys, cumulode.validation.plots; sys.exit('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_every_function_draws_into_the_axes_given(runs: dict[str, Result]) -> None:
    """Assert that ``ax`` comes back, and that without it a new one does, unknown to pyplot."""
    calls = [
        lambda ax: plots.space_time(runs["theory"], ax),
        lambda ax: plots.ipr_over_time(ax, **runs),
        lambda ax: plots.kurtosis_over_time(ax, **runs),
        lambda ax: plots.fields(ax, theory=runs["theory"], sgd=runs["sgd"]),
    ]
    for call in calls:
        ax = Figure().add_subplot()
        assert call(ax) is ax
        assert ax.has_data()
        assert isinstance(call(None), Axes)


def test_a_map_shows_every_weight_at_its_time_and_site(runs: dict[str, Result]) -> None:
    """Assert colours = weights, cells around unequal times, a colour scale symmetric about 0, and labels with units."""
    ax = plots.space_time(runs["sgd"], run=2)
    mesh: Any = ax.collections[0]
    w = runs["sgd"].w[2]
    np.testing.assert_array_equal(mesh.get_array(), w.T)
    edges = mesh.get_coordinates()
    np.testing.assert_allclose(edges[0, :, 0], [0, 0.25, 0.75, 2, 6.5, 25, 40])
    np.testing.assert_allclose(edges[:, 0, 1], np.arange(D + 1) - 0.5)
    assert mesh.get_clim() == (-np.abs(w).max(), np.abs(w).max())
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("time (learning rate x steps)", "site")
    assert "weight" in [a.get_ylabel() for a in ax.figure.axes]


def test_log_time_leaves_out_what_a_logarithm_cannot_show(runs: dict[str, Result]) -> None:
    """Assert that time 0 is left out of maps and lines, and cells end at geometric means."""
    mesh: Any = plots.space_time(runs["theory"], log_time=True).collections[0]
    np.testing.assert_array_equal(mesh.get_array(), runs["theory"].w[1:].T)
    np.testing.assert_allclose(mesh.get_coordinates()[0, 1:-1, 0], np.sqrt(TIMES[1:-1] * TIMES[2:]))
    ax = plots.ipr_over_time(theory=runs["theory"], log_time=True)
    assert ax.get_xscale() == "log"
    np.testing.assert_array_equal(lines_of(ax, "theory")[0].get_xdata(), TIMES[1:])


def test_centring_rolls_all_times_alike_and_says_so(runs: dict[str, Result]) -> None:
    """Assert the final centre in the middle, the same shift at every time, and the shift in the label."""
    ax = plots.space_time(runs["theory"], centred=True)
    mesh: Any = ax.collections[0]
    shown = np.asarray(mesh.get_array()).T
    assert abs(metrics.centre(shown[-1]) - D // 2) <= 0.5
    shift = int(re.search(r"\(shifted by ([+-]\d+)\)", ax.get_ylabel()).group(1))  # type: ignore[union-attr]
    assert shift != 0
    np.testing.assert_array_equal(shown, np.roll(runs["theory"].w, shift, axis=-1))


def test_a_field_without_a_centre_is_not_moved() -> None:
    """Assert that a final sinusoid stays where it is."""
    run = trajectory(0.0)
    run = replace(run, w=np.outer(TIMES, np.cos(2 * np.pi * np.arange(D) / D)))
    ax = plots.space_time(run, centred=True)
    assert ax.get_ylabel() == "site"
    np.testing.assert_array_equal(ax.collections[0].get_array(), run.w.T)


def test_the_label_names_every_symmetry_used(runs: dict[str, Result]) -> None:
    """Assert that a reflected, shifted and reversed map says all three, and shows them."""
    move = symmetry.Symmetry(np.asarray(D - 2), np.asarray(True), np.asarray(-1.0))
    ax = plots.space_time(runs["theory"], symmetry=move)
    assert ax.get_ylabel().replace("\n", " ") == "site (reflected, shifted by -2, sign reversed)"
    np.testing.assert_array_equal(ax.collections[0].get_array(), symmetry.transform(runs["theory"].w, move).T)


@pytest.mark.parametrize("times_size", [True, False])
def test_ipr_lines_are_the_data(runs: dict[str, Result], times_size: bool) -> None:
    """Assert theory and control as given, SGD as mean and standard deviation over seeds, and the sinusoid's value."""
    ax = plots.ipr_over_time(**runs, times_size=times_size)
    scale = D if times_size else 1
    for role in ("theory", "control"):
        np.testing.assert_allclose(lines_of(ax, role)[0].get_ydata(), scale * runs[role].ipr)
    for role in ("sgd", "control_sgd"):
        ipr = scale * runs[role].ipr
        mean, sd = ipr.mean(0), ipr.std(0, ddof=1)
        np.testing.assert_allclose(lines_of(ax, role)[0].get_ydata(), mean)
        (corners,) = band_of(ax, role)
        for bound in (mean - sd, mean + sd):
            for point in np.column_stack([TIMES, bound]):
                assert np.min(np.abs(corners - point).sum(axis=1)) < 1e-12
    assert "SGD, mean and standard deviation over 5 seeds" in texts_of(ax)
    dotted = [line for line in ax.lines if line.get_linestyle() == ":"]
    np.testing.assert_allclose(dotted[0].get_ydata(), 1.5 * scale / D)
    assert ax.get_ylim()[0] == 0


def test_kurtosis_has_a_line_style_for_each_class(runs: dict[str, Result]) -> None:
    """Assert plus solid, minus dashed, both k4 / k2^2."""
    ax = plots.kurtosis_over_time(theory=runs["theory"], sgd=runs["sgd"])
    plus, minus = lines_of(ax, "theory")
    np.testing.assert_allclose(plus.get_ydata(), runs["theory"].k4[:, 0] / runs["theory"].k2[:, 0] ** 2)
    np.testing.assert_allclose(minus.get_ydata(), runs["theory"].k4[:, 1] / runs["theory"].k2[:, 1] ** 2)
    assert (plus.get_linestyle(), minus.get_linestyle()) == ("-", "--")
    mean = runs["sgd"].kurtosis.mean(axis=0)
    np.testing.assert_allclose([line.get_ydata() for line in lines_of(ax, "sgd")], mean.T)
    assert texts_of(ax)[-2:] == ["class plus", "class minus"]


@pytest.mark.parametrize("seeds", ["band", "lines"])
def test_fields_are_aligned_to_the_centred_theory(runs: dict[str, Result], seeds: str) -> None:
    """Assert the theory centred, and every seed and the control overlapping with it as ``align`` says."""
    ax = plots.fields(theory=runs["theory"], sgd=runs["sgd"], control=runs["control"], seeds=seeds)
    theory = lines_of(ax, "theory")[0]
    target = theory.get_ydata()
    assert abs(metrics.centre(target) - D // 2) <= 0.5
    assert theory.get_xdata()[D // 2] == 0
    np.testing.assert_array_equal(
        target,
        symmetry.align(target, runs["theory"].w[-1])[0][
            np.mod(np.arange(D) - (D // 2 - round(float(metrics.centre(runs["theory"].w[-1])))), D)
        ],
    )
    aligned = symmetry.align(runs["sgd"].w[:, -1], target)[0]
    expected = aligned if seeds == "lines" else aligned.mean(0, keepdims=True)
    np.testing.assert_allclose([line.get_ydata() for line in lines_of(ax, "sgd")], expected)
    control = symmetry.align(runs["control"].w[-1], target)[0]
    np.testing.assert_array_equal(lines_of(ax, "control")[0].get_ydata(), control)


def test_a_run_that_stopped_early_is_neither_hidden_nor_averaged_over(runs: dict[str, Result]) -> None:
    """Assert that the mean ends where a run does, the final fields leave it out, and the legend counts it."""
    w = runs["sgd"].w.copy()
    w[1, 3:] = np.nan
    short = replace(runs["sgd"], w=w)
    ax = plots.ipr_over_time(sgd=short)
    np.testing.assert_array_equal(np.isnan(lines_of(ax, "sgd")[0].get_ydata()), np.arange(6) >= 3)
    assert texts_of(ax)[0].endswith("over 5 seeds (4 to the end)")
    ax = plots.fields(theory=runs["theory"], sgd=short)
    rest = symmetry.align(np.delete(w[:, -1], 1, axis=0), lines_of(ax, "theory")[0].get_ydata())[0]
    np.testing.assert_allclose(lines_of(ax, "sgd")[0].get_ydata(), rest.mean(axis=0))


def test_a_single_seed_is_a_line_without_a_band(runs: dict[str, Result]) -> None:
    """Assert that nothing is claimed about the spread of one run."""
    one = replace(runs["sgd"], w=runs["sgd"].w[:1])
    ax = plots.ipr_over_time(sgd=one)
    assert texts_of(ax)[0] == "SGD, one seed"
    assert band_of(ax, "sgd") == []


@pytest.mark.parametrize("runs_of", [None, 2])
def test_a_network_has_a_line_for_every_unit_in_the_colour_of_its_bias(runs_of: int | None) -> None:
    """Assert IPR x D of each unit of each run, b < 0 apart from the others, and the plot of the result itself."""
    net = run_data.network(runs_of)
    bias, ratio = net.bias[..., -1, :], np.moveaxis(net.ipr * D, -2, 0)
    ax = net.plot()
    for role, here, words in (("sgd", bias < 0, "$b < 0$: "), ("theory", bias >= 0, r"$b \geq 0$: ")):
        drawn = [line.get_ydata() for line in lines_of(ax, role)]
        np.testing.assert_allclose(np.transpose(drawn), ratio[:, here])
        assert any(text.startswith(f"{words}{here.sum()} units") for text in texts_of(ax))
    assert len(plots.ipr_over_time(sgd=net).lines) == len(ax.lines)
    with pytest.raises(ValueError, match="^sgd: got"):
        plots.ipr_over_time(sgd=net, theory=trajectory(3.2))


def test_the_command_of_a_figure_is_given_to_save_only(runs: dict[str, Result]) -> None:
    """Assert the old keyword's warning, and a default title that says the problem and the settings."""
    from cumulode.theory import NLGP, Problem

    problem = Problem(NLGP(3.0, 1.2), NLGP(3.0, 1.0), D, bias=-1.0).to_dict()
    theory = replace(runs["theory"], provenance={"problem": problem, "closure": "regression"})
    sgd = replace(runs["sgd"], provenance={"learning_rate": 0.01, "batch_size": 100})
    with pytest.warns(FutureWarning, match="^comparison_figure: command has no effect: give it to save"):
        figure = plots.comparison_figure(theory, sgd, command=COMMAND)
    title = made.plain(figure.get_suptitle())
    for words in ("NLGP", "$g$ = 3", r"$\xi_+$ = 1.2", "$b$ = -1", "D = 12", "closure regression", r"$\eta$ = 0.01"):
        assert words in title


def test_the_comparison_has_three_maps_on_one_scale_and_three_panels(runs: dict[str, Result]) -> None:
    """Assert the panels, the common colour scale, SGD aligned to the theory at the end, and the words at the rim."""
    figure = plots.comparison_figure(**runs, title="a title", note="a note", sgd_run=1)
    assert isinstance(figure, Figure)
    maps = [ax for ax in figure.axes if ax.get_title(loc="left").startswith(("theory", "SGD", "control"))]
    meshes: list[Any] = [ax.collections[0] for ax in maps]
    assert [ax.get_title(loc="left") for ax in maps] == ["theory", "SGD, run 1, aligned", "control, theory"]
    largest = max(float(np.abs(w).max()) for w in (runs["theory"].w, runs["sgd"].w[1], runs["control"].w))
    assert {mesh.get_clim() for mesh in meshes} == {(-largest, largest)}
    theory, sgd = (np.asarray(mesh.get_array())[:, -1] for mesh in meshes[:2])
    np.testing.assert_array_equal(sgd, symmetry.align(runs["sgd"].w[1, -1], theory)[0])
    assert figure.get_suptitle() == "a title"
    (legend,) = figure.legends
    assert legend.get_title().get_text() == "a note"
    assert "control, SGD, mean and standard deviation over 3 seeds" in made.texts_of(figure)
    assert [ax for ax in figure.axes if ax.get_legend()] == []


@pytest.mark.parametrize("left_out", [("sgd",), ("control", "control_sgd"), ("sgd", "control", "control_sgd")])
def test_what_is_none_is_left_out(runs: dict[str, Result], left_out: tuple[str, ...]) -> None:
    """Assert that a comparison without some runs draws the others alone, with no empty panel."""
    given = {role: None if role in left_out else run for role, run in runs.items()}
    figure = plots.comparison_figure(title="t", **given)  # type: ignore[arg-type]
    maps = [ax for ax in figure.axes if ax.get_xlabel() == TIME and ax.collections and not ax.lines]
    assert len(maps) == sum(given[role] is not None for role in ("theory", "sgd", "control"))
    drawn = {role for ax in figure.axes for role in COLOURS if lines_of(ax, role)}
    assert drawn == set(given) - set(left_out)


def test_nothing_overlaps_in_the_comparison(runs: dict[str, Result]) -> None:
    """Assert that no panel, with its labels, reaches into another or out of the figure, even with long texts."""
    figure = plots.comparison_figure(**runs, title="long " * 40, note="a longer note " * 8)
    figure.draw_without_rendering()
    boxes = [b for ax in figure.axes if (b := ax.get_tightbbox()) is not None]
    words = [t.get_window_extent() for t in (figure._suptitle, *figure.legends)]  # type: ignore[attr-defined]
    for i, a in enumerate([*boxes, *words]):
        assert min(a.x0, a.y0) >= -1
        assert a.x1 <= figure.bbox.x1 + 1
        assert a.y1 <= figure.bbox.y1 + 1
        for b in [*boxes, *words][i + 1 :]:
            overlap = min(a.x1, b.x1) - max(a.x0, b.x0), min(a.y1, b.y1) - max(a.y0, b.y0)
            assert min(overlap) < 1, (a, b)


def read_command(path: Path) -> str:
    """The command in a file's metadata."""
    if path.suffix.lower() == ".png":
        with Image.open(path) as image:
            return str(image.info["Description"])
    if path.suffix == ".svg":
        found = ElementTree.parse(path).find(".//{http://purl.org/dc/elements/1.1/}description")
        return str(found.text)  # type: ignore[union-attr]
    escaped = re.search(rb"/Subject \((.*?[^\\])\)", path.read_bytes()).group(1)  # type: ignore[union-attr]
    return re.sub(rb"\\([()\\])", rb"\1", escaped).decode()


@pytest.mark.parametrize("suffix", [".png", ".PNG", ".pdf", ".svg"])
def test_the_command_comes_back_from_the_file(runs: dict[str, Result], tmp_path: Path, suffix: str) -> None:
    """Assert that each format keeps the command, and that making it again gives the same bytes."""
    for name in ("a", "b"):
        figure = plots.space_time(runs["theory"]).figure
        plots.save(figure, tmp_path / f"{name}{suffix}", COMMAND)  # type: ignore[arg-type]
    assert read_command(tmp_path / f"a{suffix}") == COMMAND
    content = (tmp_path / f"a{suffix}").read_bytes()
    assert content == (tmp_path / f"b{suffix}").read_bytes()
    assert not re.search(rb"CreationDate|<dc:date>", content)  # the same second would hide it


def test_an_unknown_format_is_refused_by_its_suffix(tmp_path: Path) -> None:
    """Assert one line naming the file and the suffixes allowed, and no file."""
    with pytest.raises(ValueError, match=r"^path: got '.*figure\.bmp', allowed: .*\.png, \.pdf, \.svg$"):
        plots.save(Figure(), tmp_path / "figure.bmp", COMMAND)
    assert list(tmp_path.iterdir()) == []
