"""The work at one point of a sweep: plain values in, arrays out, so that any worker anywhere can do it.

Nothing here depends on which points are done together, or where: the numbers are the same to the bit, on one kind of
machine. Only critical values of periodic states on large rings (seen at D = 250) move in the last digits with the
number of BLAS's threads (OPENBLAS_NUM_THREADS), which workers should therefore have in common.
"""

from __future__ import annotations

import threading
import warnings
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np

from cumulode.numerics import SolveWarning, critical_value, drift, solve, validity
from cumulode.numerics.flow.solver import Solver
from cumulode.numerics.stability.critical_value import LINEAR, STABILITY
from cumulode.numerics.stability.growth import selected
from cumulode.numerics.status import Status
from cumulode.theory.problem.problem import Problem
from cumulode.validation.sgd.neuron import simulate_sgd
from cumulode.validation.sgd.starts import random_start

from .layers import CROSSINGS, DONE, ERROR, IMPOSSIBLE, layers, line_axis, line_range, problem_at
from .measures import MEASURES, Runs
from .settings import Point, Settings, Values

#: Variables of one point: (seeds,) or (seeds, D) where seeded, else a number or text.
Found = dict[str, Any]


@dataclass(frozen=True)
class Task:
    """One point of one layer, and the seeds still to be done there."""

    layer: str
    index: tuple[int, ...]
    point: Point
    seeds: tuple[int, ...]


class Stopped(Exception):
    """The work was interrupted; nothing of the point is kept."""


def run_tasks(
    tasks: list[Task], settings: Settings, axes: dict[str, Values], stop: threading.Event | None = None
) -> list[Found]:
    """The points one after the other; those done before ``stop`` was set, or Ctrl-C heard."""
    if stop is None:  # in a process of its own; filters are shared by threads, whose caller sets them
        warnings.simplefilter("ignore", SolveWarning)
    found: list[Found] = []
    try:
        for task in tasks:
            if stop is not None and stop.is_set():
                break
            found.append(run_task(task, settings, axes, stop))
    except (Stopped, KeyboardInterrupt):
        pass
    return found


def run_task(task: Task, settings: Settings, axes: dict[str, Values], stop: threading.Event | None) -> Found:
    """One point. What goes wrong there is its result: a status and a reason, the rest missing."""
    work = {"theory": _theory, "sgd": _sgd, "lines": _lines}[task.layer]
    try:
        return work(task, settings, axes, stop)
    except (Stopped, KeyboardInterrupt):
        raise
    except ValueError as error:
        return _failed(task, settings, axes, IMPOSSIBLE, " ".join(str(error).split()))
    except Exception as error:
        return _failed(task, settings, axes, ERROR, f"{type(error).__name__}: {' '.join(str(error).split())}")


def _failed(task: Task, settings: Settings, axes: dict[str, Values], code: int, reason: str) -> Found:
    layer = next(x for x in layers(settings, axes) if x.name == task.layer)
    found: Found = {}
    for name, variable in layer.variables.items():
        if not variable.last:
            found[name] = np.full(len(task.seeds), variable.missing) if variable.seed else variable.missing
    status = np.full(len(task.seeds), code, np.int8) if layer.seeded else code
    return found | {f"{layer.prefix}status": status, f"{layer.prefix}reason": reason}


def _starts(task: Task, settings: Settings, problem: Problem) -> np.ndarray:
    amplitude = task.point.get("start_amplitude", settings.amplitude)
    return np.stack([random_start(seed, amplitude, problem.size) for seed in task.seeds])


def _theory(task: Task, settings: Settings, axes: dict[str, Values], stop: threading.Event | None) -> Found:
    problem, closure = problem_at(settings, task.point), str(task.point.get("closure", settings.closure))
    starts = _starts(task, settings, problem)
    with ThreadPoolExecutor(1) as inner:
        solution = solve(
            problem,
            starts,
            settings.times,
            solver=Solver(closure, settings.rtol, settings.atol, settings.tolerance, settings.contraction),
            executor=inner,
            stop=stop,
        )
    if Status.INTERRUPTED in solution.statuses:
        raise Stopped
    runs = Runs(problem, solution.t, solution.w, solution.k2, solution.k4, closure, settings.tolerance)
    found = _measured(runs, settings, solution.statuses, _why(solution.messages, solution.statuses, task.seeds))
    found["relative_speed"] = _relative_speed(runs, settings)
    found["cumulant_error"] = solution.provenance["cumulant_error"]
    found["growth_rate"], found["selected_wavenumber"] = _selected(problem)
    return found | _validity(runs, settings)


