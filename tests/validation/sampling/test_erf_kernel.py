"""erf by table meets its stated error, against the C library on a grid and mpmath in the tails."""

from __future__ import annotations

import math

import mpmath
import numpy as np
from scipy import special

from cumulode.validation.sampling.erf_table import erf_by_libm, erf_by_table


def by_table(v: np.ndarray, scale: float = 1.0, factor: float = 1.0) -> np.ndarray:
    """A copy of ``v`` through the kernel."""
    x = v.copy()
    erf_by_table(x, scale, factor)
    return x


def test_the_table_meets_its_stated_error() -> None:
    """Assert 2e-14 absolute and 1e-13 relative over all scales of the argument, and odd symmetry to the bit."""
    v = np.concatenate([np.geomspace(1e-300, 1e-8, 50), np.geomspace(1e-8, 1e3, 200_001), np.linspace(0, 7, 300_001)])
    v = np.concatenate([v, -v])
    np.testing.assert_allclose(by_table(v), special.erf(v), rtol=0, atol=2e-14)
    np.testing.assert_allclose(by_table(v), special.erf(v), rtol=1e-13, atol=0)
    np.testing.assert_array_equal(by_table(np.array([np.inf, -np.inf])), [1.0, -1.0])
    away = v[np.abs(v * 64 % 1 - 0.5) > 1e-9]  # half-way between nodes either may be taken
    np.testing.assert_allclose(by_table(-away), -by_table(away), rtol=0, atol=3e-16)


def test_the_table_agrees_with_mpmath_at_nodes_between_them_and_in_the_tails() -> None:
    """Assert the same bounds against 40 digits, at each node's worst place, half-way to the next."""
    mpmath.mp.dps = 40
    v = np.concatenate([(np.arange(0, 384, 3) + 0.49999) / 64, np.arange(0, 384, 7) / 64, [5.9, 5.999, 6.0, 6.5, 30.0]])
    exact = np.array([float(mpmath.erf(mpmath.mpf(float(x)))) for x in v])
    np.testing.assert_allclose(by_table(v), exact, rtol=0, atol=2e-14)
    assert by_table(np.array([6.5]))[0] == 1.0


def test_scale_and_factor_are_applied() -> None:
    """Assert that both kernels give factor erf(scale x), libm's to the bit of math.erf."""
    v = np.linspace(-3, 3, 1001)
    exact = np.array([1.25 * math.erf(2.1 * x) for x in v])
    np.testing.assert_allclose(by_table(v, 2.1, 1.25), exact, rtol=0, atol=3e-14)
    x = v.copy()
    erf_by_libm(x, 2.1, 1.25)
    np.testing.assert_allclose(x, exact, rtol=4e-16, atol=0)
