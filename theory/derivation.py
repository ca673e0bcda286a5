"""A derivation: chains of equalities, each with a reason, each checked by the machine twice.

Every step is checked symbolically (``simplify(lhs - rhs) == 0``, or after a stated rewriting) and at random points
in 30-digit arithmetic. A step that only the second confirms is marked so; one that fails raises ``WrongStep`` with a
counterexample. Theorists write their own with the same class.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import mpmath
import sympy as sp

SYMBOLIC, NUMERIC = "symbolic", "numeric only"
DIGITS = 30
#: Two sides agree at a point when they differ by less than this, relative to the larger of 1 and their size.
AGREEMENT = mpmath.mpf(10) ** -(DIGITS - 8)


class WrongStep(ValueError):
    """A step whose two sides differ; the message shows the step, the sides and a counterexample."""


@dataclass(frozen=True)
class Step:
    """One equality ``lhs = rhs``, why it holds, and how that was confirmed."""

    label: str
    lhs: sp.Expr
    rhs: sp.Expr
    reason: str
    status: str
    worst: float
    points: int


@dataclass
class Chain:
    """A paragraph and the equalities ``e_0 = e_1 = e_2 ...`` that follow it."""

    text: str
    quantity: Any
    start: sp.Expr
    steps: list[Step] = field(default_factory=list)


class Derivation:
    """Chains of machine-checked equalities under one title.

    Parameters
    ----------
    name : str
        Short name; labels of equations are ``name.1``, ``name.2`` ...
    title : str
    about : str
        Where it goes: small parameter, what is dropped, where the result is used.
    seed : int
        Of the random points at which steps are checked.

    Examples
    --------
    >>> import sympy as sp
    >>> x = sp.Symbol("x", real=True)
    >>> d = Derivation("square", "A square")
    >>> d.chain("Expand.", None, (1 + x) ** 2).equals(1 + 2 * x + x**2, "binomial theorem")  # doctest: +ELLIPSIS
    <cumulode.theory.derivation._Writer object at ...>
    >>> d.steps[0].status
    'symbolic'
    """

    def __init__(self, name: str, title: str, about: str = "", seed: int = 0) -> None:
        self.name, self.title, self.about = name, title, about
        self.chains: list[Chain] = []
        self._random = random.Random(seed)

    @property
    def steps(self) -> list[Step]:
        """All steps in order."""
        return [step for chain in self.chains for step in chain.steps]

    def chain(self, text: str, quantity: Any, start: Any) -> _Writer:
        """Begin a chain with a paragraph, an optional name for the quantity (symbol or string), and its first form."""
        chain = Chain(text, quantity, sp.sympify(start))
        self.chains.append(chain)
        return _Writer(self, chain)

    def check(
        self,
        label: str,
        lhs: sp.Expr,
        rhs: sp.Expr,
        reason: str,
        *,
        rewrite: Callable[[sp.Expr], sp.Expr] | None = None,
        domain: dict[sp.Symbol, tuple[float, float]] | None = None,
        points: int = 3,
        symbolic: bool = True,
    ) -> Step:
        """Check one equality both ways; WrongStep if a random point refutes it or nothing confirms it."""
        worst = mpmath.mpf(0)
        for _ in range(points):
            at = random_point(lhs.free_symbols | rhs.free_symbols, domain or {}, self._random)
            left, right = value(lhs, at), value(rhs, at)
            error = abs(left - right) / max(1, abs(left), abs(right))
            if not error < AGREEMENT:
                where = ", ".join(f"{s} = {mpmath.nstr(mpmath.mpf(v), 6)}" for s, v in at.items()) or "no free symbols"
                raise WrongStep(
                    f"step {label} ({reason}) is wrong: at {where} the left side is {mpmath.nstr(left, 12)}, the right "
                    f"side {mpmath.nstr(right, 12)}; left: {lhs}; right: {rhs}"
                )
            worst = max(worst, error)
        confirmed = symbolic and is_zero(lhs - rhs, rewrite)
        return Step(label, lhs, rhs, reason, SYMBOLIC if confirmed else NUMERIC, float(worst), points)

    def text(self) -> str:
        """Plain text."""
        from .render import text

        return text(self)

    def markdown(self) -> str:
        """Markdown with maths between dollar signs."""
        from .render import markdown

        return markdown(self)

    def latex(self) -> str:
        """A LaTeX document that compiles as it stands."""
        from .render import latex

        return latex(self)

    def to_dict(self) -> dict[str, Any]:
        """Plain values: every step with both sides as strings, reason and status."""
        steps = [
            {
                "label": s.label,
                "lhs": str(s.lhs),
                "rhs": str(s.rhs),
                "reason": s.reason,
                "status": s.status,
                "worst_error": s.worst,
                "points": s.points,
            }
            for s in self.steps
        ]
        return {"name": self.name, "title": self.title, "about": self.about, "steps": steps}

    def _repr_markdown_(self) -> str:
        return self.markdown()

    def __str__(self) -> str:
        return self.text()


class _Writer:
    """Adds steps to one chain: ``derivation.chain(...).equals(...).equals(...)``."""

    def __init__(self, derivation: Derivation, chain: Chain) -> None:
        self._derivation, self._chain = derivation, chain

    def equals(self, rhs: Any, reason: str, **options: Any) -> _Writer:
        """The last form equals ``rhs``; options as of :meth:`Derivation.check`."""
        lhs = self._chain.steps[-1].rhs if self._chain.steps else self._chain.start
        label = f"{self._derivation.name}.{len(self._derivation.steps) + 1}"
        self._chain.steps.append(self._derivation.check(label, lhs, sp.sympify(rhs), reason, **options))
        return self


def random_point(
    symbols: set[Any], domain: dict[sp.Symbol, tuple[float, float]], source: random.Random
) -> dict[sp.Symbol, Any]:
    """A random value for each symbol: in its domain, or within its assumptions."""
    at = {}
    for symbol in sorted(symbols, key=str):
        low, high = domain.get(symbol, (0.2, 1.8) if symbol.is_positive else (-1.8, 1.8))
        if symbol.is_integer:
            at[symbol] = sp.Integer(source.randint(int(max(low, 1)), int(max(high, 5))))
        else:
            at[symbol] = sp.Float(str(round(source.uniform(low, high), 6)), DIGITS + 10)
    return at


def value(expr: sp.Expr, at: dict[sp.Symbol, Any]) -> Any:
    """The number an expression stands for, to 30 digits; integrals and sums are evaluated numerically."""
    with mpmath.workdps(DIGITS + 10):
        number = sp.N(expr.doit(integrals=False, sums=False).subs(at), DIGITS)
        if not number.is_number or number.has(sp.Integral):
            raise ValueError(f"{expr} has no value at {at}")
        return mpmath.mpmathify(number)


def is_zero(expr: sp.Expr, rewrite: Callable[[sp.Expr], sp.Expr] | None = None) -> bool:
    """Whether SymPy reduces an expression to 0: by the given rewriting, or else by expansion or ``simplify``."""
    if rewrite is not None:
        return bool(rewrite(expr) == 0)
    tries: list[Callable[[sp.Expr], sp.Expr]] = [
        sp.expand,
        lambda e: sp.simplify(e.doit()),
        lambda e: sp.simplify(sp.expand(e.doit(), func=True)),
    ]
    return any(attempt(expr) == 0 for attempt in tries)
