"""Assert that a convolutional CP decomposition is what it says it is, and that its error is the error."""

import json
from dataclasses import replace
from functools import lru_cache
from itertools import permutations

import numpy as np
import pytest

from cumulode import NLGP, Ising, convolutional_cp, fourth_cumulant
from cumulode.numerics.contraction.low_rank_setup import Line, line_table
from cumulode.numerics.decomposition import line as line_module
from cumulode.numerics.decomposition.convolutional_cp import _centred
from cumulode.numerics.decomposition.fit import (
    RIDGE,
    correlations,
    fit,
    gradient,
    normal_equations,
    point,
    solve_positive,
)
from cumulode.numerics.decomposition.line import by_sorted_gaps, residual, segment
from cumulode.validation.plots.decomposition import SIGNS, factors

LAW = NLGP(gain=3.0, xi=1.0)
SEED = 20220905


def _factors(rank, n, seed=SEED):
    G = np.random.default_rng(seed).normal(size=(rank, n))
    return G / np.linalg.norm(G, axis=1)[:, None]


def _cube(extent):
    """All offsets (a, b, c) of up to ``extent`` sites either way."""
    return np.indices((2 * extent + 1,) * 3).reshape(3, -1).T - extent


def _brute_tensor(G, c, offsets):
    """sum_r c_r sum_m G_r(m) G_r(m+a) G_r(m+b) G_r(m+c), by loops."""
    n, out = G.shape[1], np.zeros(len(offsets))
    for row, (a, b, d) in enumerate(offsets):
        for m in range(n):
            if all(0 <= m + s < n for s in (a, b, d)):
                out[row] += (c * G[:, m] * G[:, m + a] * G[:, m + b] * G[:, m + d]).sum()
    return out


def _on_the_ring(g, size):
    """Dense tensor of one convolutional term on a ring, (size,)*4, by outer products."""
    total = np.zeros((size,) * 4)
    for m in range(size):
        v = np.roll(np.concatenate([g, np.zeros(size - len(g))]), m)
        total += np.einsum("i,j,k,l", v, v, v, v)
    return total


@lru_cache(maxsize=8)
def _found(law, rank, **options):
    return convolutional_cp(law, rank, **options)


def _check_cubic(form):
    """The form on seven sites is the contraction of the law's entries."""
    n, G = form.n, _factors(3, form.n)
    sites = np.indices((n,) * 4).reshape(4, -1).T
    K = fourth_cumulant(LAW, sites[:, 1:] - sites[:, :1]).reshape((n,) * 4) / form.norm
    np.testing.assert_allclose(form.cubic(G), np.einsum("ijkl,rj,rk,rl->ri", K, G, G, G), rtol=0, atol=1e-12)


def test_the_form_on_a_segment_is_the_contraction_of_the_entries():
    """Assert K(G,G,G) on 7 sites against all 7^4 entries of the law; gaps up to 6 are all in the table."""
    _check_cubic(segment(line_table(LAW, 7), 7))


@pytest.mark.parametrize("name", ["ahead", "between", "ends", "norm"])
def test_a_planted_factor_in_the_form_is_noticed(name):
    """Assert that one part in a thousand on any of its parts fails the test above."""
    form = segment(line_table(LAW, 7), 7)
    with pytest.raises(AssertionError):
        _check_cubic(replace(form, **{name: getattr(form, name) * 1.001}))


def test_the_norm_is_that_of_all_entries():
    """Assert |K|^2 against the sum of squares over all offsets up to 8 sites."""
    entries = fourth_cumulant(LAW, _cube(8))
    assert segment(line_table(LAW, 7), 7).norm == pytest.approx(np.linalg.norm(entries), rel=1e-10)


def test_entries_by_sorted_gaps_are_the_sum_over_translations():
    """Assert every entry of a random decomposition against loops, off the support too."""
    G, c = _factors(2, 4), np.array([1.5, -0.7])
    gaps = np.indices((6,) * 3).reshape(3, -1).T
    expected = _brute_tensor(G, c, np.cumsum(gaps, axis=1)).reshape((6,) * 3)
    np.testing.assert_allclose(by_sorted_gaps(G, c, 6), expected, rtol=0, atol=1e-14)


