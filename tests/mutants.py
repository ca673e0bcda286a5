"""Wrong versions of an expression: every number and every term a thousandth larger, and with the other sign, one at a
time."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator
from types import ModuleType

import mpmath
import sympy as sp
from sympy.core.function import AppliedUndef

from cumulode.theory.derivation.content import Chain, Sample
from cumulode.theory.derivation.evaluation import value

LARGER = sp.Rational(1001, 1000)


#: Numbers and names a mutant is not made of: what is integrated or summed over, and how often something is derived.
_OPAQUE = (sp.Integral, sp.Sum, sp.Product, sp.Derivative, sp.Subs, sp.Piecewise, AppliedUndef)
#: A quick value this much off, relative to what is expected, is a mistake noticed; nearer ones are evaluated in full.
CLEARLY = mpmath.mpf("1e-6")

#: Where an expression is changed, as indices of arguments from the top, and how.
Change = tuple[tuple[int, ...], bool]


def mutants(expr: sp.Expr) -> Iterator[sp.Expr]:
    """Every expression that differs from ``expr`` in one number, one term's size or one sign."""
    if expr == 0:
        yield sp.Rational(1, 1000)
        return
    yield from (changed(expr, change) for change in changes(expr))


def changes(expr: sp.Basic) -> Iterator[Change]:
    """Where and how ``mutants`` change an expression that is not zero: a thousandth larger (True), or the other sign."""
    yield from (((), True), ((), False))
    yield from _inside(expr)


def _inside(expr: sp.Basic) -> Iterator[Change]:
    for i, arg in enumerate(expr.args):
        if isinstance(arg, sp.Tuple):  # what is integrated or summed over, and how often something is derived
            continue
        number = isinstance(arg, sp.Number) and arg != 0
        if not number:
            yield from (((i, *path), larger) for path, larger in _inside(arg))
        if number or (isinstance(expr, sp.Add) and not isinstance(arg, sp.Number)):
            yield from (((i,), True), ((i,), False))


def changed(expr: sp.Basic, change: Change) -> sp.Basic:
    """The expression with one change."""
    path, larger = change
    if not path:
        return LARGER * expr if larger else -expr
    i = path[0]
    return expr.func(*expr.args[:i], changed(expr.args[i], (path[1:], larger)), *expr.args[i + 1 :])


class Quick:
    """Values of all mutants of a form at a point: what a change does not touch is evaluated once."""

    def __init__(self, at: dict[sp.Symbol, sp.Float]) -> None:
        self._at = at
        self._known: dict[sp.Basic, sp.Basic] = {}

    def value(self, expr: sp.Basic) -> sp.Basic:
        """The number of an expression, its exact numbers as they are."""
        if isinstance(expr, sp.Number):
            return expr
        if expr not in self._known:
            plain = expr.args and not _is_opaque(expr)
            self._known[expr] = expr.func(*map(self.value, expr.args)) if plain else _full(expr, self._at)
        return self._known[expr]

    def changed(self, expr: sp.Basic, change: Change) -> sp.Basic:
        """The number of a mutant."""
        path, larger = change
        if not path:
            return LARGER * self.value(expr) if larger else -self.value(expr)
        if _is_opaque(expr):
            return _full(changed(expr, change), self._at)
        numbers = [self.value(arg) for arg in expr.args]
        numbers[path[0]] = self.changed(expr.args[path[0]], (path[1:], larger))
        return expr.func(*numbers)


def _is_opaque(expr: sp.Basic) -> bool:
    """Whether the numbers of an expression's arguments do not give its own, or not quickly."""
    return isinstance(expr, _OPAQUE) or not type(expr).__module__.startswith("sympy.")


def _full(expr: sp.Basic, at: dict[sp.Symbol, sp.Float]) -> sp.Basic:
    with mpmath.workdps(40):
        return sp.sympify(value(expr, at))


def survivors(chain: Chain) -> list[tuple[str, sp.Expr]]:
    """The mutants of a chain's forms that its checks would not refuse: each form's neighbour knows its value."""
    forms = [(chain.steps[0].label, chain.start, [(s.at, s.right) for s in chain.steps[0].samples])]
    forms += [(step.label, step.rhs, [(s.at, s.left) for s in step.samples]) for step in chain.steps]
    return [(label, mutant) for label, form, known in forms for mutant in _suspects(form, known)
            if not _refused(mutant, known) and not _same(mutant, form)]  # fmt: skip


def _suspects(form: sp.Expr, known: list[tuple[dict[sp.Symbol, sp.Float], mpmath.mpf]]) -> Iterator[sp.Expr]:
    """The mutants of a form whose quick values are not clearly other than what is known."""
    if form == 0:
        yield from mutants(form)
        return
    points = [(Quick(at), expected) for at, expected in known]
    for change in changes(form):
        if not any(_clearly_off(quick, form, change, expected) for quick, expected in points):
            yield changed(form, change)


def _clearly_off(quick: Quick, form: sp.Expr, change: Change, expected: mpmath.mpf) -> bool:
    try:
        with mpmath.workdps(40):
            number = mpmath.mpmathify(sp.N(quick.changed(form, change), 30))
        return bool(abs(number - expected) > CLEARLY * max(abs(expected), abs(number)))
    except (ValueError, TypeError, ArithmeticError, AttributeError):
        return False  # left to the full evaluation


def _same(mutant: sp.Expr, form: sp.Expr) -> bool:
    """Whether the change vanishes, as a constant does under a derivative."""
    return mutant == form or bool(form.has(sp.Derivative) and sp.expand(mutant.doit() - form.doit()) == 0)


def _refused(mutant: sp.Expr, known: list[tuple[dict[sp.Symbol, sp.Float], mpmath.mpf]]) -> bool:
    try:
        return any(not Sample(at, value(mutant, at), expected).agrees for at, expected in known)
    except (ValueError, TypeError, ArithmeticError):
        return True  # a mutant without a value is noticed


def mutant(module, old, new):
    """``module`` executed again from its source with the one snippet ``old`` replaced: a planted mistake."""
    source = inspect.getsource(module)
    assert source.count(old) == 1, f"{module.__name__} no longer holds the snippet {old!r} once: update the mutant"
    changed = ModuleType(module.__name__ + "_mutant")
    changed.__package__ = module.__package__
    sys.modules[changed.__name__] = changed
    exec(compile(source.replace(old, new), changed.__name__, "exec"), changed.__dict__)
    return changed
