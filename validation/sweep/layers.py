"""The layers of a sweep: theory, SGD, and critical lines. Each has axes of its own, variables, and work at a point.

What the theory says does not depend on a learning rate, nor SGD on a closure: each is computed once for the axes it
has, and its variables have those dimensions only.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from cumulode.theory.problem.axes import AXES, CONTINUOUS, PROBLEM_AXES, at
from cumulode.theory.problem.problem import Problem

from .measures import MEASURES, flag_attrs
from .settings import Point, Settings, Values

PENDING, DONE, IMPOSSIBLE, ERROR = -1, 0, 9, 10
#: Critical values kept at each point.
CROSSINGS = 3
STATUS = {
    "pending": PENDING,
    "done": DONE,
    "steps_collapsed": 1,
    "blown_up": 2,
    "left_domain": 3,
    "interrupted": 4,
    "impossible": IMPOSSIBLE,
    "error": ERROR,
}
_ONLY_SGD = ("learning_rate", "batch_size")


@dataclass(frozen=True)
class Variable:
    """One variable of the file: whether it has the dimension seed, a last one ("site", "crossing" or none), its type,
    and attributes.
    """

    seed: bool
    last: str
    dtype: str
    attrs: Mapping[str, Any]

    @property
    def missing(self) -> Any:
        """What stands where nothing is known yet."""
        return "" if self.dtype == "U" else -1 if self.dtype == "i1" else math.nan


@dataclass(frozen=True)
class Layer:
    """``name``: theory, sgd or lines; ``axes``: those it depends on; ``prefix``: of its variables."""

    name: str
    axes: tuple[str, ...]
    prefix: str
    variables: Mapping[str, Variable]

    @property
    def seeded(self) -> bool:
        """Whether there is a run for each seed."""
        return self.name != "lines"

    def indices(self, axes: Mapping[str, Values]) -> Iterator[tuple[int, ...]]:
        """Index of every point, the last axis running fastest."""
        return np.ndindex(*(len(axes[name]) for name in self.axes))

    def point(self, index: tuple[int, ...], axes: Mapping[str, Values]) -> Point:
        """Values of the axes at an index."""
        return {name: axes[name][i] for name, i in zip(self.axes, index, strict=True)}


def layers(settings: Settings, axes: Mapping[str, Values]) -> list[Layer]:
    """The layers that these settings ask for."""
    found = [Layer("theory", tuple(n for n in axes if n not in _ONLY_SGD), "", _theory_variables(settings))]
    if settings.simulate:
        found.append(Layer("sgd", tuple(n for n in axes if n != "closure"), "sgd_", _sgd_variables(settings)))
    along = line_axis(axes)
    if settings.lines and along is not None:
        rest = tuple(n for n in axes if n not in (along, *_ONLY_SGD, "start_amplitude"))
        found.append(Layer("lines", rest, "critical_", _line_variables(along)))
    return found


def line_axis(axes: Mapping[str, Values]) -> str | None:
    """The axis along which critical values are found: the first that has a range and is continuous."""
    return next((name for name in axes if name in CONTINUOUS and sum(map(math.isfinite, axes[name])) > 1), None)


def line_range(axes: Mapping[str, Values], along: str) -> tuple[float, float]:
    """The ends of the finite part of an axis (a gain may be infinite)."""
    finite = [value for value in axes[along] if math.isfinite(value)]
    return min(finite), max(finite)


def _run_variables(settings: Settings) -> dict[str, Variable]:
    found = {
        name: Variable(True, "", "i1" if MEASURES[name].flags else "f8", MEASURES[name].attrs)
        for name in settings.measures
    }
    if settings.fields:
        found["w"] = Variable(True, "site", "f8", {"long_name": "final weights", "units": "1"})
    found["status"] = Variable(True, "", "i1", {"long_name": "how the run ended", **flag_attrs(STATUS)})
    found["reason"] = Variable(False, "", "U", {"long_name": "why a run failed"})
    return found


def _theory_variables(settings: Settings) -> dict[str, Variable]:
    def number(long_name: str, units: str = "1", seed: bool = False, **more: Any) -> Variable:
        return Variable(seed, "", "f8", {"long_name": long_name, "units": units, **more})

    found = _run_variables(settings)
    found["relative_speed"] = number("|dw/dt| / |w| at the end", "1 / (learning rate x steps)", True)
    found["cumulant_error"] = number("relative error of the fourth cumulant tensor")
    found["growth_rate"] = number("largest growth rate mu(k) of w = 0", "1 / (learning rate x steps)")
    found["selected_wavenumber"] = number("wavenumber of the largest growth rate", "periods around the ring")
    if settings.validity != "off":
        found |= _validity_variables(settings, number)
    return found


def _validity_variables(settings: Settings, number: Any) -> dict[str, Variable]:
    from cumulode.numerics.stability.validity import DELTA, MU, RHO

    source = "theory.md section 3"
    found = {
        "validity_rho": number(f"rho, largest Q / h3 over the flow; not to be trusted above {RHO:g}", "1", True),
        "validity_mu": number(
            f"mu, top growth rate by tree's Jacobian at the end; not to be trusted above {MU:g}",
            "1 / (learning rate x steps)",
            True,
        ),
        "validity_mu_own": number(
            "the same by the closure's own Jacobian, which sees an unfinished flow", "1 / (learning rate x steps)", True
        ),
    }
    if settings.validity == "full":
        words = f"Delta, |IPR of tree / IPR of regression - 1|; not to be trusted above {DELTA:g}"
        found["validity_delta"] = number(words, "1", True)
    flags = flag_attrs({"no": 0, "yes": 1, "unknown": -1})
    attrs = {
        "long_name": "whether the closure can be trusted",
        "rule": f"rho, mu (and Delta) all below their limits, "
        f"{source}; biases that tree and regression share (5-6 % in two cases known) stay unseen",
        **flags,
    }
    return found | {"trusted": Variable(True, "", "i1", attrs)}


def _sgd_variables(settings: Settings) -> dict[str, Variable]:
    return {
        f"sgd_{name}": Variable(v.seed, v.last, v.dtype, {**v.attrs, "long_name": f"{v.attrs['long_name']}, SGD"})
        for name, v in _run_variables(settings).items()
    }


def _line_variables(along: str) -> dict[str, Variable]:
    axis = AXES[along]

    def line(words: str) -> Variable:
        attrs = {"long_name": f"{axis.long_name} {words}", "units": axis.units, "axis": along}
        rule = f"the first {CROSSINGS} along the axis, by root finding; NaN: no more"
        return Variable(False, "crossing", "f8", {**attrs, "rule": rule})

    return {
        f"critical_{along}_linear": line("at which the largest growth rate of w = 0 vanishes"),
        f"critical_{along}_stability": line("at which the uniform or periodic state gains or loses stability"),
        "critical_status": Variable(False, "", "i1", {"long_name": "how the search ended", **flag_attrs(STATUS)}),
        "critical_reason": Variable(False, "", "U", {"long_name": "why there is none, or what was passed over"}),
    }


def problem_at(settings: Settings, point: Point) -> Problem:
    """The problem of a point; ValueError where it does not exist."""
    return at(settings.problem, **{name: value for name, value in point.items() if name in PROBLEM_AXES})
