"""What is drawn over a map: the measured boundary, analytic lines, and hatching where theory cannot be trusted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from cumulode.theory.problem.axes import AXES

from .planes import INNER, LIST, Plane, Scale
from .values import cells, distrust
from .words import IPR_TIMES_D, SGD, is_sgd, reduction_label, symbol, value_label

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes

#: Analytic lines by the last word of their name: colour, dashes, words where the file has none.
LINES: dict[str, tuple[str, Any, str]] = {
    "linear": ("#D55E00", (0, (5, 2)), "linear threshold: growth rate 0"),
    "stability": ("#CC79A7", (0, (6, 2, 1.2, 2)), "stability of the unlocalised state"),
}
#: A map's default threshold of IPR x D, where the file has none.
THRESHOLD = 3.0
#: Hatch by kind, and its words.
HATCHES = {
    "some": ("///", "closure not trusted: some seeds"),
    "most": ("xxxx", "closure not trusted: half the seeds or more"),
    "unknown": ("..", "closure's validity unknown"),
}


#: Of an axis' length: critical values further apart, at neighbouring points, are not joined.
LEAP = 0.25


def halo(width: float) -> list[Any]:
    """A white rim, so that a line is seen on every colour."""
    from matplotlib.patheffects import withStroke

    return [withStroke(linewidth=width, foreground="white")]


def threshold(ds: xr.Dataset) -> float:
    """IPR x D above which a field counts as localised."""
    return float(ds.attrs.get("localised_threshold", THRESHOLD))


def draw_contours(ax: Axes, ds: xr.Dataset, plane: Plane, levels: list[float] | None) -> None:
    """The boundary (``levels`` None), or levels of the variable drawn."""
    from matplotlib.lines import Line2D

    variable, words = plane.variable, ""
    if levels is None:
        variable = f"{SGD if is_sgd(plane.variable) else ''}ipr_times_D"
        if variable not in ds or not {plane.x.name, plane.y.name} <= set(ds[variable].dims):
            return
        levels = [threshold(ds)]
        how = reduction_label(ds, variable, plane.over)
        words = f"{IPR_TIMES_D} = {levels[0]:g}" + (f" ({how})" if how else "")
    if plane.x.words or plane.y.words:
        return  # between words there is nothing to interpolate
    value = cells(ds, variable, plane).value
    styles = ("-", (0, (4, 1.5)), (0, (1.5, 1.5)))
    for i, level in enumerate(levels):
        style: dict[str, Any] = {"color": "black", "linewidth": 1.4, "linestyle": styles[i % len(styles)]}
        pieces = contour_lines(plane.x, plane.y, value, level)
        for px, py in pieces:
            ax.plot(px, py, **style, path_effects=halo(2.8), zorder=4, label="_contour")
        if pieces:
            plane.entries.append((Line2D([], [], **style), words or f"level {level:g}"))


def contour_lines(x: Scale, y: Scale, value: np.ndarray, level: float) -> list[tuple[np.ndarray, np.ndarray]]:
    """Where ``value`` (len(y), len(x)) crosses ``level``: lines in data coordinates, linear on the axes as drawn."""
    from contourpy import contour_generator

    if min(value.shape) < 2 or max(value.shape) < 3:
        return []  # of 2 x 2 points a stub between the middles of four cells, which tells nothing
    positive = level > 0 and bool((value[np.isfinite(value)] > 0).all())
    z = np.ma.masked_invalid(np.log(value) if positive else value)
    found = contour_generator(x.to_unit(x.places), y.to_unit(y.places), z).lines(np.log(level) if positive else level)
    return [(x.from_unit(line[:, 0]), y.from_unit(line[:, 1])) for line in map(np.asarray, found)]


def critical_lines(ds: xr.Dataset) -> dict[str, tuple[str, str]]:
    """Analytic lines of the Dataset: variable -> (axis whose critical value it is, kind)."""
    found = {}
    for name in map(str, ds.data_vars):
        head, _, kind = name.rpartition("_")
        if head.startswith("critical_") and kind in LINES:
            found[name] = (str(ds[name].attrs.get("axis", head.removeprefix("critical_"))), kind)
    return found


def line_values(ds: xr.Dataset, name: str, plane_axes: tuple[str, ...], select: Any) -> list[tuple[str, xr.DataArray]]:
    """A critical line with the selected axes taken out, and one a value of axes that are neither drawn nor selected."""
    found = ds[name]
    for axis in [str(d) for d in found.dims if d not in (*plane_axes, *INNER)]:
        if axis in select:
            found = found.isel({axis: ds[axis].values.tolist().index(select[axis])})
        elif ds.sizes[axis] == 1:
            found = found.isel({axis: 0})
    rest = [str(d) for d in found.dims if d not in (*plane_axes, *INNER)]
    several = []
    for at in np.ndindex(*(ds.sizes[d] for d in rest)):
        words = ", ".join(value_label(d, ds[d].values.tolist()[i]) for d, i in zip(rest, at, strict=True))
        several += [(words, each) for each in _crossings(found.isel(dict(zip(rest, at, strict=True))))]
    return several


def line_words(ds: xr.Dataset, name: str, axis: str, words: str) -> str:
    """What a critical line is, ``$g$ where the largest growth rate of $w=0$ vanishes``."""
    words = str(ds[name].attrs.get("long_name") or words)
    head, at, what = words.partition(" at which ")
    if at and axis in AXES and head == AXES[axis].long_name:
        words = f"{symbol(axis)} where {what}"
    return words.replace(" w = 0", " $w=0$")


def _crossings(values: xr.DataArray) -> list[xr.DataArray]:
    """One a crossing that there is anywhere."""
    if "crossing" not in values.dims:
        return [values]
    several = [values.isel(crossing=i) for i in range(values.sizes["crossing"])]
    return [each for each in several if bool(np.isfinite(each).any())]


def draw_lines(ax: Axes, ds: xr.Dataset, plane: Plane) -> None:
    """The analytic lines whose parameter is on one of the map's axes."""
    from matplotlib.lines import Line2D

    for name, (axis, kind) in critical_lines(ds).items():
        if axis not in (plane.x.name, plane.y.name):
            continue
        own, other = (plane.x, plane.y) if axis == plane.x.name else (plane.y, plane.x)
        colour, dashes, words = LINES[kind]
        words = line_words(ds, name, axis, words)
        style: dict[str, Any] = {"color": colour, "linewidth": 1.8, "linestyle": dashes}
        for of, values in line_values(ds, name, (other.name,), plane.select):
            path = _path(own, other, values)
            if path is None:
                continue
            pair = path if own is plane.x else path[::-1]
            ax.plot(*pair, **style, path_effects=halo(3.2), zorder=3.5, label=f"_{name}")
            lone = _lone(path[0])
            if lone.any():  # a line of one point would not be seen
                u, v = pair[0][lone], pair[1][lone]
                ax.plot(u, v, "o", color=colour, markersize=4, zorder=3.5, label=f"_point of {name}")
            entry = f"{words} ({of})" if of else words
            if entry not in [told for _, told in plane.entries]:  # another crossing of the same line
                plane.entries.append((Line2D([], [], **style), entry))


