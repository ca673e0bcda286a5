"""Norms of Pearson's law.

Written from cumulode.theory; do not edit: `python -m cumulode.numerics.compile.codegen`.
"""

import math

import numpy as np

from cumulode.numerics.compile.jit import kernel


@kernel
def third_norm(k2, k4):
    """h3 = E[P_3^2] of Pearson's law; negative where there is none (kappa < -2 or > 3)."""
    kappa = k4/k2**2
    return -k2**3*(kappa + 2)*(kappa + 3)**2/(kappa - 3)
