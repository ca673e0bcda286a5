"""K(w,w,w) by pairs of sites, on rings and tori, against dense tensors, the sorted list and sums over few sites."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace
from functools import lru_cache

import numpy as np
import oracles
import pytest

from cumulode.numerics import fourth_cumulant
from cumulode.numerics.contraction import pair_form as module
from cumulode.numerics.contraction import pair_setup, quadruples, sorted_list
from cumulode.theory import GP, NLGP, Ising

#: Rings for dense tensors: all parities of D, windows that hold everything and others, waves left out.
RINGS = [
    (NLGP(3.0, 1.0, "wrapped"), 4),
    (NLGP(math.inf, 5.0, "wrapped"), 5),
    (NLGP(0.1, 6.0, "wrapped"), 6),
    (NLGP(30.0, 0.7, "circular-exponential"), 7),
    (NLGP(3.0, 1.0), 8),
    (Ising(0.7), 6),
    (Ising(-0.9), 7),
    (NLGP(1.0, 0.3), 13),
    (NLGP(3.0, 2.0, "wrapped"), 13),
    (NLGP(0.1, 4.0, "wrapped"), 13),
    (NLGP(math.inf, 1.0, "circular-exponential"), 13),
]
#: Longer rings, those first on which no other method but the list is at home.
LONG = [
    (NLGP(3.0, 6.0, "wrapped"), 20),
    (NLGP(math.inf, 20.0, "wrapped"), 20),
    (NLGP(3.0, 4.0, "circular-exponential"), 20),
    (NLGP(0.1, 9.0, "wrapped"), 31),
    (NLGP(3.0, 2.0), 32),
    (Ising(0.5), 24),
]
TORI = [
    (NLGP(3.0, 0.7, "wrapped"), 4),
    (NLGP(math.inf, 1.0, "circular-exponential"), 4),
    (NLGP(1.0, 2.0, "wrapped"), 5),
]
#: Larger ones, with windows that hold a part of the pairs.
LARGE = [(NLGP(3.0, 0.8), 8), (NLGP(math.inf, 1.0), 9), (NLGP(0.1, 1.0, "wrapped"), 12), (NLGP(30.0, 0.6), 16)]


def _form(found):
    """``w -> K(w,w,w)``; the scratch starts as NaN, so that nothing stale is read."""
    scratch = found.scratch()
    scratch[:] = math.nan

    def form(w):
        out = np.full(math.prod(found.shape), math.nan)
        module.contract(w, out, *found.tables, scratch)
        return out

    return form


@lru_cache(maxsize=32)
def _dense(law, shape):
    """All of K (D, D, D, D) from the cumulants of D^3 triples, on a torus of those in order."""
    size = math.prod(shape)
    triples = oracles.all_offsets(size)
    if len(shape) == 1:
        return oracles.circulant_tensor(fourth_cumulant(law, triples, size=size), size)
    sites = np.stack(np.divmod(np.arange(size), shape[1]), axis=1)
    ordered, which = np.unique(np.sort(triples, axis=1), axis=0, return_inverse=True)
    first = fourth_cumulant(law, sites[ordered], size=shape)[which.ravel()].reshape((size,) * 3)
    moved = ((sites[None] - sites[:, None]) % shape) @ [shape[1], 1]
    return np.stack([first[np.ix_(m, m, m)] for m in moved])


@lru_cache(maxsize=32)
def _list(law, size):
    """``w -> K(w,w,w)`` by the list of all entries, those of 1e-12 of the norm left out, and |K|_F."""
    entries = sorted_list.sorted_list(law, size, 0.0)
    out, left, right = np.empty(2 * size), np.empty(size), np.empty(size)
    last = size - entries.positions[:, 2]
    gaps = np.concatenate([np.diff(entries.positions, axis=1, prepend=0), last[:, None]], axis=1)
    orders, symmetry = sorted_list._permutations(gaps), sorted_list._symmetry(gaps)

    def form(w):
        sorted_list.contract(np.tile(w, 2), size, entries.positions, entries.coefficients, out, left, right)
        return out[:size].copy()

    return form, math.sqrt(size * np.sum(np.square(entries.coefficients) * symmetry / orders))


@pytest.mark.parametrize("tolerance", [1e-1, 1e-3, 1e-8])
@pytest.mark.parametrize(("law", "size"), RINGS, ids=repr)
def test_the_stated_error_is_that_of_the_whole_ring_tensor(law, size, tolerance):
    """Assert |K_found - K|_F <= error |K|_F <= tolerance/3 |K|_F over all D^4 entries; and that the error stated is
    at most 1.2 of the true one, unless a thirtieth of the tolerance covers what was extrapolated or bounded.
    """
    found = module.pair_form(law, (size,), tolerance)
    K = _dense(law, (size,))
    true = np.linalg.norm(oracles.cubic_form_tensor(_form(found), size) - K) / np.linalg.norm(K)
    assert true <= found.error * (1 + 1e-6) + 1e-14
    assert found.error <= tolerance / 3
    assert found.error <= max(1.2 * true, tolerance / 30)


@pytest.mark.parametrize("tolerance", [1e-3, 1e-8])
@pytest.mark.parametrize(("law", "size"), LONG, ids=repr)
def test_longer_rings_meet_the_tolerance_against_the_sorted_list(law, size, tolerance):
    """Assert |error of K(w,w,w)| <= error |K|_F |w|^3 for fields of every shape; the list itself errs by 1e-12."""
    found = module.pair_form(law, (size,), tolerance)
    form, (exact, norm) = _form(found), _list(law, size)
    assert found.error <= tolerance / 3
    for name, w in oracles.fields(size).items():
        error = np.linalg.norm(form(w) - exact(w))
        assert error <= (found.error + 2e-12) * norm * np.linalg.norm(w) ** 3, name
        assert error <= 3 * tolerance * np.linalg.norm(exact(w)), name


@pytest.mark.parametrize("tolerance", [1e-1, 1e-3, 1e-8])
@pytest.mark.parametrize(("law", "side"), TORI, ids=repr)
def test_the_stated_error_is_that_of_the_whole_torus_tensor(law, side, tolerance):
    """Assert what the ring's test does, on tori of which all D^4 entries are found by polarisation."""
    found = module.pair_form(law, (side, side), tolerance)
    K = _dense(law, (side, side))
    true = np.linalg.norm(oracles.cubic_form_tensor(_form(found), side**2) - K) / np.linalg.norm(K)
    assert true <= found.error * (1 + 1e-6) + 1e-14
    assert found.error <= tolerance / 3
    assert found.error <= max(1.2 * true, tolerance / 30)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("law", "side"), [(NLGP(3.0, 1.0, "wrapped"), 6), (NLGP(0.1, 1.5, "wrapped"), 6), (NLGP(3.0, 0.7), 8)], ids=repr
)
def test_tori_of_six_and_eight_against_all_entries(law, side):
    """Assert |error of K(w,w,w)| <= error |K|_F |w|^3 against the sum over all D^3 entries of the law."""
    K = _dense(law, (side, side))
    for tolerance in (3e-2, 1e-3, 1e-8):
        found = module.pair_form(law, (side, side), tolerance)
        for name, w in oracles.fields(side**2).items():
            exact = np.einsum("ijkl,j,k,l->i", K, w, w, w, optimize=True)
            error = np.linalg.norm(_form(found)(w) - exact)
            assert error <= (found.error + 1e-13) * np.linalg.norm(K) * np.linalg.norm(w) ** 3, name


