"""A derivation: chains of equalities, each with a reason, each checked by the machine twice.

Every step is checked symbolically (``simplify(lhs - rhs) == 0``, or by a stated rewriting) and at random points in
30-digit arithmetic. A step that only the second confirms is marked so; one that fails raises ``WrongStep`` with a
counterexample. Theorists write their own with the same class: ``examples/own_derivation.py``.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import mpmath
import sympy as sp

from .evaluation import AGREEMENT, Domain, random_point, value

_SMALLEST = mpmath.mpf("1e-6")
SYMBOLIC, NUMERIC = "symbolic", "numeric only"


class WrongStep(ValueError):
    """A step whose two sides differ: its label, the sides and a counterexample, also in the message.

    Attributes
    ----------
    label, reason : str
    lhs, rhs : expression
    sample : Sample
        The counterexample and the two values there.
    """

    def __init__(self, label: str, reason: str, lhs: sp.Expr, rhs: sp.Expr, sample: Sample) -> None:
        self.label, self.reason, self.lhs, self.rhs, self.sample = label, reason, lhs, rhs, sample
        super().__init__(
            f"step {label} ({reason}) is wrong: at {sample.where()} the left side is {mpmath.nstr(sample.left, 12)}, "
            f"the right side {mpmath.nstr(sample.right, 12)}; left: {lhs}; right: {rhs}"
        )


@dataclass(frozen=True)
class Sample:
    """The two sides of a step at one random point."""

    at: dict[sp.Symbol, Any]
    left: Any
    right: Any

    @property
    def error(self) -> Any:
        """Their distance relative to their size, or to 1e-6 where they are smaller: sums that cancel lose digits."""
        return abs(self.left - self.right) / max(_SMALLEST, abs(self.left), abs(self.right))

    @property
    def agrees(self) -> bool:
        """Whether the two sides are equal to ``AGREEMENT`` (a value that is not a number agrees with nothing)."""
        return bool(self.error < AGREEMENT)

    def where(self) -> str:
        """The point in words."""
        return ", ".join(f"{s} = {mpmath.nstr(mpmath.mpf(v), 6)}" for s, v in self.at.items()) or "no free symbols"


@dataclass(frozen=True)
class Step:
    """One equality ``lhs = rhs``, why it holds, and how that was confirmed.

    ``name`` is what docstrings cite the equation by; a step without one is intermediate. ``how`` says by which
    rewriting SymPy found the difference to be zero.
    """

    label: str
    lhs: sp.Expr
    rhs: sp.Expr
    reason: str
    status: str
    how: str
    samples: tuple[Sample, ...]
    name: str | None = None

    @property
    def worst(self) -> float:
        """Largest relative difference of the two sides at the random points."""
        return float(max(sample.error for sample in self.samples))


@dataclass(frozen=True)
class Scope:
    """What a derivation rests on and where it is used.

    Attributes
    ----------
    small, dropped, neglected : str
        The small parameter, what is left out, the first neglected order.
    used : tuple of str
        Dotted names of the modules or functions that use the result.
    """

    small: str
    dropped: str
    neglected: str
    used: tuple[str, ...]


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
        Where it goes.
    seed : int
        Of the random points at which steps are checked.
    scope : Scope, optional
        Small parameter, what is dropped, first neglected order, where the result is used.

    Examples
    --------
    >>> import sympy as sp
    >>> x = sp.Symbol("x", real=True)
    >>> d = Derivation("square", "A square")
    >>> d.chain("Expand.", None, (1 + x) ** 2).equals(1 + 2 * x + x**2, "binomial theorem")  # doctest: +ELLIPSIS
    <cumulode.theory.derivation.ChainWriter object at ...>
    >>> d.steps[0].status
    'symbolic'
    """

    def __init__(self, name: str, title: str, about: str = "", seed: int = 0, scope: Scope | None = None) -> None:
        self.name, self.title, self.about, self.scope = name, title, about, scope
        self.chains: list[Chain] = []
        self._random = random.Random(seed)

    @property
    def steps(self) -> list[Step]:
        """All steps in order."""
        return [step for chain in self.chains for step in chain.steps]

    def chain(self, text: str, quantity: Any, start: Any) -> ChainWriter:
        """Begin a chain with a paragraph, an optional name for the quantity (symbol or LaTeX), and its first form."""
        chain = Chain(text, quantity, sp.sympify(start))
        self.chains.append(chain)
        return ChainWriter(self, chain)

    def check(
        self,
        label: str,
        lhs: sp.Expr,
        rhs: sp.Expr,
        reason: str,
        *,
        rewrite: Callable[[sp.Expr], sp.Expr] | None = None,
        by: str = "a stated rewriting",
        domain: Domain | None = None,
        points: int = 3,
        symbolic: bool = True,
        name: str | None = None,
    ) -> Step:
        """Check one equality both ways.

        Parameters
        ----------
        rewrite, by : function of the difference that is to give 0, and what it does in words
            For a difference that expansion and ``simplify`` do not bring to zero, or not soon.
        domain : dict of symbol: (low, high)
            Where the random points lie; otherwise within (0.2, 1.8), or (-1.8, 1.8) for a symbol not known positive.
        points : int >= 1
        symbolic : bool
            False leaves the step to the random points, and it is marked so.
        name : str, optional
            What docstrings cite the equation by.

        Raises
        ------
        WrongStep
            If a random point refutes it.
        """
        samples = []
        for _ in range(points):
            at = random_point(lhs.free_symbols | rhs.free_symbols, domain or {}, self._random)
            samples.append(Sample(at, value(lhs, at), value(rhs, at)))
            if not samples[-1].agrees:
                raise WrongStep(label, reason, lhs, rhs, samples[-1])
        how = zero_by(lhs - rhs, rewrite, by) if symbolic else None
        return Step(label, lhs, rhs, reason, NUMERIC if how is None else SYMBOLIC, how or "", tuple(samples), name)

    def text(self) -> str:
        """Plain text."""
        from .render import text

        return text(self)

    def markdown(self) -> str:
        """Markdown with maths between dollar signs, as GitHub and Jupyter show it."""
        from .render import markdown

        return markdown(self)

    def latex(self) -> str:
        """A LaTeX document that compiles as it stands."""
        from .render import latex

        return latex(self)

    def html(self) -> str:
        """HTML with maths for MathJax, as Jupyter shows it."""
        from .render import html

        return html(self)

    def to_dict(self) -> dict[str, Any]:
        """Plain values: every step with both sides as strings, reason and status."""
        steps = [
            {
                "label": s.label,
                "name": s.name,
                "lhs": str(s.lhs),
                "rhs": str(s.rhs),
                "reason": s.reason,
                "status": s.status,
                "how": s.how,
                "worst_error": s.worst,
                "points": len(s.samples),
            }
            for s in self.steps
        ]
        scope = vars(self.scope) if self.scope else None
        return {"name": self.name, "title": self.title, "about": self.about, "scope": scope, "steps": steps}

    def _repr_html_(self) -> str:
        return self.html()

    def _repr_latex_(self) -> str:
        from .render import equations

        return equations(self)

    def _repr_markdown_(self) -> str:
        return self.markdown()

    def __str__(self) -> str:
        return self.text()


