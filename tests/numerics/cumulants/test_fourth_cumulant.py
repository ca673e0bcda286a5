"""Second and fourth cumulants of the data against references, brute force, quadrature and sampling."""

from __future__ import annotations

import itertools
import json
import math
from pathlib import Path

import mpmath as mp
import numpy as np
import oracles
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, special

from cumulode.numerics import fourth_cumulant, second_cumulant
from cumulode.numerics.cumulants import fourth_at, nlgp
from cumulode.theory import GP, NLGP, Ising

DATA = Path(__file__).parents[2] / "data" / "nlgp_fourth_cumulants.json"
REFERENCES = [(r["gain"], r["xi"], tuple(r["offsets"]), float(r["K"])) for r in json.loads(DATA.read_text())]

#: Offsets with three, two and no repeated sites, near and far.
OFFSETS = np.array(
    [
        (0, 0, 0),
        (0, 0, 1),
        (0, 0, 3),
        (0, 1, 1),
        (0, 2, 2),
        (0, 1, 2),
        (0, -1, 2),
        (1, 2, 3),
        (1, 2, 4),
        (-1, 2, 5),
        (1, 1, 2),
        (2, 2, 5),
    ]
)


# ---------------------------------------------------------------- NLGP: given and exact values


def test_the_reference_has_the_72_values_it_promises():
    """Assert that no reference is lost: 3 correlation lengths, 4 gains, 6 offsets."""
    assert len({(g, xi, o) for g, xi, o, _ in REFERENCES}) == 72


def test_fourth_cumulants_meet_the_72_references_to_rounding():
    """Assert that each of the 72 values is met to 1e-13 of itself plus 1e-17 (they reach from 1.9 down to 8e-20)."""
    for gain, xi, offsets, reference in REFERENCES:
        value = fourth_cumulant(NLGP(gain=gain, xi=xi), offsets)[0]
        assert abs(value - reference) <= 1e-13 * abs(reference) + 1e-17, (gain, xi, offsets)


@pytest.mark.parametrize("xi", [0.5, 2.0, 6.0])
def test_a_uniform_marginal_has_kurtosis_minus_six_fifths(xi):
    """Assert that at gain 1, where x is uniform, K_0000 = -6/5 to 1e-14."""
    assert abs(fourth_cumulant(NLGP(gain=1.0, xi=xi), (0, 0, 0))[0] + 1.2) < 1e-14


def test_signs_have_kurtosis_minus_two():
    """Assert that at infinite gain, where x = +-1, K_0000 = -2 and K_00ab = -2 C_0a C_0b."""
    law = NLGP(gain=math.inf, xi=2.0)
    C = 2 / np.pi * np.arcsin(np.exp(-(np.arange(6) ** 2) / 4.0))
    assert abs(fourth_cumulant(law, (0, 0, 0))[0] + 2) < 1e-14
    offsets = np.array([(0, a, b) for a in range(6) for b in range(6)])
    assert np.allclose(fourth_cumulant(law, offsets), -2 * C[offsets[:, 1]] * C[offsets[:, 2]], rtol=1e-13, atol=1e-17)


# ---------------------------------------------------------------- NLGP: sites whose signs are nearly one


@pytest.mark.parametrize(
    ("gain", "xi", "size", "rows"),
    [
        (2e8, 1.5, 12, [(0, 1, 2), (0, 0, 1)]),
        (1e9, 1.5, 12, [(0, 0, 0), (0, 1, 2), (0, 1, 1), (1, 2, 3)]),
        (1e14, 1.5, 12, [(0, 1, 2), (1, 1, 2)]),
        (3.0, 1e8, None, [(0, 1, 2), (1, 2, 4)]),
        (1e9, 1e9, None, [(1, 2, 3)]),
    ],
)
def test_fourth_cumulants_of_nearly_equal_signs_are_those_of_plackett_to_130_digits(gain, xi, size, rows):
    """Assert 1e-12 at large gains and long correlations (measured: 8e-15)."""
    found = fourth_cumulant(NLGP(gain, xi), rows, size=size)
    expected = [oracles.plackett_fourth(gain, xi, row, size) for row in rows]
    assert np.all(np.abs(found / expected - 1) < 1e-12)


