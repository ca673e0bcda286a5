"""What is measured of a field and stored: a table of names, units and rules."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from cumulode.numerics import potential
from cumulode.numerics.observables import kurtosis
from cumulode.numerics.trajectory.decay import SMALL
from cumulode.theory.closures.names import is_gradient
from cumulode.theory.problem.problem import Problem
from cumulode.theory.user_input.arguments import InvalidArgument
from cumulode.validation.receptive_fields.localised import FAR_ABOVE, LOCALISED, NARROW, localised
from cumulode.validation.receptive_fields.metrics import dominant_wavenumber, ipr, norm, width
from cumulode.validation.sgd.decay import AT_NOISE, KNOWN_NOISE, decayed
from cumulode.validation.sgd.settings import Sgd

UNPATTERNED, OSCILLATORY, LOCALISED_CLASS, DECAYED, UNKNOWN = 0, 1, 2, 3, -1
PATTERNS = {
    "unpatterned": UNPATTERNED,
    "oscillatory": OSCILLATORY,
    "localised": LOCALISED_CLASS,
    "decayed": DECAYED,
    "unknown": UNKNOWN,
}
PATTERN_RULE = (
    f"decayed where w = 0 attracts (no wave grows) and |w| at the end is below both its start and {SMALL:g}, or (SGD) "
    f"below {AT_NOISE:g} times SGD's noise there, where that is below {KNOWN_NOISE:g}; else unpatterned where |w| is "
    f"below both; else localised where IPR x D > {LOCALISED:g} and the width below D/6 (torus: {NARROW[2]:g} L), "
    f"or IPR x D > {FAR_ABOVE:g}; else oscillatory where the wavenumber of largest power is not 0; else unpatterned "
    "(uniform)"
)


@dataclass(frozen=True)
class Runs:
    """The runs of one point: ``t`` (T,), ``w`` (n, T, D), ``k2``, ``k4``, ``k4_error`` (n, T, 2).

    And their ``closure``, or the ``sgd``.
    """

    problem: Problem
    t: np.ndarray
    w: np.ndarray
    k2: np.ndarray
    k4: np.ndarray
    closure: str | None
    tolerance: float
    sgd: Sgd | None = None
    k4_error: np.ndarray | None = None

    @property
    def final(self) -> np.ndarray:
        """Fields (n, D) at the last time."""
        return self.w[:, -1]

    @cached_property
    def decayed(self) -> np.ndarray:
        """Whether the final fields have decayed to w = 0, (n,)."""
        return decayed(self.problem, self.w[:, 0], self.final, self.sgd)

    @cached_property
    def shaped(self) -> np.ndarray:
        """Fields (n, D) at the last time; NaN where they have decayed and have no shape."""
        return np.where(self.decayed[:, None], np.nan, self.final)

    @property
    def shape(self) -> tuple[int, ...] | None:
        """Sides of a torus, None on a ring."""
        return self.problem.shape if len(self.problem.shape) == 2 else None

    @cached_property
    def ipr_times_size(self) -> np.ndarray:
        """IPR x D over time, (n, T)."""
        return ipr(self.w) * self.problem.size

    @cached_property
    def localised(self) -> np.ndarray:
        """Whether fields are, at each time, (n, T), by the second clause of ``PATTERN_RULE``."""
        return localised(self.w, self.shape)


@dataclass(frozen=True)
class Measure:
    """A number for each run: ``of(runs)`` (n,), with what the file says about it."""

    long_name: str
    units: str
    of: Callable[[Runs], np.ndarray]
    rule: str = ""
    flags: dict[str, int] | None = None

    @property
    def attrs(self) -> dict[str, Any]:
        """Attributes of the variable."""
        attrs: dict[str, Any] = {"long_name": self.long_name, "units": self.units}
        attrs |= {"rule": self.rule} if self.rule else {}
        return attrs | flag_attrs(self.flags) if self.flags else attrs


def flag_attrs(flags: dict[str, int]) -> dict[str, Any]:
    """Meanings of whole numbers, as netCDF's conventions write them."""
    return {"flag_values": np.array(list(flags.values()), np.int8), "flag_meanings": " ".join(flags)}


def _wavelength(runs: Runs) -> np.ndarray:
    k = np.asarray(dominant_wavenumber(runs.shaped, runs.shape), float)
    k = np.hypot(k[..., 0], k[..., 1]) if runs.shape else k
    with np.errstate(divide="ignore"):
        return np.where(np.isfinite(runs.shaped).all(axis=-1), runs.problem.shape[0] / k, np.nan)


def pattern(runs: Runs) -> np.ndarray:
    """Class of the final field, by ``PATTERN_RULE``."""
    w = runs.final
    k = np.asarray(dominant_wavenumber(w, runs.shape))
    wave = np.any(k > 0, axis=-1) if runs.shape else k > 0
    small = norm(w) < np.minimum(norm(runs.w[:, 0]), SMALL)
    local = runs.localised[:, -1]
    classes = np.where(local, LOCALISED_CLASS, np.where(wave, OSCILLATORY, UNPATTERNED))
    classes = np.where(runs.decayed, DECAYED, np.where(small, UNPATTERNED, classes))
    return np.where(np.isfinite(w).all(axis=-1), classes, UNKNOWN).astype(np.int8)


