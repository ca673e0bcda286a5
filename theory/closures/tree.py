"""The tree closure: Pearson's potential and a sixth cumulant of the preactivation at tree level (theory.md section 3).

With ``T = K(w,w,w)``, ``u = C^-1 T`` and ``Q = T.u - k4^2/k2`` the potential is ``Psi = E_nu[Phi] + chi Q c6``, ``c6``
the coefficient of ``Phi`` on the sixth orthogonal polynomial of Pearson's law, ``E_(nu+6)[Phi^(6)] / 720``. By the
Stein rule of that law, ``E_nu[P_n G]/E_nu[P_n^2] = E_(nu+n)[G^(n)]/n!``, for ``G = F'`` over the law with ``nu + 2``,

    c6 = E_(nu+2)[P_4 F'] / (30 E_(nu+2)[P_4^2]),        eq. (closures.35, tree coefficient)

so that no derivative beyond F' is needed and a force that jumps is no exception. Everything is a function of
``r = u^2 = lam^2/S^2``, ``S^2 = 2 nu k2`` (negative with heavy tails, where ``r = -v^2``), averaged over the law with
``nu + 1``. P_6 has a norm below ``kappa = 3/4``; there c6 has fallen to zero, and is zero beyond.
"""

from __future__ import annotations

from functools import lru_cache

import sympy as sp
from sympy.functions.combinatorial.numbers import stirling

from cumulode.theory.dynamics.drift import k2, k4
from cumulode.theory.equations import d_4, lam
from cumulode.theory.neuron.gaussian import GaussianMean

from .pearson import Tails, nu

#: The sixth orthogonal polynomial of Pearson's law has a norm for kappa below this.
END = sp.Rational(3, 4)
#: With heavy tails the weight times lam^6 has fallen to exp(-2 * 18) where the range of the angle ends.
EXCESS = 3

b = sp.Symbol("b", real=True)
r = sp.Symbol("r", real=True)
_square = sp.Symbol("square", real=True)  # S^2

_m0, _n4, _s4, _n4_nu, _m0_nu = sp.symbols("m0 n4 s4 n4_nu m0_nu", real=True)


def moment(n: int, law: sp.Expr) -> sp.Expr:
    """``E[r^n]`` over the law with that ``nu``: ``(2n-1)!! / (2^n nu (nu+1) .. (nu+n-1))``."""
    return sp.factorial2(2 * n - 1) / 2**n / sp.prod([law + j for j in range(n)])


@lru_cache(maxsize=1)
def fourth_polynomial() -> tuple[sp.Expr, sp.Expr]:
    """``p_4(r)``, monic in ``r^2``, orthogonal over the law with ``nu + 2``, and its norm ``E[p_4^2]``."""
    law = nu + 2
    slope, constant = sp.symbols("slope constant")
    p = r**2 + slope * r + constant

    def mean(expr: sp.Expr) -> sp.Expr:
        return sum(c * moment(n, law) for (n,), c in sp.Poly(sp.expand(expr), r).terms())

    found = sp.solve([mean(p), mean(p * r)], [slope, constant], dict=True)[0]
    p = p.subs({key: sp.factor(value) for key, value in found.items()})
    return p, sp.factor(mean(p * r**2))


def coefficient_sums(tails: Tails) -> tuple[dict[sp.Symbol, sp.Expr], tuple[sp.Expr, sp.Expr, sp.Expr]]:
    """Sums and, from them, ``c6``, ``dc6/dk2``, ``dc6/dk4``, by the chain rule over (S^2, nu).

    ``c6 = g(nu) S^-4 n4/m0``, ``n4`` the sum of ``(1 - r) p_4 F'``. In ``nu`` at fixed ``lam`` SymPy differentiates
    weight and polynomial; in S at fixed ``u`` a part of F'' is integrated by parts on to polynomial and weight,
    ``(p_4 u)' (1 - u^2) - (2 nu + 1) p_4 u^2``.
    """
    p, norm = fourth_polynomial()
    g = (2 * nu + 2) / ((2 * nu + 1) * 30 * norm)
    stretched = (p + 2 * r * sp.diff(p, r)) * (1 - r) - (2 * nu + 1) * p * r
    at = {r: lam**2 / (2 * nu * k2)}
    weight_nu = sp.simplify(sp.diff(tails.weight, nu) / tails.weight)
    sums = {
        _m0: sp.Integer(1),
        _n4: (1 - r) * p * d_4,
        _s4: stretched * d_4,
        _n4_nu: (1 - r) * (weight_nu * p + sp.diff(p, nu)) * d_4,
        _m0_nu: weight_nu,
    }
    c6 = g / _square**2 * _n4 / _m0
    c6_nu = sp.diff(g, nu) / _square**2 * _n4 / _m0 + g / _square**2 * (_n4_nu - _n4 / _m0 * _m0_nu) / _m0
    c6_square = (-4 * c6 - g / _square**2 * _s4 / _m0) / (2 * _square)
    nu_of = -3 * k2**2 / k4 - 1
    slopes = (c6_nu * sp.diff(nu_of, k) + c6_square * sp.diff(2 * nu_of * k2, k) for k in (k2, k4))
    results = tuple(sp.factor_terms(e.subs(_square, 2 * nu * k2)) for e in (c6, *slopes))
    return {name: e.subs(at) for name, e in sums.items()}, results


def nearly_gaussian() -> tuple[sp.Expr, sp.Expr, sp.Expr]:
    """``c6``, ``dc6/dk2``, ``dc6/dk4`` to second order in ``kappa``, in Gaussian averages.

    ``E_(nu+6)[G] = sum_n G^(2n)(0) (k2/2)^n / n! * prod_j 1/(1 + (6+j)/nu)``; the factors of ``n`` that the expansion
    in ``1/nu = -kappa/(3 + kappa)`` gives are derivatives of ``G`` under the Gaussian average.
    """
    n, j, e, kappa = sp.symbols("n j e kappa")
    # log of the product to second order in e = 1/nu
    log = sp.summation(-(6 + j) * e + (6 + j) ** 2 * e**2 / 2, (j, 0, n - 1))
    expanded = sp.series(sp.exp(sp.expand(log)), e, 0, 3).removeO()
    expanded = sp.series(expanded.subs(e, -kappa / (3 + kappa)), kappa, 0, 3).removeO()
    c6 = sp.Integer(0)
    for (power, order), c in sp.Poly(sp.expand(expanded), kappa, n).terms():
        for k, weight in enumerate(_falling(order)):
            c6 += c * weight * (k4 / k2**2) ** power * (k2 / 2) ** k * GaussianMean(5 + 2 * k, b, k2)
    c6 = sp.expand(c6 / 720)
    return c6, sp.diff(c6, k2), sp.diff(c6, k4)


def _falling(order: int) -> list[int]:
    """``n^order`` in falling factorials of n: Stirling numbers of the second kind."""
    return [int(stirling(order, k)) for k in range(order + 1)]
