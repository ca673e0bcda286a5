"""The flow of a committee of K neurons from second and fourth cumulants, integrated: ``solve_network``."""

from __future__ import annotations

import time
import warnings
from dataclasses import dataclass, field, fields
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.integrate import solve_ivp

from cumulode import __version__
from cumulode.numerics.check_input import check_times, check_weights
from cumulode.numerics.compile import jit
from cumulode.numerics.flow.preactivation import preactivation_cumulants
from cumulode.numerics.flow.solve import PARTS, SolveWarning
from cumulode.numerics.flow.solver import FLOW, Solver, choose
from cumulode.numerics.io.progress import Progress, Shown, check_progress
from cumulode.numerics.status import Status
from cumulode.theory.closures.names import NETWORK_CLOSURES
from cumulode.theory.problem.problem import Problem
from cumulode.theory.user_input.arguments import InvalidArgument, choice, flag

from .drift import NetworkDrift, check_biases, network_drift
from .mean_field import mean_field
from .result import NetworkResult

#: Weights beyond this many times the largest at the start (or 100) have blown up: the cubic theory has no ceiling.
BLOWN_UP = 1e3


@dataclass(frozen=True, eq=False, repr=False)
class NetworkFlow(NetworkResult):
    """What :func:`solve_network` returns: a :class:`cumulode.numerics.Result` with ``w`` (T, K, D), ``bias`` (T, K).

    ``flow(t)`` integrates again and reads the weights off at other times.

    Attributes
    ----------
    w0 : (K, D) array
    biases : (K,) array
        Weights and biases at time 0.
    """

    w0: np.ndarray = field(default_factory=lambda: np.empty(0))
    biases: np.ndarray = field(default_factory=lambda: np.empty(0))

    @property
    def closure(self) -> str:
        """``taylor`` or ``mean-field``."""
        return str(self.provenance["closure"])

    @property
    def method(self) -> str:
        """How K(w,w,w) was contracted."""
        return str(self.provenance["contracted_by"])

    @property
    def error(self) -> float:
        """Relative Frobenius error of the fourth cumulant used."""
        return float(self.provenance["cumulant_error"])

    @property
    def problem(self) -> Problem:
        """What the network was trained on."""
        return Problem.from_dict(self.provenance["problem"])

    def __call__(self, t: ArrayLike) -> np.ndarray:
        """Weights at any times >= 0, sorted or not: (K, D), or (m, K, D) for m times.

        At recorded times, and between them, these are the weights of the same run to the bit.
        """
        times = np.asarray(t, dtype=float)
        distinct = np.unique(times)
        made = self.provenance
        solver = Solver(**{f.name: made[f.name] for f in fields(Solver)} | {"closure": made["neuron_closure"]})
        again = solve_network(
            self.problem,
            self.w0,
            np.union1d(distinct, self.t[-1]),  # the last step ends at the last time
            self.biases,
            made["trained_biases"],
            self.closure,
            solver=solver,
        )
        return np.asarray(again.w[np.searchsorted(again.t, times)])

    def to_xarray(self) -> Any:
        """As every result, and ``w0``, ``biases`` at time 0."""
        dataset = super().to_xarray()
        dataset["w0"] = (("unit", "site"), self.w0, {"long_name": "weight at time 0"})
        dataset["biases"] = (("unit",), self.biases, {"long_name": "bias at time 0"})
        return dataset


