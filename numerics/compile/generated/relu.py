"""Activation relu: force, closures.

Written from cumulode.theory; do not edit: `python -m cumulode.numerics.compile.codegen`.
"""

import math

import numpy as np

from cumulode.numerics.compile.jit import kernel


ACTIVATION = 'relu'
CLOSURES = ('taylor', 'taylor-activation', 'gaussian', 'edgeworth', 'bimodal', 'pearson', 'regression', 'tree', 'conditional')
PANEL = 8.0  # length in h over which 40 nodes resolve the force
PANELS = math.inf  # averages over more are not resolved: NaN
KINKS = (0.0,)


@kernel
def functions(h, y):
    """Phi, F and F' (without deltas) at preactivation h and label y."""
    x0 = (h < 0)
    x1 = -h + y
    return ((-1.0/2.0*y**2) if x0 else (-1.0/2.0*x1**2)), ((0) if x0 else (x1)), ((0) if x0 else (-1))


@kernel
def force(h, y):
    """F_y(h)."""
    return ((0) if (h < 0) else (-h + y))


@kernel
def sigma(h):
    """The activation."""
    return ((0) if (h < 0) else (h))


@kernel
def response(h):
    """The activation and its derivative."""
    x0 = (h < 0)
    return ((0) if x0 else (h)), ((0) if x0 else (1))


@kernel
def slopes(h):
    """The activation and its derivatives (between the kinks) up to the sixth."""
    x0 = (h < 0)
    return ((0) if x0 else (h)), ((0) if x0 else (1)), 0, 0, 0, 0, 0


@kernel
def force_jumps(y):
    """Jumps of F_y at the kinks."""
    return (y,)


@kernel
def square_jumps(y):
    """Jumps of F_y^2 at the kinks."""
    return (y**2,)


@kernel
def odd_slopes(h, y):
    """F', F^(3), F^(5) and F^(7) at preactivation h, between the kinks."""
    return ((0) if (h < 0) else (-1)), 0, 0, 0


@kernel
def around(k2, y, b):
    """How far from the bias the series reaches; Phi and odd derivatives of F there: 0 if k2 is large."""
    if k2 >= 0.004:
        return 0.0, functions(b, y)[0], 0.0, 0.0, 0.0, 0.0
    near = 0.1
    near = min(near, abs(KINKS[0] - b))
    f_1, f_3, f_5, f_7 = odd_slopes(b, y)
    return near, functions(b, y)[0], f_1, f_3, f_5, f_7


@kernel
def taylor(k2, k4, y, b):
    """third order in w, force cut: A, B at one label"""
    return ((0) if (b < 0) else (-1)), 0


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
    r0 = (b < 0)
    return (1.0/2.0)*k2*((0) if r0 else (-1)) + ((-1.0/2.0*y**2) if r0 else (-1.0/2.0*(-b + y)**2))


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
    return ((0) if (b < 0) else (-1)), 0


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
    r0 = (b < 0)
    return (1.0/2.0)*k2*((0) if r0 else (-1)) + ((-1.0/2.0*y**2) if r0 else (-1.0/2.0*(-b + y)**2))


@kernel
def taylor_activation_psi(k2, k4, y, b, rule):
    """Psi of closure taylor_activation."""
    if k2 < 1e-40:  # the same kappa: there the coefficients are those of any smaller k2
        k4 = k4 / k2 / k2 * 9.999999999999998e-81 if k2 > 0.0 else 0.0
        k2 = 1e-40
    return taylor_activation_potential(k2, k4, y, b)


@kernel
def gaussian(k2, k4, y, b):
    """Gaussian preactivation: A, B at one label"""
    r0 = math.sqrt(2)
    r1 = 1/math.sqrt(k2)
    return (1.0/2.0)*r0*r1*y*math.exp(-1.0/2.0*b**2/k2)/math.sqrt(math.pi) - 1.0/2.0*math.erf((1.0/2.0)*b*r0*r1) + (-1.0/2.0), 0


@kernel
def gaussian_coefficients(k2, k4, y, b, rule):
    """A, B and flag of closure gaussian."""
    if k2 < 1e-40:  # the same kappa: there the coefficients are those of any smaller k2
        k4 = k4 / k2 / k2 * 9.999999999999998e-81 if k2 > 0.0 else 0.0
        k2 = 1e-40
    A, B = gaussian(k2, k4, y, b)
    return A, B, 0