def test_the_normal_equations_are_those_of_the_dense_tensor():
    """Assert the Gauss-Newton matrix with the coefficients projected out against the dense Jacobian on a ring."""
    rank, n, size = 2, 4, 9  # 2n - 1 < size: the factors meet themselves from one side only
    at = point(segment(line_table(LAW, 7), n), _factors(rank, n))
    terms = np.array([_on_the_ring(g, size).ravel() for g in at.G])
    columns = []
    for r in range(rank):
        for a in range(n):
            change = np.zeros(n)
            change[a] = 0.5
            # a quartic's derivative from four of its values is exact
            near, far = (
                _on_the_ring(at.G[r] + s * change, size) - _on_the_ring(at.G[r] - s * change, size) for s in (1, 2)
            )
            columns.append(at.c[r] * (8 * near - far).ravel() / 6)
    J = np.array(columns)
    gram, mixed = terms @ terms.T / size, J @ terms.T / size
    np.testing.assert_allclose(at.gram, gram + RIDGE * np.eye(rank), rtol=1e-12)
    expected = J @ J.T / size - mixed @ np.linalg.solve(gram, mixed.T)
    np.testing.assert_allclose(normal_equations(at)[0], expected, rtol=0, atol=1e-9 * np.abs(expected).max())


def test_the_gradient_is_the_derivative_of_what_is_left():
    """Assert it against central differences of the projected objective, coefficients solved anew each time.

    The objective does not depend on a factor's length: what points along the factor itself vanishes in both.
    """
    form, G, step = segment(line_table(LAW, 7), 5), _factors(3, 5), 1e-5
    expected = np.zeros_like(G)
    for index in np.ndindex(*G.shape):
        change = np.zeros_like(G)
        change[index] = step
        expected[index] = (point(form, G + change).left - point(form, G - change).left) / (4 * step)
    at = point(form, G)
    assert np.abs(expected).max() > 0.01
    np.testing.assert_allclose(gradient(at), expected, rtol=0, atol=1e-8)
    np.testing.assert_allclose(normal_equations(at)[1], gradient(at), rtol=0, atol=1e-14)


def test_the_error_is_that_of_all_entries_of_the_line():
    """Assert the error of a found decomposition against all offsets up to 11 sites either way."""
    found = _found(LAW, 3)
    offsets = _cube(11)
    wrong = found.tensor(offsets) - fourth_cumulant(LAW, offsets)
    assert found.error == pytest.approx(np.linalg.norm(wrong) / found.norm, rel=1e-6)


def test_a_wrong_multiplicity_is_noticed(monkeypatch):
    """Assert that the error changes where each entry counts once instead of once an order of its sites."""
    found = _found(LAW, 3)
    form = segment(line_table(LAW, 7), len(found.offsets))
    right = residual(form, found.factors, found.coefficients / found.norm)
    assert right == pytest.approx(found.error, rel=1e-6)
    monkeypatch.setattr(line_module, "sorted_orders", lambda n: np.ones((n,) * 3))
    wrong = residual(form, found.factors, found.coefficients / found.norm)
    assert abs(wrong / right - 1) > 0.1


@pytest.mark.parametrize("longest", [2, 3])
def test_the_error_bounds_the_true_one_when_the_table_is_short(longest):
    """Assert that entries beyond the table, of which only the norm is known, make the error larger, never smaller."""
    line = line_table(NLGP(gain=3.0, xi=1.5), longest)
    at = point(segment(line, 9), np.exp(-((np.arange(-4, 5) / np.array([[0.7], [1.5]])) ** 2)))
    short = segment(line, 9)
    offsets = _cube(12)
    exact = fourth_cumulant(NLGP(gain=3.0, xi=1.5), offsets)
    true = np.linalg.norm(_found_tensor(at, offsets) * short.norm - exact) / np.linalg.norm(exact)
    assert true < residual(short, at.G, at.c) < 3 * true


def _found_tensor(at, offsets):
    extent = np.abs(offsets).max()
    table = by_sorted_gaps(at.G, at.c, 2 * extent + 1)
    gaps = np.diff(np.sort(np.concatenate([np.zeros((len(offsets), 1), int), offsets], axis=1), axis=1), axis=1)
    return table[tuple(gaps.T)]


@pytest.mark.parametrize("seed", [0, 1])
def test_planted_factors_are_recovered(seed):
    """Assert that a tensor made of two terms of opposite sign gives back its factors, signs and coefficients.

    Two terms of a tensor of order four with generic factors are unique; the fit starts 20 % off.
    """
    G, c = _factors(2, 5, SEED + seed), np.array([1.0, -0.6])
    gaps = np.indices((5,) * 3).reshape(3, -1).T
    table = _brute_tensor(G, c, np.cumsum(gaps, axis=1)).reshape((5,) * 3)
    form = segment(Line(0.5 * (table + table.transpose(2, 1, 0)), 0.0), 5)
    # K is its own mirror image on the line: so are the factors that a term and its mirror image share
    mirrored = np.concatenate([G, G[:, ::-1]])
    at = fit(form, mirrored + 0.2 * _factors(4, 5, SEED + 7), 300)
    assert residual(form, at.G, at.c) < 1e-6
    assert residual(form, mirrored, np.tile(c, 2) / 2 / form.norm) < 1e-12
    c_found = at.c * form.norm
    overlap = np.abs(correlations(np.concatenate([at.G, mirrored]))[:4, 4:]).max(axis=2)
    best = max(permutations(range(4)), key=lambda p: sum(overlap[p[i], i] for i in range(4)))
    np.testing.assert_allclose([overlap[best[i], i] for i in range(4)], 1, atol=1e-5)
    np.testing.assert_allclose(c_found[list(best)], np.tile(c, 2) / 2, atol=1e-4)


