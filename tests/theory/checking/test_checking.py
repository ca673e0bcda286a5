"""check: right formulas are recognised in whatever convention, wrong ones refused with a counterexample and an order."""

from __future__ import annotations

import json
from itertools import combinations

import first_formulas
import pytest
import second_formulas
import sympy as sp

from cumulode import NLGP, fourth_cumulant
from cumulode.theory import QUANTITIES, check
from cumulode.theory.checking.convention_list import CONVENTIONS
from cumulode.theory.checking.conventions import read_in
from cumulode.theory.checking.quantities import quantity
from cumulode.theory.checking.result import CONVENTION, DIFFERENT, EQUAL, FACTOR
from cumulode.theory.derivation.evaluation import value
from cumulode.validation.cli import main

STARS = "(c_ij*c_ik*c_il + c_ij*c_jk*c_jl + c_ik*c_jk*c_kl + c_il*c_jl*c_kl)"
#: E[F'] of erf(h/sqrt 2) by hand, S = 1 + k2
GAUSSIAN_A = (
    "(-sqrt(2/pi)*b*(1+k2)**(-3/2)*exp(-b**2/(2+2*k2))*(y - erf(b/sqrt(2*(1+k2)*(1+2*k2))))"
    " - 2/pi*exp(-b**2/(1+2*k2))/((1+k2)*sqrt(1+2*k2)))"
)
#: (c * w)^3 + 3 c * (w (c * w)^2) at site 0 of three
CW = ["(c0*w0 + c1*(w1 + w2))", "(c0*w1 + c1*(w0 + w2))", "(c0*w2 + c1*(w0 + w1))"]
CUBIC = f"{CW[0]}**3 + 3*(c0*w0*{CW[0]}**2 + c1*(w1*{CW[1]}**2 + w2*{CW[2]}**2))"
F1 = "(({y} - erf(b/sqrt(2)))*(-b)*sqrt(2/pi)*exp(-b**2/2) - 2/pi*exp(-b**2))"
F_0 = "({y} - erf(b/sqrt(2)))*sqrt(2/pi)*exp(-b**2/2)"
#: the third derivative of F at h = b, with sigma' = S = sqrt(2/pi) exp(-b^2/2), then -b S and (b^2 - 1) S
F_3 = "((y - erf(b/sqrt(2)))*(3*b - b**3)*sqrt(2/pi)*exp(-b**2/2) + (4 - 7*b**2)*2/pi*exp(-b**2))"

