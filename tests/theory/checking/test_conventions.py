"""Conventions: each, and several at once, are what their words say, by numbers that know nothing of our expressions."""

from __future__ import annotations

import math
import random
from itertools import combinations

import first_formulas
import mpmath
import numpy as np
import pytest
import second_formulas
import sympy as sp

from cumulode.theory import QUANTITIES, check
from cumulode.theory.checking.convention_list import CONVENTIONS, MODEL
from cumulode.theory.checking.conventions import Point, read_in
from cumulode.theory.checking.quantities import quantity
from cumulode.theory.checking.quantities.quantity import D, eta
from cumulode.theory.checking.result import CONVENTION, DIFFERENT, EQUAL, FACTOR
from cumulode.theory.derivation.evaluation import random_point


def cases(which):
    """One table of both sets, each case with a name, its options last."""
    listed = []
    for number, tables in enumerate((first_formulas, second_formulas), 1):
        for i, case in enumerate(getattr(tables, which)):
            options = case if isinstance(case[-1], dict) else (*case, {})
            listed.append(pytest.param(*options, id=f"{case[0]}-{number}-{i}"))
    return listed


@pytest.mark.parametrize(("name", "formula", "words", "options"), cases("RIGHT"))
def test_right_formulas_are_right_and_their_conventions_named(name, formula, words, options):
    """Assert the kind, and every convention looked for in the sentence."""
    if "\\" in formula:
        pytest.importorskip("antlr4")
    result = check(formula, name, **options)
    assert result.kind == (CONVENTION if words else EQUAL), str(result)
    assert all(part in str(result).splitlines()[0] for part in words), str(result)


@pytest.mark.parametrize(("name", "formula", "options"), cases("WRONG"))
def test_wrong_formulas_are_wrong(name, formula, options):
    """Assert "different" with a counterexample."""
    if "\\" in formula:
        pytest.importorskip("antlr4")
    result = check(formula, name, **options)
    assert result.kind == DIFFERENT, str(result)
    assert result.counterexample.error > 1e-6


def held(name):
    return [c for c in CONVENTIONS if c.holds(quantity(name))]


def named(name, *words):
    """The first convention of a quantity whose words begin so, for each, in the order of the list."""
    chosen = [next(c for c in held(name) if c.words.startswith(w)) for w in words]
    return tuple(c for c in held(name) if c in chosen)


def number(name, conventions, at, activation="erf"):
    """The value of a quantity in some conventions, at a point given by names."""
    symbols = quantity(name).expr.free_symbols | {D, eta}
    point = Point({s: sp.Float(at[s.name], 40) for s in symbols if s.name in at})
    return float(point.value(read_in(quantity(name, activation), conventions)))


@pytest.mark.parametrize("name", [n for n in QUANTITIES if not quantity(n).expr.has(sp.Integral)])
def test_every_pair_is_the_same_in_either_order(name):
    """Assert that no pair depends on which is named first; models are built in the order of the list."""
    symbols = quantity(name).expr.free_symbols | {D, eta}
    point = Point(random_point(symbols, quantity(name).domain, random.Random(5)))
    for one, other in combinations(held(name), 2):
        if one.about != other.about and not (one in MODEL and other in MODEL):
            values = [point.value(read_in(quantity(name), pair)) for pair in ((one, other), (other, one))]
            assert mpmath.almosteq(*values, rel_eps=1e-25), (one.words, other.words)


