"""How it is seen that a trajectory has come to rest in a stable state, and how it goes on from there."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from cumulode.numerics.flow.plan import Plan

from .dormand_prince import length
from .jacobian import jacobian, slope

#: Rates within this share of the largest count as zero: the Jacobian is known to about 1e-12 of it.
MARGIN = 1e-8
#: Beyond this many sites no dense Jacobian is made, and no state is seen to be at rest.
MOST_SITES = 512
#: Eigenvectors of a condition number above this do not carry a perturbation on to the digits wanted.
CONDITION = 1e6
#: Newton's steps, after each of which the distance to a stationary state is squared.
NEWTON = 6


class Rest(NamedTuple):
    """A stationary state near a trajectory: weights (D,), rates of perturbations (D,), eigenvectors as columns."""

    w: np.ndarray
    rates: np.ndarray
    vectors: np.ndarray

    @property
    def stable(self) -> bool:
        """Whether every rate has a real part below -MARGIN of the largest.

        So neither a saddle is taken for rest, nor a state that may still drift in a direction that is nearly neutral
        (a bump between two sites).
        """
        return bool(self.rates.real.max() < -MARGIN * np.abs(self.rates).max())

    def carry_on(self, y: np.ndarray, after: np.ndarray) -> np.ndarray:
        """``w* + exp(J s) (y - w*)`` (T, D), at the times s (T,) after ``y``."""
        parts = np.linalg.solve(self.vectors, y - self.w)
        return np.asarray(self.w + ((parts * np.exp(np.outer(after, self.rates))) @ self.vectors.T).real)


def near(plan: Plan, y: np.ndarray, data: Any, rtol: float) -> Rest | None:
    """The stationary state so near to ``y`` that the flow is linear there: the squared relative distance below rtol."""
    if y.size > MOST_SITES:
        return None
    try:
        w, J = _newton(plan, y, data)
        rates, vectors = np.linalg.eig(J)
        good = np.linalg.cond(vectors) < CONDITION
    except np.linalg.LinAlgError:
        return None
    return Rest(w, rates, vectors) if good and length(y - w) ** 2 < rtol * length(w) ** 2 else None


def _newton(plan: Plan, y: np.ndarray, data: Any) -> tuple[np.ndarray, np.ndarray]:
    """A stationary state by Newton's method from ``y``, and its Jacobian; LinAlgError where it is not reached."""
    w = y.copy()
    for _ in range(NEWTON):
        J, f = jacobian(plan, w, data=data), slope(plan, w, data)
        if not np.all(np.isfinite(J)) or not np.all(np.isfinite(f)):
            break
        move = np.linalg.solve(J, f)
        w -= move
        if length(move) <= 1e-12 * length(w):
            return w, J
    raise np.linalg.LinAlgError
