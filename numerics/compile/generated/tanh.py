"""Activation tanh: force, closures.

Written from cumulode.theory; do not edit: `python -m cumulode.numerics.compile.codegen`.
"""

import math

import numpy as np

from cumulode.numerics.compile.jit import kernel


ACTIVATION = 'tanh'
CLOSURES = ('taylor', 'taylor-activation', 'gaussian', 'edgeworth', 'bimodal', 'pearson', 'regression', 'tree', 'conditional')
PANEL = 4.0  # length in h over which 40 nodes resolve the force
PANELS = 10000.0  # averages over more are not resolved: NaN
KINKS = ()


@kernel
def functions(h, y):
    """Phi, F and F' (without deltas) at preactivation h and label y."""
    x0 = math.tanh(h)
    x1 = -x0 + y
    x2 = x0**2
    x3 = x2 - 1
    x4 = -x3
    return -1.0/2.0*x1**2, x1*x4, -x0*x1*(2 - 2*x2) + x3*x4


@kernel
def force(h, y):
    """F_y(h)."""
    x0 = math.tanh(h)
    return (1 - x0**2)*(-x0 + y)


@kernel
def sigma(h):
    """The activation."""
    return math.tanh(h)


@kernel
def response(h):
    """The activation and its derivative."""
    x0 = math.tanh(h)
    return x0, 1 - x0**2


@kernel
def slopes(h):
    """The activation and its derivatives (between the kinks) up to the sixth."""
    x0 = math.tanh(h)
    x1 = x0**2
    x2 = 1 - x1
    x3 = 2 - 2*x1
    x4 = x0*x3
    x5 = x2*x3
    x6 = x0**3
    x7 = x3**2
    x8 = 3*x7
    x9 = x2**2
    x10 = 4*x1
    x11 = 3 - 3*x1
    x12 = x0*x7
    return x0, x2, -x4, 2*x1*x3 - x5, x0*x8 + 2*x2*x4 - 4*x3*x6, 8*x0**4*x3 - 14*x1*x7 - x10*x11*x3 - x10*x5 + x2*x8 + 2*x3*x9, -16*x0**5*x3 - 17*x0*x3**3 - 4*x11*x12 + 8*x11*x3*x6 - 20*x12*x2 + 8*x2*x3*x6 + 8*x3*x6*(4 - x10) - 4*x4*x9 + 72*x6*x7


@kernel
def odd_slopes(h, y):
    """F', F^(3), F^(5) and F^(7) at preactivation h, between the kinks."""
    x0 = math.tanh(h)
    x1 = x0**2
    x2 = 1 - x1
    x3 = x2**2
    x4 = 2 - 2*x1
    x5 = x0*x4
    x6 = x4**2
    x7 = 3*x1
    x8 = x2*x4
    x9 = 2*x1*x4 - x8
    x10 = 3 - x7
    x11 = x0**3
    x12 = x11*x4
    x13 = 3*x6
    x14 = x0*x8
    x15 = x0*x13 - 4*x12 + 2*x14
    x16 = x0*x6
    x17 = 10*x8
    x18 = x0**4
    x19 = x18*x4
    x20 = x1*x6
    x21 = x3*x4
    x22 = x1*x4
    x23 = x2*x22
    x24 = 4*x10
    x25 = x13*x2 + 8*x19 - 14*x20 + 2*x21 - x22*x24 - 4*x23
    x26 = 5 - 5*x1
    x27 = x0**5
    x28 = x27*x4
    x29 = x4**3
    x30 = 17*x29
    x31 = x16*x2
    x32 = x3*x5
    x33 = 4 - 4*x1
    x34 = -x0*x30 + 8*x10*x11*x4 + 8*x11*x2*x4 + 8*x11*x33*x4 + 72*x11*x6 - x16*x24 - 16*x28 - 20*x31 - 4*x32
    x35 = x2*x6
    x36 = x0*x29
    x37 = x10*x16
    x38 = x2**3
    x39 = 16*x19
    x40 = x10**2
    x41 = 32*x0**6*x4 + 8*x1*x10*x2*x4 + 8*x1*x10*x33*x4 + 88*x1*x10*x6 + 88*x1*x2*x6 + 134*x1*x29 + 8*x1*x3*x4 + 8*x1*x4*x40 - x10*x39 - 352*x18*x6 - 16*x18*x8 - x2*x30 - x24*x35 - x26*x39 - 20*x3*x6 - x33*x39 - 4*x38*x4
    x42 = 32*x28
    x43 = x11*x6
    x44 = 16*x12
    x45 = 16*x11*x8
    x46 = -64*x0**7*x4 + 151*x0*x4**4 - 32*x10*x12*x33 + 24*x10*x31 + 92*x10*x36 + x10*x42 - 440*x10*x43 - x10*x45 - 1156*x11*x29 + 100*x16*x3 + 8*x16*x40 + 242*x2*x36 - 392*x2*x43 - x26*x33*x44 + x26*x42 + 1616*x27*x6 + 32*x27*x8 - x3*x44 - x33**2*x44 + 8*x33*x37 + x33*x42 - 376*x33*x43 - x33*x45 + 8*x38*x5 - x40*x44 + x42*(6 - 6*x1)
    return x1*x4 - x3 - x5*y, -x0*x15 - x10*x9 + x15*y - x2*x9 - x6*x7, 10*x0*x15*x4 - x0*x34 + x0*x4*(x0*x17 - 20*x12 + 15*x16) - x2*x25 - x25*x26 + x34*y - x9*(20*x1*x4 - x17), 21*x0*x34*x4 + x0*x4*(56*x10*x11*x4 + 56*x11*x2*x4 + 56*x11*x33*x4 + 504*x11*x6 - 112*x28 - 140*x31 - 28*x32 - 119*x36 - 28*x37) - x0*x46 - x15*(-140*x12 + 70*x14 + 105*x16) - x2*x41 - x25*(70*x1*x4 - 35*x8) - x41*(7 - 7*x1) + x46*y - x9*(-84*x10*x22 + 168*x19 - 294*x20 + 42*x21 - 84*x23 + 63*x35)


@kernel
def around(k2, y, b):
    """How far from the bias the series reaches; Phi and odd derivatives of F there: 0 if k2 is large."""
    if k2 >= 0.001:
        return 0.0, functions(b, y)[0], 0.0, 0.0, 0.0, 0.0
    near = 0.05
    f_1, f_3, f_5, f_7 = odd_slopes(b, y)
    return near, functions(b, y)[0], f_1, f_3, f_5, f_7


@kernel
def taylor(k2, k4, y, b):
    """third order in w, force cut: A, B at one label"""
    r0 = math.tanh(b)
    r1 = r0**2
    r2 = r1 - 1
    r3 = -r2
    r4 = r2*r3
    r5 = 2*r1
    r6 = 2 - r5
    r7 = -r0 + y
    r8 = r6*r7
    r9 = r0*r8
    r10 = r6**2
    r11 = r1*r10
    r12 = r3**2*r6
    r13 = r0**3*r8
    r14 = r1*r6
    r15 = r14*r2
    r16 = r0*r10*r7
    r17 = r4*r6
    r18 = (1.0/3.0)*r3
    return (1.0/2.0)*k2*(-3*r11 + r12 - 4*r13 + 6*r15 + 3*r16 - 3*r17 - r3*r5*r6 + 2*r3*r9) + r4 - r9, -1.0/2.0*r11 + (1.0/6.0)*r12 - 2.0/3.0*r13 - r14*r18 + r15 + (1.0/2.0)*r16 - 1.0/2.0*r17 + r18*r9


@kernel
def taylor_coefficients(k2, k4, y, b, rule):
    """A, B and flag of closure taylor."""
    if k2 < 1e-40:  # the same kappa: there the coefficients are those of any smaller k2
        k4 = k4 / k2 / k2 * 9.999999999999998e-81 if k2 > 0.0 else 0.0
        k2 = 1e-40
    A, B = taylor(k2, k4, y, b)
    return A, B, 0


@kernel
def taylor_potential(k2, k4, y, b):
    """third order in w, force cut: Psi"""
    r0 = math.tanh(b)
    r1 = -r0 + y
    r2 = r0**2
    r3 = r2 - 1
    r4 = -r3
    r5 = r3*r4
    r6 = 2*r2
    r7 = 2 - r6
    r8 = r1*r7
    r9 = r0*r8
    r10 = 3*r7**2
    return (1.0/2.0)*k2*(r5 - r9) - 1.0/2.0*r1**2 + (1.0/24.0)*(3*k2**2 + k4)*(-4*r0**3*r8 + r0*r1*r10 - r10*r2 + 6*r2*r3*r7 + r4**2*r7 - r4*r6*r7 + 2*r4*r9 - 3*r5*r7)


@kernel
def taylor_psi(k2, k4, y, b, rule):
    """Psi of closure taylor."""
    if k2 < 1e-40:  # the same kappa: there the coefficients are those of any smaller k2
        k4 = k4 / k2 / k2 * 9.999999999999998e-81 if k2 > 0.0 else 0.0
        k2 = 1e-40
    return taylor_potential(k2, k4, y, b)


