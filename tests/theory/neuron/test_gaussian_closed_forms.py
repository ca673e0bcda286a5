"""Closed forms of Gaussian averages: the heat equation proves them, quadrature confirms them, altered ones are noticed."""

import itertools
import subprocess
import sys
from functools import lru_cache

import mpmath as mp
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from mutants import mutant

from cumulode.theory.closures.family import b
from cumulode.theory.neuron import gaussian
from cumulode.theory.neuron.activations import h, parse, y
from cumulode.theory.neuron.gaussian import GaussianMean, closed_form, mean, variance

# Activations with a closed form of the force (n >= 0), and whether the potential (n = -1) has one, too.
CLOSED = {
    "erf": False,
    "erf(2*h)": False,
    "erf(h/3 - 1)": False,
    "relu": True,
    "Max(0, h) + Min(0, h)/10": True,
    "h - h**3/6": True,
    "Abs(h-1)": True,
    "Max(0, Min(1, h))": True,
    "exp(-h**2)": True,
    "h*exp(-h**2/2)": True,
    "exp(h)": True,
}
NONE = ["tanh", "softplus", "sin(h)", "h*(1 + erf(h/sqrt(2)))/2", "exp(-Abs(h))", "exp(-h**2)*erf(h)"]
FORMS = [(text, n) for text, potential in CLOSED.items() for n in (-1, 0) if n == 0 or potential]
m, v = mean, variance
few = settings(deadline=None, max_examples=2, derandomize=True)


@pytest.fixture(autouse=True)
def _digits():
    with mp.workdps(30):
        yield


# -------------------------------------------------------------------------------------- zero, decided


def vanishes(expr):
    """Whether ``expr`` is zero: each root, exponential and erf becomes a symbol, roots keep their relation r^2 = base."""
    expr = expr.replace(_is_root, lambda e: _over_factors(e.base, e.exp))
    expr = expr.replace(lambda e: isinstance(e, (sp.exp, sp.erf)), lambda e: e.func(sp.factor(sp.together(e.args[0]))))
    expr = expr.xreplace({e: sp.Dummy() for e in expr.atoms(sp.exp, sp.erf)})
    roots = {e.base: sp.Dummy() for e in expr.atoms(sp.Pow) if _is_root(e)}
    expr = expr.replace(_is_root, lambda e: roots[e.base] ** (2 * e.exp))
    numerator = sp.expand(sp.fraction(sp.together(expr))[0])
    if not roots:
        return numerator == 0
    return sp.reduced(numerator, [r**2 - base for base, r in roots.items()], *roots.values())[1] == 0


def _is_root(e):
    return e.is_Pow and e.exp.is_Rational and not e.exp.is_Integer


def _over_factors(base, power):
    return sp.Mul(*[f ** (k * power) for f, k in sp.factor(sp.together(base)).as_powers_dict().items()])


def heat(expr):
    """``dG/dv - (1/2) d2G/dm2``: zero for the average of any function over N(m, v)."""
    return sp.diff(expr, v) - sp.diff(expr, m, 2) / 2


# --------------------------------------------------------------------------- numbers, from the definition


@lru_cache
def _integrand(text, potential):
    found = parse(text)
    pieces = found.potential_pieces() if potential else found.force_pieces()
    kinks = [mp.mpf(sp.Rational(c).p) / sp.Rational(c).q for c in found.kinks]
    return [sp.lambdify((h, y), e, "mpmath") for e in pieces], kinks


def integrand(text, n):
    """``F`` (or ``Phi`` for n = -1) piece by piece, for mpmath."""
    return _integrand(text, n < 0)


def quadrature(text, orders, at, var, label):
    """E[F^(n)] in 30 digits as ``E[F He_n(z)] / v^(n/2)``: no derivative of F is taken, kinks are ends of intervals."""
    width = mp.sqrt(var)
    found = {}
    for n in orders:
        pieces, kinks = integrand(text, n)
        cuts = [at - 14 * width, *[k for k in kinks if abs(k - at) < 14 * width], at + 14 * width]
        weighted = _weighted(tuple(pieces), tuple(kinks), at, width, label)
        found[n] = sum(
            mp.quad(lambda x, n=n, f=weighted: f(x) * _hermite(n, (x - at) / width), mp.linspace(low, high, 7))
            / width ** max(n, 0)
            for low, high in itertools.pairwise(cuts)
        )
    return found


@lru_cache(maxsize=4)
def _weighted(pieces, kinks, at, width, label):
    """F times the density, each node of the quadrature computed once for all orders."""
    return lru_cache(maxsize=None)(
        lambda x: pieces[sum(x >= k for k in kinks)](x, label) * mp.npdf((x - at) / width) / width
    )


