"""Figure of a match: each field of a fully connected network, and the filter of a convolutional one next to it."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from cumulode.validation.receptive_fields.matching import Match

from .roles import COLOURS
from .style import axes_or_new, styled

#: Of a field's width, between field and filter.
APART = 0.12


@styled()
def plot_match(match: Match, ax: Axes | None = None) -> Axes:
    """A row for each field, left, with its aligned filter, right, and their correlation.

    Each is scaled to its largest weight; on a ring both are moved so that the field's peak stands in the middle, on a
    torus drawn as images, white at 0. ``match`` is from ``cumulode.match_fields``; without ``ax`` a new figure is made.
    """
    own, ax = ax is None, axes_or_new(ax)
    if own and isinstance(ax.figure, Figure):  # rows keep their height, however many
        ax.figure.set_figheight(max(3.0, 1.2 + 0.55 * len(match.fields)))
    across = match.shape[-1]
    right = across * (1 + APART)
    end = right + across * (1 + APART / 2)
    for k, (field, filter_, r) in enumerate(zip(match.fields, match.aligned, match.correlation, strict=True)):
        for row, start, colour in ((field, 0.0, COLOURS["theory"]), (filter_, right, COLOURS["sgd"])):
            w = row / np.abs(row).max()
            if len(match.shape) == 2:
                extent = (start, start + across, -k - 0.45, -k + 0.45)
                ax.imshow(w.reshape(match.shape), cmap="RdBu_r", vmin=-1, vmax=1, extent=extent, aspect="auto")
                continue
            w = np.roll(w, across // 2 - int(np.argmax(np.abs(field))))
            ax.plot([start, start + across - 1], [-k, -k], color="0.8", linewidth=0.8, zorder=1)
            ax.plot(start + np.arange(across), -k + 0.42 * w, color=colour, zorder=3)
        ax.text(end, -k, f"{r:.3f}", va="center")
    ax.text(end, 0.75, "correlation", va="center")
    ax.set(xlim=(-1, right + across * 1.35), ylim=(-len(match.fields) + 0.4, 1.0), yticks=[], aspect="auto")
    names = (f"{who}\n({across} sites across)" for who in ("fully connected: field", "convolutional: aligned filter"))
    ax.set_xticks([across / 2, right + across / 2], list(names))
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    return ax
