"""What every run leaves, of theory or of SGD, of one neuron or of many: one family of results.

``Result`` is the base of :class:`cumulode.numerics.Solution`, :class:`cumulode.numerics.NetworkFlow`,
:class:`cumulode.validation.Run`, :class:`cumulode.validation.NetworkRun` and ``ConvolutionalRun``. A class states its
arrays in ``VARIABLES``; saving, loading, display and ``to_xarray`` follow from that table.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, ClassVar, Self, TypeVar

import numpy as np

from cumulode.numerics.check_input import check_moments
from cumulode.numerics.display import html_table, json_ready
from cumulode.numerics.io import netcdf
from cumulode.numerics.io.atomic import check_output
from cumulode.numerics.observables import ipr, kurtosis, norm
from cumulode.numerics.status import KNOWN, Status, worst
from cumulode.public import find
from cumulode.theory.user_input.arguments import InvalidArgument, existing_file
from cumulode.theory.user_input.printable import printable

IPR = "inverse participation ratio"
K4_ERROR = "largest error of the fourth cumulant of the preactivation"
#: What stands for a kurtosis that the error of k4 exceeds.
NOT_RESOLVED = "not resolved"
#: Name -> (long name, dimensions after (run,) time). Those that a class stores are its fields, the others follow.
NEURON_VARIABLES: dict[str, tuple[str, tuple[str, ...]]] = {
    "w": ("weight", ("site",)),
    "bias": ("bias", ()),
    "ipr": (IPR, ()),
    "norm": ("norm of the weights", ()),
    "k2": ("second cumulant of the preactivation", ("class",)),
    "k4": ("fourth cumulant of the preactivation", ("class",)),
    "k4_error": (K4_ERROR, ("class",)),
}


def time_units(provenance: dict[str, Any]) -> str:
    """What a run's times are, in the conventions it was made in."""
    return "steps / D" if provenance.get("conventions") == "ingrosso-goldt" else "learning rate x steps"


Kind = TypeVar("Kind", bound="Result")


def unbroken(run: Kind) -> Kind:
    """The run; KeyboardInterrupt where Ctrl-C stopped it, for what would go on with half of it."""
    if Status.INTERRUPTED in run.statuses:
        raise KeyboardInterrupt
    return run


