"""Maps of a phase diagram: one quantity over two axes, with boundary, analytic lines, and where to trust it."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from cumulode.theory.user_input.arguments import InvalidArgument, real
from cumulode.validation.plots.parts import axes_or_new

from .legend import draw_legend
from .overlays import draw_contours, draw_hatching, draw_lines, threshold
from .planes import INNER, Plane, all_selected, axes_of, cell_edges, check_select, planes, scale_of
from .states import draw_states
from .ticks import dress, plain_log_ticks
from .values import DONE, Cells, cells, check_over, flags_of
from .words import SGD, quantity_label, reduction_label

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes

#: Colours of unpatterned, oscillatory, localised: Okabe and Ito's after a pale one, told apart in grey as well.
CLASS_COLOURS = ("#DCE6EE", "#E69F00", "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#F0E442", "#000000")
#: A colour scale is logarithmic where its ends differ by more than this factor.
LOG_FROM = 30.0


def phase_map(
    ds: xr.Dataset,
    variable: str = "ipr_times_D",
    ax: Axes | None = None,
    *,
    x: str | None = None,
    y: str | None = None,
    select: Mapping[str, Any] | None = None,
    over: str | int = "median",
    contour: bool | float | Sequence[float] | None = True,
    hatch: bool = True,
    lines: bool = True,
    log: bool | None = None,
    limits: tuple[float, float] | None = None,
    cmap: str | None = None,
    colorbar: bool = True,
    legend: bool = True,
) -> Axes:
    """Map of a phase diagram's quantity over two of its axes.

    Every cell is centred on its point, on a logarithmic axis where the points stand more evenly there; an axis with an
    infinite value (gain) or of words has equal steps. Cells without a number are grey or white, and the legend says
    why; a small cross marks those where some seeds have none.

    Parameters
    ----------
    ds : xarray.Dataset
        From ``phase_diagram`` or a file of it, finished or not.
    variable : str
        A quantity of the Dataset, or a class (``pattern``), of theory or (``sgd_...``) of SGD.
    x, y : str, optional
        Axes (default: the first two of the variable with more than one value and nothing selected).
    select : mapping, optional
        Value of every other axis with more than one: ``{"closure": "regression"}``; numbers to 1 %.
    over : {"median", "mean", "min", "max"} or int
        From seeds to one number; an int is one seed. Of a class it is the most frequent one (of equals, the first).
    contour : bool, float or sequence of floats
        True: the boundary, IPR x D (of theory or SGD, as the variable) at the Dataset's ``localised_threshold``; none
        over classes, which show it themselves.
        Numbers: levels of the variable drawn. Linear interpolation between points, of logarithms where all are
        positive.
    hatch : bool
        Hatch where runs are not to be trusted (``trusted`` of the Dataset): strokes where some seeds are not, crossed
        where half or more are not; dots where it is not known.
    lines : bool
        Draw the analytic lines (``critical_...``) whose parameter is on an axis.
    log : bool, optional
        Logarithmic colours (default: where positive values span more than a factor of 30).
    limits : (low, high), optional
        Ends of the colour scale (default: of the values).
    cmap : str, optional
        Of matplotlib (default: viridis; blue and red about 0 where both signs occur).
    colorbar, legend : bool
        Whether to draw them; the legend stands above the Axes.

    Returns
    -------
    Axes
        ``boundary_symbols`` and ``insets`` draw over it without being told the axes again.

    Raises
    ------
    ValueError
        Naming the argument; for an axis that is neither drawn nor selected, its values.
    """
    levels = _levels(ds, variable, contour)
    plane = _plane(ds, variable, x, y, select, over, levels or [])
    shade = cells(ds, variable, plane)
    ax = axes_or_new(ax)
    planes[ax] = plane
    mesh = _draw_cells(ax, plane, shade, _colours(ds, variable, shade.value, log, limits, cmap))
    dress(ax, plane.x, plane.y)
    draw_states(ax, plane, shade, variable)
    if hatch:
        draw_hatching(ax, ds, plane, mesh)
    if lines:
        draw_lines(ax, ds, plane)
    draw_contours(ax, ds, plane, levels)
    if colorbar and mesh is not None:
        _draw_bar(ax, ds, mesh, variable, over)
    if legend:
        draw_legend(ax, plane.entries)
    return ax


def _plane(
    ds: xr.Dataset, variable: str, x: str | None, y: str | None, select: Mapping[str, Any] | None, over: str | int,
    levels: list[float],
) -> Plane:  # fmt: skip
    """The plane asked for, checked."""
    axes = axes_of(ds, variable)
    check_over(ds, over)
    check_select(ds, select, ())  # values that are not there are told before axes that are too few
    for name, value in (("x", x), ("y", y)):
        if value is not None and value not in axes:
            raise InvalidArgument(name, value, f"an axis of {variable}: " + ", ".join(axes))
    free = [a for a in axes if a not in (x, y, *(select or {}))]
    free.sort(key=lambda a: ds.sizes[a] == 1)  # stable: axes with one value last
    if x is None and free:
        x = free.pop(0)
    if y is None and free:
        y = free.pop(0)
    if x is None or y is None or x == y:
        got = f"{variable} over {', '.join(axes)}" + (f" with {', '.join(select)} selected" if select else "")
        raise InvalidArgument("y", y if x == y and x else got, "two axes to draw over (over one: slices, --slice)")
    chosen = check_select(ds, select, (x, y))
    chosen |= all_selected(ds, variable, (x, y), chosen)
    swept = tuple(str(d) for d in ds.dims if d not in INNER)
    homes = (("ipr_times_D", threshold(ds)), *((variable.removeprefix(SGD), level) for level in levels))
    return Plane(scale_of(ds, x), scale_of(ds, y), chosen, variable, over, dict(ds.attrs), swept, homes)


def _levels(ds: xr.Dataset, variable: str, contour: Any) -> list[float] | None:
    """Levels of the variable; None for the boundary; an empty list for nothing (classes show it by themselves)."""
    axes_of(ds, variable)  # that there is such a variable
    if contour is True:
        return [] if flags_of(ds, variable) is not None else None
    if contour is None or contour is False:
        return []
    if flags_of(ds, variable) is not None:
        raise InvalidArgument("contour", contour, f"True or False for classes such as {variable}")
    return [
        real("contour", level, allowed="finite numbers") for level in np.atleast_1d(np.asarray(contour, dtype=object))
    ]


def _colours(
    ds: xr.Dataset, variable: str, value: np.ndarray, log: bool | None, limits: Any, cmap: str | None
) -> dict[str, Any]:
    """Colour map and norm."""
    from matplotlib.colors import BoundaryNorm, ListedColormap, LogNorm, Normalize

    classes = flags_of(ds, variable)
    if classes is not None:
        if log is not None:
            raise InvalidArgument("log", log, f"only for numbers, not for classes such as {variable}")
        known = [v for v in classes if v >= 0]
        edges = cell_edges(np.array(known or [0], dtype=float), False)
        return {"cmap": ListedColormap(CLASS_COLOURS[: len(edges) - 1]), "norm": BoundaryNorm(edges, len(edges) - 1)}
    found = value[np.isfinite(value)]
    low, high = (found.min(), found.max()) if found.size else (0.0, 1.0)
    if limits is not None:
        low, high = _limits(limits)
    if log is None:
        log = bool(low > 0 and high > LOG_FROM * low)
    if log and low <= 0:
        raise InvalidArgument("log", log, f"False where the colour scale begins at {low:.3g}")
    if low < 0 < high and limits is None and not log:
        low, high = -max(-low, high), max(-low, high)
        return {"cmap": cmap or "RdBu_r", "norm": Normalize(low, high)}
    if low == high:  # one colour, and a bar with ticks
        low, high = (low / 1.1, high * 1.1) if log else (low - 0.5, high + 0.5)
    return {"cmap": cmap or "viridis", "norm": (LogNorm if log else Normalize)(low, high)}


def _limits(limits: Any) -> tuple[float, float]:
    try:
        low, high = (real("limits", float(v)) for v in limits)
    except (TypeError, ValueError):
        low = high = 0.0
    if not low < high:
        raise InvalidArgument("limits", limits, "two finite numbers, the lower one first")
    return low, high


def _draw_cells(ax: Axes, plane: Plane, shade: Cells, colours: dict[str, Any]) -> Any:
    """The mesh of numbers; None where there is none."""
    from matplotlib import colormaps

    ax.set_facecolor("white")
    if not (shade.state == DONE).any():
        return None
    cmap = colormaps[colours["cmap"]] if isinstance(colours["cmap"], str) else colours["cmap"]
    masked = np.ma.masked_invalid(shade.value)
    mesh = ax.pcolormesh(plane.x.edges, plane.y.edges, masked, cmap=cmap, norm=colours["norm"])
    mesh.set_rasterized(True)  # no seams between cells in PDF and SVG
    return mesh


def _draw_bar(ax: Axes, ds: xr.Dataset, mesh: Any, variable: str, over: str | int) -> None:
    """The colour bar: named classes, or the quantity with its units and how seeds were reduced."""
    from matplotlib.colors import LogNorm

    classes = flags_of(ds, variable)
    how = reduction_label(ds, variable, over, classes is not None)
    words = quantity_label(ds, variable)
    label = f"{words}: {how}" if how else words
    if len(label) > 42:  # between the quantity and how seeds were reduced, if anywhere
        label = "\n".join([*textwrap.wrap(f"{words}:" if how else words, 42), *textwrap.wrap(how, 42)])
    bar = ax.figure.colorbar(mesh, ax=ax, label=label, pad=0.02)
    if isinstance(mesh.norm, LogNorm):
        plain_log_ticks(bar.ax.yaxis)
    found = np.unique(mesh.get_array().compressed())
    if classes is None and len(found) == 1:
        bar.set_ticks(found.tolist(), labels=[f"{found[0]:.4g}"])  # nothing else is on the map
        bar.ax.minorticks_off()
    if classes is not None:
        known = [v for v in classes if v >= 0]
        bar.set_ticks(known, labels=[classes[v] for v in known])
        bar.ax.tick_params(length=0)
        bar.ax.minorticks_off()


def plane_of(ax: Axes) -> Plane:
    """The plane of an Axes that ``phase_map`` drew in; ValueError for any other."""
    if ax not in planes:
        raise InvalidArgument("ax", ax, "Axes that phase_map drew in")
    return planes[ax]
