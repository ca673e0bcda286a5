"""How the cells of a map look: colours and their bar, why a cell has none, and where theory cannot be trusted."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.colors import BoundaryNorm, Colormap, ListedColormap, LogNorm, Normalize

from cumulode.theory.user_input.arguments import InvalidArgument, real
from cumulode.validation.plots.roles import PALETTE
from cumulode.validation.plots.style import halo
from cumulode.validation.plots.words import SGD, quantity_label, reduction_label

from .axes import cell_edges, plain_log_ticks
from .cells import FAILED, INFINITE, NONE, PENDING, distrust, flags_of

if TYPE_CHECKING:
    from .map import PhaseMap

#: Colours of unpatterned, oscillatory, localised, decayed and further classes, told apart in grey as well.
CLASS_COLOURS = ("#DCE6EE", "#E69F00", PALETTE[0], "#3F3244", *PALETTE[1:4], "#F0E442", PALETTE[-1])
#: A colour scale is logarithmic where its ends differ by more than this factor.
LOG_FROM = 30.0
#: Why a cell has no colour: grey of the cell, words in the legend.
STATES = {PENDING: ("0.88", "pending"), FAILED: ("0.55", "failed"), NONE: ("1.0", "no value"), INFINITE: ("1.0", "")}
INFINITIES = {"time_to_localise": "not localised by the end", "wavelength": "uniform: no wavelength"}
NO_SHAPE = "no value (weights that decayed to 0 have no shape)"
CROSS: dict[str, Any] = {"marker": "x", "markersize": 2.5, "markeredgewidth": 0.6}
DOT: dict[str, Any] = {"marker": ".", "markersize": 2.5, "markeredgewidth": 0, "path_effects": halo(0.8)}


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


def draw_states(ax: Axes, shown: PhaseMap) -> None:
    """Grey where a cell has no number, crosses where seeds are missing, dots where classes are tied."""
    for state, (grey, words) in STATES.items():
        words = words or INFINITIES.get(shown.variable.removeprefix(SGD), "infinite")
        words = NO_SHAPE if state == NONE and _has_decayed(shown) else words
        _fill(ax, shown, shown.cells.state == state, words, facecolor=grey)
    for here, words, style in (
        (shown.cells.partial, "some seeds pending or failed", CROSS),
        (shown.cells.tied, "tie between classes: the lower on the bar is shown", DOT),
    ):
        row, column = np.nonzero(here)
        if row.size:
            x, y = shown.x.places[column], shown.y.places[row]
            ax.plot(x, y, color="0.1", linestyle="none", label=words, **style)


def _has_decayed(shown: PhaseMap) -> bool:
    """Whether the file knows fields that decayed, of the same runs."""
    pattern = f"{SGD if shown.variable.startswith(SGD) else ''}pattern"
    flags = flags_of(shown.ds, pattern) if pattern in shown.ds else None
    codes = [code for code, name in (flags or {}).items() if name == "decayed"]
    return bool(codes) and bool((shown.ds[pattern] == codes[0]).any())


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
