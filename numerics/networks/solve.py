"""The flow of a committee of K neurons from second and fourth cumulants, integrated: ``solve_network``."""

from __future__ import annotations

import time
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.integrate import solve_ivp

from cumulode.numerics.check_input import check_atol, check_rtol, check_times, check_weights
from cumulode.numerics.compile import jit
from cumulode.numerics.flow.solve import SolveWarning
from cumulode.numerics.observables import ipr, norm
from cumulode.theory.closures.names import NETWORK_CLOSURES
from cumulode.theory.problem.problem import Problem
from cumulode.theory.user_input.arguments import InvalidArgument, choice

from .drift import NetworkDrift, check_biases, network_drift
from .mean_field import mean_field

#: Weights beyond this many times the largest at the start (or 100) have blown up: the cubic theory has no ceiling.
BLOWN_UP = 1e3


@dataclass(frozen=True, eq=False)
class NetworkFlow:
    """What :func:`solve_network` returns.

    Attributes
    ----------
    t : (T,)
        Times, learning rate x steps.
    w : (T, K, D)
        Weights; NaN after the time at which the run failed.
    bias : (T, K)
    ipr, norm : (T, K)
        Of each neuron's weights.
    success : bool
    message : str
    method, error : str, float
        How K(w,w,w) was contracted, and the relative Frobenius error of the tensor.
    closure : str
    problem : Problem
    provenance : dict
        Tolerances, counts and seconds.
    """

    t: np.ndarray
    w: np.ndarray
    bias: np.ndarray
    ipr: np.ndarray
    norm: np.ndarray
    success: bool
    message: str
    method: str
    error: float
    closure: str
    problem: Problem
    provenance: dict[str, Any]

    def __repr__(self) -> str:
        last = np.array2string(self.ipr[-1], precision=3, threshold=8)
        return f"NetworkFlow({self.closure}, w {self.w.shape}, final IPR {last}; {self.message})"


def solve_network(
    problem: Problem,
    w0: ArrayLike,
    t_eval: ArrayLike,
    biases: ArrayLike,
    trained_biases: bool = False,
    closure: str = "taylor",
    rtol: float = 1e-6,
    atol: float = 1e-9,
    tolerance: float = 1e-3,
) -> NetworkFlow:
    """Integrate the flow of a committee ``s(x) = mean_k sigma(w_k.x + b_k)`` trained on ``problem``.

    ``dw_k/dt = sum_y p_y E_y[(y - s) sigma'(h_k) x]``: the gradient times K, so that time means the same for every K.

    **Assumptions.** ``taylor``: the average is exact to third order in the weights (fourth, for the biases), and
    wrong beyond: by 1 % where the largest w_k.C w_k is 0.25, 10 % at 0.7 (Ising, D = 12, K = 8). It may blow up.
    ``mean-field``: many neurons of balanced biases (their outputs at w = 0 cancel), of which none knows the others: s
    = 0, the force ``y sigma'`` and the closure ``regression``. It drops the coupling of second and higher order in w
    (theory/documents/network).

    Parameters
    ----------
    problem : Problem
        Its own ``bias`` is not used. The activation must be smooth at the biases.
    w0 : (K, D), finite
    t_eval : (T,), >= 0, increasing
        Times in units of learning rate x steps; the run starts at 0.
    biases : (K,) or one number, finite
    trained_biases : bool
        Whether ``db_k/dt = sum_y p_y E_y[(y - s) sigma'(h_k)]``; with ``taylor`` only.
    closure : {"taylor", "mean-field"}
    rtol, atol : float
        Error of a step, of DOP853 (``mean-field``: of ``solve``).
    tolerance : float in [0, 1)
        Relative Frobenius error allowed in the fourth cumulant.

    Returns
    -------
    NetworkFlow
        A run that blows up has NaN from there on, a message, and raises a ``SolveWarning``.

    Raises
    ------
    ValueError
        Naming the argument, what came and what is allowed.
    """
    choice("closure", closure, NETWORK_CLOSURES)
    if not isinstance(trained_biases, (bool, np.bool_)):
        raise InvalidArgument("trained_biases", trained_biases, "True or False")
    drift = network_drift(problem, tolerance)
    start = np.atleast_2d(check_weights("w0", w0, problem.shape))
    bias = check_biases(biases, len(start), problem)
    times = check_times(t_eval)
    rtol, atol = check_rtol(rtol), check_atol(atol)
    began, compiling = time.perf_counter(), jit.compile_seconds
    counts: dict[str, int] = {}
    if closure == "mean-field":
        if trained_biases:
            raise InvalidArgument("trained_biases", True, "False with closure='mean-field'")
        w, message = mean_field(problem, start, times, bias, rtol, atol, tolerance)
        b = np.broadcast_to(bias, w.shape[:2]).copy()
    else:
        w, b, message, counts = _integrate(drift, start, bias, times, bool(trained_biases), rtol, atol)
    if message != "reached the end":
        warnings.warn(message, SolveWarning, stacklevel=2)
    compiled = jit.compile_seconds - compiling
    cost = {"run_seconds": time.perf_counter() - began - compiled, "compile_seconds": compiled}
    provenance = {
        "rtol": rtol,
        "atol": atol,
        "tolerance": tolerance,
        "trained_biases": trained_biases,
        **counts,
        **cost,
    }
    own = message == "reached the end", message, drift.method, drift.error, closure, problem, provenance
    return NetworkFlow(times, w, b, ipr(w), norm(w), *own)


def _integrate(
    drift: NetworkDrift, w0: np.ndarray, b0: np.ndarray, times: np.ndarray, trained: bool, rtol: float, atol: float
) -> tuple[np.ndarray, np.ndarray, str, dict[str, int]]:
    """Weights (T, K, D), biases (T, K), what happened, and counts."""
    K, D = w0.shape
    ceiling = max(100.0, BLOWN_UP * float(np.abs(w0).max()))

    def velocity(_: float, state: np.ndarray) -> np.ndarray:
        w, b = drift.both(state[: K * D].reshape(K, D), state[K * D :])
        return np.concatenate([w.ravel(), b if trained else np.zeros(K)])

    def blown_up(_: float, state: np.ndarray) -> float:
        return ceiling - float(np.abs(state[: K * D]).max())

    blown_up.terminal = True  # type: ignore[attr-defined]
    state = np.concatenate([w0.ravel(), b0])
    if times[-1] == 0:
        return w0[None].copy(), b0[None].copy(), "reached the end", {"evaluations": 0}
    run = solve_ivp(velocity, (0.0, times[-1]), state, "DOP853", t_eval=times, rtol=rtol, atol=atol, events=blown_up)
    states = np.full((times.size, state.size), np.nan)
    states[: run.y.shape[1]] = run.y.T
    message = "reached the end"
    if run.status != 0:
        reached = float(run.t_events[0][0]) if run.status == 1 else float(run.t[-1]) if run.t.size else 0.0
        message = f"the weights blew up at t = {reached:.4g}: the third order in w holds for small weights"
    return states[:, : K * D].reshape(-1, K, D), states[:, K * D :], message, {"evaluations": int(run.nfev)}
