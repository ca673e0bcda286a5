"""``solve``: the flow of one problem or many, from one start or many, over threads."""

from __future__ import annotations

import threading
import time
import warnings
from collections.abc import Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from cumulode import __version__
from cumulode.numerics.check_input import check_executor, check_problem, check_stop, check_times, check_weights
from cumulode.numerics.compile import jit
from cumulode.numerics.io.progress import Shown, check_progress
from cumulode.numerics.observables import norm
from cumulode.numerics.status import KNOWN, Status
from cumulode.numerics.trajectory.dormand_prince import (
    ACCEPTED,
    EVALUATIONS,
    REJECTED,
    STATE,
    integrator,
)
from cumulode.numerics.trajectory.run import Trajectory, run_one
from cumulode.theory.problem.problem import Problem
from cumulode.theory.user_input.arguments import Described, InvalidArgument, InvalidTogether, integer, real
from cumulode.theory.user_input.deprecation import renamed_arguments
from cumulode.theory.user_input.options import either

from .ending import describe, summary, unresolved
from .plan import Plan, make_plan
from .preactivation import cumulants_by, k4_error_by
from .result import Solution
from .solver import FLOW, FROZEN, Solver, choose
from .watch import in_threads

#: The keywords of ``solve`` that are fields of ``Solver``, too.
KEYWORDS = ("closure", "rtol", "atol", "tolerance")
#: Norms between which weights may start: below, steps underflow; above, the fourth cumulant of w.x overflows.
SMALLEST_START = 1e-300


class SolveWarning(UserWarning):
    """A run that did not reach its last time; the message names the cause and the next step."""


@renamed_arguments(dict.fromkeys(("contraction", "max_step"), ("solver", Solver, KEYWORDS)))
@either(solver=KEYWORDS)
def solve(
    problem: Problem | Sequence[Problem],
    w0: ArrayLike,
    t_eval: ArrayLike,
    closure: str = "regression",
    rtol: float = 1e-6,
    atol: float | None = None,
    *,
    tolerance: float = 1e-3,
    solver: Solver | None = None,
    executor: Any = None,
    progress: Shown = False,
    stop: threading.Event | None = None,
    noise: float | None = None,
    runs: int | None = None,
    seed: int | None = None,
) -> Solution:
    """Integrate the learning dynamics ``dw/dt`` of one neuron under a closure, with the noise of SGD if asked.

    Parameters
    ----------
    problem : Problem, or a sequence of n Problems of one size
    w0 : (D,) or (n, D) array, finite
        Weights at time 0, zero or |w0| from 1e-300, each up to 1e70: one start, or one a run; on a torus row by row,
        D = L L, or (L, L) and (n, L, L). A single start serves all problems of a sequence.
    t_eval : (T,) array
        Times at which to record, non-negative and increasing; time is learning rate x steps. They do not affect
        the steps taken.
    closure, rtol, atol, tolerance
        See :class:`cumulode.Solver`.
    solver : Solver, optional
        All of these at once, and how K is contracted and the longest step, in their place.
    executor : concurrent.futures.Executor or dask.distributed.Client, optional
        Where the runs go; by default a pool of one thread a core (the kernels hold no lock).
    progress : bool or callable
        Show progress on standard error, or call this with the fraction done now and then.
    stop : threading.Event, optional
        Set by another thread, it does what Ctrl-C does, to runs in threads of this process.
    noise : float in (0, 1e3], optional
        Learning rate over batch size of SGD, on which alone its scatter depends: the result is then an
        :class:`cumulode.numerics.Ensemble` of ``runs`` trajectories of ``dw = f dt + sqrt(noise) L dB``, ``L L^T`` the
        covariance of one step (:func:`cumulode.noise_covariance`), from one start of one problem. theory.md section 7.
    runs : int from 1 to 1e6, default 200
        Trajectories; run i is the same whatever their number.
    seed : int >= 0, default 0
        With noise, or of the samples of closure "frozen".

    Returns
    -------
    Solution
        ``t``, ``w`` (T, D) or (n, T, D), ``bias``, ``ipr``, ``norm``, ``k2``, ``k4``, ``status``, ``message``,
        ``provenance`` (``run_seconds`` without ``compile_seconds``). A run that fails has NaN after the time it
        reached, a message naming the cause, and raises a ``SolveWarning``. Ctrl-C returns what exists. Where w = 0
        attracts and the weights fell below what the tolerances resolve (|w| below 1e-9 of the smaller of 1 and |w0|,
        or below ``atol``), the run is DECAYED, a success: its weights are zero from there on, and have no shape. A
        run that has come to rest in a stable state is carried on by the flow's linearisation, whatever the time. With
        closure "frozen" a :class:`cumulode.numerics.FrozenFlow`, with the standard error of its scrambles.

    Raises
    ------
    InvalidArgument
        Naming the argument, what came, and what is allowed.
    """
    solver = choose(solver, FLOW, closure=closure, rtol=rtol, atol=atol, tolerance=tolerance)
    if solver.closure == FROZEN and noise is None:
        from cumulode.numerics.frozen.flow import frozen_flow  # which rests on this folder

        if runs is not None:
            raise InvalidTogether("runs", runs, "given with noise=, learning rate over batch size, only")
        solution: Solution = frozen_flow(problem, w0, t_eval, solver, seed, executor, progress, stop)
    elif noise is None:
        for name, value in (("runs", runs), ("seed", seed)):
            if value is not None:
                raise InvalidTogether(name, value, "given with noise=, learning rate over batch size, only")
        solution = integrate(problem, w0, t_eval, solver, executor, progress, stop)
    else:
        solution = _scatter(problem, w0, t_eval, solver, noise, runs, seed, executor, progress, stop)
    warn(solution, stacklevel=5)
    return solution


