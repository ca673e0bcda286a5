"""Random streams are NumPy's SFC64 side by side, and the ziggurat's numbers are normal.

Tests of distribution fail by chance with p < 1e-6 each, 2e-5 together; their seeds are stated.
"""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from cumulode.numerics.compile.jit import kernel
from cumulode.validation.sampling import normals, streams
from cumulode.validation.sampling.normals import STRIPS, TAIL, edges, fill_normals, propose
from cumulode.validation.sampling.streams import BLOCK, LANES, fill_words, next_word, stream, uniform

CHANCE = 1e-6


@kernel
def _words(made: np.ndarray, out: np.ndarray) -> None:
    for i in range(out.size):
        out[i] = next_word(made)


@kernel
def _uniforms(made: np.ndarray, out: np.ndarray) -> None:
    for i in range(out.size):
        out[i] = uniform(made)


def drawn(seed: int, n: int) -> np.ndarray:
    """``n`` normal numbers of a seed, drawn in pieces of changing size."""
    x, made = np.empty(n), stream(np.random.SeedSequence(seed))
    start = 0
    for piece in (1, 7, 500, 513, n):
        fill_normals(made, x[start : start + piece])
        start = min(start + piece, n)
    return x


def numpys_words(seed: int, key: tuple[int, ...], steps: int) -> np.ndarray:
    """What NumPy's own SFC64 gives, lane by lane: (steps, LANES)."""
    seeds = np.random.SeedSequence(seed, spawn_key=key).generate_state(3 * LANES, np.uint64).reshape(LANES, 3)
    lanes = []
    for words in seeds:
        lane = np.random.SFC64(0)
        state = lane.state
        state["state"]["state"] = np.array([*words, 1], np.uint64)
        lane.state = state
        lanes.append(lane.random_raw(12 + steps)[12:])
    return np.array(lanes).T