@kernel
def gaussian_potential(k2, k4, y, b):
    """Gaussian preactivation: Psi"""
    r0 = math.sqrt(2)
    r1 = math.sqrt(k2)
    r2 = (1.0/2.0)*b
    r3 = (1.0/2.0)*math.erf(r0*r2/r1)
    r4 = r3 + 1.0/2.0
    r5 = (1.0/2.0)*r4
    r6 = y**2
    r7 = b*r4 + (1.0/2.0)*r0*r1*math.exp(-1.0/2.0*b**2/k2)/math.sqrt(math.pi)
    return -k2*r5 - r2*r7 - r5*r6 - 1.0/2.0*r6*(1.0/2.0 - r3) + r7*y


@kernel
def gaussian_psi(k2, k4, y, b, rule):
    """Psi of closure gaussian."""
    if k2 < 1e-40:  # the same kappa: there the coefficients are those of any smaller k2
        k4 = k4 / k2 / k2 * 9.999999999999998e-81 if k2 > 0.0 else 0.0
        k2 = 1e-40
    return gaussian_potential(k2, k4, y, b)


@kernel
def edgeworth(k2, k4, y, b):
    """first order in the fourth cumulant: A, B at one label"""
    r0 = math.sqrt(2)
    r1 = 1/math.sqrt(k2)
    r2 = 1/math.sqrt(math.pi)
    r3 = b**2
    r4 = 1/k2
    r5 = (1.0/2.0)*r4
    r6 = math.exp(-r3*r5)
    r7 = r3*r4*y
    return (1.0/2.0)*r0*r1*r2*r6*y - 1.0/2.0*math.erf((1.0/2.0)*b*r0*r1) + (-1.0/2.0) + (1.0/24.0)*k4*r0*r2*r6*((1.0/2.0)*b**4*y/k2**2 + b**3*r5 - 3.0/2.0*b - 3*r7 + (3.0/2.0)*y)/k2**(5.0/2.0), (1.0/12.0)*r0*r2*r6*(b + r7 - y)/k2**(3.0/2.0)


@kernel
def edgeworth_coefficients(k2, k4, y, b, rule):
    """A, B and flag of closure edgeworth."""
    if k2 < 1e-40:  # the same kappa: there the coefficients are those of any smaller k2
        k4 = k4 / k2 / k2 * 9.999999999999998e-81 if k2 > 0.0 else 0.0
        k2 = 1e-40
    A, B = edgeworth(k2, k4, y, b)
    return A, B, 0


@kernel
def edgeworth_potential(k2, k4, y, b):
    """first order in the fourth cumulant: Psi"""
    r0 = math.sqrt(2)
    r1 = math.sqrt(k2)
    r2 = (1.0/2.0)*b
    r3 = (1.0/2.0)*math.erf(r0*r2/r1)
    r4 = r3 + 1.0/2.0
    r5 = (1.0/2.0)*r4
    r6 = y**2
    r7 = 1/math.sqrt(math.pi)
    r8 = b**2/k2
    r9 = math.exp(-1.0/2.0*r8)
    r10 = b*r4 + (1.0/2.0)*r0*r1*r7*r9
    return -k2*r5 - r10*r2 + r10*y - r5*r6 - 1.0/2.0*r6*(1.0/2.0 - r3) + (1.0/48.0)*k4*r0*r7*r9*(b + r8*y - y)/k2**(3.0/2.0)


@kernel
def edgeworth_psi(k2, k4, y, b, rule):
    """Psi of closure edgeworth."""
    if k2 < 1e-40:  # the same kappa: there the coefficients are those of any smaller k2
        k4 = k4 / k2 / k2 * 9.999999999999998e-81 if k2 > 0.0 else 0.0
        k2 = 1e-40
    return edgeworth_potential(k2, k4, y, b)