def _scatter(
    problem: Any, w0: Any, t_eval: Any, solver: Solver, noise: Any, runs: Any, seed: Any, executor: Any, *watched: Any
) -> Solution:
    """The ensemble, its arguments checked."""
    from cumulode.numerics.noise.ensemble import STEP, ensemble  # which rests on this folder

    check_problem(problem)
    start, times = check_start(w0, problem.shape), check_times(t_eval)
    for name in ("rtol", "atol", "max_step"):
        if getattr(solver, name) != getattr(FLOW, name):
            raise InvalidTogether(
                name, getattr(solver, name), f"its default with noise=, whose steps are {STEP:g} long"
            )
    last = float(times[-1])
    if last > STEP * solver.max_steps:
        raise InvalidTogether("max_steps", solver.max_steps, f"at least {last / STEP:.0f} to t = {last:g}")
    if start.ndim > 1:
        raise InvalidArgument("w0", Described(f"shape {start.shape}"), f"with noise= one start, ({problem.size},)")
    noise = real("noise", noise, gt=0, le=1e3)
    runs = integer("runs", 200 if runs is None else runs, ge=1, le=10**6)
    seed = integer("seed", 0 if seed is None else seed, ge=0)
    check_progress(watched[0])
    check_stop(watched[1])
    return ensemble(problem, start, times, solver, noise, runs, seed, check_executor(executor), *watched)


def warn(solution: Solution, stacklevel: int) -> None:
    """A ``SolveWarning`` where a run failed, of the caller that many frames up; Ctrl-C is no failure."""
    if any(status not in (*KNOWN, Status.INTERRUPTED) for status in solution.statuses):
        warnings.warn(solution.message, SolveWarning, stacklevel=stacklevel)


def integrate(
    problem: Problem | Sequence[Problem],
    w0: ArrayLike,
    t_eval: ArrayLike,
    solver: Solver,
    executor: Any = None,
    progress: Shown = False,
    stop: threading.Event | None = None,
) -> Solution:
    """``solve`` without its warning."""
    problems, single = _problems(problem)
    starts = check_start(w0, problems[0].shape)
    single = single and starts.ndim == 1
    starts = np.atleast_2d(starts)
    runs = max(len(starts), len(problems))
    if len(problems) not in (1, runs) or len(starts) not in (1, runs):
        came = Described(f"{len(starts)} starts for {len(problems)} problems")
        raise InvalidArgument("w0", came, "one start, or one for each problem")
    times = check_work(check_times(t_eval), solver)
    executor = check_executor(executor)
    check_progress(progress)
    check_stop(stop)
    jobs = [(problems[i % len(problems)], starts[i % len(starts)]) for i in range(runs)]
    began, compiling = time.perf_counter(), jit.compile_seconds
    plans = {p: make_plan(p, solver) for p in dict.fromkeys(problems)}
    for plan in plans.values():
        plan.forms()  # what is recorded needs K, whatever the closure: refused before the work, not after
    outcomes = _run_all(jobs, plans, times, solver, executor, progress, stop)
    compiled = jit.compile_seconds - compiling
    cost = {"run_seconds": time.perf_counter() - began - compiled, "compile_seconds": compiled}
    return _gather(jobs, plans, times, solver, outcomes, single, cost)


def check_start(w0: Any, shape: tuple[int, ...]) -> np.ndarray:
    """``w0`` as rows whose norm, and whose norm to the fourth power, floats hold; InvalidArgument otherwise."""
    starts = check_weights("w0", w0, shape)
    for size in np.atleast_1d(norm(starts)):
        if size != 0 and size < SMALLEST_START:
            allowed = f"weights that are zero or of a norm of at least {SMALLEST_START:g}"
            raise InvalidArgument("w0", Described(f"|w0| = {size:.3g}"), allowed)
    return starts


