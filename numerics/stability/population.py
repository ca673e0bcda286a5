"""A trajectory against the population's own flow from the same start, exact or on frozen samples."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from cumulode.numerics.compile.closure_kernels import activation_kernels
from cumulode.numerics.flow.plan import Plan, make_plan
from cumulode.numerics.flow.solve import solve
from cumulode.numerics.flow.solver import EXACT, FROZEN, Solver
from cumulode.numerics.frozen.flow import each_scramble
from cumulode.numerics.frozen.result import FrozenFlow
from cumulode.numerics.result import unbroken
from cumulode.numerics.trajectory.jacobian import jacobian, slope, top_eigenvalue
from cumulode.theory.problem.problem import Problem

from .distance import gone, relative, shape_and_size

POPULATIONS = (EXACT, FROZEN)
#: Error allowed in its growth rate.
ACCURACY = 1e-4
#: A state is the population's where its drift is below this share of the weights a unit of time; most corrections
#: tried; directions of smaller slopes (translation) are left; and how far it may be from where the run ended.
AT_REST, CORRECTIONS, FLAT, NEAR = 1e-8, 100, 1e-3, 0.3


def off_from_population(
    problem: Problem, w: np.ndarray, times: np.ndarray, solver: Solver, check: str, pool: Any
) -> tuple[float, float, float, float]:
    """Largest relative difference of IPR or k2 over the times, the population's growth rate, and both standard errors.

    In this order: difference, its error, rate, its error. NaN where the run, or the population's flow, has no end; the
    difference is infinite where one flow decays to w = 0 and the other does not.
    """
    if not np.isfinite(w).all():
        return np.nan, np.nan, np.nan, np.nan
    own = replace(solver, closure=check)
    flow = unbroken(solve(problem, w[0], times - times[0], solver=own, executor=pool if check == FROZEN else None))
    each = flow.scrambles if isinstance(flow, FrozenFlow) else flow.w[None]
    growth = _growth(problem, w[-1], own)
    if not np.isfinite(each).all():
        return np.nan, np.nan, *growth
    theirs = np.array([shape_and_size(problem, one, solver) for one in each])
    mean = theirs.mean(axis=0)
    error = theirs.std(axis=0, ddof=1) / np.sqrt(len(each)) if len(each) > 1 else np.zeros(mean.shape)
    population_gone = np.all([gone(problem, one) for one in each], axis=0)
    apart = relative(shape_and_size(problem, w, solver), mean, gone(problem, w), population_gone)
    row, of = np.unravel_index(int(np.argmax(apart)), apart.shape)
    return float(apart[row, of]), float(error[row, of] / mean[row, of]), *growth


def _growth(problem: Problem, w: np.ndarray, own: Solver) -> tuple[float, float]:
    """The top growth rate of the population at its stationary state near ``w`` (D,), and its standard error.

    NaN where there is no such state, or the activation has a kink: slopes of samples jump there.
    """
    if activation_kernels(str(problem.activation)).kinks or not w.any():
        return np.nan, np.nan
    plan = make_plan(problem, own)
    each = each_scramble(problem, own) if own.closure == FROZEN else [plan]
    state = stationary_near(plan, each[0], w)
    if state is None:
        return np.nan, np.nan
    rates = [top_eigenvalue(one, state, True, ACCURACY) for one in each]
    error = float(np.std(rates, ddof=1) / np.sqrt(len(rates))) if len(rates) > 1 else 0.0
    return float(np.mean(rates)), error


def stationary_near(plan: Plan, alike: Plan, w: np.ndarray) -> np.ndarray | None:
    """Where the drift of a plan vanishes near ``w``, by steps of the inverse Jacobian of ``alike`` (a cheaper plan)."""
    state, data = w.copy(), plan.data()
    slopes = jacobian(alike, w)
    if not np.isfinite(slopes).all():
        return None
    values, vectors = np.linalg.eigh((slopes + slopes.T) / 2)
    inverse = np.where(np.abs(values) > FLAT, 1.0 / values, 0.0)
    for _ in range(CORRECTIONS):
        drift = slope(plan, state, data)
        if not np.linalg.norm(state - w) < NEAR * np.linalg.norm(w):  # or not finite
            return None
        if np.linalg.norm(drift) < AT_REST * np.linalg.norm(state):
            return state
        state = state - vectors @ (inverse * (vectors.T @ drift))
    return None
