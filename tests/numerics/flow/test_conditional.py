"""The closure ``conditional`` against its definition: all states, quadrature over the marginal, a Gaussian input."""

from __future__ import annotations

import inspect
import math

import numpy as np
import oracles
import pytest
from scipy import special

from cumulode.numerics import Solver, drift, second_cumulant, solve
from cumulode.numerics.flow import conditional
from cumulode.numerics.flow.plan import make_plan
from cumulode.theory import GP, NLGP, Ising, Problem
from cumulode.theory.closures import conditional as formulas
from cumulode.theory.closures.names import is_gradient
from cumulode.theory.neuron.activations import h, parse, y

LEGENDRE = np.polynomial.legendre.leggauss(40)


def composite(edges):
    """Nodes and weights of 40-point Gauss-Legendre on every interval."""
    low, high = np.array(edges[:-1])[:, None], np.array(edges[1:])[:, None]
    return ((low + high) / 2 + (high - low) / 2 * LEGENDRE[0]).ravel(), ((high - low) / 2 * LEGENDRE[1]).ravel()


def gaussian_mean(activation, label, bias, mean, variance):
    """E[F] of lam ~ N(mean, variance) by quadrature, cut at the relu's kink."""
    s = math.sqrt(variance)
    kink = (-bias - mean) / s
    z, weight = composite(np.sort([*np.linspace(-9, 9, 10), min(9.0, max(-9.0, kink))]))
    density = weight * np.exp(-(z**2) / 2) / math.sqrt(2 * math.pi)
    return density @ oracles.force(activation)(bias + mean + s * z, label)


def field(amplitude, seed=2, size=8):
    return amplitude * np.random.default_rng(seed).standard_normal(size) / math.sqrt(size)


# ---------------------------------------------------------------- the definition


@pytest.mark.parametrize("activation", ["erf", "tanh", "relu", "softplus"])
def test_on_an_ising_ring_it_is_the_definition_over_all_states(activation):
    """Assert to 1e-11: ``sum_y p_y E[x_i F]``, mean and variance of lam given x_i = +-1 counted over all 2^8 states.

    Given a spin the mean of lam is its conditional mean over states; the variance the closure takes is k2 - mean^2.
    """
    problem = Problem(Ising(t=0.7), Ising(t=-0.3), 8, activation=activation, bias=-0.6, prior=0.3)
    for w in (field(0.2), field(2.0, 3)):
        expected = np.zeros(8)
        for law, label, prior in zip(problem.laws, problem.labels, problem.priors, strict=True):
            x, probability = oracles.ising_points(law.t, 8)
            lam = x @ w
            k2 = probability @ lam**2
            for i in range(8):
                for spin in (1.0, -1.0):
                    chosen = x[:, i] == spin
                    mean = probability[chosen] @ lam[chosen] / probability[chosen].sum()
                    average = gaussian_mean(activation, label, problem.bias, mean, k2 - mean**2)
                    expected[i] += prior * probability[chosen].sum() * spin * average
        assert np.abs(drift(problem, "conditional")(w) - expected).max() < 1e-11


@pytest.mark.parametrize(
    ("gain", "activation"), [(0.3, "erf"), (3.0, "erf"), (30.0, "relu"), (1.0, "tanh"), (math.inf, "erf")]
)
def test_on_an_nlgp_ring_it_is_the_definition_over_the_marginal(gain, activation):
    """Assert 1e-9 of the drift against Gauss-Legendre panels in z, ``x = erf(g z/sqrt 2)`` over its own deviation."""
    problem = Problem(NLGP(gain, 1.1), NLGP(gain, 0.5), 8, activation=activation, bias=-0.6, prior=0.3)
    edges = np.concatenate([[0.0], 8.5 * 2.0 ** -np.arange(10.0, -1, -1)])
    z, weight = composite(edges)
    weight = weight * np.exp(-(z**2) / 2) * math.sqrt(2 / math.pi)
    x = np.ones_like(z) if math.isinf(gain) else special.erf(gain * z / math.sqrt(2))
    x = x / math.sqrt(weight @ x**2)
    for w in (field(0.2), field(2.0, 3)):
        expected = np.zeros(8)
        for law, label, prior in zip(problem.laws, problem.labels, problem.priors, strict=True):
            second = second_cumulant(law, 8)
            C = second[(np.arange(8)[None] - np.arange(8)[:, None]) % 8]
            cw, k2 = C @ w, w @ C @ w
            for i in (0, 3):
                for sign in (1.0, -1.0):
                    means = [
                        gaussian_mean(activation, label, problem.bias, m, k2 - cw[i] ** 2) for m in sign * x * cw[i]
                    ]
                    expected[i] += prior * sign * (weight * x) @ means / 2
        found = drift(problem, "conditional")(w)
        assert np.abs(found - expected)[[0, 3]].max() < 1e-9


