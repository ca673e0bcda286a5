"""What the claims' figures share: bands over seeds, fields side by side, colours."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cumulode.validation.plots.roles import COLOURS, TIME
from cumulode.validation.receptive_fields.localised import localised
from cumulode.validation.receptive_fields.metrics import centre

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LOW, HIGH, CONTROL, OTHER = COLOURS["sgd"], COLOURS["theory"], COLOURS["control"], COLOURS["control_sgd"]
SINUSOID = 1.5
IPR = r"IPR $\times$ D"


def band(ax: Axes, t: np.ndarray, values: np.ndarray, colour: str, label: str, style: str = "-") -> None:
    """Mean over runs of ``values`` (n, T), and their standard deviation on either side."""
    mean = values.mean(axis=0)
    ax.plot(t, mean, color=colour, label=label, linestyle=style, linewidth=1.8)
    if len(values) > 1:
        sd = values.std(axis=0, ddof=1)
        ax.fill_between(t, mean - sd, mean + sd, color=colour, alpha=0.2, linewidth=0)


def participation(ax: Axes, limit: float | None = None) -> None:
    """Labels of IPR x D over time, a sinusoid's value and the criterion."""
    ax.axhline(SINUSOID, color="0.3", linestyle=":", linewidth=1)
    if limit is not None:
        ax.axhline(limit, color="0.6", linestyle=(0, (6, 3)), linewidth=1)
    ax.set(xlabel=TIME, ylabel=IPR)
    ax.set_ylim(bottom=0)
    legend(ax)


def legend(ax: Axes) -> None:
    """Above the Axes, where it hides nothing."""
    ax.legend(loc="lower left", bbox_to_anchor=(0, 1), frameon=False, fontsize=8)


def fields(ax: Axes, w: np.ndarray, colour: str, spread: float | None = None) -> None:
    """Fields (K, D), one above the other, on one scale, a dot at the centre of each that is localised."""
    step = spread or 2.1 * float(np.abs(w).max()) or 1.0
    for k, row in enumerate(w):
        ax.axhline(k * step, color="0.85", linewidth=0.6, zorder=0)
        ax.plot(np.arange(row.size), row + k * step, color=colour, linewidth=1.2)
        if localised(row):
            ax.plot([float(centre(row))], [k * step], "o", color=colour, markersize=3)
    ax.set(xlabel="site", yticks=[], xlim=(0, w.shape[1] - 1))
