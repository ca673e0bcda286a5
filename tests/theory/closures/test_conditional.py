"""The conditional closure: plain quadrature, all states of small rings, and where it differs from the exact drift."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
import sympy as sp
from scipy import integrate, special

from cumulode import NLGP, fourth_cumulant, second_cumulant
from cumulode.theory.closures import conditional
from cumulode.theory.closures.family import b, taylor_coefficient
from cumulode.theory.dynamics import dispersion
from cumulode.theory.neuron.activations import parse, y


def ring(t, size):
    """All states of an Ising ring and their probabilities."""
    x = np.array(list(itertools.product((-1.0, 1.0), repeat=size)))
    weight = np.prod(1 + t * x * np.roll(x, 1, axis=1), axis=1)
    return x, weight / weight.sum()


def gaussian_mean(function, mean, variance):
    """Average over N(mean, variance) by 80 Gauss-Hermite nodes."""
    z, weight = np.polynomial.hermite_e.hermegauss(80)
    return np.sum(weight * function(mean + math.sqrt(variance) * z)) / math.sqrt(2 * math.pi)


def force(label, bias):
    """(y - sigma) sigma' at lam + bias."""

    def of(lam):
        h = lam + bias
        return (label - special.erf(h / math.sqrt(2))) * math.sqrt(2 / math.pi) * np.exp(-(h**2) / 2)

    return of


def test_the_conditional_law_of_gaussian_data_is_the_regression():
    """Assert mean and variance of lam given x_i against the Schur complement of the joint covariance."""
    rng = np.random.default_rng(3)
    a = rng.standard_normal((5, 5))
    c = a @ a.T
    scale = np.sqrt(np.diag(c))
    c = c / np.outer(scale, scale)
    w = rng.standard_normal(5)
    joint = np.array([[1, (c @ w)[2]], [(c @ w)[2], w @ c @ w]])
    assert conditional.mean(0.7, (c @ w)[2]) == pytest.approx(0.7 * joint[1, 0] / joint[0, 0])
    assert conditional.variance(w @ c @ w, (c @ w)[2]) == pytest.approx(1 / np.linalg.inv(joint)[1, 1])


@pytest.mark.parametrize("label", [1, -1])
def test_the_closure_is_exact_for_gaussian_data(label):
    """Assert E[x G(x)] over a Gaussian x equals Stein's (C w)_i E[F'], by quadrature."""
    cw, k2, bias = 0.6, 1.3, -1.0
    f = force(label, bias)
    left = integrate.quad(
        lambda x: (
            x
            * gaussian_mean(f, conditional.mean(x, cw), conditional.variance(k2, cw))
            * math.exp(-(x**2) / 2)
            / math.sqrt(2 * math.pi)
        ),
        -12,
        12,
        epsabs=1e-12,
    )[0]
    right = cw * gaussian_mean(lambda lam: (f(lam + 1e-5) - f(lam - 1e-5)) / 2e-5, 0.0, k2)
    assert left == pytest.approx(right, abs=1e-8)


@pytest.mark.parametrize(("kappa4", "points"), [(-2.0, (1.0,)), (-1.2, None), (0.0, "gauss")])
def test_to_third_order_only_the_kurtosis_of_the_marginal_enters(kappa4, points):
    """Assert the third-order formula as the limit of the closure for spins, uniform and Gaussian marginals."""
    slope, third = (float(taylor_coefficient(parse("erf"), n).subs({b: -1, y: 1})) for n in (1, 3))
    f = force(1, -1.0)
    if points is None:
        nodes, weight = np.polynomial.legendre.leggauss(40)
        x, p = math.sqrt(3) * nodes, weight / 2
    elif points == "gauss":
        x, weight = np.polynomial.hermite_e.hermegauss(60)
        p = weight / math.sqrt(2 * math.pi)
    else:
        x, p = np.array([-1.0, 1.0]), np.array([0.5, 0.5])
    for scale in (0.1, 0.05):
        cw, k2 = 0.8 * scale, scale**2
        closure = sum(
            pi * xi * gaussian_mean(f, conditional.mean(xi, cw), conditional.variance(k2, cw))
            for xi, pi in zip(x, p, strict=True)
        )
        assert closure == pytest.approx(conditional.third_order(slope, third, k2, cw, kappa4), abs=3 * scale**5)
        if kappa4:
            assert closure != pytest.approx(conditional.third_order(slope, third, k2, cw, 0.0), abs=3 * scale**5)


