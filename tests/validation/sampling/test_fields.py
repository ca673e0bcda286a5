"""Fields have the given covariance, exactly: the kernels' linear maps A are taken column by column, and A A^T seen.

Nothing is random here; 1e-10 is the stated ``COVARIANCE_CHANGE``.
"""

from __future__ import annotations

import numpy as np
import pytest

from cumulode.numerics import second_cumulant
from cumulode.theory import GP, NLGP
from cumulode.theory.problem.covariance import COVARIANCES, check_ring, gaussian_covariance
from cumulode.theory.problem.laws import Ising, Law
from cumulode.validation.sampling.draw import scratch
from cumulode.validation.sampling.field_kernels import filter_ring, filter_torus, modes_torus, sum_modes
from cumulode.validation.sampling.fields import (
    FieldRecipe,
    field_filter,
    field_modes,
    mode_count,
    ring_field,
    torus_field,
)
from cumulode.validation.sampling.sampler import _of_field, sampler

STATED = 1.05e-10  # and rounding


def linear_map(field: FieldRecipe, shape: tuple[int, ...]) -> np.ndarray:
    """Matrix (D, numbers) from white noise to the field, by the kernels on one unit vector after another."""
    sites, side = int(np.prod(shape)), shape[0]
    count = field.amplitude.size if field.modes else sites
    law = _of_field(0, field, shape)
    columns = np.empty((count, sites))
    for k, x in enumerate(columns):
        work = np.full(scratch(law, sites), np.nan)  # what is read without being written shows
        work[:count] = 0.0
        work[k] = field.amplitude[k] if field.modes else 1.0
        if field.modes == 0 and len(shape) == 1:
            filter_ring(field.table, work, x)
        elif field.modes == 0:
            filter_torus(field.table, side, work, x)
        elif len(shape) == 1:
            sum_modes(field.table, field.cosines, work[:count], work[count:], x)
        else:
            modes_torus(field.table, field.cosines, side, work[:count], work[count:], x)
    return columns.T


def translated(c: np.ndarray) -> np.ndarray:
    """Covariance matrix (D, D) from the first row ``c`` (D,) or (L, L), by plain rolling."""
    sites = list(np.ndindex(c.shape))
    return np.array([np.roll(c, site, axis=tuple(range(c.ndim))).ravel() for site in sites])


def ring(name: str, xi: float, size: int) -> np.ndarray:
    """The Gaussian covariance of a ring."""
    check_ring(name, xi, size)
    return gaussian_covariance(name, np.arange(size), xi, size)[0]


RINGS = [
    (name, size, xi)
    for name in COVARIANCES
    for size in (4, 5, 30, 31, 64)
    for xi in (0.3, 1.0, 3.0, 4.3, 20.0)
    if xi <= size * (0.1 if name == "squared-exponential" else 1.0)
]


@pytest.mark.parametrize(("name", "size", "xi"), RINGS)
def test_filter_and_modes_have_the_same_covariance_on_a_ring(name: str, size: int, xi: float) -> None:
    """Assert that both give the law's covariance, site by site, at every size, also where they are not the choice."""
    c = ring(name, xi, size)
    taps = field_filter(c)
    assert taps.size % 4 == 0
    assert taps.size <= size + 3
    filtered = linear_map(FieldRecipe(0, 0, taps, np.empty(0), 0.0), (size,))
    summed = linear_map(field_modes(c), (size,))
    for a in (filtered, summed):
        np.testing.assert_allclose(a @ a.T, translated(c), rtol=0, atol=STATED)


@pytest.mark.parametrize(
    "law", [GP(NLGP(3.0, 4.0)), GP(NLGP(np.inf, 2.0)), GP(Ising(t=-0.6)), GP(Ising(t=0.99))], ids=repr
)
def test_controls_have_the_covariance_of_their_source(law: Law) -> None:
    """Assert the same for covariances with kinks, alternating, and nearly constant ones, as the sampler chooses."""
    c = second_cumulant(law, 48)
    a = linear_map(ring_field(c), (48,))
    np.testing.assert_allclose(a @ a.T, translated(c), rtol=0, atol=STATED)