@pytest.mark.parametrize("tolerance", [1e-3, 1e-8])
@pytest.mark.parametrize(("law", "side"), LARGE, ids=repr)
def test_larger_tori_against_sums_over_few_sites(law, side, tolerance):
    """Assert K(w,w,w) at twenty sites, to ``error |K|_F |w|^3``, for a field on seven: 343 entries of the law each.

    Some of the sites crowd on a seam of the torus, the others are anywhere (seed 0).
    """
    found = module.pair_form(law, (side, side), tolerance)
    rng = np.random.default_rng(0)
    sites = np.concatenate([rng.integers(-1, 2, (4, 2)), rng.integers(0, side, (3, 2))]) % side
    at = np.concatenate([sites[:4], sites[:4] + 1, rng.integers(0, side, (12, 2))]) % side
    values = rng.standard_normal(7)
    w = np.zeros(side**2)
    np.add.at(w, sites @ [side, 1], values)
    triples = np.array(list(itertools.product(range(7), repeat=3)))
    offsets = sites[triples][None] - at[:, None, None]
    entries = fourth_cumulant(law, offsets.reshape(-1, 3, 2), size=(side, side)).reshape(20, -1)
    exact = entries @ values[triples].prod(axis=1)
    scale = np.linalg.norm(w) ** 3 * _norm(law, (side, side))
    assert np.linalg.norm(_form(found)(w)[at @ [side, 1]] - exact) <= (found.error + 1e-13) * 3 * scale


