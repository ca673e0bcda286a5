"""The averages over two neurons of a committee: the next order beyond the drift that is kept."""

from __future__ import annotations

import pytest
import sympy as sp

from cumulode.theory.dynamics import committee
from cumulode.theory.dynamics.committee import DIRECTIONS, FOURTH, SLOPES_K, SLOPES_L, Q

eps = sp.Symbol("eps")


@pytest.mark.parametrize("wrong", [None, *range(6)])
def test_the_next_order_is_the_slope_of_the_outputs_sixth(wrong):
    """Assert pair_next against the derivative in w_k of E[sigma sigma] at sixth order, from moments without x.

    With 1 % more along any one of its six directions they differ.
    """
    output = committee.average(SLOPES_K, SLOPES_L, 6, site=False, lowest=6)
    Cw_k, Cw_l, *K = DIRECTIONS
    moved = dict(zip(Q, (Q[0] + 2 * eps * Cw_k, Q[1] + eps * Cw_l, Q[2]), strict=True))
    steps = (4 * K[0], 3 * K[1], 2 * K[2], K[3], 0)
    moved |= {f: f + eps * step for f, step in zip(FOURTH, steps, strict=True)}
    slope = sp.expand(output.subs(moved, simultaneous=True).diff(eps).subs(eps, 0))
    found = sp.expand(committee.pair_next())
    if wrong is not None:
        found += sp.Rational(1, 100) * DIRECTIONS[wrong] * found.coeff(DIRECTIONS[wrong])
    assert (sp.expand(found - slope) == 0) is (wrong is None)


def test_the_labels_next_order_is_that_of_a_pair_with_a_constant():
    """Assert label_next as pair_next with an output that does not depend on the other neuron."""
    constant = dict(zip(SLOPES_L, (1, 0, 0, 0, 0, 0, 0), strict=True))
    assert sp.expand(committee.pair_next().subs(constant) - committee.label_next()) == 0
