"""K(w,w,w) by the sorted list against dense tensors."""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import numpy as np
import oracles
import pytest

from cumulode.numerics import Solver, drift, fourth_cumulant, preactivation_cumulants, second_cumulant
from cumulode.numerics.contraction import form
from cumulode.numerics.contraction import sorted_list as module
from cumulode.theory import GP, NLGP, Ising, Problem

LAWS = [
    NLGP(gain=3.0, xi=1.5, covariance="wrapped"),
    NLGP(gain=math.inf, xi=1.0, covariance="wrapped"),
    NLGP(gain=1.0, xi=3.0, covariance="circular-exponential"),
    Ising(t=0.7),
    Ising(t=-0.6),
]


def _contract(entries, w):
    """K(w,w,w) by the list ``entries``."""
    out, left, right = np.empty(2 * w.size), np.empty(w.size), np.empty(w.size)
    module.contract(np.tile(w, 2), w.size, entries.positions, entries.coefficients, out, left, right)
    return out[: w.size]


def _contraction(law, size, tolerance):
    """``w -> K(w,w,w)``."""
    return partial(_contract, module.sorted_list(law, size, tolerance))


def _dense(law, size):
    return oracles.circulant_tensor(fourth_cumulant(law, oracles.all_offsets(size), size=size), size)


