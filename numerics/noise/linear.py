"""Linear theory of SGD's scatter about the flow: covariance, shift of the mean, what it amplifies, and its validity.

To first order in ``s = learning rate / batch size`` the weights at time t scatter about the flow with the covariance
``s Sigma`` (theory.md section 7), ``dSigma/dt = J Sigma + Sigma J^T + N``, eq. (fluctuations.3, covariance equation).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy.interpolate import CubicHermiteSpline
from scipy.linalg import expm

from cumulode.numerics.check_input import check_problem, check_times, check_weights
from cumulode.numerics.flow.plan import make_plan
from cumulode.numerics.flow.solve import integrate
from cumulode.numerics.flow.solver import FLOW, Solver, choose
from cumulode.numerics.result import unbroken
from cumulode.numerics.status import Status
from cumulode.numerics.trajectory.jacobian import jacobian, slope
from cumulode.theory.dynamics import fluctuations
from cumulode.theory.problem.problem import Problem
from cumulode.theory.user_input.arguments import Described, InvalidArgument
from cumulode.theory.user_input.options import either

from .covariance import Covariance

#: Bands of the linear theory hold where s times the amplification is at most this.
TRUSTED = 0.02
#: A field is at rest where a translation costs it this little, relative to the largest rate.
AT_REST = 1e-4
#: First and shortest step in time, and the share of Sigma that a step's error of second order may be.
FIRST, SHORTEST, ALLOWED = 1e-2, 1e-8, 3e-4
#: Steps tried, at most: seconds on a small ring.
MOST_STEPS = 1000
#: Times nearer to each other than this share of the last are one to a spline.
CLOSEST = 1e-12


@dataclass(frozen=True, eq=False, repr=False)
class LinearFluctuations:
    """What :func:`linear_fluctuations` returns.

    Attributes
    ----------
    t : (T,) array
    w : (T, D) array
        The flow m.
    Sigma : (T, D, D) array
        Covariance of the weights over ``s = learning rate / batch size``.
    amplification : (T,) array
        ``max_(t' <= t) tr(P Sigma P)/|m|^2``, P without the direction in which a translation moves the field.
    diffusion : (T,) array
        Rate at which the variance of the centre grows, over s: sites^2 a unit of time, NaN on a torus.
    """

    t: np.ndarray
    w: np.ndarray
    Sigma: np.ndarray
    amplification: np.ndarray
    diffusion: np.ndarray

    def __repr__(self) -> str:
        times = f"t {self.t[0]:g} .. {self.t[-1]:g} ({len(self.t)} times), w {self.w.shape}"
        return f"LinearFluctuations({times}, amplification {self.amplification[-1]:.4g})"

    def trusted(self, s: float) -> np.ndarray:
        """Whether bands of the linear theory hold at this learning rate over batch size, up to each time; (T,) bool."""
        return np.asarray(s * self.amplification <= TRUSTED)


@either(solver=("closure",))
def linear_fluctuations(
    problem: Problem, w0: Any, t_eval: Any, closure: str = "regression", *, solver: Solver | None = None
) -> LinearFluctuations:
    """Covariance of SGD about the flow to first order in the learning rate, and what follows from it.

    Parameters
    ----------
    problem : Problem
    w0 : (D,) array, finite
    t_eval : (T,) array
        Times, learning rate x steps, non-negative and increasing.
    closure : str
        Of the flow; the noise is that of :func:`noise_covariance`.
    solver : Solver, optional
        Closure, tolerances and accuracy of the fourth cumulant, in its place.

    Returns
    -------
    LinearFluctuations

    Raises
    ------
    InvalidArgument
        Naming the argument.
    """
    check_problem(problem)
    solver = choose(solver, FLOW, closure=closure)
    start, times = check_weights("w0", w0, problem.shape), check_times(t_eval)
    if start.ndim > 1:
        raise InvalidArgument("w0", Described(f"shape {start.shape}"), f"one start, of shape ({problem.size},)")
    plan = make_plan(problem, solver)
    data, noise = plan.data(), Covariance(problem, solver)

    def at(w: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return jacobian(plan, w, data=data), noise(w)

    path = _Path(problem, start, times, solver)
    grid, Sigma = covariances(path, at, times)
    rows = path(grid)
    spread = np.array([_without_shift(w, cov, problem.shape) for w, cov in zip(rows, Sigma, strict=True)])
    with np.errstate(divide="ignore", invalid="ignore"):  # of w = 0: nothing, or without bound
        kept = spread / np.sum(rows * rows, axis=1)
    places = np.searchsorted(grid, times)
    flow = path(times)
    with np.errstate(divide="ignore", invalid="ignore"):  # w = 0 has no place
        rates = [centre_diffusion(w, *at(w)) if len(problem.shape) == 1 else math.nan for w in flow]
    return LinearFluctuations(times, flow, Sigma[places], np.fmax.accumulate(kept)[places], np.array(rates))


class _Path:
    """The flow as a function of time, integrated once at so many times that a cubic between them keeps 1e-7."""

    def __init__(self, problem: Problem, w0: np.ndarray, times: np.ndarray, solver: Solver) -> None:
        solver = replace(solver, rtol=min(solver.rtol, 1e-8))
        early = np.geomspace(1e-3, max(times[-1], 1.0), 1500)
        last = max(times[-1], 1e-3)  # a cubic needs two points
        moments = np.union1d(np.concatenate([[0.0], early[early < times[-1]], np.linspace(0, last, 500)]), times)
        moments = moments[np.diff(moments, prepend=-math.inf) > CLOSEST * last]
        drift = make_plan(problem, solver)
        data = drift.data()
        flow = unbroken(integrate(problem, w0, moments, solver))
        if flow.status is not Status.REACHED_END:
            raise InvalidArgument("w0", Described(f"a flow that {flow.message}"), "one that reaches the last time")
        w = flow.w
        self._spline = CubicHermiteSpline(moments, w, np.array([slope(drift, row, data) for row in w]))

    def __call__(self, t: Any) -> np.ndarray:
        return np.asarray(self._spline(t))


def covariances(
    path: Callable[[Any], np.ndarray], at: Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]], times: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """A grid of times that holds ``times``, and Sigma on it (n, D, D); ``at``: w -> (J, N).

    ``U' = J U + N V``, ``V' = -J^T V``, ``Sigma = U V^-1``: linear, stepped by the exponential of Magnus of fourth
    order; the commutator in it is the error of second order, by which steps are chosen.
    """
    t, Sigma, step = 0.0, np.zeros((path(0.0).size,) * 2), FIRST
    grid, kept = [0.0], [Sigma]
    left = [float(x) for x in times if x > 0]
    tried = 0
    while left:
        h, tried = min(step, left[0] - t), tried + 1
        with np.errstate(over="ignore", invalid="ignore"):  # a step too long for its exponential is taken again
            Sigma_new, error = _magnus(path, at, t, h, Sigma)
        if not error <= ALLOWED and h > SHORTEST:
            step = h * (max(0.2, 0.9 * (ALLOWED / error) ** (1 / 3)) if error < math.inf else 0.2)
            continue
        if tried > MOST_STEPS or not np.all(np.isfinite(Sigma_new)):
            raise InvalidArgument("t_eval", float(times[-1]), f"times up to {t:g}: beyond, the flow is too stiff")
        t, Sigma = (left.pop(0), Sigma_new) if h == left[0] - t else (t + h, Sigma_new)
        grid.append(t)
        kept.append(Sigma)
        step = max(step, h * min(4.0, 0.9 * (ALLOWED / max(error, 1e-300)) ** (1 / 3)))
    return np.array(grid), np.array(kept)


def _magnus(path: Any, at: Any, t: float, h: float, Sigma: np.ndarray) -> tuple[np.ndarray, float]:
    """Sigma after ``h``, and its relative difference from that without the commutator."""
    size, nodes = len(Sigma), t + h * (0.5 + np.array([-1, 1]) * math.sqrt(3) / 6)
    first, second = (np.block([[J, N], [np.zeros_like(J), -J.T]]) for J, N in map(at, path(nodes)))
    mean = h / 2 * (first + second)
    commutator = h * h * math.sqrt(3) / 12 * (second @ first - first @ second)
    start = np.vstack([Sigma, np.eye(size)])
    ends = []
    for exponent in (mean + commutator, mean):
        U, V = np.split(expm(exponent) @ start, 2)
        try:
            ends.append(np.linalg.solve(V.T, U.T).T)
        except np.linalg.LinAlgError:  # the exponential overflowed
            return np.full_like(Sigma, np.nan), math.inf
    moved = (ends[0] + ends[0].T) / 2
    size_moved = max(float(np.linalg.norm(moved)), 1e-300)
    return moved, float(np.linalg.norm(ends[0] - ends[1])) / size_moved


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


def _without_shift(w: np.ndarray, Sigma: np.ndarray, shape: tuple[int, ...]) -> float:
    """``tr(P Sigma P)``, P without the directions in which translations move the field."""
    shifts, _ = np.linalg.qr(shift_direction(w, shape).T)
    return float(np.trace(Sigma) - np.trace(shifts.T @ Sigma @ shifts))


def centre_diffusion(w: np.ndarray, J: np.ndarray, N: np.ndarray) -> float:
    """Growth of the variance of a field's place over s, sites^2 a unit of time; NaN where the field is not at rest.

    On a ring, with the field's spectral derivative as its direction of translation and the left eigenvector that goes
    with the eigenvalue 0; eq. (fluctuations.26, diffusion of the centre).
    """
    shift = shift_direction(w, w.shape)[0]
    values, vectors = np.linalg.eig(J.T)
    nearest = int(np.argmin(np.abs(values)))
    left = vectors[:, nearest].real
    still = np.linalg.norm(J @ shift) <= AT_REST * np.abs(values).max() * np.linalg.norm(shift)
    if not still or np.linalg.norm(shift) < AT_REST * np.linalg.norm(w):
        return math.nan
    return float(fluctuations.centre_diffusion(left[:, None], N, shift[:, None])[0, 0])
