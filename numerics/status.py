"""How a run ended: one code for flows and for SGD."""

from __future__ import annotations

from enum import IntEnum


class Status(IntEnum):
    """How a run ended."""

    REACHED_END = 0
    STEPS_COLLAPSED = 1
    DIVERGED = 2
    LEFT_DOMAIN = 3
    INTERRUPTED = 4
    #: Integrated to the end, but beyond where the expansion holds.
    LEFT_RANGE = 5
