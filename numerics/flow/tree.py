"""The tree closure: pearson and the sixth cumulant of w.x at tree level (theory.md section 3).

With ``T = K(w,w,w)``, ``u = C^-1 T``, ``Q = T.u - k4^2/k2`` a class has ``Psi = E_nu[Phi] + chi Q c6``, so its drift is

    pearson's + chi { c6 [6 K(w,w,u) - 8 (k4/k2) T + 2 (k4/k2)^2 C w] + Q [2 dc6/dk2 C w + 4 dc6/dk4 T] },

the first bracket being the gradient of Q (eq. (closures.33, tree gradient)).
Where C has an eigenvalue below ``SMALLEST``, Q and its gradient take ``C + ridge`` in place of C, also in ``k2``, with
the least ridge that lifts all to ``SMALLEST``: so Q stays >= 0, the flow a gradient flow, and nothing jumps as a law
changes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import types

from cumulode.numerics.compile.jit import f8, i8, kernel, matrix, vector
from cumulode.numerics.contraction.form import contract_polarised
from cumulode.numerics.contraction.second import Second, correlate, padded, second_taps

from .right_hand_side import class_cumulants, data_t, tree_law_t

#: Eigenvalues of C are lifted to this before C is inverted.
SMALLEST = 1e-3

#: The arrays of ``two_cumulant_rhs``; for each class taps of the inverse of C + ridge, how far left they begin,
#: scratch; ridges (2,); chi; rows of scratch.
tree_data_t = types.Tuple(
    (data_t, types.UniTuple(matrix, 2), types.UniTuple(i8, 2), types.UniTuple(matrix, 2), vector, f8, matrix)
)
tree_sig = i8(vector, vector, tree_data_t, tree_law_t)
sixth_sig = i8(matrix, tree_data_t, tree_law_t, matrix)
#: u, K(w,w,u) and two rows for ``contract_polarised``.
ROWS = 4


@dataclass(frozen=True, eq=False)
class Inverse:
    """The inverse of ``C + ridge`` on one shape, as ``correlate`` wants it."""

    second: Second
    ridge: float


def inverse(second: np.ndarray, shape: tuple[int, ...]) -> Inverse:
    """From ``second`` (D,), the covariance of site 0 with every site of a ring (D,) or a torus (L, L)."""
    spectrum = np.fft.fftn(second.reshape(shape)).real
    ridge = max(0.0, SMALLEST - float(spectrum.min()))
    taps = np.fft.ifftn(1.0 / (spectrum + ridge)).real
    return Inverse(second_taps(taps.reshape(-1), shape), ridge)


def tree_data(data: tuple[Any, ...], inverses: list[Inverse], shape: tuple[int, ...], chi: float) -> tuple[Any, ...]:
    """The arrays of ``tree_data_t`` around those of ``rhs.data_t``; all scratch is fresh."""
    return (
        data,
        tuple(found.second.taps for found in inverses),
        tuple(found.second.left for found in inverses),
        tuple(padded(shape, found.second) for found in inverses),
        np.array([found.ridge for found in inverses]),
        chi,
        np.zeros((ROWS, int(np.prod(shape)))),
    )


@kernel
def solve_second(w, k2, k4, data, c):  # type: ignore[no-untyped-def]
    """u = (C + ridge)^-1 T into the first row of scratch; returns w.(C + ridge) w and Q >= 0. T is known by then."""
    two, taps, left, pads, ridges, _, rows = data
    T, u = two[8][2 + c], rows[0]
    correlate(T, u, taps[c], left[c], pads[c])
    norm, Tu = 0.0, 0.0
    for i in range(w.size):
        norm += w[i] * w[i]
        Tu += T[i] * u[i]
    second = max(k2 + ridges[c] * norm, 1e-60)
    # Cauchy and Schwarz: negative only by rounding, or where the contraction's error shows
    return second, max(0.0, Tu - k4 * k4 / second)


@kernel
def tree_rhs(w, out, data, law):  # type: ignore[no-untyped-def]
    """dw/dt of the tree closure."""
    two, ridges, chi, rows = data[0], data[4], data[5], data[6]
    classes, bias, rule, fields = two[5], two[6], two[7], two[8]
    flags = 0
    out[:] = 0.0
    for c in range(2):
        k2, k4 = class_cumulants(w, two, c)
        A, B, c6, c6_k2, c6_k4, flag = law(k2, k4, classes[0, c], bias, rule)
        flags |= flag
        cw, T = fields[c], fields[2 + c]
        weight, own = classes[1, c] * chi, 0.0
        if chi != 0.0 and two[2][c][1][0]:  # a Gaussian class has no T
            second, Q = solve_second(w, k2, k4, data, c)
            contract_polarised(w, rows[0], rows[1], two[2][c], two[4][c], rows[2:])
            ratio = k4 / second
            A += chi * (2.0 * ratio * ratio * c6 + 2.0 * Q * c6_k2)
            B += chi * (4.0 * Q * c6_k4 - 8.0 * ratio * c6)
            own = 2.0 * ratio * ratio * ridges[c] * c6 * weight
            for i in range(w.size):
                out[i] += 6.0 * c6 * weight * rows[1, i] + own * w[i]
        A *= classes[1, c]
        B *= classes[1, c]
        for i in range(w.size):
            out[i] += A * cw[i] + B * T[i]
    return flags


@kernel
def sixth_terms(w, data, law, out):  # type: ignore[no-untyped-def]
    """``chi Q c6`` of both classes (n, 2) for every row of ``w`` (n, D)."""
    two = data[0]
    for row in range(w.shape[0]):
        for c in range(2):
            k2, k4 = class_cumulants(w[row], two, c)
            Q = solve_second(w[row], k2, k4, data, c)[1]
            out[row, c] = data[5] * Q * law(k2, k4, two[5][0, c], two[6], two[7])[2]
    return 0
