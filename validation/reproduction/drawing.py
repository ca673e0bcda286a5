"""What the claims' figures share: bands over seeds, fields one above the other, IPR over time, colours."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from cumulode.validation.plots.roles import COLOURS, TIME
from cumulode.validation.receptive_fields.localised import MEDIAN_LOCALISED, localised
from cumulode.validation.receptive_fields.metrics import centre

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LOW, HIGH, CONTROL, OTHER = COLOURS["sgd"], COLOURS["theory"], COLOURS["control"], COLOURS["control_sgd"]
SINUSOID = 1.5
IPR = r"IPR $\times$ D"
DASHED = (0, (6, 3))


def band(ax: Axes, t: np.ndarray, values: np.ndarray, colour: str, label: str, style: str = "-") -> None:
    """Mean over runs of ``values`` (n, T), and their standard deviation on either side."""
    mean = values.mean(axis=0)
    ax.plot(t, mean, color=colour, label=label, linestyle=style, linewidth=1.8)
    if len(values) > 1:
        sd = values.std(axis=0, ddof=1)
        ax.fill_between(t, mean - sd, mean + sd, color=colour, alpha=0.2, linewidth=0)


def participation(ax: Axes, criterion: bool = True) -> None:
    """Labels of IPR x D over time, a sinusoid's value and the criterion of the claims."""
    ax.axhline(SINUSOID, color="0.3", linestyle=":", linewidth=1)
    if criterion:
        ax.axhline(MEDIAN_LOCALISED, color="0.6", linestyle=DASHED, linewidth=1)
    ax.set(xlabel=TIME, ylabel=IPR)
    ax.set_ylim(bottom=0)
    legend(ax)


def legend(ax: Axes) -> None:
    """Above the Axes, where it hides nothing."""
    ax.legend(loc="lower left", bbox_to_anchor=(0, 1), frameon=False, fontsize=8)


def fields(ax: Axes, w: np.ndarray, colour: str, title: str) -> None:
    """Fields (K, D), one above the other, on one scale, a dot at the centre of each that is localised."""
    step = 2.1 * float(np.abs(w).max()) or 1.0
    for k, row in enumerate(w):
        ax.axhline(k * step, color="0.85", linewidth=0.6, zorder=0)
        ax.plot(np.arange(row.size), row + k * step, color=colour, linewidth=1.2)
        if localised(row):
            ax.plot([float(centre(row))], [k * step], "o", color=colour, markersize=3)
    ax.set(xlabel="site", yticks=[], xlim=(0, w.shape[1] - 1))
    ax.set_title(title, fontsize=9)


def two_kinds(
    figure: Figure,
    pair: Iterable[tuple[np.ndarray, str, str]],
    curves: Iterable[tuple[np.ndarray, np.ndarray, str, str]],
) -> None:
    """Fields of two kinds side by side ((K, D), colour, title), and IPR x D over time (t, (n, T), colour, label)."""
    left, right, over = figure.subplots(1, 3, width_ratios=(1, 1, 1.4))
    for ax, (w, colour, title) in zip((left, right), pair, strict=True):
        fields(ax, w, colour, title)
    for t, values, colour, label in curves:
        band(over, t, values, colour, label)
    participation(over)


def dots(ax: Axes, values: Iterable[np.ndarray], colours: Iterable[str], labels: Iterable[str]) -> None:
    """All values of several sets, a column of dots each, with a bar at their median."""
    names = list(labels)
    for at, (column, colour) in enumerate(zip(values, colours, strict=True)):
        ax.plot(np.full(column.size, at), column, "o", color=colour, alpha=0.5, markersize=4)
        ax.plot([at - 0.2, at + 0.2], [np.median(column)] * 2, color=colour, linewidth=2.5)
    ax.set(xticks=range(len(names)), xticklabels=names, xlim=(-0.6, len(names) - 0.4))
