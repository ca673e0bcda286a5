"""Derivations: steps are checked, wrong ones refused, whatever is shipped holds and renders."""

from __future__ import annotations

import pytest
import sympy as sp

from cumulode.theory.derivation import NUMERIC, SYMBOLIC, Derivation, WrongStep
from cumulode.theory.documents import DOCUMENTS, derive

x = sp.Symbol("x", real=True)
v = sp.Symbol("v", positive=True)


def test_a_right_step_is_confirmed_symbolically_and_at_random_points():
    """Assert the status and the error of a true equality."""
    d = Derivation("square", "A square")
    d.chain("Expand.", "s", (1 + x) ** 2).equals(1 + 2 * x + x**2, "binomial theorem")
    assert d.steps[0].status == SYMBOLIC
    assert d.steps[0].label == "square.1"
    assert d.steps[0].worst < 1e-25


@pytest.mark.parametrize(
    "wrong", [1 - 2 * x + x**2, 1 + 2 * x + x**2 + sp.Rational(1, 10**12), 1 + 2 * x, (1 + x) ** 2 + sp.exp(-50)]
)
def test_a_wrong_step_is_refused_with_both_sides_and_a_counterexample(wrong):
    """Assert WrongStep naming the step, the point and the two values, however small the error."""
    chain = Derivation("square", "A square").chain("Expand.", None, (1 + x) ** 2)
    with pytest.raises(WrongStep, match=r"step square\.1 .*at x = .*left side is .*right side"):
        chain.equals(wrong, "wrong")


def test_a_step_simplify_cannot_see_is_marked_numeric_only():
    """Assert the mark on a true equality left to numbers: a Gaussian average of an erf."""
    z = sp.Symbol("z", real=True)
    lhs = sp.Integral(sp.erf(x + sp.sqrt(v) * z) * sp.exp(-(z**2) / 2) / sp.sqrt(2 * sp.pi), (z, -sp.oo, sp.oo))
    d = Derivation("erf", "An average")
    d.chain("Average.", None, lhs).equals(sp.erf(x / sp.sqrt(1 + 2 * v)), "Gaussian average", symbolic=False, points=1)
    assert d.steps[0].status == NUMERIC
    assert NUMERIC in d.text()


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_shipped_derivation_holds_and_renders(name):
    """Assert that building it (which checks every step) succeeds and that the formats carry every label."""
    d = derive(name)
    assert d.steps
    for rendered in (d.text(), d.markdown(), d.latex()):
        assert all(step.label in rendered for step in d.steps)
    assert d.latex().count("{") == d.latex().count("}")


@pytest.mark.parametrize("activation", ["tanh", "h - h**3/6", "softplus", "relu", "tanh(2*h)"])
def test_drift_and_closures_rerun_for_other_activations(activation):
    """Assert that the chain reruns for other activations, a user's own among them."""
    assert derive("drift", activation=activation, order=5).steps
    assert derive("closures", activation=activation).steps


@pytest.mark.parametrize("name", ["drift", "ising"])
def test_altering_any_step_makes_its_check_fail(name):
    """Assert that each shipped right side times 1.001, or with the other sign, is refused."""
    for step in derive(name).steps:
        for wrong in (step.rhs * sp.Rational(1001, 1000), -step.rhs):
            with pytest.raises(WrongStep):
                Derivation("mutant", "A mutant").check(
                    "m.1",
                    step.lhs,
                    wrong,
                    "altered",
                    symbolic=False,
                    domain=dict.fromkeys(step.lhs.free_symbols, (0.2, 0.9)),
                )
