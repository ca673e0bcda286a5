"""A quantity a formula can be checked against: its expression, its symbols, where it holds.

A quantity is a ``rate`` where it is a time derivative or a factor in one, so that another unit of time multiplies it
by a constant. ``grades`` say what order means: the power that each symbol counts for.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Union

import sympy as sp

from cumulode.theory.derivation.evaluation import Domain
from cumulode.theory.neuron.activations import Activation


@dataclass(frozen=True)
class Quantity:
    """A named quantity.

    Attributes
    ----------
    name, what : str
    expr : expression
    domain : dict of symbol: (low, high)
        Where it is sampled.
    symbols : dict of symbol: str
        What each symbol means.
    shorthands : dict of symbol: expression
        Other symbols a formula may use, and what they stand for.
    grades : dict of str: dict of symbol: int
        What "order in w" (k2, g ...) counts.
    rate : bool
    activation : Activation or None
    order : int or None
    """

    name: str
    what: str
    expr: sp.Expr
    domain: Domain
    symbols: dict[sp.Symbol, str]
    shorthands: dict[sp.Symbol, sp.Expr] = field(default_factory=dict)
    grades: dict[str, dict[sp.Symbol, int]] = field(default_factory=dict)
    rate: bool = False
    activation: Activation | None = None
    order: int | None = None

    def names(self) -> dict[str, str]:
        """The symbols a formula may use, and what they mean."""
        short = {str(symbol): f"= {expr}" for symbol, expr in self.shorthands.items()}
        return {**{str(symbol): what for symbol, what in self.symbols.items()}, **short}

    def with_expr(self, expr: sp.Expr) -> Quantity:
        """The same quantity in another convention."""
        return replace(self, expr=expr)


#: Builds a quantity for an activation and an order (None: its usual one); both are ignored where it has none.
Builder = Callable[[Activation, Union[int, None]], Quantity]

D = sp.Symbol("D", positive=True)  # sites of the ring
eta = sp.Symbol("eta", positive=True)  # learning rate
