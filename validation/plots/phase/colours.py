"""Colours of a map, and its colour bar."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.colors import BoundaryNorm, Colormap, ListedColormap, LogNorm, Normalize

from cumulode.theory.user_input.arguments import InvalidArgument, real
from cumulode.validation.plots.roles import PALETTE
from cumulode.validation.plots.words import quantity_label, reduction_label

from .axes import cell_edges, plain_log_ticks
from .cells import flags_of

if TYPE_CHECKING:
    from .map import PhaseMap

#: Colours of unpatterned, oscillatory, localised and further classes, told apart in grey as well.
CLASS_COLOURS = ("#DCE6EE", "#E69F00", *PALETTE[:4], "#F0E442", PALETTE[-1])
#: A colour scale is logarithmic where its ends differ by more than this factor.
LOG_FROM = 30.0


def norm_and_map(
    shown: PhaseMap, log: bool | None = None, limits: Any = None, cmap: Any = None
) -> tuple[Normalize, Colormap]:
    """Norm and colour map."""
    classes = flags_of(shown.ds, shown.variable)
    if classes is not None:
        if log is not None:
            raise InvalidArgument("log", log, f"only for numbers, not for classes such as {shown.variable}")
        edges = cell_edges(np.array([v for v in classes if v >= 0] or [0], dtype=float), False)
        return BoundaryNorm(edges, len(edges) - 1), ListedColormap(list(CLASS_COLOURS[: len(edges) - 1]))
    known = shown.cells.value[np.isfinite(shown.cells.value)]
    low, high = (known.min(), known.max()) if known.size else (0.0, 1.0)
    if limits is not None:
        low, high = _limits(limits)
    log = bool(low > 0 and high > LOG_FROM * low) if log is None else log
    if log and low <= 0:
        raise InvalidArgument("log", log, f"False where the colour scale begins at {low:.3g}")
    if low < 0 < high and limits is None:
        low, high = -max(-low, high), max(-low, high)
        return Normalize(low, high), colormaps[cmap or "RdBu_r"]
    if low == high:  # one colour, and a bar with ticks
        low, high = (low / 1.1, high * 1.1) if log else (low - 0.5, high + 0.5)
    return (LogNorm if log else Normalize)(low, high), colormaps[cmap or "viridis"]


def draw_bar(ax: Axes, shown: PhaseMap, mesh: Any) -> None:
    """The colour bar: named classes, or the quantity with its units and how seeds were reduced."""
    classes = flags_of(shown.ds, shown.variable)
    words, how = quantity_label(shown.ds, shown.variable), reduction_label(shown.ds, shown.variable, shown.over)
    label = f"{words}: {how}" if how else words
    if len(label) > 42:  # between the quantity and how seeds were reduced, if anywhere
        label = "\n".join([*textwrap.wrap(f"{words}:" if how else words, 42), *textwrap.wrap(how, 42)])
    bar = ax.figure.colorbar(mesh, ax=ax, label=label, pad=0.02)
    values = np.unique(mesh.get_array().compressed())
    if classes is not None:
        known = [v for v in classes if v >= 0]
        bar.set_ticks(known, labels=[classes[v] for v in known])
        bar.ax.tick_params(which="both", length=0)
    elif len(values) == 1:
        bar.set_ticks(values.tolist(), labels=[f"{values[0]:.4g}"])  # nothing else is on the map
        bar.ax.minorticks_off()
    elif isinstance(mesh.norm, LogNorm):
        plain_log_ticks(bar.ax.yaxis)


def _limits(limits: Any) -> tuple[float, float]:
    try:
        low, high = (real("limits", float(v)) for v in limits)
    except (TypeError, ValueError):
        low = high = 0.0
    if not low < high:
        raise InvalidArgument("limits", limits, "two finite numbers, the lower one first")
    return low, high
