"""Adaptive Runge-Kutta integration of one trajectory, compiled: Dormand & Prince 5(4) with dense output.

Steps never look at the times asked for: those inside a step are read off its interpolant, and the last step may
pass the last time. So the trajectory is the same, to the bit, whatever ``t_eval``. The pair is Dormand & Prince, J.
Comp. Appl.
Math. 6 (1980) 19; the interpolant of order 4 and the choice of steps follow Hairer, Norsett & Wanner, Solving
ODEs I, sections II.4 and II.6. Tests check the tableau's order conditions and the measured order.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import numpy as np
from numba import types

from cumulode.numerics.compile.jit import compiled, f8, i8, kernel, matrix, vector
from cumulode.numerics.status import Status

from .right_hand_side import UNDEFINED

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

#: The codes of ``Status``, as numbers a kernel takes.
DONE, COLLAPSED, BLOWN_UP, LEFT_DOMAIN, INTERRUPTED = (int(status) for status in Status)
#: A norm this many times the larger of 1 and the starting norm counts as a blow-up.
BLOW_UP = 1e4
_SMALLEST_STEP = 16 * 2.220446049250313e-16


@kernel
def _scaled_norm(values, y, z, rtol, atol):  # type: ignore[no-untyped-def]
    total = 0.0
    for i in range(values.size):
        scale = atol + rtol * max(abs(y[i]), abs(z[i]))
        total += (values[i] / scale) ** 2
    return math.sqrt(total / values.size)


@kernel
def _evaluate(rhs, y, out, data, law, counts):  # type: ignore[no-untyped-def]
    """One right-hand side; -1 when it is not defined, else its flags. counts: evaluations, accepted, rejected,
    flags.
    """
    flags = rhs(y, out, data, law)
    counts[0] += 1
    if flags & UNDEFINED:
        return -1
    return flags


@kernel
def _first_step(rhs, y, f, data, law, rtol, atol, counts, y1, f1):  # type: ignore[no-untyped-def]
    """Hairer's starting step: one explicit Euler step sees how fast the slope changes."""
    d0 = _scaled_norm(y, y, y, rtol, atol)
    d1 = _scaled_norm(f, y, y, rtol, atol)
    step = 1e-6 if d0 < 1e-5 or d1 < 1e-5 else 0.01 * d0 / d1
    for i in range(y.size):
        y1[i] = y[i] + step * f[i]
    if _evaluate(rhs, y1, f1, data, law, counts) < 0:
        return step
    for i in range(y.size):
        f1[i] -= f[i]
    d2 = _scaled_norm(f1, y, y, rtol, atol) / step
    top = max(d1, d2)
    other = max(1e-6, step * 1e-3) if top <= 1e-15 else (0.01 / top) ** 0.2
    return min(100 * step, other)


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
        found = _evaluate(rhs, y_new, k[stage], data, law, counts)
        if found < 0:
            return -1
        flags |= found
        for i in range(y.size):
            if not math.isfinite(k[stage, i]):
                return -2
    return flags


@kernel
def _combine(k, weights, step, out):  # type: ignore[no-untyped-def]
    """step x the weighted sum of the seven stages."""
    _weighted(k, weights, 7, out)
    for i in range(out.size):
        out[i] *= step


@kernel
def _record(y, k, step, x, p, out):  # type: ignore[no-untyped-def]
    """The interpolant at fraction ``x`` of the step."""
    for i in range(y.size):
        total = 0.0
        for s in range(7):
            total += k[s, i] * x * (p[s, 0] + x * (p[s, 1] + x * (p[s, 2] + x * p[s, 3])))
        out[i] = y[i] + step * total


@kernel
def _runs_away(y, f, t, start_norm):  # type: ignore[no-untyped-def]
    """Whether the weights have grown and would double within a time too short to resolve: a blow-up."""
    norm = math.sqrt(np.sum(y * y))
    return norm > max(1.0, start_norm) and math.sqrt(np.sum(f * f)) * 1e-9 * max(t, 1e-10) > norm


@kernel
def _integrate(rhs, law, data, w0, t_eval, rtol, atol, max_step, tableau, w, counts, state):  # type: ignore[no-untyped-def]
    """Integrate one trajectory into ``w`` (T, D); returns a status code.

    ``state``: [time reached, stop flag (set by another thread), norm there, flags seen so far].
    """
    a, e, p = tableau
    size = w0.size
    y, y_new, err = w0.copy(), np.empty(size), np.empty(size)
    k = np.empty((7, size))
    t, asked, reason, rejected = 0.0, 0, COLLAPSED, False
    if t_eval[0] == 0.0:
        w[0] = y
        asked = 1
    start_norm = math.sqrt(np.sum(y * y))
    state[2] = start_norm
    flags = _evaluate(rhs, y, k[0], data, law, counts)
    if flags < 0:
        return LEFT_DOMAIN
    if not math.isfinite(np.sum(k[0])):
        return BLOWN_UP
    limit = BLOW_UP * max(1.0, start_norm)
    step = min(max_step, _first_step(rhs, y, k[0], data, law, rtol, atol, counts, y_new, err))
    while asked < t_eval.size:
        if state[1] != 0.0:
            return INTERRUPTED
        if step < _SMALLEST_STEP * max(t, 1e-10):
            return BLOWN_UP if reason == COLLAPSED and _runs_away(y, k[0], t, start_norm) else reason
        found = _stages(rhs, y, step, k, data, law, counts, y_new, a)
        if found < 0:
            reason = LEFT_DOMAIN if found == -1 else BLOWN_UP
            step *= 0.25
            rejected = True
            counts[2] += 1
            continue
        _combine(k, e, step, err)
        error = _scaled_norm(err, y, y_new, rtol, atol)
        if not error <= 1.0:  # NaN, too, where the sum of huge slopes overflows
            reason = COLLAPSED if math.isfinite(error) else BLOWN_UP
            step *= max(0.2, 0.9 * error**-0.2) if math.isfinite(error) else 0.2
            rejected = True
            counts[2] += 1
            continue
        while asked < t_eval.size and t_eval[asked] <= t + step:
            _record(y, k, step, (t_eval[asked] - t) / step, p, w[asked])
            asked += 1
        t += step
        counts[1] += 1
        flags |= found
        y[:] = y_new
        k[0] = k[6]
        size_now = math.sqrt(np.sum(y * y))
        state[0], state[2], state[3] = t, size_now, flags
        if size_now > limit and asked < t_eval.size:
            return BLOWN_UP
        growth = 5.0 if error == 0.0 else min(5.0, 0.9 * error**-0.2)
        step = min(max_step, step * (min(1.0, growth) if rejected else growth))
        rejected = False
    return DONE


@lru_cache(maxsize=8)
def integrator(rhs_signature: Any, law_type: Any) -> Any:
    """The compiled integrator for one kind of right-hand side, which then takes any function of that signature."""
    arrays = types.Tuple((matrix, vector, matrix))
    signature = i8(
        types.FunctionType(rhs_signature),
        law_type,
        rhs_signature.args[2],
        vector,
        vector,
        f8,
        f8,
        f8,
        arrays,
        matrix,
        types.int64[::1],
        vector,
    )
    return compiled(_integrate, signature)


def tableau() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The arrays the integrator takes: stages, error weights, interpolant."""
    return A, E, P
