"""The samplers draw from the laws: exact where that can be computed, within standard errors elsewhere.

Inputs of one call are independent, so the mean over inputs of a translation average has a plain standard error.
Bounds are 5.5 standard errors: two-sided 4e-8 each, below 2e-5 for all comparisons of this file together.
"""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest
from scipy import special, stats

from cumulode.numerics import fourth_cumulant, second_cumulant
from cumulode.theory import GP, NLGP, Ising
from cumulode.theory.problem.laws import Law
from cumulode.validation.sampling.erf_table import erf_by
from cumulode.validation.sampling.sampler import sample, sampler

SIZE, COUNT, ERRORS = 30, 40_000, 5.5
LAWS = [
    NLGP(3.0, 4.1),
    NLGP(3.0, 1.0),
    NLGP(0.3, 2.0),
    NLGP(np.inf, 2.0),
    NLGP(2.0, 6.0, "wrapped"),
    NLGP(3.0, 4.0, "circular-exponential"),
    GP(NLGP(3.0, 3.0)),
    GP(Ising(t=-0.6)),
    Ising(t=0.7),
    Ising(t=-0.6),
    Ising(t=0.0),
    Ising(t=0.97),
]
#: Sites together in pairs, all four, apart, and across the closing of the ring.
OFFSETS = np.array(
    [
        [0, 0, 0],
        [0, 1, 1],
        [0, 3, 3],
        [0, 0, 1],
        [0, 0, 2],
        [1, 2, 3],
        [1, 3, 4],
        [2, 4, 6],
        [1, 7, 8],
        [0, 15, 15],
        [29, 1, 2],
        [5, 14, 22],
    ]
)


def assert_within(values: np.ndarray, expected: float, what: str) -> None:
    """Assert that the mean of independent ``values`` (n,) is ``expected`` within ERRORS standard errors."""
    error = values.std(ddof=1) / np.sqrt(values.size)
    gap = abs(values.mean() - expected)
    assert gap <= ERRORS * error + 1e-12, f"{what}: {values.mean():.5f}, expected {expected:.5f}, {gap / error:.1f} SE"


def moment(x: np.ndarray, *offsets: int) -> np.ndarray:
    """Product of the sites at 0 and ``offsets``, averaged over translations: (n, D) -> (n,)."""
    result = x.copy()
    for offset in offsets:
        result *= np.roll(x, -int(offset), axis=1)
    return result.mean(axis=1)


