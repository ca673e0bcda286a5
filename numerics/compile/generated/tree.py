"""The tree closure: Q, its drift and its potential.

Written from cumulode.theory; do not edit: `python -m cumulode.numerics.compile.codegen`.
"""

import math

import numpy as np

from cumulode.numerics.compile.jit import kernel


@kernel
def tree_forms(k2, k4, square, ridge, form):
    """w.(C + ridge) w and Q >= 0 (negative only by rounding, or where the contraction's error shows)."""
    second = max(1.0e-60, k2 + ridge*square)
    Q = max(0, form - k4**2/second)
    return second, Q


@kernel
def tree_drift(k4, second, Q, A, B, c6, c6_k2, c6_k4, chi, ridge):
    """The drift: coefficients of C w, T = K(w,w,w), K(w,w,u), w."""
    ratio = k4/second
    lifted = ratio**2*ridge
    r0 = 2*c6
    return A + chi*(2*Q*c6_k2 + r0*ratio**2), B + chi*(4*Q*c6_k4 - 8*c6*ratio), 6*c6*chi, chi*lifted*r0


@kernel
def tree_sixth(Q, c6, chi):
    """What the sixth cumulant adds to the potential."""
    return Q*c6*chi
