"""The figure of a comparison: theory, SGD and control side by side."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure

from cumulode.numerics.result import Result
from cumulode.theory.user_input.deprecation import dropped_arguments
from cumulode.validation.receptive_fields.symmetry import find_symmetry, transform

from .roles import ROLES
from .runs import check_same_size, largest_weight, last_time, one_run, to_middle
from .style import draw_legend, save, styled
from .torus_images import field_image
from .trajectories import fields, ipr_over_time, kurtosis_over_time, space_time
from .words import conditions_of_run

if TYPE_CHECKING:
    from cumulode.numerics.noise.ensemble import Ensemble

__all__ = ["comparison_figure", "save"]


@dropped_arguments(command="give it to save")
@styled()
def comparison_figure(
    theory: Result,
    sgd: Result | None = None,
    control: Result | None = None,
    control_sgd: Result | None = None,
    *,
    langevin: Ensemble | None = None,
    title: str | None = None,
    note: str | None = None,
    sgd_run: int = 0,
    log_time: bool = False,
) -> Figure:
    """Theory, SGD and control side by side on 11 x 8 inch: maps above, IPR, kurtosis and final fields below.

    The maps share one colour scale. Each is moved, all its times alike, so that its final field is aligned to the
    theory's, which is in the middle. What is None is left out. On a torus the maps are images of the final fields,
    aligned over the torus's symmetries, and the final fields are not drawn again.

    Parameters
    ----------
    theory, sgd, control, control_sgd : Result
        As for ``ipr_over_time``. Of theory and control run 0 is mapped, and its final field drawn.
    langevin : Ensemble, optional
        The theory's noisy runs, ``solve(..., noise=)``: drawn as the band in which one run of SGD lies.
    title : str, optional
        Default: the problem, the closure and SGD's settings, from the runs' provenance.
    note : str, optional
        As for ``ipr_over_time``.
    sgd_run : int
        Which run of SGD is mapped, counted from 0.
    log_time : bool
        Logarithmic time wherever time is an axis.
    """
    roles: dict[str, Any] = {"theory": theory, "sgd": sgd, "control": control, "control_sgd": control_sgd}
    check_same_size(roles)
    figure = Figure(figsize=(11, 8), layout="constrained")
    halves: Any = figure.subfigures(2, 1)
    upper, lower = halves
    ring = len(theory.shape) == 1
    _final_or_maps(upper, {role: roles[role] for role in ("theory", "sgd", "control")}, sgd_run, log_time)
    axes = lower.subplots(1, 2 + ring)
    shown: dict[str, Any] = {**roles, "langevin": langevin, "log_time": log_time, "legend": False}
    ipr_over_time(axes[0], **shown)
    kurtosis_over_time(axes[1], **shown)
    if ring:
        fields(axes[2], theory=theory, sgd=sgd, control=control, legend=False)
    for ax, name in zip(axes, ("localisation", "preactivation", "final fields, aligned"), strict=False):
        ax.set_title(name)
    draw_legend(figure, *axes, title=note)
    figure.suptitle(textwrap.fill(conditions_of_run(theory, sgd) if title is None else title, 110), fontsize=11)
    return figure


def _final_or_maps(home: SubFigure, roles: dict[str, Any], sgd_run: int, log_time: bool) -> None:
    """A map for each role given, of a torus its last field as an image; one colour bar for all."""
    given = {role: run for role, run in roles.items() if run is not None}
    weights = {role: one_run(run, sgd_run if role == "sgd" else 0, "sgd_run") for role, run in given.items()}
    ends = {role: last_time(w) for role, w in weights.items()}
    shape = given["theory"].shape
    ring = len(shape) == 1
    limit = max(largest_weight(w if ring else w[ends[role]]) for role, w in weights.items())
    target = weights["theory"][ends["theory"]]
    target = transform(target, to_middle(target, shape))
    axes: list[Axes] = np.ravel(home.subplots(1, len(given))).tolist()
    for ax, (role, run) in zip(axes, given.items(), strict=True):
        final = weights[role][ends[role]]
        move: Any = to_middle(final, shape) if role == "theory" else find_symmetry(final, target, shape=shape)
        name = f"SGD, run {sgd_run}, aligned" if role == "sgd" else ROLES[role].name
        if ring:
            index = sgd_run if role == "sgd" else 0
            space_time(run, ax, run=index, symmetry=move, log_time=log_time, limit=limit, colorbar=False)
        else:
            field_image(final, ax, shape=shape, symmetry=move, limit=limit, colorbar=False)
            name += f"\nt = {float(run.t[ends[role]]):.4g}"
        ax.set_title(name)
    drawn: Any = axes[0].collections[0] if ring else axes[0].images[0]
    home.colorbar(drawn, ax=axes, label="weight", pad=0.01)