def _measured(runs: Runs, settings: Settings, status: np.ndarray, reason: str) -> Found:
    found: Found = {name: np.asarray(MEASURES[name].of(runs)) for name in settings.measures}
    if settings.fields:
        found["w"] = runs.final
    return found | {"status": status.astype(np.int8), "reason": reason}


def _why(messages: tuple[str, ...], status: np.ndarray, seeds: tuple[int, ...]) -> str:
    """Why the first run that failed did, and how many did."""
    failed = [i for i, s in enumerate(status) if s != DONE]
    if not failed:
        return ""
    return f"{len(failed)} of {len(seeds)} seeds failed; seed {seeds[failed[0]]}: {messages[failed[0]]}"


def _relative_speed(runs: Runs, settings: Settings) -> np.ndarray:
    f = drift(runs.problem, solver=Solver(str(runs.closure), tolerance=settings.tolerance, contraction=settings.contraction))
    found = np.full(len(runs.w), np.nan)
    for i, w in enumerate(runs.final):
        size = np.linalg.norm(w)
        if np.isfinite(size) and size > 0:
            found[i] = np.linalg.norm(f(w)) / size
    return found


def _selected(problem: Problem) -> tuple[float, float]:
    """Largest growth rate and its wavenumber; NaN where the activation has a kink at the bias."""
    try:
        k, rate = selected(problem)
    except ValueError:
        return np.nan, np.nan
    return rate, float(np.hypot(*k)) if isinstance(k, tuple) else float(k)


def _validity(runs: Runs, settings: Settings) -> Found:
    if settings.validity == "off":
        return {}
    full = settings.validity == "full"
    found = validity(
        runs.problem,
        runs.w,
        str(runs.closure),
        settings.tolerance,
        contraction=settings.contraction,
        t=runs.t if full else None,
        threads=1,
    )
    values = {"rho": found.rho, "mu": found.mu, "mu_own": found.mu_own} | ({"delta": found.delta} if full else {})
    return {f"validity_{name}": value for name, value in values.items()} | {"trusted": found.trusted}


def _sgd(task: Task, settings: Settings, axes: dict[str, Values], stop: threading.Event | None) -> Found:
    problem = problem_at(settings, task.point)
    rate = task.point.get("learning_rate", settings.learning_rate)
    batch = task.point.get("batch_size", settings.batch_size)
    with ThreadPoolExecutor(1) as inner:
        # a sequence of seeds: each run is that of `cumulode sgd --seed`
        run = simulate_sgd(
            problem,
            _starts(task, settings, problem),
            settings.times,
            rate,
            batch,
            seeds=list(task.seeds),
            executor=inner,
            stop=stop,
        )
    if Status.INTERRUPTED in run.statuses:
        raise Stopped
    runs = Runs(problem, run.t, run.w, run.k2, run.k4, None, settings.tolerance)
    values = _measured(runs, settings, run.statuses, "" if run.success else run.message)
    return {f"sgd_{name}": value for name, value in values.items()}


def _somewhere(settings: Settings, point: Point, along: str, values: Values) -> Problem:
    """A problem to be moved along the axis: at the first value where there is one."""
    error: ValueError | None = None
    for value in values:
        try:
            return problem_at(settings, {**point, along: value})
        except ValueError as wrong:
            error = error or wrong
    raise error or ValueError(f"{along}: no values")


def _lines(task: Task, settings: Settings, axes: dict[str, Values], stop: threading.Event | None) -> Found:
    along = line_axis(axes)
    assert along is not None
    closure = str(task.point.get("closure", settings.closure))
    between = line_range(axes, along)
    problem = _somewhere(settings, task.point, along, axes[along])
    found: Found = {}
    reasons = []
    for criterion in (LINEAR, STABILITY):
        line = critical_value(problem, along, between, criterion, closure, contraction=settings.contraction)
        found[f"critical_{along}_{criterion}"] = np.append(line.values, np.full(CROSSINGS, np.nan))[:CROSSINGS]
        reasons += [f"{criterion}: {line.reason}"] if line.reason else []
    return found | {"critical_status": DONE, "critical_reason": "; ".join(reasons)}
