"""What a docstring cites can be read: one equation with its scope, its paragraph and what it rests on."""

import pytest

from cumulode.theory import derive
from cumulode.theory.documents import DOCUMENTS


def test_one_equation_comes_with_scope_paragraph_and_the_forms_before_it(derived):
    whole, d = derived("growth"), derive("growth.18")
    (chain,) = d.chains
    assert d.steps[-1].cited == "growth.18, committee of two"
    assert chain.text in {c.text for c in whole.chains}
    assert d.scope == whole.scope
    for form in ("text", "markdown", "latex", "html"):
        shown = getattr(d, form)()
        assert "growth.18" in shown
        assert "growth.19" not in shown
        assert "First neglected order" in shown
    assert "Rests on growth.13, bias flow." in d.text()


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_equation_can_be_read_alone(name, derived):
    whole = derived(name)
    for step in whole.steps:
        alone = whole.equation(step.label)
        assert alone.steps[-1] == step
        assert step.label in alone.text()


def test_equations_of_other_documents_are_named_with_their_number(derived):
    assert "Rests on drift.9, force slope." in derived("growth").equation("growth.1").text()
