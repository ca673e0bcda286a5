"""``FrozenNetwork``: a committee on the frozen samples of independent scrambles, their mean and its standard error."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from cumulode.numerics.flow.preactivation import cumulants_and_error
from cumulode.numerics.flow.solver import Solver
from cumulode.numerics.frozen.result import Scrambled
from cumulode.numerics.result import Result

from .result import NetworkFlow, NetworkResult


@dataclass(frozen=True, eq=False, repr=False)
class FrozenNetwork(Scrambled, NetworkFlow):
    """What ``solve_network(..., closure="frozen")`` returns: a :class:`NetworkFlow`, the mean over scrambles.

    Called at a time between the recorded ones it is linear in time.

    Attributes
    ----------
    standard_error : (T, K, D) array
        Of the mean weights, from the S scrambles.
    bias_error : (T, K) array
        Of the mean biases.
    scrambles, scramble_biases : (S, T, K, D), (S, T, K) arrays
        Weights and biases of each scramble.
    split : (T, K) bool array
        Where scrambles have a unit in different basins: it has no mean there, its weights are NaN.
    """

    standard_error: np.ndarray = field(default_factory=lambda: np.empty(0))
    bias_error: np.ndarray = field(default_factory=lambda: np.empty(0))
    scrambles: np.ndarray = field(default_factory=lambda: np.empty(0))
    scramble_biases: np.ndarray = field(default_factory=lambda: np.empty(0))
    split: np.ndarray = field(default_factory=lambda: np.empty(0, bool))

    __call__ = Result.__call__

    def each(self) -> NetworkResult:
        """The scrambles as runs, with a leading axis S."""
        solver = Solver(tolerance=self.provenance["tolerance"])
        k2, k4, k4_error = cumulants_and_error(self.problem, self.scrambles, solver)
        n = len(self.scrambles)
        statuses, messages = np.full(n, int(self.status)), (self.message,) * n
        return NetworkResult(
            self.t, w=self.scrambles, bias=self.scramble_biases, k2=k2, k4=k4, k4_error=k4_error,
            statuses=statuses, messages=messages, message=self.message, provenance=self.provenance,
        )  # fmt: skip

    def to_xarray(self) -> Any:
        """As every network, with the scrambles and the errors."""
        dataset = super().to_xarray()
        each = ("scramble", "time", "unit", "site")
        dataset["standard_error"] = (each[1:], self.standard_error, {"long_name": "standard error of the weight"})
        dataset["bias_error"] = (each[1:3], self.bias_error, {"long_name": "standard error of the bias"})
        dataset["scrambles"] = (each, self.scrambles, {"long_name": "weight of each scramble"})
        dataset["scramble_biases"] = (each[:3], self.scramble_biases, {"long_name": "bias of each scramble"})
        dataset["split"] = (each[1:3], self.split, {"long_name": "scrambles in different basins"})
        return dataset
