"""Where the outcome of a flow can be trusted (theory.md section 3).

Without simulation, from numbers each of which compares a trajectory with tree, the closure that knows the sixth
cumulant at tree level:

* ``rho``, the largest ``Q/h3`` of both classes along it: how near the inputs come to fixing the third orthogonal
  polynomial of the preactivation's law, beyond what k2 and k4 know;
* ``mu``, the top eigenvalue of tree's Jacobian at its end: an instability that closures in k2 and k4 miss; and
  ``mu_own``, the same of the closure itself, which an unfinished flow has as well;
* ``delta``, how far a second flow from the same start (of tree; for tree, of regression) is off in IPR or k2.

Or by the population's own flow from the same start, where that is asked for (``check``). How often each is wrong:
docs/validity.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from os import cpu_count
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from cumulode.numerics.check_input import check_executor, check_problem, check_times
from cumulode.numerics.flow.solve import solve
from cumulode.numerics.flow.solver import FLOW, Solver, choose
from cumulode.numerics.observables import norm
from cumulode.numerics.result import unbroken
from cumulode.numerics.trajectory.decay import has_decayed
from cumulode.theory.problem.problem import Problem
from cumulode.theory.user_input.arguments import Described, InvalidArgument, integer
from cumulode.theory.user_input.arrays import real_array
from cumulode.theory.user_input.deprecation import renamed_arguments
from cumulode.theory.user_input.options import either

from .diagnostics import measure_all
from .distance import distance
from .population import POPULATIONS, off_from_population
from .verdict import DELTA, MU, OFF, RHO, Diagnostics, judge, other_of

#: What the population says of a run.
POPULATION = ("off", "off_error", "population_mu", "population_mu_error")


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
        The numbers above which rho, mu, delta and off count against a run.
    off, off_error, population_mu, population_mu_error : float or (n,)
        By the population, where ``check`` was given: the largest relative difference of IPR or k2 over the times, and
        the population's top growth rate at its stationary state near the end of ``w`` (units of 1/time; NaN where there
        is none, or the activation has a kink), with their standard errors (0 where the flow is exact).
    """

    rho: Any
    mu: Any
    mu_own: Any
    delta: Any
    trusted: Any
    reasons: Any
    thresholds: dict[str, float] = field(default_factory=lambda: {"rho": RHO, "mu": MU, "delta": DELTA, "off": OFF})
    off: Any = np.nan
    off_error: Any = np.nan
    population_mu: Any = np.nan
    population_mu_error: Any = np.nan

    def __repr__(self) -> str:
        words = {1: "trusted", 0: "not trusted", -1: "unknown"}
        if np.ndim(self.trusted):
            counts = [f"{int(np.sum(self.trusted == code))} {word}" for code, word in words.items()]
            return f"Validity({len(self.trusted)} runs: {', '.join(counts)})"
        names = ("rho", "mu", "mu_own", "delta", "off", "population_mu")
        known = [f"{name} {getattr(self, name):.3g}" for name in names]
        return f"Validity({words[int(self.trusted)]}, {', '.join(n for n in known if 'nan' not in n)}: {self.reasons})"


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
    check: str | None = None,
) -> Validity:
    """Whether a flow can be trusted, by a second closure or by the population (theory.md section 3).

    **What trusted means.** A flow is *off* where its IPR or k2 is more than 10 % off the population's at any recorded
    time. For ``regression``: none of rho, mu, delta is above its threshold, and it is not a slow growth that is
    unfinished, over which errors that closures share add up (then *unknown*). For ``tree``: the same but for mu, which
    is its own. For ``exact``: always. For Gaussian inputs: always, but for taylor, which cuts the force itself. Every
    other closure (taylor, gaussian, edgeworth, bimodal, pearson, conditional, tree:CHI) is not trusted where rho, mu or
    delta flag the run, and *unknown* where they do not: it has failings of its own that they do not measure. Without
    ``t`` there is no delta, and transients are not judged. Some flows that are off are trusted all the same
    (docs/validity.md says how many); with ``check`` the population itself decides.

    Parameters
    ----------
    problem : Problem, or a sequence of n Problems of one size
    w : (T, D) or (n, T, D) array
        Trajectories as ``Solution.w`` has them; ends that are NaN (a run that failed) make a run unknown.
    closure, tolerance, solver
        See :class:`cumulode.Solver`: the closure that gave ``w``, the error of K, and the steps of the other flows.
    t : (T,) array, optional
        The times of ``w``; where given, ``delta`` is computed, by a flow of tree (for tree: of regression) from
        ``w[..., 0, :]``.
    executor : concurrent.futures.Executor or dask.distributed.Client, optional
        Where the runs go; by default a pool of one thread a core. The work is compiled and holds no lock.
    check : {None, "exact", "frozen"}
        Ask the population: its flow from the same start at the same times, and its growth rate near the end.
        "exact" where there is an exact flow (Ising rings with a smooth activation, Gaussian inputs), "frozen" for every
        law that can be sampled, about half a minute a run (``Solver(frozen_accuracy=, frozen_points=)``).

    Returns
    -------
    Validity
        ``rho``, at most 1 where the preactivation's law is Pearson's, above where it cannot be (NaN if the kurtosis
        passes 3, where that has no sixth moment; rows of k2 below 0.05 are left out); ``mu``, ``mu_own`` in units of
        rates, to 1e-3; ``delta``, the largest relative difference over the times in IPR, k2+ or k2-, NaN where only one
        of the flows has decayed to w = 0; the population's numbers with ``check``.

    Raises
    ------
    InvalidArgument
        Naming the argument, what came and what is allowed.
    """
    solver = choose(solver, FLOW, closure=closure, tolerance=tolerance)
    problems, runs, single = _runs(problem, w)
    times = _times(t, check, runs.shape[1])
    with _pool(executor, len(runs)) as pool:
        gone = np.array([has_decayed(p, norm(w[0]), norm(w[-1])) for p, w in zip(problems, runs, strict=True)])
        deltas, others = np.full(len(runs), np.nan), gone
        if times is not None:
            deltas, others = _delta(problems, runs, gone, times, solver, pool)
        measured = measure_all(problems, runs, solver, pool)
        asked = np.full((len(runs), 4), np.nan)
        if check is not None and times is not None:
            where = executor if isinstance(executor, Executor) else None  # by itself it takes all cores
            each = [off_from_population(p, w, times, solver, check, where) for p, w in zip(problems, runs, strict=True)]
            asked = np.array(each)
    length = np.nan if times is None else float(times[-1] - times[0])
    rows = []
    for i, (p, numbers) in enumerate(zip(problems, measured, strict=True)):
        flows: dict[str, Any] = {
            "delta": float(deltas[i]),
            "decayed": bool(gone[i]),
            "other_decayed": bool(others[i]),
            "time": length,
        }
        of_run = replace(numbers, **flows, **dict(zip(POPULATION, asked[i], strict=True)))
        rows.append(_row(p, solver.closure, of_run, times is not None, check is not None))
    columns: list[Any] = [[row[name] for row in rows] for name in rows[0]]
    made = dict(zip(rows[0], columns, strict=True))
    if single:
        return Validity(**{name: column[0] for name, column in made.items()})
    arrays: dict[str, Any] = {n: tuple(c) if n == "reasons" else np.array(c) for n, c in made.items()}
    return Validity(**arrays)


