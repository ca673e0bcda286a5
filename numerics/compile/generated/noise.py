"""The noise of SGD.

Written from cumulode.theory; do not edit: `python -m cumulode.numerics.compile.codegen`.
"""

import math

import numpy as np

from cumulode.numerics.compile.jit import kernel


@kernel
def squared_entry(g0, g2, g4, g6, C, K, u_i, u_j, T_i, T_j):
    """E[F^2 x_i x_j] of one class from averages over the preactivation's law."""
    return C*g0 + T_i*T_j*g6 + g2*(K + 2*u_i*u_j) + g4*(T_i*u_j + T_j*u_i)
