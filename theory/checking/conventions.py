"""What another convention makes of a quantity, and several of them at once.

A convention changes up to three things, and any number of them compose in this order:

1. the *model*: another activation, other labels. The quantity is built anew;
2. the *value*: a factor, written in our symbols, or the inverse;
3. the *symbols*: what ours are in the other's, put into model and value alike.

So a factor such as Z(g)^2 is taken at our gain, whatever the other calls the gain; that is why the order matters.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from itertools import product
from typing import Any

import mpmath
import sympy as sp

from cumulode.theory.derivation.evaluation import DIGITS, value

from .quantities import Quantity

#: So many conventions may differ at once.
MOST = 4
_UNREAL = (ValueError, TypeError, ArithmeticError)


def _same(quantity: Quantity) -> Quantity:
    return quantity


def _one(quantity: Quantity) -> sp.Expr:
    return sp.Integer(1)


def _no_symbols(quantity: Quantity) -> Mapping[sp.Symbol, sp.Expr]:
    return {}


@dataclass(frozen=True)
class Convention:
    """One convention: its words, what it is about (two about the same thing exclude one another), and where it holds.

    ``weight`` counts how many choices it makes; of several explanations those of the least weight are reported.
    """

    words: str
    about: str
    holds: Callable[[Quantity], bool]
    model: Callable[[Quantity], Quantity] = _same
    factor: Callable[[Quantity], sp.Expr] = _one
    symbols: Callable[[Quantity], Mapping[sp.Symbol, sp.Expr]] = _no_symbols
    inverse: bool = False
    weight: int = 1


@dataclass(frozen=True)
class Reading:
    """A quantity as someone with other conventions writes it."""

    conventions: tuple[Convention, ...]
    model: Quantity
    factor: sp.Expr
    inverse: bool
    symbols: Mapping[sp.Symbol, sp.Expr]

    @property
    def words(self) -> tuple[str, ...]:
        """The conventions in words."""
        return tuple(c.words for c in self.conventions)

    @property
    def changes(self) -> int:
        """How many of the conventions change what symbols mean."""
        return sum(bool(c.symbols(self.model)) for c in self.conventions)

    @cached_property
    def expr(self) -> sp.Expr:
        """The quantity as one expression in the other's symbols."""
        ours = 1 / self.model.expr if self.inverse else self.model.expr
        return (self.factor * ours).xreplace(dict(self.symbols))

    @cached_property
    def free_symbols(self) -> set[sp.Basic]:
        """The symbols of ``expr``, without putting it together."""
        inside = self.factor.free_symbols | self.model.expr.free_symbols
        return set().union(*(self.symbols.get(s, s).free_symbols for s in inside))


def read_in(quantity: Quantity, conventions: tuple[Convention, ...]) -> Reading:
    """The quantity in all of ``conventions``; models are built in the order in which they stand."""
    model = quantity
    for convention in conventions:
        model = convention.model(model)
    factor = sp.Mul(*(convention.factor(model) for convention in conventions))
    symbols: dict[sp.Symbol, sp.Expr] = {}
    for convention in conventions:
        further = dict(convention.symbols(model))
        symbols = {**further, **{s: e.xreplace(further) for s, e in symbols.items()}}
    return Reading(conventions, model, factor, any(c.inverse for c in conventions), symbols)


def weight(conventions: tuple[Convention, ...]) -> int:
    """How many choices they make together."""
    return sum(convention.weight for convention in conventions)


def readings(quantity: Quantity, known: tuple[Convention, ...], symbols: set[Any]) -> Iterator[Reading]:
    """Ours, then ours in up to ``MOST`` of the conventions that bring in no other symbols, by weight."""
    yield read_in(quantity, ())
    held = [c for c in known if c.holds(quantity) and read_in(quantity, (c,)).free_symbols <= symbols]
    groups: dict[str, list[Convention | None]] = {}
    for convention in held:
        groups.setdefault(convention.about, [None]).append(convention)
    chosen = [tuple(c for c in choice if c) for choice in product(*groups.values())]
    for conventions in sorted(chosen, key=lambda choice: (weight(choice), [known.index(c) for c in choice])):
        if 0 < len(conventions) <= MOST:
            yield read_in(quantity, conventions)


@lru_cache(maxsize=64)
def _quick(expr: sp.Expr) -> tuple[list[Any], Callable[..., Any]]:
    symbols = sorted(expr.free_symbols, key=str)
    return symbols, sp.lambdify(symbols, expr, "mpmath", cse=True)


@dataclass
class Point:
    """A point in the other's symbols, and the values of readings there; each part is evaluated once."""

    at: dict[sp.Symbol, Any]
    _known: dict[Any, Any] = field(default_factory=dict)

    def value(self, reading: Reading) -> Any:
        """The reading's number, NaN where it has none."""
        ours = self._number(reading.model.expr, reading.symbols)
        factor = self._number(reading.factor, reading.symbols)
        with mpmath.workdps(DIGITS + 10):
            if reading.inverse:
                return factor / ours if ours else mpmath.nan
            return factor * ours

    def rough(self, reading: Reading) -> Any:
        """About the reading's number: integrals to 15 digits, which are quick. None where that fails."""
        if not reading.model.expr.has(sp.Integral):
            return self.value(reading)
        try:
            there = {**self.at, **{s: value(e, self.at) for s, e in reading.symbols.items()}}
            symbols, function = _quick(reading.model.expr)
            ours = function(*(mpmath.mpf(there[s]) for s in symbols))
        except (*_UNREAL, NameError):
            return None
        factor = self._number(reading.factor, reading.symbols)
        return factor / ours if reading.inverse else factor * ours

    def _number(self, expr: sp.Expr, symbols: Mapping[sp.Symbol, sp.Expr]) -> Any:
        inside = {s: symbols[s] for s in symbols if expr.has(s)}
        key = expr, tuple(inside.items())
        if key not in self._known:
            self._known[key] = self._evaluated(expr, inside)
        return self._known[key]

    def _evaluated(self, expr: sp.Expr, symbols: Mapping[sp.Symbol, sp.Expr]) -> Any:
        try:
            there = {**self.at, **{s: sp.Float(value(e, self.at), 40) for s, e in symbols.items()}}
            return value(expr, there)
        except _UNREAL:
            return mpmath.nan
