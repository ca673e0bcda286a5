"""Two or three spins +-1 with the most general even law: a law that can be summed by hand, for checks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import combinations, product
from math import prod
from typing import Any

import sympy as sp

from cumulode.theory.cumulants.partitions import joint_cumulant

State = tuple[int, ...]


@dataclass(frozen=True)
class SpinLaw:
    """Weights ``w`` and the states up to their sign, each with ``len(states)`` times the probability of the pair."""

    w: tuple[sp.Symbol, ...]
    states: tuple[tuple[sp.Expr, State], ...]

    def mean(self, function: Callable[[State, sp.Expr], sp.Expr]) -> sp.Expr:
        """Average of an even function of the state and its field ``w.x``, one term a pair of states."""
        pairs = len(self.states)
        return sum((p * function(s, self.field(s)) / pairs for p, s in self.states), sp.Integer(0))

    def field(self, state: State) -> sp.Expr:
        """``w.x`` in a state."""
        return sum((a * x for a, x in zip(self.w, state, strict=True)), sp.Integer(0))

    def moment(self, sites: tuple[Any, ...]) -> sp.Expr:
        """``E[x_i x_j ...]``, summed over the states."""
        if len(sites) % 2:
            return sp.Integer(0)
        return sp.expand(self.mean(lambda s, field: sp.Integer(prod(s[i] for i in sites))))

    def cumulant(self, *sites: int) -> sp.Expr:
        """Joint cumulant of sites, from their moments."""
        return joint_cumulant(sites, self.moment)

    def contracted(self, order: int, first: int = 0) -> sp.Expr:
        """Joint cumulant of the site ``first`` and ``order - 1`` factors ``w.x``."""
        terms = product(range(len(self.w)), repeat=order - 1)
        return sp.expand(sum(self.cumulant(first, *sites) * prod(self.w[j] for j in sites) for sites in terms))

    def k2(self) -> sp.Expr:
        """Second cumulant of ``w.x``."""
        return sp.expand(sum(a * self.contracted(2, i) for i, a in enumerate(self.w)))

    def k4(self) -> sp.Expr:
        """Fourth cumulant of ``w.x``."""
        return sp.expand(sum(a * self.contracted(4, i) for i, a in enumerate(self.w)))


def spin_law(n: int) -> SpinLaw:
    """The law of n = 2 or 3 spins: ``(1 + sum c_ij x_i x_j) / 2^n``; every even law of them is of this form."""
    w = sp.symbols(f"w_1:{n + 1}", real=True)
    c = {p: sp.Symbol(f"c_{p[0] + 1}{p[1] + 1}" if n > 2 else "c", real=True) for p in combinations(range(n), 2)}
    states = [(1, *rest) for rest in product((1, -1), repeat=n - 1)]
    weighted = [(1 + sum((c[i, j] * s[i] * s[j] for i, j in c), sp.Integer(0)), s) for s in states]
    return SpinLaw(w, tuple(weighted))