#: document: formula, quantity, words of the convention that must be named
RIGHT = {
    "flow": ("(y - erf(b))*2/sqrt(pi)*exp(-b**2)", "force", "erf(x) for erf(x/sqrt 2)", {"order": 0}),
    "drift": ("2*F1*Cw + F3*(k2*Cw + Kwww/3)", "drift", "the loss without its 1/2"),
    "drift, the authors'": ("2*F1*Cw/D + F3/3*(3*k2*Cw/D + Kwww/D**2)", "drift", "inputs over sqrt D"),
    "nlgp": ("asin(2*g**2*c/(1 + 2*g**2))/asin(2*g**2/(1 + 2*g**2))", "nlgp.second", "gain sqrt 2"),
    "nlgp, not normalised": ("2/pi*asin(g**2*c/(1 + g**2))", "nlgp.second", "inputs not divided by Z"),
    "ising": ("(tanh(J)**d + tanh(J)**(D-d))/(1 + tanh(J)**D)", "ising.second", None),
    "closures": (f"2*{GAUSSIAN_A}", "gaussian.A", "the loss without its 1/2"),
    "conditional": ("2*F1*Cw + F3*(k2*Cw + kappa4*Cw**3/3)", "conditional", "the loss without its 1/2"),
    "growth": (f"p*{F1.format(y=1)}*Cplus + (1-p)*{F1.format(y=0)}*Cminus", "growth", "labels {0, 1}"),
    "growth, wavenumber": ("2/(xiplus**2 - ximinus**2)*log(-aplus*xiplus**3/(aminus*ximinus**3))", "growth.wavenumber", "2 xi^2"),
    "cubic": (f"-2*g**2/(1 + 2*g**2)*({CUBIC})", "nlgp.cubic", "gain sqrt 2"),
    "fluctuations": ("-eta*B/(J + eta*J**2)", "sgd.variance", "the loss without its 1/2"),
    "bump": ("1/(2*sqrt(pi)*s)", "ipr.gaussian", "the width of w^2"),
    "bump, width": ("2*sqrt(2*log(2))/(sqrt(2*pi)*s)", "ipr.gaussian", "the full width at half height"),
    "flow, slope 1": ("(y - erf(sqrt(pi)*b/2))*exp(-pi*b**2/4)", "force", "of slope 1", {"order": 0}),
    "growth, 1/D": (f"D*(p*{F1.format(y=1)}*Cplus + (1-p)*{F1.format(y=-1)}*Cminus)", "growth", "spectra over D"),
    "bump, standard deviation": ("1/(2*sqrt(2)*s)", "ipr.exponential", "the standard deviation of w^2"),
    "bump, norm 1": ("2*sqrt(pi)*s*xi/sqrt(xi**2 + 4*s**2)", "bump.k2", "a bump of norm 1"),
    "elliptical, Student": ("2/(nu - 4)*(C_ij*C_kl + C_ik*C_jl + C_il*C_jk)", "elliptical.fourth", None),
    "phi4, LaTeX": (r"-24 \lambda G_i G_j G_k G_l", "phi4.fourth", "u phi^4 for"),
    "bump, half": ("log(2)/(2*s)", "ipr.exponential", "the half width"),
    "flow, labels": (F_0.format(y="(2*y - 1)"), "force", "2y - 1 for y", {"order": 0}),
    "drift, sqrt D": ("F1*Cw/D + F3/6*(3*k2*Cw/D + Kwww/D**2)", "drift", "inputs over sqrt D"),
    "drift, own cumulants": ("F1*Cw/D + F3/6*(3*k2*Cw/D**2 + Kwww/D**2)", "drift", "with the cumulants of w.x"),
    "conditional, sqrt D": ("F1*Cw/D + F3/6*(3*k2*Cw/D + kappa4*Cw**3/D**2)", "conditional", "inputs over sqrt D"),
    "closures, A": (f"{GAUSSIAN_A}/D", "gaussian.A", "inputs over sqrt D"),
    "closures, B": (f"{F_3}/(6*D**2)", "taylor.B", "inputs over sqrt D"),
    "closures, own A": (f"({F1.format(y='y')} + {F_3}*k2/(2*D))/D", "taylor.A", "with the cumulants of w.x"),
    "growth, sqrt D": (f"(p*{F1.format(y=1)}*Cplus + (1-p)*{F1.format(y=-1)}*Cminus)/D", "growth", "inputs over sqrt D"),
    "bump, profile": ("pi*a**2*s**2*xi/sqrt(xi**2 + 2*s**2)", "bump.k2", "exp(-x^2/s^2)"),
    "bump, sites": ("sqrt(2*pi)*s", "ipr.gaussian", "the number of sites"),
    "bump, share": ("2/3", "ipr.sinusoid", "the share of the sites"),
    "bump, times D": ("3/2", "ipr.sinusoid", "D times the IPR"),
    "bump, k2": ("2*pi*a**2*s**2*xi/sqrt(xi**2 + 2*s**2)", "bump.k2", "exp(-d^2/(2 xi^2))"),
}  # fmt: skip

#: document: formula with one thing wrong, quantity, what is said of where the two part (None: nothing is small)
WRONG = {
    "flow": ("(y + erf(b/sqrt(2)))*sqrt(2/pi)*exp(-b**2/2)", "force", "order 1 in b", {"order": 0}),
    "drift": ("F1*Cw + F3/6*(k2*Cw + Kwww)", "drift", "order 3 in w"),
    "drift, sign": ("F1*Cw + F3/6*(3*k2*Cw - Kwww)", "drift", "order 3 in w"),
    "nlgp": (f"-g**2*{STARS}", "nlgp.fourth", "order 4 in g"),
    "nlgp, factor": ("c + g**4*(c**3 - c)/3", "nlgp.second", "order 4 in g"),
    "ising": ("-2*t**(g0 + g1 + g2)", "ising.fourth", None),
    "ising, phi4": ("-u*G_i*G_j*G_k*G_l/24", "phi4.fourth", "1/24 times ours"),
    "closures": (GAUSSIAN_A.replace("b/sqrt(2*(1+k2)*(1+2*k2))", "b/sqrt(2*(1+k2))"), "gaussian.A", "order 2 in w"),
    "conditional": ("F1*Cw + F3/6*(3*k2*Cw + 3*kappa4*Cw**3)", "conditional", "order 3 in w"),
    "growth": (f"p*{F1.format(y=1)}*Cplus + (1-p)*{F1.format(y=1)}*Cminus", "growth", "order 1 in b"),
    "cubic": (f"-q*({CUBIC.replace('3*', '')})", "nlgp.cubic", "order 2 in g"),
    "fluctuations": ("-eta*B/(2*J)", "sgd.variance", "order 2 in eta"),
    "flow, D": ("(y - erf(b/sqrt(2)))*sqrt(2/pi)*exp(-b**2/2)/D", "force", "order 0 in b", {"order": 0}),
    "drift, D twice": ("F1*Cw/D**2 + F3/6*(3*k2/D*Cw/D**2 + Kwww/D**4)", "drift", None),
    "conditional, sqrt D": ("F1*Cw/D + F3/6*(3*k2*Cw/D + kappa4*Cw**3/D)", "conditional", None),
    "nlgp, sign of c": ("asin(q*Abs(c))/asin(q)", "nlgp.second", None),
    "growth, wavenumber": ("4/(xiplus**2 - ximinus**2)*log(-aplus*xiplus/(aminus*ximinus))", "growth.wavenumber", None),
    "ipr, inverse times D": ("D**2", "ipr.uniform", None),
    "ipr, two widths": ("2*sqrt(2)*sqrt(2*log(2))/(sqrt(2*pi)*s)", "ipr.gaussian", None),
    "bump": ("1/(pi*s)", "ipr.gaussian", "times ours"),
}  # fmt: skip


