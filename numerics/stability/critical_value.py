"""Where states lose stability: values of a parameter at which the largest rate is zero, by root finding.

``linear``: the largest growth rate about w = 0 (does anything grow?). ``stability``: the largest rate at the state on
which a flow rests before it localises (does it stay there?). Rates are scanned at a few values for changes of sign, and
each is followed to its root; nothing is read off a grid.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache, partial
from typing import Any, NamedTuple

import numpy as np
from scipy.optimize import elementwise

from cumulode.numerics.check_input import check_problem
from cumulode.numerics.flow.plan import make_plan
from cumulode.numerics.flow.solver import FROZEN, Solver, choose
from cumulode.numerics.trajectory.growth import Wavenumber, growth_rates, peak
from cumulode.theory.problem.axes import AXES, CONTINUOUS, at, check_axis, value_of
from cumulode.theory.problem.problem import Problem
from cumulode.theory.user_input.arguments import InvalidArgument, choice, integer, real
from cumulode.theory.user_input.deprecation import renamed_arguments
from cumulode.theory.user_input.options import either

from .stationary import rates_of_scrambles, state_of

STABILITY, LINEAR = "stability", "linear"
#: The rates jump where the rank of the contraction changes, by less than this tolerance shows.
DEFAULT = Solver(tolerance=1e-4)
#: A root at which the rate is larger than this share of those around it is a jump from one state to another.
ZERO = 1e-3
#: Rates of samples jump by as many standard errors, at most, and are followed to this share of the value.
ERRORS, COARSE = 4.0, 1e-4
#: Slopes of the rate are taken over this share of the distance between two values scanned, to either side.
SLOPE = 0.05


@dataclass(frozen=True, repr=False)
class Rate:
    """The largest rate at one value of the axis; ``why`` it is NaN."""

    value: float
    mode: Wavenumber | None = None
    why: str = ""


@dataclass(frozen=True)
class CriticalValues:
    """What :func:`critical_value` returns.

    Attributes
    ----------
    axis, criterion, closure : str
    values : (m,) array, rising
        Where the largest rate is zero.
    directions : (m,) array
        +1 where the state becomes unstable as the axis rises, -1 where it becomes stable.
    modes : tuple of m wavenumbers
        What grows on the unstable side.
    jumps : array
        Values at which the rate changes its sign without being zero: another state is selected there.
    reason : str
        Why there is no value, or what was left out.
    errors : (m,) array
        Standard errors of ``values``: 0 but for the closure frozen, where they are those of the rate, from eight
        scrambles, over its slope.
    """

    axis: str
    criterion: str
    closure: str
    values: np.ndarray
    directions: np.ndarray
    modes: tuple[Wavenumber | None, ...]
    jumps: np.ndarray
    reason: str
    errors: np.ndarray = field(default_factory=lambda: np.empty(0))

    @property
    def value(self) -> float:
        """The smallest critical value, NaN where there is none."""
        return float(self.values[0]) if self.values.size else math.nan

    def __repr__(self) -> str:
        shown = (f"{v:.6g}" + (f" +- {e:.2g}" if e else "") for v, e in zip(self.values, self.errors, strict=True))
        values = ", ".join(shown) or "none"
        remark = f": {self.reason}" if self.reason else ""
        return f"CriticalValues({self.axis} {values}, criterion {self.criterion}, closure {self.closure}{remark})"


@renamed_arguments({"contraction": ("solver", Solver, ("closure", "tolerance"))}, points="scan")
@either(solver=("closure", "tolerance"))
def critical_value(
    problem: Problem,
    axis: str,
    between: tuple[float, float],
    criterion: str = STABILITY,
    closure: str = "regression",
    *,
    scan: int = 13,
    tolerance: float = 1e-4,
    solver: Solver | None = None,
) -> CriticalValues:
    """The values of a parameter at which a state loses (``directions`` +1) or gains stability (-1) as it rises.

    **Assumptions.** Two crossings nearer than ``(high - low) / (scan - 1)`` (for gains: of their logarithms) may be
    missed together. Values at which the problem does not exist (xi too large for the ring) are passed over.

    Parameters
    ----------
    problem : Problem
    axis : str
        gain, gain_plus, gain_minus, xi_plus, xi_minus, t_plus, t_minus, J_plus, J_minus, bias or prior.
    between : (low, high), finite, low < high
        Gains above 0: they are scanned on a logarithmic scale.
    criterion : {"stability", "linear"}
        The largest rate at the state before localisation (:func:`stationary_state`), or of small weights
        (:func:`growth_rates`).
    scan : int >= 2
        Values scanned for changes of sign.
    closure, tolerance, solver
        See :class:`cumulode.Solver`; the criterion linear depends on none. The rates jump where the rank of K changes:
        critical gains move by 6e-5 relative at tolerance 1e-3, 1e-6 at 1e-6 (xi 1.5 .. 6, D = 100).

    Returns
    -------
    CriticalValues

    Raises
    ------
    InvalidArgument
        Naming the argument, what came and what is allowed.
    """
    check_question(problem, axis, criterion, scan)
    solver = choose(solver, DEFAULT, closure=closure, tolerance=tolerance)
    low, high = check_between(axis, between)

    @cache
    def rate(x: float) -> Rate:
        return _rate(problem, axis, x, criterion, solver)

    grid = [float(x) for x in (np.geomspace if AXES[axis].ratios else np.linspace)(low, high, scan)]
    scanned = [rate(x) for x in grid]
    noise = partial(_rate_error, problem, axis, criterion, solver)
    crossings = _crossings(rate, grid, scanned, noise if solver.closure == FROZEN else None)
    roots, jumps = ([c for c in crossings if c.kind == kind] for kind in ("root", "jump"))
    reason = _reason(axis, grid, scanned, crossings)
    return CriticalValues(
        axis,
        criterion,
        solver.closure,
        np.array([c.x for c in roots], dtype=float),
        np.array([c.direction for c in roots], dtype=int),
        tuple(c.mode for c in roots),
        np.array([c.x for c in jumps], dtype=float),
        reason,
        np.array([_error(c.x, grid, rate, noise) for c in roots], dtype=float),
    )


def check_question(problem: object, axis: Any, criterion: object, scan: object) -> None:
    """InvalidArgument naming ``problem``, ``axis``, ``criterion`` or ``scan``."""
    check_problem(problem)
    check_has(problem, axis, "axis")
    choice("criterion", criterion, (STABILITY, LINEAR))
    integer("scan", scan, ge=2, le=100_000)


def check_has(problem: Any, axis: Any, argument: str, allowed: Sequence[str] = CONTINUOUS) -> None:
    """InvalidArgument naming ``argument`` unless the axis is one of the ``allowed``, and of the problem's laws."""
    check_axis(axis, allowed, argument)
    try:
        value_of(problem, axis)
    except InvalidArgument as error:
        raise error.about(argument) from None


