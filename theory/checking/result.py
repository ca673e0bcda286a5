"""What ``check`` found, and how it shows itself."""

from __future__ import annotations

from dataclasses import dataclass, field
from html import escape
from typing import Any

import mpmath
import sympy as sp

from cumulode.theory.derivation.content import Sample
from cumulode.theory.derivation.pickling import Pickled
from cumulode.theory.derivation.render import tex

from .quantities import Quantity

EQUAL, CONVENTION, FACTOR, DIFFERENT = "equal", "equal in another convention", "equal up to a factor", "different"


@dataclass(frozen=True, repr=False)
class CheckResult(Pickled):
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
    alternatives : tuple of tuples of str
        Other sets of conventions that explain the formula as well: nothing in it says which of them is meant.
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
    alternatives: tuple[tuple[str, ...], ...] = ()

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
            ways = [", and ".join(ways) for ways in (self.conventions, *self.alternatives)]
            which = f"one of: {'; or '.join(ways)}" if self.alternatives else ways[0]
            return f"the two agree with {which} ({self.confirmed})"
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
            "alternatives": [list(ways) for ways in self.alternatives],
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