def test_a_right_formula_is_equal():
    """Assert "equal", confirmed symbolically, for the drift as theory.md writes it; and that it counts as true."""
    result = check("F1*Cw + F3/6*(3*k2*Cw + Kwww)", "drift")
    assert result.kind == EQUAL
    assert result.confirmed == "symbolic"
    assert result
    assert "Cw*F1 + F3*(3*Cw*k2 + Kwww)/6" in str(result)


@pytest.mark.parametrize("case", RIGHT)
def test_right_formulas_in_other_conventions_are_recognised(case):
    """Assert that each is found right, and the convention is named."""
    formula, against, convention, *options = RIGHT[case]
    result = check(formula, against, **dict(*options))
    assert result, str(result)
    assert result.kind == (EQUAL if convention is None else CONVENTION)
    assert convention is None or any(convention in words for words in result.conventions)


@pytest.mark.parametrize("case", [pytest.param(c, marks=pytest.mark.slow) if c == "nlgp" else c for c in WRONG])
def test_wrong_formulas_are_refused_with_a_counterexample(case):
    """Assert "different", two values that differ at the point given, and the order at which the formulas part."""
    formula, against, where, *options = WRONG[case]
    result = check(formula, against, **dict(*options))
    assert result.kind == DIFFERENT
    assert not result
    sample = result.counterexample
    assert abs(sample.left - sample.right) > 1e-6
    again = complex(sp.N(result.understood.xreplace(result.against.shorthands).xreplace(sample.at)))
    assert again == pytest.approx(complex(sample.left), rel=1e-10)
    assert where is None or any(where in part for part in result.parts), result.parts


def test_a_constant_factor_of_a_rate_is_time_rescaled_but_not_right():
    """Assert "equal up to a factor" for a constant, with what it may mean; the sign is a convention, named."""
    result = check("3*F1*Cw + F3/2*(3*k2*Cw + Kwww)", "drift")
    assert result.kind == FACTOR
    assert result.factor == 3
    assert not result
    assert "time rescaled" in str(result)
    turned = check("-F1*Cw - F3/6*(3*k2*Cw + Kwww)", "drift")
    assert turned.conventions == ("the gradient of the loss for the drift, which goes against it",)
    turned = check("-3*F1*Cw - F3/2*(3*k2*Cw + Kwww)", "drift")
    assert (turned.kind, turned.factor) == (FACTOR, 3)


def test_a_pair_of_conventions_is_recognised():
    """Assert both names for the authors' convention: no 1/2 in the loss and inputs over sqrt D."""
    result = check("2*(F1*Cw/D + F3/6*(3*k2*Cw/D + Kwww/D**2))", "drift")
    assert result.conventions[0] == "the loss without its 1/2"
    assert result.conventions[1].startswith("inputs over sqrt D")


@pytest.mark.parametrize("name", QUANTITIES)
def test_every_quantity_equals_itself_and_not_itself_changed(name):
    """Assert that ours is equal to ours, and that a thousandth more of it is not."""
    ours = quantity(name)
    assert check(ours.expr, name).kind == EQUAL
    if ours.expr.has(sp.Integral):  # a constant factor of a rate is distinguished elsewhere
        return
    changed = check(sp.Rational(1001, 1000) * ours.expr + sp.Rational(1, 1000), name)
    assert changed.kind == DIFFERENT


