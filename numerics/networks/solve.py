"""The flow of a committee of K neurons from second and fourth cumulants, integrated: ``solve_network``."""

from __future__ import annotations

import time
import warnings
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from cumulode import __version__
from cumulode.numerics.check_input import check_problem, check_times
from cumulode.numerics.compile import jit
from cumulode.numerics.compile.closure_kernels import activation_kernels
from cumulode.numerics.flow.preactivation import cumulants_and_error
from cumulode.numerics.flow.solve import SolveWarning, check_start, check_work, solve
from cumulode.numerics.flow.solver import FLOW, FROZEN, Solver, choose
from cumulode.numerics.flow.watch import PARTS
from cumulode.numerics.io.progress import Progress, Shown, check_progress
from cumulode.numerics.status import KNOWN, Status
from cumulode.theory.closures.names import NETWORK_CLOSURES
from cumulode.theory.dynamics.balanced import OUTPUT, without_output
from cumulode.theory.problem.problem import Problem
from cumulode.theory.user_input.arguments import Described, InvalidArgument, choice, flag, integer
from cumulode.theory.user_input.options import either

from .drift import NetworkDrift, check_biases, network_drift
from .result import NetworkFlow
from .steps import Run, integrate, most_steps

#: Weights beyond this many times the largest at the start (or 100) have blown up: the cubic theory has no ceiling.
BLOWN_UP = 1e3
#: Where the next order in w reaches this share of a neuron's drift, the third has left its range. Held against exact
#: flows of five Ising committees (D = 12): when four of them leave, the worst unit's weights are wrong by 0.3 to 2 %.
NEXT_ORDER = 0.1
#: Largest mean output at w = 0 that counts as balanced.
BALANCED = 1e-9


class _Run(NamedTuple):
    """Weights (T, K, D), biases (T, K), how it ended, the integrator and counts; the time its range was left."""

    w: np.ndarray
    bias: np.ndarray
    status: Status
    message: str
    counts: dict[str, Any]
    left: float | None = None


