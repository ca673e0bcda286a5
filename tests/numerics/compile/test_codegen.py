"""Generated code: the committed files, what they compute, how quickly the package starts, what the writer refuses."""

import itertools
import math
import os
import subprocess
import sys
from functools import cache
from pathlib import Path

import mpmath as mp
import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from cumulode.numerics.compile import codegen, quadrature
from cumulode.numerics.compile.quadrature import gauss_legendre, panel_length
from cumulode.theory.closures import names
from cumulode.theory.closures.lowering import lower
from cumulode.theory.closures.remainders import f_1
from cumulode.theory.cumulants import plackett
from cumulode.theory.equations import EquationSet, Quadrature, d_4, d_e, d_o, f_e, f_o, lam, phi_e, s
from cumulode.theory.neuron.activations import h, parse, y
from cumulode.theory.problem.problem import SHIPPED_ACTIVATIONS

ROOM = Path(codegen.__file__).parent / "generated"
RULE = gauss_legendre()
few = settings(deadline=None, max_examples=25, derandomize=True)


@pytest.fixture(scope="module")
def regenerated():
    """Every committed file as theory would write it now (a few seconds)."""
    return codegen.write_all()


def plain(text):
    """A generated module run by Python, not numba: what the text says."""
    namespace = {"kernel": lambda function: function}
    exec(text.replace("from cumulode.numerics.compile.jit import kernel\n", ""), namespace)
    return namespace


def committed(name):
    return plain((ROOM / f"{name}.py").read_text())


# ------------------------------------------------------------------------------------ the committed files


def test_regenerating_gives_the_committed_bytes(regenerated):
    """Assert that numerics/compile/generated is what theory says now; otherwise: make generate."""
    assert set(regenerated) == {path.name for path in ROOM.glob("*.py")} - {"__init__.py"}
    assert set(regenerated) == {
        f"{name}.py" for name in (*SHIPPED_ACTIVATIONS, "nlgp", "pearson", "tree", "losses", "network", "noise")
    }
    for name, text in regenerated.items():
        assert (ROOM / name).read_bytes() == text.encode(), name


@pytest.mark.parametrize("seed", ["1", pytest.param("2", marks=pytest.mark.slow)])
def test_the_text_does_not_depend_on_the_order_of_hashes(seed, regenerated):
    """Assert the same bytes from processes with other hash seeds: SymPy's sets must not leak into the files."""
    program = (
        "from cumulode.numerics.compile.codegen import write_activation, write_nlgp\n"
        "from cumulode.theory.neuron.activations import parse\nimport sys\n"
        "sys.stdout.write(write_nlgp() + write_activation(parse('relu'), tuple(sys.argv[1:])))"
    )
    environment = os.environ | {"PYTHONHASHSEED": seed}
    command = [sys.executable, "-c", program, *names.CLOSURES]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=True)
    assert done.stdout == regenerated["nlgp.py"] + regenerated["relu.py"]


@pytest.mark.parametrize("name", SHIPPED_ACTIVATIONS)
def test_a_generated_module_says_what_it_holds(name, regenerated):
    """Assert name, closures, kinks, and for each closure its coefficients (and potential, where it is a gradient)."""
    module = plain(regenerated[f"{name}.py"])
    assert module["ACTIVATION"] == name
    assert module["CLOSURES"] == names.CLOSURES
    assert module["KINKS"] == tuple(float(c) for c in parse(name).kinks)
    for closure in names.TWO_TERM:
        tag = closure.replace("-", "_")
        assert f"{tag}_coefficients" in module
        assert (f"{tag}_psi" in module) == names.is_gradient(closure)
    assert {"tree_coefficients", "conditional_coefficients"} <= set(module)
    assert "do not edit" in regenerated[f"{name}.py"]


# ------------------------------------------------------------------------------------ the force of an activation

