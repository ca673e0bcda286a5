"""Adaptive Runge-Kutta integration of one trajectory, compiled: Dormand & Prince 5(4) with dense output.

Steps never look at the times to be recorded: those inside a step are read off its interpolant, and the last step may
pass the last time. So the trajectory is the same, to the bit, whatever ``t_eval``. The pair is Dormand & Prince, J.
Comp. Appl. Math. 6 (1980) 19; the interpolant of order 4 and the choice of steps follow Hairer, Norsett & Wanner,
Solving ODEs I, sections II.4 and II.6. Tests check the tableau's order conditions and the measured order.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numba import types

from cumulode.numerics.compile.jit import compiled, f8, i8, kernel, matrix, vector
from cumulode.numerics.flow.right_hand_side import UNDEFINED
from cumulode.numerics.status import Status

C = np.array([0, 1 / 5, 3 / 10, 4 / 5, 8 / 9, 1, 1])
A = np.array(
    [
        [0, 0, 0, 0, 0, 0],
        [1 / 5, 0, 0, 0, 0, 0],
        [3 / 40, 9 / 40, 0, 0, 0, 0],
        [44 / 45, -56 / 15, 32 / 9, 0, 0, 0],
        [19372 / 6561, -25360 / 2187, 64448 / 6561, -212 / 729, 0, 0],
        [9017 / 3168, -355 / 33, 46732 / 5247, 49 / 176, -5103 / 18656, 0],
        [35 / 384, 0, 500 / 1113, 125 / 192, -2187 / 6784, 11 / 84],
    ]
)
#: Fifth-order weights less the embedded fourth-order ones.
E = np.array([71 / 57600, 0, -71 / 16695, 71 / 1920, -17253 / 339200, 22 / 525, -1 / 40])
#: Interpolant: y(t + x h) = y + h sum_i k_i sum_j P[i, j] x^(j+1).
P = np.array(
    [
        [1, -8048581381 / 2820520608, 8663915743 / 2820520608, -12715105075 / 11282082432],
        [0, 0, 0, 0],
        [0, 131558114200 / 32700410799, -68118460800 / 10900136933, 87487479700 / 32700410799],
        [0, -1754552775 / 470086768, 14199869525 / 1410260304, -10690763975 / 1880347072],
        [0, 127303824393 / 49829197408, -318862633887 / 49829197408, 701980252875 / 199316789632],
        [0, -282668133 / 205662961, 2019193451 / 616988883, -1453857185 / 822651844],
        [0, 40617522 / 29380423, -110615467 / 29380423, 69997945 / 29380423],
    ]
)


class Tableau(NamedTuple):
    """Weights of the stages (7, 6), of the error (7,) and of the interpolant (7, 4)."""

    stages: np.ndarray
    error: np.ndarray
    interpolant: np.ndarray


class Steps(NamedTuple):
    """Error allowed in a step, relative, absolute, and as a share of the weights' root mean square; longest step."""

    rtol: float
    atol: float
    share: float
    longest: float


TABLEAU = Tableau(A, E, P)
#: Places in ``counts``.
EVALUATIONS, ACCEPTED, REJECTED = range(3)
#: Places in ``state``: what another thread may read, and STOP, which it may set; how the run goes on after a pause;
#: the steps tried (LIMIT) and the norm (FLOOR) at which it pauses; the smallest norm so far; since when
#: it rests, or at which rate it leaves a stationary state near by.
TIME, STOP, NORM, FLAGS, STEP, AFTER_REJECTION, REASON, RECORDED, START, LIMIT, FLOOR, LEAST, RESTS, GROWS = range(14)
STATE = 14
#: The codes of ``Status``, as numbers a kernel takes; and what the integrator returns where it waits for a decision.
DONE, COLLAPSED, BLOWN_UP = int(Status.REACHED_END), int(Status.STEPS_COLLAPSED), int(Status.DIVERGED)
LEFT_DOMAIN, INTERRUPTED = int(Status.LEFT_DOMAIN), int(Status.INTERRUPTED)
PAUSED = -1
#: A norm this many times the larger of 1 and the starting norm counts as a blow-up.
BLOW_UP = 1e4
SMALLEST_STEP = 16 * 2.220446049250313e-16
#: Sums of squares beyond these have lost digits; such vectors are scaled first.
_LOW, _HIGH = 1e-280, 1e280


@kernel
def length(y):  # type: ignore[no-untyped-def]
    """Euclidean norm, whatever the scale."""
    total = np.sum(y * y)
    if _LOW < total < _HIGH:
        return math.sqrt(total)
    largest = np.max(np.abs(y))
    if largest == 0.0 or not math.isfinite(largest):
        return largest
    return largest * math.sqrt(np.sum((y / largest) ** 2))


