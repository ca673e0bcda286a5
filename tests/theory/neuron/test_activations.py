"""Activations: what is read, its pieces, kinks and jumps, its force; what is refused, and how."""

import subprocess
import sys

import mpmath as mp
import pytest
import sympy as sp
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from cumulode.theory import derive
from cumulode.theory.neuron.activation_input import plain
from cumulode.theory.neuron.activations import h, parse, y

HALF = mp.mpf(1) / 2


def softplus(x):
    """``log(1 + e^x)``, the definition."""
    return mp.log1p(mp.exp(x))


# What is written, the function meant (in mpmath, written by hand) and its kinks.
MEANT = {
    "erf": (lambda x: mp.erf(x / mp.sqrt(2)), ()),
    "tanh": (mp.tanh, ()),
    "relu": (lambda x: max(x, mp.mpf(0)), (0,)),
    "softplus": (softplus, ()),
    "tanh(h)": (mp.tanh, ()),
    "h - h**3/6": (lambda x: x - x**3 / 6, ()),
    "h^3": (lambda x: x**3, ()),
    "2e-1*h + 1.5E0*h^2": (lambda x: mp.mpf(0.2) * x + mp.mpf(1.5) * x**2, ()),
    "Max(0, h) + 0.1*Min(0, h)": (lambda x: x if x > 0 else mp.mpf(0.1) * x, (0,)),
    "Abs(h-1)": (lambda x: abs(x - 1), (1,)),
    "sigmoid(h)": (lambda x: 1 / (1 + mp.exp(-x)), ()),
    "softplus(2*h)": (lambda x: softplus(2 * x), ()),
    "Max(0, Min(1, h))": (lambda x: min(max(x, mp.mpf(0)), mp.mpf(1)), (0, 1)),
    "Abs(Abs(h) - 1)": (lambda x: abs(abs(x) - 1), (-1, 0, 1)),
    "relu(h)**2": (lambda x: max(x, mp.mpf(0)) ** 2, (0,)),
    "h/(1 + Abs(h))": (lambda x: x / (1 + abs(x)), (0,)),
    "sigmoid(relu(h - 1/3))": (lambda x: 1 / (1 + mp.exp(-max(x - mp.mpf(1) / 3, mp.mpf(0)))), (sp.Rational(1, 3),)),
    "h*(1 + erf(h/sqrt(2)))/2": (lambda x: x * mp.ncdf(x), ()),
    "exp(-h**2)": (lambda x: mp.exp(-(x**2)), ()),
    "h*Heaviside(h)": (lambda x: max(x, mp.mpf(0)), (0,)),
}
KINKED = [text for text, (_, kinks) in MEANT.items() if kinks]
SMOOTH = [text for text, (_, kinks) in MEANT.items() if not kinks]
points = st.floats(-5, 5, allow_nan=False).map(mp.mpf)
labels = st.sampled_from([mp.mpf(1), mp.mpf(-1), mp.mpf(0)])
few = settings(deadline=None, max_examples=4, derandomize=True)


@pytest.fixture(autouse=True)
def _digits():
    with mp.workdps(40):
        yield


def numbers(expr):
    """A function of (h, y) for mpmath."""
    return sp.lambdify((h, y), expr, "mpmath")


def force(meant, x, label):
    """``(y - sigma) sigma'`` with sigma' by numerical differentiation."""
    return (label - meant(x)) * mp.diff(meant, x)


def away_from(kinks, x):
    return all(abs(x - mp.mpf(sp.Rational(c).p) / sp.Rational(c).q) > 1e-2 for c in kinks)


@pytest.mark.parametrize("text", MEANT)
@few
@given(x=points)
def test_an_activation_means_what_is_written(text, x):
    """Assert that the parsed expression, and the piece of each interval, equal the function written by hand."""
    meant, kinks = MEANT[text]
    found = parse(text)
    assert found.kinks == kinks
    assert len(found.pieces) == len(kinks) + 1
    piece = found.pieces[sum(x >= float(c) for c in kinks)]
    for expr in (piece, found.expr):
        assert abs(numbers(expr)(x, 0) - meant(x)) < 1e-34 * (1 + abs(meant(x)))


@pytest.mark.parametrize("text", MEANT)
@few
@given(x=points, label=labels)
def test_derivatives_of_the_force_are_its_finite_differences(text, x, label):
    """Assert that F, F', F''' and F^(5), taken by SymPy, equal numerical derivatives of (y - sigma) sigma'."""
    meant, kinks = MEANT[text]
    assume(away_from(kinks, x))
    found = parse(text)
    with mp.workdps(80):
        for order in (0, 1, 3, 5):
            expected = mp.diff(lambda z: (label - meant(z)) * mp.diff(meant, z), x, order)
            value = numbers(found.join(found.force_pieces(order)))(x, label)
            assert abs(value - expected) < mp.mpf(10) ** -12 * (1 + abs(expected)), order


@pytest.mark.parametrize("text", MEANT)
def test_the_force_is_the_slope_of_the_potential(text):
    """Assert that F = dPhi/dh in every piece, as expressions."""
    found = parse(text)
    for phi, f in zip(found.potential_pieces(), found.force_pieces(), strict=True):
        assert sp.simplify(sp.diff(phi, h) - f) == 0


@pytest.mark.parametrize("text", KINKED)
@pytest.mark.parametrize("label", [1, -1])
def test_jumps_are_the_limits_of_the_force_from_both_sides(text, label):
    """Assert that each jump is F(c + eps) - F(c - eps) as eps falls, with F from the function written by hand."""
    meant, kinks = MEANT[text]
    jumps = parse(text).force_jumps()
    assert len(jumps) == len(kinks)
    for c, jump in zip(kinks, jumps, strict=True):
        at, value = mp.mpf(sp.Rational(c).p) / sp.Rational(c).q, mp.mpf(sp.N(jump.subs(y, label), 40))
        errors = []
        with mp.workdps(60):
            for eps in (mp.mpf("1e-6"), mp.mpf("1e-9")):
                errors.append(abs(force(meant, at + eps, label) - force(meant, at - eps, label) - value))
        assert errors[0] < 1e-5
        assert errors[1] < 1e-8


