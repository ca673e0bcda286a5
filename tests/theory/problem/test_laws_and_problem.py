"""Laws and Problem: what is accepted, where a law exists, round trips, equality and controls."""

import json
import math
import re
from fractions import Fraction

import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from cumulode.theory import GP, NLGP, InvalidArgument, Ising, Problem
from cumulode.theory.problem import covariance as cov
from cumulode.theory.problem import laws

few = settings(deadline=None, max_examples=25, derandomize=True)
A = NLGP(gain=3.0, xi=2.0)
B = NLGP(gain=3.0, xi=1.0)


def checked_refusal(make, argument):
    """The message of a refusal: one line, naming the argument, what came and what is allowed."""
    with pytest.raises(ValueError, match=r"^\w+: got ") as caught:
        make()
    message = str(caught.value)
    assert message.startswith(f"{argument}: got ")
    assert ", allowed: " in message
    assert "\n" not in message
    assert len(message) < 320
    return message


@pytest.mark.parametrize(("kind", "value"), [
    ("gain", np.float32(3.0)), ("gain", np.int64(3)), ("gain", Fraction(3, 1)), ("size", np.int32(40)),
    ("bias", np.float64(0.5)), ("bias", -1), ("prior", Fraction(1, 2))])  # fmt: skip
def test_numbers_of_any_exact_kind_are_taken(kind, value):
    """Assert that NumPy scalars, integers and fractions become plain floats (sizes ints)."""
    made = NLGP(gain=value, xi=1.0) if kind == "gain" else Problem(A, B, **{"size": 40, kind: value})
    stored = getattr(made, kind)
    assert stored == value
    assert type(stored) is (int if kind == "size" else float)


def largest_named(message):
    """The bound in "0 < xi <= BOUND at size N"."""
    return float(re.search(r"0 < xi <= ([0-9.e+-]+) at size", message).group(1))


@pytest.mark.parametrize("size", [4, 5, 12, 40, 41, 100, 1000, 5003, 12345])
def test_the_largest_correlation_length_named_is_accepted_and_one_per_cent_more_is_not(size):
    """Assert that the bound in the message is sharp, at any size, and that the message offers the wrapped covariance."""
    message = checked_refusal(lambda: Problem(NLGP(3.0, 0.6 * size), B, size), "xi")
    largest = largest_named(message)
    assert "covariance='wrapped'" in message
    assert Problem(NLGP(3.0, largest), B, size).plus.xi == largest
    checked_refusal(lambda: Problem(NLGP(3.0, 1.01 * largest), B, size), "xi")
    checked_refusal(lambda: Problem(B, GP(NLGP(3.0, 1.01 * largest)), size), "xi")


@pytest.mark.parametrize("size", [4, 12, 40, 301])
def test_a_wrapped_covariance_as_long_as_the_ring_is_accepted_and_longer_refused(size):
    """Assert xi <= size for the wrapped kernel, and that the bound is named."""
    assert Problem(NLGP(3.0, size, "wrapped"), NLGP(3.0, 1.0, "wrapped"), size).plus.xi == size
    message = checked_refusal(lambda: Problem(NLGP(3.0, 1.01 * size, "wrapped"), NLGP(3.0, 1.0, "wrapped"), size), "xi")
    assert f"xi <= size = {size}" in message


@pytest.mark.parametrize("xi", [1e-5, 0.1])
@pytest.mark.parametrize("name", cov.COVARIANCES)
def test_a_vanishing_correlation_length_is_white_noise(xi, name):
    """Assert c = 1 at distance 0 and exp(-d/xi) or smaller elsewhere, without overflow."""
    law = NLGP(1.0, xi, name)
    with np.errstate(all="raise", under="ignore"):
        law.check_size(8)
        c, rest = cov.gaussian_covariance(name, np.arange(8), xi, 8)
    assert c[0] == 1.0
    assert rest[0] == 0.0
    assert np.all(c[1:] <= 1.1 * math.exp(-1 / xi) if xi > 1e-3 else c[1:] == 0)


nlgps = st.builds(
    NLGP,
    gain=st.one_of(st.floats(1e-6, 1e6), st.just(math.inf)),
    xi=st.floats(0.05, 5.0),
    covariance=st.sampled_from(cov.COVARIANCES),
)
isings = st.one_of(st.builds(Ising, t=st.floats(-0.99, 0.99)), st.builds(Ising, J=st.floats(-3, 3)))
any_law = st.one_of(nlgps, isings, st.builds(GP, st.one_of(nlgps, isings)))
problems = st.builds(
    Problem,
    plus=any_law,
    minus=any_law,
    size=st.integers(60, 90),
    activation=st.sampled_from(
        ["erf", "tanh", "relu", "softplus", "h - h**3/6", "Max(0, h) + 0.1*Min(0, h)", "tanh(h/3)"]
    ),
    bias=st.floats(-3, 3),
    prior=st.floats(0.01, 0.99),
)


@few
@given(problems)
def test_a_problem_survives_its_dictionary_and_json(problem):
    """Assert from_dict(to_dict) is the problem, equal and with equal hash, through JSON as well (an infinite gain included)."""
    for parameters in (problem.to_dict(), json.loads(json.dumps(problem.to_dict()))):
        again = Problem.from_dict(parameters)
        assert again == problem
        assert hash(again) == hash(problem)
        assert again.to_dict() == problem.to_dict()


