"""The figure of a comparison: theory, SGD and control side by side, and the file it is saved in."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from cumulode.theory.user_input.arguments import InvalidArgument
from cumulode.validation.receptive_fields.metrics import Symmetry, TorusSymmetry, find_symmetry, transform

from .parts import (
    Roles,
    class_entries,
    largest_weight,
    last_field,
    legend_above,
    one_run,
    role_entries,
    same_size,
    shape_of_run,
    sinusoid_label,
    to_middle,
    torus_to_middle,
)
from .torus_images import field_image
from .trajectories import fields, ipr_over_time, kurtosis_over_time, space_time

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from cumulode.numerics.result import Result

__all__ = ["comparison_figure", "save"]


def comparison_figure(
    theory: Result,
    sgd: Result | None = None,
    control: Result | None = None,
    control_sgd: Result | None = None,
    *,
    title: str,
    command: str | None = None,
    note: str | None = None,
    sgd_run: int = 0,
    log_time: bool = False,
) -> Figure:
    """Theory, SGD and control side by side on 11 x 8 inch: maps above, IPR, kurtosis and final fields below.

    The maps share one colour scale. Each is moved, all its times alike, so that its final field is aligned to the
    theory's, which is in the middle. What is None is left out. On a torus the maps are images of the final fields,
    aligned over the torus's symmetries, and the panel of final fields is left out.

    Parameters
    ----------
    theory, sgd, control, control_sgd : Result
        As for ``ipr_over_time``. Of theory and control run 0 is mapped, and its final field drawn.
    title : str
    command : str, optional
        What remakes the figure; printed small at the bottom (give it to ``save`` as well).
    note : str, optional
        As for ``ipr_over_time``.
    sgd_run : int
        Which run of SGD is mapped, counted from 0.
    log_time : bool
        Logarithmic time in all panels over time.

    Raises
    ------
    ValueError
        If ``sgd_run`` does not exist, or the sizes differ.
    """
    from matplotlib.figure import Figure

    roles: dict[str, Any] = {"theory": theory, "control": control, "sgd": sgd, "control_sgd": control_sgd}
    same_size(roles)
    figure = Figure(figsize=(11, 8), layout="constrained")
    shape = shape_of_run(theory)
    upper = {"theory": theory, "sgd": sgd, "control": control}
    if len(shape) == 2:
        grid = figure.add_gridspec(3, 6, height_ratios=(1.15, 1, 0.1))
        _images(figure, grid, upper, sgd_run, shape)
        panels = [figure.add_subplot(grid[1, :3]), figure.add_subplot(grid[1, 3:])]
    else:
        grid = figure.add_gridspec(3, 6, height_ratios=(1, 1, 0.1))
        _maps(figure, grid, upper, sgd_run, log_time)
        panels = [figure.add_subplot(grid[1, i : i + 2]) for i in (0, 2, 4)]
        fields(panels[2], theory=theory, sgd=sgd, control=control, legend=False)
    left, middle = panels[:2]
    ipr_over_time(left, **roles, log_time=log_time, legend=False, note=note)
    kurtosis_over_time(middle, **roles, log_time=log_time, legend=False)
    for ax, name in zip(panels, ("localisation", "preactivation", "final fields, aligned"), strict=False):
        ax.set_title(name, loc="left", fontsize=11)
    below = figure.add_subplot(grid[2, :])
    below.axis("off")
    entries = [*role_entries(roles), (left.lines[-1], sinusoid_label(True)), *class_entries()]
    legend_above(below, entries, loc="center", bbox_to_anchor=(0.5, 0.5), ncols=3)
    figure.suptitle(textwrap.fill(title, 95), fontsize=13)
    if command:
        figure.supxlabel(textwrap.fill(command, 150), fontsize=7, color="0.5")
    return figure


def save(figure: Figure, path: str | Path, command: str) -> None:
    """Write the figure to a .png (200 dots an inch), .pdf or .svg, with the command that remakes it in the metadata.

    PNG and SVG keep it under Description, PDF under Subject. No date is written: the command gives the same bytes.

    Raises
    ------
    ValueError
        For any other suffix.
    OSError
        If the file cannot be written.
    """
    from matplotlib import rc_context

    from cumulode import __version__

    maker = f"cumulode {__version__}"
    metadata: dict[str, dict[str, Any]] = {
        ".png": {"Description": command, "Software": maker},
        ".pdf": {"Subject": command, "Creator": maker, "CreationDate": None},
        ".svg": {"Description": command, "Creator": maker, "Date": None},
    }
    suffix = Path(path).suffix.lower()
    if suffix not in metadata:
        raise InvalidArgument("path", suffix, "a file name ending in " + ", ".join(metadata))
    with rc_context({"svg.hashsalt": maker}):
        figure.savefig(path, dpi=200, metadata=metadata[suffix])


def _maps(figure: Figure, grid: Any, roles: Roles, sgd_run: int, log_time: bool) -> None:
    """The upper row: one map for each role given, one colour bar for all."""
    given, weights = _given(roles, sgd_run)
    final = last_field(weights["theory"])
    target = transform(final, to_middle(final))
    limit = max(largest_weight(w) for w in weights.values())
    panels = []
    for i, (role, run) in enumerate(given.items()):
        ax = _upper(figure, grid, i, len(given))
        move = to_middle(final) if role == "theory" else find_symmetry(last_field(weights[role]), target)
        index = sgd_run if role == "sgd" else 0
        space_time(run, ax, run=index, symmetry=cast("Symmetry", move), log_time=log_time, limit=limit, colorbar=False)
        ax.set_title(_titles(sgd_run)[role], loc="left", fontsize=11)
        panels.append(ax)
    figure.colorbar(panels[0].collections[0], ax=panels, label="weight", pad=0.01)


def _images(figure: Figure, grid: Any, roles: Roles, sgd_run: int, shape: tuple[int, ...]) -> None:
    """The upper row on a torus: the last field of each role given, one colour bar for all."""
    given, weights = _given(roles, sgd_run)
    finals = {role: last_field(w) for role, w in weights.items()}
    middle = torus_to_middle(finals["theory"], shape)
    target = transform(finals["theory"], middle)
    limit = max(largest_weight(w) for w in finals.values())
    panels = []
    for i, (role, final) in enumerate(finals.items()):
        move = middle if role == "theory" else find_symmetry(final, target, shape=shape)
        ax = _upper(figure, grid, i, 3)  # squares: a third each, however few
        field_image(final, ax, shape=shape, symmetry=cast("TorusSymmetry", move), limit=limit, colorbar=False)
        ax.set_title(
            f"{_titles(sgd_run)[role]}\nt = {_last_time(given[role], weights[role]):.4g}", loc="left", fontsize=11
        )
        panels.append(ax)
    figure.colorbar(panels[0].images[0], ax=panels, label="weight", pad=0.01)


def _titles(sgd_run: int) -> dict[str, str]:
    return {"theory": "theory", "sgd": f"SGD, run {sgd_run}, aligned", "control": "control, theory"}


def _given(roles: Roles, sgd_run: int) -> tuple[dict[str, Result], dict[str, np.ndarray]]:
    """The roles that are not None, and the weights (T, D) of the run of each that is shown."""
    given = {role: run for role, run in roles.items() if run is not None}
    weights = {role: one_run(run, sgd_run if role == "sgd" else 0, "sgd_run") for role, run in given.items()}
    return given, weights


def _upper(figure: Figure, grid: Any, i: int, count: int) -> Axes:
    """The i-th of ``count`` panels of the upper row."""
    columns = 6 // count
    return figure.add_subplot(grid[0, i * columns : (i + 1) * columns])


def _last_time(run: Result, w: np.ndarray) -> float:
    """The last time at which the weights are finite."""
    finite = np.flatnonzero(np.isfinite(w).all(axis=-1))
    return float(run.t[finite[-1] if finite.size else -1])
