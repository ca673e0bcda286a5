"""The right-hand side of the flow as compiled functions with one signature, so that one integrator serves all.

``rhs(w, out, data, law)`` sets ``out`` to dw/dt and returns flags; ``data`` is a tuple of arrays made by
``numerics.plan``; ``law``
is the compiled closure ``(k2, k4, y, b, rule) -> (A, B, flag)``, passed as a first-class function.
"""

from __future__ import annotations

from numba import types

from .contraction.sorted_list import contract
from .jit import f8, i8, kernel, matrix, vector

#: Flags a right-hand side may raise.
CONTINUED, CLAMPED, UNDEFINED = 1, 2, 4

positions_t = types.int64[:, ::1]
#: covariance rows (2, 2D); positions, coefficients; first entry of each class (3,); labels and priors (2, 2); bias;
#: rule; scratch
data_t = types.Tuple((matrix, positions_t, vector, types.int64[::1], matrix, f8, matrix, matrix))
coefficients_sig = types.Tuple((f8, f8, i8))(f8, f8, f8, f8, matrix)
potential_sig = f8(f8, f8, f8, f8, matrix)
coefficients_t = types.FunctionType(coefficients_sig)
rhs_sig = i8(vector, vector, data_t, coefficients_t)
SCRATCH_ROWS = 9


@kernel
def class_cumulants(w, data, c):  # type: ignore[no-untyped-def]
    """k2 and k4 of class ``c``; leaves C w in scratch row 4 + c and K(w,w,w) in row 6 + c."""
    covariance, positions, coefficients, first, _, _, _, scratch = data
    size = w.size
    w2 = scratch[0]
    w2[:size] = w
    w2[size : 2 * size] = w
    cw, kwww = scratch[4 + c], scratch[6 + c]
    k2 = 0.0
    for i in range(size):
        row = covariance[c, size - i : 2 * size - i]
        total = 0.0
        for j in range(size):
            total += row[j] * w[j]
        cw[i] = total
        k2 += total * w[i]
    if first[c + 1] == first[c]:  # Gaussian inputs
        kwww[:size] = 0.0
        return k2, 0.0
    part = slice(first[c], first[c + 1])
    contract(w2, size, positions[part], coefficients[part], scratch[1], scratch[2, :size], scratch[3, :size])
    k4 = 0.0
    for i in range(size):
        kwww[i] = scratch[1, i]
        k4 += kwww[i] * w[i]
    return k2, k4


@kernel
def two_cumulant_rhs(w, out, data, law):  # type: ignore[no-untyped-def]
    """dw/dt = sum_y p_y [A C w + B K(w,w,w)] (theory.md section 3)."""
    _, _, _, _, classes, bias, rule, scratch = data
    flags = 0
    out[:] = 0.0
    for c in range(2):
        k2, k4 = class_cumulants(w, data, c)
        A, B, flag = law(k2, k4, classes[0, c], bias, rule)
        flags |= flag
        A *= classes[1, c]
        B *= classes[1, c]
        cw, kwww = scratch[4 + c], scratch[6 + c]
        for i in range(w.size):
            out[i] += A * cw[i] + B * kwww[i]
    return flags


@kernel
def many_cumulants(w, data, k2, k4):  # type: ignore[no-untyped-def]
    """k2, k4 (n, 2) of every row of ``w`` (n, D)."""
    for row in range(w.shape[0]):
        for c in range(2):
            k2[row, c], k4[row, c] = class_cumulants(w[row], data, c)
    return 0


many_cumulants_sig = i8(matrix, data_t, matrix, matrix)