@dataclass(frozen=True, eq=False, repr=False)
class Result:
    """Weights over time and what follows from them, for one run or for ``n`` (then arrays have a leading axis n).

    Attributes
    ----------
    t : (T,) array
        Times, learning rate x steps.
    w : (T, D) array
        Weights; NaN after the time at which a run failed or was interrupted. Of networks (T, K, D).
    bias : (T,) array
        Bias; of networks (T, K).
    k2, k4 : (T, 2) array
        Second and fourth cumulant of the preactivation ``w.x`` in each class, plus first; of networks (T, K, 2).
    statuses : (n,) int array
        How each run ended, a ``Status``.
    messages : tuple of n str
        How each run ended: for a failure its cause and the next step.
    message : str
        The same in one line for all runs.
    provenance : dict
        Versions, problem, tolerances, seeds, approximation errors, run and compile seconds.
    k4_error : (T, 2) array
        What the error of k4 is at most, from that of the fourth cumulant (``provenance["cumulant_error"]``, to which
        entries beyond its reach contribute by an estimate); NaN where it is not known. Of networks (T, K, 2).
    """

    VARIABLES: ClassVar[dict[str, tuple[str, tuple[str, ...]]]] = NEURON_VARIABLES

    t: np.ndarray
    w: np.ndarray
    bias: np.ndarray
    k2: np.ndarray
    k4: np.ndarray
    statuses: np.ndarray
    messages: tuple[str, ...]
    message: str
    provenance: dict[str, Any] = field(repr=False)
    k4_error: np.ndarray = field(default_factory=lambda: np.empty(0), kw_only=True)

    def __post_init__(self) -> None:
        if self.k4_error.size != np.size(self.k4):  # made or saved without it
            object.__setattr__(self, "k4_error", np.full(np.shape(self.k4), np.nan))

    @property
    def status(self) -> Status:
        """How the run ended; of several runs the worst: one that failed, then one that decayed."""
        return worst(self.statuses)

    @property
    def success(self) -> bool:
        """Whether every run is known to the last time: it got there, or its weights decayed to w = 0 before."""
        return self.status in KNOWN

    @property
    def ipr(self) -> np.ndarray:
        """Inverse participation ratio ``sum w^4 / (sum w^2)^2``, (T,)."""
        return ipr(self.w)

    @property
    def ipr_times_D(self) -> np.ndarray:
        """IPR times the number of sites: 1 for a uniform field, 1.5 for a wave, D for a single site."""
        return self.ipr * self.size

    @property
    def norm(self) -> np.ndarray:
        """Euclidean norm of the weights, (T,)."""
        return norm(self.w)

    @property
    def kurtosis(self) -> np.ndarray:
        """Excess kurtosis ``k4 / k2^2`` of the preactivation in each class, (T, 2); NaN where it is not resolved.

        That is where the error of k4 may exceed k4 (``k4_error``), as for fields of high wavenumber (with a smaller
        ``tolerance`` it is resolved), and where k2^2 underflows.
        """
        return kurtosis(self.k2, self.k4, self.k4_error)

    @property
    def size(self) -> int:
        """Number of sites D."""
        return int(self.w.shape[-1])

    @property
    def shape(self) -> tuple[int, ...]:
        """Sides of the lattice: (D,) of a ring, (L, L) of a torus."""
        problem = self.provenance.get("problem", {})
        size = (problem[0] if isinstance(problem, list) else problem).get("size", self.w.shape[-1])
        return tuple(size) if isinstance(size, (list, tuple)) else (size,)

    @property
    def runs(self) -> int | None:
        """Number of runs n, None for one run without a leading axis."""
        return self.w.shape[0] if self.w.ndim > 1 + len(self._dimensions()["w"]) else None

    def __call__(self, t: Any) -> np.ndarray:
        """Weights at a time between the recorded ones, (D,), or at m of them, (m, D); of n runs (n, D) or (n, m, D).

        Linear in time. Raises InvalidArgument for times outside the recorded ones.
        """
        times = check_moments(t, float(self.t[0]), float(self.t[-1]))
        axis = 0 if self.runs is None else 1
        right = np.searchsorted(self.t, times)
        left = np.maximum(right - 1, 0)
        span = np.where(right > left, self.t[right] - self.t[left], 1.0)
        share = ((times - self.t[left]) / span).reshape(times.shape + (1,) * (self.w.ndim - 1 - axis))
        before, after = (np.take(self.w, i, axis=axis) for i in (left, right))
        return np.asarray(np.where(share == 1.0, after, before + share * (after - before)))

    def plot(self, ax: Any = None) -> Any:
        """IPR x D over time, into ``ax`` or a new figure; returns the Axes."""
        from cumulode import plots

        return plots.ipr_over_time(ax, **{type(self).ROLE: self})

    #: What figures call the run: "theory" or "sgd".
    ROLE: ClassVar[str] = "theory"

    def _dimensions(self) -> dict[str, tuple[str, ...]]:
        """Dimensions after (run,) time of every variable."""
        return {name: dims for name, (_, dims) in self.VARIABLES.items()}

    def to_xarray(self) -> Any:
        """An ``xarray.Dataset`` of dimensions (run,) time, site, class ...; units and provenance as attributes."""
        import xarray as xr

        lead = () if self.runs is None else ("run",)
        dims = self._dimensions()
        variables = {
            name: ((*lead, "time", *dims[name]), getattr(self, name), {"long_name": words})
            for name, (words, _) in self.VARIABLES.items()
        }
        coords: dict[str, Any] = {
            "time": ("time", self.t, {"units": time_units(self.provenance)}),
            "class": ["plus", "minus"],
        }
        coords |= {"site": np.arange(self.size)} if any("site" in d for d in dims.values()) else {}
        attrs = {
            "kind": type(self).__name__,
            "message": self.message,
            "messages": json.dumps(self.messages),
            "statuses": np.asarray(self.statuses, dtype=np.int32),
            "success": int(self.success),
            "provenance": json.dumps(self.provenance),
            **self._more_attrs(),
        }
        return xr.Dataset(variables, coords=coords, attrs=attrs)

    def _more_attrs(self) -> dict[str, Any]:
        """What a file holds of this class beyond its arrays; ``_from_attrs`` reads it back."""
        return {}

    @classmethod
    def _from_attrs(cls, attrs: dict[str, Any]) -> dict[str, Any]:
        """Fields of this class that are no arrays, from a file's attributes."""
        return {}

    def save(self, path: str | Path, command: str | None = None) -> None:
        """Write all to a netCDF file (``.nc``), whole or not at all; ``cumulode.load`` reads it back to the bit.

        It carries checksums of all it holds. Raises InvalidArgument where ``path`` does not end in ``.nc`` or no file
        can be written there; OSError, naming it, where the disk is full: a file that was there is as it was.
        """
        path = check_output("path", path, (".nc",))
        dataset = self.to_xarray()
        dataset.attrs |= {} if command is None else {"command": command}
        netcdf.write(dataset, path)

    @classmethod
    def _from_xarray(cls, dataset: Any) -> Self:
        attrs = dict(dataset.attrs)
        arrays = {f.name: dataset[f.name] for f in fields(cls) if f.name in dataset.data_vars}
        return cls(
            t=_native(dataset["time"]),
            **{name: _native(array) for name, array in arrays.items()},
            statuses=np.atleast_1d(np.asarray(attrs["statuses"]).astype(int, casting="same_kind")),
            messages=tuple(json.loads(attrs["messages"])),
            message=attrs["message"],
            provenance=json.loads(attrs["provenance"]),
            **cls._from_attrs(attrs),
        )

    def to_dict(self) -> dict[str, Any]:
        """Lists and numbers as JSON has them: null for NaN, "inf" for an infinity."""
        return json_ready(
            {
                **{name: getattr(self, name) for name in ("t", *self.VARIABLES)},
                "kurtosis": self.kurtosis,
                **self._unresolved(),
                **self._more_attrs(),
                "success": self.success,
                "message": self.message,
                "messages": self.messages,
                "statuses": [Status(int(s)).name for s in self.statuses],
                "provenance": self.provenance,
            }
        )

    def _unresolved(self) -> dict[str, str]:
        """Why a kurtosis is missing, where the error of k4 exceeds it."""
        if not np.any(self.k4_error > np.abs(self.k4)):
            return {}
        return {"kurtosis_missing": f"{NOT_RESOLVED}: the error of k4 may exceed it; a smaller tolerance resolves it"}

    def _summary(self) -> dict[str, str]:
        """The run in a few words; the last time's numbers."""
        axis = 0 if self.runs is None else 1
        last = np.atleast_1d(np.take(self.ipr_times_D, -1, axis=axis)).ravel()
        return {
            "t": f"{self.t[0]:g} .. {self.t[-1]:g} ({self.t.size} times)",
            "w": str(self.w.shape),
            "final IPR x D": np.array2string(last, precision=4, threshold=6),
            "outcome": self.message,
        }

    def __repr__(self) -> str:
        return printable(f"{type(self).__name__}({', '.join(f'{k} {v}' for k, v in self._summary().items())})")

    def _repr_html_(self) -> str:
        rows = self._summary() | {k: v for k, v in self.provenance.items() if not isinstance(v, dict)}
        return html_table(type(self).__name__, rows)


