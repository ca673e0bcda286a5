"""K(w,w,w) by a low rank in the sorted gaps, against dense tensors and the sorted list at tolerance 0."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import lru_cache

import numpy as np
import oracles
import pytest

from cumulode.numerics import fourth_cumulant
from cumulode.numerics.compile.jit import compiled
from cumulode.numerics.contraction import low_rank_setup, sorted_list
from cumulode.numerics.contraction import ordered_gap as module
from cumulode.numerics.contraction.form import contract, contract_polarised, contract_sig, fourth_form, polarised_sig
from cumulode.numerics.contraction.names import ORDERED_GAP
from cumulode.theory import GP, NLGP, Ising
from cumulode.theory.cumulants.cubic import ordered_cubic

GAINS = [0.1, 1.0, 10.0, math.inf]
#: Correlation length and a ring on which the whole list stays short and both tolerances can be met.
RINGS = [(0.5, 16), (1.0, 24), (2.0, 32), (4.0, 48)]
ISINGS = [(0.1, 16), (0.5, 24), (0.9, 30), (-0.4, 21)]
#: Laws and small rings for dense tensors, down to the shortest ring that holds the tolerance.
SMALL = [
    (NLGP(3.0, 2.0), 13, 1e-2),
    (NLGP(3.0, 2.0), 13, 1e-3),
    (NLGP(math.inf, 1.0), 9, 1e-4),
    (NLGP(0.1, 1.0), 11, 1e-8),
    (NLGP(3.0, 0.5), 8, 1e-8),
    (NLGP(3.0, 1.5, "wrapped"), 10, 1e-3),
    (NLGP(3.0, 1.0, "wrapped"), 12, 1e-8),
    (NLGP(3.0, 0.5, "circular-exponential"), 12, 1e-2),
]


def _form(found):
    """``w -> K(w,w,w)`` by the factors ``found``; the scratch starts as NaN, so that nothing stale is read."""
    scratch = found.scratch()
    scratch[:] = math.nan

    def form(w):
        out = np.full(found.size, math.nan)
        module.contract(w, out, *found.tables, scratch)
        return out

    return form


def _chosen(law, size, tolerance):
    """``w -> K(w,w,w)`` by the method chosen for a law, which for these is by ordered gaps; the scratch starts as NaN."""
    made = fourth_form(law, (size,), tolerance)
    assert made.method == ORDERED_GAP
    scratch = made.scratch()
    scratch[:] = math.nan

    def form(w):
        out = np.full(size, math.nan)
        compiled(contract, contract_sig)(w, out, made.tables, scratch)
        return out

    return form


@lru_cache(maxsize=32)
def _list_form(law, size):
    """``w -> K(w,w,w)`` by the sorted list of all entries, those of 1e-12 of the norm left out."""
    entries = sorted_list.sorted_list(law, size, 0.0)
    out, left, right = np.empty(2 * size), np.empty(size), np.empty(size)

    def form(w):
        sorted_list.contract(np.tile(w, 2), size, entries.positions, entries.coefficients, out, left, right)
        return out[:size].copy()

    return form


def _dense(law, size):
    return oracles.circulant_tensor(fourth_cumulant(law, oracles.all_offsets(size), size=size), size)


@lru_cache(maxsize=32)
def _norm_from_list(law, size):
    """|K|_F on the ring from the list's entries, which are coefficient / orders of the orbit."""
    entries = sorted_list.sorted_list(law, size, 0.0)
    last = size - entries.positions[:, 2]
    gaps = np.concatenate([np.diff(entries.positions, axis=1, prepend=0), last[:, None]], axis=1)
    orders, symmetry = sorted_list._permutations(gaps), sorted_list._symmetry(gaps)
    return math.sqrt(size * np.sum(np.square(entries.coefficients) * symmetry / orders))


