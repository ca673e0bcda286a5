"""A, B and Psi of every closure against averages in 30 digits over the laws they assume."""

from __future__ import annotations

import math

import mpmath as mp
import numpy as np
import oracles
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cumulode.numerics import drift, potential
from cumulode.numerics.compile.closure_kernels import activation_kernels, coefficients_kernel, potential_kernel
from cumulode.numerics.compile.quadrature import gauss_legendre
from cumulode.theory import NLGP, Ising, Problem
from cumulode.theory.closures.names import GRADIENT, TWO_TERM

RULE = gauss_legendre()
SHIPPED = ("erf", "tanh", "softplus", "relu")
WRITTEN = ("Max(0, h) + 0.1*Min(0, h)", "Abs(h - 1)", "tanh(Max(0, h))")
REFERENCE = {
    "gaussian": oracles.gaussian_coefficients,
    "edgeworth": oracles.edgeworth_coefficients,
    "bimodal": oracles.bimodal_coefficients,
    "pearson": oracles.pearson_coefficients,
    "regression": oracles.regression_coefficients,
}
KURTOSES = {
    "gaussian": (-1.0,),
    "edgeworth": (-1.9, 0.0, 2.5),
    "bimodal": (-1.999, -1.2, -0.3, -2e-4),
    "pearson": (-1.999, -1.2, -0.3, -2e-4, 2e-4, 0.9, 2.9),
    "regression": (-1.999, -1.2, -0.3, -2e-4, 2e-4, 0.9, 2.9),
}
VARIANCES = (1e-4, 0.03, 1.0, 8.0, 50.0)
NEURONS = ((1.0, -1.0), (-1.0, 0.4), (1.0, 1.25), (-1.0, -0.3))  # label, bias


def canonical(activation):
    """The name under which kernels are kept."""
    return Problem(plus=Ising(t=0.5), minus=Ising(t=0.1), size=4, activation=activation).activation


def coefficients(activation, closure, k2, k4, label, bias):
    """A, B and flag from the compiled kernel."""
    return coefficients_kernel(canonical(activation), closure)(k2, k4, label, bias, RULE)


def allowance(closure, kappa):
    """Error allowed in A and in k2 B, where the slope of the force is of order one.

    Quadrature 1e-11 (40 nodes a panel, 1e-13 of the largest integrand), three times that in derivatives by nu.
    Derivatives of Pearson's law at small kappa divide by kappa^2. Heavy tails are cut where the weight of the law with
    nu + 1 is exp(-36) of its peak: of a second moment, exp(-36 (1 - 1/|nu|)) is lost, times 500 in derivatives by nu,
    which bring in logarithms.
    """
    total = 3e-11 if closure == "pearson" else 1e-11
    if closure == "pearson":
        total += 1e-15 / kappa**2
    if kappa > 0 and closure in ("pearson", "regression"):
        nu = -3 / kappa - 1
        total += (500 if closure == "pearson" else 0.5) * math.exp(-36 * (1 + 1 / nu))
    return total


def points(activation, closure):
    """Every kurtosis, with variances and neurons in turn so that all meet over the activations."""
    start = (*SHIPPED, *WRITTEN).index(activation)
    for i, kappa in enumerate(KURTOSES[closure]):
        yield kappa, VARIANCES[(start + i) % 5], *NEURONS[(start + 2 * i) % 4]


@pytest.mark.parametrize("activation", [*SHIPPED, *WRITTEN])
@pytest.mark.parametrize("closure", list(REFERENCE))
def test_coefficients_are_those_of_the_definition(activation, closure):
    """Assert A and B against 30-digit averages of F and Phi alone, in which kinks need no delta functions."""
    for kappa, k2, label, bias in points(activation, closure):
        A, B, _ = coefficients(activation, closure, k2, kappa * k2**2, label, bias)
        with mp.workdps(30):
            neuron = oracles.Neuron(activation, label, bias)
            exact = REFERENCE[closure](neuron, mp.mpf(k2), mp.mpf(kappa) * mp.mpf(k2) ** 2)
            errors = abs(A - exact[0]), k2 * abs(B - exact[1])
        assert max(errors) < allowance(closure, kappa), (kappa, k2, label, bias, A, B)


