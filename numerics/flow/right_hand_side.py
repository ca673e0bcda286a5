"""The right-hand side of the flow as compiled functions with one signature, so that one integrator serves all.

``rhs(w, out, data, law)`` sets ``out`` to dw/dt and returns flags; ``data`` is a named tuple of arrays made by
``numerics.flow.plan``; ``law`` is the compiled closure ``(k2, k4, y, b, rule) -> (A, B, flag)``, passed as a
first-class function.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import types

from cumulode.numerics.compile.jit import f8, i8, kernel, matrix, vector
from cumulode.numerics.compile.signatures import coefficients_t
from cumulode.numerics.contraction.form import Tables, contract, tables_t
from cumulode.numerics.contraction.second import correlate

#: Flags a right-hand side may raise.
CONTINUED, CLAMPED, UNDEFINED = 1, 2, 4


class ClassData(NamedTuple):
    """One class: what ``correlate`` takes for C w, ``contract`` for K(w,w,w); label and prior; and where both go."""

    taps: np.ndarray
    left: int
    pad: np.ndarray
    tables: Tables
    scratch: np.ndarray
    label: float
    prior: float
    cw: np.ndarray
    kwww: np.ndarray


class Data(NamedTuple):
    """Both classes, plus first; bias; quadrature rule (2, nodes)."""

    classes: tuple[ClassData, ClassData]
    bias: float
    rule: np.ndarray


class_t = types.NamedTuple((matrix, i8, matrix, tables_t, matrix, f8, f8, vector, vector), ClassData)
data_t = types.NamedTuple((types.UniTuple(class_t, 2), f8, matrix), Data)
rhs_sig = i8(vector, vector, data_t, coefficients_t)
many_cumulants_sig = i8(matrix, data_t, matrix, matrix)


@kernel
def class_cumulants(w, own):  # type: ignore[no-untyped-def]
    """k2 and k4 of a class; leaves C w in ``own.cw`` and K(w,w,w) in ``own.kwww``."""
    cw, kwww = own.cw, own.kwww
    correlate(w, cw, own.taps, own.left, own.pad)
    contract(w, kwww, own.tables, own.scratch)
    k2, k4 = 0.0, 0.0
    for i in range(w.size):
        k2 += cw[i] * w[i]
        k4 += kwww[i] * w[i]
    return k2, k4


@kernel
def add_two(out, A, cw, B, kwww):  # type: ignore[no-untyped-def]
    """Add ``A C w + B K(w,w,w)`` to ``out``."""
    for i in range(out.size):
        out[i] += A * cw[i] + B * kwww[i]


@kernel
def two_cumulant_rhs(w, out, data, law):  # type: ignore[no-untyped-def]
    """dw/dt = sum_y p_y [A C w + B K(w,w,w)] (theory.md section 3)."""
    flags = 0
    out[:] = 0.0
    for own in data.classes:
        k2, k4 = class_cumulants(w, own)
        A, B, flag = law(k2, k4, own.label, data.bias, data.rule)
        flags |= flag
        add_two(out, A * own.prior, own.cw, B * own.prior, own.kwww)
    return flags


@kernel
def many_cumulants(w, data, k2, k4):  # type: ignore[no-untyped-def]
    """k2, k4 (n, 2) of every row of ``w`` (n, D)."""
    for row in range(w.shape[0]):
        for c in range(2):
            k2[row, c], k4[row, c] = class_cumulants(w[row], data.classes[c])
    return 0
