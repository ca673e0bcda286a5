"""Two neurons of a committee: averages to third order in w.

Written from cumulode.theory; do not edit: `python -m cumulode.numerics.compile.codegen`.
"""

import math

import numpy as np

from cumulode.numerics.compile.jit import kernel


@kernel
def label_drift(q_kk, u2, u4):
    """E[x sigma'(h_k)]: coefficients of C w_k and K(w_k,w_k,w_k)."""
    return (1.0/2.0)*(q_kk*u4 + 2*u2), (1.0/6.0)*u4


@kernel
def pair_drift(q_kk, q_kl, q_ll, u1, u2, u3, u4, v0, v1, v2, v3):
    """E[x sigma'(h_k) sigma(h_l)]: coefficients of C w_k, C w_l, K_kkk, K_kkl, K_kll, K_lll."""
    r0 = 2*u2
    r1 = u4*v0
    r2 = u2*v2
    r3 = 2*v1
    r4 = u3*v1
    r5 = u1*v3
    return (1.0/2.0)*q_kk*r1 + (1.0/2.0)*q_kl*r3*u3 + (1.0/2.0)*q_ll*r2 + (1.0/2.0)*r0*v0, (1.0/2.0)*q_kk*r4 + (1.0/2.0)*q_kl*r0*v2 + (1.0/2.0)*q_ll*r5 + (1.0/2.0)*r3*u1, (1.0/6.0)*r1, (1.0/2.0)*r4, (1.0/2.0)*r2, (1.0/6.0)*r5


@kernel
def label_bias(q_kk, f_kkkk, u1, u3, u5):
    """E[sigma'(h_k)]."""
    return (1.0/2.0)*q_kk*u3 + u1 + (1.0/24.0)*u5*(f_kkkk + 3*q_kk**2)


@kernel
def pair_bias(q_kk, q_kl, q_ll, f_kkkk, f_kkkl, f_kkll, f_klll, f_llll, u1, u2, u3, u4, u5, v0, v1, v2, v3, v4):
    """E[sigma'(h_k) sigma(h_l)]."""
    r0 = 3*q_kl
    return (1.0/2.0)*q_kk*u3*v0 + q_kl*u2*v1 + (1.0/2.0)*q_ll*u1*v2 + u1*v0 + (1.0/24.0)*u1*v4*(f_llll + 3*q_ll**2) + (1.0/6.0)*u2*v3*(f_klll + q_ll*r0) + (1.0/4.0)*u3*v2*(f_kkll + q_kk*q_ll + 2*q_kl**2) + (1.0/6.0)*u4*v1*(f_kkkl + q_kk*r0) + (1.0/24.0)*u5*v0*(f_kkkk + 3*q_kk**2)


@kernel
def label_next(q_kk, f_kkkk, u6):
    """Of the fifth order of label_drift without the sixth cumulant: coefficients of C w_k and K(w_k,w_k,w_k)."""
    return (1.0/24.0)*u6*(f_kkkk + 3*q_kk**2), (1.0/12.0)*q_kk*u6


@kernel
def pair_next(q_kk, q_kl, q_ll, f_kkkk, f_kkkl, f_kkll, f_klll, f_llll, u1, u2, u3, u4, u5, u6, v0, v1, v2, v3, v4, v5):
    """Of the fifth order of pair_drift without the sixth cumulant: coefficients as there."""
    r0 = u6*v0
    r1 = u2*v4
    r2 = u5*v1
    r3 = 4*f_kkkl
    r4 = u4*v2
    r5 = 6*f_kkll
    r6 = u3*v3
    r7 = 4*f_klll
    r8 = q_kk*r2
    r9 = 12*q_kl
    r10 = q_ll*r4
    r11 = 6*q_kk
    r12 = q_ll*r6
    r13 = 3*q_kk**2
    r14 = 12*q_kl**2
    r15 = 3*q_ll**2
    r16 = u1*v5
    r17 = q_kk*r4
    r18 = q_ll*r1
    r19 = 2*q_kl
    return (1.0/24.0)*f_kkkk*r0 + (1.0/24.0)*f_llll*r1 + (1.0/24.0)*r0*r13 + (1.0/24.0)*r1*r15 + (1.0/24.0)*r10*r11 + (1.0/24.0)*r12*r9 + (1.0/24.0)*r14*r4 + (1.0/24.0)*r2*r3 + (1.0/24.0)*r4*r5 + (1.0/24.0)*r6*r7 + (1.0/24.0)*r8*r9, (1.0/24.0)*f_kkkk*r2 + (1.0/24.0)*f_llll*r16 + (1.0/24.0)*r1*r7 + (1.0/24.0)*r11*r12 + (1.0/24.0)*r13*r2 + (1.0/24.0)*r14*r6 + (1.0/24.0)*r15*r16 + (1.0/24.0)*r17*r9 + (1.0/24.0)*r18*r9 + (1.0/24.0)*r3*r4 + (1.0/24.0)*r5*r6, (1.0/12.0)*q_kk*r0 + (1.0/12.0)*r10 + (1.0/12.0)*r19*r2, (1.0/4.0)*r12 + (1.0/4.0)*r19*r4 + (1.0/4.0)*r8, (1.0/4.0)*r17 + (1.0/4.0)*r18 + (1.0/4.0)*r19*r6, (1.0/12.0)*q_kk*r6 + (1.0/12.0)*q_ll*r16 + (1.0/12.0)*r1*r19
