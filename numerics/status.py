"""How a run ended: one code for flows and for SGD."""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum


class Status(IntEnum):
    """How a run ended.

    DECAYED: the weights fell below what the tolerances resolve, and w = 0 attracts; they are zero from there on.
    OUT_OF_STEPS: the most steps allowed were taken.
    """

    REACHED_END = 0
    STEPS_COLLAPSED = 1
    DIVERGED = 2
    LEFT_DOMAIN = 3
    INTERRUPTED = 4
    #: Integrated to the end, but beyond where the expansion holds.
    LEFT_RANGE = 5
    DECAYED = 6
    OUT_OF_STEPS = 7


#: A run that ended so is known at all its times.
KNOWN = (Status.REACHED_END, Status.DECAYED)


def worst(statuses: Iterable[int]) -> Status:
    """Of several runs: one that failed before one that decayed, that before one that reached the end."""
    return max(map(Status, statuses), key=lambda status: (status not in KNOWN, status))