@either(solver=("rtol", "atol", "tolerance"))
def solve_network(
    problem: Problem,
    w0: ArrayLike,
    t_eval: ArrayLike,
    biases: ArrayLike,
    trained_biases: bool = False,
    closure: str = "taylor",
    rtol: float = 1e-6,
    atol: float | None = None,
    tolerance: float = 1e-3,
    *,
    solver: Solver | None = None,
    progress: Shown = False,
    seed: int | None = None,
) -> NetworkFlow:
    """Integrate the flow of a committee ``s(x) = mean_k sigma(w_k.x + b_k)`` trained on ``problem``.

    ``dw_k/dt = sum_y p_y E_y[(y - s) sigma'(h_k) x]``: the gradient times K, so that time means the same for every K.

    **Assumptions.** ``taylor``: the average is exact to third order in the weights (fourth, for the biases), and
    wrong beyond: by 1 % where the largest w_k.C w_k is 0.25, 10 % at 0.7 (Ising, D = 12, K = 8). It may blow up. So it
    watches the next order, of that what second and fourth cumulants give (the sixth is not known): where it passes 0.1
    of a neuron's drift the range is left. The run goes on; its status is LEFT_RANGE, ``flow.valid_until`` the time, and
    ``flow.next_order`` the ratio over time. The next order of trained biases is not watched.
    ``mean-field``: many neurons of balanced biases (their outputs at w = 0 cancel), of which none knows the others: s
    = 0, the force ``y sigma'`` and the closure ``regression``. It drops the coupling of second and higher order in w
    (theory/documents/network).
    ``frozen``: no assumption: the population's flow on frozen samples of the inputs (theory.md section 6), for every
    law that can be sampled and every activation, at any time; eight scrambles, whose scatter is the error.

    Parameters
    ----------
    problem : Problem
        Its own ``bias`` is not used. The activation must be smooth at the biases, but for ``frozen``.
    w0 : (K, D), finite
    t_eval : (T,), >= 0, increasing
        Times in units of learning rate x steps; the run starts at 0.
    biases : (K,) or one number, finite
    trained_biases : bool
        Whether ``db_k/dt = sum_y p_y E_y[(y - s) sigma'(h_k)]``; not with ``mean-field``.
    closure : {"taylor", "mean-field", "frozen"}
    rtol, atol, tolerance, solver
        See :class:`cumulode.Solver`; the steps are those of DOP853 (``mean-field``: of ``solve``). The closure of
        ``solver`` is that of each neuron under ``mean-field``; the others have no use for it. Of ``frozen`` steps are
        no finer than 1e-4 (with kinks 1e-3); ``frozen_points`` (by default what takes about a minute a round on two
        cores, from 128 on) are doubled until the units' mean IPR at the end is known to ``frozen_accuracy``.
    progress : bool or callable
        Show progress on standard error, or call this with the fraction done now and then.
    seed : int >= 0, default 0
        Of the samples of ``frozen``.

    Returns
    -------
    NetworkFlow
        Of ``frozen`` a :class:`FrozenNetwork`, with standard errors; where scrambles have a unit in different basins
        it has no mean, and ``split`` and the message say so.
        A run that blows up has NaN from there on, the status DIVERGED, a message, and a ``SolveWarning``; so has one
        that leaves its range.

    Raises
    ------
    InvalidArgument
        Naming the argument, what came and what is allowed.
    """
    choice("closure", closure, (*NETWORK_CLOSURES, FROZEN))
    trained = flag("trained_biases", trained_biases)
    solver = choose(solver, FLOW, rtol=rtol, atol=atol, tolerance=tolerance)
    check_problem(problem)
    times = check_work(check_times(t_eval), solver)
    check_progress(progress)
    if closure == FROZEN:
        return _frozen(problem, w0, biases, times, trained, solver, seed, progress)
    if seed is not None:
        raise InvalidArgument("seed", seed, f"None without closure={FROZEN!r}")
    drift = network_drift(problem, solver=solver)
    start = np.atleast_2d(check_start(w0, problem.shape))
    bias = check_biases(biases, len(start), problem)
    began, compiling = time.perf_counter(), jit.compile_seconds
    if closure == "mean-field":
        if trained:
            raise InvalidArgument("trained_biases", True, "False with closure='mean-field'")
        run = _mean_field(problem, start, bias, times, solver, progress)
    else:
        run = _integrate(drift, start, bias, times, trained, solver, progress)
    compiled = jit.compile_seconds - compiling
    cost = {"run_seconds": time.perf_counter() - began - compiled, "compile_seconds": compiled}
    if run.status not in (*KNOWN, Status.INTERRUPTED):
        warnings.warn(run.message, SolveWarning, stacklevel=3)
    made = {"neuron_closure": solver.closure, "trained_biases": trained, "contracted_by": drift.method}
    made |= {"cumulant_error": drift.error, "left_range_at": run.left, **run.counts, **cost}
    order = np.full(times.size, np.nan) if closure == "mean-field" else _next_orders(drift, run)
    arrays: dict[str, Any] = {"w": run.w, "bias": run.bias, "w0": start, "biases": bias, "next_order": order}
    return NetworkFlow(t=times, **arrays, **_stated(problem, solver, closure, run.w, run.status, run.message, made))


def _stated(
    problem: Problem, solver: Solver, closure: str, w: np.ndarray, status: Status, message: str, made: dict[str, Any]
) -> dict[str, Any]:
    """What every result of a committee has beside its weights: cumulants, how it ended, where it comes from."""
    k2, k4, k4_error = cumulants_and_error(problem, w, solver)
    provenance = {"version": __version__, **solver.to_dict(), "closure": closure, **made, "problem": problem.to_dict()}
    ended = {"statuses": np.array([status], dtype=int), "messages": (message,), "message": message}
    return {"k2": k2, "k4": k4, "k4_error": k4_error, **ended, "provenance": provenance}


def _frozen(
    problem: Problem, w0: Any, biases: Any, times: np.ndarray, trained: bool, solver: Solver, seed: Any,
    progress: Shown,
) -> NetworkFlow:  # fmt: skip
    """The committee on frozen samples, as a result."""
    from .frozen_flow import frozen_network
    from .frozen_result import FrozenNetwork

    start = np.atleast_2d(check_start(w0, problem.shape))
    bias = check_biases(biases, len(start), problem, kinks=True)
    seed = integer("seed", 0 if seed is None else seed, ge=0)
    began, compiling = time.perf_counter(), jit.compile_seconds
    found = frozen_network(problem, start, bias, times, trained, solver, seed, progress)
    status, words, counts = (found.pop(name) for name in ("status", "message", "counts"))
    compiled = jit.compile_seconds - compiling
    if status not in (*KNOWN, Status.INTERRUPTED):
        warnings.warn(words, SolveWarning, stacklevel=4)
    made = {"neuron_closure": FROZEN, "trained_biases": trained, "seed": seed, "contracted_by": "frozen samples"}
    made |= {"cumulant_error": np.nan, "left_range_at": None, **counts, "compile_seconds": compiled}
    made |= {"run_seconds": time.perf_counter() - began - compiled}
    stated = _stated(problem, solver, FROZEN, found["w"], status, words, made)
    no_order = np.full(times.size, np.nan)
    return FrozenNetwork(t=times, **found, w0=start, biases=bias, next_order=no_order, **stated)


