"""Figures of runs on a ring: fields over time, and their statistics, of neurons and of networks.

Every function draws into ``ax``, or into a new figure of its own, and returns the Axes. To see one in a window, pass
``ax=plt.gca()``. A trajectory of one run is a line; one of n runs is their mean and a band of one standard deviation
(n - 1) on either side, which ends where any of the runs does. Bad input raises ``InvalidArgument`` with its name.
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes

from cumulode.numerics.observables import quantiles
from cumulode.numerics.result import Result, time_units
from cumulode.theory.user_input.arguments import InvalidArgument, choice, real
from cumulode.validation.receptive_fields.metrics import centre
from cumulode.validation.receptive_fields.symmetry import Symmetry, align, transform

from .roles import CLASSES, COLOURS, ROLES
from .runs import IDENTITY, check_ring, check_same_size, largest_weight, last_time, moved_by, one_run, to_middle
from .style import axes_or_new, draw_legend, styled

if TYPE_CHECKING:
    from cumulode.numerics.noise.ensemble import Ensemble

#: Share of SGD's runs that the band of the theory's noisy runs holds at each time.
BAND = 0.95


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
        Times (T,) increasing, T >= 2, at any spacing; w (T, D) or (n, T, D), of which ``run`` in [0, n) is shown. Of a
        run on a torus see ``field_images``.
    centred : bool
        Translate all times alike, by whole sites, so that the final field's centre, if it has one, is in the middle.
    symmetry : Symmetry, optional
        Or move all times by this (from ``metrics.find_symmetry``). The label of the sites says what was done.
    log_time : bool
        Logarithmic time; times at or before 0 are left out.
    limit : float > 0, optional
        Weight at the ends of the colour scale (default: the largest absolute weight shown).
    """
    if centred and symmetry is not None:
        raise InvalidArgument("centred", centred, "False when symmetry is given")
    check_ring("trajectory", trajectory, "field_images")
    w = one_run(trajectory, run)
    move = to_middle(w[last_time(w)]) if centred else symmetry or IDENTITY
    keep = _times_shown("trajectory", trajectory.t, log_time)
    t, sites = trajectory.t[keep], np.arange(w.shape[1] + 1) - 0.5
    shown = np.ma.masked_invalid(transform(w, move)[keep].T)
    limit = largest_weight(shown.data) if limit is None else real("limit", limit, gt=0)
    middle = np.sqrt(t[1:] * t[:-1]) if log_time else (t[1:] + t[:-1]) / 2
    edges = np.concatenate([t[:1], middle, t[-1:]])
    ax = axes_or_new(ax)
    mesh = ax.pcolormesh(edges, sites, shown, cmap="RdBu_r", vmin=-limit, vmax=limit)
    mesh.set_rasterized(True)  # thousands of cells: keep the map small in PDF and SVG, and free of seams
    ax.set_facecolor("0.8")
    _label_time(ax, trajectory, log_time)
    ax.set_ylabel(textwrap.fill(f"site {moved_by(move, len(shown))}", 32))
    if colorbar:
        ax.figure.colorbar(mesh, ax=ax, label="weight")
    return ax


@styled()
def ipr_over_time(
    ax: Axes | None = None,
    *,
    times_size: bool = True,
    log_time: bool = False,
    legend: bool = True,
    note: str | None = None,
    langevin: Ensemble | None = None,
    **runs: Result | None,
) -> Axes:
    """Inverse participation ratio, times D unless ``times_size`` is False, over time; dotted: a sinusoid's, 1.5 / D.

    ``runs`` are some of theory, control, sgd, control_sgd. Of a network a line for each unit (``units_over_time``).
    ``langevin``: where one run of SGD lies with probability 0.95, by ``solve(..., noise=)``, as a band.
    ``note`` stands over the legend: for instance that the control may rest on a saddle of a few modes, which SGD's
    noise leaves sooner.
    """
    given = _given(runs)
    for role, run in given.items():
        if run.w.ndim - (run.runs is not None) == 3:
            if len(given) > 1:
                raise InvalidArgument(role, run, "one neuron's runs, or a network alone")
            return units_over_time(run, ax, log_time=log_time, legend=legend)
    ax = axes_or_new(ax)

    def quantity(run: Result) -> np.ndarray:
        return np.asarray((run.ipr_times_D if times_size else run.ipr)[..., None])

    _band(ax, langevin, quantity, ("-",), log_time)
    _over_time(ax, given, quantity, ("-",), log_time)
    _label_ipr(ax, 1 if times_size else next(iter(given.values())).size)
    if legend:
        draw_legend(ax, title=note)
    return ax


