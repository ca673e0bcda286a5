"""The two axes of a map: which they are, what is selected on the others, and where values stand on the paper."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import numpy as np

from cumulode.theory.user_input.arguments import InvalidArgument

from .words import axis_label

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes

LINEAR, LOG, LIST = "linear", "log", "list"
#: Dimensions that are no axes of the sweep.
INNER = ("seed", "site", "crossing")
#: A value selected may differ from the axis's by this part, so that numbers can be typed as they are printed.
NEAR = 0.01


@dataclass(frozen=True)
class Scale:
    """One axis of a map: its values sorted, and where they stand.

    ``kind`` is linear, log, or list (words, or numbers among them an infinity: side by side, in equal steps).
    ``order`` sorts the Dataset's values; ``places`` (n,) and ``edges`` (n + 1,) are data coordinates of the Axes.
    """

    name: str
    label: str
    kind: str
    values: np.ndarray
    order: np.ndarray
    places: np.ndarray
    edges: np.ndarray

    @property
    def words(self) -> bool:
        return self.values.dtype.kind not in "fiub"

    def to_unit(self, places: Any) -> np.ndarray:
        """Places (data coordinates) as fractions of the axis, equal steps of which look equal."""
        u, ends = (np.log(a) if self.kind == LOG else np.asarray(a) for a in (places, self.edges[[0, -1]]))
        return np.asarray((u - ends[0]) / (ends[1] - ends[0]))

    def from_unit(self, u: Any) -> np.ndarray:
        """The inverse of ``to_unit``."""
        ends = np.log(self.edges[[0, -1]]) if self.kind == LOG else self.edges[[0, -1]]
        found = ends[0] + np.asarray(u) * (ends[1] - ends[0])
        return np.asarray(np.exp(found) if self.kind == LOG else found)

    def place(self, values: Any) -> np.ndarray:
        """Where any values of the axis's parameter stand; NaN where they have no place."""
        if self.kind != LIST:
            return np.asarray(values, dtype=float)
        if self.words:
            index = {value: i for i, value in enumerate(self.values.tolist())}
            return np.array([index.get(str(v), np.nan) for v in np.atleast_1d(values)], dtype=float)
        finite = np.isfinite(self.values)
        return np.interp(values, self.values[finite], self.places[finite], left=np.nan, right=np.nan)

    def nearest(self, value: Any, argument: str = "points") -> int:
        """Index, in sorted order, of the value nearest to ``value``, which must lie within the axis's cells."""
        if self.words:
            if value not in self.values.tolist():
                raise InvalidArgument(argument, f"{self.name} = {value}", "one of " + ", ".join(self.values.tolist()))
            return self.values.tolist().index(value)
        if not isinstance(value, (int, float, np.number)):
            raise InvalidArgument(argument, f"{self.name} = {value!r}", "a number")
        if value in self.values:
            return int(np.flatnonzero(self.values == value)[0])
        u = self.to_unit(self.place(float(value))) if self.kind != LOG or value > 0 else np.nan
        if not 0 <= u <= 1:
            raise InvalidArgument(argument, f"{self.name} = {value:g}", f"values from {shown(self.values)}")
        return int(np.argmin(np.abs(self.to_unit(self.places) - u)))


@dataclass(frozen=True)
class Plane:
    """What a map shows: its axes, the values selected on all others, and the entries of its legend so far.

    ``attrs`` and ``swept`` are the Dataset's attributes and axes, ``levels`` the pairs (quantity, level) of which a
    contour is at home on it: what is drawn over it later must be of the same sweep.
    """

    x: Scale
    y: Scale
    select: Mapping[str, Any]
    variable: str
    over: str | int = "median"
    attrs: Mapping[str, Any] = field(default_factory=dict)
    swept: tuple[str, ...] = ()
    levels: tuple[tuple[str, float], ...] = ()
    entries: list[tuple[Any, str]] = field(default_factory=list)


#: The plane of every Axes that ``phase_map`` drew in, so that what is drawn over it later knows the axes.
planes: WeakKeyDictionary[Axes, Plane] = WeakKeyDictionary()


def shown(values: np.ndarray) -> str:
    """All values, or first, last and number of many, for messages."""
    if values.dtype.kind not in "fiub":
        return ", ".join(map(str, values.tolist()))
    listed = [f"{v:.4g}" for v in values]
    return ", ".join(listed) if len(listed) <= 8 else f"{listed[0]} to {listed[-1]} ({len(listed)} values)"


def axes_of(ds: xr.Dataset, variable: str) -> list[str]:
    """The axes of the sweep that a variable depends on, in order; ValueError for an unknown variable."""
    if not isinstance(variable, str) or variable not in ds.data_vars:
        raise InvalidArgument("variable", variable, "one of " + ", ".join(drawable(ds)))
    if "site" in ds[variable].dims or ds[variable].dtype.kind not in "fiub":
        raise InvalidArgument("variable", variable, "a number at each point: one of " + ", ".join(drawable(ds)))
    return [str(d) for d in ds[variable].dims if d not in INNER]


def drawable(ds: xr.Dataset) -> list[str]:
    """Variables with a number at each point."""
    return [
        str(name)
        for name, v in ds.data_vars.items()
        if "site" not in v.dims and v.dtype.kind in "fiub" and not str(name).startswith("critical_")
    ]


