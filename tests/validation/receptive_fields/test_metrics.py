"""Metrics of receptive fields: known values, brute force, and what symmetry leaves unchanged."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from cumulode.numerics import observables
from cumulode.validation.receptive_fields import metrics, symmetry

NAMES = ("ipr", "ipr_times_D", "norm", "width", "centre", "dominant_wavenumber")


def random_fields(size: int, n: int, seed: int = 0) -> np.ndarray:
    """n fields of no symmetry, (n, size)."""
    return np.random.default_rng(seed).standard_normal((n, size))


def images(w: np.ndarray, reflect: bool, sign: bool) -> list[np.ndarray]:
    """Every image of one field under the symmetries allowed, one by one with loops."""
    size = len(w)
    found = []
    for s in (1, -1) if sign else (1,):
        for direction in (1, -1) if reflect else (1,):
            for shift in range(size):
                found.append(np.array([s * w[(direction * (i - shift)) % size] for i in range(size)]))
    return found


def cosine(a: np.ndarray, b: np.ndarray) -> float:
    """Cosine of the angle between two vectors."""
    return float(a @ b / np.sqrt((a @ a) * (b @ b)))


def bump(size: int, centre: float, s: float) -> np.ndarray:
    """``exp(-d^2 / (2 s^2))``, d the periodic distance from ``centre``."""
    d = np.abs(np.arange(size) - centre)
    return np.exp(-(np.minimum(d, size - d) ** 2) / (2 * s**2))


def ring_distance(a: np.ndarray, b: np.ndarray, size: int) -> np.ndarray:
    """Periodic distance of two sites."""
    return np.abs(np.mod(a - b + size / 2, size) - size / 2)


def weights(size_range: tuple[int, int] = (4, 17)) -> st.SearchStrategy[np.ndarray]:
    """Fields on small odd and even rings."""
    value = st.floats(-1, 1).filter(lambda x: x == 0 or abs(x) > 1e-3)
    return st.integers(*size_range).flatmap(lambda n: arrays(float, n, elements=value)).filter(lambda w: w.any())


def resultant(w: np.ndarray) -> float:
    """How well a field singles a site out, in [0, 1]."""
    angle = 2j * np.pi * np.arange(len(w)) / len(w)
    return float(abs(np.sum(w**2 * np.exp(angle))) / np.sum(w**2))


def test_ipr_and_norm_are_those_of_numerics() -> None:
    """Assert that the two formulas stand once."""
    assert metrics.ipr is observables.ipr
    assert metrics.norm is observables.norm


@pytest.mark.parametrize("size", [4, 7, 40])
def test_a_uniform_vector_has_no_centre_and_the_mean_width(size: int) -> None:
    """Assert the values that the docstrings state for a uniform vector."""
    s = metrics.summary(np.full(size, -0.3))
    assert np.isnan(s["centre"])
    assert s["width"] == pytest.approx(size / np.sqrt(12), rel=1e-14)
    assert s["dominant_wavenumber"] == 0
    assert s["ipr_times_D"] == pytest.approx(1.0)


def test_the_width_without_a_centre_is_the_mean_over_all_centres() -> None:
    """Assert that D / sqrt 12 is the root mean square distance of any site from a centre uniform on the ring."""
    size = 9
    centres = (np.arange(90000) + 0.5) / 90000 * size
    for site in (0, 5):
        mean_square = np.mean(ring_distance(centres, np.asarray(site), size) ** 2)
        assert np.sqrt(mean_square) == pytest.approx(size / np.sqrt(12), rel=1e-8)


@pytest.mark.parametrize("k", [1, 3, 13, 19])
def test_a_sinusoid_has_its_wavenumber_and_no_centre(k: int) -> None:
    """Assert that a sinusoid of any phase has all its power at k, IPR 1.5/D, and no centre."""
    w = 1e-5 * np.cos(2 * np.pi * k * np.arange(40) / 40 + 0.7)
    s = metrics.summary(w)
    assert s["dominant_wavenumber"] == k
    assert metrics.power_spectrum(w)[k] == pytest.approx(1.0)
    assert s["ipr_times_D"] == pytest.approx(1.5)
    assert np.isnan(s["centre"])


@pytest.mark.parametrize("site", [0, 3, 39])
def test_a_single_site_is_its_own_centre(site: int) -> None:
    """Assert that one site has width 0, IPR 1 and sits where it is."""
    s = metrics.summary(-2.0 * np.eye(40)[site])
    assert s["centre"] == pytest.approx(site, abs=1e-12)
    assert 0 <= s["centre"] < 40
    assert s["width"] == pytest.approx(0.0, abs=1e-12)
    assert (s["ipr"], s["norm"]) == (1.0, 2.0)


def test_the_centre_stays_below_the_size() -> None:
    """Assert that a centre just short of the seam is not rounded up to D."""
    w = np.eye(40)[0]
    w[39] = 1e-9
    assert 0 <= metrics.centre(w) < 40


@pytest.mark.parametrize("centre", [0.0, 0.25, 20.5, 39.9])
@pytest.mark.parametrize("s", [1.5, 3.0])
def test_a_gaussian_bump_has_its_centre_and_width(centre: float, s: float) -> None:
    """Assert that weighting by w^2 gives width s / sqrt 2, also across the seam of the ring."""
    w = bump(40, centre, s)
    assert ring_distance(metrics.centre(w), np.asarray(centre), 40) < 1e-7
    assert metrics.width(w) == pytest.approx(s / np.sqrt(2), rel=1e-7)


def test_the_width_is_the_spread_summed_site_by_site() -> None:
    """Assert that the width of fields of no shape is the sum its definition says, with the centre from an angle."""
    for w in random_fields(11, 20):
        theta = 2 * np.pi * np.arange(11) / 11
        middle = np.arctan2(np.sum(w**2 * np.sin(theta)), np.sum(w**2 * np.cos(theta))) * 11 / (2 * np.pi)
        square = sum(w[i] ** 2 * min(abs(i - middle + 11 * turn) for turn in (-1, 0, 1)) ** 2 for i in range(11))
        assert metrics.width(w) == pytest.approx(np.sqrt(square / np.sum(w**2)), rel=1e-12)
        assert metrics.centre(w) == pytest.approx(middle % 11, rel=1e-12)


@pytest.mark.parametrize("size", [4, 5, 8, 9])
def test_power_counts_both_signs_of_the_wavenumber(size: int) -> None:
    """Assert that the power of k is that of +k and -k in the full transform, k = 0 and D/2 counted once."""
    w = random_fields(size, 6)
    full = np.abs(np.fft.fft(w)) ** 2
    expected = np.zeros((6, size // 2 + 1))
    for k in range(size):
        expected[:, min(k, size - k)] += full[:, k]
    expected /= expected.sum(axis=-1, keepdims=True)
    np.testing.assert_allclose(metrics.power_spectrum(w), expected, rtol=1e-12)
    np.testing.assert_array_equal(metrics.dominant_wavenumber(w), np.argmax(expected, axis=-1))


def test_equal_powers_give_the_smallest_wavenumber() -> None:
    """Assert that rounding does not choose among equal powers, wherever the field sits."""
    w = sum(np.cos(2 * np.pi * k * np.arange(24) / 24) for k in (2, 5, 7))
    assert {int(metrics.dominant_wavenumber(np.roll(w, s))) for s in range(24)} == {2}


@pytest.mark.parametrize("reflect", [True, False])
@pytest.mark.parametrize("sign", [True, False])
@pytest.mark.parametrize("size", [6, 7])
def test_align_finds_the_best_of_all_images(size: int, reflect: bool, sign: bool) -> None:
    """Assert that the overlap is the largest of a loop over every image, and ``aligned`` is that image."""
    reference = random_fields(size, 1, seed=1)[0]
    for w in 3.0 * random_fields(size, 20, seed=2):
        every = images(w, reflect, sign)
        overlaps = [cosine(image, reference) for image in every]
        aligned, overlap = symmetry.align(w, reference, reflect=reflect, sign=sign)
        assert overlap == pytest.approx(max(overlaps), rel=1e-12)
        np.testing.assert_array_equal(aligned, every[int(np.argmax(overlaps))])


def test_align_takes_many_fields_and_many_references() -> None:
    """Assert that leading axes give what one field at a time gives, for one reference and for one each."""
    w, references = random_fields(9, 6).reshape(2, 3, 9), random_fields(9, 3, seed=3)
    for reference in (references, references[0]):
        aligned, overlap = symmetry.align(w, reference)
        assert aligned.shape == (2, 3, 9)
        assert overlap.shape == (2, 3)
        for i, j in np.ndindex(2, 3):
            one, cos = symmetry.align(w[i, j], np.broadcast_to(reference, (3, 9))[j])
            np.testing.assert_array_equal(aligned[i, j], one)
            assert overlap[i, j] == cos


def test_a_symmetry_found_at_the_end_moves_all_times_alike() -> None:
    """Assert that ``transform`` undoes a known image for a whole trajectory, and equals ``align`` on its last time."""
    path = random_fields(8, 5)
    image = -np.roll(path[:, ::-1], 3, axis=-1)
    move = symmetry.find_symmetry(image[-1], path[-1])
    np.testing.assert_array_equal(symmetry.transform(image, move), path)
    np.testing.assert_array_equal(symmetry.transform(image, move)[-1], symmetry.align(image[-1], path[-1])[0])


def test_a_field_equal_to_its_reference_stays_where_it_is() -> None:
    """Assert that ties (a symmetric field, a uniform one) are left alone instead of moved by rounding."""
    for w in (bump(12, 4, 2.0), np.ones(12), np.cos(np.arange(12) * np.pi / 2)):
        move = symmetry.find_symmetry(w, w)
        assert (move.shift, move.reflected, move.sign) == (0, False, 1.0)


def test_a_symmetric_field_is_translated_and_not_reflected() -> None:
    """Assert that rounding does not choose a reflection where a translation does."""
    w = bump(13, 4, 2.0)
    for shift in range(13):
        move = symmetry.find_symmetry(np.roll(w, shift), w)
        assert (move.shift, move.reflected) == ((-shift) % 13, False)


def test_without_sign_the_overlap_may_be_negative() -> None:
    """Assert that ``sign=False`` keeps the sign of a field that overlaps with nothing."""
    w, reference = -bump(12, 4, 2.0), bump(12, 7, 1.0) + 0.1
    aligned, overlap = symmetry.align(w, reference, sign=False)
    assert overlap == pytest.approx(max(cosine(image, reference) for image in images(w, True, False)))
    assert overlap < 0
    assert aligned.max() < 0


@settings(max_examples=80, deadline=None)
@given(w=weights(), shift=st.integers(0, 20), reflect=st.booleans(), scale=st.sampled_from([1, -1, 1e-200, -1e150]))
def test_metrics_are_invariant_and_the_centre_moves(w: np.ndarray, shift: int, reflect: bool, scale: float) -> None:
    """Assert that translation, reflection, sign and scale change the centre as they should, and nothing else."""
    assume(resultant(w) > 1e-6)
    size = len(w)
    moved = scale * np.roll(w[::-1] if reflect else w, shift)
    before, after = metrics.summary(w), metrics.summary(moved)
    for name in ("ipr", "ipr_times_D", "width"):
        assert after[name] == pytest.approx(before[name], rel=1e-6, abs=1e-6)
    assert after["dominant_wavenumber"] == before["dominant_wavenumber"]
    expected = (size - 1 - before["centre"] if reflect else before["centre"]) + shift
    assert ring_distance(np.asarray(after["centre"]), np.asarray(expected), size) < 1e-6
    np.testing.assert_allclose(metrics.power_spectrum(moved), metrics.power_spectrum(w), atol=1e-12)


@settings(max_examples=60, deadline=None)
@given(w=weights(), shift=st.integers(0, 20), reflect=st.booleans(), sign=st.sampled_from([1, -1]))
def test_align_brings_every_image_back(w: np.ndarray, shift: int, reflect: bool, sign: int) -> None:
    """Assert overlap 1 with any image of itself, at the scale of the field."""
    image = 0.5 * sign * np.roll(w[::-1] if reflect else w, shift)
    aligned, overlap = symmetry.align(image, w)
    assert overlap == pytest.approx(1.0, abs=1e-12)
    np.testing.assert_allclose(aligned, 0.5 * w, atol=1e-5)  # ties are called at 1e-12 of overlap, so 1e-6 of weight


def test_rows_without_metrics_are_nan_and_spoil_no_other() -> None:
    """Assert NaN (-1 for integers) in zero and non-finite rows alone, without a warning."""
    good = random_fields(8, 1)[0]
    w = np.stack([good, np.zeros(8), np.r_[np.nan, good[1:]], np.r_[np.inf, good[1:]], good])
    table = metrics.summary(w)
    assert tuple(table) == NAMES
    for name in ("ipr", "ipr_times_D", "width", "centre"):
        np.testing.assert_array_equal(np.isnan(table[name]), [False, True, True, True, False])
        assert table[name][0] == table[name][4]
    k = int(metrics.dominant_wavenumber(good))
    np.testing.assert_array_equal(table["dominant_wavenumber"], [k, -1, -1, -1, k])
    np.testing.assert_array_equal(np.isnan(metrics.power_spectrum(w)).all(axis=-1), [False, True, True, True, False])
    aligned, overlap = symmetry.align(w, np.roll(good, 2))
    np.testing.assert_array_equal(np.isnan(overlap), [False, True, True, True, False])
    np.testing.assert_array_equal(aligned[1:4], w[1:4])
    assert np.isnan(symmetry.align(good, np.zeros(8))[1])


def test_leading_axes_are_kept() -> None:
    """Assert the shapes that the docstrings give, and that a single field gives plain numbers."""
    w = random_fields(10, 6).reshape(2, 3, 10)
    assert {v.shape for v in metrics.summary(w).values()} == {(2, 3)}
    assert metrics.power_spectrum(w).shape == (2, 3, 6)
    one = metrics.summary(w[1, 2])
    assert {type(v) for v in one.values()} == {float, int}
    assert one["width"] == metrics.summary(w)["width"][1, 2]
