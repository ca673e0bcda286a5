"""What tells of a flow from its own trajectory and tree's equations: rho, mu and mu_own."""

from __future__ import annotations

from concurrent.futures import Executor
from dataclasses import replace
from os import cpu_count
from typing import Any

import numpy as np
from numba import types

from cumulode.numerics.compile.generated.pearson import third_norm
from cumulode.numerics.compile.jit import compiled, kernel, matrix
from cumulode.numerics.flow.plan import Plan, make_plan
from cumulode.numerics.flow.right_hand_side import class_cumulants
from cumulode.numerics.flow.solver import Solver
from cumulode.numerics.flow.tree import solve_second, tree_data_t
from cumulode.numerics.trajectory.jacobian import arnoldi, top_eigenvalue
from cumulode.theory.closures.names import is_gradient
from cumulode.theory.problem.problem import Problem

from .verdict import Diagnostics

#: Rows where k2 is smaller say nothing: there all closures agree to about k2, and starts have kurtoses of any size.
SMALLEST_K2 = 0.05
#: Error allowed in mu.
ACCURACY = 1e-3


@kernel
def largest_share(w, data, smallest):  # type: ignore[no-untyped-def]
    """Largest Q/h3 over the rows of ``w`` (T, D) and both classes; NaN where a law has no sixth moment."""
    largest = 0.0
    for row in range(w.shape[0]):
        if not np.isfinite(np.sum(w[row])):
            continue
        for own in data.classes:
            if not own.law.tables.nonzero:  # Gaussian: no T
                continue
            k2, k4 = class_cumulants(w[row], own.law)
            if k2 < smallest:
                continue
            Q = solve_second(w[row], k2, k4, own, data.u)[1]
            h3 = third_norm(k2, max(k4, -2.0 * k2 * k2 * (1.0 - 1e-12)))
            if not h3 > 0.0:
                return np.nan
            largest = max(largest, Q / h3)
    return largest


share_sig = types.float64(matrix, tree_data_t, types.float64)


def measure_all(problems: list[Problem], runs: np.ndarray, solver: Solver, pool: Executor) -> list[Diagnostics]:
    """``measure`` of every run, in as many parts as there are cores."""
    for p in dict.fromkeys(problems):  # refused, and compiled, before the threads start
        for plan in _plans(p, solver):
            arnoldi(plan)
    compiled(largest_share, share_sig)
    parts = np.array_split(np.arange(len(runs)), min(len(runs), cpu_count() or 1))
    work = [([problems[i] for i in part], runs[part], solver) for part in parts]
    return [numbers for part in pool.map(_measure_part, *zip(*work, strict=True)) for numbers in part]


def _measure_part(problems: list[Problem], runs: np.ndarray, solver: Solver) -> list[Diagnostics]:
    """Of some runs, with arrays of their own for each problem."""
    measured: list[Diagnostics] = []
    last: Problem | None = None
    arrays: Any = ()
    for p, w in zip(problems, runs, strict=True):
        if p is not last:
            tree, own = _plans(p, solver)
            data = tree.data()
            last, arrays = p, (tree, own, data, data if own is tree else own.data())
        measured.append(measure(*[*arrays, w]))
    return measured


def _plans(problem: Problem, solver: Solver) -> tuple[Plan, Plan]:
    """Of tree and of the closure itself."""
    tree = make_plan(problem, replace(solver, closure="tree"))
    return tree, tree if solver.closure == "tree" else make_plan(problem, solver)


def measure(tree: Plan, own: Plan, data: Any, own_data: Any, w: np.ndarray) -> Diagnostics:
    """rho, mu, mu_own of one trajectory (T, D)."""
    rho = float(compiled(largest_share, share_sig)(w, data, SMALLEST_K2))
    if not np.all(np.isfinite(w[-1])):
        return Diagnostics(rho, np.nan, np.nan)
    mu = top_eigenvalue(tree, w[-1], True, ACCURACY, data)
    if own is tree:
        return Diagnostics(rho, mu, mu)
    return Diagnostics(rho, mu, top_eigenvalue(own, w[-1], is_gradient(own.closure), ACCURACY, own_data))
