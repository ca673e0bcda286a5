"""Figures of runs on a ring: fields over time, and their statistics.

Every function draws into ``ax``, or into a new figure of its own, and returns the Axes. To see one in a window, pass
``ax=plt.gca()``. A trajectory of one run is a line; one of n runs is their mean and a band of one standard deviation
(n - 1) on either side, which ends where any of the runs does.
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable

import numpy as np
from matplotlib.axes import Axes

from cumulode.numerics.result import Result, time_units
from cumulode.theory.user_input.arguments import InvalidArgument, choice, real
from cumulode.validation.receptive_fields.metrics import centre
from cumulode.validation.receptive_fields.symmetry import Symmetry, align, transform

from .networks import has_units, units_over_time
from .roles import CLASSES, COLOURS, ROLES, TIME
from .runs import (
    IDENTITY,
    Roles,
    check_ring,
    check_same_size,
    largest_weight,
    last_time,
    moved_by,
    one_run,
    times_shown,
    to_middle,
)
from .style import axes_or_new, draw_legend, styled

__all__ = ["COLOURS", "TIME", "fields", "ipr_over_time", "kurtosis_over_time", "space_time"]


@styled()
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
    InvalidArgument
        If ``run`` does not exist, fewer than two times can be shown, ``limit`` is not above 0, or both ``centred`` and
        ``symmetry`` are given, or the run is one on a torus (``field_images`` shows that).
    """
    if centred and symmetry is not None:
        raise InvalidArgument("centred", centred, "False when symmetry is given")
    check_ring("trajectory", trajectory, "field_images")
    w = one_run(trajectory, run)
    move = to_middle(w[last_time(w)]) if centred else symmetry or IDENTITY
    keep = times_shown("trajectory", trajectory.t, log_time)
    shown = transform(w, move)[keep].T
    limit = largest_weight(shown) if limit is None else real("limit", limit, gt=0)
    ax = axes_or_new(ax)
    edges = _edges(trajectory.t[keep], log_time), np.arange(len(shown) + 1) - 0.5
    mesh = ax.pcolormesh(*edges, np.ma.masked_invalid(shown), cmap="RdBu_r", vmin=-limit, vmax=limit)
    mesh.set_rasterized(True)  # thousands of cells: keep the map small in PDF and SVG, and free of seams
    ax.set_facecolor("0.8")
    words = textwrap.fill(f"site {moved_by(move, len(shown))}", 32)
    _time_axis(ax, trajectory, log_time)
    ax.set_ylabel(words)
    if colorbar:
        ax.figure.colorbar(mesh, ax=ax, label="weight")
    return ax


@styled()
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

    Of a network a line for each unit (``units_over_time``). ``note`` stands over the legend: for instance that the
    control may rest on a saddle of a few modes, which SGD's noise leaves sooner. At least one trajectory, else
    InvalidArgument.
    """
    roles = {"theory": theory, "control": control, "sgd": sgd, "control_sgd": control_sgd}
    given = _given(roles)
    networks = [run for run in given.values() if has_units(run)]
    if networks:
        if len(given) > 1:
            raise InvalidArgument(list(given)[1], given[list(given)[1]], "None where a network is drawn")
        return units_over_time(networks[0], ax, log_time=log_time, legend=legend)
    ax = axes_or_new(ax)
    _over_time(ax, given, lambda run: (run.ipr_times_D if times_size else run.ipr)[..., None], ("-",), log_time)
    sinusoid, words = (1.5, "a sinusoid's, 1.5") if times_size else (1.5 / next(iter(given.values())).size, "1.5 / D")
    ax.axhline(sinusoid, color="0.3", linestyle=":", linewidth=1, zorder=1, label=words)
    ax.set_ylabel(r"IPR $\times$ D" if times_size else "IPR")
    ax.set_ylim(bottom=0)
    if legend:
        draw_legend(ax, title=note)
    return ax


@styled()
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

    0 is Gaussian, -2 two points. At least one trajectory, else InvalidArgument.
    """
    given = _given({"theory": theory, "control": control, "sgd": sgd, "control_sgd": control_sgd})
    ax = axes_or_new(ax)
    _over_time(ax, given, lambda run: run.kurtosis, tuple(CLASSES.values()), log_time)
    for name, style in CLASSES.items():
        ax.plot([], [], color="0.2", linestyle=style, label=name)
    ax.set_ylabel("excess kurtosis $k_4 / k_2^2$ of $w \\cdot x$")
    if legend:
        draw_legend(ax)
    return ax


