"""What theory refuses: one line, with the argument's name in front, what came and what is allowed.

The laws, the problem and its size; laws given by arrays; activations; closures, orders and names of documents; formulas
to be checked. A table each: (argument, what the line must say, what is given).
"""

from __future__ import annotations

import math
import re

import numpy as np
import pytest
import sympy as sp

from cumulode import Cumulants
from cumulode.numerics import drift, fourth_cumulant, second_cumulant
from cumulode.theory import GP, NLGP, Derivation, Ising, Problem, check, derive
from cumulode.theory.checking.latex_input import read_latex
from cumulode.theory.closures.family import b, closure
from cumulode.theory.closures.names import CLOSURES
from cumulode.theory.cumulants import nlgp, partitions
from cumulode.theory.dynamics.drift import expand_drift, k2, k4
from cumulode.theory.neuron.activations import h, parse, y
from cumulode.theory.problem.covariance import COVARIANCES
from cumulode.validation.sampling.sampler import sampler

A, B = NLGP(gain=3.0, xi=2.0), NLGP(gain=3.0, xi=1.0)
HUGE = 10**400
NONE_OF_THEM = (None, "NLGP", 3.0, NLGP, [A])
LAWS = re.escape("NLGP(...), GP(...), Ising(...) or Cumulants(...)")


def problem(**given):
    return Problem(**{"plus": A, "minus": B, "size": 40} | given)


def refused(argument, words, call, *values):
    """The rows of a table in which one argument takes each of the values."""
    return [(argument, words, lambda value=value: call(value)) for value in values]


PROBLEMS = [
    *refused(
        "gain",
        r"1e-07 <= gain <= inf",
        lambda gain: NLGP(gain=gain, xi=1.0),
        *(0, 0.0, -1.0, -math.inf, math.nan, "3", None, True, [3.0], 3 + 0j, 1e-8, np.array([3.0]), -HUGE),
    ),
    *refused(
        "xi",
        "1e-100 <= xi < inf",
        lambda xi: NLGP(gain=1.0, xi=xi),
        *(0, -2.0, math.inf, math.nan, "4", None, False, [1.0], np.ones(2), HUGE),
    ),
    *refused("xi", "1e-100 <= xi", lambda name: NLGP(1.0, 1e-300, name), *COVARIANCES),
    *refused("xi", "1e-100 <= xi", lambda name: NLGP(1.0, 1e-160, name), *COVARIANCES),
    *refused(
        "covariance",
        ", ".join(COVARIANCES),
        lambda name: NLGP(gain=1.0, xi=1.0, covariance=name),
        *("", "wraped", "exponential", None, 3, ["wrapped"]),
    ),
    *refused("t", "-1 < t < 1", lambda t: Ising(t=t), *(1.0, -1.0, 1.5, math.nan, math.inf, "0.5", True, [0.5], HUGE)),
    *refused("J", r"\|J\| <= 18", lambda J: Ising(J=J), 18.5, -19, math.inf, math.nan, "1", False, HUGE),
    *refused(
        "t",
        r"exactly one of t \(-1 < t < 1\) and J \(\|J\| <= 18\)",
        lambda given: Ising(*given[0], **given[1]),
        *(((), {}), ((), {"t": 0.5, "J": 0.5}), ((0.5, 0.5), {})),
    ),
    *refused("source", LAWS, GP, *NONE_OF_THEM),
    *refused("plus", f"a law: {LAWS}", lambda law: problem(plus=law), *NONE_OF_THEM, {"law": "NLGP"}),
    *refused("minus", f"a law: {LAWS}", lambda law: problem(minus=law), *NONE_OF_THEM, {"law": "NLGP"}),
    *refused(
        "size",
        "an integer from 4 to 100000000",
        lambda size: problem(size=size),
        *(3, 0, -40, 2.5, 40.0, (20, 10), [40], "40", None, True, math.nan, np.float64(40)),
    ),
    *refused(
        "bias",
        "a finite number",
        lambda bias: problem(bias=bias),
        *(math.inf, -math.inf, math.nan, "0", None, True, [0.0], HUGE),
    ),
    *refused(
        "prior",
        "0 < prior < 1",
        lambda prior: problem(prior=prior),
        *(0, 1, 0.0, 1.0, -0.1, 1.1, math.nan, math.inf, "0.5", True, None, HUGE),
    ),
    *refused(
        "activation",
        "",
        lambda activation: problem(activation=activation),
        *("gelu", "", None, 3, ["erf"], "1/h", "Heaviside(h)"),
    ),
    # a nearly constant field has small negative eigenvalues: still refused, however long
    *refused("xi", "", lambda xi: problem(plus=NLGP(3.0, xi)), 12.0, 41.0, 1e3, 1e5, 1e7),
]