def test_every_convention_has_a_formula_written_by_hand():
    """Assert that the words of each convention are looked for above, in formulas that no code of ours wrote."""
    tables = [*first_formulas.RIGHT, *second_formulas.RIGHT]
    looked_for = [case[2] for case in RIGHT.values() if case[2]] + [words for case in tables for words in case[2]]
    for convention in CONVENTIONS:
        assert any(words in convention.words for words in looked_for), convention.words


def test_conventions_about_the_same_thing_are_not_combined():
    """Assert that no verdict names both of two conventions about one thing."""
    for one, other in combinations(CONVENTIONS, 2):
        for name in ("drift", "ipr.gaussian", "ipr.sinusoid", "bump.k2") if one.about == other.about else ():
            ours = quantity(name)
            if one.holds(ours) and other.holds(ours):
                both = check(read_in(ours, (one, other)).expr, name)
                assert {one.words, other.words} - set(both.conventions), name


#: quantities once more, typed from theory.md or worked out on paper
BY_HAND = {
    "taylor.B": f"{F_3}/6",
    "taylor.A": f"{F1.format(y='y')} + {F_3}*k2/2",
    "taylor-activation.B": "(4 - 7*b**2)/6*2/pi*exp(-b**2)",
    "growth": f"p*{F1.format(y=1)}*Cplus + (1-p)*{F1.format(y=-1)}*Cminus",
    "growth.committee": "-sqrt(2/pi)*b*exp(-b**2/2)*(Cplus - Cminus)/2",
    "growth.wavenumber": "4*log(-aplus*xiplus**3/(aminus*ximinus**3))/(xiplus**2 - ximinus**2)",
    "sgd.variance": "eta**2*B/(1 - (1 + eta*J)**2)",
    "nlgp.variance": "2/pi*asin(g**2/(1 + g**2))",
    "nlgp.cubic": f"-q*({CUBIC})",
    "ising.second": "(t**d + t**(D-d))/(1 + t**D)",
    "ising.fourth": "-2*(t**(g3 + 2*g0 + g1) + t**(g0 + 2*g1 + g2) + t**(g1 + 2*g2 + g3) + t**(g2 + 2*g3 + g0))/(1 + t**D)**2",
    "phi4.fourth": "-u*G_i*G_j*G_k*G_l",
    "elliptical.fourth": "c*(C_ij*C_kl + C_ik*C_jl + C_il*C_jk)",
    "ipr.exponential": "1/(2*s)",
    "ipr.uniform": "1/D",
    "ipr.random": "3/(D + 2)",
    "bump.k4": "4*pi**2*kurtosis*a**4*s**4*xi**3/((2*s**2 + xi**2)*sqrt(8*s**2 + xi**2))",
}  # fmt: skip


@pytest.mark.parametrize("name", BY_HAND)
def test_quantities_are_what_is_written_by_hand(name):
    """Assert equality with a formula no code of ours wrote."""
    result = check(BY_HAND[name], name)
    assert result.kind == EQUAL, str(result)


def test_the_committee_of_neurons_that_are_not_odd():
    """Assert softplus with its mean output m = (b + 2 log(2 cosh(b/2)) - b)/2, and the odd form refused for it."""
    mean, curvature = "log(2*cosh(b/2))", "exp(b)/(1 + exp(b))**2"
    right = f"{curvature}*((1 - {mean})*Cplus + (-1 - {mean})*Cminus)/2"
    assert check(right, "growth.committee", activation="softplus").kind == EQUAL
    assert not check(f"{curvature}*(Cplus - Cminus)/2", "growth.committee", activation="softplus")


def test_the_fourth_cumulant_is_that_of_numerics():
    """Assert the NLGP's K_ijkl at four different sites against the kernels, which take another form of the integral."""
    ours, gain, xi, sites = quantity("nlgp.fourth"), 1.7, 2.0, (0, 1, 3, 4)
    at = {s: sp.Float(gain, 40) for s in ours.expr.free_symbols if s.name == "g"}
    for symbol in ours.expr.free_symbols - set(at):
        i, j = ("ijkl".index(letter) for letter in symbol.name[2:])
        at[symbol] = sp.exp(-sp.Rational((sites[i] - sites[j]) ** 2, 4)).evalf(40)
    found = float(value(ours.expr, at))
    assert found == pytest.approx(fourth_cumulant(NLGP(gain=gain, xi=xi), [sites[1:]])[0], rel=1e-11)