@kernel
def taylor_activation(k2, k4, y, b):
    """third order in w, activation cut: A, B at one label"""
    r0 = math.tanh(b)
    r1 = r0**2
    r2 = r1 - 1
    r3 = -r2
    r4 = r2**2
    r5 = r1*r4
    r6 = 3*r1 - 1
    r7 = r4*r6
    return (1.0/2.0)*k2*(2*r2*r3*r6 - 12*r5 - 6*r7) + 2*r0*r2*(-r0 + y) + r2*r3, (1.0/3.0)*r2*r3*r6 - 2*r5 - r7


@kernel
def taylor_activation_coefficients(k2, k4, y, b, rule):
    """A, B and flag of closure taylor_activation."""
    if k2 < 1e-40:  # the same kappa: there the coefficients are those of any smaller k2
        k4 = k4 / k2 / k2 * 9.999999999999998e-81 if k2 > 0.0 else 0.0
        k2 = 1e-40
    A, B = taylor_activation(k2, k4, y, b)
    return A, B, 0


@kernel
def taylor_activation_potential(k2, k4, y, b):
    """third order in w, activation cut: Psi"""
    r0 = math.tanh(b)
    r1 = -r0 + y
    r2 = r0**2
    r3 = r2 - 1
    r4 = -r3
    r5 = r3**2
    r6 = 3*r2 - 1
    return (1.0/2.0)*k2*(2*r0*r1*r3 + r3*r4) - 1.0/2.0*r1**2 + (1.0/24.0)*(3*k2**2 + k4)*(-12*r2*r5 + 2*r3*r4*r6 - 6*r5*r6)


@kernel
def taylor_activation_psi(k2, k4, y, b, rule):
    """Psi of closure taylor_activation."""
    if k2 < 1e-40:  # the same kappa: there the coefficients are those of any smaller k2
        k4 = k4 / k2 / k2 * 9.999999999999998e-81 if k2 > 0.0 else 0.0
        k2 = 1e-40
    return taylor_activation_potential(k2, k4, y, b)


@kernel
def gaussian(k2, k4, y, b, rule):
    """Gaussian preactivation: A, B at one label"""
    near, base, f_1, f_3, f_5, f_7 = around(k2, y, b)
    g0_m0 = 0.0
    g0_1 = 0.0
    centre = b
    low = 0.0
    width = 1.0
    count = width * ((17.0/2.0)*math.sqrt(k2)) / PANEL
    panels = 1 + int(min(count, 10000))
    step = width / panels if count <= PANELS else math.nan
    for panel in range(panels):
        for node in range(rule.shape[1]):
            s = low + (panel + rule[0, node]) * step
            lam = (17.0/2.0)*math.sqrt(k2)*s
            weight = (17.0/2.0)*math.exp(-289.0/8.0*s**2) * rule[1, node] * step
            if lam < near:
                d_e = lam**2*((1.0/2.0)*f_3 + lam**2*((1.0/24.0)*f_5 + (1.0/720.0)*f_7*lam**2))
            else:
                phi_up, f_up, d_up = functions(centre + lam, y)
                phi_down, f_down, d_down = functions(centre - lam, y)
                d_e = 0.5 * (d_up + d_down) - (f_1)
            g0_m0 += weight * (1)
            g0_1 += weight * (d_e)
    return f_1 + g0_1/g0_m0, 0


@kernel
def gaussian_coefficients(k2, k4, y, b, rule):
    """A, B and flag of closure gaussian."""
    if k2 < 1e-40:  # the same kappa: there the coefficients are those of any smaller k2
        k4 = k4 / k2 / k2 * 9.999999999999998e-81 if k2 > 0.0 else 0.0
        k2 = 1e-40
    A, B = gaussian(k2, k4, y, b, rule)
    return A, B, 0


@kernel
def gaussian_potential(k2, k4, y, b, rule):
    """Gaussian preactivation: Psi"""
    g0_m0 = 0.0
    g0_m1 = 0.0
    centre = b
    low = 0.0
    width = 1.0
    count = width * ((17.0/2.0)*math.sqrt(k2)) / PANEL
    panels = 1 + int(min(count, 10000))
    step = width / panels
    for panel in range(panels):
        for node in range(rule.shape[1]):
            s = low + (panel + rule[0, node]) * step
            lam = (17.0/2.0)*math.sqrt(k2)*s
            weight = (17.0/2.0)*math.exp(-289.0/8.0*s**2) * rule[1, node] * step
            phi_up, f_up, d_up = functions(centre + lam, y)
            phi_down, f_down, d_down = functions(centre - lam, y)
            phi_e = 0.5 * (phi_up + phi_down)
            g0_m0 += weight * (1)
            g0_m1 += weight * (phi_e)
    return g0_m1/g0_m0


@kernel
def gaussian_psi(k2, k4, y, b, rule):
    """Psi of closure gaussian."""
    if k2 < 1e-40:  # the same kappa: there the coefficients are those of any smaller k2
        k4 = k4 / k2 / k2 * 9.999999999999998e-81 if k2 > 0.0 else 0.0
        k2 = 1e-40
    return gaussian_potential(k2, k4, y, b, rule)


@kernel
def edgeworth(k2, k4, y, b, rule):
    """first order in the fourth cumulant: A, B at one label"""
    near, base, f_1, f_3, f_5, f_7 = around(k2, y, b)
    g0_m0 = 0.0
    g0_1 = 0.0
    g0_3 = 0.0
    g0_5 = 0.0
    centre = b
    low = 0.0
    width = 1.0
    count = width * ((17.0/2.0)*math.sqrt(k2)) / PANEL
    panels = 1 + int(min(count, 10000))
    step = width / panels if count <= PANELS else math.nan
    for panel in range(panels):
        for node in range(rule.shape[1]):
            s = low + (panel + rule[0, node]) * step
            lam = (17.0/2.0)*math.sqrt(k2)*s
            weight = (17.0/2.0)*math.exp(-289.0/8.0*s**2) * rule[1, node] * step
            if lam < near:
                d_e = lam**2*((1.0/2.0)*f_3 + lam**2*((1.0/24.0)*f_5 + (1.0/720.0)*f_7*lam**2))
                d_4 = lam**4*((1.0/24.0)*f_5 + (1.0/720.0)*f_7*lam**2)
            else:
                phi_up, f_up, d_up = functions(centre + lam, y)
                phi_down, f_down, d_down = functions(centre - lam, y)
                d_e = 0.5 * (d_up + d_down) - (f_1)
                d_4 = 0.5 * (d_up + d_down) - (f_1 + (1.0/2.0)*f_3*lam**2)
            q0_i0 = 1/k2
            q0_i1 = lam**2
            q0_i2 = k2**(-2)
            g0_m0 += weight * (1)
            g0_1 += weight * (d_e)
            g0_3 += weight * (d_e*q0_i0*(q0_i0*q0_i1 - 1))
            g0_5 += weight * (d_4*q0_i2*(lam**4*q0_i2 - 6*q0_i0*q0_i1 + 3))
    r0 = 1/g0_m0
    return f_1 + g0_1*r0 + (1.0/24.0)*g0_5*k4*r0, (1.0/6.0)*g0_3*r0


@kernel
def edgeworth_coefficients(k2, k4, y, b, rule):
    """A, B and flag of closure edgeworth."""
    if k2 < 1e-40:  # the same kappa: there the coefficients are those of any smaller k2
        k4 = k4 / k2 / k2 * 9.999999999999998e-81 if k2 > 0.0 else 0.0
        k2 = 1e-40
    A, B = edgeworth(k2, k4, y, b, rule)
    return A, B, 0


@kernel
def edgeworth_potential(k2, k4, y, b, rule):
    """first order in the fourth cumulant: Psi"""
    g0_m0 = 0.0
    g0_m1 = 0.0
    g0_3 = 0.0
    centre = b
    low = 0.0
    width = 1.0
    count = width * ((17.0/2.0)*math.sqrt(k2)) / PANEL
    panels = 1 + int(min(count, 10000))
    step = width / panels if count <= PANELS else math.nan
    for panel in range(panels):
        for node in range(rule.shape[1]):
            s = low + (panel + rule[0, node]) * step
            lam = (17.0/2.0)*math.sqrt(k2)*s
            weight = (17.0/2.0)*math.exp(-289.0/8.0*s**2) * rule[1, node] * step
            phi_up, f_up, d_up = functions(centre + lam, y)
            phi_down, f_down, d_down = functions(centre - lam, y)
            phi_e = 0.5 * (phi_up + phi_down)
            d_e = 0.5 * (d_up + d_down)
            q0_i0 = 1/k2
            g0_m0 += weight * (1)
            g0_m1 += weight * (phi_e)
            g0_3 += weight * (d_e*q0_i0*(lam**2*q0_i0 - 1))
    r0 = 1/g0_m0
    return (1.0/24.0)*g0_3*k4*r0 + g0_m1*r0


@kernel
def edgeworth_psi(k2, k4, y, b, rule):
    """Psi of closure edgeworth."""
    if k2 < 1e-40:  # the same kappa: there the coefficients are those of any smaller k2
        k4 = k4 / k2 / k2 * 9.999999999999998e-81 if k2 > 0.0 else 0.0
        k2 = 1e-40
    return edgeworth_potential(k2, k4, y, b, rule)