def test_fourth_cumulants_pass_over_into_those_of_signs():
    """Assert that K is finite for gains of 1e-7 to 1e300, falls monotonically, and that K - K(inf) falls as 1/gain."""
    rows = [(0, 0, 0), (0, 1, 2), (0, 0, 1), (1, 2, 3), (0, 1, 1)]
    signs = fourth_cumulant(NLGP(math.inf, 1.5), rows, size=12)
    gains = 10.0 ** np.array([-7, -5, -3, -1, 1, 3, 5, 7, 8.5, 10, 13, 15.5, 17, 60, 153, 154, 200, 300])
    K = np.array([fourth_cumulant(NLGP(g, 1.5), rows, size=12) for g in gains])
    assert np.all(np.isfinite(K))
    assert np.all(np.diff(K[:, 0]) < 4e-15)
    away = np.abs(K - signs)[gains > 1e4] * np.minimum(gains[gains > 1e4], 1e11)[:, None]
    assert np.all(away < 8)
    assert np.all(np.abs(K - signs)[gains > 1e16] < 1e-14)


def test_coinciding_signs_keep_their_digits_where_correlations_are_long():
    """Assert K_0012 = -2 C_01 C_02 at infinite gain, by arc cosines of xi = 1e9 in mpmath."""
    with mp.workdps(60):
        C = [2 / mp.pi * mp.asin(mp.exp(-((mp.mpf(d) / 10**9) ** 2))) for d in (1, 2)]
        expected = float(2 - 2 * C[0] * C[1])  # 2 + K
    assert abs(fourth_cumulant(NLGP(math.inf, 1e9), (0, 1, 2))[0] + 2 - expected) < 1e-15


# ---------------------------------------------------------------- NLGP: quadrature at large gain


def _tail(gain, z):
    """``1 - erf(g z / sqrt 2)^2``, which lives on ``|z| < 9/g``."""
    return special.erfc(gain * np.abs(z) / math.sqrt(2)) * (1 + special.erf(gain * np.abs(z) / math.sqrt(2)))


def _half_line(gain):
    """Gauss-Legendre nodes and normal weights on z in [0, 9/g], gain >= 1, where the tail lives; doubled for z < 0."""
    x, weight = np.polynomial.legendre.leggauss(40)
    edges = 1 / gain * np.linspace(0, 9, 10)
    z = np.concatenate([a + (b - a) * (x + 1) / 2 for a, b in itertools.pairwise(edges)])
    weight = np.concatenate([(b - a) * weight / 2 for a, b in itertools.pairwise(edges)])
    return z, 2 * weight * np.exp(-(z**2) / 2) / math.sqrt(2 * math.pi)


def _quadrature_cumulants(gain, c):
    """K_0000, K_000a, K_00aa from the tail u: ``x^2 = (1 - u)/Z^2``, conditional mean of x_a given z_0 an erf."""
    z, weight = _half_line(gain)
    u = _tail(gain, z)
    mean_u = weight @ u
    square = 1 - mean_u
    slope = c * gain / math.sqrt(1 + gain**2 * (1 - c) * (1 + c))
    product = special.erf(gain * z / math.sqrt(2)) * special.erf(slope * z / math.sqrt(2))
    covariance = math.asin(gain**2 / (1 + gain**2) * c) * 2 / math.pi / square
    one = (1 - 2 * mean_u + weight @ u**2) / square**2 - 3
    three = (covariance * square - weight @ (u * product)) / square**2 - 3 * covariance
    both = (
        np.exp(-(z[:, None] ** 2 + z**2) * c**2 / (2 * (1 - c**2)))
        * np.cosh(z[:, None] * z * c / (1 - c**2))
        / math.sqrt(1 - c**2)
    )
    two = ((weight * u) @ both @ (weight * u) - mean_u**2) / square**2 - 2 * covariance**2
    return one, three, two


