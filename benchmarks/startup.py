"""Starting up, each time in a fresh process: import, first call cold and from the cache, peak memory."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

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


def _command() -> list[str]:
    """The command line as installed beside this Python."""
    problem = "--gain 3 --xi-plus 4 --xi-minus 1 --size 40"
    return [str(Path(sys.executable).parent / "cumulode"), "solve", *problem.split()]


def _run(command: list[str], cache: str) -> tuple[str, float]:
    """What a fresh process prints, and how long it took from outside."""
    began = time.perf_counter()
    environment = {**os.environ, "CUMULODE_CACHE": cache}
    run = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    return run.stdout, time.perf_counter() - began


def _python(code: str, cache: str) -> list[float]:
    """The numbers that a fresh Python prints."""
    return [float(x) for x in _run([sys.executable, "-c", code], cache)[0].split()]


def starts() -> str:
    """Medians of five fresh processes; the one with an empty cache runs once."""
    with tempfile.TemporaryDirectory() as cache:
        imports = [_python(_IMPORT, cache)[0] for _ in range(5)]
        cold = _python(_SOLVE, cache)
        warm = [_python(_SOLVE, cache) for _ in range(5)]
        _run(_command(), cache)
        command = [_run(_command(), cache)[1] for _ in range(5)]
    rows = [
        ["import cumulode", show(statistics.median(imports)), "-"],
        ["import and first solve, everything compiled on the way", show(cold[0]), f"{cold[1]:.0f} MB"],
        ["import and first solve, from the cache", show(statistics.median(w[0] for w in warm)), f"{warm[0][1]:.0f} MB"],
        ["`cumulode solve`, second start, from process start to its end", show(statistics.median(command)), "-"],
    ]
    return table(["fresh process", "time", "peak memory"], rows)
