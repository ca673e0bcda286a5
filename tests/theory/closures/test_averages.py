"""The kernels' coefficients against the same averages written from their definitions, in high precision."""

from __future__ import annotations

import mpmath
import pytest
import sympy as sp

from cumulode.numerics.compile.closure_kernels import coefficients_kernel
from cumulode.numerics.compile.quadrature import gauss_legendre
from cumulode.theory.closures.averages import coefficients, gaussian_integral
from cumulode.theory.closures.family import b
from cumulode.theory.closures.names import TWO_TERM
from cumulode.theory.derivation.evaluation import random_point, value
from cumulode.theory.dynamics.drift import k2, k4
from cumulode.theory.neuron.activations import parse, y
from cumulode.theory.neuron.gaussian import closed_form, mean, variance

POINTS = [(1.3, -0.7, 1.0, -0.6), (0.6, -0.1, -1.0, 0.4)]
ACTIVATIONS = ["erf", "tanh", "relu", "softplus"]


@pytest.mark.parametrize("closure", TWO_TERM)
@pytest.mark.parametrize(
    "activation", [pytest.param(a, marks=pytest.mark.slow) if a == "softplus" else a for a in ACTIVATIONS]
)
def test_kernels_agree_with_the_averages_they_stand_for(activation, closure):
    """Assert A and B of the compiled kernels to 1e-9 of the larger coefficient, quadratures written otherwise."""
    kernel = coefficients_kernel(activation, closure)
    exact = coefficients(closure, parse(activation))
    for point in POINTS if activation == "erf" else POINTS[:1]:
        at = dict(zip((k2, k4, y, b), (sp.Float(str(v), 40) for v in point), strict=True))
        expected = [float(value(sp.sympify(e), at)) for e in exact]
        found = kernel(*point, gauss_legendre())[:2]
        assert found == pytest.approx(expected, rel=1e-9, abs=1e-9 * max(map(abs, expected)))


@pytest.mark.parametrize("activation", ["erf", "relu", "h - h**3/6", "exp(-h**2/2)"])
@pytest.mark.parametrize("n", [0, 1, 3])
def test_hermite_averages_agree_with_closed_forms(activation, n):
    """Assert E[F^(n)] by quadrature against Hermite polynomials equals the closed form to 20 digits."""
    chosen = parse(activation)
    at = {mean: sp.Float("0.37", 40), variance: sp.Float("0.81", 40), y: sp.Float("0.6", 40)}
    quadrature = value(gaussian_integral(chosen, n, mean, variance), at)
    assert abs(quadrature - value(closed_form(chosen, n), at)) < 1e-20


def test_values_of_integrals_have_thirty_digits():
    """Assert integrals with known values: over the line, with end-point singularities, with tails."""
    x = sp.Symbol("x", real=True)
    cases = {
        sp.Integral(sp.exp(-(x**2)), (x, -sp.oo, sp.oo)): sp.sqrt(sp.pi),
        sp.Integral((1 - x**2) ** sp.Rational(-1, 3), (x, -1, 1)): sp.sqrt(sp.pi)
        * sp.gamma(sp.Rational(2, 3))
        / sp.gamma(sp.Rational(7, 6)),
        sp.Integral(1 / (1 + x**2), (x, 0, sp.oo)): sp.pi / 2,
    }
    for integral, exact in cases.items():
        assert abs(value(integral, {}) - value(exact, {})) < mpmath.mpf(10) ** -28


def test_an_integral_that_cannot_be_had_to_thirty_digits_is_refused():
    """Assert ValueError for an integrand with a jump, rather than a number with fewer digits."""
    x = sp.Symbol("x", real=True)
    with pytest.raises(ValueError, match="not found to 30 digits"):
        value(sp.Integral(sp.Heaviside(x - sp.Rational(1, 3)) * sp.exp(x), (x, 0, 1)), {})


def test_random_points_lie_in_the_domain_and_repeat_with_the_seed():
    """Assert ranges, assumptions, and that a seed fixes the point."""
    import random

    n, p, r = sp.Symbol("n", integer=True, positive=True), sp.Symbol("p", positive=True), sp.Symbol("r", real=True)
    at = random_point({n, p, r}, {r: (3.0, 4.0)}, random.Random(5))
    assert at == random_point({n, p, r}, {r: (3.0, 4.0)}, random.Random(5))
    assert 3 <= at[r] <= 4
    assert at[p] > 0
    assert at[n].is_Integer
