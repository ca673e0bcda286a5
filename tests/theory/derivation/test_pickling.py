"""Derivations, their parts and what ``check`` says come back from pickle and deepcopy as they were."""

import copy
import pickle

import pytest
import sympy as sp

from cumulode.theory import Derivation, WrongStep, check
from cumulode.theory.documents import DOCUMENTS, derive


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_derivation_comes_back_as_it_is_written(name, derived):
    """Assert equality of all it holds, in strings and in LaTeX, which shows the order of factors."""
    d = derived(name)
    latex = [sp.latex(side) for step in d.steps for side in (step.lhs, step.rhs)]
    for back in (pickle.loads(pickle.dumps(d)), copy.deepcopy(d)):
        assert isinstance(back, Derivation)
        assert back.to_dict() == d.to_dict()
        assert [sp.latex(side) for step in back.steps for side in (step.lhs, step.rhs)] == latex


def test_a_derivation_that_was_never_pickled_is_written_alike(derived):
    """Assert that the shared copies of these tests are what ``derive`` gives: a document with functions of its own."""
    fresh = derive("flow")
    assert fresh.markdown() == derived("flow").markdown() == pickle.loads(pickle.dumps(fresh)).markdown()


def test_parts_and_results_come_back(derived):
    chain = derived("closures").chains[-1]
    for part in (chain, chain.steps[0], chain.steps[0].samples[0]):
        assert repr(pickle.loads(pickle.dumps(part))) == repr(part) == repr(copy.deepcopy(part))
    result = check("2*asin(g**2*c/(1 + g**2))", "nlgp.second")
    for back in (pickle.loads(pickle.dumps(result)), copy.deepcopy(result)):
        assert (str(back), bool(back), back.to_dict()) == (str(result), bool(result), result.to_dict())


def test_a_copy_is_its_own_and_can_be_continued():
    x = sp.Symbol("x", real=True)
    d = Derivation("square", "A square")
    d.chain("Expand.", "s", (1 + x) ** 2).equals(1 + 2 * x + x**2, "binomial theorem")
    back = pickle.loads(pickle.dumps(d))
    back.chain("Again.", "s", (1 - x) ** 2).equals(1 - 2 * x + x**2, "binomial theorem")
    assert [step.label for step in back.steps] == ["square.1", "square.2"]
    assert len(d.steps) == 1
    with pytest.raises(WrongStep) as caught:
        d.chain("Wrong.", None, x).equals(2 * x, "wrong")
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)
