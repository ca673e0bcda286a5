"""Metrics on tori: planted bumps and stripes, the torus's symmetries one by one, and the ring's numbers unchanged."""

from __future__ import annotations

import math

import numpy as np
import pytest

from cumulode.validation.receptive_fields import metrics, symmetry

L = 24
SHAPE = (L, L)


def bump(at, s, side=L, tail=0.0):
    """``exp(-r^2 / (2 s^2))`` around ``at`` on a torus of that side, row-major; ``tail`` makes it unlike its images."""
    d = [np.mod(np.arange(side) - a + side / 2, side) - side / 2 for a in at]
    field = np.exp(-(d[0][:, None] ** 2 + d[1] ** 2) / (2 * s**2)) * (1 + tail * (d[0][:, None] + 3 * d[1]))
    return field.ravel()


def stripes(k, l, side=L, phase=0.3):
    """``cos`` with k periods along the first index and l along the second."""
    x = np.arange(side)
    return np.cos(2 * np.pi * (k * x[:, None] + l * x) / side + phase).ravel()


def turned(w, element, shift, side=L):
    """Written out site by site: exchange (+4), first index reversed (+1), second (+2), then translation."""
    square, out = w.reshape(side, side), np.empty((side, side))
    for x in range(side):
        for y in range(side):
            a, b = (y, x) if element & 4 else (x, y)
            a, b = (-a if element & 1 else a), (-b if element & 2 else b)
            out[(a + shift[0]) % side, (b + shift[1]) % side] = square[x, y]
    return out.ravel()


@pytest.mark.parametrize("at", [(12.0, 12.0), (3.25, 20.5), (0.0, 23.75)])
def test_a_planted_bump_has_its_centre_and_width(at):
    """Assert centre to 1e-9 sites, width s to 1e-6 and IPR 1 / (2 pi s^2) to 1e-6 for s = 2, around the edges too."""
    w = -0.3 * bump(at, 2.0)
    found = metrics.centre(w, SHAPE)
    assert np.allclose(np.mod(found - at + 1, L) - 1, 0, atol=1e-9)
    assert abs(metrics.width(w, SHAPE) - 2.0) < 1e-6
    assert abs(metrics.ipr(w) * 2 * math.pi * 4 - 1) < 1e-6


def test_width_and_centre_of_special_fields():
    """Assert 0 for one site, L / sqrt 6 and no centre for a constant, one direction's centre for a ridge."""
    one = np.zeros(L * L)
    one[5 * L + 7] = -2.0
    assert metrics.width(one, SHAPE) < 1e-12
    assert metrics.centre(one, SHAPE) == pytest.approx([5, 7], abs=1e-12)
    flat = np.ones(L * L)
    assert metrics.width(flat, SHAPE) == pytest.approx(L / math.sqrt(6), rel=1e-14)
    assert np.isnan(metrics.centre(flat, SHAPE)).all()
    ridge = np.zeros((L, L))
    ridge[:, 4] = 1.0
    row, column = metrics.centre(ridge.ravel(), SHAPE)
    assert math.isnan(row)
    assert column == pytest.approx(4)
    assert metrics.width(ridge.ravel(), SHAPE) == pytest.approx(L / math.sqrt(12))


@pytest.mark.parametrize(("k", "l"), [(0, 3), (5, 0), (2, 7), (0, 0), (12, 12), (12, 0), (1, 12)])
@pytest.mark.parametrize("sign", [1, -1])
def test_planted_stripes_have_their_wavevector(k, l, sign):
    """Assert the whole power, to 1e-12, at the planted (k, l), whichever way the stripes lean; spectra sum to 1."""
    w = 0.02 * stripes(k, sign * l)
    power = metrics.power_spectrum(w, SHAPE)
    assert power.shape == (13, 13)
    assert power[k, l] == pytest.approx(1, abs=1e-12)
    assert metrics.dominant_wavenumber(w, SHAPE).tolist() == [k, l]


