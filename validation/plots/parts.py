"""What the panels and the figures share: colours and names of the roles, bands, legends, moves along the ring."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from cumulode.theory.user_input.arguments import InvalidArgument, integer
from cumulode.validation.receptive_fields.field_input import shape_for
from cumulode.validation.receptive_fields.metrics import Symmetry, TorusSymmetry, centre

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from cumulode.numerics.result import Result

TIME = "time (learning rate x steps)"
#: Okabe and Ito's colours, distinct for all common kinds of colour vision; one a role in every panel.
COLOURS = {"theory": "#0072B2", "control": "#009E73", "sgd": "#D55E00", "control_sgd": "#CC79A7"}
_NAMES = {"theory": "theory", "control": "control, theory", "sgd": "SGD", "control_sgd": "control, SGD"}
_WIDTHS = {"theory": 2.2, "control": 2.2, "sgd": 1.2, "control_sgd": 1.2}
_ORDER = {"theory": 4, "control": 3, "sgd": 5, "control_sgd": 5}  # thin lines over thick ones: both stay in sight
CLASSES: dict[str, Any] = {"class plus": "-", "class minus": (0, (4, 2))}
IDENTITY = Symmetry(np.asarray(0), np.asarray(False), np.asarray(1.0))

Roles = Mapping[str, "Result | None"]


def over_time(
    ax: Axes, roles: Roles, quantity: Callable[[Result], np.ndarray], styles: tuple[Any, ...], log_time: bool
) -> None:
    """Draw ``quantity(run)``, (..., T, number of styles), for every role given."""
    if all(run is None for run in roles.values()):
        raise InvalidArgument("theory", None, "at least one of theory, control, sgd and control_sgd")
    for role, run in roles.items():
        if run is None:
            continue
        keep = shown_times(role, run.t, log_time)
        values = quantity(run)[..., keep, :]
        for column, style in enumerate(styles):
            spread(
                ax, run.t[keep], values[..., column], role, style, label=role_label(role, run) if column == 0 else ""
            )
    ax.set(xlabel=TIME, xscale="log" if log_time else "linear")


def spread(ax: Axes, x: np.ndarray, values: np.ndarray, role: str, style: Any = "-", label: str = "") -> None:
    """A line; for values (n, X) with n > 1 their mean and standard deviation."""
    values = np.atleast_2d(values)
    mean = values.mean(axis=0)
    ax.plot(
        x, mean, color=COLOURS[role], linewidth=_WIDTHS[role], linestyle=style, label=label or "_", zorder=_ORDER[role]
    )
    if len(values) > 1:
        sd = values.std(axis=0, ddof=1)  # NaN where a run has ended, so that the rest is not taken for all
        ax.fill_between(x, mean - sd, mean + sd, color=COLOURS[role], alpha=0.25, linewidth=0, zorder=2)


def role_label(role: str, trajectory: Result, band: bool = True) -> str:
    """What the legend says of a role: how many runs, and how many of them lasted."""
    if trajectory.w.ndim == 2:
        return _NAMES[role]
    n, lasted = len(trajectory.w), int(np.isfinite(trajectory.w[:, -1]).all(axis=-1).sum())
    word = "seed" if role in ("sgd", "control_sgd") else "start"
    if n == 1:
        return f"{_NAMES[role]}, one {word}"
    rest = "" if lasted == n else f" ({lasted} to the end)"
    return f"{_NAMES[role]}, {'mean and standard deviation over ' if band else ''}{n} {word}s{rest}"


def role_entries(roles: Roles, band: bool = True) -> list[tuple[Any, str]]:
    """Handle and label for the legend of every role given, a band behind the line where one is drawn."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    entries: list[tuple[Any, str]] = []
    for role, run in roles.items():
        if run is not None:
            line = Line2D([], [], color=COLOURS[role], linewidth=_WIDTHS[role])
            behind = Patch(color=COLOURS[role], alpha=0.25, linewidth=0)
            many = band and run.w.ndim == 3 and len(run.w) > 1
            entries.append(((behind, line) if many else line, role_label(role, run, band)))
    return entries


def class_entries() -> list[tuple[Any, str]]:
    """Handle and label for the line style of each class."""
    from matplotlib.lines import Line2D

    return [(Line2D([], [], color="0.2", linestyle=style), name) for name, style in CLASSES.items()]


def legend_above(ax: Axes, entries: list[tuple[Any, str]], **options: Any) -> None:
    """The legend above the Axes, where it hides no data."""
    handles, labels = zip(*entries, strict=True)
    place: dict[str, Any] = {"loc": "lower left", "bbox_to_anchor": (0, 1.0), "frameon": False}
    ax.legend(handles, labels, fontsize=8.5, **(place | options))