@pytest.mark.parametrize("tolerance", [1e-3, 1e-8])
@pytest.mark.parametrize(("xi", "size"), RINGS)
@pytest.mark.parametrize("gain", GAINS)
def test_the_contraction_meets_the_tolerance_against_the_sorted_list(gain, xi, size, tolerance):
    """Assert |error of K(w,w,w)| <= error |K|_F |w|^3 <= tolerance/3 |K|_F |w|^3 for fields of every shape, and a
    relative error of K(w,w,w) itself of at most the tolerance where the field is random, localised or smooth.

    For a smooth field all dropped entries add up with one sign. The list itself errs by 1e-12.
    """
    law = NLGP(gain, xi)
    found = module.ordered_gap(law, size, tolerance)
    assert 0 < found.error <= tolerance / 3
    form, exact, scale = _form(found), _list_form(law, size), _norm_from_list(law, size)
    for name, w in oracles.fields(size).items():
        error = np.linalg.norm(form(w) - exact(w))
        assert error <= (found.error + 2e-12) * scale * np.linalg.norm(w) ** 3, name
        assert error <= tolerance * np.linalg.norm(exact(w)), name


@pytest.mark.parametrize(("t", "size"), ISINGS)
def test_the_ising_ring_is_exact_with_all_windings(t, size):
    """Assert K(w,w,w) to 1e-13 of itself against the list of all entries, at tolerances that do not matter."""
    law = Ising(t)
    assert fourth_form(law, (size,), 1e-3).error == 0.0
    form, exact = _chosen(law, size, 1e-3), _list_form(law, size)
    for name, w in oracles.fields(size).items():
        assert np.linalg.norm(form(w) - exact(w)) <= 1e-13 * np.linalg.norm(exact(w)), name


@pytest.mark.parametrize("size", [4, 5, 6])
@pytest.mark.parametrize("t", [0.0, 0.6, -0.9])
def test_the_ising_tensor_is_the_dense_one(t, size):
    """Assert all D^4 entries to 1e-13, on the smallest rings, where windings and coincidences count most."""
    tensor = oracles.cubic_form_tensor(_chosen(Ising(t), size, 0.0), size)
    assert np.abs(tensor - _dense(Ising(t), size)).max() < 1e-13 * 30


@pytest.mark.parametrize(("law", "size", "tolerance"), SMALL, ids=repr)
def test_the_stated_error_is_that_of_the_whole_ring_tensor(law, size, tolerance):
    """Assert |K_found - K|_F <= error |K|_F over all D^4 entries, and error <= 1.2 of the true one: nothing is left out.

    Entries beyond the longest gap, ring against line and quadruples reached in several ways are all among them. The
    1e-6 allows for rounding of differences of 1e-9.
    """
    found = module.ordered_gap(law, size, tolerance)
    K = _dense(law, size)
    tensor = oracles.cubic_form_tensor(_form(found), size)
    true = np.linalg.norm(tensor - K) / np.linalg.norm(K)
    assert true <= found.error * (1 + 1e-6) <= tolerance / 3 * (1 + 1e-6)
    assert found.error <= 1.2 * true


@pytest.mark.parametrize("law", [NLGP(3.0, 1.0), NLGP(math.inf, 0.5)], ids=repr)
def test_triple_coincidences_are_exact_at_any_rank(law):
    """Assert K_000d to 1e-14 at tolerance 1e-1, where all other entries are wrong by percents."""
    size = 14
    found = module.ordered_gap(law, size, 1e-1)
    tensor = oracles.cubic_form_tensor(_form(found), size)[0, 0, 0]
    kept = found.kappa.size - np.count_nonzero(found.kappa[1:] == 0)
    exact = _dense(law, size)[0, 0, 0]
    assert np.abs(tensor[:kept] - exact[:kept]).max() < 1e-13 * np.abs(exact).max()


def test_full_rank_is_exact():
    """Assert errors of at most 1e-11 of the tensor at the smallest tolerance, where the rank is that of the table."""
    law, size = NLGP(3.0, 1.0), 24
    found = module.ordered_gap(law, size, low_rank_setup.SMALLEST_TOLERANCE)
    assert found.error <= 4e-12
    for w in oracles.fields(size).values():
        exact = _list_form(law, size)(w)
        assert np.linalg.norm(_form(found)(w) - exact) <= 1e-11 * _norm_from_list(law, size) * np.linalg.norm(w) ** 3


