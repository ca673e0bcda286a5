"""Figure of a convolutional CP decomposition: its factors, coloured by the sign of their coefficients."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .parts import COLOURS, axes_or_new, legend_above

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from cumulode.numerics.decomposition.result import ConvolutionalCP

#: Colour by sign, blue below zero: of Okabe and Ito's palette, told apart in all common kinds of colour vision.
SIGNS = {-1: COLOURS["theory"], 1: COLOURS["sgd"], 0: "0.5"}
STYLES = ("-", (0, (5, 2)), (0, (2, 1.5)), (0, (6, 2, 1, 2)))
#: A factor is drawn out to where it falls to this part of the largest.
SHOWN = 2e-3


def factors(result: ConvolutionalCP, ax: Axes | None = None, *, legend: bool = True) -> Axes:
    """Factors against the site from their centre; colour by the sign of the coefficient, thicker the larger it is.

    Every factor has norm 1, so heights compare widths; ``c_r / |K|`` in the legend compares terms.

    Parameters
    ----------
    result : ConvolutionalCP
        From ``cumulode.convolutional_cp``.
    ax : Axes, optional
        Default: a new figure that pyplot does not know.
    legend : bool
        Coefficients above the Axes.
    """
    ax = axes_or_new(ax)
    relative = result.coefficients / result.norm
    largest = float(np.abs(relative).max()) or 1.0
    seen = dict.fromkeys(SIGNS, 0)
    entries = []
    for r, (factor, c, sign) in enumerate(zip(result.factors, relative, result.signs, strict=True)):
        style = STYLES[seen[sign] % len(STYLES)]
        seen[sign] += 1
        width = 1.0 + 1.8 * float(np.sqrt(abs(c) / largest))
        (line,) = ax.plot(result.offsets, factor, color=SIGNS[sign], linestyle=style, linewidth=width, zorder=9 - r)
        entries.append((line, f"{c:+.2g}"))
    ax.axhline(0, color="0.7", linewidth=0.8, zorder=0)
    reach = np.abs(result.offsets[(np.abs(result.factors) > SHOWN * np.abs(result.factors).max()).any(axis=0)]).max()
    ax.set(xlim=(-reach - 0.5, reach + 0.5), xlabel="site from the factor's centre", ylabel="factor $G_r$ (norm 1)")
    if legend:
        title = f"{_name(result)}: error {result.error:.1e}; $c_r / |K|$:"
        legend_above(ax, entries, ncols=4, title=title, alignment="left", title_fontsize=8.5, handlelength=2.6)
    return ax


def _name(result: ConvolutionalCP) -> str:
    """The law in a few words."""
    p = result.law.to_dict()
    if p["law"] == "Ising":
        return f"Ising, t = {p['t']:.3g}"
    return f"NLGP, gain {p['gain']:g}, $\\xi$ = {p['xi']:g}"