@pytest.mark.parametrize("activation", ["erf", "tanh", "relu"])
def test_for_gaussian_inputs_it_is_the_gaussian_closure(activation):
    """Assert the same drift to 1e-13, and that a gain of 1e-4 comes within 1e-7 of it."""
    law = NLGP(1e-4, 1.1)
    control = Problem(GP(law), GP(NLGP(1e-4, 0.5)), 8, activation=activation, bias=-0.6)
    near = Problem(law, NLGP(1e-4, 0.5), 8, activation=activation, bias=-0.6)
    for w in (field(0.3), field(1.5, 3)):
        exact = drift(control, "gaussian")(w)
        assert np.abs(drift(control, "conditional")(w) - exact).max() < 1e-13
        assert np.abs(drift(near, "conditional")(w) - exact).max() < 1e-7


# ---------------------------------------------------------------- rules of the marginal


@pytest.mark.parametrize("gain", [1e-3, 0.3, 1.0, 3.0, 30.0, 1e5])
def test_every_rule_has_the_moments_of_the_marginal(gain):
    """Assert E[x^2n], n up to 15, of all rules to 1e-12 (variance 1 included), against panels in z; at gain 1 also
    those of the uniform law, 3^n/(2n+1).
    """
    edges = np.concatenate([[0.0], 8.5 * 2.0 ** -np.arange(24.0, -1, -1)])
    z, weight = composite(edges)
    weight = weight * np.exp(-(z**2) / 2) * math.sqrt(2 / math.pi)
    x = special.erf(gain * z / math.sqrt(2))
    x = x / math.sqrt(weight @ x**2)
    rules, _ = conditional.marginal(NLGP(gain, 1.0))
    first, n = 0, conditional.FEWEST
    while first < rules.shape[1]:
        nodes, weights = rules[:, first : first + n]
        for power in range(16):
            exact = weight @ x ** (2 * power)
            assert abs(weights @ nodes ** (2 * power) / exact - 1) < 1e-12, (n, power)
            if gain == 1.0:
                assert abs(exact * (2 * power + 1) / 3.0**power - 1) < 1e-12
        first, n = first + n, 2 * n
    assert n == 2 * conditional.MOST


def test_more_nodes_are_taken_where_the_force_is_sharp():
    """Assert that the rule grows with (C w)_i and with a smaller variance left, up to the most there are."""
    rules, spread = conditional.marginal(NLGP(1.0, 1.0))
    sizes = [
        last - first
        for first, last in (
            conditional._choose(rules, c * spread, left, 0.0)
            for c, left in ((0.1, 1.0), (3.0, 1.0), (3.0, 1e-2), (3.0, 0.0))
        )
    ]
    assert sizes == sorted(sizes)
    assert (sizes[0], sizes[-1]) == (conditional.FEWEST, conditional.MOST)


# ---------------------------------------------------------------- formulas of theory


@pytest.mark.parametrize(("law", "kappa4"), [(Ising(t=0.6), -2.0), (NLGP(1.0, 0.9), -1.2)], ids=["spins", "uniform"])
def test_to_third_order_it_is_the_formula_of_theory(law, kappa4):
    """Assert that the drift less ``theory.closures.conditional.third_order`` falls as |w|^5: slope 5 +- 0.1."""
    problem = Problem(law, law, 8, bias=-0.6, prior=0.3)
    second = second_cumulant(law, 8)
    C = second[(np.arange(8)[None] - np.arange(8)[:, None]) % 8]
    amplitudes, gaps = 2.0 ** np.arange(-8, -4), []
    for a in amplitudes:
        w = a * field(1.0)
        total = np.zeros(8)
        for label, prior in zip(problem.labels, problem.priors, strict=True):
            slope, third = (force_derivative(n, problem.bias, label) for n in (1, 3))
            total += prior * formulas.third_order(slope, third, w @ C @ w, C @ w, kappa4)
        gaps.append(np.abs(drift(problem, "conditional")(w) - total).max())
    assert abs(np.polyfit(np.log(amplitudes), np.log(gaps), 1)[0] - 5) < 0.1


