"""The drift expanded in cumulants: partitions counted one by one, the potential differentiated, all states summed."""

from itertools import product

import pytest
import sympy as sp
from mutants import mutant

from cumulode.theory.closures.family import b, closure, taylor_coefficient, taylor_potential
from cumulode.theory.closures.family import label as y
from cumulode.theory.cumulants import ising
from cumulode.theory.cumulants.partitions import joint_cumulant, joint_moment
from cumulode.theory.dynamics import drift
from cumulode.theory.dynamics.drift import Cw, Kwww, expand_drift, force_symbol, k2, k4
from cumulode.theory.neuron.activations import parse
from cumulode.theory.neuron.gaussian import GaussianMean

ORDERS = (1, 3, 5, 7)
F = [force_symbol(n) for n in range(8)]


def cumulant(block):
    """Cumulants of {x_i, lam, ..., lam} with none beyond the fourth: ``C w``, ``K(w,w,w)``, ``k2``, ``k4``."""
    with_x = "x" in block
    return {2: Cw if with_x else k2, 4: Kwww if with_x else k4}.get(len(block), sp.Integer(0))


def by_partitions(order):
    """``sum_n F^(n)(0)/n! E[x_i lam^n]``, each moment a sum over all partitions of n + 1 items."""
    return sum(F[n] / sp.factorial(n) * joint_moment(("x",) + ("l",) * n, cumulant) for n in range(order + 1))


def check_against_partitions(module, order):
    found = module.expand_drift(order)
    assert found.order == order
    assert sp.expand(found.expr - by_partitions(order)) == 0


def at_zero(expr):
    """``GaussianMean(n, b, 0)`` written as the symbol of ``F^(n)(0)``."""
    return expr.replace(GaussianMean, lambda n, m, v: F[n] if (m, v) == (b, 0) else sp.nan)


@pytest.mark.parametrize("order", ORDERS)
def test_the_expansion_is_the_sum_over_all_partitions(order):
    """Assert that grouping by the block of x_i loses and repeats no partition, even orders n = 0, 2, 4, 6 included."""
    check_against_partitions(drift, order)


@pytest.mark.parametrize(("order", "name"), [(3, "taylor"), (3, "taylor-activation"), (5, "taylor-5"), (7, "taylor-7")])
def test_differentiating_the_potential_gives_the_same_expression(order, name):
    """Assert that A = 2 dPsi/dk2, B = 4 dPsi/dk4 of the Taylor closures are the expansion: two routes to one expression."""
    A, B = (at_zero(e) for e in closure(name).coefficients())
    found = expand_drift(order)
    assert sp.expand(A - found.A) == 0
    assert sp.expand(B - found.B) == 0


def test_the_first_order_potential_gives_the_linear_drift():
    """Assert that the potential to second order in w gives F'(0) C w."""
    psi = at_zero(sp.diff(taylor_potential(1), k2))
    assert 2 * psi == F[1] == expand_drift(1).A
    assert expand_drift(1).B == 0


def test_third_order_is_as_written_by_hand():
    """Assert A = F' + F''' k2/2 and B = F'''/6 (theory.md section 3)."""
    found = expand_drift(3)
    assert sp.expand(found.A - (F[1] + F[3] * k2 / 2)) == 0
    assert sp.expand(found.B - F[3] / 6) == 0
    assert found.expr == sp.expand(F[1] + F[3] * k2 / 2) * Cw + F[3] / 6 * Kwww


def test_fifth_order_is_as_written_by_hand():
    """Assert the next terms: F5 (k2^2/8 + k4/24) in A and F5 k2/12 in B, from E[x lam^5] = 5 m4 C w + 10 m2 K."""
    found = expand_drift(5)
    assert sp.expand(found.A - (F[1] + F[3] * k2 / 2 + F[5] * (k2**2 / 8 + k4 / 24))) == 0
    assert sp.expand(found.B - (F[3] / 6 + F[5] * k2 / 12)) == 0


# --------------------------------------------------------------------------- against a law that can be summed

SITES, T = 5, sp.Rational(2, 5)
W = [sp.Rational(n, 10) for n in (3, -5, 7, 2, -1)]


def ring_states():
    """Every state of the Ising ring with its probability: bonds weigh (1 + t s s')."""
    states = list(product((1, -1), repeat=SITES))
    weights = [sp.prod([1 + T * s[i] * s[i - 1] for i in range(SITES)]) for s in states]
    total = sum(weights)
    return [(s, p / total) for s, p in zip(states, weights, strict=True)]


def contracted(moment_order):
    """``E[x_0 lam^n]`` over all states."""
    return sum(p * s[0] * sum(w * x for w, x in zip(W, s, strict=True)) ** moment_order for s, p in ring_states())


def ring_cumulants():
    """k2, k4, (C w)_0 and K(w,w,w)_0 of that ring from the closed forms of theory, summed over all sites."""
    c = [[ising.second(T, abs(i - j), SITES) for j in range(SITES)] for i in range(SITES)]
    cw = [sum(c[i][j] * W[j] for j in range(SITES)) for i in range(SITES)]
    kwww = [
        sum(_fourth(i, *rest) * sp.prod([W[j] for j in rest]) for rest in product(range(SITES), repeat=3))
        for i in range(SITES)
    ]
    return {
        k2: sum(a * w for a, w in zip(cw, W, strict=True)),
        k4: sum(a * w for a, w in zip(kwww, W, strict=True)),
        Cw: cw[0],
        Kwww: kwww[0],
    }


