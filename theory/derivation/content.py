"""What a derivation holds: a title, its scope, and chains of steps that were confirmed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import mpmath
import sympy as sp

from .evaluation import AGREEMENT
from .pickling import Pickled

_SMALLEST = mpmath.mpf("1e-6")
SYMBOLIC, NUMERIC = "symbolic", "numeric only"


@dataclass(frozen=True)
class Sample(Pickled):
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
class Step(Pickled):
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

    @property
    def cited(self) -> str:
        """Label and name, as docstrings cite it."""
        return f"{self.label}, {self.name}" if self.name else self.label

    def to_dict(self) -> dict[str, Any]:
        """Plain values: both sides as strings, reason and status."""
        return {
            "label": self.label,
            "name": self.name,
            "lhs": str(self.lhs),
            "rhs": str(self.rhs),
            "reason": self.reason,
            "status": self.status,
            "how": self.how,
            "worst_error": self.worst,
            "points": len(self.samples),
        }


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
class Chain(Pickled):
    """A paragraph and the equalities ``e_0 = e_1 = e_2 ...`` that follow it."""

    text: str
    quantity: Any
    start: sp.Expr
    steps: list[Step] = field(default_factory=list)


@dataclass(eq=False, repr=False)
class Content(Pickled):
    """All that is written of a derivation.

    Attributes
    ----------
    name, title, about : str
        Labels of equations are ``name.1``, ``name.2`` ...
    scope : Scope or None
    chains : list of Chain
    """

    name: str
    title: str
    about: str
    scope: Scope | None
    chains: list[Chain]

    @property
    def steps(self) -> list[Step]:
        """All steps in order."""
        return [step for chain in self.chains for step in chain.steps]