MEANT = {
    "erf": lambda x: mp.erf(x / mp.sqrt(2)),
    "tanh": mp.tanh,
    "softplus": lambda x: mp.log1p(mp.exp(x)),
    "relu": lambda x: max(x, mp.mpf(0)),
}


@pytest.mark.parametrize("name", SHIPPED_ACTIVATIONS)
@few
@given(x=st.floats(-12, 12).filter(lambda x: abs(x) > 1e-3), label=st.sampled_from([1.0, -1.0, 0.25]))
def test_functions_force_and_sigma_are_those_of_the_activation(name, x, label):
    """Assert sigma, Phi, F and F' in double precision against 50 digits of the function written by hand."""
    module, meant = committed(name), MEANT[name]
    with mp.workdps(50):
        value, slope, bend = (mp.diff(meant, mp.mpf(x), n) for n in range(3))
        expected = -((label - value) ** 2) / 2, (label - value) * slope, (label - value) * bend - slope**2
    allowed = 1e-15 * (2 + abs(x)) ** 2
    assert abs(module["sigma"](x) - value) <= allowed
    assert all(abs(a - b) <= allowed for a, b in zip(module["functions"](x, label), expected, strict=True))
    assert module["force"](x, label) == pytest.approx(module["functions"](x, label)[1], rel=4e-15, abs=1e-300)


@pytest.mark.parametrize("name", SHIPPED_ACTIVATIONS)
@pytest.mark.parametrize("x", [-1e4, -800.0, -40.0, 40.0, 800.0, 1e4])
def test_far_from_zero_nothing_overflows(name, x):
    """Assert that the compiled sigma, Phi, F and F' stay finite where exp and cosh overflow; F and F' vanish if sigma saturates."""
    from cumulode.numerics.compile.closure_kernels import activation_kernels

    kernels = activation_kernels(name)
    values = np.array([kernels.sigma(x), *kernels.functions(x, 1.0)])
    assert np.all(np.isfinite(values))
    assert kernels.force(x, 1.0) == values[2]
    if x < 0 or name in ("erf", "tanh"):
        assert np.all(np.abs(values[2:]) < 1e-15)


def test_compiled_and_plain_functions_are_equal():
    """Assert that numba computes what the text says, to the last digits, for a shipped activation and its kink."""
    from cumulode.numerics.compile.closure_kernels import activation_kernels

    for name in SHIPPED_ACTIVATIONS:
        module, kernels = committed(name), activation_kernels(name)
        for x, label in itertools.product((-3.1, -0.2, 0.0, 0.7, 5.5), (1.0, -1.0)):
            assert kernels.functions(x, label) == pytest.approx(module["functions"](x, label), rel=1e-14, abs=1e-16)
            assert kernels.sigma(x) == pytest.approx(module["sigma"](x), rel=1e-14, abs=1e-16)
        assert kernels.kinks == module["KINKS"]


def test_the_jump_of_relu_is_its_label():
    """Assert the delta's weight in the generated code."""
    assert committed("relu")["force_jumps"](0.75) == (0.75,)


# ---------------------------------------------------------------------------- equation sets and their text


def evaluate(equations_, arguments, activation, bias, label):
    """An equation set evaluated by mpmath: assignments in order, quadratures adaptively, the force from SymPy."""
    values = dict(zip(equations_.arguments, map(mp.mpf, arguments), strict=True))
    phi, f, d = (
        sp.lambdify((h, y), activation.join(pieces), "mpmath")
        for pieces in (activation.potential_pieces(), activation.force_pieces(), activation.force_pieces(1))
    )
    for symbol in equations_.given:  # F'(0) is left out at a small k2 only
        values[symbol] = mp.mpf(0) if symbol == f_1 else phi(mp.mpf(bias), label)
    assign(values, equations_.before)
    for integral in equations_.quadratures:
        node = nodes(integral, values, bias + number(integral.shift, values), (phi, f, d), label)
        for symbol, expr in integral.sums:
            integrand = sp.lambdify((s, lam, phi_e, f_e, f_o, d_e, d_4, d_o), sp.sympify(expr).subs(values), "mpmath")
            total = mp.quad(lambda x, g=integrand, at=node: at(x)[0] * g(x, *at(x)[1:]), [0, 0.5, 1], maxdegree=6)
            values[symbol] = total
    assign(values, equations_.after)
    return [number(e, values) for e in equations_.results]


