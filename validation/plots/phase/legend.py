"""Legends that fit: above the Axes, or in a row of their own in a figure."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Entries = list[tuple[Any, str]]
#: Columns and letters a line tried, until one fits the width.
_FORMS = ((3, 46), (2, 60), (3, 36), (2, 44), (2, 36), (3, 26), (2, 28), (2, 23), (1, 60), (1, 45), (1, 30))


def draw_legend(home: Axes | Figure, entries: Entries) -> None:
    """All entries above an Axes, or at the top of a figure, lines wrapped to fit."""
    if not entries:
        return
    # a colour bar still to be made room for takes its part of the Axes' width
    own = hasattr(home, "set_layout_engine")
    room = (0.97 if own else 0.85) * home.bbox.width
    place: dict[str, Any] = {"loc": "lower left", "bbox_to_anchor": (0.0, 1.0), "borderaxespad": 0.2}
    if own:
        place = {"loc": "upper center", "borderaxespad": 0.0}
    handles, labels = zip(*entries, strict=True)
    for columns, letters in _FORMS:  # the last one stays, whether it fits or not
        if columns > 1 and columns * 2 > len(entries) + 1:
            continue
        legend = home.legend(
            handles,
            [textwrap.fill(label, letters) for label in labels],
            frameon=False,
            fontsize="small",
            ncols=columns,
            columnspacing=1.0,
            handlelength=2.6,
            handletextpad=0.6,
            labelspacing=0.35,
            **place,
        )
        if legend.get_window_extent().width <= room:
            return
        if own and letters != _FORMS[-1][1]:
            legend.remove()
