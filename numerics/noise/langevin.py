"""SGD's learning dynamics as a Langevin equation, compiled: ``dw = f dt + sqrt(s) L dB``, ``L L^T = N(w)``.

``s`` is learning rate over batch size. A step of length h is half of the noise, the flow over h by the midpoint rule,
and the other half (N is additive within a step, so that the order is two in the weak sense for small s); N is renewed
now and then, as it varies slowly. The steps do not depend on the times recorded: those inside a step are read off by
the flow over a part of it and a Brownian bridge in its middle.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numba import types

from cumulode.numerics.compile.jit import compiled, f8, i8, kernel, matrix, vector
from cumulode.numerics.compile.signatures import square_t
from cumulode.numerics.flow.right_hand_side import UNDEFINED
from cumulode.numerics.status import Status
from cumulode.numerics.trajectory.dormand_prince import BLOW_UP, FLAGS, NORM, STOP, TIME

from .covariance import noise_matrix, noise_t

#: Length of a step; the flow over it is split where the drift turns by more than TURN within half of it.
STEP, TURN = 0.2, 0.05
#: Until when, and how often, N is renewed.
RENEWALS = np.array([[2.0, 0.25], [10.0, 1.0], [math.inf, 4.0]])
#: Added to the diagonal of N, relative to its mean: the least that keeps Cholesky's root real at rounding.
JITTER = 1e-6
#: Most parts into which the flow over one step is split.
PARTS = 32
DONE, BLOWN_UP, LEFT_DOMAIN, INTERRUPTED = (
    int(s) for s in (Status.REACHED_END, Status.DIVERGED, Status.LEFT_DOMAIN, Status.INTERRUPTED)
)
#: Raised where N had a direction of no or negative variance, which then has no noise.
SINGULAR = 8


class Noise(NamedTuple):
    """Both classes; averages of the squared force at this bias, by this rule; learning rate over batch size."""

    classes: Any
    bias: float
    rule: np.ndarray
    s: float


noise_kernel_t = types.NamedTuple((types.UniTuple(noise_t, 2), f8, matrix, f8), Noise)


@kernel
def root(N, L):  # type: ignore[no-untyped-def]
    """Cholesky's root of N, lower; directions without variance get none. Returns whether there were any."""
    size, mean = N.shape[0], 0.0
    for i in range(size):
        mean += N[i, i] / size
    lost = False
    for j in range(size):
        pivot = N[j, j] + JITTER * mean
        for k in range(j):
            pivot -= L[j, k] * L[j, k]
        if pivot <= 0.0:
            lost = lost or mean > 0.0
            for i in range(j, size):
                L[i, j] = 0.0
            continue
        L[j, j] = math.sqrt(pivot)
        for i in range(j + 1, size):
            total = N[i, j]
            for k in range(j):
                total -= L[i, k] * L[j, k]
            L[i, j] = total / L[j, j]
    return lost


@kernel
def kick(w, L, scale, normals, out):  # type: ignore[no-untyped-def]
    """``out = w + scale L normals``."""
    for i in range(w.size):
        total = 0.0
        for k in range(i + 1):
            total += L[i, k] * normals[k]
        out[i] = w[i] + scale * total


@kernel
def _midpoint(rhs, law, data, w, h, parts, f, mid, slope):  # type: ignore[no-untyped-def]
    """Move ``w`` along the flow over ``h`` in ``parts`` parts; how much f turned within half of one, and flags.

    ``f``: the drift at ``w`` on entry, of no meaning on return.
    """
    part, turned, flags = h / parts, 0.0, 0
    for n in range(parts):
        if n > 0:
            flags |= rhs(w, f, data, law)
        for i in range(w.size):
            mid[i] = w[i] + 0.5 * part * f[i]
        flags |= rhs(mid, slope, data, law)
        length, change = 0.0, 0.0
        for i in range(w.size):
            length += f[i] * f[i]
            change += (slope[i] - f[i]) ** 2
            w[i] += part * slope[i]
        if change > 0.0:
            turned = max(turned, math.sqrt(change / max(length, 1e-300)))
    return turned, flags