def nodes(quadrature, values, centre, functions, label):
    """``s -> weight, lam, phi_e, f_e, f_o, d_e, d_4, d_o``, each node computed once for all the sums."""
    path = sp.lambdify(s, quadrature.lam.subs(values), "mpmath")
    weight = sp.lambdify(s, (quadrature.weight * quadrature.jacobian).subs(values), "mpmath")

    @cache
    def at(x):
        up, down = ([g(centre + sign * path(x), label) for g in functions] for sign in (1, -1))
        even, odd = ([(a + sign * b) / 2 for a, b in zip(up, down, strict=True)] for sign in (1, -1))
        return weight(x), path(x), even[0], even[1], odd[1], even[2], even[2], odd[2]

    return at


def assign(values, pairs):
    for symbol, expr in pairs:
        values[symbol] = number(expr, values)


def number(expr, values):
    return mp.mpf(sp.N(sp.sympify(expr).subs(values), 25))


SAMPLE = [("erf", "taylor"), ("erf", "gaussian"), ("erf", "edgeworth"), ("erf", "bimodal"), ("erf", "pearson"),
          ("erf", "regression"), ("tanh", "edgeworth"), pytest.param("softplus", "bimodal", marks=pytest.mark.slow), pytest.param("tanh", "pearson", marks=pytest.mark.slow),
          pytest.param("softplus", "regression", marks=pytest.mark.slow), ("relu", "taylor-activation")]  # fmt: skip


@pytest.mark.parametrize(("name", "closure"), SAMPLE)
def test_the_text_computes_what_the_equation_set_says(name, closure):
    """Assert coefficients and potential of each branch, run as Python, against mpmath's evaluation of the assignments."""
    module, activation = committed(name), parse(name)
    for branch in lower(activation, closure):
        kappa = {-2.0: -0.7}.get(branch.low, 0.35 if branch.low > 0 else -5e-5 if branch.high < 1 else -0.7)
        k2, label, bias = 0.9, -1.0, -0.6
        for function in filter(None, (branch.coefficients, branch.potential)):
            arguments = (k2, kappa * k2**2, label, bias)
            with mp.workdps(20):
                expected = evaluate(function, arguments, activation, mp.mpf(bias), label)
            rule = (RULE,) if function.quadratures else ()
            found = np.atleast_1d(module[function.name](*arguments, *rule))
            assert len(found) == len(expected)
            for a, b in zip(found, expected, strict=True):
                assert abs(a - b) < 2e-12 * max(1, abs(b)), function.name


def test_the_plackett_pair_is_what_its_equation_set_says():
    """Assert the generated integrand against mpmath at ten points of valid correlations (seed 5)."""
    function, module = plackett.plackett_pair(), committed("nlgp")
    rng = np.random.default_rng(5)
    for _ in range(10):
        factor = rng.standard_normal((4, 6))
        factor /= np.linalg.norm(factor, axis=1)[:, None]
        r = [0.9 * float(factor[i] @ factor[j]) for i, j in itertools.combinations(range(4), 2)]
        tau = float(rng.uniform(0.05, 1))
        arguments = [tau, 1 - tau, *r, *(1 - v for v in r)]
        expected = evaluate(function, arguments, parse("tanh"), 0, 1)[0]
        assert abs(module["plackett_pair"](*arguments) - expected) < 1e-14


