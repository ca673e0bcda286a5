"""The quantities a formula can be checked against, by name: the expression, its symbols, where it holds.

A quantity is ``rate`` where it is a time derivative or a factor in one, so that another unit of time multiplies it by
a constant. ``grades`` say what order means: the power that each symbol counts for.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from itertools import combinations

import sympy as sp

from . import averages, ising, nlgp
from .activations import Activation, parse
from .activations import y as label
from .closures import b, closure, taylor_coefficient
from .drift import Cw, Kwww, expand_drift, force_symbol, k2, k4
from .evaluation import Domain
from .names import CLOSURES
from .validate import choice, complain

D = sp.Symbol("D", positive=True)  # size of the ring
g, q = sp.symbols("g q", positive=True)  # gain; g^2 / (1 + g^2)
s = sp.Symbol("s", positive=True)  # width of a bump
x = sp.Symbol("x", real=True)  # position
prior = sp.Symbol("p", positive=True)
C_PLUS, C_MINUS = sp.symbols("Cplus Cminus", positive=True)  # spectra of the two classes at one wavenumber

_W = {k2: 2, k4: 4, Cw: 1, Kwww: 3}


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


def _force(activation: Activation, order: int | None) -> Quantity:
    order = 1 if order is None else order
    what = f"F_y^({order})(0), derivative of the force (y - sigma(h)) sigma'(h) at h = b"
    expr = taylor_coefficient(activation, order)
    return Quantity("force", what, expr, _BOUNDED, _NEURON, {}, {"b": {b: 1}}, True, activation, order)


def _coefficient(name: str, letter: str) -> Callable[[Activation, int | None], Quantity]:
    def build(activation: Activation, order: int | None) -> Quantity:
        full = name if order in (None, 3) or name != "taylor" else f"taylor-{order}"
        expr = averages.coefficients(closure(full).name, activation)["AB".index(letter)]
        what = f"coefficient {letter} of the closure {full}: {closure(full).title}"
        grades = {"w": _W, "k2": {k2: 1}}
        return Quantity(
            f"{name}.{letter}", what, expr, _BOUNDED, {**_CUMULANTS, **_NEURON}, _KAPPA, grades, True, activation, order
        )

    return build


def _growth(activation: Activation, order: int | None) -> Quantity:
    return Quantity(
        "growth",
        "growth rate mu(k) = sum_y p_y F_y'(0) Chat^y(k) of a Fourier mode",
        growth_rate(activation, (1, -1)),
        {b: (-1.5, 1.5), prior: (0.1, 0.9)},
        {b: "bias", prior: "probability of the class plus", **_SPECTRA},
        grades={"b": {b: 1}},
        rate=True,
        activation=activation,
    )


_SPECTRA = {C_PLUS: "spectrum of the class plus at wavenumber k", C_MINUS: "of the class minus"}


def growth_rate(activation: Activation, labels: tuple[int, int]) -> sp.Expr:
    """``mu(k)`` for given labels of the two classes."""
    force = taylor_coefficient(activation, 1)
    plus, minus = (force.subs(label, value) for value in labels)
    return prior * plus * C_PLUS + (1 - prior) * minus * C_MINUS


def _nlgp_second(activation: Activation, order: int | None) -> Quantity:
    c = sp.Symbol("c", real=True)
    return Quantity(
        "nlgp.second",
        "second cumulant of the NLGP at Gaussian covariance c",
        nlgp.second(g**2 / (1 + g**2), c, sp),
        {g: (0.3, 3.0), c: (0.05, 0.9)},
        {g: "gain", c: "covariance of the Gaussian field"},
        {q: g**2 / (1 + g**2)},
        {"g": {g: 1}},
    )


def _nlgp_variance(activation: Activation, order: int | None) -> Quantity:
    expr = nlgp.normalisation(g**2 / (1 + g**2), sp)
    what = "Z(g)^2, variance of erf(g z/sqrt 2)"
    return Quantity(
        "nlgp.variance",
        what,
        expr,
        {g: (0.3, 3.0)},
        {g: "gain"},
        {q: g**2 / (1 + g**2)},
        {"g": {g: 1}},
    )


_PAIRS = tuple("".join(pair) for pair in combinations("ijkl", 2))
CORRELATIONS = {pair: sp.Symbol(f"c_{pair}", real=True) for pair in _PAIRS}


def plackett_integral(r: dict[str, sp.Expr], of_signs: sp.Expr) -> sp.Expr:
    """Fourth cumulant of four signs with correlations r over ``of_signs = Z^4``, as the plain difference of arcsines.

    Eq. in derivations/nlgp.md; the kernels evaluate it in a form without cancellation (``nlgp.plackett_pair``).
    """
    t = sp.Symbol("tau", real=True)

    def at(i: str, j: str) -> sp.Expr:
        return t * r[min(i, j) + max(i, j)]

    total = sp.Integer(0)
    for i, j in combinations("ijkl", 2):
        k, l = (site for site in "ijkl" if site not in (i, j))
        a = at(i, j)
        shared = (at(i, k) * at(i, l) + at(j, k) * at(j, l) - a * (at(i, k) * at(j, l) + at(j, k) * at(i, l))) / (
            1 - a**2
        )
        left = [1 - (at(i, m) ** 2 + at(j, m) ** 2 - 2 * a * at(i, m) * at(j, m)) / (1 - a**2) for m in (k, l)]
        partial = (at(k, l) - shared) / sp.sqrt(left[0] * left[1])
        total += r[i + j] / sp.sqrt(1 - a**2) * (sp.asin(partial) - sp.asin(at(k, l)))
    return 4 / (sp.pi**2 * of_signs) * sp.Integral(total, (t, 0, 1))


def _nlgp_fourth(activation: Activation, order: int | None) -> Quantity:
    fraction = g**2 / (1 + g**2)
    r = {pair: fraction * c for pair, c in CORRELATIONS.items()}
    return Quantity(
        "nlgp.fourth",
        "fourth cumulant K_ijkl of the NLGP at four different sites",
        plackett_integral(r, nlgp.normalisation(fraction, sp) ** 2),
        {g: (0.3, 3.0), **dict.fromkeys(CORRELATIONS.values(), (0.05, 0.3))},
        {g: "gain", **{c: f"covariance of the Gaussian field at sites {pair}" for pair, c in CORRELATIONS.items()}},
        {q: fraction},
        {"g": {g: 1}},
    )


_T = sp.Symbol("t", positive=True)
_COUPLING = {sp.Symbol("J", positive=True): sp.atanh(_T)}


def _ising_second(activation: Activation, order: int | None) -> Quantity:
    d = sp.Symbol("d", positive=True)
    return Quantity(
        "ising.second",
        "second cumulant of the Ising ring of D sites at distance d",
        ising.second(_T, d, D),
        {_T: (0.1, 0.9), d: (0.5, 3.0), D: (4.0, 9.0)},
        {_T: "tanh J", d: "distance", D: "sites of the ring"},
        _COUPLING,
        {"t": {_T: 1}},
    )


def _ising_fourth(activation: Activation, order: int | None) -> Quantity:
    gaps = sp.symbols("g0:4", positive=True)
    size = sum(gaps, sp.Integer(0))
    return Quantity(
        "ising.fourth",
        "fourth cumulant of the Ising ring, sorted sites with cyclic gaps g0, g1, g2, g3",
        ising.fourth(_T, gaps, size),
        {_T: (0.1, 0.9), **dict.fromkeys(gaps, (0.5, 4.0))},
        {_T: "tanh J", **{gap: f"gap {i}" for i, gap in enumerate(gaps)}},
        {**_COUPLING, D: size},
        {"t": {_T: 1}},
    )


def ipr_of(shape: sp.Expr) -> sp.Expr:
    """Inverse participation ratio of a profile in ``x`` on the infinite line, sums as integrals."""
    squares, fourths = (sp.Integral(shape**n, (x, -sp.oo, sp.oo)) for n in (2, 4))
    return fourths / squares**2


_SHAPES = {
    "ipr.gaussian": ("a bump exp(-x^2/(2 s^2)), width s >> 1", 1 / (sp.sqrt(2 * sp.pi) * s)),
    "ipr.exponential": ("a bump exp(-|x|/s), width s >> 1", 1 / (2 * s)),
    "ipr.uniform": ("the uniform state on D sites", 1 / D),
    "ipr.sinusoid": ("a sinusoid on D sites", 3 / (2 * D)),
    "ipr.random": ("a random Gaussian vector, mean over draws", 3 / (D + 2)),
}


def _shape(name: str) -> Callable[[Activation, int | None], Quantity]:
    def build(activation: Activation, order: int | None) -> Quantity:
        what, expr = _SHAPES[name]
        of_width = expr.has(s)
        symbols = {s: "width, sites"} if of_width else {D: "sites of the ring"}
        grades = {"1/s": {s: -1}} if of_width else {"1/D": {D: -1}}
        domain: Domain = {s: (1.0, 9.0), D: (4.0, 60.0)}
        return Quantity(name, f"inverse participation ratio of {what}", expr, domain, symbols, {}, grades)

    return build


_BUILDERS: dict[str, Callable[[Activation, int | None], Quantity]] = {
    "drift": _drift,
    "force": _force,
    **{f"{name}.{letter}": _coefficient(name, letter) for name in CLOSURES for letter in "AB"},
    "growth": _growth,
    "nlgp.variance": _nlgp_variance,
    "nlgp.second": _nlgp_second,
    "nlgp.fourth": _nlgp_fourth,
    "ising.second": _ising_second,
    "ising.fourth": _ising_fourth,
    **{name: _shape(name) for name in _SHAPES},
}
del _BUILDERS["gaussian.B"]  # zero

#: Names of the quantities a formula can be checked against.
QUANTITIES = tuple(_BUILDERS)


def quantity(name: object, activation: object = "erf", order: int | None = None) -> Quantity:
    """The quantity called ``name``; ValueError naming ``against``, ``activation`` or ``order``."""
    name = choice("against", name, (*QUANTITIES, "ipr"))
    if order is not None and (isinstance(order, bool) or not isinstance(order, int) or not 1 <= order <= 19):
        raise complain("order", order, "an integer from 1 to 19 (odd, but for the derivatives of the force)")
    if order is not None and name != "force" and order % 2 == 0:
        raise complain("order", order, "an odd integer from 1 to 19")
    if order is not None and name not in ("drift", "force", "taylor.A", "taylor.B"):
        raise complain("order", order, "no order: only drift, force, taylor.A and taylor.B have one")
    return _BUILDERS[name](parse(activation), order)