@pytest.mark.parametrize("side", [4, 5, 9, 12])
def test_the_spectrum_is_the_sum_over_signs_of_the_fourier_transform(side):
    """Assert every share against the plain sum of |w(k, l)|^2 over +-k and +-l, to 1e-13, on even and odd sides."""
    w = np.random.default_rng(0).standard_normal((3, side * side))
    power = np.abs(np.fft.fft2(w.reshape(3, side, side))) ** 2
    expected = np.zeros((3, side // 2 + 1, side // 2 + 1))
    for k in range(side):
        for l in range(side):
            expected[:, min(k, side - k), min(l, side - l)] += power[:, k, l]
    expected /= expected.sum(axis=(1, 2), keepdims=True)
    assert np.allclose(metrics.power_spectrum(w, (side, side)), expected, rtol=0, atol=1e-13)


@pytest.mark.parametrize("element", range(8))
def test_every_symmetry_of_the_torus_is_found_and_undone(element):
    """Assert that a field moved by any of the 8 elements, a translation and a sign comes back to 1e-12, overlap 1."""
    w = bump((4.0, 9.0), 2.0, tail=0.2)
    moved = -turned(w, element, (5, 17))
    found = symmetry.find_symmetry(w, moved, shape=SHAPE)
    assert (int(found.element), found.shift.tolist(), float(found.sign)) == (element, [5, 17], -1.0)
    assert np.allclose(symmetry.transform(w, found), moved, atol=1e-12)
    aligned, overlap = symmetry.align(moved, w, shape=SHAPE)
    assert np.allclose(aligned, w, atol=1e-12)
    assert overlap == pytest.approx(1)


def test_alignment_finds_the_best_of_all_symmetries():
    """Assert the overlap of random fields against the largest over all 8 L^2 moves and signs, with and without them."""
    side, rng = 5, np.random.default_rng(3)
    w, reference = rng.standard_normal((2, side * side))
    moves = [(e, (a, b)) for e in range(8) for a in range(side) for b in range(side)]
    scale = np.linalg.norm(w) * np.linalg.norm(reference)
    overlaps = {m: turned(w, *m, side) @ reference / scale for m in moves}
    for reflect in (True, False):
        some = [v for m, v in overlaps.items() if reflect or m[0] == 0]
        for sign in (True, False):
            _, best = symmetry.align(w, reference, reflect=reflect, sign=sign, shape=(side, side))
            assert best == pytest.approx(max(np.abs(some)) if sign else max(some), abs=1e-12)


def test_metrics_do_not_see_the_symmetries_and_take_many_fields():
    """Assert width and overlap alike for moved copies, spectra but for the exchange, with axes in front (2, 4)."""
    w = bump((4.0, 9.0), 2.0, tail=0.2)
    many = np.stack([turned(w, e, (e, 3 * e)) for e in range(8)]).reshape(2, 4, -1)
    assert np.allclose(metrics.width(many, SHAPE), metrics.width(w, SHAPE), rtol=1e-12)
    power, own = metrics.power_spectrum(many, SHAPE), metrics.power_spectrum(w, SHAPE)
    assert np.allclose(power[0], own, atol=1e-14)
    assert np.allclose(power[1], own.T, atol=1e-14)
    aligned, overlap = symmetry.align(many, w, shape=SHAPE)
    assert np.allclose(aligned, w, atol=1e-12)
    assert np.allclose(overlap, 1)
    assert metrics.centre(many, SHAPE).shape == (2, 4, 2)
    assert metrics.dominant_wavenumber(many, SHAPE).shape == (2, 4, 2)


def test_fields_without_metrics():
    """Assert NaN, -1 and the identity for zero and NaN fields."""
    for w in (np.zeros(L * L), np.full(L * L, np.nan)):
        assert np.isnan(metrics.width(w, SHAPE))
        assert np.isnan(metrics.centre(w, SHAPE)).all()
        assert metrics.dominant_wavenumber(w, SHAPE).tolist() == [-1, -1]
        found = symmetry.find_symmetry(w, bump((1, 2), 2.0), shape=SHAPE)
        assert (int(found.element), found.shift.tolist(), float(found.sign)) == (0, [0, 0], 1.0)


def test_a_shape_of_one_direction_is_the_ring():
    """Assert that ``shape=(D,)`` and None give the same bits."""
    w = np.random.default_rng(0).standard_normal((3, 16))
    for measure in (metrics.centre, metrics.width, metrics.power_spectrum, metrics.dominant_wavenumber):
        assert np.array_equal(measure(w), measure(w, (16,)), equal_nan=True)
    assert np.array_equal(symmetry.align(w, w[0])[0], symmetry.align(w, w[0], shape=(16,))[0])


def test_the_summary_of_a_torus_is_plain():
    """Assert numbers and lists for one field, arrays for many."""
    one = metrics.summary(bump((4.0, 9.0), 2.0), SHAPE)
    assert one["centre"] == pytest.approx([4, 9])
    assert one["dominant_wavenumber"] == [1, 1]  # four wavevectors together, against one at (0, 0)
    assert one["width"] == pytest.approx(2.0, rel=1e-6)
    assert metrics.summary(np.ones((3, L * L)), SHAPE)["centre"].shape == (3, 2)
