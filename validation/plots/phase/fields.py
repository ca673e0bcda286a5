"""Receptive fields at points of a map: a strip of small ones along its upper edge, or full Axes elsewhere."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from cumulode.theory.user_input.arguments import Described, InvalidArgument, real
from cumulode.validation.plots.roles import COLOURS
from cumulode.validation.plots.runs import largest_weight, to_middle
from cumulode.validation.plots.style import draw_legend, styled
from cumulode.validation.plots.words import IPR_TIMES_D, torus, value_label
from cumulode.validation.receptive_fields.field_input import on_torus
from cumulode.validation.receptive_fields.metrics import centre, ipr
from cumulode.validation.receptive_fields.symmetry import transform

from .axes import view
from .map import PhaseMap

LETTERS = "ABCDEFGHIJKL"
#: Insets in a row, their height and the gap between them, in parts of the Axes.
ROW, HEIGHT, GAP = 6, 0.19, 0.02
CIRCLE = {"boxstyle": "circle,pad=0.2", "facecolor": "white", "edgecolor": "black", "linewidth": 0.8}


@dataclass(frozen=True)
class Field:
    """A field, centred: ``w`` (D,) or (L, L), its sign such that the largest weight is positive; where and whose."""

    w: np.ndarray
    seed: int
    x: float
    y: float
    words: str
    centred: bool


@styled()
def insets(
    ax: Axes,
    ds: xr.Dataset,
    points: int | Sequence[tuple[Any, Any]] = 4,
    *,
    seed: int | None = None,
    size: float = HEIGHT,
    legend: bool = True,
) -> list[Axes]:
    """A strip of small receptive fields above a map: the final weights at points of it, a letter at each.

    Each field is that of one seed, moved so that its centre (where it has one) is in the middle, its sign such that
    the largest weight is positive; over the whole ring, or as an image of the torus; on a scale of its own.

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
    size : float in (0, 0.5]
        Height of an inset in parts of the Axes.
    legend : bool
        Say in the map's legend what they are.

    Returns
    -------
    list of Axes
        One a point, in the order of ``points``.

    Raises
    ------
    InvalidArgument
        For points outside the map or without a finished run.
    """
    high = real("size", size, gt=0, le=0.5)
    shown, fields = _fields(ax, ds, points, seed)
    rows, columns = -(-len(fields) // ROW), min(len(fields), ROW)
    wide = (1 - GAP * (columns - 1)) / columns
    strip = []
    for i, field in enumerate(fields):
        row, column = divmod(i, ROW)
        bottom = 1 + GAP + (rows - 1 - row) * (high + GAP)
        small = ax.inset_axes((column * (wide + GAP), bottom, wide, high))
        _draw_small(small, field, shown)
        small.text(0.03, 0.94, LETTERS[i], transform=small.transAxes, ha="left", va="top", fontsize="small", zorder=9)
        strip.append(small)
    own = "whole ring" if fields[0].w.ndim == 1 else "whole torus"
    _mark(ax, ds, fields, shown, seed, f", {own}, each on its own scale")
    ax._strip = rows * (high + GAP) + GAP  # type: ignore[attr-defined]
    if legend:
        draw_legend(ax)
    return strip


@styled()
def field_strip(
    ax: Axes,
    ds: xr.Dataset,
    points: int | Sequence[tuple[Any, Any]],
    panels: Sequence[Axes],
    *,
    seed: int | None = None,
) -> list[Axes]:
    """The same fields in full Axes with labels, on one scale of weights; site 0 is the centre, where there is one.

    Arguments, choice of seed and errors as for ``insets``; ``panels`` are Axes, one a point; those in the first column
    of their grid have labelled weights.
    """
    shown, fields = _fields(ax, ds, points, seed)
    if len(panels) < len(fields):
        raise InvalidArgument("panels", Described(f"{len(panels)} Axes"), f"one for each of the {len(fields)} points")
    limit = max(largest_weight(f.w) for f in fields)
    used, rest = list(panels[: len(fields)]), panels[len(fields) :]
    for letter, field, small in zip(LETTERS, fields, used, strict=False):
        _draw_full(small, field, shown, limit)
        small.set_title(f"{letter}: " + field.words.replace(", ", ",\n"), fontsize="small")
    for small in used[1:]:
        where = small.get_subplotspec()
        if where is None or not where.is_first_col():
            small.set_ylabel("")
            small.tick_params(labelleft=False)
    for small in rest:
        small.set_visible(False)
    if fields[0].w.ndim == 2:
        ax.figure.colorbar(used[0].images[0], ax=used, label="weight", pad=0.02)
    _mark(ax, ds, fields, shown, seed, "" if fields[0].w.ndim == 2 else ", site\u00a00 in the middle")
    return used


def _fields(ax: Axes, ds: xr.Dataset, points: Any, seed: int | None) -> tuple[PhaseMap, list[Field]]:
    """The map, and the fields of ``ds`` at the points."""
    shown = PhaseMap.on(ax)
    name = f"{shown.prefix}w"
    if name not in ds:
        raise InvalidArgument("ds", Described(", ".join(map(str, ds.data_vars))), f"final weights, {name}")
    sliced = view(ds, shown.variable, shown.dims[::-1], shown.select)[0]
    seed = shown.over if seed is None and not isinstance(shown.over, str) else seed
    return shown, [_field_at(sliced, shown, cell, seed) for cell in points_of(shown, points)]


def points_of(shown: PhaseMap, points: Any) -> list[tuple[int, int]]:
    """Cells (column, row) of ``points``: so many, spread over the map's values, or those nearest to (x, y) pairs."""
    if isinstance(points, (int, np.integer)) and not isinstance(points, bool):
        if not 1 <= points <= len(LETTERS):
            raise InvalidArgument("points", points, f"1 to {len(LETTERS)}, or pairs (x, y)")
        by = f"{shown.prefix}ipr_times_D"
        return spread(shown, shown.cells_of(by if by in shown.ds else shown.variable).value, int(points))
    try:
        pairs = [(x, y) for x, y in points]
    except (TypeError, ValueError):
        raise InvalidArgument("points", points, "a number of points, or pairs (x, y)") from None
    if not pairs:
        raise InvalidArgument("points", points, "at least one pair (x, y)")
    return [(shown.x.nearest(x), shown.y.nearest(y)) for x, y in pairs]


