"""The result of ``solve``."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from cumulode.numerics.result import Result
from cumulode.theory.problem.problem import Problem

from .solver import Solver


@dataclass(frozen=True, eq=False, repr=False)
class Solution(Result):
    """What :func:`cumulode.solve` returns: a :class:`cumulode.numerics.Result`.

    ``sol(t)`` integrates the flow again, with the same steps, and reads it off at other times.

    Attributes
    ----------
    w0 : (D,) or (n, D) array
        Weights at time 0.
    """

    w0: np.ndarray = field(default_factory=lambda: np.empty(0))

    def __call__(self, t: ArrayLike) -> np.ndarray:
        """Weights at any times >= 0, sorted or not: (..., D), or (..., m, D) for m times.

        The steps do not depend on the times recorded, so that recorded times give the recorded weights to the bit.
        """
        from .solve import solve

        times = np.atleast_1d(np.asarray(t, dtype=float))
        distinct, where = np.unique(times, return_inverse=True)
        made = self.provenance
        solver = Solver(**{f.name: made[f.name] for f in fields(Solver)})
        problems = made["problem"]
        problem: Any = (
            Problem.from_dict(problems) if isinstance(problems, dict) else [Problem.from_dict(p) for p in problems]
        )
        w = solve(problem, self.w0, distinct, solver=solver).w
        found = np.take(w, where.ravel(), axis=w.ndim - 2)
        return found if np.ndim(t) else np.take(found, 0, axis=w.ndim - 2)

    def to_xarray(self) -> Any:
        """As every result, and ``w0`` with dimensions (run,) site."""
        dataset = super().to_xarray()
        dataset["w0"] = ((*(() if self.runs is None else ("run",)), "site"), self.w0, {"long_name": "weight at time 0"})
        return dataset
