"""Derivations: steps are checked, wrong ones refused, whatever is shipped holds, is committed, cited and renders."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest
import sympy as sp
from mutants import survivors

from cumulode.theory import Scope, documents
from cumulode.theory.derivation.derivation import NUMERIC, SYMBOLIC, Derivation, WrongStep
from cumulode.theory.derivation.line_breaks import broken, visible_width
from cumulode.theory.documents import DOCUMENTS, pages

ROOT = Path(__file__).parents[3]
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
    with pytest.raises(WrongStep, match=r"step square\.1 .*at x = .*left side is .*right side") as caught:
        chain.equals(wrong, "wrong")
    sample = caught.value.sample
    assert sample.left != sample.right
    assert set(sample.at) == {x}


def test_a_side_without_a_value_is_refused():
    """Assert that a step whose side is no number at a random point does not pass for true."""
    with pytest.raises((ValueError, WrongStep)):
        Derivation("nan", "None").chain("Nothing.", None, sp.log(-(x**2)) * 0 + sp.nan).equals(sp.nan, "nothing")


def test_a_step_simplify_cannot_see_is_marked_numeric_only():
    """Assert the mark on a true equality left to numbers: a Gaussian average of an erf."""
    z = sp.Symbol("z", real=True)
    lhs = sp.Integral(sp.erf(x + sp.sqrt(v) * z) * sp.exp(-(z**2) / 2) / sp.sqrt(2 * sp.pi), (z, -sp.oo, sp.oo))
    d = Derivation("erf", "An average")
    d.chain("Average.", None, lhs).equals(sp.erf(x / sp.sqrt(1 + 2 * v)), "Gaussian average", symbolic=False, points=1)
    assert d.steps[0].status == NUMERIC
    for rendered in (d.text(), d.markdown(), d.latex(), d.html()):
        assert NUMERIC in rendered


def test_a_stated_rewriting_is_named_in_the_table():
    """Assert that the words for a rewriting appear in the checks, and that one that fails leaves the step numeric."""
    d = Derivation("square", "A square")
    d.chain("Expand.", None, (1 + x) ** 2).equals(1 + 2 * x + x**2, "binomial", rewrite=sp.expand, by="multiplying out")
    d.chain("Expand.", None, (1 + x) ** 2).equals(1 + 2 * x + x**2, "binomial", rewrite=lambda e: e + 1, by="adding")
    assert [step.status for step in d.steps] == [SYMBOLIC, NUMERIC]
    assert "multiplying out" in d.markdown()


def test_notebook_forms_hold_every_equation_and_the_scope():
    """Assert labels and scope in HTML, labels in LaTeX, and that HTML escapes what is not maths."""
    d = Derivation("t", "A < B", "If $x < 1$.", scope=Scope("|x|", "x^3", "second", ("cumulode.theory",)))
    d.chain("Expand.", "s", (1 + x) ** 2).equals(1 + 2 * x + x**2, "binomial theorem", name="square")
    html = d._repr_html_()
    assert r"\tag{t.1}" in html
    assert "First neglected order" in html
    assert "A &lt; B" in html
    assert r"\(x &lt; 1\)" in html
    assert "(t.1)" in d._repr_latex_()
    assert d._repr_latex_().startswith("$")
    assert d.to_dict()["scope"]["small"] == "|x|"


def test_a_long_sum_is_broken_between_its_terms():
    """Assert that no line of a long sum is much wider than a page, and that nothing is lost."""
    terms = sp.symbols("a0:40", positive=True)
    d = Derivation("long", "A long sum")
    d.chain("Sum.", "s", sum(terms)).equals(sum(reversed(terms)), "reordered")
    lines = d.latex().splitlines()
    assert max(len(re.sub(r"\\[a-z]+|[{}_&]", "", line)) for line in lines if "a_{" in line) < 130
    assert all(rf"a_{{{i}}}" in d.latex() for i in range(40))


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_shipped_derivation_holds_and_renders(name, derived):
    """Assert that building it (which checks every step) succeeds, that the formats carry every label and end with a
    table of checks, and that it says what it rests on."""
    d = derived(name)
    assert d.steps
    for rendered in (d.text(), d.markdown(), d.latex(), d.html()):
        assert all(step.label in rendered for step in d.steps)
        assert "none failed" in rendered[-400:]
    assert d.latex().count("{") == d.latex().count("}")
    assert d.latex().isascii()
    assert all(chain.text and chain.steps for chain in d.chains)
    assert d.scope
    assert all((d.scope.small, d.scope.dropped, d.scope.neglected, d.scope.used))


@pytest.mark.parametrize("name", DOCUMENTS)
def test_where_a_result_is_used_exists(name, derived):
    """Assert that every place named under "Used in" can be imported."""
    for place in derived(name).scope.used:
        try:
            import_module(place)
        except ModuleNotFoundError:
            module, _, attribute = place.rpartition(".")
            assert hasattr(import_module(module), attribute), place


@pytest.mark.parametrize("name", DOCUMENTS)
def test_no_step_is_trivial(name, derived):
    """Assert that the two sides of every step are written differently."""
    for step in derived(name).steps:
        assert step.lhs != step.rhs, step.label


@pytest.mark.slow
@pytest.mark.parametrize("name", DOCUMENTS)
def test_altering_any_coefficient_or_sign_makes_a_check_fail(name, derived):
    """Assert that no mutant of any form of any chain survives: each number a thousandth larger, each sign turned."""
    for chain in derived(name).chains:
        assert survivors(chain) == []


def test_a_planted_wrong_coefficient_survives_where_nothing_checks_it():
    """Assert that the mutation test can fail: a chain that compares a form with itself times zero lets mutants live."""
    d = Derivation("blind", "Blind")
    d.chain("Nothing.", None, sp.sin(x) ** 2 + sp.cos(x) ** 2).equals(1 + 0 * x, "one")
    assert survivors(d.chains[0]) == []
    step = d.steps[0]
    blind = type(step)(**{**vars(step), "samples": ()})
    d.chains[0].steps[:] = [blind]
    assert survivors(d.chains[0])


def test_the_committed_pages_are_what_the_code_writes(derived):
    """Assert that regenerating gives the files in derivations/ byte for byte, and no others stand there."""
    written = pages({name: derived(name) for name in DOCUMENTS})
    kept = {path.name: path.read_text() for path in (ROOT / "derivations").iterdir()}
    assert sorted(kept) == sorted(written)
    for name, text in written.items():
        assert kept[name] == text, f"derivations/{name} is out of date: make derivations"


CITATION = re.compile(r"\(([a-z]+)\.(\d+), ([^)(]+)\)")


def cited():
    found = {}
    for room in ("theory", "numerics", "validation"):
        for path in sorted((ROOT / room).rglob("*.py")):
            for name, number, words in CITATION.findall(path.read_text()):
                if name in DOCUMENTS:
                    found.setdefault(f"{name}.{number}, {words}", []).append(str(path.relative_to(ROOT)))
    return found


def test_every_cited_equation_exists_and_every_named_one_is_cited(derived):
    """Assert that code and derivations agree on the labels; an equation without a name is intermediate."""
    named = {f"{step.label}, {step.name}" for name in DOCUMENTS for step in derived(name).steps if step.name}
    assert set(cited()) - named == set(), "cited, but no equation is called so"
    assert named - set(cited()) == set(), "named, but no docstring cites it"


@pytest.mark.parametrize("activation", ["tanh", "h - h**3/6", "softplus", "relu", "tanh(2*h)"])
@pytest.mark.parametrize(
    "name", ["flow", "drift", "growth", *(pytest.param(n, marks=pytest.mark.slow) for n in ("closures", "conditional"))]
)
def test_documents_rerun_for_other_activations(name, activation, derived):
    """Assert that the chain reruns for other activations, a user's own among them."""
    d = derived(name, activation=activation, order=5 if name == "drift" else 3)
    assert d.steps
    assert d.markdown() != derived(name).markdown()


