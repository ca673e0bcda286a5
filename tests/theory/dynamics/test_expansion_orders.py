"""The expansions in w against the population drift itself: the order of the error is measured, and mutants are
caught.
"""

from __future__ import annotations

import math

import mpmath as mp
import numpy as np
import oracles
import pytest
import sympy as sp

from cumulode.numerics import drift, fourth_cumulant, second_cumulant
from cumulode.numerics.compile.closure_kernels import coefficients_kernel
from cumulode.numerics.compile.quadrature import gauss_legendre
from cumulode.theory import GP, NLGP, Ising, Problem
from cumulode.theory.closures.family import closure
from cumulode.theory.dynamics.drift import expand_drift, force_symbol, k2, k4
from cumulode.theory.neuron.gaussian import GaussianMean

SIZE = 8
DIRECTION = np.random.default_rng(5).standard_normal(SIZE)
DIRECTION /= np.linalg.norm(DIRECTION)
#: Two decades: below, rounding (1e-16 of the drift, 1e-12 of the error at 1e-3) would show; above, the seventh order.
SCALES = 10.0 ** np.linspace(-3, -1, 9)
PLUS, MINUS = Ising(t=0.7), Ising(t=0.3)


def slope(scales, errors):
    """Exponent of the power law fitted to ``errors``."""
    return float(np.polyfit(np.log(scales), np.log(errors), 1)[0])


def exact(w, force, bias, plus=PLUS, minus=MINUS, prior=0.5):
    """Population drift by the sum over all states of both Ising rings."""
    points = [oracles.ising_points(law.t, len(w)) for law in (plus, minus)]
    return oracles.population_drift(w, *points, force, bias, prior)


def error_slope(approximation, force, bias, scales=SCALES, **laws):
    """Measured order of ``|approximation(w) - exact(w)|`` along one direction."""
    errors = [np.linalg.norm(approximation(e * DIRECTION) - exact(e * DIRECTION, force, bias, **laws)) for e in scales]
    return slope(scales, errors)


# ---------------------------------------------------------------- third order is exact


@pytest.mark.parametrize(
    ("activation", "bias"), [("erf", -1.0), ("erf", 0.4), ("tanh", -0.7), ("softplus", -1.0), ("h - h**3/6", 0.3)]
)
def test_taylor_leaves_an_error_of_fifth_order(activation, bias):
    """Assert that taylor minus the sum over all states falls as w^5 over two decades: slope within 0.1 of 5."""
    f = drift(Problem(plus=PLUS, minus=MINUS, size=SIZE, activation=activation, bias=bias), "taylor", tolerance=0.0)
    assert 4.9 < error_slope(f, oracles.force(activation), bias) < 5.1


def test_taylor_holds_for_unequal_priors_and_antiferromagnets():
    """Assert the same slope at prior 0.2 with t = -0.6 against t = 0.5."""
    laws = {"plus": Ising(t=-0.6), "minus": Ising(t=0.5), "prior": 0.2}
    f = drift(Problem(size=SIZE, bias=-1.0, **laws), "taylor", tolerance=0.0)
    assert 4.9 < error_slope(f, oracles.force("erf"), -1.0, **laws) < 5.1


@pytest.mark.parametrize(
    ("activation", "bias"), [("relu", 1.0), ("relu", -1.0), ("Abs(h - 1)", 0.2), ("Max(0, h) + 0.1*Min(0, h)", -0.5)]
)
def test_taylor_is_exact_for_a_kinked_line_that_the_field_does_not_reach(activation, bias):
    """Assert equality to rounding while ``sum |w_i|`` is below the distance to the kink: there the force is linear."""
    f = drift(Problem(plus=PLUS, minus=MINUS, size=SIZE, activation=activation, bias=bias), "taylor", tolerance=0.0)
    pieces = {
        "relu": lambda h: (np.maximum(h, 0), 1.0 * (h > 0)),
        "Abs(h - 1)": lambda h: (np.abs(h - 1), np.sign(h - 1)),
        "Max(0, h) + 0.1*Min(0, h)": lambda h: (np.where(h > 0, h, h / 10), np.where(h > 0, 1, 0.1)),
    }[activation]
    w = 0.45 / np.abs(DIRECTION).sum() * DIRECTION

    def force(h, label):
        value, derivative = pieces(h)
        return (label - value) * derivative

    assert np.abs(f(w) - exact(w, force, bias)).max() < 1e-15