values = st.fractions(-3, 3, max_denominator=9).map(lambda f: sp.Rational(f.numerator, f.denominator))
leaves = st.one_of(values, st.sampled_from([h, y]))
trees = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.tuples(inner, inner).map(lambda p: p[0] + p[1]),
        st.tuples(inner, inner).map(lambda p: p[0] * p[1]),
        st.tuples(inner, inner).map(lambda p: p[0] / (p[1] ** 2 + 1)),
        st.tuples(inner, values).map(lambda p: (p[0] ** 2 + 1) ** p[1]),
        inner.map(sp.tanh),
        inner.map(lambda e: sp.exp(-(e**2))),
        inner.map(sp.erf),
        inner.map(lambda e: sp.Max(0, e)),
        st.tuples(inner, inner).map(lambda p: sp.Min(p[0], p[1])),
        st.tuples(inner, inner).map(lambda p: sp.Piecewise((p[0], h < 0), (p[1], True))),
    ),
    max_leaves=8,
)


@settings(deadline=None, max_examples=150, derandomize=True)
@given(trees, st.floats(-3, 3), st.floats(-3, 3))
def test_printed_expressions_are_the_expressions(expr, x, label):
    """Assert that Python's value of the printed text is SymPy's: rationals, signs, powers, branches and extrema."""
    expected = complex(expr.subs({h: sp.Float(x, 40), y: sp.Float(label, 40)}).evalf(30)).real
    found = eval(codegen.show(expr), {"math": math, "h": x, "y": label})
    assert found == pytest.approx(expected, rel=1e-11, abs=1e-11)


@pytest.mark.parametrize("expr", [sp.besselj(0, h), sp.Derivative(sp.tanh(h), h), sp.Function("f")(h)], ids=str)
def test_an_expression_without_python_text_is_refused(expr):
    """Assert that the writer raises where it cannot print, in place of writing something else."""
    with pytest.raises(Exception, match=r"(?i)unsupported|not supported|unknown"):
        codegen.show(expr)


# ------------------------------------------------------------------------------------------------ equation sets

p, q, r = sp.symbols("p q r")


def a_quadrature(**changes):
    fields = {
        "lam": p * s, "s_of_lam": lam / p, "weight": sp.exp(-(s**2)), "jacobian": sp.Integer(1), "dlam_dtheta": p,
        "reach": p, "shift": sp.Integer(0), "sums": ((q, d_e * lam),),
    }  # fmt: skip
    return Quadrature(**{**fields, **changes})


@pytest.mark.parametrize("fields", [
    {"results": (q,)},
    {"results": (p,), "before": ((q, r),)},
    {"results": (p,), "before": ((q, q + 1),)},
    {"results": (q,), "before": ((q, r), (r, p))},
    {"results": (q,), "after": ((q, r),)},
    {"results": (lam,), "quadratures": (a_quadrature(),)},
    {"results": (q,), "after": ((r, s),), "quadratures": (a_quadrature(),)},
    *({"results": (q,), "quadratures": (a_quadrature(**{name: r}),)}
      for name in ("lam", "s_of_lam", "weight", "jacobian", "dlam_dtheta", "reach", "shift")),
    {"results": (q,), "quadratures": (a_quadrature(sums=((q, r),)),)},
    {"results": (q,), "before": ((r, q),), "quadratures": (a_quadrature(),)},
])  # fmt: skip
def test_a_symbol_used_before_it_is_assigned_is_refused(fields):
    """Assert that every field of an equation set and of its quadratures is checked, naming the set and the symbol."""
    with pytest.raises(ValueError, match=r"^wrong: \[.*\] used before being assigned$"):
        EquationSet("wrong", "", (p,), **fields)


