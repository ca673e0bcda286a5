"""Measured boundaries over a map: critical values with error bars, theory filled, SGD open."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from cumulode.theory.validate import complain

from .legend import draw_legend
from .maps import plane_of
from .overlays import halo
from .planes import Plane
from .words import SGD, value_label

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes

_STYLES: dict[str, dict[str, Any]] = {
    "theory": {"marker": "o", "markerfacecolor": "black", "markeredgecolor": "white"},
    "sgd": {"marker": "s", "markerfacecolor": "white", "markeredgecolor": "black"},
}
_WORDS = {"theory": "boundary, theory", "sgd": "boundary, SGD"}


def boundary_symbols(
    ax: Axes, theory: xr.Dataset | None = None, sgd: xr.Dataset | None = None, *, legend: bool = True
) -> Axes:
    """Critical values with error bars of one standard error over a map: theory filled, SGD open.

    Parameters
    ----------
    ax : Axes
        That ``phase_map`` drew in.
    theory, sgd : xarray.Dataset
        From ``boundary``: ``critical`` and ``standard_error`` over one dimension, an axis of the map, with the other
        axis of the map in the attribute ``axis``; ``sgd_critical`` and ``sgd_standard_error`` go before where SGD's are
        asked for. NaN where there is none; values outside the map are left out.
    legend : bool
        Add them to the map's legend.

    Raises
    ------
    ValueError
        If neither is given, or one does not belong to the map's axes.
    """
    plane = plane_of(ax)
    given = {"theory": theory, "sgd": sgd}
    if theory is None and sgd is None:
        raise complain("theory", None, "at least one of theory and sgd")
    for role, ds in given.items():
        if ds is not None:
            _draw(ax, plane, ds, role)
    if legend:
        draw_legend(ax, plane.entries)
    return ax


def _draw(ax: Axes, plane: Plane, ds: xr.Dataset, role: str) -> None:
    from matplotlib.lines import Line2D

    prefix = SGD if role == "sgd" and f"{SGD}critical" in ds else ""
    own, along, critical, error = _read(plane, ds, role, prefix)
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
    plane.entries.append((Line2D([], [], **style), _words(ds, role)))


def _read(plane: Plane, ds: xr.Dataset, role: str, prefix: str) -> tuple[str, str, np.ndarray, np.ndarray]:
    """Axis of the critical value, axis along, values, standard errors."""
    needed = (f"{prefix}critical", f"{prefix}standard_error")
    lost = [name for name in needed if name not in ds]
    if lost:
        raise complain(role, ", ".join(map(str, ds.data_vars)), f"a Dataset of boundary, with {' and '.join(needed)}")
    own = str(ds.attrs.get("axis", ds[needed[0]].attrs.get("axis", "")))
    dims = [str(d) for d in ds[needed[0]].dims]
    if len(dims) != 1 or {own, *dims} != {plane.x.name, plane.y.name}:
        got = f"critical {own or 'values'} along {', '.join(dims)}"
        raise complain(role, got, f"a boundary in the axes of the map, {plane.x.name} and {plane.y.name}")
    return own, dims[0], ds[needed[0]].values.astype(float), ds[needed[1]].values.astype(float)


def _words(ds: xr.Dataset, role: str) -> str:
    rate = ds.attrs.get("learning_rate")
    of = f", {value_label('learning_rate', float(rate))}" if role == "sgd" and rate is not None else ""
    return f"{_WORDS[role]} (standard error{of})"
