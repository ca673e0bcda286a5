"""Figure of a network's run: the IPR of every unit, coloured by the sign of its bias."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes

from cumulode.numerics.result import Result, time_units

from .roles import COLOURS
from .runs import times_shown
from .style import axes_or_new, draw_legend, styled

#: Of units with a bias below 0, which localise where the class of label +1 has the longer range, and of the others.
LOW, HIGH = COLOURS["sgd"], COLOURS["theory"]


def has_units(run: Result) -> bool:
    """Whether the weights are those of several units, (..., T, K, D)."""
    return run.w.ndim - (run.runs is not None) == 3


@styled()
def units_over_time(run: Result, ax: Axes | None = None, *, log_time: bool = False, legend: bool = True) -> Axes:
    """IPR x D over time, a line for each unit (or filter) of each run, coloured by the sign of its last known bias."""
    keep = times_shown("run", run.t, log_time)
    ratio = np.reshape(run.ipr_times_D, (-1, run.t.size, run.w.shape[-2]))[:, keep]
    bias = np.broadcast_to(np.reshape(run.bias, (len(ratio), -1, ratio.shape[-1])), (len(ratio), *run.bias.shape[-2:]))
    bias = np.where(np.isfinite(bias[:, -1]), bias[:, -1], bias[:, 0])
    ax = axes_or_new(ax)
    for sign, colour, words in ((bias < 0, LOW, "$b < 0$"), (bias >= 0, HIGH, r"$b \geq 0$")):
        count = int(sign.sum())
        lines = np.moveaxis(ratio, 1, 0)[:, sign]
        if count:
            label = f"units of bias {words}: {count}" + (f" in {len(ratio)} runs" if len(ratio) > 1 else "")
            ax.plot(run.t[keep], lines, color=colour, linewidth=1.0, alpha=0.8, label=label)
    ax.axhline(1.5, color="0.3", linestyle=":", linewidth=1, zorder=1, label="a sinusoid's, 1.5")
    ax.set(xlabel=f"time ({time_units(run.provenance)})", ylabel=r"IPR $\times$ D")
    ax.set_xscale("log" if log_time else "linear")
    ax.set_ylim(bottom=0)
    if legend:
        draw_legend(ax)
    return ax
