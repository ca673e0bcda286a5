"""Weights of hidden units over time, of theory or of SGD: the results of networks."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike

from cumulode.numerics.check_input import check_moments
from cumulode.numerics.flow.solver import Solver
from cumulode.numerics.result import IPR, K4_ERROR, Result, unbroken
from cumulode.theory.problem.problem import Problem

#: As ``NEURON_VARIABLES``, every hidden unit by itself.
NETWORK_VARIABLES: dict[str, tuple[str, tuple[str, ...]]] = {
    "w": ("weight", ("unit", "site")),
    "bias": ("bias of the hidden unit", ("unit",)),
    "ipr": (IPR, ("unit",)),
    "norm": ("norm of the weights", ("unit",)),
    "k2": ("second cumulant of the preactivation", ("unit", "class")),
    "k4": ("fourth cumulant of the preactivation", ("unit", "class")),
    "k4_error": (K4_ERROR, ("unit", "class")),
}


@dataclass(frozen=True, eq=False, repr=False)
class NetworkResult(Result):
    """A :class:`cumulode.numerics.Result` of K hidden units: ``w`` is (T, K, D), of n runs (n, T, K, D)."""

    VARIABLES: ClassVar[dict[str, tuple[str, tuple[str, ...]]]] = NETWORK_VARIABLES

    @property
    def hidden(self) -> int:
        """Number of hidden units K."""
        return int(self.w.shape[-2])

    @property
    def fields(self) -> np.ndarray:
        """Weights of every unit on all D sites, (T, K, D) or (n, T, K, D)."""
        return self.w

    def neurons(self) -> Result:
        """Every hidden unit as a run of one neuron: ``w`` (n K, T, D), the units of a run one after another."""

        def units_first(array: np.ndarray, inner: int) -> np.ndarray:
            moved = np.moveaxis(array, -1 - inner, -2 - inner)
            return moved.reshape(-1, *moved.shape[moved.ndim - 1 - inner :])

        arrays: dict[str, Any] = {"w": units_first(self.fields, 1), "bias": units_first(self.bias, 0)}
        arrays |= {"k2": units_first(self.k2, 1), "k4": units_first(self.k4, 1)}
        arrays["k4_error"] = units_first(self.k4_error, 1)
        ended: dict[str, Any] = {"statuses": np.repeat(self.statuses, self.hidden), "message": self.message}
        messages = tuple(message for message in self.messages for _ in range(self.hidden))
        return Result(self.t, **arrays, **ended, messages=messages, provenance=self.provenance)

    def plot(self, ax: Any = None) -> Any:
        """IPR x D of every unit over time, coloured by the sign of its bias, into ``ax`` or a new figure."""
        from cumulode import plots

        return plots.units_over_time(self, ax)

    def to_xarray(self) -> Any:
        """As every result, with the units' numbers."""
        return super().to_xarray().assign_coords(unit=np.arange(self.hidden))


@dataclass(frozen=True, eq=False, repr=False)
class NetworkFlow(NetworkResult):
    """What :func:`solve_network` returns: a :class:`cumulode.numerics.Result` with ``w`` (T, K, D), ``bias`` (T, K).

    ``flow(t)`` integrates again and reads the weights off at other times.

    Attributes
    ----------
    w0 : (K, D) array
    biases : (K,) array
        Weights and biases at time 0.
    next_order : (T,) array
        Of ``taylor``: the next order in w over the drift, the largest of a neuron's; NaN with ``mean-field``.
    """

    VARIABLES: ClassVar[dict[str, tuple[str, tuple[str, ...]]]] = NETWORK_VARIABLES | {
        "next_order": ("next order in w over the drift", ())
    }

    w0: np.ndarray = field(default_factory=lambda: np.empty(0))
    biases: np.ndarray = field(default_factory=lambda: np.empty(0))
    next_order: np.ndarray = field(default_factory=lambda: np.empty(0))

    @property
    def valid_until(self) -> float:
        """Time at which the expansion left its range: weights are not to be used beyond. Infinite if it did not."""
        left = self.provenance.get("left_range_at")
        return np.inf if left is None else float(left)

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
        return Problem.from_dict(self.provenance.get("problem"))

    def __call__(self, t: ArrayLike) -> np.ndarray:
        """Weights at any times >= 0, sorted or not: (K, D), or (m, K, D) for m times.

        At recorded times, and between them, these are the weights of the same run to the bit; with a time beyond the
        last recorded one, those of a run that ends there, which differ within the error of a step.
        """
        from cumulode.numerics.flow.solve import SolveWarning

        from .solve import solve_network

        times, made = check_moments(t, 0.0), self.provenance
        solver = Solver(**{f.name: made[f.name] for f in fields(Solver)} | {"closure": made["neuron_closure"]})
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SolveWarning)  # of how the run ends, the first has warned
            again = solve_network(
                self.problem,
                self.w0,
                np.union1d(times, self.t[-1]),  # the last step ends at the last time
                self.biases,
                made["trained_biases"],
                self.closure,
                solver=solver,
            )
        return np.asarray(unbroken(again).w[np.searchsorted(again.t, times)])

    def to_xarray(self) -> Any:
        """As every result, and ``w0``, ``biases`` at time 0."""
        dataset = super().to_xarray()
        dataset["w0"] = (("unit", "site"), self.w0, {"long_name": "weight at time 0"})
        dataset["biases"] = (("unit",), self.biases, {"long_name": "bias at time 0"})
        return dataset