def second_by_quadrature(scale, c):
    """E of erf(scale z_i) erf(scale z_j), covariance c, by Gauss-Hermite quadrature."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(120)
    weights = weights / weights.sum()
    one, other = np.meshgrid(nodes, nodes)
    f = np.vectorize(math.erf)
    return float(
        np.einsum("i,j,ji", weights, weights, f(scale * one) * f(scale * (c * one + (1 - c * c) ** 0.5 * other)))
    )


@pytest.mark.parametrize(
    ("gain", "scale"), [((), 1 / 2**0.5), (("gain sqrt 2",), 1.0), (("gain sqrt(pi/2)",), math.pi**0.5 / 2)]
)
@pytest.mark.parametrize("normalised", [True, False])
def test_gain_and_normalisation_of_the_process_by_quadrature(gain, scale, normalised):
    """Assert the second cumulant in each gain, divided by Z or not, against the average itself (gain 0.7: 1e-10)."""
    at = {"g": 0.7, "c": 0.4}
    expected = second_by_quadrature(scale * 0.7, 0.4)
    if normalised:
        expected /= second_by_quadrature(scale * 0.7, 1.0)
    chosen = named("nlgp.second", *gain, *(() if normalised else ("inputs not divided",)))
    assert number("nlgp.second", chosen, at) == pytest.approx(expected, rel=1e-9)


ACTIVATION = {
    (): lambda h: mpmath.erf(h / mpmath.sqrt(2)),
    ("erf(x) for",): mpmath.erf,
    ("erf(sqrt(pi) x/2)",): lambda h: mpmath.erf(mpmath.sqrt(mpmath.pi) * h / 2),
}
LABELS = {(): (1, -1), ("labels {0, 1}",): (1, 0), ("labels {-1/2",): (0.5, -0.5)}
SIZE, LOSS, SIGN = ("inputs over sqrt D",), ("the loss without",), ("the gradient of",)


@pytest.mark.parametrize("activation", ACTIVATION)
@pytest.mark.parametrize("labels", LABELS)
def test_growth_in_many_conventions_by_numerical_differentiation(activation, labels):
    """Assert the rate as p F' C summed, F' the numerical derivative of a scaled force, with each further convention."""
    at = {"b": 0.6, "p": 0.3, "Cplus": 1.3, "Cminus": 0.8, "D": 5.0, "eta": 0.1}
    sigma = ACTIVATION[activation]

    def rate(p=(0.3, 0.7), times=1.0, spectra=(1.3, 0.8)):
        slopes = [mpmath.diff(lambda h, y=y: (y - sigma(h)) * mpmath.diff(sigma, h), 0.6) for y in LABELS[labels]]
        return float(times * sum(a * f * c for a, f, c in zip(p, slopes, spectra, strict=True)))

    def found(*words):
        return number("growth", named("growth", *activation, *labels, *words), at)

    wave = 5**0.5
    unitary = "spectra over sqrt D"
    assert found() == pytest.approx(rate(), rel=1e-7)
    assert found(*LOSS, *SIGN) == pytest.approx(rate(times=-2), rel=1e-7)
    assert found(*LOSS, *SIZE, "equal priors, p = 1/2") == pytest.approx(rate((0.5, 0.5), 2 / 5), rel=1e-7)
    assert found(unitary, *SIZE) == pytest.approx(rate(times=1 / 5, spectra=(1.3 * wave, 0.8 * wave)), rel=1e-7)
    assert found("the change in a step", *SIGN) == pytest.approx(rate(times=-0.1), rel=1e-7)


def test_variance_of_sgd_in_both_conventions_by_iteration():
    """Assert the fixed point of v <- (1 - eta lam)^2 v + eta^2 B with the curvature lam and the noise of each loss."""
    at = {"J": 0.4, "B": 0.9, "eta": 0.3}
    for words, curvature, noise in (((), 0.4, 0.9), (("the loss",), 0.8, 3.6)):
        variance = 0.0
        for _ in range(2000):
            variance = (1 - 0.3 * curvature) ** 2 * variance + 0.09 * noise
        assert number("sgd.variance", named("sgd.variance", *words, "the curvature"), at) == pytest.approx(variance)


WIDTHS = {
    (): lambda x, s: np.exp(-(x**2) / (2 * s**2)),
    ("the width of w^2",): lambda x, s: np.exp(-(x**2) / (2 * s**2)) ** 0.5,
    ("exp(-x^2/s^2)",): lambda x, s: np.exp(-(x**2) / s**2),
    ("the full width at half height for",): lambda x, s: 0.5 ** ((2 * x / s) ** 2),
    ("the half width",): lambda x, s: 0.5 ** ((x / s) ** 2),
    ("the full width at half height of",): lambda x, s: 0.5 ** ((2 * x / s) ** 2 / 2),
}


@pytest.mark.parametrize("width", WIDTHS)
def test_widths_and_ratios_of_a_bump_by_sums(width):
    """Assert IPR, inverse, D times it and share for each meaning of the width, from a field on a fine grid."""
    x = np.linspace(-60, 60, 24001)
    field = WIDTHS[width](x, 2.5)
    ipr = np.sum(field**4) / np.sum(field**2) ** 2 / (x[1] - x[0])
    ratios = {(): ipr, ("the inverse",): 1 / ipr, ("D times",): 40 * ipr, ("1/(D IPR)",): 1 / (40 * ipr)}
    for words, expected in ratios.items():
        found = number("ipr.gaussian", named("ipr.gaussian", *width, *words), {"s": 2.5, "D": 40.0})
        assert found == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("width", list(WIDTHS)[:3])
@pytest.mark.parametrize("twice", [(), ("exp(-d^2/(2 xi^2))",)])
def test_lengths_of_bump_and_inputs_by_sums(width, twice):
    """Assert k2 = w.Cw for each meaning of both lengths, as a double sum over a grid."""
    x = np.linspace(-15, 15, 601)
    field = 0.7 * WIDTHS[width](x, 1.6)
    decay = np.exp(-((x[:, None] - x[None, :]) ** 2) / (1.3**2 * (2 if twice else 1)))
    expected = field @ decay @ field * (x[1] - x[0]) ** 2
    found = number("bump.k2", named("bump.k2", *width, *twice), {"a": 0.7, "s": 1.6, "xi": 1.3})
    assert found == pytest.approx(expected, rel=1e-9)


def test_explanations_that_cannot_be_told_apart_are_all_reported():
    """Assert "one of" for a factor 2 of a rate with equal priors, and no convention for one of a single class."""
    result = check("-sqrt(2/pi)*b*exp(-b**2/2)*(Cplus - Cminus)", "growth.committee")
    assert result.conventions == ("the loss without its 1/2",)
    assert result.alternatives == (("the equal priors 1/2 left out",),)
    assert "one of: the loss without its 1/2; or the equal priors" in str(result)
    assert result.to_dict()["alternatives"] == [["the equal priors 1/2 left out"]]
    assert check("F1*Cw/2 + F3/12*(3*k2*Cw + Kwww)", "drift").kind == "equal up to a factor"


def test_a_wrong_constant_is_not_explained_by_two_changed_lengths():
    """Assert that twice k2, which both lengths in other units would give, is different, and four times a rate is no loss."""
    assert check("4*pi*a**2*s**2*xi/sqrt(4*s**2 + xi**2)", "bump.k2").kind == DIFFERENT
    assert check("-2*sqrt(2/pi)*b*exp(-b**2/2)*(Cplus - Cminus)", "growth.committee").kind == FACTOR


def test_pairs_that_do_not_commute_are_read_in_one_order():
    """Assert Z at the gain that is meant: the right formula recognised, and the factor at the other gain refused."""
    right = "(2/pi)*asin(2*g**2*c/(1+2*g**2))"
    wrong = "asin(2*g**2*c/(1+2*g**2))/asin(2*g**2/(1+2*g**2))*(2/pi)*asin(g**2/(1+g**2))"
    assert set(check(right, "nlgp.second").conventions) == {
        c.words for c in named("nlgp.second", "gain sqrt 2", "inputs not")
    }
    assert check(wrong, "nlgp.second").kind == DIFFERENT