@pytest.mark.parametrize(
    ("gain", "accuracy"), [(1.0, 2e-12), (10.0, 2e-12), (1e2, 2e-12), (1e3, 2e-12), (1e4, 2e-12), (1e6, 2e-10)]
)
@pytest.mark.parametrize("d", [1, 2, 4])
def test_repeated_sites_on_a_ring_are_right_at_large_gain(gain, accuracy, d):
    """Assert K_0000, K_000a and K_00aa against direct quadrature: 2e-12 relative up to gain 1e4, 2e-10 at 1e6."""
    xi, size = 2.0, 16
    got = fourth_cumulant(NLGP(gain=gain, xi=xi), [(0, 0, 0), (0, 0, d), (0, d, d)], size=size)
    expected = _quadrature_cumulants(gain, math.exp(-(d**2) / xi**2))
    assert np.allclose(got, expected, rtol=accuracy, atol=1e-17)


@pytest.mark.parametrize("gain", [0.01, 0.3, 3.0, 1e2, 1e4, 1e8])
def test_the_covariance_is_the_mean_of_one_erf_times_the_conditional_mean_of_the_other(gain):
    """Assert the arcsine law against E[erf(g z) E[erf(g z') | z]] by adaptive quadrature, to 2e-12."""
    xi, d = 2.0, np.arange(1, 6)
    c = np.exp(-(d**2) / xi**2)

    def mean(slope):
        def f(z):
            return special.erf(gain * z / math.sqrt(2)) * special.erf(slope * z / math.sqrt(2)) * math.exp(-z * z / 2)

        edges = [0.0, *(k / gain for k in (1, 3, 9) if k < gain), 1.0, 3.0, 10.0]
        return sum(integrate.quad(f, a, b, epsabs=1e-15, epsrel=1e-13)[0] for a, b in itertools.pairwise(sorted(edges)))

    slopes = c * gain / np.sqrt(1 + gain**2 * (1 - c**2))
    expected = np.array([mean(s) for s in slopes]) / mean(gain)
    assert np.allclose(second_cumulant(NLGP(gain=gain, xi=xi), 24)[d], expected, rtol=2e-12, atol=0)


# ---------------------------------------------------------------- NLGP: all sites, other covariances


def _correlation(covariance, xi, size):
    """c(d) in high precision, written here once more."""
    xi = mp.mpf(xi)
    if covariance == "circular-exponential":
        return [(mp.exp(-d / xi) + mp.exp(-(size - d) / xi)) / (1 + mp.exp(-size / xi)) for d in range(size)]
    images = range(-int(9 * xi / size) - 2, int(9 * xi / size) + 3)
    total = [sum(mp.exp(-(((d + k * size) / xi) ** 2)) for k in images) for d in range(size)]
    return [v / total[0] for v in total]


@pytest.mark.parametrize(("covariance", "xi"), [("wrapped", 0.6), ("wrapped", 1.5), ("circular-exponential", 1.0)])
@pytest.mark.parametrize("gain", [0.1, 0.7])
def test_every_entry_on_a_ring_of_four_is_the_cumulant_of_four_dimensional_quadrature(covariance, xi, gain):
    """Assert all 256 entries of K, and C, against Gauss-Hermite points in four dimensions, to 1e-9 of K_0000."""
    law = NLGP(gain=gain, xi=xi, covariance=covariance)
    c = np.array([float(v) for v in _correlation(covariance, xi, 4)])
    x, weight = oracles.hermite_points(gain, c[(np.arange(4)[:, None] - np.arange(4)) % 4], 30)
    C, K = oracles.dense_cumulants(x, weight)
    assert np.abs(second_cumulant(law, 4) - C[0]).max() < 1e-11
    got = fourth_cumulant(law, oracles.all_offsets(4), size=4)
    assert np.abs(got - K[0].ravel()).max() < 1e-9 * abs(K[0, 0, 0, 0]) + 1e-13


HARD = [
    ("wrapped", 5.0, 6, 10.0, (1, 2, 3)),
    ("wrapped", 6.0, 6, 1.0, (0, 2, 3)),
    ("wrapped", 2.0, 9, 1e2, (0, 1, 4)),
    ("circular-exponential", 3.0, 8, 3.0, (0, 1, 4)),
    ("circular-exponential", 1e3, 6, 3.0, (1, 2, 4)),
    ("circular-exponential", 3.0, 8, math.inf, (1, 2, 4)),
    ("circular-exponential", 30.0, 7, 1e2, (1, 3, 5)),
]


