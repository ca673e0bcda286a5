"""One number of the field at a time, at many points of the axes at once: by theory or by SGD, from the same starts."""

from __future__ import annotations

import json
import math
import sys
import warnings
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from cumulode.numerics import SolveWarning, solve
from cumulode.numerics.check_input import check_executor
from cumulode.numerics.contraction.names import AUTO
from cumulode.numerics.flow.solver import Solver, refuse_frozen
from cumulode.numerics.io.provenance import revision, versions
from cumulode.numerics.result import unbroken
from cumulode.numerics.trajectory.decay import NOTHING
from cumulode.theory.user_input.arguments import InvalidArgument, choice, real
from cumulode.validation.receptive_fields.localised import LOCALISED
from cumulode.validation.receptive_fields.metrics import ipr, norm, width
from cumulode.validation.sgd.decay import decayed
from cumulode.validation.sgd.neuron import simulate_sgd
from cumulode.validation.sgd.settings import Sgd
from cumulode.validation.sweep.measures import MEASURES
from cumulode.validation.sweep.protocol import Point, Protocol

#: What a level can be put on: positive numbers of a field (..., D), all unchanged by the symmetries of the drift. A
#: field that has decayed has no shape: it counts as a uniform one does, and no number of it as smaller than NOTHING.
QUANTITIES: dict[str, Callable[[np.ndarray, tuple[int, ...]], np.ndarray]] = {
    "ipr_times_D": lambda w, shape: ipr(w) * w.shape[-1],
    "ipr": lambda w, shape: ipr(w),
    "norm": lambda w, shape: norm(w),
    "amplitude": lambda w, shape: np.abs(w).max(axis=-1),
    "width": width,
}


@dataclass(frozen=True, kw_only=True)
class Probe(Protocol):
    """``quantity`` of the field at ``time``, over ``level``; ``executor``: where runs go."""

    quantity: str = "ipr_times_D"
    level: float = LOCALISED
    executor: Executor | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        super().__post_init__()
        choice("quantity", self.quantity, QUANTITIES)
        refuse_frozen(self.solver.closure)
        if len(self.seeds) < 2:
            raise InvalidArgument("seeds", len(self.seeds), "at least 2: an error needs two")
        self._set(level=real("level", self.level, gt=0), executor=check_executor(self.executor))

    @property
    def measured(self) -> tuple[str, str]:
        """The quantity in words, and its units."""
        return MEASURES[self.quantity].long_name, MEASURES[self.quantity].units

    def logarithm(self, w: np.ndarray, shape: tuple[int, ...], decayed: np.ndarray) -> np.ndarray:
        """ln(quantity / level) of fields (n, D); NaN where the field is."""
        if self.quantity not in ("norm", "amplitude"):
            w = np.where(decayed[:, None], 1.0, w)
        return np.asarray(np.log(np.maximum(QUANTITIES[self.quantity](w, shape), NOTHING) / self.level))

    def theory(self, points: Sequence[Point], seeds: Sequence[int]) -> np.ndarray:
        """ln(quantity / level), (n,), of one flow a point and seed; all flows of a size and solver in one call."""
        values = np.full(len(points), np.nan)
        problems = [self.problem_at(point) for point in points]
        groups: dict[tuple[tuple[int, ...], Solver], list[int]] = {}
        for i, (problem, point) in enumerate(zip(problems, points, strict=True)):
            groups.setdefault((problem.shape, self.solver_at(point)), []).append(i)
        for (shape, solver), rows in groups.items():
            starts = np.concatenate([self.starts(points[i], [seeds[i]]) for i in rows])
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", SolveWarning)  # a failed flow is NaN here, and gives its reason there
                run = solve([problems[i] for i in rows], starts, [self.time], solver=solver, executor=self.executor)
            w = unbroken(run).w[:, -1]
            gone = [decayed(problems[i], start, end) for i, start, end in zip(rows, starts, w, strict=True)]
            values[rows] = self.logarithm(w, shape, np.array(gone))
        return values

    def theory_all(self, points: Sequence[Point]) -> np.ndarray:
        """The same for every start, (points, seeds)."""
        flat = [point for point in points for _ in self.seeds]
        return self.theory(flat, self.seeds * len(points)).reshape(len(points), -1)

    def run_sgd(self, point: Point, sgd: Sgd, streams: Sequence[int]) -> np.ndarray:
        """ln(quantity / level), (n,), of SGD from start ``i`` with the random numbers of ``streams[i]``."""
        problem, starts = self.problem_at(point), self.starts(point, self.seeds)
        run = simulate_sgd(problem, starts, [self.time], seeds=list(streams), sgd=sgd, executor=self.executor)
        w = unbroken(run).w[:, -1]
        return self.logarithm(w, problem.shape, decayed(problem, starts, w, sgd))

    def stamp(self, title: str, settings: dict[str, Any]) -> dict[str, Any]:
        """Attributes that say how a dataset was made: plain strings and numbers."""
        return {
            "title": title,
            "problem": json.dumps(self.problem.to_dict(), sort_keys=True),
            "settings": json.dumps(self._settings() | settings, sort_keys=True),
            "versions": json.dumps(versions(), sort_keys=True),
            "revision": revision(),
            "command": " ".join(sys.argv),
            "quantity": self.quantity,
            "level": float(self.level),
            "time": float(self.time),
        }

    def _settings(self) -> dict[str, Any]:
        """All but problem, SGD and executor, as plain values under the names that files have had from the start."""
        solver, count = self.solver, len(self.seeds)
        settings = {name: getattr(self, name) for name in ("quantity", "level", "time", "amplitude")}
        settings |= {"seeds": count if self.seeds == tuple(range(count)) else list(self.seeds)}
        settings |= {name: getattr(solver, name) for name in ("closure", "rtol", "atol")}
        settings |= {"cumulant_tolerance": solver.tolerance}
        settings |= {"contraction": solver.contraction} if solver.contraction != AUTO else {}
        return settings | ({"max_step": solver.max_step} if math.isfinite(solver.max_step) else {})