def force_derivative(n, bias, label):
    """``F^(n)`` of erf at the bias, from theory."""
    return float(parse("erf").force_pieces(n)[0].subs({h: bias, y: label}))


def test_for_spins_it_is_the_two_averages_of_theory():
    """Assert ``theory.closures.conditional.spins`` with a quadrature for the average, to 1e-11."""
    problem = Problem(Ising(t=0.6), Ising(t=0.2), 8, bias=-0.6)
    w = field(1.0)
    expected = np.zeros(8)
    for law, label, prior in zip(problem.laws, problem.labels, problem.priors, strict=True):
        second = second_cumulant(law, 8)
        cw = second[(np.arange(8)[None] - np.arange(8)[:, None]) % 8] @ w

        def average(mean, variance, label=label):
            return gaussian_mean("erf", label, problem.bias, mean, variance)

        expected += prior * np.array([formulas.spins(average, w @ cw, c) for c in cw])
    assert np.abs(drift(problem, "conditional")(w) - expected).max() < 1e-11


def test_it_is_no_gradient_and_has_no_potential():
    """Assert an antisymmetric part of the Jacobian above 1e-3 of its largest entry, and that V is refused in one line."""
    problem = Problem(Ising(t=0.6), Ising(t=0.2), 8, bias=-0.6)
    f, w = drift(problem, "conditional"), field(1.0)
    J = np.array([(f(w + e) - f(w - e)) / 2e-5 for e in 1e-5 * np.eye(8)])
    assert np.abs(J - J.T).max() > 1e-3 * np.abs(J).max()
    assert not is_gradient("conditional")


# ---------------------------------------------------------------- mistakes, limits, refusals

PLANTED = [
    ("0.5 * prior * total", "0.5005 * prior * total"),
    ("(up - down)", "(up + down)"),
    ("k2 - cw[i] * cw[i]", "k2"),
    ("law(-m, left", "law(-m, 1.01 * left"),
    ("slope * cw[i]", "slope * w[i]"),
]


def test_wrong_factors_in_the_drift_are_noticed():
    """Assert that each planted mistake moves the drift by more than 1e-6, a thousand times what the tests here allow."""
    problem = Problem(Ising(t=0.6), GP(NLGP(1.0, 0.5)), 8, bias=-0.6)
    plan, w = make_plan(problem, Solver("conditional", tolerance=1e-3)), field(1.0)
    source = inspect.getsource(getattr(conditional.conditional_rhs, "py_func", conditional.conditional_rhs))

    def value(text):
        namespace = dict(vars(conditional)) | {"kernel": lambda f: f}
        exec(text, namespace)
        out = np.empty(8)
        namespace["conditional_rhs"](w, out, plan.data(), plan.law)
        return out

    right = drift(problem, "conditional")(w)
    assert np.abs(value(source) - right).max() < 1e-14
    for good, bad in PLANTED:
        assert source.count(good) == 1, good
        assert np.abs(value(source.replace(good, bad)) - right).max() > 1e-6, good


@pytest.mark.parametrize("activation", ["erf", "relu"])
def test_a_field_on_one_site_leaves_no_variance_and_is_finite(activation):
    """Assert a finite drift where lam = w_0 x_0, of which the average over x_0 is exact for spins, and f(0) = 0."""
    problem = Problem(Ising(t=0.6), NLGP(1.0, 0.5), 8, activation=activation, bias=-0.6)
    w = np.zeros(8)
    f = drift(problem, "conditional")
    assert np.array_equal(f(w), np.zeros(8))
    w[0] = 1.3
    assert np.all(np.isfinite(f(w)))
    spins = Problem(Ising(t=0.6), Ising(t=0.6), 8, activation=activation, bias=-0.6)
    force = oracles.force(activation)
    exact = np.mean([np.diff(force(-0.6 + np.array([-1.3, 1.3]), label)) / 2 for label in (1.0, -1.0)])
    assert abs(drift(spins, "conditional")(w)[0] - exact) < 1e-12


def test_no_fourth_cumulant_is_made_or_named():
    """Assert method and error of the drift and of a run: C and the marginal alone."""
    problem = Problem(NLGP(3.0, 4.0), NLGP(3.0, 1.0), 40)
    assert (drift(problem, "conditional").method, drift(problem, "conditional").error) == (
        "none (C and the marginal)",
        0.0,
    )
    solution = solve(problem, field(0.1, 1, 40), [0.0, 1.0], closure="conditional")
    assert solution.success
    assert solution.provenance["contracted_by"] == "none (C and the marginal)"