@kernel
def bimodal(k2, k4, y, b, rule):
    """two Gaussians of equal width: A, B at one label"""
    g0_m0 = 0.0
    g0_0 = 0.0
    g0_1 = 0.0
    centre = b - 1.0/2.0*2**(3.0/4.0)*(-k4)**(1.0/4.0)
    low = 0.0
    width = 1.0
    count = width * ((17.0/2.0)*math.sqrt(k2 - 1.0/2.0*math.sqrt(2)*math.sqrt(-k4))) / PANEL
    panels = 1 + int(min(count, 10000))
    step = width / panels if count <= PANELS else math.nan
    for panel in range(panels):
        for node in range(rule.shape[1]):
            s = low + (panel + rule[0, node]) * step
            lam = (17.0/2.0)*s*math.sqrt(k2 - 1.0/2.0*math.sqrt(2)*math.sqrt(-k4))
            weight = (17.0/2.0)*math.exp(-289.0/8.0*s**2) * rule[1, node] * step
            phi_up, f_up, d_up = functions(centre + lam, y)
            phi_down, f_down, d_down = functions(centre - lam, y)
            f_e = 0.5 * (f_up + f_down)
            d_e = 0.5 * (d_up + d_down)
            g0_m0 += weight * (1)
            g0_0 += weight * (f_e)
            g0_1 += weight * (d_e)
    g1_m0 = 0.0
    g1_0 = 0.0
    g1_1 = 0.0
    centre = b + (1.0/2.0)*2**(3.0/4.0)*(-k4)**(1.0/4.0)
    low = 0.0
    width = 1.0
    count = width * ((17.0/2.0)*math.sqrt(k2 - 1.0/2.0*math.sqrt(2)*math.sqrt(-k4))) / PANEL
    panels = 1 + int(min(count, 10000))
    step = width / panels if count <= PANELS else math.nan
    for panel in range(panels):
        for node in range(rule.shape[1]):
            s = low + (panel + rule[0, node]) * step
            lam = (17.0/2.0)*s*math.sqrt(k2 - 1.0/2.0*math.sqrt(2)*math.sqrt(-k4))
            weight = (17.0/2.0)*math.exp(-289.0/8.0*s**2) * rule[1, node] * step
            phi_up, f_up, d_up = functions(centre + lam, y)
            phi_down, f_down, d_down = functions(centre - lam, y)
            f_e = 0.5 * (f_up + f_down)
            d_e = 0.5 * (d_up + d_down)
            g1_m0 += weight * (1)
            g1_0 += weight * (f_e)
            g1_1 += weight * (d_e)
    r0 = 1/g0_m0
    r1 = g0_1*r0
    r2 = 1/g1_m0
    r3 = g1_1*r2
    r4 = -k4
    r5 = 1/k4
    r6 = (1.0/4.0)*r5
    r7 = math.sqrt(2)*math.sqrt(r4)*r6
    r8 = 2**(3.0/4.0)
    r9 = r4**(1.0/4.0)
    return (1.0/2.0)*r1 + (1.0/2.0)*r3, -g0_0*r0*r6*r8*r9 + (1.0/4.0)*g1_0*r2*r5*r8*r9 - r1*r7 - r3*r7


@kernel
def bimodal_coefficients(k2, k4, y, b, rule):
    """A, B and flag of closure bimodal."""
    if k2 < 1e-40:  # the same kappa: there the coefficients are those of any smaller k2
        k4 = k4 / k2 / k2 * 9.999999999999998e-81 if k2 > 0.0 else 0.0
        k2 = 1e-40
    if k2 < 3e-06:
        A, B = taylor(k2, k4, y, b)
        return A, B, 0
    flag = 0
    kappa = k4 / (k2 * k2)
    if kappa < -2.0 * (1.0 - 1e-12):
        flag = 2 if kappa < -2.0 - 1e-6 else 0
        kappa = -2.0 * (1.0 - 1e-12)
        k4 = kappa * k2 * k2
    if kappa < -1e-08:
        A, B = bimodal(k2, k4, y, b, rule)
        return A, B, flag
    if kappa < math.inf:
        A, B = edgeworth(k2, k4, y, b, rule)
        return A, B, (flag | 1 if kappa > 1e-8 else flag)
    return math.nan, math.nan, 0


@kernel
def bimodal_potential(k2, k4, y, b, rule):
    """two Gaussians of equal width: Psi"""
    g0_m0 = 0.0
    g0_m1 = 0.0
    centre = b - 1.0/2.0*2**(3.0/4.0)*(-k4)**(1.0/4.0)
    low = 0.0
    width = 1.0
    count = width * ((17.0/2.0)*math.sqrt(k2 - 1.0/2.0*math.sqrt(2)*math.sqrt(-k4))) / PANEL
    panels = 1 + int(min(count, 10000))
    step = width / panels
    for panel in range(panels):
        for node in range(rule.shape[1]):
            s = low + (panel + rule[0, node]) * step
            lam = (17.0/2.0)*s*math.sqrt(k2 - 1.0/2.0*math.sqrt(2)*math.sqrt(-k4))
            weight = (17.0/2.0)*math.exp(-289.0/8.0*s**2) * rule[1, node] * step
            phi_up, f_up, d_up = functions(centre + lam, y)
            phi_down, f_down, d_down = functions(centre - lam, y)
            phi_e = 0.5 * (phi_up + phi_down)
            g0_m0 += weight * (1)
            g0_m1 += weight * (phi_e)
    g1_m0 = 0.0
    g1_m1 = 0.0
    centre = b + (1.0/2.0)*2**(3.0/4.0)*(-k4)**(1.0/4.0)
    low = 0.0
    width = 1.0
    count = width * ((17.0/2.0)*math.sqrt(k2 - 1.0/2.0*math.sqrt(2)*math.sqrt(-k4))) / PANEL
    panels = 1 + int(min(count, 10000))
    step = width / panels
    for panel in range(panels):
        for node in range(rule.shape[1]):
            s = low + (panel + rule[0, node]) * step
            lam = (17.0/2.0)*s*math.sqrt(k2 - 1.0/2.0*math.sqrt(2)*math.sqrt(-k4))
            weight = (17.0/2.0)*math.exp(-289.0/8.0*s**2) * rule[1, node] * step
            phi_up, f_up, d_up = functions(centre + lam, y)
            phi_down, f_down, d_down = functions(centre - lam, y)
            phi_e = 0.5 * (phi_up + phi_down)
            g1_m0 += weight * (1)
            g1_m1 += weight * (phi_e)
    return (1.0/2.0)*g1_m1/g1_m0 + (1.0/2.0)*g0_m1/g0_m0


@kernel
def bimodal_psi(k2, k4, y, b, rule):
    """Psi of closure bimodal."""
    if k2 < 1e-40:  # the same kappa: there the coefficients are those of any smaller k2
        k4 = k4 / k2 / k2 * 9.999999999999998e-81 if k2 > 0.0 else 0.0
        k2 = 1e-40
    flag = 0
    kappa = k4 / (k2 * k2)
    if kappa < -2.0 * (1.0 - 1e-12):
        flag = 2 if kappa < -2.0 - 1e-6 else 0
        kappa = -2.0 * (1.0 - 1e-12)
        k4 = kappa * k2 * k2
    if kappa < -1e-08:
        return bimodal_potential(k2, k4, y, b, rule)
    if kappa < math.inf:
        return edgeworth_potential(k2, k4, y, b, rule)
    return math.nan


@kernel
def pearson_bounded(k2, k4, y, b, rule):
    """Pearson's law, bounded branch: A, B at one label"""
    near, base, f_1, f_3, f_5, f_7 = around(k2, y, b)
    phi_0 = 0.0
    nu = -3*k2**2/k4 - 1
    scale = math.sqrt(2)*math.sqrt(k2)*math.sqrt(nu)
    upper = math.acos(math.exp(-18/nu))
    m0 = 0.0
    d0 = 0.0
    p = 0.0
    m0_nu = 0.0
    p_nu = 0.0
    centre = b
    low = 0.0
    width = 1.0
    count = width * (scale*math.sin(upper)) / PANEL
    panels = 1 + int(min(count, 10000))
    step = width / panels if count <= PANELS else math.nan
    for panel in range(panels):
        for node in range(rule.shape[1]):
            s = low + (panel + rule[0, node]) * step
            q0_0 = 2 - s
            q0_1 = q0_0*s*upper
            lam = scale*math.sin(q0_1)
            weight = (q0_0*upper - s*upper)*math.cos(q0_1)**(2*nu) * rule[1, node] * step
            if lam < near:
                phi_e = lam**4*((1.0/24.0)*f_3 + lam**2*((1.0/720.0)*f_5 + (1.0/40320.0)*f_7*lam**2))
                f_o = lam**3*((1.0/6.0)*f_3 + lam**2*((1.0/120.0)*f_5 + (1.0/5040.0)*f_7*lam**2))
                d_e = lam**2*((1.0/2.0)*f_3 + lam**2*((1.0/24.0)*f_5 + (1.0/720.0)*f_7*lam**2))
            else:
                phi_up, f_up, d_up = functions(centre + lam, y)
                phi_down, f_down, d_down = functions(centre - lam, y)
                phi_e = 0.5 * (phi_up + phi_down) - (base + (1.0/2.0)*f_1*lam**2)
                f_o = 0.5 * (f_up - f_down) - (f_1*lam)
                d_e = 0.5 * (d_up + d_down) - (f_1)
            q0_i0 = (1.0/2.0)*f_o*lam
            q0_i1 = -phi_0 + phi_e + q0_i0/nu
            q0_i2 = math.log(math.cos(s*upper*(s - 2)))
            m0 += weight * (1)
            d0 += weight * (d_e)
            p += weight * (q0_i1)
            m0_nu += weight * (2*q0_i2)
            p_nu += weight * (2*q0_i1*q0_i2 - q0_i0/nu**2)
    r0 = 1/k4
    r1 = 1/m0
    r2 = 12*r1*(-m0_nu*p*r1 + p_nu)
    r3 = k2**2
    r4 = d0*r1/nu
    r5 = k4**(-2)
    return f_1 - k2*r0*r2 + (1.0/2.0)*r4*(-18*r0*r3 - 2), 6*k2**3*r4*r5 + r2*r3*r5