# ------------------------------------------------------------------------------------------------ laws by their arrays


def changed(array, *places, by=1e-5):
    """A copy with some entries changed."""
    array = np.array(array)
    for place in places:
        array[place] += by
    return array


C, K = np.eye(1, 12)[0], np.zeros((7, 7, 7))
K[3, 3, 3] = -1.0
SHORT = Cumulants(C, K)
SITES = np.indices((10, 10, 10)).reshape(3, -1).T
RING = Cumulants(second_cumulant(B, 10), fourth_cumulant(B, SITES, 10).reshape(10, 10, 10))
SECOND = [
    ("C_00", changed(C, 0, by=1e-6)),
    (r"C_0\(-a\)", changed(C, 2, by=1e-6)),
    ("eigenvalue", np.eye(12)[0] + 0.6 * (np.eye(12)[1] + np.eye(12)[-1])),
    ("NaN", np.where(np.arange(12) == 3, np.nan, C)),
    ("shape", C[:3]),
    ("shape", np.ones((4, 5))),
    *(("real numbers", second) for second in ("C", C + 0j, [[1], [1, 2]])),
]
FOURTH = [
    *(("shape", C, fourth) for fourth in (K[:, :, :5], K[:6, :6, :6], np.zeros((13, 13, 13)), 0.0)),
    ("shape", np.eye(1, 16).reshape(4, 4), np.zeros((4, 4, 4))),
    ("K_0abc = K_0bac", RING.second, changed(RING.fourth, (1, 2, 2))),
    ("K_0abc = K_0acb", RING.second, changed(RING.fourth, (1, 2, 3), (2, 1, 3))),
    ("translations", RING.second, changed(RING.fourth, (1, 1, 1))),
    ("more than 3", C, changed(K, (6, 6, 6))),
    ("K_0000 >= -2", C, 3 * K / abs(K[3, 3, 3])),
    ("infinite", C, np.where(np.arange(7) == 3, np.inf, K)),
    ("real numbers", C, None),
]
ARRAYS = [
    *refused("seed", "an integer >= 0", lambda seed: Derivation("a", "A", seed=seed), np.ones(2), -1, "x"),
    *(("second", words, lambda second=second: Cumulants(second, K)) for words, second in SECOND),
    *(("fourth", words, lambda given=given: Cumulants(*given)) for words, *given in FOURTH),
    ("name", "text", lambda: Cumulants(C, K, name=3)),
    ("size", r"got \(12,\), allowed: 10, the size of Cumulants", lambda: second_cumulant(RING, 12)),
    ("size", r"got \(10, 10\)", lambda: Problem(RING, RING, (10, 10))),
    ("size", "got None", lambda: fourth_cumulant(RING, (0, 0, 0))),
    ("offsets", "got 2 dimensions", lambda: fourth_cumulant(SHORT, np.zeros((1, 3, 2), int))),
    ("law", "got Cumulants", lambda: sampler(RING, 10)),
    ("points", "got 0", lambda: Derivation("a", "A").chain("", None, h).equals(h, "the same", points=0)),
]

# --------------------------------------------------------------------------------------------------------- activations

