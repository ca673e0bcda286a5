"""How runs ended, in words: for a failure its cause and the next step."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from cumulode.numerics.cumulants import second_cumulant
from cumulode.numerics.observables import norm
from cumulode.numerics.status import Status
from cumulode.numerics.trajectory.decay import has_decayed, largest_rate
from cumulode.numerics.trajectory.dormand_prince import FLAGS, GROWS, LEAST, NORM, RESTS, TIME
from cumulode.numerics.trajectory.run import Trajectory
from cumulode.theory.problem.lattice import as_size
from cumulode.theory.problem.problem import Problem

from .right_hand_side import CLAMPED, CONTINUED
from .solver import Solver

#: A run whose weights change by less than this, relative to the largest, has not moved.
MOVED = 1e-9
#: A preactivation whose standard deviation is larger is far beyond where the activation bends.
SATURATED = 10.0


def describe(problem: Problem, w0: np.ndarray, run: Trajectory, solver: Solver, end: float) -> str:
    """How one run ended, in one line."""
    if run.status == Status.REACHED_END:
        remarks = _remarks(problem, w0, run, solver, end)
        return f"reached t = {end:g}" + (f" ({'; '.join(remarks)})" if remarks else "")
    t, size = run.state[TIME], run.state[NORM]
    if run.status == Status.DECAYED:
        return _decayed(problem, t, size, end)
    if run.status == Status.DIVERGED and size <= 2 * norm(w0) and not solver.closure.startswith("taylor"):
        return f"stopped at t = {t:.6g} of {end:g}: " + _too_wide(problem, w0, solver)
    return f"stopped at t = {t:.6g} of {end:g}: " + _failure(run, solver)


def _too_wide(problem: Problem, w0: np.ndarray, solver: Solver) -> str:
    """Of weights so large from the start that averages of the force are not resolved."""
    spread = max(_spread(law, problem.shape, w0) for law in problem.laws)
    return (
        f"closure {solver.closure!r} does not resolve the force here: w.x has a standard deviation of "
        f"{spread:.2g}, where activation {problem.activation!r} is saturated or has no bound; try a smaller |w0|"
    )


def _failure(run: Trajectory, solver: Solver) -> str:
    """Why a run failed, and what to do next."""
    status, size, closure = run.status, run.state[NORM], solver.closure
    if status == Status.DIVERGED:
        advice = (
            "a closure that saturates, such as 'regression', or a smaller |w0|"
            if closure.startswith("taylor")
            else "a smaller |w0| or a bounded activation"
        )
        return f"the weights blow up (|w| = {size:.3g}); closure {closure!r} has no bound here; try {advice}"
    if status == Status.LEFT_DOMAIN:
        return (
            f"closure {closure!r} is not defined here (kurtosis k4/k2^2 of the preactivation at or above 3, |w| = "
            f"{size:.3g}); try closure='edgeworth', which is, or another start"
        )
    if status == Status.INTERRUPTED:
        return "interrupted; what was recorded is kept, the rest is NaN"
    if status == Status.OUT_OF_STEPS:
        saddle = f", on a saddle that small perturbations leave at a rate of {run.state[GROWS]:.2g}"
        return (
            f"{solver.max_steps} steps were tried, the most allowed (|w| = {size:.3g}"
            f"{saddle if run.state[GROWS] > 0 else ''}), and no stable state of rest was reached; try a shorter time, "
            "or solver=Solver(max_steps=...)"
        )
    return (
        f"the step size collapsed (|w| = {size:.3g}), the tolerances are tighter than rounding allows; try a "
        "larger rtol or atol, or a smoother closure"
    )


def _decayed(problem: Problem, t: float, size: float, end: float) -> str:
    """Of weights that fell to nothing."""
    rate = largest_rate(problem)
    after = f"zero from there to t = {end:g}, without a shape"
    if math.isnan(rate):
        return f"the weights reached w = 0 at t = {t:.6g}: they are {after}"
    return (
        f"w = 0 attracts (no wave grows, the largest rate is {rate:.3g}): by t = {t:.6g} the weights fell below what "
        f"the tolerances resolve (|w| = {size:.2g}); they are {after}"
    )


def _remarks(problem: Problem, w0: np.ndarray, run: Trajectory, solver: Solver, end: float) -> list[str]:
    """What should be known of a run that reached its end."""
    remarks, flags = [], int(run.state[FLAGS])
    if not has_moved(w0, run.w[-1], end):
        remarks.append(_why_not_moved(problem, w0))
    elif has_decayed(problem, norm(w0), norm(run.w[-1])):
        remarks.append(f"w = 0 attracts: no wave grows, the largest rate is {largest_rate(problem):.3g}; |w| decays")
    if run.state[RESTS] > 0:
        remarks.append(f"at rest in a stable state since t = {run.state[RESTS]:.4g}")
    if solver.atol is not None and 0 < run.state[LEAST] < solver.atol * math.sqrt(w0.size):
        remarks.append("the weights were below atol for a while, and are not resolved from there on: try atol=None")
    if flags & CONTINUED:
        other = "pearson (from 3/4) or edgeworth (from 3)" if solver.closure.startswith("tree") else "edgeworth"
        remarks.append(f"the kurtosis k4/k2^2 was for a while beyond what the closure covers, where {other} stood in")
    if flags & CLAMPED:
        remarks.append("k4 was clamped to -2 k2^2 (the contraction's error, or a field where k2 is at rounding level)")
    return remarks


def _why_not_moved(problem: Problem, w0: np.ndarray) -> str:
    """Zero, a saturated or a dead neuron, or a stationary state."""
    words = "the weights did not move: "
    if not np.any(w0):
        return words + "w0 is zero, which is stationary"
    spread = max(_spread(law, problem.shape, w0) for law in problem.laws)
    if spread > SATURATED:
        return words + f"the activation is saturated (w.x has a standard deviation of {spread:.2g})"
    if abs(largest_rate(problem)) < MOVED:
        return words + "the force vanishes around this bias (a dead neuron)"
    return words + "w0 is a stationary state, or the time is too short"


def _spread(law: object, shape: tuple[int, ...], w: np.ndarray) -> float:
    """Standard deviation of w.x."""
    second = second_cumulant(law, as_size(shape)).reshape(shape)  # type: ignore[arg-type]
    power = np.abs(np.fft.fftn(w.reshape(shape))) ** 2 / w.size
    return math.sqrt(max(0.0, float(np.sum(np.fft.fftn(second).real * power))))


def has_moved(w0: np.ndarray, last: np.ndarray, end: float) -> bool:
    """Whether weights differ from where they started, if there was time to."""
    return end == 0 or not np.max(np.abs(last - w0)) <= MOVED * np.max(np.abs(w0))


def unresolved(k4: np.ndarray, error: np.ndarray) -> str:
    """Words where the error of k4 exceeds it, (T, 2) both: the drift has that error, too."""
    times = int(np.sum(np.any(error > np.abs(k4), axis=-1)))
    advice = "below the error of the fourth cumulant; a smaller tolerance resolves it"
    return f"; k4 is not resolved at {times} of {len(k4)} recorded times ({advice})" if times else ""


def summary(messages: Sequence[str], failed: Sequence[int], single: bool) -> str:
    """One line for all runs; ``failed``: the indices of those that failed."""
    if single or len(set(messages)) == 1:
        return messages[0]
    if not failed:
        noted = sum(m != messages[0] for m in messages)
        return f"all {len(messages)} runs are known to the last time ({noted} with remarks: see messages)"
    return f"{len(failed)} of {len(messages)} runs failed; run {failed[0]}: {messages[failed[0]]}"
