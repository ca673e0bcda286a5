"""Cumulants of the Ising ring, of phi^4 at weak coupling, and of elliptical laws."""

from __future__ import annotations

from itertools import product
from math import prod
from typing import Any

import sympy as sp

from cumulode.theory.cumulants.ising import fourth, fourth_moment, second
from cumulode.theory.derivation.derivation import Derivation, Scope

from .elliptical import elliptical
from .phi4 import phi4

t = sp.Symbol("t", positive=True)
gaps = sp.symbols("g_0:4", positive=True)
size = sum(gaps, sp.Integer(0))
inside = {t: (0.1, 0.9)} | dict.fromkeys(gaps, (0.5, 4.0))


def _power(e: sp.Pow) -> sp.Expr:
    """A power of t as a product of one symbol a distance, which makes identities ones of rational functions."""
    terms = sp.expand(e.exp).as_coefficients_dict()
    return sp.Mul(*(sp.Symbol(f"a_{g}", positive=True) ** n for g, n in terms.items()))


_POWERS: dict[str, Any] = {
    "rewrite": lambda e: sp.factor(e.replace(lambda part: part.is_Pow and part.base == t, _power)),
    "by": "powers of t as symbols",
}


def build(activation: str = "erf", order: int = 3) -> Derivation:
    """Three families of laws: exact and local, weakly coupled and local, and scale mixtures, which are not."""
    d = Derivation(
        "ising",
        "Ising, phi^4, and why elliptical laws never localise",
        "Three kinds of non-Gaussian fields. The Ising ring ($t = \\tanh J$) has both cumulants in closed form, the "
        "fourth a sum in which nothing cancels, of rank one on the infinite line. A $\\phi^4$ field has, to first "
        "order in its coupling $\\lambda$, a fourth cumulant made of one localised factor per site. Elliptical laws, "
        "a Gaussian field times a random scale, have a fourth cumulant too, but it pulls along $Cw$ for every $w$. "
        "Their exact flow only rescales Fourier modes, and its stationary states hold only wavenumbers at which the "
        "two classes' spectra have one ratio: for second cumulants of Ising form a single sinusoid.",
        scope=Scope(
            small="none for Ising and elliptical laws; $\\lambda$ for $\\phi^4$",
            dropped="nothing for Ising and elliptical laws; for $\\phi^4$ all but the first order in $\\lambda$",
            neglected="none for Ising and elliptical laws; $\\lambda^2$ for $\\phi^4$",
            used=(
                "cumulode.theory.cumulants.ising",
                "cumulode.numerics.cumulants.ising",
                "cumulode.theory.cumulants.elliptical",
                "cumulode.theory.cumulants.phi4",
            ),
        ),
    )
    _second(d)
    _four_spins(d)
    _fourth(d)
    phi4(d)
    elliptical(d)
    return d


def _second(d: Derivation) -> None:
    """Two spins: all states of four spins, and the transfer matrix."""
    weights = {s: prod(1 + t * s[i] * s[i - 1] for i in range(4)) for s in product((1, -1), repeat=4)}
    d.chain(
        "Since $e^{J s s'} = \\cosh J\\,(1 + t s s')$, a state of the ring has the weight $\\prod (1 + t s_i "
        "s_{i+1})$. The mean of $s_0 s_2$ over all states of a ring of four:",
        "C",
        sum(s[0] * s[2] * weight for s, weight in weights.items()) / sum(weights.values()),
    ).equals(second(t, 2, 4), "sum over 16 states", domain=inside)
    n = sp.symbols("n m", positive=True)
    one, minus = sp.Matrix([[1, 1], [1, -1]]) / sp.sqrt(2), sp.diag(1, -1)
    power = one * sp.diag(1, t ** n[0]) * one
    rest = one * sp.diag(1, t ** n[1]) * one
    d.chain(
        "In units of its largest eigenvalue the transfer matrix has eigenvalues 1 and $t$. Two spins, $n$ and $m$ "
        "bonds apart around the ring, are a trace with $\\sigma_z$ at the two sites.",
        "C",
        (minus * power * minus * rest).trace() / (power * rest).trace(),
    ).equals(second(t, n[0], n[0] + n[1]), "trace of powers of the transfer matrix", domain=inside, **_POWERS)


def _four_spins(d: Derivation) -> None:
    """The fourth moment of sorted sites: sum over the states of the four, linked by powers of the matrix."""
    links = [t**g for g in gaps]
    states = [u for u in product((1, -1), repeat=4) if prod(u) == 1]
    norm = 8 * (1 + prod(links))
    terms = [u[0] * u[2] * prod(1 + x * v for x, v in zip(links, u, strict=True)) / norm for u in states]
    d.chain(
        "For four spins in order around the ring, with $g_0, \\dots, g_3$ bonds between neighbours, the $g$-th power "
        "of the matrix joins two of them by $(1 + t^g s s')/2$. Their product is $u_0 u_2$ with $u_e = s_e s_{e+1}$; "
        "it is summed over the eight choices of these signs whose product is 1.",
        "E[s_0 s_1 s_2 s_3]",
        sum(terms, sp.Integer(0)),
    ).equals(fourth_moment(t, gaps, size), "sum over the signs of four links", domain=inside, **_POWERS)


def _fourth(d: Derivation) -> None:
    """The fourth cumulant on the ring, at one site, and on the line."""
    plain = (
        fourth_moment(t, gaps, size)
        - second(t, gaps[0], size) * second(t, gaps[2], size)
        - second(t, gaps[0] + gaps[1], size) * second(t, gaps[1] + gaps[2], size)
        - second(t, gaps[0] + gaps[1] + gaps[2], size) * second(t, gaps[1], size)
    )
    d.chain(
        "The fourth cumulant is the moment less three products of second cumulants; brought to one denominator it is "
        "a sum of four terms of one sign, in which nothing cancels.",
        "K",
        plain,
    ).equals(
        fourth(t, gaps, size), "common denominator (1 + t^D)^2", domain=inside, **_POWERS, name="Ising fourth cumulant"
    )
    n = sp.Symbol("D", positive=True)
    d.chain(
        "With all four sites at one place, $g = (0, 0, 0, D)$, that is the kurtosis of a spin, $1 - 3$.",
        "K_{0000}",
        fourth(t, (0, 0, 0, n), n),
    ).equals(-2, "a square over a square", domain=inside)
    lines = [fourth(t, (gaps[e - 1], gaps[e], gaps[(e + 1) % 4])) for e in range(4)]
    d.chain(
        "The four terms are those of the infinite line, one for each gap that may be cut. On the line itself one is "
        "left, $-2\\,t^{g_0}\\,t^{2g_1}\\,t^{g_2}$: a product of one function of each gap (rank one), which decays in "
        "all three. (The sum of the equation before, split into its terms.)",
        "K",
        fourth(t, gaps, size),
    ).equals(
        sum((k / (1 + t**size) ** 2 for k in lines), sp.Integer(0)), "one line for each gap that is cut", domain=inside
    )
