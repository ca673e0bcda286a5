"""Averages over a closure's law as SymPy expressions: closed forms where they exist, integrals where not.

These are for checking formulas in high precision (``cumulode.theory.check``), written from the definitions and not
by the way the kernels take: the force against orthogonal polynomials of the law, so that no derivative of the force
and no delta function at a kink is needed.
"""

from __future__ import annotations

from itertools import pairwise

import sympy as sp

from cumulode.theory.dynamics.drift import k2, k4
from cumulode.theory.neuron.activations import Activation, h
from cumulode.theory.neuron.gaussian import GaussianMean, closed_form, hermite, mean, variance

from .family import b, closure, taylor_coefficient

_z, _u = sp.symbols("z u", real=True)


def coefficients(name: str, activation: Activation) -> tuple[sp.Expr, sp.Expr]:
    """``A`` and ``B`` of a closure for one activation as expressions in ``b, y, k2, k4``.

    ``pearson`` and ``regression`` are written for ``-2 < k4/k2^2 < 0``.
    """
    if name == "regression":
        return _regression(activation)
    if name == "pearson":
        potential = _pearson_mean(activation, -1)
        return 2 * sp.diff(potential, k2), 4 * sp.diff(potential, k4)
    A, B = closure(name).coefficients()
    cut = name == "taylor-activation"
    return explicit(A, activation, cut), explicit(B, activation, cut)


def explicit(expr: sp.Expr, activation: Activation, cut_activation: bool = False) -> sp.Expr:
    """``expr`` with every ``GaussianMean`` written out for one activation."""

    def average(n: sp.Expr, m: sp.Expr, v: sp.Expr) -> sp.Expr:
        if v == 0:
            return taylor_coefficient(activation, int(n), cut_activation)
        closed = closed_form(activation, int(n))
        if closed is not None:
            return closed.xreplace({mean: m, variance: v})
        return gaussian_integral(activation, int(n), m, v)

    return expr.replace(GaussianMean, average)


def gaussian_integral(activation: Activation, n: int, m: sp.Expr, v: sp.Expr) -> sp.Expr:
    """``E[F^(n)(h)]``, ``h ~ N(m, v)``, as ``E[He_n(z) F] / v^(n/2)``; ``n = -1``: of Phi."""
    order = max(n, 0)
    weight = hermite(order, _z) / v ** sp.Rational(order, 2) * sp.exp(-(_z**2) / 2) / sp.sqrt(2 * sp.pi)
    return _integral(activation, n, weight, _z, m + sp.sqrt(v) * _z, (-sp.oo, sp.oo))


def _integral(
    activation: Activation, n: int, weight: sp.Expr, x: sp.Symbol, at: sp.Expr, ends: tuple[sp.Expr, sp.Expr]
) -> sp.Expr:
    """Integral over ``x`` of ``weight`` times F (``n = -1``: Phi) at ``h = at(x)``, linear in x; split at the kinks."""
    pieces = activation.potential_pieces() if n < 0 else activation.force_pieces()
    scale, shift = at.coeff(x, 1), at.coeff(x, 0)
    edges = [ends[0], *((c - shift) / scale for c in activation.kinks), ends[1]]
    if ends[1].is_finite:
        edges = [sp.Max(sp.Min(edge, ends[1]), ends[0]) if edge not in ends else edge for edge in edges]
    parts = zip(pieces, pairwise(edges), strict=True)
    return sum((sp.Integral(weight * f.subs(h, at), (x, low, high)) for f, (low, high) in parts), sp.Integer(0))


def _pearson_mean(activation: Activation, n: int, polynomial: sp.Expr | int = 1) -> sp.Expr:
    """Average of F (``n = -1``: Phi) times a polynomial in ``u = lam/S`` over Pearson's law, ``k4 < 0``."""
    nu = -3 * k2**2 / k4 - 1
    scale = sp.sqrt(2 * nu * k2)
    norm = sp.gamma(nu) / (sp.sqrt(sp.pi) * sp.gamma(nu - sp.Rational(1, 2)))
    weight = norm * polynomial * (1 - _u**2) ** (nu - sp.Rational(3, 2))
    return _integral(activation, n, weight, _u, b + scale * _u, (sp.Integer(-1), sp.Integer(1)))


def _regression(activation: Activation) -> tuple[sp.Expr, sp.Expr]:
    """Projections on P_1 and P_3: ``c_n = E[P_n F] / E[P_n^2]``, with the moments of Pearson's law."""
    nu = -3 * k2**2 / k4 - 1
    scale = sp.sqrt(2 * nu * k2)
    m4, m6 = 3 * nu * k2**2 / (nu + 1), 15 * nu**2 * k2**3 / ((nu + 1) * (nu + 2))
    third = (scale * _u) ** 3 - m4 / k2 * scale * _u
    c1 = _pearson_mean(activation, 0, scale * _u) / k2
    c3 = _pearson_mean(activation, 0, third) / (m6 - m4**2 / k2)
    return c1 - c3 * k4 / k2, c3
