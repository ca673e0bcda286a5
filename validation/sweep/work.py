"""The work at one point of a sweep: plain values in, arrays out, so that any worker anywhere can do it.

Nothing here depends on which points are done together, or where: the numbers are the same to the bit, on one kind of
machine. Only critical values of periodic states on large rings (seen at D = 250) move in the last digits with the
number of BLAS's threads (OPENBLAS_NUM_THREADS), which workers should therefore have in common.
"""

from __future__ import annotations

import threading
import warnings
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from cumulode.numerics import Result, SolveWarning, critical_value, drift, solve, validity
from cumulode.numerics.flow.solver import Solver
from cumulode.numerics.stability.critical_value import LINEAR, STABILITY
from cumulode.numerics.status import KNOWN, Status
from cumulode.numerics.trajectory.growth import selected
from cumulode.theory.problem.problem import Problem
from cumulode.validation.sgd.neuron import simulate_sgd

from .layers import CROSSINGS, DONE, ERROR, IMPOSSIBLE, layers, line_axis, line_range
from .measures import MEASURES, Runs
from .protocol import Point
from .settings import Settings, Values

#: Variables of one point by name: (seeds,) or (seeds, D) where seeded, else a number or text.
Row = dict[str, Any]


@dataclass(frozen=True)
class Task:
    """One point of one layer, and the seeds still to be done there."""

    layer: str
    index: tuple[int, ...]
    point: Point
    seeds: tuple[int, ...]


#: Points done together.
Block = list[tuple[Task, Row]]


class Stopped(Exception):
    """The work was interrupted; nothing of the point is kept."""


def run_tasks(
    tasks: list[Task], settings: Settings, axes: dict[str, Values], stop: threading.Event | None = None
) -> list[Row]:
    """The points one after the other; those done before ``stop`` was set, or Ctrl-C heard."""
    if stop is None:  # in a process of its own; filters are shared by threads, whose caller sets them
        warnings.simplefilter("ignore", SolveWarning)
    rows: list[Row] = []
    try:
        for task in tasks:
            if stop is not None and stop.is_set():
                break
            rows.append(run_task(task, settings, axes, stop))
    except (Stopped, KeyboardInterrupt):
        pass
    return rows


def run_task(task: Task, settings: Settings, axes: dict[str, Values], stop: threading.Event | None) -> Row:
    """One point. What goes wrong there is its result: a status and a reason, the rest missing."""
    try:
        if task.layer == "lines":
            return _lines(task, settings, axes)
        return {"theory": _theory, "sgd": _sgd}[task.layer](task, settings, stop)
    except (Stopped, KeyboardInterrupt):
        raise
    except ValueError as error:
        return _failed(task, settings, axes, IMPOSSIBLE, " ".join(str(error).split()))
    except Exception as error:  # whatever fails at one point, memory too, must not end hours of work at others
        return _failed(task, settings, axes, ERROR, f"{type(error).__name__}: {' '.join(str(error).split())}")


def _failed(task: Task, settings: Settings, axes: dict[str, Values], code: int, reason: str) -> Row:
    layer = next(x for x in layers(settings, axes) if x.name == task.layer)
    row: Row = {}
    for name, variable in layer.variables.items():
        if not variable.last:
            row[name] = np.full(len(task.seeds), variable.missing) if variable.seed else variable.missing
    status = np.full(len(task.seeds), code, np.int8) if layer.seeded else code
    return row | {f"{layer.prefix}status": status, f"{layer.prefix}reason": reason}


def _theory(task: Task, settings: Settings, stop: threading.Event | None) -> Row:
    problem, solver = settings.problem_at(task.point), settings.solver_at(task.point)
    starts = settings.starts(task.point, task.seeds)
    with ThreadPoolExecutor(1) as inner:
        solution = solve(problem, starts, settings.times, solver=solver, executor=inner, stop=stop)
    runs = _runs(problem, solution, solver, solver.closure)
    row = _measured(runs, settings, solution, _why(solution, task.seeds))
    row["relative_speed"] = _relative_speed(runs, solver)
    row["cumulant_error"] = solution.provenance["cumulant_error"]
    row["growth_rate"], row["selected_wavenumber"] = _selected(problem)
    return row | _validity(runs, settings, solver)


def _sgd(task: Task, settings: Settings, stop: threading.Event | None) -> Row:
    problem, sgd = settings.problem_at(task.point), settings.sgd_at(task.point)
    starts, seeds = settings.starts(task.point, task.seeds), list(task.seeds)
    with ThreadPoolExecutor(1) as inner:  # a sequence of seeds: each run is that of `cumulode sgd --seed`
        run = simulate_sgd(problem, starts, settings.times, sgd=sgd, seeds=seeds, executor=inner, stop=stop)
    runs = replace(_runs(problem, run, settings.solver, None), sgd=sgd)
    values = _measured(runs, settings, run, "" if run.success else run.message)
    return {f"sgd_{name}": value for name, value in values.items()}