def _next_orders(drift: NetworkDrift, run: _Run) -> np.ndarray:
    """The next order against what is kept at the recorded times, (T,); NaN where there are no weights."""
    there = np.isfinite(run.w).all(axis=(1, 2))
    rows = zip(run.w, run.bias, there, strict=True)
    return np.array([drift.next_order(np.ascontiguousarray(w), b) if good else np.nan for w, b, good in rows])


def _mean_field(
    problem: Problem, w0: np.ndarray, b0: np.ndarray, times: np.ndarray, solver: Solver, progress: Shown
) -> _Run:
    """The neurons one by one with the force ``y sigma'``; their times are ``times / OUTPUT``.

    Their common output begins at second order in w (eq. (network.6, balanced output)) and is left out: a neuron whose
    output is scaled by a small factor gives that force for every closure (``theory.dynamics.balanced``).
    """
    sigma = activation_kernels(str(problem.activation)).sigma
    mean = float(np.mean([sigma(b) for b in b0]))
    if abs(mean) > BALANCED:
        came = Described(f"a mean output of {mean:.3g} at w = 0")
        raise InvalidArgument("biases", came, "with closure='mean-field' balanced ones")
    neurons = [without_output(problem, float(b)) for b in b0]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SolveWarning)  # the caller warns, in the times of its own flow
        flow = solve(neurons, w0, times / OUTPUT, solver=solver, progress=progress)
    failed = int(np.sum(~np.isin(flow.statuses, KNOWN)))
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
        counts: dict[str, Any] = {"method": "none", "evaluations": 0}
        left = 0.0 if drift.next_order(w0, b0) >= NEXT_ORDER else None
        return _Run(w0[None].copy(), b0[None].copy(), *_ended(times, left), counts, left)

    def velocity(t: float, state: np.ndarray) -> np.ndarray:
        shown.reach(int(PARTS * min(t / end, 1.0)))
        w, b = drift.both(state[: K * D].reshape(K, D), state[K * D :])
        return np.concatenate([w.ravel(), b if trained else np.zeros(K)])

    def within(state: np.ndarray) -> float:
        return NEXT_ORDER - drift.next_order(state[: K * D].reshape(K, D), state[K * D :])

    state = np.concatenate([w0.ravel(), b0])
    with Progress(PARTS, "theory", progress, unit="") as shown:
        run = integrate(velocity, state, times, (K, D), solver, ceiling, within)
    status, words = (
        _ended(times, run.left) if run.status is Status.REACHED_END else (run.status, _stopped(run, solver, times))
    )
    counts, states = {"method": "DOP853", "evaluations": run.evaluations}, run.states
    return _Run(states[:, : K * D].reshape(-1, K, D), states[:, K * D :], status, words, counts, run.left)


def _stopped(run: Run, solver: Solver, times: np.ndarray) -> str:
    """Why a run ended before its last time."""
    beyond = "" if run.left is None else f"; {_left(run.left)}"
    where = f"stopped at t = {run.t:.6g} of {times[-1]:g}{beyond}: "
    if run.status is Status.DIVERGED:
        return f"the weights blew up at t = {run.t:.4g}{beyond}: the third order in w holds for small weights"
    if run.status is Status.OUT_OF_STEPS:
        least = "smaller weights" if run.left is not None else "a larger max_steps"
        return (
            f"{where}{most_steps(solver, run.left)} steps were taken, the most allowed; try a shorter time or {least}"
        )
    if run.status is Status.INTERRUPTED:
        return f"{where}interrupted; what was recorded is kept, the rest is NaN"
    return f"{where}the step size collapsed; try a larger rtol or atol"


def _ended(times: np.ndarray, left: float | None) -> tuple[Status, str]:
    """Of a run to the last time: whether it stayed within its range."""
    if left is None:
        return Status.REACHED_END, _reached(times)
    advice = "closure='mean-field' for norms and IPR later, or simulate_network"
    return Status.LEFT_RANGE, f"{_reached(times)}, but {_left(left)}: do not use it beyond; {advice}"


def _left(time: float) -> str:
    next_order = f"the next order is {NEXT_ORDER:g} of a neuron's drift"
    return f"the third order in w left its range at t = {time:.4g} ({next_order})"


def _reached(times: np.ndarray) -> str:
    return f"reached t = {times[-1]:g}"
