"""Jacobians of a drift by fourth-order central differences of the compiled right-hand side, dense or along one site."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from numba import types

from cumulode.numerics.compile.jit import compiled, f8, i8, kernel, matrix, vector
from cumulode.numerics.flow.plan import Plan
from cumulode.numerics.flow.right_hand_side import UNDEFINED

#: Step relative to the larger of |w| and 1: errors of 1e-12 by rounding, and by the fifth derivative.
STEP = 1e-3


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
def _compiled(rhs_signature: Any, law_type: Any) -> Any:
    rhs_t = types.FunctionType(rhs_signature)
    return compiled(_columns, i8(rhs_t, law_type, rhs_signature.args[2], vector, f8, matrix))


def jacobian(plan: Plan, w: np.ndarray, columns: int | None = None, data: Any = None) -> np.ndarray:
    """``d(dw_i/dt)/dw_j`` at ``w`` (D,): (D, D), or its first ``columns`` (D, columns); NaN where not defined."""
    count = w.size if columns is None else columns
    rows = np.empty((count, w.size))
    step = STEP * max(1.0, float(np.linalg.norm(w)))
    work = _compiled(plan.signature, plan.law_type)
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
