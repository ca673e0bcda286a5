"""A derivation: chains of equalities, each with a reason, each checked by the machine twice.

Every step is checked symbolically (``simplify(lhs - rhs) == 0``, or by a stated rewriting) and at random points in
30-digit arithmetic. A step that only the second confirms is marked so; one that fails raises ``WrongStep`` with a
counterexample. Theorists write their own with the same class: ``examples/own_derivation.py``.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any, NamedTuple

import mpmath
import sympy as sp

from cumulode.theory.user_input.arguments import InvalidArgument, integer

from . import render
from .content import NUMERIC, SYMBOLIC, Chain, Content, Sample, Scope, Step
from .evaluation import Domain, random_point, value


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

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.label, self.reason, self.lhs, self.rhs, self.sample)


class Confirmation(NamedTuple):
    """How a step is to be confirmed.

    Attributes
    ----------
    rewrite, by : function of the difference that is to give 0, and what it does in words
        For a difference that expansion and ``simplify`` do not bring to zero, or not soon.
    domain : dict of symbol: (low, high)
        Where the random points lie; otherwise within (0.2, 1.8), or (-1.8, 1.8) for a symbol not known positive.
    points : int >= 1
    symbolic : bool
        False leaves the step to the random points, and it is marked so.
    """

    rewrite: Callable[[sp.Expr], sp.Expr] | None = None
    by: str = "a stated rewriting"
    domain: Domain | None = None
    points: int = 3
    symbolic: bool = True


_USUAL = Confirmation()


class Derivation(Content):
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
        super().__init__(name, title, about, scope, [])
        self._random = random.Random(integer("seed", seed, ge=0))

    def chain(self, text: str, quantity: Any, start: Any) -> ChainWriter:
        """Begin a chain with a paragraph, an optional name for the quantity (symbol or LaTeX), and its first form."""
        chain = Chain(text, quantity, sp.sympify(start))
        self.chains.append(chain)
        return ChainWriter(self, chain)

    def check(self, label: str, lhs: sp.Expr, rhs: sp.Expr, reason: str, test: Confirmation = _USUAL) -> Step:
        """Check one equality both ways.

        Raises
        ------
        WrongStep
            If a random point refutes it.
        InvalidArgument
            For no point at all.
        """
        samples = []
        for _ in range(integer("points", test.points, ge=1)):
            at = random_point(lhs.free_symbols | rhs.free_symbols, test.domain or {}, self._random)
            samples.append(Sample(at, value(lhs, at), value(rhs, at)))
            if not samples[-1].agrees:
                raise WrongStep(label, reason, lhs, rhs, samples[-1])
        how = zero_by(lhs - rhs, test.rewrite, test.by) if test.symbolic else None
        return Step(label, lhs, rhs, reason, NUMERIC if how is None else SYMBOLIC, how or "", tuple(samples))

    def equation(self, label: str) -> Derivation:
        """One equation with the scope, its paragraph, the forms of its chain before it, and which others it rests on.

        Raises
        ------
        InvalidArgument
            When no equation has this label ("name.number").
        """
        for chain in self.chains:
            labels = [step.label for step in chain.steps]
            if label in labels:
                short = Derivation(self.name, f"{self.title}: {label}", scope=self.scope)
                short.chains = [replace(chain, steps=chain.steps[: labels.index(label) + 1])]
                rests = self._cited_in(short.chains[0])
                short.about = f"Rests on {'; '.join(rests)}." if rests else ""
                return short
        raise InvalidArgument("name", label, f"{self.name} or {self.name}.1 to {self.name}.{len(self.steps)}")

    def _cited_in(self, chain: Chain) -> list[str]:
        """The equations that a chain's words name: in brackets, those of other documents with their number."""
        words = " ".join((chain.text, *(step.reason for step in chain.steps)))
        named = (step for step in self.steps if step.name and step not in chain.steps)
        ours = [step.cited for step in named if re.search(rf"\({re.escape(str(step.name))}\b", words)]
        return ours + re.findall(r"\(([a-z]+\.\d+, [^()]+)\)", words)

    def text(self) -> str:
        """Plain text."""
        return render.text(self)

    def markdown(self) -> str:
        """Markdown with maths between dollar signs, as GitHub and Jupyter show it."""
        return render.markdown(self)

    def latex(self) -> str:
        """A LaTeX document that compiles as it stands."""
        return render.latex(self)

    def html(self) -> str:
        """HTML with maths for MathJax, as Jupyter shows it."""
        return render.html(self)

    def to_dict(self) -> dict[str, Any]:
        """Plain values: every step with both sides as strings, reason and status."""
        scope = vars(self.scope) if self.scope else None
        steps = [step.to_dict() for step in self.steps]
        return {"name": self.name, "title": self.title, "about": self.about, "scope": scope, "steps": steps}

    def _repr_html_(self) -> str:
        return self.html()

    def _repr_latex_(self) -> str:
        return render.equations(self)

    def _repr_markdown_(self) -> str:
        return self.markdown()

    def __str__(self) -> str:
        return self.text()

    def __repr__(self) -> str:
        return f"<Derivation {self.name}: {len(self.steps)} equalities>"


class ChainWriter:
    """Adds steps to one chain: ``derivation.chain(...).equals(...).equals(...)``."""

    def __init__(self, derivation: Derivation, chain: Chain) -> None:
        self._derivation, self._chain = derivation, chain

    def equals(self, rhs: Any, reason: str, *, name: str | None = None, **test: Any) -> ChainWriter:
        """The last form equals ``rhs``.

        Parameters
        ----------
        rhs, reason : expression, str
        name : str, optional
            What docstrings cite the equation by.
        **test
            Fields of :class:`Confirmation`.

        Raises
        ------
        WrongStep
            If a random point refutes it.
        """
        lhs = self._chain.steps[-1].rhs if self._chain.steps else self._chain.start
        label = f"{self._derivation.name}.{len(self._derivation.steps) + 1}"
        step = self._derivation.check(label, lhs, sp.sympify(rhs), reason, Confirmation(**test))
        self._chain.steps.append(replace(step, name=name))
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
