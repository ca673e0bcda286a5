"""``solve(..., closure="frozen")``: a flow for each of eight scrambles, points doubled until their mean is known."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from cumulode import __version__
from cumulode.numerics.check_input import check_executor, check_problem, check_stop, check_times
from cumulode.numerics.compile import jit
from cumulode.numerics.compile.closure_kernels import activation_kernels
from cumulode.numerics.compile.jit import compiled
from cumulode.numerics.compile.signatures import force_t
from cumulode.numerics.cumulants import second_cumulant
from cumulode.numerics.flow.ending import describe, unresolved
from cumulode.numerics.flow.plan import Forms, Plan, class_forms
from cumulode.numerics.flow.preactivation import cumulants_by, k4_error_by
from cumulode.numerics.flow.solver import FROZEN, Solver
from cumulode.numerics.flow.watch import in_threads
from cumulode.numerics.io.progress import Shown, check_progress
from cumulode.numerics.observables import ipr, norm
from cumulode.numerics.status import KNOWN, Status, worst
from cumulode.numerics.trajectory.decay import has_decayed
from cumulode.numerics.trajectory.dormand_prince import EVALUATIONS, STATE, integrator
from cumulode.numerics.trajectory.run import Trajectory, run_one
from cumulode.theory.problem.problem import Problem
from cumulode.theory.user_input.arguments import Described, InvalidArgument, integer

from .drift import frozen_data, frozen_rhs, frozen_sig
from .points import check_sampled, of_class, samples
from .result import FrozenFlow

#: Independent scrambles of the points, and the points a class of each at first.
SCRAMBLES, FIRST = 8, 256
#: The points a class of each scramble where all are taken together.
TOGETHER = 512
#: Without a number of points given: seconds of the processor for one round of all scrambles; those of one sample's
#: force at one site, and of one product.
SECONDS, FORCE, PRODUCT = 100.0, 4e-8, 3e-10
#: Most steps of a flow on samples, which is not worth more.
MOST_STEPS = 5000
#: With a kink the force jumps at every sample that passes it: errors below this, relative and in shares of the start,
#: are not asked for.
JUMPS = 1e-3
#: So they jump about zero: weights below this share of the start that would be at zero within that share of the time.
NOTHING, SOON = 1e-2, 0.1
#: Two scrambles whose weights have a cosine below this are in different basins.
SAME_BASIN = 0.9


def seeds_of(seed: int) -> list[np.random.SeedSequence]:
    """One for each scramble."""
    return [np.random.SeedSequence(seed, spawn_key=(i,)) for i in range(SCRAMBLES)]


def plan_of(problem: Problem, points: int, seeds: list[np.random.SeedSequence], forms: Callable[[], Forms]) -> Plan:
    """The average force on the samples of these seeds together."""
    for law in problem.laws:
        check_sampled(law)
    rhs, law = compiled(frozen_rhs, frozen_sig), activation_kernels(str(problem.activation)).force
    own = problem, FROZEN, f"frozen samples ({len(seeds)} x {points})", np.nan, forms
    return Plan(*own, rhs, frozen_sig, law, force_t, partial(frozen_data, problem, points, seeds))


def all_scrambles(problem: Problem, solver: Solver, forms: Callable[[], Forms]) -> Plan:
    """All scrambles together at ``TOGETHER`` points each (fewer where the solver says so), for drifts.

    ``error``: of the samples' second cumulant, relative, in Frobenius norm, the larger of both classes.
    """
    points = min(solver.frozen_points or TOGETHER, TOGETHER)
    plan = plan_of(problem, points, seeds_of(0), forms)
    return replace(plan, error=max(_error_of_samples(problem, points, place) for place in range(2)))


def each_scramble(problem: Problem, solver: Solver, points: int | None = None) -> list[Plan]:
    """A plan for each scramble, of ``points`` points (``TOGETHER``, fewer where the solver says so), for errors."""
    points = points or min(solver.frozen_points or TOGETHER, TOGETHER)
    forms = partial(class_forms, problem, solver.tolerance or 0.0, solver.contraction)
    return [plan_of(problem, points, [seed], forms) for seed in seeds_of(0)]


def _error_of_samples(problem: Problem, points: int, place: int) -> float:
    law, shape = problem.laws[place], problem.shape
    x = np.concatenate([samples(law, shape, points, of_class(seed, place)) for seed in seeds_of(0)])
    axes = tuple(range(1, 1 + len(shape)))
    power = np.mean(np.abs(np.fft.fftn(x.reshape(-1, *shape), axes=axes)) ** 2, axis=0) / problem.size
    exact = np.fft.fftn(second_cumulant(law, shape).reshape(shape)).real
    return float(np.linalg.norm(power - exact) / np.linalg.norm(exact))


def frozen_flow(
    problem: Any,
    w0: Any,
    t_eval: Any,
    solver: Solver,
    seed: Any,
    executor: Any,
    progress: Shown,
    stop: threading.Event | None,
) -> FrozenFlow:
    """The flow with its standard error; see :func:`cumulode.solve`."""
    from cumulode.numerics.flow.solve import check_start, check_work  # which calls this function

    if isinstance(problem, (list, tuple)):
        raise InvalidArgument("problem", Described(f"{len(problem)} problems"), "one with closure='frozen'")
    check_problem(problem)
    start, times = check_start(w0, problem.shape), check_work(check_times(t_eval), solver)
    if start.ndim > 1:
        raise InvalidArgument("w0", Described(f"shape {start.shape}"), f"with closure='frozen' one, ({problem.size},)")
    seed = integer("seed", 0 if seed is None else seed, ge=0)
    executor, stop = check_executor(executor), check_stop(stop)
    check_progress(progress)
    assert solver.tolerance is not None, "the caller states its default"
    forms = partial(class_forms, problem, solver.tolerance, solver.contraction)
    forms()  # what is recorded needs K: refused before the work
    began, compiling = time.perf_counter(), jit.compile_seconds
    solver = _affordable(problem, solver, start)
    points = min(FIRST, solver.frozen_points or FIRST)
    while True:
        outcomes = _run(problem, start, times, solver, points, seed, executor, progress, stop, forms)
        last = np.stack([o.w[-1] for o in outcomes])
        decayed = bool(np.all(has_decayed(problem, norm(start), norm(last))))
        error = 0.0 if decayed else _ipr_error(last)
        ended = any(o.status not in KNOWN for o in outcomes)
        if ended or error <= solver.frozen_accuracy or not _go_on(problem, solver, points, outcomes):
            break
        points *= 2
    compiled_in = jit.compile_seconds - compiling
    cost = {"run_seconds": time.perf_counter() - began - compiled_in, "compile_seconds": compiled_in}
    return _gather(problem, start, times, solver, points, seed, outcomes, error, forms(), cost)


def _go_on(problem: Problem, solver: Solver, points: int, outcomes: list[Trajectory]) -> bool:
    """Whether twice as many points may be taken."""
    if solver.frozen_points is not None:
        return 2 * points <= solver.frozen_points
    images = 2 ** len(problem.shape) * 2 * 2 * points
    evaluations = sum(int(o.counts[EVALUATIONS]) for o in outcomes)
    return evaluations * images * problem.size * (FORCE + 2 * problem.size * PRODUCT) < SECONDS


def _affordable(problem: Problem, solver: Solver, start: np.ndarray) -> Solver:
    """The solver with what samples are worth: few steps, and with a kink coarse ones."""
    solver = replace(solver, max_steps=min(solver.max_steps, MOST_STEPS))
    if solver.atol is None and activation_kernels(str(problem.activation)).kinks and np.any(start):
        return replace(solver, rtol=max(solver.rtol, JUMPS), atol=JUMPS * float(np.sqrt(np.mean(start**2))))
    return solver


def _one(
    plan: Plan, start: np.ndarray, times: np.ndarray, solver: Solver, state: np.ndarray | None = None
) -> Trajectory:
    """One flow; with a kink, weights that have come to zero, about which they jump, are zero."""
    run = run_one(plan, start, times, solver, state)
    if run.status != Status.REACHED_END or not activation_kernels(str(plan.problem.activation)).kinks:
        return run
    last, force, size = run.w[-1], np.empty(start.size), norm(run.w)
    plan.rhs(last, force, plan.data(), plan.law)
    small = size < NOTHING * norm(start)
    if 0.0 < size[-1] < SOON * norm(force) * times[-1] and small[-1]:
        run.w[int(np.argmax(small)) :] = 0.0
        run.status = int(Status.DECAYED)
    return run


def _run(
    problem: Problem, start: np.ndarray, times: np.ndarray, solver: Solver, points: int, seed: int,
    pool: Executor | None, progress: Shown, stop: threading.Event | None, forms: Callable[[], Forms],
) -> list[Trajectory]:  # fmt: skip
    """One flow for each scramble."""
    seeds = seeds_of(seed)
    if pool is not None and not isinstance(pool, ThreadPoolExecutor):
        given = [(problem, start, times, solver, points, each) for each in seeds]
        return [future.result() for future in [pool.submit(_from_scratch, *one) for one in given]]
    plans = [plan_of(problem, points, [each], forms) for each in seeds]
    integrator(plans[0].signature, plans[0].law_type)  # compile before the threads start
    states = np.zeros((len(plans), STATE))
    work = [partial(_one, plan, start, times, solver, states[i]) for i, plan in enumerate(plans)]
    return in_threads(work, states, times[-1], f"frozen, {points} points", progress, stop, pool)


def _from_scratch(
    problem: Problem, start: np.ndarray, times: np.ndarray, solver: Solver, points: int, seed: np.random.SeedSequence
) -> Trajectory:
    """For executors in other processes."""
    forms = partial(class_forms, problem, solver.tolerance or 0.0, solver.contraction)
    return _one(plan_of(problem, points, [seed], forms), start, times, solver)


def _ipr_error(last: np.ndarray) -> float:
    """Relative standard error of the mean IPR over scrambles; 0 of weights without one."""
    values = ipr(last)
    values = values[np.isfinite(values)]
    return float(values.std(ddof=1) / np.sqrt(values.size) / values.mean()) if values.size > 1 else 0.0


def split_of(w: np.ndarray) -> np.ndarray:
    """Where two scrambles (S, T, D) are in different basins, (T,)."""
    size = norm(w)[..., None]
    unit = w / np.where(size > 0, size, 1.0)
    cosines = np.einsum("std,rtd->tsr", unit, unit)
    both = (size[:, :, 0] > 0).T
    return np.asarray(((cosines < SAME_BASIN) & both[:, :, None] & both[:, None, :]).any(axis=(1, 2)))


def _gather(
    problem: Problem, start: np.ndarray, times: np.ndarray, solver: Solver, points: int, seed: int,
    outcomes: list[Trajectory], error: float, forms: Forms, cost: dict[str, float],
) -> FrozenFlow:  # fmt: skip
    """Mean, standard error and words."""
    each = np.stack([o.w for o in outcomes])
    gone = np.all(has_decayed(problem, norm(start), norm(each)), axis=0)
    split = split_of(each) & ~gone
    mean = each[0] + (each - each[0]).mean(axis=0)
    mean[split] = np.nan
    k2, k4 = cumulants_by(forms, problem, mean)
    k4_error = k4_error_by(forms, problem, mean)
    status = worst(np.array([o.status for o in outcomes]))
    first = next((o for o in outcomes if o.status == status), outcomes[0])
    message = describe(problem, start, first, solver, times[-1]) + unresolved(k4, k4_error)
    known = "decayed in all" if gone[-1] else f"the last IPR to {100 * error:.2g} %"
    message += f"; {SCRAMBLES} scrambles of {points} points: {known}"
    if error > solver.frozen_accuracy:
        message += f" (frozen_accuracy={solver.frozen_accuracy:g} was asked; try more frozen_points)"
    if split.any():
        message += f"; scrambles end in different basins from t = {times[split.argmax()]:g} on, where there is no mean"
    return FrozenFlow(
        t=times,
        w=mean,
        bias=np.full(times.size, problem.bias),
        k2=k2,
        k4=k4,
        k4_error=k4_error,
        w0=start,
        statuses=np.array([int(status)]),
        messages=(message,),
        message=message,
        standard_error=(each - each[0]).std(axis=0, ddof=1) / np.sqrt(len(each)),
        scrambles=each,
        split=split,
        provenance={
            "version": __version__,
            "method": "Dormand-Prince 5(4) on frozen samples",
            **solver.to_dict(),
            "seed": seed,
            "points_used": points,
            "ipr_error": error,
            "cumulant_error": max(form.error for form in forms),
            "problem": problem.to_dict(),
            **cost,
        },
    )
