"""Where the outcome of a flow can be trusted, computed without simulation (theory.md section 3).

Three numbers, each of which asks tree, the closure that knows the sixth cumulant at tree level, about a trajectory:

* ``rho``, the largest ``Q/h3`` of both classes along it: how near the inputs come to fixing the third orthogonal
  polynomial of the preactivation's law, beyond what k2 and k4 know;
* ``mu``, the top eigenvalue of tree's Jacobian at its end: an instability that closures in k2 and k4 miss; beside it
  ``mu_own``, the same of the closure itself, which an unfinished flow has as well;
* ``delta = |IPR_tree / IPR - 1|`` at the end, of a second flow from the same start.

On the 18 flows on which the thresholds were found they flag the two that fail (Ising t = 0.9 at D = 40; NLGP of gain 50
at b = -1.2). A bias that regression and tree have in common (5-6 % of the IPR in two cases) stays unseen.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from os import cpu_count
from typing import Any

import numpy as np
from numba import types
from numpy.typing import ArrayLike

from cumulode.numerics.check_input import check_problem, check_times
from cumulode.numerics.compile.generated.pearson import third_norm
from cumulode.numerics.compile.jit import compiled, kernel, matrix
from cumulode.numerics.contraction.form import is_gaussian
from cumulode.numerics.contraction.names import AUTO
from cumulode.numerics.flow.plan import Plan, make_plan
from cumulode.numerics.flow.right_hand_side import class_cumulants
from cumulode.numerics.flow.solver import EXACT, Solver
from cumulode.numerics.flow.tree import solve_second, tree_data_t
from cumulode.numerics.observables import ipr
from cumulode.theory.closures.names import check_closure, is_gradient
from cumulode.theory.problem.problem import Problem
from cumulode.theory.user_input.arguments import InvalidArgument, integer

from .spectrum import arnoldi, top_eigenvalue

#: Above these a flow is not to be trusted.
RHO, MU, DELTA = 0.45, 0.04, 0.1
#: A growth of which the closure itself sees at least this share is an unfinished flow, not a missed instability.
SEEN = 0.5
#: Rows where k2 is smaller say nothing: there all closures agree to about k2, and the kurtosis may be rounding.
SMALLEST_K2 = 1e-3
#: Error allowed in mu.
ACCURACY = 1e-3

TRUSTED, NOT_TRUSTED, UNKNOWN = 1, 0, -1
#: Closures on which the thresholds were tried.
TRIED = ("regression", "tree")


@dataclass(frozen=True)
class Validity:
    """What :func:`validity` found; arrays over the runs (n,), or scalars for one.

    Attributes
    ----------
    rho, mu, mu_own, delta : float or (n,)
        See :func:`validity`; NaN where not known or not asked for.
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


