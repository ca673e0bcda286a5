"""Weights of hidden units over time, of theory or of SGD: the results of networks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from cumulode.numerics.result import IPR, Result

#: As ``NEURON_VARIABLES``, every hidden unit by itself.
NETWORK_VARIABLES: dict[str, tuple[str, tuple[str, ...]]] = {
    "w": ("weight", ("unit", "site")),
    "bias": ("bias of the hidden unit", ("unit",)),
    "ipr": (IPR, ("unit",)),
    "norm": ("norm of the weights", ("unit",)),
    "k2": ("second cumulant of the preactivation", ("unit", "class")),
    "k4": ("fourth cumulant of the preactivation", ("unit", "class")),
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

        arrays = {"w": units_first(self.fields, 1), "bias": units_first(self.bias, 0)}
        arrays |= {"k2": units_first(self.k2, 1), "k4": units_first(self.k4, 1)}
        ended = {"statuses": np.repeat(self.statuses, self.hidden), "message": self.message}
        messages = tuple(message for message in self.messages for _ in range(self.hidden))
        return Result(self.t, **arrays, **ended, messages=messages, provenance=self.provenance)

    def plot(self, ax: Any = None) -> Any:
        """IPR x D of every unit over time, coloured by the sign of its bias, into ``ax`` or a new figure."""
        from cumulode import plots

        return plots.units_over_time(self, ax)

    def to_xarray(self) -> Any:
        """As every result, with the units' numbers."""
        return super().to_xarray().assign_coords(unit=np.arange(self.hidden))