def spread(shown: PhaseMap, value: np.ndarray, count: int) -> list[tuple[int, int]]:
    """``count`` cells (column, row) from small to large values, far from each other; fewer where fewer have a value."""
    rows, columns = np.nonzero(np.isfinite(value))
    if not rows.size:
        return []
    u, v = (axis.to_unit(axis.places) for axis in (shown.x, shown.y))
    place = np.stack([u[columns], v[rows]], axis=-1)
    chosen: list[int] = []
    for band in np.array_split(np.argsort(value[rows, columns], kind="stable"), min(count, rows.size)):
        away = np.linalg.norm(place[band][:, None] - place[chosen], axis=-1).min(axis=-1, initial=0.5)
        central = np.abs(place[band] - 0.5).max(axis=-1)
        chosen.append(int(band[np.argmax(away - 0.3 * central)]))
    return [(int(columns[i]), int(rows[i])) for i in chosen]


def _field_at(ds: xr.Dataset, shown: PhaseMap, cell: tuple[int, int], seed: int | None) -> Field:
    """The final field at a cell: of ``seed``, or of the seed whose IPR x D is nearest to the median."""
    axes = list(zip((shown.x, shown.y), cell, strict=True))
    point = {axis.name: i for axis, i in axes}
    values = [(axis.name, axis.values.tolist()[i]) for axis, i in axes]
    name = f"{shown.prefix}w"
    w = ds[name].isel({a: i for a, i in point.items() if a in ds[name].dims}).transpose("seed", "site").values
    plain = ", ".join(f"{a} = {value}" for a, value in values)
    index = _seed(ds, w, seed, plain, f"{shown.prefix}status", point)
    centred, known = _centred(w[index], torus(ds.attrs))
    words = ", ".join(value_label(a, value, ds.attrs) for a, value in values)
    x, y = (float(axis.places[i]) for axis, i in axes)
    return Field(centred, int(ds["seed"].values[index]), x, y, words, known)


