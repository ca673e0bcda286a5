"""Fourth cumulant of the NLGP.

Written from cumulode.theory; do not edit: `python -m cumulode.numerics.compile.codegen`.
"""

import math

import numpy as np

from cumulode.numerics.compile.jit import kernel


@kernel
def plackett_pair(tau, tau_c, r_ij, r_ik, r_il, r_jk, r_jl, r_kl, rc_ij, rc_ik, rc_il, rc_jk, rc_jl, rc_kl):
    """One pair's part of the Plackett integrand of the fourth cumulant."""
    a = r_ij*tau
    alpha = rc_ij*tau + tau_c
    b = r_kl*tau
    s_k = tau*(r_ik + r_jk)
    d_k = tau*(-rc_ik + rc_jk)
    beta_k = rc_ik*tau + tau_c
    gamma_k = rc_jk*tau + tau_c
    A = (1.0/2.0)*s_k**2/(a + 1) + (1.0/2.0)*d_k**2/alpha
    v_k = (alpha*(-alpha - 2*beta_k*gamma_k + 2*beta_k + 2*gamma_k) - d_k**2)/(alpha*(a + 1))
    s_l = tau*(r_il + r_jl)
    d_l = tau*(-rc_il + rc_jl)
    beta_l = rc_il*tau + tau_c
    gamma_l = rc_jl*tau + tau_c
    B = (1.0/2.0)*s_l**2/(a + 1) + (1.0/2.0)*d_l**2/alpha
    v_l = (alpha*(-alpha - 2*beta_l*gamma_l + 2*beta_l + 2*gamma_l) - d_l**2)/(alpha*(a + 1))
    N = (1.0/2.0)*s_k*s_l/(a + 1) + (1.0/2.0)*d_k*d_l/alpha
    root = math.sqrt(v_k*v_l)
    gap = (-N + b*(-A*B + A + B)/(root + 1))/root
    rho = b + gap
    b_root = math.sqrt((b + 1)*(rc_kl*tau + tau_c))
    near = (1 - rho)*(rho + 1)
    rho_root = math.sqrt(max(0, near))
    return r_ij*math.atan2(gap*(b*(b + rho)/(b_root + rho_root) + b_root), b*rho + b_root*rho_root)/math.sqrt(alpha*(a + 1))


@kernel
def plackett_layer(tau, tau_c, r_ij, r_ik, r_il, r_jk, r_jl, r_kl, rc_ij, rc_ik, rc_il, rc_jk, rc_jl, rc_kl):
    """One pair's part of the Plackett integrand where signs are nearly equal."""
    a = r_ij*tau
    b = r_kl*tau
    alpha = rc_ij*tau + tau_c
    beta_k = rc_ik*tau + tau_c
    beta_l = rc_il*tau + tau_c
    gamma_k = rc_jk*tau + tau_c
    gamma_l = rc_jl*tau + tau_c
    delta = rc_kl*tau + tau_c
    v_k = max(0, (-(-max(min(alpha, beta_k), min(gamma_k, max(alpha, beta_k))) + max(alpha, beta_k, gamma_k))**2 + (-2*max(min(alpha, beta_k), min(gamma_k, max(alpha, beta_k)))*max(alpha, beta_k, gamma_k) + 2*max(min(alpha, beta_k), min(gamma_k, max(alpha, beta_k))) + 2*max(alpha, beta_k, gamma_k) - min(alpha, beta_k, gamma_k))*min(alpha, beta_k, gamma_k))/(alpha*(a + 1)))
    v_l = max(0, (-(-max(min(alpha, beta_l), min(gamma_l, max(alpha, beta_l))) + max(alpha, beta_l, gamma_l))**2 + (-2*max(min(alpha, beta_l), min(gamma_l, max(alpha, beta_l)))*max(alpha, beta_l, gamma_l) + 2*max(min(alpha, beta_l), min(gamma_l, max(alpha, beta_l))) + 2*max(alpha, beta_l, gamma_l) - min(alpha, beta_l, gamma_l))*min(alpha, beta_l, gamma_l))/(alpha*(a + 1)))
    root = math.sqrt(v_k*v_l)
    shared = -beta_k*beta_l - delta + max(beta_k, beta_l) + min(beta_k, beta_l) - (-alpha*beta_k - gamma_k + max(alpha, beta_k) + min(alpha, beta_k))*(-alpha*beta_l - gamma_l + max(alpha, beta_l) + min(alpha, beta_l))/(alpha*(a + 1))
    left = math.sqrt(max(0, (root - shared)*(root + shared)))
    b_root = math.sqrt(delta*(b + 1))
    return r_ij*math.atan2(-b*left + b_root*shared, b*shared + b_root*left)/math.sqrt(alpha*(a + 1))
