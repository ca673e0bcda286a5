"""The average force over frozen samples, their translations, reflections and signs.

Of a sample x, ``F_o(w.x) x`` with the odd part of the force is its average over x and -x. All translations of x have
preactivations that are the correlation of w with x, and their forces are correlated with x again.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import types

from cumulode.numerics.compile.jit import f8, i8, kernel, vector
from cumulode.numerics.compile.signatures import force_t
from cumulode.theory.problem.problem import Problem

from .points import of_class, samples

cube = types.float64[:, :, ::1]


class FrozenData(NamedTuple):
    """Samples of both classes, (n, 2 L0 - 1, 2 L1 - 1), continued periodically; labels, shares, bias, sides.

    A ring has L0 = 1. ``preactivations`` and ``fields`` (L0, L1) are scratch.
    """

    plus: np.ndarray
    minus: np.ndarray
    labels: np.ndarray
    shares: np.ndarray
    bias: float
    rows: int
    columns: int
    preactivations: np.ndarray
    fields: np.ndarray


frozen_data_t = types.NamedTuple(
    (cube, cube, vector, vector, f8, i8, i8, types.float64[:, ::1], types.float64[:, ::1]), FrozenData
)
frozen_sig = i8(vector, vector, frozen_data_t, force_t)


def frozen_data(problem: Problem, points: int, seeds: list[np.random.SeedSequence]) -> FrozenData:
    """Samples of ``points`` points a class for each of the seeds together."""
    sides = (1, *problem.shape) if len(problem.shape) == 1 else problem.shape
    classes = []
    for place, law in enumerate(problem.laws):
        each = [samples(law, problem.shape, points, of_class(seed, place)) for seed in seeds]
        classes.append(_continued(_images(np.concatenate(each).reshape(-1, *sides))))
    labels, priors = np.array(problem.labels, float), np.array(problem.priors, float)
    shares = np.array([p / (len(x) * problem.size) for p, x in zip(priors, classes, strict=True)])
    plus, minus = classes
    rows, columns = sides
    return FrozenData(plus, minus, labels, shares, float(problem.bias), rows, columns, np.empty(sides), np.empty(sides))


def _images(x: np.ndarray) -> np.ndarray:
    """Samples (n, L0, L1) and their reflections; of a torus those of both directions."""
    both = np.concatenate([x, x[:, :, ::-1]])
    return both if x.shape[1] == 1 else np.concatenate([both, both[:, ::-1]])


def _continued(x: np.ndarray) -> np.ndarray:
    """Periodically, so that every translation is a window."""
    wide = np.concatenate([x, x[:, :, :-1]], axis=2)
    return np.ascontiguousarray(np.concatenate([wide, wide[:, :-1]], axis=1))


@kernel
def _add_class(w, out, x, label, share, data, force):  # type: ignore[no-untyped-def]
    """Add the average of one class to ``out``."""
    rows, columns, lam, total = data.rows, data.columns, data.preactivations, data.fields
    total[:] = 0.0
    for n in range(x.shape[0]):
        sample = x[n]
        lam[:] = 0.0
        for i in range(rows):
            for j in range(columns):
                weight = w[i * columns + j]
                for a in range(rows):
                    for b in range(columns):
                        lam[a, b] += weight * sample[i + a, j + b]
        for a in range(rows):
            for b in range(columns):
                h = lam[a, b]
                g = 0.5 * (force(data.bias + h, label) - force(data.bias - h, label))
                for i in range(rows):
                    for j in range(columns):
                        total[i, j] += g * sample[i + a, j + b]
    for i in range(rows):
        for j in range(columns):
            out[i * columns + j] += share * total[i, j]


@kernel
def frozen_rhs(w, out, data, force):  # type: ignore[no-untyped-def]
    """dw/dt on the samples."""
    out[:] = 0.0
    _add_class(w, out, data.plus, data.labels[0], data.shares[0], data, force)
    _add_class(w, out, data.minus, data.labels[1], data.shares[1], data, force)
    return 0
