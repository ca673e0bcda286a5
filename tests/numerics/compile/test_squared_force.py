"""Averages of the squared force against the same from their definitions, in high precision.

Eq. (fluctuations.21, projection by parts), (fluctuations.22, fourth projection), (fluctuations.23, sixth projection).
"""

from __future__ import annotations

import mpmath as mp
import numpy as np
import pytest
from oracles import Neuron, squared_force

from cumulode.numerics.compile.closure_kernels import square_kernel
from cumulode.numerics.compile.quadrature import gauss_legendre

#: (k2, kappa, bias, label): bounded, nearly two points, nearly Gaussian, heavy.
POINTS = [
    (1.3, -0.5, -1.0, 1.0),
    (0.6, -1.7, -0.6, -1.0),
    (1e-3, -0.3, -1.0, 1.0),
    (5.0, -0.8, 0.3, 0.4),
    (1.0, 2e-4, -1.0, 1.0),
    (2.0, 0.3, 0.4, 1.0),
    (1.0, 0.6, -1.0, 1.0),
]


@pytest.mark.parametrize("activation", ["erf", "relu"])
@pytest.mark.parametrize("point", POINTS, ids=str)
def test_averages_are_those_of_their_definitions(activation, point):
    """Assert g_0 .. g_6 to 1e-8; with a force that jumps its deltas are needed (without: off by tens of percent)."""
    k2, kappa, bias, label = point
    with mp.workdps(30):
        expected = squared_force(Neuron(activation, label, bias), mp.mpf(k2), mp.mpf(kappa) * mp.mpf(k2) ** 2)
    *found, flag = square_kernel(activation)(k2, kappa * k2**2, label, bias, gauss_legendre(80))
    assert flag == 0
    largest = max(abs(float(e)) for e in expected)
    assert found == pytest.approx([float(e) for e in expected], rel=1e-8, abs=1e-11 * largest)


def test_the_branches_meet():
    """Assert that nothing jumps where a nearly Gaussian law is expanded, and what is dropped where moments end."""
    square, rule = square_kernel("erf"), gauss_legendre(80)
    for edge in (-1e-4, 1e-4):
        below, above = (np.array(square(1.0, edge * (1 + sign * 1e-9), 1.0, -1.0, rule)[:4]) for sign in (-1, 1))
        assert below == pytest.approx(above, rel=1e-7)
    below, above = (square(1.0, kappa, 1.0, -1.0, rule) for kappa in (1.2499, 1.2501))
    assert below[:2] == pytest.approx(above[:2], rel=1e-3)
    assert below[3] > 0.1
    assert above[2:4] == (0.0, 0.0)
    assert square(1.0, 5.0, 1.0, -1.0, rule)[4] == 1  # beyond Pearson's law: a Gaussian stands in