@kernel
def flow_over(rhs, law, data, w, h, work):  # type: ignore[no-untyped-def]
    """Move ``w`` along the flow over ``h``, in as many parts as its turning asks for; flags."""
    f, mid, slope, start, first = work[0], work[1], work[2], work[3], work[4]
    start[:] = w
    flags = rhs(w, first, data, law)
    parts = 1
    while True:
        w[:] = start
        f[:] = first
        turned, seen = _midpoint(rhs, law, data, w, h, parts, f, mid, slope)
        if turned <= TURN or parts >= PARTS or flags & UNDEFINED:
            return flags | seen
        parts *= 2


@kernel
def _ended(w, start_norm, state, t, flags):  # type: ignore[no-untyped-def]
    """Write down where the run is, and the status with which it must end; -1 where it goes on."""
    norm = math.sqrt(np.sum(w * w))
    state[TIME], state[NORM], state[FLAGS] = t, norm, flags
    if flags & UNDEFINED:
        return LEFT_DOMAIN
    if not norm <= BLOW_UP * max(1.0, start_norm):
        return BLOWN_UP
    return INTERRUPTED if state[STOP] != 0.0 else -1


@kernel
def _langevin(rhs, law, data, noise, square, w0, t_eval, h, renewals, normals, bridges, w, state):  # type: ignore[no-untyped-def]
    """One trajectory into ``w`` (T, D); ``normals`` (2 steps, D) and ``bridges`` (T, D) standard normal; its status."""
    size = w0.size
    y, kicked, bridge, work = w0.copy(), np.empty(size), np.empty(size), np.empty((5, size))
    N, L, slices = np.empty((size, size)), np.zeros((size, size)), np.empty((size, size))
    half, renew, interval, done, flags, step = math.sqrt(noise.s * h / 2.0), 0.0, 0, 0, 0, 0
    start_norm = math.sqrt(np.sum(y * y))
    if t_eval[0] == 0.0:
        w[0] = y
        done = 1
    while done < t_eval.size:
        t = step * h
        if t >= renew:
            flags |= rhs(y, work[0], data, law)
            kicked[:] = work[0]
            flags |= noise_matrix(y, kicked, noise.classes, square, noise.bias, noise.rule, N, slices, work)
            flags |= SINGULAR * root(N, L)
            if flags & UNDEFINED:
                return _ended(y, start_norm, state, t, flags)
            while t >= renewals[interval, 0]:
                interval += 1
            renew = t + renewals[interval, 1] - 0.5 * h
        while done < t_eval.size and t_eval[done] < t + h:
            share = max(0.0, (t_eval[done] - t) / h)
            for i in range(size):
                both = share * (normals[2 * step, i] + normals[2 * step + 1, i])
                bridge[i] = both + math.sqrt(2.0 * share * (1.0 - share)) * bridges[done, i]
            kicked[:] = y
            flags |= flow_over(rhs, law, data, kicked, 0.5 * share * h, work)
            kick(kicked, L, half, bridge, w[done])
            flags |= flow_over(rhs, law, data, w[done], 0.5 * share * h, work)
            status = _ended(w[done], start_norm, state, t_eval[done], flags)
            if status >= 0:
                w[done] = math.nan
                return status
            done += 1
        kick(y, L, half, normals[2 * step], kicked)
        flags |= flow_over(rhs, law, data, kicked, h, work)
        kick(kicked, L, half, normals[2 * step + 1], y)
        step += 1
        status = _ended(y, start_norm, state, step * h, flags)
        if status >= 0 and done < t_eval.size:
            return status
    return DONE


@lru_cache(maxsize=8)
def langevin(rhs_signature: Any, law_type: Any) -> Any:
    """The compiled trajectory for one kind of right-hand side."""
    rhs = types.FunctionType(rhs_signature)
    own = rhs, law_type, rhs_signature.args[2], noise_kernel_t, square_t
    return compiled(_langevin, i8(*own, vector, vector, f8, matrix, matrix, matrix, matrix, vector))