def test_the_closure_for_spins_is_half_a_difference():
    """Assert spins() against the average over x = +-1 written out."""
    f, cw, k2 = force(-1, 0.5), 0.4, 0.9

    def average(mean, variance):
        return gaussian_mean(f, mean, variance)

    expected = sum(x / 2 * gaussian_mean(f, x * cw, k2 - cw**2) for x in (1, -1))
    assert conditional.spins(average, k2, cw) == pytest.approx(expected, rel=1e-13)


def test_the_closure_differs_from_an_ising_ring_at_third_order_by_the_fourth_cumulant():
    """Assert E[x_i lam^3] over all states less the closure's is K(w,w,w)_i - kappa4 (C w)_i^3, K from moments."""
    x, p = ring(0.6, 6)
    w = np.random.default_rng(2).standard_normal(6)
    lam, c = x @ w, (x * p[:, None]).T @ x
    cw, k2 = c @ w, w @ c @ w
    exact = (x * (p * lam**3)[:, None]).sum(0)
    cubic = conditional.third_order(0, 6, k2, cw, -2.0)
    moment = np.einsum("s,si,sj,sk,sl->ijkl", p, x, x, x, x)
    pairs = [np.einsum(f"{a},{b}->ijkl", c, c) for a, b in (("ij", "kl"), ("ik", "jl"), ("il", "jk"))]
    kwww = np.einsum("ijkl,j,k,l->i", moment - sum(pairs), w, w, w)
    np.testing.assert_allclose(exact - cubic, kwww + 2 * cw**3, atol=1e-12)
    assert np.abs(exact - cubic).max() > 0.1


def test_beside_a_peak_the_closure_has_a_tenth_of_the_cumulant():
    """Assert the figures of theory.md: K_ijjj = -0.51 against -0.05 for the NLGP, gain 3, xi 4, distance 4."""
    law = NLGP(gain=3.0, xi=4.0)
    exact, kappa4 = fourth_cumulant(law, [[4, 4, 4], [0, 0, 0]])
    c = second_cumulant(law, 60)[4]
    assert exact == pytest.approx(-0.5066852633406760, rel=1e-12)
    assert kappa4 * c**3 == pytest.approx(-0.05, abs=5e-3)


@pytest.mark.parametrize("kappa4", [-2.0, -1.2, 0.7])
def test_the_jacobian_of_the_third_order_field_is_not_symmetric(kappa4):
    """Assert the antisymmetric part against central differences on a ring of five sites; zero for a uniform field."""
    slope, third, c1, c2 = 0.4, -1.3, 0.5, 0.2
    c = np.array([[(1, c1, c2, c2, c1)[(i - j) % 5] for j in range(5)] for i in range(5)])

    def field(w):
        return conditional.third_order(slope, third, w @ c @ w, c @ w, kappa4)

    def jacobian(w):
        e = 1e-5 * np.eye(5)
        return np.array([(field(w + v) - field(w - v)) / 2e-5 for v in e]).T

    w = np.random.default_rng(0).standard_normal(5)
    J, m = jacobian(w), c @ w
    np.testing.assert_allclose(J - J.T, conditional.antisymmetric(third, kappa4, c, m[:, None], m[None, :]), atol=1e-8)
    assert np.abs(J - J.T).max() > 0.01
    J = jacobian(np.full(5, 0.8))
    np.testing.assert_allclose(J, J.T, atol=1e-8)
    signs = np.linalg.solve(c, np.array([1.0, 1, -1, 1, -1]))
    J = jacobian(signs)
    np.testing.assert_allclose(J, J.T, atol=1e-8)


def test_the_functions_take_symbols():
    """Assert that numbers put into the symbolic result give the numeric one."""
    a, c, x1, x2 = sp.symbols("a c x1 x2")
    expr = dispersion.stationary_wavenumber_squared(a, c, x1, x2, sp)
    at = {a: 0.29, c: -0.194, x1: 1.0, x2: 4.0}
    assert float(expr.subs(at)) == pytest.approx(dispersion.stationary_wavenumber_squared(*at.values()))
    k, t = sp.symbols("k t")
    assert float(dispersion.ising_spectrum(k, t, 6, sp).subs({k: 0.3, t: 0.5})) == pytest.approx(
        dispersion.ising_spectrum(0.3, 0.5, 6)
    )
