"""A law given by arrays: entries, symmetries, copies, and what is refused."""

from __future__ import annotations

import itertools
import json
import pickle

import numpy as np
import pytest

from cumulode import Cumulants, Problem, drift, fourth_cumulant, second_cumulant
from cumulode.numerics import preactivation_cumulants
from cumulode.numerics.cumulants import fourth_at
from cumulode.theory import GP, NLGP, Ising
from cumulode.theory.problem.laws import from_dict, with_parameters
from cumulode.validation.sampling.sampler import sampler


def full(law, size):
    """All entries K_0abc of a built-in law: (D, D, D), or six axes of L."""
    if isinstance(size, int):
        rows = np.array(list(itertools.product(range(size), repeat=3)))
        return fourth_cumulant(law, rows, size).reshape((size,) * 3)
    sites = np.array(list(itertools.product(range(size[0]), repeat=2)))
    rows = sites[np.array(list(itertools.product(range(len(sites)), repeat=3)))]
    return fourth_cumulant(law, rows, size).reshape(size * 3)


def filtered(taps, size, kurtosis=-1.0):
    """C and short-ranged K of ``x_i = sum_m g_m s_(i-m)``, s independent of that kurtosis: K_0abc = kurtosis sum g g g g.

    Not symmetric under reflection where the taps are not.
    """
    g = np.array(taps) / np.linalg.norm(taps)
    h = len(g) - 1
    at = lambda i: np.where((i >= 0) & (i < len(g)), g[np.clip(i, 0, h)], 0.0)  # noqa: E731
    m = np.arange(len(g))
    offsets = np.arange(-h, h + 1)
    shifted = at(m + offsets[:, None])  # (offset, m)
    K = kurtosis * np.einsum("m,am,bm,cm->abc", g, shifted, shifted, shifted)
    C = np.zeros(size)
    C[offsets] = shifted @ g
    return C, K


TAPS = [1.0, 0.7, -0.4, 0.2]
C, K = filtered(TAPS, 12)
SHORT = Cumulants(C, K, name="filtered")
RING = Cumulants(second_cumulant(NLGP(3.0, 1.0), 10), full(NLGP(3.0, 1.0), 10))
TORUS = Cumulants(second_cumulant(NLGP(2.0, 0.5), (4, 4)).reshape(4, 4), full(NLGP(2.0, 0.5), (4, 4)))


def test_a_copied_law_gives_the_laws_numbers_on_ring_and_torus():
    """Assert C to the bit, and K to 1e-12 at offsets in and out of 0 .. D - 1, translated."""
    rng = np.random.default_rng(0)
    for copy, law, size in ((RING, NLGP(3.0, 1.0), 10), (TORUS, NLGP(2.0, 0.5), (4, 4))):
        assert np.array_equal(second_cumulant(copy, size), second_cumulant(law, size))
        sites = rng.integers(0, 2, (50, 4) if isinstance(size, int) else (50, 4, 2))
        sites += np.array(10 if isinstance(size, int) else 4) * rng.integers(-2, 3, sites.shape) + 3
        exact = fourth_at(law, sites, size)
        assert np.allclose(fourth_at(copy, sites, size), exact, rtol=1e-12, atol=1e-16)
        assert np.abs(exact).max() > 1e-3
    assert fourth_cumulant(Cumulants(RING.second, np.zeros((10, 10, 10))), (0, 0, 0), 10) == 0
    ising = Cumulants(second_cumulant(Ising(t=0.5), 8), full(Ising(t=0.5), 8))
    assert fourth_cumulant(ising, (1, 2, 4), 8) == pytest.approx(fourth_cumulant(Ising(t=0.5), (1, 2, 4), 8), rel=1e-13)


def test_short_ranged_cumulants_are_the_lines_on_the_ring():
    """Assert K(w, w, w, w) on the ring = kurtosis sum_n (sum_m g_m w_(n+m))^4 to 1e-12, whose g is lopsided."""
    w = np.random.default_rng(0).standard_normal(12)
    sites = np.array(list(itertools.product(range(12), repeat=4)))
    total = fourth_at(SHORT, sites, 12) @ np.prod(w[sites], axis=1)
    g = np.array(TAPS) / np.linalg.norm(TAPS)
    field = sum(g[m] * np.roll(w, -m) for m in range(4))  # w.x = sum_n s_n field_n
    assert total == pytest.approx(-np.sum(field**4), rel=1e-12)
    rows = np.array([(0, 0, 0), (0, 1, 3), (1, 2, 5), (-1, 1, 2), (3, -3, 0)])
    assert np.array_equal(fourth_cumulant(SHORT, rows), fourth_cumulant(SHORT, rows, 12))
    assert fourth_cumulant(SHORT, (1, 3, 3)) != pytest.approx(fourth_cumulant(SHORT, (-1, -3, -3)))


def test_short_ranged_cumulants_on_a_torus():
    """Assert that the product of two directions' filters has the product of their K, plane and torus alike."""
    one_C, one_K = filtered([1.0, 0.5], 6)
    both = np.einsum("abc,def->adbecf", one_K, -one_K)  # kurtosis -1 of independent variables on the plane
    law = Cumulants(one_C[:, None] * one_C, both)
    offsets = np.array([[(0, 1), (1, 0), (1, 1)], [(0, 0), (0, 1), (0, -1)], [(-1, 0), (0, 0), (0, 0)]])
    expected = [-one_K[tuple(o[:, 0] + 1)] * one_K[tuple(o[:, 1] + 1)] for o in offsets]
    assert np.allclose(fourth_cumulant(law, offsets, (6, 6)), expected, rtol=1e-14)
    assert np.allclose(fourth_cumulant(law, offsets), expected, rtol=1e-14)
    assert fourth_cumulant(law, offsets - 6 * np.array([[1, 0]]), (6, 6)) == pytest.approx(expected)