@kernel
def pearson_heavy(k2, k4, y, b, rule):
    """Pearson's law, heavy branch: A, B at one label"""
    near, base, f_1, f_3, f_5, f_7 = around(k2, y, b)
    phi_0 = 0.0
    nu = -3*k2**2/k4 - 1
    scale = math.sqrt(2)*math.sqrt(k2)*math.sqrt(-nu)
    upper = math.acosh(math.exp(18/(-nu - 1)))
    m0 = 0.0
    d0 = 0.0
    p = 0.0
    m0_nu = 0.0
    p_nu = 0.0
    centre = b
    low = 0.0
    width = 1.0
    count = width * (upper*math.sqrt(scale**2 + (abs(b) + 10)**2)) / PANEL
    panels = 1 + int(min(count, 10000))
    step = width / panels if count <= PANELS else math.nan
    for panel in range(panels):
        for node in range(rule.shape[1]):
            s = low + (panel + rule[0, node]) * step
            q0_0 = s*upper
            lam = scale*math.sinh(q0_0)
            weight = upper*math.cosh(q0_0)**(2*nu) * rule[1, node] * step
            if lam < near:
                phi_e = lam**4*((1.0/24.0)*f_3 + lam**2*((1.0/720.0)*f_5 + (1.0/40320.0)*f_7*lam**2))
                f_o = lam**3*((1.0/6.0)*f_3 + lam**2*((1.0/120.0)*f_5 + (1.0/5040.0)*f_7*lam**2))
                d_e = lam**2*((1.0/2.0)*f_3 + lam**2*((1.0/24.0)*f_5 + (1.0/720.0)*f_7*lam**2))
            else:
                phi_up, f_up, d_up = functions(centre + lam, y)
                phi_down, f_down, d_down = functions(centre - lam, y)
                phi_e = 0.5 * (phi_up + phi_down) - (base + (1.0/2.0)*f_1*lam**2)
                f_o = 0.5 * (f_up - f_down) - (f_1*lam)
                d_e = 0.5 * (d_up + d_down) - (f_1)
            q0_i0 = (1.0/2.0)*f_o*lam
            q0_i1 = -phi_0 + phi_e + q0_i0/nu
            q0_i2 = (-math.log(2) + abs(s*upper) + math.log1p(math.exp(-2.0*abs(s*upper))))
            m0 += weight * (1)
            d0 += weight * (d_e)
            p += weight * (q0_i1)
            m0_nu += weight * (2*q0_i2)
            p_nu += weight * (2*q0_i1*q0_i2 - q0_i0/nu**2)
    r0 = 1/k4
    r1 = 1/m0
    r2 = 12*r1*(-m0_nu*p*r1 + p_nu)
    r3 = k2**2
    r4 = d0*r1/nu
    r5 = k4**(-2)
    return f_1 - k2*r0*r2 + (1.0/2.0)*r4*(-18*r0*r3 - 2), 6*k2**3*r4*r5 + r2*r3*r5


@kernel
def pearson_coefficients(k2, k4, y, b, rule):
    """A, B and flag of closure pearson."""
    if k2 < 1e-40:  # the same kappa: there the coefficients are those of any smaller k2
        k4 = k4 / k2 / k2 * 9.999999999999998e-81 if k2 > 0.0 else 0.0
        k2 = 1e-40
    flag = 0
    kappa = k4 / (k2 * k2)
    if kappa < -2.0 * (1.0 - 1e-12):
        flag = 2 if kappa < -2.0 - 1e-6 else 0
        kappa = -2.0 * (1.0 - 1e-12)
        k4 = kappa * k2 * k2
    if kappa < -0.0001:
        A, B = pearson_bounded(k2, k4, y, b, rule)
        return A, B, flag
    if kappa < 0.0001:
        A, B = edgeworth(k2, k4, y, b, rule)
        return A, B, flag
    if kappa < 3.0:
        A, B = pearson_heavy(k2, k4, y, b, rule)
        return A, B, flag
    if kappa < math.inf:
        A, B = edgeworth(k2, k4, y, b, rule)
        return A, B, (flag | 1 if kappa > 1e-8 else flag)
    return math.nan, math.nan, 0


@kernel
def pearson_bounded_potential(k2, k4, y, b, rule):
    """Pearson's law, bounded branch: Psi"""
    phi_0 = functions(b, y)[0]
    nu = -3*k2**2/k4 - 1
    scale = math.sqrt(2)*math.sqrt(k2)*math.sqrt(nu)
    upper = math.acos(math.exp(-18/nu))
    m0 = 0.0
    p = 0.0
    centre = b
    low = 0.0
    width = 1.0
    count = width * (scale*math.sin(upper)) / PANEL
    panels = 1 + int(min(count, 10000))
    step = width / panels
    for panel in range(panels):
        for node in range(rule.shape[1]):
            s = low + (panel + rule[0, node]) * step
            q0_0 = 2 - s
            q0_1 = q0_0*s*upper
            lam = scale*math.sin(q0_1)
            weight = (q0_0*upper - s*upper)*math.cos(q0_1)**(2*nu) * rule[1, node] * step
            phi_up, f_up, d_up = functions(centre + lam, y)
            phi_down, f_down, d_down = functions(centre - lam, y)
            phi_e = 0.5 * (phi_up + phi_down)
            f_o = 0.5 * (f_up - f_down)
            m0 += weight * (1)
            p += weight * ((1.0/2.0)*f_o*lam/nu - phi_0 + phi_e)
    return phi_0 + p/m0


@kernel
def pearson_heavy_potential(k2, k4, y, b, rule):
    """Pearson's law, heavy branch: Psi"""
    phi_0 = functions(b, y)[0]
    nu = -3*k2**2/k4 - 1
    scale = math.sqrt(2)*math.sqrt(k2)*math.sqrt(-nu)
    upper = math.acosh(math.exp(18/(-nu - 1)))
    m0 = 0.0
    p = 0.0
    centre = b
    low = 0.0
    width = 1.0
    count = width * (upper*math.sqrt(scale**2 + (abs(b) + 10)**2)) / PANEL
    panels = 1 + int(min(count, 10000))
    step = width / panels
    for panel in range(panels):
        for node in range(rule.shape[1]):
            s = low + (panel + rule[0, node]) * step
            q0_0 = s*upper
            lam = scale*math.sinh(q0_0)
            weight = upper*math.cosh(q0_0)**(2*nu) * rule[1, node] * step
            phi_up, f_up, d_up = functions(centre + lam, y)
            phi_down, f_down, d_down = functions(centre - lam, y)
            phi_e = 0.5 * (phi_up + phi_down)
            f_o = 0.5 * (f_up - f_down)
            m0 += weight * (1)
            p += weight * ((1.0/2.0)*f_o*lam/nu - phi_0 + phi_e)
    return phi_0 + p/m0


@kernel
def pearson_psi(k2, k4, y, b, rule):
    """Psi of closure pearson."""
    if k2 < 1e-40:  # the same kappa: there the coefficients are those of any smaller k2
        k4 = k4 / k2 / k2 * 9.999999999999998e-81 if k2 > 0.0 else 0.0
        k2 = 1e-40
    flag = 0
    kappa = k4 / (k2 * k2)
    if kappa < -2.0 * (1.0 - 1e-12):
        flag = 2 if kappa < -2.0 - 1e-6 else 0
        kappa = -2.0 * (1.0 - 1e-12)
        k4 = kappa * k2 * k2
    if kappa < -0.0001:
        return pearson_bounded_potential(k2, k4, y, b, rule)
    if kappa < 0.0001:
        return edgeworth_potential(k2, k4, y, b, rule)
    if kappa < 3.0:
        return pearson_heavy_potential(k2, k4, y, b, rule)
    if kappa < math.inf:
        return edgeworth_potential(k2, k4, y, b, rule)
    return math.nan


