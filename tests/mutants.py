"""Wrong versions of an expression: every number and every term a thousandth larger, and with the other sign, one at a
time."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator
from types import ModuleType

import mpmath
import sympy as sp

from cumulode.theory.derivation.content import Chain, Sample
from cumulode.theory.derivation.evaluation import value

LARGER = sp.Rational(1001, 1000)


def mutants(expr: sp.Expr) -> Iterator[sp.Expr]:
    """Every expression that differs from ``expr`` in one number, one term's size or one sign."""
    if expr == 0:
        yield sp.Rational(1, 1000)
        return
    yield from (LARGER * expr, -expr)
    yield from _inside(expr)


def _inside(expr: sp.Basic) -> Iterator[sp.Basic]:
    for i, arg in enumerate(expr.args):
        if isinstance(arg, sp.Tuple):  # what is integrated or summed over, and how often something is derived
            continue
        changed = [LARGER * arg, -arg] if isinstance(arg, sp.Number) and arg != 0 else list(_inside(arg))
        if isinstance(expr, sp.Add) and not isinstance(arg, sp.Number):
            changed.append(LARGER * arg)
        if isinstance(expr, sp.Add) and not isinstance(arg, sp.Number):
            changed.append(-arg)
        for new in changed:
            yield expr.func(*expr.args[:i], new, *expr.args[i + 1 :])


def survivors(chain: Chain) -> list[tuple[str, sp.Expr]]:
    """The mutants of a chain's forms that its checks would not refuse: each form's neighbour knows its value."""
    forms = [(chain.steps[0].label, chain.start, [(s.at, s.right) for s in chain.steps[0].samples])]
    forms += [(step.label, step.rhs, [(s.at, s.left) for s in step.samples]) for step in chain.steps]
    return [
        (label, mutant)
        for label, form, known in forms
        for mutant in mutants(form)
        if not _refused(mutant, known) and not _same(mutant, form)
    ]


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
