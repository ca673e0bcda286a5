"""Measured boundaries over a map: critical values with error bars, theory filled, SGD open; refined ones as a line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from cumulode.theory.user_input.arguments import InvalidArgument

from .belonging import check_belongs
from .legend import draw_legend
from .maps import plane_of
from .overlays import halo
from .planes import Plane
from .words import IPR_TIMES_D, SGD, json_of, value_label

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes

_STYLES: dict[str, dict[str, Any]] = {
    "theory": {"marker": "o", "markerfacecolor": "black", "markeredgecolor": "white"},
    "sgd": {"marker": "s", "markerfacecolor": "white", "markeredgecolor": "black"},
}
#: The line of refine_boundary: white with a black rim, as no other line of a map.
_LINE: dict[str, Any] = {"color": "white", "linewidth": 1.2}
_WORDS = {"theory": "boundary, theory", "sgd": "boundary, SGD"}
_QUANTITIES = {"ipr_times_D": IPR_TIMES_D, "ipr": "IPR", "norm": "|w|", "amplitude": "largest |weight|"}


def boundary_symbols(
    ax: Axes, theory: xr.Dataset | None = None, sgd: xr.Dataset | None = None, *, legend: bool = True
) -> Axes:
    """Critical values with error bars of one standard error over a map: theory filled, SGD open.

    Parameters
    ----------
    ax : Axes
        That ``phase_map`` drew in.
    theory : xarray.Dataset
        From ``boundary``: ``critical`` and ``standard_error`` over one dimension, an axis of the map, with the other
        axis of the map in the attribute ``axis``; NaN where there is none. Or from ``refine_boundary``, drawn as a
        line. What lies outside the map is left out.
    sgd : xarray.Dataset
        From ``boundary(simulate=True)``: the same with ``sgd_critical`` and ``sgd_standard_error``.
    legend : bool
        Add them to the map's legend.

    Raises
    ------
    ValueError
        If neither is given; if one has not the map's axes, or its problem (apart from these axes), start, time,
        closure, quantity or level is another, where both tell it.
    """
    plane = plane_of(ax)
    given = {"theory": theory, "sgd": sgd}
    if theory is None and sgd is None:
        raise InvalidArgument("theory", None, "at least one of theory and sgd")
    for role, ds in given.items():
        if ds is not None and role == "theory" and "vertex" in ds.dims:
            _draw_refined(ax, plane, ds)
        elif ds is not None:
            _draw(ax, plane, ds, role)
    if legend:
        draw_legend(ax, plane.entries)
    return ax


def _draw(ax: Axes, plane: Plane, ds: xr.Dataset, role: str) -> None:
    from matplotlib.lines import Line2D

    own, along, critical, error = _read(plane, ds, role, SGD if role == "sgd" else "")
    check_belongs(plane, ds, role)
    place = plane.x if plane.x.name == own else plane.y
    other = plane.y if place is plane.x else plane.x
    v, at = place.place(critical), other.place(ds[along].values)
    inside = (v >= place.edges[0]) & (v <= place.edges[-1]) & (at >= other.edges[0]) & (at <= other.edges[-1])
    v, at, error = v[inside], at[inside], np.nan_to_num(error[inside])
    style: dict[str, Any] = {"color": "black", "linestyle": "none", "markersize": 5.0, **_STYLES[role]}
    across = place is plane.x
    drawn = ax.errorbar(
        v if across else at,
        at if across else v,
        xerr=error if across else None,
        yerr=None if across else error,
        elinewidth=1.2,
        capsize=2.5,
        zorder=5,
        label=f"_{role}",
        **style,
    )
    for bar in drawn.lines[2]:
        bar.set_path_effects(halo(2.6))
    plane.entries.append((Line2D([], [], **style), _words(ds, role, "standard error", inside.any())))


def _draw_refined(ax: Axes, plane: Plane, ds: xr.Dataset) -> None:
    """The polyline of ``refine_boundary``, a piece for each number in ``line``."""
    from matplotlib.lines import Line2D
    from matplotlib.patheffects import withStroke

    names = [f"boundary_{scale.name}" for scale in (plane.x, plane.y)]
    own = sorted(str(name) for name in ds.data_vars if str(name).startswith("boundary_"))
    if own != sorted(names) or "line" not in ds:
        got = " and ".join(name.removeprefix("boundary_") for name in own) or ", ".join(map(str, ds.data_vars))
        raise InvalidArgument("theory", got, f"a boundary in the axes of the map, {plane.x.name} and {plane.y.name}")
    check_belongs(plane, ds, "theory")
    x, y = (scale.place(ds[name].values) for scale, name in zip((plane.x, plane.y), names, strict=True))
    inside = [(v >= s.edges[0]) & (v <= s.edges[-1]) for v, s in ((x, plane.x), (y, plane.y))]
    style = _LINE | {"path_effects": [withStroke(linewidth=2.8, foreground="black")]}
    for number in np.unique(ds["line"].values):
        on = ds["line"].values == number
        ax.plot(x[on], y[on], **style, zorder=4.2, label="_refined")
    reached = ds.attrs.get("reached")
    how = "refined" if reached is None else f"to {100 * float(reached):.2g} % of each axis"
    plane.entries.append((Line2D([], [], **style), _words(ds, "theory", how, bool((inside[0] & inside[1]).any()))))


def _read(plane: Plane, ds: xr.Dataset, role: str, prefix: str) -> tuple[str, str, np.ndarray, np.ndarray]:
    """Axis of the critical value, axis along, values, standard errors."""
    needed = (f"{prefix}critical", f"{prefix}standard_error")
    lost = [name for name in needed if name not in ds]
    if lost:
        of = "boundary(simulate=True)" if prefix else "boundary or refine_boundary"
        raise InvalidArgument(
            role, ", ".join(map(str, ds.data_vars)), f"a Dataset of {of}, with {' and '.join(needed)}"
        )
    own = str(ds.attrs.get("axis", ds[needed[0]].attrs.get("axis", "")))
    dims = [str(d) for d in ds[needed[0]].dims]
    if len(dims) != 1 or {own, *dims} != {plane.x.name, plane.y.name}:
        got = f"critical {own or 'values'} along {', '.join(dims)}"
        raise InvalidArgument(role, got, f"a boundary in the axes of the map, {plane.x.name} and {plane.y.name}")
    return own, dims[0], ds[needed[0]].values.astype(float), ds[needed[1]].values.astype(float)


def _words(ds: xr.Dataset, role: str, how: str, seen: bool) -> str:
    """Whose boundary, of which average (a map's contour is of another: the median's, say), how well known."""
    settings = json_of(ds.attrs, "settings")
    quantity = settings.get("quantity", ds.attrs.get("quantity"))
    named = _QUANTITIES.get(str(quantity), str(quantity))
    mean = f": mean of ln({named}) over starts" if quantity else ""
    of = ""
    for name in ("learning_rate", "batch_size") if role == "sgd" else ():
        value = settings.get(name, ds.attrs.get(name))
        of += "" if value is None else ", " + value_label(name, float(value)).replace(" ", "\u00a0")
    return f"{_WORDS[role]}{mean} ({how}{of})" + ("" if seen else ", none within the map")
