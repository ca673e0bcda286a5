"""How runs are made at any point of the axes: the problem that is moved, starts, time, solver and SGD."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from cumulode.numerics.check_input import check_problem
from cumulode.numerics.flow.solver import FLOW, Solver
from cumulode.theory.problem.axes import PROBLEM_AXES, at
from cumulode.theory.problem.problem import Problem
from cumulode.theory.user_input.arguments import InvalidArgument, real
from cumulode.validation.sgd.seeds import seed_numbers
from cumulode.validation.sgd.settings import OURS, Sgd
from cumulode.validation.sgd.starts import random_start

#: Values by the names of axes.
Point = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Protocol:
    """What decides a run, but for its point: ``amplitude`` and ``seeds`` are of the starts, ``time`` is the last one.

    Every field is checked; InvalidArgument names the first that is wrong.
    """

    problem: Problem
    seeds: tuple[int, ...]
    time: float = 150.0
    amplitude: float = 0.1
    solver: Solver = FLOW
    sgd: Sgd = field(default_factory=Sgd)

    def __post_init__(self) -> None:
        check_problem(self.problem)
        checked: dict[str, Any] = {"seeds": seed_numbers(self.seeds, le=2**31 - 1)}
        checked |= {name: real(name, getattr(self, name), gt=0) for name in ("time", "amplitude")}
        self._set(**checked)
        if self.sgd.conventions != OURS:
            raise InvalidArgument("sgd", self.sgd, f"conventions={OURS!r}: starts and times are those of the theory")

    def _set(self, **values: Any) -> None:
        for name, value in values.items():
            object.__setattr__(self, name, value)

    def check(self, point: Point) -> None:
        """Raise InvalidArgument where something at the point is not allowed."""
        self.problem_at(point)
        self.solver_at(point)
        self.sgd_at(point)
        real("start_amplitude", point.get("start_amplitude", self.amplitude), gt=0)

    def problem_at(self, point: Point) -> Problem:
        """The problem at a point; InvalidArgument naming the axis where there is none."""
        return at(self.problem, **{name: value for name, value in point.items() if name in PROBLEM_AXES})

    def solver_at(self, point: Point) -> Solver:
        """The solver, with the point's closure."""
        return replace(self.solver, closure=point["closure"]) if "closure" in point else self.solver

    def sgd_at(self, point: Point) -> Sgd:
        """SGD, with the point's learning rate and batch size."""
        return replace(self.sgd, **{name: point[name] for name in ("learning_rate", "batch_size") if name in point})

    def starts(self, point: Point, seeds: Sequence[int]) -> np.ndarray:
        """Weights at time 0, (n, D), of these seeds: the same for theory and SGD."""
        size, amplitude = self.problem_at(point).size, point.get("start_amplitude", self.amplitude)
        return np.stack([random_start(int(seed), amplitude, size) for seed in seeds])
