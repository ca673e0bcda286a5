"""Slices of a phase diagram: a quantity against one axis, theory filled, SGD open, a colour a curve."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr
from matplotlib.axes import Axes

from cumulode.theory.user_input.arguments import Described, InvalidArgument, choice
from cumulode.validation.plots.roles import MARKERS, PALETTE
from cumulode.validation.plots.style import axes_or_new, draw_legend, styled
from cumulode.validation.plots.words import IPR_TIMES_D, SGD, quantity_label, value_label

from .axes import MapAxis, axes_of, check_select, shown, view
from .cells import by_seed, flags_of, reduce_seeds, standard_error
from .lines import LINES, critical_lines, line_label, single_lines
from .map import LOG_FROM, threshold


@dataclass(frozen=True)
class Curve:
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
    InvalidArgument
        Naming the argument; for an axis that is neither drawn nor selected, its values.
    """
    choice("over", over, ("mean", "median"))
    axes = axes_of(ds, variable)
    if flags_of(ds, variable) is not None:
        raise InvalidArgument("variable", variable, "a quantity, not a class")
    twins = {"sgd": variable} if variable.startswith(SGD) else {"theory": variable, "sgd": SGD + variable}
    drawn = {role: name for role, name in twins.items() if name in ds and (sgd or role == "theory" or name == variable)}
    every = list(dict.fromkeys([*axes, *(a for name in drawn.values() for a in axes_of(ds, name))]))
    x, name, values = _which(ds, variable, every, x, along, select)
    kept = (x,) if name is None else (x, name)
    _check_free(ds, every, kept, select)
    curves = _curves(ds, name, values, check_select(ds, select, kept))
    ax = axes_or_new(ax)
    for curve in curves:
        if curve.label:
            ax.plot(
                [], [], color=curve.colour, marker=curve.marker, markersize=4.5, linestyle="none", label=curve.label
            )
    drawing = _Drawing(ax, ds, x, over, curves[0].colour if len(curves) == 1 else "0.3")
    numbers = [drawing.curve(of, curve, role) for role, of in drawn.items() for curve in _own(ds, of, name, curves)]
    _ordinate(ax, log, np.concatenate(numbers))
    ax.set_ylabel("\n".join(textwrap.wrap(quantity_label(ds, variable), 42)))
    if variable.removeprefix(SGD) == "ipr_times_D":
        limit = threshold(ds)
        words = f"localised above {IPR_TIMES_D} = {limit:g}"
        ax.axhline(limit, color="0.4", linewidth=0.9, linestyle=":", zorder=1, label=words)
    if lines:
        drawing.critical(variable, curves)
    if legend:
        draw_legend(ax)
    return ax