def validity(
    problem: Problem | Sequence[Problem],
    w: ArrayLike,
    closure: str = "regression",
    tolerance: float = 1e-3,
    *,
    contraction: str = AUTO,
    t: ArrayLike | None = None,
    threads: int | None = None,
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
    closure : str
        The closure by which ``w`` was found, as for :func:`solve`.
    tolerance, contraction
        Of the fourth cumulant, as for :func:`solve`.
    t : (T,) array, optional
        The times of ``w``: asks for ``delta``, which takes a flow of tree from ``w[..., 0, :]``.
    threads : int >= 1, optional
        How many to use; by default one a core.

    Returns
    -------
    Validity
        ``rho``, at most 1 where the preactivation's law is Pearson's, above where it cannot be (NaN if the kurtosis
        passes 3, where that has no sixth moment; rows of k2 below 1e-3 are left out); ``mu``, ``mu_own`` in units of
        rates, to 1e-3; ``delta``. Safe in threads; the work is compiled and holds no lock.

    Raises
    ------
    ValueError
        Naming ``problem``, ``w``, ``closure``, ``tolerance``, ``contraction``, ``t`` or ``threads``.
    """
    closure = check_closure(closure, (EXACT,))
    problems, runs, single = _runs(problem, w)
    workers = (cpu_count() or 1) if threads is None else integer("threads", threads, ge=1)
    with ThreadPoolExecutor(min(len(runs), workers)) as pool:
        deltas = np.full(len(runs), np.nan) if t is None else _delta(problems, runs, t, tolerance, contraction, pool)
        plans = {p: _plans(p, closure, tolerance, contraction) for p in dict.fromkeys(problems)}
        measured = _measure_all(problems, runs, plans, pool, min(len(runs), workers))
    found = [
        (*numbers, delta, *judge(p, closure, *numbers, delta, asked=t is not None))
        for p, numbers, delta in zip(problems, measured, deltas, strict=True)
    ]
    columns = list(zip(*found, strict=True))
    if single:
        return Validity(*(column[0] for column in columns))
    rho, mu, mu_own, delta, trusted = (np.array(column) for column in columns[:5])
    return Validity(rho, mu, mu_own, delta, trusted, columns[5])


def _runs(problem: Any, w: Any) -> tuple[list[Problem], np.ndarray, bool]:
    """Problems and trajectories, one a run; whether there was one only."""
    problems = list(problem) if isinstance(problem, (list, tuple, np.ndarray)) else [problem]
    for p in problems or [None]:
        check_problem(p)
    size = problems[0].size
    allowed = f"numbers of shape (T, {size}) or (n, T, {size})"
    try:
        rows = np.ascontiguousarray(w, dtype=float)
    except (TypeError, ValueError):
        raise InvalidArgument("w", w, allowed) from None
    if rows.ndim not in (2, 3) or rows.shape[-1] != size or rows.size == 0 or any(p.size != size for p in problems):
        raise InvalidArgument("w", f"shape {rows.shape}", allowed)
    single = rows.ndim == 2
    rows = rows.reshape(-1, *rows.shape[-2:])
    if len(problems) not in (1, len(rows)):
        raise InvalidArgument("w", f"{len(rows)} runs for {len(problems)} problems", "one trajectory for each problem")
    return problems * (len(rows) // len(problems)), rows, single


def _plans(problem: Problem, closure: str, tolerance: float, contraction: str) -> tuple[Plan, Plan]:
    """Of tree and of the closure itself."""
    tree = make_plan(problem, Solver("tree", tolerance=tolerance, contraction=contraction))
    return tree, tree if closure == "tree" else make_plan(
        problem, Solver(closure, tolerance=tolerance, contraction=contraction)
    )


def _measure_all(
    problems: list[Problem],
    runs: np.ndarray,
    plans: dict[Problem, tuple[Plan, Plan]],
    pool: ThreadPoolExecutor,
    workers: int,
) -> list[tuple[float, float, float]]:
    """``measure`` of every run, over threads; each has arrays of its own for the problem it is at."""

    def work(part: np.ndarray) -> list[tuple[float, float, float]]:
        found, last = [], None
        for i in part:
            tree, own = plans[problems[i]]
            if last is not problems[i]:
                last, data = problems[i], tree.data()
                own_data = data if own is tree else own.data()
            found.append(measure(tree, own, data, own_data, runs[i]))
        return found

    for tree, own in plans.values():  # compile before the threads start
        arnoldi(tree)
        arnoldi(own)
    compiled(largest_share, share_sig)
    parts = pool.map(work, np.array_split(np.arange(len(runs)), workers))
    return [numbers for part in parts for numbers in part]


def measure(tree: Plan, own: Plan, data: Any, own_data: Any, w: np.ndarray) -> tuple[float, float, float]:
    """rho, mu, mu_own of one trajectory (T, D)."""
    rho = float(compiled(largest_share, share_sig)(w, data, SMALLEST_K2))
    if not np.all(np.isfinite(w[-1])):
        return rho, np.nan, np.nan
    mu = top_eigenvalue(tree, w[-1], True, ACCURACY, data)
    if own is tree:
        return rho, mu, mu
    return rho, mu, top_eigenvalue(own, w[-1], is_gradient(own.closure), ACCURACY, own_data)


def _delta(
    problems: list[Problem],
    runs: np.ndarray,
    t: ArrayLike,
    tolerance: float,
    contraction: str,
    pool: ThreadPoolExecutor,
) -> np.ndarray:
    """``|IPR_tree / IPR - 1|`` at the end."""
    from cumulode.numerics.flow.solve import solve

    times = check_times(t)
    if times.size != runs.shape[1]:
        raise InvalidArgument("t", f"{times.size} times", f"the {runs.shape[1]} times of w")
    ends = np.full((len(runs), runs.shape[2]), np.nan)
    good = np.all(np.isfinite(runs[:, 0]), axis=-1)
    if np.any(good):
        chosen = [p for p, use in zip(problems, good, strict=True) if use]
        last, how = [times[-1] - times[0]], {"tolerance": tolerance, "contraction": contraction}
        ends[good] = solve(chosen, runs[good, 0], last, "tree", executor=pool, **how).w[:, -1]  # type: ignore[arg-type]
    return np.abs(ipr(ends) / ipr(runs[:, -1]) - 1.0)


def judge(
    problem: Problem, closure: str, rho: float, mu: float, own: float, delta: float, asked: bool = False
) -> tuple[int, str]:
    """Trusted or not, and why."""
    if closure == EXACT:
        return TRUSTED, "exact"
    if all(map(is_gaussian, problem.laws)) and not closure.startswith("taylor"):
        return TRUSTED, "Gaussian inputs, for which the closure is exact"
    against = []
    if rho > RHO:
        against.append(f"rho = {rho:.2f} > {RHO:g}: the inputs explain much of the third polynomial of w.x")
    unfinished = own >= SEEN * mu > 0
    if mu > MU and closure != "tree" and not unfinished:
        against.append(f"mu = {mu:.3f} > {MU:g}: an instability that {closure} misses (its own rate: {own:.3f})")
    if delta > DELTA and closure != "tree":
        against.append(f"delta = {delta:.2f} > {DELTA:g}: tree ends elsewhere")
    more = [f"not finished: modes still grow at {own:.3f}"] if mu > MU and unfinished else []
    if against:
        return NOT_TRUSTED, "; ".join(against + more)
    if not np.isfinite(mu):
        return UNKNOWN, "the run has no end, or tree is not defined there"
    if not np.isfinite(rho):
        return UNKNOWN, "the kurtosis passes 3, where Pearson's law has no sixth moment"
    if asked and not np.isfinite(delta):
        return UNKNOWN, "tree's flow from the same start did not reach the end"
    if closure not in TRIED:
        return UNKNOWN, "; ".join(["nothing against it, but the thresholds are regression's", *more])
    return TRUSTED, "; ".join(["nothing against it", *more])
