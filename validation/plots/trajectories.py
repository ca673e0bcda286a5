"""Figures of runs: fields over time, their statistics, and theory, SGD and control side by side.

Every function draws into ``ax``, or into a new figure of its own, and returns the Axes. New figures are kept out of
pyplot (nothing to close, no display needed); to see one in a window, pass ``ax=plt.gca()``. A trajectory of one run is
a line; one of n runs is their mean and a band of one standard deviation (n - 1) on either side, which ends where any
of the runs does.
"""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

import numpy as np

from cumulode.theory.user_input.arguments import InvalidArgument, choice, real
from cumulode.validation.receptive_fields.metrics import Symmetry, align, centre, ipr, transform

from .parts import (
    CLASSES,
    COLOURS,
    IDENTITY,
    TIME,
    axes_or_new,
    cell_edges,
    class_entries,
    largest_weight,
    last_field,
    legend_above,
    on_ring,
    one_run,
    over_time,
    role_entries,
    same_size,
    scale,
    shown_times,
    sinusoid_label,
    site_label,
    spread,
    to_middle,
)
from .torus_images import field_image, field_images

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from cumulode.numerics.result import Result

__all__ = ["COLOURS", "field_image", "field_images", "fields", "ipr_over_time", "kurtosis_over_time", "space_time"]


def space_time(
    trajectory: Result,
    ax: Axes | None = None,
    *,
    run: int = 0,
    centred: bool = False,
    symmetry: Symmetry | None = None,
    log_time: bool = False,
    limit: float | None = None,
    colorbar: bool = True,
) -> Axes:
    """Map of the weights: time along x, site along y, the weight in colour, white at 0, grey where there is none.

    Parameters
    ----------
    trajectory : Result
        Times (T,) increasing, T >= 2, at any spacing; w (T, D) or (n, T, D), of which ``run`` in [0, n) is shown.
    centred : bool
        Translate all times alike, by whole sites, so that the final field's centre, if it has one, is in the middle.
    symmetry : Symmetry, optional
        Or move all times by this (from ``metrics.find_symmetry``). The label of the sites says what was done.
    log_time : bool
        Logarithmic time; times at or before 0 are left out.
    limit : float > 0, optional
        Weight at the ends of the colour scale (default: the largest absolute weight shown).

    Raises
    ------
    ValueError
        If ``run`` does not exist, fewer than two times can be shown, ``limit`` is not above 0, or both ``centred`` and
        ``symmetry`` are given, or the run is one on a torus (``field_images`` shows that).
    """
    if centred and symmetry is not None:
        raise InvalidArgument("centred", centred, "False when symmetry is given")
    on_ring("trajectory", trajectory, "field_images")
    w = one_run(trajectory, run)
    move = to_middle(last_field(w)) if centred else symmetry or IDENTITY
    keep = shown_times("trajectory", trajectory.t, log_time)
    shown = transform(w, move)[keep].T
    ax = axes_or_new(ax)
    limit = largest_weight(shown) if limit is None else real("limit", limit, gt=0, allowed="a weight > 0")
    times, sites = cell_edges(trajectory.t[keep], log_time), np.arange(len(shown) + 1) - 0.5
    mesh = ax.pcolormesh(times, sites, np.ma.masked_invalid(shown), cmap="RdBu_r", vmin=-limit, vmax=limit)
    mesh.set_rasterized(True)  # thousands of cells: keep the map small in PDF and SVG, and free of seams
    ax.set_facecolor("0.8")
    ax.set(xlabel=TIME, ylabel=site_label(move, len(shown)), xscale="log" if log_time else "linear")
    if colorbar:
        ax.figure.colorbar(mesh, ax=ax, label="weight")
    return ax


