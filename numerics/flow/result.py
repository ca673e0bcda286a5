"""Results of a run: weights over time, their statistics, how the run ended, and how it was made."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from cumulode.numerics.observables import ipr, norm

from .display import html_table, plain


def time_units(provenance: dict[str, Any]) -> str:
    """What a run's times are, in the conventions it was asked for."""
    return "steps / D" if provenance.get("conventions") == "ingrosso-goldt" else "learning rate x steps"


@dataclass(frozen=True, eq=False)
class Trajectory:
    """Weights over time and what follows from them, for one start or for ``n`` (then a leading axis n).

    Attributes
    ----------
    t : (T,) array
        Times, learning rate x steps.
    w : (T, D) or (n, T, D) array
        Weights; NaN after the time at which a run failed or was interrupted.
    k2, k4 : (T, 2) or (n, T, 2) array
        Second and fourth cumulant of the preactivation ``w.x`` in each class, plus first.
    success : bool
        Whether every run reached the last time.
    message : str
        How it ended: for a failure its cause and the next step.
    status : (n,) int array
        One code a run, 0 where it reached the end.
    provenance : dict
        Versions, problem, tolerances, seeds, approximation errors, run and compile seconds.
    """

    t: np.ndarray
    w: np.ndarray
    k2: np.ndarray
    k4: np.ndarray
    success: bool
    message: str
    status: np.ndarray
    provenance: dict[str, Any] = field(repr=False)

    @property
    def ipr(self) -> np.ndarray:
        """Inverse participation ratio, (T,) or (n, T)."""
        return ipr(self.w)

    @property
    def norm(self) -> np.ndarray:
        """Euclidean norm of the weights, (T,) or (n, T)."""
        return norm(self.w)

    @property
    def kurtosis(self) -> np.ndarray:
        """Excess kurtosis ``k4 / k2^2`` of the preactivation in each class, (T, 2) or (n, T, 2)."""
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray(self.k4 / self.k2**2)

    @property
    def size(self) -> int:
        """Number of sites D."""
        return int(self.w.shape[-1])

    def to_xarray(self) -> Any:
        """An ``xarray.Dataset`` with dimensions (run,) time, site, class; units and provenance as attributes."""
        import xarray as xr

        lead = ("run",) if self.w.ndim == 3 else ()
        variables = {
            "w": ((*lead, "time", "site"), self.w, {"long_name": "weight"}),
            "ipr": ((*lead, "time"), self.ipr, {"long_name": "inverse participation ratio"}),
            "norm": ((*lead, "time"), self.norm, {"long_name": "norm of the weights"}),
            "k2": ((*lead, "time", "class"), self.k2, {"long_name": "second cumulant of the preactivation"}),
            "k4": ((*lead, "time", "class"), self.k4, {"long_name": "fourth cumulant of the preactivation"}),
        }
        coords = {
            "time": ("time", self.t, {"units": time_units(self.provenance)}),
            "class": ["plus", "minus"],
            "site": np.arange(self.size),
        }
        attrs = {"message": self.message, "success": int(self.success), "provenance": json.dumps(self.provenance)}
        return xr.Dataset(variables, coords=coords, attrs=attrs)

    def to_dict(self) -> dict[str, Any]:
        """Plain lists and numbers, ready for JSON (NaN becomes null)."""
        arrays = {name: plain(getattr(self, name)) for name in ("t", "w", "ipr", "norm", "k2", "k4")}
        return {
            **arrays,
            "success": self.success,
            "message": self.message,
            "status": self.status.tolist(),
            "provenance": self.provenance,
        }

    def __repr__(self) -> str:
        last = np.array2string(np.atleast_1d(self.ipr[..., -1]), precision=4, threshold=6)
        times = f"t = {self.t[0]:g} .. {self.t[-1]:g} ({self.t.size} times)"
        return f"{type(self).__name__}({times}, w {self.w.shape}, final IPR {last}; {self.message})"

    def _repr_html_(self) -> str:
        rows = {
            "time": f"{self.t[0]:g} to {self.t[-1]:g}, {self.t.size} points",
            "weights": str(self.w.shape),
            "final IPR": np.array2string(np.atleast_1d(self.ipr[..., -1]), precision=4, threshold=6),
            "outcome": self.message,
        }
        rows |= {k: v for k, v in self.provenance.items() if not isinstance(v, dict)}
        return html_table(type(self).__name__, rows)


@dataclass(frozen=True, eq=False, repr=False)
class Solution(Trajectory):
    """What :func:`cumulode.solve` returns: a :class:`Trajectory` with the message of every run.

    ``status`` codes: 0 reached the end, 1 steps collapsed, 2 weights blew up, 3 closure left its domain, 4 interrupted.
    """

    messages: tuple[str, ...] = ()