def check_between(axis: str, between: Any) -> tuple[float, float]:
    """Two values of the axis, rising; InvalidArgument otherwise."""
    allowed = "two finite numbers, low < high" + (", low > 0" if AXES[axis].ratios else "")
    try:
        low, high = (real("between", float(x)) for x in between)
    except (TypeError, ValueError):
        raise InvalidArgument("between", between, allowed) from None
    if not low < high or (AXES[axis].ratios and low <= 0):
        raise InvalidArgument("between", between, allowed)
    return low, high


def _rate(problem: Problem, axis: str, x: float, criterion: str, solver: Solver) -> Rate:
    """The largest rate with the axis at ``x``; NaN where the problem, or the state, does not exist."""
    try:
        moved = at(problem, **{axis: x})
        if criterion == LINEAR:
            k, value = peak(growth_rates(moved))
            return Rate(value, k)
        state = state_of(make_plan(moved, solver))
    except ValueError as error:
        return Rate(math.nan, why=str(error))
    return Rate(state.rate, state.mode, "" if math.isfinite(state.rate) else state.message)


def _rate_error(problem: Problem, axis: str, criterion: str, solver: Solver, x: float) -> float:
    """Standard error of the rate with the axis at ``x``, from the scrambles; 0 where there are none."""
    if solver.closure != FROZEN or criterion == LINEAR:
        return 0.0
    rates = rates_of_scrambles(at(problem, **{axis: x}), solver)
    return float(rates.std(ddof=1) / math.sqrt(rates.size))


