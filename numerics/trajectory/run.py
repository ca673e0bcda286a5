"""``run_one``: one trajectory from its start to its last time, in bounded work."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from cumulode.numerics.flow.plan import Plan
from cumulode.numerics.flow.solver import Solver
from cumulode.numerics.status import KNOWN, Status

from .decay import NOTHING, goes_to_zero, largest_rate, reaches_zero
from .dormand_prince import (
    ACCEPTED,
    FLOOR,
    GROWS,
    LIMIT,
    PAUSED,
    RECORDED,
    REJECTED,
    RESTS,
    STATE,
    TABLEAU,
    TIME,
    Steps,
    integrator,
    length,
)
from .rest import near

#: Steps tried before a run is first looked at for rest; twice as many before each further look.
FIRST_LOOK = 2000
#: Without a given atol, the absolute error allowed in a step: this share of rtol times the weights' root mean square.
SHARE = 0.03
#: Norms below this are about to underflow.
_TINY = 1e-305


@dataclass
class Trajectory:
    """What one run left: weights (T, D), status, and the integrator's counts and state."""

    w: np.ndarray
    status: int
    counts: np.ndarray
    state: np.ndarray


def steps_of(solver: Solver) -> Steps:
    """The errors allowed, as the integrator takes them."""
    atol, share = (0.0, SHARE * solver.rtol) if solver.atol is None else (solver.atol, 0.0)
    return Steps(solver.rtol, atol, share, solver.max_step)


def run_one(
    plan: Plan, w0: np.ndarray, times: np.ndarray, solver: Solver, state: np.ndarray | None = None
) -> Trajectory:
    """Integrate one trajectory; ``state`` may be shared with a watching thread."""
    w, counts = np.full((times.size, w0.size), np.nan), np.zeros(3, np.int64)
    state = np.zeros(STATE) if state is None else state
    state[LIMIT], state[FLOOR] = min(FIRST_LOOK, solver.max_steps), _floor(w0, solver.atol)
    y, k, data = w0.copy(), np.zeros((7, w0.size)), plan.data()
    work, steps = integrator(plan.signature, plan.law_type), steps_of(solver)
    status: int | None = None
    while status is None:
        ended = work(plan.rhs, plan.law, data, y, k, times, steps, TABLEAU, w, counts, state)
        status = ended if ended != PAUSED else _look(plan, data, y, times, solver, w, counts, state)
    if status not in (*KNOWN, Status.INTERRUPTED) and reaches_zero(y, k[0], state[TIME], length(w0)):
        status = Status.DECAYED
    if status == Status.DECAYED:
        w[int(state[RECORDED]) :] = 0.0
    return Trajectory(w, int(status), counts, state)


def _floor(w0: np.ndarray, atol: float | None) -> float:
    """The norm below which weights may have decayed to nothing: nothing of them is resolved there."""
    start = length(w0)
    resolved = 0.0 if atol is None else atol * math.sqrt(w0.size)
    return max(NOTHING * min(1.0, start), resolved if resolved < start else 0.0, _TINY)


def _look(
    plan: Plan, data: Any, y: np.ndarray, times: np.ndarray, solver: Solver, w: np.ndarray, counts: Any, state: Any
) -> int | None:
    """What comes of a run that pauses: a status, or None to go on."""
    tried = int(counts[ACCEPTED] + counts[REJECTED])
    if tried < state[LIMIT]:
        if goes_to_zero(plan, y, data):
            return int(Status.DECAYED)
        repelled = largest_rate(plan.problem) >= 0 or state[FLOOR] <= _TINY
        state[FLOOR] = 0.0 if repelled else max(_TINY, 1e-3 * state[FLOOR])
        return None
    state[LIMIT] = min(2 * tried, solver.max_steps)
    rest = near(plan, y, data, solver.rtol)
    state[GROWS] = max(0.0, float(rest.rates.real.max())) if rest is not None else 0.0
    if rest is None or not rest.stable:
        return Status.OUT_OF_STEPS if tried >= solver.max_steps else None
    state[RESTS] = state[TIME]
    first = int(state[RECORDED])
    w[first:] = rest.carry_on(y, times[first:] - state[TIME])
    return Status.REACHED_END
