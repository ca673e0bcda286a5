"""Which curves a figure of slices has: the axis along x, the axis with a curve a value, and how each looks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from cumulode.theory.user_input.arguments import InvalidArgument

from .planes import axes_of, check_select
from .words import SGD, value_label

if TYPE_CHECKING:
    import xarray as xr

#: Okabe and Ito's, without the yellow that thin lines lose on white; symbols tell curves apart in grey.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
CURVES = len(COLOURS)


@dataclass(frozen=True)
class Curve:
    """A value of the axis along, its colour and symbol, and what is selected for it."""

    label: str
    colour: str
    marker: str
    select: dict[str, Any]


def all_axes(ds: xr.Dataset, variable: str) -> list[str]:
    """Axes of the variable and of its SGD counterpart."""
    axes = axes_of(ds, variable)
    twin = SGD + variable
    return axes + ([a for a in axes_of(ds, twin) if a not in axes] if twin in ds else [])


def which(
    ds: xr.Dataset, variable: str, axes: list[str], x: str | None, along: Any, select: Mapping[str, Any] | None
) -> tuple[str, str | None, Sequence[Any] | None]:
    """Abscissa, axis along (or None), its values asked for (or None)."""
    name, values = (None, None) if along is None else (along, None)
    if isinstance(along, Mapping):
        if len(along) != 1:
            raise InvalidArgument("along", dict(along), "one axis and its values")
        name, values = next(iter(along.items()))
    for argument, axis in (("x", x), ("along", name)):
        if axis is not None and axis not in axes:
            raise InvalidArgument(argument, axis, f"an axis of {variable}: " + ", ".join(axes))
    if x is not None and x == name:
        raise InvalidArgument("along", name, f"an axis other than x = {x}")
    if x is None:
        free = [a for a in axes if a != name and a not in (select or {})]
        free.sort(key=lambda a: ds.sizes[a] == 1)
        if not free:
            raise InvalidArgument("x", x, "an axis: " + ", ".join(axes))
        x = free[0]
    return x, name, values


def curves_of(ds: xr.Dataset, name: str | None, values: Any, select: dict[str, Any]) -> list[Curve]:
    """One for each value along; one without a name where there is no such axis."""
    if name is None:
        return [Curve("", COLOURS[0], MARKERS[0], select)]
    axis = np.sort(ds[name].values) if ds[name].dtype.kind in "fiu" else ds[name].values
    if values is None:
        chosen = axis[np.unique(np.round(np.linspace(0, len(axis) - 1, min(CURVES, len(axis)))).astype(int))].tolist()
    else:
        asked = [values] if isinstance(values, (str, float, int)) else list(values)
        if not 1 <= len(asked) <= CURVES:
            raise InvalidArgument("along", f"{len(asked)} values of {name}", f"1 to {CURVES}")
        try:
            chosen = [check_select(ds, {name: v}, ())[name] for v in asked]
        except InvalidArgument as error:
            raise error.about("along") from None
    return [Curve(value_label(name, v), COLOURS[i], MARKERS[i], select | {name: v}) for i, v in enumerate(chosen)]


def own_curves(ds: xr.Dataset, variable: str, name: str | None, curves: list[Curve]) -> list[Curve]:
    """The curves of a variable: one in black where it does not depend on the axis along (theory, learning rate)."""
    if name is None or name in ds[variable].dims:
        return curves
    rest = {axis: v for axis, v in curves[0].select.items() if axis != name}
    return [Curve("", "black", "o", rest)]
