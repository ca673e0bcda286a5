"""The figure of a comparison: theory, SGD and control side by side, and the file it is saved in."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cumulode.theory.validate import complain

from .metrics import find_symmetry, transform
from .plot_parts import (
    Roles,
    class_entries,
    largest_weight,
    last_field,
    legend_above,
    one_run,
    role_entries,
    same_size,
    sinusoid_label,
    to_middle,
)
from .plots import fields, ipr_over_time, kurtosis_over_time, space_time

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from cumulode.numerics.solution import Trajectory

__all__ = ["comparison_figure", "save"]


def comparison_figure(
    theory: Trajectory,
    sgd: Trajectory | None = None,
    control: Trajectory | None = None,
    control_sgd: Trajectory | None = None,
    *,
    title: str,
    command: str | None = None,
    note: str | None = None,
    sgd_run: int = 0,
    log_time: bool = False,
) -> Figure:
    """Theory, SGD and control side by side on 11 x 8 inch: maps above, IPR, kurtosis and final fields below.

    The maps share one colour scale. Each is moved, all its times alike, so that its final field is aligned to the
    theory's, which is in the middle. What is None is left out.

    Parameters
    ----------
    theory, sgd, control, control_sgd : Trajectory
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
    grid = figure.add_gridspec(3, 6, height_ratios=(1, 1, 0.1))
    _maps(figure, grid, {"theory": theory, "sgd": sgd, "control": control}, sgd_run, log_time)
    left, middle, right, below = (
        figure.add_subplot(grid[place])
        for place in ((1, slice(0, 2)), (1, slice(2, 4)), (1, slice(4, 6)), (2, slice(0, 6)))
    )
    ipr_over_time(left, **roles, log_time=log_time, legend=False, note=note)
    kurtosis_over_time(middle, **roles, log_time=log_time, legend=False)
    fields(right, theory=theory, sgd=sgd, control=control, legend=False)
    for ax, name in ((left, "localisation"), (middle, "preactivation"), (right, "final fields, aligned")):
        ax.set_title(name, loc="left", fontsize=11)
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
        raise complain("path", suffix, "a file name ending in " + ", ".join(metadata))
    with rc_context({"svg.hashsalt": maker}):
        figure.savefig(path, dpi=200, metadata=metadata[suffix])


def _maps(figure: Figure, grid: Any, roles: Roles, sgd_run: int, log_time: bool) -> None:
    """The upper row: one map for each role given, one colour bar for all."""
    titles = {"theory": "theory", "sgd": f"SGD, run {sgd_run}, aligned to the theory", "control": "control, theory"}
    given = {role: run for role, run in roles.items() if run is not None}
    weights = {role: one_run(run, sgd_run if role == "sgd" else 0, "sgd_run") for role, run in given.items()}
    final = last_field(weights["theory"])
    target = transform(final, to_middle(final))
    limit = max(largest_weight(w) for w in weights.values())
    panels = []
    for i, (role, run) in enumerate(given.items()):
        columns = 6 // len(given)
        ax = figure.add_subplot(grid[0, i * columns : (i + 1) * columns])
        move = to_middle(final) if role == "theory" else find_symmetry(last_field(weights[role]), target)
        index = sgd_run if role == "sgd" else 0
        space_time(run, ax, run=index, symmetry=move, log_time=log_time, limit=limit, colorbar=False)
        ax.set_title(titles[role], loc="left", fontsize=11)
        panels.append(ax)
    figure.colorbar(panels[0].collections[0], ax=panels, label="weight", pad=0.01)