class _Run(NamedTuple):
    """Weights (T, K, D), biases (T, K), how it ended, the integrator and counts."""

    w: np.ndarray
    bias: np.ndarray
    status: Status
    message: str
    counts: dict[str, Any]


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
    *,
    solver: Solver | None = None,
    progress: Shown = False,
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
    solver : Solver, optional
        rtol, atol, tolerance, contraction and longest step at once, in place of these keywords. Its own closure is
        that of each neuron under ``mean-field``; ``taylor`` has no use for it.
    progress : bool or callable
        Show progress on standard error, or call this with the fraction done now and then.

    Returns
    -------
    NetworkFlow
        A run that blows up has NaN from there on, the status DIVERGED, a message, and raises a ``SolveWarning``.

    Raises
    ------
    InvalidArgument
        Naming the argument, what came and what is allowed.
    """
    choice("closure", closure, NETWORK_CLOSURES)
    trained = flag("trained_biases", trained_biases)
    solver = choose(solver, FLOW, rtol=rtol, atol=atol, tolerance=tolerance)
    drift = network_drift(problem, solver=solver)
    start = np.atleast_2d(check_weights("w0", w0, problem.shape))
    bias = check_biases(biases, len(start), problem)
    times = check_times(t_eval)
    check_progress(progress)
    began, compiling = time.perf_counter(), jit.compile_seconds
    if closure == "mean-field":
        if trained:
            raise InvalidArgument("trained_biases", True, "False with closure='mean-field'")
        run = _mean_field(problem, start, bias, times, solver, progress)
    else:
        run = _integrate(drift, start, bias, times, trained, solver, progress)
    k2, k4 = preactivation_cumulants(problem, run.w, solver=solver)
    compiled = jit.compile_seconds - compiling
    cost = {"run_seconds": time.perf_counter() - began - compiled, "compile_seconds": compiled}
    if run.status is not Status.REACHED_END:
        warnings.warn(run.message, SolveWarning, stacklevel=2)
    provenance = {"version": __version__, **solver.to_dict(), "closure": closure, "neuron_closure": solver.closure}
    provenance |= {
        "trained_biases": trained,
        "contracted_by": drift.method,
        "cumulant_error": drift.error,
        **run.counts,
        **cost,
    }
    ended = {"statuses": np.array([run.status], dtype=int), "messages": (run.message,), "message": run.message}
    arrays = {"w": run.w, "bias": run.bias, "k2": k2, "k4": k4, "w0": start, "biases": bias}
    return NetworkFlow(t=times, **arrays, **ended, provenance=provenance | {"problem": problem.to_dict()})


def _mean_field(
    problem: Problem, w0: np.ndarray, b0: np.ndarray, times: np.ndarray, solver: Solver, progress: Shown
) -> _Run:
    flow = mean_field(problem, w0, times, b0, solver, progress)
    failed = int(np.sum(flow.statuses != Status.REACHED_END))
    words = f"{failed} of {len(w0)} neurons did not reach the end" if failed else _reached(times)
    w = np.ascontiguousarray(np.swapaxes(flow.w, 0, 1))
    counts = {name: flow.provenance[name] for name in ("method", "evaluations", "steps", "rejected")}
    return _Run(w, np.broadcast_to(b0, w.shape[:2]).copy(), flow.status, words, counts)


def _integrate(
    drift: NetworkDrift,
    w0: np.ndarray,
    b0: np.ndarray,
    times: np.ndarray,
    trained: bool,
    solver: Solver,
    progress: Shown,
) -> _Run:
    """The flow of weights and biases by DOP853, until it blows up."""
    K, D = w0.shape
    ceiling, end = max(100.0, BLOWN_UP * float(np.abs(w0).max())), times[-1]
    if end == 0:
        return _Run(
            w0[None].copy(), b0[None].copy(), Status.REACHED_END, _reached(times), {"method": "none", "evaluations": 0}
        )

    def velocity(t: float, state: np.ndarray) -> np.ndarray:
        shown.reach(int(PARTS * min(t / end, 1.0)))
        w, b = drift.both(state[: K * D].reshape(K, D), state[K * D :])
        return np.concatenate([w.ravel(), b if trained else np.zeros(K)])

    def blown_up(_: float, state: np.ndarray) -> float:
        return ceiling - float(np.abs(state[: K * D]).max())

    blown_up.terminal = True  # type: ignore[attr-defined]
    state, steps = np.concatenate([w0.ravel(), b0]), {"rtol": solver.rtol, "atol": solver.atol}
    steps["max_step"] = solver.max_step
    with Progress(PARTS, "theory", progress, unit="") as shown:
        run = solve_ivp(velocity, (0.0, end), state, "DOP853", t_eval=times, events=blown_up, **steps)
    states = np.full((times.size, state.size), np.nan)
    states[: run.y.shape[1]] = run.y.T
    status, words = Status.REACHED_END, _reached(times)
    if run.status == 1:
        status = Status.DIVERGED
        words = f"the weights blew up at t = {run.t_events[0][0]:.4g}: the third order in w holds for small weights"
    elif run.status != 0:
        status, words = Status.STEPS_COLLAPSED, f"the step size collapsed: {run.message}; try a larger rtol or atol"
    counts = {"method": "DOP853", "evaluations": int(run.nfev)}
    return _Run(states[:, : K * D].reshape(-1, K, D), states[:, K * D :], status, words, counts)


def _reached(times: np.ndarray) -> str:
    return f"reached t = {times[-1]:g}"
