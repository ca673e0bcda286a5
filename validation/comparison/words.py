"""A comparison in sentences: what the columns are, how many seeds would decide, where fields form."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from .table import as_text
from .verdicts import DECAYED, DIFFERS, INCONCLUSIVE

if TYPE_CHECKING:
    from .result import Comparison

LEGEND = (
    "theory - SGD = closure (theory - population) + rate (theory - its own noisy runs: the learning rate's part)\n"
    "+ rest, in per cent of the population's value; +- is of rest, 95 % for all judged rows together; closure and\n"
    "rest are judged"
)


def as_printed(comparison: Comparison) -> str:
    """The judged rows and what they show, for a terminal."""
    lines = [as_text(comparison.judged), *in_words(comparison)]
    if comparison.counts[DECAYED]:
        lines.append(f"decayed: {comparison.theory.message}; SGD stays at its noise, and no shape is judged")
    return "\n".join(lines)


def in_words(comparison: Comparison) -> list[str]:
    """What the table shows, a sentence each."""
    return [*_open(comparison), *_apart(comparison), *_places(comparison)]


def _open(comparison: Comparison) -> list[str]:
    """How many seeds would decide what is inconclusive at the last judged time."""
    rows = comparison.judged
    rows = rows[(rows["verdict"] == INCONCLUSIVE) & (rows["time"] == rows["time"].max())]
    lines = []
    for row in rows.itertuples():
        known = math.isfinite(row.seeds_needed)
        seeds = f"; {row.seeds_needed:.0f} seeds would decide nine times in ten" if known else ""
        lines.append(f"{row.quantity} at t = {row.time:g} is open: {row.cause}{seeds}")
    return lines


def _apart(comparison: Comparison) -> list[str]:
    """Which part of what differs is whose."""
    rows = comparison.judged[comparison.judged["verdict"] == DIFFERS]
    return [f"{row.quantity} at t = {row.time:g} differs: {row.cause}" for row in rows.itertuples()]


def _places(comparison: Comparison) -> list[str]:
    """Where fields form at the last judged time."""
    places = comparison.positions
    if not len(places) or not math.isfinite(places["sgd_near"].iloc[-1]):
        return []
    row = places.iloc[-1]
    return [
        f"fields within three sites of the flow's at t = {row.time:g}: SGD {row.sgd_near:.2f} ({row.sgd_low:.2f} to "
        f"{row.sgd_high:.2f}), theory's noisy runs {row.theory_near:.2f} ({row.theory_low:.2f} to "
        f"{row.theory_high:.2f}), by chance {row.chance:.2f}; Kuiper's test of the two: p = {row.p:.2g}"
    ]
