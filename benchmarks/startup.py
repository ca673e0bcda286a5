"""Starting up: import, first call with nothing compiled, first call from the cache, peak memory; each in a fresh process."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile

from .timing import show, table

_IMPORT = "import time; t = time.perf_counter(); import cumulode; print(time.perf_counter() - t)"
_SOLVE = """
import time
t = time.perf_counter()
import resource
from cumulode import NLGP, Problem, solve
import numpy as np
w0 = 0.01 * np.random.default_rng(1).standard_normal(40)
solve(Problem(NLGP(3.0, 4.0), NLGP(3.0, 1.0), 40), w0, [0.0, 150.0])
print(time.perf_counter() - t, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
"""
_COMMAND = ["-m", "cumulode.validation.cli", "solve", "--gain", "3", "--xi-plus", "4", "--xi-minus", "1", "--size", "40"]


def _python(arguments: list[str], cache: str) -> tuple[list[float], float]:
    """What a fresh process prints, and how long it took from outside."""
    import time

    began = time.perf_counter()
    run = subprocess.run([sys.executable, *arguments], env={**os.environ, "CUMULODE_CACHE": cache}, check=True,
                         capture_output=True, text=True)  # fmt: skip
    seconds = time.perf_counter() - began
    try:
        return [float(x) for x in run.stdout.split()], seconds
    except ValueError:
        return [], seconds


def starts() -> str:
    """Medians of five fresh processes; the one with an empty cache runs once."""
    with tempfile.TemporaryDirectory() as cache:
        imports = [_python(["-c", _IMPORT], cache)[0][0] for _ in range(5)]
        cold = _python(["-c", _SOLVE], cache)[0]
        warm = [_python(["-c", _SOLVE], cache)[0] for _ in range(5)]
        _python(_COMMAND, cache)
        command = [_python(_COMMAND, cache)[1] for _ in range(5)]
    rows = [
        ["import cumulode", show(statistics.median(imports)), "-"],
        ["import and first solve, everything compiled on the way", show(cold[0]), f"{cold[1]:.0f} MB"],
        ["import and first solve, from the cache", show(statistics.median(w[0] for w in warm)), f"{warm[0][1]:.0f} MB"],
        ["`cumulode solve`, second start, from process start to its end", show(statistics.median(command)), "-"],
    ]
    return table(["fresh process", "time", "peak memory"], rows)
