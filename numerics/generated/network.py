"""Two neurons of a committee: averages to third order in w.

Written by cumulode.numerics.codegen from cumulode.theory; do not edit: `python -m cumulode.numerics.codegen`.
"""

import math

import numpy as np

from cumulode.numerics.jit import kernel


@kernel
def label_drift(q_kk, k2, k4):
    """E[x sigma'(h_k)]: coefficients of C w_k and K(w_k,w_k,w_k)."""
    return (1.0/2.0)*(2*k2 + k4*q_kk), (1.0/6.0)*k4


@kernel
def pair_drift(q_kk, q_kl, q_ll, k1, k2, k3, k4, l0, l1, l2, l3):
    """E[x sigma'(h_k) sigma(h_l)]: coefficients of C w_k, C w_l, K_kkk, K_kkl, K_kll, K_lll."""
    r0 = 2*k2
    r1 = k2*l2
    r2 = k4*l0
    r3 = 2*l1
    r4 = k1*l3
    r5 = k3*l1
    return (1.0/2.0)*k3*q_kl*r3 + (1.0/2.0)*l0*r0 + (1.0/2.0)*q_kk*r2 + (1.0/2.0)*q_ll*r1, (1.0/2.0)*k1*r3 + (1.0/2.0)*l2*q_kl*r0 + (1.0/2.0)*q_kk*r5 + (1.0/2.0)*q_ll*r4, (1.0/6.0)*r2, (1.0/2.0)*r5, (1.0/2.0)*r1, (1.0/6.0)*r4


@kernel
def label_bias(q_kk, f_kkkk, k1, k3, k5):
    """E[sigma'(h_k)]."""
    return k1 + (1.0/2.0)*k3*q_kk + (1.0/24.0)*k5*(f_kkkk + 3*q_kk**2)


@kernel
def pair_bias(q_kk, q_kl, q_ll, f_kkkk, f_kkkl, f_kkll, f_klll, f_llll, k1, k2, k3, k4, k5, l0, l1, l2, l3, l4):
    """E[sigma'(h_k) sigma(h_l)]."""
    r0 = 3*q_kl
    return k1*l0 + (1.0/2.0)*k1*l2*q_ll + (1.0/24.0)*k1*l4*(f_llll + 3*q_ll**2) + k2*l1*q_kl + (1.0/6.0)*k2*l3*(f_klll + q_ll*r0) + (1.0/2.0)*k3*l0*q_kk + (1.0/4.0)*k3*l2*(f_kkll + q_kk*q_ll + 2*q_kl**2) + (1.0/6.0)*k4*l1*(f_kkkl + q_kk*r0) + (1.0/24.0)*k5*l0*(f_kkkk + 3*q_kk**2)