@pytest.mark.parametrize("closure", ["edgeworth", "bimodal", "pearson", "regression"])
def test_coefficients_of_a_cubic_activation_are_those_of_the_definition(closure):
    """Assert the same for ``h - h**3/6``, whose averages SymPy finds in closed form, at bounded kurtosis, to 2e-10.

    The force grows as h^5: 1e-13 of its largest value, some ten standard deviations out, is 1e-10 of its mean.
    """
    for kappa, k2 in ((-1.9, 0.5), (-0.7, 1e-3), (-0.1, 2.0)):
        A, B, _ = coefficients("h - h**3/6", closure, k2, kappa * k2**2, 1.0, 0.3)
        with mp.workdps(30):
            exact = REFERENCE[closure](
                oracles.Neuron("h - h**3/6", 1.0, 0.3), mp.mpf(k2), mp.mpf(kappa) * mp.mpf(k2) ** 2
            )
            assert max(abs(A - exact[0]), k2 * abs(B - exact[1])) < 2e-10 * (abs(exact[0]) + k2 * abs(exact[1])), (
                kappa,
                k2,
            )


# ---------------------------------------------------------------- potentials


def _slopes(psi, k2, k4, label, bias):
    """2 dPsi/dk2 and 4 dPsi/dk4 by fourth-order central differences with steps of 2e-4."""
    d2, d4 = 2e-4 * k2, 2e-4 * k2**2

    def central(f):
        return (8 * (f(1) - f(-1)) - (f(2) - f(-2))) / 12

    return (
        2 / d2 * central(lambda n: psi(k2 + n * d2, k4, label, bias, RULE)),
        4 / d4 * central(lambda n: psi(k2, k4 + n * d4, label, bias, RULE)),
    )


@pytest.mark.parametrize("activation", [*SHIPPED, *WRITTEN])
@pytest.mark.parametrize("closure", [name for name in GRADIENT if name in TWO_TERM])
def test_coefficients_are_derivatives_of_the_potential_in_every_branch(activation, closure):
    """Assert A = 2 dPsi/dk2 and B = 4 dPsi/dk4 by central differences, kurtosis -1.9 to 2, to 3e-9 in A and in k2 B."""
    psi = potential_kernel(canonical(activation), closure)
    assert psi is not None
    for kappa in (-1.9, -0.8, -0.05, 0.05, 1.0):
        for k2, (label, bias) in zip((0.1, 1.0, 9.0), NEURONS, strict=False):
            A, B, _ = coefficients(activation, closure, k2, kappa * k2**2, label, bias)
            a, b = _slopes(psi, k2, kappa * k2**2, label, bias)
            scale = 1.0 if not closure.startswith("taylor") else 1.0 + abs(A) + k2 * abs(B)
            assert abs(A - a) < 3e-9 * scale, (kappa, k2)
            assert k2 * abs(B - b) < 3e-9 * scale, (kappa, k2)


@pytest.mark.parametrize("closure", GRADIENT)
@pytest.mark.parametrize(
    "laws", [(Ising(t=0.7), Ising(t=0.3)), (NLGP(gain=3.0, xi=1.2), NLGP(gain=3.0, xi=0.5))], ids=["Ising", "NLGP"]
)
def test_the_drift_of_a_gradient_closure_is_minus_the_gradient_of_v(closure, laws):
    """Assert dw/dt = -dV/dw by fourth-order central differences to 1e-9, from a small and from a large field."""
    problem = Problem(*laws, size=10, bias=-0.8, prior=0.4)
    f = drift(problem, closure)
    for scale in (0.3, 1.5):
        w = scale * np.random.default_rng(2).standard_normal(10) / math.sqrt(10)
        shifts = 1e-3 * np.eye(10)
        V = [potential(problem, w + n * shifts, closure) for n in (-2, -1, 1, 2)]
        gradient = (8 * (V[2] - V[1]) - (V[3] - V[0])) / 12e-3
        assert np.abs(f(w) + gradient).max() < 1e-9 * max(1.0, np.abs(gradient).max())


# ---------------------------------------------------------------- where closures meet


@pytest.mark.parametrize("activation", ["erf", "softplus", "relu"])
@pytest.mark.parametrize("sign", [-1.0, 1.0])
@pytest.mark.parametrize("closure", ["pearson", "regression"])
def test_pearsons_closures_join_edgeworth_to_first_order_in_kappa(activation, sign, closure):
    """Assert that A differs from edgeworth's as kappa^2 and B as kappa: slopes 2 and 1 within 0.1 over 1e-3 to 3e-2."""
    k2, label, bias = 0.7, 1.0, -1.0
    kappas = sign * 10.0 ** np.linspace(-3, -1.5, 5)
    gaps = []
    for kappa in kappas:
        own = coefficients(activation, closure, k2, kappa * k2**2, label, bias)
        edge = coefficients(activation, "edgeworth", k2, kappa * k2**2, label, bias)
        gaps.append([abs(own[i] - edge[i]) for i in range(2)])
    slopes = np.polyfit(np.log(np.abs(kappas)), np.log(gaps), 1)[0]
    assert np.abs(slopes - (2, 1)).max() < 0.1, slopes


