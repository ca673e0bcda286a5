"""Where states lose stability: values of a parameter at which the largest rate is zero, by root finding.

``linear``: the largest growth rate about w = 0 (does anything grow?). ``stability``: the largest rate at the state on
which a flow rests before it localises (does it stay there?). Rates are scanned at a few values for changes of sign, and
each is followed to its root; nothing is read off a grid.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from scipy import optimize

from cumulode.numerics.check_input import check_problem, check_tolerance
from cumulode.numerics.contraction.names import AUTO
from cumulode.numerics.flow.plan import make_plan
from cumulode.numerics.flow.solver import EXACT, Solver
from cumulode.theory.closures.names import check_closure
from cumulode.theory.problem.axes import AXES, CONTINUOUS, at, check_axis
from cumulode.theory.problem.problem import Problem
from cumulode.theory.user_input.arguments import InvalidArgument, choice, integer, real

from .growth import Wavenumber, growth_rates, peak
from .stationary import state_of

STABILITY, LINEAR = "stability", "linear"
#: Axes that are numbers and may take any value between two.
#: A root at which the rate is larger than this share of those around it is a jump from one state to another.
ZERO = 1e-3


@dataclass(frozen=True)
class Rate:
    """The largest rate at one value of the axis; ``why`` it is NaN."""

    value: float
    k: Wavenumber | None = None
    mode: Wavenumber | None = None
    why: str = ""


@dataclass(frozen=True)
class CriticalValues:
    """What :func:`critical_value` found.

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
    """

    axis: str
    criterion: str
    closure: str
    values: np.ndarray
    directions: np.ndarray
    modes: tuple[Wavenumber | None, ...]
    jumps: np.ndarray
    reason: str

    @property
    def value(self) -> float:
        """The smallest critical value, NaN where there is none."""
        return float(self.values[0]) if self.values.size else math.nan


def critical_value(
    problem: Problem,
    axis: str,
    between: tuple[float, float],
    criterion: str = STABILITY,
    closure: str = "regression",
    *,
    points: int = 13,
    tolerance: float = 1e-4,
    contraction: str = AUTO,
) -> CriticalValues:
    """The values of a parameter at which a state loses or gains stability.

    **Assumptions.** Two crossings nearer than ``(high - low) / (points - 1)`` (for gains: of their logarithms) may be
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
    closure : str
        As for :func:`drift`; the criterion linear does not depend on it.
    points : int >= 2
        Values scanned.
    tolerance, contraction
        Of the fourth cumulant, as for :func:`solve`. The rates jump where its rank changes: critical gains move
        by 6e-5 relative at 1e-3, 1e-6 at 1e-6 (xi 1.5 .. 6, D = 100).

    Returns
    -------
    CriticalValues

    Raises
    ------
    ValueError
        Naming the argument, what came and what is allowed.
    """
    check_problem(problem)
    check_question(axis, criterion, points)
    check_tolerance(tolerance)
    closure = check_closure(closure, (EXACT,))
    low, high = _between(axis, between)
    log = AXES[axis].ratios

    def rate(x: float) -> Rate:
        return _rate(problem, axis, x, criterion, closure, tolerance, contraction)

    grid = [float(x) for x in (np.geomspace if log else np.linspace)(low, high, points)]
    scanned = [rate(x) for x in grid]
    roots, jumps, lost = _crossings(rate, grid, scanned, log)
    reason = _reason(axis, grid, scanned, bool(roots), jumps, lost)
    values, directions = (np.array([root[i] for root in roots], dtype=kind) for i, kind in ((0, float), (1, int)))
    modes = tuple(root[2] for root in roots)
    return CriticalValues(axis, criterion, closure, values, directions, modes, np.array(jumps, dtype=float), reason)


def _crossings(
    rate: Callable[[float], Rate], grid: Sequence[float], scanned: Sequence[Rate], log: bool
) -> tuple[list[tuple[float, int, Wavenumber | None]], list[float], list[str]]:
    """Roots with what grows on which side; jumps over zero; in words, brackets in which a rate is not known."""
    roots: list[tuple[float, int, Wavenumber | None]] = []
    jumps, lost = [], []
    for (a, b), (before, after) in zip(pairwise(grid), pairwise(scanned), strict=True):
        known = math.isfinite(before.value) and math.isfinite(after.value)
        if not known or (before.value > 0) == (after.value > 0):
            continue
        try:
            x = _root(rate, a, b, log)
        except ValueError as error:
            lost.append(f"lost between {a:.4g} and {b:.4g}: {error}")
            continue
        if abs(rate(x).value) > ZERO * max(abs(before.value), abs(after.value)):
            jumps.append(x)
        else:
            roots.append((x, 1 if after.value > 0 else -1, (after if after.value > 0 else before).mode))
    return roots, jumps, lost


def check_question(axis: object, criterion: object, points: object) -> None:
    """ValueError naming ``axes``, ``criterion`` or ``points``."""
    check_axis(axis, CONTINUOUS)
    choice("criterion", criterion, (STABILITY, LINEAR))
    integer("points", points, ge=2)


def _between(axis: str, between: Any) -> tuple[float, float]:
    allowed = "two finite numbers, low < high" + (", low > 0" if AXES[axis].ratios else "")
    try:
        low, high = (real("between", float(x)) for x in between)
    except (TypeError, ValueError):
        raise InvalidArgument("between", between, allowed) from None
    if not low < high or (AXES[axis].ratios and low <= 0):
        raise InvalidArgument("between", between, allowed)
    return low, high


def _rate(
    problem: Problem, axis: str, x: float, criterion: str, closure: str, tolerance: float, contraction: str
) -> Rate:
    """The largest rate with the axis at ``x``; NaN where the problem, or the state, does not exist."""
    try:
        moved = at(problem, **{axis: x})
        if criterion == LINEAR:
            k, value = peak(growth_rates(moved))
            return Rate(value, k, k)
        state = state_of(make_plan(moved, Solver(closure, tolerance=tolerance, contraction=contraction)))
    except ValueError as error:
        return Rate(math.nan, why=str(error))
    return Rate(state.rate, state.k, state.mode, "" if math.isfinite(state.rate) else state.message)


def _root(rate: Callable[[float], Rate], a: float, b: float, log: bool) -> float:
    """Between two values whose rates differ in sign; ValueError where a rate in between is not known."""

    def f(u: float) -> float:
        found = rate(math.exp(u) if log else u)
        if not math.isfinite(found.value):
            raise ValueError(found.why)
        return float(found.value)

    ends = (math.log(a), math.log(b)) if log else (a, b)
    u = optimize.brentq(f, *ends, xtol=1e-14 * max(1.0, abs(ends[1])), rtol=4 * np.finfo(float).eps)
    return math.exp(u) if log else float(u)


def _reason(
    axis: str, grid: Sequence[float], scanned: Sequence[Rate], found: bool, jumps: list[float], lost: list[str]
) -> str:
    """In words: why nothing was found, what was passed over."""
    parts = [f"the selected state changes at {axis} = {x:.4g}, where its rate jumps over zero" for x in jumps] + lost
    missing = [(x, r.why) for x, r in zip(grid, scanned, strict=True) if not math.isfinite(r.value)]
    known = [r.value for r in scanned if math.isfinite(r.value)]
    if not found and known and not parts:
        word = "positive: unstable" if min(known) > 0 else "not positive: stable"
        parts.append(f"the largest rate is {word} at all values scanned ({min(known):.3g} to {max(known):.3g})")
    if missing:
        parts.append(
            f"passed over {len(missing)} of {len(grid)} values, the first {missing[0][0]:.4g}: {missing[0][1]}"
        )
    return "; ".join(parts)
