"""A whole figure of a phase diagram: map or slices, receptive fields, boundaries, and what was held fixed."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import xarray as xr
from matplotlib.figure import Figure

from cumulode.theory.user_input.arguments import choice, real
from cumulode.theory.user_input.deprecation import dropped_arguments
from cumulode.validation.plots.style import draw_legend, styled, titled
from cumulode.validation.plots.words import SGD, conditions, torus

from .boundaries import boundary_symbols
from .fields import HEIGHT, ROW, field_strip, insets, points_of
from .map import PhaseMap, phase_map
from .slicing import slices

#: A column of a journal is 3.4 inch, a page 7: letters are set for the width the figure has, not to be shrunk.
NARROW = 4.5
#: Height of a map and of slices in parts of the width.
MAP, SLICES = 0.76, 0.68
#: Inches: height of a field below a map with its title, ticks and label; of the map's ticks and label; least width of
#: a ring's field and a torus'.
STRIP, UNDER, NARROWEST = 1.75, 0.45, (0.8, 1.5)


@dropped_arguments(command="give it to save")
def phase_figure(
    ds: xr.Dataset,
    variable: str = "ipr_times_D",
    *,
    points: int | Sequence[tuple[Any, Any]] | None = 4,
    fields: str = "above",
    seed: int | None = None,
    theory: xr.Dataset | None = None,
    sgd: xr.Dataset | None = None,
    title: str | None = None,
    width: float = 5.2,
    legend: bool = True,
    **options: Any,
) -> Figure:
    """Map with receptive fields, measured boundaries, legend, and what was held fixed.

    Parameters
    ----------
    ds, variable, options
        As for ``phase_map``.
    points : int, sequence of (x, y), or None
        Where to show receptive fields, as for ``insets``; None or 0: none.
    fields : {"above", "below"}
        A strip of small ones above the map (``insets``), or Axes with labels below it (``field_strip``).
    seed : int, optional
        Whose fields, as for ``insets``.
    theory, sgd : xarray.Dataset, optional
        Measured boundaries, as for ``boundary_symbols``.
    title : str, optional
        Default: what was held fixed.
    width : float in [3, 20]
        Inches; letters of 7 to 8 points at any width, so draw at the width at which it is printed.
    """
    if fields == "inside":
        warnings.warn('phase_figure: fields="inside" is now "above"', FutureWarning, stacklevel=3)
        fields = "above"
    choice("fields", fields, ("above", "below"))
    wide = real("width", width, ge=3, le=20)
    with styled(**_letters(wide)):
        figure = Figure(figsize=(wide, wide), layout="constrained")
        home = figure.add_gridspec(1 + (fields == "below" and bool(points)), 1)
        ax = phase_map(ds, variable, figure.add_subplot(home[0]), legend=False, **options)
        shown = PhaseMap.on(ax)
        if theory is not None or sgd is not None:
            boundary_symbols(ax, theory, sgd, legend=False)
        high = MAP * wide
        if points and fields == "below":
            high += _add_strip(home, shown, ax, ds, points, seed)
        elif points:
            rows = -(-len(insets(ax, ds, points, seed=seed, legend=False)) // ROW)
            high *= 1 + rows * HEIGHT
        own = bool(shown.prefix)
        fixed = conditions(ds.attrs, shown.dims, shown.select, theory=not own, sgd=own)
        if legend:
            draw_legend(figure, ax)
        titled(figure, fixed if title is None else title, high)
    return figure


@dropped_arguments(command="give it to save")
def slice_figure(
    ds: xr.Dataset,
    variable: str = "ipr_times_D",
    *,
    title: str | None = None,
    width: float = 5.2,
    legend: bool = True,
    **options: Any,
) -> Figure:
    """``slices`` (which takes ``options``) as a figure of its own, with what was held fixed."""
    wide = real("width", width, ge=3, le=20)
    with styled(**_letters(wide)):
        figure = Figure(figsize=(wide, wide), layout="constrained")
        ax = slices(ds, variable, figure.add_subplot(), legend=False, **options)
        if legend:
            draw_legend(figure, ax)
        along, select = options.get("along"), dict(options.get("select") or {})
        drawn = [options.get("x"), *(along if isinstance(along, dict) else [along]), *ds[variable].dims]
        own = variable.startswith(SGD)
        trained = own or (options.get("sgd", True) and SGD + variable in ds)
        fixed = conditions(ds.attrs, {str(a) for a in drawn if a}, select, theory=not own, sgd=trained)
        titled(figure, fixed if title is None else title, SLICES * wide)
    return figure


def _add_strip(home: Any, shown: PhaseMap, ax: Any, ds: xr.Dataset, points: Any, seed: int | None) -> float:
    """Fields below the map, in as many rows as the width needs; the inches they are high."""
    figure = ax.figure
    wide, many = figure.get_figwidth(), len(points_of(shown, points))
    rows = -(-many // max(1, int(wide / NARROWEST[torus(ds.attrs)])))
    columns = -(-many // rows)
    home.set_height_ratios((MAP * wide - UNDER, rows * STRIP))
    grid = home[1].subgridspec(rows, columns)
    field_strip(ax, ds, points, [figure.add_subplot(grid[divmod(i, columns)]) for i in range(many)], seed=seed)
    return rows * STRIP


def _letters(width: float) -> dict[str, Any]:
    """Letters of the size journals want."""
    base = 7.0 if width < NARROW else 8.5
    return {"font.size": base, "axes.titlesize": base, "figure.titlesize": base}