@kernel
def regression_bounded(k2, k4, y, b, rule):
    """Pearson's law, bounded branch: A, B at one label"""
    near, base, f_1, f_3, f_5, f_7 = around(k2, y, b)
    nu = -3*k2**2/k4 - 1
    scale = math.sqrt(2)*math.sqrt(k2)*math.sqrt(nu)
    upper = math.acos(math.exp(-18/nu))
    m0 = 0.0
    d0 = 0.0
    d2 = 0.0
    m2 = 0.0
    m4 = 0.0
    centre = b
    low = 0.0
    width = 1.0
    count = width * (scale*math.sin(upper)) / PANEL
    panels = 1 + int(min(count, 10000))
    step = width / panels if count <= PANELS else math.nan
    for panel in range(panels):
        for node in range(rule.shape[1]):
            s = low + (panel + rule[0, node]) * step
            q0_0 = 2 - s
            q0_1 = q0_0*s*upper
            lam = scale*math.sin(q0_1)
            weight = (q0_0*upper - s*upper)*math.cos(q0_1)**(2*nu) * rule[1, node] * step
            if lam < near:
                d_e = lam**2*((1.0/2.0)*f_3 + lam**2*((1.0/24.0)*f_5 + (1.0/720.0)*f_7*lam**2))
            else:
                phi_up, f_up, d_up = functions(centre + lam, y)
                phi_down, f_down, d_down = functions(centre - lam, y)
                d_e = 0.5 * (d_up + d_down) - (f_1)
            q0_i0 = lam**2
            m0 += weight * (1)
            d0 += weight * (d_e)
            d2 += weight * (d_e*q0_i0)
            m2 += weight * (q0_i0)
            m4 += weight * (lam**4)
    r0 = 1/m0
    r1 = m0**(-2)
    r2 = (-d0*m2*r1 + d2*r0)/(-3*m2**2*r1 + 3*m4*r0)
    return d0*r0 + f_1 - k4*r2/k2, r2


@kernel
def regression_heavy(k2, k4, y, b, rule):
    """Pearson's law, heavy branch: A, B at one label"""
    near, base, f_1, f_3, f_5, f_7 = around(k2, y, b)
    nu = -3*k2**2/k4 - 1
    scale = math.sqrt(2)*math.sqrt(k2)*math.sqrt(-nu)
    upper = math.acosh(math.exp(18/(-nu - 1)))
    m0 = 0.0
    d0 = 0.0
    d2 = 0.0
    centre = b
    low = 0.0
    width = 1.0
    count = width * (upper*math.sqrt(scale**2 + (abs(b) + 10)**2)) / PANEL
    panels = 1 + int(min(count, 10000))
    step = width / panels if count <= PANELS else math.nan
    for panel in range(panels):
        for node in range(rule.shape[1]):
            s = low + (panel + rule[0, node]) * step
            q0_0 = s*upper
            lam = scale*math.sinh(q0_0)
            weight = upper*math.cosh(q0_0)**(2*nu) * rule[1, node] * step
            if lam < near:
                d_e = lam**2*((1.0/2.0)*f_3 + lam**2*((1.0/24.0)*f_5 + (1.0/720.0)*f_7*lam**2))
            else:
                phi_up, f_up, d_up = functions(centre + lam, y)
                phi_down, f_down, d_down = functions(centre - lam, y)
                d_e = 0.5 * (d_up + d_down) - (f_1)
            m0 += weight * (1)
            d0 += weight * (d_e)
            d2 += weight * (d_e*lam**2)
    r0 = 1/m0
    r1 = d0*r0
    r2 = 2*nu
    r3 = r2 + 2
    r4 = nu**2
    r5 = k2**2
    r6 = (d2*r0 - k2*r1*r2/r3)/(36*r4*r5/((nu + 2)*(4*nu + 4)) - 12*r4*r5/r3**2)
    return f_1 + r1 - k4*r6/k2, r6


@kernel
def regression_coefficients(k2, k4, y, b, rule):
    """A, B and flag of closure regression."""
    if k2 < 1e-40:  # the same kappa: there the coefficients are those of any smaller k2
        k4 = k4 / k2 / k2 * 9.999999999999998e-81 if k2 > 0.0 else 0.0
        k2 = 1e-40
    flag = 0
    kappa = k4 / (k2 * k2)
    if kappa < -2.0 * (1.0 - 1e-12):
        flag = 2 if kappa < -2.0 - 1e-6 else 0
        kappa = -2.0 * (1.0 - 1e-12)
        k4 = kappa * k2 * k2
    if kappa < -0.0001:
        A, B = regression_bounded(k2, k4, y, b, rule)
        return A, B, flag
    if kappa < 0.0001:
        A, B = edgeworth(k2, k4, y, b, rule)
        return A, B, flag
    if kappa < 3.0:
        A, B = regression_heavy(k2, k4, y, b, rule)
        return A, B, flag
    if kappa < math.inf:
        A, B = edgeworth(k2, k4, y, b, rule)
        return A, B, (flag | 1 if kappa > 1e-8 else flag)
    return math.nan, math.nan, 0


@kernel
def tree_bounded(k2, k4, y, b, rule):
    """tree, bounded branch: A, B, c6, dc6/dk2, dc6/dk4 at one label"""
    near, base, f_1, f_3, f_5, f_7 = around(k2, y, b)
    phi_0 = 0.0
    nu = -3*k2**2/k4 - 1
    scale = math.sqrt(2)*math.sqrt(k2)*math.sqrt(nu)
    upper = math.acos(math.exp(-18/nu))
    m0 = 0.0
    d0 = 0.0
    p = 0.0
    m0_nu = 0.0
    p_nu = 0.0
    n4 = 0.0
    s4 = 0.0
    n4_nu = 0.0
    centre = b
    low = 0.0
    width = 1.0
    count = width * (scale*math.sin(upper)) / PANEL
    panels = 1 + int(min(count, 10000))
    step = width / panels if count <= PANELS else math.nan
    for panel in range(panels):
        for node in range(rule.shape[1]):
            s = low + (panel + rule[0, node]) * step
            q0_0 = 2 - s
            q0_1 = q0_0*s*upper
            lam = scale*math.sin(q0_1)
            weight = (q0_0*upper - s*upper)*math.cos(q0_1)**(2*nu) * rule[1, node] * step
            if lam < near:
                phi_e = lam**4*((1.0/24.0)*f_3 + lam**2*((1.0/720.0)*f_5 + (1.0/40320.0)*f_7*lam**2))
                f_o = lam**3*((1.0/6.0)*f_3 + lam**2*((1.0/120.0)*f_5 + (1.0/5040.0)*f_7*lam**2))
                d_e = lam**2*((1.0/2.0)*f_3 + lam**2*((1.0/24.0)*f_5 + (1.0/720.0)*f_7*lam**2))
                d_4 = lam**4*((1.0/24.0)*f_5 + (1.0/720.0)*f_7*lam**2)
            else:
                phi_up, f_up, d_up = functions(centre + lam, y)
                phi_down, f_down, d_down = functions(centre - lam, y)
                phi_e = 0.5 * (phi_up + phi_down) - (base + (1.0/2.0)*f_1*lam**2)
                f_o = 0.5 * (f_up - f_down) - (f_1*lam)
                d_e = 0.5 * (d_up + d_down) - (f_1)
                d_4 = 0.5 * (d_up + d_down) - (f_1 + (1.0/2.0)*f_3*lam**2)
            q0_i0 = 1/nu
            q0_i1 = (1.0/2.0)*f_o*lam
            q0_i2 = -phi_0 + phi_e + q0_i0*q0_i1
            q0_i3 = math.log(math.cos(s*upper*(s - 2)))
            q0_i4 = 2*q0_i3
            q0_i5 = nu**(-2)
            q0_i6 = nu + 4
            q0_i7 = 1/q0_i6
            q0_i8 = nu + 3
            q0_i9 = (3.0/4.0)/q0_i8
            q0_i10 = 1/k2
            q0_i11 = lam**2
            q0_i12 = q0_i0*q0_i10*q0_i11
            q0_i13 = (3.0/2.0)*q0_i12
            q0_i14 = -q0_i13*q0_i7 + q0_i7*q0_i9 + (1.0/4.0)*lam**4*q0_i5/k2**2
            q0_i15 = (1.0/2.0)*q0_i12
            q0_i16 = 1 - q0_i15
            q0_i17 = d_4*q0_i16
            q0_i18 = q0_i6**(-2)
            m0 += weight * (1)
            d0 += weight * (d_e)
            p += weight * (q0_i2)
            m0_nu += weight * (q0_i4)
            p_nu += weight * (-q0_i1*q0_i5 + 2*q0_i2*q0_i3)
            n4 += weight * (q0_i14*q0_i17)
            s4 += weight * (d_4*(-q0_i14*q0_i15*(2*nu + 1) + q0_i16*(q0_i12*(q0_i0*q0_i10*q0_i11 - 3*q0_i7) + q0_i14)))
            n4_nu += weight * (q0_i17*(q0_i13*q0_i18 + q0_i14*q0_i4 - q0_i18*q0_i9 - 3.0/4.0*q0_i7/q0_i8**2))
    r0 = 1/k4
    r1 = 12*r0
    r2 = 1/m0
    r3 = m0_nu*r2
    r4 = r2*(-p*r3 + p_nu)
    r5 = k2**2
    r6 = r0*r5
    r7 = 1/nu
    r8 = d0*r2*r7
    r9 = k4**(-2)
    r10 = nu + 5
    r11 = 1/r5
    r12 = nu + 3
    r13 = nu + 4
    r14 = nu + 1
    r15 = nu + 2
    r16 = r14*r15
    r17 = 2*nu
    r18 = 1/(r17 + 1)
    r19 = 1/(r17 + 3)
    r20 = 1/(r17 + 5)
    r21 = r18*r19*r2*r20/nu**2
    r22 = 4*n4 + s4
    r23 = r12*r13
    r24 = r16*r23
    r25 = r24*(-n4*r3 + n4_nu)
    r26 = r10*r23
    r27 = 2*r10
    r28 = r16*r27
    r29 = r24*r27
    r30 = n4*(r12*r28 + r13*r28 + r14*r26 + r15*r26 - r18*r29 - r19*r29 - r20*r29 + r24)
    r31 = r21*r23
    return f_1 - k2*r1*r4 + (1.0/2.0)*r8*(-18*r6 - 2), 6*k2**3*r8*r9 + 12*r4*r5*r9, (2.0/45.0)*n4*r10*r11*r12**2*r13**2*r16*r21, (1.0/45.0)*r31*(-r1*(r10*r25 + r30) + r10*r11*r12*r13*r14*r15*r22*r7*(9*r6 + 1))/k2, (1.0/15.0)*r31*r9*(-r10*r22*r24*r7 + r25*r27 + 2*r30)


