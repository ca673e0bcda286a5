"""Drift, closure coefficients and growth rates of one neuron."""

from __future__ import annotations

import sympy as sp

from cumulode.theory.closures import averages, conditional
from cumulode.theory.closures.family import b, closure, taylor_coefficient
from cumulode.theory.closures.names import TWO_TERM
from cumulode.theory.derivation.evaluation import Domain
from cumulode.theory.dynamics import dispersion, fluctuations
from cumulode.theory.dynamics.drift import Cw, Kwww, expand_drift, force_symbol, k2, k4
from cumulode.theory.neuron.activations import Activation, h
from cumulode.theory.neuron.activations import y as label

from .quantity import Builder, Quantity, eta

prior = sp.Symbol("p", positive=True)
C_PLUS, C_MINUS = sp.symbols("Cplus Cminus", positive=True)  # spectra of the two classes at one wavenumber
_W = {k2: 2, k4: 4, Cw: 1, Kwww: 3}
_NEURON = {b: "bias", label: "label y of the class"}
_CUMULANTS = {k2: "second cumulant w.Cw of the preactivation", k4: "its fourth cumulant K(w,w,w,w)"}
_DIRECTIONS = {Cw: "(C w)_i", Kwww: "K(w,w,w)_i"}
_KAPPA = {sp.Symbol("kappa", real=True): k4 / k2**2}
_BOUNDED: Domain = {k2: (1.0, 2.0), k4: (-1.0, -0.2), b: (-1.5, 1.5), label: (-1.5, 1.5)}


def _drift(activation: Activation, order: int | None) -> Quantity:
    order = 3 if order is None else order
    forces = {force_symbol(n): taylor_coefficient(activation, n) for n in range(1, order + 1, 2)}
    expr = expand_drift(order).expr.xreplace(forces)
    symbols = {**_DIRECTIONS, **_CUMULANTS, **_NEURON}
    what = f"drift of one class to order {order} in w, E[x_i F_y(w.x)]"
    grades = {"w": _W}
    return Quantity("drift", what, expr, _BOUNDED, symbols, forces, grades, True, activation, order)


def _conditional(activation: Activation, order: int | None) -> Quantity:
    kappa4 = sp.Symbol("kappa4", real=True)
    forces = {force_symbol(n): taylor_coefficient(activation, n) for n in (1, 3)}
    expr = conditional.third_order(forces[force_symbol(1)], forces[force_symbol(3)], k2, Cw, kappa4)
    symbols = {Cw: "(C w)_i", k2: _CUMULANTS[k2], kappa4: "fourth cumulant of the marginal", **_NEURON}
    what = "drift of one class to third order with x_i and w.x jointly Gaussian given x_i (Lufkin, Saxe & Grant)"
    return Quantity("conditional", what, expr, _BOUNDED, symbols, forces, {"w": _W}, True, activation)


def _force(activation: Activation, order: int | None) -> Quantity:
    order = 1 if order is None else order
    what = f"F_y^({order})(0), derivative of the force (y - sigma(h)) sigma'(h) at h = b"
    expr = taylor_coefficient(activation, order)
    return Quantity("force", what, expr, _BOUNDED, _NEURON, {}, {"b": {b: 1}}, True, activation, order)


def _coefficient(name: str, letter: str) -> Builder:
    def build(activation: Activation, order: int | None) -> Quantity:
        full = name if order in (None, 3) or name != "taylor" else f"taylor-{order}"
        expr = averages.coefficients(closure(full).name, activation)["AB".index(letter)]
        what = f"coefficient {letter} of the closure {full}: {closure(full).title}"
        grades = {"w": _W, "k2": {k2: 1}}
        return Quantity(
            f"{name}.{letter}", what, expr, _BOUNDED, {**_CUMULANTS, **_NEURON}, _KAPPA, grades, True, activation, order
        )

    return build


_SPECTRA = {C_PLUS: "spectrum of the class plus at wavenumber k", C_MINUS: "of the class minus"}
_LABELS = (sp.Integer(1), sp.Integer(-1))


