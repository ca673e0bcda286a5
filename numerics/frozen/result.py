"""``FrozenFlow``: the flows of independent scrambles, their mean and its standard error."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from cumulode.numerics.flow.preactivation import cumulants_and_error
from cumulode.numerics.flow.result import Solution
from cumulode.numerics.noise.ensemble import Quantity, of_runs
from cumulode.numerics.result import Result


class Scrambled:
    """Runs of independent scrambles: mean and standard error of any quantity over ``each()``."""

    def each(self) -> Any:
        """The scrambles as runs, with a leading axis S."""
        raise NotImplementedError

    def mean(self, quantity: Quantity) -> np.ndarray:
        """Mean over the scrambles, (T, ...), of an attribute, as ``"ipr"``, or of a function of weights (..., D)."""
        return np.asarray(of_runs(self.each(), quantity).mean(axis=0))

    def error_of(self, quantity: Quantity) -> np.ndarray:
        """Standard error of that mean, (T, ...)."""
        values = of_runs(self.each(), quantity)
        return np.asarray(values.std(axis=0, ddof=1) / np.sqrt(len(values)))


@dataclass(frozen=True, eq=False, repr=False)
class FrozenFlow(Scrambled, Solution):
    """What ``solve(..., closure="frozen")`` returns: a :class:`cumulode.Solution`, the mean over scrambles.

    Called at a time between the recorded ones it is linear in time.

    Attributes
    ----------
    standard_error : (T, D) array
        Of the mean weights, from the S scrambles.
    scrambles : (S, T, D) array
        Weights of each scramble.
    split : (T,) bool array
        Where scrambles are in different basins: there is no mean there, ``w`` is NaN.
    """

    standard_error: np.ndarray = field(default_factory=lambda: np.empty(0))
    scrambles: np.ndarray = field(default_factory=lambda: np.empty(0))
    split: np.ndarray = field(default_factory=lambda: np.empty(0, bool))

    __call__ = Result.__call__

    def each(self) -> Solution:
        """The scrambles as runs, with a leading axis S."""
        solver = self._solver()
        k2, k4, k4_error = cumulants_and_error(self._problem(), self.scrambles, solver)
        n = len(self.scrambles)
        made = {f: getattr(self, f) for f in ("t", "w0", "message", "provenance")}
        bias = np.broadcast_to(self.bias, (n, *self.bias.shape))
        statuses, messages = np.full(n, int(self.status)), (self.message,) * n
        return Solution(
            w=self.scrambles, bias=bias, k2=k2, k4=k4, k4_error=k4_error, statuses=statuses, messages=messages, **made
        )

    def to_xarray(self) -> Any:
        """As every solution, with ``standard_error``, ``scrambles`` (scramble, time, site) and ``split``."""
        dataset = super().to_xarray()
        each = ("scramble", "time", "site")
        dataset["standard_error"] = (each[1:], self.standard_error, {"long_name": "standard error of the weight"})
        dataset["scrambles"] = (each, self.scrambles, {"long_name": "weight of each scramble"})
        dataset["split"] = (("time",), self.split, {"long_name": "scrambles in different basins"})
        return dataset