def _hermite(n, z):
    """The polynomial He_n, by its recursion."""
    before, now = mp.mpf(0), mp.mpf(1)
    for k in range(max(n, 0)):
        before, now = now, z * now - k * before
    return now


def number(expr):
    """A function of (m, v, y) for mpmath."""
    return sp.lambdify((m, v, y), expr, "mpmath")


# ------------------------------------------------------------------------------------------------- tests


@pytest.mark.parametrize(("text", "n"), FORMS)
def test_a_closed_form_obeys_the_heat_equation(text, n):
    """Assert dG/dv = (1/2) d2G/dm2 as an identity of expressions; with the limit below, G is the average by uniqueness."""
    form = closed_form(parse(text), n)
    assert vanishes(heat(form))
    assert not vanishes(sp.diff(form, v) - sp.diff(form, m, 2) / 3)  # the decision itself can say no


@pytest.mark.parametrize(("text", "n"), FORMS)
def test_a_closed_form_starts_from_the_force_at_zero_variance(text, n):
    """Assert G(m, 0) = F(m) where F is smooth, as expressions; with kinks, that the difference falls as v on both sides."""
    found, form = parse(text), closed_form(parse(text), n)
    pieces = found.potential_pieces() if n < 0 else found.force_pieces()
    if found.smooth:
        assert sp.simplify(form.subs(v, 0) - pieces[0].subs(h, m)) == 0
        return
    value = number(form)
    for piece, at in zip(pieces, [float(found.kinks[0]) - 0.75, *[float(c) + 0.25 for c in found.kinks]], strict=True):
        expected = sp.lambdify((h, y), piece, "mpmath")(mp.mpf(at), 1)
        for var in (mp.mpf("1e-6"), mp.mpf("1e-12")):
            assert abs(value(mp.mpf(at), var, 1) - expected) <= 2 * var


@pytest.mark.parametrize("text", CLOSED)
def test_higher_closed_forms_are_derivatives_in_the_mean(text):
    """Assert that n = 1, 3, 5 are d^n/dm^n of n = 0, and that F = dPhi/dh survives the average."""
    found = parse(text)
    base = closed_form(found, 0)
    for n in (1, 3, 5):
        assert closed_form(found, n) == sp.diff(base, m, n)
    if CLOSED[text]:
        assert vanishes(sp.diff(closed_form(found, -1), m) - base)


SHIFTED = ("erf(h/3 - 1)", "erf(2*h)", "Max(0, Min(1, h))", "exp(h)")


@pytest.mark.parametrize("text", [pytest.param(t, marks=pytest.mark.slow) if t in SHIFTED else t for t in CLOSED])
@few
@given(at=st.floats(-3, 3), var=st.floats(0.02, 4), label=st.sampled_from([1, -1]))
def test_closed_forms_are_quadrature_to_twenty_digits(text, at, var, label):
    """Assert that E[Phi], E[F], E[F'], E[F'''] and E[F^(5)] equal 30-digit quadrature of Phi or F alone."""
    orders = (-1, 0, 1, 3, 5) if CLOSED[text] else (0, 1, 3, 5)
    for n, expected in quadrature(text, orders, mp.mpf(at), mp.mpf(var), label).items():
        with mp.workdps(40):
            value = number(closed_form(parse(text), n))(mp.mpf(at), mp.mpf(var), label)
        assert abs(value - expected) < 1e-20 * max(1, abs(expected), mp.mpf(var) ** (-max(n, 0) / 2)), n


@pytest.mark.parametrize("text", NONE)
def test_activations_without_a_closed_force_have_none(text):
    """Assert None, at every order, where no rule applies: these are left to quadrature."""
    assert [closed_form(parse(text), n) for n in (-1, 0, 1, 3)] == [None] * 4


def test_the_potential_of_erf_has_no_closed_form_here():
    """Assert that the square of an erf is left to quadrature while its force is not."""
    assert closed_form(parse("erf"), -1) is None
    assert closed_form(parse("erf"), 0) is not None


LONG = ["h**12", "h/sqrt(1 + h**2)", "sin(h**2)", "(1 + h**2)**(1/3)"]


def test_looking_for_a_closed_form_ends_soon():
    """Assert that the rules end within seconds, found or not (in a process of its own: they may not end at all)."""
    program = (
        "import sys\nfrom cumulode.theory.neuron.activations import parse\nfrom cumulode.theory.neuron.gaussian import closed_form\n"
        "for text in sys.argv[1:]:\n    print(closed_form(parse(text), 0) is None, flush=True)"
    )
    command = [sys.executable, "-c", program, *LONG]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=15)
    except subprocess.TimeoutExpired as late:
        pytest.fail(f"closed_form({LONG[len((late.stdout or b'').splitlines())]!r}) was still running after 15 s")
    assert done.stdout.split() == ["False", "True", "True", "True"], done.stderr[-300:]