def test_formulas_with_decimal_numbers_are_equal_to_their_digits():
    """Assert equality of a constant typed with sixteen digits, and difference of one typed with five."""
    assert check("0.6366197723675814*asin(q)", "nlgp.variance").confirmed == "to the digits of its decimals"
    assert not check("0.63662*asin(q)", "nlgp.variance")


@pytest.mark.parametrize("activation", ["tanh", "relu", "softplus", "h - h**3/6", "tanh(2*h)"])
@pytest.mark.parametrize("name", ["force", "gaussian.A", "edgeworth.B", "regression.A"])
def test_rates_can_be_checked_for_any_activation(name, activation):
    """Assert equality with itself and, for the force, difference from that of another activation."""
    ours = quantity(name, activation).expr
    assert check(ours, name, activation=activation).kind == EQUAL
    if name == "force":
        assert check(ours, name, activation="erf").kind == DIFFERENT


def test_formulas_in_latex_are_read_and_echoed():
    """Assert that LaTeX of the drift and of the arcsine law is understood."""
    pytest.importorskip("antlr4")
    drift = check(r"F_y'(0) (Cw)_i + \frac{F_y'''(0)}{6} \left(3 k_2 (Cw)_i + K(w,w,w)_i\right)", "drift")
    assert drift.kind == EQUAL
    assert str(drift.understood) == "Cw*F1 + F3*(3*Cw*k2 + Kwww)/6"
    assert check(r"\frac{\arcsin(q c)}{\arcsin(q)}", "nlgp.second").kind == EQUAL


def test_ipr_of_an_ansatz_of_ones_own():
    """Assert the IPR of sech and Gaussian profiles against their known values, and a wrong one refused."""
    assert check("1/(3*s)", "ipr", ansatz="a/cosh(x/s)")
    assert check("1/(sqrt(2*pi)*s)", "ipr", ansatz="exp(-x**2/(2*s**2))")
    assert not check("1/(2*s)", "ipr", ansatz="a/cosh(x/s)")


def test_two_expressions_of_ones_own_can_be_compared():
    """Assert that any SymPy expression can stand for ours."""
    z = sp.Symbol("z", real=True)
    assert check("sin(2*z)", 2 * sp.sin(z) * sp.cos(z)).confirmed == "symbolic"
    assert check("sin(2*z)", sp.sin(z) * sp.cos(z)).kind == DIFFERENT


def test_command_line_answers_with_text_json_and_exit_codes(capsys):
    """Assert 0 for right (a formula that begins with a minus sign), 1 for wrong, 2 for bad input; JSON; the list."""
    assert main(["check", "force", "-2/pi", "--activation", "erf", "--json"]) == 1
    answer = json.loads(capsys.readouterr().out)
    assert answer["kind"] == DIFFERENT
    assert answer["counterexample"]
    assert main(["check", "nlgp.second", "asin(q*c)/asin(q)"]) == 0
    assert capsys.readouterr().out.startswith("equal")
    assert main(["check", "nlgp.second", "foo"]) == 2
    assert capsys.readouterr().err.startswith("cumulode check: formula: ")
    assert main(["check", "--list"]) == 0
    listed = capsys.readouterr().out
    assert all(f"\n{name} " in f"\n{listed}" for name in QUANTITIES)
    assert main(["check", "--list", "--json"]) == 0
    assert set(json.loads(capsys.readouterr().out)) == set(QUANTITIES)


def test_results_render_for_a_notebook():
    """Assert that the Markdown form shows the formula understood and the verdict."""
    shown = check("asin(q*c)/asin(q)", "nlgp.second")._repr_markdown_()
    assert "**equal**" in shown
    assert r"\operatorname{asin}" in shown


def test_a_result_shows_itself_in_one_line_and_as_a_table():
    """Assert repr and HTML."""
    result = check("asin(q*c)/asin(q)", "nlgp.second")
    assert repr(result) == "CheckResult(nlgp.second: equal)"
    assert result._repr_html_().startswith("<table><tr><th>equal</th>")


@pytest.mark.parametrize("mine", ["F1*Cw + (", r"\frac{F'(0)}{2", "F1*Cw)"])
def test_brackets_that_do_not_close_are_named(mine):
    """Assert the refusal, with the formula as it was written."""
    with pytest.raises(ValueError, match="^mine: .*whose brackets ") as error:
        check(mine, "drift")
    assert repr(mine).replace("\\\\", "\\") in str(error.value)