@pytest.mark.parametrize("size", [4, 5, 6, 7, 8, 9])
@pytest.mark.parametrize("law", LAWS, ids=repr)
def test_the_whole_list_contracts_like_the_dense_tensor(law, size):
    """Assert K(w,w,w) to 1e-13 of |K||w|^3 at tolerance 0, odd and even rings, for random, uniform and symmetric w.

    Orbits that a translation maps to themselves (all four sites alike, opposite pairs, squares) are the entries a wrong
    multiplicity would spoil; they exist at D = 4, 6 and 8.
    """
    K, form = _dense(law, size), _contraction(law, size, 0.0)
    scale = np.linalg.norm(K)
    rng = np.random.default_rng(size)
    alternating = (-1.0) ** np.arange(size)
    starts = [
        rng.standard_normal(size),
        np.ones(size),
        alternating,
        np.eye(size)[0],
        np.eye(size)[0] + np.eye(size)[size // 2],
    ]
    for w in starts:
        exact = np.einsum("ijkl,j,k,l->i", K, w, w, w, optimize=True)
        assert np.abs(form(w) - exact).max() <= 1e-13 * scale * np.linalg.norm(w) ** 3


@pytest.mark.parametrize("size", [4, 6, 8, 9])
@pytest.mark.parametrize("law", LAWS, ids=repr)
def test_the_list_holds_every_entry_of_the_tensor(law, size):
    """Assert that polarising the contraction gives back all D^4 entries, so that no entry is missed and none
    doubled.
    """
    K = _dense(law, size)
    assert np.abs(oracles.cubic_form_tensor(_contraction(law, size, 0.0), size) - K).max() < 2e-13 * np.abs(K).max()


@pytest.mark.parametrize("law", [NLGP(gain=3.0, xi=1.0), NLGP(gain=0.5, xi=1.5), Ising(t=0.4)], ids=repr)
@pytest.mark.parametrize("tolerance", [1e-1, 1e-2, 1e-3])
def test_the_stated_error_is_the_frobenius_norm_of_what_was_left_out(law, tolerance):
    """Assert that ``error`` is |K_list - K| / |K| to 1e-4 of itself, not zero, and at most a third of the tolerance.

    All D^4 entries are compared, so those skipped for their distance, never listed at all, are included.
    """
    size = 16
    K, entries = _dense(law, size), module.sorted_list(law, size, tolerance)
    true = np.linalg.norm(oracles.cubic_form_tensor(_contraction(law, size, tolerance), size) - K) / np.linalg.norm(K)
    assert abs(entries.error - true) < 1e-4 * true
    assert tolerance / 300 < entries.error <= tolerance / 3


@pytest.mark.parametrize("law", LAWS, ids=repr)
@pytest.mark.parametrize("tolerance", [1e-1, 1e-2, 1e-3])
def test_a_shortened_list_keeps_the_mirror_symmetry(law, tolerance):
    """Assert K(Rw,Rw,Rw) = R K(w,w,w) to 1e-13 for the reflection R: an entry and its mirror image stay or go
    together.
    """
    size = 14
    form, w = _contraction(law, size, tolerance), np.random.default_rng(1).standard_normal(size)
    assert np.abs(form(w[::-1].copy()) - form(w)[::-1]).max() < 1e-13 * np.abs(form(w)).max()


@pytest.mark.parametrize("name", ["_symmetry", "_permutations"])
def test_a_wrong_multiplicity_is_noticed(name, monkeypatch):
    """Assert that dropping the symmetry of orbits, or the count of orders, spoils agreement with the dense tensor."""
    size, law = 8, LAWS[0]
    monkeypatch.setattr(module, name, lambda gaps: np.ones(len(gaps), int))
    mutant = module.sorted_list(law, size, 0.0)
    w = np.random.default_rng(0).standard_normal(size)
    exact = np.einsum("ijkl,j,k,l->i", _dense(law, size), w, w, w, optimize=True)
    assert np.abs(_contract(mutant, w) - exact).max() > 1e-6 * np.abs(exact).max()


@pytest.mark.parametrize("law", LAWS, ids=repr)
def test_cumulants_of_the_preactivation_are_the_quadratic_and_quartic_forms(law):
    """Assert k2 = w.Cw and k4 = K(w,w,w,w) from dense tensors, in both classes, plus first, for many w at once."""
    size = 7
    problem = Problem(plus=law, minus=Ising(t=0.2), size=size)
    w = np.random.default_rng(3).standard_normal((2, 3, size))
    k2, k4 = preactivation_cumulants(problem, w, tolerance=0.0)
    for c, source in enumerate((law, Ising(t=0.2))):
        C = second_cumulant(source, size)[(np.arange(size)[:, None] - np.arange(size)) % size]
        assert np.allclose(k2[..., c], np.einsum("...i,ij,...j->...", w, C, w), rtol=1e-13, atol=0)
        exact = np.einsum("ijkl,abi,abj,abk,abl->ab", _dense(source, size), w, w, w, w, optimize=True)
        assert np.allclose(k4[..., c], exact, rtol=1e-12, atol=1e-12)


def test_a_gaussian_law_has_an_empty_list():
    """Assert that GP lists nothing, errs by nothing, and that its problem has k4 = 0 exactly."""
    entries = module.sorted_list(GP(LAWS[0]), 8, 1e-3)
    assert entries.error == 0.0
    assert len(entries.coefficients) == 0
    problem = Problem(plus=LAWS[0], minus=LAWS[3], size=8).gaussian_control()
    assert not np.any(preactivation_cumulants(problem, np.ones(8))[1])


def test_the_drift_states_the_larger_error_of_its_two_classes():
    """Assert that ``drift(...).error`` is the larger of the two lists' errors and ``method`` names the contraction."""
    plus, minus = NLGP(gain=3.0, xi=1.5), NLGP(gain=3.0, xi=0.7)
    f = drift(Problem(plus=plus, minus=minus, size=16), solver=Solver(tolerance=1e-2, contraction="sorted-list"))
    assert f.error == max(module.sorted_list(law, 16, 1e-2).error for law in (plus, minus))
    assert f.method == "sorted-list"


def test_forms_are_set_up_once_and_the_memory_they_hold_is_bounded():
    """Assert the same object for the same law, shape, tolerance and method, another for another tolerance; and that what
    the cache counts is what forms hold.
    """
    law = NLGP(3.0, 1.0)
    first = form.fourth_form(law, (20,), 1e-3)
    assert form.fourth_form(NLGP(3.0, 1.0), (20,), 1e-3) is first
    assert form.fourth_form(law, (20,), 1e-4) is not first
    assert first.nbytes > 1024
    cache = form.fourth_form.cache
    assert cache.maxsize == form.MEMORY
    assert cache.currsize == sum(made.nbytes for made in cache.values())
    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(lambda n: form.fourth_form(Ising(t=0.5), (20 + n % 5,), 1e-3), range(100)))
    assert all(made[n].nbytes == made[n % 5].nbytes for n in range(100))
    assert cache.currsize == sum(kept.nbytes for kept in cache.values())
