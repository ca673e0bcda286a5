"""How fast one installed revision is against another: ``python benchmarks/speed_against.py OLD_PYTHON NEW_PYTHON``.

Each repetition runs both in turn, whole processes, so that a noisy moment hits both alike. A line a task: the medians
of old and new, and the median of the ratios new / old of the repetitions. Below 1 the new one is faster.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import time
from pathlib import Path

#: Whole processes, timed from outside.
PROCESSES = {
    "python -c 'import cumulode'": ["PYTHON", "-c", "import cumulode"],
    "cumulode --help": ["CUMULODE", "--help"],
    "cumulode solve --gain -1 (refused)": ["CUMULODE", "solve", "--gain", "-1"],
    "cumulode solve (kernels cached)": ["CUMULODE", "solve", "--quiet"],
}
#: One process prints a line a task: its name, a tab, seconds a call or step (the fastest of several).
INSIDE = """
import time
import numpy as np
from cumulode import NLGP, Problem, drift, simulate_sgd, solve

def fastest(run, repetitions=5):
    run()
    seconds = []
    for _ in range(repetitions):
        began = time.perf_counter()
        run()
        seconds.append(time.perf_counter() - began)
    return min(seconds)

random = np.random.default_rng(0)
for size in (100, 40):
    problem = Problem(NLGP(3.0, 4.0), NLGP(3.0, 1.0), size, bias=-1.0)
    w = random.standard_normal((500, size)) / np.sqrt(size)
    f = drift(problem)
    print(f"right-hand side, D = {size}, a row of 500\\t{fastest(lambda: f(w)) / 500}")
    solve_once = lambda: solve(problem, 0.1 * w[0], [0.0, 150.0])
    print(f"solve to t = 150, D = {size}\\t{fastest(solve_once)}")
    for batch, steps in ((1, 20_000), (100, 400)):
        train = lambda: simulate_sgd(problem, 0.1 * w[0], [0.0, 0.01 * steps], learning_rate=0.01, batch_size=batch)
        print(f"SGD, D = {size}, batch {batch}, a step\\t{fastest(train) / steps}")
"""


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("old", metavar="OLD_PYTHON", help="Python of the environment where the old revision is")
    parser.add_argument("new", metavar="NEW_PYTHON")
    parser.add_argument("--repetitions", type=int, default=7)
    given = parser.parse_args()
    seconds: list[list[dict[str, float]]] = []
    for i in range(-1, given.repetitions):  # the first compiles what is not cached, and is not counted
        pair = [measured(Path(python)) for python in (given.old, given.new)]
        print(f"repetition {i + 1} of {given.repetitions}", file=sys.stderr)
        seconds += [pair] if i >= 0 else []
    print(f"{'task':<48}{'old':>12}{'new':>12}{'new / old':>11}")
    for task in seconds[0][0]:
        old, new = (statistics.median(pair[which][task] for pair in seconds) for which in (0, 1))
        ratio = statistics.median(pair[1][task] / pair[0][task] for pair in seconds)
        print(f"{task:<48}{1e3 * old:>9.4g} ms{1e3 * new:>9.4g} ms{ratio:>11.2f}")


def measured(python: Path) -> dict[str, float]:
    """Seconds of every task by one revision."""
    words = {"PYTHON": str(python), "CUMULODE": str(python.parent / "cumulode")}
    seconds = {}
    for task, command in PROCESSES.items():
        began = time.perf_counter()
        subprocess.run([words.get(word, word) for word in command], capture_output=True, check=False)
        seconds[task] = time.perf_counter() - began
    inside = subprocess.run([str(python), "-c", INSIDE], capture_output=True, check=True, text=True)
    return seconds | {task: float(value) for task, value in (line.split("\t") for line in inside.stdout.splitlines())}


if __name__ == "__main__":
    main()
