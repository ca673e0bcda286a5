"""Figures of runs: fields over time, their statistics, and theory, SGD and control side by side.

Every function draws into ``ax``, or into a new figure of its own, and returns the Axes. New figures are kept out of
pyplot (nothing to close, no display needed); to see one in a window, pass ``ax=plt.gca()``. A trajectory of one run is
a line; one of n runs is their mean and a band of one standard deviation (n - 1) on either side, which ends where any
of the runs does.
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from cumulode.theory.validate import choice, complain, integer, real

from .metrics import Symmetry, align, centre, find_symmetry, ipr, transform

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from cumulode.numerics.solution import Trajectory

__all__ = ["comparison_figure", "fields", "ipr_over_time", "kurtosis_over_time", "save", "space_time"]

TIME = "time (learning rate x steps)"
#: Okabe and Ito's colours, distinct for all common kinds of colour vision; one a role in every panel.
COLOURS = {"theory": "#0072B2", "control": "#009E73", "sgd": "#D55E00", "control_sgd": "#CC79A7"}
_NAMES = {"theory": "theory", "control": "control, theory", "sgd": "SGD", "control_sgd": "control, SGD"}
_WIDTHS = {"theory": 2.2, "control": 2.2, "sgd": 1.2, "control_sgd": 1.2}
_ORDER = {"theory": 4, "control": 3, "sgd": 5, "control_sgd": 5}  # thin lines over thick ones: both stay in sight
_CLASSES: dict[str, Any] = {"class plus": "-", "class minus": (0, (4, 2))}
_IDENTITY = Symmetry(np.asarray(0), np.asarray(False), np.asarray(1.0))

Roles = Mapping[str, "Trajectory | None"]


def space_time(trajectory: Trajectory, ax: Axes | None = None, *, run: int = 0, centred: bool = False,
               symmetry: Symmetry | None = None, log_time: bool = False, limit: float | None = None,
               colorbar: bool = True) -> Axes:
    """Map of the weights: time along x, site along y, the weight in colour, white at 0, grey where there is none.

    Parameters
    ----------
    trajectory : Trajectory
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
        ``symmetry`` are given.
    """
    if centred and symmetry is not None:
        raise complain("centred", centred, "False when symmetry is given")
    w = _one(trajectory, run)
    move = _to_middle(_last(w)) if centred else symmetry or _IDENTITY
    keep = _kept("trajectory", trajectory.t, log_time)
    shown = transform(w, move)[keep].T
    ax = _axes(ax)
    limit = _largest(shown) if limit is None else real("limit", limit, "a weight > 0", low=0, open_low=True)
    times, sites = _edges(trajectory.t[keep], log_time), np.arange(len(shown) + 1) - 0.5
    mesh = ax.pcolormesh(times, sites, np.ma.masked_invalid(shown), cmap="RdBu_r", vmin=-limit, vmax=limit)
    mesh.set_rasterized(True)  # thousands of cells: keep the map small in PDF and SVG, and free of seams
    ax.set_facecolor("0.8")
    ax.set(xlabel=TIME, ylabel=_site_label(move, len(shown)), xscale="log" if log_time else "linear")
    if colorbar:
        ax.figure.colorbar(mesh, ax=ax, label="weight")
    return ax


def ipr_over_time(ax: Axes | None = None, *, theory: Trajectory | None = None, control: Trajectory | None = None,
                  sgd: Trajectory | None = None, control_sgd: Trajectory | None = None, times_size: bool = True,
                  log_time: bool = False, legend: bool = True, note: str | None = None) -> Axes:
    """Inverse participation ratio, times D unless ``times_size`` is False, over time; dotted: a sinusoid's, 1.5 / D.

    ``note`` is written below the axis: for instance that the control may rest on a saddle of a few modes, which SGD's
    noise leaves sooner (theory.md section 3). At least one trajectory, else ValueError.
    """
    roles = {"theory": theory, "control": control, "sgd": sgd, "control_sgd": control_sgd}
    ax = _axes(ax)
    _over_time(ax, roles, lambda run: _scale(run, times_size) * ipr(run.w)[..., None], ("-",), log_time)
    given = next(run for run in roles.values() if run is not None)
    sinusoid = 1.5 * _scale(given, times_size) / given.size
    line = ax.axhline(sinusoid, color="0.3", linestyle=":", linewidth=1, zorder=1, label=_sinusoid_label(times_size))
    ax.set(ylabel=r"IPR $\times$ D" if times_size else "IPR")
    ax.set_ylim(bottom=0)
    if legend:
        _legend(ax, [*_entries(roles), (line, _sinusoid_label(times_size))])
    if note:
        ax.annotate(textwrap.fill(note, 44), (0, 0), (0, -36), xycoords="axes fraction", textcoords="offset points",
                    va="top", fontsize=8, color="0.3")
    return ax


def kurtosis_over_time(ax: Axes | None = None, *, theory: Trajectory | None = None, control: Trajectory | None = None,
                       sgd: Trajectory | None = None, control_sgd: Trajectory | None = None, log_time: bool = False,
                       legend: bool = True) -> Axes:
    """Excess kurtosis ``k4 / k2^2`` of the preactivation over time, class plus solid, class minus dashed.

    0 is Gaussian, -2 two points. At least one trajectory, else ValueError.
    """
    roles = {"theory": theory, "control": control, "sgd": sgd, "control_sgd": control_sgd}
    ax = _axes(ax)
    _over_time(ax, roles, lambda run: run.kurtosis, tuple(_CLASSES.values()), log_time)
    ax.set(ylabel="excess kurtosis $k_4 / k_2^2$ of $w \\cdot x$")
    if legend:
        _legend(ax, [*_entries(roles), *_class_entries()])
    return ax


def fields(ax: Axes | None = None, *, theory: Trajectory, sgd: Trajectory | None = None,
           control: Trajectory | None = None, run: int = 0, seeds: str = "band", legend: bool = True) -> Axes:
    """Fields at the last time against the site, the theory's centre (where it has one) in the middle.

    SGD's seeds and the control are first aligned to the theory (``metrics.align``: translation, reflection, sign).

    Parameters
    ----------
    theory, sgd, control : Trajectory
        Weights (T, D) or (n, T, D); ``run`` of theory and control, every seed of SGD that reached the last time.
    seeds : {"band", "lines"}
        SGD as mean and standard deviation, or a thin line each.

    Raises
    ------
    ValueError
        If ``run`` does not exist, or the sizes differ.
    """
    choice("seeds", seeds, ("band", "lines"))
    roles = {"theory": theory, "control": control, "sgd": sgd}
    _same_size(roles)
    final = _one(theory, run)[-1]
    move = _to_middle(final)
    final = transform(final, move)
    moved = bool(np.isfinite(centre(final)))
    site = np.arange(final.size) - (final.size // 2 if moved else 0)
    ax = _axes(ax)
    if sgd is not None:
        ends = np.reshape(sgd.w[..., -1, :], (-1, sgd.size))
        aligned = align(ends[np.isfinite(ends).all(axis=-1)], final)[0]
        if not len(aligned):
            pass  # no seed reached the last time
        elif seeds == "lines":
            ax.plot(site, aligned.T, color=COLOURS["sgd"], linewidth=0.8, alpha=0.6, zorder=2)
        else:
            _spread(ax, site, aligned, "sgd")
    if control is not None:
        _spread(ax, site, align(_one(control, run)[-1], final)[0], "control")
    _spread(ax, site, final, "theory")
    ax.axhline(0, color="0.7", linewidth=0.8, zorder=0)
    ax.set(xlabel="site from the theory's centre" if moved else "site", ylabel="weight", xlim=(site[0], site[-1]))
    if legend:
        _legend(ax, _entries(roles, band=seeds == "band"))
    return ax


def comparison_figure(theory: Trajectory, sgd: Trajectory | None = None, control: Trajectory | None = None,
                      control_sgd: Trajectory | None = None, *, title: str, command: str | None = None,
                      note: str | None = None, sgd_run: int = 0, log_time: bool = False) -> Figure:
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
    _same_size(roles)
    figure = Figure(figsize=(11, 8), layout="constrained")
    grid = figure.add_gridspec(3, 6, height_ratios=(1, 1, 0.1))
    _maps(figure, grid, {"theory": theory, "sgd": sgd, "control": control}, sgd_run, log_time)
    left, middle, right, below = (figure.add_subplot(grid[place]) for place in
                                  ((1, slice(0, 2)), (1, slice(2, 4)), (1, slice(4, 6)), (2, slice(0, 6))))
    ipr_over_time(left, **roles, log_time=log_time, legend=False, note=note)
    kurtosis_over_time(middle, **roles, log_time=log_time, legend=False)
    fields(right, theory=theory, sgd=sgd, control=control, legend=False)
    for ax, name in ((left, "localisation"), (middle, "preactivation"), (right, "final fields, aligned")):
        ax.set_title(name, loc="left", fontsize=11)
    below.axis("off")
    entries = [*_entries(roles), (left.lines[-1], _sinusoid_label(True)), *_class_entries()]
    _legend(below, entries, loc="center", bbox_to_anchor=(0.5, 0.5), ncols=3)
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
    weights = {role: _one(run, sgd_run if role == "sgd" else 0, "sgd_run") for role, run in given.items()}
    final = _last(weights["theory"])
    target = transform(final, _to_middle(final))
    limit = max(_largest(w) for w in weights.values())
    panels = []
    for i, (role, run) in enumerate(given.items()):
        columns = 6 // len(given)
        ax = figure.add_subplot(grid[0, i * columns : (i + 1) * columns])
        move = _to_middle(final) if role == "theory" else find_symmetry(_last(weights[role]), target)
        index = sgd_run if role == "sgd" else 0
        space_time(run, ax, run=index, symmetry=move, log_time=log_time, limit=limit, colorbar=False)
        ax.set_title(titles[role], loc="left", fontsize=11)
        panels.append(ax)
    figure.colorbar(panels[0].collections[0], ax=panels, label="weight", pad=0.01)


def _over_time(ax: Axes, roles: Roles, quantity: Callable[[Trajectory], np.ndarray], styles: tuple[Any, ...],
               log_time: bool) -> None:
    """Draw ``quantity(run)``, (..., T, number of styles), for every role given."""
    if all(run is None for run in roles.values()):
        raise complain("theory", None, "at least one of theory, control, sgd and control_sgd")
    for role, run in roles.items():
        if run is None:
            continue
        keep = _kept(role, run.t, log_time)
        values = quantity(run)[..., keep, :]
        for column, style in enumerate(styles):
            _spread(ax, run.t[keep], values[..., column], role, style, label=_label(role, run) if column == 0 else "")
    ax.set(xlabel=TIME, xscale="log" if log_time else "linear")


def _spread(ax: Axes, x: np.ndarray, values: np.ndarray, role: str, style: Any = "-", label: str = "") -> None:
    """A line; for values (n, X) with n > 1 their mean and standard deviation."""
    values = np.atleast_2d(values)
    mean = values.mean(axis=0)
    ax.plot(x, mean, color=COLOURS[role], linewidth=_WIDTHS[role], linestyle=style, label=label or "_",
            zorder=_ORDER[role])
    if len(values) > 1:
        sd = values.std(axis=0, ddof=1)  # NaN where a run has ended, so that the rest is not taken for all
        ax.fill_between(x, mean - sd, mean + sd, color=COLOURS[role], alpha=0.25, linewidth=0, zorder=2)


def _label(role: str, trajectory: Trajectory, band: bool = True) -> str:
    """What the legend says of a role: how many runs, and how many of them lasted."""
    if trajectory.w.ndim == 2:
        return _NAMES[role]
    n, lasted = len(trajectory.w), int(np.isfinite(trajectory.w[:, -1]).all(axis=-1).sum())
    word = "seed" if role in ("sgd", "control_sgd") else "start"
    if n == 1:
        return f"{_NAMES[role]}, one {word}"
    rest = "" if lasted == n else f" ({lasted} to the end)"
    return f"{_NAMES[role]}, {'mean and standard deviation over ' if band else ''}{n} {word}s{rest}"


def _entries(roles: Roles, band: bool = True) -> list[tuple[Any, str]]:
    """Handle and label for the legend of every role given, a band behind the line where one is drawn."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    entries: list[tuple[Any, str]] = []
    for role, run in roles.items():
        if run is not None:
            line = Line2D([], [], color=COLOURS[role], linewidth=_WIDTHS[role])
            behind = Patch(color=COLOURS[role], alpha=0.25, linewidth=0)
            many = band and run.w.ndim == 3 and len(run.w) > 1
            entries.append(((behind, line) if many else line, _label(role, run, band)))
    return entries


