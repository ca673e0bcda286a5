"""Losses of networks.

Written from cumulode.theory; do not edit: `python -m cumulode.numerics.compile.codegen`.
"""

import math

import numpy as np

from cumulode.numerics.compile.jit import kernel


@kernel
def mse_loss(y, s):
    """Loss mse of output s."""
    return (1.0/2.0)*(-s + y)**2


@kernel
def mse_residual(y, s):
    """Minus the derivative in s of mse."""
    return -s + y


@kernel
def cross_entropy_loss(y, s):
    """Loss cross-entropy of output s."""
    r0 = (1.0/2.0)*s
    return r0 - s*y + (abs(r0) + math.log1p(math.exp(-2.0*abs(r0))))


@kernel
def cross_entropy_residual(y, s):
    """Minus the derivative in s of cross-entropy."""
    return y - 1.0/2.0*math.tanh((1.0/2.0)*s) + (-1.0/2.0)