def _runs(problem: Problem, result: Result, solver: Solver, closure: str | None) -> Runs:
    if Status.INTERRUPTED in result.statuses:
        raise Stopped
    assert solver.tolerance is not None
    return Runs(problem, result.t, result.w, result.k2, result.k4, closure, solver.tolerance, k4_error=result.k4_error)


def _measured(runs: Runs, settings: Settings, result: Result, reason: str) -> Row:
    row: Row = {name: np.asarray(MEASURES[name].of(runs)) for name in settings.measures}
    if settings.fields:
        row["w"] = runs.final
    status = np.where(np.isin(result.statuses, KNOWN), DONE, result.statuses)  # the pattern says what has decayed
    return row | {"status": status.astype(np.int8), "reason": reason}


def _why(result: Result, seeds: tuple[int, ...]) -> str:
    """Why the first run that failed did, and how many did."""
    failed = np.flatnonzero(~np.isin(result.statuses, KNOWN))
    if not failed.size:
        return ""
    return f"{failed.size} of {len(seeds)} seeds failed; seed {seeds[failed[0]]}: {result.messages[failed[0]]}"


def _relative_speed(runs: Runs, solver: Solver) -> np.ndarray:
    f = drift(runs.problem, solver=solver)
    speed = np.full(len(runs.w), np.nan)
    for i, w in enumerate(runs.final):
        size = np.linalg.norm(w)
        if np.isfinite(size) and size > 0:
            speed[i] = np.linalg.norm(f(w)) / size
    return speed


def _selected(problem: Problem) -> tuple[float, float]:
    """Largest growth rate and its wavenumber; NaN where the activation has a kink at the bias."""
    try:
        k, rate = selected(problem)
    except ValueError:
        return np.nan, np.nan
    return rate, float(np.hypot(*k)) if isinstance(k, tuple) else float(k)


def _validity(runs: Runs, settings: Settings, solver: Solver) -> Row:
    if settings.validity == "off":
        return {}
    full = settings.validity == "full"
    own = Solver(
        solver.closure, tolerance=solver.tolerance, contraction=solver.contraction
    )  # Delta's steps are its own
    with ThreadPoolExecutor(1) as inner:
        verdict = validity(runs.problem, runs.w, t=runs.t if full else None, solver=own, executor=inner)
    names = ["rho", "mu", "mu_own"] + ["delta"] * full
    return {f"validity_{name}": getattr(verdict, name) for name in names} | {"trusted": verdict.trusted}


def _first(values: np.ndarray) -> np.ndarray:
    """The first ``CROSSINGS`` values, NaN where there are fewer."""
    return np.append(values, np.full(CROSSINGS, np.nan))[:CROSSINGS]


def _apart(values: np.ndarray, population: np.ndarray) -> np.ndarray:
    """Each value over the nearest of the population's, less 1; NaN without one."""
    if not np.isfinite(population).any():
        return np.full(values.shape, np.nan)
    known = population[np.isfinite(population)]
    return np.array([v / known[np.argmin(np.abs(known - v))] - 1 if np.isfinite(v) else np.nan for v in values])


def _of_population(
    problem: Problem, along: str, between: tuple[float, float], settings: Settings
) -> tuple[np.ndarray, np.ndarray, str]:
    """Critical values of the population, their standard errors, and why there are none."""
    closure = settings.population(problem)  # along an axis of activations some may have none
    if closure is None:
        return _first(np.empty(0)), _first(np.empty(0)), "no exact flow here"
    solver = replace(settings.solver, closure=closure, tolerance=None)
    line = critical_value(problem, along, between, STABILITY, solver=solver)
    return _first(line.values), _first(line.errors), line.reason


def _lines(task: Task, settings: Settings, axes: dict[str, Values]) -> Row:
    along = line_axis(axes)
    assert along is not None
    solver, between = settings.solver_at(task.point), line_range(axes, along)
    problem = _somewhere(settings, task.point, along, axes[along])
    row: Row = {}
    reasons = []
    for criterion in (LINEAR, STABILITY):
        line = critical_value(problem, along, between, criterion, solver=replace(solver, tolerance=None))
        row[f"critical_{along}_{criterion}"] = _first(line.values)
        reasons += [f"{criterion}: {line.reason}"] if line.reason else []
    if settings.population(settings.problem) is not None:
        values, errors, why = _of_population(problem, along, between, settings)
        row |= {f"critical_{along}_population": values, f"critical_{along}_population_error": errors}
        row[f"critical_{along}_distance"] = _apart(row[f"critical_{along}_stability"], values)
        reasons += [f"population: {why}"] if why else []
    return row | {"critical_status": DONE, "critical_reason": "; ".join(reasons)}


def _somewhere(settings: Settings, point: Point, along: str, values: Values) -> Problem:
    """A problem to be moved along the axis: at the first value where there is one."""
    error: ValueError | None = None
    for value in values:
        try:
            return settings.problem_at({**point, along: value})
        except ValueError as wrong:
            error = error or wrong
    raise error or ValueError(f"{along}: no values")
