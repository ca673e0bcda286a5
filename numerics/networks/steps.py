"""The flow of a committee, step by step: DOP853 whose allowed error follows the size of each neuron's weights."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from scipy.integrate import DOP853
from scipy.optimize import brentq

from cumulode.numerics.flow.solver import Solver
from cumulode.numerics.status import Status
from cumulode.numerics.trajectory.run import SHARE

#: Of a bias, whose scale is that of the activation, the absolute error allowed over rtol.
OF_BIAS = 1e-3
#: A neuron's weights count as no smaller than this share of all neurons'.
LEAST = 1e-9
#: Steps, at most, of a run that has left the range of the theory, where the flow may be as stiff as it likes.
BEYOND = 5000


def most_steps(solver: Solver, left: float | None) -> int:
    """Steps allowed to a run; fewer where it has left its range, at time ``left``."""
    return solver.max_steps if left is None else min(solver.max_steps, BEYOND)


class Steps(DOP853):  # type: ignore[misc]
    """DOP853 on the state (K D weights, then K biases); without ``atol`` the absolute error follows the weights."""

    def __init__(self, velocity: Any, state: np.ndarray, end: float, shape: tuple[int, int], solver: Solver) -> None:
        self._shape, self._given = shape, solver.atol
        super().__init__(
            velocity,
            0.0,
            state,
            end,
            rtol=solver.rtol,
            atol=self._allowed(state, solver.rtol),
            max_step=solver.max_step,
        )

    def _allowed(self, state: np.ndarray, rtol: float) -> Any:
        """The absolute error allowed in a step, of every component."""
        if self._given is not None:
            return self._given
        neurons, sites = self._shape
        w = state[: neurons * sites].reshape(neurons, sites)
        largest = max(float(np.abs(w).max()), 1e-290)
        sizes = np.sqrt(np.mean((w / largest) ** 2, axis=1))  # scaled: nothing underflows
        sizes = largest * np.maximum(sizes, LEAST * sizes.max()) if sizes.any() else np.ones(neurons)
        return np.concatenate([np.repeat(SHARE * rtol * sizes, sites), np.full(neurons, OF_BIAS * rtol)])

    def _step_impl(self) -> tuple[bool, str | None]:
        self.atol = self._allowed(self.y, self.rtol)
        return super()._step_impl()  # type: ignore[no-any-return]


class Run(NamedTuple):
    """States (T, n), NaN after the time ``t`` reached; how it ended; evaluations; when the range was ``left``."""

    states: np.ndarray
    status: Status
    t: float
    evaluations: int
    left: float | None


def integrate(
    velocity: Callable[[float, np.ndarray], np.ndarray],
    state: np.ndarray,
    times: np.ndarray,
    shape: tuple[int, int],
    solver: Solver,
    ceiling: float,
    within: Callable[[np.ndarray], float],
) -> Run:
    """Through all ``times``, until a weight passes the ``ceiling``, the most steps are taken, or Ctrl-C.

    The range of the theory is left when ``within`` a state is not positive any more.
    """
    states = np.full((times.size, state.size), np.nan)
    done = int(times[0] == 0.0)
    states[:done] = state
    steps = Steps(velocity, state, float(times[-1]), shape, solver)
    weights = slice(0, shape[0] * shape[1])
    status, end, taken = Status.REACHED_END, 0.0, 0
    left = None if within(state) > 0 else 0.0
    try:
        while done < times.size and status is Status.REACHED_END:
            if taken >= most_steps(solver, left):
                status = Status.OUT_OF_STEPS
                break
            with np.errstate(invalid="ignore", over="ignore"):  # of a step far beyond the range; looked at below
                steps.step()
                between = steps.dense_output() if steps.status != "failed" else None
            taken += 1
            if between is None:
                status = Status.STEPS_COLLAPSED
                break
            if not np.all(np.isfinite(between(0.5 * (steps.t_old + steps.t)))):
                status, end = Status.DIVERGED, steps.t_old
                break
            end = steps.t
            if left is None and not within(steps.y) > 0:
                left = brentq(lambda t, between=between: within(between(t)), steps.t_old, steps.t)
            if _largest(steps.y[weights]) > ceiling:
                status = Status.DIVERGED
                end = brentq(lambda t, between=between: _largest(between(t)[weights]) - ceiling, steps.t_old, steps.t)
            passed = done + int(np.searchsorted(times[done:], end, side="right"))
            states[done:passed] = between(times[done:passed]).T
            done = passed
    except KeyboardInterrupt:
        status = Status.INTERRUPTED
    status = status if done < times.size else Status.REACHED_END
    return Run(states, status, float(end), int(steps.nfev), left)


def _largest(values: np.ndarray) -> float:
    return float(np.abs(values).max())