def _error(x: float, grid: Sequence[float], rate: Callable[[float], Rate], noise: Callable[[float], float]) -> float:
    """Standard error of a critical value: of the rate there, over its slope."""
    own = noise(x)
    if own == 0.0:
        return 0.0
    right = min(max(int(np.searchsorted(grid, x)), 1), len(grid) - 1)
    step = SLOPE * (grid[right] - grid[right - 1])
    return own / abs(rate(x + step).value - rate(x - step).value) * 2 * step


class Crossing(NamedTuple):
    """A change of sign: ``kind`` "root" at ``x``, "jump" there, or "lost" where a rate in between is not known."""

    kind: str
    x: float
    direction: int
    mode: Wavenumber | None
    words: str


def _crossings(
    rate: Callable[[float], Rate],
    grid: Sequence[float],
    scanned: Sequence[Rate],
    noise: Callable[[float], float] | None = None,
) -> list[Crossing]:
    """All changes of sign between neighbours whose rates are known, followed to where they are.

    ``noise``: the rates' standard error, where they have one; then they are followed to within it only.
    """
    values = np.array([r.value for r in scanned])
    known = np.isfinite(values)
    signs = values > 0
    left = np.flatnonzero(known[:-1] & known[1:] & (signs[:-1] != signs[1:]))

    def rates(x: np.ndarray) -> np.ndarray:
        return np.array([rate(float(v)).value for v in x.ravel()]).reshape(x.shape)

    ends = np.take(grid, left), np.take(grid, left + 1)
    roots = elementwise.find_root(rates, ends, tolerances=None if noise is None else {"xrtol": COARSE})
    around = np.maximum(np.abs(values[left]), np.abs(values[left + 1]))
    crossings = []
    for n, i in enumerate(left.tolist()):
        direction, unstable = (1, scanned[i + 1]) if signs[i + 1] else (-1, scanned[i])
        allowed = ZERO * around[n]
        if noise is not None and math.isfinite(roots.f_x[n]):
            allowed = max(allowed, ERRORS * noise(float(roots.x[n])))
        kind, words = ("jump" if abs(roots.f_x[n]) > allowed else "root"), ""
        if not math.isfinite(roots.f_x[n]):
            why = next(filter(None, (rate(float(end[n])).why for end in roots.bracket)), "")
            kind, words = "lost", f"lost between {grid[i]:.4g} and {grid[i + 1]:.4g}: {why}"
        crossings.append(Crossing(kind, float(roots.x[n]), direction, unstable.mode, words))
    return crossings


def _reason(axis: str, grid: Sequence[float], scanned: Sequence[Rate], crossings: Sequence[Crossing]) -> str:
    """In words: why there is no critical value, what was passed over."""
    words = f"the selected state changes at {axis} = {{:.4g}}, where its rate jumps over zero"
    parts = [words.format(c.x) for c in crossings if c.kind == "jump"]
    parts += [c.words for c in crossings if c.kind == "lost"]
    missing = [(x, r.why) for x, r in zip(grid, scanned, strict=True) if not math.isfinite(r.value)]
    known = [r.value for r in scanned if math.isfinite(r.value)]
    if not crossings and known:
        word = "positive: unstable" if min(known) > 0 else "not positive: stable"
        parts.append(f"the largest rate is {word} at all values scanned ({min(known):.3g} to {max(known):.3g})")
    if missing:
        first, why = missing[0]
        parts.append(f"passed over {len(missing)} of {len(grid)} values, the first {first:.4g}: {why}")
    return "; ".join(parts)