def picked(ds: xr.Dataset, name: str, keep: tuple[str, ...], select: Mapping[str, Any]) -> xr.DataArray:
    """A variable with every axis but ``keep`` (and the inner ones) at the value of ``select``, or its only one."""
    found = ds[name]
    rest = [str(d) for d in found.dims if d not in (*keep, *INNER)]
    return found.isel({axis: index_of(ds, axis, select) for axis in rest})


def among(values: np.ndarray, wanted: Any) -> str:
    """``shown``, and of many numbers the ones next to ``wanted``."""
    if values.dtype.kind not in "fiub" or len(values) <= 8 or not isinstance(wanted, (int, float, np.number)):
        return shown(values)
    off = np.abs(np.where(np.isfinite(values), values, np.inf) - wanted)
    near = np.sort(values[np.argsort(off, kind="stable")[:2]])
    return f"{shown(values)}, next to it {near[0]:.4g} and {near[1]:.4g}"


def index_of(ds: xr.Dataset, axis: str, select: Mapping[str, Any]) -> int:
    """Index of the value selected on an axis; ValueError naming the axis and its values where none is."""
    values = ds[axis].values
    if axis not in select:
        if len(values) == 1:
            return 0
        raise InvalidArgument("select", f"nothing for {axis}", f"{axis}= one of {shown(values)}")
    wanted = select[axis]
    if values.dtype.kind not in "fiub":
        if str(wanted) in values.astype(str).tolist():
            return values.astype(str).tolist().index(str(wanted))
    elif isinstance(wanted, (int, float, np.number)) and not isinstance(wanted, bool):
        exact = np.flatnonzero(values == wanted)
        if exact.size:
            return int(exact[0])
        off = np.abs(np.where(np.isfinite(values), values, np.inf) - wanted)
        if off.min() <= NEAR * abs(float(wanted)):
            return int(np.argmin(off))
    raise InvalidArgument("select", f"{axis} = {_short(wanted)}", f"{axis}= one of {among(values, wanted)}")


def _short(value: Any) -> str:
    return f"{value:g}" if isinstance(value, (int, float, np.number)) else str(value)


def check_select(ds: xr.Dataset, select: Mapping[str, Any] | None, kept: tuple[str, ...]) -> dict[str, Any]:
    """``select`` with the values as the axes have them; ValueError for what is no axis, or is drawn."""
    found = {}
    for axis, value in dict(select or {}).items():
        free = [str(d) for d in ds.dims if d not in (*INNER, *kept) and d in ds.coords]
        if axis not in free:
            allowed = "axes not drawn: " + ", ".join(free) if free else "nothing: the Dataset has no other axes"
            raise InvalidArgument("select", axis, allowed)
        found[axis] = ds[axis].values.tolist()[index_of(ds, axis, {axis: value})]
    return found


def all_selected(ds: xr.Dataset, variable: str, kept: tuple[str, ...], select: Mapping[str, Any]) -> dict[str, Any]:
    """``select``, and the only value of every other axis; ValueError naming an axis that needs a value."""
    rest = [axis for axis in axes_of(ds, variable) if axis not in kept]
    return dict(select) | {axis: ds[axis].values.tolist()[index_of(ds, axis, select)] for axis in rest}


def scale_of(ds: xr.Dataset, name: str) -> Scale:
    """The axis ``name`` of a map."""
    values = ds[name].values
    label = axis_label(ds, name)
    if values.dtype.kind not in "fiub":
        values = values.astype(str)
        places = np.arange(len(values), dtype=float)
        return Scale(name, label, LIST, values, np.arange(len(values)), places, cell_edges(places, False))
    order = np.argsort(values, kind="stable")
    ordered = values[order].astype(float)
    if not np.isfinite(ordered).all():
        places = np.arange(len(ordered), dtype=float)
        return Scale(name, label, LIST, ordered, order, places, cell_edges(places, False))
    log = is_geometric(ordered)
    return Scale(name, label, LOG if log else LINEAR, ordered, order, ordered, cell_edges(ordered, log))


def is_geometric(values: np.ndarray) -> bool:
    """Whether increasing values stand more evenly on a logarithmic axis; of two, whether they span a factor of 5."""
    if len(values) < 2 or values[0] <= 0:
        return False
    if len(values) == 2:
        return bool(values[1] >= 5 * values[0])
    uneven = [float(np.std(step) / np.mean(step)) for step in (np.diff(values), np.diff(np.log(values)))]
    return uneven[1] < uneven[0]


def cell_edges(places: np.ndarray, log: bool) -> np.ndarray:
    """Edges (n + 1,) of cells around increasing places (n,): halfway between them, the outer ones as far outside."""
    u = np.log(places) if log else np.asarray(places, dtype=float)
    if len(u) == 1:
        half = 0.5 if not log else 0.1
        edges = np.array([u[0] - half, u[0] + half])
    else:
        middle = (u[1:] + u[:-1]) / 2
        edges = np.concatenate([[2 * u[0] - middle[0]], middle, [2 * u[-1] - middle[-1]]])
    return np.exp(edges) if log else edges
