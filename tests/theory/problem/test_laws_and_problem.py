"""Laws and Problem: what is accepted, how everything else is refused, and the covariances behind the names."""

import itertools
import json
import math
import re
from fractions import Fraction

import mpmath as mp
import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from cumulode.theory import GP, NLGP, Ising, Problem
from cumulode.theory.cumulants import ising, nlgp
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


# ------------------------------------------------------------------ where a law does not exist on a ring


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


# --------------------------------------------------------------------- round trips, equality, controls

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


# ------------------------------------------------------------------------------------ covariances


def exact(name, d, xi, size, n=400):
    """The covariance as its docstring says, in 40 digits."""
    d, xi = mp.mpf(int(d)), mp.mpf(float(xi))
    if name == "circular-exponential":
        t = mp.exp(-1 / xi)
        return (t**d + t ** (size - d)) / (1 + t**size)
    if name == "wrapped":
        total = [mp.fsum(mp.exp(-(((x + m * size) / xi) ** 2)) for m in range(-n, n + 1)) for x in (d, 0)]
        return total[0] / total[1]
    d = min(d, size - d)
    return mp.exp(-((d / xi) ** 2))


@pytest.mark.parametrize("name", cov.COVARIANCES)
@pytest.mark.parametrize(("xi", "size"), [(0.3, 8), (1.7, 20), (4.0, 40), (40.0, 40), (3e4, 50000), (1e6, 12)])
def test_a_covariance_and_its_complement_have_all_digits(name, xi, size):
    """Assert c and 1 - c to 1e-14 relative (where they are no denormals), near 1 too, where 1 - c is lost in c."""
    if name == "wrapped" and xi > size:
        pytest.skip("the wrapped covariance ends at xi = size")
    offsets = np.unique([0, 1, 2, size // 3, size // 2, size - 1])
    c, rest = cov.gaussian_covariance(name, offsets, xi, size)
    with mp.workdps(40):
        for d, value, complement in zip(offsets, c, rest, strict=True):
            expected = exact(name, d, xi, size, 3 + int(12 * xi / size))
            assert abs(value - expected) <= 1e-14 * expected + 1e-300
            assert abs(complement - (1 - expected)) <= 4e-14 * (1 - expected)


def test_offsets_may_be_negative_or_go_round_the_ring():
    """Assert that distance is periodic and symmetric."""
    offsets = np.arange(-25, 26)
    for name in cov.COVARIANCES:
        c, rest = cov.gaussian_covariance(name, offsets, 2.0, 11)
        again, rest_again = cov.gaussian_covariance(name, offsets % 11, 2.0, 11)
        np.testing.assert_array_equal(c, again)
        np.testing.assert_array_equal(rest, rest_again)
        np.testing.assert_array_equal(c, c[::-1])


def test_on_the_line_the_wrapped_kernel_is_the_squared_exponential():
    """Assert size=None: exp(-d^2/xi^2) for both, exp(-d/xi) for the chain... as far as the ring's size goes to infinity."""
    d = np.arange(12)
    line, _ = cov.gaussian_covariance("wrapped", d, 2.0, None)
    np.testing.assert_array_equal(line, cov.gaussian_covariance("squared-exponential", d, 2.0, None)[0])
    np.testing.assert_allclose(line, cov.gaussian_covariance("wrapped", d, 2.0, 400)[0], rtol=1e-13, atol=0)
    for size in (None, 4000):
        chain, rest = cov.gaussian_covariance("circular-exponential", d, 2.0, size)
        np.testing.assert_allclose(chain, np.exp(-d / 2.0), rtol=1e-13)
        np.testing.assert_allclose(rest, -np.expm1(-d / 2.0), rtol=1e-13)


@few
@given(xi=st.floats(0.05, 1.0), size=st.integers(4, 200), name=st.sampled_from(["wrapped", "circular-exponential"]))
def test_wrapped_and_circular_covariances_are_positive_semidefinite(xi, size, name):
    """Assert a spectrum without negative eigenvalues beyond rounding for xi up to the size of the ring."""
    power = cov.ring_spectrum(name, xi * size, size)
    assert power.min() > -1e-14 * power.max()
    assert abs(power.sum() / size - 1) < 1e-13


@pytest.mark.parametrize(("xi", "size"), [(0.7, 7), (2.0, 12), (5.0, 9)])
def test_the_circular_exponential_is_a_markov_chain(xi, size):
    """Assert that the inverse of its covariance matrix is tridiagonal on the ring (each site sees its neighbours alone)."""
    c, _ = cov.gaussian_covariance("circular-exponential", np.arange(size), xi, size)
    precision = np.linalg.inv(np.array([np.roll(c, i) for i in range(size)]))
    distance = np.minimum(np.arange(size), size - np.arange(size))
    assert np.abs(precision[0, distance > 1]).max() < 1e-12 * precision[0, 0]
    assert np.abs(precision[0, distance == 1]).min() > 1e-3 * precision[0, 0]
    geodesic = np.exp(-distance / xi)  # theory.md section 6: not so for exp(-d/xi) with periodic d
    other = np.linalg.inv(np.array([np.roll(geodesic, i) for i in range(size)]))
    assert np.abs(other[0, distance > 1]).max() > 1e-4 * other[0, 0]


@pytest.mark.parametrize(("function", "arguments"), [
    (cov.squared_exponential, (3, sp.Rational(5, 2))), (cov.squared_exponential_complement, (3, sp.Rational(5, 2))),
    (cov.exponential, (3, sp.Rational(5, 2))), (cov.exponential, (3, sp.Rational(5, 2), 10)),
    (cov.exponential_complement, (3, sp.Rational(5, 2))), (cov.exponential_complement, (3, sp.Rational(5, 2), 10))])  # fmt: skip
def test_the_same_formula_serves_numbers_and_symbols(function, arguments):
    """Assert that the SymPy value, in 30 digits, is the numeric one to 1e-15."""
    symbolic = function(*arguments, m=cov.SymbolicMath())
    assert symbolic.is_number
    numeric = function(*(float(a) for a in arguments))
    assert abs(float(sp.N(symbolic, 30)) / numeric - 1) < 4e-16


def test_complements_are_complements_as_expressions():
    """Assert c + (1 - c) = 1 in symbols, on line and ring."""
    d, xi, size = sp.symbols("d xi D", positive=True)
    m = cov.SymbolicMath()
    pairs = [
        (cov.squared_exponential(d, xi, m), cov.squared_exponential_complement(d, xi, m)),
        (cov.exponential(d, xi, m=m), cov.exponential_complement(d, xi, m=m)),
        (cov.exponential(d, xi, size, m), cov.exponential_complement(d, xi, size, m)),
    ]
    for c, rest in pairs:
        assert (
            sp.simplify((c + rest).rewrite(sp.exp).replace(sp.codegen.cfunctions.expm1, lambda z: sp.exp(z) - 1) - 1)
            == 0
        )


# --------------------------------------------------------------------------------- cumulants as symbols

t = sp.Symbol("t")


def ring_moment(sites, size, value=t):
    """E[x_i x_j ...] by summing all states of the ring, bonds weighing (1 + t s s'); a rational function of t."""
    top, bottom = sp.Integer(0), sp.Integer(0)
    for state in itertools.product((1, -1), repeat=size):
        weight = sp.prod([1 + value * state[i] * state[i - 1] for i in range(size)])
        top += weight * math.prod(state[i] for i in sites)
        bottom += weight
    return sp.factor(top) / sp.factor(bottom)


@pytest.mark.parametrize("size", [4, 5])
def test_ising_cumulants_are_sums_over_all_states(size):
    """Assert C, the four-point moment and K as rational functions of t, for every set of sites of rings of 4 and 5."""
    for d in range(size):
        assert sp.simplify(ising.second(t, d, size) - ring_moment((0, d), size)) == 0
    pair = {d: ising.second(t, d, size) for d in range(size)}
    for rest in itertools.combinations_with_replacement(range(size), 3):
        sites = (0, *rest)
        gaps = [b - a for a, b in itertools.pairwise(sites)]
        gaps.append(size - sum(gaps))
        moment = ring_moment(sites, size)
        i, j, k, l = sites
        disconnected = pair[j - i] * pair[l - k] + pair[k - i] * pair[l - j] + pair[l - i] * pair[k - j]
        assert sp.simplify(ising.fourth_moment(t, gaps, size) - moment) == 0
        assert sp.simplify(ising.fourth(t, gaps, size) - (moment - disconnected)) == 0


def test_on_the_line_one_term_of_the_ising_cumulant_is_left():
    """Assert the limit D -> infinity: K = -2 t^(g0 + 2 g1 + g2), C = t^d, by |t| < 1."""
    gaps = (2, 3, 1)
    assert ising.fourth(t, gaps) == -2 * t**9
    assert ising.second(t, 4) == t**4
    at = sp.Rational(3, 5)
    ring = ising.fourth(at, [*gaps, 400 - 6], 400)
    assert abs(ring / ising.fourth(at, gaps) - 1) < sp.Rational(1, 10**80)


@pytest.mark.parametrize(("g", "c"), [(1e-3, 0.5), (0.7, 0.9), (3.0, -0.2), (50.0, 0.999)])
def test_the_arcsine_law_is_the_covariance_of_two_erfs(g, c):
    """Assert E[x x'] = asin(q c)/asin(q) against a Gaussian integral in 20 digits, and the symbolic form against it."""
    with mp.workdps(30):
        g_, c_ = mp.mpf(g), mp.mpf(c)
        scale = g_ / mp.sqrt(1 + g_**2 * (1 - c_**2))  # E[erf(g z'/sqrt 2) | z] = erf(scale c z/sqrt 2)

        def both(z, other):
            return mp.erf(g_ * z / mp.sqrt(2)) * mp.erf(other * z / mp.sqrt(2)) * mp.npdf(z)

        cuts = [0, 1 / g_, 1, 3, 6, 12] if g_ > 1 else [0, 1, 3, 6, 12]
        covariance = 2 * mp.quad(lambda z: both(z, scale * c_), cuts)
        variance = 2 * mp.quad(lambda z: both(z, g_), cuts)
        q = g_**2 / (1 + g_**2)
        assert abs(nlgp.second(sp.Float(q, 30), sp.Float(c_, 30), sp) - covariance / variance) < 1e-18
        assert abs(nlgp.normalisation(sp.Float(q, 30), sp) - variance) < 1e-18
    law = NLGP(g, 1.0)
    complements = (1 - law.q * c, law.one_minus_q)
    expected = float(covariance / variance)
    assert abs(nlgp.second(law.q, c) / expected - 1) < 1e-13
    assert abs(nlgp.second(law.q, c, complements=complements) / expected - 1) < 1e-14


@few
@given(g=st.one_of(st.floats(1e-7, 1e7), st.just(math.inf)))
def test_q_and_its_complement_add_up_to_one(g):
    """Assert q = g^2/(1+g^2) and 1 - q to all digits at small and large gain, sign(z) included."""
    law = NLGP(g, 1.0)
    with mp.workdps(40):
        rest = 1 / (1 + mp.mpf(g) ** 2)
        assert abs(law.one_minus_q - rest) <= 3e-16 * rest
        assert abs(law.q - (1 - rest)) <= 3e-16 * (1 - rest)


def test_the_correlation_length_of_an_ising_law_is_that_of_its_covariance():
    """Assert C_d = sign^d exp(-d/xi) on the line, and xi = 0 for free spins."""
    law = Ising(t=-0.6)
    assert math.isclose(abs(ising.second(law.t, 5)), math.exp(-5 / law.xi), rel_tol=1e-14)
    assert Ising(t=0.0).xi == 0.0
    assert abs(Ising(J=18.0).t) < 1  # the largest coupling that is taken