def ipr_over_time(
    ax: Axes | None = None,
    *,
    theory: Result | None = None,
    control: Result | None = None,
    sgd: Result | None = None,
    control_sgd: Result | None = None,
    times_size: bool = True,
    log_time: bool = False,
    legend: bool = True,
    note: str | None = None,
) -> Axes:
    """Inverse participation ratio, times D unless ``times_size`` is False, over time; dotted: a sinusoid's, 1.5 / D.

    ``note`` is written below the axis: for instance that the control may rest on a saddle of a few modes, which SGD's
    noise leaves sooner (theory.md section 3). At least one trajectory, else ValueError.
    """
    roles = {"theory": theory, "control": control, "sgd": sgd, "control_sgd": control_sgd}
    ax = axes_or_new(ax)
    over_time(ax, roles, lambda run: scale(run, times_size) * ipr(run.w)[..., None], ("-",), log_time)
    given = next(run for run in roles.values() if run is not None)
    sinusoid = 1.5 * scale(given, times_size) / given.size
    line = ax.axhline(sinusoid, color="0.3", linestyle=":", linewidth=1, zorder=1, label=sinusoid_label(times_size))
    ax.set(ylabel=r"IPR $\times$ D" if times_size else "IPR")
    ax.set_ylim(bottom=0)
    if legend:
        legend_above(ax, [*role_entries(roles), (line, sinusoid_label(times_size))])
    if note:
        ax.annotate(
            textwrap.fill(note, 44),
            (0, 0),
            (0, -36),
            xycoords="axes fraction",
            textcoords="offset points",
            va="top",
            fontsize=8,
            color="0.3",
        )
    return ax


def kurtosis_over_time(
    ax: Axes | None = None,
    *,
    theory: Result | None = None,
    control: Result | None = None,
    sgd: Result | None = None,
    control_sgd: Result | None = None,
    log_time: bool = False,
    legend: bool = True,
) -> Axes:
    """Excess kurtosis ``k4 / k2^2`` of the preactivation over time, class plus solid, class minus dashed.

    0 is Gaussian, -2 two points. At least one trajectory, else ValueError.
    """
    roles = {"theory": theory, "control": control, "sgd": sgd, "control_sgd": control_sgd}
    ax = axes_or_new(ax)
    over_time(ax, roles, lambda run: run.kurtosis, tuple(CLASSES.values()), log_time)
    ax.set(ylabel="excess kurtosis $k_4 / k_2^2$ of $w \\cdot x$")
    if legend:
        legend_above(ax, [*role_entries(roles), *class_entries()])
    return ax


def fields(
    ax: Axes | None = None,
    *,
    theory: Result,
    sgd: Result | None = None,
    control: Result | None = None,
    run: int = 0,
    seeds: str = "band",
    legend: bool = True,
) -> Axes:
    """Fields at the last time against the site, the theory's centre (where it has one) in the middle.

    SGD's seeds and the control are first aligned to the theory (``metrics.align``: translation, reflection, sign).

    Parameters
    ----------
    theory, sgd, control : Result
        Weights (T, D) or (n, T, D); ``run`` of theory and control, every seed of SGD that reached the last time.
    seeds : {"band", "lines"}
        SGD as mean and standard deviation, or a thin line each.

    Raises
    ------
    ValueError
        If ``run`` does not exist, the sizes differ, or they are tori's (``field_image`` shows those).
    """
    choice("seeds", seeds, ("band", "lines"))
    roles = {"theory": theory, "control": control, "sgd": sgd}
    same_size(roles)
    on_ring("theory", theory, "field_image")
    final = one_run(theory, run)[-1]
    move = to_middle(final)
    final = transform(final, move)
    moved = bool(np.isfinite(centre(final)))
    site = np.arange(final.size) - (final.size // 2 if moved else 0)
    ax = axes_or_new(ax)
    if sgd is not None:
        ends = np.reshape(sgd.w[..., -1, :], (-1, sgd.size))
        aligned = align(ends[np.isfinite(ends).all(axis=-1)], final)[0]
        if not len(aligned):
            pass  # no seed reached the last time
        elif seeds == "lines":
            ax.plot(site, aligned.T, color=COLOURS["sgd"], linewidth=0.8, alpha=0.6, zorder=2)
        else:
            spread(ax, site, aligned, "sgd")
    if control is not None:
        spread(ax, site, align(one_run(control, run)[-1], final)[0], "control")
    spread(ax, site, final, "theory")
    ax.axhline(0, color="0.7", linewidth=0.8, zorder=0)
    ax.set(xlabel="site from the theory's centre" if moved else "site", ylabel="weight", xlim=(site[0], site[-1]))
    if legend:
        legend_above(ax, role_entries(roles, band=seeds == "band"))
    return ax