def _native(variable: Any) -> np.ndarray:
    """The numbers of a file in this machine's order of bytes."""
    return np.asarray(variable.values, dtype=variable.dtype.newbyteorder("="))


def load(path: str | Path) -> Result:
    """Read what ``Result.save`` wrote.

    Raises InvalidArgument where ``path`` is no such file, saying what reads it where that is known, or where its
    checksums show damage. A file without any (of a version up to 0.1.0) is read with an ``UnverifiedWarning``.
    """
    path = existing_file("path", path)
    allowed = "a .nc file that the save method of a result wrote"
    if path.suffix == ".npz":
        raise InvalidArgument("path", str(path), f"{allowed} (numpy.load reads the arrays of a .npz)")
    dataset, verified = netcdf.read(path, "path", allowed)
    try:
        result = _checked(find(str(dataset.attrs.get("kind")))._from_xarray(dataset), dataset)
    except netcdf.UNREADABLE:
        diagram = " (open_phase reads a phase diagram)" if "settings" in dataset.attrs else ""
        raise InvalidArgument("path", str(path), allowed + diagram) from None
    netcdf.say_unverified(path, verified)
    return result


def _checked(result: Result, dataset: Any) -> Result:
    """The result, if it can show and write itself again as the file has it; an error otherwise."""
    words, again = (result.message, *result.messages), result.to_xarray()
    good = all(isinstance(text, str) for text in words) and len(result.messages) == len(result.statuses)
    good = good and "time" in dataset.variables
    both = [name for name in again.variables if name in dataset.variables]
    if not good or any((again[n].dims, again[n].shape) != (dataset[n].dims, dataset[n].shape) for n in both):
        raise ValueError("not as it was written")
    _ = [Status(int(one)) for one in result.statuses], result.shape, repr(result)
    return result
