"""Closures at small k2.

Written from cumulode.theory; do not edit: `python -m cumulode.numerics.compile.codegen`.
"""

import math

import numpy as np

from cumulode.numerics.compile.jit import kernel


@kernel
def small_edgeworth(k2, k4, d1, d3, d5, d7):
    """edgeworth at small k2."""
    kappa = k4/k2**2
    r0 = k2**2
    return d1 + (1.0/2.0)*d3*k2 + (1.0/360.0)*d5*r0*(15*kappa + 45) + (1.0/20160.0)*d7*k2**3*(420*kappa + 420), (1.0/6.0)*d3 + (1.0/12.0)*d5*k2 + (1.0/48.0)*d7*r0


@kernel
def small_bimodal(k2, k4, d1, d3, d5, d7):
    """bimodal at small k2."""
    kappa = k4/k2**2
    mu = math.sqrt(max(0, -1.0/2.0*kappa))
    r0 = mu**2
    r1 = k2**2
    r2 = mu**3
    r3 = 4*mu - 5
    r4 = -56*mu + 22*r0 + 35
    return d1 + (1.0/12.0)*d3*k2*(-2*kappa - 4*r0 + 6) + (1.0/360.0)*d5*r1*(6*kappa*r3 - 90*r0 + 48*r2 + 45) + (1.0/20160.0)*d7*k2**3*(-12*kappa*r4 - 528*mu**4 - 1680*r0 + 1792*r2 + 420), (1.0/6.0)*d3 - 1.0/60.0*d5*k2*r3 + (1.0/1680.0)*d7*r1*r4


@kernel
def small_pearson(k2, k4, d1, d3, d5, d7):
    """pearson at small k2."""
    kappa = k4/k2**2
    r0 = k2**2
    r1 = kappa - 3
    r2 = 1/r1
    r3 = kappa + 3
    r4 = r3**2
    r5 = r1**(-2)
    r6 = kappa*r5
    r7 = r3*(kappa - 9)
    r8 = 2*kappa - 3
    r9 = r4*(kappa**2 - 15*kappa + 27)/r8**2
    return d1 + (1.0/2.0)*d3*k2 + (1.0/360.0)*d5*r0*(-15*r2*r4 + 10*r6*r7) + (1.0/20160.0)*d7*k2**3*(140*r2*r3**3/r8 - 140*r6*r9), (1.0/6.0)*d3 - 1.0/36.0*d5*k2*r5*r7 + (1.0/144.0)*d7*r0*r5*r9


@kernel
def small_pearson_heavy(k2, k4, d1, d3, d5, d7):
    """pearson_heavy at small k2."""
    kappa = k4/k2**2
    r0 = kappa - 3
    r1 = kappa + 3
    r2 = r1*(kappa - 9)/r0**2
    return d1 + (1.0/2.0)*d3*k2 + (1.0/360.0)*d5*k2**2*(10*kappa*r2 - 15*r1**2/r0), (1.0/6.0)*d3 - 1.0/36.0*d5*k2*r2


@kernel
def small_regression(k2, k4, d1, d3, d5, d7):
    """regression at small k2."""
    kappa = k4/k2**2
    r0 = (1.0/6.0)*d3
    r1 = kappa + 3
    r2 = k2*r1
    r3 = 1/(kappa - 3)
    r4 = k2**2*r1**2
    r5 = 1/(2*kappa - 3)
    r6 = (1.0/144.0)*d7*r5
    r7 = -1.0/12.0*d5*r2*r5 + r0 + r4*r6/(kappa - 1)
    return d1 - 1.0/24.0*d5*r3*r4 + k2**3*r1**3*r3*r6 - k2*kappa*r7 + r0*r2, r7


@kernel
def small_tree(k2, k4, d1, d3, d5, d7):
    """tree at small k2."""
    kappa = k4/k2**2
    r0 = k2**2
    r1 = kappa - 3
    r2 = 1/r1
    r3 = kappa + 3
    r4 = r3**2
    r5 = r1**(-2)
    r6 = kappa*r5
    r7 = r3*(kappa - 9)
    r8 = 2*kappa
    r9 = r8 - 3
    r10 = r4*(kappa**2 - 15*kappa + 27)/r9**2
    r11 = 5*kappa - 3
    r12 = (1.0/1440.0)*d7/r11
    r13 = r12*r3
    r14 = (1.0/288.0)*d7*r3/r11**2 - r12
    return d1 + (1.0/2.0)*d3*k2 + (1.0/360.0)*d5*r0*(-15*r2*r4 + 10*r6*r7) + (1.0/20160.0)*d7*k2**3*(-140*r10*r6 + 140*r2*r3**3/r9), (1.0/6.0)*d3 - 1.0/36.0*d5*k2*r5*r7 + (1.0/144.0)*d7*r0*r10*r5, (1.0/720.0)*d5 - k2*r13, -r13 - r14*r8, r14/k2