class ChainWriter:
    """Adds steps to one chain: ``derivation.chain(...).equals(...).equals(...)``."""

    def __init__(self, derivation: Derivation, chain: Chain) -> None:
        self._derivation, self._chain = derivation, chain

    def equals(self, rhs: Any, reason: str, **options: Any) -> ChainWriter:
        """The last form equals ``rhs``; options as of :meth:`Derivation.check`."""
        lhs = self._chain.steps[-1].rhs if self._chain.steps else self._chain.start
        label = f"{self._derivation.name}.{len(self._derivation.steps) + 1}"
        self._chain.steps.append(self._derivation.check(label, lhs, sp.sympify(rhs), reason, **options))
        return self


def zero_by(expr: sp.Expr, rewrite: Callable[[sp.Expr], sp.Expr] | None, by: str) -> str | None:
    """How SymPy reduces an expression to 0: by the given rewriting, or else by expansion or ``simplify``; or None."""
    if rewrite is not None:
        return by if rewrite(expr) == 0 else None
    tries: dict[str, Callable[[sp.Expr], sp.Expr]] = {
        "expansion": lambda e: sp.expand(e.doit(integrals=False)),
        "simplify": lambda e: sp.simplify(e.doit()),
        "simplify after expansion": lambda e: sp.simplify(sp.expand(e.doit(), func=True)),
    }
    return next((how for how, attempt in tries.items() if attempt(expr) == 0), None)
