"""Check a formula of one's own against ours: equal, equal in another convention, or different and where.

>>> print(check("asin(q*c)/asin(q)", "nlgp.second").kind)
equal
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import escape
from itertools import combinations
from typing import Any

import mpmath
import sympy as sp

from cumulode.theory.checking.quantities.shapes import ipr_of, x
from cumulode.theory.derivation.content import Sample
from cumulode.theory.derivation.derivation import zero_by
from cumulode.theory.derivation.evaluation import AGREEMENT, DIGITS, random_point, value
from cumulode.theory.derivation.render import tex
from cumulode.theory.user_input.arguments import InvalidArgument

from .conventions import CONVENTIONS, Convention
from .quantities import Quantity, quantity
from .user_formula import read_ansatz, read_mine

EQUAL, CONVENTION, FACTOR, DIFFERENT = "equal", "equal in another convention", "equal up to a factor", "different"
POINTS = 4
#: Differences of formulas larger than this are left to the random points: simplify might take minutes.
_LARGEST_SIMPLIFIED = 60
#: A formula with decimal numbers such as 0.7979 is equal when it agrees to this, relative to its size.
_OF_DECIMALS = mpmath.mpf("1e-13")
#: Scales at which the order of a difference is measured; nearer to 0 the 40 digits carried run out.
_SCALES = ("1e-3", "1e-4")


@dataclass(frozen=True, repr=False)
class CheckResult:
    """What ``check`` found.

    Attributes
    ----------
    kind : str
        "equal", "equal in another convention", "equal up to a factor" or "different".
    understood : expression
        The formula as it was read, before shorthands were written out.
    against : Quantity
        What it was compared with.
    conventions : tuple of str
        Those that make the two equal.
    factor : expression
        mine = factor x ours, after the conventions.
    confirmed : str
        "symbolic" or "numeric only" (random points, 30 digits), where equal.
    counterexample : Sample or None
        Where different: a point, and the two values (left mine, right ours).
    parts : tuple of str
        Where different: the order at which the two part, for each small parameter.
    """

    kind: str
    understood: sp.Expr
    against: Quantity
    conventions: tuple[str, ...] = ()
    factor: sp.Expr = field(default_factory=lambda: sp.Integer(1))
    confirmed: str = ""
    counterexample: Sample | None = None
    parts: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        """Whether the formula is right, in our convention or in another that is named."""
        return self.kind in (EQUAL, CONVENTION)

    def __str__(self) -> str:
        return "\n".join(
            (f"{self.kind}: {self._why()}", f"understood: {self.understood}", f"against: {self._against()}")
        )

    def _against(self) -> str:
        of = f", activation {self.against.activation.name}" if self.against.activation and self.against.rate else ""
        return f"{self.against.name}, {self.against.what}{of}"

    def _why(self) -> str:
        if self.kind == EQUAL:
            return f"the two agree ({self.confirmed})"
        if self.kind == CONVENTION:
            return f"the two agree with {', and '.join(self.conventions)} ({self.confirmed})"
        if self.kind == FACTOR:
            also = f" with {', and '.join(self.conventions)}" if self.conventions else ""
            return (
                f"mine = {self.factor} x ours{also}: the same with time rescaled, if all rates of the flow carry this "
                f"factor, and wrong if only this one does ({self.confirmed})"
            )
        assert self.counterexample is not None
        sample = self.counterexample
        said = f"at {sample.where()} mine is {_shown(sample, sample.left)}, ours {_shown(sample, sample.right)}"
        return "; ".join((said, *self.parts))

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        sample = self.counterexample
        return {
            "kind": self.kind,
            "right": bool(self),
            "understood": str(self.understood),
            "against": self.against.name,
            "what": self.against.what,
            "conventions": list(self.conventions),
            "factor": str(self.factor),
            "confirmed": self.confirmed,
            "counterexample": None if sample is None else {str(k): float(v) for k, v in sample.at.items()},
            "mine_there": None if sample is None else mpmath.nstr(sample.left, 20),
            "ours_there": None if sample is None else mpmath.nstr(sample.right, 20),
            "parts": list(self.parts),
        }

    def __repr__(self) -> str:
        return f"CheckResult({self.against.name}: {self.kind})"

    def _repr_html_(self) -> str:
        rows = {self.kind: self._why(), "understood": f"${tex(self.understood)}$", "against": self._against()}
        cells = (f"<tr><th>{escape(name)}</th><td>{escape(words)}</td></tr>" for name, words in rows.items())
        return f"<table>{''.join(cells)}</table>"

    def _repr_markdown_(self) -> str:
        return f"**{self.kind}**: {self._why()}\n\n- understood: ${tex(self.understood)}$\n- against: {self._against()}"


def _shown(sample: Sample, number: Any) -> str:
    """Enough digits for the two sides to differ."""
    return mpmath.nstr(number, next((n for n in (12, 18, 24) if sample.error > mpmath.mpf(10) ** (1 - n)), 30))


def check(
    mine: str | sp.Expr,
    against: str | sp.Expr,
    *,
    activation: Any = "erf",
    order: int | None = None,
    ansatz: str | sp.Expr | None = None,
    seed: int = 0,
) -> CheckResult:
    """Compare a formula with one of ours (or with another formula).

    Parameters
    ----------
    mine : str or SymPy expression
        In Python's notation or LaTeX; the result says how it was understood. Symbols go by their names.
    against : str or SymPy expression
        One of ``cumulode.theory.checking.quantities.QUANTITIES``: "drift", "force", "taylor.A" ... "regression.B",
        "growth",
        "nlgp.second", "nlgp.fourth", "ising.fourth", "ipr.gaussian" ...; "ipr" with an ``ansatz``; or an expression.
    activation : str or SymPy expression
        Of rates; see ``Problem``.
    order : int, optional
        Of "drift", "force", "taylor.A", "taylor.B".
    ansatz : str or expression in x, optional
        For "ipr": a profile whose fourth power can be integrated over the real line.
    seed : int
        Of the random points.

    Returns
    -------
    CheckResult
        True in a condition where the formula is right, in our convention or one that is named.

    Raises
    ------
    ValueError
        Naming the argument: a formula that cannot be read or uses other symbols, an unknown quantity.

    Notes
    -----
    Two formulas count as equal when they agree to 22 digits at four random points of the range where ours holds (the
    closures pearson and regression: k4 < 0), a formula with decimal numbers when it agrees to 13; ``confirmed`` says
    whether SymPy also brought their difference to zero. Conventions are tried singly, then in pairs of different kind.
    """
    target = _target(against, activation, order, ansatz)
    understood = read_mine(mine, target)
    formula = sp.sympify(understood.xreplace(target.shorthands))
    source = random.Random(seed)
    points = [
        random_point(formula.free_symbols | target.expr.free_symbols, target.domain, source) for _ in range(POINTS)
    ]
    values = [_value_of("mine", formula, at) for at in points]
    for conventions, expr in _candidates(target):
        if _same(values, expr, points):
            kind = CONVENTION if conventions else EQUAL
            return CheckResult(kind, understood, target, conventions, confirmed=_confirmed(formula, expr))
    if formula.atoms(sp.Float):
        for conventions, expr in _candidates(target, pairs=False):
            if all(s_.error < _OF_DECIMALS for s_ in _samples(values, expr, points)):
                kind = CONVENTION if conventions else EQUAL
                return CheckResult(kind, understood, target, conventions, confirmed="to the digits of its decimals")
    if target.rate:
        for conventions, expr in _candidates(target, pairs=False):
            factor = _ratio(list(_samples(values, expr, points)))
            if factor is not None and factor > 0:
                confirmed = _confirmed(formula, factor * expr)
                return CheckResult(FACTOR, understood, target, conventions, factor, confirmed)
    return _different(understood, formula, target, points, values)


def _target(against: Any, activation: Any, order: int | None, ansatz: Any) -> Quantity:
    if ansatz is not None and against != "ipr":
        raise InvalidArgument("ansatz", ansatz, 'no ansatz: it goes with against="ipr" only')
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


def _candidates(target: Quantity, pairs: bool = True) -> Iterator[tuple[tuple[str, ...], sp.Expr]]:
    """Ours, ours in every other convention, and in every two of them."""
    yield (), target.expr
    two = [(a, b) for a, b in combinations(CONVENTIONS, 2) if a.about != b.about] if pairs else []
    for chosen in [*((c,) for c in CONVENTIONS), *two]:
        expr = _in(target, chosen)
        if expr is not None:
            yield tuple(c.words for c in chosen), expr


def _in(target: Quantity, conventions: tuple[Convention, ...]) -> sp.Expr | None:
    for convention in conventions:
        expr = convention.apply(target)
        if expr is None or expr == target.expr:
            return None
        target = target.with_expr(expr)
    return target.expr


def _samples(values: list[Any], expr: sp.Expr, points: list[dict[sp.Symbol, Any]]) -> Iterator[Sample]:
    missing = sorted(expr.free_symbols - set(points[0]), key=str)  # a convention that brings in D where mine has none
    for mine, at in zip(values, points, strict=True):
        yield Sample(at, mine, value(expr, at) if not missing else mpmath.nan)


def _same(values: list[Any], expr: sp.Expr, points: list[dict[sp.Symbol, Any]]) -> bool:
    return all(sample.agrees for sample in _samples(values, expr, points))


def _ratio(samples: list[Sample]) -> sp.Expr | None:
    """The constant that mine is times ours, or None."""
    with mpmath.workdps(DIGITS + 10):
        if not all(sample.left and sample.right for sample in samples):
            return None
        ratios = [sample.left / sample.right for sample in samples]
        first = ratios[0]
        if mpmath.im(first) != 0 or not all(abs(r - first) < AGREEMENT * abs(first) for r in ratios):
            return None
        found = sp.Float(first, 25)
    near = sp.nsimplify(found, [sp.sqrt(2), sp.pi], tolerance=sp.Float("1e-20"))
    simple = all(abs(n.p) < 10**6 and n.q < 10**6 for n in near.atoms(sp.Rational))
    return near if simple and sp.count_ops(near) < 8 else sp.Float(first, 15)


def _confirmed(mine: sp.Expr, ours: sp.Expr) -> str:
    """Whether SymPy brings the difference to zero as well."""
    difference = mine - ours
    if difference.has(sp.Integral):
        return "numeric only"
    if sp.expand(difference) == 0:
        return "symbolic"
    small = sp.count_ops(difference) <= _LARGEST_SIMPLIFIED
    return "symbolic" if small and zero_by(difference, None, "") else "numeric only"


def _different(
    understood: sp.Expr, formula: sp.Expr, target: Quantity, points: list[dict[sp.Symbol, Any]], values: list[Any]
) -> CheckResult:
    samples = list(_samples(values, target.expr, points))
    worst = max(samples, key=lambda sample: float(sample.error))
    found = [_parting(formula, target, letter, powers, worst.at) for letter, powers in target.grades.items()]
    constant = _ratio(samples)
    if constant is not None:
        found.insert(0, f"mine is {constant} times ours everywhere, and no convention known here explains it")
    parts = tuple(part for part in found if part)
    return CheckResult(DIFFERENT, understood, target, counterexample=worst, parts=parts)


def _parting(
    mine: sp.Expr, target: Quantity, letter: str, powers: dict[sp.Symbol, int], at: dict[sp.Symbol, Any]
) -> str | None:
    """The order at which the two part when the symbols of one grade are made small together."""
    if not any(s in powers for s in at):
        return None
    sizes = []
    for scale in _SCALES:
        near = {s: v * sp.Float(scale, 40) ** powers.get(s, 0) for s, v in at.items()}
        try:
            sizes.append((value(mine, near), value(target.expr, near)))
        except (ValueError, TypeError, ArithmeticError):
            return None
    gaps = [abs(m - o) for m, o in sizes]
    if not all(gaps) or any(gap < mpmath.mpf(10) ** -26 * abs(o) for gap, (_, o) in zip(gaps, sizes, strict=True)):
        return None
    slope = mpmath.log(gaps[0] / gaps[1]) / mpmath.log(mpmath.mpf(_SCALES[0]) / mpmath.mpf(_SCALES[1]))
    order = mpmath.nint(2 * slope) / 2
    if abs(slope - order) > 0.02:
        return None
    return f"they part at order {mpmath.nstr(order, 3, strip_zeros=True).removesuffix('.0')} in {letter}"
