"""Second and fourth cumulant of the non-linear Gaussian process."""

from __future__ import annotations

import sympy as sp

from ..derivation import Derivation
from ..nlgp import normalisation, plackett_pair
from ..nlgp import second as arcsine_law


def build(activation: str = "erf", order: int = 3) -> Derivation:
    """The arcsine law, the Plackett bracket without cancellation, and the case g = 1."""
    d = Derivation(
        "nlgp",
        "Cumulants of the non-linear Gaussian process",
        "$x = \\mathrm{erf}(g z/\\sqrt 2)/Z(g)$ with $z$ Gaussian of covariance $c$. Nothing is dropped: the "
        "fourth cumulant is one integral. "
        "Used in cumulode.theory.nlgp and cumulode.numerics.cumulants.nlgp.",
    )
    g, c = sp.Symbol("g", positive=True), sp.Symbol("c", real=True)
    _signs(d, g, c)
    _plackett(d)
    _uniform(d, g)
    return d


def _signs(d: Derivation, g: sp.Symbol, c: sp.Symbol) -> None:
    r, q = sp.Symbol("r", real=True), sp.Symbol("q", positive=True)
    inside = {c: (-0.9, 0.9), r: (-0.9, 0.9), q: (0.1, 0.95)}
    d.chain(
        "$\\mathrm{erf}(g z/\\sqrt2)$ is the mean of $\\mathrm{sign}(g z + u)$, $u \\sim N(0,1)$; two such "
        "signs have Gaussians of correlation $r$.",
        "r",
        g**2 * c / sp.sqrt((g**2 + 1) * (g**2 + 1)),
    ).equals((g**2 / (1 + g**2)) * c, "covariance g^2 c over the variance 1 + g^2", domain=inside)
    s = sp.Symbol("s", real=True)
    d.chain(
        "By Plackett's identity $\\partial_r E[s_1 s_2] = 4\\,\\varphi_2(0,0;r)$, and at $r = 0$ the signs are "
        "independent.",
        "E[s_1 s_2]",
        sp.Integral(4 / (2 * sp.pi * sp.sqrt(1 - s**2)), (s, 0, r)),
    ).equals(2 / sp.pi * sp.asin(r), "integration", domain=inside)
    second = sp.asin(q * c) * 2 / sp.pi / normalisation(q, sp)
    d.chain("Divided by the variance $Z^2 = (2/\\pi)\\arcsin q$, $q = g^2/(1+g^2)$.", "C", second).equals(
        arcsine_law(q, c, sp), "arcsine law", domain=inside
    )


def _plackett(d: Derivation) -> None:
    """The bracket of each pair: the cancellation-free form against the plain difference of arcsines."""
    equations = plackett_pair()
    values: dict[sp.Symbol, sp.Expr] = {}
    for symbol, expr in equations.before:
        guarded = sp.sympify(expr).replace(
            sp.Max, lambda *both: next(e for e in both if e != 0)
        )  # max(x, 0) guards rounding only
        values[symbol] = guarded.xreplace(values)
    result = equations.results[0].xreplace(values)
    tau, tau_c = equations.arguments[:2]
    r = {str(x)[2:]: x for x in equations.arguments[2:8]}
    complements = {equations.arguments[8 + i]: 1 - x for i, x in enumerate(r.values())} | {tau_c: 1 - tau}
    result = result.xreplace(complements)
    a, b = tau * r["ij"], tau * r["kl"]
    ik, il, jk, jl = (tau * r[p] for p in ("ik", "il", "jk", "jl"))
    explained = (ik * il + jk * jl - a * (ik * jl + jk * il)) / (1 - a**2)
    var_k = 1 - (ik**2 + jk**2 - 2 * a * ik * jk) / (1 - a**2)
    var_l = 1 - (il**2 + jl**2 - 2 * a * il * jl) / (1 - a**2)
    plain = r["ij"] / sp.sqrt(1 - a**2) * (sp.asin((b - explained) / sp.sqrt(var_k * var_l)) - sp.asin(b))
    small = dict.fromkeys(r.values(), (0.02, 0.3)) | {tau: (0.1, 0.9)}
    d.chain(
        "One pair of the fourth cumulant, $K = (4/\\pi^2) Z^{-4}\\int_0^1 d\\tau \\sum_{i<j} r_{ij}(1-\\tau^2 "
        "r_{ij}^2)^{-1/2} "
        "[\\arcsin\\rho_{kl|ij} - \\arcsin(\\tau r_{kl})]$: the plain difference, and the form the code "
        "evaluates, in which "
        "nothing cancels.",
        None,
        plain,
    ).equals(result, "sine of the difference of two angles", domain=small, symbolic=False)


def _uniform(d: Derivation, g: sp.Symbol) -> None:
    u = sp.Symbol("u", real=True)
    d.chain(
        "At $g = 1$ the marginal is uniform on $[-\\sqrt3, \\sqrt3]$.",
        "K_{0000}",
        sp.Integral(u**4 / (2 * sp.sqrt(3)), (u, -sp.sqrt(3), sp.sqrt(3))) - 3,
    ).equals(-sp.Rational(6, 5), "E[x^4] - 3 E[x^2]^2")
