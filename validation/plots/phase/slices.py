"""Slices of a phase diagram: a quantity against one axis, theory filled, SGD open, a colour a curve."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from cumulode.theory.user_input.arguments import InvalidArgument, choice
from cumulode.validation.plots.parts import axes_or_new

from .curves import Curve, all_axes, curves_of, own_curves, which
from .legend import Entries, draw_legend
from .overlays import LINES, critical_lines, line_values, line_words, threshold
from .planes import Scale, all_selected, axes_of, check_select, scale_of, shown
from .ticks import dress
from .values import by_seed, flags_of, reduce_seeds, standard_error
from .words import IPR_TIMES_D, SGD, is_sgd, quantity_label

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes


def slices(
    ds: xr.Dataset,
    variable: str = "ipr_times_D",
    ax: Axes | None = None,
    *,
    x: str | None = None,
    along: str | Mapping[str, Sequence[Any]] | None = None,
    select: Mapping[str, Any] | None = None,
    over: str = "mean",
    sgd: bool = True,
    lines: bool = True,
    log: bool | None = None,
    legend: bool = True,
) -> Axes:
    """A quantity against one axis: theory as filled symbols on a line, SGD as open symbols, with error bars.

    Error bars are one standard error over seeds: the random start in theory, start and noise in SGD. Dashed verticals
    are the analytic critical values of ``x``, in the colour of their curve; the dotted horizontal is the threshold of
    localisation. A black cross is over points where theory is not trusted in half of the seeds or more.

    Parameters
    ----------
    ds : xarray.Dataset
        From ``phase_diagram`` or a file of it.
    variable : str
        A quantity; theory's is drawn with SGD's (``sgd_...``) where the Dataset has it, SGD's alone.
    x : str, optional
        Axis (default: the first with more than one value that is neither in ``along`` nor ``select``).
    along : str or mapping, optional
        Axis with a curve a value, ``"xi_plus"`` (at most 7, evenly chosen), or ``{"xi_plus": [1.5, 3.0]}``.
    select : mapping, optional
        Value of every other axis with more than one.
    over : {"mean", "median"}
        From seeds to one number; the median's standard error is by bootstrap.
    sgd, lines, legend : bool
        Whether to draw SGD, the analytic lines, the legend (above the Axes).
    log : bool, optional
        Logarithmic ordinate (default: where positive values span more than a factor of 30).

    Raises
    ------
    ValueError
        Naming the argument; for an axis that is neither drawn nor selected, its values.
    """
    ax, entries = draw_slices(ds, variable, ax, x, along, select, over, sgd, lines, log)
    if legend:
        draw_legend(ax, entries)
    return ax


def draw_slices(
    ds: xr.Dataset, variable: str, ax: Axes | None, x: Any, along: Any, select: Any, over: str, sgd: bool, lines: bool,
    log: bool | None,
) -> tuple[Axes, Entries]:  # fmt: skip
    """``slices`` without the legend, whose entries are returned."""
    choice("over", over, ("mean", "median"))
    axes = all_axes(ds, variable)
    if flags_of(ds, variable) is not None:
        raise InvalidArgument("variable", variable, "a quantity, not a class")
    x, name, values = which(ds, variable, axes, x, along, select)
    kept = (x,) if name is None else (x, name)
    _check_free(ds, axes if sgd else axes_of(ds, variable), kept, select)
    curves = curves_of(ds, name, values, check_select(ds, select, kept))
    ax = axes_or_new(ax)
    scale = scale_of(ds, x)
    drawn: set[str] = set()
    roles = {"sgd": variable} if is_sgd(variable) else {"theory": variable, "sgd": SGD + variable}
    for role, of in roles.items():
        if of in ds and (role == "theory" or sgd):
            for curve in own_curves(ds, of, name, curves):
                _draw(ax, ds, of, scale, curve, over, role, drawn)
    dress(ax, scale, None)
    ax.set_ylabel("\n".join(textwrap.wrap(quantity_label(ds, variable), 42)))
    _ordinate(ax, log)
    _lines(ax, ds, variable, scale, curves, lines, drawn)
    return ax, _entries(ds, curves, over, drawn)


def _check_free(ds: xr.Dataset, axes: list[str], kept: tuple[str, ...], select: Mapping[str, Any] | None) -> None:
    """Raise ValueError for an axis without a place in the figure, with both ways to give it one."""
    for axis in axes:
        if axis not in kept and axis not in (select or {}) and ds.sizes[axis] > 1:
            allowed = f"{axis}= one of {shown(ds[axis].values)} (--select)"
            more = "" if len(kept) > 1 else f", or a curve for each value: along {axis} (--along)"
            raise InvalidArgument("select", f"nothing for {axis}", allowed + more)


def _draw(
    ax: Axes, ds: xr.Dataset, variable: str, scale: Scale, curve: Curve, over: str, role: str, drawn: set[str]
) -> None:
    """One curve of theory or SGD."""
    flat = scale.name not in ds[variable].dims
    keep = () if flat else (scale.name,)
    select = all_selected(ds, variable, keep, curve.select)
    values = by_seed(ds, variable, keep, select)
    finite = np.where(np.isfinite(values), values, np.nan)
    middle = np.atleast_1d(reduce_seeds(ds, variable, finite, over))
    error = np.atleast_1d(standard_error(finite, over))
    if not np.isfinite(middle).any():
        return
    drawn.add(role)
    style: dict[str, Any] = {"color": curve.colour, "markersize": 4.5, "marker": curve.marker, "label": f"_{role}"}
    if flat:
        ax.axhline(middle[0], color=curve.colour, linewidth=1.2, zorder=2, label=f"_{role}")
        return
    middle, error = middle[scale.order], error[scale.order]
    if role == "sgd":
        style |= {"markerfacecolor": "white", "linestyle": "none", "zorder": 4}
    else:
        style |= {"linestyle": "none" if scale.words else "-", "linewidth": 1.2, "zorder": 3}
    ax.errorbar(scale.places, middle, yerr=np.nan_to_num(error), **style, elinewidth=1.0, capsize=2.0)
    if role == "theory":
        _crosses(ax, ds, scale, curve, middle, drawn)


def _crosses(ax: Axes, ds: xr.Dataset, scale: Scale, curve: Curve, middle: np.ndarray, drawn: set[str]) -> None:
    """Where theory is not trusted in half of the seeds judged, or more."""
    if "trusted" not in ds or scale.name not in ds["trusted"].dims:
        return
    judged = by_seed(ds, "trusted", (scale.name,), curve.select)[scale.order]
    number = (judged >= 0).sum(axis=-1)
    bad = (number > 0) & (2 * (judged == 0).sum(axis=-1) >= number) & np.isfinite(middle)
    if bad.any():
        drawn.add("untrusted")
        style: dict[str, Any] = {"linestyle": "none", "marker": "x", "color": "black", "markersize": 7}
        ax.plot(scale.places[bad], middle[bad], **style, markeredgewidth=1.0, zorder=5, label="_untrusted")


def _ordinate(ax: Axes, log: bool | None) -> None:
    """Logarithmic where asked for, or where the range of positive values asks for it; from 0 otherwise."""
    found = [np.asarray(line.get_ydata(), dtype=float) for line in ax.lines if line.get_label() in ("_theory", "_sgd")]
    found += [np.asarray(c.lines[0].get_ydata(), dtype=float) for c in ax.containers if hasattr(c, "lines")]
    y = np.concatenate(found) if found else np.array([np.nan])
    y = y[np.isfinite(y)]
    if not y.size:
        return
    if log is None:
        log = bool(y.min() > 0 and y.max() > 30 * y.min())
    if log and y.min() <= 0:
        raise InvalidArgument("log", log, f"False where values reach {y.min():.3g}")
    if log:
        ax.set_yscale("log")
    elif y.min() >= 0:
        ax.set_ylim(bottom=0)


def _lines(
    ax: Axes, ds: xr.Dataset, variable: str, scale: Scale, curves: list[Curve], lines: bool, drawn: set[str]
) -> None:
    """The threshold of localisation, and critical values of x."""
    if variable.removeprefix(SGD) == "ipr_times_D":
        ax.axhline(threshold(ds), color="0.4", linewidth=0.9, linestyle=":", zorder=1, label="_threshold")
        drawn.add("threshold")
    if not lines or scale.words:
        return
    for name, (axis, kind) in critical_lines(ds).items():
        if axis != scale.name:
            continue
        for curve in curves:
            for _, value in line_values(ds, name, (), curve.select):
                v = float(scale.place(float(np.ravel(value.values)[0]))) if value.size == 1 else np.nan
                if scale.edges[0] <= v <= scale.edges[-1]:
                    style = LINES[kind][1]
                    ax.axvline(v, color=curve.colour, linewidth=1.0, linestyle=style, zorder=1, label=f"_{name}")
                    drawn.add(name)


def _entries(ds: xr.Dataset, curves: list[Curve], over: str, drawn: set[str]) -> Entries:
    """Colours of the curves, then what symbols and lines mean."""
    from matplotlib.lines import Line2D

    entries: list[tuple[Any, str]] = [
        (Line2D([], [], color=c.colour, marker=c.marker, markersize=4.5, linestyle="none"), c.label)
        for c in curves
        if c.label
    ]
    n = ds.sizes.get("seed", 1)
    how = f"{over} and standard error over {n} seeds" if n > 1 else "one seed"
    ink = curves[0].colour if len(curves) == 1 else "0.3"
    dots: dict[str, Any] = {"color": ink, "marker": "o", "markersize": 4.5}
    meanings = {
        "theory": (Line2D([], [], **dots, linewidth=1.2), f"theory: {how}"),
        "sgd": (Line2D([], [], **dots, markerfacecolor="white", linestyle="none"), f"SGD: {how}"),
        "untrusted": (Line2D([], [], color="black", marker="x", linestyle="none"), "closure not trusted"),
        "threshold": (
            Line2D([], [], color="0.4", linestyle=":"),
            f"localised above {IPR_TIMES_D} = {threshold(ds):g}",
        ),
    }
    for name, (axis, kind) in critical_lines(ds).items():
        words = line_words(ds, name, axis, LINES[kind][2])
        meanings[name] = (Line2D([], [], color=ink, linewidth=1.0, linestyle=LINES[kind][1]), words)
    return entries + [pair for key, pair in meanings.items() if key in drawn]