@kernel
def tree_gaussian(k2, k4, y, b, rule):
    """tree near a Gaussian: A, B, c6, dc6/dk2, dc6/dk4 at one label"""
    near, base, f_1, f_3, f_5, f_7 = around(k2, y, b)
    g0_m0 = 0.0
    g0_1 = 0.0
    g0_3 = 0.0
    g0_5 = 0.0
    g0_7 = 0.0
    g0_9 = 0.0
    g0_11 = 0.0
    g0_13 = 0.0
    g0_15 = 0.0
    centre = b
    low = 0.0
    width = 1.0
    count = width * ((17.0/2.0)*math.sqrt(k2)) / PANEL
    panels = 1 + int(min(count, 10000))
    step = width / panels if count <= PANELS else math.nan
    for panel in range(panels):
        for node in range(rule.shape[1]):
            s = low + (panel + rule[0, node]) * step
            lam = (17.0/2.0)*math.sqrt(k2)*s
            weight = (17.0/2.0)*math.exp(-289.0/8.0*s**2) * rule[1, node] * step
            if lam < near:
                d_e = lam**2*((1.0/2.0)*f_3 + lam**2*((1.0/24.0)*f_5 + (1.0/720.0)*f_7*lam**2))
                d_4 = lam**4*((1.0/24.0)*f_5 + (1.0/720.0)*f_7*lam**2)
            else:
                phi_up, f_up, d_up = functions(centre + lam, y)
                phi_down, f_down, d_down = functions(centre - lam, y)
                d_e = 0.5 * (d_up + d_down) - (f_1)
                d_4 = 0.5 * (d_up + d_down) - (f_1 + (1.0/2.0)*f_3*lam**2)
            q0_i0 = 1/k2
            q0_i1 = lam**2
            q0_i2 = k2**(-2)
            q0_i3 = lam**4*q0_i2
            q0_i4 = q0_i0*q0_i1
            q0_i5 = k2**(-3)
            q0_i6 = lam**6
            q0_i7 = k2**(-4)
            q0_i8 = lam**8*q0_i7
            q0_i9 = q0_i5*q0_i6
            q0_i10 = k2**(-5)
            q0_i11 = lam**10
            q0_i12 = k2**(-6)
            q0_i13 = lam**12*q0_i12
            q0_i14 = k2**(-7)
            g0_m0 += weight * (1)
            g0_1 += weight * (d_e)
            g0_3 += weight * (d_e*q0_i0*(q0_i0*q0_i1 - 1))
            g0_5 += weight * (d_4*q0_i2*(q0_i3 - 6*q0_i4 + 3))
            g0_7 += weight * (d_4*q0_i5*(45*q0_i0*q0_i1 - 15*q0_i3 + q0_i5*q0_i6 - 15))
            g0_9 += weight * (d_4*q0_i7*(210*q0_i3 - 420*q0_i4 + q0_i8 - 28*q0_i9 + 105))
            g0_11 += weight * (d_4*q0_i10*(4725*q0_i0*q0_i1 + q0_i10*q0_i11 - 3150*q0_i3 + 630*q0_i5*q0_i6 - 45*q0_i8 - 945))
            g0_13 += weight * (d_4*q0_i12*(-66*q0_i10*q0_i11 + q0_i13 + 51975*q0_i3 - 62370*q0_i4 + 1485*q0_i8 - 13860*q0_i9 + 10395))
            g0_15 += weight * (d_4*q0_i14*(lam**14*q0_i14 + 945945*q0_i0*q0_i1 + 3003*q0_i10*q0_i11 - 91*q0_i13 - 945945*q0_i3 + 315315*q0_i5*q0_i6 - 45045*q0_i8 - 135135))
    r0 = 1/g0_m0
    r1 = g0_5*r0
    r2 = g0_9*r0
    r3 = (1.0/17280.0)*r2
    r4 = k4**2
    r5 = r0*r4
    r6 = g0_13*r5
    r7 = 1/k2
    r8 = g0_7*r0
    r9 = (1.0/720.0)*r8
    r10 = r7*r9
    r11 = g0_11*r5
    r12 = k2**(-3)
    r13 = r4*r8
    r14 = k2**(-2)
    r15 = r2*r4
    r16 = k4*r0
    r17 = g0_11*r16
    r18 = k4*r14
    return f_1 + g0_1*r0 + (1.0/24.0)*k4*r1, (1.0/6.0)*g0_3*r0, k4*r10 + k4*r3 + (1.0/720.0)*r1 + (11.0/155520.0)*r11*r7 + (1.0/432.0)*r12*r13 + (1.0/960.0)*r14*r15 + (1.0/829440.0)*r6, (1.0/1658880.0)*g0_15*r5 + (1.0/1440.0)*k4*r2*r7 + (7.0/15552.0)*r11*r14 - 1.0/1080.0*r12*r15 + (1.0/34560.0)*r17 - r18*r9 + (11.0/311040.0)*r6*r7 + (1.0/1440.0)*r8 - 1.0/144.0*r13/k2**4, (1.0/414720.0)*g0_13*r16 + (1.0/216.0)*k4*r12*r8 + r10 + (11.0/77760.0)*r17*r7 + (1.0/480.0)*r18*r2 + r3