@dataclass(frozen=True)
class _Drawing:
    """Where curves are drawn, and how seeds become one number; ``ink`` is the legend's colour."""

    ax: Axes
    ds: xr.Dataset
    x: str
    over: str
    ink: str

    def curve(self, variable: str, curve: Curve, role: str) -> np.ndarray:
        """Draw one curve of theory or SGD; its numbers."""
        flat = self.x not in self.ds[variable].dims
        sliced = view(self.ds, variable, () if flat else (self.x,), curve.select)[0]
        values = by_seed(sliced, variable, () if flat else (self.x,))
        finite = np.where(np.isfinite(values), values, np.nan)
        middle = np.atleast_1d(reduce_seeds(finite, self.over))
        error = np.nan_to_num(np.atleast_1d(standard_error(finite, self.over)))
        known = middle[np.isfinite(middle)]
        if not known.size:
            return known
        seeds = self.ds.sizes.get("seed", 1)
        how = f"{self.over} and standard error over {seeds} seeds" if seeds > 1 else "one seed"
        look: dict[str, Any] = {"marker": curve.marker, "markersize": 4.5, "zorder": 4, "linestyle": "none"}
        if role == "sgd":
            look |= {"markerfacecolor": "white"}
        else:
            look |= {"linestyle": "-", "linewidth": 1.2, "zorder": 3}
        self.ax.plot(
            [], [], **(look | {"marker": "o"}), color=self.ink, label=f"{'SGD' if role == 'sgd' else role}: {how}"
        )
        if flat:
            self.ax.axhline(middle[0], color=curve.colour, linewidth=1.2, zorder=2, label=f"_{role}")
            return known
        axis = MapAxis.of(sliced, self.x)
        look |= {"linestyle": "none"} if axis.words else {}
        axis.draw(self.ax, "x")
        self.ax.errorbar(
            axis.places, middle, yerr=error, color=curve.colour, elinewidth=1.0, capsize=2.0, label=f"_{role}", **look
        )
        if role == "theory":
            self._crosses(sliced, axis, middle)
        return known

    def _crosses(self, sliced: xr.Dataset, axis: MapAxis, middle: np.ndarray) -> None:
        """Where theory is not trusted in half of the seeds judged, or more."""
        if "trusted" not in sliced or axis.name not in sliced["trusted"].dims:
            return
        judged = by_seed(sliced, "trusted", (axis.name,))
        number = (judged >= 0).sum(axis=-1)
        bad = (number > 0) & (2 * (judged == 0).sum(axis=-1) >= number) & np.isfinite(middle)
        if bad.any():
            style: dict[str, Any] = {"linestyle": "none", "marker": "x", "color": "black", "markersize": 7}
            self.ax.plot(axis.places[bad], middle[bad], **style, zorder=5, label="closure not trusted")

    def critical(self, variable: str, curves: list[Curve]) -> None:
        """Critical values of x, a vertical for each curve."""
        for name, (of, kind) in critical_lines(self.ds).items():
            if of != self.x or self.ds[self.x].dtype.kind not in "fiu":
                continue
            style: dict[str, Any] = {"linewidth": 1.0, "linestyle": LINES[kind][1], "zorder": 1}
            for curve in curves:
                sliced = view(self.ds, name, (self.x,) if self.x in self.ds[name].dims else (), curve.select)[0]
                axis = MapAxis.of(self.ds.sortby(self.x), self.x)
                for _, values in single_lines(sliced[name], None):
                    v = float(axis.place(values[0]))
                    if axis.holds(np.array(v)):
                        self.ax.axvline(v, color=curve.colour, **style, label=f"_{name}")
                        self.ax.plot([], [], color=self.ink, **style, label=line_label(self.ds, name, of, kind))


def _which(
    ds: xr.Dataset, variable: str, axes: list[str], x: str | None, along: Any, select: Mapping[str, Any] | None
) -> tuple[str, str | None, Any]:
    """Abscissa, axis along (or None), its values given (or None)."""
    name, values = (along, None) if not isinstance(along, Mapping) else next(iter(along.items()), (None, None))
    if isinstance(along, Mapping) and len(along) != 1:
        raise InvalidArgument("along", dict(along), "one axis and its values")
    for argument, axis in (("x", x), ("along", name)):
        if axis is not None and axis not in axes:
            raise InvalidArgument(argument, axis, f"an axis of {variable}: " + ", ".join(axes))
    if x is not None and x == name:
        raise InvalidArgument("along", name, f"an axis other than x = {x}")
    free = [a for a in axes if a != name and a not in (select or {})]
    free.sort(key=lambda a: ds.sizes[a] == 1)  # stable: axes with one value last
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
        chosen = axis[
            np.unique(np.linspace(0, len(axis) - 1, min(len(PALETTE), len(axis))).round().astype(int))
        ].tolist()
    else:
        given = [values] if isinstance(values, (str, float, int)) else list(values)
        if not 1 <= len(given) <= len(PALETTE):
            raise InvalidArgument("along", Described(f"{len(given)} values of {name}"), f"1 to {len(PALETTE)}")
        try:
            chosen = [check_select(ds, {name: v})[name] for v in given]
        except InvalidArgument as error:
            raise error.about("along") from None
    looks = zip(PALETTE, MARKERS, strict=True)
    return [
        Curve(value_label(name, v, ds.attrs), *look, select | {name: v}) for v, look in zip(chosen, looks, strict=False)
    ]


def _own(ds: xr.Dataset, variable: str, name: str | None, curves: list[Curve]) -> list[Curve]:
    """The curves of a variable: one in black where it does not depend on the axis along (theory, learning rate)."""
    return curves if name is None or name in ds[variable].dims else [Curve("", "black", "o", curves[0].select)]


def _ordinate(ax: Axes, log: bool | None, y: np.ndarray) -> None:
    """Logarithmic where that is given, or where the range of positive values needs it; else from 0."""
    if not y.size:
        return
    if log is None:
        log = bool(y.min() > 0 and y.max() > LOG_FROM * y.min())
    if log and y.min() <= 0:
        raise InvalidArgument("log", log, f"False where values reach {y.min():.3g}")
    if log:
        ax.set_yscale("log")
    elif y.min() >= 0:
        ax.set_ylim(bottom=0)