@kernel
def _scaled_norm(values, y, z, rtol, atol):  # type: ignore[no-untyped-def]
    total = 0.0
    for i in range(values.size):
        if values[i] != 0.0:
            total += (values[i] / (atol + rtol * max(abs(y[i]), abs(z[i])))) ** 2
    return math.sqrt(total / values.size)


@kernel
def _absolute(y, steps):  # type: ignore[no-untyped-def]
    """The absolute error allowed in a step from ``y``."""
    return steps.atol + steps.share * length(y) / math.sqrt(y.size) if steps.share > 0.0 else steps.atol


@kernel
def _evaluate(rhs, y, out, data, law, counts):  # type: ignore[no-untyped-def]
    """One right-hand side; -1 when it is not defined, else its flags."""
    flags = rhs(y, out, data, law)
    counts[EVALUATIONS] += 1
    if flags & UNDEFINED:
        return -1
    return flags


@kernel
def _first_step(rhs, y, f, data, law, steps, atol, counts, y1, f1):  # type: ignore[no-untyped-def]
    """Hairer's starting step: one explicit Euler step sees how fast the slope changes."""
    d0 = _scaled_norm(y, y, y, steps.rtol, atol)
    d1 = _scaled_norm(f, y, y, steps.rtol, atol)
    step = 1e-6 if d0 < 1e-5 or d1 < 1e-5 else 0.01 * d0 / d1
    for i in range(y.size):
        y1[i] = y[i] + step * f[i]
    if _evaluate(rhs, y1, f1, data, law, counts) < 0:
        return min(steps.longest, step)
    for i in range(y.size):
        f1[i] -= f[i]
    d2 = _scaled_norm(f1, y, y, steps.rtol, atol) / step
    top = max(d1, d2)
    other = max(1e-6, step * 1e-3) if top <= 1e-15 else (0.01 / top) ** 0.2
    return min(steps.longest, min(100 * step, other))


@kernel
def _weighted(k, weights, stages, out):  # type: ignore[no-untyped-def]
    """Set ``out`` to the weighted sum of the first stages; rows outside, so that the inner loop runs over memory."""
    out[:] = 0.0
    for j in range(stages):
        weight = weights[j]
        for i in range(out.size):
            out[i] += weight * k[j, i]


@kernel
def _stages(rhs, y, step, k, data, law, counts, y_new, a):  # type: ignore[no-untyped-def]
    """Fill k[1:], y_new; returns -1 where undefined, -2 where not finite, else flags. k[0] is the slope at y."""
    flags = 0
    for stage in range(1, 7):
        _weighted(k, a[stage], stage, y_new)
        for i in range(y.size):
            y_new[i] = y[i] + step * y_new[i]
        seen = _evaluate(rhs, y_new, k[stage], data, law, counts)
        if seen < 0:
            return -1
        flags |= seen
        for i in range(y.size):
            if not math.isfinite(k[stage, i]):
                return -2
    return flags


@kernel
def _attempt(rhs, y, step, k, data, law, counts, y_new, err, rtol, atol, tableau):  # type: ignore[no-untyped-def]
    """One step from ``y``: its error over what is allowed, and flags; infinite where ``_stages`` returns -1 or -2."""
    flags = _stages(rhs, y, step, k, data, law, counts, y_new, tableau.stages)
    if flags < 0:
        return math.inf, flags
    _weighted(k, tableau.error, 7, err)
    for i in range(err.size):
        err[i] *= step
    return _scaled_norm(err, y, y_new, rtol, atol), flags


@kernel
def _shorter(step, error, flags):  # type: ignore[no-untyped-def]
    """The step to try after one rejected, and the status where it becomes too short."""
    if flags < 0:
        return step * 0.25, LEFT_DOMAIN if flags == -1 else BLOWN_UP
    if not math.isfinite(error):  # the sum of huge slopes overflows
        return step * 0.2, BLOWN_UP
    return step * max(0.2, 0.9 * error**-0.2), COLLAPSED


@kernel
def _record(y, k, step, x, p, out):  # type: ignore[no-untyped-def]
    """The interpolant at fraction ``x`` of the step."""
    for i in range(y.size):
        total = 0.0
        for s in range(7):
            total += k[s, i] * x * (p[s, 0] + x * (p[s, 1] + x * (p[s, 2] + x * p[s, 3])))
        out[i] = y[i] + step * total


