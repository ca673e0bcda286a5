"""Second and fourth cumulants on tori and the plane against rings, quadrature and the exact symmetries."""

from __future__ import annotations

import itertools
import json
import math
import pickle
from dataclasses import replace

import numpy as np
import pytest
from scipy import special

from cumulode.numerics import fourth_cumulant, second_cumulant
from cumulode.numerics.cumulants import fourth_at
from cumulode.theory import GP, NLGP, Ising, Problem
from cumulode.theory.problem import covariance as cov

KINDS = ("squared-exponential", "wrapped", "circular-exponential")

#: Offsets of three sites that lie in no common row or column, near, far, repeated and around the torus.
OFFSETS = np.array(
    [
        [(0, 1), (1, 0), (1, 1)],
        [(1, 2), (-1, 1), (2, -1)],
        [(0, 0), (1, 1), (2, 1)],
        [(0, 0), (0, 0), (1, 2)],
        [(1, 1), (1, 1), (1, 1)],
        [(1, -2), (1, -2), (0, 3)],
        [(9, 1), (5, 7), (-4, 9)],
    ]
)


def brute_covariance(kind, d, xi, side):
    """The product over both directions, images written out: of exp(-d^2/xi^2), or of t^|d|, over its value at 0."""
    far = range(-40, 41)
    if kind == "squared-exponential":
        d = [min(abs(x) % side, side - abs(x) % side) for x in d]
        return math.exp(-(d[0] ** 2 + d[1] ** 2) / xi**2)
    shape = (lambda x: math.exp(-((x / xi) ** 2))) if kind == "wrapped" else (lambda x: math.exp(-abs(x) / xi))
    images = [(m * side, n * side) for m in far for n in far]
    total = sum(shape(d[0] + m) * shape(d[1] + n) for m, n in images)
    return total / sum(shape(m) * shape(n) for m, n in images)


@pytest.mark.parametrize("kind", KINDS)
def test_the_covariance_of_a_torus_is_the_sum_over_both_directions_images(kind):
    """Assert c and 1 - c on a 7 x 7 torus to 1e-14 against the double sum over images."""
    c, rest = cov.covariance_on(kind, 0.9, (7, 7))
    for d in [(0, 0), (0, 1), (1, 0), (2, 3), (6, 1), (4, 4)]:
        exact = brute_covariance(kind, d, 0.9, 7)
        assert abs(c[d] - exact) < 1e-14
        assert abs(rest[d] - (1 - exact)) < 1e-14


def test_the_complement_on_a_torus_keeps_its_digits():
    """Assert 1 - c to 1e-13 of itself at a correlation length of 1e5 sites, where the difference would keep six."""
    _, torus = cov.covariance_on("circular-exponential", 1e5, (12, 12))
    t = -1 / 1e5  # 1 - c of a direction: (1 - t^d)(1 - t^(D-d)) / (1 + t^D)
    one = [math.expm1(t * d) * math.expm1(t * (12 - d)) / (1 + math.exp(12 * t)) for d in range(12)]
    exact = np.array([[a + b - a * b for b in one] for a in one])
    assert np.allclose(torus, exact, rtol=1e-13, atol=0)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("gain", [0.3, 3.0, math.inf])
def test_second_cumulants_are_the_arcsine_law_row_major(kind, gain):
    """Assert C = asin(q c)/asin(q) to 1e-13 at every site of an 8 x 8 torus, the site (x, y) at 8 x + y."""
    q = 1.0 if math.isinf(gain) else gain**2 / (1 + gain**2)
    C = second_cumulant(NLGP(gain, 1.1, kind), (8, 8))
    assert C.shape == (64,)
    for x, y in itertools.product(range(8), repeat=2):
        exact = math.asin(min(1.0, q * brute_covariance(kind, (x, y), 1.1, 8))) / math.asin(q)
        assert abs(C[8 * x + y] - exact) < 1e-7 if x == y == 0 else abs(C[8 * x + y] - exact) < 1e-13
    assert np.array_equal(second_cumulant(GP(NLGP(gain, 1.1, kind)), (8, 8)), C)


def test_the_second_cumulant_of_a_torus_has_no_negative_eigenvalue():
    """Assert that C of the torus is positive semidefinite and symmetric under an exchange of the directions."""
    C = second_cumulant(NLGP(3.0, 2.0), (20, 20)).reshape(20, 20)
    power = np.fft.fft2(C).real
    assert power.min() > -1e-6 * power.max()
    assert np.allclose(C, C.T, rtol=0, atol=1e-15)


# ---------------------------------------------------------------- fourth cumulants


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize("size", [12, None])
def test_sites_in_one_row_or_column_have_the_rings_fourth_cumulant(kind, axis, size):
    """Assert K to 1e-14 for all offsets -2..3 in one row (column), on torus and ring, plane and line."""
    rows = np.array(list(itertools.product(range(-2, 4), repeat=3)))
    flat = np.zeros((len(rows), 3, 2), dtype=int)
    flat[..., axis] = rows
    for gain in (0.5, 3.0, math.inf):
        law = NLGP(gain, 1.5, kind)
        torus = fourth_cumulant(law, flat, None if size is None else (size, size))
        assert np.allclose(torus, fourth_cumulant(law, rows, size), rtol=1e-12, atol=1e-16)


