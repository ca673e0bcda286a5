"""A trajectory against the population's own flow from the same start, exact or on frozen samples."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from cumulode.numerics.compile.closure_kernels import activation_kernels
from cumulode.numerics.flow.plan import make_plan
from cumulode.numerics.flow.solve import solve
from cumulode.numerics.flow.solver import EXACT, FROZEN, Solver
from cumulode.numerics.result import unbroken
from cumulode.numerics.trajectory.jacobian import top_eigenvalue
from cumulode.theory.problem.problem import Problem

from .distance import gone, relative, shape_and_size

POPULATIONS = (EXACT, FROZEN)
#: Error allowed in its growth rate.
ACCURACY = 1e-4


def off_from_population(
    problem: Problem, w: np.ndarray, times: np.ndarray, solver: Solver, check: str, pool: Any
) -> tuple[float, float, float]:
    """Largest relative difference of IPR or k2 over the times, its standard error, and the population's growth rate.

    NaN where the run, or the population's flow, has no end; the difference is infinite where one flow decays to w = 0
    and the other does not.
    """
    if not np.isfinite(w).all():
        return np.nan, np.nan, np.nan
    own = replace(solver, closure=check)
    flow = unbroken(solve(problem, w[0], times - times[0], solver=own, executor=pool if check == FROZEN else None))
    each = flow.scrambles if check == FROZEN else flow.w[None]
    growth = _growth(problem, w[-1], own)
    if not np.isfinite(each).all():
        return np.nan, np.nan, growth
    theirs = np.array([shape_and_size(problem, one, solver) for one in each])
    mean = theirs.mean(axis=0)
    error = theirs.std(axis=0, ddof=1) / np.sqrt(len(each)) if len(each) > 1 else np.zeros(mean.shape)
    population_gone = np.all([gone(problem, one) for one in each], axis=0)
    apart = relative(shape_and_size(problem, w, solver), mean, gone(problem, w), population_gone)
    row, of = np.unravel_index(int(np.argmax(apart)), apart.shape)
    return float(apart[row, of]), float(error[row, of] / mean[row, of]), growth


def _growth(problem: Problem, w: np.ndarray, own: Solver) -> float:
    """The top growth rate of the population's flow at ``w`` (D,); NaN where the activation has a kink."""
    if activation_kernels(str(problem.activation)).kinks:
        return np.nan  # slopes of samples jump
    return float(top_eigenvalue(make_plan(problem, own), w, True, ACCURACY))
