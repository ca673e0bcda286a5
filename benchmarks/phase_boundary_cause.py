"""Why SGD's boundary is not the theory's: closures, the population and SGD at three learning rates, from equal starts.

``python -m benchmarks.phase_boundary_cause`` writes docs/phase-boundary-cause.json (about ten minutes on two cores),
which ``benchmarks.phase_boundary`` puts on its page.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from cumulode import NLGP, Problem, Solver, simulate_sgd, solve

DATA = Path(__file__).resolve().parent.parent / "docs" / "phase-boundary-cause.json"
PROBLEM = Problem(NLGP(1.0, 5.126, "wrapped"), NLGP(1.0, 1.0, "wrapped"), 40, bias=-1.0)
TIME, STARTS, BATCH = 150.0, 16, 100
#: Learning rates, and runs of each from every start.
RATES = {0.01: 8, 0.005: 8, 0.0025: 8}


def starts() -> np.ndarray:
    """Of phase diagrams and boundaries: seeds 0 .. 15, (n, D)."""
    return np.stack([0.1 * np.random.default_rng(s).standard_normal(40) / np.sqrt(40) for s in range(STARTS)])


def measured() -> dict[str, list[float]]:
    """ln(IPR x D) at the end, mean over the starts, and its standard error, by what moved the weights."""
    found: dict[str, list[float]] = {}
    for closure in ("regression", "tree"):
        ln = np.log(solve(PROBLEM, starts(), [TIME], closure).ipr_times_D[:, -1])
        found[closure] = [float(ln.mean()), 0.0]
    solver = Solver("frozen", frozen_accuracy=0.003, frozen_points=4096)  # all starts end in one state: two will do
    each = [solve(PROBLEM, w0, [TIME], solver=solver, seed=i).each() for i, w0 in enumerate(starts()[:2])]
    found["population"] = _mean([np.log(run.ipr_times_D[:, -1]) for run in each])
    for i, (rate, runs) in enumerate(RATES.items()):
        first = 10**7 * (i + 1)  # runs of equal rate over batch and seed would share their samples
        ln = [
            np.log(
                simulate_sgd(
                    PROBLEM, w0, [TIME], rate, BATCH, seeds=range(first + 1000 * s, first + 1000 * s + runs)
                ).ipr_times_D[:, -1]
            )
            for s, w0 in enumerate(starts())
        ]
        found[f"SGD {rate:g}"] = _mean(ln)
    found["SGD, rate to 0"] = _extrapolated([(rate, *found[f"SGD {rate:g}"]) for rate in RATES])
    return found


def _mean(values: list[np.ndarray]) -> list[float]:
    """Mean over the starts of means over runs, and its standard error."""
    errors = [v.std(ddof=1) / np.sqrt(v.size) for v in values]
    return [float(np.mean([v.mean() for v in values])), float(np.sqrt(np.sum(np.square(errors))) / len(values))]


def _extrapolated(rows: list[tuple[float, float, float]]) -> list[float]:
    """A straight line in the learning rate, weighted with the errors: its value at 0 and the error of that."""
    rate, value, error = map(np.array, zip(*rows, strict=True))
    design = np.stack([np.ones(rate.size), rate], axis=1) / error[:, None]
    covariance = np.linalg.inv(design.T @ design)
    return [float((covariance @ design.T @ (value / error))[0]), float(np.sqrt(covariance[0, 0]))]


def table(found: dict[str, Any]) -> str:
    """IPR x D (geometric means over the starts) as Markdown."""
    cells = [f"{np.exp(v):.3f}" + (f" ± {np.exp(v) * e:.3f}" if e else "") for v, e in found.values()]
    lines = ["| IPR x D | " + " | ".join(found) + " |", "| --- |" + " --- |" * len(found)]
    return "\n".join([*lines, "| gain 1, xi+ 5.126 | " + " | ".join(cells) + " |"])


if __name__ == "__main__":
    DATA.write_text(json.dumps(measured(), indent=1) + "\n")
    print(table(json.loads(DATA.read_text())))