@few
@given(any_law)
def test_a_law_survives_its_dictionary_and_its_repr(law):
    """Assert from_dict(to_dict) and eval(repr) give the law."""
    assert laws.from_dict(law.to_dict()) == law
    assert eval(repr(law), {"NLGP": NLGP, "GP": GP, "Ising": Ising, "inf": math.inf}) == law


def test_reading_a_dictionary_does_not_change_it():
    """Assert that from_dict leaves its argument as it was."""
    parameters = Problem(A, GP(B), 40).to_dict()
    before = json.dumps(parameters)
    Problem.from_dict(parameters)
    assert json.dumps(parameters) == before


@few
@given(problems)
def test_the_gaussian_control_has_gaussian_laws_and_all_else_equal(problem):
    """Assert that both laws become GP of their sources, that nothing else changes and that a control is its own control."""
    control = problem.gaussian_control()
    assert all(isinstance(law, GP) and not isinstance(law.source, GP) for law in control.laws)
    assert [law.source for law in control.laws] == [law.source if isinstance(law, GP) else law for law in problem.laws]
    unchanged = ("size", "activation", "bias", "prior")
    assert [getattr(control, n) for n in unchanged] == [getattr(problem, n) for n in unchanged]
    assert control.gaussian_control() == control


def test_equal_laws_and_problems_are_equal_however_written():
    """Assert equality and one hash for J and t, GP of GP, an activation by name and by expression; and that parameters count."""
    same = [
        (Ising(J=math.atanh(0.5)), Ising(t=math.tanh(math.atanh(0.5)))),
        (GP(GP(A)), GP(A)),
        (NLGP(3, 2), A),
        (Problem(A, B, 40, "tanh(h)"), Problem(A, B, 40, sp.tanh(sp.Symbol("h")))),
        (Problem(A, B, 40, "erf"), Problem(A, B, 40)),
        (Problem(A, B, 40, "h^3"), Problem(A, B, 40, "h*h*h")),
    ]
    for first, second in same:
        assert first == second
        assert hash(first) == hash(second)
    base = Problem(A, B, 40)
    different = [Problem(B, A, 40), Problem(A, B, 41), Problem(A, B, 40, "tanh"), Problem(A, B, 40, bias=-1.5),
                 Problem(A, B, 40, prior=0.4), Problem(GP(A), B, 40), Problem(A, Ising(t=0.5), 40)]  # fmt: skip
    assert len({base, *different}) == 8


def test_labels_and_priors_are_in_the_order_of_the_laws():
    """Assert plus first: label +1, probability ``prior``."""
    problem = Problem(A, B, 40, prior=0.3)
    assert problem.laws == (A, B)
    assert problem.labels == (1.0, -1.0)
    assert problem.priors == (0.3, 0.7)


def test_problems_cannot_be_changed_in_place():
    """Assert that laws and problems are frozen."""
    for thing, name in ((Problem(A, B, 40), "size"), (A, "gain"), (Ising(t=0.5), "t"), (GP(A), "source")):
        with pytest.raises(AttributeError):
            setattr(thing, name, 1)


@pytest.mark.parametrize(("law", "changes", "expected"), [
    (A, {"gain": 5.0}, NLGP(5.0, 2.0)), (GP(A), {"xi": 1.5}, GP(NLGP(3.0, 1.5))), (Ising(t=0.5), {"t": 0.2}, Ising(t=0.2)),
    (Ising(t=0.5), {"J": 1.0}, Ising(J=1.0)), (GP(Ising(t=0.5)), {"J": 1.0}, GP(Ising(J=1.0)))])  # fmt: skip
def test_parameters_of_a_law_can_be_exchanged(law, changes, expected):
    """Assert that ``with_parameters`` gives a changed copy; J takes the place of t, a GP changes its source."""
    before = repr(law)
    assert laws.with_parameters(law, **changes) == expected
    assert repr(law) == before


def test_what_no_problem_describes_is_refused_in_one_line():
    """Assert InvalidArgument for dictionaries of a file that lack keys, have others, or hold what is no law or number;
    and that a GP of a GP, however deep, is the GP of its source.
    """
    good = Problem(GP(NLGP(3.0, 1.5)), Ising(0.3), 12, "tanh", -0.5, 0.3).to_dict()
    assert Problem.from_dict(good).to_dict() == good
    deep = good["plus"]["source"]
    for _ in range(10_000):
        deep = {"law": "GP", "source": deep}
    assert Problem.from_dict(good | {"plus": deep}).to_dict() == good
    law = {"law": "NLGP", "gain": 3.0}
    wrong = [
        {},
        None,
        3,
        "words",
        [],
        {"plus": law},
        good | {"more": 1},
        good | {"size": [[4]]},
        good | {"prior": None},
    ]
    bad_laws = [
        {},
        None,
        [],
        law,
        law | {"xi": "x"},
        law | {"xi": 1.0, "t": 0.1},
        {"law": ["NLGP"]},
        {"law": "GP"},
        {"law": 3},
    ]
    for parameters in wrong + [good | {"minus": bad} for bad in bad_laws]:
        with pytest.raises(InvalidArgument, match=r"^\w+: got [^\n]*, allowed: [^\n]*$"):
            Problem.from_dict(parameters)