def _fourth(*sites):
    first, *rest = sorted(sites)
    gaps = [b_ - a for a, b_ in zip([first, *rest], rest, strict=False)]
    return ising.fourth(T, [*gaps, SITES - sum(gaps)], SITES)


def test_to_third_order_the_expansion_is_exact_on_an_ising_ring():
    """Assert that E[x lam] and E[x lam^3] over all states are the coefficients of F1 and F3/6, in rational arithmetic."""
    values = ring_cumulants()
    expr = expand_drift(3).expr.subs(values)
    assert sp.expand(expr).coeff(F[1]) == contracted(1)
    assert 6 * sp.expand(expr).coeff(F[3]) == contracted(3)


def test_from_fifth_order_on_only_the_sixth_cumulant_is_missing():
    """Assert that E[x lam^5] less the expansion's is exactly the sixth joint cumulant of {x, lam^5}: the stated neglected term."""
    values = ring_cumulants()
    states = ring_states()
    lam = {s: sum(w * x for w, x in zip(W, s, strict=True)) for s, _ in states}

    def moment(block):
        return sum(p * s[0] ** block.count("x") * lam[s] ** block.count("l") for s, p in states)

    sixth = joint_cumulant(("x",) + ("l",) * 5, moment)
    assert sixth != 0
    assert contracted(5) - 120 * sp.expand(expand_drift(5).expr.subs(values)).coeff(F[5]) == sixth


def test_the_first_neglected_order_is_stated():
    """Assert that each expansion says what it leaves out."""
    assert [expand_drift(n).first_neglected()[0] for n in ORDERS] == [3, 5, 5, 5]
    assert "sixth" in expand_drift(7).first_neglected()[1]


# ------------------------------------------------------------------------------------- the numbers of theory.md

ERF = parse("erf")


def numbers(n, at, cut=False):
    """``F^(n)(0)`` at bias ``at``, class plus first."""
    expr = taylor_coefficient(ERF, n, cut)
    return [float(expr.subs({b: at, y: label}).evalf(30)) for label in (1, -1)]


def test_the_derivatives_at_bias_minus_one_are_those_of_the_theory():
    """Assert F' = +0.580 / -0.388, F''' = -2.33 / -0.40 with the force cut, -0.70 / -0.70 with the activation cut (plus / minus)."""
    assert [f"{x:+.3f}" for x in numbers(1, -1)] == ["+0.580", "-0.388"]
    assert [f"{x:.2f}" for x in numbers(3, -1)] == ["-2.33", "-0.40"]
    assert [f"{x:.2f}" for x in numbers(3, -1, cut=True)] == ["-0.70", "-0.70"]
    assert numbers(1, -1, cut=True) == numbers(1, -1)


def test_the_growth_coefficient_is_as_written_for_any_bias():
    """Assert F'(0) = (y - sigma) sigma'' - sigma'^2 (theory.md section 4) and, cut, F''' = -3 sigma''^2 + (y - sigma) 0 - 4 sigma' sigma'''."""
    sigma = sp.erf(b / sp.sqrt(2))
    d = [sp.diff(sigma, b, n) for n in range(5)]
    assert sp.simplify(taylor_coefficient(ERF, 1) - ((y - d[0]) * d[2] - d[1] ** 2)) == 0
    assert sp.simplify(taylor_coefficient(ERF, 3, True) - (-3 * d[2] ** 2 - 4 * d[1] * d[3])) == 0
    assert sp.simplify(taylor_coefficient(ERF, 3) - ((y - d[0]) * d[4] - 3 * d[2] ** 2 - 4 * d[1] * d[3])) == 0


def test_at_zero_bias_both_classes_decay_at_two_over_pi():
    """Assert F'(0) = -2/pi for both labels, as an expression."""
    assert sp.simplify(taylor_coefficient(ERF, 1).subs(b, 0) + 2 / sp.pi) == 0


@pytest.mark.parametrize("n", [-1, 0, 1, 2, 3])
def test_the_two_meanings_of_third_order_agree_at_zero_bias_alone(n):
    """Assert that cutting the force and cutting the activation agree at b = 0 (erf is odd) and, beyond F'', nowhere else."""
    difference = taylor_coefficient(ERF, n) - taylor_coefficient(ERF, n, True)
    assert sp.simplify(difference.subs(b, 0)) == 0
    assert (sp.simplify(difference) == 0) == (n < 3)


# ------------------------------------------------------------------------------------------------------ mutants


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("comb(n, 1) * moments[n - 1]", "comb(n, 1) * moments[n - 1] * 2"),
        ("comb(n, 1) * moments[n - 1]", "moments[n - 1]"),
        ("comb(n, 3) * moments[n - 3]", "comb(n, 2) * moments[n - 3]"),
        ("comb(n, 3) * moments[n - 3]", "comb(n, 3) * moments[n - 1]"),
        ("comb(n, 3) * moments[n - 3]", "-comb(n, 3) * moments[n - 3]"),
        ("A += force_symbol(n) / sp.factorial(n) * with_c", "A += force_symbol(n) / sp.factorial(n - 1) * with_c"),
        ("B += force_symbol(n) / sp.factorial(n) * with_k", "B += force_symbol(n - 1) / sp.factorial(n) * with_k"),
        ("return self.A * Cw + self.B * Kwww", "return self.A * Cw - self.B * Kwww"),
    ],
)
def test_a_wrong_coefficient_is_noticed(old, new):
    """Assert that mistakes planted in the expansion differ from the sum over partitions at third or fifth order."""
    wrong = mutant(drift, old, new)
    with pytest.raises(AssertionError):
        for order in (3, 5):
            check_against_partitions(wrong, order)