def test_a_whole_equation_set_is_accepted_counted_and_shown():
    """Assert that the same set with nothing missing is accepted, has a positive operation count and reads as its lines."""
    whole = EquationSet("right", "", (p,), (q + r,), ((r, p**2),), (a_quadrature(),), ((sp.Symbol("u"), q * r),))
    assert whole.operation_count() >= 5
    shown = str(whole)
    for line in ("right(p)", "r = p**2", "lam = p*s", "q = integral of d_e*lam", "u = q*r", "return q + r"):
        assert line in shown
    assert EquationSet("given", "", (p,), (p + r,), given=(r,)).given == (r,)
    assert whole.quadratures[0].needs(d_e)
    assert not whole.quadratures[0].needs(f_o)


def test_all_equation_sets_of_theory_can_be_built_and_counted():
    """Assert that every closure of every shipped activation lowers to sets whose sizes a reader can bear (< 2000 operations)."""
    for name, closure in itertools.product(("erf", "relu"), names.TWO_TERM):
        for branch in lower(parse(name), closure):
            assert 0 <= branch.coefficients.operation_count() < 2000
            assert branch.potential is not None or not names.is_gradient(closure)


# ------------------------------------------------------------------------------------------------------ panels


@pytest.mark.parametrize("name", SHIPPED_ACTIVATIONS)
def test_a_panel_is_as_long_as_forty_nodes_resolve(name):
    """Assert on windows over |h| <= 12 that one panel integrates Phi, F, F' to 1e-12, and for curved ones four do not."""
    module = committed(name)
    x, weight = RULE

    def integral(low, length, parts):
        edges = low + length * np.arange(parts) / parts
        nodes = (edges[:, None] + x * length / parts).ravel()
        rows = np.array([module["functions"](float(node), 1.0) for node in nodes]).reshape(parts, -1, 3)
        return np.einsum("pnk,n->k", rows, weight) * length / parts

    def worst(length):
        lows = [
            low for low in np.linspace(-12, 12 - length, 12) if not any(low < c < low + length for c in module["KINKS"])
        ]
        return np.max([np.abs(integral(low, length, 1) - integral(low, length, 16)) for low in lows], axis=0)

    assert np.all(worst(module["PANEL"]) < 1e-12)
    if name != "relu":
        assert worst(4 * module["PANEL"] if name != "softplus" else 24.0)[2] > 1e-11


@pytest.mark.parametrize(("text", "factor"), [("erf(2*h/sqrt(2))", 2), ("erf(8*h/sqrt(2))", 8), ("tanh(4*h)", 4)])
def test_a_steeper_activation_has_shorter_panels(text, factor):
    """Assert that panels scale with the length on which the activation varies (within the power of two they come in)."""
    base = committed("erf" if text.startswith("erf") else "tanh")["PANEL"]
    source = codegen._basics(parse(text))
    length = panel_length(plain("import math\n" + source)["functions"], [])
    assert base / (2 * factor) <= length <= 2 * base / factor


class Counted:
    """A force that counts how often it is asked, and gives up."""

    def __init__(self, function, most=300_000):
        self.function, self.calls, self.most = function, 0, most

    def __call__(self, x, label):
        self.calls += 1
        if self.calls > self.most:
            raise AssertionError(f"still measuring after {self.most} evaluations")
        return self.function(x, label)


@pytest.mark.parametrize("kinks", [[45.0], [-45.0, 1e3], [1e6]], ids=str)
def test_kinks_far_away_do_not_matter_for_panels(kinks):
    """Assert that kinks beyond the measured range neither shorten panels nor lengthen the measurement."""
    smooth = Counted(lambda x, label: (math.tanh(x), math.tanh(x - label), 1 / math.cosh(x)))
    expected = panel_length(smooth, [])
    assert panel_length(Counted(smooth.function, 4 * smooth.calls), kinks) == expected


def test_an_activation_too_fast_for_the_quadrature_is_refused(monkeypatch):
    """Assert one line naming ``activation``, after a number of evaluations in proportion to the range measured."""
    monkeypatch.setattr(quadrature, "RANGE", 1.0)
    with pytest.raises(ValueError, match=r"^activation: .*varies too fast.*allowed: "):
        panel_length(Counted(lambda x, label: (0.0, 0.0, math.sin(1e6 * x)), most=200_000), [])