@pytest.mark.parametrize("law", LAWS, ids=repr)
def test_second_and_fourth_moments_are_those_of_the_cumulants(law: Law) -> None:
    """Assert that moments agree with the cumulants (seed 11; 12 laws x 28 comparisons)."""
    x = sample(law, SIZE, COUNT, seed=11)
    c = second_cumulant(law, SIZE)
    for a in range(SIZE // 2 + 1):
        assert_within(moment(x, a), c[a], f"C_0,{a}")
    fourth = fourth_cumulant(law, OFFSETS, SIZE)
    for (i, j, k), connected in zip(OFFSETS, fourth, strict=True):
        pairs = c[i] * c[k - j] + c[j] * c[k - i] + c[k] * c[j - i]
        assert_within(moment(x, i, j, k), connected + pairs, f"M_0,{i},{j},{k}")


@pytest.mark.parametrize("law", [NLGP(3.0, 4.0), Ising(t=-0.6), GP(NLGP(3.0, 3.0))], ids=repr)
def test_odd_moments_vanish_and_inputs_are_independent(law: Law) -> None:
    """Assert that mean, third moment and the product with the next input average to zero (seed 12)."""
    x = sample(law, SIZE, COUNT, seed=12)
    assert_within(x.mean(axis=1), 0.0, "mean")
    assert_within(moment(x, 1, 3), 0.0, "third moment")
    assert_within((x[::2] * x[1::2]).mean(axis=1), 0.0, "next input")
    assert_within((x[::2] ** 2 * x[1::2] ** 2).mean(axis=1), 1.0, "square of the next input")


@pytest.mark.parametrize(("gain", "marginal"), [(1.0, stats.uniform(-(3**0.5), 2 * 3**0.5)), (1e-3, stats.norm())])
def test_the_marginal_is_uniform_at_gain_one_and_normal_at_small_gain(gain: float, marginal: Any) -> None:
    """Assert that a Kolmogorov-Smirnov test of one site passes (seed 13; p > 1e-6 each)."""
    x = sample(NLGP(gain, 2.0), SIZE, COUNT, seed=13)[:, 7]
    assert stats.kstest(x, marginal.cdf).pvalue > 1e-6


@pytest.mark.parametrize("t", [0.7, 0.0, -0.6, -0.95, 0.999])
@pytest.mark.parametrize("size", [6, 7, 8])
def test_ising_rings_have_the_exact_probabilities_of_all_states(t: float, size: int) -> None:
    """Assert that the conditionals multiply to the exact law, and counts agree with it.

    Chi-square over all 2^D states, seed 14, p > 1e-6 for each of 15: false alarms 1.5e-5.
    """
    states = np.array(list(product([-1.0, 1.0], repeat=size)))
    exact = np.prod(1 + t * states * np.roll(states, -1, axis=1), axis=1) / (2**size * (1 + t**size))
    keep = sampler(Ising(t=t), size).table.reshape(-1, 2)
    same = (states[:, :-1] == states[:, :1]).astype(int)
    stays = states[:, 1:] == states[:, :-1]
    step = np.take_along_axis(keep[None], same[..., None], axis=2)[..., 0]
    np.testing.assert_allclose(0.5 * np.where(stays, step, 1 - step).prod(axis=1), exact, rtol=1e-10, atol=1e-14)

    count = 100_000
    spins = sample(Ising(t=t), size, count, seed=14)
    found = np.bincount((spins > 0).astype(int) @ 2 ** np.arange(size)[::-1], minlength=2**size)
    large = exact * count >= 10
    cells = [np.append(v[large], v[~large].sum()) for v in (found, exact * count)]
    if cells[1][-1] < 10:  # what is left is too rare to be a cell of its own
        cells = [np.append(v[1:-1], v[0] + v[-1]) for v in cells]
    assert stats.chisquare(*cells).pvalue > 1e-6


def test_infinite_and_enormous_gains_give_signs() -> None:
    """Assert that a gain too large for its square is drawn as its limit, sign(z), from the same stream."""
    signs = sample(NLGP(np.inf, 2.0), SIZE, 50, seed=1)
    np.testing.assert_array_equal(np.unique(signs), [-1.0, 1.0])
    np.testing.assert_allclose(sample(NLGP(1e150, 2.0), SIZE, 50, seed=1), signs, rtol=1e-13)


@pytest.mark.parametrize("law", LAWS, ids=repr)
def test_equal_seeds_give_equal_inputs_whatever_their_number(law: Law) -> None:
    """Assert that a seed fixes the inputs, rows come in order, and another seed gives others."""
    x = sample(law, SIZE, 20, seed=3)
    np.testing.assert_array_equal(sample(law, SIZE, 8, seed=np.random.SeedSequence(3)), x[:8])
    assert not np.array_equal(sample(law, SIZE, 20, seed=4), x)


def on_torus(x: np.ndarray, *offsets: tuple[int, int]) -> np.ndarray:
    """Product of the sites at (0, 0) and ``offsets``, averaged over translations: (n, L, L) -> (n,)."""
    result = x.copy()
    for offset in offsets:
        result *= np.roll(x, (-offset[0], -offset[1]), axis=(1, 2))
    return result.mean(axis=(1, 2))


PLACES = [(0, 1), (1, 0), (1, 1), (2, 1), (1, 2), (0, 3), (3, 3), (9, 1), (5, 5)]


@pytest.mark.parametrize(
    "law", [NLGP(3.0, 1.1), NLGP(0.5, 2.5, "wrapped"), NLGP(np.inf, 1.0), GP(NLGP(3.0, 1.1))], ids=repr
)
def test_moments_on_a_torus_are_those_of_the_arcsine_law(law: Law) -> None:
    """Assert second moments asin(q c(dx) c(dy)) / asin q, and that four sites are Gaussian for a GP alone.

    10 x 10, 20 000 inputs, seed 15; 4 laws x 11 comparisons. The fourth moment of a sign or of an erf at one site
    is known: 1, or by quadrature.
    """
    source = law.source if isinstance(law, GP) else law
    assert isinstance(source, NLGP)
    side, q = 10, source.q
    d = np.minimum(np.arange(side), side - np.arange(side))
    c = np.exp(-((d / source.xi) ** 2))
    if source.covariance == "wrapped":
        images = np.arange(side)[:, None] + side * np.arange(-5, 6)
        c = np.exp(-((images / source.xi) ** 2)).sum(axis=1)
        c /= c[0]
    x = sample(law, (side, side), 20_000, seed=15)
    assert x.shape == (20_000, 100)
    x = x.reshape(-1, side, side)
    for a, b in PLACES:
        assert_within(on_torus(x, (a, b)), np.arcsin(q * c[a] * c[b]) / np.arcsin(q), f"C_{a},{b}")
    assert_within(on_torus(x), 0.0, "mean")
    z, weight = np.polynomial.hermite_e.hermegauss(150)
    erf = np.sign(z) if np.isinf(source.gain) else special.erf(source.gain * z / np.sqrt(2))
    exact = 3.0 if isinstance(law, GP) else (weight @ erf**4) / weight.sum() / (2 / np.pi * np.arcsin(q)) ** 2
    assert_within(on_torus(x, (0, 0), (0, 0), (0, 0)), exact, "fourth moment of a site")


def test_a_field_by_modes_has_the_law_of_one_by_a_filter() -> None:
    """Assert four-point moments of a field drawn by modes (seed 16; 12 comparisons), on a ring where those are cheaper."""
    law, size = NLGP(3.0, 9.0, "wrapped"), 30
    assert sampler(law, size).modes > 0
    x = sample(law, size, COUNT, seed=16)
    c = second_cumulant(law, size)
    for (i, j, k), connected in zip(OFFSETS, fourth_cumulant(law, OFFSETS, size), strict=True):
        pairs = c[i] * c[k - j] + c[j] * c[k - i] + c[k] * c[j - i]
        assert_within(moment(x, i, j, k), connected + pairs, f"M_0,{i},{j},{k}")


@pytest.mark.parametrize("size", [30, (8, 8)])
def test_erf_of_libm_gives_the_same_inputs(size: Any) -> None:
    """Assert that both ways agree to 1e-13 in every site, from the same random numbers, and are not the same."""
    law = NLGP(3.0, 0.9)
    table = sample(law, size, 500, seed=2)
    with erf_by("libm"):
        libm = sample(law, size, 500, seed=2)
    with pytest.warns(FutureWarning, match="erf"):
        np.testing.assert_array_equal(sample(law, size, 500, seed=2, erf="libm"), libm)
    np.testing.assert_allclose(table, libm, rtol=0, atol=1e-13)
    assert not np.array_equal(table, libm)
