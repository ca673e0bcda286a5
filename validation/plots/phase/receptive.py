"""The receptive field of one seed at one point of a diagram: which seed, centred, and drawn small."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from cumulode.theory.user_input.arguments import InvalidArgument
from cumulode.validation.plots.parts import COLOURS, largest_weight, to_middle, torus_to_middle
from cumulode.validation.receptive_fields.metrics import centre, transform

from .placing import choose
from .planes import Plane
from .values import cells
from .words import SGD, is_sgd, named_value, torus

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes


@dataclass(frozen=True)
class Field:
    """A field, centred: ``w`` (D,) or (L, L), its sign such that the largest weight is positive; where and whose."""

    w: np.ndarray
    seed: int
    x: float
    y: float
    words: str
    centred: bool


def chosen_points(ds: xr.Dataset, plane: Plane, points: Any) -> list[tuple[int, int]]:
    """Cells (column, row) of ``points``: so many, spread over the map's values, or those nearest to (x, y) pairs."""
    if isinstance(points, (int, np.integer)) and not isinstance(points, bool):
        if not 1 <= points <= 12:
            raise InvalidArgument("points", points, "1 to 12, or pairs (x, y)")
        prefix = SGD if is_sgd(plane.variable) else ""
        by = f"{prefix}ipr_times_D" if f"{prefix}ipr_times_D" in ds else plane.variable
        value = cells(ds, by, plane).value
        u, v = (s.to_unit(s.places) for s in (plane.x, plane.y))
        return choose(value, u, v, int(points))
    try:
        pairs = [(x, y) for x, y in points]
    except (TypeError, ValueError):
        raise InvalidArgument("points", points, "a number of points, or pairs (x, y)") from None
    if not pairs:
        raise InvalidArgument("points", points, "at least one pair (x, y)")
    return [(plane.x.nearest(x), plane.y.nearest(y)) for x, y in pairs]


def field_at(ds: xr.Dataset, plane: Plane, cell: tuple[int, int], seed: int | None) -> Field:
    """The final field at a cell: of ``seed``, or of the seed whose IPR x D is nearest to the median."""
    prefix = SGD if is_sgd(plane.variable) else ""
    name = f"{prefix}w"
    if name not in ds:
        raise InvalidArgument("ds", ", ".join(map(str, ds.data_vars)), f"a Dataset with final weights, {name}")
    at = {plane.x.name: int(plane.x.order[cell[0]]), plane.y.name: int(plane.y.order[cell[1]])}
    rest = {axis: np.flatnonzero(ds[axis].values == value)[0] for axis, value in plane.select.items()}
    point = {axis: i for axis, i in (at | rest).items() if axis in ds[name].dims}
    w = ds[name].isel(point).transpose("seed", "site").values
    where = [(s.name, s.values.tolist()[i]) for s, i in zip((plane.x, plane.y), cell, strict=True)]
    words = ", ".join(named_value(ds, axis, value) for axis, value in where)
    plain = ", ".join(f"{axis} = {value}" for axis, value in where)
    number = _seed(ds, w, seed, plain, f"{prefix}status", point)
    found, centred = _centred(w[number], torus(ds))
    return Field(
        found, int(ds["seed"].values[number]), float(plane.x.places[cell[0]]), float(plane.y.places[cell[1]]),
        words, centred,
    )  # fmt: skip


def _seed(ds: xr.Dataset, w: np.ndarray, seed: int | None, words: str, status: str, point: dict[str, Any]) -> int:
    """Index of the seed shown."""
    there = np.isfinite(w).any(axis=-1)
    seeds = ds["seed"].values.tolist()
    if seed is not None and seed not in seeds:
        raise InvalidArgument("seed", seed, f"one of {seeds}")
    if not (there.any() if seed is None else there[seeds.index(seed)]):
        raise InvalidArgument("points", words, f"points with a finished run{_why(ds, status, point)}")
    if seed is not None:
        return seeds.index(seed)
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = np.nansum(w**4, axis=-1) / np.nansum(w**2, axis=-1) ** 2
    off = np.abs(ratio - np.nanmedian(np.where(there, ratio, np.nan)))
    return int(np.nanargmin(np.where(there & np.isfinite(off), off, np.inf)))


def _why(ds: xr.Dataset, status: str, point: dict[str, Any]) -> str:
    """Why there is no field."""
    if status not in ds:
        return ""
    codes = np.unique(ds[status].isel({a: i for a, i in point.items() if a in ds[status].dims}).values)
    return " (there: " + ", ".join("pending" if c < 0 else "failed" if c > 0 else "done" for c in codes) + ")"


def _centred(w: np.ndarray, on_torus: bool) -> tuple[np.ndarray, bool]:
    """The field without padding, its centre in the middle, its largest weight positive."""
    size = np.flatnonzero(np.isfinite(w))[-1] + 1
    own = w[:size]
    own = own * (-1.0 if own[np.argmax(np.abs(own))] < 0 else 1.0)
    if on_torus:
        side = math.isqrt(size)
        sides = (side, side)
        return transform(own, torus_to_middle(own, sides)).reshape(sides), bool(np.isfinite(centre(own, sides)).any())
    return transform(own, to_middle(own)), bool(np.isfinite(centre(own)))


def draw_small(ax: Axes, field: Field, sgd: bool) -> None:
    """The field alone, without ticks, on its own scale: a line over the ring, an image of the torus."""
    limit = largest_weight(field.w)
    if field.w.ndim == 2:
        ax.imshow(
            field.w, origin="lower", cmap="RdBu_r", vmin=-limit, vmax=limit, interpolation="nearest", aspect="equal"
        )
    else:
        ax.axhline(0, color="0.7", linewidth=0.5, zorder=1)
        ax.plot(field.w, color=COLOURS["sgd" if sgd else "theory"], linewidth=1.1, zorder=2)
        low = min(-0.15 * limit, float(np.nanmin(field.w)) * 1.12)
        ax.set(xlim=(0, field.w.size - 1), ylim=(low, 1.12 * limit))
    ax.set(xticks=[], yticks=[])
    for spine in ax.spines.values():
        spine.set(linewidth=0.6, color="0.2")