def _class_entries() -> list[tuple[Any, str]]:
    """Handle and label for the line style of each class."""
    from matplotlib.lines import Line2D

    return [(Line2D([], [], color="0.2", linestyle=style), name) for name, style in _CLASSES.items()]


def _legend(ax: Axes, entries: list[tuple[Any, str]], **options: Any) -> None:
    """The legend above the Axes, where it hides no data."""
    handles, labels = zip(*entries, strict=True)
    place: dict[str, Any] = {"loc": "lower left", "bbox_to_anchor": (0, 1.0), "frameon": False}
    ax.legend(handles, labels, fontsize=8.5, **(place | options))


def _axes(ax: Axes | None) -> Axes:
    """``ax``, or the one Axes of a new figure that pyplot does not know."""
    if ax is not None:
        return ax
    from matplotlib.figure import Figure

    return Figure(figsize=(6, 4.5), layout="constrained").add_subplot()


def _one(trajectory: Trajectory, run: int, name: str = "run") -> np.ndarray:
    """The weights (T, D) of one run."""
    runs = trajectory.w if trajectory.w.ndim == 3 else trajectory.w[None]
    return np.asarray(runs[integer(name, run, f"0 <= {name} < {len(runs)}", low=0, high=len(runs) - 1)])


def _last(w: np.ndarray) -> np.ndarray:
    """The last field (D,) of (T, D) that is finite: where a run that stopped early stood."""
    finite = np.flatnonzero(np.isfinite(w).all(axis=-1))
    return np.asarray(w[finite[-1] if finite.size else -1])