@pytest.mark.parametrize(("gain", "activation", "bias"), [(0.7, "erf", -1.0), (1.0, "tanh", 0.5)])
def test_taylor_on_the_nlgp_leaves_an_error_of_fifth_order(gain, activation, bias):
    """Assert slope 5 within 0.1 on a ring of four against Gauss-Hermite points in four dimensions (C and K theirs
    too).
    """
    laws = [NLGP(gain=gain, xi=xi, covariance="wrapped") for xi in (1.0, 0.5)]
    points = []
    for law in laws:
        d = np.arange(-9, 10) * 4.0
        c = np.array([np.exp(-((k + d) ** 2) / law.xi**2).sum() for k in range(4)]) / np.exp(-(d**2) / law.xi**2).sum()
        points.append(oracles.hermite_points(gain, c[(np.arange(4)[:, None] - np.arange(4)) % 4], 24))
    f = drift(Problem(*laws, size=4, activation=activation, bias=bias), "taylor", tolerance=0.0)
    direction, scales = DIRECTION[:4] / np.linalg.norm(DIRECTION[:4]), 10.0 ** np.linspace(-1.7, -0.7, 5)
    force = oracles.force(activation)
    errors = [
        np.linalg.norm(f(e * direction) - oracles.population_drift(e * direction, *points, force, bias)) for e in scales
    ]
    assert 4.9 < slope(scales, errors) < 5.1


# ---------------------------------------------------------------- the activation cut at third order


def _cut_erf(bias):
    """Coefficients of the third-order Taylor polynomial of erf(h/sqrt 2) at ``bias``, in powers of h."""
    density = math.sqrt(2 / math.pi) * math.exp(-(bias**2) / 2)
    derivatives = [math.erf(bias / math.sqrt(2)), density, -bias * density, (bias**2 - 1) * density]
    shifted = np.polynomial.Polynomial([d / math.factorial(n) for n, d in enumerate(derivatives)])
    return shifted(np.polynomial.Polynomial([-bias, 1])).coef


@pytest.mark.parametrize("bias", [-0.7, 0.6])
def test_taylor_activation_is_the_third_order_of_a_neuron_with_the_cut_activation(bias):
    """Assert slope 5 against all states with the cubic activation, and only slope 3 against the uncut one."""
    f = drift(Problem(plus=PLUS, minus=MINUS, size=SIZE, bias=bias), "taylor-activation", tolerance=0.0)
    assert 4.9 < error_slope(f, oracles.polynomial_force(_cut_erf(bias)), bias) < 5.1
    assert 2.9 < error_slope(f, oracles.force("erf"), bias) < 3.1


def test_taylor_activation_is_exact_at_bias_minus_one():
    """Assert equality to rounding where erf's third derivative vanishes: the cut activation is a parabola, its force a
    cubic.
    """
    f = drift(Problem(plus=PLUS, minus=MINUS, size=SIZE, bias=-1.0), "taylor-activation", tolerance=0.0)
    assert np.abs(f(DIRECTION) - exact(DIRECTION, oracles.polynomial_force(_cut_erf(-1.0)), -1.0)).max() < 1e-14