@pytest.mark.parametrize("activation", SHIPPED)
@pytest.mark.parametrize("closure", ["pearson", "regression"])
def test_nothing_jumps_by_more_than_kappa_where_edgeworth_takes_over(activation, closure):
    """Assert that across |kappa| = 1e-4 A and k2 B jump by less than 1e-4 times the slope of the force."""
    for k2 in (1e-3, 0.5, 20.0):
        for kappa in (-1e-4, 1e-4):
            inside = coefficients(activation, closure, k2, kappa * (1 - 1e-9) * k2**2, 1.0, -1.0)
            outside = coefficients(activation, closure, k2, kappa * (1 + 1e-9) * k2**2, 1.0, -1.0)
            assert abs(inside[0] - outside[0]) < 1e-6
            assert k2 * abs(inside[1] - outside[1]) < 1e-4


@pytest.mark.parametrize("activation", ["erf", "softplus", "relu"])
def test_bimodal_joins_edgeworth_as_the_root_of_kappa(activation):
    """Assert slopes 3/2 in A and 1/2 in B, within 0.1: bimodal's sixth cumulant, 16 m^6, is of order |kappa|^(3/2)."""
    k2, label, bias = 0.7, 1.0, -1.0
    kappas = -(10.0 ** np.linspace(-6, -4, 5))
    gaps = []
    for kappa in kappas:
        own, edge = (coefficients(activation, c, k2, kappa * k2**2, label, bias) for c in ("bimodal", "edgeworth"))
        gaps.append([abs(own[i] - edge[i]) for i in range(2)])
    slopes = np.polyfit(np.log(-kappas), np.log(gaps), 1)[0]
    assert np.abs(slopes - (1.5, 0.5)).max() < 0.1, slopes


def test_a_gaussian_field_gives_every_closure_the_gaussian_coefficient():
    """Assert that at k4 = 0 all but the Taylor closures have A = E_G[F'] to 1e-13."""
    for activation in SHIPPED:
        for k2 in VARIANCES:
            expected = coefficients(activation, "gaussian", k2, 0.0, 1.0, -0.4)[0]
            for closure in ("edgeworth", "bimodal", "pearson", "regression"):
                assert abs(coefficients(activation, closure, k2, 0.0, 1.0, -0.4)[0] - expected) < 1e-13


# ---------------------------------------------------------------- domain, flags, finiteness


@settings(deadline=None, max_examples=300)
@given(
    activation=st.sampled_from([*SHIPPED, *WRITTEN]),
    closure=st.sampled_from(TWO_TERM),
    log_k2=st.floats(-30, 4),
    kappa=st.floats(-2.5, 2.99) | st.sampled_from([-2.0, 0.0, 1e-4, -1e-4, 1e-8, -1e-8]),
    label=st.sampled_from([-1.0, 1.0]),
    bias=st.floats(-3, 3) | st.sampled_from([-1.0, 0.5]),
)
@example("softplus", "regression", 0.9, 2.9, 1.0, 1.25)  # lam reaches 4e4, where cosh overflows
@example("softplus", "pearson", 3.0, 2.9, -1.0, -1.0)
@example("tanh", "pearson", 4.0, 2.99, -1.0, -1.0)
def test_no_closure_ever_gives_nan_below_a_kurtosis_of_three(activation, closure, log_k2, kappa, label, bias):
    """Assert finite A, B and Psi for k2 from 1e-30 to 1e4, clamped kurtosis below -2 included, whatever the
    activation.
    """
    k2 = 10.0**log_k2
    A, B, flag = coefficients(activation, closure, k2, kappa * k2**2, label, bias)
    assert math.isfinite(A), flag
    assert math.isfinite(B), flag
    psi = potential_kernel(canonical(activation), closure)
    if psi is not None:
        assert math.isfinite(psi(k2, kappa * k2**2, label, bias, RULE))


@pytest.mark.parametrize("closure", TWO_TERM)
def test_a_field_of_zero_is_finite_and_has_the_linear_drift(closure):
    """Assert A = F'(b) for k2 = k4 = 0 (floored inside), to 1e-6 where the floor's quadrature divides by it."""
    A, B, flag = coefficients("erf", closure, 0.0, 0.0, 1.0, -1.0)
    slope = activation_kernels("erf").functions(-1.0, 1.0)[2]
    assert flag == 0
    assert math.isfinite(B)
    assert abs(A - slope) < 1e-14


