"""Options that take one value or many: ``3``, ``1,2,4``, ``1.5:6:16`` (equally spaced), ``0.1:30:16:log``."""

from __future__ import annotations

import argparse
import math
from typing import Any

import numpy as np

ALLOWED = "a number, numbers with commas between, or START:STOP:COUNT, with :log for equal ratios"
_MOST = 100_000


def numbers(text: str) -> list[float]:
    """The values that an option names, distinct, in the order given."""
    try:
        read = _spaced(text.split(":")) if ":" in text else [float(part) for part in text.split(",")]
    except (ValueError, OverflowError):
        read = []
    if not read or any(math.isnan(v) for v in read) or len(set(read)) < len(read):
        raise argparse.ArgumentTypeError(f"got {text!r}, allowed: {ALLOWED}")
    return read


def _spaced(parts: list[str]) -> list[float]:
    """From START:STOP:COUNT and perhaps log; empty where that makes no sense."""
    start, stop, count = float(parts[0]), float(parts[1]), int(parts[2]) if len(parts) > 2 else 0
    log = parts[3:] == ["log"]
    if not (log or parts[3:] == []) or not 1 <= count <= _MOST or not (math.isfinite(start) and math.isfinite(stop)):
        return []
    if log and not (start > 0 and stop > 0):
        return []
    values = np.geomspace(start, stop, count) if log else np.linspace(start, stop, count)
    # 12 digits: the values that 0.1:0.7:7 means, so that other ways of writing them continue the same file
    return [float(f"{v:.12g}") for v in values]


def integers(text: str) -> list[int]:
    """As ``numbers``, of whole ones."""
    read = numbers(text)
    if any(not v.is_integer() for v in read):
        raise argparse.ArgumentTypeError(f"got {text!r}, allowed: whole numbers; {ALLOWED}")
    return [int(v) for v in read]


def words(text: str) -> list[str]:
    """Names with commas between."""
    names = [part.strip() for part in text.split(",")]
    if len(set(names)) < len(names):
        raise argparse.ArgumentTypeError(f"got {text!r}, allowed: distinct names with commas between")
    return names


def is_many(values: Any) -> bool:
    """Whether an option names several values."""
    return isinstance(values, list) and len(values) > 1


def how_many_or_which(seeds: list[int]) -> int | list[int]:
    """``--seeds``: of one value a number of runs, of several the seeds."""
    return seeds[0] if len(seeds) == 1 else seeds


def count_or_times(values: list[float]) -> int | list[float]:
    """``--verdict-times``: one whole number is how many, anything else the times themselves."""
    return int(values[0]) if len(values) == 1 and values[0].is_integer() else values
