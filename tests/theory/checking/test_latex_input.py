"""LaTeX input: what is read means what was written, and what could be misread is refused."""

from __future__ import annotations

import random

import pytest
import sympy as sp

from cumulode.theory.checking.latex_input import looks_like_latex, read_latex

pytest.importorskip("antlr4", reason="the LaTeX parser is the optional extra cumulode[latex]")

b, y = sp.symbols("b y", real=True)
k2, k4, g = sp.symbols("k2 k4 g", positive=True)
NAMES = {"b": b, "y": y, "k_2": k2, "k_4": k4, r"\gamma": g}
SYMBOL_NAMES = {k2: "k_2", k4: "k_4", g: r"\gamma"}


@pytest.mark.parametrize(
    ("latex", "expected"),
    [
        (r"\frac{1}{2} k_2", k2 / 2),
        (r"\frac12 b k_{2}", b * k2 / 2),
        (r"bk_2", b * k2),
        (r"$\operatorname{erf}(\frac{b}{\sqrt{2}})$", sp.erf(b / sp.sqrt(2))),
        (r"\mathrm{erf}\left(\frac{b}{\sqrt 2}\right)^{2}", sp.erf(b / sp.sqrt(2)) ** 2),
        (r"\erf(b)y", sp.erf(b) * y),
        (r"e^{-b^2} - \exp(-\frac{b^2}{2})", sp.exp(-(b**2)) - sp.exp(-(b**2) / 2)),
        (r"\left(1 - \tanh(b)\right)\left(1 + \tanh(b)\right)", (1 - sp.tanh(b)) * (1 + sp.tanh(b))),
        (r"\sqrt{\frac{2}{\pi}}\,\gamma^{10}", sp.sqrt(2 / sp.pi) * g**10),
        (r"\dfrac{2}{\pi}\arcsin(\gamma)", 2 / sp.pi * sp.asin(g)),
        (r"2^{-b}", 2 ** (-b)),
        (r"2b(1+k_2)\frac{1}{2}", b * (1 + k2)),
        (r"k_4 \left(1 - b\right)^2 \tanh^2(y) b", k4 * (1 - b) ** 2 * sp.tanh(y) ** 2 * b),
        (r"\sin(b)^2 b - \cosh^{3}{\left(y \right)}", sp.sin(b) ** 2 * b - sp.cosh(y) ** 3),
    ],
)
def test_latex_means_what_was_written(latex, expected):
    """Assert the expression, for the ways a formula is usually typed."""
    assert sp.simplify(read_latex(latex, NAMES) - expected) == 0


def _random_expression(source, depth):
    if depth == 0:
        return source.choice([b, y, k2, k4, g, sp.Integer(2), sp.Rational(3, 7), sp.pi, sp.sqrt(2)])
    one, two = _random_expression(source, depth - 1), _random_expression(source, depth - 1)
    made = [one + two, one * two, one - two, one / (1 + two**2), one**2, sp.erf(one), sp.tanh(one), sp.exp(-(one**2))]
    return source.choice(made)


@pytest.mark.parametrize("seed", range(80))
def test_what_sympy_prints_is_read_back_as_it_was(seed):
    """Assert that random expressions survive the round trip through LaTeX, at a random point (seeds 0 to 79)."""
    source = random.Random(seed)
    expr = _random_expression(source, 3)
    back = read_latex(sp.latex(expr, symbol_names=SYMBOL_NAMES), NAMES)
    at = {s: sp.Float(source.uniform(0.3, 1.2), 30) for s in NAMES.values()}
    assert abs(sp.N((back - expr).xreplace(at), 20)) < 1e-15


def test_latex_is_distinguished_from_python():
    """Assert which strings are taken for LaTeX."""
    assert looks_like_latex(r"\frac{b}{2}")
    assert looks_like_latex("k_{2}")
    assert not looks_like_latex("k2*b/2")