def test_flags_say_which_closure_stood_in_and_where_kappa_was_clamped():
    """Assert: bimodal flags edgeworth (1) at positive kurtosis; a kurtosis below -2 is clamped (2); Pearson's law
    ends at 3, where edgeworth stands in (1).
    """
    assert [coefficients("erf", "bimodal", 1.0, k4, 1.0, -1.0)[2] for k4 in (-1.0, 0.0, 0.5)] == [0, 0, 1]
    for closure in ("bimodal", "pearson", "regression"):
        at, below = (coefficients("erf", closure, 1.0, k4, 1.0, -1.0) for k4 in (-2.0, -2.1))
        assert (at[2], below[2]) == (0, 2)
        assert np.allclose(at[:2], below[:2], rtol=1e-9, atol=0)
    for closure in ("pearson", "regression"):
        A, B, flag = coefficients("erf", closure, 1.0, 3.0, 1.0, -1.0)
        assert flag == 1
        assert coefficients("erf", "edgeworth", 1.0, 3.0, 1.0, -1.0)[:2] == (A, B)
    for closure in ("gaussian", "edgeworth", "taylor"):
        assert coefficients("erf", closure, 1.0, 5.0, 1.0, -1.0)[2] == 0


SMALL = [("erf", "pearson"), ("tanh", "pearson"), ("tanh", "regression"), ("tanh", "edgeworth"), ("softplus", "edgeworth"),
         ("softplus", "regression"), ("tanh(Max(0, h))", "pearson")]  # fmt: skip


@pytest.mark.parametrize(("activation", "closure"), SMALL)
def test_coefficients_keep_their_digits_at_small_k2(activation, closure):
    """Assert A to 1e-12 and B to 2e-8 of averages in 120 digits, where B formed as a difference over k2^2 was rounding.

    At both sides of where the quadratic part begins to be left out, and far below.
    """
    for k2 in (1.1e-3, 9e-4, 1e-5, 1e-10):
        for kappa in (-1.2, 0.5):
            A, B, _ = coefficients(activation, closure, k2, kappa * k2**2, 1.0, 0.7)
            with mp.workdps(120):
                neuron = oracles.Neuron(activation, 1.0, 0.7)
                exact = REFERENCE[closure](neuron, mp.mpf(k2), mp.mpf(kappa) * mp.mpf(k2) ** 2)
            assert abs(A / exact[0] - 1) < 1e-12, (k2, kappa)
            assert abs(B / exact[1] - 1) < 2e-8, (k2, kappa)


@pytest.mark.parametrize("activation", [*SHIPPED, "tanh(Max(0, h))"])
@pytest.mark.parametrize("closure", ["edgeworth", "bimodal", "pearson", "regression", "tree"])
def test_coefficients_are_taylor_s_as_k2_vanishes(closure, activation):
    """Assert A, B (tree: and c6 = F^(5)(b)/720) of the limit at k2 = 1e-20, 1e-60 and 1e-300, whatever the kurtosis."""
    law, taylor = (coefficients_kernel(canonical(activation), name) for name in (closure, "taylor"))
    A_taylor, B_taylor = taylor(1e-30, 0.0, 1.0, 0.7, RULE)[:2]
    fifth = mp.diff(oracles.Neuron(activation, 1.0, 0.7).force, 0, 5) / 720
    for k2 in (1e-20, 1e-60, 1e-300):
        for kappa in (-1.5, -0.3, 0.0, 0.5):
            A, B, *sixth, _ = law(k2, kappa * k2 * k2, 1.0, 0.7, RULE)
            assert pytest.approx(A_taylor, rel=1e-13) == A
            assert pytest.approx(B_taylor, rel=1e-8, abs=1e-12) == B
            if closure == "tree" and kappa:
                assert sixth[0] == pytest.approx(float(fifth), rel=1e-6, abs=1e-10)


@pytest.mark.parametrize("activation", SHIPPED)
@pytest.mark.parametrize("closure", [*KURTOSES, "tree"])
def test_wide_averages_are_right_or_refused(activation, closure):
    """Assert that drifts far out follow their power of |w|, -2 where the activation saturates, 0 else, or are refused.

    Between 1e3 and any larger size the correction to that power is below 1/1e3.
    """
    problem = Problem(NLGP(3.0, 2.0), NLGP(3.0, 0.7), 12, bias=-0.5, activation=activation, prior=0.3)
    w = np.random.default_rng(1).standard_normal(12)
    power = 2 if activation in ("erf", "tanh") else -1
    f, known = drift(problem, closure=closure), []
    for size in (1e3, 1e4, 1e5, 1e6, 1e8, 1e12):
        try:
            known.append(np.linalg.norm(f(size * w / np.linalg.norm(w))) * size**power)
        except ValueError as refusal:
            assert "closure" in str(refusal)  # noqa: PT017 - not every size is refused
    assert known
    assert np.allclose(known, known[0], rtol=2e-3)