def _moment(gain, covariance, nodes):
    """E[x1 x2 x3 x4] by Gauss-Hermite quadrature in four dimensions, x = erf(g z/sqrt 2)/Z."""
    x, weight = np.polynomial.hermite_e.hermegauss(nodes)
    weight = weight / weight.sum()
    values, vectors = np.linalg.eigh(covariance)
    root = vectors * np.sqrt(np.clip(values, 0, None))
    grid = np.stack(np.meshgrid(x, x, x, x, indexing="ij")).reshape(4, -1)
    mass = np.prod(np.stack(np.meshgrid(weight, weight, weight, weight, indexing="ij")), axis=0).ravel()
    q = gain**2 / (1 + gain**2)
    fields = special.erf(gain / math.sqrt(2) * (root @ grid)) / math.sqrt(2 / math.pi * math.asin(q))
    return lambda *sites: float(mass @ np.prod(fields[list(sites)], axis=0))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("offsets", OFFSETS, ids=lambda rows: str(rows.tolist()))
def test_fourth_cumulants_meet_gauss_hermite_quadrature(kind, offsets):
    """Assert K = E[xxxx] - three pairs on a 10 x 10 torus within 1e-5 (20 and 24 nodes differ by less), gain 0.7."""
    gain, xi = 0.7, 1.4
    sites = np.concatenate([np.zeros((1, 2), int), offsets])
    c = np.array([[brute_covariance(kind, b - a, xi, 10) for b in sites] for a in sites])
    moment = _moment(gain, c, 20)
    exact = moment(0, 1, 2, 3) - sum(moment(0, i) * moment(*j) for i, j in ((1, (2, 3)), (2, (1, 3)), (3, (1, 2))))
    assert abs(fourth_cumulant(NLGP(gain, xi, kind), offsets, (10, 10))[0] - exact) < 1e-5


@pytest.mark.parametrize("gain", [3.0, math.inf])
def test_fourth_cumulants_have_the_symmetries_of_the_torus(gain):
    """Assert invariance under order, translation, going around, and the square's eight symmetries, to 1e-12."""
    law = NLGP(gain, 1.2)
    rng = np.random.default_rng(0)
    sites = rng.integers(0, 3, (60, 4, 2))
    sites[:20, 1] = sites[:20, 0]
    K = fourth_at(law, sites, (9, 9))
    turned = sites[..., ::-1] * np.array([1, -1])
    for other in (
        sites[:, [2, 0, 3, 1]],
        sites + np.array([5, 7]),
        sites + 9 * rng.integers(-2, 3, sites.shape),
        -sites,
        turned,
    ):
        assert np.allclose(fourth_at(law, other, (9, 9)), K, rtol=1e-12, atol=1e-16)
    assert np.abs(K).max() > 0.01


def test_signs_that_coincide_only_around_the_ring_are_seen():
    """Assert K_0 a D b = -2 C_a C_b at infinite gain where the sites 0 and D are one."""
    law = NLGP(math.inf, 2.0)
    C = second_cumulant(law, 40)
    assert np.isclose(fourth_cumulant(law, (3, 40, 50), 40)[0], -2 * C[3] * C[10], rtol=1e-12)


# ---------------------------------------------------------------- what is refused


def test_the_largest_correlation_length_of_a_torus_is_that_of_its_sides():
    """Assert that xi up to the ring's bound is taken on the torus of that side."""
    assert len(second_cumulant(NLGP(1.0, 2.8), (20, 20))) == 400


# ---------------------------------------------------------------- the problem


TORUS = Problem(NLGP(3.0, 2.0), NLGP(3.0, 1.0), (20, 20), bias=-0.5)


def test_a_torus_has_its_number_of_sites_as_size_and_its_sides_as_shape():
    """Assert size = L**2 (an int) and shape = (L, L); on a ring shape = (D,)."""
    assert (TORUS.size, TORUS.shape) == (400, (20, 20))
    assert type(TORUS.size) is int
    ring = Problem(TORUS.plus, TORUS.minus, 400)
    assert (ring.size, ring.shape) == (400, (400,))
    assert Problem(TORUS.plus, TORUS.minus, 400, bias=-0.5) != TORUS


def test_a_torus_stays_one_through_every_copy():
    """Assert repr, to_dict (through JSON), replace, control and pickle give back the torus; replace(size=) a ring."""
    assert eval(repr(TORUS)) == TORUS
    assert "size=(20, 20)" in repr(TORUS)
    assert TORUS.to_dict()["size"] == [20, 20]
    again = Problem.from_dict(json.loads(json.dumps(TORUS.to_dict())))
    assert again == TORUS
    assert hash(again) == hash(TORUS)
    assert replace(TORUS, bias=-1.0).shape == (20, 20)
    assert replace(TORUS, size=50).shape == (50,)
    assert replace(TORUS, size=(12, 12)).shape == (12, 12)
    assert replace(replace(TORUS, size=50), size=60).shape == (60,)
    assert TORUS.gaussian_control().shape == (20, 20)
    assert pickle.loads(pickle.dumps(TORUS)) == TORUS


def test_a_problem_refuses_what_has_no_torus():
    """Assert one line naming ``size`` for oblong tori and for an Ising law, ``xi`` for a law too long for a side."""
    for size in ((20, 10), (3, 3), (20, 20, 20)):
        with pytest.raises(ValueError, match="^size: got "):
            Problem(NLGP(3.0, 2.0), NLGP(3.0, 1.0), size)
    with pytest.raises(ValueError, match="^size: got .*Ising"):
        Problem(Ising(t=0.5), NLGP(3.0, 1.0), (20, 20))
    with pytest.raises(ValueError, match="^xi: got "):
        Problem(NLGP(3.0, 4.0), NLGP(3.0, 1.0), (20, 20))
