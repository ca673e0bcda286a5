"""Lines over a map: contours, and the analytic lines of the Dataset (``critical_AXIS_KIND``)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr
from contourpy import contour_generator
from matplotlib.axes import Axes

from cumulode.theory.problem.axes import AXES
from cumulode.validation.plots.roles import PALETTE
from cumulode.validation.plots.style import halo
from cumulode.validation.plots.words import IPR_TIMES_D, reduction_label, symbol, value_label

from .axes import INNER, MapAxis

if TYPE_CHECKING:
    from .map import PhaseMap

#: Analytic lines by the last word of their name: colour, dashes, words where the file has none.
LINES: dict[str, tuple[str, Any, str]] = {
    "linear": (PALETTE[1], "--", "linear threshold: growth rate 0"),
    "stability": (PALETTE[3], "-.", "stability of the unlocalised state"),
    "population": (PALETTE[3], "-", "stability of the unlocalised state in the population"),
}
#: Of an axis' length: critical values further apart, at neighbouring points, are not joined.
LEAP = 0.25


def draw_contours(ax: Axes, shown: PhaseMap) -> None:
    """The boundary (``levels`` None), or levels of the variable drawn."""
    variable, levels, words = shown.variable, shown.levels, "level {:g}"
    if levels is None:
        variable, levels = f"{shown.prefix}ipr_times_D", (shown.threshold,)
        if variable not in shown.ds or not set(shown.dims) <= set(shown.ds[variable].dims):
            return
        how = reduction_label(shown.ds, variable, shown.over)
        words = f"{IPR_TIMES_D} = {{:g}}" + (f" ({how})" if how else "")
    if shown.x.words or shown.y.words or not levels:
        return  # between words there is nothing to interpolate
    value = shown.cells_of(variable).value
    for i, level in enumerate(levels):
        style: dict[str, Any] = {"linewidth": 1.4, "linestyle": ("-", "--", ":")[i % 3], "path_effects": halo(2.8)}
        for path in contour_lines(shown.x, shown.y, value, level):
            ax.plot(*path, color="black", **style, zorder=4, label=words.format(level))


def contour_lines(x: MapAxis, y: MapAxis, value: np.ndarray, level: float) -> list[tuple[np.ndarray, np.ndarray]]:
    """Where ``value`` (len(y), len(x)) crosses ``level``: lines in data coordinates, linear on the axes as drawn."""
    if min(value.shape) < 2 or max(value.shape) < 3:
        return []  # of 2 x 2 points a stub between the middles of four cells, which says nothing
    positive = level > 0 and bool((value[np.isfinite(value)] > 0).all())
    z = np.ma.masked_invalid(np.log(value) if positive else value)
    generator = contour_generator(x.to_unit(x.places), y.to_unit(y.places), z)
    pieces = generator.lines(np.log(level) if positive else level)
    return [(x.from_unit(line[:, 0]), y.from_unit(line[:, 1])) for line in map(np.asarray, pieces)]


def critical_lines(ds: xr.Dataset) -> dict[str, tuple[str, str]]:
    """Analytic lines of the Dataset: variable -> (axis whose critical value it is, kind)."""
    lines = {}
    for name in map(str, ds.data_vars):
        head, _, kind = name.rpartition("_")
        if head.startswith("critical_") and kind in LINES:
            lines[name] = (str(ds[name].attrs.get("axis", head.removeprefix("critical_"))), kind)
    return lines


def line_label(ds: xr.Dataset, name: str, axis: str, kind: str) -> str:
    """What a critical line is, ``$g$ where the largest growth rate of $w=0$ vanishes``."""
    words = str(ds[name].attrs.get("long_name") or LINES[kind][2])
    head, at, what = words.partition(" at which ")
    if at and axis in AXES and head == AXES[axis].long_name:
        words = f"{symbol(axis)} where {what}"
    apart = ds.get(f"critical_{axis}_distance")
    if kind == "stability" and apart is not None and bool(np.isfinite(apart).any()):
        words += f" (up to {100 * float(np.abs(apart).max()):.2g} % from the population's)"
    return words.replace(" w = 0", " $w=0$")


def single_lines(values: xr.DataArray, along: str | None) -> Iterator[tuple[Mapping[str, Any], np.ndarray]]:
    """Each line over ``along`` (a value without it), one for each crossing and value of the other axes, and these."""
    rest = [str(d) for d in values.dims if d != along]
    for at in np.ndindex(*(values.sizes[d] for d in rest)):
        line = values.isel(dict(zip(rest, at, strict=True)))
        if bool(np.isfinite(line).any()):
            others = {d: values[d].values.tolist()[i] for d, i in zip(rest, at, strict=True) if d not in INNER}
            yield others, np.atleast_1d(line.values)


def draw_lines(ax: Axes, shown: PhaseMap) -> None:
    """The analytic lines whose parameter is on one of the map's axes."""
    for name, (axis, kind) in critical_lines(shown.ds).items():
        if axis not in shown.dims:
            continue
        own, other = (shown.x, shown.y) if axis == shown.x.name else (shown.y, shown.x)
        colour, dashes, _ = LINES[kind]
        for others, values in single_lines(shown.ds[name], other.name):
            path = _path(own, other, values, other.name in shown.ds[name].dims)
            if path is None:
                continue
            pair = path if own is shown.x else path[::-1]
            words = line_label(shown.ds, name, axis, kind)
            words += f" ({', '.join(value_label(*o) for o in others.items())})" if others else ""
            style: dict[str, Any] = {"color": colour, "linestyle": dashes, "path_effects": halo(3.2)}
            ax.plot(*pair, **style, linewidth=1.8, zorder=3.5, label=words)
            lone = _lone(path[0])
            if lone.any():  # a line of one point would not be seen
                ax.plot(pair[0][lone], pair[1][lone], "o", color=colour, markersize=4, zorder=3.5)


def _path(own: MapAxis, other: MapAxis, values: np.ndarray, varies: bool) -> tuple[np.ndarray, np.ndarray] | None:
    """Places along the line's own axis and the other; None where no part is within the map."""
    if own.words:
        return None
    if not varies:
        v, at = np.repeat(own.place(values[:1]), 2), other.edges[[0, -1]]
    elif other.words:  # a stroke across each row
        v = np.repeat(own.place(values), 3)
        at = np.stack([other.edges[:-1], other.edges[1:], np.full(len(values), np.nan)], axis=-1).ravel()
    else:
        v = own.place(values)
        leaps = 1 + np.flatnonzero(np.abs(np.diff(own.to_unit(v))) > LEAP)  # to another crossing's values
        v, at = np.insert(v, leaps, np.nan), np.insert(other.places, leaps, np.nan)
    return (v, at) if own.holds(v).any() else None


def _lone(values: np.ndarray) -> np.ndarray:
    """Which values are finite between two that are not."""
    known = np.isfinite(np.concatenate([[np.nan], values, [np.nan]]))
    return np.asarray(known[1:-1] & ~known[:-2] & ~known[2:])