def test_taylor_activation_is_taylor_of_the_cubic_given_as_an_activation():
    """Assert that a user who writes the cubic out and asks for taylor gets the same drift to 1e-13."""
    bias = -1.0
    cubic = " + ".join(f"({c!r})*h**{n}" for n, c in enumerate(_cut_erf(bias).tolist()))
    laws = {"plus": PLUS, "minus": MINUS, "size": SIZE, "bias": bias}
    written = drift(Problem(activation=cubic, **laws), "taylor")(0.3 * DIRECTION)
    named = drift(Problem(**laws), "taylor-activation")(0.3 * DIRECTION)
    assert np.abs(written - named).max() < 1e-13 * np.abs(named).max()


# ---------------------------------------------------------------- higher orders


@pytest.mark.parametrize(("name", "order"), [("taylor", 3), ("taylor-5", 5), ("taylor-7", 7), ("taylor-9", 9)])
def test_higher_orders_reach_their_order_where_no_higher_cumulant_interferes(name, order):
    """Assert slope ``order + 2`` on Gaussian inputs, whose drift is ``E[F'] C w`` with the mean by Gauss-Hermite
    quadrature.
    """
    laws = (GP(PLUS), GP(MINUS))
    f = drift(Problem(*laws, size=SIZE, bias=-1.0), name, tolerance=0.0)
    z, weight = np.polynomial.hermite_e.hermegauss(40)
    force = oracles.force("erf")

    def gaussian(w):
        total = np.zeros(SIZE)
        for law, label in zip(laws, (1.0, -1.0), strict=True):
            C = second_cumulant(law, SIZE)[(np.arange(SIZE)[:, None] - np.arange(SIZE)) % SIZE]
            width = math.sqrt(w @ C @ w)
            total += 0.5 * (weight / weight.sum()) @ (z * force(width * z - 1.0, label)) / width * (C @ w)
        return total

    scales = 10.0 ** np.linspace(-1.4, -0.9, 5)  # below, order 11 is at rounding level
    errors = [np.linalg.norm(f(e * DIRECTION) - gaussian(e * DIRECTION)) for e in scales]
    assert abs(slope(scales, errors) - (order + 2)) < 0.1


def _formal_mean(neuron, n, k2, k4):
    """``E[F^(n)]`` under the formal law with cumulants k2, k4 alone: the Gaussian mean of ``exp(k4 d^4/24) F^(n)``."""
    means = oracles.gaussian_derivatives(neuron, (n, n + 4, n + 8), k2)
    return sum((k4 / 24) ** j / mp.factorial(j) * mean for j, mean in enumerate(means))


@pytest.mark.parametrize(("name", "order"), [("taylor", 3), ("taylor-5", 5), ("taylor-7", 7)])
def test_higher_orders_expand_the_law_that_has_two_cumulants_alone(name, order):
    """Assert that A and B err by orders ``order + 1`` and ``order - 1`` in w: k4 powers as well as k2 powers are
    right.
    """
    kernel, rule = coefficients_kernel("erf", name), gauss_legendre()
    scales = np.array([0.05, 0.1, 0.2])
    with mp.workdps(30):
        neuron = oracles.Neuron("erf", 1.0, -1.0)
        errors = []
        for e in scales:
            square, fourth = mp.mpf(e) ** 2, -mp.mpf(7) / 10 * mp.mpf(e) ** 4
            A, B, _ = kernel(float(square), float(fourth), 1.0, -1.0, rule)
            errors.append(
                [abs(A - _formal_mean(neuron, 1, square, fourth)), abs(B - _formal_mean(neuron, 3, square, fourth) / 6)]
            )
    measured = [slope(scales, np.array(errors, float)[:, i]) for i in range(2)]
    assert abs(measured[0] - (order + 1)) < 0.25, measured
    assert abs(measured[1] - (order - 1)) < 0.25, measured


# ---------------------------------------------------------------- mutants


def _derivatives(label, bias):
    """F, F', F'', F''' of erf at ``bias``, by mpmath's differentiation of the force."""
    with mp.workdps(40):
        return [float(mp.diff(lambda v: oracles.Neuron("erf", label, bias).force(v), 0, n)) for n in range(4)]