# -------------------------------------------------------------------------------- GaussianMean, the operator


def test_the_operator_differentiates_by_the_heat_equation():
    """Assert d/dm raises n by one, d/dv by two with a half, and that mixed derivatives commute."""
    n = sp.Symbol("n", integer=True)
    mean_ = GaussianMean(n, m, v)
    assert sp.diff(mean_, m) == GaussianMean(n + 1, m, v)
    assert sp.diff(mean_, v) == GaussianMean(n + 2, m, v) / 2
    assert sp.diff(mean_, m, v) == sp.diff(mean_, v, m)
    assert heat(mean_) == 0
    with pytest.raises(ValueError, match=r"^argindex: got 1"):
        sp.diff(GaussianMean(b, m, v), b)


@pytest.mark.parametrize("text", ["erf", "relu", "h - h**3/6"])
def test_the_operator_and_the_closed_form_commute(text):
    """Assert that differentiating the operator and then closing equals closing and then differentiating, twice each."""
    found = parse(text)

    def close(expr):
        return expr.replace(GaussianMean, lambda n, m_, v_: closed_form(found, int(n)).subs({m: m_, v: v_}))

    for variables in [(m,), (v,), (m, v), (v, v)]:
        first = close(sp.diff(GaussianMean(0, m, v), *variables))
        assert vanishes(first - sp.diff(close(GaussianMean(0, m, v)), *variables))


# ---------------------------------------------------------------------------------------------- mutants


def altered(expr):
    """``expr`` with one number changed, for every place where a number stands (coefficients, exponents, arguments)."""
    for i, argument in enumerate(expr.args):
        if argument.is_Rational:
            changes = [argument + sp.Rational(1, 7)]
        else:
            changes = altered(argument)
        for change in changes:
            yield expr.func(*expr.args[:i], change, *expr.args[i + 1 :])


@pytest.mark.parametrize("text", ["erf", "relu", "h - h**3/6", "exp(-h**2)", "Abs(h-1)"])
def test_every_altered_number_is_noticed(text):
    """Assert that quadrature at one point tells the closed form of E[F] from each copy with one number changed."""
    form = closed_form(parse(text), 0)
    at = (mp.mpf("0.37"), mp.mpf("0.81"), mp.mpf("0.3"))
    expected = quadrature(text, (0,), *at)[0]
    assert abs(number(form)(*at) - expected) < 1e-20
    wrong = list(altered(form))
    assert len(wrong) >= 8
    for other in wrong:
        assert abs(number(other)(*at) - expected) > 1e-6, other


@pytest.mark.parametrize(("text", "old", "new"), [
    ("h - h**3/6", "constant * (m * first + v * second)", "constant * (m * first - v * second)"),
    ("h - h**3/6", "constant * (m * first + v * second)", "constant * (m * first + second)"),
    ("erf", "sp.erf((a * m + c) / sp.sqrt(1 + 2 * a**2 * v))", "sp.erf((a * m + c) / sp.sqrt(1 + a**2 * v))"),
    ("erf(h/3 - 1)", "sp.erf((a * m + c) / sp.sqrt(1 + 2 * a**2 * v))", "sp.erf((a * m - c) / sp.sqrt(1 + 2 * a**2 * v))"),
    ("exp(-h**2)", "shrink = 1 - 2 * alpha * v", "shrink = 1 - alpha * v"),
    ("exp(h)", "2 * beta * m + beta**2 * v", "2 * beta * m - beta**2 * v"),
    ("h*exp(-h**2/2)", "(m + beta * v) / shrink, v / shrink)", "(m + beta * v) / shrink, v)"),
    ("relu(h)**2", "lower = (k - 1) * variance", "lower = k * variance"),
    ("Max(0, h) + Min(0, h)/10", "- variance * (at(high, k - 1) - at(low, k - 1))", "+ variance * (at(high, k - 1) - at(low, k - 1))"),
    ("Max(0, Min(1, h))", "(below(high) - below(low)) / 2", "below(high) - below(low)"),
])  # fmt: skip
def test_a_wrong_rule_fails_the_heat_equation_or_the_limit(text, old, new):
    """Assert that each rule of the module, altered, gives forms that the two proofs above refuse."""
    found, at = parse(text), (mp.mpf("0.6"), mp.mpf("1e-9"), 1)
    form = mutant(gaussian, old, new).closed_form(found, 0)
    start = number(form)(*at) - sp.lambdify((h, y), found.join(found.force_pieces()), "mpmath")(mp.mpf("0.6"), 1)
    assert abs(start) > 1e-6 or not vanishes(heat(form))
