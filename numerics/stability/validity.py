"""Where the outcome of a flow can be trusted, computed without simulation (theory.md section 3).

Three numbers, each of which compares a trajectory with tree, the closure that knows the sixth cumulant at tree level:

* ``rho``, the largest ``Q/h3`` of both classes along it: how near the inputs come to fixing the third orthogonal
  polynomial of the preactivation's law, beyond what k2 and k4 know;
* ``mu``, the top eigenvalue of tree's Jacobian at its end: an instability that closures in k2 and k4 miss; and
  ``mu_own``, the same of the closure itself, which an unfinished flow has as well;
* ``delta = |IPR_tree / IPR - 1|`` at the end, of a second flow from the same start.

On the 18 flows on which the thresholds were tried they flag the two that fail (Ising t = 0.9 at D = 40; NLGP of gain 50
at b = -1.2). A bias that regression and tree have in common (5-6 % of the IPR in two cases) stays unseen.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from os import cpu_count
from typing import Any

import numpy as np
from numba import types
from numpy.typing import ArrayLike

from cumulode.numerics.check_input import check_executor, check_problem, check_times
from cumulode.numerics.compile.generated.pearson import third_norm
from cumulode.numerics.compile.jit import compiled, kernel, matrix
from cumulode.numerics.flow.plan import Plan, make_plan
from cumulode.numerics.flow.right_hand_side import class_cumulants
from cumulode.numerics.flow.solve import solve
from cumulode.numerics.flow.solver import FLOW, Solver, choose
from cumulode.numerics.flow.tree import solve_second, tree_data_t
from cumulode.numerics.observables import ipr, norm
from cumulode.numerics.result import unbroken
from cumulode.numerics.trajectory.decay import has_decayed
from cumulode.numerics.trajectory.jacobian import arnoldi, top_eigenvalue
from cumulode.theory.closures.names import is_gradient
from cumulode.theory.problem.problem import Problem
from cumulode.theory.user_input.arguments import Described, InvalidArgument, integer
from cumulode.theory.user_input.arrays import real_array
from cumulode.theory.user_input.deprecation import renamed_arguments
from cumulode.theory.user_input.options import either

from .verdict import DELTA, MU, RHO, Diagnostics, judge

#: Rows where k2 is smaller say nothing: there all closures agree to about k2, and the kurtosis may be rounding.
SMALLEST_K2 = 1e-3
#: Error allowed in mu.
ACCURACY = 1e-3


@dataclass(frozen=True, repr=False)
class Validity:
    """What :func:`validity` returns; arrays over the runs (n,), or scalars for one.

    Attributes
    ----------
    rho, mu, mu_own, delta : float or (n,)
        See :func:`validity`; NaN where not known or not computed.
    trusted : int or (n,)
        1 trusted, 0 not, -1 unknown.
    reasons : str or tuple of n str
        In words, for each run.
    thresholds : dict
        The numbers above which rho, mu and delta count against a run.
    """

    rho: Any
    mu: Any
    mu_own: Any
    delta: Any
    trusted: Any
    reasons: Any
    thresholds: dict[str, float] = field(default_factory=lambda: {"rho": RHO, "mu": MU, "delta": DELTA})

    def __repr__(self) -> str:
        words = {1: "trusted", 0: "not trusted", -1: "unknown"}
        if np.ndim(self.trusted):
            counts = [f"{int(np.sum(self.trusted == code))} {word}" for code, word in words.items()]
            return f"Validity({len(self.trusted)} runs: {', '.join(counts)})"
        known = [f"{name} {getattr(self, name):.3g}" for name in ("rho", "mu", "mu_own", "delta")]
        return f"Validity({words[int(self.trusted)]}, {', '.join(n for n in known if 'nan' not in n)}: {self.reasons})"


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


@renamed_arguments({"contraction": ("solver", Solver, ("closure", "tolerance"))}, threads="executor")
@either(solver=("closure", "tolerance"))
def validity(
    problem: Problem | Sequence[Problem],
    w: ArrayLike,
    closure: str = "regression",
    tolerance: float = 1e-3,
    *,
    t: ArrayLike | None = None,
    solver: Solver | None = None,
    executor: Any = None,
) -> Validity:
    """Whether a flow can be trusted, from its trajectory alone (theory.md section 3).

    **What trusted means.** For ``regression``: none of rho, mu, delta is above its threshold. A flow that has not
    finished (tree and the closure both see growth at its end) is no reason against it. For ``tree``: rho alone (mu is
    its own). For ``exact``: always. For Gaussian inputs: always, but for taylor, which cuts the force itself. Every
    other closure (taylor, gaussian, edgeworth, bimodal, pearson, conditional, tree:CHI) is not trusted where rho, mu or
    delta flag the run, and *unknown* where they do not: it has failings of its own that they do not measure.

    Parameters
    ----------
    problem : Problem, or a sequence of n Problems of one size
    w : (T, D) or (n, T, D) array
        Trajectories as ``Solution.w`` has them; ends that are NaN (a run that failed) make a run unknown.
    closure, tolerance, solver
        See :class:`cumulode.Solver`: the closure that gave ``w``, the error of K, and the steps of tree's flow.
    t : (T,) array, optional
        The times of ``w``; where given, ``delta`` is computed, by a flow of tree from ``w[..., 0, :]``.
    executor : concurrent.futures.Executor or dask.distributed.Client, optional
        Where the runs go; by default a pool of one thread a core. The work is compiled and holds no lock.

    Returns
    -------
    Validity
        ``rho``, at most 1 where the preactivation's law is Pearson's, above where it cannot be (NaN if the kurtosis
        passes 3, where that has no sixth moment; rows of k2 below 1e-3 are left out); ``mu``, ``mu_own`` in units of
        rates, to 1e-3; ``delta``, NaN where the weights have decayed to w = 0: those have no shape, and ``reasons``
        say so.

    Raises
    ------
    InvalidArgument
        Naming the argument, what came and what is allowed.
    """
    solver = choose(solver, FLOW, closure=closure, tolerance=tolerance)
    problems, runs, single = _runs(problem, w)
    with _pool(executor, len(runs)) as pool:
        gone = np.array([has_decayed(p, norm(w[0]), norm(w[-1])) for p, w in zip(problems, runs, strict=True)])
        deltas, trees = np.full(len(runs), np.nan), gone
        if t is not None:
            deltas, trees = _delta(problems, runs, gone, t, solver, pool)
        measured = _measure_all(problems, runs, solver, pool)
    rows = []
    for p, numbers, delta, *both in zip(problems, measured, deltas, gone, trees, strict=True):
        of_run = numbers._replace(delta=delta, decayed=bool(both[0]), tree_decayed=bool(both[1]))
        rows.append((*of_run[:4], *judge(p, solver.closure, of_run, with_delta=t is not None)))
    columns: list[Any] = list(zip(*rows, strict=True))
    if single:
        return Validity(*(column[0] for column in columns))
    arrays: list[Any] = [np.array(column) for column in columns[:5]]
    return Validity(*[*arrays, columns[5]])


def _pool(executor: Any, runs: int) -> Any:
    """The executor as a context; an own one is shut down at its end. A number of threads is what ``threads`` was."""
    if executor is None or isinstance(executor, int):
        threads = cpu_count() or 1 if executor is None else integer("threads", executor, ge=1)
        return ThreadPoolExecutor(min(runs, threads))
    return nullcontext(check_executor(executor))


def _runs(problem: Any, w: Any) -> tuple[list[Problem], np.ndarray, bool]:
    """Problems and trajectories, one a run; whether there was one only."""
    several = isinstance(problem, (list, tuple)) or (isinstance(problem, np.ndarray) and problem.ndim > 0)
    problems = list(problem) if several else [problem]
    for p in problems or [None]:
        check_problem(p)
    size = problems[0].size
    allowed = f"numbers of shape (T, {size}) or (n, T, {size})"
    rows = real_array("w", w, allowed)
    if rows.ndim not in (2, 3) or rows.shape[-1] != size or rows.size == 0 or any(p.size != size for p in problems):
        raise InvalidArgument("w", Described(f"shape {rows.shape}"), allowed)
    single = rows.ndim == 2
    rows = rows.reshape(-1, *rows.shape[-2:])
    if len(problems) not in (1, len(rows)):
        came = Described(f"{len(rows)} runs for {len(problems)} problems")
        raise InvalidArgument("w", came, "one trajectory for each problem")
    return problems * (len(rows) // len(problems)), rows, single


def _measure_all(problems: list[Problem], runs: np.ndarray, solver: Solver, pool: Executor) -> list[Diagnostics]:
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


def _delta(
    problems: list[Problem], runs: np.ndarray, gone: np.ndarray, t: ArrayLike, solver: Solver, pool: Executor
) -> tuple[np.ndarray, np.ndarray]:
    """``|IPR_tree / IPR - 1|`` at the end, NaN where one has decayed; and whether tree's flow has, (n,) both."""
    times = check_times(t, "t")
    if times.size != runs.shape[1]:
        raise InvalidArgument("t", Described(f"{times.size} times"), f"the {runs.shape[1]} times of w")
    ends, trees = np.full((len(runs), runs.shape[2]), np.nan), gone.copy()
    good = np.flatnonzero(np.all(np.isfinite(runs[:, 0]), axis=-1))
    if good.size:
        last = [times[-1] - times[0]]
        chosen = [problems[i] for i in good]
        flow = solve(chosen, runs[good, 0], last, solver=replace(solver, closure="tree"), executor=pool)
        ends[good] = unbroken(flow).w[:, -1]
        decayed = [has_decayed(problems[i], norm(runs[i, 0]), norm(ends[i])) for i in good]
        trees[good] = np.where(np.isfinite(ends[good]).all(axis=-1), decayed, gone[good])
    deltas = np.abs(ipr(ends) / ipr(runs[:, -1]) - 1.0)
    return np.where(gone | trees, np.nan, deltas), trees