@pytest.mark.parametrize(("covariance", "xi", "size", "gain", "offsets"), HARD)
def test_hard_cases_on_rings_meet_the_plain_definition_in_twenty_digits(covariance, xi, size, gain, offsets):
    """Assert K against the difference of moments it is defined as, carried out in 22 digits, to 1e-13."""
    with mp.workdps(22):
        c = _correlation(covariance, xi, size)
        sites = (0, *offsets)
        reference = oracles.nlgp_cumulant(gain, lambda i, j: c[(sites[i] - sites[j]) % size])
    got = fourth_cumulant(NLGP(gain=gain, xi=xi, covariance=covariance), offsets, size=size)[0]
    assert abs(got - float(reference)) < 1e-13 * abs(float(reference))


# ---------------------------------------------------------------- NLGP: sampling

GAINS = (0.1, 0.3, 1.0, 3.0, 10.0, math.inf)
#: 216 comparisons; |normal| passes 5.3 with probability 1.2e-7, so a false alarm anywhere has probability below 3e-5.
STANDARD_ERRORS = 5.3
SAMPLES = 1 << 18


def _influence(x, C, sites):
    """What each sample adds to the plug-in estimate of the cumulant, to first order in its deviation."""
    i, j, k, l = sites
    pairs = ((i, j, k, l), (i, k, j, l), (i, l, j, k))
    return x[i] * x[j] * x[k] * x[l] - sum(C[p, q] * x[r] * x[s] + C[r, s] * x[p] * x[q] for p, q, r, s in pairs)


def _estimate(x, sites, z, c):
    """Cumulant and its standard error; Gaussian products, whose means are known, as control variates."""
    C = x @ x.T / x.shape[1]
    i, j, k, l = sites
    gaussian = C[i, j] * C[k, l] + C[i, k] * C[j, l] + C[i, l] * C[j, k]
    target = _influence(x, C, sites)
    control = _influence(z, c, sites)
    isserlis = c[i, j] * c[k, l] + c[i, k] * c[j, l] + c[i, l] * c[j, k]
    known = [control + isserlis] + [
        z[p] * z[q] - c[p, q] for p, q in sorted({(p, q) for p in sites for q in sites if p <= q})
    ]
    design = np.stack([np.ones_like(control), *known])
    fit = np.linalg.lstsq(design @ design.T, design @ target, rcond=1e-10)[0]
    residual = target - fit @ design
    return fit[0] + gaussian, residual.std() / math.sqrt(x.shape[1])


def _gaussian_field(xi, seed):
    """Samples (sites, n) of the field on nine consecutive sites, from the square root of its covariance."""
    d = np.arange(9)
    c = np.exp(-((d[:, None] - d) ** 2) / xi**2)
    power, modes = np.linalg.eigh(c)
    noise = np.random.default_rng(seed).standard_normal((9, SAMPLES))
    return modes * np.sqrt(np.maximum(power, 0)) @ noise, c


def _nonlinear(gain, z):
    """x with unit variance; the variance of the erf by quadrature over one site."""
    if math.isinf(gain):
        return np.sign(z)
    square = (
        2
        * integrate.quad(
            lambda v: special.erf(gain * v / math.sqrt(2)) ** 2 * math.exp(-v * v / 2),
            0,
            12,
            points=[1 / gain, 1.0],
            epsabs=1e-14,
            limit=200,
        )[0]
        / math.sqrt(2 * math.pi)
    )
    return special.erf(gain * z / math.sqrt(2)) / math.sqrt(square)


@pytest.mark.parametrize(("xi", "seed"), [(0.5, 11), (2.0, 12), (6.0, 13)])
def test_fourth_cumulants_agree_with_sampling(xi, seed):
    """Assert agreement within 5.3 standard errors (seeds 11 to 13, false alarm below 3e-5 in all), and that the errors
    are small.

    The standard error must be below 1 % of K_0000 everywhere, so that a wrong factor in any entry of that size is seen.
    """
    z, c = _gaussian_field(xi, seed)
    for gain in GAINS:
        x = _nonlinear(gain, z)
        exact = fourth_cumulant(NLGP(gain=gain, xi=xi), OFFSETS)
        for offsets, value in zip(OFFSETS, exact, strict=True):
            sites = np.array([0, *offsets]) - min(0, *offsets)
            estimate, error = _estimate(x, sites, z, c)
            assert abs(estimate - value) < STANDARD_ERRORS * error + 1e-12, (gain, offsets, estimate, value, error)
            assert error < 0.01 * abs(exact[0]), (gain, offsets, error)