def axes_or_new(ax: Axes | None) -> Axes:
    """``ax``, or the one Axes of a new figure that pyplot does not know."""
    if ax is not None:
        return ax
    from matplotlib.figure import Figure

    return Figure(figsize=(6, 4.5), layout="constrained").add_subplot()


def one_run(trajectory: Result, run: int, name: str = "run") -> np.ndarray:
    """The weights (T, D) of one run."""
    runs = trajectory.w if trajectory.w.ndim == 3 else trajectory.w[None]
    return np.asarray(runs[integer(name, run, ge=0, le=len(runs) - 1, allowed=f"0 <= {name} < {len(runs)}")])


def shape_of_run(trajectory: Result, shape: Any = None) -> tuple[int, ...]:
    """``(D,)`` or ``(L, L)``: ``shape``, or what the run's provenance says of its problem; else the ring."""
    if shape is None:
        problem = trajectory.provenance.get("problem", {})
        size = (problem[0] if isinstance(problem, list) else problem).get("size")
        shape = tuple(size) if isinstance(size, (list, tuple)) else None
    return shape_for(trajectory.w, shape)


def on_ring(name: str, trajectory: Result, instead: str) -> None:
    """Raise ValueError for a run on a torus."""
    sides = shape_of_run(trajectory)
    if len(sides) > 1:
        raise InvalidArgument(
            name, f"a run on a {sides[0]} x {sides[1]} torus", f"a run on a ring (of a torus: {instead})"
        )


def last_field(w: np.ndarray) -> np.ndarray:
    """The last field (D,) of (T, D) that is finite: where a run that stopped early stood."""
    finite = np.flatnonzero(np.isfinite(w).all(axis=-1))
    return np.asarray(w[finite[-1] if finite.size else -1])


def largest_weight(w: np.ndarray) -> float:
    """Largest absolute weight, for the colour scale; 1 where there is none."""
    finite = np.abs(w[np.isfinite(w)])
    return float(finite.max(initial=0.0)) or 1.0


def shown_times(name: str, t: np.ndarray, log_time: bool) -> np.ndarray:
    """Which times can be shown."""
    keep = t > 0 if log_time else np.isfinite(t)
    if keep.sum() < 2:
        raise InvalidArgument(name, t, "at least two times" + (" above 0" if log_time else ""))
    return keep


def cell_edges(t: np.ndarray, log_time: bool) -> np.ndarray:
    """Edges of the cells around increasing times: halfway between them, and at the first and last time."""
    middle = np.sqrt(t[1:] * t[:-1]) if log_time else (t[1:] + t[:-1]) / 2
    return np.concatenate([t[:1], middle, t[-1:]])


def to_middle(field: np.ndarray) -> Symmetry:
    """The translation by whole sites that brings the centre of ``field`` to site D // 2; none without a centre."""
    at = float(centre(field))
    shift = 0 if np.isnan(at) else (field.size // 2 - round(at)) % field.size
    return IDENTITY._replace(shift=np.asarray(shift))


def torus_to_middle(field: np.ndarray, shape: tuple[int, ...]) -> TorusSymmetry:
    """The same on a torus, each direction by itself."""
    at = centre(field, shape)
    shift = np.where(np.isnan(at), 0, shape[0] // 2 - np.round(np.nan_to_num(at))).astype(int) % shape[0]
    return TorusSymmetry(shift, np.asarray(0), np.asarray(1.0))


def site_label(move: Symmetry, size: int) -> str:
    """``site``, and how the sites were moved."""
    shift = int(move.shift) - (size if move.shift > size // 2 else 0)
    done = ["reflected"] * bool(move.reflected) + [f"shifted by {shift:+d}"] * bool(shift)
    done += ["sign reversed"] * bool(move.sign < 0)
    return textwrap.fill("site" + (f" ({', '.join(done)})" if done else ""), 32)


def same_size(roles: Roles) -> None:
    """Raise ValueError where a trajectory's size is not the theory's."""
    size = roles["theory"].size  # type: ignore[union-attr]
    for role, run in roles.items():
        if run is not None and run.size != size:
            raise InvalidArgument(role, run.w.shape, f"weights on {size} sites, as in theory")


def scale(trajectory: Result, times_size: bool) -> int:
    return trajectory.size if times_size else 1


def sinusoid_label(times_size: bool) -> str:
    return "sinusoid, 1.5" if times_size else "sinusoid, 1.5 / D"
