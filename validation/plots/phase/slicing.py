"""Slices of a phase diagram: a quantity against one axis, theory filled, SGD open, a colour a curve."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import xarray as xr
from matplotlib.axes import Axes

from cumulode.theory.user_input.arguments import Described, InvalidArgument, choice
from cumulode.validation.plots.roles import MARKERS, PALETTE, ROLES
from cumulode.validation.plots.style import axes_or_new, draw_legend, styled
from cumulode.validation.plots.words import IPR_TIMES_D, SGD, quantity_label, value_label

from .axes import MapAxis, axes_of, check_dataset, check_select, free_axes, shown, view
from .cells import by_seed, flags_of, reduce_seeds, standard_error
from .colours import LOG_FROM
from .lines import LINES, critical_lines, line_label, single_lines
from .map import threshold

#: Theory filled on a line, SGD open; a cross over what is not trusted.
LOOKS: dict[str, dict[str, Any]] = {
    "theory": {"marker": "o", "markersize": 4.5, "linestyle": "-", "linewidth": 1.2, "zorder": 3},
    "sgd": {"marker": "o", "markersize": 4.5, "linestyle": "none", "markerfacecolor": "white", "zorder": 4},
}
CROSS: dict[str, Any] = {"linestyle": "none", "marker": "x", "color": "black", "markersize": 7, "zorder": 5}


class Curve(NamedTuple):
    """A value of the axis along, its colour and symbol, and what is selected for it."""

    label: str
    colour: str
    marker: str
    select: dict[str, Any]


@styled()
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
    ds, select
        As for ``phase_map``.
    variable : str
        A quantity; theory's is drawn with SGD's (``sgd_...``) where the Dataset has it, SGD's alone.
    x : str, optional
        Axis (default: the first with more than one value that is neither in ``along`` nor ``select``).
    along : str or mapping, optional
        Axis with a curve a value, ``"xi_plus"`` (at most 7, evenly chosen), or ``{"xi_plus": [1.5, 3.0]}``.
    over : {"mean", "median"}
        From seeds to one number; the median's standard error is by bootstrap.
    sgd, lines, legend : bool
        Whether to draw SGD, the analytic lines, the legend (above the Axes).
    log : bool, optional
        Logarithmic ordinate (default: where positive values span more than a factor of 30).
    """
    check_dataset(ds)
    choice("over", over, ("mean", "median"))
    axes_of(ds, variable)  # that there is such a variable
    if flags_of(ds, variable) is not None:
        raise InvalidArgument("variable", variable, "a quantity, not a class")
    pair = {"sgd": variable} if variable.startswith(SGD) else {"theory": variable, "sgd": SGD + variable}
    drawn = {role: of for role, of in pair.items() if of in ds and (sgd or of == variable)}
    axes = list(dict.fromkeys(a for of in drawn.values() for a in axes_of(ds, of)))
    x, name, values = _which(ds, variable, axes, x, along, select)
    kept = (x,) if name is None else (x, name)
    _check_free(ds, axes, kept, select)
    curves = _curves(ds, name, values, check_select(ds, select, kept))
    ax = axes_or_new(ax)
    for curve in curves:
        if curve.label:
            ax.plot([], [], color=curve.colour, marker=curve.marker, linestyle="none", label=curve.label)
    numbers = []
    for role, of in drawn.items():
        own = name is None or name in ds[of].dims  # else one curve in black: theory along the learning rate
        each = curves if own else [Curve("", "black", "o", curves[0].select)]
        numbers.append(np.concatenate([_draw_curve(ax, ds, of, x, curve, over, role) for curve in each]))
        if numbers[-1].size:
            _describe(ax, ds, role, over, curves)
    _scale_ordinate(ax, log, np.concatenate(numbers))
    ax.set_ylabel("\n".join(textwrap.wrap(quantity_label(ds, variable), 42)))
    if variable.removeprefix(SGD) == "ipr_times_D":
        words = f"localised above {IPR_TIMES_D} = {threshold(ds):g}"
        ax.axhline(threshold(ds), color="0.4", linewidth=0.9, linestyle=":", zorder=1, label=words)
    if lines and ds[x].dtype.kind in "fiu":
        _draw_critical(ax, ds, variable, x, curves)
    if legend:
        draw_legend(ax)
    return ax


def _draw_curve(ax: Axes, ds: xr.Dataset, variable: str, x: str, curve: Curve, over: str, role: str) -> np.ndarray:
    """One curve of theory or SGD, a level where it does not depend on ``x``; its numbers."""
    kept = (x,) if x in ds[variable].dims else ()
    sliced = view(ds, variable, kept, curve.select)[0]
    values = by_seed(sliced, variable, kept)
    finite = np.where(np.isfinite(values), values, np.nan)
    middle, error = (np.atleast_1d(a) for a in (reduce_seeds(finite, over), standard_error(finite, over)))
    if np.isfinite(middle).any() and not kept:
        ax.axhline(middle[0], color=curve.colour, linewidth=1.2, zorder=2, label=f"_{role}")
    elif np.isfinite(middle).any():
        axis = MapAxis.of(sliced, x)
        axis.draw(ax, "x")
        look = LOOKS[role] | ({"linestyle": "none"} if axis.words else {}) | {"marker": curve.marker}
        bars: dict[str, Any] = {"yerr": np.nan_to_num(error), "elinewidth": 1.0, "capsize": 2.0}
        ax.errorbar(axis.places, middle, **bars, **look, color=curve.colour, label=f"_{role}")
        if role == "theory" and "trusted" in sliced and x in sliced["trusted"].dims:
            judged = by_seed(sliced, "trusted", kept)
            number = (judged >= 0).sum(axis=-1)
            bad = (number > 0) & (2 * (judged == 0).sum(axis=-1) >= number) & np.isfinite(middle)
            if bad.any():
                ax.plot(axis.places[bad], middle[bad], **CROSS, label="closure not trusted")
    return middle[np.isfinite(middle)]