def test_the_kernel_is_the_reference_formula():
    """Assert 1e-14 agreement with the NumPy formula of theory, eq. (cubic.7, coincidence correction)."""
    law, size = NLGP(3.0, 2.0), 40
    raw, found = low_rank_setup.low_rank(law, size, 1e-6), module.ordered_gap(law, size, 1e-6)
    kappa = np.zeros(size)
    kappa[: raw.kappa.size] = raw.kappa
    kappa[1:] += kappa[:0:-1]
    for w in oracles.fields(size).values():
        reference = ordered_cubic(raw.A, raw.B, kappa, w)
        assert np.abs(_form(found)(w) - reference).max() <= 1e-13 * np.abs(reference).max()


@pytest.mark.parametrize("law", [NLGP(3.0, 1.0), Ising(0.8)], ids=repr)
def test_translations_and_reflections_commute_with_the_form(law):
    """Assert K(Tw,Tw,Tw) = T K(w,w,w) to 1e-13 for a translation and for the reflection."""
    size = 30
    form, w = _chosen(law, size, 1e-3), np.random.default_rng(0).standard_normal(size)
    scale = np.abs(form(w)).max()
    assert np.abs(form(np.roll(w, 7)) - np.roll(form(w), 7)).max() < 1e-13 * scale
    assert np.abs(form(w[::-1].copy()) - form(w)[::-1]).max() < 1e-13 * scale


@pytest.mark.parametrize("law", [NLGP(3.0, 2.0), Ising(0.7)], ids=repr)
def test_a_ring_in_blocks_is_the_ring_as_a_whole(law):
    """Assert the same K(w,w,w) to 1e-13 on a ring of several blocks, the last a part, as on a ring of one.

    A field that vanishes outside 60 sites has the same on both, wherever it stands: within a block, across a seam of
    blocks or of the ring; other windings and sites further than 100 count less than 0.7^100 = 3e-16.
    """
    short, long = 400, 2 * module.BLOCK + 1904
    bump = np.random.default_rng(1).standard_normal(60)
    small = np.zeros(short)
    small[100:160] = bump
    expected = _chosen(law, short, 1e-3)(small)
    form = _chosen(law, long, 1e-3)
    for start in (0, module.BLOCK - 130, 2 * module.BLOCK - 100, long - 130):
        where = (start + np.arange(300)) % long
        w = np.zeros(long)
        w[where[100:160]] = bump
        got = form(w)
        assert np.abs(got[where] - expected[:300]).max() < 1e-13 * np.abs(expected).max()
        assert np.abs(np.delete(got, where)).max() < 1e-13 * np.abs(expected).max()


@pytest.mark.parametrize(("law", "size"), [(NLGP(3.0, 2.0), 32), (Ising(0.7), 25)])
@pytest.mark.parametrize("ratio", [1e-9, 1.0, 1e9])
def test_the_polarised_form_is_the_derivative(law, size, ratio):
    """Assert K(w,w,u).w = K(w,w,w).u, that K(w,w,u).v is symmetric in u and v, and K(w,w,w) at u = w, to 1e-13, for
    lengths of u far from w's.
    """
    made, polarised = fourth_form(law, (size,), 1e-6), compiled(contract_polarised, polarised_sig)
    tables, scratch = made.tables, made.scratch()
    form, work, out = _chosen(law, size, 1e-6), np.empty((2, size)), np.empty(size)
    w, u = np.random.default_rng(2).standard_normal((2, size))
    u *= ratio
    polarised(w, u, out, tables, scratch, work)
    scale = np.linalg.norm(form(w)) * np.linalg.norm(u)
    assert abs(out @ w - form(w) @ u) < 1e-13 * scale
    third = np.random.default_rng(3).standard_normal(size)
    swapped = np.empty(size)
    polarised(w, third, swapped, tables, scratch, work)
    assert abs(out @ third - swapped @ u) < 1e-13 * scale * np.linalg.norm(third)
    polarised(w, ratio * w, out, tables, scratch, work)
    assert np.abs(out - ratio * form(w)).max() < 1e-13 * ratio * np.abs(form(w)).max()