@pytest.mark.parametrize("text", ["exp(h**2)", "exp(exp(h))", "h**60*h**60", "cosh(20*h)", "1e308*h**5", "exp(64*h)"])
def test_an_activation_that_overflows_is_refused_in_one_line(text):
    """Assert that numbers beyond double precision within |h| <= 40 end in one line naming ``activation``, not an OverflowError."""
    with pytest.raises(ValueError, match=r"^activation: .*, allowed: ") as caught:
        codegen.write_activation(parse(text), ("taylor",))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("text", ["h - h**3/6", "h/sqrt(1 + h**2)", "sin(h**2)/(1 + h**2)", "Abs(h - 1)", "Max(0, Min(1, h))", "exp(h)",
                                  "Max(0, h) + 0.1*Min(0, h)", "softplus(2*h)", "h*sigmoid(h)"])  # fmt: skip
def test_a_users_activation_is_written_and_runs(text):
    """Assert that the writer's text for a user's activation runs, with sigma as written and every closure there."""
    module = plain(codegen.write_activation(parse(text), ("gaussian", "regression")))
    sigma = sp.lambdify(h, parse(text).expr, "mpmath")
    for x in (-1.7, 0.2, 1.3):
        assert abs(module["sigma"](x) - sigma(x)) < 1e-14
    A, B, flag = module["regression_coefficients"](0.5, -0.1, 1.0, -0.3, RULE)
    assert (flag, math.isfinite(A), math.isfinite(B)) == (0, True, True)
    assert math.isfinite(module["gaussian_coefficients"](0.5, -0.1, 1.0, -0.3, RULE)[0])


# ---------------------------------------------------------------------------------------------------- starting up

HEAVY = ("sympy", "numba", "matplotlib", "scipy")
LOADED = f"import sys; print(*sorted(set({HEAVY!r}) & set(sys.modules)))"


def run(program, **environment):
    command = [sys.executable, "-c", program]
    return subprocess.run(
        command, capture_output=True, text=True, env=os.environ | environment, check=True
    ).stdout.split()


def test_importing_the_package_imports_nothing_heavy():
    """Assert that neither SymPy, numba, matplotlib nor SciPy is loaded by ``import cumulode``; print the time it takes."""
    assert run("import cumulode; " + LOADED) == []
    timed = "import time; t = time.perf_counter(); import cumulode; print(time.perf_counter() - t)"
    print(f"import cumulode: {1e3 * min(float(run(timed)[0]) for _ in range(5)):.1f} ms, best of 5")


@pytest.mark.parametrize(
    "room", ["cumulode.theory", "cumulode.theory.closures.names", "cumulode.theory.problem.problem"]
)
def test_describing_a_problem_imports_nothing_heavy(room):
    """Assert that theory's front door and a Problem with a shipped activation need no SymPy."""
    program = (
        f"import {room}; import cumulode; cumulode.Problem(cumulode.NLGP(3, 2), cumulode.Ising(t=.5), 40, 'tanh'); "
    )
    assert run(program + LOADED) == []


def test_solving_with_a_shipped_activation_needs_no_sympy():
    """Assert that importing numerics and solving under every shipped activation load neither SymPy nor matplotlib."""
    program = (
        "import numpy as np, cumulode, cumulode.numerics\n"
        "for a in ('erf', 'tanh', 'relu', 'softplus'):\n"
        "    p = cumulode.Problem(cumulode.Ising(t=.5), cumulode.NLGP(3, 1), 8, a)\n"
        "    assert cumulode.solve(p, 0.1 * np.arange(8.0), [0, 0.1]).success\n"
    )
    loaded = run(program + LOADED, NUMBA_DISABLE_JIT="1")  # in Python, so that nothing is compiled for this
    assert not {"sympy", "matplotlib"} & set(loaded)