@kernel
def bimodal(k2, k4, y, b):
    """two Gaussians of equal width: A, B at one label"""
    r0 = 2**(3.0/4.0)
    r1 = -k4
    r2 = r1**(1.0/4.0)
    r3 = r0*r2
    r4 = (1.0/2.0)*r3
    r5 = b - r4
    r6 = math.sqrt(r1)
    r7 = math.sqrt(2)
    r8 = (1.0/2.0)*r7
    r9 = k2 - r6*r8
    r10 = math.sqrt(r9)
    r11 = 1/r10
    r12 = r11*r8
    r13 = math.erf(r12*r5)
    r14 = b + r4
    r15 = math.erf(r12*r14)
    r16 = 1/math.sqrt(math.pi)
    r17 = (1.0/2.0)/r9
    r18 = math.exp(-r17*r5**2)
    r19 = math.exp(-r14**2*r17)
    r20 = (1.0/2.0)*r13 + 1.0/2.0
    r21 = 1/k4
    r22 = (1.0/4.0)*r21
    r23 = r22*r6*r7
    r24 = (1.0/2.0)*r15 + 1.0/2.0
    r25 = r10*r8
    return (1.0/4.0)*r11*r16*r18*r7*y + (1.0/4.0)*r11*r16*r19*r7*y - 1.0/4.0*r13 - 1.0/4.0*r15 + (-1.0/2.0), (1.0/4.0)*r0*r2*r21*(-r14*r24 - r16*r19*r25 + r24*y) - r22*r3*(-r16*r18*r25 - r20*r5 + r20*y) - r23*((1.0/2.0)*r11*r16*r18*r7*y - r20) - r23*((1.0/2.0)*r11*r16*r19*r7*y - r24)


@kernel
def bimodal_coefficients(k2, k4, y, b, rule):
    """A, B and flag of closure bimodal."""
    if k2 < 1e-40:  # the same kappa: there the coefficients are those of any smaller k2
        k4 = k4 / k2 / k2 * 9.999999999999998e-81 if k2 > 0.0 else 0.0
        k2 = 1e-40
    if k2 < 3e-06 and 81.0*k2 < (KINKS[0] - b)**2:
        A, B = taylor(k2, k4, y, b)
        return A, B, 0
    flag = 0
    kappa = k4 / (k2 * k2)
    if kappa < -2.0 * (1.0 - 1e-12):
        flag = 2 if kappa < -2.0 - 1e-6 else 0
        kappa = -2.0 * (1.0 - 1e-12)
        k4 = kappa * k2 * k2
    if kappa < -1e-08:
        A, B = bimodal(k2, k4, y, b)
        return A, B, flag
    if kappa < math.inf:
        A, B = edgeworth(k2, k4, y, b)
        return A, B, (flag | 1 if kappa > 1e-8 else flag)
    return math.nan, math.nan, 0


