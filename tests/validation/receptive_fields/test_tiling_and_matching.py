"""Coverage of ring and torus by centres has the stated p; fields are matched with filters up to symmetry.

Statistical bounds have a false-alarm rate below 1e-4 each, with the seeds stated.
"""

from __future__ import annotations

import json
from itertools import permutations

import numpy as np
import pytest
from scipy import stats

from cumulode import match_fields, tiling
from cumulode.validation import plot_match
from cumulode.validation.receptive_fields.tiling import critical_gap, largest_gap_p

RNG = np.random.default_rng(15)


def largest_gaps(count: int, draws: int) -> np.ndarray:
    """Largest gap of ``count`` uniform points on a circle of length 1, many times, from their sorted places."""
    points = np.sort(RNG.random((draws, count)), axis=-1)
    return np.diff(points, axis=-1, append=points[:, :1] + 1).max(axis=-1)


@pytest.mark.parametrize("count", [2, 3, 8, 60])
def test_the_closed_form_is_that_of_uniform_points(count) -> None:
    """Assert P(largest gap >= x) at seven x, and at the critical gap, within 5 standard errors of 40000 draws."""
    drawn = largest_gaps(count, 40_000)
    for x in [*np.quantile(drawn, [0.02, 0.2, 0.5, 0.8, 0.95, 0.99]), critical_gap(count, 0.01)]:
        p = largest_gap_p(float(x), count)
        assert abs(np.mean(drawn >= x) - p) < 5 * np.sqrt(p * (1 - p) / drawn.size) + 1e-9
    assert largest_gap_p(critical_gap(count, 0.01), count) == pytest.approx(0.01, rel=1e-6)


def test_two_and_many_points_by_hand() -> None:
    """Assert P = 2 (1 - x) for two points, 1 at the mean gap, 0 at the whole ring, for 400 points too."""
    assert largest_gap_p(0.7, 2) == pytest.approx(0.6, abs=1e-10)
    assert largest_gap_p(1 / 400, 400) == 1.0
    assert largest_gap_p(1.0, 400) == 0.0
    assert 0 < largest_gap_p(0.02, 400) < 1


def test_uniform_points_give_uniform_p_and_combine() -> None:
    """Assert p of 2000 rings (KS) and of 60 tori (KS), and Fisher's p by scipy, unsuspicious at 1e-4."""
    found = tiling(RNG.random((2000, 8)) * 40, 40)
    assert stats.kstest(found.p, "uniform").pvalue > 1e-4
    assert found.combined == pytest.approx(stats.combine_pvalues(found.p).pvalue, rel=1e-9)
    torus = tiling(RNG.random((60, 6, 2)) * 8, (8, 8))
    assert stats.kstest(torus.p, "uniform").pvalue > 1e-4


def test_clusters_are_found_and_even_centres_cover() -> None:
    """Assert a small p and a gap beyond the critical one for clusters, neither for even centres, on ring and torus."""
    clustered, even = tiling(18 + RNG.random((4, 8)) * 4, 40), tiling(np.arange(8) * 5.0 - 3, 40)
    assert clustered.p.max() < 1e-3
    assert clustered.combined < 1e-9
    assert not clustered.covers
    assert even.p[0] == 1.0
    assert even.covers
    assert even.largest[0] == pytest.approx(5.0)
    square = np.stack(np.meshgrid(np.arange(3) * 4.0, np.arange(3) * 4.0), axis=-1).reshape(-1, 2)
    assert tiling(square, (12, 12)).p[0] > 0.5
    assert tiling(square, (12, 12)).largest[0] == pytest.approx(8**0.5)
    assert tiling([[3.5, 1.0]], (4, 4)).largest[0] == pytest.approx((1.5**2 + 2**2) ** 0.5)
    assert tiling(square / 12, (12, 12)).p[0] <= 0.01
    assert tiling(square / 12, (12, 12)).to_dict() == tiling(square / 12, (12, 12)).to_dict()
    json.dumps(clustered.to_dict())


def test_gaps_go_round_the_ring_and_nan_is_left_out() -> None:
    """Assert the gaps of three centres, one given beyond the ring, with NaN among them."""
    found = tiling([41.0, np.nan, 10.0, 31.0], 40)
    assert np.allclose(found.gaps[0], [9, 21, 10])
    assert found.counts.tolist() == [3]
    assert found.largest[0] == pytest.approx(21)
    assert found.p[0] == pytest.approx(largest_gap_p(21 / 40, 3))


def bump(size: int, width: float) -> np.ndarray:
    """A bump with a lobe on one side: not its own mirror image."""
    d = np.arange(size) - size // 2
    return np.exp(-(d**2) / (2 * width**2)) - 0.4 * np.exp(-((d - 2 * width) ** 2) / (2 * width**2))


def test_moved_reflected_and_negated_filters_are_found() -> None:
    """Assert assignment and correlation 1 for filters that are the fields, moved, mirrored, negated and scaled."""
    fields = np.stack([bump(40, s) for s in (1.0, 2.0, 3.5)])
    filters = np.stack([-3 * np.roll(fields[2][::-1], 7), np.roll(fields[0], -4), 0.1 * np.roll(fields[1][::-1], 21)])
    found = match_fields(fields, filters)
    assert found.assignment.tolist() == [1, 2, 0]
    assert np.allclose(found.correlation, 1)
    assert np.allclose(found.field_width, found.filter_width)
    assert found.symmetry.sign.tolist() == [1, 1, -1]
    scaled = found.aligned * (np.abs(fields).max(axis=1) / np.abs(found.aligned).max(axis=1))[:, None]
    assert np.allclose(scaled, fields)


def test_correlations_and_the_assignment_are_the_largest_by_brute_force() -> None:
    """Assert each correlation against numpy's corrcoef over all shifts and mirrors, and the sum over permutations."""
    fields, filters = RNG.standard_normal((3, 9)), RNG.standard_normal((4, 9))
    found = match_fields(fields, filters)
    for (i, j), value in np.ndenumerate(found.correlations):
        moved = [np.roll(v, s) for v in (filters[j], filters[j][::-1]) for s in range(9)]
        assert value == pytest.approx(max(abs(np.corrcoef(fields[i], v)[0, 1]) for v in moved))
    best = max(sum(found.correlations[range(3), list(p)]) for p in permutations(range(4), 3))
    assert found.correlation.sum() == pytest.approx(best)
    for k in range(3):
        assert abs(np.corrcoef(found.aligned[k], fields[k])[0, 1]) == pytest.approx(found.correlation[k])


def test_few_filters_few_taps_and_tori() -> None:
    """Assert that each of more fields takes its best filter, short filters are continued by 0, a turned square fits."""
    short = match_fields(np.stack([bump(40, 2.0)] * 3), bump(20, 2.0)[None, :])
    assert short.assignment.tolist() == [0, 0, 0]
    assert short.correlation.min() > 0.999
    square = RNG.standard_normal((4, 4))
    turned = match_fields(square.reshape(1, -1), -np.rot90(square).reshape(1, -1), (4, 4))
    assert turned.correlation[0] == pytest.approx(1)


@pytest.mark.parametrize("shape", [None, (6, 6)])
def test_the_figure_shows_every_pair(shape) -> None:
    """Assert a correlation written for each pair, on ring and torus."""
    found = match_fields(RNG.standard_normal((3, 36)), RNG.standard_normal((3, 36)), shape)
    texts = {text.get_text() for text in plot_match(found).texts}
    assert {f"{r:.3f}" for r in found.correlation} <= texts
