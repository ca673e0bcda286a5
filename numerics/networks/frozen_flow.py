"""Committees on frozen samples: flows of independent scrambles, more points until the error asked for is met."""

from __future__ import annotations

import time
from functools import partial
from typing import Any

import numpy as np

from cumulode.numerics.compile.closure_kernels import activation_kernels
from cumulode.numerics.flow.solver import Solver
from cumulode.numerics.flow.watch import in_threads
from cumulode.numerics.frozen.flow import JUMPS, SCRAMBLES, seeds_of, split_of
from cumulode.numerics.frozen.points import check_sampled
from cumulode.numerics.io.progress import Shown
from cumulode.numerics.observables import ipr
from cumulode.numerics.status import Status, worst
from cumulode.numerics.trajectory.dormand_prince import STATE, STOP, TIME
from cumulode.theory.problem.problem import Problem

from .frozen_drift import FrozenNetworkDrift
from .steps import Run, integrate

#: Points a class of each scramble at first; without a number of points given, seconds of one round at most.
FIRST, SECONDS = 128, 60.0
#: Samples are not worth smaller errors of a step.
FINEST = 1e-4
#: Weights beyond this many times the largest at the start (or 100) have blown up.
BLOWN_UP = 1e3


def frozen_network(
    problem: Problem, w0: np.ndarray, b0: np.ndarray, times: np.ndarray, trained: bool, solver: Solver, seed: int,
    progress: Shown,
) -> dict[str, Any]:  # fmt: skip
    """What :class:`FrozenNetwork` holds beyond cumulants and provenance: arrays, status, words, counts."""
    for law in problem.laws:
        check_sampled(law)
    points = min(FIRST, solver.frozen_points or FIRST)
    while True:
        began = time.perf_counter()
        runs = _run(problem, w0, b0, times, trained, solver, points, seed, progress)
        took, error = time.perf_counter() - began, _ipr_error(runs, w0.shape)
        ended = any(run.status is not Status.REACHED_END for run in runs)
        more = 2 * took < SECONDS if solver.frozen_points is None else 2 * points <= solver.frozen_points
        if ended or error <= solver.frozen_accuracy or not more:
            return _gathered(runs, w0.shape, times, solver, points, error)
        points *= 2


def _run(
    problem: Problem, w0: np.ndarray, b0: np.ndarray, times: np.ndarray, trained: bool, solver: Solver, points: int,
    seed: int, progress: Shown,
) -> list[Run]:  # fmt: skip
    """One flow for each scramble, in threads."""
    states = np.zeros((SCRAMBLES, STATE))
    drifts = [FrozenNetworkDrift(problem, points, [each]) for each in seeds_of(seed)]
    kinks = activation_kernels(str(problem.activation)).kinks
    rtol = max(solver.rtol, JUMPS if kinks else FINEST)
    own = Solver(rtol=rtol, atol=solver.atol, max_step=solver.max_step, max_steps=solver.max_steps)
    given = w0, b0, times, trained, own
    work = [partial(_one, drift, *given, states[i]) for i, drift in enumerate(drifts)]
    return in_threads(work, states, float(times[-1]), f"frozen, {points} points", progress, None, None)


def _one(
    drift: FrozenNetworkDrift, w0: np.ndarray, b0: np.ndarray, times: np.ndarray, trained: bool, solver: Solver,
    state: np.ndarray,
) -> Run:  # fmt: skip
    """The flow on one scramble; ``state`` says how far it is, and whether to stop."""
    K, D = w0.shape
    first = np.concatenate([w0.ravel(), b0])
    if times[-1] == 0.0:
        return Run(first[None], Status.REACHED_END, 0.0, 0, None)

    def velocity(t: float, y: np.ndarray) -> np.ndarray:
        if state[STOP]:
            raise KeyboardInterrupt  # which the integrator answers with what it has
        state[TIME] = t
        w, b = drift(np.ascontiguousarray(y[: K * D]).reshape(K, D), y[K * D :].copy())
        return np.concatenate([w.ravel(), b if trained else np.zeros(K)])

    ceiling = max(100.0, BLOWN_UP * float(np.abs(w0).max()))
    return integrate(velocity, first, times, (K, D), solver, ceiling, lambda _: 1.0)


def _ipr_error(runs: list[Run], shape: tuple[int, ...]) -> float:
    """Relative standard error of the units' mean IPR at the end over scrambles; 0 where there is none."""
    last = np.stack([run.states[-1][: shape[0] * shape[1]].reshape(shape) for run in runs])
    values = np.mean(ipr(last), axis=-1)
    values = values[np.isfinite(values)]
    return float(values.std(ddof=1) / np.sqrt(values.size) / values.mean()) if values.size > 1 else 0.0


def _gathered(
    runs: list[Run], shape: tuple[int, ...], times: np.ndarray, solver: Solver, points: int, error: float
) -> dict[str, Any]:
    """Mean, standard errors and words."""
    states = np.stack([run.states for run in runs])
    w = states[..., : shape[0] * shape[1]].reshape(len(runs), times.size, *shape)
    bias = states[..., shape[0] * shape[1] :]
    split = np.stack([split_of(w[:, :, k]) for k in range(shape[0])], axis=-1)
    mean = w[0] + (w - w[0]).mean(axis=0)
    mean[split] = np.nan
    status = Status(worst(np.array([int(run.status) for run in runs])))
    first = next(run for run in runs if run.status == status)
    words = f"reached t = {times[-1]:g}" if status is Status.REACHED_END else _why(first, times)
    words += f"; {SCRAMBLES} scrambles of {points} points: the units' last IPR to {100 * error:.2g} %"
    if error > solver.frozen_accuracy:
        words += f" (frozen_accuracy={solver.frozen_accuracy:g} was asked; try more frozen_points)"
    if split.any():
        units, row = int(split.any(axis=0).sum()), int(split.any(axis=1).argmax())
        words += f"; {units} of {shape[0]} units are in different basins from t = {times[row]:g} on, without a mean"
    root = np.sqrt(len(runs))
    return {
        "w": mean,
        "bias": bias.mean(axis=0),
        "standard_error": (w - w[0]).std(axis=0, ddof=1) / root,
        "bias_error": bias.std(axis=0, ddof=1) / root,
        "scrambles": w,
        "scramble_biases": bias,
        "split": split,
        "status": status,
        "message": words,
        "counts": {
            "method": "DOP853 on frozen samples",
            "evaluations": sum(run.evaluations for run in runs),
            "points_used": points,
            "ipr_error": error,
        },
    }


def _why(run: Run, times: np.ndarray) -> str:
    """Why a run ended before its last time."""
    where = f"stopped at t = {run.t:.6g} of {times[-1]:g}"
    reasons = {
        Status.DIVERGED: "the weights blew up: try smaller ones",
        Status.OUT_OF_STEPS: "the most steps allowed were taken; try a shorter time or a larger max_steps",
        Status.INTERRUPTED: "interrupted; what was recorded is kept, the rest is NaN",
    }
    return f"{where}: {reasons.get(run.status, 'the step size collapsed; try a larger rtol or atol')}"