@kernel
def bimodal_potential(k2, k4, y, b):
    """two Gaussians of equal width: Psi"""
    r0 = -k4
    r1 = (1.0/2.0)*2**(3.0/4.0)*r0**(1.0/4.0)
    r2 = b - r1
    r3 = (1.0/2.0)*math.sqrt(2)
    r4 = k2 - math.sqrt(r0)*r3
    r5 = math.sqrt(r4)
    r6 = r3/r5
    r7 = (1.0/2.0)*math.erf(r2*r6)
    r8 = (1.0/4.0)*y**2
    r9 = b + r1
    r10 = (1.0/2.0)*math.erf(r6*r9)
    r11 = r7 + 1.0/2.0
    r12 = r10 + 1.0/2.0
    r13 = (1.0/4.0)*r4
    r14 = (1.0/2.0)/r4
    r15 = r3*r5/math.sqrt(math.pi)
    r16 = r11*r2 + r15*math.exp(-r14*r2**2)
    r17 = r12*r9 + r15*math.exp(-r14*r9**2)
    return -r11*r13 - r11*r8 - r12*r13 - r12*r8 - 1.0/4.0*r16*r2 + (1.0/2.0)*r16*y - 1.0/4.0*r17*r9 + (1.0/2.0)*r17*y - r8*(1.0/2.0 - r10) - r8*(1.0/2.0 - r7)


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
        return bimodal_potential(k2, k4, y, b)
    if kappa < math.inf:
        return edgeworth_potential(k2, k4, y, b)
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
    edges = np.empty(3)
    edges[0] = 0.0
    edges[2] = 1.0
    lam = abs(KINKS[0] - centre)
    edges[1] = min(1.0, 1 - math.sqrt(1 - min(1, math.asin(min(1, lam/scale))/upper)))
    edges.sort()
    for segment in range(2):
        low = edges[segment]
        width = edges[segment + 1] - low
        if width <= 0.0:
            continue
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
    jumps = force_jumps(y)
    for k in range(len(KINKS)):
        lam = abs(KINKS[k] - centre)
        s = 1 - math.sqrt(1 - min(1, math.asin(min(1, lam/scale))/upper))
        if s < 1.0:
            density = math.cos(s*upper*(2 - s))**(2*nu) / (scale*math.cos(s*upper*(2 - s)))
            d0 += 0.5 * jumps[k] * density * (1)
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
    edges = np.empty(3)
    edges[0] = 0.0
    edges[2] = 1.0
    lam = abs(KINKS[0] - centre)
    edges[1] = min(1.0, math.asinh(lam/scale)/upper)
    edges.sort()
    for segment in range(2):
        low = edges[segment]
        width = edges[segment + 1] - low
        if width <= 0.0:
            continue
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
    jumps = force_jumps(y)
    for k in range(len(KINKS)):
        lam = abs(KINKS[k] - centre)
        s = math.asinh(lam/scale)/upper
        if s < 1.0:
            density = math.cosh(s*upper)**(2*nu) / (scale*math.cosh(s*upper))
            d0 += 0.5 * jumps[k] * density * (1)
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
        A, B = edgeworth(k2, k4, y, b)
        return A, B, flag
    if kappa < 3.0:
        A, B = pearson_heavy(k2, k4, y, b, rule)
        return A, B, flag
    if kappa < math.inf:
        A, B = edgeworth(k2, k4, y, b)
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
    edges = np.empty(3)
    edges[0] = 0.0
    edges[2] = 1.0
    lam = abs(KINKS[0] - centre)
    edges[1] = min(1.0, 1 - math.sqrt(1 - min(1, math.asin(min(1, lam/scale))/upper)))
    edges.sort()
    for segment in range(2):
        low = edges[segment]
        width = edges[segment + 1] - low
        if width <= 0.0:
            continue
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
    edges = np.empty(3)
    edges[0] = 0.0
    edges[2] = 1.0
    lam = abs(KINKS[0] - centre)
    edges[1] = min(1.0, math.asinh(lam/scale)/upper)
    edges.sort()
    for segment in range(2):
        low = edges[segment]
        width = edges[segment + 1] - low
        if width <= 0.0:
            continue
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
        return edgeworth_potential(k2, k4, y, b)
    if kappa < 3.0:
        return pearson_heavy_potential(k2, k4, y, b, rule)
    if kappa < math.inf:
        return edgeworth_potential(k2, k4, y, b)
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
    edges = np.empty(3)
    edges[0] = 0.0
    edges[2] = 1.0
    lam = abs(KINKS[0] - centre)
    edges[1] = min(1.0, 1 - math.sqrt(1 - min(1, math.asin(min(1, lam/scale))/upper)))
    edges.sort()
    for segment in range(2):
        low = edges[segment]
        width = edges[segment + 1] - low
        if width <= 0.0:
            continue
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
    jumps = force_jumps(y)
    for k in range(len(KINKS)):
        lam = abs(KINKS[k] - centre)
        s = 1 - math.sqrt(1 - min(1, math.asin(min(1, lam/scale))/upper))
        if s < 1.0:
            density = math.cos(s*upper*(2 - s))**(2*nu) / (scale*math.cos(s*upper*(2 - s)))
            d0 += 0.5 * jumps[k] * density * (1)
            d2 += 0.5 * jumps[k] * density * (lam**2)
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
    edges = np.empty(3)
    edges[0] = 0.0
    edges[2] = 1.0
    lam = abs(KINKS[0] - centre)
    edges[1] = min(1.0, math.asinh(lam/scale)/upper)
    edges.sort()
    for segment in range(2):
        low = edges[segment]
        width = edges[segment + 1] - low
        if width <= 0.0:
            continue
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
    jumps = force_jumps(y)
    for k in range(len(KINKS)):
        lam = abs(KINKS[k] - centre)
        s = math.asinh(lam/scale)/upper
        if s < 1.0:
            density = math.cosh(s*upper)**(2*nu) / (scale*math.cosh(s*upper))
            d0 += 0.5 * jumps[k] * density * (1)
            d2 += 0.5 * jumps[k] * density * (lam**2)
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
        A, B = edgeworth(k2, k4, y, b)
        return A, B, flag
    if kappa < 3.0:
        A, B = regression_heavy(k2, k4, y, b, rule)
        return A, B, flag
    if kappa < math.inf:
        A, B = edgeworth(k2, k4, y, b)
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
    edges = np.empty(3)
    edges[0] = 0.0
    edges[2] = 1.0
    lam = abs(KINKS[0] - centre)
    edges[1] = min(1.0, 1 - math.sqrt(1 - min(1, math.asin(min(1, lam/scale))/upper)))
    edges.sort()
    for segment in range(2):
        low = edges[segment]
        width = edges[segment + 1] - low
        if width <= 0.0:
            continue
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
    jumps = force_jumps(y)
    for k in range(len(KINKS)):
        lam = abs(KINKS[k] - centre)
        s = 1 - math.sqrt(1 - min(1, math.asin(min(1, lam/scale))/upper))
        if s < 1.0:
            density = math.cos(s*upper*(2 - s))**(2*nu) / (scale*math.cos(s*upper*(2 - s)))
            d0 += 0.5 * jumps[k] * density * (1)
            n4 += 0.5 * jumps[k] * density * ((1 - 1.0/2.0*lam**2/(k2*nu))*((3.0/4.0)/((nu + 3)*(nu + 4)) - 3.0/2.0*lam**2/(k2*nu*(nu + 4)) + (1.0/4.0)*lam**4/(k2**2*nu**2)))
            s4 += 0.5 * jumps[k] * density * ((1 - 1.0/2.0*lam**2/(k2*nu))*((3.0/4.0)/((nu + 3)*(nu + 4)) + lam**2*(-3/(nu + 4) + lam**2/(k2*nu))/(k2*nu) - 3.0/2.0*lam**2/(k2*nu*(nu + 4)) + (1.0/4.0)*lam**4/(k2**2*nu**2)) - 1.0/2.0*lam**2*(2*nu + 1)*((3.0/4.0)/((nu + 3)*(nu + 4)) - 3.0/2.0*lam**2/(k2*nu*(nu + 4)) + (1.0/4.0)*lam**4/(k2**2*nu**2))/(k2*nu))
            n4_nu += 0.5 * jumps[k] * density * ((1 - 1.0/2.0*lam**2/(k2*nu))*(2*((3.0/4.0)/((nu + 3)*(nu + 4)) - 3.0/2.0*lam**2/(k2*nu*(nu + 4)) + (1.0/4.0)*lam**4/(k2**2*nu**2))*math.log(math.cos(s*upper*(s - 2))) - (3.0/4.0)/((nu + 3)*(nu + 4)**2) - (3.0/4.0)/((nu + 3)**2*(nu + 4)) + (3.0/2.0)*lam**2/(k2*nu*(nu + 4)**2)))
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
    g0_7 = 0.0
    g0_9 = 0.0
    g0_11 = 0.0
    g0_13 = 0.0
    g0_15 = 0.0
    centre = b
    edges = np.empty(3)
    edges[0] = 0.0
    edges[2] = 1.0
    lam = abs(KINKS[0] - centre)
    edges[1] = min(1.0, (2.0/17.0)*lam/math.sqrt(k2))
    edges.sort()
    for segment in range(2):
        low = edges[segment]
        width = edges[segment + 1] - low
        if width <= 0.0:
            continue
        count = width * ((17.0/2.0)*math.sqrt(k2)) / PANEL
        panels = 1 + int(min(count, 10000))
        step = width / panels if count <= PANELS else math.nan
        for panel in range(panels):
            for node in range(rule.shape[1]):
                s = low + (panel + rule[0, node]) * step
                lam = (17.0/2.0)*math.sqrt(k2)*s
                weight = (17.0/2.0)*math.exp(-289.0/8.0*s**2) * rule[1, node] * step
                if lam < near:
                    d_4 = lam**4*((1.0/24.0)*f_5 + (1.0/720.0)*f_7*lam**2)
                else:
                    phi_up, f_up, d_up = functions(centre + lam, y)
                    phi_down, f_down, d_down = functions(centre - lam, y)
                    d_4 = 0.5 * (d_up + d_down) - (f_1 + (1.0/2.0)*f_3*lam**2)
                q0_i0 = k2**(-3)
                q0_i1 = lam**6
                q0_i2 = lam**4/k2**2
                q0_i3 = 1/k2
                q0_i4 = lam**2
                q0_i5 = k2**(-4)
                q0_i6 = lam**8*q0_i5
                q0_i7 = q0_i0*q0_i1
                q0_i8 = q0_i3*q0_i4
                q0_i9 = k2**(-5)
                q0_i10 = lam**10
                q0_i11 = k2**(-6)
                q0_i12 = lam**12*q0_i11
                q0_i13 = k2**(-7)
                g0_m0 += weight * (1)
                g0_7 += weight * (d_4*q0_i0*(q0_i0*q0_i1 - 15*q0_i2 + 45*q0_i3*q0_i4 - 15))
                g0_9 += weight * (d_4*q0_i5*(210*q0_i2 + q0_i6 - 28*q0_i7 - 420*q0_i8 + 105))
                g0_11 += weight * (d_4*q0_i9*(630*q0_i0*q0_i1 + q0_i10*q0_i9 - 3150*q0_i2 + 4725*q0_i3*q0_i4 - 45*q0_i6 - 945))
                g0_13 += weight * (d_4*q0_i11*(-66*q0_i10*q0_i9 + q0_i12 + 51975*q0_i2 + 1485*q0_i6 - 13860*q0_i7 - 62370*q0_i8 + 10395))
                g0_15 += weight * (d_4*q0_i13*(lam**14*q0_i13 + 315315*q0_i0*q0_i1 + 3003*q0_i10*q0_i9 - 91*q0_i12 - 945945*q0_i2 + 945945*q0_i3*q0_i4 - 45045*q0_i6 - 135135))
    jumps = force_jumps(y)
    for k in range(len(KINKS)):
        lam = abs(KINKS[k] - centre)
        s = (2.0/17.0)*lam/math.sqrt(k2)
        if s < 1.0:
            density = math.exp(-289.0/8.0*s**2) / (math.sqrt(k2))
            g0_7 += 0.5 * jumps[k] * density * ((-15 + 45*lam**2/k2 - 15*lam**4/k2**2 + lam**6/k2**3)/k2**3)
            g0_9 += 0.5 * jumps[k] * density * ((105 - 420*lam**2/k2 + 210*lam**4/k2**2 - 28*lam**6/k2**3 + lam**8/k2**4)/k2**4)
            g0_11 += 0.5 * jumps[k] * density * ((-945 + 4725*lam**2/k2 - 3150*lam**4/k2**2 + 630*lam**6/k2**3 - 45*lam**8/k2**4 + lam**10/k2**5)/k2**5)
            g0_13 += 0.5 * jumps[k] * density * ((10395 - 62370*lam**2/k2 + 51975*lam**4/k2**2 - 13860*lam**6/k2**3 + 1485*lam**8/k2**4 - 66*lam**10/k2**5 + lam**12/k2**6)/k2**6)
            g0_15 += 0.5 * jumps[k] * density * ((-135135 + 945945*lam**2/k2 - 945945*lam**4/k2**2 + 315315*lam**6/k2**3 - 45045*lam**8/k2**4 + 3003*lam**10/k2**5 - 91*lam**12/k2**6 + lam**14/k2**7)/k2**7)
    r0 = math.sqrt(2)
    r1 = 1/math.sqrt(k2)
    r2 = 1/math.sqrt(math.pi)
    r3 = b**2
    r4 = 1/k2
    r5 = (1.0/2.0)*r4
    r6 = math.exp(-r3*r5)
    r7 = k2**((-5.0/2.0))
    r8 = r3*r4*y
    r9 = k2**(-2)
    r10 = (1.0/2.0)*b**4*r9*y + b**3*r5 - 3.0/2.0*b - 3*r8 + (3.0/2.0)*y
    r11 = r0*r2*r6
    r12 = 1/g0_m0
    r13 = g0_9*r12
    r14 = (1.0/17280.0)*r13
    r15 = k4**2
    r16 = r12*r15
    r17 = g0_13*r16
    r18 = g0_7*r12
    r19 = (1.0/720.0)*r18
    r20 = r19*r4
    r21 = g0_11*r16
    r22 = k2**(-3)
    r23 = r15*r18
    r24 = r13*r15
    r25 = k4*r12
    r26 = g0_11*r25
    r27 = k4*r9
    return (1.0/24.0)*k4*r0*r10*r2*r6*r7 + (1.0/2.0)*r0*r1*r2*r6*y - 1.0/2.0*math.erf((1.0/2.0)*b*r0*r1) + (-1.0/2.0), (1.0/12.0)*r11*(b + r8 - y)/k2**(3.0/2.0), k4*r14 + k4*r20 + (1.0/720.0)*r10*r11*r7 + (1.0/829440.0)*r17 + (11.0/155520.0)*r21*r4 + (1.0/432.0)*r22*r23 + (1.0/960.0)*r24*r9, (1.0/1658880.0)*g0_15*r16 + (1.0/1440.0)*k4*r13*r4 + (11.0/311040.0)*r17*r4 + (1.0/1440.0)*r18 - r19*r27 + (7.0/15552.0)*r21*r9 - 1.0/1080.0*r22*r24 + (1.0/34560.0)*r26 - 1.0/144.0*r23/k2**4, (1.0/414720.0)*g0_13*r25 + (1.0/216.0)*k4*r18*r22 + (1.0/480.0)*r13*r27 + r14 + r20 + (11.0/77760.0)*r26*r4


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
    edges = np.empty(3)
    edges[0] = 0.0
    edges[2] = 1.0
    lam = abs(KINKS[0] - centre)
    edges[1] = min(1.0, math.asinh(lam/scale)/upper)
    edges.sort()
    for segment in range(2):
        low = edges[segment]
        width = edges[segment + 1] - low
        if width <= 0.0:
            continue
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
    jumps = force_jumps(y)
    for k in range(len(KINKS)):
        lam = abs(KINKS[k] - centre)
        s = math.asinh(lam/scale)/upper
        if s < 1.0:
            density = math.cosh(s*upper)**(2*nu) / (scale*math.cosh(s*upper))
            d0 += 0.5 * jumps[k] * density * (1)
            n4 += 0.5 * jumps[k] * density * ((1 - 1.0/2.0*lam**2/(k2*nu))*((3.0/4.0)/((nu + 3)*(nu + 4)) - 3.0/2.0*lam**2/(k2*nu*(nu + 4)) + (1.0/4.0)*lam**4/(k2**2*nu**2)))
            s4 += 0.5 * jumps[k] * density * ((1 - 1.0/2.0*lam**2/(k2*nu))*((3.0/4.0)/((nu + 3)*(nu + 4)) + lam**2*(-3/(nu + 4) + lam**2/(k2*nu))/(k2*nu) - 3.0/2.0*lam**2/(k2*nu*(nu + 4)) + (1.0/4.0)*lam**4/(k2**2*nu**2)) - 1.0/2.0*lam**2*(2*nu + 1)*((3.0/4.0)/((nu + 3)*(nu + 4)) - 3.0/2.0*lam**2/(k2*nu*(nu + 4)) + (1.0/4.0)*lam**4/(k2**2*nu**2))/(k2*nu))
            n4_nu += 0.5 * jumps[k] * density * ((1 - 1.0/2.0*lam**2/(k2*nu))*(2*((3.0/4.0)/((nu + 3)*(nu + 4)) - 3.0/2.0*lam**2/(k2*nu*(nu + 4)) + (1.0/4.0)*lam**4/(k2**2*nu**2))*(-math.log(2) + abs(s*upper) + math.log1p(math.exp(-2.0*abs(s*upper)))) - (3.0/4.0)/((nu + 3)*(nu + 4)**2) - (3.0/4.0)/((nu + 3)**2*(nu + 4)) + (3.0/2.0)*lam**2/(k2*nu*(nu + 4)**2)))
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
        A, B = edgeworth(k2, k4, y, b)
        return A, B, 0.0, 0.0, 0.0, (flag | 1 if kappa > 1e-8 else flag)
    return math.nan, math.nan, math.nan, math.nan, math.nan, 0


