"""The drift dw/dt of a problem as a function of the weights."""

from __future__ import annotations

from typing import Any

import numpy as np

from cumulode.numerics.check_input import check_weights
from cumulode.theory.problem.problem import Problem
from cumulode.theory.user_input.arguments import Described, InvalidArgument
from cumulode.theory.user_input.deprecation import renamed_arguments
from cumulode.theory.user_input.options import either

from .plan import make_plan
from .right_hand_side import UNDEFINED
from .solver import FLOW, Solver, choose


class Drift:
    """``f(w) -> dw/dt``; made by :func:`drift`.

    Attributes
    ----------
    method : str
        How K(w,w,w) is contracted, or what stands for it.
    error : float
        Relative Frobenius error of the fourth cumulant tensor used. For fields of high wavenumber K(w,w,w) is
        small, and its own relative error larger: ``tolerance=1e-8`` if they matter. Of ``frozen`` that of the samples'
        second cumulant.
    closure : str
    problem : Problem
    """

    def __init__(self, problem: Problem, solver: Solver) -> None:
        self._solver, self._plan = solver, make_plan(problem, solver)
        plan = self._plan
        self._data = plan.data()
        self.problem, self.closure = plan.problem, plan.closure
        self.method, self.error = plan.method, plan.error

    def __call__(self, w: Any) -> np.ndarray:
        """dw/dt at ``w`` (D,) or (n, D), finite; same shape. Raises ValueError where the closure is not defined."""
        rows = check_weights("w", w, self.problem.shape)
        flat = np.atleast_2d(rows)
        out = np.empty_like(flat)
        for row, result in zip(flat, out, strict=True):
            flags = self._plan.rhs(row, result, self._data, self._plan.law)
            if flags & UNDEFINED or not np.all(np.isfinite(result)):
                largest = f"largest |w_i| = {np.abs(row).max():.3g}"
                where = f"{largest}, where closure {self.closure!r} is not defined or overflows"
                raise InvalidArgument("w", Described(where), "smaller weights, or another closure")
        return out.reshape(rows.shape)

    def __reduce__(self) -> tuple[type[Drift], tuple[Problem, Solver]]:
        return type(self), (self.problem, self._solver)  # compiled code and scratch are made anew

    def __repr__(self) -> str:
        return f"Drift(closure={self.closure!r}, method={self.method!r}, error={self.error:.1e}, {self.problem})"


@renamed_arguments({"contraction": ("solver", Solver, ("closure", "tolerance"))}, last="contraction")
@either(solver=("closure", "tolerance"))
def drift(
    problem: Problem, closure: str = "regression", tolerance: float = 1e-3, *, solver: Solver | None = None
) -> Drift:
    """The population drift ``dw/dt`` of one neuron under a closure.

    Parameters
    ----------
    problem : Problem
    closure : str
        taylor | taylor-activation | taylor-N | gaussian | edgeworth | bimodal | pearson | regression (default) |
        tree (with the sixth cumulant at tree level; ``tree:CHI`` weighs it by CHI >= 0, 1 by default) | conditional
        (marginal and C alone, after Lufkin, Saxe & Grant), or the population's own: ``exact`` (both classes Ising and a
        smooth activation, or both Gaussian) or ``frozen`` (8 x 512 samples a class): theory.md sections 3 and 6.
    tolerance : float in [0, 1), on a torus at least 1e-11; default 1e-3
        Relative Frobenius error allowed in the fourth cumulant; the error made is ``f.error``.
    solver : Solver, optional
        Both at once, and how K is contracted, in their place; what was chosen is ``f.method``.

    Returns
    -------
    Drift
        A function ``f(w)``, ``w`` (D,) or (n, D), time in units of learning rate x steps. Not for several threads at
        once.

    Raises
    ------
    ValueError
        Naming ``problem``, ``closure``, ``tolerance``, ``solver``, or ``size`` where the contraction named cannot do
        it.
    """
    return Drift(problem, choose(solver, FLOW, closure=closure, tolerance=tolerance))
