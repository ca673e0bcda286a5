"""The bump at rest under the Taylor closure: the part of the document on bumps with height and width in closed form."""

from __future__ import annotations

import sympy as sp

from cumulode.theory.closures.family import b, closure, taylor_coefficient
from cumulode.theory.derivation.derivation import Derivation
from cumulode.theory.dynamics import bump as used
from cumulode.theory.dynamics.drift import k2, k4
from cumulode.theory.neuron.activations import Activation
from cumulode.theory.neuron.activations import y as label
from cumulode.theory.neuron.gaussian import GaussianMean

a, s, xi = (sp.Symbol(name, positive=True) for name in ("a", "s", "xi"))
kappa = sp.Symbol("kappa", negative=True)


def height(d: Derivation, chosen: Activation) -> None:
    """Height and depth by completing the square, and the width that makes it deepest."""
    p, slope, cubic = (sp.symbols(f"{n}_+1 {n}_-1", positive=True) for n in ("p", "u", "v"))
    alpha, beta = (sp.symbols(f"{n}_+1 {n}_-1", positive=True) for n in ("alpha", "beta"))
    taylor = closure("taylor").potential
    assert taylor is not None
    energy = linear = quartic = sp.Integer(0)
    for i in range(2):
        named = {GaussianMean(-1, b, 0): 0, GaussianMean(1, b, 0): slope[i], GaussianMean(3, b, 0): cubic[i]}
        energy -= p[i] * taylor.xreplace({**named, k2: a**2 * alpha[i], k4: a**4 * beta[i]})
        linear += p[i] * slope[i] * alpha[i]
        quartic += p[i] * cubic[i] * (3 * alpha[i] ** 2 + beta[i])
    d.chain(
        "The Taylor closure. With $u_y = F_y'(0)$, $v_y = F_y'''(0)$ and $V = 0$ at $w = 0$, it is quadratic in $a^2$, "
        "with the coefficients $P = \\sum_y p_y u_y \\alpha_y$ and $Q = \\sum_y p_y v_y (3\\alpha_y^2 + \\beta_y)$.",
        "V",
        energy,
    ).equals(-(a**2) * linear / 2 - a**4 * quartic / 24, "$-a^2P/2 - a^4Q/24$")
    P, Q = sp.Symbol("P", positive=True), sp.Symbol("Q", negative=True)
    d.chain(
        "Where $P > 0$ and $Q < 0$ this has a minimum at a height in closed form.",
        "V",
        -(a**2) * P / 2 - a**4 * Q / 24,
    ).equals(
        used.depth(P, Q) - Q / 24 * (a**2 - used.amplitude_squared(P, Q)) ** 2,
        "completing the square: $a^2 = -6P/Q$, and there $V = 3P^2/(2Q)$",
        name="amplitude",
        domain={Q: (-2.0, -0.5)},
    )
    P1, Q1, square = sp.symbols("P1 Q1 A", real=True)
    at_width = P + P1 * s, Q + Q1 * s
    d.chain(
        "The width makes this deepest: along any change of $P$ and $Q$ with $s$, here $P + P_1 s$ and $Q + Q_1 s$, the "
        f"derivative of the depth is that of $V$ at this height, $A = a^2$. {_example(chosen)}",
        r"\frac{d}{ds}\,\frac{3P^2}{2Q}",
        sp.Derivative(used.depth(*at_width), s),
    ).equals(
        sp.Subs(-square * P1 / 2 - square**2 * Q1 / 24, square, used.amplitude_squared(*at_width)),
        "the derivative through $a$ vanishes at rest",
        domain={Q: (-2.0, -1.0), P: (1.0, 2.0), P1: (-0.3, 0.3), Q1: (-0.3, 0.3), s: (0.2, 1.0)},
    )