@pytest.mark.parametrize("text", SMOOTH)
def test_a_smooth_activation_has_no_jumps(text):
    """Assert that an activation without kinks has one piece and no jump."""
    found = parse(text)
    assert found.smooth
    assert found.force_jumps() == ()


def test_a_wrong_jump_or_a_wrong_sign_of_the_force_would_be_noticed():
    """Assert that the checks above tell F from -F, from sigma sigma' and the jump y from 2 y."""
    relu, smooth = parse("relu"), parse("tanh")
    assert relu.force_jumps() == (y,)
    phi, f = smooth.potential_pieces()[0], smooth.force_pieces()[0]
    for wrong in (-f, f.subs(y, 2 * y), smooth.pieces[0] * sp.diff(smooth.pieces[0], h)):
        assert sp.simplify(sp.diff(phi, h) - wrong) != 0


def test_the_same_function_written_differently_is_one_activation():
    """Assert that every way of writing a shipped activation gives the shipped one, SymPy's symbols included."""
    for name, ways in {
        "erf": ["erf(h/sqrt(2))", "erf( h / sqrt(2) )", "erf(sqrt(2)*h/2)", sp.erf(sp.Symbol("h") / sp.sqrt(2))],
        "tanh": ["tanh(h)", "tanh (h)", sp.tanh(sp.Symbol("h", positive=True))],
        "relu": ["Max(0, h)", "max(h, 0)", "relu(h)", "relu(relu(h))", sp.Max(0, h)],
        "softplus": ["softplus(h)"],
    }.items():
        for way in ways:
            assert parse(way) is parse(name)
    assert parse("h^3") == parse("h**3") == parse("h*h*h")


@pytest.mark.parametrize("text", MEANT)
def test_the_name_of_an_activation_is_read_back_as_the_same_activation(text):
    """Assert that parse(name) is the activation it is the name of: Problem keeps the name alone."""
    found = parse(text)
    assert parse(found.name) == found


# ------------------------------------------------------------------------------------------- what is refused


@pytest.mark.parametrize(
    "activation",
    [sp.Piecewise((0, h < 0), (h, True)), h * sp.sign(h), sp.Piecewise((-1, h < -1), (h, h < 1), (1, True))],
    ids=str,
)
def test_a_sympy_piecewise_or_sign_is_refused_or_has_a_name_that_reads_back(activation):
    """Assert that an accepted SymPy expression can be rebuilt from its name, which is all that Problem keeps."""
    try:
        found = parse(activation)
    except ValueError:
        return
    assert parse(found.name).kinks == found.kinks
    for x in (-1.7, -0.4, 0.3, 2.1):
        assert abs(numbers(parse(found.name).expr)(x, 0) - numbers(found.expr)(x, 0)) < 1e-30


def test_a_whole_power_written_as_a_float_is_that_power():
    """Assert that h**2.0 is h**2, and no root."""
    assert parse("h**2.0") == parse("h**2")


TOWERS = [
    "9**9**9*h",
    "h**(10**10)",
    "9**(60*60*60*60*60)*h",
    "(((((9**64)**64)**64)**64)**64)*h",
    "9**(64/(1/64/64/64/64))*h",
    "sin(exp(exp(50)))*h",
]


def test_a_tower_of_powers_is_refused_without_being_computed():
    """Assert that numbers too large to write down are refused within seconds (in a process of its own: it may hang)."""
    program = (
        "from cumulode.theory.neuron.activations import parse\nimport sys\nfor text in sys.argv[1:]:\n    try:\n"
        "        parse(text)\n    except ValueError as error:\n        print(error, flush=True)"
    )
    command = [sys.executable, "-c", program, *TOWERS]
    try:
        lines = subprocess.run(command, capture_output=True, text=True, timeout=10).stdout.splitlines()
    except subprocess.TimeoutExpired as late:
        done = len((late.stdout or b"").splitlines())
        pytest.fail(f"parse({TOWERS[done]!r}) was still running after 10 s")
    assert len(lines) == len(TOWERS)
    assert all(line.startswith("activation: got ") for line in lines)


@pytest.mark.parametrize(
    "text", ["h - h**3/6", "tanh(2*h)", "h*sigmoid(h)", "Max(0, h) - Abs(h + 2)", "sqrt(2)*erf(h)", "h +"]
)
def test_ordinary_texts_are_read_without_a_second_process(text):
    """Assert that they are plain."""
    assert plain(text)


@pytest.mark.parametrize(
    "text", ["1e999*h", "sin(exp(exp(exp(5))))*h", "h*9**9**9", "(1 + h**64)**64", "tanh(" * 5 + "h" + ")" * 5, "2**h"]
)
def test_what_might_take_long_is_tried_apart(text):
    """Assert that they are not plain."""
    assert not plain(text)


@pytest.mark.slow
def test_an_activation_without_end_is_refused_naming_what_took_long():
    """Assert the refusal of forty functions in one another, by parse and derive."""
    endless = "tanh(" * 40 + "h" + ")" * 40
    with pytest.raises(ValueError, match=r"^activation: .*\(deriving it takes longer than 7 s"):
        parse(endless)
    with pytest.raises(ValueError, match=r"^activation: .*\(deriving with it takes longer than 8 s"):
        derive("flow", activation=endless)
