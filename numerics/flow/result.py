"""The result of ``solve``."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from cumulode.numerics.check_input import check_moments
from cumulode.numerics.result import Result, unbroken
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
        """Weights at a time >= 0, (D,), or at m times in any order, (m, D); of n runs (n, D) or (n, m, D).

        The steps do not depend on the times recorded, so that recorded times give the recorded weights to the bit.
        Raises InvalidArgument for a time that is negative or not finite.
        """
        from .solve import integrate, warn

        times = check_moments(t, 0.0)
        distinct, place = np.unique(times, return_inverse=True)
        again = unbroken(integrate(self._problem(), self.w0, distinct, self._solver()))
        warn(again, stacklevel=3)
        return np.asarray(np.take(again.w, place.reshape(times.shape), axis=again.w.ndim - 2))

    def _problem(self) -> Any:
        """The problem solved, or one for each run."""
        made = self.provenance.get("problem")
        return [Problem.from_dict(one) for one in made] if isinstance(made, list) else Problem.from_dict(made)

    def _solver(self) -> Solver:
        return Solver(**{f.name: self.provenance[f.name] for f in fields(Solver) if f.name in self.provenance})

    def to_xarray(self) -> Any:
        """As every result, and ``w0`` with dimensions (run,) site."""
        dataset = super().to_xarray()
        dataset["w0"] = ((*(() if self.runs is None else ("run",)), "site"), self.w0, {"long_name": "weight at time 0"})
        return dataset
