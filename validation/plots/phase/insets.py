"""Receptive fields at chosen points of a map: inset in it, or beside it in panels of their own."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from cumulode.theory.user_input.arguments import InvalidArgument, real
from cumulode.validation.plots.parts import largest_weight

from .legend import draw_legend
from .maps import plane_of
from .overlays import halo
from .placing import leader, place
from .planes import Plane
from .receptive import Field, chosen_points, draw_small, field_at
from .words import IPR_TIMES_D, is_sgd

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes

LETTERS = "ABCDEFGHIJKL"
#: A ring without fill: symbols of boundaries are filled, black or white.
_MARKER: dict[str, Any] = {"color": "black", "markerfacecolor": "none", "markersize": 5.5, "markeredgewidth": 1.1}


def insets(
    ax: Axes,
    ds: xr.Dataset,
    points: int | Sequence[tuple[Any, Any]] = 4,
    *,
    seed: int | None = None,
    size: float | tuple[float, float] = (0.19, 0.13),
    legend: bool = True,
) -> list[Axes]:
    """Small receptive fields in a map: the final weights at chosen points, each with a marker and a leader.

    Each field is that of one seed, moved so that its centre (where it has one) is in the middle, its sign such that
    the largest weight is positive; over the whole ring, or as an image of the torus; on a scale of its own. Insets
    cover no marker, no leader and no other inset, and avoid the lines of the map.

    Parameters
    ----------
    ax : Axes
        That ``phase_map`` drew in; the fields are theory's or SGD's as the variable drawn.
    ds : xarray.Dataset
        The map's.
    points : int or sequence of (x, y)
        So many (1 to 12), spread from small to large IPR x D; or the cells nearest to these values.
    seed : int, optional
        Default: the map's, if it is of one; else at each point the seed whose IPR x D is nearest to the median.
    size : (width, height) in (0, 0.5]
        Of an inset, fractions of the Axes (a number: both); smaller where there is no room.
    legend : bool
        Say in the map's legend what they are.

    Returns
    -------
    list of Axes
        One a point, in the order of ``points``.

    Raises
    ------
    ValueError
        For points outside the map or without a finished run, or where there is no room.
    """
    plane = plane_of(ax)
    width, height = (size, size) if isinstance(size, (int, float)) else size
    wanted = (_part(width), _part(height))
    seed = plane.over if seed is None and not isinstance(plane.over, str) else seed
    fields = [field_at(ds, plane, cell, seed) for cell in chosen_points(ds, plane, points)]
    at = np.stack([plane.x.to_unit([f.x for f in fields]), plane.y.to_unit([f.y for f in fields])], axis=-1)
    if fields[0].w.ndim == 2:  # square on paper
        wanted = (wanted[1] * ax.bbox.height / ax.bbox.width, wanted[1])
    boxes = place(at, wanted, _lines_of(ax, plane))
    panels = []
    for field, point, box in zip(fields, at, boxes, strict=True):
        # images keep their aspect and may be smaller than the box: the leader goes on underneath
        inner = box if field.w.ndim == 1 else np.concatenate([box[:2] + 0.2 * box[2:], 0.6 * box[2:]])
        way = leader(point, inner)
        ax.plot(*way.T, transform=ax.transAxes, color="black", linewidth=0.8, zorder=4.5, label="_leader")
        ax.plot(*point, "o", transform=ax.transAxes, **_MARKER, path_effects=halo(2.4), zorder=6, label="_point")
        panel = ax.inset_axes(tuple(box), zorder=7)
        draw_small(panel, field, is_sgd(plane.variable))
        panels.append(panel)
    _entry(plane, fields, _whose(ds, seed))
    if legend:
        draw_legend(ax, plane.entries)
    return panels


def field_strip(
    ax: Axes,
    ds: xr.Dataset,
    points: int | Sequence[tuple[Any, Any]],
    panels: Sequence[Axes],
    *,
    seed: int | None = None,
) -> list[Axes]:
    """The same fields in panels beside the map, which then is not covered: a letter at each point and on its panel.

    Arguments, choice of seed and errors as for ``insets``; ``panels`` are Axes, one a point; those in the first column
    of a grid of panels have labelled weights. Site 0 is the field's centre, where it has one; the panels share one
    scale of weights. The legend's words go to the map's entries.
    """
    plane = plane_of(ax)
    seed = plane.over if seed is None and not isinstance(plane.over, str) else seed
    fields = [field_at(ds, plane, cell, seed) for cell in chosen_points(ds, plane, points)]
    if len(panels) < len(fields):
        raise InvalidArgument("panels", f"{len(panels)} Axes", f"one for each of the {len(fields)} points")
    limit = max(largest_weight(f.w) for f in fields)
    for letter, field, panel in zip(LETTERS, fields, panels, strict=False):
        ax.text(
            field.x, field.y, letter, ha="center", va="center", fontsize="small", zorder=6,
            bbox={"boxstyle": "circle,pad=0.2", "facecolor": "white", "edgecolor": "black", "linewidth": 0.8},
        )  # fmt: skip
        _panel(panel, field, limit, is_sgd(plane.variable))
        panel.set_title(f"{letter}: " + field.words.replace(", ", ",\n"), fontsize="small", loc="left")
    if fields[0].w.ndim == 2:
        ax.figure.colorbar(panels[0].images[0], ax=list(panels[: len(fields)]), label="weight", pad=0.02)
    for panel in panels[len(fields) :]:
        panel.set_visible(False)
    for panel in panels[1 : len(fields)]:
        where = panel.get_subplotspec()
        if where is None or not where.is_first_col():
            panel.set_ylabel("")
            panel.tick_params(labelleft=False)
    _strip_entry(plane, len(fields), _whose(ds, seed), fields[0].w.ndim == 2)
    return list(panels[: len(fields)])


def _panel(ax: Axes, field: Field, limit: float, sgd: bool) -> None:
    """A field with labelled axes, weights on a common scale."""
    draw_small(ax, field, sgd)
    if field.w.ndim == 2:
        ax.images[0].set_clim(-limit, limit)
        ax.set(xlabel="column", aspect="equal", ylabel="row")
        return
    line = ax.lines[-1]
    site = np.arange(field.w.size) - (field.w.size // 2 if field.centred else 0)
    line.set_xdata(site)
    ax.set(
        xlim=(site[0], site[-1]), ylim=(-0.3 * limit if field.w.min() > -0.25 * limit else -1.1 * limit, 1.1 * limit),
        xlabel="site", ylabel="weight",
    )  # fmt: skip
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_locator(_few())


def _few() -> Any:
    from matplotlib.ticker import MaxNLocator

    return MaxNLocator(3)


def _part(value: Any) -> float:
    return real("size", value, gt=0, le=0.5, allowed="fractions of the Axes in (0, 0.5]")


def _lines_of(ax: Axes, plane: Plane) -> np.ndarray:
    """Points along the lines and symbols drawn over the map, in fractions of the Axes."""
    found = [np.empty((0, 2))]
    for line in ax.lines:
        if line.get_transform().contains_branch(ax.transData):
            x, y = (np.asarray(a, dtype=float) for a in line.get_data())
            u = np.stack([plane.x.to_unit(x), plane.y.to_unit(y)], axis=-1)
            u = u[np.isfinite(u).all(axis=-1)]
            if len(u) > 1:
                found.append(np.concatenate([np.linspace(a, b, 6) for a, b in itertools.pairwise(u)]))
            else:
                found.append(u)
    return np.concatenate(found)


def _whose(ds: xr.Dataset, seed: int | None) -> str:
    """Whose weights are shown."""
    if ds.sizes["seed"] == 1:
        return "final weights"
    named = f"seed {seed}" if seed is not None else f"the seed nearest the median of {IPR_TIMES_D}"
    return f"final weights of {named}"


def _entry(plane: Plane, fields: list[Field], whose: str) -> None:
    """The legend's words about the insets."""
    from matplotlib.lines import Line2D

    words = f"{whose}, centred, {'whole torus' if fields[0].w.ndim == 2 else 'whole ring'}, own scale"
    plane.entries.append((Line2D([], [], **_MARKER, marker="o", linestyle="none"), words))


def _strip_entry(plane: Plane, count: int, whose: str, torus: bool) -> None:
    """The legend's words about the panels beside the map."""
    from matplotlib.lines import Line2D

    letters = f"A to {LETTERS[count - 1]}" if count > 1 else "A"
    handle = Line2D([], [], **_MARKER, marker="o", linestyle="none")
    plane.entries.append((handle, f"{letters}: {whose}, centred" + ("" if torus else ", site\u00a00 in the middle")))