def test_a_lane_is_numpys_generator() -> None:
    """Assert that the words are those of 32 SFC64 of NumPy, and that NumPy seeds as is assumed (to the bit)."""
    out = np.empty(3 * BLOCK, np.uint64)
    _words(stream(np.random.SeedSequence(5), (2,)), out)
    np.testing.assert_array_equal(out.reshape(-1, LANES), numpys_words(5, (2,), 3 * BLOCK // LANES))
    words = np.random.SeedSequence(9).generate_state(3, np.uint64)
    one = np.random.SFC64(0)
    state = one.state
    state["state"]["state"] = np.array([*words, 1], np.uint64)
    one.state = state
    one.random_raw(12)
    np.testing.assert_array_equal(one.random_raw(5), np.random.SFC64(np.random.SeedSequence(9)).random_raw(5))


def test_uniform_numbers_are_the_words_inside_the_unit_interval() -> None:
    """Assert that they are (upper 52 bits + 1/2) 2^-52: exactly symmetric, never 0 or 1."""
    made = stream(np.random.SeedSequence(5), (2,))
    out = np.empty(1000)
    _uniforms(made, out)
    bits = numpys_words(5, (2,), 32).ravel()[:1000] >> np.uint64(12)
    np.testing.assert_array_equal(out, (bits.astype(float) + 0.5) * 2.0**-52)
    made[streams.WORDS : streams.WORDS + 2] = 0, 2**64 - 1
    made[streams.USED] = 0
    _uniforms(made, out[:2])
    assert 0 < out[0] < 1e-15
    assert out[1] == 1 - out[0] < 1


def test_the_strips_have_equal_areas_and_close_at_zero() -> None:
    """Assert that the last strip ends at the top of the density, within 1e-14, all areas alike within 1e-12."""
    x = edges(TAIL, STRIPS)
    height = np.exp(-0.5 * x**2)
    area = TAIL * height[1] + math.sqrt(2 * math.pi) * stats.norm.sf(TAIL)
    assert x[0] * height[1] == pytest.approx(area, rel=1e-13)
    np.testing.assert_allclose(x[1:-1] * np.diff(height[1:]), area, rtol=1e-11)
    assert height[-2] + area / x[-2] == pytest.approx(1.0, abs=1e-13)
    assert np.all(np.diff(x) < 0)


def chi_square(x: np.ndarray, cells: int) -> float:
    """p of the counts of ``x`` in cells of equal probability."""
    counts = np.bincount(np.minimum((stats.norm.cdf(x) * cells).astype(int), cells - 1), minlength=cells)
    return float(stats.chisquare(counts).pvalue)


def test_the_numbers_are_normal() -> None:
    """Assert Kolmogorov-Smirnov, chi-square in 2000 cells, moments to the eighth, and both tails (2^22, seed 21)."""
    x = drawn(21, 2**22)
    assert stats.kstest(x[: 2**20], stats.norm.cdf).pvalue > CHANCE
    assert chi_square(x, 2000) > CHANCE
    exact = {1: 0, 2: 1, 3: 0, 4: 3, 5: 0, 6: 15, 7: 0, 8: 105, 16: 2027025}
    for k in range(1, 9):
        variance = (exact[2 * k] if 2 * k in exact else math.prod(range(1, 2 * k, 2))) - exact[k] ** 2
        assert abs((x**k).mean() - exact[k]) < 5 * math.sqrt(variance / x.size), f"moment {k}"
    for side in (x, -x):
        beyond = side[side > TAIL]  # drawn by other means than the rest
        expected = x.size * stats.norm.sf(TAIL)
        assert abs(beyond.size - expected) < 5 * math.sqrt(expected)
        assert stats.kstest(beyond, lambda v: 1 - stats.norm.sf(v) / stats.norm.sf(TAIL)).pvalue > CHANCE


def sawtooth(x: np.ndarray) -> float:
    """Standard errors by which the places of ``|x|`` between neighbouring edges are off, for ``|x| < TAIL``.

    Undecided wedges would make the density a staircase, which no histogram of this size sees; but all its steps lean
    the same way. Every place counts with the slope of the density there.
    """
    x = np.abs(x)
    x, edge = x[x < TAIL], edges(TAIL, STRIPS)[:0:-1]  # ascending, from 0 to TAIL
    step = np.searchsorted(edge, x, side="right") - 1
    width, height = np.diff(edge), stats.norm.pdf(edge)
    mean = (-np.diff(height) / np.diff(stats.norm.cdf(edge)) - edge[:-1]) / width
    slope = 1 - height[1:] / height[:-1]
    place = (x - edge[step]) / width[step]
    return float((slope[step] * (place - mean[step])).sum() / math.sqrt((slope[step] ** 2).sum() / 12))


def test_the_wedges_are_decided() -> None:
    """Assert that places between edges are right, within 5 errors, and off by more than 6 if all are kept (seed 21)."""
    words = np.empty(2**22, np.uint64)
    fill_words(stream(np.random.SeedSequence(21)), words)
    x, doubtful = np.empty(words.size), np.empty(words.size, np.bool_)
    propose(words, x, doubtful)
    assert 0.005 < doubtful.mean() < 0.01
    assert abs(sawtooth(x)) > 6
    assert abs(sawtooth(x[~doubtful])) > 6
    assert abs(sawtooth(drawn(21, 2**22))) < 5


def test_a_wedge_and_the_tail_have_their_own_laws() -> None:
    """Assert that what is kept of a wedge, and what is drawn for the tail, follows the law (300 000 each, seed 22).

    The tail is nearly exponential; so that it is not quite is seen in the mean of 4 000 000.
    """
    made = stream(np.random.SeedSequence(22))
    tail = _decided(made, 0, 4_000_000)
    exact = stats.norm.pdf(TAIL) / stats.norm.sf(TAIL)
    assert abs(tail.mean() - exact) < 5 * tail.std() / math.sqrt(tail.size)
    for strip in (0, 1, STRIPS // 2, STRIPS - 1):
        x = _decided(made, strip, 300_000)
        assert stats.kstest(x, _law_of_a_strip(strip)).pvalue > CHANCE


@kernel
def _first_decisions(made: np.ndarray, strip: int, x: np.ndarray) -> None:
    """Places between the strip's inner and outer edge, each decided; what a new word gives is marked by NaN."""
    inner, outer = normals._EDGES[strip + 1], normals._EDGES[strip]
    for i in range(x.size):
        v = inner + (outer - inner) * uniform(made)
        result = normals._decide(strip, v, made)
        if strip == 0 or result == v:
            x[i] = result
        else:
            x[i] = np.nan


def _decided(made: np.ndarray, strip: int, n: int) -> np.ndarray:
    x = np.empty(n)
    _first_decisions(made, strip, x)
    return x[np.isfinite(x)]


def _law_of_a_strip(strip: int):  # type: ignore[no-untyped-def]
    """Distribution of a number given that it lies in the strip's wedge, or in the tail."""
    if strip == 0:
        return lambda v: 1 - stats.norm.sf(v) / stats.norm.sf(TAIL)
    inner, outer = edges(TAIL, STRIPS)[[strip + 1, strip]]
    low, root = math.exp(-0.5 * outer**2), math.sqrt(2 * math.pi)

    def area(v: np.ndarray) -> np.ndarray:
        return root * (stats.norm.cdf(v) - stats.norm.cdf(inner)) - low * (v - inner)

    return lambda v: area(v) / area(outer)


def test_neighbours_are_independent() -> None:
    """Assert that numbers, squares and signs are uncorrelated at lags of a lane, a row and a block (seed 23)."""
    x = drawn(23, 2**21)
    for lag in (1, 2, 31, 32, 33, 512, 1024):
        for values, variance in ((x, 1.0), (x**2 - 1, 2.0), (np.sign(x), 1.0)):
            product = values[lag:] * values[:-lag]
            assert abs(product.mean()) < 5.5 * variance / math.sqrt(product.size)


def test_a_stream_is_fixed_by_seed_and_key() -> None:
    """Assert that pieces do not matter, equal seeds give equal numbers, other keys others, and roots stay as they are."""
    root = np.random.SeedSequence(3)
    x, y = np.empty(3000), np.empty(3000)
    made = stream(root, (1,))
    for start in range(0, 3000, 7):
        fill_normals(made, x[start : start + 7])
    fill_normals(stream(root, (1,)), y)
    np.testing.assert_array_equal(x, y)
    fill_normals(stream(root, (2,)), y)
    assert np.intersect1d(x, y).size == 0
    assert root.n_children_spawned == 0
