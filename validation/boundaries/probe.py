"""One number of the field at a time, at many points of the axes at once: by theory or by SGD, from the same starts."""

from __future__ import annotations

import json
import sys
import warnings
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from cumulode.numerics import SolveWarning, solve
from cumulode.numerics.check_input import check_problem
from cumulode.numerics.flow.solver import EXACT
from cumulode.numerics.io.provenance import revision, versions
from cumulode.theory.closures.names import check_closure
from cumulode.theory.problem.axes import AXES, CONTINUOUS, PROBLEM_AXES, Axis, at, check_axis
from cumulode.theory.problem.problem import Problem
from cumulode.theory.user_input.arguments import InvalidArgument, choice, integer, real
from cumulode.validation.receptive_fields.metrics import ipr, norm, width
from cumulode.validation.sgd.neuron import simulate_sgd
from cumulode.validation.sgd.starts import random_start
from cumulode.validation.sweep.measures import MEASURES

#: What a level can be put on: positive numbers of a field (..., D), all unchanged by the symmetries of the drift.
QUANTITIES: dict[str, tuple[str, str, Callable[[np.ndarray, tuple[int, ...]], np.ndarray]]] = {
    name: (MEASURES[name].long_name, MEASURES[name].units, of)
    for name, of in {
        "ipr_times_D": lambda w, shape: ipr(w) * w.shape[-1],
        "ipr": lambda w, shape: ipr(w),
        "norm": lambda w, shape: norm(w),
        "amplitude": lambda w, shape: np.abs(w).max(axis=-1),
        "width": width,
    }.items()
}
#: Axes along which a boundary can be followed to any precision.
FOLLOWED = (*CONTINUOUS, "start_amplitude")


Point = Mapping[str, Any]


@dataclass(frozen=True)
class Scale:
    """An axis between two values, mapped to 0 .. 1: by its logarithm where steps are ratios."""

    name: str
    low: float
    high: float

    @property
    def log(self) -> bool:
        """Whether the coordinate is logarithmic."""
        return AXES[self.name].ratios

    def value(self, u: Any) -> np.ndarray:
        """The axis's values at coordinates 0 .. 1."""
        u = np.asarray(u, dtype=float)
        inner = self.low * (self.high / self.low) ** u if self.log else self.low + (self.high - self.low) * u
        return np.where(u == 0, self.low, np.where(u == 1, self.high, inner))  # the bounds as they were given

    def coordinate(self, value: Any) -> np.ndarray:
        """Coordinates 0 .. 1 of values of the axis."""
        value = np.asarray(value, dtype=float)
        if self.log:
            return np.asarray(np.log(value / self.low) / np.log(self.high / self.low))
        return np.asarray((value - self.low) / (self.high - self.low))

    def rate(self, u: Any) -> np.ndarray:
        """How fast the value changes with the coordinate."""
        if self.log:
            return np.asarray(self.value(u) * np.log(self.high / self.low))
        return np.full(np.shape(u), self.high - self.low)


def scale(name: object, between: Any, argument: str = "between") -> Scale:
    """The axis called ``name`` between two values; ValueError naming what is wrong."""
    checked = check_axis(name, FOLLOWED).name
    allowed = f"two finite values of {checked}, the smaller first" + (", above 0" * AXES[checked].ratios)
    try:
        low, high = (real(argument, x, allowed=allowed) for x in between)
    except TypeError:
        raise InvalidArgument(argument, between, allowed) from None
    except ValueError:
        raise InvalidArgument(argument, between, allowed) from None
    if not low < high or not np.isfinite(low) or (AXES[checked].ratios and low <= 0):
        raise InvalidArgument(argument, between, allowed)
    return Scale(checked, low, high)