NOT_READ = [
    *("", "  ", "x", "h*x", "tanh(z)", "gelu(h)", "erf()", "erf(h, h)", "h, h", "(h, h)", "h; h", "h h", "2h", "h.5"),
    *("1_000*h", "Max(sqrt(-1), h)", "Heaviside(log(-1))*h"),
]
CODE = [
    *("__import__('os')", "__import__(h)", "h.__class__", "h.__class__(1)", "lambda: 0", "lambda h: h", "exec('1')"),
    *("exec(h)", "eval(h)", "open(h)", "print(h)", "h if h else 1", "[h for h in h]", "h or 1", "not h", "h == 1"),
    *("h < 1", "(h := h)", "f'{h}'", "h\\\n", "ｈ", "h²", "1j*h", "Symbol(h)", "S(h)", "h.n", "True"),
]
CONSTANT = ["3", "pi", "h - h", "h/h", "0*h", "Rational(1, 2)"]
DISCONTINUOUS = ["Heaviside(h)", "Heaviside(h - 2)", "Abs(h)/h", "Max(0, h)/h", "h + Heaviside(h + 1)"]
NOT_REAL = [
    *("log(h)", "sqrt(h)", "1/h", "h**-1", "h**0.5", "log(h**2)", "sqrt(h + 2.5)", "h/0", "log(-1)*h"),
    # poles and branch points away from the points that are sampled
    *("1/(h - 5)", "1/(h - 0.123)", "log(h + 3)", "sqrt(h + 20)", "(h**2 - 1)/(h - 1)", "1/(h**2 - 2)"),
]
BENT = ["Abs(h**2-1)", "Max(h, h**2)", "Max(0, exp(h) - 1)", "Abs(sin(h))"]
INFINITE_FORCE = ["sqrt(Abs(h))", "h*log(Abs(h))", "Abs(h - 1)**0.5"]
NOT_TEXT = [
    *(None, 3, 1.5, True, b"h", object, sp.Integer(3), sp.Symbol("x"), sp.oo, sp.nan, sp.Eq(h, 1), sp.I * h),
    *(sp.Function("f")(h), "h**h", "2**(h*h)"),
]
UNHASHABLE = [["h"], {"h": 1}, {"h"}, sp.Matrix([h])]
NOT_COMPILED = [
    *(sp.floor(h), sp.Mod(h, 1), sp.DiracDelta(h), sp.Derivative(sp.tanh(h), h), sp.besselj(0, h), sp.zeta(h)),
    *(sp.LambertW(h**2), sp.Sum(h ** sp.Symbol("k"), (sp.Symbol("k"), 0, 3))),
]
TOO_LONG = ["+".join(["h"] * 5000), "(" * 3000 + "h" + ")" * 3000, "h" + "+h**2" * 3000, "-" * 5000 + "h"]
BEYOND_DOUBLES = ["1e400*h", "1e300*1e300*h", "1e-400*h", "exp(800)*h", "h + exp(exp(9))"]
ACTIVATIONS = [
    *refused("activation", "in h", parse, *NOT_READ, *CODE, *CONSTANT),
    *refused("activation", "jumps at h = ", parse, *DISCONTINUOUS),
    *refused("activation", "real and finite", parse, *NOT_REAL),
    *refused("activation", r"Max\(0, h - 1\)", parse, *BENT),
    *refused("activation", "", parse, *INFINITE_FORCE, *NOT_TEXT, *UNHASHABLE, *NOT_COMPILED, *TOO_LONG),
    *refused("activation", "", parse, *BEYOND_DOUBLES),
]

# ---------------------------------------------------------------------------------------- closures, orders, documents

NO_CLOSURES = [
    *("tree:-1", "tree:", "tree:nan", "tree:1e999", "tree:0x1", "Tree", "Taylor", "taylor-4", "taylor-3", "taylor-21"),
    *("taylor-05", "", None, 3, ["taylor"]),
]
OPEN = ("pearson", "regression", "tree", "conditional")
NAMES = [
    *refused("closure", ".*".join(map(re.escape, CLOSURES)), closure, *NO_CLOSURES),
    *refused(
        "closure",
        "allowed: those with a closed potential, taylor, ",
        lambda name: closure(name).coefficients(),
        *OPEN,
    ),
    ("closure", "got 'taylor' .*allowed: a bias off the activation's kinks", lambda: drift(problem(activation="relu", bias=0.0), "taylor")),
    *refused("order", "allowed: an odd integer >= 1$", expand_drift, 0, 2, -1, 4, 2.0, 3.0, "3", True, None, [3]),
    *(("order", rf"got {n}, allowed: an even integer >= 0$", lambda n=n: partitions.even_moments(n, 1, 0)) for n in (-2, -1, 1, 3, 7)),
    ("order", "got 3, allowed: 1 or 2$", lambda: nlgp.small_gain_fourth(0.1, dict.fromkeys(nlgp.PAIRS, 1.0), order=3)),
    *refused("name", r"network\.1 to network\.6", derive, "network.7", "network.0", "network.x", "network.1.2"),
    *refused("name", "growth", derive, "nowhere.3", "growth.", ".3", "", None, 3),
]  # fmt: skip

# ---------------------------------------------------------------------------------------------- formulas to be checked

