"""Second and fourth cumulant of the Ising ring."""

from __future__ import annotations

import sympy as sp

from ..derivation import Derivation
from ..ising import fourth, fourth_moment, second


def build(activation: str = "erf", order: int = 3) -> Derivation:
    """Correlations from the transfer matrix; the fourth cumulant as a sum of four positive terms."""
    d = Derivation(
        "ising",
        "Cumulants of the Ising ring",
        "Spins on a ring of $D$ sites, $t = \\tanh J$. Nothing is dropped. Used in cumulode.theory.ising and "
        "cumulode.numerics.cumulants.ising.",
    )
    t = sp.Symbol("t", positive=True)
    gaps = sp.symbols("g0:4", positive=True)
    size = sum(gaps, sp.Integer(0))
    inside = {t: (0.1, 0.9)} | dict.fromkeys(gaps, (0.5, 4.0))
    n = sp.symbols("n m", positive=True)
    one, minus = sp.Matrix([[1, 1], [1, -1]]) / sp.sqrt(2), sp.diag(1, -1)
    power = one * sp.diag(1, t ** n[0]) * one
    rest = one * sp.diag(1, t ** n[1]) * one
    d.chain(
        "In units in which its largest eigenvalue is 1, the transfer matrix has eigenvalues 1 and $t$; two "
        "spins, $n$ and $m$ bonds apart around "
        "the ring.",
        "C",
        (minus * power * minus * rest).trace() / (power * rest).trace(),
    ).equals(
        second(t, n[0], n[0] + n[1]),
        "trace with sigma_z at the two sites",
        domain=inside,
        rewrite=lambda e: sp.factor(_split(e, t)),
    )
    plain = (
        fourth_moment(t, gaps, size)
        - second(t, gaps[0], size) * second(t, gaps[2], size)
        - second(t, gaps[0] + gaps[1], size) * second(t, gaps[1] + gaps[2], size)
        - second(t, gaps[0] + gaps[1] + gaps[2], size) * second(t, gaps[1], size)
    )
    d.chain(
        "The fourth cumulant of sorted sites with cyclic gaps $g_0, g_1, g_2, g_3$, as a difference of moments, "
        "and as a sum in which "
        "nothing cancels.",
        "K",
        plain,
    ).equals(
        fourth(t, gaps, size),
        "common denominator (1 + t^D)^2",
        domain=inside,
        rewrite=lambda e: sp.factor(_split(e, t)),
    )
    return d


def _split(expr: sp.Expr, t: sp.Symbol) -> sp.Expr:
    """Powers of t as products of one symbol a distance, which makes the identity one of rational functions."""

    def product(power: sp.Pow) -> sp.Expr:
        terms = sp.expand(power.exp).as_coefficients_dict()
        return sp.Mul(*(sp.Symbol(f"a_{g}", positive=True) ** n for g, n in terms.items()))

    return expr.replace(lambda e: e.is_Pow and e.base == t, product)