def _path(own: Scale, other: Scale, values: xr.DataArray) -> tuple[np.ndarray, np.ndarray] | None:
    """Places along the line's own axis and the other; None where no part is within the map."""
    if other.name in values.dims:
        at, v = _broken(other.places, own.place(values.values[other.order]), own)
        if other.words:  # a stroke across each row
            at, v = np.stack([other.edges[:-1], other.edges[1:], other.places * np.nan]).T.ravel(), np.repeat(v, 3)
    else:
        at, v = other.edges[[0, -1]], np.repeat(own.place(np.atleast_1d(values.values)[:1]), 2)
    within = (v >= own.edges[0]) & (v <= own.edges[-1])
    if not within.any():
        return None
    if own.kind == LIST and own.words:
        return None
    return v, at


def _broken(at: np.ndarray, v: np.ndarray, own: Scale) -> tuple[np.ndarray, np.ndarray]:
    """The line with a gap where it leaps: the next value is then another crossing's."""
    unit = own.to_unit(v)
    leaps = 1 + np.flatnonzero(np.abs(np.diff(unit)) > LEAP)
    return np.insert(at, leaps, np.nan), np.insert(v, leaps, np.nan)


def _lone(values: np.ndarray) -> np.ndarray:
    """Which values are finite between two that are not."""
    known = np.isfinite(np.concatenate([[np.nan], values, [np.nan]]))
    return np.asarray(known[1:-1] & ~known[:-2] & ~known[2:])


def draw_hatching(ax: Axes, ds: xr.Dataset, plane: Plane, mesh: Any) -> None:
    """Hatch cells where runs are not trusted: white on dark cells, black on bright ones."""
    from matplotlib.collections import PolyCollection
    from matplotlib.patches import Patch

    found = None if plane.variable == "trusted" else distrust(ds, plane)  # that map shows it by its colours
    if found is None or mesh is None:
        return
    share, unknown = found
    colours = mesh.to_rgba(mesh.get_array())
    dark = colours[..., :3] @ np.array([0.299, 0.587, 0.114]) < 0.5
    kinds = {"some": (share > 0) & (share < 0.5), "most": share >= 0.5, "unknown": unknown}
    for kind, here in kinds.items():
        pattern, words = HATCHES[kind]
        for ink, cells_here in (("1.0", here & dark), ("0.1", here & ~dark)):
            if cells_here.any():
                boxes = _boxes(plane, cells_here)
                style: dict[str, Any] = {"facecolor": "none", "edgecolor": ink, "hatch": pattern, "linewidth": 0}
                ax.add_collection(PolyCollection(boxes, **style, zorder=2.5, label=f"_{kind}"), autolim=False)
        if here.any():
            plane.entries.append((Patch(facecolor="0.9", edgecolor="0.1", hatch=pattern, linewidth=0), words))


def _boxes(plane: Plane, here: np.ndarray) -> list[np.ndarray]:
    """Corners of the cells marked, neighbours in a row as one."""
    x, y = plane.x.edges, plane.y.edges
    boxes = []
    for row, marked in enumerate(here):
        ends = np.flatnonzero(np.diff(np.concatenate([[0], marked.astype(int), [0]])))
        for a, b in ends.reshape(-1, 2):
            boxes.append(np.array([(x[i], y[j]) for i, j in ((a, row), (b, row), (b, row + 1), (a, row + 1))]))
    return boxes
