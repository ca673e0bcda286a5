"""The tree closure: pearson and the sixth cumulant of w.x at tree level (theory.md section 3).

With ``T = K(w,w,w)``, ``u = C^-1 T``, ``Q = T.u - k4^2/k2`` a class has ``Psi = E_nu[Phi] + chi Q c6``; its drift has
the directions C w, T, K(w,w,u) and w, whose coefficients ``theory.closures.tree_drift`` derives.
Where C has an eigenvalue below ``SMALLEST``, Q and its gradient take ``C + ridge`` in place of C, also in ``k2``, with
the least ridge that lifts all to ``SMALLEST``: so Q stays >= 0, the flow a gradient flow, and nothing jumps as a law
changes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numba import types

from cumulode.numerics.compile.generated.tree import tree_drift, tree_forms, tree_sixth
from cumulode.numerics.compile.jit import f8, i8, kernel, matrix, vector
from cumulode.numerics.compile.signatures import tree_law_t
from cumulode.numerics.contraction.form import contract_polarised
from cumulode.numerics.contraction.second import Second, correlate, padded, second_taps

from .right_hand_side import ClassData, Data, add_two, class_cumulants, class_t

#: Eigenvalues of C are lifted to this before C is inverted.
SMALLEST = 1e-3


class TreeClass(NamedTuple):
    """One class: its cumulants; the inverse of C + ridge as ``correlate`` takes it; ridge."""

    law: ClassData
    taps: np.ndarray
    left: int
    pad: np.ndarray
    ridge: float


class TreeData(NamedTuple):
    """Both classes; bias; quadrature; chi; and where u, K(w,w,u) (D,) and what leads to it (2, D) go."""

    classes: tuple[TreeClass, TreeClass]
    bias: float
    rule: np.ndarray
    chi: float
    u: np.ndarray
    kwwu: np.ndarray
    work: np.ndarray


tree_class_t = types.NamedTuple((class_t, matrix, i8, matrix, f8), TreeClass)
tree_data_t = types.NamedTuple((types.UniTuple(tree_class_t, 2), f8, matrix, f8, vector, vector, matrix), TreeData)
tree_sig = i8(vector, vector, tree_data_t, tree_law_t)
sixth_sig = i8(matrix, tree_data_t, tree_law_t, matrix)


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


def tree_data(data: Data, inverses: list[Inverse], shape: tuple[int, ...], chi: float) -> TreeData:
    """What ``tree_rhs`` takes, around what ``two_cumulant_rhs`` does; all scratch is fresh."""
    plus, minus = (
        TreeClass(law, made.second.taps, made.second.left, padded(shape, made.second), made.ridge)
        for law, made in zip(data.classes, inverses, strict=True)
    )
    size = int(np.prod(shape))
    return TreeData((plus, minus), data.bias, data.rule, chi, np.zeros(size), np.zeros(size), np.zeros((2, size)))


@kernel
def solve_second(w, k2, k4, own, u):  # type: ignore[no-untyped-def]
    """Set ``u`` to (C + ridge)^-1 T; returns w.(C + ridge) w and Q >= 0. T is known by then."""
    T = own.law.kwww
    correlate(T, u, own.taps, own.left, own.pad)
    square, form = 0.0, 0.0
    for i in range(w.size):
        square += w[i] * w[i]
        form += T[i] * u[i]
    return tree_forms(k2, k4, square, own.ridge, form)


@kernel
def tree_rhs(w, out, data, closure):  # type: ignore[no-untyped-def]
    """dw/dt of the tree closure."""
    u, kwwu, chi = data.u, data.kwwu, data.chi
    flags = 0
    out[:] = 0.0
    for own in data.classes:
        law = own.law
        k2, k4 = class_cumulants(w, law)
        A, B, c6, c6_k2, c6_k4, flag = closure(k2, k4, law.label, data.bias, data.rule)
        flags |= flag
        if chi != 0.0 and law.tables.nonzero:
            second, Q = solve_second(w, k2, k4, own, u)
            contract_polarised(w, u, kwwu, law.tables, law.scratch, data.work)
            A, B, along_kwwu, along_w = tree_drift(k4, second, Q, A, B, c6, c6_k2, c6_k4, chi, own.ridge)
            add_two(out, along_kwwu * law.prior, kwwu, along_w * law.prior, w)
        add_two(out, A * law.prior, law.cw, B * law.prior, law.kwww)
    return flags


@kernel
def sixth_terms(w, data, closure, out):  # type: ignore[no-untyped-def]
    """``chi Q c6`` of both classes (n, 2) for every row of ``w`` (n, D)."""
    for row in range(w.shape[0]):
        for c in range(2):
            own = data.classes[c]
            k2, k4 = class_cumulants(w[row], own.law)
            Q = solve_second(w[row], k2, k4, own, data.u)[1]
            c6 = closure(k2, k4, own.law.label, data.bias, data.rule)[2]
            out[row, c] = tree_sixth(Q, c6, data.chi)
    return 0