def _describe(ax: Axes, ds: xr.Dataset, role: str, over: str, curves: list[Curve]) -> None:
    """What symbols mean, for the legend."""
    seeds = ds.sizes.get("seed", 1)
    how = f"{over} and standard error over {seeds} seeds" if seeds > 1 else "one seed"
    ax.plot([], [], **LOOKS[role], color=_ink(curves), label=f"{ROLES[role].name}: {how}")


def _ink(curves: list[Curve]) -> str:
    """The legend's colour for what all curves share."""
    return curves[0].colour if len(curves) == 1 else "0.3"


def _draw_critical(ax: Axes, ds: xr.Dataset, variable: str, x: str, curves: list[Curve]) -> None:
    """Analytic critical values of x, a vertical for each curve."""
    axis = MapAxis.of(ds.sortby(x), x)
    for name, (of, kind) in critical_lines(ds).items():
        style: dict[str, Any] = {"linewidth": 1.0, "linestyle": LINES[kind][1], "zorder": 1}
        for curve in curves if of == x else []:
            sliced = view(ds, variable, (x,) if x in ds[variable].dims else (), curve.select)[0]
            for _, values in single_lines(sliced[name], None):
                v = float(axis.place(values[0]))
                if axis.holds(np.array(v)):
                    ax.axvline(v, color=curve.colour, **style, label=f"_{name}")
                    ax.plot([], [], color=_ink(curves), **style, label=line_label(ds, name, of, kind))


def _which(
    ds: xr.Dataset, variable: str, axes: list[str], x: str | None, along: Any, select: Mapping[str, Any] | None
) -> tuple[str, str | None, Any]:
    """Abscissa, axis along (or None), its values given (or None)."""
    name, values = (along, None) if not isinstance(along, Mapping) else next(iter(along.items()), (None, None))
    if isinstance(along, Mapping) and len(along) != 1:
        raise InvalidArgument("along", dict(along), "one axis and its values")
    free = free_axes(ds, variable, axes, {"x": x, "along": name}, select)
    if x is not None and x == name:
        raise InvalidArgument("along", name, f"an axis other than x = {x}")
    if x is None and not free:
        raise InvalidArgument("x", x, "an axis: " + ", ".join(axes))
    return x or free[0], name, values


def _check_free(ds: xr.Dataset, axes: list[str], kept: tuple[str, ...], select: Mapping[str, Any] | None) -> None:
    """Raise InvalidArgument for an axis without a place in the figure, with both ways to give it one."""
    for axis in axes:
        if axis not in kept and axis not in (select or {}) and ds.sizes[axis] > 1:
            allowed = f"{axis}= one of {shown(ds[axis].values)} (--select)"
            more = "" if len(kept) > 1 else f", or a curve for each value: along {axis} (--along)"
            raise InvalidArgument("select", Described(f"nothing for {axis}"), allowed + more)


def _curves(ds: xr.Dataset, name: str | None, values: Any, select: dict[str, Any]) -> list[Curve]:
    """One for each value along; one without a name where there is no such axis."""
    if name is None:
        return [Curve("", PALETTE[0], MARKERS[0], select)]
    axis = np.sort(ds[name].values) if ds[name].dtype.kind in "fiu" else ds[name].values
    if values is None:
        several = np.linspace(0, len(axis) - 1, min(len(PALETTE), len(axis))).round().astype(int)
        chosen = axis[np.unique(several)].tolist()
    else:
        given = [values] if isinstance(values, (str, float, int)) else list(values)
        if not 1 <= len(given) <= len(PALETTE):
            raise InvalidArgument("along", Described(f"{len(given)} values of {name}"), f"1 to {len(PALETTE)}")
        try:
            chosen = [check_select(ds, {name: v})[name] for v in given]
        except InvalidArgument as error:
            raise error.about("along") from None
    looks = zip(chosen, PALETTE, MARKERS, strict=False)
    return [Curve(value_label(name, v, ds.attrs), colour, mark, select | {name: v}) for v, colour, mark in looks]


def _scale_ordinate(ax: Axes, log: bool | None, y: np.ndarray) -> None:
    """Logarithmic where that is given, or where the range of positive values needs it; else from 0."""
    low, high = (y.min(), y.max()) if y.size else (1.0, 1.0)
    if log and low <= 0:
        raise InvalidArgument("log", log, f"False where values reach {low:.3g}")
    if log or (log is None and 0 < LOG_FROM * low < high):
        ax.set_yscale("log")
    elif low >= 0:
        ax.set_ylim(bottom=0)