@styled()
def kurtosis_over_time(
    ax: Axes | None = None,
    *,
    log_time: bool = False,
    legend: bool = True,
    langevin: Ensemble | None = None,
    **runs: Result | None,
) -> Axes:
    """Excess kurtosis ``k4 / k2^2`` of the preactivation over time, class plus solid, class minus dashed.

    0 is Gaussian, -2 two points. ``runs`` and ``langevin`` as for ``ipr_over_time``.
    """
    given = _given(runs)
    ax = axes_or_new(ax)
    _band(ax, langevin, lambda run: run.kurtosis, tuple(CLASSES.values()), log_time)
    _over_time(ax, given, lambda run: run.kurtosis, tuple(CLASSES.values()), log_time)
    for name, style in CLASSES.items():
        ax.plot([], [], color="0.2", linestyle=style, label=name)
    ax.set_ylabel("excess kurtosis $k_4 / k_2^2$ of $w \\cdot x$")
    if legend:
        draw_legend(ax)
    return ax


@styled()
def units_over_time(run: Result, ax: Axes | None = None, *, log_time: bool = False, legend: bool = True) -> Axes:
    """IPR x D over time of a network: a line for each unit (or filter) of each run, coloured by the sign of its bias.

    The bias at the last time, of a run that stopped early at the first. Units with b < 0 localise where the class of
    label +1 has the longer range. Dashed: where an expansion has left its range (``NetworkFlow.valid_until``).
    """
    keep = _times_shown("run", run.t, log_time)
    hidden = run.w.shape[-2]
    ratio = np.reshape(run.ipr_times_D, (-1, run.t.size, hidden))[:, keep]
    bias = np.reshape(run.bias, (len(ratio), -1, hidden))
    bias = np.where(np.isfinite(bias[:, -1]), bias[:, -1], bias[:, 0])
    ax = axes_or_new(ax)
    for sign, colour, words in ((bias < 0, COLOURS["sgd"], "b < 0"), (bias >= 0, COLOURS["theory"], r"b \geq 0")):
        if sign.any():
            label = f"${words}$: {int(sign.sum())} units" + (f" in {len(ratio)} runs" if len(ratio) > 1 else "")
            _up_to(ax, run, run.t[keep], np.moveaxis(ratio, 1, 0)[:, sign], colour, label)
    _label_time(ax, run, log_time)
    _label_ipr(ax, 1)
    if legend:
        draw_legend(ax)
    return ax


def _up_to(ax: Axes, run: Result, t: np.ndarray, values: np.ndarray, colour: str, label: str) -> None:
    """Lines of ``values`` (T, ...) over time: from the last time within the run's range on dashed."""
    end = getattr(run, "valid_until", np.inf)
    inside = int(np.searchsorted(t, end, side="right"))
    ax.plot(t[:inside], values[:inside], color=colour, linewidth=1.0, label=label)
    if inside < len(t):
        beyond = slice(max(inside - 1, 0), None)
        ax.plot(t[beyond], values[beyond], color=colour, linewidth=0.8, linestyle="--", alpha=0.6)
        ax.axvline(end, color="0.5", linewidth=0.8, linestyle=":")


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


