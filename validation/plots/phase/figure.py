"""A whole figure of a phase diagram: map, receptive fields, boundaries, what was held fixed, and its command."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from cumulode.theory.user_input.arguments import choice, real

from .insets import field_strip, insets
from .legend import draw_legend
from .maps import phase_map, plane_of
from .receptive import chosen_points
from .slices import draw_slices
from .symbols import boundary_symbols
from .words import SGD, conditions, is_sgd, torus

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: Inches: height of a panel below a map; of its title, ticks and label; of the map's ticks and label; least width of
#: a ring's panel and of a torus'.
STRIP, AROUND, UNDER, NARROWEST = 1.0, 0.75, 0.45, (0.8, 1.5)
#: A column of a journal is 3.4 inch, a page 7: letters are set for the width the figure has, not to be shrunk.
NARROW = 4.5


def phase_figure(
    ds: xr.Dataset,
    variable: str = "ipr_times_D",
    *,
    points: int | Sequence[tuple[Any, Any]] | None = 4,
    fields: str = "inside",
    seed: int | None = None,
    theory: xr.Dataset | None = None,
    sgd: xr.Dataset | None = None,
    title: str | None = None,
    command: str | None = None,
    width: float = 5.2,
    **options: Any,
) -> Figure:
    """Map with receptive fields, legend, measured boundaries, what was held fixed, and the command that remakes it.

    Parameters
    ----------
    ds : xarray.Dataset
        From ``phase_diagram`` or a file of it.
    variable, options
        As for ``phase_map``.
    points : int, sequence of (x, y), or None
        Where to show receptive fields, as for ``insets``; None or 0: none.
    fields : {"inside", "below"}
        Insets in the map, or a strip of panels below it (``field_strip``).
    seed : int, optional
        Whose fields, as for ``insets``.
    theory, sgd : xarray.Dataset, optional
        Measured boundaries, as for ``boundary_symbols``.
    title : str, optional
        Default: what was held fixed.
    command : str, optional
        What remakes the figure, small at the bottom (give it to ``report.save`` as well).
    width : float in [3, 20]
        Inches; letters of 7 to 8 points at any width, so draw at the width at which it is printed.

    Raises
    ------
    ValueError
        As ``phase_map``, ``insets`` and ``boundary_symbols`` do.
    """
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    choice("fields", fields, ("inside", "below"))
    wide = real("width", width, ge=3, le=20, allowed="inches in [3, 20]")
    legend = options.pop("legend", True)
    with rc_context(_fonts(wide)):
        figure = Figure(figsize=(wide, wide), layout="constrained")
        below = fields == "below" and bool(points)
        grid = figure.add_gridspec(1 + below, 1)
        ax = phase_map(ds, variable, figure.add_subplot(grid[0]), legend=False, **options)
        if theory is not None or sgd is not None:
            boundary_symbols(ax, theory, sgd, legend=False)
        high = 0.76 * wide
        if below:
            high += _add_strip(grid, ax, ds, points, seed)
        elif points:
            insets(ax, ds, points, seed=seed, legend=False)
        plane = plane_of(ax)
        own = is_sgd(variable)
        fixed = conditions(ds, (plane.x.name, plane.y.name), plane.select, theory=not own, sgd=own)
        draw_legend(figure, plane.entries if legend else [])
        _rim(figure, fixed if title is None else title, command, high)
    return figure


def slice_figure(
    ds: xr.Dataset,
    variable: str = "ipr_times_D",
    *,
    title: str | None = None,
    command: str | None = None,
    width: float = 5.2,
    **options: Any,
) -> Figure:
    """``slices`` (which takes ``options``) as a figure of its own, with what was held fixed and its command."""
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    wide = real("width", width, ge=3, le=20, allowed="inches in [3, 20]")
    legend = options.pop("legend", True)
    asked: dict[str, Any] = {"x": None, "along": None, "select": None, "over": "mean", "sgd": True, "lines": True}
    with rc_context(_fonts(wide)):
        figure = Figure(figsize=(wide, wide), layout="constrained")
        entries = draw_slices(ds, variable, figure.add_subplot(), **(asked | {"log": None} | options))[1]
        draw_legend(figure, entries if legend else [])
        along = options.get("along")
        drawn = [options.get("x"), *(along if isinstance(along, dict) else [along])]
        swept = {str(a) for a in drawn if a} | {str(d) for d in ds[variable].dims}
        select = dict(options.get("select") or {})
        own = is_sgd(variable)
        trained = own or (options.get("sgd", True) and SGD + variable in ds)
        fixed = conditions(ds, swept, select, theory=not own, sgd=trained)
        _rim(figure, fixed if title is None else title, command, 0.68 * wide)
    return figure


def _add_strip(grid: Any, ax: Axes, ds: xr.Dataset, points: Any, seed: int | None) -> float:
    """Panels of fields below the map, in as many rows as the width asks for; the inches they are high."""
    figure: Any = ax.figure
    many = len(chosen_points(ds, plane_of(ax), points))
    rows = -(-many // max(1, int(figure.get_figwidth() / NARROWEST[torus(ds)])))
    columns = -(-many // rows)
    high = rows * (STRIP + AROUND)
    grid.set_height_ratios((0.76 * figure.get_figwidth() - UNDER, high))
    strip = grid[1].subgridspec(rows, columns)
    panels = [figure.add_subplot(strip[divmod(i, columns)]) for i in range(many)]
    field_strip(ax, ds, points, panels, seed=seed)
    return high


def _fonts(width: float) -> Any:
    """Letters of the size journals ask for."""
    base = 7.0 if width < NARROW else 8.5
    return {"font.size": base, "axes.titlesize": base, "hatch.linewidth": 0.5, "axes.linewidth": 0.7}


def _rim(figure: Figure, title: str, command: str | None, panels: float) -> None:
    """Title and legend above the panels (of that height in inches), command below, wrapped; the figure as high.

    The layout engine keeps the panels between them: it would give the legend's width to the panels' margins.
    """
    import matplotlib as mpl

    width, size, gap = figure.get_figwidth(), float(mpl.rcParams["font.size"]), 0.06
    small = 5.0 if width < NARROW else 6.0
    above: list[Any] = list(figure.legends)
    if title:
        words = textwrap.fill(title, int(width * 72 / (0.5 * size)))
        above.insert(0, figure.suptitle(words, fontsize=size, va="top", y=0.98))
    below = [] if not command else [
        figure.supxlabel(
            textwrap.fill(command, int(width * 72 / (0.52 * small))), fontsize=small, color="0.5", va="bottom", y=0.01
        )
    ]  # fmt: skip
    heights = [gap + a.get_window_extent().height / figure.dpi for a in above]
    foot = sum(gap + a.get_window_extent().height / figure.dpi for a in below)
    total = panels + sum(heights) + foot
    figure.set_figheight(total)
    top = total
    for artist, height in zip(above, heights, strict=True):
        _put(artist, (top - gap) / total)
        top -= height
    for artist in below:
        _put(artist, 0.5 * gap / total)
    figure.get_layout_engine().set(rect=(0, foot / total, 1, (top - foot) / total))  # type: ignore[union-attr, call-arg]


def _put(artist: Any, y: float) -> None:
    """A text or a legend at the height ``y``, a fraction of the figure's, which no layout moves or minds."""
    artist.set_in_layout(False)
    if hasattr(artist, "set_bbox_to_anchor"):
        artist.set_bbox_to_anchor((0.5, y))
    else:
        artist.set_y(y)
