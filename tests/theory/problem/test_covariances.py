"""Covariances of the Gaussian field: all digits of c and 1 - c, against sums in 40 digits, on the ring and the line."""

import mpmath as mp
import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from cumulode.theory.problem import covariance as cov

few = settings(deadline=None, max_examples=25, derandomize=True)


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