def _largest(w: np.ndarray) -> float:
    """Largest absolute weight, for the colour scale; 1 where there is none."""
    finite = np.abs(w[np.isfinite(w)])
    return float(finite.max(initial=0.0)) or 1.0


def _kept(name: str, t: np.ndarray, log_time: bool) -> np.ndarray:
    """Which times can be shown."""
    keep = t > 0 if log_time else np.isfinite(t)
    if keep.sum() < 2:
        raise complain(name, t, "at least two times" + (" above 0" if log_time else ""))
    return keep


def _edges(t: np.ndarray, log_time: bool) -> np.ndarray:
    """Edges of the cells around increasing times: halfway between them, and at the first and last time."""
    middle = np.sqrt(t[1:] * t[:-1]) if log_time else (t[1:] + t[:-1]) / 2
    return np.concatenate([t[:1], middle, t[-1:]])


def _to_middle(field: np.ndarray) -> Symmetry:
    """The translation by whole sites that brings the centre of ``field`` to site D // 2; none without a centre."""
    at = float(centre(field))
    shift = 0 if np.isnan(at) else (field.size // 2 - round(at)) % field.size
    return _IDENTITY._replace(shift=np.asarray(shift))


def _site_label(move: Symmetry, size: int) -> str:
    """``site``, and how the sites were moved."""
    shift = int(move.shift) - (size if move.shift > size // 2 else 0)
    done = ["reflected"] * bool(move.reflected) + [f"shifted by {shift:+d}"] * bool(shift)
    done += ["sign reversed"] * bool(move.sign < 0)
    return textwrap.fill("site" + (f" ({', '.join(done)})" if done else ""), 32)


def _same_size(roles: Roles) -> None:
    """Raise ValueError where a trajectory's size is not the theory's."""
    size = roles["theory"].size  # type: ignore[union-attr]
    for role, run in roles.items():
        if run is not None and run.size != size:
            raise complain(role, run.w.shape, f"weights on {size} sites, as in theory")


def _scale(trajectory: Trajectory, times_size: bool) -> int:
    return trajectory.size if times_size else 1


def _sinusoid_label(times_size: bool) -> str:
    return "sinusoid, 1.5" if times_size else "sinusoid, 1.5 / D"
