"""Jacobians of a drift by central differences of the compiled right-hand side: dense, or its largest eigenvalue alone.

Dense: of fourth order, all columns or the first. The largest eigenvalue: by compiled Lanczos and Arnoldi steps, whose
products with the Jacobian are orthogonalised twice, so that rounding brings in no copies; LAPACK finds the eigenvalues
of the small matrix left, with a bound on the error of the one wanted. Both hold no lock.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import numpy as np
from numba import types
from scipy.linalg import eigh_tridiagonal

from cumulode.numerics.compile.jit import compiled, f8, i8, kernel, matrix, vector
from cumulode.numerics.flow.plan import Plan
from cumulode.numerics.flow.right_hand_side import UNDEFINED

#: Step relative to the larger of |w| and 1: errors of 1e-12 by rounding, and by the fifth derivative.
STEP = 1e-3
#: The same of products with the Jacobian, of second order: errors of about 1e-10 of the slopes.
PRODUCT_STEP = 1e-5
#: Products done before the eigenvalue is first looked at, and between two looks.
FIRST, MORE = 16, 12


@kernel
def _columns(rhs, law, data, w, step, rows):  # type: ignore[no-untyped-def]
    """Row j of ``rows`` (n, D) becomes column j of the Jacobian, for the first n sites; flags."""
    flags = 0
    moved, slope = w.copy(), np.empty(w.size)
    rows[:] = 0.0
    for j in range(rows.shape[0]):
        for n, weight in ((-2.0, 1.0), (-1.0, -8.0), (1.0, 8.0), (2.0, -1.0)):
            moved[j] = w[j] + n * step
            flags |= rhs(moved, slope, data, law)
            for i in range(w.size):
                rows[j, i] += weight * slope[i] / (12.0 * step)
        moved[j] = w[j]
    return flags


@lru_cache(maxsize=8)
def _compiled_columns(rhs_signature: Any, law_type: Any) -> Any:
    rhs_t = types.FunctionType(rhs_signature)
    return compiled(_columns, i8(rhs_t, law_type, rhs_signature.args[2], vector, f8, matrix))


def jacobian(plan: Plan, w: np.ndarray, columns: int | None = None, data: Any = None) -> np.ndarray:
    """``d(dw_i/dt)/dw_j`` at ``w`` (D,): (D, D), or its first ``columns`` (D, columns); NaN where not defined."""
    count = w.size if columns is None else columns
    rows = np.empty((count, w.size))
    step = STEP * max(1.0, float(np.linalg.norm(w)))
    work = _compiled_columns(plan.signature, plan.law_type)
    flags = work(plan.rhs, plan.law, plan.data() if data is None else data, w, step, rows)
    if flags & UNDEFINED:
        rows[:] = np.nan
    return rows.T


def slope(plan: Plan, w: np.ndarray, data: Any) -> np.ndarray:
    """dw/dt at ``w`` (D,); NaN where the closure is not defined."""
    out = np.empty_like(w)
    if plan.rhs(w, out, data, plan.law) & UNDEFINED:
        out[:] = np.nan
    return out


@kernel
def _product(rhs, law, data, w, direction, step, out, work):  # type: ignore[no-untyped-def]
    """``out = J direction``; flags."""
    moved, back = work[0], work[1]
    for i in range(w.size):
        moved[i] = w[i] + step * direction[i]
    flags = rhs(moved, out, data, law)
    for i in range(w.size):
        moved[i] = w[i] - step * direction[i]
    flags |= rhs(moved, back, data, law)
    for i in range(w.size):
        out[i] = (out[i] - back[i]) / (2.0 * step)
    return flags


@kernel
def _arnoldi(rhs, law, data, w, step, first, last, basis, H, work):  # type: ignore[no-untyped-def]
    """Steps ``first`` to ``last`` of Arnoldi's recursion in ``basis`` (m+1, D), ``H`` (m+1, m).

    Returns how many columns there are (fewer than ``last`` where the space is invariant), -1 where a slope is not
    defined or not finite.
    """
    for m in range(first, last):
        out = basis[m + 1]
        if _product(rhs, law, data, w, basis[m], step, out, work) & UNDEFINED:
            return -1
        before = math.sqrt(np.sum(out * out))
        if not math.isfinite(before):
            return -1
        for _ in range(2):
            for j in range(m + 1):
                part = 0.0
                for i in range(w.size):
                    part += basis[j, i] * out[i]
                for i in range(w.size):
                    out[i] -= part * basis[j, i]
                H[j, m] += part
        length = math.sqrt(np.sum(out * out))
        H[m + 1, m] = length
        if length <= 1e-9 * before or m + 1 == w.size:
            H[m + 1, m] = 0.0
            return m + 1
        for i in range(w.size):
            out[i] /= length
    return last


@lru_cache(maxsize=8)
def _steps(rhs_signature: Any, law_type: Any) -> Any:
    """Compiled ``_arnoldi`` for one kind of right-hand side."""
    rhs_t = types.FunctionType(rhs_signature)
    signature = i8(rhs_t, law_type, rhs_signature.args[2], vector, f8, i8, i8, matrix, matrix, matrix)
    return compiled(_arnoldi, signature)


def arnoldi(plan: Plan) -> Any:
    """The compiled steps that a plan needs."""
    return _steps(plan.signature, plan.law_type)


@lru_cache(maxsize=32)
def _first_vector(size: int) -> np.ndarray:
    """A direction with a part along every eigenvector, the same in every run (seed 0)."""
    v = np.random.default_rng(0).standard_normal(size)
    return np.asarray(v / np.linalg.norm(v))


def top_eigenvalue(
    plan: Plan, w: np.ndarray, symmetric: bool, accuracy: float = 1e-4, data: tuple[Any, ...] | None = None
) -> float:
    """Largest real part among the eigenvalues of the drift's Jacobian at ``w`` (D,).

    Parameters
    ----------
    plan : Plan
        Of the problem and closure.
    symmetric : bool
        Whether the flow is a gradient flow, its Jacobian symmetric.
    accuracy : float > 0
        The error allowed, absolute, by its usual estimates: the norm r of the residual, or where the Jacobian is
        symmetric the smaller of r and r^2 over the gap to the next value. At most D products are done.
    data : the arrays of ``plan.data()``, to be used again in one thread

    Returns
    -------
    float, NaN where the closure is not defined around ``w``.
    """
    size = w.size
    work, steps = np.empty((2, size)), arnoldi(plan)
    step = PRODUCT_STEP * max(1.0, float(np.linalg.norm(w)))
    basis, H = np.zeros((size + 1, size)), np.zeros((size + 1, size))
    basis[0] = _first_vector(size)
    data = plan.data() if data is None else data
    done, goal = 0, min(size, FIRST)
    while True:
        reached = steps(plan.rhs, plan.law, data, w, step, done, goal, basis, H, work)
        if reached < 0:
            return math.nan
        value, error = _top(H, reached, symmetric)
        if reached < goal or reached == size or error <= accuracy:
            return value
        done, goal = goal, min(size, goal + MORE)


def _top(H: np.ndarray, m: int, symmetric: bool) -> tuple[float, float]:
    """Largest real part, and the estimate of its error."""
    small = H[:m, :m]
    if not symmetric:
        values, vectors = np.linalg.eig(small)
        best = int(np.argmax(values.real))
        return float(values[best].real), float(abs(H[m, m - 1] * vectors[-1, best]))
    # tridiagonal but for rounding; this routine calls no BLAS, whose threads would wait for one another
    values, vectors = eigh_tridiagonal(np.diag(small), np.diag(small, -1))
    residual = float(abs(H[m, m - 1] * vectors[-1, -1]))
    gap = float(values[-1] - values[-2]) if m > 1 else 0.0
    return float(values[-1]), min(residual, residual**2 / gap) if gap > 0.0 else residual
