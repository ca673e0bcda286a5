"""Other conventions of the field, each as what it makes of one of our quantities.

The mappings follow theory.md sections 1 and 2: the loss without its 1/2, inputs over sqrt D, labels {0, 1}, erf(x)
for erf(x/sqrt 2), gains and widths that differ by a constant, inputs that are not normalised.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import sympy as sp

from .activations import y as label
from .drift import Cw, Kwww, k2, k4
from .quantities import Quantity, quantity
from .quantities.data import g
from .quantities.neuron import growth_rate
from .quantities.quantity import D
from .quantities.shapes import s


@dataclass(frozen=True)
class Convention:
    """Words, and our quantity as someone who uses the convention writes it (None where it makes no difference)."""

    words: str
    apply: Callable[[Quantity], sp.Expr | None]


def _where(
    condition: Callable[[Quantity], bool], change: Callable[[Quantity], sp.Expr]
) -> Callable[[Quantity], sp.Expr | None]:
    return lambda quantity_: change(quantity_) if condition(quantity_) else None


def _is(*prefixes: str) -> Callable[[Quantity], bool]:
    return lambda quantity_: quantity_.name.startswith(prefixes)


def _has_erf(q: Quantity) -> bool:
    return q.rate and q.activation is not None and q.activation.name == "erf"


def _per_class(q: Quantity) -> bool:
    return q.rate and q.expr.has(label)


_WITH_CUMULANTS = (k2, k4)


def _over_sqrt_size(q: Quantity) -> sp.Expr:
    """Drift of w with inputs x/sqrt D, in the cumulants of that preactivation: C w/D and K(w,w,w)/D^2."""
    if q.name.endswith(".B"):
        return q.expr / D**2
    if q.name == "drift":
        return q.expr.subs({Cw: Cw / D, Kwww: Kwww / D**2}, simultaneous=True)
    return q.expr / D


def _over_sqrt_size_own(q: Quantity) -> sp.Expr:
    """The same, with k2 and k4 those of w.x and not of w.x/sqrt D."""
    return _over_sqrt_size(q).subs({k2: k2 / D, k4: k4 / D**2}, simultaneous=True)


def _growth_labels(q: Quantity) -> sp.Expr:
    assert q.activation is not None
    return growth_rate(q.activation, (1, 0))


#: Symbols of quantities that other conventions rescale.
J, B = sp.Symbol("J", negative=True), sp.Symbol("B", positive=True)
LENGTHS = sp.symbols("xi xiplus ximinus", positive=True)

_FWHM = 2 * sp.sqrt(2 * sp.log(2))

#: In the order in which they are tried; one that rebuilds the quantity comes before those that change its symbols.
CONVENTIONS = (
    Convention(
        "erf(x) for erf(x/sqrt 2)",
        _where(_has_erf, lambda q: quantity(q.name, "erf(h)", q.order).expr),
    ),
    Convention("labels {0, 1} for {-1, 1}", _where(lambda q: q.name == "growth", _growth_labels)),
    Convention(
        "labels {0, 1} for {-1, 1}",
        _where(_per_class, lambda q: q.expr.subs(label, 2 * label - 1)),
    ),
    Convention("the loss without its 1/2", _where(lambda q: q.rate, lambda q: 2 * q.expr)),
    Convention("inputs over sqrt D", _where(lambda q: q.rate, _over_sqrt_size)),
    Convention(
        "inputs over sqrt D, with the cumulants of w.x",
        _where(lambda q: q.rate and q.expr.has(*_WITH_CUMULANTS), _over_sqrt_size_own),
    ),
    Convention(
        "gain sqrt 2: erf(g z) for erf(g z/sqrt 2)",
        _where(_is("nlgp."), lambda q: q.expr.subs(g, sp.sqrt(2) * g)),
    ),
    Convention(
        "inputs not divided by Z",
        _where(
            _is("nlgp.second", "nlgp.fourth"),
            lambda q: q.expr * quantity("nlgp.variance").expr ** (1 if q.name == "nlgp.second" else 2),
        ),
    ),
    Convention(
        "the loss without its 1/2",
        _where(_is("sgd.variance"), lambda q: q.expr.subs({J: 2 * J, B: 4 * B}, simultaneous=True)),
    ),
    Convention(
        "exp(-d^2/(2 xi^2)) for exp(-d^2/xi^2)",
        _where(
            _is("bump.k", "growth.wavenumber"),
            lambda q: q.expr.subs({length: sp.sqrt(2) * length for length in LENGTHS}, simultaneous=True),
        ),
    ),
    Convention(
        "the width of w^2 for that of w",
        _where(_is("ipr.gaussian", "bump.k"), lambda q: q.expr.subs(s, sp.sqrt(2) * s)),
    ),
    Convention("the full width at half height for s", _where(_is("ipr.gaussian"), lambda q: q.expr.subs(s, s / _FWHM))),
    Convention(
        "exp(-x^2/s^2) for exp(-x^2/(2 s^2))",
        _where(_is("ipr.gaussian", "bump.k"), lambda q: q.expr.subs(s, s / sp.sqrt(2))),
    ),
    Convention("the inverse, 1/IPR (the number of sites)", _where(_is("ipr"), lambda q: 1 / q.expr)),
    Convention("D times the IPR", _where(lambda q: q.name.startswith("ipr") and q.expr.has(D), lambda q: D * q.expr)),
)
