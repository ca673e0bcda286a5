"""Inline maths as plain text: nothing of LaTeX is left, and no two words are glued together."""

import re

import pytest

from cumulode.theory.derivation.plain_text import plain, plain_maths
from cumulode.theory.documents import DOCUMENTS

CASES = {
    r"\sqrt\pi\,\xi e^{-k^2\xi^2/4}": "sqrt(pi) xi e^(-k^2 xi^2/4)",
    r"2 e^{-\pi^2} = 1.03\cdot10^{-4}": "2 e^(-pi^2) = 1.03 * 10^-4",
    r"-1 \cdot 10^{-8}": "-1 * 10^-8",
    r"\frac{d\mu}{dk}": "(d mu)/dk",
    r"\left(\frac{a_{+}}{2}\right)": "(a_+/2)",
    r"D\cdot\frac38": "D * 3/8",
    r"\partial\Psi/\partial k_2": "dPsi/dk_2",
    r"\langle\Phi_y^{(6)}\rangle/720": "<Phi_y^(6)>/720",
    r"w\cdot Cw": "w.Cw",
    r"F_{-y}'(0)\big|_{-b}": "F_(-y)'(0)|_(-b)",
    r"\left.\partial_\nu A\right|_S": "d_nu A|_S",
    r"\hat C^y(k)": "hat C^y(k)",
    r"e^{qh}": "e^(qh)",
    r"\lambda^\nu": "lambda^nu",
    r"x_i\lambda^3 \to 0 \pm 1": "x_i lambda^3 -> 0 +- 1",
    r"\mathrm{erf}(g c z/\sqrt{2 + 2 g^2(1-c^2)})": "erf(g c z/sqrt(2 + 2 g^2(1-c^2)))",
}
_TEX = re.compile(r"[\\$]|cdot|frac|mathrm|operatorname|langle|rangle|\bleft\(|\bright\)")


@pytest.mark.parametrize("latex", CASES)
def test_formulas_are_written_as_one_would_type_them(latex):
    assert plain_maths(latex) == CASES[latex]


def test_only_what_stands_between_dollar_signs_is_maths():
    assert plain(r"the rate \mu of $\mu t$, and $\xi$") == r"the rate \mu of mu t, and xi"


def _words(text: str) -> set[str]:
    return set(re.findall(r"[A-Za-z]+", text))


@pytest.mark.parametrize("name", DOCUMENTS)
def test_no_document_shows_latex_or_words_glued_together(name, derived):
    """Assert that every run of letters in plain maths is one of the source's, or a derivative of one."""
    d = derived(name)
    assert not _TEX.search(d.text())
    written = [d.about, d.scope.small, d.scope.dropped, d.scope.neglected]
    written += [words for chain in d.chains for words in (chain.text, *(step.reason for step in chain.steps))]
    maths = [part for words in written for part in words.split("$")[1::2]]
    maths += [chain.quantity for chain in d.chains if isinstance(chain.quantity, str)]
    assert maths
    for latex in maths:
        known = _words(latex) | set(latex) | {"sqrt", "inf", "grad", "phi", "x", "d"}
        assert _words(plain_maths(latex)) <= known | {f"d{word}" for word in known}, latex
