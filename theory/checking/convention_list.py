"""The conventions of the field that ``check`` knows (theory.md sections 1 and 2, conventions.md).

A convention here is a choice of definition that authors make: of the loss, the labels, the activation's argument, the
units of weights, time or widths. What a symbol of ours means is not a choice: a formula with moments where cumulants
are meant, or without a term, is wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import sympy as sp

from cumulode.theory.checking.quantities.data import FRACTION, g
from cumulode.theory.checking.quantities.neuron import C_MINUS, C_PLUS, with_labels
from cumulode.theory.checking.quantities.neuron import prior as p
from cumulode.theory.checking.quantities.quantity import D, eta
from cumulode.theory.checking.quantities.shapes import s
from cumulode.theory.dynamics.drift import Cw, Kwww, k2, k4
from cumulode.theory.neuron.activations import y as label

from .conventions import Convention
from .quantities import Quantity, quantity

#: Symbols of quantities that other conventions rescale.
J, B = sp.Symbol("J", negative=True), sp.Symbol("B", positive=True)
a, t, u = sp.symbols("a t u", positive=True)
LENGTHS = sp.symbols("xi xiplus ximinus", positive=True)
_HALF, _ROOT = sp.Rational(1, 2), sp.sqrt(2)
_LN2 = sp.log(2)


def _is(*prefixes: str) -> Callable[[Quantity], bool]:
    return lambda q: q.name.startswith(prefixes)


def _rate(q: Quantity) -> bool:
    return q.rate


def _has_erf(q: Quantity) -> bool:
    return q.rate and q.activation is not None and q.activation.name == "erf"


def _of_weights(q: Quantity) -> bool:
    """Rates of the weights: not the derivatives of the force, which know no inputs."""
    return q.rate and q.name != "force"


def _with_cumulants(q: Quantity) -> bool:
    return _of_weights(q) and q.expr.has(k2, k4)


def _ipr(q: Quantity) -> bool:
    return q.name.startswith("ipr")


def _growth(q: Quantity) -> bool:
    return q.name in ("growth", "growth.committee")


def _small_gain(q: Quantity) -> sp.Expr:
    """What is small in the cubic form: q, or g^2."""
    return FRACTION if q.expr.has(1 + g**2) else g**2


def _activation(text: str) -> Callable[[Quantity], Quantity]:
    return lambda q: quantity(q.name, text, q.order)


def _labels(plus: sp.Expr, minus: sp.Expr) -> Callable[[Quantity], Quantity]:
    return lambda q: with_labels(q, (plus, minus))


def _times(factor: object) -> Callable[[Quantity], sp.Expr]:
    return lambda q: sp.sympify(factor)


def _scaled(*symbols: sp.Symbol, by: object) -> Callable[[Quantity], Mapping[sp.Symbol, sp.Expr]]:
    return lambda q: {symbol: sp.sympify(by) * symbol for symbol in symbols}


def _over_sqrt_size(q: Quantity) -> sp.Expr:
    """Factor of the drift of w with inputs x/sqrt D, where C w and K(w,w,w) stand in the symbols' place.

    The conditional closure's ``(C w)_i`` is the covariance of ``x_i`` and the preactivation, ``C w/sqrt D``, and the
    input times the force brings another ``1/sqrt D``.
    """
    if q.name.endswith(".B"):
        return D**-2
    return {"drift": sp.Integer(1), "conditional": 1 / sp.sqrt(D)}.get(q.name, 1 / D)


def _over_sqrt_size_symbols(q: Quantity) -> Mapping[sp.Symbol, sp.Expr]:
    if q.name == "drift":
        return {Cw: Cw / D, Kwww: Kwww / D**2}
    return {Cw: Cw / sp.sqrt(D)} if q.name == "conditional" else {}


def _own_cumulants(q: Quantity) -> Mapping[sp.Symbol, sp.Expr]:
    """The same, with k2 and k4 those of w.x and not of w.x/sqrt D."""
    return {**_over_sqrt_size_symbols(q), k2: k2 / D, k4: k4 / D**2}


def _norm(q: Quantity) -> sp.Expr:
    """``Z^2`` or ``Z^4``, to lowest order for the cubic form."""
    if q.name == "nlgp.cubic":
        return (2 * _small_gain(q) / sp.pi) ** 2
    variance: sp.Expr = quantity("nlgp.variance").expr
    return variance if q.name == "nlgp.second" else variance**2


def _norm_one(q: Quantity) -> Quantity:
    """The height that makes the sum of squares 1: ``a^2 sqrt(pi) s = 1``."""
    return q.with_expr(q.expr.xreplace({a: (sp.sqrt(sp.pi) * s) ** -_HALF}))


def _spins(q: Quantity) -> sp.Expr:
    return sp.Rational(1, 4 if q.name == "ising.second" else 16)


#: In the order in which they are tried, and in which models are built: activations before labels.
MODEL = (
    Convention("erf(x) for erf(x/sqrt 2)", "activation", _has_erf, model=_activation("erf(h)")),
    Convention(
        "erf(sqrt(pi) x/2), of slope 1, for erf(x/sqrt 2)",
        "activation",
        _has_erf,
        model=_activation("erf(sqrt(pi)*h/2)"),
    ),
    Convention("labels {0, 1} for {-1, 1}", "labels", _growth, model=_labels(1, 0)),
    Convention("labels {-1/2, 1/2} for {-1, 1}", "labels", _growth, model=_labels(_HALF, -_HALF)),
    Convention(
        "2y - 1 for y, with y in {0, 1}",
        "labels",
        lambda q: q.rate and q.expr.has(label),
        symbols=lambda q: {label: 2 * label - 1},
    ),
)
RATES = (
    Convention("the loss without its 1/2", "loss", _rate, factor=_times(2)),
    Convention("the loss without its 1/2", "loss", _is("sgd.variance"), symbols=lambda q: {J: 2 * J, B: 4 * B}),
    Convention("the gradient of the loss for the drift, which goes against it", "sign", _rate, factor=_times(-1)),
    Convention(
        "the curvature of the loss, -J > 0, for the rate J", "sign", _is("sgd.variance"), symbols=lambda q: {J: -J}
    ),
    Convention("the change in a step for that in a unit of time: times eta", "time", _rate, factor=_times(eta)),
    Convention("inputs over sqrt D", "inputs", _of_weights, factor=_over_sqrt_size, symbols=_over_sqrt_size_symbols),
    Convention(
        "inputs over sqrt D, with the cumulants of w.x",
        "inputs",
        _with_cumulants,
        factor=_over_sqrt_size,
        symbols=_own_cumulants,
    ),
    Convention(
        "inputs over sqrt D, and time in steps over D",
        "inputs",
        _of_weights,
        factor=lambda q: D * _over_sqrt_size(q),
        symbols=_over_sqrt_size_symbols,
        weight=2,
    ),
    Convention(
        "inputs over sqrt D, with the cumulants of w.x, and time in steps over D",
        "inputs",
        _with_cumulants,
        factor=lambda q: D * _over_sqrt_size(q),
        symbols=_own_cumulants,
        weight=2,
    ),
)
#: A prior 1/2 that is left out counts as a choice about the loss: the two cannot be told apart.
CLASSES = (
    Convention("equal priors, p = 1/2", "prior", lambda q: q.expr.has(p), symbols=lambda q: {p: _HALF}),
    Convention(
        "equal priors, p = 1/2, left out",
        "loss",
        lambda q: q.expr.has(p),
        factor=_times(2),
        symbols=lambda q: {p: _HALF},
        weight=2,
    ),
    Convention("the equal priors 1/2 left out", "loss", _is("growth.committee"), factor=_times(2)),
    Convention(
        "spectra over sqrt D (a unitary Fourier transform)",
        "spectra",
        lambda q: q.expr.has(C_PLUS),
        symbols=_scaled(C_PLUS, C_MINUS, by=sp.sqrt(D)),
    ),
    Convention("spectra over D", "spectra", lambda q: q.expr.has(C_PLUS), symbols=_scaled(C_PLUS, C_MINUS, by=D)),
)
DATA = (
    Convention(
        "g^2 for q = g^2/(1 + g^2), the same to first order",
        "small gain",
        _is("nlgp.cubic"),
        model=lambda q: q.with_expr(q.expr * (1 + g**2)),
    ),
    Convention("gain sqrt 2: erf(g z) for erf(g z/sqrt 2)", "gain", _is("nlgp."), symbols=_scaled(g, by=_ROOT)),
    Convention(
        "gain sqrt(pi/2): erf(sqrt(pi) g z/2), of slope g, for erf(g z/sqrt 2)",
        "gain",
        _is("nlgp."),
        symbols=_scaled(g, by=sp.sqrt(sp.pi / 2)),
    ),
    Convention("inputs not divided by Z", "norm", _is("nlgp.second", "nlgp.fourth", "nlgp.cubic"), factor=_norm),
    Convention("spins {0, 1} or +-1/2 for +-1", "spins", _is("ising."), factor=_spins),
    Convention(
        "the coupling of spins +-1/2, tanh(J/4) for tanh J",
        "coupling",
        _is("ising."),
        symbols=lambda q: {t: sp.tanh(sp.atanh(t) / 4)},
    ),
    Convention("the action u phi^4 for u phi^4/4!", "coupling", _is("phi4."), symbols=_scaled(u, by=24)),
    Convention("the action u phi^4/4 for u phi^4/4!", "coupling", _is("phi4."), symbols=_scaled(u, by=6)),
)
_bump = _is("ipr.gaussian", "bump.k")
_exponential = _is("ipr.exponential")
SHAPES = (
    Convention(
        "exp(-d^2/(2 xi^2)) for exp(-d^2/xi^2)",
        "covariance",
        _is("bump.k", "growth.wavenumber"),
        symbols=_scaled(*LENGTHS, by=_ROOT),
    ),
    Convention("a bump of norm 1", "height", _is("bump.k"), model=_norm_one),
    Convention("the width of w^2 for that of w", "width", _bump, symbols=_scaled(s, by=_ROOT)),
    Convention("exp(-x^2/s^2) for exp(-x^2/(2 s^2))", "width", _bump, symbols=_scaled(s, by=1 / _ROOT)),
    Convention("the full width at half height for s", "width", _bump, symbols=_scaled(s, by=1 / sp.sqrt(8 * _LN2))),
    Convention("the half width at half height for s", "width", _bump, symbols=_scaled(s, by=1 / sp.sqrt(2 * _LN2))),
    Convention(
        "the full width at half height of w^2 for s", "width", _bump, symbols=_scaled(s, by=1 / sp.sqrt(4 * _LN2))
    ),
    Convention("the decay length of w^2 for that of w", "width", _exponential, symbols=_scaled(s, by=2)),
    Convention("the standard deviation of w^2 for s", "width", _exponential, symbols=_scaled(s, by=_ROOT)),
    Convention("the full width at half height for s", "width", _exponential, symbols=_scaled(s, by=1 / (2 * _LN2))),
    Convention("the half width at half height for s", "width", _exponential, symbols=_scaled(s, by=1 / _LN2)),
    Convention("the inverse, 1/IPR (the number of sites)", "ratio", _ipr, inverse=True),
    Convention("D times the IPR", "ratio", _ipr, factor=_times(D)),
    Convention("1/(D IPR), the share of the sites", "ratio", _ipr, factor=_times(1 / D), inverse=True),
)
CONVENTIONS = (*MODEL, *RATES, *CLASSES, *DATA, *SHAPES)
