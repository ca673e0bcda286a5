"""The right-hand side of the flow as compiled functions with one signature, so that one integrator serves all.

``rhs(w, out, data, law)`` sets ``out`` to dw/dt and returns flags; ``data`` is a tuple of arrays made by
``numerics.flow.plan``; ``law`` is the compiled closure ``(k2, k4, y, b, rule) -> (A, B, flag)``, passed as a
first-class function.
"""

from __future__ import annotations

from numba import types

from cumulode.numerics.compile.jit import f8, i8, kernel, matrix, vector
from cumulode.numerics.contraction.form import contract, tables_t
from cumulode.numerics.contraction.second import correlate

#: Flags a right-hand side may raise.
CONTINUED, CLAMPED, UNDEFINED = 1, 2, 4

#: Each of two classes, plus first: taps of C; how far left they begin; tables of K; scratch of C w and of K(w,w,w).
#: Then labels and priors (2, 2); bias; quadrature; rows of scratch for C w and K(w,w,w).
data_t = types.Tuple(
    (
        types.UniTuple(matrix, 2),
        types.UniTuple(i8, 2),
        types.UniTuple(tables_t, 2),
        types.UniTuple(matrix, 2),
        types.UniTuple(matrix, 2),
        matrix,
        f8,
        matrix,
        matrix,
    )
)
coefficients_sig = types.Tuple((f8, f8, i8))(f8, f8, f8, f8, matrix)
potential_sig = f8(f8, f8, f8, f8, matrix)
coefficients_t = types.FunctionType(coefficients_sig)
#: ``(k2, k4, y, b, rule) -> (A, B, c6, dc6/dk2, dc6/dk4, flag)``, and ``(mean, variance, y, b, rule) -> E[F], E[F']``.
tree_law_sig = types.Tuple((f8, f8, f8, f8, f8, i8))(f8, f8, f8, f8, matrix)
conditional_law_sig = types.UniTuple(f8, 2)(f8, f8, f8, f8, matrix)
tree_law_t = types.FunctionType(tree_law_sig)
conditional_law_t = types.FunctionType(conditional_law_sig)
rhs_sig = i8(vector, vector, data_t, coefficients_t)
FIELD_ROWS = 4


@kernel
def class_cumulants(w, data, c):  # type: ignore[no-untyped-def]
    """k2 and k4 of class ``c``; leaves C w in row ``c`` of the last array and K(w,w,w) in row ``2 + c``."""
    taps, left, tables, pads, scratch, _, _, _, fields = data
    cw, kwww = fields[c], fields[2 + c]
    correlate(w, cw, taps[c], left[c], pads[c])
    contract(w, kwww, tables[c], scratch[c])
    k2, k4 = 0.0, 0.0
    for i in range(w.size):
        k2 += cw[i] * w[i]
        k4 += kwww[i] * w[i]
    return k2, k4


@kernel
def two_cumulant_rhs(w, out, data, law):  # type: ignore[no-untyped-def]
    """dw/dt = sum_y p_y [A C w + B K(w,w,w)] (theory.md section 3)."""
    classes, bias, rule, fields = data[5], data[6], data[7], data[8]
    flags = 0
    out[:] = 0.0
    for c in range(2):
        k2, k4 = class_cumulants(w, data, c)
        A, B, flag = law(k2, k4, classes[0, c], bias, rule)
        flags |= flag
        A *= classes[1, c]
        B *= classes[1, c]
        cw, kwww = fields[c], fields[2 + c]
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