def _drift_of(coefficients, bias=-1.0):
    """The drift with ``A``, ``B`` given by SymPy expressions, from the numbers C and K alone."""
    arguments = (k2, k4, *(force_symbol(n) for n in range(4)))
    evaluate = sp.lambdify(arguments, coefficients)
    classes = []
    for law, label in ((PLUS, 1.0), (MINUS, -1.0)):
        C = second_cumulant(law, SIZE)[(np.arange(SIZE)[:, None] - np.arange(SIZE)) % SIZE]
        K = oracles.circulant_tensor(fourth_cumulant(law, oracles.all_offsets(SIZE), size=SIZE), SIZE)
        classes.append((C, K, _derivatives(label, bias)))

    def of(w):
        total = np.zeros(SIZE)
        for C, K, F in classes:
            cw, kwww = C @ w, np.einsum("ijkl,j,k,l->i", K, w, w, w, optimize=True)
            A, B = evaluate(w @ cw, w @ kwww, *F)
            total += 0.5 * (A * cw + B * kwww)
        return total

    return of


def _expansion():
    """A and B as ``expand_drift`` derives them."""
    expansion = expand_drift(3)
    return expansion.A, expansion.B


def _closure():
    """A and B as SymPy differentiates the potential of closure taylor, means at zero variance named as derivatives."""
    b = sp.Symbol("b", real=True)
    names = {GaussianMean(n, b, 0): force_symbol(n) for n in range(4)}
    return tuple(sp.expand(e.xreplace(names)) for e in closure("taylor").coefficients())


def _mutants(coefficients):
    """Each term of each coefficient in turn times 1.01, and with its sign flipped."""
    for i, expr in enumerate(coefficients):
        for term in sp.Add.make_args(expr):
            for factor in (sp.Rational(101, 100), -1):
                mutant = list(coefficients)
                mutant[i] = expr + (factor - 1) * term
                yield f"{'AB'[i]}: {term} times {factor}", tuple(mutant)


@pytest.mark.parametrize("route", [_expansion, _closure])
def test_every_planted_error_in_the_expansion_spoils_its_order(route):
    """Assert slope 5 of the expansion evaluated as it is, and below 4.5 with any term off by 1 % or of the
    wrong sign.
    """
    force = oracles.force("erf")
    assert 4.9 < error_slope(_drift_of(route()), force, -1.0) < 5.1
    mutants = dict(_mutants(route()))
    assert len(mutants) == 6  # F1 and k2 F3/2 in A, F3/6 in B
    for name, mutant in mutants.items():
        assert error_slope(_drift_of(mutant), force, -1.0) < 4.5, name


def test_both_routes_to_the_third_order_are_one_expression():
    """Assert that the partition sum and the gradient of the potential give the same A and B."""
    assert [sp.expand(a - b) for a, b in zip(_expansion(), _closure(), strict=True)] == [0, 0]


# ---------------------------------------------------------------- other closures at small w


@pytest.mark.parametrize(
    ("name", "order"), [("edgeworth", 5), ("bimodal", 5), ("pearson", 5), ("regression", 5), ("gaussian", 3)]
)
@pytest.mark.parametrize("activation", ["erf", "tanh", "softplus"])
def test_closures_are_exact_to_third_order_when_they_know_the_fourth_cumulant(name, order, activation):
    """Assert slope 5 within 0.1 against all states, with gaussian, which ignores k4, at slope 3; one and a half
    decades.
    """
    f = drift(Problem(plus=PLUS, minus=MINUS, size=SIZE, activation=activation, bias=-1.0), name, tolerance=0.0)
    scales = 10.0 ** np.linspace(-2.3, -0.8, 6)
    assert abs(error_slope(f, oracles.force(activation), -1.0, scales) - order) < 0.1