@kernel
def tree_heavy(k2, k4, y, b, rule):
    """tree, heavy branch: A, B, c6, dc6/dk2, dc6/dk4 at one label"""
    near, base, f_1, f_3, f_5, f_7 = around(k2, y, b)
    phi_0 = 0.0
    nu = -3*k2**2/k4 - 1
    scale = math.sqrt(2)*math.sqrt(k2)*math.sqrt(-nu)
    upper = math.acosh(math.exp(18/(-nu - 3)))
    m0 = 0.0
    d0 = 0.0
    p = 0.0
    m0_nu = 0.0
    p_nu = 0.0
    n4 = 0.0
    s4 = 0.0
    n4_nu = 0.0
    centre = b
    low = 0.0
    width = 1.0
    count = width * (upper*math.sqrt(scale**2 + (abs(b) + 10)**2)) / PANEL
    panels = 1 + int(min(count, 10000))
    step = width / panels if count <= PANELS else math.nan
    for panel in range(panels):
        for node in range(rule.shape[1]):
            s = low + (panel + rule[0, node]) * step
            q0_0 = s*upper
            lam = scale*math.sinh(q0_0)
            weight = upper*math.cosh(q0_0)**(2*nu) * rule[1, node] * step
            if lam < near:
                phi_e = lam**4*((1.0/24.0)*f_3 + lam**2*((1.0/720.0)*f_5 + (1.0/40320.0)*f_7*lam**2))
                f_o = lam**3*((1.0/6.0)*f_3 + lam**2*((1.0/120.0)*f_5 + (1.0/5040.0)*f_7*lam**2))
                d_e = lam**2*((1.0/2.0)*f_3 + lam**2*((1.0/24.0)*f_5 + (1.0/720.0)*f_7*lam**2))
                d_4 = lam**4*((1.0/24.0)*f_5 + (1.0/720.0)*f_7*lam**2)
            else:
                phi_up, f_up, d_up = functions(centre + lam, y)
                phi_down, f_down, d_down = functions(centre - lam, y)
                phi_e = 0.5 * (phi_up + phi_down) - (base + (1.0/2.0)*f_1*lam**2)
                f_o = 0.5 * (f_up - f_down) - (f_1*lam)
                d_e = 0.5 * (d_up + d_down) - (f_1)
                d_4 = 0.5 * (d_up + d_down) - (f_1 + (1.0/2.0)*f_3*lam**2)
            q0_i0 = 1/nu
            q0_i1 = (1.0/2.0)*f_o*lam
            q0_i2 = -phi_0 + phi_e + q0_i0*q0_i1
            q0_i3 = (-math.log(2) + abs(s*upper) + math.log1p(math.exp(-2.0*abs(s*upper))))
            q0_i4 = 2*q0_i3
            q0_i5 = nu**(-2)
            q0_i6 = nu + 4
            q0_i7 = 1/q0_i6
            q0_i8 = nu + 3
            q0_i9 = (3.0/4.0)/q0_i8
            q0_i10 = 1/k2
            q0_i11 = lam**2
            q0_i12 = q0_i0*q0_i10*q0_i11
            q0_i13 = (3.0/2.0)*q0_i12
            q0_i14 = -q0_i13*q0_i7 + q0_i7*q0_i9 + (1.0/4.0)*lam**4*q0_i5/k2**2
            q0_i15 = (1.0/2.0)*q0_i12
            q0_i16 = 1 - q0_i15
            q0_i17 = d_4*q0_i16
            q0_i18 = q0_i6**(-2)
            m0 += weight * (1)
            d0 += weight * (d_e)
            p += weight * (q0_i2)
            m0_nu += weight * (q0_i4)
            p_nu += weight * (-q0_i1*q0_i5 + 2*q0_i2*q0_i3)
            n4 += weight * (q0_i14*q0_i17)
            s4 += weight * (d_4*(-q0_i14*q0_i15*(2*nu + 1) + q0_i16*(q0_i12*(q0_i0*q0_i10*q0_i11 - 3*q0_i7) + q0_i14)))
            n4_nu += weight * (q0_i17*(q0_i13*q0_i18 + q0_i14*q0_i4 - q0_i18*q0_i9 - 3.0/4.0*q0_i7/q0_i8**2))
    r0 = 1/k4
    r1 = 12*r0
    r2 = 1/m0
    r3 = m0_nu*r2
    r4 = r2*(-p*r3 + p_nu)
    r5 = k2**2
    r6 = r0*r5
    r7 = 1/nu
    r8 = d0*r2*r7
    r9 = k4**(-2)
    r10 = nu + 5
    r11 = 1/r5
    r12 = nu + 3
    r13 = nu + 4
    r14 = nu + 1
    r15 = nu + 2
    r16 = r14*r15
    r17 = 2*nu
    r18 = 1/(r17 + 1)
    r19 = 1/(r17 + 3)
    r20 = 1/(r17 + 5)
    r21 = r18*r19*r2*r20/nu**2
    r22 = 4*n4 + s4
    r23 = r12*r13
    r24 = r16*r23
    r25 = r24*(-n4*r3 + n4_nu)
    r26 = r10*r23
    r27 = 2*r10
    r28 = r16*r27
    r29 = r24*r27
    r30 = n4*(r12*r28 + r13*r28 + r14*r26 + r15*r26 - r18*r29 - r19*r29 - r20*r29 + r24)
    r31 = r21*r23
    return f_1 - k2*r1*r4 + (1.0/2.0)*r8*(-18*r6 - 2), 6*k2**3*r8*r9 + 12*r4*r5*r9, (2.0/45.0)*n4*r10*r11*r12**2*r13**2*r16*r21, (1.0/45.0)*r31*(-r1*(r10*r25 + r30) + r10*r11*r12*r13*r14*r15*r22*r7*(9*r6 + 1))/k2, (1.0/15.0)*r31*r9*(-r10*r22*r24*r7 + r25*r27 + 2*r30)


@kernel
def tree_coefficients(k2, k4, y, b, rule):
    """A, B, c6, c6_k2, c6_k4 and flag of closure tree."""
    if k2 < 1e-40:  # the same kappa: there the coefficients are those of any smaller k2
        k4 = k4 / k2 / k2 * 9.999999999999998e-81 if k2 > 0.0 else 0.0
        k2 = 1e-40
    flag = 0
    kappa = k4 / (k2 * k2)
    if kappa < -2.0 * (1.0 - 1e-12):
        flag = 2 if kappa < -2.0 - 1e-6 else 0
        kappa = -2.0 * (1.0 - 1e-12)
        k4 = kappa * k2 * k2
    if kappa < -0.0001:
        A, B, c6, c6_k2, c6_k4 = tree_bounded(k2, k4, y, b, rule)
        return A, B, c6, c6_k2, c6_k4, flag
    if kappa < 0.0001:
        A, B, c6, c6_k2, c6_k4 = tree_gaussian(k2, k4, y, b, rule)
        return A, B, c6, c6_k2, c6_k4, flag
    if kappa < 0.75:
        A, B, c6, c6_k2, c6_k4 = tree_heavy(k2, k4, y, b, rule)
        return A, B, c6, c6_k2, c6_k4, flag
    if kappa < 3.0:
        A, B = pearson_heavy(k2, k4, y, b, rule)
        return A, B, 0.0, 0.0, 0.0, (flag | 1 if kappa > 1e-8 else flag)
    if kappa < math.inf:
        A, B = edgeworth(k2, k4, y, b, rule)
        return A, B, 0.0, 0.0, 0.0, (flag | 1 if kappa > 1e-8 else flag)
    return math.nan, math.nan, math.nan, math.nan, math.nan, 0


@kernel
def conditional(mean, variance, y, b, rule):
    """lam Gaussian: E[F], E[F'] at one label"""
    g0_m0 = 0.0
    g0_0 = 0.0
    g0_1 = 0.0
    centre = b + mean
    low = 0.0
    width = 1.0
    count = width * ((17.0/2.0)*math.sqrt(variance)) / PANEL
    panels = 1 + int(min(count, 10000))
    step = width / panels if count <= PANELS else math.nan
    for panel in range(panels):
        for node in range(rule.shape[1]):
            s = low + (panel + rule[0, node]) * step
            lam = (17.0/2.0)*s*math.sqrt(variance)
            weight = (17.0/2.0)*math.exp(-289.0/8.0*s**2) * rule[1, node] * step
            phi_up, f_up, d_up = functions(centre + lam, y)
            phi_down, f_down, d_down = functions(centre - lam, y)
            f_e = 0.5 * (f_up + f_down)
            d_e = 0.5 * (d_up + d_down)
            g0_m0 += weight * (1)
            g0_0 += weight * (f_e)
            g0_1 += weight * (d_e)
    r0 = 1/g0_m0
    return g0_0*r0, g0_1*r0


@kernel
def conditional_coefficients(mean, variance, y, b, rule):
    """E[F] and E[F'] of a Gaussian preactivation of that mean and variance."""
    return conditional(mean, max(variance, 1e-60), y, b, rule)


@kernel
def square_bounded(k2, k4, y, b, rule):
    """g_0, g_2, g_4, g_6 of the squared force over Pearson's law, bounded, at one label"""
    kappa = k4/k2**2
    nu = -3*k2**2/k4 - 1
    scale = math.sqrt(2)*math.sqrt(k2)*math.sqrt(nu)
    upper = math.acos(math.exp(-18/nu))
    m0 = 0.0
    g = 0.0
    d1 = 0.0
    d3 = 0.0
    d5 = 0.0
    centre = b
    low = 0.0
    width = 1.0
    count = width * (scale*math.sin(upper)) / PANEL
    panels = 1 + int(min(count, 10000))
    step = width / panels if count <= PANELS else math.nan
    for panel in range(panels):
        for node in range(rule.shape[1]):
            s = low + (panel + rule[0, node]) * step
            q0_0 = 2 - s
            q0_1 = q0_0*s*upper
            lam = scale*math.sin(q0_1)
            weight = (q0_0*upper - s*upper)*math.cos(q0_1)**(2*nu) * rule[1, node] * step
            phi_up, f_up, d_up = functions(centre + lam, y)
            phi_down, f_down, d_down = functions(centre - lam, y)
            square_e = 0.5 * (f_up * f_up + f_down * f_down)
            square_slope_o = f_up * d_up - f_down * d_down
            q0_i0 = lam*square_slope_o
            m0 += weight * (1)
            g += weight * (-kappa*q0_i0/(2*kappa + 6) + square_e)
            d1 += weight * (q0_i0)
            d3 += weight * (lam**3*square_slope_o/k2)
            d5 += weight * (lam**5*square_slope_o/k2**2)
    r0 = 1/m0
    r1 = 3*d1/(2*kappa + 6)
    r2 = kappa**2
    r3 = 2*r2
    r4 = 12*kappa + 18
    r5 = kappa**3
    r6 = kappa**4
    r7 = 2*r6
    return g*r0, r0*r1, r0*(d3*(3 - kappa)/(r3 + r4) - r1), r0*(d1*(-6*r2 + r4)/(-27*kappa + 18*r2 + 13*r5 + r7 - 54) + d3*(7*kappa - r3 - 3)/(162*kappa + 90*r2 + 22*r5 + r7 + 108) + d5*(9 - 3*kappa)/(2*kappa**5 + 594*kappa + 432*r2 + 156*r5 + 28*r6 + 324))