@kernel
def conditional(mean, variance, y, b):
    """lam Gaussian: E[F], E[F'] at one label"""
    r0 = b + mean
    r1 = math.sqrt(variance)
    r2 = 1/r1
    r3 = math.sqrt(2)
    r4 = (1.0/2.0)*r3
    r5 = (1.0/2.0)*math.erf(r0*r2*r4) + 1.0/2.0
    r6 = 1/math.sqrt(math.pi)
    r7 = math.exp(-1.0/2.0*r0**2/variance)
    return -r0*r5 - r1*r4*r6*r7 + r5*y, (1.0/2.0)*r2*r3*r6*r7*y - r5


@kernel
def conditional_coefficients(mean, variance, y, b, rule):
    """E[F] and E[F'] of a Gaussian preactivation of that mean and variance."""
    return conditional(mean, max(variance, 1e-60), y, b)


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
    edges = np.empty(3)
    edges[0] = 0.0
    edges[2] = 1.0
    lam = abs(KINKS[0] - centre)
    edges[1] = min(1.0, 1 - math.sqrt(1 - min(1, math.asin(min(1, lam/scale))/upper)))
    edges.sort()
    for segment in range(2):
        low = edges[segment]
        width = edges[segment + 1] - low
        if width <= 0.0:
            continue
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
    jumps = square_jumps(y)
    for k in range(len(KINKS)):
        lam = abs(KINKS[k] - centre)
        s = 1 - math.sqrt(1 - min(1, math.asin(min(1, lam/scale))/upper))
        if s < 1.0:
            density = math.cos(s*upper*(2 - s))**(2*nu) / (scale*math.cos(s*upper*(2 - s)))
            density = math.copysign(density, KINKS[k] - centre)
            g += 0.5 * jumps[k] * density * (-kappa*lam/(2*kappa + 6))
            d1 += 0.5 * jumps[k] * density * (lam)
            d3 += 0.5 * jumps[k] * density * (lam**3/k2)
            d5 += 0.5 * jumps[k] * density * (lam**5/k2**2)
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
    edges = np.empty(3)
    edges[0] = 0.0
    edges[2] = 1.0
    lam = abs(KINKS[0] - centre)
    edges[1] = min(1.0, (2.0/17.0)*lam/math.sqrt(k2))
    edges.sort()
    for segment in range(2):
        low = edges[segment]
        width = edges[segment + 1] - low
        if width <= 0.0:
            continue
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
    jumps = square_jumps(y)
    for k in range(len(KINKS)):
        lam = abs(KINKS[k] - centre)
        s = (2.0/17.0)*lam/math.sqrt(k2)
        if s < 1.0:
            density = (kappa*((83521.0/384.0)*s**4 - 289.0/48.0*s**2 + (-1.0/24.0)) + 1)*math.exp(-289.0/8.0*s**2) / (math.sqrt(k2))
            density = math.copysign(density, KINKS[k] - centre)
            g += 0.5 * jumps[k] * density * (-kappa*lam/(2*kappa + 6))
            d1 += 0.5 * jumps[k] * density * (lam)
            d3 += 0.5 * jumps[k] * density * (lam**3/k2)
            d5 += 0.5 * jumps[k] * density * (lam**5/k2**2)
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
    edges = np.empty(3)
    edges[0] = 0.0
    edges[2] = 1.0
    lam = abs(KINKS[0] - centre)
    edges[1] = min(1.0, math.asinh(lam/scale)/upper)
    edges.sort()
    for segment in range(2):
        low = edges[segment]
        width = edges[segment + 1] - low
        if width <= 0.0:
            continue
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
    jumps = square_jumps(y)
    for k in range(len(KINKS)):
        lam = abs(KINKS[k] - centre)
        s = math.asinh(lam/scale)/upper
        if s < 1.0:
            density = math.cosh(s*upper)**(2*nu) / (scale*math.cosh(s*upper))
            density = math.copysign(density, KINKS[k] - centre)
            g += 0.5 * jumps[k] * density * (-kappa*lam/(2*kappa + 6))
            d1 += 0.5 * jumps[k] * density * (lam)
            d3 += 0.5 * jumps[k] * density * (lam**3/k2)
            d5 += 0.5 * jumps[k] * density * (lam**5/k2**2)
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
    edges = np.empty(3)
    edges[0] = 0.0
    edges[2] = 1.0
    lam = abs(KINKS[0] - centre)
    edges[1] = min(1.0, math.asinh(lam/scale)/upper)
    edges.sort()
    for segment in range(2):
        low = edges[segment]
        width = edges[segment + 1] - low
        if width <= 0.0:
            continue
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
    jumps = square_jumps(y)
    for k in range(len(KINKS)):
        lam = abs(KINKS[k] - centre)
        s = math.asinh(lam/scale)/upper
        if s < 1.0:
            density = math.cosh(s*upper)**(2*nu) / (scale*math.cosh(s*upper))
            density = math.copysign(density, KINKS[k] - centre)
            g += 0.5 * jumps[k] * density * (-kappa*lam/(2*kappa + 6))
            d1 += 0.5 * jumps[k] * density * (lam)
            d3 += 0.5 * jumps[k] * density * (lam**3/k2)
            d5 += 0.5 * jumps[k] * density * (lam**5/k2**2)
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
    edges = np.empty(3)
    edges[0] = 0.0
    edges[2] = 1.0
    lam = abs(KINKS[0] - centre)
    edges[1] = min(1.0, (2.0/17.0)*lam/math.sqrt(k2))
    edges.sort()
    for segment in range(2):
        low = edges[segment]
        width = edges[segment + 1] - low
        if width <= 0.0:
            continue
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
    jumps = square_jumps(y)
    for k in range(len(KINKS)):
        lam = abs(KINKS[k] - centre)
        s = (2.0/17.0)*lam/math.sqrt(k2)
        if s < 1.0:
            density = math.exp(-289.0/8.0*s**2) / (math.sqrt(k2))
            density = math.copysign(density, KINKS[k] - centre)
            g += 0.5 * jumps[k] * density * (-kappa*lam/(2*kappa + 6))
            d1 += 0.5 * jumps[k] * density * (lam)
            d3 += 0.5 * jumps[k] * density * (lam**3/k2)
            d5 += 0.5 * jumps[k] * density * (lam**5/k2**2)
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
