"""Gaussian averages of the force: an operator SymPy can differentiate, and closed forms where they exist.

``GaussianMean(n, m, v)`` is ``E[F^(n)(h)]`` for ``h ~ N(m, v)``; ``n = -1`` is the potential ``E[Phi(h)]``. By the
heat equation its derivative in the mean raises ``n`` by one, that in the variance is half the second in the mean,
eq. (closures.5, heat equation).
"""

from __future__ import annotations

from functools import lru_cache

import sympy as sp

from .activations import Activation, h

mean = sp.Symbol("mean", real=True)
variance = sp.Symbol("variance", positive=True)


def hermite(n: int, z: sp.Expr) -> sp.Expr:
    """The Hermite polynomial ``He_n`` of leading coefficient 1, multiplied out."""
    x = sp.Dummy("x")
    return sp.expand(2 ** sp.Rational(-n, 2) * sp.hermite(n, x / sp.sqrt(2))).subs(x, z)


class GaussianMean(sp.Function):
    """``GaussianMean(n, m, v) = E[F_y^(n)(h)]``, ``h ~ N(m, v)``; at ``v = 0`` it is ``F_y^(n)(m)``."""

    nargs = 3

    def fdiff(self, argindex: int = 1) -> sp.Expr:
        """Derivative in the mean (argument 2) or the variance (argument 3), eq. (closures.5, heat equation)."""
        n, m, v = self.args
        if argindex == 2:
            return GaussianMean(n + 1, m, v)
        if argindex == 3:
            return GaussianMean(n + 2, m, v) / 2
        raise ValueError(f"argindex: got {argindex}, allowed: 2 (mean) or 3 (variance)")

    def _latex(self, printer: object, exp: str | None = None) -> str:
        n, m, v = (printer._print(a) for a in self.args)  # type: ignore[attr-defined]
        power = "" if exp is None else f"^{{{exp}}}"
        if self.args[2] == 0:
            inside = rf"\Phi_y({m})" if self.args[0] == -1 else rf"F_y^{{({n})}}({m})"
            return rf"{inside}{power}"
        inside = r"\Phi_y(h)" if self.args[0] == -1 else rf"F_y^{{({n})}}(h)"
        return rf"\left\langle {inside} \right\rangle_{{h\sim N({m},\,{v})}}{power}"


@lru_cache(maxsize=64)
def closed_form(activation: Activation, n: int) -> sp.Expr | None:
    """``GaussianMean(n, mean, variance)`` in closed form, or None where this file's rules find none.

    Found for polynomials, erf, Gaussian bumps times polynomials and piecewise polynomials (ReLU); the square of
    an erf in the potential (n = -1), tanh and softplus have none and are left to quadrature.
    """
    base = activation.potential_pieces() if n < 0 else activation.force_pieces()
    total = sp.Integer(0)
    for piece, ends in zip(base, activation.intervals, strict=True):
        found = _average(sp.expand(piece), mean, variance) if activation.smooth else _truncated(piece, *ends)
        if found is None:
            return None
        total += found
    return sp.diff(total, mean, max(n, 0))


@lru_cache(maxsize=4096)  # Stein's rule asks for the lower powers twice
def _average(expr: sp.Expr, m: sp.Expr, v: sp.Expr) -> sp.Expr | None:
    """E[expr] over ``h ~ N(m, v)``, term by term."""
    total = sp.Integer(0)
    for term in sp.Add.make_args(sp.expand(expr)):
        found = _average_term(term, m, v)
        if found is None:
            return None
        total += found
    return total


def _average_term(term: sp.Expr, m: sp.Expr, v: sp.Expr) -> sp.Expr | None:
    if not term.has(h):
        return term
    constant, rest = term.as_independent(h, as_Add=False)
    power, exponent, others = sp.Integer(0), sp.Integer(0), []
    for factor in sp.Mul.make_args(rest):
        if factor == h or (factor.is_Pow and factor.base == h and factor.exp.is_Integer and factor.exp > 0):
            power += sp.degree(factor, h)
        elif isinstance(factor, sp.exp):
            exponent += factor.args[0]
        else:
            others.append(factor)
    if exponent != 0:
        return _tilted(constant, h**power * sp.Mul(*others), exponent, m, v)
    if power > 0:  # Stein: E[h g] = m E[g] + v E[g']
        g = h ** (power - 1) * sp.Mul(*others)
        first = _average(g, m, v)
        second = None if first is None else _average(sp.diff(g, h), m, v)  # g' may grow without end where g has no rule
        return None if second is None else constant * (m * first + v * second)
    return None if len(others) != 1 else _average_erf(constant, others[0], m, v)


def _average_erf(constant: sp.Expr, factor: sp.Expr, m: sp.Expr, v: sp.Expr) -> sp.Expr | None:
    """E[erf(a h + c)] = erf((a m + c) / sqrt(1 + 2 a^2 v))."""
    if not isinstance(factor, sp.erf) or not factor.args[0].is_polynomial(h) or sp.degree(factor.args[0], h) != 1:
        return None
    a, c = sp.Poly(factor.args[0], h).all_coeffs()
    return constant * sp.erf((a * m + c) / sp.sqrt(1 + 2 * a**2 * v))


def _tilted(constant: sp.Expr, rest: sp.Expr, exponent: sp.Expr, m: sp.Expr, v: sp.Expr) -> sp.Expr | None:
    """E[rest e^(alpha h^2 + beta h + gamma)]: complete the square, alpha <= 0."""
    if not exponent.is_polynomial(h) or sp.degree(exponent, h) > 2:
        return None
    alpha, beta, gamma = (sp.Poly(exponent, h).coeff_monomial(h**k) for k in (2, 1, 0))
    if alpha.is_positive:
        return None
    shrink = 1 - 2 * alpha * v
    inside = _average(rest, (m + beta * v) / shrink, v / shrink)
    factor = sp.exp(gamma + (2 * alpha * m**2 + 2 * beta * m + beta**2 * v) / (2 * shrink)) / sp.sqrt(shrink)
    return None if inside is None else constant * factor * inside


def _truncated(piece: sp.Expr, low: sp.Expr, high: sp.Expr) -> sp.Expr | None:
    """E[piece 1(low < h < high)] for a polynomial piece: Stein's rule with its boundary terms."""
    if not piece.is_polynomial(h):
        return None
    coefficients = sp.Poly(piece, h).all_coeffs()[::-1]

    def at(edge: sp.Expr, k: int) -> sp.Expr:  # h^k times the density, at an edge
        if edge.is_infinite:
            return sp.Integer(0)
        return edge**k * sp.exp(-((edge - mean) ** 2) / (2 * variance)) / sp.sqrt(2 * sp.pi * variance)

    def below(edge: sp.Expr) -> sp.Expr:  # erf((edge - mean) / sqrt(2 variance))
        return sp.sign(edge) if edge.is_infinite else sp.erf((edge - mean) / sp.sqrt(2 * variance))

    moments = [(below(high) - below(low)) / 2]
    for k in range(1, len(coefficients)):
        lower = (k - 1) * variance * moments[k - 2] if k > 1 else sp.Integer(0)
        moments.append(mean * moments[k - 1] + lower - variance * (at(high, k - 1) - at(low, k - 1)))
    return sum((c * mk for c, mk in zip(coefficients, moments, strict=True)), sp.Integer(0))