def time_to_localise(runs: Runs) -> np.ndarray:
    """The time from which on the field stays localised; between records by a line through IPR x D; NaN if never."""
    value, localised = runs.ipr_times_size, runs.localised
    times = np.full(len(value), np.nan)
    local = pattern(runs) == LOCALISED_CLASS
    for run in np.flatnonzero(local):
        below = np.flatnonzero(~localised[run])
        if not below.size:
            times[run] = runs.t[0]
            continue
        i = below[-1]
        low, high = value[run, i], value[run, i + 1]
        share = (LOCALISED - low) / (high - low) if low < LOCALISED else 1.0  # else it was too wide until then
        times[run] = runs.t[i] + share * (runs.t[i + 1] - runs.t[i])
    return times


def field_count(runs: Runs) -> np.ndarray:
    """Number of connected sets of sites with |w| above half its largest, of one sign, around the ring or torus."""
    w = runs.shaped
    sides = runs.shape or (w.shape[-1],)
    with np.errstate(invalid="ignore"):
        sign = np.where(np.abs(w) > 0.5 * np.max(np.abs(w), axis=-1, keepdims=True), np.sign(w), 0.0)
    known = np.isfinite(w).all(axis=-1)
    return np.array([_components(s.reshape(sides)) if k else np.nan for s, k in zip(sign, known, strict=True)])


def _components(sign: np.ndarray) -> int:
    """Connected components of sites of equal sign, 0 apart; neighbours in each direction, around the edges."""
    site, pairs = np.arange(sign.size).reshape(sign.shape), []
    for axis in range(sign.ndim):
        joined = sign * np.roll(sign, 1, axis) > 0
        pairs.append((site[joined], np.roll(site, 1, axis)[joined]))
    rows, columns = np.concatenate(pairs, axis=1)
    graph = coo_array((np.ones(rows.size), (rows, columns)), shape=(sign.size, sign.size))
    return int(connected_components(graph, directed=False)[0] - np.sum(sign == 0))


def _potential(runs: Runs) -> np.ndarray:
    closure = runs.closure if runs.closure is not None and is_gradient(runs.closure) else "pearson"
    return potential(runs.problem, runs.final, closure, runs.tolerance)


def _kurtosis(runs: Runs, c: int) -> np.ndarray:
    error = np.zeros_like(runs.k4) if runs.k4_error is None else runs.k4_error
    values = kurtosis(*(x[:, -1, c] for x in (runs.k2, runs.k4, error)))
    return np.where(runs.decayed, np.nan, values)


#: All measures by the name of their variable.
MEASURES: dict[str, Measure] = {
    "ipr": Measure("inverse participation ratio", "1", lambda r: ipr(r.shaped)),
    "ipr_times_D": Measure("inverse participation ratio x D", "1", lambda r: ipr(r.shaped) * r.problem.size),
    "norm": Measure("norm of the weights", "1", lambda r: norm(r.final)),
    "amplitude": Measure("largest absolute weight", "1", lambda r: np.max(np.abs(r.final), axis=-1)),
    "width": Measure(
        "width of the field",
        "sites",
        lambda r: np.asarray(width(r.shaped, r.shape)),
        "root mean square distance from the centre, weighted by w^2",
    ),
    "wavelength": Measure(
        "dominant wavelength", "sites", _wavelength, "D / k of the wavenumber k of largest power; infinite for k = 0"
    ),
    "time_to_localise": Measure(
        "time to localise",
        "learning rate x steps",
        time_to_localise,
        "from when on the field is localised by the rule of the class; NaN where it is not at the end",
    ),
    "pattern": Measure("class of the field", "", pattern, PATTERN_RULE, PATTERNS),
    "field_count": Measure(
        "number of fields of the neuron",
        "1",
        field_count,
        "connected sets of sites of one sign with |w| above half its largest",
    ),
    "potential": Measure(
        "potential V", "1", _potential, "of the closure where its flow has one, else (and for SGD) pearson's"
    ),
    "kurtosis_plus": Measure("excess kurtosis of the preactivation, class plus", "1", lambda r: _kurtosis(r, 0)),
    "kurtosis_minus": Measure("excess kurtosis of the preactivation, class minus", "1", lambda r: _kurtosis(r, 1)),
}


def check_measures(measures: object) -> tuple[str, ...]:
    """Names of ``MEASURES`` in its order; None is all."""
    if measures is None:
        return tuple(MEASURES)
    names = [measures] if isinstance(measures, str) else list(measures) if isinstance(measures, (list, tuple)) else None
    unknown = [] if names is None else [n for n in names if not isinstance(n, str) or n not in MEASURES]
    if not names or unknown:
        raise InvalidArgument("measures", unknown[0] if unknown else measures, "names among " + ", ".join(MEASURES))
    return tuple(name for name in MEASURES if name in names)
