"""Second and fourth cumulants of the laws of the inputs."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import sympy as sp

from cumulode.theory.cumulants import cubic, elliptical, ising, nlgp, phi4
from cumulode.theory.neuron.activations import Activation

from .quantity import Builder, D, Quantity

g, q = sp.symbols("g q", positive=True)  # gain; g^2 / (1 + g^2)
FRACTION = g**2 / (1 + g**2)


def _nlgp_second(activation: Activation, order: int | None) -> Quantity:
    c = sp.Symbol("c", real=True)
    return Quantity(
        "nlgp.second",
        "second cumulant of the NLGP at Gaussian covariance c",
        nlgp.second(FRACTION, c, sp),
        {g: (0.3, 3.0), c: (-0.9, 0.9)},
        {g: "gain", c: "covariance of the Gaussian field"},
        {q: FRACTION},
        {"g": {g: 1}},
    )


def _nlgp_variance(activation: Activation, order: int | None) -> Quantity:
    expr = nlgp.normalisation(FRACTION, sp)
    what = "Z(g)^2, variance of erf(g z/sqrt 2)"
    return Quantity("nlgp.variance", what, expr, {g: (0.3, 3.0)}, {g: "gain"}, {q: FRACTION}, {"g": {g: 1}})


CORRELATIONS = {pair: sp.Symbol(f"c_{pair}", real=True) for pair in nlgp.PAIRS}


def plackett_integral(r: dict[str, sp.Expr], of_signs: sp.Expr) -> sp.Expr:
    """Fourth cumulant of four signs with correlations r over ``of_signs = Z^4``, as the plain difference of arcsines.

    Eq. in derivations/nlgp.md; the kernels evaluate it in a form without cancellation (``plackett.plackett_pair``).
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
    r = {pair: FRACTION * c for pair, c in CORRELATIONS.items()}
    return Quantity(
        "nlgp.fourth",
        "fourth cumulant K_ijkl of the NLGP at four different sites",
        plackett_integral(r, nlgp.normalisation(FRACTION, sp) ** 2),
        {g: (0.3, 3.0), **dict.fromkeys(CORRELATIONS.values(), (-0.3, 0.3))},
        {g: "gain", **{c: f"covariance of the Gaussian field at sites {pair}" for pair, c in CORRELATIONS.items()}},
        {q: FRACTION},
        {"g": {g: 1}},
    )


def _nlgp_cubic(activation: Activation, order: int | None) -> Quantity:
    c0, c1 = sp.symbols("c0 c1", positive=True)
    w = sp.symbols("w0:3", real=True)
    ring = np.array([c0, c1, c1], dtype=object), np.array(w, dtype=object)
    return Quantity(
        "nlgp.cubic",
        "K(w,w,w)_0 to first order in q on a ring of three sites with covariances c0, c1, c1",
        sp.sympify(cubic.small_gain_cubic(*ring, FRACTION)[0]),
        {g: (0.3, 3.0)},
        {g: "gain", c0: "variance", c1: "covariance of neighbours", **dict.fromkeys(w, "weight")},
        {q: FRACTION},
        {"g": {g: 1}, "c1": {c1: 1}},
    )


def _phi4_fourth(activation: Activation, order: int | None) -> Quantity:
    coupling = sp.Symbol("u", positive=True)
    to = sp.symbols("G_i G_j G_k G_l", positive=True)
    return Quantity(
        "phi4.fourth",
        "fourth cumulant of the lattice field with action u phi^4/4!, to first order, per site m of the sum",
        phi4.fourth(coupling, *((propagator,) for propagator in to)),
        {},
        {coupling: "coupling lambda", **{t: f"propagator from site {str(t)[2:]} to m" for t in to}},
        grades={"u": {coupling: 1}},
    )


def _elliptical_fourth(activation: Activation, order: int | None) -> Quantity:
    c = sp.Symbol("c", positive=True)
    second = {pair: sp.Symbol(f"C_{pair}", real=True) for pair in nlgp.PAIRS}
    return Quantity(
        "elliptical.fourth",
        "fourth cumulant of x = sqrt(s) z, E s = 1, Var s = c",
        elliptical.fourth(c, second),
        {},
        {c: "variance of the scale s", **{C: f"second cumulant of sites {pair}" for pair, C in second.items()}},
        {sp.Symbol("kurtosis", positive=True): 3 * c, sp.Symbol("nu", positive=True): 4 + 2 / c},
        grades={"c": {c: 1}},
    )


_T = sp.Symbol("t", positive=True)
_COUPLING = {sp.Symbol("J", positive=True): sp.atanh(_T), sp.Symbol("xi", positive=True): -1 / sp.log(_T)}


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
    size = gaps[0] + gaps[1] + gaps[2] + gaps[3]
    return Quantity(
        "ising.fourth",
        "fourth cumulant of the Ising ring, sorted sites with cyclic gaps g0, g1, g2, g3",
        ising.fourth(_T, gaps, size),
        {_T: (0.1, 0.9), **dict.fromkeys(gaps, (0.5, 4.0))},
        {_T: "tanh J", **{gap: f"gap {i}" for i, gap in enumerate(gaps)}},
        {**_COUPLING, D: size},
        {"t": {_T: 1}},
    )


BUILDERS: dict[str, Builder] = {
    "nlgp.variance": _nlgp_variance,
    "nlgp.second": _nlgp_second,
    "nlgp.fourth": _nlgp_fourth,
    "nlgp.cubic": _nlgp_cubic,
    "ising.second": _ising_second,
    "ising.fourth": _ising_fourth,
    "phi4.fourth": _phi4_fourth,
    "elliptical.fourth": _elliptical_fourth,
}