# ---------------------------------------------------------------- NLGP: symmetry, finiteness

laws = st.builds(
    NLGP,
    gain=st.sampled_from([0.05, 0.5, 1.0, 4.0, 50.0, math.inf]),
    xi=st.floats(0.4, 3.0),
    covariance=st.sampled_from(["wrapped", "circular-exponential"]),
) | st.builds(Ising, t=st.floats(-0.95, 0.95))


@settings(deadline=None, max_examples=40)
@given(
    law=laws,
    sites=st.lists(st.integers(-7, 7), min_size=4, max_size=4),
    shift=st.integers(-20, 20),
    size=st.sampled_from([None, 5, 8, 9]),
)
def test_the_fourth_cumulant_is_symmetric_translation_and_reflection_invariant(law, sites, shift, size):
    """Assert one value for all 24 orders of the sites, for the shifted and for the mirrored ones, on the line and on
    rings.
    """
    rows = []
    for order in itertools.permutations(sites):
        wrap = (lambda v: v) if size is None else (lambda v: v % size)
        moved = np.array([wrap(s + shift) for s in order])
        rows += [np.array(order[1:]) - order[0], moved[1:] - moved[0], -(np.array(order[1:]) - order[0])]
    values = fourth_cumulant(law, np.array(rows), size=size)
    assert np.ptp(values) <= 1e-12 * np.abs(values).max() + 1e-17


@pytest.mark.parametrize(
    ("covariance", "size", "lengths"),
    [
        ("squared-exponential", None, (0.3, 1.0, 5.0, 20.0)),
        ("circular-exponential", None, (0.3, 5.0, 20.0, 1e4)),
        ("wrapped", 9, (0.3, 1.0, 4.0, 9.0)),
        ("circular-exponential", 8, (0.3, 2.0, 20.0, 1e3, 1e6)),
    ],
)
def test_the_fourth_cumulant_is_finite_and_bounded_everywhere(covariance, size, lengths):
    """Assert that no gain in [1e-6, inf] and no length gives NaN, and that |K| <= |K_0000| <= 2 but for rounding."""
    offsets = np.array([o for o in oracles.all_offsets(6) if np.all(np.diff(o) >= 0)])
    for gain in (*10.0 ** np.arange(-6, 9), math.inf):
        for xi in lengths:
            K = fourth_cumulant(NLGP(gain=gain, xi=xi, covariance=covariance), offsets, size=size)
            assert np.all(np.isfinite(K)), (gain, xi)
            assert np.abs(K).max() <= abs(K[0]) * (1 + 1e-6) <= 2 + 1e-5, (gain, xi)


def test_large_gains_join_the_sign_field_as_one_over_gain():
    """Assert that K(g) - K(inf) falls as 1/g where sites coincide: slope -1 within 1 % over gains 30 to 1000."""
    gains = np.array([30.0, 100.0, 300.0, 1000.0])
    limit = fourth_cumulant(NLGP(gain=math.inf, xi=2.0), (0, 1, 1))[0]
    gap = [abs(fourth_cumulant(NLGP(gain=g, xi=2.0), (0, 1, 1))[0] - limit) for g in gains]
    slope = np.polyfit(np.log(gains), np.log(gap), 1)[0]
    assert abs(slope + 1) < 0.01


def test_small_gains_leave_the_gaussian_quadratically():
    """Assert K ~ gain^2 as gain -> 0: slope 2 within 1e-3 over gains 1e-4 to 1e-2, with the exact -4 g^2 at one site.

    ``x = z - g^2 (z^3 - 3 z)/6 + ..`` up to a factor, so ``K_0000 = 4 E[z^3 dx] = -4 g^2 6/6``.
    """
    gains = 10.0 ** np.arange(-4, -1.5, 0.5)
    K = np.array([fourth_cumulant(NLGP(gain=g, xi=2.0), [(0, 0, 0), (0, 1, 1), (0, 1, 2)]) for g in gains])
    slopes = np.polyfit(np.log(gains), np.log(-K), 1)[0]
    assert np.abs(slopes - 2).max() < 1e-3
    assert abs(K[0, 0] / (-4 * gains[0] ** 2) - 1) < 1e-6