def _example(chosen: Activation) -> str:
    """The bump of one problem, in words."""
    gain, bias, lengths = 0.5, -1.0, (4.0, 1.0)
    kurtosis = used.site_kurtosis(gain)
    numbers = [[float(taylor_coefficient(chosen, n).subs({b: bias, label: y})) for n in (1, 3)] for y in (1, -1)]
    classes = [
        used.BumpClass(0.5, slope, cubic, length, kurtosis)
        for (slope, cubic), length in zip(numbers, lengths, strict=True)
    ]
    where = f"For correlation lengths {lengths[0]:g} and {lengths[1]:g}, gain {gain:g} and bias {bias:g}"
    try:
        high, wide = used.taylor_bump(classes)
    except ValueError:
        return f"{where} this activation has no such bump."
    return (
        f"{where}, with the kurtosis {kurtosis:.3f} that one site has there, $s = {wide:.2f}$: IPR "
        f"{used.ipr_gaussian(wide):.3f}, width {used.width_gaussian(wide):.2f} and norm "
        f"{used.norm_squared(high, wide) ** 0.5:.3f}."
    )


def leading(d: Derivation) -> None:
    """The width at small kurtosis, from the expansion of the depth in 1/s."""
    z, near = sp.Symbol("z", positive=True), sp.Symbol("z", real=True)
    d.chain(
        "Small kurtosis: wide bumps. In $z = 1/s$ the second cumulant is a power and a factor near 1,",
        k2,
        used.k2_gaussian(a, 1 / z, xi, sp),
    ).equals(a**2 * sp.pi * xi / z / sp.sqrt(1 + xi**2 * z**2 / 4), "$z$ taken out of the root")
    d.chain(
        "which is $1 - \\xi^2z^2/8$ to second order,",
        r"\frac12\frac{d^2}{dz^2}\Big|_{z=0}",
        sp.Subs(sp.Derivative(1 / sp.sqrt(1 + xi**2 * near**2 / 4), (near, 2)), near, 0) / 2,
    ).equals(-(xi**2) / 8, "second derivative")
    d.chain(
        "and the fourth, over $k_2^2$, is of order $\\kappa\\xi z$, with corrections of relative order $z^2$.",
        k4,
        used.k4_gaussian(a, 1 / z, xi, kappa, sp),
    ).equals(
        a**4 * kappa * sp.pi**2 * xi**3 / (sp.sqrt(2) * z) / ((1 + xi**2 * z**2 / 2) * sp.sqrt(1 + xi**2 * z**2 / 8)),
        "$z$ taken out of all factors",
        domain={kappa: (-1.5, -0.5)},
    )
    z = near
    p1, p3, s2, s4, t = sp.symbols("P1 P3 S2 S4 T", positive=True)
    narrow = 3 * s2 + t * z / sp.sqrt(2) - sp.Rational(3, 4) * s4 * z**2
    logarithm = 2 * sp.log(p1 - p3 * z**2 / 8) - sp.log(narrow)
    slope = -t / (3 * sp.sqrt(2) * s2)
    first, second = (sp.Subs(sp.Derivative(logarithm, (z, n)), z, 0) for n in (1, 2))
    d.chain(
        "The logarithm of the depth $P^2/|Q|$ in $z = 1/s$ is then, up to a constant, $L = 2\\ln(P_1 - P_3 z^2/8) - "
        "\\ln(3S_2 + Tz/\\sqrt2 - 3S_4z^2/4)$, with $P_n = \\sum_y p_y u_y \\xi_y^n$, $S_n = \\sum_y p_y "
        "v_y\\xi_y^n$ and $T = \\sum_y p_y v_y\\kappa_y\\xi_y^3$. Without fourth cumulant, $T = 0$, it has no slope "
        "at $z = 0$, and the infinitely wide bump is a stationary point; with it",
        "L'(0)",
        first,
    ).equals(slope, "differentiation")
    d.chain(
        "The depth is largest where $L'(0) + z L''(0) = 0$, to leading order in $z$, which is of the order of the "
        "kurtosis. The last term is of the order of the kurtosis, while $s$ is of order 1/kurtosis, and is dropped.",
        "s = -L''(0)/L'(0)",
        -second / slope,
    ).equals(
        used.leading_width(p1, p3, s2, s4, t, sp) + sp.sqrt(2) * t / (6 * s2), "differentiation", name="leading width"
    )