#: formula, against, options of ``check``; the argument refused and the words
CHECKS = [
    *(("mine", words, (formula, "drift", {})) for formula, words in (
        ("foo*Cw", "not known: foo"), ("F1*", ""), ("", ""), (3, ""), ("__import__('os')", ""),
        ("9**(64*64*64*64)", ""), ("sqrt(-1)", "real"), (sp.Symbol("zz"), "not known: zz"))),
    ("mine", "", ("log(-k2)", "gaussian.A", {})),
    *(("mine", words, (formula, "force", {})) for formula, words in (
        ("gamma(10**9)", "gamma"), ("2**(b-b+64*64*64*64*64*64)", "exponent"), (r"9^{99999999999} b", "exponent"),
        (r"9^{9^{9^{9}}}\cdot b", "exponent"), ("exp(exp(exp(exp(50))))*b", "exp"), ("sin(exp(exp(50)))", "exp"))),
    *(("mine", words, (formula, "nlgp.second", {})) for formula, words in (
        ("1e999999999*c", "1e300"), ("c*1E+0400", "1e300"), (r"c\cdot 99999999!", "factorials"), ("9" * 400 + "*c", "1e300"),
        (r"\frac{c}{(99999)!}", "factorials"), ("sin(exp(exp(exp(5))))", "exp of"), (r"c^3!", "formula"), (r"\pi c^3!", "braces"),
        ("sin(exp(exp(exp(exp(exp(g))))))", "real number"), ("("*300 + "c" + ")"*300, "formula"))),
    *(("seed", "an integer >= 0", ("c", "nlgp.second", {"seed": seed})) for seed in (1.5, -1, None, "1", True)),
    *(("against", "", ("F1*Cw", against, {})) for against in ("nosuch", None, np.ones(2))),
    ("against", "", ("F1*Cw", np.ones(2), {"ansatz": "x"})),
    ("mine", "not known: x{40}\\)", ("x" * 500, "drift", {})),
    *(("order", "", ("F1*Cw", "drift", {"order": order})) for order in (2, True)),
    ("order", "", ("c", "nlgp.second", {"order": 3})),
    ("activation", "", ("F1*Cw", "drift", {"activation": "foo(h)"})),
    *(("ansatz", "", ("1/s", *given)) for given in (
        ("ipr", {}), ("ipr", {"ansatz": "x**2"}), ("ipr.gaussian", {"ansatz": "exp(-x**2)"}))),
]  # fmt: skip
LATEX = [
    *((r"z(1+k_2)", "function: z"), (r"b^10", "braces"), (r"1 2", r"\\cdot"), (r"1/2 b", "frac")),
    *((r"\tanh b", "parentheses"), (r"\tanh^{-1}(b)", "parentheses"), (r"k_3", "not known")),
    *((r"\sigma''(b)", "not read: sigma"), (r"\int_0^1 b", "not read: int"), (r"b = 3", "not an equation")),
    *(
        (r"\frac{b}", "LaTeX"),
        (r"(b", "brackets"),
        (r"b)", "brackets"),
        (r"\tanh(b", "brackets"),
        (r"q(b)", "not known: q"),
    ),
    *((r"|b|", "absolute"), ("β", "LaTeX"), ("$$", "LaTeX"), (r"x_{1}", "not known")),
]
FORMULAS = [
    *((name, words, lambda mine=mine, against=against, options=options: check(mine, against, **options))
      for name, words, (mine, against, options) in CHECKS),
    *(("mine", words, lambda latex=latex: read_latex(latex, {"b": b, "y": y, "k_2": k2, "k_4": k4})) for latex, words in LATEX),
]  # fmt: skip

#: each with the length that its lines may have
TABLES = {
    "problems": (PROBLEMS, 320),
    "arrays": (ARRAYS, 320),
    "activations": (ACTIVATIONS, 300),
    "names": (NAMES, 400),
    "formulas": (FORMULAS, 600),
}
CASES = [
    pytest.param(*case, longest, id=f"{table}-{case[0]}-{i}")
    for table, (cases, longest) in TABLES.items()
    for i, case in enumerate(cases)
]


@pytest.mark.parametrize(("argument", "words", "call", "longest"), CASES)
def test_what_is_not_allowed_is_refused_in_one_line(argument, words, call, longest):
    """Assert ValueError naming the argument, what came and what is allowed, on one short line with the given words."""
    with pytest.raises(ValueError, match=rf"^{argument}: got ") as caught:
        call()
    message = str(caught.value)
    assert "\n" not in message
    assert ", allowed: " in message
    assert len(message) < longest
    assert re.search(words, message), message
