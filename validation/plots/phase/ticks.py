"""Ticks and labels of axes: at the values where these are few, in plain numbers where the scale is logarithmic."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .planes import LIST, LOG, Scale

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: An axis of at most so many values, written with few digits, has its ticks there.
FEW = 7
#: Of an axis' length: nearer ticks would touch.
NARROWEST = 0.09


def dress(ax: Axes, x: Scale | None, y: Scale | None) -> None:
    """Scales, limits, ticks and labels of the axes."""
    for scale, axis, which in ((x, ax.xaxis, "x"), (y, ax.yaxis, "y")):
        if scale is None:
            continue
        ax.set(**{f"{which}scale": "log" if scale.kind == LOG else "linear", f"{which}label": scale.label})
        ax.set(**{f"{which}lim": (scale.edges[0], scale.edges[-1])})
        if scale.kind == LIST:
            every = max(1, -(-len(scale.values) // 12))
            named = scale.values.tolist()[::every]
            axis.set_ticks(scale.places[::every], labels=[v if isinstance(v, str) else _number(v) for v in named])
        elif (few := _few(scale)) is not None:
            axis.set_ticks(few, labels=[f"{v:g}" for v in few])
            axis.set_ticks([], minor=True)
        elif scale.kind == LOG:
            plain_log_ticks(axis)


def _few(scale: Scale) -> list[float] | None:
    """The values to put ticks at, none too near the one before; None where the scale's own ticks tell more."""
    values = scale.values.tolist()
    if len(values) > FEW or not np.allclose([float(f"{v:.3g}") for v in values], values, rtol=1e-9, atol=0):
        return None
    kept, last = [], -1.0
    for value, u in zip(values, scale.to_unit(scale.places), strict=True):
        if u - last >= NARROWEST:
            kept.append(value)
            last = float(u)
    return kept


def plain_log_ticks(axis: Any) -> None:
    """0.1, 1, 10 rather than powers, as long as the numbers are short."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    low, high = axis.get_view_interval()
    wide = high / low > 200  # else decades alone would leave few ticks
    axis.set_major_locator(LogLocator(subs=(1.0,) if wide else (1.0, 2.0, 5.0)))
    axis.set_major_formatter(FuncFormatter(lambda v, _: f"{v:g}"))
    axis.set_minor_formatter(NullFormatter())


def _number(value: float) -> str:
    return r"$\infty$" if np.isinf(value) else f"{value:.3g}"
