"""What is marked cell by cell: why one has no number, where seeds are missing, and where classes are tied."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .overlays import halo
from .planes import Plane
from .values import FAILED, INFINITE, NONE, PENDING, Cells
from .words import SGD

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Why a cell has no colour: grey of the cell, words in the legend.
STATES = {PENDING: ("0.88", "pending"), FAILED: ("0.55", "failed"), NONE: ("1.0", "no value"), INFINITE: ("1.0", "")}
_INFINITE = {"time_to_localise": "not localised by the end", "wavelength": "uniform: no wavelength"}


def draw_states(ax: Axes, plane: Plane, shade: Cells, variable: str) -> None:
    """Cells without a number, one mesh a reason; crosses where seeds are missing; dots where classes are tied."""
    from matplotlib.colors import ListedColormap
    from matplotlib.patches import Patch

    for state, (grey, words) in STATES.items():
        here = shade.state == state
        if not here.any():
            continue
        words = words or _INFINITE.get(variable.removeprefix(SGD), "infinite")
        patch = np.ma.masked_array(np.ones(here.shape), ~here)
        mesh = ax.pcolormesh(plane.x.edges, plane.y.edges, patch, cmap=ListedColormap([grey]), label=f"_{words}")
        mesh.set_rasterized(True)
        plane.entries.append((Patch(facecolor=grey, edgecolor="0.4", linewidth=0.6), words))
    cross = {"marker": "x", "color": "0.1", "markersize": 2.5, "markeredgewidth": 0.6}
    _mark(ax, plane, shade.partial, "partial", "some seeds pending or failed", cross)
    dot = {"marker": ".", "color": "0.1", "markersize": 2.5, "markeredgewidth": 0, "path_effects": halo(0.8)}
    _mark(ax, plane, shade.tied, "tied", "tie between classes: the lower on the bar is shown", dot)


def _mark(ax: Axes, plane: Plane, here: np.ndarray, label: str, words: str, style: dict[str, Any]) -> None:
    """A symbol in the middle of the cells marked, and its words in the legend."""
    from matplotlib.lines import Line2D

    if not here.any():
        return
    row, column = np.nonzero(here)
    own: dict[str, Any] = style | {"linestyle": "none"}
    ax.plot(plane.x.places[column], plane.y.places[row], **own, label=f"_{label}")
    plane.entries.append((Line2D([], [], **own | {"markersize": 4.0}), words))
