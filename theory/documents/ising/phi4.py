"""The phi^4 field at weak coupling: the part of the Ising document about it."""

from __future__ import annotations

from typing import Any

import sympy as sp

from cumulode.theory.cumulants.partitions import joint_moment
from cumulode.theory.cumulants.phi4 import fourth, second_change
from cumulode.theory.derivation.derivation import Derivation

lam = sp.Symbol("lambda", positive=True)


def _propagator(x: str, y: str) -> sp.Symbol:
    """G of two sites; ``g_i`` is short for G_im and ``g`` for G_mm."""
    if y == "m":
        return sp.Symbol("g" if x == "m" else f"g_{x}", real=True)
    return sp.Symbol("G_" + min(x, y) + max(x, y), real=True)


def _gaussian(index: str) -> sp.Expr:
    """Moment of the Gaussian field at the sites of ``index``, over all pairings."""

    def pair(block: Any) -> sp.Expr:
        return _propagator(*block) if len(block) == 2 else sp.Integer(0)

    return joint_moment(tuple(index), pair)


def _arms(*sites: str) -> list[list[sp.Symbol]]:
    """G from each of ``sites`` to m, as the formulas take them: sequences over the sites m, here one."""
    return [[_propagator(x, "m")] for x in sites]


def phi4(d: Derivation) -> None:
    """First order in the coupling: second cumulant, fourth moment, fourth cumulant; one site; a small ring."""
    d.chain(
        "Take the weight $e^{-\\phi\\cdot G^{-1}\\phi/2 - \\lambda\\sum_m \\phi_m^4/4!}$. To first order in "
        "$\\lambda$ a mean changes by $-\\lambda/4!\\,\\sum_m (E[\\,\\cdot\\,\\phi_m^4] - "
        "E[\\,\\cdot\\,]E[\\phi_m^4])$ over the Gaussian field of covariance $G$; the second term is the "
        "normalisation. The sites $m$ only add up, so one of them is followed, with $g_i = G_{im}$ and $g = G_{mm}$. "
        "The second cumulant, from the 15 pairings of $\\phi_i\\phi_j\\phi_m^4$:",
        r"\partial_\lambda C_{ij}",
        -sp.factor(_gaussian("ijmmmm")) / 24 + _gaussian("ij") * _gaussian("mmmm") / 24,
    ).equals(second_change(1, *_arms("i", "j", "m")), "pairings that join i and j to m")
    connected = _change_of_four()
    d.chain(
        "The fourth moment, from the 105 pairings of $\\phi_i\\phi_j\\phi_k\\phi_l\\phi_m^4$: all four sites joined "
        "to $m$, or two of them.",
        r"\partial_\lambda E[\phi_i\phi_j\phi_k\phi_l]",
        -sp.collect(_gaussian("ijklmmmm"), _propagator("m", "m")) / 24 + _gaussian("ijkl") * _gaussian("mmmm") / 24,
    ).equals(connected, "pairings that join the sites to m")
    products = [_product_change(*pairs) for pairs in (("ij", "kl"), ("ik", "jl"), ("il", "jk"))]
    d.chain(
        "The fourth cumulant subtracts three products of second cumulants, each of which changes in either factor. The "
        "pairings that join only two sites to $m$ go, and the fourth cumulant of the coupled field is one localised "
        "product per site $m$.",
        r"\partial_\lambda K_{ijkl}",
        connected - sum(products, sp.Integer(0)),
    ).equals(fourth(1, *_arms("i", "j", "k", "l")), "two-site pairings cancel", name="phi4 first order")
    _one_site(d)
    _units(d)
    _two_sites(d)


def _change_of_four() -> sp.Expr:
    """The connected pairings of four sites with m, written by hand: four arms, or two arms and a pair."""
    G = _propagator
    two = sp.Integer(0)
    for x, y, u, v in ("ijkl", "ikjl", "iljk", "jkil", "jlik", "klij"):
        two += G(u, v) * G(x, "m") * G(y, "m")
    return -G("i", "m") * G("j", "m") * G("k", "m") * G("l", "m") - G("m", "m") / 2 * two


def _product_change(first: str, other: str) -> sp.Expr:
    """Change of ``C_first C_other``: in one factor, then in the other."""
    arms = [_propagator(p[0], "m") * _propagator(p[1], "m") for p in (first, other)]
    inner = arms[0] * _propagator(*other) + arms[1] * _propagator(*first)
    return -_propagator("m", "m") / 2 * inner


def _one_site(d: Derivation) -> None:
    """One site: ratios of integrals, without pairings."""
    G, x = sp.Symbol("G", positive=True), sp.Symbol("x", real=True)
    density = sp.exp(-(x**2) / (2 * G)) / sp.sqrt(2 * sp.pi * G)

    n0, n2, n4 = 1 - lam * G**2 / 8, G - 5 * lam * G**3 / 8, 3 * G**2 - 35 * lam * G**4 / 8
    d.chain(
        "Independently, at a single site: the integral of $x^4$ over the weight, to first order in $\\lambda$.",
        "N_4",
        sp.Integral(2 * x**4 * (1 - lam * x**4 / 24) * density, (x, 0, sp.oo)),
    ).equals(n4, "Gaussian integrals", points=2)
    d.chain(
        "With the like integrals $N_0$ and $N_2$ the fourth cumulant is $N_4/N_0 - 3(N_2/N_0)^2$; its derivative is "
        "that of the formula with all sites and $m$ at one place.",
        r"\partial_\lambda K",
        sp.Subs(sp.Derivative(n4 / n0 - 3 * (n2 / n0) ** 2, lam), lam, 0),
    ).equals(fourth(1, [G], [G], [G], [G]), "derivative of a ratio")


def _units(d: Derivation) -> None:
    """Unit variance: nothing changes in K at first order."""
    S, V, G = sp.symbols("S V G", positive=True)
    d.chain(
        "The theory's fields have unit variance. Let $K = -\\lambda S$ and let the variance be $G - \\lambda V$ at "
        "this order. In units of the standard deviation the fourth cumulant at first order needs only the unperturbed "
        "variance $G$, because $K$ has no term without $\\lambda$: with $G = 1$ the formula stands as it is.",
        r"\partial_\lambda (K/C_{00}^2)",
        sp.Subs(sp.Derivative(-lam * S / (G - lam * V) ** 2, lam), lam, 0),
    ).equals(-S / G**2, "derivative at zero coupling")


def _two_sites(d: Derivation) -> None:
    """K(w,w,w) as a convolution, a cube and a convolution, on a ring of two sites."""
    a, b, w0, w1 = sp.symbols("a b w_0 w_1", real=True)
    rows = ([a, b], [b, a])
    terms = [
        multiplicity * fourth(lam, rows[0], *(rows[i] for i in sites)) * w0 ** (3 - n) * w1**n
        for n, (multiplicity, sites) in enumerate(((1, (0, 0, 0)), (3, (0, 0, 1)), (3, (0, 1, 1)), (1, (1, 1, 1))))
    ]
    d.chain(
        "In the drift such a cumulant filters the receptive field with $G$, cubes it site by site, and filters it "
        "again: $K(w,w,w) = -\\lambda\\,G * (G * w)^3$, local in $w$. The sum over three indices on a ring of two "
        "sites ($G_{00} = a$, $G_{01} = b$), and the cube:",
        "K(w,w,w)_0",
        sum(terms, sp.Integer(0)),
    ).equals(-lam * (a * (a * w0 + b * w1) ** 3 + b * (b * w0 + a * w1) ** 3), "one factor per site")
