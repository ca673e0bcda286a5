"""Figure of a match: fields of a fully connected network beside the filters of a convolutional one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure

from .parts import COLOURS, axes_or_new

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from cumulode.validation.receptive_fields.matching import Match

_APART = 0.12  # of a panel's width, between field and filter


def plot_match(match: Match, ax: Axes | None = None) -> Axes:
    """A row for each field, left, with its aligned filter, right, and their correlation.

    Each is scaled to its largest weight; on a ring both are moved so that the field's peak stands in the middle, on a
    torus drawn as images, white at 0.

    Parameters
    ----------
    match : Match
        From ``cumulode.match_fields``.
    ax : Axes, optional
        Default: a new figure that pyplot does not know.
    """
    own, ax = ax is None, axes_or_new(ax)
    figure = ax.figure
    if own and isinstance(figure, Figure):  # rows keep their height, however many
        figure.set_figheight(max(3.0, 1.2 + 0.55 * len(match.fields)))
    draw = _draw_torus if len(match.shape) == 2 else _draw_ring
    across = match.shape[-1]
    right = across * (1 + _APART)
    for k, (field, filter_, r) in enumerate(zip(match.fields, match.aligned, match.correlation, strict=True)):
        for row, start, colour in ((field, 0.0, COLOURS["theory"]), (filter_, right, COLOURS["sgd"])):
            draw(ax, row / np.abs(row).max(), start, -k, colour, field, match.shape)
        ax.text(right + across * (1 + _APART / 2), -k, f"{r:.3f}", va="center", fontsize=9)
    ax.text(right + across * (1 + _APART / 2), 0.75, "correlation", va="center", fontsize=9)
    ax.set(xlim=(-1, right + across * 1.35), ylim=(-len(match.fields) + 0.4, 1.0), yticks=[], aspect="auto")
    ax.set_xticks([across / 2, right + across / 2], ["fully connected: field", "convolutional: aligned filter"])
    ax.tick_params(length=0)
    for side in ax.spines.values():
        side.set_visible(False)
    return ax


def _draw_ring(
    ax: Axes, row: np.ndarray, start: float, level: float, colour: str, field: np.ndarray, shape: tuple[int, ...]
) -> None:
    moved = np.roll(row, shape[0] // 2 - int(np.argmax(np.abs(field))))
    x = start + np.arange(shape[0])
    ax.plot(x[[0, -1]], [level, level], color="0.8", linewidth=0.8, zorder=1)
    ax.plot(x, level + 0.42 * moved, color=colour, linewidth=1.4, zorder=3)


def _draw_torus(
    ax: Axes, row: np.ndarray, start: float, level: float, colour: str, field: np.ndarray, shape: tuple[int, ...]
) -> None:
    extent = (start, start + shape[1], level - 0.45, level + 0.45)
    ax.imshow(row.reshape(shape), cmap="RdBu_r", vmin=-1, vmax=1, extent=extent, aspect="auto", interpolation="nearest")