def check_work(times: np.ndarray, solver: Solver) -> np.ndarray:
    """``times``; InvalidArgument where the longest step makes more steps than may be taken."""
    if times[-1] > solver.max_step * solver.max_steps:
        allowed = f"at least {times[-1] / solver.max_steps:.3g} to reach t = {times[-1]:g} in {solver.max_steps} steps"
        raise InvalidTogether("max_step", solver.max_step, f"{allowed} (max_steps)")
    return times


def _problems(problem: Any) -> tuple[list[Problem], bool]:
    if isinstance(problem, Problem):
        return [problem], True
    problems = list(problem) if isinstance(problem, (list, tuple, np.ndarray)) and np.shape(problem) else []
    if not problems or not all(isinstance(p, Problem) for p in problems):
        raise InvalidArgument("problem", problem, "a Problem or a 1-d sequence of Problems")
    shapes = {p.shape for p in problems}
    if len(shapes) > 1:
        raise InvalidArgument("problem", Described(f"sizes {sorted(shapes)}"), "problems of one size")
    return problems, False


def _run_from_scratch(problem: Problem, w0: np.ndarray, times: np.ndarray, solver: Solver) -> Trajectory:
    """For executors in other processes: everything picklable, the plan made there."""
    return run_one(make_plan(problem, solver), w0, times, solver)


def _run_all(
    jobs: list[tuple[Problem, np.ndarray]],
    plans: dict[Problem, Plan],
    times: np.ndarray,
    solver: Solver,
    executor: Executor | None,
    progress: Shown,
    stop: threading.Event | None,
) -> list[Trajectory]:
    if executor is not None and not isinstance(executor, ThreadPoolExecutor):
        futures = [executor.submit(_run_from_scratch, p, w0, times, solver) for p, w0 in jobs]
        return [f.result() for f in futures]
    plan = next(iter(plans.values()))
    integrator(plan.signature, plan.law_type)  # compile before the threads start
    states = np.zeros((len(jobs), STATE))
    work = [partial(run_one, plans[p], w0, times, solver, states[i]) for i, (p, w0) in enumerate(jobs)]
    return in_threads(work, states, times[-1], "theory", progress, stop, executor)


def _gather(
    jobs: list[tuple[Problem, np.ndarray]],
    plans: dict[Problem, Plan],
    times: np.ndarray,
    solver: Solver,
    outcomes: list[Trajectory],
    single: bool,
    cost: dict[str, float],
) -> Solution:
    """Stack the runs into a Solution."""
    w = np.stack([o.w for o in outcomes])
    cumulants = [cumulants_by(plans[p].forms(), p, o.w) for (p, _), o in zip(jobs, outcomes, strict=True)]
    k2, k4 = (np.stack([c[i] for c in cumulants]) for i in range(2))
    bias = np.repeat([[p.bias] for p, _ in jobs], times.size, axis=1)
    statuses = np.array([o.status for o in outcomes])
    k4_error = np.stack([k4_error_by(plans[p].forms(), p, o.w) for (p, _), o in zip(jobs, outcomes, strict=True)])
    messages = [
        describe(p, w0, o, solver, times[-1]) + unresolved(*of)
        for (p, w0), o, *of in zip(jobs, outcomes, k4, k4_error, strict=True)
    ]
    message = summary(messages, [i for i, s in enumerate(statuses) if s not in KNOWN], single)
    provenance = _provenance(jobs, plans, solver, outcomes) | cost
    arrays: dict[str, Any] = {"w": w, "bias": bias, "k2": k2, "k4": k4, "w0": np.stack([w0 for _, w0 in jobs])}
    arrays["k4_error"] = k4_error
    if single:
        arrays = {name: array[0] for name, array in arrays.items()}
    ended: dict[str, Any] = {"statuses": statuses, "messages": tuple(messages), "message": message}
    return Solution(t=times, **arrays, **ended, provenance=provenance)


def _provenance(
    jobs: list[tuple[Problem, np.ndarray]],
    plans: dict[Problem, Plan],
    solver: Solver,
    outcomes: list[Trajectory],
) -> dict[str, Any]:
    """How the runs were made: versions, tolerances, errors of approximation, work done."""
    counts = np.sum([o.counts for o in outcomes], axis=0)
    return {
        "version": __version__,
        "method": "Dormand-Prince 5(4)",
        **solver.to_dict(),
        "contracted_by": ", ".join(dict.fromkeys(m for p in plans.values() for m in p.method.split(", "))),
        "cumulant_error": max(plan.error for plan in plans.values()),
        "evaluations": int(counts[EVALUATIONS]),
        "steps": int(counts[ACCEPTED]),
        "rejected": int(counts[REJECTED]),
        "problem": jobs[0][0].to_dict() if len(plans) == 1 else [p.to_dict() for p, _ in jobs],
    }
