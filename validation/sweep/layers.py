"""The layers of a sweep: theory, SGD, and critical lines. Each has axes of its own, variables, and work at a point.

What the theory says does not depend on a learning rate, nor SGD on a closure: each is computed once for the axes it
has, and its variables have those dimensions only.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from cumulode.numerics.stability.verdict import DELTA, MISSED, MU, RHO
from cumulode.numerics.status import Status
from cumulode.theory.problem.axes import AXES, CONTINUOUS

from .measures import MEASURES, flag_attrs
from .settings import Settings, Values

PENDING, DONE, IMPOSSIBLE, ERROR = -1, int(Status.REACHED_END), 9, 10
#: Critical values kept at each point.
CROSSINGS = 3
STATUS = {
    "pending": PENDING,
    "done": DONE,
    "steps_collapsed": Status.STEPS_COLLAPSED,
    "blown_up": Status.DIVERGED,
    "left_domain": Status.LEFT_DOMAIN,
    "interrupted": Status.INTERRUPTED,
    "out_of_steps": Status.OUT_OF_STEPS,
    "impossible": IMPOSSIBLE,
    "error": ERROR,
}
_ONLY_SGD = ("learning_rate", "batch_size")
_RATE = "1 / (learning rate x steps)"


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

    def dims(self, axes: tuple[str, ...]) -> tuple[str, ...]:
        """Its dimensions, in a layer of these axes."""
        return (*axes, *["seed"] * self.seed, *[self.last] * bool(self.last))


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


def layers(settings: Settings, axes: Mapping[str, Values]) -> list[Layer]:
    """The layers of a sweep with these settings."""
    every = [Layer("theory", tuple(n for n in axes if n not in _ONLY_SGD), "", _theory_variables(settings))]
    if settings.simulate:
        every.append(Layer("sgd", tuple(n for n in axes if n != "closure"), "sgd_", _sgd_variables(settings)))
    along = line_axis(axes)
    if settings.lines and along is not None:
        rest = tuple(n for n in axes if n not in (along, *_ONLY_SGD, "start_amplitude"))
        known = settings.population(settings.problem) is not None
        every.append(Layer("lines", rest, "critical_", _line_variables(along, known)))
    return every


def line_axis(axes: Mapping[str, Values]) -> str | None:
    """The axis along which critical values are sought: the first that has a range and is continuous."""
    return next((name for name in axes if name in CONTINUOUS and sum(map(math.isfinite, axes[name])) > 1), None)


def line_range(axes: Mapping[str, Values], along: str) -> tuple[float, float]:
    """The ends of the finite part of an axis (a gain may be infinite)."""
    finite = [value for value in axes[along] if math.isfinite(value)]
    return min(finite), max(finite)


def _number(long_name: str, units: str = "1", seed: bool = False) -> Variable:
    return Variable(seed, "", "f8", {"long_name": long_name, "units": units})


def _run_variables(settings: Settings) -> dict[str, Variable]:
    variables = {
        name: Variable(True, "", "i1" if MEASURES[name].flags else "f8", MEASURES[name].attrs)
        for name in settings.measures
    }
    if settings.fields:
        variables["w"] = Variable(True, "site", "f8", {"long_name": "final weights", "units": "1"})
    variables["status"] = Variable(True, "", "i1", {"long_name": "how the run ended", **flag_attrs(STATUS)})
    variables["reason"] = Variable(False, "", "U", {"long_name": "why a run failed"})
    return variables


def _theory_variables(settings: Settings) -> dict[str, Variable]:
    variables = _run_variables(settings) | {
        "relative_speed": _number("|dw/dt| / |w| at the end", _RATE, True),
        "cumulant_error": _number("relative error of the fourth cumulant tensor"),
        "growth_rate": _number("largest growth rate mu(k) of w = 0", _RATE),
        "selected_wavenumber": _number("wavenumber of the largest growth rate", "periods around the ring"),
    }
    return variables if settings.validity == "off" else variables | _validity_variables(settings.validity == "full")


def _validity_variables(full: bool) -> dict[str, Variable]:
    beyond = "not to be trusted above"
    variables = {
        "validity_rho": _number(f"rho, largest Q / h3 over the flow; {beyond} {RHO:g}", "1", True),
        "validity_mu": _number(
            f"mu, top growth rate by tree's Jacobian at the end; {beyond} {MU:g} where mu_own is {MISSED:g} less",
            _RATE,
            True,
        ),
        "validity_mu_own": _number(
            "the same by the closure's own Jacobian, which sees an unfinished flow", _RATE, True
        ),
    }
    if full:
        words = f"delta, how far tree (for tree: regression) is off in IPR or k2, over time; {beyond} {DELTA:g}"
        variables["validity_delta"] = _number(words, "1", True)
    attrs = {
        "long_name": "whether the closure can be trusted",
        "rule": "rho, mu (and delta) all below their limits, theory.md section 3; errors that tree and regression "
        "share stay unseen",
        **flag_attrs({"no": 0, "yes": 1, "unknown": -1}),
    }
    return variables | {"trusted": Variable(True, "", "i1", attrs)}


def _sgd_variables(settings: Settings) -> dict[str, Variable]:
    return {
        f"sgd_{name}": replace(variable, attrs={**variable.attrs, "long_name": f"{variable.attrs['long_name']}, SGD"})
        for name, variable in _run_variables(settings).items()
    }


def _line_variables(along: str, population: bool) -> dict[str, Variable]:
    axis = AXES[along]

    def line(words: str) -> Variable:
        attrs = {"long_name": f"{axis.long_name} {words}", "units": axis.units, "axis": along}
        rule = f"the first {CROSSINGS} along the axis, by root finding (critical_value says which way); NaN: no more"
        return Variable(False, "crossing", "f8", {**attrs, "rule": rule})

    of_population = {
        f"critical_{along}_population": line("at which that state does so in the population"),
        f"critical_{along}_population_error": Variable(
            False, "crossing", "f8", {"long_name": "standard error of that value", "units": axis.units}
        ),
        f"critical_{along}_distance": Variable(
            False, "crossing", "f8", {"long_name": "closure's critical value over the population's - 1", "units": "1"}
        ),
    }
    return {
        f"critical_{along}_linear": line("at which the largest growth rate of w = 0 vanishes"),
        f"critical_{along}_stability": line("at which the uniform or periodic state gains or loses stability"),
        **(of_population if population else {}),
        "critical_status": Variable(False, "", "i1", {"long_name": "how the search ended", **flag_attrs(STATUS)}),
        "critical_reason": Variable(False, "", "U", {"long_name": "why there is none, or what was passed over"}),
    }