def _row(problem: Problem, closure: str, d: Diagnostics, with_delta: bool, checked: bool) -> dict[str, Any]:
    """The fields of :class:`Validity` for one run."""
    trusted, reasons = judge(problem, closure, d, with_delta, checked)
    numbers = {name: getattr(d, name) for name in ("rho", "mu", "mu_own", "delta", *POPULATION)}
    return numbers | {"trusted": trusted, "reasons": reasons}


def _times(t: Any, check: Any, count: int) -> np.ndarray | None:
    """The times of w, checked; needed where ``check`` is given."""
    if check is not None and not (isinstance(check, str) and check in POPULATIONS):
        raise InvalidArgument("check", check, 'None, "exact" or "frozen"')
    if t is None:
        if check is not None:
            raise InvalidArgument("t", None, f"the times of w, where check={check!r}")
        return None
    times = check_times(t, "t")
    if times.size != count:
        raise InvalidArgument("t", Described(f"{times.size} times"), f"the {count} times of w")
    return times


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


def _delta(
    problems: list[Problem], runs: np.ndarray, gone: np.ndarray, times: np.ndarray, solver: Solver, pool: Executor
) -> tuple[np.ndarray, np.ndarray]:
    """How far the other closure's flow is off, NaN where one has no end; and whether that flow decays, (n,) both."""
    deltas, others = np.full(len(runs), np.nan), gone.copy()
    good = np.flatnonzero(np.all(np.isfinite(runs[:, 0]), axis=-1))
    if good.size:
        own = replace(solver, closure=other_of(solver.closure))
        flow = unbroken(solve([problems[i] for i in good], runs[good, 0], times - times[0], solver=own, executor=pool))
        for i, w in zip(good, flow.w, strict=True):
            if np.isfinite(w[-1]).all():
                others[i] = has_decayed(problems[i], norm(w[0]), norm(w[-1]))
            deltas[i] = distance(problems[i], runs[i], w, solver)
    return np.where(gone | others, np.where(gone == others, deltas, np.nan), deltas), others