@dataclass(frozen=True)
class Probe:
    """What is evaluated: ``quantity`` of the field at ``time``, from the starts of seeds 0 .. ``seeds`` - 1."""

    problem: Problem
    quantity: str
    level: float
    seeds: int
    time: float
    amplitude: float
    closure: str
    rtol: float = 1e-6
    atol: float = 1e-9
    cumulant_tolerance: float = 1e-3
    executor: Executor | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        check_problem(self.problem)
        choice("quantity", self.quantity, QUANTITIES)
        for name in ("level", "time", "amplitude"):
            real(name, getattr(self, name), gt=0)
        integer("seeds", self.seeds, ge=2, note=": an error needs two")
        check_closure(self.closure, (EXACT,))

    def problem_at(self, point: Point) -> Problem:
        """The problem at a point; ValueError naming the axis where there is none."""
        return at(self.problem, **{name: value for name, value in point.items() if name in PROBLEM_AXES})

    def check(self, point: Point) -> None:
        """Raise ValueError where something at the point is not allowed."""
        self.problem_at(point)
        check_closure(point.get("closure", self.closure), (EXACT,))
        for name in ("start_amplitude", "learning_rate"):
            real(name, point.get(name, 1.0), gt=0)
        integer("batch_size", point.get("batch_size", 1), ge=1)

    def start(self, point: Point, seed: int) -> np.ndarray:
        """Weights at time 0, (D,): normal, of norm about the amplitude; the same for theory and SGD."""
        size = self.problem_at(point).size
        amplitude = point.get("start_amplitude", self.amplitude)
        return random_start(seed, amplitude, size)

    def logarithm(self, w: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
        """ln(quantity / level) of fields (n, D); NaN where the field is."""
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray(np.log(QUANTITIES[self.quantity][2](w, shape) / self.level))

    def theory(self, points: Sequence[Point], seeds: Sequence[int]) -> np.ndarray:
        """ln(quantity / level), (n,), of one flow a point and seed; all flows of a size and closure in one call."""
        found = np.full(len(points), np.nan)
        problems = [self.problem_at(point) for point in points]
        closures = [str(point.get("closure", self.closure)) for point in points]
        groups: dict[tuple[Any, str], list[int]] = {}
        for i, (problem, closure) in enumerate(zip(problems, closures, strict=True)):
            groups.setdefault((problem.shape, closure), []).append(i)
        for (shape, closure), rows in groups.items():
            starts = np.stack([self.start(points[i], int(seeds[i])) for i in rows])
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", SolveWarning)  # a failed flow is NaN here, and told as such
                run = solve(
                    [problems[i] for i in rows],
                    starts,
                    [self.time],
                    closure,
                    self.rtol,
                    self.atol,
                    tolerance=self.cumulant_tolerance,
                    executor=self.executor,
                )
            found[rows] = self.logarithm(run.w[:, -1], shape)
        return found

    def theory_all(self, points: Sequence[Point]) -> np.ndarray:
        """The same for every start, (points, seeds)."""
        flat = [point for point in points for _ in range(self.seeds)]
        return self.theory(flat, list(range(self.seeds)) * len(points)).reshape(len(points), self.seeds)

    def sgd(self, point: Point, learning_rate: float, batch_size: int, streams: Sequence[int]) -> np.ndarray:
        """ln(quantity / level), (n,), of SGD from start ``i`` with the random numbers of ``streams[i]``."""
        problem = self.problem_at(point)
        starts = np.stack([self.start(point, seed) for seed in range(self.seeds)])
        run = simulate_sgd(
            problem, starts, [self.time], learning_rate, batch_size, seeds=list(streams), executor=self.executor
        )
        return self.logarithm(run.w[:, -1], problem.shape)

    def settings(self) -> dict[str, Any]:
        """All but the problem and the executor, as plain values."""
        names = ("quantity", "level", "seeds", "time", "amplitude", "closure", "rtol", "atol", "cumulant_tolerance")
        return {name: getattr(self, name) for name in names}


def overwrites(axis: Axis, other: Axis) -> bool:
    """Whether a value of ``axis`` replaces that of ``other``: J and t are one parameter."""
    same = axis.parameter == other.parameter or {axis.parameter, other.parameter} == {"J", "t"}
    return same and set(other.classes) <= set(axis.classes)


def stamp(title: str, probe: Probe, settings: dict[str, Any]) -> dict[str, Any]:
    """Attributes that tell how a dataset was made: plain strings and numbers."""
    return {
        "title": title,
        "problem": json.dumps(probe.problem.to_dict(), sort_keys=True),
        "settings": json.dumps(probe.settings() | settings, sort_keys=True),
        "versions": json.dumps(versions(), sort_keys=True),
        "revision": revision(),
        "command": " ".join(sys.argv),
        "quantity": probe.quantity,
        "level": float(probe.level),
        "time": float(probe.time),
    }
