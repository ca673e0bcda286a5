"""Linear theory of SGD's scatter about the flow: covariance, shift of the mean, what it amplifies, and its validity.

To first order in ``s = learning rate / batch size`` the weights at time t have the covariance ``s Sigma`` and the mean
``m + s a + eta b`` (theory.md section 7),

    dSigma/dt = J Sigma + Sigma J^T + N,  da/dt = J a + (1/2) Sigma:f'',  db/dt = J b - (1/2) J f,

eq. (fluctuations.3, covariance equation), (fluctuations.11, shift of the mean), (fluctuations.12, modified flow).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.integrate import solve_ivp

from cumulode.numerics.check_input import check_times, check_weights
from cumulode.numerics.flow.plan import make_plan
from cumulode.numerics.flow.solver import FLOW, Solver, choose
from cumulode.numerics.stability.jacobian import jacobian, slope
from cumulode.theory.problem.problem import Problem
from cumulode.theory.user_input.arguments import Described, InvalidArgument

from .covariance import Covariance

#: Bands of the linear theory hold where s times the amplification is at most this.
TRUSTED = 0.02
#: Step of the second derivative of the drift, relative to the larger of |w| and 1.
BEND = 1e-3
RTOL = 1e-7

Vector = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True, eq=False)
class LinearFluctuations:
    """What :func:`linear_fluctuations` returns.

    Attributes
    ----------
    t : (T,) array
    w : (T, D) array
        The flow m.
    Sigma : (T, D, D) array
        Covariance of the weights over ``s = learning rate / batch size``.
    a, b : (T, D) array
        Shift of the mean, ``s a + eta b``.
    amplification : (T,) array
        ``max_(t' <= t) tr(P Sigma P)/|m|^2``, P without the direction in which a translation moves the field.
    diffusion : (T,) array
        Rate at which the variance of the centre grows, over s: sites^2 a unit of time, NaN on a torus.
    """

    t: np.ndarray
    w: np.ndarray
    Sigma: np.ndarray
    a: np.ndarray
    b: np.ndarray
    amplification: np.ndarray
    diffusion: np.ndarray

    def trusted(self, s: float) -> np.ndarray:
        """Whether bands of the linear theory hold at this learning rate over batch size, up to each time; (T,) bool."""
        return np.asarray(s * self.amplification <= TRUSTED)


def linear_fluctuations(
    problem: Problem, w0: Any, t_eval: Any, closure: str = "regression", *, solver: Solver | None = None
) -> LinearFluctuations:
    """Covariance and mean of SGD about the flow to first order in the learning rate; ``w0`` (D,), ``t_eval`` (T,)."""
    solver = choose(solver, FLOW, closure=closure)
    plan = make_plan(problem, solver)
    start, times = check_weights("w0", w0, problem.shape), check_times(t_eval)
    if start.ndim > 1:
        raise InvalidArgument("w0", Described(f"shape {start.shape}"), f"one start, of shape ({problem.size},)")
    data, covariance = plan.data(), Covariance(problem, solver)
    found = evolve(
        lambda w: slope(plan, w, data), lambda w: jacobian(plan, w, data=data), covariance, start, times
    )
    return LinearFluctuations(times, *found, *_of_the_centre(found, problem.shape, covariance, plan, data))


def evolve(
    drift: Vector, jacobian: Vector, noise: Vector, w0: np.ndarray, times: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """The flow m (T, D), Sigma (T, D, D), a and b (T, D) from any drift with its Jacobian and noise."""
    size = w0.size
    cut = np.cumsum([size, size * size, size])

    def rate(_: float, packed: np.ndarray) -> np.ndarray:
        m, Sigma, a, b = np.split(packed, cut)
        Sigma = Sigma.reshape(size, size)
        f, J = drift(m), jacobian(m)
        spread = J @ Sigma
        bend = _second_derivative(drift, m, f, Sigma)
        return np.concatenate([f, (spread + spread.T + noise(m)).ravel(), J @ a + bend / 2, J @ (b - f / 2)])

    packed = np.concatenate([w0, np.zeros(size * size + 2 * size)])
    last = max(times[-1], 1e-300)
    flow = solve_ivp(rate, (0.0, last), packed, "DOP853", times, rtol=RTOL, atol=RTOL * float(np.abs(w0).max()))
    rows = np.full((times.size, packed.size), np.nan)
    rows[: flow.y.shape[1]] = flow.y.T
    m, Sigma, a, b = np.split(rows, cut, axis=1)
    return m, Sigma.reshape(-1, size, size), a, b


def _second_derivative(drift: Vector, m: np.ndarray, f: np.ndarray, Sigma: np.ndarray) -> np.ndarray:
    """``Sigma:f''`` by differences along the axes of Sigma."""
    variances, axes = np.linalg.eigh(Sigma)
    h = BEND * max(1.0, float(np.linalg.norm(m)))
    total = np.zeros_like(m)
    for variance, axis in zip(variances, axes.T, strict=True):
        if variance > 1e-12 * variances[-1]:
            total += variance * (drift(m + h * axis) + drift(m - h * axis) - 2 * f) / h**2
    return total


def shift_direction(w: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """``dw/dx`` of the field as a sum of waves, one row a direction of the lattice, (1 or 2, D)."""
    field, rows = w.reshape(shape), []
    for axis, side in enumerate(shape):
        waves = np.fft.fftfreq(side, 1 / side) * (2j * np.pi / side)
        if side % 2 == 0:
            waves[side // 2] = 0.0  # the alternating wave has no derivative on the lattice
        along = [1] * len(shape)
        along[axis] = side
        rows.append(np.fft.ifft(np.fft.fft(field, axis=axis) * waves.reshape(along), axis=axis).real.ravel())
    return np.stack(rows)


def _of_the_centre(found: Any, shape: tuple[int, ...], noise: Vector, plan: Any, data: Any) -> tuple[Any, Any]:
    """Amplification and diffusion along the flow."""
    flow, Sigma = found[0], found[1]
    shares, rates = [], []
    for w, spread in zip(flow, Sigma, strict=True):
        shifts, _ = np.linalg.qr(shift_direction(w, shape).T)
        kept = np.trace(spread) - np.trace(shifts.T @ spread @ shifts)
        shares.append(kept / np.dot(w, w))
        rates.append(centre_diffusion(w, jacobian(plan, w, data=data), noise(w)) if len(shape) == 1 else math.nan)
    return np.fmax.accumulate(shares), np.array(rates)


def centre_diffusion(w: np.ndarray, J: np.ndarray, N: np.ndarray) -> float:
    """``l.N.l/(l.dw)^2``: growth of the variance of a field's place over s, sites^2 a unit of time, on a ring.

    ``dw = dw/dx`` is the field's own direction of translation, along which the Jacobian at a stationary field has the
    eigenvalue 0, and ``l`` the left eigenvector nearest to it.
    """
    shift = shift_direction(w, w.shape)[0]
    values, vectors = np.linalg.eig(J.T)
    overlap = np.abs(vectors.T @ shift) / np.linalg.norm(shift)
    left = vectors[:, int(np.argmin(np.abs(values) - overlap * 1e-3))].real
    return float(left @ N @ left / (left @ shift) ** 2)
