"""The state on which a flow rests before it localises, and the growth of what disturbs it.

From small weights the wave of the largest growth rate wins (``growth.selected``), uniform or not, and saturates in a
state of its symmetry. Whether a field localises is then decided by the Jacobian there: where all rates are negative
the state stays, where one is positive the flow leaves it.
"""

from __future__ import annotations

import math
import numbers
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy import optimize
from scipy.integrate import solve_ivp

from cumulode.numerics.flow.plan import Plan, make_plan
from cumulode.numerics.flow.solver import FROZEN, Solver, choose
from cumulode.numerics.trajectory.growth import Wavenumber, growth_rates, half, peak
from cumulode.numerics.trajectory.jacobian import jacobian, slope
from cumulode.theory.problem.problem import Problem
from cumulode.theory.user_input.arguments import InvalidArgument, integer
from cumulode.theory.user_input.arrays import listed
from cumulode.theory.user_input.deprecation import renamed_arguments
from cumulode.theory.user_input.options import either

from .symmetry import own, shifted, symmetric_fields

DEFAULT = Solver(tolerance=1e-6)
#: Amplitudes are tried from this norm on, each larger than the last by this factor, up to that norm.
SMALLEST, FACTOR, LARGEST = 1e-4, 1.2, 1e3
#: A state is stationary where |dw/dt| is below this, relative to |w|.
STATIONARY = 1e-9


@dataclass(frozen=True, repr=False)
class StationaryState:
    """A stationary state and the rates of its perturbations.

    Attributes
    ----------
    kind : str
        "uniform", "periodic" (of the wave ``k``), "zero" (nothing grows: w = 0), or "none".
    k : int or (kx, ky)
        The wave that grows fastest from small weights, or the given one.
    w : (D,) array
        The weights, NaN where there is no such state.
    rates : array
        Growth rates, largest real parts. Of a uniform state and of zero ``sigma(q)`` over all wavenumbers, as
        :func:`growth_rates` has them; of a periodic one all eigenvalues but the translation's, falling. Of gradient
        closures these are minus the eigenvalues of V's Hessian.
    rate : float
        The largest.
    mode : int or (qx, qy)
        The wavenumber that grows so; of a periodic state the strongest in the eigenvector.
    translation : float
        The rate of the eigenvector most like the state's derivative along its phase, which would be zero but for the
        lattice; NaN for uniform states.
    message : str
        What it is, or why there is none.
    rate_error : float
        Standard error of the largest rate: 0 but for the closure frozen, of which eight scrambles have a state each
        (NaN where one of them has none).
    """

    kind: str
    k: Wavenumber
    w: np.ndarray
    rates: np.ndarray
    rate: float
    mode: Wavenumber | None
    translation: float
    message: str
    rate_error: float = 0.0

    def __repr__(self) -> str:
        error = f" +- {self.rate_error:.2g}" if self.rate_error else ""
        left = f"left at the rate {self.rate:.4g}{error}" + ("" if self.mode is None else f" by the wave {self.mode}")
        return f"StationaryState({self.message}" + ("" if math.isnan(self.rate) else f"; {left}") + ")"


@renamed_arguments({"contraction": ("solver", Solver, ("closure", "tolerance"))}, last="contraction")
@either(solver=("closure", "tolerance"))
def stationary_state(
    problem: Problem,
    closure: str = "regression",
    k: Wavenumber | None = None,
    tolerance: float = 1e-6,
    *,
    solver: Solver | None = None,
) -> StationaryState:
    """The stationary state that small weights reach before they localise, and the rates at which it is left.

    The state of the wave that grows fastest (theory.md section 4), sought within the fields of that wave's symmetry: by
    its amplitude for k = 0, by Newton's method otherwise. On a ring of D not divisible by k this symmetry is only
    evenness about a site (and a change of sign after D/2), and the state is the one nearest to the wave.

    Parameters
    ----------
    problem : Problem
    closure, tolerance, solver
        See :class:`cumulode.Solver`, of which the steps do not count here.
    k : int in 0 .. D//2, or (kx, ky), optional
        Another wave than the selected one.

    Returns
    -------
    StationaryState
        With ``kind`` "none", NaN and a message where the closure has no such state (taylor may grow without bound).

    Raises
    ------
    InvalidArgument
        Naming the argument; ``bias`` where the activation has a kink there.
    """
    solver = choose(solver, DEFAULT, closure=closure, tolerance=tolerance)
    state = state_of(make_plan(problem, solver), k)
    if solver.closure != FROZEN or not math.isfinite(state.rate) or state.kind == "zero":
        return state
    rates = rates_of_scrambles(problem, solver, state.k)
    return replace(state, rate_error=float(rates.std(ddof=1) / math.sqrt(rates.size)))


def rates_of_scrambles(problem: Problem, solver: Solver, k: Wavenumber | None = None) -> np.ndarray:
    """The largest rate by each scramble of the closure frozen alone, (S,); NaN where it has no state."""
    from cumulode.numerics.frozen.flow import each_scramble

    return np.array([state_of(plan, k).rate for plan in each_scramble(problem, solver)])


def state_of(plan: Plan, k: Wavenumber | None = None) -> StationaryState:
    """``stationary_state`` of a plan."""
    problem = plan.problem
    linear = growth_rates(problem)
    chosen = peak(linear)[0] if k is None else _wavenumber(k, problem.shape)
    if linear[chosen] <= 0:
        mode, rate = peak(linear)
        message = "no wave grows" if rate <= 0 else f"the wave {chosen} does not grow"
        return StationaryState("zero", chosen, np.zeros(problem.size), linear, rate, mode, math.nan, message)
    data = plan.data()
    fields = symmetric_fields(problem.shape, chosen)
    column = own(problem.shape, chosen)
    amplitude = _amplitude(lambda a: float(fields[:, column] @ slope(plan, a * fields[:, column], data)))
    if amplitude is None:
        return _none(plan, chosen, f"the wave {chosen} grows without a bound that {plan.closure} knows")
    if not np.any(chosen):
        return _uniform(plan, amplitude * fields[:, 0], data)
    parts = _newton(plan, fields, amplitude * (np.arange(fields.shape[1]) == column), data)
    if parts is None:
        return _none(plan, chosen, f"no stationary state of the symmetry of the wave {chosen} was reached")
    return _periodic(plan, chosen, fields @ parts, shifted(problem.shape, chosen, parts), data)