@kernel
def _record_passed(y, k, t, step, p, t_eval, done, w):  # type: ignore[no-untyped-def]
    """Record every time up to ``t + step``, the first ``done`` being recorded; returns how many then are."""
    while done < t_eval.size and t_eval[done] <= t + step:
        _record(y, k, step, (t_eval[done] - t) / step, p, w[done])
        done += 1
    return done


@kernel
def _runs_away(y, f, t, start_norm):  # type: ignore[no-untyped-def]
    """Whether the weights have grown and would double within a time too short to resolve: a blow-up."""
    norm = length(y)
    return norm > max(1.0, start_norm) and length(f) * 1e-9 * max(t, 1e-10) > norm


@kernel
def _begin(rhs, law, data, y, k, t_eval, steps, w, counts, state):  # type: ignore[no-untyped-def]
    """Record time 0, find the first slope and step; a status, or PAUSED where the run can begin."""
    norm = length(y)
    state[NORM] = state[START] = state[LEAST] = norm
    state[REASON] = COLLAPSED
    if norm == 0.0:  # w = 0 is stationary by symmetry
        w[:] = 0.0
        return DONE
    if t_eval[0] == 0.0:
        w[0] = y
        state[RECORDED] = 1
    flags = _evaluate(rhs, y, k[0], data, law, counts)
    if flags < 0:
        return LEFT_DOMAIN
    if not math.isfinite(np.sum(k[0])):
        return BLOWN_UP
    state[FLAGS] = flags
    work, slope = np.empty(y.size), np.empty(y.size)
    state[STEP] = _first_step(rhs, y, k[0], data, law, steps, _absolute(y, steps), counts, work, slope)
    return PAUSED


@kernel
def _integrate(rhs, law, data, y, k, t_eval, steps, tableau, w, counts, state):  # type: ignore[no-untyped-def]
    """Integrate one trajectory from ``y`` into ``w`` (T, D); returns a status code, or PAUSED.

    ``y`` (D,), ``k`` (7, D), ``counts`` and ``state`` hold all that a call after a pause goes on from.
    """
    if state[STEP] == 0.0:
        status = _begin(rhs, law, data, y, k, t_eval, steps, w, counts, state)
        if status != PAUSED:
            return status
    y_new, err = np.empty(y.size), np.empty(y.size)
    t, step, done, rejected = state[TIME], state[STEP], int(state[RECORDED]), state[AFTER_REJECTION] != 0.0
    atol, status = _absolute(y, steps), PAUSED
    while status == PAUSED:
        if done == t_eval.size:
            status = DONE
        elif state[STOP] != 0.0:
            status = INTERRUPTED
        elif step < SMALLEST_STEP * max(t, 1e-10 * min(1.0, state[START])):
            reason = int(state[REASON])
            status = BLOWN_UP if reason == COLLAPSED and _runs_away(y, k[0], t, state[START]) else reason
        elif counts[ACCEPTED] + counts[REJECTED] >= state[LIMIT] or state[NORM] < state[FLOOR]:
            break
        else:
            error, seen = _attempt(rhs, y, step, k, data, law, counts, y_new, err, steps.rtol, atol, tableau)
            if not error <= 1.0:
                step, state[REASON] = _shorter(step, error, seen)
                rejected = True
                counts[REJECTED] += 1
                continue
            done = _record_passed(y, k, t, step, tableau.interpolant, t_eval, done, w)
            t += step
            counts[ACCEPTED] += 1
            y[:] = y_new
            k[0] = k[6]
            norm = length(y)
            state[TIME], state[NORM], state[FLAGS] = t, norm, int(state[FLAGS]) | seen
            state[LEAST] = min(state[LEAST], norm)
            atol = _absolute(y, steps)
            if norm > BLOW_UP * max(1.0, state[START]) and done < t_eval.size:
                status = BLOWN_UP
            growth = 5.0 if error == 0.0 else min(5.0, 0.9 * error**-0.2)
            step = min(steps.longest, step * (min(1.0, growth) if rejected else growth))
            rejected = False
    state[STEP], state[RECORDED], state[AFTER_REJECTION] = step, done, rejected
    return status


@lru_cache(maxsize=8)
def integrator(rhs_signature: Any, law_type: Any) -> Any:
    """The compiled integrator for one kind of right-hand side, which then takes any function of that signature."""
    rhs, steps = types.FunctionType(rhs_signature), types.NamedUniTuple(f8, 4, Steps)
    tableau = types.NamedTuple((matrix, vector, matrix), Tableau)
    kept = matrix, types.int64[::1], vector
    return compiled(_integrate, i8(rhs, law_type, rhs_signature.args[2], vector, matrix, vector, steps, tableau, *kept))
