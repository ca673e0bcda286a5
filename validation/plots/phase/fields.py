"""Receptive fields at points of a map: a strip of small ones along its upper edge, or full Axes elsewhere."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import xarray as xr
from matplotlib.axes import Axes

from cumulode.theory.user_input.arguments import Described, InvalidArgument, real
from cumulode.validation.plots.roles import COLOURS
from cumulode.validation.plots.runs import largest_weight, to_middle
from cumulode.validation.plots.style import draw_legend, halo, styled
from cumulode.validation.plots.words import IPR_TIMES_D, torus, value_label
from cumulode.validation.receptive_fields.metrics import centre, ipr
from cumulode.validation.receptive_fields.symmetry import transform

from .axes import view
from .map import PhaseMap

LETTERS = "ABCDEFGHIJKL"
#: Insets in a row, their height and the gap between them, in parts of the Axes.
ROW, HEIGHT, GAP = 6, 0.19, 0.02
CIRCLE = {"boxstyle": "circle,pad=0.2", "facecolor": "white", "edgecolor": "black", "linewidth": 0.8}


class Field(NamedTuple):
    """A field, centred: ``w`` (D,) or (L, L), its sign such that the largest weight is positive; where; its sites."""

    w: np.ndarray
    x: float
    y: float
    words: str
    site: np.ndarray


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

    Returns an Axes a point, in the order of ``points``.
    """
    high = real("size", size, gt=0, le=0.5)
    fields = _mark(ax, ds, points, seed, ", each on its own scale")
    rows, columns = -(-len(fields) // ROW), min(len(fields), ROW)
    wide = (1 - GAP * (columns - 1)) / columns
    strip = []
    for i, field in enumerate(fields):
        row, column = divmod(i, ROW)
        box = (column * (wide + GAP), 1 + GAP + (rows - 1 - row) * (high + GAP), wide, high)
        small = ax.inset_axes(box, xticks=[], yticks=[])
        _draw(small, field, PhaseMap.on(ax), largest_weight(field.w))
        look: dict[str, Any] = {"va": "top", "fontsize": "small", "path_effects": halo(2.0)}
        small.text(0.03, 0.94, LETTERS[i], transform=small.transAxes, **look)
        strip.append(small)
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
    fields = _mark(ax, ds, points, seed, ", on one scale")
    if len(panels) < len(fields):
        raise InvalidArgument("panels", Described(f"{len(panels)} Axes"), f"one for each of the {len(fields)} points")
    used = list(panels[: len(fields)])
    limit = max(largest_weight(f.w) for f in fields)
    image = fields[0].w.ndim == 2
    for letter, field, full in zip(LETTERS, fields, used, strict=False):
        _draw(full, field, PhaseMap.on(ax), limit)
        full.set_title(f"{letter}: " + field.words.replace(", ", ",\n"), fontsize="small")
        full.set(xlabel="column (site)" if image else "site", ylabel="row (site)" if image else "weight")
        full.locator_params(nbins=3)
        where = full.get_subplotspec()
        if full is not used[0] and (where is None or not where.is_first_col()):
            full.set_ylabel("")
            full.tick_params(labelleft=False)
    for rest in panels[len(fields) :]:
        rest.set_visible(False)
    if image:
        ax.figure.colorbar(used[0].images[0], ax=used, label="weight", pad=0.02)
    return used


def points_of(shown: PhaseMap, points: Any) -> list[tuple[int, int]]:
    """Cells (column, row) of ``points``: so many, spread over the map's values, or those nearest to (x, y) pairs."""
    if isinstance(points, (int, np.integer)) and not isinstance(points, bool):
        if not 1 <= points <= len(LETTERS):
            raise InvalidArgument("points", points, f"1 to {len(LETTERS)}, or pairs (x, y)")
        by = f"{shown.prefix}ipr_times_D"
        return _spread(shown, shown.cells_of(by if by in shown.ds else shown.variable).value, int(points))
    try:
        pairs = [(x, y) for x, y in points]
    except (TypeError, ValueError):
        pairs = []
    if not pairs:
        raise InvalidArgument("points", points, "a number of points, or at least one pair (x, y)")
    return [(shown.x.nearest(x), shown.y.nearest(y)) for x, y in pairs]


def _spread(shown: PhaseMap, value: np.ndarray, count: int) -> list[tuple[int, int]]:
    """``count`` cells (column, row) from small to large values, far from each other; fewer where fewer have a value."""
    rows, columns = np.nonzero(np.isfinite(value))
    u, v = (axis.to_unit(axis.places) for axis in (shown.x, shown.y))
    place = np.stack([u[columns], v[rows]], axis=-1)
    chosen: list[int] = []
    for band in np.array_split(np.argsort(value[rows, columns], kind="stable"), max(1, min(count, rows.size))):
        if band.size:
            away = np.linalg.norm(place[band][:, None] - place[chosen], axis=-1).min(axis=-1, initial=0.5)
            central = np.abs(place[band] - 0.5).max(axis=-1)
            chosen.append(int(band[np.argmax(away - 0.3 * central)]))
    return [(int(columns[i]), int(rows[i])) for i in chosen]


def _mark(ax: Axes, ds: xr.Dataset, points: Any, seed: int | None, how: str) -> list[Field]:
    """The fields at the points; a letter at each, and words for the legend."""
    shown = PhaseMap.on(ax)
    if f"{shown.prefix}w" not in ds:
        raise InvalidArgument("ds", Described(", ".join(map(str, ds.data_vars))), f"final weights, {shown.prefix}w")
    sliced = view(ds, shown.variable, shown.dims[::-1], shown.select)[0]
    seed = shown.over if seed is None and not isinstance(shown.over, str) else seed
    fields = [_field_at(sliced, shown, cell, seed) for cell in points_of(shown, points)]
    for letter, field in zip(LETTERS, fields, strict=False):
        ax.text(field.x, field.y, letter, ha="center", va="center", fontsize="small", zorder=6, bbox=CIRCLE)
    whose = f" of seed {seed}" if seed is not None else f" of the seed nearest the median of {IPR_TIMES_D}"
    words = f"final weights{whose if ds.sizes['seed'] > 1 else ''}, centred, whole "
    words += ("torus" if torus(ds.attrs) else "ring") + how
    letters = f"A to {LETTERS[len(fields) - 1]}" if len(fields) > 1 else "A"
    style: dict[str, Any] = {"color": "black", "markerfacecolor": "white", "marker": "o", "linestyle": "none"}
    ax.plot([], [], **style, label=f"{letters}: {words}")
    return fields


def _field_at(ds: xr.Dataset, shown: PhaseMap, cell: tuple[int, int], seed: int | None) -> Field:
    """The final field at a cell: of ``seed``, or of the seed whose IPR x D is nearest to the median."""
    name, axes = f"{shown.prefix}w", list(zip((shown.x, shown.y), cell, strict=True))
    values = [(axis.name, axis.values.tolist()[i]) for axis, i in axes]
    here = ds.isel({axis.name: i for axis, i in axes})
    w = here[name].transpose("seed", "site").values
    w = w[_seed(here, w, seed, ", ".join(f"{a} = {v}" for a, v in values), f"{shown.prefix}status")]
    w = w[: np.flatnonzero(np.isfinite(w))[-1] + 1]  # a smaller ring's is padded
    w = w * (-1.0 if w[np.argmax(np.abs(w))] < 0 else 1.0)
    shape = (math.isqrt(w.size),) * 2 if torus(ds.attrs) else (w.size,)
    moved = transform(w, to_middle(w, shape)).reshape(shape)
    site = np.arange(w.size) - (w.size // 2 if np.isfinite(centre(w)) else 0)
    x, y = (float(axis.places[i]) for axis, i in axes)
    return Field(moved, x, y, ", ".join(value_label(a, v, ds.attrs) for a, v in values), site)


def _seed(here: xr.Dataset, w: np.ndarray, seed: int | None, where: str, status: str) -> int:
    """Index of the seed shown."""
    there = np.isfinite(w).any(axis=-1)
    seeds = here["seed"].values.tolist()
    if seed is not None and seed not in seeds:
        raise InvalidArgument("seed", seed, f"one of {seeds}")
    if not (there.any() if seed is None else there[seeds.index(seed)]):
        codes: Any = np.unique(here[status].values) if status in here else []
        why = ", ".join("pending" if c < 0 else "failed" if c > 0 else "done" for c in codes)
        allowed = "points with a finished run" + (f" (there: {why})" if why else "")
        raise InvalidArgument("points", Described(where), allowed)
    if seed is not None:
        return seeds.index(seed)
    ratio = np.array(
        [float(ipr(row[np.isfinite(row)])) if known else np.nan for row, known in zip(w, there, strict=True)]
    )
    return int(np.nanargmin(np.abs(ratio - np.nanmedian(ratio))))


def _draw(ax: Axes, field: Field, shown: PhaseMap, limit: float) -> None:
    """The field alone: a line over the ring, an image of the torus."""
    if field.w.ndim == 2:
        ax.imshow(field.w, origin="lower", cmap="RdBu_r", vmin=-limit, vmax=limit, aspect="equal")
        return
    ax.axhline(0, color="0.7", linewidth=0.5, zorder=1)
    ax.plot(field.site, field.w, color=COLOURS["sgd" if shown.prefix else "theory"], linewidth=1.1, zorder=2)
    low = -0.25 * limit if field.w.min() > -0.2 * limit else -1.12 * limit
    ax.set(xlim=(field.site[0], field.site[-1]), ylim=(low, 1.12 * limit))