def test_a_gaussian_law_contracts_to_zero():
    """Assert zeros and no error for GP, on any ring."""
    made, out = fourth_form(GP(NLGP(3.0, 1.0)), (5,), 0.0), np.ones(5)
    compiled(contract, contract_sig)(np.ones(5), out, made.tables, made.scratch())
    assert made.error == 0.0
    assert not np.any(out)


@pytest.mark.parametrize(
    ("law", "size", "tolerance"),
    [(NLGP(3.0, 2.0), 11, 1e-3), (NLGP(3.0, 2.0), 16, 1e-8), (NLGP(3.0, 300.0), 5000, 1e-3)],
)
def test_a_ring_that_does_not_hold_the_method_is_recognised(law, size, tolerance):
    """Assert that too short a ring and too long gaps do not fit."""
    assert not module.fits(law, size, tolerance)


def _mutants():
    def changed(name, index, factor):
        def mutate(found):
            array = getattr(found, name).copy()
            array[index] *= factor
            return replace(found, **{name: array})

        return mutate

    return {
        "kappa not halved": changed("kappa", 0, 2.0),
        "kappa left out": changed("kappa", ..., 0.0),
        "A(0) not halved": changed("A", (..., 0), 2.0),
        "B(0) not halved": changed("B", (..., 0), 2.0),
        "24 forgotten": changed("B", ..., 1 / 24),
        "one tap too few": lambda f: replace(f, taps=np.where(f.taps == f.taps.max(), f.taps - 4, f.taps)),
    }


@pytest.mark.parametrize("name", list(_mutants()))
def test_a_planted_mistake_is_noticed(name):
    """Assert that each mistake misses the stated error by at least a factor of 2 for a random field."""
    law, size = NLGP(3.0, 2.0), 32
    found = module.ordered_gap(law, size, 1e-3)
    w = oracles.fields(size)["random"]
    error = np.linalg.norm(_form(_mutants()[name](found))(w) - _list_form(law, size)(w))
    assert error > 2 * found.error * _norm_from_list(law, size) * np.linalg.norm(w) ** 3 / size
    assert error > 3 * 1e-3 * np.linalg.norm(_list_form(law, size)(w))


@pytest.mark.parametrize("name", ["_symmetry", "_permutations"])
def test_a_wrong_multiplicity_of_late_entries_is_noticed(name, monkeypatch):
    """Assert that the error stated on a short ring, or the factors, change when quadruples are counted wrongly."""
    law, size, tolerance = NLGP(3.0, 2.0), 12, 1e-1
    right = low_rank_setup.low_rank(law, size, tolerance).error
    low_rank_setup.line_table.cache_clear()
    monkeypatch.setattr(low_rank_setup, name, lambda gaps: np.ones(len(gaps), int))
    try:
        wrong = low_rank_setup.low_rank.__wrapped__(law, size, tolerance)
    finally:
        low_rank_setup.line_table.cache_clear()
    assert wrong is None or abs(wrong.error / right - 1) > 1e-6


@pytest.mark.parametrize("t", [0.5, -0.5, 0.7])
def test_the_factors_of_a_law_without_a_gaussian_field_come_from_its_entries_alone(t):
    """Assert K(w,w,w) of a law that is no NLGP to its error: how far it reaches and up to where the ring is the line.

    An Ising ring has another method by default, and so is the law to compare with.
    """
    found = module.ordered_gap(Ising(t), 80, 1e-3)
    assert 0 < found.error <= 1e-3 / 3
    form, exact, scale = _form(found), _chosen(Ising(t), 80, 1e-3), _norm_from_list(Ising(t), 80)
    for name, w in oracles.fields(80).items():
        assert np.linalg.norm(form(w) - exact(w)) <= found.error * scale * np.linalg.norm(w) ** 3, name