@pytest.mark.parametrize("side", [4, 7, 10])
@pytest.mark.parametrize(
    ("name", "xi"), [("squared-exponential", 0.7), ("wrapped", 2.5), ("circular-exponential", 2.0)]
)
def test_filter_and_modes_have_the_product_covariance_on_a_torus(name: str, xi: float, side: int) -> None:
    """Assert that columns and rows are filtered, or both directions summed, to c(dx) c(dy)."""
    xi = min(xi, 0.12 * side) if name == "squared-exponential" else xi
    c = ring(name, xi, side)
    product = np.outer(c, c)
    filtered = linear_map(FieldRecipe(0, 0, field_filter(c), np.empty(0), 0.0), (side, side))
    summed = linear_map(field_modes(product), (side, side))
    for a in (filtered, summed):
        np.testing.assert_allclose(a @ a.T, translated(product), rtol=0, atol=2 * STATED)


@pytest.mark.parametrize("gain", [0.5, 3.0, np.inf])
def test_controls_on_a_torus_have_the_arcsine_covariance(gain: float) -> None:
    """Assert that a covariance that is no product, asin(q c c') / asin q, is met by the sampler's modes."""
    law, side = NLGP(gain, 1.5, "wrapped"), 8
    c = ring("wrapped", 1.5, side)
    q = 1.0 if gain == np.inf else gain**2 / (1 + gain**2)
    expected = np.arcsin(q * np.minimum(np.outer(c, c), 1.0)) / np.arcsin(q)
    made = sampler(GP(law), (side, side))
    assert made.modes > 0
    a = linear_map(FieldRecipe(made.modes, made.cosines, made.table, made.amplitude, 0.0), (side, side))
    np.testing.assert_allclose(a @ a.T, translated(expected), rtol=0, atol=STATED)


def test_a_wrong_tap_or_amplitude_is_seen() -> None:
    """Assert that a relative change of 1e-6 in one tap, or in one amplitude, breaks the bound."""
    c = ring("squared-exponential", 3.0, 31)
    for field in (FieldRecipe(0, 0, field_filter(c), np.empty(0), 0.0), field_modes(c)):
        numbers = field.amplitude if field.modes else field.table
        numbers[3] *= 1 + 1e-6
        a = linear_map(field, (31,))
        assert np.abs(a @ a.T - translated(c)).max() > 2 * STATED


@pytest.mark.parametrize(("xi", "taps"), [(0.5, 4), (1.0, 8), (2.0, 12), (4.0, 20), (10.0, 52)])
def test_a_filter_reaches_as_far_as_the_covariance(xi: float, taps: int) -> None:
    """Assert that there are 4.8 xi taps, the distance at which the covariance falls below 1e-10, padded to four."""
    assert field_filter(ring("squared-exponential", xi, 1000)).size == taps


def test_a_clipped_covariance_keeps_unit_variance() -> None:
    """Assert that negative eigenvalues within the permitted 1e-6 cost no variance and little covariance."""
    c = ring("squared-exponential", 5.4, 40)
    power = np.fft.fft(c).real
    assert power.min() < -1e-8
    for field in (FieldRecipe(0, 0, field_filter(c), np.empty(0), 0.0), field_modes(c)):
        a = linear_map(field, (40,))
        found = (a @ a.T)[0]
        assert found[0] == pytest.approx(1.0, abs=1.1e-10)
        assert np.abs(found - c).max() < 2 * -np.minimum(power, 0).sum() / 40


def test_the_cheaper_way_is_taken() -> None:
    """Assert that short fields are filtered and long ones summed, and a table that would not fit is not made."""
    assert ring_field(ring("squared-exponential", 4.0, 100)).modes == 0
    assert ring_field(ring("squared-exponential", 10.0, 100)).modes == 32
    c = ring("wrapped", 8.0, 64)
    assert torus_field(np.outer(c, c), c).modes == mode_count(np.outer(c, c))
    c = ring("wrapped", 2.0, 64)
    assert torus_field(np.outer(c, c), c).modes == 0
    assert ring_field(ring("squared-exponential", 150.0, 60_000)).modes == 0
