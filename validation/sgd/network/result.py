"""What a network's run leaves, fully connected or convolutional: weights over time, loss and accuracy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from cumulode.numerics.networks.result import NETWORK_VARIABLES, NetworkResult
from cumulode.validation.receptive_fields import metrics
from cumulode.validation.receptive_fields.field_input import embed

HELD_OUT: dict[str, tuple[str, tuple[str, ...]]] = {
    "loss": ("loss on held-out inputs", ()),
    "loss_error": ("standard error of the loss", ()),
    "accuracy": ("accuracy on held-out inputs", ()),
    "accuracy_error": ("standard error of the accuracy", ()),
}


@dataclass(frozen=True, eq=False, repr=False)
class NetworkRun(NetworkResult):
    """Weights of K hidden units over time, of one seed or of ``n`` (then all arrays but ``t`` have a leading axis n).

    A :class:`cumulode.numerics.Result`; ``k2`` and ``k4`` are NaN with a user's samples.

    Attributes
    ----------
    readout : (T, K) array
    loss, accuracy, loss_error, accuracy_error : (T,) array
        On held-out inputs, and their standard errors over these inputs.
    """

    ROLE: ClassVar[str] = "sgd"
    VARIABLES: ClassVar[dict[str, tuple[str, tuple[str, ...]]]] = {
        **NETWORK_VARIABLES,
        "readout": ("weight of the second layer", ("unit",)),
        "width": ("width of the field, sites", ("unit",)),
        "centre": ("centre of the field, sites", ("unit",)),
        "kurtosis": ("excess kurtosis of the preactivation", ("unit", "class")),
        **HELD_OUT,
    }

    readout: np.ndarray
    loss: np.ndarray
    accuracy: np.ndarray
    loss_error: np.ndarray
    accuracy_error: np.ndarray

    @property
    def width(self) -> np.ndarray:
        """Width of every unit's field (``metrics.width``), sites, (T, K) or (n, T, K)."""
        return metrics.width(self.fields, self.shape)

    @property
    def centre(self) -> np.ndarray:
        """Centre of every unit's field (``metrics.centre``), sites, (T, K) or (n, T, K); on a torus (..., 2)."""
        return metrics.centre(self.fields, self.shape)

    def _dimensions(self) -> dict[str, tuple[str, ...]]:
        two = {"centre": ("unit", "direction")} if len(self.shape) == 2 else {}
        return super()._dimensions() | two

    def _more_attrs(self) -> dict[str, Any]:
        return {"shape": list(self.shape)}

    def _summary(self) -> dict[str, str]:
        """The run in a few words; the last time's numbers."""
        last = np.array2string(np.atleast_1d(self.accuracy[..., -1]), precision=3, threshold=8)
        rows = super()._summary()
        outcome = rows.pop("outcome")
        return rows | {"final accuracy": last, "outcome": outcome}


class ConvolutionalRun(NetworkRun):
    """Filters over time, of one seed or of ``n`` (then all arrays but ``t`` have a leading axis n).

    As :class:`NetworkRun`, with K = F filters for units, but ``w`` is (T, F, P), P the number of a filter's taps, and
    ``readout`` (T, F, D) where trained, (T, F) ones where pooled. ``ipr``, ``width``, ``centre`` are of the filter as a
    field of D sites, ``fields``; ``k2``, ``k4`` the cumulants of ``sum_j v_j x_(i+j)``, the same for all i.
    """

    @property
    def taps(self) -> tuple[int, ...]:
        """(P,) of a ring, (p, p) of a torus."""
        taps = self.w.shape[-1]
        return (taps,) if len(self.shape) == 1 else (round(taps**0.5),) * 2

    @property
    def fields(self) -> np.ndarray:
        """Filters as fields of all D sites, (T, F, D) or (n, T, F, D); zero where a filter does not look."""
        return embed(self.w, self.taps, self.shape)

    @property
    def size(self) -> int:
        """Number of sites D."""
        return int(np.prod(self.shape))

    def _dimensions(self) -> dict[str, tuple[str, ...]]:
        """Taps for sites; readouts of every position where they are trained."""
        readout = {"readout": ("unit", "site")} if self.readout.ndim == self.w.ndim else {}
        return {**super()._dimensions(), "w": ("unit", "tap"), **readout}
