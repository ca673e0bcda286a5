"""The axes of a map: where their values stand on the paper, and what is selected on all others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.ticker import LogLocator, NullFormatter, StrMethodFormatter

from cumulode.theory.user_input.arguments import Described, InvalidArgument, instance
from cumulode.validation.plots.words import axis_label

#: Dimensions that are no axes of the sweep.
INNER = ("seed", "site", "crossing")
#: A value selected may differ from the axis's by this part, so that numbers can be typed as they are printed.
NEAR = 0.01
#: An axis of at most so many values, of few digits, has its ticks there, at least so far apart (of its length).
FEW, APART = 7, 0.09
Number = (int, float, np.number)


@dataclass(frozen=True)
class MapAxis:
    """One axis of a map: its values in order, and where they stand.

    ``places`` (n,) and ``edges`` (n + 1,) are data coordinates of the Axes. ``listed``: words, or numbers among them
    an infinity, stand in equal steps.
    """

    name: str
    label: str
    values: np.ndarray
    log: bool
    listed: bool
    places: np.ndarray
    edges: np.ndarray

    @classmethod
    def of(cls, ds: xr.Dataset, name: str) -> MapAxis:
        """The axis ``name`` of a Dataset that is sorted along it."""
        values = ds[name].values
        words = values.dtype.kind not in "fiub"
        values = values.astype(str if words else float)
        listed = words or not np.isfinite(values).all()
        log = not listed and _geometric(values)
        places = np.arange(len(values), dtype=float) if listed else values
        return cls(name, axis_label(ds, name), values, log, listed, places, cell_edges(places, log))

    @property
    def words(self) -> bool:
        return self.values.dtype.kind == "U"

    def to_unit(self, places: Any) -> np.ndarray:
        """Places (data coordinates) as fractions of the axis, equal steps of which look equal."""
        u, ends = (np.log(a) if self.log else np.asarray(a) for a in (places, self.edges[[0, -1]]))
        return np.asarray((u - ends[0]) / (ends[1] - ends[0]))

    def from_unit(self, u: Any) -> np.ndarray:
        """The inverse of ``to_unit``."""
        ends = np.log(self.edges[[0, -1]]) if self.log else self.edges[[0, -1]]
        places = ends[0] + np.asarray(u) * (ends[1] - ends[0])
        return np.asarray(np.exp(places) if self.log else places)

    def place(self, values: Any) -> np.ndarray:
        """Where any values of the axis's parameter stand; NaN where they have no place."""
        if not self.listed:
            return np.asarray(values, dtype=float)
        known = dict(zip(self.values.tolist(), self.places.tolist(), strict=True))
        finite = [] if self.words else [v for v in known if np.isfinite(v)]
        at = [known[v] for v in finite]

        def one(v: Any) -> float:
            return known.get(v, float(np.interp(v, finite, at, np.nan, np.nan)) if finite else np.nan)

        return np.reshape([one(v) for v in np.atleast_1d(values).tolist()], np.shape(values))

    def holds(self, places: np.ndarray) -> np.ndarray:
        """Which places are within the map."""
        return np.asarray((places >= self.edges[0]) & (places <= self.edges[-1]))

    def nearest(self, value: Any) -> int:
        """Index of the value nearest to ``value``, which must lie within the axis's cells."""
        numeric = isinstance(value, Number) and not self.words
        there = isinstance(value, str) if self.words else numeric and (value > 0 or not self.log)
        u = float(self.to_unit(self.place(value))) if there else np.nan
        if not 0 <= u <= 1:
            got = f"{self.name} = {value:g}" if numeric else f"{self.name} = {value!r}"
            raise InvalidArgument("points", Described(got), f"values from {shown(self.values)}")
        return int(np.argmin(np.abs(self.to_unit(self.places) - u)))

    def draw(self, ax: Axes, which: str) -> None:
        """Scale, limits, ticks and label of the Axes's ``which`` axis, "x" or "y"."""
        axis: Axis = getattr(ax, f"{which}axis")
        ax.set(**{f"{which}scale": "log" if self.log else "linear", f"{which}label": self.label})
        ax.set(**{f"{which}lim": (self.edges[0], self.edges[-1])})
        if self.listed:
            every = max(1, -(-len(self.values) // 12))
            named = [v if self.words else r"$\infty$" if np.isinf(v) else f"{v:.3g}" for v in self.values]
            axis.set_ticks(self.places[::every].tolist(), labels=named[::every])
        elif few := self._few():
            axis.set_ticks(few, labels=[f"{v:g}" for v in few])
            axis.set_ticks([], minor=True)
        elif self.log:
            plain_log_ticks(axis)

    def _few(self) -> list[float]:
        """The values as ticks, none too near the one before; none where the scale's own ticks say more."""
        if len(self.values) > FEW or any(float(f"{v:.3g}") != round(v, 12) for v in self.values):
            return []
        kept: list[float] = []
        for value in self.values.tolist():
            if not kept or self.to_unit(value) - self.to_unit(kept[-1]) >= APART:
                kept.append(value)
        return kept


def plain_log_ticks(axis: Axis) -> None:
    """0.1, 1, 10 rather than powers."""
    low, high = axis.get_view_interval()
    wide = high / low > 200  # else decades alone would leave few ticks
    axis.set_major_locator(LogLocator(subs=(1.0,) if wide else (1.0, 2.0, 5.0)))
    axis.set_major_formatter(StrMethodFormatter("{x:g}"))
    axis.set_minor_formatter(NullFormatter())


def cell_edges(places: np.ndarray, log: bool) -> np.ndarray:
    """Edges (n + 1,) of cells around increasing places (n,): halfway between them, the outer ones as far outside."""
    u = np.log(places) if log else np.asarray(places, dtype=float)
    half = np.diff(u) / 2 if len(u) > 1 else np.array([0.1 if log else 0.5])
    edges = np.concatenate([[u[0] - half[0]], (u[1:] + u[:-1]) / 2, [u[-1] + half[-1]]])
    return np.exp(edges) if log else edges


def _geometric(values: np.ndarray) -> bool:
    """Whether increasing values stand more evenly on a logarithmic axis; of two, whether they span a factor of 5."""
    if len(values) < 2 or values[0] <= 0:
        return False
    if len(values) == 2:
        return bool(values[1] >= 5 * values[0])
    plain, logarithmic = (float(np.std(step) / np.mean(step)) for step in (np.diff(values), np.diff(np.log(values))))
    return logarithmic < plain


def shown(values: np.ndarray, wanted: Any = None) -> str:
    """All values, or first, last and number of many and the one next to ``wanted``, for messages."""
    if values.dtype.kind not in "fiub":
        return ", ".join(map(str, values.tolist()))
    listed = [f"{v:.4g}" for v in values]
    if len(listed) <= 8:
        return ", ".join(listed)
    near = f", nearest {listed[_nearest(values, wanted)]}" if isinstance(wanted, Number) else ""
    return f"{listed[0]} to {listed[-1]} ({len(listed)} values){near}"


def _nearest(values: np.ndarray, wanted: Any) -> int:
    """Index of the value equal to ``wanted``, or of the finite one nearest to it."""
    with np.errstate(invalid="ignore"):
        off = np.where(values == wanted, -1.0, np.abs(np.where(np.isfinite(values), values, np.inf) - wanted))
    return int(np.argmin(off))


def check_dataset(ds: object) -> None:
    """Raise InvalidArgument for what is no Dataset: the name of a file."""
    instance("ds", ds, xr.Dataset, "a Dataset of a phase diagram, for instance open_phase(path)")


def axes_of(ds: xr.Dataset, variable: str) -> list[str]:
    """The axes of the sweep that a variable depends on, in order; InvalidArgument for other things than numbers."""
    numbers = [str(n) for n, v in ds.data_vars.items() if "site" not in v.dims and v.dtype.kind in "fiub"]
    if variable not in numbers:
        drawable = ", ".join(n for n in numbers if not n.startswith("critical_"))
        raise InvalidArgument("variable", variable, f"a number at each point: one of {drawable}")
    return [str(d) for d in ds[variable].dims if d not in INNER]


def free_axes(
    ds: xr.Dataset, variable: str, axes: list[str], named: Mapping[str, str | None], select: Mapping[str, Any] | None
) -> list[str]:
    """Those of ``axes`` neither named (argument -> axis, one of them) nor selected; those with a single value last."""
    for argument, axis in named.items():
        if axis is not None and axis not in axes:
            raise InvalidArgument(argument, axis, f"an axis of {variable}: " + ", ".join(axes))
    free = [a for a in axes if a not in (*named.values(), *(select or {}))]
    return sorted(free, key=lambda a: ds.sizes[a] == 1)


def _index(ds: xr.Dataset, axis: str, select: Mapping[str, Any]) -> int:
    """Index of the value selected on an axis; InvalidArgument naming the axis and its values where none is."""
    values = ds[axis].values
    if axis not in select and len(values) == 1:
        return 0
    wanted = select.get(axis)
    if values.dtype.kind not in "fiub":
        names = values.astype(str).tolist()
        if str(wanted) in names:
            return names.index(str(wanted))
    elif isinstance(wanted, Number) and not isinstance(wanted, bool):
        near = _nearest(values, wanted)
        if np.isclose(values[near], wanted, rtol=NEAR, atol=0):
            return near
    got = f"{axis} = {wanted:g}" if isinstance(wanted, Number) else f"{axis} = {wanted}"
    got = got if axis in select else f"nothing for {axis}"
    raise InvalidArgument("select", Described(got), f"{axis}= one of {shown(values, wanted)}")


def check_select(ds: xr.Dataset, select: Mapping[str, Any] | None, kept: tuple[str, ...] = ()) -> dict[str, Any]:
    """``select`` with the values as the axes have them; InvalidArgument for what is no axis, or is drawn."""
    free = [str(d) for d in ds.dims if d not in (*INNER, *kept) and d in ds.coords]
    chosen = {}
    for axis, value in dict(select or {}).items():
        if axis not in free:
            allowed = "axes not drawn: " + ", ".join(free) if free else "nothing: the Dataset has no other axes"
            raise InvalidArgument("select", axis, allowed)
        chosen[axis] = ds[axis].values.tolist()[_index(ds, axis, {axis: value})]
    return chosen


def view(
    ds: xr.Dataset, variable: str, kept: tuple[str, ...], select: Mapping[str, Any] | None
) -> tuple[xr.Dataset, dict[str, Any]]:
    """The Dataset sorted along the axes ``kept``, at one value of all others of ``variable``; and these values.

    Axes of other variables alone stay, unless they are selected or have one value.
    """
    chosen = check_select(ds, select, kept)
    for axis in axes_of(ds, variable):
        if axis not in kept:
            chosen[axis] = ds[axis].values.tolist()[_index(ds, axis, chosen)]
    at = {axis: _index(ds, axis, chosen) for axis in chosen}
    at |= {str(d): 0 for d, n in ds.sizes.items() if n == 1 and d not in (*at, *kept, *INNER)}
    numbers = [axis for axis in kept if ds[axis].dtype.kind in "fiub"]
    return ds.isel(at).sortby(numbers), chosen
