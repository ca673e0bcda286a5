"""Closures at small k2, where their coefficients are differences over powers of k2 and would lose their digits.

The potential is expanded in the moments of the closure's law, ``Psi = Phi + sum_n E[lam^(2n)] F^(2n-1)/(2n)!``, up to
``lam^8``: no difference is formed, and what is neglected is of relative order k2^3 in B. With heavy tails (kappa above
``LIGHT``) higher moments are large or missing, and it ends at ``lam^6``.
"""

from __future__ import annotations

import sympy as sp

from cumulode.theory.dynamics.drift import k2, k4
from cumulode.theory.equations import EquationSet
from cumulode.theory.neuron.activations import y as label

from .pearson import nu
from .tree import moment

#: ``F_y^(n)`` at the bias, n = 1, 3, 5, 7.
SLOPES = sp.symbols("d1 d3 d5 d7", real=True)
#: Below this k2 a closure is so expanded, where the activation varies over a length of one: what is neglected and what
#: differences lose are about equal there. Of regression and edgeworth, which lose 1e-16/k2 in B (pearson: 1e-16/k2^2).
SMALL, SMALL_REGRESSION, SMALL_HEAVY = 3e-4, 3e-5, 1e-5
#: Below this kurtosis moments up to the eighth are those of light tails.
LIGHT = 0.3
#: Terms with heavy tails, up to lam^6.
HEAVY_TERMS = 3

kappa, mu = sp.symbols("kappa mu", real=True)
_NU = -3 / kappa - 1


def _pearson(n: int, raised: int = 0) -> sp.Expr:
    """``E[lam^(2n)] / k2^n`` of Pearson's law with ``nu + raised``, at the scale of that with nu; smooth in kappa."""
    return sp.factor(sp.cancel(moment(n, nu + raised).subs(nu, _NU) * (2 * _NU) ** n))


def _edgeworth(n: int) -> sp.Expr:
    gaussian = sp.factorial2(2 * n - 1)
    return gaussian + (kappa / 24 * sp.ff(2 * n, 4) * sp.factorial2(2 * n - 5) if n > 1 else 0)


def _bimodal(n: int) -> sp.Expr:
    """Of ``+-m + s z``, ``mu = m^2/k2``."""
    terms = (sp.binomial(2 * n, 2 * j) * mu ** (n - j) * (1 - mu) ** j * sp.factorial2(2 * j - 1) for j in range(n + 1))
    return sp.expand(sum(terms, sp.S.Zero))


def _of_potential(moments: list[sp.Expr], rate: sp.Expr, of: sp.Symbol) -> tuple[sp.Expr, sp.Expr]:
    """A and B from ``E[lam^(2n)] = k2^n moments[n]``, functions of ``of``, whose derivative in kappa is ``rate``."""
    A, B = sp.S.Zero, sp.S.Zero
    for n, (m, slope) in enumerate(zip(moments, SLOPES, strict=False), 1):
        grown = sp.factor(sp.cancel(sp.diff(m, of) * rate))
        weight = slope / sp.factorial(2 * n)
        A += 2 * weight * k2 ** (n - 1) * (n * m - 2 * kappa * grown)
        B += 4 * weight * grown * (k2 ** (n - 2) if n > 1 else 0)
    return A, B


def _regression(terms: int) -> tuple[sp.Expr, sp.Expr]:
    """``c1 - c3 k4/k2`` and ``c3`` of eq. (closures.26, regression coefficients), term by term."""
    M = [_pearson(n, raised=1) for n in range(terms + 1)]
    c1, c3 = sp.S.Zero, sp.S.Zero
    for n in range(terms):
        weight = SLOPES[n] / sp.factorial(2 * n)
        c1 += weight * M[n] * k2**n
        share = sp.factor(sp.cancel((M[n + 1] - M[1] * M[n]) / (3 * (M[2] - M[1] ** 2))))
        c3 += weight * share * (k2 ** (n - 1) if n else 0)
    return c1 - c3 * kappa * k2, c3


def _tree() -> tuple[sp.Expr, ...]:
    """Pearson's A and B, and ``c6``, ``dc6/dk2``, ``dc6/dk4`` of eq. (closures.35, tree coefficient)."""
    terms = [SLOPES[n + 2] * _pearson(n, raised=6) / sp.factorial(2 * n) / 720 for n in range(2)]
    c6 = sum((t * k2**n for n, t in enumerate(terms)), sp.S.Zero)
    by_kappa = sum((sp.diff(t, kappa) * k2**n for n, t in enumerate(terms)), sp.S.Zero)
    at_kappa = sum((n * t * k2 ** (n - 1) for n, t in enumerate(terms) if n), sp.S.Zero)
    own = _of_potential([_pearson(n) for n in range(1, 5)], sp.S.One, kappa)
    return *own, c6, at_kappa - 2 * kappa / k2 * by_kappa, by_kappa / k2**2


def odd_derivatives(slopes: list[sp.Expr]) -> tuple[sp.Expr, ...]:
    """``SLOPES`` from the activation and its derivatives up to the eighth, by Leibniz' rule."""
    s = slopes

    def force(n: int) -> sp.Expr:
        return label * s[n + 1] - sum((sp.binomial(n, j) * s[j] * s[n + 1 - j] for j in range(n + 1)), sp.S.Zero)

    return tuple(force(n) for n in (1, 3, 5, 7))


def small_equations() -> tuple[EquationSet, ...]:
    """A and B at small k2 for every closure that needs them, whatever the activation."""
    pearson = [_pearson(n) for n in range(1, 5)]
    bimodal = [_bimodal(n) for n in range(1, 5)]
    at = ((kappa, k4 / k2**2),)
    halves = (*at, (mu, sp.sqrt(sp.Max(0, -kappa / 2))))
    sets = {
        "edgeworth": (_of_potential([_edgeworth(n) for n in range(1, 5)], sp.S.One, kappa), at),
        "bimodal": (_of_potential(bimodal, -1 / (4 * mu), mu), halves),
        "pearson": (_of_potential(pearson, sp.S.One, kappa), at),
        "pearson_heavy": (_of_potential(pearson[:HEAVY_TERMS], sp.S.One, kappa), at),
        "regression": (_regression(len(SLOPES)), at),
        "tree": (_tree(), at),
    }
    return tuple(
        EquationSet(f"small_{name}", f"{name} at small k2.", (k2, k4, *SLOPES), results, before=before)
        for name, (results, before) in sets.items()
    )
