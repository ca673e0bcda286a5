"""Figure of a convolutional CP decomposition: its factors, coloured by the sign of their coefficients."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes

from cumulode.numerics.decomposition.result import ConvolutionalCP

from .roles import COLOURS
from .style import axes_or_new, draw_legend, styled

#: Colour by sign, blue below zero.
SIGNS = {-1: COLOURS["theory"], 1: COLOURS["sgd"], 0: "0.5"}
STYLES = ("-", "--", ":", "-.")
#: A factor is drawn out to where it falls to this part of the largest.
SHOWN = 2e-3


@styled()
def factors(result: ConvolutionalCP, ax: Axes | None = None, *, legend: bool = True) -> Axes:
    """Factors against the site from their centre; colour by the sign of the coefficient, thicker the larger it is.

    Every factor has norm 1, so heights compare widths; ``c_r / |K|`` in the legend (above the Axes) compares terms.
    ``result`` is from ``cumulode.convolutional_cp``; without ``ax`` a new figure is made that pyplot does not know.
    """
    ax = axes_or_new(ax)
    relative = result.coefficients / result.norm
    widths = 1.0 + 1.8 * np.sqrt(np.abs(relative) / (np.abs(relative).max() or 1.0))
    seen = dict.fromkeys(SIGNS, 0)
    for r, (factor, c, sign) in enumerate(zip(result.factors, relative, result.signs, strict=True)):
        look = {"color": SIGNS[sign], "linestyle": STYLES[seen[sign] % len(STYLES)], "linewidth": widths[r]}
        seen[sign] += 1
        ax.plot(result.offsets, factor, **look, zorder=9 - r, label=f"{c:+.2g}")
    ax.axhline(0, color="0.7", linewidth=0.8, zorder=0)
    reach = np.abs(result.offsets[(np.abs(result.factors) > SHOWN * np.abs(result.factors).max()).any(axis=0)]).max()
    ax.set(xlim=(-reach - 0.5, reach + 0.5), xlabel="site from the factor's centre", ylabel="factor $G_r$ (norm 1)")
    if legend:
        title = f"{_name(result)}: error {result.error:.1e}; $c_r / |K|$:"
        draw_legend(ax, title=title, alignment="left", title_fontsize="small")
    return ax


def _name(result: ConvolutionalCP) -> str:
    """The law in a few words."""
    p = result.law.to_dict()
    if p["law"] == "Ising":
        return f"Ising, t = {p['t']:.3g}"
    return f"NLGP, gain {p['gain']:g}, $\\xi$ = {p['xi']:g}"