def test_the_example_runs_and_shows_what_it_says():
    """Assert that examples/own_derivation.py prints its checks, refuses its wrong step and recognises a convention."""
    run = subprocess.run(
        [sys.executable, ROOT / "examples" / "own_derivation.py"], capture_output=True, text=True, check=True
    )
    assert "3 equalities checked: 2 symbolically, 1 numerically only, none failed." in run.stdout
    assert "step uniform.4 (guessed) is wrong: at L = " in run.stdout
    assert "gain sqrt 2" in run.stdout
    assert run.stderr == ""


def test_a_sum_that_a_product_leaves_alone_stands_in_brackets():
    """Assert brackets around both sums of a product broken into lines, around a power's base, and in a derivative."""
    x, y = sp.symbols("x y")
    for width in (12.0, 8.0):
        both = " ".join(broken(sp.Mul(x + y, x - 2 * y, evaluate=False), sp.latex, width))
        assert both.count("(") + both.count("[") == 2
    powers = broken(sp.Mul(x + 3 * y, (x + y**2 + 7) ** 2, evaluate=False), sp.latex, 6.0)
    assert powers[-1].endswith("]^{2}")
    assert broken(sp.Derivative(x**5 + y * x**4, x), sp.latex, 6.0)[0].startswith(r"\frac{\partial}{\partial x} ")


@pytest.mark.parametrize("name", DOCUMENTS)
def test_no_equation_is_wider_than_a_page(name, derived):
    """Assert that the lines of every derivation were broken: without that two were five times the page's width."""
    page = derived(name).latex()
    blocks = re.findall(r"\\begin\{align\*\}(.*?)\\end\{align\*\}", page, re.DOTALL)
    rows = [re.sub(r"\\tag\{.*?\}", "", row) for block in blocks for row in block.split("\\\\\n")]
    assert rows
    assert max(map(visible_width, rows)) < 110


def test_the_index_does_not_replace_a_readme_of_something_else(tmp_path, monkeypatch):
    """Assert one line that names the folder, before anything is derived, and the README as it was."""
    monkeypatch.setattr(documents, "derive", lambda name: pytest.fail("derived"))
    (tmp_path / "README.md").write_text("mine")
    with pytest.raises(ValueError, match="^folder: got .*README.md of something else"):
        documents.write(tmp_path)
    assert (tmp_path / "README.md").read_text() == "mine"