def _wavenumber(k: Any, shape: tuple[int, ...]) -> Wavenumber:
    most = shape[0] // 2
    allowed = f"integers 0 .. {most}, {len(shape)} of them"
    waves = listed("k", [k] if isinstance(k, numbers.Number) else k, allowed)
    if len(waves) != len(shape):
        raise InvalidArgument("k", k, allowed)
    chosen = tuple(integer("k", wave, ge=0, le=most, allowed=allowed) for wave in waves)
    return chosen[0] if len(shape) == 1 else (chosen[0], chosen[1])


def _amplitude(along: Callable[[float], float]) -> float | None:
    """The smallest amplitude at which the drift along a direction, at first outwards, turns round."""
    low = SMALLEST
    if not along(low) > 0:
        return None
    while low < LARGEST:
        high = FACTOR * low
        value = along(high)
        if not math.isfinite(value):
            return None
        if value <= 0:
            return float(optimize.brentq(along, low, high, xtol=1e-300, rtol=4 * np.finfo(float).eps))
        low = high
    return None


def _newton(plan: Plan, fields: np.ndarray, parts: np.ndarray, data: Any) -> np.ndarray | None:
    """A stationary state among ``fields @ parts``; from the wave's own saturation, and along the flow if that fails."""

    def f(parts: np.ndarray) -> np.ndarray:
        return np.asarray(fields.T @ slope(plan, fields @ parts, data))

    def jac(parts: np.ndarray) -> np.ndarray:
        return np.asarray(fields.T @ jacobian(plan, fields @ parts, data=data) @ fields)

    size = float(np.linalg.norm(parts))
    for time in (0.0, 10.0, 100.0):
        guess = parts if time == 0 else _flow(f, parts, time)
        if guess is None:
            return None
        x = optimize.root(f, guess, jac=jac, method="hybr", options={"xtol": 1e-14}).x
        same = np.argmax(np.abs(x)) == np.argmax(np.abs(parts)) and np.linalg.norm(x) > 0.1 * size
        if np.linalg.norm(f(x)) < STATIONARY * np.linalg.norm(x) and same:
            return np.asarray(x * np.sign(x[np.argmax(np.abs(x))]))
    return None


def _flow(f: Callable[[np.ndarray], np.ndarray], parts: np.ndarray, time: float) -> np.ndarray | None:
    """Along the flow within the fields for a time."""
    run = solve_ivp(lambda _, y: f(y), (0.0, time), parts, rtol=1e-6, atol=1e-9)
    return run.y[:, -1] if run.success and np.all(np.isfinite(run.y[:, -1])) else None


def _uniform(plan: Plan, w: np.ndarray, data: Any) -> StationaryState:
    """Of a uniform state one column of the Jacobian has all rates, by a Fourier transform."""
    shape = plan.problem.shape
    column = jacobian(plan, w, 1, data)[:, 0].reshape(shape)
    if not np.all(np.isfinite(column)):
        return _none(plan, _zero(shape), f"{plan.closure} is not defined around the uniform state")
    rates = half(np.fft.fftn(column).real)
    mode, rate = peak(rates)
    return StationaryState("uniform", _zero(shape), w, rates, rate, mode, math.nan, f"uniform weights {w[0]:.6g}")


def _periodic(plan: Plan, k: Wavenumber, w: np.ndarray, moved: np.ndarray, data: Any) -> StationaryState:
    """All eigenvalues; the one whose vector is most like the derivative is the translation's."""
    J = jacobian(plan, w, data=data)
    if not np.all(np.isfinite(J)):
        return _none(plan, k, f"{plan.closure} is not defined around the periodic state")
    values, vectors = np.linalg.eig(J)
    rest, translation = np.arange(values.size), math.nan
    if np.linalg.norm(moved) > 1e-9 * np.linalg.norm(w):  # a wave of two sites has no phase to move
        zero = int(np.argmax(np.abs(moved @ vectors)))
        rest, translation = np.delete(rest, zero), float(values[zero].real)
    rest = rest[np.argsort(-values[rest].real, kind="stable")]
    rates, shape = values[rest].real, plan.problem.shape
    mode = _strongest(vectors[:, rest[0]].reshape(shape))
    message = f"{k} waves" if len(shape) == 1 else f"stripes of the wave {k}"
    return StationaryState("periodic", k, w, rates, float(rates[0]), mode, translation, message)


def _strongest(field: np.ndarray) -> Wavenumber:
    """The wavenumber of the most power."""
    power = np.abs(np.fft.fftn(field))
    at = np.unravel_index(int(power.argmax()), field.shape)
    k = [int(min(q, side - q)) for q, side in zip(at, field.shape, strict=True)]
    return k[0] if len(k) == 1 else (k[0], k[1])


def _zero(shape: tuple[int, ...]) -> Wavenumber:
    return 0 if len(shape) == 1 else (0, 0)


def _none(plan: Plan, k: Wavenumber, message: str) -> StationaryState:
    nothing = np.full(plan.problem.size, np.nan)
    return StationaryState("none", k, nothing, np.full(1, np.nan), math.nan, None, math.nan, message)
