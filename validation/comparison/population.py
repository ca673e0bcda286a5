"""The flow of the population, which closures approximate: exact where there is such a flow, else on frozen samples."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from cumulode.numerics import Result, Solution, Solver, solve
from cumulode.numerics.flow.exact import has_exact_flow
from cumulode.numerics.flow.preactivation import cumulants_and_error
from cumulode.numerics.flow.solver import EXACT, FROZEN
from cumulode.theory.problem.problem import Problem
from cumulode.theory.user_input.arguments import choice

AUTO = "auto"
#: What ``population=`` may be, None besides.
KINDS = (AUTO, EXACT, FROZEN)


@dataclass(frozen=True, eq=False)
class Population:
    """The population flow: ``solution`` its mean, ``runs`` one an independent scramble (one alone where it is exact).

    ``split`` (T,): whether scrambles ended in different basins, so that their mean is no flow.
    """

    solution: Solution
    runs: Result
    split: np.ndarray


def check_kind(kind: Any) -> str | None:
    """``population=``, checked."""
    return None if kind is None else choice("population", kind, KINDS)


def population_flow(
    problem: Problem, start: np.ndarray, times: np.ndarray, kind: str, solver: Solver, seed: int, **options: Any
) -> Population:
    """The flow by ``kind``; InvalidArgument where there is none."""
    if kind == EXACT or (kind == AUTO and has_exact_flow(problem)):
        flow = solve(problem, start, times, solver=replace(solver, closure=EXACT), **options)
        return Population(flow, flow, np.zeros(flow.t.size, bool))
    frozen: Any = solve(problem, start, times, solver=replace(solver, closure=FROZEN), seed=seed, **options)
    return Population(frozen, frozen.each(), frozen.split)


def at_tolerance(problem: Problem, run: Any, tolerance: float | None) -> Any:
    """The run with its cumulants computed as the theory's are, so that rounding of K is no difference."""
    if run is None:
        return None
    k2, k4, k4_error = cumulants_and_error(problem, run.w, Solver(tolerance=tolerance))
    return replace(run, k2=k2, k4=k4, k4_error=k4_error)