def _growth(activation: Activation, order: int | None) -> Quantity:
    return Quantity(
        "growth",
        "growth rate mu(k) = sum_y p_y F_y'(0) Chat^y(k) of a Fourier mode",
        _growth_rate(activation, _LABELS),
        {b: (-1.5, 1.5), prior: (0.1, 0.9)},
        {b: "bias", prior: "probability of the class plus", **_SPECTRA},
        grades={"b": {b: 1}},
        rate=True,
        activation=activation,
    )


def _growth_rate(activation: Activation, labels: tuple[sp.Expr, sp.Expr]) -> sp.Expr:
    force = taylor_coefficient(activation, 1)
    plus, minus = (force.subs(label, value) for value in labels)
    return dispersion.growth_rate((prior, 1 - prior), (plus, minus), (C_PLUS, C_MINUS))


def _committee(activation: Activation, order: int | None) -> Quantity:
    return Quantity(
        "growth.committee",
        "growth rate of modes with zero mean over a half (bias b) of a balanced committee, equal priors",
        _committee_rate(activation, _LABELS),
        {b: (-1.5, 1.5)},
        {b: "bias of that half", **_SPECTRA},
        grades={"b": {b: 1}},
        rate=True,
        activation=activation,
    )


def _committee_rate(activation: Activation, labels: tuple[sp.Expr, sp.Expr]) -> sp.Expr:
    sigma, curvature = (
        activation.join(tuple(sp.diff(piece, h, n) for piece in activation.pieces)).subs(h, b) for n in (0, 2)
    )
    mean = (sigma + sigma.subs(b, -b)) / 2  # of the committee's output, zero for an odd activation
    half = sp.Rational(1, 2)
    return dispersion.growth_rate((half, half), [curvature * (y - mean) for y in labels], (C_PLUS, C_MINUS))


def with_labels(quantity: Quantity, labels: tuple[sp.Expr, sp.Expr]) -> Quantity:
    """A growth rate with other labels of the two classes, for the activation that it has."""
    assert quantity.activation is not None
    rate = {"growth": _growth_rate, "growth.committee": _committee_rate}[quantity.name]
    return quantity.with_expr(rate(quantity.activation, labels))


def _wavenumber(activation: Activation, order: int | None) -> Quantity:
    a_plus, a_minus = sp.Symbol("aplus", positive=True), sp.Symbol("aminus", negative=True)
    xi_plus, xi_minus = sp.symbols("xiplus ximinus", positive=True)
    return Quantity(
        "growth.wavenumber",
        "k^2 of the fastest mode other than k = 0, small gain: spectra sqrt(pi) xi exp(-k^2 xi^2/4)",
        dispersion.stationary_wavenumber_squared(a_plus, a_minus, xi_plus, xi_minus, sp),
        {a_minus: (-1.5, -0.2), xi_plus: (0.3, 1.0), xi_minus: (1.5, 3.0)},
        {a_plus: "p F'(0) of the class plus, > 0", a_minus: "of the class minus, < 0", xi_plus: "xi+", xi_minus: "xi-"},
    )


def _variance(activation: Activation, order: int | None) -> Quantity:
    rate = sp.Symbol("J", negative=True)
    noise = sp.Symbol("B", positive=True)
    return Quantity(
        "sgd.variance",
        "variance of one mode at rest under SGD, exact for a linear drift",
        fluctuations.stationary_variance(rate, noise, eta),
        {rate: (-1.5, -0.2), eta: (0.05, 0.8)},
        {rate: "rate of the mode, < 0", noise: "variance of F x over one sample or batch", eta: "learning rate"},
        grades={"eta": {eta: 1}},
    )


BUILDERS: dict[str, Builder] = {
    "drift": _drift,
    "conditional": _conditional,
    "force": _force,
    **{
        f"{name}.{letter}": _coefficient(name, letter)
        for name in TWO_TERM
        for letter in "AB"
        if (name, letter) != ("gaussian", "B")
    },
    "growth": _growth,
    "growth.committee": _committee,
    "growth.wavenumber": _wavenumber,
    "sgd.variance": _variance,
}
