"""What a network's run leaves: weights of every hidden unit over time, their fields' metrics, loss and accuracy."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from cumulode.numerics.display import html_table, plain
from cumulode.numerics.result import time_units
from cumulode.validation.receptive_fields import metrics

#: Arrays by name: long name, dimensions after (run,) time.
VARIABLES = {
    "w": ("weight", ("unit", "site")),
    "bias": ("bias of the hidden unit", ("unit",)),
    "readout": ("weight of the second layer", ("unit",)),
    "ipr": ("inverse participation ratio", ("unit",)),
    "norm": ("norm of the weights", ("unit",)),
    "width": ("width of the field, sites", ("unit",)),
    "centre": ("centre of the field, sites", ("unit",)),
    "kurtosis": ("excess kurtosis of the preactivation", ("unit", "class")),
    "loss": ("loss on held-out inputs", ()),
    "loss_error": ("standard error of the loss", ()),
    "accuracy": ("accuracy on held-out inputs", ()),
    "accuracy_error": ("standard error of the accuracy", ()),
}


@dataclass(frozen=True, eq=False)
class NetworkRun:
    """Weights of K hidden units over time, of one seed or of ``n`` (then all arrays but ``t`` have a leading axis n).

    Attributes
    ----------
    t : (T,) array
        Times, learning rate x steps (other conventions: steps / D).
    w : (T, K, D) array
        Weights; NaN after the time at which a run failed or was interrupted.
    bias, readout : (T, K) array
    k2, k4 : (T, K, 2) array
        Second and fourth cumulant of each ``w_k.x`` in each class, plus first; NaN with a user's samples.
    loss, accuracy, loss_error, accuracy_error : (T,) array
        On held-out inputs, and their standard errors over these inputs.
    shape : tuple
        (D,) of a ring or (L, L) of a torus.
    success : bool
        Whether every run reached the last time.
    message : str
        How it ended: for a failure its cause and the next step.
    status : (n,) int array
        0 reached the end, 2 parameters became non-finite, 4 interrupted.
    provenance : dict
        Version, problem, rule, seeds, run and compile seconds.
    """

    t: np.ndarray
    w: np.ndarray
    bias: np.ndarray
    readout: np.ndarray
    k2: np.ndarray
    k4: np.ndarray
    loss: np.ndarray
    accuracy: np.ndarray
    loss_error: np.ndarray
    accuracy_error: np.ndarray
    shape: tuple[int, ...]
    success: bool
    message: str
    status: np.ndarray
    provenance: dict[str, Any] = field(repr=False)

    @property
    def ipr(self) -> np.ndarray:
        """Inverse participation ratio of every unit's weights, (T, K) or (n, T, K)."""
        return metrics.ipr(self.w)

    @property
    def norm(self) -> np.ndarray:
        """Euclidean norm of every unit's weights, (T, K) or (n, T, K)."""
        return metrics.norm(self.w)

    @property
    def width(self) -> np.ndarray:
        """Width of every unit's field (``metrics.width``), sites, (T, K) or (n, T, K)."""
        return metrics.width(self.w, self._shape)

    @property
    def centre(self) -> np.ndarray:
        """Centre of every unit's field (``metrics.centre``), sites, (T, K) or (n, T, K); on a torus (..., 2)."""
        return metrics.centre(self.w, self._shape)

    @property
    def kurtosis(self) -> np.ndarray:
        """Excess kurtosis ``k4 / k2^2`` of every unit's preactivation in each class, (T, K, 2) or (n, T, K, 2)."""
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray(self.k4 / self.k2**2)

    @property
    def hidden(self) -> int:
        """Number of hidden units K."""
        return int(self.w.shape[-2])

    @property
    def size(self) -> int:
        """Number of sites D."""
        return int(self.w.shape[-1])

    @property
    def _shape(self) -> tuple[int, ...] | None:
        return self.shape if len(self.shape) == 2 else None

    def to_xarray(self) -> Any:
        """An ``xarray.Dataset`` of dimensions (run,) time, unit, site (tap), class; provenance as an attribute."""
        import xarray as xr

        lead = ("run",) if self.w.ndim == 4 else ()
        special = self._dimensions()
        variables = {
            name: ((*lead, "time", *special.get(name, rest)), getattr(self, name), {"long_name": words})
            for name, (words, rest) in VARIABLES.items()
        }
        coords = {
            "time": ("time", self.t, {"units": time_units(self.provenance)}),
            "class": ["plus", "minus"],
            "site": np.arange(self.size),
            "unit": np.arange(self.hidden),
        }
        attrs = {
            "message": self.message,
            "success": int(self.success),
            "shape": list(self.shape),
            "provenance": json.dumps(self.provenance),
        }
        return xr.Dataset(variables, coords=coords, attrs=attrs)

    def _dimensions(self) -> dict[str, tuple[str, ...]]:
        """Dimensions after (run,) time of the variables whose own are not those of ``VARIABLES``."""
        return {"centre": ("unit", "direction")} if len(self.shape) == 2 else {}

    def to_dict(self) -> dict[str, Any]:
        """Plain lists and numbers, ready for JSON (NaN becomes null)."""
        arrays = {name: plain(getattr(self, name)) for name in ("t", *VARIABLES)}
        return {
            **arrays,
            "shape": list(self.shape),
            "success": self.success,
            "message": self.message,
            "status": self.status.tolist(),
            "provenance": self.provenance,
        }

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{k} {v}' for k, v in self._summary().items())})"

    def _summary(self) -> dict[str, str]:
        """The run in a few words; the last time's numbers."""
        last = np.moveaxis(self.ipr, -2, 0)[-1] * self.size
        told = np.atleast_1d(self.accuracy[..., -1])
        return {
            "time": f"{self.t[0]:g} .. {self.t[-1]:g} ({self.t.size} times)",
            "w": str(self.w.shape),
            "final IPR x D": np.array2string(last.ravel(), precision=3, threshold=8),
            "final accuracy": np.array2string(told, precision=3, threshold=8),
            "outcome": self.message,
        }

    def _repr_html_(self) -> str:
        rows = self._summary() | {k: v for k, v in self.provenance.items() if not isinstance(v, dict)}
        return html_table(type(self).__name__, rows)