@pytest.mark.parametrize("law", [NLGP(gain=np.inf, xi=2.0), NLGP(gain=0.3, xi=1.0), Ising(t=0.4)], ids=str)
def test_twice_the_rank_is_never_worse(law):
    """Assert errors falling from rank 1 to 2 to 4, and that more than one term is worth it."""
    errors = [_found(law, rank).error for rank in (1, 2, 4)]
    assert errors[0] > errors[1] > errors[2]
    assert errors[2] < 0.06 * errors[0]


@pytest.mark.slow
@pytest.mark.parametrize("gain", [0.3, np.inf])
def test_eight_terms_leave_two_parts_in_a_thousand(gain):
    """Assert the published target at the longest correlation it is meant for."""
    assert convolutional_cp(NLGP(gain=gain, xi=4.0), 8).error < 2e-3


def test_two_terms_at_small_gain_are_a_nearly_cancelling_pair():
    """Assert opposite signs, sizes far above |K|, and no larger error than the pair c +- eps delta of the theory.

    To first order in q = g^2/(1+g^2) that pair, eq. (cubic.4, border rank pair), is exact as eps vanishes; what q^2
    leaves is of order q.
    """
    law = NLGP(gain=0.1, xi=1.0)
    found = _found(law, 2)
    assert found.signs.sum() == 0
    assert found.max_coefficient > 10
    assert abs(found.coefficients.sum()) < 0.1 * np.abs(found.coefficients).max()
    d = np.arange(-5, 6)
    form = segment(line_table(law, 5), d.size)
    c, delta = np.exp(-(d**2.0)), (d == 0).astype(float)
    pairs = [point(form, np.stack([c + eps * delta, c - eps * delta])) for eps in (0.01, 0.02, 0.05, 0.1)]
    theirs = min(residual(form, at.G, at.c) for at in pairs)
    assert found.error <= theirs
    assert theirs < 3 * law.q


@pytest.mark.parametrize("t", [0.5, -0.3])
def test_the_ising_chain_is_a_limit_of_two_one_sided_terms(t):
    """Assert that ``K = -2 [ (1-t^2) dT + (1-t^4) T ]``, T the term of ``g(d) = t^(-d)`` at d <= 0 and dT its derivative
    towards ``t^d`` at d > 0: an error of order eps^2 from ``g +- eps f``; and that the fit finds as good a pair.
    """
    law, d = Ising(t=t), np.arange(-25, 26)
    g, f = np.where(d <= 0, t ** np.abs(d), 0.0), np.where(d > 0, t ** np.abs(d), 0.0)
    offsets = _cube(4)
    exact = fourth_cumulant(law, offsets)

    def pair(eps):
        weights = [-(1 - t**4) - (1 - t**2) / eps, -(1 - t**4) + (1 - t**2) / eps]
        return _brute_tensor(np.stack([g + eps * f, g - eps * f]), np.array(weights), offsets)

    coarse, fine = (np.linalg.norm(pair(eps) - exact) for eps in (0.02, 0.01))
    assert coarse / fine == pytest.approx(4, rel=0.01)
    assert fine < 2e-4 * np.linalg.norm(exact)
    found = _found(law, 2)
    assert found.error < 2e-4
    assert found.signs.sum() == 0


def test_the_cubic_term_is_the_laws_within_the_error():
    """Assert K(w,w,w) against the dense ring tensor of the decomposition, and of the law within the error's bound."""
    found, size = _found(LAW, 4), 16
    w = np.random.default_rng(SEED).normal(size=size)
    dense = sum(c * _on_the_ring(g, size) for g, c in zip(found.factors, found.coefficients, strict=True))
    np.testing.assert_allclose(found.cubic(w), np.einsum("ijkl,j,k,l->i", dense, w, w, w), rtol=0, atol=1e-10)
    offsets = np.indices((size,) * 3).reshape(3, -1).T
    row = fourth_cumulant(LAW, offsets, size).reshape((size,) * 3)
    exact = [np.einsum("jkl,j,k,l", row, *(np.roll(w, -i),) * 3) for i in range(size)]
    bound = found.error * found.norm * np.sqrt(size) * np.linalg.norm(w) ** 3
    assert 0 < np.linalg.norm(found.cubic(w) - exact) < bound


