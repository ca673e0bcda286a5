"""The average force on all neurons of a committee over frozen samples, their translations, reflections and signs.

The samples are those of one neuron (``numerics.frozen``). No part of the force is odd where neurons share an output:
every sample is taken with both signs.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import types

from cumulode.numerics.compile.closure_kernels import response_kernel
from cumulode.numerics.compile.jit import compiled, f8, i8, kernel, matrix, vector
from cumulode.numerics.compile.signatures import response_type
from cumulode.numerics.frozen.drift import FrozenData, cube, frozen_data
from cumulode.theory.problem.problem import Problem


@kernel
def add_network_class(w, b, x, label, share, sides, response, dw, db):  # type: ignore[no-untyped-def]
    """Add the average of one class to ``dw`` (K, D) and ``db`` (K,); ``sides`` (L0, L1)."""
    neurons, rows, columns = w.shape[0], sides[0], sides[1]
    lam, g = np.empty((neurons, rows, columns)), np.empty((neurons, rows, columns))
    total, slopes = np.zeros((neurons, rows, columns)), np.empty(neurons)
    for n in range(x.shape[0]):
        sample = x[n]
        lam[:] = 0.0
        g[:] = 0.0
        for k in range(neurons):
            for i in range(rows):
                for j in range(columns):
                    weight = w[k, i * columns + j]
                    for a in range(rows):
                        for c in range(columns):
                            lam[k, a, c] += weight * sample[i + a, j + c]
        for a in range(rows):
            for c in range(columns):
                for sign in (1.0, -1.0):
                    output = 0.0
                    for k in range(neurons):
                        value, slopes[k] = response(b[k] + sign * lam[k, a, c])
                        output += value
                    error = label - output / neurons
                    for k in range(neurons):
                        force = error * slopes[k]
                        db[k] += share * force
                        g[k, a, c] += sign * force
        for k in range(neurons):
            for a in range(rows):
                for c in range(columns):
                    strength = g[k, a, c]
                    for i in range(rows):
                        for j in range(columns):
                            total[k, i, j] += strength * sample[i + a, j + c]
    for k in range(neurons):
        for i in range(rows):
            for j in range(columns):
                dw[k, i * columns + j] += share * total[k, i, j]


add_network_class_sig = types.void(
    matrix, vector, cube, f8, f8, types.UniTuple(i8, 2), response_type, matrix, vector
)  # fmt: skip


class FrozenNetworkDrift:
    """``drift(w, b) -> dw/dt, db/dt`` (K, D), (K,) on the samples of some scrambles together."""

    def __init__(self, problem: Problem, points: int, seeds: list[np.random.SeedSequence]) -> None:
        self._data: FrozenData = frozen_data(problem, points, seeds)
        self._response = response_kernel(str(problem.activation))
        self._add: Any = compiled(add_network_class, add_network_class_sig)

    def __call__(self, w: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Weights (K, D), biases (K,)."""
        data = self._data
        dw, db = np.zeros(w.shape), np.zeros(b.shape)
        sides = (data.rows, data.columns)
        for x, label, share in zip((data.plus, data.minus), data.labels, data.shares, strict=True):
            self._add(w, b, x, float(label), 0.5 * float(share), sides, self._response, dw, db)
        return dw, db
