"""The error of the fourth cumulant of the preactivation, and kurtoses that it exceeds."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from cumulode.numerics import Solver, load, solve
from cumulode.numerics.contraction.form import fourth_form
from cumulode.numerics.cumulants import fourth_cumulant
from cumulode.numerics.flow.preactivation import cumulants_and_error, k4_error_by
from cumulode.theory import GP, NLGP, Ising, Problem
from cumulode.validation.cli.output import trajectory_table

LAW = NLGP(1.0, 3.0)
ALTERNATING = 0.1 * (-1.0) ** np.arange(40)
SHAPES = [(LAW, 40), (NLGP(3.0, 2.0), 40), (NLGP(3.0, 1.0), (6, 6)), (Ising(t=0.7), 40)]


@pytest.mark.parametrize(
    ("law", "shape", "method"),
    [
        (NLGP(3.0, 1.5), (12,), "pair-form"),
        (NLGP(3.0, 1.5), (12,), "sorted-list"),
        (NLGP(1.0, 0.7), (12,), "ordered-gap"),
        (NLGP(1.0, 0.7), (4, 4), "auto"),
    ],
)
def test_the_norm_of_every_method_is_that_of_all_entries(law, shape, method):
    """Assert the root of sum K_0abc^2 over all sites to 1e-6 (measured: 1e-9)."""
    sites = np.indices(shape).reshape(len(shape), -1).T
    offsets = np.array(list(itertools.product(sites, repeat=3)))
    K = fourth_cumulant(
        law, offsets[..., 0] if len(shape) == 1 else offsets, size=shape[0] if len(shape) == 1 else shape
    )
    assert fourth_form(law, shape, 1e-3, method).norm == pytest.approx(math.sqrt(np.sum(K**2)), rel=1e-6)


def test_the_norm_of_an_ising_ring_is_at_most_what_is_taken():
    """Assert the bound for couplings of both signs, within a factor of 10."""
    offsets = np.array(list(itertools.product(range(12), repeat=3)))
    for t in (-0.5, 0.2, 0.7):
        found = math.sqrt(np.sum(fourth_cumulant(Ising(t=t), offsets, size=12) ** 2))
        assert found <= fourth_form(Ising(t=t), (12,), 1e-3).norm <= 10 * found


def test_the_error_is_the_norm_of_four_weights():
    """Assert |M|, M_abc = sum_m w_m w_(m+a) w_(m+b) w_(m+c), summed entry by entry on a ring of 6 and a 4 x 4 torus."""
    rng = np.random.default_rng(2)
    for size in (6, (4, 4)):
        p = Problem(NLGP(1.0, 0.7), GP(NLGP(1.0, 0.7)), size)
        forms = tuple(fourth_form(law, p.shape, 1e-3) for law in p.laws)
        w = rng.standard_normal(p.shape)
        moved = [np.roll(w, s, range(w.ndim)).ravel() for s in itertools.product(*map(range, p.shape))]
        M = np.einsum("m,am,bm,cm->abc", w.ravel(), moved, moved, moved)
        expected = (forms[0].error + 1e-15) * forms[0].norm * np.linalg.norm(M)
        np.testing.assert_allclose(k4_error_by(forms, p, w.ravel()), [expected, 0.0], rtol=1e-12)


@pytest.mark.parametrize(("law", "size"), SHAPES)
@pytest.mark.parametrize("tolerance", [1e-2, 1e-3])
def test_k4_is_wrong_by_no_more_than_its_error(law, size, tolerance):
    """Assert the bound against a tolerance of 1e-9 for fields of long and short wavelength, and that it is used up.

    At least a hundredth of the bound is met by one of 300 fields but where K is exact.
    """
    p = Problem(law, GP(law), size)
    rng = np.random.default_rng(4)
    sites = np.arange(p.size)
    waves = [np.cos(2 * np.pi * k * sites / p.size) for k in range(p.size // 2 + 1)]
    w = np.array([*waves, *rng.standard_normal((280 - len(waves), p.size)), *np.eye(p.size)[:20]])
    k4, error = cumulants_and_error(p, w, Solver(tolerance=tolerance))[1:]
    better, better_error = cumulants_and_error(p, w, Solver(tolerance=1e-9))[1:]
    wrong = np.abs(k4 - better)
    assert np.all(wrong <= error + better_error)
    assert np.all(error[:, 1] == 0)
    if not isinstance(law, Ising):
        assert np.max(wrong[:, 0] / error[:, 0]) > 0.01


def test_a_kurtosis_within_its_error_is_not_resolved(tmp_path):
    """Assert NaN, null with a reason, words in the table and the message at the default tolerance; 2.4385 below it."""
    p = Problem(LAW, NLGP(1.0, 1.0), 40)
    sol = solve(p, ALTERNATING, [0.0, 1.0])
    assert np.all(np.isnan(sol.kurtosis))
    assert np.all(sol.k4_error > np.abs(sol.k4))
    plain = sol.to_dict()
    assert plain["kurtosis"] == [[None, None], [None, None]]
    assert "not resolved" in plain["kurtosis_missing"]
    assert trajectory_table(sol).count("not resolved") == 4
    assert "k4 is not resolved" in sol.message
    sol.save(tmp_path / "run.nc")
    np.testing.assert_array_equal(load(tmp_path / "run.nc").k4_error, sol.k4_error)
    fine = solve(p, ALTERNATING, [0.0, 1.0], tolerance=1e-9)
    assert fine.kurtosis[0, 0] == pytest.approx(2.4385, abs=1e-3)
    assert "resolved" not in fine.message
    assert "kurtosis_missing" not in fine.to_dict()


def test_an_ordinary_field_and_a_gaussian_class_are_resolved():
    """Assert kurtoses of a random start, and 0 of a Gaussian class, at the default tolerance."""
    sol = solve(Problem(LAW, GP(LAW), 40), np.random.default_rng(1).standard_normal(40), [0.0, 1.0])
    assert np.all(np.isfinite(sol.kurtosis))
    assert np.all(sol.kurtosis[:, 1] == 0)
    assert "resolved" not in sol.message
