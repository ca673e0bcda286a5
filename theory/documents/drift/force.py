"""The derivatives of the force in the drift document: the two meanings of third order, and one activation's own."""

from __future__ import annotations

from collections.abc import Sequence
from math import comb
from typing import Any

import sympy as sp

from cumulode.theory.closures.family import b, taylor_coefficient
from cumulode.theory.derivation.derivation import Derivation
from cumulode.theory.neuron.activations import Activation, h, y

lam = sp.Symbol("lam", real=True)


def nested(coefficients: Sequence[Any], at: sp.Symbol) -> sp.Expr:
    """A polynomial as c0 + at (c1 + at (c2 + ...))."""
    result = sp.Integer(0)
    for c in reversed(coefficients):
        result = c + at * result
    return result


def leibniz(s: Sequence[Any], n: int) -> sp.Expr:
    """The n-th derivative of ``(y - sigma) sigma'`` from the derivatives ``s[0] .. s[n+1]`` of sigma."""
    terms = (comb(n, j) * s[j] * s[n + 1 - j] for j in range(1, n + 1))
    return (y - s[0]) * s[n + 1] - sum(terms, sp.Integer(0))


def cuts(d: Derivation) -> None:
    """F_y'(0) and F_y'''(0) from the derivatives of the activation: force cut, activation cut, their difference."""
    s = list(sp.symbols("s_0:5", real=True))

    def derivative(degree: int, n: int) -> sp.Expr:
        sigma = nested([s[j] / sp.factorial(j) for j in range(degree + 1)], lam)
        slope = nested([s[j + 1] / sp.factorial(j) for j in range(degree)], lam)
        return sp.Subs(sp.Derivative((y - sigma) * slope, (lam, n)), lam, 0)

    d.chain(
        "The coefficients in terms of the activation, $\\sigma(\\lambda + b) = \\sum_n s_n\\lambda^n/n!$ with $s_n = "
        "\\sigma^{(n)}(b)$. The first decides growth.",
        r"F_y'(0)",
        derivative(2, 1),
    ).equals(leibniz(s, 1), "product rule", name="force slope")
    d.chain(
        "The third derivative with the force cut at third order: the activation then counts to fourth order.",
        r"F_y'''(0)",
        derivative(4, 3),
    ).equals(leibniz(s, 3), "Leibniz' rule", name="force cut")
    d.chain(
        "With the activation cut at third order instead, as in the authors' code, $s_4 = 0$ and the label drops out.",
        r"F_y'''(0)\big|_{\mathrm{activation\ cut}}",
        derivative(3, 3),
    ).equals(leibniz([*s[:4], 0], 3), "Leibniz' rule", name="activation cut")
    a1, a3, a5 = sp.symbols("a_1 a_3 a_5", real=True)
    odd = a1 * b + a3 * b**3 + a5 * b**5
    d.chain(
        "The two differ by $(y - s_0)\\,s_4$. An even derivative of an odd activation is an odd function of the bias, "
        "here for $\\sigma(b) = a_1 b + a_3 b^3 + a_5 b^5$: the two meanings agree at $b = 0$.",
        r"(y - s_0)\,s_4",
        (y - odd) * sp.Derivative(odd, (b, 4)),
    ).equals(120 * a5 * b * (y - odd), "differentiation")


def of_activation(d: Derivation, chosen: Activation) -> None:
    """F_y'(0) and F_y'''(0) of one activation in b and y, and the numbers at b = -1."""
    plus, minus = (_number(chosen, 1, label) for label in (1, -1))
    _coefficient(
        d,
        chosen,
        1,
        f"For the activation {chosen.name}{_where(chosen)}. At $b = -1$ it is {plus} for the class $y = 1$ and {minus} "
        "for $y = -1$.",
        "force derivatives",
    )
    force = " and ".join(_number(chosen, 3, label) for label in (1, -1))
    activation = " and ".join(_number(chosen, 3, label, cut=True) for label in (1, -1))
    _coefficient(
        d,
        chosen,
        3,
        f"The third derivative. At $b = -1$ it is {force} ($y = 1$ and $y = -1$), with the activation cut "
        f"{activation}.",
    )


def higher_derivative(d: Derivation, chosen: Activation, n: int) -> None:
    """F_y^(n)(0) of one activation, n >= 5."""
    _coefficient(d, chosen, n, f"The derivative of order {n} of the force for the activation {chosen.name}.")


def _number(chosen: Activation, n: int, label: int, cut: bool = False) -> str:
    value = taylor_coefficient(chosen, n, cut).subs({b: -1, y: label})
    return f"${float(sp.N(value, 30)):+.3f}$"


def _where(chosen: Activation) -> str:
    """Between which kinks the last piece that varies lies."""
    if chosen.smooth:
        return ""
    low, high = map(sp.latex, chosen.intervals[chosen.last_varying])
    return f", for biases between its kinks in $({low}, {high})$"


def _coefficient(d: Derivation, chosen: Activation, n: int, words: str, name: str | None = None) -> None:
    piece = chosen.pieces[chosen.last_varying]
    found, sigma = taylor_coefficient(Activation(chosen.name, (), (piece,)), n), piece.subs(h, b)
    slope, rest = _tidy(sp.diff(found, y)), _tidy(found.subs(y, sigma))
    force = (y - sigma) * sp.Derivative(sigma, b)
    start = (
        sp.Derivative(force, (b, n)) if n > 1 else leibniz([sigma, *(sp.Derivative(sigma, (b, j)) for j in (1, 2))], 1)
    )
    d.chain(words, rf"F_y^{{({n})}}(0)" if n > 3 else "F_y" + "'" * n + "(0)", start).equals(
        (y - sigma) * slope + rest,
        "derivatives of this activation",
        rewrite=lambda e: sp.expand(_plain(e.doit()), log=False),
        by="differentiation and expansion",
        name=name,
    )


def _tidy(expr: sp.Expr) -> sp.Expr:
    """A derivative of the activation, factorised."""
    return sp.factor(sp.expand(expr, log=False))


def _plain(expr: sp.Expr) -> sp.Expr:
    """sinh/cosh as tanh."""
    return expr.replace(sp.sinh, lambda z: sp.tanh(z) * sp.cosh(z))