@lru_cache(maxsize=32)
def _norm(law, shape):
    """|K|_F, all entries kept that are not extrapolated at tolerance 1e-6."""
    return math.sqrt(pair_setup._window(law, quadruples.lattice(law, shape), 1e-13)[3] * math.prod(shape))


@pytest.mark.parametrize(
    ("law", "shape"),
    [
        (NLGP(3.0, 1.0), (24,)),
        (NLGP(math.inf, 2.0, "circular-exponential"), (24,)),
        (Ising(0.6), (24,)),
        (NLGP(3.0, 1.0), (9, 9)),
        (NLGP(0.1, 1.2, "wrapped"), (9, 9)),
        (NLGP(math.inf, 0.7, "circular-exponential"), (9, 9)),
    ],
    ids=repr,
)
def test_what_a_window_misses_is_extrapolated_from_above(law, shape):
    """Assert that what lies beyond a table is at most what is extrapolated from it, and a fifth of that or more.

    Where less than 1e-20 is missed, entries of K are rounding errors.
    """
    sites = quadruples.lattice(law, shape)
    levels, collect = int(sites.level[-1]) + 1, quadruples.Collector(law, sites)
    whole = pair_setup._missed(collect(levels), levels)
    triples = collect.values(sites.offsets % sites.shape @ np.array([sites.shape[1], 1]))
    share = np.bincount(sites.level, np.square(triples) * sites.orders)
    for wide in range(3, 2 * levels // 3):
        beyond = pair_setup._beyond(pair_setup._missed(collect(wide), wide), share)[wide]
        assert whole[wide] <= beyond + 1e-20
        assert beyond <= 5 * whole[wide] / (1 - whole[wide]) + 1e-20


@pytest.mark.parametrize(
    ("law", "shape"), [(NLGP(1.0, 1.0), (13,)), (Ising(0.5), (8,)), (NLGP(1.0, 1.0, "wrapped"), (6, 6))]
)
def test_every_ordered_quadruple_is_counted_once(law, shape):
    """Assert that the numbers of orders of all classes add up to D^3, and that windows count a part of them."""
    sites = quadruples.lattice(law, shape)
    collect, levels = quadruples.Collector(law, sites), int(sites.level[-1]) + 1
    assert collect(levels).orders.sum() == pytest.approx(sites.size**3, rel=1e-12)
    part = collect(2)
    near = sites.level_of < 2
    x = np.stack(np.divmod(np.arange(sites.size), sites.shape[1]), axis=1)
    close = near[((x[:, None] - x) % sites.shape) @ [sites.shape[1], 1]]
    pairings = [(close[0][:, None, None], close), (close[0][:, None], close[:, None]), (close[0], close[:, :, None])]
    covered = np.any([np.broadcast_to(one & two, (sites.size,) * 3) for one, two in pairings], axis=0)
    assert part.orders.sum() == pytest.approx(covered.sum(), rel=1e-12)


@pytest.mark.parametrize("gain", [0.1, 3.0, 1e3, math.inf])
@pytest.mark.parametrize(
    ("covariance", "xi", "shape"),
    [("squared-exponential", 6.0, (60,)), ("circular-exponential", 2.0, (40,)), ("wrapped", 2.0, (16, 16))],
)
def test_two_pairs_far_apart_have_a_small_fourth_cumulant(gain, covariance, xi, shape):
    """Assert |K| <= 2 c^2, half the bound used, where c < 0.05 links the two parts of a quadruple (seed 0)."""
    law = NLGP(gain, xi, covariance)
    sites, rng = quadruples.lattice(law, shape), np.random.default_rng(0)
    a, b = (sites.offsets[(rng.random(4000) ** 2 * len(sites.offsets)).astype(int)] for _ in range(2))
    n = rng.integers(0, sites.shape, (4000, 2))
    flat = (np.stack([a, n, n + b], axis=1) % sites.shape) @ [sites.shape[1], 1]
    codes = np.unique(flat @ [sites.size**2, sites.size, 1])
    bound = quadruples._pairings(codes, sites)[1]
    small = (bound < quadruples.BOUND * 0.05**2) & (bound > 1e-9)
    assert small.sum() > 100
    K = quadruples.Collector(law, sites)._compute(codes[small])
    assert np.all(np.abs(K) <= bound[small] * (2 / quadruples.BOUND) * (1 + 1e-9) + 1e-15)


@pytest.mark.parametrize(
    ("law", "shape"), [(NLGP(3.0, 4.0, "wrapped"), (21,)), (Ising(0.8), (16,)), (NLGP(math.inf, 0.7), (10, 10))]
)
def test_symmetries_of_the_lattice_commute_with_the_form(law, shape):
    """Assert K(Tw,Tw,Tw) = T K(w,w,w) to 1e-13 for translations, reflections and, on a torus, the transposition."""
    form, w = _form(module.pair_form(law, shape, 1e-3)), np.random.default_rng(0).standard_normal(shape)
    axes = tuple(range(len(shape)))
    maps = [lambda f: np.roll(f, (3, 2)[: len(shape)], axes), lambda f: f[::-1], np.transpose, lambda f: f.T[::-1]]
    expected = form(w.ravel()).reshape(shape)
    for change in maps:
        got = form(np.ascontiguousarray(change(w)).ravel()).reshape(shape)
        assert np.abs(got - change(expected)).max() < 1e-13 * np.abs(expected).max()


def test_waves_that_do_not_matter_are_left_out():
    """Assert fewer waves than there are for a smooth law, and an error that counts them."""
    law = NLGP(0.1, 6.0, "wrapped")
    found = module.pair_form(law, (20,), 1e-3)
    assert found.pairs[0, 3] < 11
    assert found.error > 0


def test_a_gaussian_law_contracts_to_zero():
    """Assert zeros and no error for GP."""
    for shape in ((5,), (4, 4)):
        found = module.pair_form(GP(NLGP(3.0, 0.5)), shape, 0.0)
        assert found.error == 0.0
        assert not np.any(_form(found)(np.ones(math.prod(shape))))


def _mutants():
    def pairs(found, columns, change):
        table = found.pairs.copy()
        table[1:, columns] = change(table[1:, columns])
        return replace(found, pairs=table)

    def coupled(found, factor):
        return replace(found, coupling=np.ascontiguousarray(found.coupling * factor))

    n = slice(None)
    return {
        "not halved": lambda f: coupled(f, 2.0),
        "wave 0 twice": lambda f: coupled(f, np.where(np.arange(len(f.coupling)) == 0, 2.0, 1.0)[n, None, None]),
        "last wave forgotten": lambda f: coupled(f, (np.arange(len(f.coupling)) < len(f.coupling) - 1)[n, None, None]),
        "no mirror": lambda f: pairs(f, 4, lambda m: np.arange(len(m))),
        "no turns": lambda f: pairs(f, 5, np.zeros_like),
        "pairs too short": lambda f: pairs(f, [0, 2], lambda sites: sites - 1),
        "no sines": lambda f: replace(f, waves=f.waves * np.array([1, 1, 0, 0] * 2)[:, None, None]),
    }


@pytest.mark.parametrize("name", list(_mutants()))
def test_a_planted_mistake_is_noticed(name):
    """Assert that each mistake changes K(w,w,w) of a random field by more than a thousand times what is allowed."""
    law, shape = NLGP(3.0, 1.0, "wrapped"), (6, 6)
    found = module.pair_form(law, shape, 1e-8)
    w = oracles.fields(36)["random"]
    right, wrong = _form(found)(w), _form(_mutants()[name](found))(w)
    assert not np.linalg.norm(wrong - right) <= 1e-5 * np.linalg.norm(right)


@pytest.mark.parametrize("name", ["orders", "share", "centre"])
def test_a_wrong_weight_in_the_set_up_is_noticed(name, monkeypatch):
    """Assert that a pair's two orders, the share of a pairing and the middle of a pair count: thrice the tolerance."""
    law, size = NLGP(3.0, 2.0, "wrapped"), 12
    if name == "orders":
        monkeypatch.setattr(pair_setup._Coupling, "cut", _with_single_orders(pair_setup._Coupling.cut))
    elif name == "share":
        monkeypatch.setattr(pair_setup, "_window", _with_all_pairings(pair_setup._window))
    else:
        monkeypatch.setattr(pair_setup._Coupling, "_phase", lambda s, a: np.ones((len(s.offsets) - a, 1, 1)))
    found = module.pair_form(law, (size,), 1e-3)
    w, (exact, _) = oracles.fields(size)["random"], _list(law, size)
    assert np.linalg.norm(_form(found)(w) - exact(w)) > 3e-3 * np.linalg.norm(exact(w))


def _with_single_orders(cut):
    def changed(coupling, *arguments):
        coupling.roots = np.ones_like(coupling.roots)
        return cut(coupling, *arguments)

    return changed


def _with_all_pairings(window):
    def changed(*arguments):
        levels, found, *rest = window(*arguments)
        return levels, replace(found, pairings=np.repeat(found.pairings[:, :1], 3, axis=1)), *rest

    return changed