def _seed(ds: xr.Dataset, w: np.ndarray, seed: int | None, words: str, status: str, point: dict[str, int]) -> int:
    """Index of the seed shown."""
    there = np.isfinite(w).any(axis=-1)
    seeds = ds["seed"].values.tolist()
    if seed is not None and seed not in seeds:
        raise InvalidArgument("seed", seed, f"one of {seeds}")
    if not (there.any() if seed is None else there[seeds.index(seed)]):
        raise InvalidArgument("points", Described(words), f"points with a finished run{_why(ds, status, point)}")
    if seed is not None:
        return seeds.index(seed)
    ratio = np.array(
        [float(ipr(row[np.isfinite(row)])) if known else np.nan for row, known in zip(w, there, strict=True)]
    )
    off = np.abs(ratio - np.nanmedian(ratio))
    return int(np.nanargmin(np.where(np.isfinite(off), off, np.inf)))


def _why(ds: xr.Dataset, status: str, point: dict[str, int]) -> str:
    """Why there is no field."""
    if status not in ds:
        return ""
    codes = np.unique(ds[status].isel({a: i for a, i in point.items() if a in ds[status].dims}).values)
    return " (there: " + ", ".join("pending" if c < 0 else "failed" if c > 0 else "done" for c in codes) + ")"


def _centred(w: np.ndarray, on_a_torus: bool) -> tuple[np.ndarray, bool]:
    """The field without padding, its centre in the middle, its largest weight positive; whether it has a centre."""
    own = w[: np.flatnonzero(np.isfinite(w))[-1] + 1]
    own = own * (-1.0 if own[np.argmax(np.abs(own))] < 0 else 1.0)
    shape = (math.isqrt(own.size),) * 2 if on_a_torus else None
    moved = transform(own, to_middle(own, shape))
    return on_torus(moved, shape) if shape else moved, bool(np.isfinite(centre(own, shape)).any())


def _draw_small(ax: Axes, field: Field, shown: PhaseMap) -> None:
    """The field alone, without ticks, on its own scale: a line over the ring, an image of the torus."""
    limit = largest_weight(field.w)
    if field.w.ndim == 2:
        ax.imshow(field.w, origin="lower", cmap="RdBu_r", vmin=-limit, vmax=limit, aspect="equal")
    else:
        ax.axhline(0, color="0.7", linewidth=0.5, zorder=1)
        ax.plot(field.w, color=COLOURS["sgd" if shown.prefix else "theory"], linewidth=1.1, zorder=2)
        low = min(-0.15 * limit, float(np.nanmin(field.w)) * 1.12)
        ax.set(xlim=(0, field.w.size - 1), ylim=(low, 1.12 * limit))
    ax.set(xticks=[], yticks=[])


def _draw_full(ax: Axes, field: Field, shown: PhaseMap, limit: float) -> None:
    """A field with labelled axes, weights on a common scale."""
    _draw_small(ax, field, shown)
    if field.w.ndim == 2:
        ax.images[0].set_clim(-limit, limit)
        ax.set(xlabel="column (site)", ylabel="row (site)")
        return
    site = np.arange(field.w.size) - (field.w.size // 2 if field.centred else 0)
    ax.lines[-1].set_xdata(site)
    low = -0.3 * limit if field.w.min() > -0.25 * limit else -1.1 * limit
    ax.set(xlim=(site[0], site[-1]), ylim=(low, 1.1 * limit), xlabel="site", ylabel="weight")
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_locator(MaxNLocator(3))


def _mark(ax: Axes, ds: xr.Dataset, fields: list[Field], shown: PhaseMap, seed: int | None, more: str) -> None:
    """A letter at each point of the map, and the legend's words about them."""
    for letter, field in zip(LETTERS, fields, strict=False):
        ax.text(field.x, field.y, letter, ha="center", va="center", fontsize="small", zorder=6, bbox=CIRCLE)
    seed = shown.over if seed is None and not isinstance(shown.over, str) else seed
    whose = f" of seed {seed}" if seed is not None else f" of the seed nearest the median of {IPR_TIMES_D}"
    whose = "" if ds.sizes["seed"] == 1 else whose
    letters = f"A to {LETTERS[len(fields) - 1]}" if len(fields) > 1 else "A"
    style: dict[str, Any] = {"color": "black", "markerfacecolor": "white", "marker": "o", "linestyle": "none"}
    ax.plot([], [], **style, label=f"{letters}: final weights{whose}, centred{more}")