@kernel
def square_gaussian(k2, k4, y, b, rule):
    """g_0, g_2, g_4, g_6 of the squared force over Pearson's law, gaussian, at one label"""
    kappa = k4/k2**2
    m0 = 0.0
    g = 0.0
    d1 = 0.0
    d3 = 0.0
    d5 = 0.0
    centre = b
    low = 0.0
    width = 1.0
    count = width * ((17.0/2.0)*math.sqrt(k2)) / PANEL
    panels = 1 + int(min(count, 10000))
    step = width / panels if count <= PANELS else math.nan
    for panel in range(panels):
        for node in range(rule.shape[1]):
            s = low + (panel + rule[0, node]) * step
            q0_0 = s**2
            lam = (17.0/2.0)*math.sqrt(k2)*s
            weight = (17.0/2.0)*(kappa*(-289.0/48.0*q0_0 + (83521.0/384.0)*s**4 + (-1.0/24.0)) + 1)*math.exp(-289.0/8.0*q0_0) * rule[1, node] * step
            phi_up, f_up, d_up = functions(centre + lam, y)
            phi_down, f_down, d_down = functions(centre - lam, y)
            square_e = 0.5 * (f_up * f_up + f_down * f_down)
            square_slope_o = f_up * d_up - f_down * d_down
            q0_i0 = lam*square_slope_o
            m0 += weight * (1)
            g += weight * (-kappa*q0_i0/(2*kappa + 6) + square_e)
            d1 += weight * (q0_i0)
            d3 += weight * (lam**3*square_slope_o/k2)
            d5 += weight * (lam**5*square_slope_o/k2**2)
    r0 = 1/m0
    r1 = 3*d1/(2*kappa + 6)
    r2 = kappa**2
    r3 = 2*r2
    r4 = 12*kappa + 18
    r5 = kappa**3
    r6 = kappa**4
    r7 = 2*r6
    return g*r0, r0*r1, r0*(d3*(3 - kappa)/(r3 + r4) - r1), r0*(d1*(-6*r2 + r4)/(-27*kappa + 18*r2 + 13*r5 + r7 - 54) + d3*(7*kappa - r3 - 3)/(162*kappa + 90*r2 + 22*r5 + r7 + 108) + d5*(9 - 3*kappa)/(2*kappa**5 + 594*kappa + 432*r2 + 156*r5 + 28*r6 + 324))


@kernel
def square_heavy(k2, k4, y, b, rule):
    """g_0, g_2, g_4, g_6 of the squared force over Pearson's law, heavy, at one label"""
    kappa = k4/k2**2
    nu = -3*k2**2/k4 - 1
    scale = math.sqrt(2)*math.sqrt(k2)*math.sqrt(-nu)
    upper = math.acosh(math.exp(18/(-nu - 3)))
    m0 = 0.0
    g = 0.0
    d1 = 0.0
    d3 = 0.0
    d5 = 0.0
    centre = b
    low = 0.0
    width = 1.0
    count = width * (upper*math.sqrt(scale**2 + (abs(b) + 10)**2)) / PANEL
    panels = 1 + int(min(count, 10000))
    step = width / panels if count <= PANELS else math.nan
    for panel in range(panels):
        for node in range(rule.shape[1]):
            s = low + (panel + rule[0, node]) * step
            q0_0 = s*upper
            lam = scale*math.sinh(q0_0)
            weight = upper*math.cosh(q0_0)**(2*nu) * rule[1, node] * step
            phi_up, f_up, d_up = functions(centre + lam, y)
            phi_down, f_down, d_down = functions(centre - lam, y)
            square_e = 0.5 * (f_up * f_up + f_down * f_down)
            square_slope_o = f_up * d_up - f_down * d_down
            q0_i0 = lam*square_slope_o
            m0 += weight * (1)
            g += weight * (-kappa*q0_i0/(2*kappa + 6) + square_e)
            d1 += weight * (q0_i0)
            d3 += weight * (lam**3*square_slope_o/k2)
            d5 += weight * (lam**5*square_slope_o/k2**2)
    r0 = 1/m0
    r1 = 3*d1/(2*kappa + 6)
    r2 = kappa**2
    r3 = 2*r2
    r4 = 12*kappa + 18
    r5 = kappa**3
    r6 = kappa**4
    r7 = 2*r6
    return g*r0, r0*r1, r0*(d3*(3 - kappa)/(r3 + r4) - r1), r0*(d1*(-6*r2 + r4)/(-27*kappa + 18*r2 + 13*r5 + r7 - 54) + d3*(7*kappa - r3 - 3)/(162*kappa + 90*r2 + 22*r5 + r7 + 108) + d5*(9 - 3*kappa)/(2*kappa**5 + 594*kappa + 432*r2 + 156*r5 + 28*r6 + 324))


@kernel
def square_heavier(k2, k4, y, b, rule):
    """g_0, g_2, g_4, g_6 of the squared force over Pearson's law, heavier, at one label"""
    kappa = k4/k2**2
    nu = -3*k2**2/k4 - 1
    scale = math.sqrt(2)*math.sqrt(k2)*math.sqrt(-nu)
    upper = math.acosh(math.exp(18/(-nu - 1)))
    m0 = 0.0
    g = 0.0
    d1 = 0.0
    d3 = 0.0
    d5 = 0.0
    centre = b
    low = 0.0
    width = 1.0
    count = width * (upper*math.sqrt(scale**2 + (abs(b) + 10)**2)) / PANEL
    panels = 1 + int(min(count, 10000))
    step = width / panels if count <= PANELS else math.nan
    for panel in range(panels):
        for node in range(rule.shape[1]):
            s = low + (panel + rule[0, node]) * step
            q0_0 = s*upper
            lam = scale*math.sinh(q0_0)
            weight = upper*math.cosh(q0_0)**(2*nu) * rule[1, node] * step
            phi_up, f_up, d_up = functions(centre + lam, y)
            phi_down, f_down, d_down = functions(centre - lam, y)
            square_e = 0.5 * (f_up * f_up + f_down * f_down)
            square_slope_o = f_up * d_up - f_down * d_down
            q0_i0 = lam*square_slope_o
            m0 += weight * (1)
            g += weight * (-kappa*q0_i0/(2*kappa + 6) + square_e)
            d1 += weight * (q0_i0)
            d3 += weight * (lam**3*square_slope_o/k2)
            d5 += weight * (lam**5*square_slope_o/k2**2)
    r0 = 1/m0
    return g*r0, 3*d1*r0/(2*kappa + 6), 0, 0


@kernel
def square_beyond(k2, k4, y, b, rule):
    """g_0, g_2, g_4, g_6 of the squared force over Pearson's law, beyond, at one label"""
    kappa = 0
    m0 = 0.0
    g = 0.0
    d1 = 0.0
    d3 = 0.0
    d5 = 0.0
    centre = b
    low = 0.0
    width = 1.0
    count = width * ((17.0/2.0)*math.sqrt(k2)) / PANEL
    panels = 1 + int(min(count, 10000))
    step = width / panels if count <= PANELS else math.nan
    for panel in range(panels):
        for node in range(rule.shape[1]):
            s = low + (panel + rule[0, node]) * step
            lam = (17.0/2.0)*math.sqrt(k2)*s
            weight = (17.0/2.0)*math.exp(-289.0/8.0*s**2) * rule[1, node] * step
            phi_up, f_up, d_up = functions(centre + lam, y)
            phi_down, f_down, d_down = functions(centre - lam, y)
            square_e = 0.5 * (f_up * f_up + f_down * f_down)
            square_slope_o = f_up * d_up - f_down * d_down
            q0_i0 = lam*square_slope_o
            m0 += weight * (1)
            g += weight * (-kappa*q0_i0/(2*kappa + 6) + square_e)
            d1 += weight * (q0_i0)
            d3 += weight * (lam**3*square_slope_o/k2)
            d5 += weight * (lam**5*square_slope_o/k2**2)
    r0 = 1/m0
    return g*r0, 3*d1*r0/(2*kappa + 6), 0, 0


@kernel
def square_coefficients(k2, k4, y, b, rule):
    """g0, g2, g4, g6 and flag of closure square."""
    if k2 < 1e-40:  # the same kappa: there the coefficients are those of any smaller k2
        k4 = k4 / k2 / k2 * 9.999999999999998e-81 if k2 > 0.0 else 0.0
        k2 = 1e-40
    flag = 0
    kappa = k4 / (k2 * k2)
    if kappa < -2.0 * (1.0 - 1e-12):
        flag = 2 if kappa < -2.0 - 1e-6 else 0
        kappa = -2.0 * (1.0 - 1e-12)
        k4 = kappa * k2 * k2
    if kappa < -0.0001:
        g0, g2, g4, g6 = square_bounded(k2, k4, y, b, rule)
        return g0, g2, g4, g6, flag
    if kappa < 0.0001:
        g0, g2, g4, g6 = square_gaussian(k2, k4, y, b, rule)
        return g0, g2, g4, g6, flag
    if kappa < 1.25:
        g0, g2, g4, g6 = square_heavy(k2, k4, y, b, rule)
        return g0, g2, g4, g6, flag
    if kappa < 3.0:
        g0, g2, g4, g6 = square_heavier(k2, k4, y, b, rule)
        return g0, g2, g4, g6, flag
    if kappa < math.inf:
        g0, g2, g4, g6 = square_beyond(k2, k4, y, b, rule)
        return g0, g2, g4, g6, (flag | 1 if kappa > 1e-8 else flag)
    return math.nan, math.nan, math.nan, math.nan, 0