def test_factors_are_normalised_centred_and_ordered():
    """Assert norm 1, the centre within half a site, sums not negative, widths, coefficients in order, sizes of terms."""
    found = _found(LAW, 4)
    weight = found.factors**2
    np.testing.assert_allclose(weight.sum(axis=1), 1, rtol=1e-12)
    middle = weight @ found.offsets
    assert np.abs(middle).max() <= 0.5 + 1e-9
    assert (found.factors.sum(axis=1) >= 0).all()
    spread = [np.sqrt(np.average((found.offsets - m) ** 2, weights=p)) for m, p in zip(middle, weight, strict=True)]
    np.testing.assert_allclose(found.widths, spread, rtol=1e-10)
    assert (np.diff(np.abs(found.coefficients)) <= 0).all()
    assert found.max_coefficient == pytest.approx(np.abs(found.coefficients[0]) / found.norm)
    terms = [np.linalg.norm(_brute_tensor(g[None], np.ones(1), _cube(5))) for g in found.factors]
    assert found.cancellation == pytest.approx(np.max(terms * np.abs(found.coefficients)) / found.norm, rel=1e-2)
    assert found.path[-1] == LAW.gain


def test_moving_a_factor_to_the_middle_changes_nothing():
    """Assert the same entries from factors at both ends of their support before and after."""
    form = segment(line_table(LAW, 5), 9)
    G = np.stack([np.eye(9)[0] + 0.5 * np.eye(9)[1], -np.eye(9)[8] - 0.3 * np.eye(9)[6]])
    at = point(form, G)
    placed = _centred(at)
    np.testing.assert_allclose(
        by_sorted_gaps(placed.factors, placed.coefficients, 9), by_sorted_gaps(at.G, at.c, 9), rtol=0, atol=1e-14
    )


def test_the_result_is_a_function_of_the_arguments():
    """Assert the same bytes twice; another seed may find another optimum, of an error that is stated."""
    again = convolutional_cp(LAW, 3)
    np.testing.assert_array_equal(again.factors, _found(LAW, 3).factors)
    np.testing.assert_array_equal(again.coefficients, _found(LAW, 3).coefficients)


@pytest.mark.parametrize("law", [NLGP(gain=1e-3, xi=0.01), NLGP(gain=np.inf, xi=0.01), Ising(t=0.0)], ids=str)
def test_a_law_without_correlations_has_one_term(law):
    """Assert one term, a single site, with the marginal's fourth cumulant as its coefficient."""
    found = convolutional_cp(law, 1)
    assert found.error < 1e-7
    assert found.coefficients[0] == pytest.approx(fourth_cumulant(law, [[0, 0, 0]])[0], rel=1e-9)


def test_results_can_be_read_by_people_and_programs():
    """Assert JSON without infinities, and texts that hold the error."""
    found = convolutional_cp(NLGP(gain=np.inf, xi=0.5), 2)
    plain = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert plain["error"] == found.error
    assert plain["provenance"]["law"]["gain"] is None
    assert f"error {found.error:.2g}" in repr(found)
    assert f"{found.error:.2g}" in found._repr_html_()


@pytest.mark.parametrize("n", [1, 3, 4, 18])
def test_cholesky_solves_and_refuses(n):
    """Assert the solution against numpy's, and False for a matrix that is not positive."""
    rng = np.random.default_rng(SEED)
    B, b, x = rng.normal(size=(n, n + 3)), rng.normal(size=n), np.empty(n)
    A = B @ B.T
    assert solve_positive(A.copy(), b, x)
    np.testing.assert_allclose(x, np.linalg.solve(A, b), rtol=1e-8)
    A[n - 1, n - 1] = -1.0
    assert not solve_positive(A.copy(), b, x)


def test_the_figure_shows_every_factor_in_the_colour_of_its_sign():
    """Assert the lines' data, colours and legend, drawn into the Axes given."""
    from matplotlib.figure import Figure

    found, ax = _found(LAW, 3), Figure().add_subplot()
    assert factors(found, ax) is ax
    lines = ax.get_lines()[: found.rank]
    for line, factor, sign in zip(lines, found.factors, found.signs, strict=True):
        np.testing.assert_array_equal(line.get_ydata(), factor)
        assert line.get_color() == SIGNS[sign]
    texts = [text.get_text() for text in ax.get_legend().get_texts()]
    assert texts == [f"{c:+.2g}" for c in found.coefficients / found.norm]
    assert f"{found.error:.1e}" in ax.get_legend().get_title().get_text()
    assert factors(found, legend=False).get_legend() is None
