"""The settings of a sweep: everything that decides its numbers, checked, and as text in the file that holds them."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from itertools import islice, permutations, product
from typing import Any

import numpy as np

from cumulode.numerics.flow.exact import check_exact, has_exact_flow
from cumulode.numerics.flow.solver import EXACT, FROZEN, Solver, refuse_frozen
from cumulode.theory.problem.axes import AXES, PROBLEM_AXES, Axis, at, check_axis
from cumulode.theory.problem.problem import Problem
from cumulode.theory.user_input.arguments import Described, InvalidArgument, InvalidTogether, flag, integer
from cumulode.theory.user_input.arrays import listed
from cumulode.validation.sgd.settings import Sgd

from .measures import check_measures
from .protocol import Protocol

Values = tuple[Any, ...]
#: Axes of whole numbers.
_WHOLE = ("size", "batch_size")
_SGD = ("learning_rate", "batch_size")


@dataclass(frozen=True, kw_only=True)
class Settings(Protocol):
    """What a sweep computes, apart from the values along its axes.

    ``points``: number of times recorded; ``simulate``: whether SGD runs as well; ``fields``: whether final weights are
    kept; ``validity``: "off", "quick" (rho and mu) or "full" (delta, too); ``lines``: whether critical values along the
    first axis are sought; "frozen": the population's on frozen samples, too, where there is no exact flow.
    """

    points: int = 61
    measures: tuple[str, ...]
    simulate: bool = False
    fields: bool = True
    validity: str = "quick"
    lines: bool | str = True

    def __post_init__(self) -> None:
        super().__post_init__()
        flags = {name: flag(name, getattr(self, name)) for name in ("simulate", "fields")}
        lines = FROZEN if self.lines == FROZEN else flag("lines", self.lines, f"True, False or {FROZEN!r}")
        points = integer("points", self.points, ge=2, le=10000)
        self._set(
            points=points,
            measures=check_measures(self.measures),
            validity=_validity(self.validity),
            lines=lines,
            **flags,
        )

    @property
    def flat(self) -> dict[str, Any]:
        """All as plain values, but problem and seeds, which have places of their own in a file."""
        own = ("time", "points", "amplitude", "measures", "simulate", "fields", "validity", "lines")
        plain = {name: getattr(self, name) for name in own} | asdict(self.solver)
        return plain | {name: getattr(self.sgd, name) for name in _SGD}

    def to_json(self) -> str:
        """As text; ``from_json`` is its inverse."""
        plain = self.flat
        if math.isinf(plain["max_step"]):  # which JSON has no number for
            del plain["max_step"]
        return json.dumps(plain, sort_keys=True)

    @classmethod
    def from_json(cls, problem: str, seeds: Sequence[int], settings: str) -> Settings:
        """From the attributes of a file."""
        plain = json.loads(settings)
        solver = Solver(**{name: plain.pop(name) for name in Solver.__dataclass_fields__ if name in plain})
        sgd = Sgd(**{name: plain.pop(name) for name in _SGD})
        given = Problem.from_dict(json.loads(problem))
        return cls(problem=given, seeds=tuple(int(s) for s in seeds), solver=solver, sgd=sgd, **plain)

    def population(self, problem: Problem) -> str | None:
        """The closure that gives the population's critical values: exact, frozen where that is asked for, or none."""
        if has_exact_flow(problem):
            return EXACT
        return FROZEN if self.lines == FROZEN else None

    @property
    def times(self) -> np.ndarray:
        """Times recorded, (T,)."""
        return np.linspace(0.0, self.time, self.points)


def _validity(value: object) -> str:
    named = {True: "quick", False: "off"}[value] if isinstance(value, bool) else value
    if not isinstance(named, str) or named not in ("off", "quick", "full"):
        raise InvalidArgument("validity", value, '"off", "quick" (rho and mu) or "full" (with delta, by a second flow)')
    return str(named)


def check_axes(axes: Any, protocol: Protocol) -> dict[str, Values]:
    """Axes by name, each a tuple of distinct plain values that problem or run can have.

    Whether a combination exists (a correlation length on a small ring) turns out point by point, and is recorded.
    """
    if not isinstance(axes, Mapping) or not axes:
        raise InvalidArgument("axes", axes, "a dictionary from names of axes to values, at least one axis")
    checked = {str(name): axis_values(check_axis(name), values) for name, values in axes.items()}
    for one, other in permutations(checked, 2):
        if AXES[one].overwrites(AXES[other]):
            raise InvalidArgument("axes", list(checked), f"either {one} or {other}: they set the same parameter")
    for name, values in checked.items():
        for value in values:
            with suppress(InvalidTogether):  # the largest xi depends on another axis, the size, or on one that is added
                protocol.check({name: value})
    return checked


def axis_values(axis: Axis, values: Any) -> Values:
    """The values of an axis as plain ones, distinct; InvalidArgument otherwise."""
    allowed = f"a 1-d sequence of distinct {'words' if axis.text else 'numbers'} for {axis.name}"
    listed("axes", values, allowed)
    plain = tuple(v.item() if isinstance(v, np.generic) else v for v in values)
    whole = axis.name in _WHOLE
    if not all(_fits(v, axis.text, whole) for v in plain) or len(set(plain)) < len(plain):
        raise InvalidArgument("axes", list(plain), allowed)
    return plain if axis.text else tuple(map(int if whole else float, plain))


def _fits(value: Any, text: bool, whole: bool) -> bool:
    if text or isinstance(value, (bool, str)) or not isinstance(value, (int, float)):
        return text and isinstance(value, str)
    return float(value).is_integer() if whole else not math.isnan(value)


def check_together(settings: Settings, axes: Mapping[str, Values]) -> None:
    """Refuse what axes and settings make impossible at every point."""
    idle = [name for name in _SGD if name in axes and not settings.simulate]
    if idle:
        raise InvalidArgument(
            "axes", Described(", ".join(idle)), "only with simulate=True (theory does not depend on it)"
        )
    closures = axes.get("closure", (settings.solver.closure,))
    refuse_frozen(*closures)
    if EXACT in closures and "activation" not in axes:
        check_exact(settings.problem)  # says which law or activation has no exact flow


def same_sweep(old: Settings, new: Settings, axes: Mapping[str, Values]) -> str | None:
    """None, or what differs: one cannot continue the other. Parameters along the axes, and seeds, may differ."""
    before, after = _bases(old.problem, new.problem, axes)
    if before != after:
        return f"the problem was {before}, is {after}"
    ignored = {"simulate"} | {AXES[name].parameter for name in axes if name not in PROBLEM_AXES}
    if not (old.simulate and new.simulate):
        ignored |= set(_SGD)
    now = new.flat
    for name, was in old.flat.items():
        if name not in ignored and was != now[name]:
            return f"{name} was {was!r}, is {now[name]!r}"
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