def _given(runs: dict[str, Result | None]) -> dict[str, Result]:
    """The runs that are there, by role in the order of ``ROLES``; at least one."""
    for name, run in runs.items():
        if name not in ROLES:
            raise InvalidArgument(name, run, "only " + ", ".join(ROLES))
    given = {role: run for role in ROLES if (run := runs.get(role)) is not None}
    if not given:
        raise InvalidArgument("theory", None, "at least one of " + ", ".join(ROLES))
    return given


def _over_time(
    ax: Axes, given: dict[str, Result], quantity: Callable[[Result], np.ndarray], styles: tuple[str, ...], log: bool
) -> None:
    """Draw ``quantity(run)``, (..., T, number of styles), for every role given."""
    for role, run in given.items():
        keep = _times_shown(role, run.t, log)
        values = quantity(run)[..., keep, :]
        for column, style in enumerate(styles):
            _spread(ax, run.t[keep], values[..., column], role, style, "_" if column else _label(role, run))
        _label_time(ax, run, log)


def _band(
    ax: Axes,
    langevin: Ensemble | None,
    quantity: Callable[[Result], np.ndarray],
    styles: tuple[str, ...],
    log: bool,
) -> None:
    """Between which values one run of SGD lies at each time, for ``quantity(run)`` (n, T, styles)."""
    if langevin is None:
        return
    keep = _times_shown("langevin", langevin.t, log)
    ends = quantiles(quantity(langevin), BAND)[keep]
    for column in range(len(styles)):
        label = f"{BAND:.0%} of runs, theory at SGD's noise" if column == 0 else "_"
        low, high = ends[:, column, 0], ends[:, column, 1]
        ax.fill_between(
            langevin.t[keep], low, high, color=COLOURS["theory"], alpha=0.15, linewidth=0, zorder=1, label=label
        )


def _label_time(ax: Axes, run: Result, log_time: bool) -> None:
    ax.set(xlabel=f"time ({time_units(run.provenance)})", xscale="log" if log_time else "linear")


def _label_ipr(ax: Axes, size: int) -> None:
    """IPR over ``size``'s share of D: label, and the value of a sinusoid."""
    name, words = (r"IPR $\times$ D", "a sinusoid's, 1.5") if size == 1 else ("IPR", "a sinusoid's, 1.5 / D")
    ax.axhline(1.5 / size, color="0.3", linestyle=":", linewidth=1, zorder=1, label=words)
    ax.set_ylabel(name)
    ax.set_ylim(bottom=0)


def _spread(ax: Axes, x: np.ndarray, values: np.ndarray, role: str, style: str = "-", label: str = "_") -> None:
    """A line; for values (n, X) with n > 1 their mean and standard deviation."""
    look, values = ROLES[role], np.atleast_2d(values)
    mean = values.mean(axis=0)
    ax.plot(x, mean, style, color=look.colour, linewidth=look.width, zorder=look.zorder, label=label)
    if len(values) > 1:
        sd = values.std(axis=0, ddof=1)  # NaN where a run has ended, so that the rest is not taken for all
        ax.fill_between(x, mean - sd, mean + sd, color=look.colour, alpha=0.25, linewidth=0, zorder=2)


def _label(role: str, run: Result, band: bool = True) -> str:
    """What the legend says of a role: how many runs, and how many of them lasted."""
    name, member, n = ROLES[role].name, ROLES[role].member, run.runs
    if n is None or n == 1:
        return name if n is None else f"{name}, one {member}"
    lasted = int(np.isfinite(run.w[:, -1]).all(axis=-1).sum())
    rest = "" if lasted == n else f" ({lasted} to the end)"
    return f"{name}, {'mean and standard deviation over ' if band else ''}{n} {member}s{rest}"


def _times_shown(name: str, t: np.ndarray, log_time: bool) -> np.ndarray:
    """Which times can be shown."""
    keep = t > 0 if log_time else np.isfinite(t)
    if keep.sum() < 2:
        raise InvalidArgument(name, t, "at least two times" + (" above 0" if log_time else ""))
    return np.asarray(keep)
