"""Timing side by side: every repetition runs all candidates in turn, so that a noisy moment hits them alike."""

from __future__ import annotations

import gc
import platform
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np


@dataclass(frozen=True)
class Timing:
    """Seconds a call: median over repetitions, and half the distance between the quartiles."""

    median: float
    spread: float

    def __str__(self) -> str:
        return f"{show(self.median)} ± {100 * self.spread / self.median:.0f} %"


def side_by_side(
    candidates: dict[str, Callable[[], object]], repetitions: int = 7, least: float = 0.02
) -> dict[str, Timing]:
    """Time every candidate; each repetition calls it as often as takes ``least`` seconds."""
    calls = {}
    for name, run in candidates.items():
        run()
        start = time.perf_counter()
        run()
        calls[name] = max(1, int(least / max(time.perf_counter() - start, 1e-7)))
    seconds: dict[str, list[float]] = {name: [] for name in candidates}
    gc.collect()
    for _ in range(repetitions):
        for name, run in candidates.items():
            start = time.perf_counter()
            for _ in range(calls[name]):
                run()
            seconds[name].append((time.perf_counter() - start) / calls[name])
    return {name: Timing(statistics.median(s), _half_quartiles(s)) for name, s in seconds.items()}


def _half_quartiles(values: list[float]) -> float:
    low, high = np.percentile(values, [25, 75])
    return float(high - low) / 2


def exponent(sizes: list[float], seconds: list[float]) -> float:
    """Slope of log(seconds) over log(sizes), fitted."""
    return float(np.polyfit(np.log(sizes), np.log(seconds), 1)[0])


def show(seconds: float) -> str:
    """A time in a unit that suits it."""
    for unit, scale in (("s", 1.0), ("ms", 1e-3), ("us", 1e-6)):
        if seconds >= scale:
            return f"{seconds / scale:.3g} {unit}"
    return f"{seconds / 1e-9:.3g} ns"


def table(head: list[str], rows: list[list[object]]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)


def machine() -> str:
    """What the figures were measured on."""
    import numba

    processor = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        names = [
            line.split(":")[1].strip() for line in cpuinfo.read_text().splitlines() if line.startswith("model name")
        ]
        processor = f"{len(names)} x {names[0]}" if names else processor
    versions = f"Python {platform.python_version()}, NumPy {np.__version__}, numba {numba.__version__}"
    return f"{processor}, {platform.system()}; {versions}"


def peak_multiply_adds() -> float:
    """Multiply-adds a second of one thread at their fastest: a matrix product by BLAS (NumPy held to one thread)."""
    n = 512
    a, b = np.random.default_rng(0).standard_normal((2, n, n))
    return n**3 / side_by_side({"product": lambda: a @ b}, repetitions=9)["product"].median
