"""Other conventions of the field, each as what it makes of one of our quantities.

The mappings follow theory.md sections 1 and 2: the loss without its 1/2, inputs over sqrt D, labels {0, 1}, erf(x)
for erf(x/sqrt 2), gains and widths that differ by a constant, inputs that are not normalised.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import sympy as sp

from cumulode.theory.checking.quantities.data import g
from cumulode.theory.checking.quantities.neuron import growth_rate
from cumulode.theory.checking.quantities.quantity import D
from cumulode.theory.checking.quantities.shapes import s
from cumulode.theory.dynamics.drift import Cw, Kwww, k2, k4
from cumulode.theory.neuron.activations import y as label

from .quantities import Quantity, quantity


@dataclass(frozen=True)
class Convention:
    """Words, what it is about, and our quantity as someone who uses it writes it (None where it changes nothing).

    Two conventions about the same thing exclude one another.
    """

    words: str
    about: str
    apply: Callable[[Quantity], sp.Expr | None]


def _where(
    condition: Callable[[Quantity], bool], change: Callable[[Quantity], sp.Expr]
) -> Callable[[Quantity], sp.Expr | None]:
    return lambda quantity_: change(quantity_) if condition(quantity_) else None


def _is(*prefixes: str) -> Callable[[Quantity], bool]:
    return lambda quantity_: quantity_.name.startswith(prefixes)


def _has_erf(q: Quantity) -> bool:
    return q.rate and q.activation is not None and q.activation.name == "erf"


def _of_weights(q: Quantity) -> bool:
    """Rates of the weights: not the derivatives of the force, which know no inputs."""
    return q.rate and q.name != "force"


def _over_sqrt_size(q: Quantity) -> sp.Expr:
    """Drift of w with inputs x/sqrt D, in the cumulants of that preactivation: C w/D and K(w,w,w)/D^2.

    The conditional closure's ``(C w)_i`` is the covariance of ``x_i`` and the preactivation, ``C w/sqrt D``, and the
    input times the force brings another ``1/sqrt D``.
    """
    if q.name.endswith(".B"):
        return q.expr / D**2
    if q.name == "drift":
        return q.expr.xreplace({Cw: Cw / D, Kwww: Kwww / D**2})
    if q.name == "conditional":
        return q.expr.xreplace({Cw: Cw / sp.sqrt(D)}) / sp.sqrt(D)
    return q.expr / D


def _over_sqrt_size_own(q: Quantity) -> sp.Expr:
    """The same, with k2 and k4 those of w.x and not of w.x/sqrt D."""
    return _over_sqrt_size(q).xreplace({k2: k2 / D, k4: k4 / D**2})


def _growth_labels(q: Quantity) -> sp.Expr:
    assert q.activation is not None
    return growth_rate(q.activation, (1, 0))


def _not_normalised(q: Quantity) -> sp.Expr:
    return q.expr * quantity("nlgp.variance").expr ** (1 if q.name == "nlgp.second" else 2)


#: Symbols of quantities that other conventions rescale.
J, B = sp.Symbol("J", negative=True), sp.Symbol("B", positive=True)
LENGTHS = sp.symbols("xi xiplus ximinus", positive=True)
_FWHM = 2 * sp.sqrt(2 * sp.log(2))


def _scaled(symbols: tuple[sp.Symbol, ...], factor: sp.Expr) -> Callable[[Quantity], sp.Expr]:
    return lambda q: q.expr.xreplace({symbol: factor * symbol for symbol in symbols})


_bump = _is("ipr.gaussian", "bump.k")
_ipr = _is("ipr")

#: In the order in which they are tried; one that rebuilds the quantity comes before those that change its symbols.
CONVENTIONS = (
    Convention(
        "erf(x) for erf(x/sqrt 2)", "activation", _where(_has_erf, lambda q: quantity(q.name, "erf(h)", q.order).expr)
    ),
    Convention("labels {0, 1} for {-1, 1}", "labels", _where(lambda q: q.name == "growth", _growth_labels)),
    Convention(
        "2y - 1 for y, with y in {0, 1}",
        "labels",
        _where(lambda q: q.rate and q.expr.has(label), lambda q: q.expr.xreplace({label: 2 * label - 1})),
    ),
    Convention("the loss without its 1/2", "loss", _where(lambda q: q.rate, lambda q: 2 * q.expr)),
    Convention(
        "the loss without its 1/2", "loss", _where(_is("sgd.variance"), lambda q: q.expr.xreplace({J: 2 * J, B: 4 * B}))
    ),
    Convention("inputs over sqrt D", "inputs", _where(_of_weights, _over_sqrt_size)),
    Convention(
        "inputs over sqrt D, with the cumulants of w.x",
        "inputs",
        _where(lambda q: _of_weights(q) and q.expr.has(k2, k4), _over_sqrt_size_own),
    ),
    Convention("gain sqrt 2: erf(g z) for erf(g z/sqrt 2)", "gain", _where(_is("nlgp."), _scaled((g,), sp.sqrt(2)))),
    Convention("inputs not divided by Z", "norm", _where(_is("nlgp.second", "nlgp.fourth"), _not_normalised)),
    Convention(
        "exp(-d^2/(2 xi^2)) for exp(-d^2/xi^2)",
        "covariance",
        _where(_is("bump.k", "growth.wavenumber"), _scaled(LENGTHS, sp.sqrt(2))),
    ),
    Convention("the width of w^2 for that of w", "width", _where(_bump, _scaled((s,), sp.sqrt(2)))),
    Convention("the full width at half height for s", "width", _where(_is("ipr.gaussian"), _scaled((s,), 1 / _FWHM))),
    Convention("exp(-x^2/s^2) for exp(-x^2/(2 s^2))", "width", _where(_bump, _scaled((s,), 1 / sp.sqrt(2)))),
    Convention("the inverse, 1/IPR (the number of sites)", "ratio", _where(_ipr, lambda q: 1 / q.expr)),
    Convention("D times the IPR", "ratio", _where(lambda q: _ipr(q) and q.expr.has(D), lambda q: D * q.expr)),
    Convention(
        "1/(D IPR), the share of the sites",
        "ratio",
        _where(lambda q: _ipr(q) and q.expr.has(D), lambda q: 1 / (D * q.expr)),
    ),
)
