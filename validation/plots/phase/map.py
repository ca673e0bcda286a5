"""Maps of a phase diagram: one quantity over two axes, with boundary, analytic lines, and where to trust it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr
from matplotlib.axes import Axes

from cumulode.theory.user_input.arguments import Described, InvalidArgument, real
from cumulode.validation.plots.style import axes_or_new, draw_legend, styled
from cumulode.validation.plots.words import SGD
from cumulode.validation.receptive_fields.localised import LOCALISED

from .axes import MapAxis, axes_of, check_dataset, check_select, free_axes, view
from .cells import Cells, cells, check_over, flags_of
from .colours import draw_bar, draw_hatching, draw_states, norm_and_map
from .lines import draw_contours, draw_lines


@dataclass(frozen=True, eq=False)
class PhaseMap:
    """What a map shows: the Dataset at the values selected, two of its axes, a variable, and the number in each cell.

    ``draw`` leaves the map with the Axes (``PhaseMap.on``), so that what is drawn over it later knows the axes.

    Attributes
    ----------
    ds : xarray.Dataset
        Sorted along ``x`` and ``y``, at the values ``select`` of all other axes of ``variable``.
    swept : tuple of str
        All axes of the sweep.
    levels : tuple of float, or None
        Of ``variable``; None is the boundary, IPR x D at ``threshold``.
    cells : Cells
        Arrays (len(y), len(x)).
    """

    ds: xr.Dataset
    variable: str
    x: MapAxis
    y: MapAxis
    select: Mapping[str, Any]
    swept: tuple[str, ...]
    over: str | int
    levels: tuple[float, ...] | None
    cells: Cells

    @classmethod
    def of(
        cls,
        ds: xr.Dataset,
        variable: str,
        x: str | None = None,
        y: str | None = None,
        select: Mapping[str, Any] | None = None,
        over: str | int = "median",
        contour: bool | float | Sequence[float] | None = True,
    ) -> PhaseMap:
        """Checked; arguments as for ``phase_map``."""
        levels = _levels(ds, variable, contour)
        check_over(ds, over)
        names = _drawn(ds, variable, x, y, select)
        sliced, chosen = view(ds, variable, names, select)
        across, up = (MapAxis.of(sliced, name) for name in names)
        swept = tuple(str(d) for d in ds.dims if d in ds.coords)
        rest: dict[str, Any] = {"swept": swept, "levels": levels, "cells": cells(sliced, variable, names[::-1], over)}
        return cls(sliced, variable, across, up, chosen, over=over, **rest)

    @staticmethod
    def on(ax: Axes) -> PhaseMap:
        """The map drawn in ``ax``; InvalidArgument where there is none."""
        shown = getattr(ax, "_phase_map", None)
        if shown is None:
            raise InvalidArgument("ax", ax, "Axes that phase_map drew in")
        return shown  # type: ignore[no-any-return]

    @property
    def dims(self) -> tuple[str, str]:
        """Names of the axes in the order of arrays."""
        return self.y.name, self.x.name

    @property
    def prefix(self) -> str:
        """Of the variables of the same runs: ``sgd_`` or nothing."""
        return SGD if self.variable.startswith(SGD) else ""

    @property
    def threshold(self) -> float:
        """IPR x D above which a field counts as localised."""
        return threshold(self.ds)

    def cells_of(self, variable: str) -> Cells:
        """The numbers of another variable in the same cells."""
        return cells(self.ds, variable, self.dims, self.over)

    def draw(self, ax: Axes, *, hatch: bool = True, lines: bool = True, colorbar: bool = True, **colours: Any) -> Axes:
        """Cells, states, hatching, lines, contour and colour bar, each with its words for the legend.

        ``colours`` are ``log``, ``limits`` and ``cmap`` of ``phase_map``.
        """
        norm, cmap = norm_and_map(self, **colours)
        values = np.ma.masked_invalid(self.cells.value)
        mesh = ax.pcolormesh(self.x.edges, self.y.edges, values, cmap=cmap, norm=norm)
        mesh.set_rasterized(True)  # no seams between cells in PDF and SVG
        self.x.draw(ax, "x")
        self.y.draw(ax, "y")
        draw_states(ax, self)
        if hatch:
            draw_hatching(ax, self, mesh)
        if lines:
            draw_lines(ax, self)
        draw_contours(ax, self)
        if colorbar and values.count():
            draw_bar(ax, self, mesh)
        ax._phase_map = self  # type: ignore[attr-defined]
        return ax


@styled()
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
        over classes, which show it themselves. Numbers: levels of the variable drawn. Linear interpolation between
        points, of logarithms where all are positive.
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
    """
    check_dataset(ds)
    shown = PhaseMap.of(ds, variable, x, y, select, over, contour)
    colours = {"log": log, "limits": limits, "cmap": cmap}
    ax = shown.draw(axes_or_new(ax), hatch=hatch, lines=lines, colorbar=colorbar, **colours)
    if legend:
        draw_legend(ax)
    return ax


def threshold(ds: xr.Dataset) -> float:
    """IPR x D above which a field counts as localised, as the Dataset says, else as the rule is."""
    return float(ds.attrs.get("localised_threshold", LOCALISED))


def _drawn(
    ds: xr.Dataset, variable: str, x: str | None, y: str | None, select: Mapping[str, Any] | None
) -> tuple[str, str]:
    """Names of the axes drawn."""
    axes = axes_of(ds, variable)
    check_select(ds, select)  # values that are not there are refused before axes that are too few
    free = free_axes(ds, variable, axes, {"x": x, "y": y}, select)
    x, y = (free.pop(0) if name is None and free else name for name in (x, y))
    if x is not None and x == y:
        raise InvalidArgument("y", y, f"an axis other than x = {x}")
    if x is None or y is None:
        got = f"{variable} over {', '.join(axes)}" + (f" with {', '.join(select)} selected" if select else "")
        raise InvalidArgument("y", Described(got), "two axes to draw over (over one: slices, --slice)")
    return x, y


def _levels(ds: xr.Dataset, variable: str, contour: Any) -> tuple[float, ...] | None:
    """Levels of the variable; None for the boundary; empty for nothing (classes show it by themselves)."""
    axes_of(ds, variable)  # that there is such a variable
    classes = flags_of(ds, variable) is not None
    if contour is True:
        return () if classes else None
    if contour is None or contour is False:
        return ()
    if classes:
        raise InvalidArgument("contour", contour, f"True or False for classes such as {variable}")
    return tuple(real("contour", level) for level in np.atleast_1d(np.asarray(contour, dtype=object)))