@pytest.mark.parametrize("law", [SHORT, RING, TORUS], ids=repr)
def test_copies_are_equal_and_hash_alike(law):
    """Assert to_dict through JSON, pickle, GP and Problem; read-only arrays; another entry or name is another law."""
    for again in (from_dict(json.loads(json.dumps(law.to_dict()))), pickle.loads(pickle.dumps(law))):
        assert again == law
        assert hash(again) == hash(law)
        assert not again.second.flags.writeable
        assert not again.fourth.flags.writeable
    control = GP(law)
    size = law.shape[0] if len(law.shape) == 1 else law.shape
    assert np.array_equal(second_cumulant(control, size), np.ravel(law.second))
    assert fourth_cumulant(control, np.zeros((2, 3, len(law.shape))[: 1 + len(law.shape)], int), size).tolist() == [
        0,
        0,
    ]
    problem = Problem(law, control, size)
    assert Problem.from_dict(json.loads(json.dumps(problem.to_dict()))) == problem
    assert Cumulants(law.second, 0.5 * law.fourth, law.name) != law
    assert with_parameters(law, name="another") != law
    assert law != NLGP(1.0, 1.0)


def test_the_arrays_given_are_copied():
    """Assert that changing them later changes nothing."""
    c, k = C.copy(), K.copy()
    law = Cumulants(c, k)
    c[:], k[:] = 0, 0
    assert law == Cumulants(C, K)


def test_a_broken_translation_is_found_on_the_torus_too():
    """Assert that one symmetrised entry out of place, 1e-6 of the largest, is refused."""
    K = TORUS.fourth.reshape(16, 16, 16).copy()
    K[1, 1, 1] += 1e-6 * np.abs(K).max()
    with pytest.raises(ValueError, match="^fourth: .*translations"):
        Cumulants(TORUS.second, K.reshape((4,) * 6))


@pytest.mark.parametrize("shape", [(7,), (4, 4)], ids=str)
def test_noisy_estimates_are_averaged_over_the_symmetries(shape):
    """Assert that an exact law comes back from its arrays to 1e-12 and, with noise of 1e-3 on every entry (seed 1), is
    accepted and closer to the law than the noise; that scaling by the variance is undone; and that a planted lack of
    one translation would not pass the class itself.
    """
    law, size = NLGP(3.0, 0.8, "wrapped"), int(np.prod(shape))
    places = np.stack(np.unravel_index(np.arange(size), shape), axis=-1)
    triples = np.indices((size,) * 3).reshape(3, -1).T
    offsets = triples if len(shape) == 1 else places[triples]
    K = fourth_cumulant(law, offsets, size=size if len(shape) == 1 else shape).reshape(shape * 3)
    C = second_cumulant(law, size if len(shape) == 1 else shape).reshape(shape)
    exact = Cumulants.symmetrised(4 * C, 16 * K)
    assert np.abs(np.asarray(exact.fourth) - K).max() < 1e-12
    noise = 1e-3 * np.random.default_rng(1).standard_normal(K.shape)
    with pytest.raises(ValueError, match=r"symmetrised"):
        Cumulants(C, K + noise)
    found = Cumulants.symmetrised(C, K + noise)
    assert np.linalg.norm(np.asarray(found.fourth) - K) < 0.5 * np.linalg.norm(noise)


@pytest.mark.parametrize("shape", [(8,), (4, 4)])
def test_no_fourth_cumulant_is_the_gaussian_control(shape):
    """Assert that arrays of zeros give the drift of GP, to the bit, and that tree takes them."""
    law = NLGP(3.0, 0.6)
    size = shape[0] if len(shape) == 1 else shape
    none = Cumulants(second_cumulant(law, size).reshape(shape), np.zeros(3 * shape))
    w = np.random.default_rng(0).standard_normal(int(np.prod(shape)))
    for closure in ("regression", "tree"):
        mine, control = (drift(Problem(c, law, size), closure) for c in (none, GP(law)))
        assert np.array_equal(mine(w), control(w))


def test_cumulants_of_independent_sites_by_one_entry():
    """Assert k4 = K_0000 sum_i w_i^4 for K given at offset 0 alone, on a ring and a torus; and K of no rows."""
    w = np.random.default_rng(1).standard_normal(16)
    for shape, size in (((16,), 16), ((4, 4), (4, 4))):
        law = Cumulants(np.eye(1, 16).reshape(shape), np.full((1,) * 3 * len(shape), -1.2))
        _, k4 = preactivation_cumulants(Problem(law, law, size), w)
        assert k4 == pytest.approx(-1.2 * np.sum(w**4), rel=1e-12)
        assert fourth_cumulant(law, np.empty((0, 3, 2)[: 1 + len(shape)], int), size).size == 0


def test_a_control_whose_covariance_is_tilted_is_not_drawn_from():
    """Assert that a covariance on a torus with C(1, 1) != C(1, -1), which modes cannot draw, is refused in one line."""
    taps = np.zeros((6, 6))
    taps[0, 0], taps[1, 1] = 1.0, 0.8
    C = np.fft.ifft2(np.abs(np.fft.fft2(taps)) ** 2).real
    law = GP(Cumulants(C / C[0, 0], np.full((1,) * 6, -0.5)))
    with pytest.raises(ValueError, match=r"^law: got [^\n]*C\(x, y\) = C\(-x, y\)[^\n]*$"):
        sampler(law, (6, 6))
    assert sampler(GP(TORUS), (4, 4)).modes > 0
