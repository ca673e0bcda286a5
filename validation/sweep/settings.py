"""The settings of a sweep: everything that decides its numbers, checked, and as text in the file that holds them."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from itertools import islice, product
from typing import Any

import numpy as np

from cumulode.numerics.check_input import check_atol, check_problem, check_rtol, check_tolerance
from cumulode.numerics.contraction.form import check_contraction
from cumulode.numerics.flow.exact import exact_data
from cumulode.numerics.flow.solver import EXACT
from cumulode.theory.closures.names import check_closure
from cumulode.theory.problem.axes import AXES, PROBLEM_AXES, Axis, at, check_axis
from cumulode.theory.problem.problem import Problem
from cumulode.theory.user_input.arguments import InvalidArgument, InvalidTogether, integer, real

from .measures import check_measures

Values = tuple[Any, ...]
Point = dict[str, Any]


@dataclass(frozen=True)
class Settings:
    """What a sweep computes, apart from the values along its axes.

    ``time``: last time; ``points``: number of times recorded; ``amplitude`` and ``seeds``: of the starts;
    ``simulate``: whether SGD runs as well; ``fields``: whether final weights are kept; ``validity``: "off", "quick"
    (rho and mu) or "full" (Delta, too); ``lines``: whether critical values along the first axis are found.
    """

    problem: Problem
    seeds: tuple[int, ...]
    time: float
    points: int
    amplitude: float
    closure: str
    rtol: float
    atol: float
    tolerance: float
    contraction: str
    measures: tuple[str, ...]
    simulate: bool
    learning_rate: float
    batch_size: int
    fields: bool
    validity: str
    lines: bool

    def to_json(self) -> str:
        """As text; ``from_json`` is its inverse. Seeds and problem have places of their own in a file."""
        rest = {k: v for k, v in asdict(replace(self, problem=None)).items() if k not in ("problem", "seeds")}  # type: ignore[arg-type]
        return json.dumps(rest, sort_keys=True)

    @classmethod
    def from_json(cls, problem: str, seeds: Sequence[int], settings: str) -> Settings:
        """From the attributes of a file."""
        rest = json.loads(settings)
        rest["measures"] = tuple(rest["measures"])
        return cls(Problem.from_dict(json.loads(problem)), tuple(int(s) for s in seeds), **rest)

    @property
    def times(self) -> np.ndarray:
        """Times recorded, (T,)."""
        return np.linspace(0.0, self.time, self.points)


def check_settings(problem: Any, seeds: Any, **given: Any) -> Settings:
    """The settings, each checked; ValueError naming the first that is wrong."""
    check_problem(problem)
    above = "0 < {0} < inf"

    def positive(name: str) -> float:
        return real(name, given[name], gt=0, allowed=above.format(name))

    return Settings(
        problem,
        check_seeds(seeds),
        positive("time"),
        integer("points", given["points"], ge=2, le=10000),
        positive("amplitude"),
        check_closure(given["closure"], ("exact",)),
        check_rtol(given["rtol"]),
        check_atol(given["atol"]),
        check_tolerance(given["tolerance"]),
        check_contraction(given["contraction"]),
        check_measures(given["measures"]),
        _flag("simulate", given["simulate"]),
        positive("learning_rate"),
        integer("batch_size", given["batch_size"], ge=1, le=2**31 - 1),
        _flag("fields", given["fields"]),
        _validity(given["validity"]),
        _flag("lines", given["lines"]),
    )


def check_seeds(seeds: Any) -> tuple[int, ...]:
    """A number n of seeds (0 .. n-1), or distinct seeds."""
    allowed = "an integer >= 1, or distinct integers >= 0"
    if isinstance(seeds, (Sequence, np.ndarray)) and not isinstance(seeds, str):
        chosen = tuple(integer("seeds", s, ge=0, le=2**31 - 1, allowed=allowed) for s in seeds)
        if not chosen or len(set(chosen)) < len(chosen):
            raise InvalidArgument("seeds", list(seeds), allowed)
        return chosen
    return tuple(range(integer("seeds", seeds, ge=1, le=10**6, allowed=allowed)))


def _flag(name: str, value: object) -> bool:
    if not isinstance(value, (bool, np.bool_)):
        raise InvalidArgument(name, value, "True or False")
    return bool(value)


def _validity(value: object) -> str:
    named = {True: "quick", False: "off"}[value] if isinstance(value, bool) else value
    if named not in ("off", "quick", "full"):
        raise InvalidArgument("validity", value, '"off", "quick" (rho and mu) or "full" (with Delta, by a second flow)')
    return str(named)


def check_axes(axes: Any, problem: Problem) -> dict[str, Values]:
    """Axes by name, each a tuple of distinct plain values that problem or run can have.

    Whether a combination exists (a correlation length on a small ring) is found out point by point, and recorded.
    """
    if not isinstance(axes, Mapping) or not axes:
        raise InvalidArgument("axes", axes, "a dictionary from names of axes to values, at least one axis")
    found = {str(name): _values(check_axis(name), values) for name, values in axes.items()}
    for gain, own in (("gain", ("gain_plus", "gain_minus")),):
        if gain in found and any(name in found for name in own):
            raise InvalidArgument("axes", list(found), f"either {gain} (of both classes) or {' and '.join(own)}")
    for parameter in ("plus", "minus"):
        if f"t_{parameter}" in found and f"J_{parameter}" in found:
            raise InvalidArgument("axes", list(found), f"either t_{parameter} or J_{parameter}")
    for name, values in found.items():
        _check_values(AXES[name], values, problem)
    return found


def _values(axis: Axis, values: Any) -> Values:
    allowed = f"a 1-d sequence of distinct {'words' if axis.text else 'numbers'} for {axis.name}"
    if isinstance(values, (str, Mapping)) or np.ndim(values) != 1 or len(values) == 0:
        raise InvalidArgument("axes", values, allowed)
    plain = tuple(v.item() if isinstance(v, np.generic) else v for v in values)
    if axis.text:
        good = all(isinstance(v, str) for v in plain)
    elif axis.name in ("size", "batch_size"):
        good = all(not isinstance(v, bool) and isinstance(v, (int, float)) and float(v).is_integer() for v in plain)
        plain = tuple(int(v) for v in plain) if good else plain
    else:
        good = all(not isinstance(v, bool) and isinstance(v, (int, float)) and not math.isnan(v) for v in plain)
        plain = tuple(float(v) for v in plain) if good else plain
    if not good or len(set(plain)) < len(plain):
        raise InvalidArgument("axes", list(plain), allowed)
    return plain


def _check_values(axis: Axis, values: Values, problem: Problem) -> None:
    """Refuse what no point could have; what depends on other axes is left to the points."""
    for value in values:
        if axis.name == "closure":
            check_closure(value, ("exact",))
        elif axis.name == "batch_size":
            integer("batch_size", value, ge=1, le=2**31 - 1)
        elif axis.name in ("start_amplitude", "learning_rate"):
            real(axis.name, value, gt=0)
        elif axis.name == "bias":
            real("bias", value)
        else:
            _check_problem_value(axis, value, problem)


def _check_problem_value(axis: Axis, value: Any, problem: Problem) -> None:
    with suppress(InvalidTogether):  # the largest xi depends on another axis, the size, or may on one that is added
        at(problem, **{axis.name: value})


def check_together(settings: Settings, axes: Mapping[str, Values]) -> None:
    """Refuse what axes and settings make impossible at every point."""
    idle = [name for name in ("learning_rate", "batch_size") if name in axes and not settings.simulate]
    if idle:
        raise InvalidArgument("axes", ", ".join(idle), "only with simulate=True (theory does not depend on it)")
    closures = axes.get("closure", (settings.closure,))
    if EXACT in closures and "activation" not in axes:
        exact_data(settings.problem)  # says which law or activation has no exact flow


def same_sweep(old: Settings, new: Settings, axes: Mapping[str, Values]) -> str | None:
    """None, or what differs: one cannot continue the other. Parameters along the axes, and seeds, may differ."""
    before, after = _bases(old.problem, new.problem, axes)
    if before != after:
        return f"the problem was {before}, is {after}"
    ignored = {"problem", "seeds", "simulate"} | {AXES[name].parameter for name in axes if name not in PROBLEM_AXES}
    if not (old.simulate and new.simulate):
        ignored |= {"learning_rate", "batch_size"}
    for name in old.__dataclass_fields__:
        if name not in ignored and getattr(old, name) != getattr(new, name):
            return f"{name} was {getattr(old, name)!r}, is {getattr(new, name)!r}"
    return None


def _bases(old: Problem, new: Problem, axes: Mapping[str, Values]) -> tuple[Problem, Problem]:
    """Both at the first point of the sweep that exists, so that what the axes override is the same; else as given."""
    own = {name: values for name, values in axes.items() if name in PROBLEM_AXES}
    for values in islice(product(*own.values()), 2000):
        point = dict(zip(own, values, strict=True))
        try:
            return at(old, **point), at(new, **point)
        except ValueError:
            continue
    return old, new
