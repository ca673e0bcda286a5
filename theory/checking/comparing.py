"""The comparison behind ``check``: numbers at random points, in every convention, then what SymPy says of it."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cached_property
from typing import Any

import mpmath
import sympy as sp

from cumulode.theory.checking.quantities.shapes import ipr_of, x
from cumulode.theory.derivation.content import Sample
from cumulode.theory.derivation.derivation import zero_by
from cumulode.theory.derivation.evaluation import AGREEMENT, DIGITS, random_point, value
from cumulode.theory.user_input.arguments import InvalidArgument, choice

from .convention_list import CONVENTIONS
from .conventions import Point, Reading, readings, weight
from .parting import parting
from .quantities import QUANTITIES, Quantity, quantity
from .result import CONVENTION, DIFFERENT, EQUAL, FACTOR, CheckResult
from .user_formula import read_ansatz, read_mine

POINTS = 4
#: Differences of formulas larger than this are left to the random points: simplify might take minutes.
_LARGEST_SIMPLIFIED = 60
#: A formula with decimal numbers such as 0.7979 is equal when it agrees to this, relative to its size.
_OF_DECIMALS = mpmath.mpf("1e-13")
#: Numbers that differ by less than this, one of them rough, are evaluated in full.
_ROUGHLY = mpmath.mpf("1e-6")
#: What is reported before each part of the work; ``check`` names the argument by it.
READING = {"activation": "reading the activation", "ansatz": "reading the ansatz", "mine": "reading it"}

Report = Callable[..., None]


def compare(
    report: Report, mine: Any, against: Any, activation: Any, order: int | None, ansatz: Any, seed: int
) -> CheckResult:
    """What ``check`` returns; ``report`` as in ``within_budget``."""
    if not isinstance(against, sp.Expr):
        choice("against", against, (*QUANTITIES, "ipr"))
    report(READING["ansatz" if against == "ipr" else "activation"])
    target = _target(against, activation, order, ansatz)
    report(READING["mine"])
    understood = read_mine(mine, target)
    formula = sp.sympify(understood.xreplace(target.shorthands))
    report("evaluating it at random points")
    pair = _Compared(understood, formula, target, seed)
    report("trying conventions")
    verdict = pair.equal(AGREEMENT)
    if verdict is None and formula.atoms(sp.Float):
        verdict = pair.equal(_OF_DECIMALS)
    if verdict is None and target.rate:
        verdict = pair.multiple()
    result, ours = verdict or (pair.different(), target.expr)
    report("saying more of it", result)
    if result.kind == DIFFERENT:
        return replace(result, parts=pair.parts(result.counterexample))
    if result.confirmed == _BY_NUMBERS:
        return replace(result, confirmed=_confirmed(formula, ours))
    return result


_BY_NUMBERS = "numeric only"


class _Compared:
    """A formula and a quantity, and their numbers at the random points."""

    def __init__(self, understood: sp.Expr, formula: sp.Expr, target: Quantity, seed: int) -> None:
        self.understood, self.formula, self.target = understood, formula, target
        source = random.Random(seed)
        symbols = formula.free_symbols | target.expr.free_symbols
        self.points = [Point(random_point(symbols, target.domain, source)) for _ in range(POINTS)]
        self.values = [_value_of("mine", formula, point.at) for point in self.points]
        self._others = readings(target, CONVENTIONS, symbols)
        self._readings: list[Reading] = []

    def equal(self, tolerance: Any) -> tuple[CheckResult, sp.Expr] | None:
        """Equal, with the fewest conventions with which it is; others that are as few are its alternatives."""
        same: list[Reading] = []
        for reading in self.readings():
            if same and weight(reading.conventions) > weight(same[0].conventions):
                break
            if reading.changes > 1 and self.multiple_of_ours:
                continue  # all lengths scaled alike, say: a wrong constant is the better explanation
            if self._clearly_not(reading):
                continue
            if all(sample.error < tolerance for sample in self._samples(reading)):
                same.append(reading)
        if not same:
            return None
        first, *others = same
        kind = CONVENTION if first.words else EQUAL
        alternatives = tuple(dict.fromkeys(r.words for r in others if r.words))
        confirmed = _BY_NUMBERS if tolerance is AGREEMENT else "to the digits of its decimals"
        result = self._result(kind, conventions=first.words, confirmed=confirmed, alternatives=alternatives)
        return result, first.expr

    @cached_property
    def multiple_of_ours(self) -> bool:
        """Whether mine is a constant times ours, in our convention."""
        return ratio(self._samples(self._readings[0])) is not None

    def multiple(self) -> tuple[CheckResult, sp.Expr] | None:
        """Equal up to a positive factor, with at most one convention."""
        for reading in self.readings():
            if weight(reading.conventions) > 1:
                return None
            rough = [Sample(p.at, m, p.rough(reading)) for p, m in zip(self.points[:2], self.values, strict=False)]
            if all(sample.right for sample in rough) and _far(*(sample.left / sample.right for sample in rough)):
                continue
            factor = ratio(self._samples(reading))
            if factor is not None and factor > 0:
                found = self._result(FACTOR, conventions=reading.words, factor=factor, confirmed=_BY_NUMBERS)
                return found, factor * reading.expr
        return None

    def different(self) -> CheckResult:
        """Different, with the point where the two differ most."""
        worst = max(self._samples(self._readings[0]), key=lambda sample: float(sample.error))
        return self._result(DIFFERENT, counterexample=worst)

    def parts(self, sample: Sample | None) -> tuple[str, ...]:
        """What more can be said of a difference."""
        assert sample is not None
        orders = (
            parting(self.formula, self.target.expr, letter, powers, sample.at)
            for letter, powers in self.target.grades.items()
        )
        constant = ratio(self._samples(self._readings[0]))
        said = f"mine is {constant} times ours everywhere, and no convention known here explains it"
        return tuple(part for part in (said if constant is not None else None, *orders) if part)

    def readings(self) -> Iterator[Reading]:
        """Ours, then ours in other conventions, each put together when it is first tried."""
        yield from self._readings
        for reading in self._others:
            self._readings.append(reading)
            yield reading

    def _clearly_not(self, reading: Reading) -> bool:
        rough = self.points[0].rough(reading)
        return rough is not None and _far(self.values[0], rough)

    def _samples(self, reading: Reading) -> Any:
        for point, mine in zip(self.points, self.values, strict=True):
            yield Sample(point.at, mine, point.value(reading))

    def _result(self, kind: str, **more: Any) -> CheckResult:
        return CheckResult(kind, self.understood, self.target, **more)


def _far(one: Any, other: Any) -> bool:
    """Whether two numbers of which one is rough differ for certain; NaN differs from everything."""
    return not abs(one - other) <= _ROUGHLY * max(1, abs(one), abs(other))


def _target(against: Any, activation: Any, order: int | None, ansatz: Any) -> Quantity:
    if isinstance(against, sp.Expr):
        return Quantity("expression", str(against), against, {}, dict.fromkeys(against.free_symbols, ""))
    if against != "ipr":
        return quantity(against, activation, order)
    shape = read_ansatz(ansatz)
    symbols = dict.fromkeys(shape.free_symbols - {x}, "parameter of the ansatz")
    return Quantity("ipr", f"inverse participation ratio of {shape}", ipr_of(shape), {}, symbols)


def _value_of(name: str, expr: sp.Expr, at: dict[sp.Symbol, Any]) -> Any:
    try:
        number = value(expr, at)
        if mpmath.im(number) == 0:
            return number
        raise ValueError("not real")
    except (ValueError, TypeError, ArithmeticError):
        where = ", ".join(f"{s} = {mpmath.nstr(mpmath.mpf(v), 4)}" for s, v in at.items())
        raise InvalidArgument(name, expr, f"a formula that is a real number at {where}") from None


def ratio(samples: Any) -> sp.Expr | None:
    """The constant that mine is times ours, or None."""
    first = None
    with mpmath.workdps(DIGITS + 10):
        for sample in samples:
            if not sample.left or not sample.right or mpmath.isnan(sample.right):
                return None
            quotient = sample.left / sample.right
            first = quotient if first is None else first
            if mpmath.im(first) != 0 or not abs(quotient - first) < AGREEMENT * abs(first):
                return None
        constant = sp.Float(first, 25)
    near = sp.nsimplify(constant, [sp.sqrt(2), sp.pi], tolerance=sp.Float("1e-20"))
    simple = all(abs(n.p) < 10**6 and n.q < 10**6 for n in near.atoms(sp.Rational))
    return near if simple and sp.count_ops(near) < 8 else sp.Float(constant, 15)


def _confirmed(mine: sp.Expr, ours: sp.Expr) -> str:
    """Whether SymPy brings the difference to zero as well."""
    difference = mine - ours
    if difference.has(sp.Integral):
        return _BY_NUMBERS
    if sp.expand(difference) == 0:
        return "symbolic"
    small = sp.count_ops(difference) <= _LARGEST_SIMPLIFIED
    return "symbolic" if small and zero_by(difference, None, "") else _BY_NUMBERS
