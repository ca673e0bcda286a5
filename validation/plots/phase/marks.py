"""What is marked cell by cell: why one has no number, where seeds are missing, and where theory cannot be trusted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection

from cumulode.validation.plots.style import halo
from cumulode.validation.plots.words import SGD

from .cells import FAILED, INFINITE, NONE, PENDING, distrust

if TYPE_CHECKING:
    from .map import PhaseMap

#: Why a cell has no colour: grey of the cell, words in the legend.
STATES = {PENDING: ("0.88", "pending"), FAILED: ("0.55", "failed"), NONE: ("1.0", "no value"), INFINITE: ("1.0", "")}
INFINITIES = {"time_to_localise": "not localised by the end", "wavelength": "uniform: no wavelength"}
CROSS: dict[str, Any] = {"marker": "x", "markersize": 2.5, "markeredgewidth": 0.6}
DOT: dict[str, Any] = {"marker": ".", "markersize": 2.5, "markeredgewidth": 0, "path_effects": halo(0.8)}


def draw_states(ax: Axes, shown: PhaseMap) -> None:
    """Grey where a cell has no number, crosses where seeds are missing, dots where classes are tied."""
    for state, (grey, words) in STATES.items():
        words = words or INFINITIES.get(shown.variable.removeprefix(SGD), "infinite")
        _fill(ax, shown, shown.cells.state == state, words, facecolor=grey)
    for here, words, style in (
        (shown.cells.partial, "some seeds pending or failed", CROSS),
        (shown.cells.tied, "tie between classes: the lower on the bar is shown", DOT),
    ):
        row, column = np.nonzero(here)
        if row.size:
            x, y = shown.x.places[column], shown.y.places[row]
            ax.plot(x, y, color="0.1", linestyle="none", label=words, **style)


def draw_hatching(ax: Axes, shown: PhaseMap, mesh: Any) -> None:
    """Hatch cells where runs are not trusted: white on dark cells, black on bright ones."""
    if shown.variable == "trusted":
        return  # that map shows it by its colours
    share, unknown = distrust(shown.ds, shown.variable, shown.dims, shown.over)
    dark = mesh.to_rgba(mesh.get_array())[..., :3] @ np.array([0.299, 0.587, 0.114]) < 0.5
    for here, pattern, words in (
        ((share > 0) & (share < 0.5), "///", "closure not trusted: some seeds"),
        (share >= 0.5, "xxxx", "closure not trusted: half the seeds or more"),
        (unknown, "..", "closure's validity unknown"),
    ):
        for ink, part in (("0.1", here & ~dark), ("1.0", here & dark)):
            _fill(ax, shown, part, words, facecolor="none", edgecolor=ink, hatch=pattern, zorder=2.5)


def _fill(ax: Axes, shown: PhaseMap, here: np.ndarray, words: str, hatch: str | None = None, **style: Any) -> None:
    """Fill or hatch the cells marked, neighbours in a row as one; a patch for the legend."""
    if not here.any():
        return
    x, y = shown.x.edges, shown.y.edges
    boxes = []
    for row, marked in enumerate(here):
        ends = np.flatnonzero(np.diff(np.concatenate([[0], marked.astype(int), [0]])))
        for a, b in ends.reshape(-1, 2):
            boxes.append([(x[i], y[j]) for i, j in ((a, row), (b, row), (b, row + 1), (a, row + 1))])
    cells = PolyCollection(boxes, hatch=hatch, linewidth=0, label=f"_{words}", **style)
    cells.set_rasterized(hatch is None)  # no seams between cells in PDF and SVG
    ax.add_collection(cells, autolim=False)
    face = "0.9" if hatch else style["facecolor"]
    ax.fill([], [], facecolor=face, edgecolor="0.1", hatch=hatch, linewidth=0 if hatch else 0.6, label=words)
