"""The Ising ring of 12 sites whose noise is known exactly, by sums over its 4096 states."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from oracles import force, ising_points

from cumulode import Ising, Problem

DATA = np.load(Path(__file__).parent / "data" / "ising_noise_exact.npz")
RING = Problem(Ising(0.7), Ising(0.3), 12, bias=-1.0)


def exact_noise(w):
    """``sum_y p_y E_y[F^2 x x^T] - f f^T`` of RING over all states."""
    of, second, first = force("erf"), 0.0, 0.0
    for t, label in ((0.7, 1.0), (0.3, -1.0)):
        x, p = ising_points(t, 12)
        F = of(x @ w - 1.0, label)
        second = second + (x.T * (p * F**2 / 2)) @ x
        first = first + (p * F / 2) @ x
    return second - np.outer(first, first)