@styled()
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
    InvalidArgument
        If ``run`` does not exist, the sizes differ, or they are tori's (``field_image`` shows those).
    """
    choice("seeds", seeds, ("band", "lines"))
    check_same_size({"theory": theory, "control": control, "sgd": sgd})
    check_ring("theory", theory, "field_image")
    final = one_run(theory, run)[-1]
    final = transform(final, to_middle(final))
    moved = bool(np.isfinite(centre(final)))
    site = np.arange(final.size) - (final.size // 2 if moved else 0)
    ax = axes_or_new(ax)
    if sgd is not None:
        ends = np.reshape(sgd.w[..., -1, :], (-1, sgd.size))
        aligned = align(ends[np.isfinite(ends).all(axis=-1)], final)[0]  # none, where no seed reached the last time
        label = _label("sgd", sgd, seeds == "band")
        if seeds == "lines" and len(aligned):
            ax.plot(site, aligned.T, color=COLOURS["sgd"], linewidth=0.8, alpha=0.6, zorder=2, label=label)
        elif len(aligned):
            _spread(ax, site, aligned, "sgd", label=label)
    if control is not None:
        _spread(ax, site, align(one_run(control, run)[-1], final)[0], "control", label=_label("control", control))
    _spread(ax, site, final, "theory", label=_label("theory", theory))
    ax.axhline(0, color="0.7", linewidth=0.8, zorder=0)
    ax.set(xlabel="site from the theory's centre" if moved else "site", ylabel="weight", xlim=(site[0], site[-1]))
    if legend:
        draw_legend(ax)
    return ax


def _given(roles: Roles) -> dict[str, Result]:
    """The runs that are there, at least one."""
    given = {role: run for role, run in roles.items() if run is not None}
    if not given:
        raise InvalidArgument("theory", None, "at least one of " + ", ".join(roles))
    return given


def _over_time(
    ax: Axes,
    given: dict[str, Result],
    quantity: Callable[[Result], np.ndarray],
    styles: tuple[str, ...],
    log_time: bool,
) -> None:
    """Draw ``quantity(run)``, (..., T, number of styles), for every role given."""
    for role, run in given.items():
        keep = times_shown(role, run.t, log_time)
        values = quantity(run)[..., keep, :]
        for column, style in enumerate(styles):
            label = _label(role, run) if column == 0 else ""
            _spread(ax, run.t[keep], values[..., column], role, style, label)
    _time_axis(ax, next(iter(given.values())), log_time)


def _time_axis(ax: Axes, run: Result, log_time: bool) -> None:
    ax.set(xlabel=f"time ({time_units(run.provenance)})", xscale="log" if log_time else "linear")


def _spread(ax: Axes, x: np.ndarray, values: np.ndarray, role: str, style: str = "-", label: str = "") -> None:
    """A line; for values (n, X) with n > 1 their mean and standard deviation."""
    look, values = ROLES[role], np.atleast_2d(values)
    mean = values.mean(axis=0)
    line = {"color": look.colour, "linewidth": look.width, "zorder": look.zorder}
    ax.plot(x, mean, linestyle=style, label=label or "_", **line)  # type: ignore[arg-type]
    if len(values) > 1:
        sd = values.std(axis=0, ddof=1)  # NaN where a run has ended, so that the rest is not taken for all
        ax.fill_between(x, mean - sd, mean + sd, color=look.colour, alpha=0.25, linewidth=0, zorder=2)


def _label(role: str, trajectory: Result, band: bool = True) -> str:
    """What the legend says of a role: how many runs, and how many of them lasted."""
    name, member = ROLES[role].name, ROLES[role].member
    n = trajectory.runs
    if n is None:
        return name
    lasted = int(np.isfinite(trajectory.w[:, -1]).all(axis=-1).sum())
    if n == 1:
        return f"{name}, one {member}"
    rest = "" if lasted == n else f" ({lasted} to the end)"
    return f"{name}, {'mean and standard deviation over ' if band else ''}{n} {member}s{rest}"


def _edges(t: np.ndarray, log_time: bool) -> np.ndarray:
    """Edges of the cells around increasing times: halfway between them, and at the first and last time."""
    middle = np.sqrt(t[1:] * t[:-1]) if log_time else (t[1:] + t[:-1]) / 2
    return np.concatenate([t[:1], middle, t[-1:]])
