"""Inverse participation ratios and other measures of a receptive field's shape."""

from __future__ import annotations

import sympy as sp

from cumulode.theory.derivation.evaluation import Domain
from cumulode.theory.dynamics import bump
from cumulode.theory.neuron.activations import Activation

from .quantity import Builder, D, Quantity

s = sp.Symbol("s", positive=True)  # width of a bump
x = sp.Symbol("x", real=True)  # position


def ipr_of(shape: sp.Expr) -> sp.Expr:
    """Inverse participation ratio of a profile in ``x`` on the infinite line, sums as integrals."""
    squares, fourths = (sp.Integral(shape**n, (x, -sp.oo, sp.oo)) for n in (2, 4))
    return fourths / squares**2


_SHAPES = {
    "ipr.gaussian": ("a bump exp(-x^2/(2 s^2)), width s >> 1", bump.ipr_gaussian(s, sp)),
    "ipr.exponential": ("a bump exp(-|x|/s), width s >> 1", 1 / (2 * s)),
    "ipr.uniform": ("the uniform state on D sites", 1 / D),
    "ipr.sinusoid": ("a sinusoid on D sites", bump.sinusoid_ipr(D)),
    "ipr.random": ("a random Gaussian vector, mean over draws", bump.random_ipr(D)),
}


def _shape(name: str) -> Builder:
    def build(activation: Activation, order: int | None) -> Quantity:
        what, expr = _SHAPES[name]
        of_width = expr.has(s)
        symbols = {s: "width, sites"} if of_width else {D: "sites of the ring"}
        grades = {"1/s": {s: -1}} if of_width else {"1/D": {D: -1}}
        domain: Domain = {s: (1.0, 9.0), D: (4.0, 60.0)}
        return Quantity(name, f"inverse participation ratio of {what}", expr, domain, symbols, {}, grades)

    return build


_a, _xi = sp.symbols("a xi", positive=True)
_kurtosis = sp.Symbol("kurtosis", negative=True)
_FIELD = "of the bump a exp(-x^2/(2 s^2)), covariance exp(-d^2/xi^2)"


def _cumulant(name: str, expr: sp.Expr, what: str) -> Builder:
    meaning = {_a: "height", s: "width", _xi: "correlation length", _kurtosis: "excess kurtosis of one site, -4 g^2"}
    symbols = {symbol: words for symbol, words in meaning.items() if expr.has(symbol)}
    grades = {"a": {_a: 1}, "s": {s: 1}}
    short = {sp.Symbol("g", positive=True): sp.sqrt(-_kurtosis) / 2} if expr.has(_kurtosis) else {}
    return lambda activation, order: Quantity(name, f"{what} {_FIELD}", expr, {}, symbols, short, grades)


_CUMULANTS = {
    "bump.k2": (bump.k2_gaussian(_a, s, _xi, sp), "second cumulant of the preactivation"),
    "bump.k4": (bump.k4_gaussian(_a, s, _xi, _kurtosis, sp), "fourth cumulant, small gain,"),
}

BUILDERS: dict[str, Builder] = {
    **{name: _shape(name) for name in _SHAPES},
    **{name: _cumulant(name, *parts) for name, parts in _CUMULANTS.items()},
}
