"""Weights near the ends of floating-point numbers: right, or refused in one line."""

from __future__ import annotations

import numpy as np
import pytest

from cumulode.numerics import drift, preactivation_cumulants, solve
from cumulode.numerics.flow.preactivation import potential
from cumulode.numerics.observables import ipr, norm
from cumulode.theory import NLGP, Problem

P = Problem(NLGP(3.0, 1.5), NLGP(3.0, 0.5), 12)
W = np.full(12, 0.01)


@pytest.mark.parametrize("scale", [1e73, 1e80, 1e156, 1e308])
@pytest.mark.parametrize(
    "call",
    [
        lambda w: potential(P, w),
        lambda w: potential(P, w, "gaussian"),
        lambda w: preactivation_cumulants(P, w),
        lambda w: drift(P)(w),
        lambda w: solve(P, w, [0.0, 1.0]),
    ],
)
def test_weights_whose_cumulants_overflow_are_refused(call, scale):
    """Assert one line naming them, where k4 would be infinite and kappa NaN."""
    with pytest.raises(ValueError, match=r"^(w|w0): got largest \|w_i\| = .*, allowed: weights up to 1e\+70$"):
        call(scale * W)


def test_the_largest_weights_allowed_have_finite_cumulants():
    """Assert k2, k4 and the kurtosis at |w_i| = 1e70 as those of |w_i| = 1, scaled; and a finite potential."""
    k2, k4 = preactivation_cumulants(P, 1e70 * np.ones(12))
    small2, small4 = preactivation_cumulants(P, np.ones(12))
    np.testing.assert_allclose(k2 / 1e140, small2, rtol=1e-12)
    np.testing.assert_allclose(k4 / k2**2, small4 / small2**2, rtol=1e-12)
    assert np.isfinite(potential(P, 1e70 * np.ones(12)))


@pytest.mark.parametrize("scale", [1e-300, 1e-160, 1.0, 1e160, 1e300])
def test_norm_and_ipr_scale(scale):
    """Assert both for rows of one size, and of sizes that differ, zero and NaN among them."""
    w = np.arange(1.0, 5.0)
    rows = np.array([scale * w, w, 0 * w, np.nan * w])
    np.testing.assert_allclose(norm(rows), [scale * 30**0.5, 30**0.5, 0.0, np.nan], rtol=1e-14)
    assert norm(scale * w) == pytest.approx(scale * 30**0.5, rel=1e-14)
    assert ipr(scale * w) == pytest.approx(354 / 900, rel=1e-14)