# ---------------------------------------------------------------- Ising and Gaussian


@pytest.mark.parametrize("size", [6, 7, 8])
@pytest.mark.parametrize("t", [0.9, 0.3, 1e-3, -0.05, -0.6, -0.95])
def test_ising_cumulants_are_those_of_the_sum_over_all_states(size, t):
    """Assert C and all D^3 entries of K against 2^D states, antiferromagnetic and frustrated (odd) rings included."""
    C, K = oracles.dense_cumulants(*oracles.ising_points(t, size))
    assert np.abs(second_cumulant(Ising(t=t), size) - C[0]).max() < 1e-14
    assert np.abs(fourth_cumulant(Ising(t=t), oracles.all_offsets(size), size=size) - K[0].ravel()).max() < 5e-14


@pytest.mark.parametrize("t", [0.6, -0.6])
def test_the_ising_line_is_the_limit_of_long_rings(t):
    """Assert that line and ring differ as t^D: by less than 20 |t|^(D - span) at D = 60."""
    offsets = np.array([(0, 0, 0), (0, 2, 2), (1, 2, 4), (-3, 1, 5)])
    gap = fourth_cumulant(Ising(t=t), offsets, size=60) - fourth_cumulant(Ising(t=t), offsets)
    assert np.abs(gap).max() < 20 * abs(t) ** (60 - 8)


@pytest.mark.parametrize("source", [NLGP(gain=3.0, xi=2.0), Ising(t=0.7)])
def test_a_gaussian_law_has_its_sources_covariance_and_no_fourth_cumulant(source):
    """Assert that GP(source) shares C to the bit and that its K is exactly zero."""
    assert np.array_equal(second_cumulant(GP(source), 20), second_cumulant(source, 20))
    assert not np.any(fourth_cumulant(GP(source), OFFSETS))


# ---------------------------------------------------------------- bad input


def _spread(law, rng, n):
    """Sorted sites over three correlation lengths and next to one another, with coinciding ones, (n, 4)."""
    gaps = rng.integers(0, int(3 * law.xi) + 2, (n, 3))
    gaps[n // 2 :] = rng.integers(0, 3, (n - n // 2, 3))
    return np.cumsum(np.concatenate([np.zeros((n, 1), np.int64), gaps], axis=1), axis=1)


@pytest.mark.parametrize("precision", sorted(nlgp.NODES))
@pytest.mark.parametrize("gain", [0.1, 1.0, 3.0, 30.0, 1e3, math.inf])
def test_fewer_nodes_keep_the_precision_asked_for(gain, precision, monkeypatch):
    """Assert |error| <= precision |K_0000| (at least 2e-14, 1e-13 at gain 10^3) against 200 nodes, xi from 0.5 to 100, and more than that
    with half the nodes where the gain is 3 or more, so that the numbers of nodes are not idle.

    Seed 3.
    """
    rng, short = np.random.default_rng(3), []
    counts = nlgp.NODES[precision]
    for xi in (0.5, 2.0, 10.0, 100.0):
        law = NLGP(gain, xi)
        sites = _spread(law, rng, 60)
        allowed = max(precision, 1e-13 if gain == 1e3 else 2e-14) * abs(
            fourth_at(law, np.zeros((1, 4), np.int64), None)[0]
        )
        found = fourth_at(law, sites, None, precision)
        with monkeypatch.context() as patch:
            patch.setattr(nlgp, "NODES", {precision: (200,) * 4})
            exact = fourth_at(law, sites, None, precision)
            patch.setattr(nlgp, "NODES", {precision: tuple(n // 2 for n in counts)})
            half = fourth_at(law, sites, None, precision)
        assert np.abs(found - exact).max() <= allowed
        short.append(np.abs(half - exact).max() > allowed)
    assert any(short) or gain < 3
