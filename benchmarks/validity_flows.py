"""The flows on which ``validity`` is tried: closures and the population, from one start, at the same times."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from cumulode import NLGP, Ising, Problem, solve
from cumulode.numerics.flow.exact import has_exact_flow

CLOSURES = ("regression", "tree", "pearson")
POINTS = 41


@dataclass(frozen=True)
class Case:
    """A problem of 40 sites, the last time, its start's seed, and that of the population's samples."""

    name: str
    problem: Problem
    time: float
    seed: int = 1
    samples: int = 0

    @property
    def start(self) -> np.ndarray:
        """Weights of norm about 0.1, (D,)."""
        return 0.1 * np.random.default_rng(self.seed).standard_normal(self.problem.size) / np.sqrt(self.problem.size)

    @property
    def times(self) -> np.ndarray:
        """The recorded ones."""
        return np.linspace(0.0, self.time, POINTS)


@dataclass(frozen=True, eq=False)
class Flows:
    """Weights of each closure (T, D), and of the population (S, T, D): S = 1 where it is exact."""

    closures: dict[str, np.ndarray]
    population: np.ndarray


def ising(plus: float, minus: float, time: float = 400.0, seed: int = 1, bias: float = -1.0) -> Case:
    """Ising rings."""
    name = f"Ising {plus:g} / {minus:g}" + (f", b {bias:g}" if bias != -1 else "") + (f", seed {seed}" * (seed != 1))
    return Case(name, Problem(Ising(plus), Ising(minus), 40, bias=bias), time, seed)


def nlgp(
    gain: float, plus: float, minus: float, bias: float = -1.0, activation: str = "erf", seed: int = 1
) -> Case:  # fmt: skip
    """NLGP of two lengths."""
    name = f"NLGP gain {gain:g}, xi {plus:g} / {minus:g}"
    name += f", b {bias:g}" * (bias != -1) + f", {activation}" * (activation != "erf") + f", seed {seed}" * (seed != 1)
    problem = Problem(NLGP(gain, plus), NLGP(gain, minus), 40, bias=bias, activation=activation)
    return Case(name, problem, 200.0, seed)


#: Thresholds are fixed on these ...
FIXED_ON = (
    *(ising(t, 0.3) for t in (0.5, 0.7, 0.8, 0.85, 0.87, 0.88, 0.89, 0.9, 0.92, 0.925, 0.928, 0.93, 0.935, 0.94, 0.95)),
    *(ising(t, s) for t, s in ((0.85, 0.4), (0.6, 0.1), (0.3, 0.7), (0.8, 0.6), (0.92, 0.5), (0.85, 0.0))),
    *(nlgp(g, 4.0, 1.0) for g in (0.5, 0.55, 0.57, 0.6, 0.8, 1.0, 3.0, 10.0, 30.0)),
    nlgp(50.0, 2.0, 0.5, bias=-1.2),
    nlgp(3.0, 1.0, 4.0),
    nlgp(3.0, 5.5, 1.0),
    nlgp(3.0, 2.0, 1.5),
    nlgp(3.0, 4.0, 1.0, bias=-0.66),
    nlgp(3.0, 4.0, 1.0, bias=-0.7),
    nlgp(2.0, 3.0, 0.5, activation="tanh"),
)
#: ... and measured on these, where the truth has other samples than those that ``validity`` draws.
_MEASURED_ON = (
    *(ising(t, s) for t, s in ((0.65, 0.3), (0.75, 0.2), (0.82, 0.45), (0.91, 0.3), (0.927, 0.3), (0.945, 0.3))),
    *(ising(t, s) for t, s in ((0.88, 0.1), (0.9, 0.4), (0.93, 0.5), (0.4, 0.6))),
    *(ising(t, 0.3, seed=2) for t in (0.6, 0.9, 0.932)),
    *(nlgp(g, 3.0, 1.0) for g in (0.65, 0.7, 0.75, 1.5, 5.0, 20.0)),
    nlgp(1.0, 5.1, 1.0),
    nlgp(3.0, 2.0, 4.0),
    nlgp(3.0, 4.0, 1.0, bias=-0.68),
    nlgp(3.0, 4.0, 1.0, seed=2),
    nlgp(40.0, 2.0, 0.5, bias=-1.2),
    nlgp(2.0, 4.0, 2.0, activation="tanh"),
)


MEASURED_ON = tuple(replace(case, samples=1) for case in _MEASURED_ON)


def flows(case: Case) -> Flows:
    """By exact theory where there is one, else on frozen samples."""
    exact = has_exact_flow(case.problem)
    how: dict[str, Any] = {"closure": "exact"} if exact else {"closure": "frozen", "seed": case.samples}
    found = {c: np.asarray(solve(case.problem, case.start, case.times, c).w) for c in CLOSURES}
    population = solve(case.problem, case.start, case.times, **how)
    return Flows(found, getattr(population, "scrambles", population.w[None]))


def kept(cases: tuple[Case, ...], folder: Path) -> Iterator[tuple[Case, Flows]]:
    """The flows of each case, computed once and kept in a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for case in cases:
        file = folder / (case.name.replace("/", "-") + ".pickle")
        if not file.exists():
            file.write_bytes(pickle.dumps(flows(case)))
        yield case, pickle.loads(file.read_bytes())


if __name__ == "__main__":
    import sys
    import time

    for case, of in kept(FIXED_ON + MEASURED_ON, Path(sys.argv[1])):
        print(time.strftime("%H:%M:%S"), case.name, of.population.shape, flush=True)
