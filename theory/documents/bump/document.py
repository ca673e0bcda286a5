"""Localised fields as Gaussian bumps: participation ratio, width, cumulants, and the bump at rest."""

from __future__ import annotations

from itertools import combinations, product
from typing import Any

import sympy as sp

from cumulode.theory.cumulants.nlgp import PAIRS, small_gain_fourth
from cumulode.theory.derivation.derivation import Derivation, Scope
from cumulode.theory.documents.rewritings import simplified
from cumulode.theory.dynamics import bump as used
from cumulode.theory.dynamics.drift import k2, k4
from cumulode.theory.neuron.activations import parse

from .participation import plain_states, size
from .taylor_bump import a, height, kappa, leading, s, xi

x, shift = sp.symbols("x d", real=True)
#: Where integrals over the line are sampled: they are evaluated numerically.
TAME = {a: (0.5, 1.5), s: (0.8, 1.6), xi: (0.8, 1.6)}


def build(activation: str = "erf", order: int = 3) -> Derivation:
    """Participation ratio and width, both cumulants of a bump, its height and width at rest; other states' IPR."""
    chosen = parse(activation)
    d = Derivation(
        "bump",
        "Localised fields as Gaussian bumps",
        "A localised field is taken to be $w_i = a\\,e^{-(i-i_0)^2/(2s^2)}$, and its participation ratio, width and "
        "norm follow. With the covariance of the NLGP at small gain and its fourth cumulant both cumulants of the "
        "preactivation are elementary, and the Taylor closure has a bump at rest in closed form. Localisation needs "
        "the fourth cumulant: the width is inversely proportional to it where it is small. The participation ratios "
        "of other states, with which a field is compared, are at the end.",
        scope=Scope(
            small="$1/s$ and $1/\\xi$ (sums as integrals), $s/D$ (an infinite line), and for the law the gain $g$",
            dropped="the field's shape other than its height and width; what the fourth cumulant of the NLGP has "
            "beyond the leading order in the gain",
            neglected="relative order $e^{-\\pi^2 s^2}$ and $\\mathrm{erfc}(D/2s)$; relative order $g^2$ in the law; "
            "the error of the Gaussian shape is of no order, it is measured in tests",
            used=("cumulode.theory.dynamics.bump",),
        ),
    )
    _shape(d)
    _sums(d)
    _second(d)
    _fourth(d)
    _rest(d)
    height(d, chosen)
    leading(d)
    plain_states(d)
    return d


def field(at: Any) -> Any:
    """The bump at a distance from its centre."""
    return a * sp.exp(-(at**2) / (2 * s**2))


def line(integrand: sp.Expr, variable: sp.Symbol = x) -> sp.Expr:
    """Integral of an even function over the line, as twice that over its half."""
    return 2 * sp.Integral(integrand, (variable, 0, sp.oo))


def _shape(d: Derivation) -> None:
    norm = used.norm_squared(a, s, sp)
    d.chain("The squared norm of a bump, the sum over sites as an integral.", "|w|^2", line(field(x) ** 2)).equals(
        norm, "Gaussian integral", domain=TAME
    )
    d.chain(
        f"Its inverse participation ratio, $\\sum_i w_i^4/|w|^4$; at $s = 1$ it is "
        f"{float(used.ipr_gaussian(1.0)):.2f}.",
        r"\mathrm{IPR}",
        line(field(x) ** 4) / norm**2,
    ).equals(used.ipr_gaussian(s, sp), "Gaussian integral", name="IPR of a bump", domain=TAME)
    d.chain(
        "The width that `width` gives is the root mean square distance from the centre, weighted by $w^2$.",
        r"\mathrm{width}",
        sp.sqrt(line(x**2 * field(x) ** 2) / norm),
    ).equals(used.width_gaussian(s, sp), "second moment", name="width of a bump", domain=TAME)


def _sums(d: Derivation) -> None:
    n = sp.Symbol("n", integer=True, positive=True)
    wave = sp.exp(-(x**2) / s**2) * sp.cos(2 * sp.pi * n * x)
    error = float(used.sum_correction(1.0))
    d.chain(
        "What the integral misses. $\\sum_i e^{-(i-i_0)^2/s^2}$ is periodic in $i_0$; the coefficient of $\\cos(2\\pi "
        "n i_0)$ in its Fourier series is twice an integral over one period of the sum, that is over the line "
        "(Poisson). The mean, $n = 0$, is the integral used here; $n = 1$ is the largest correction, relative to the "
        f"mean $2e^{{-\\pi^2s^2}}$, {error:.1e} at $s = 1$. Sums with the kernel $e^{{-d^2/\\xi^2}}$ need $\\xi \\geq "
        "1$ likewise.",
        r"\frac{2}{\sqrt\pi s}\int_{-\infty}^{\infty} e^{-x^2/s^2}\cos(2\pi n x)\,dx",
        2 * line(wave) / (sp.sqrt(sp.pi) * s),
    ).equals(
        used.sum_correction(n * s, sp),
        "Fourier transform of a Gaussian",
        name="lattice correction",
        domain={s: (0.3, 0.5), n: (1, 2)},
    )
    d.chain(
        "And what a ring of $D$ sites misses, for the norm: the tails beyond $D/2$.",
        None,
        2 * sp.Integral(field(x) ** 2, (x, 0, size / 2)),
    ).equals(
        used.norm_squared(a, s, sp) * (1 - sp.erfc(size / (2 * s))),
        "error function",
        domain=TAME | {size: (2.0, 6.0)},
        **simplified("integration", lambda e: sp.expand(e.doit().rewrite(sp.erf))),
    )


def _second(d: Derivation) -> None:
    overlap = a**2 * sp.sqrt(sp.pi) * s * sp.exp(-(shift**2) / (4 * s**2))
    d.chain(
        "The second cumulant. The overlap $\\int w(x)\\,w(x+d)\\,dx$ of the bump with itself at a distance $d$, of "
        "which the part even in $x$ counts:",
        None,
        line(field(x) ** 2 * sp.exp(-(shift**2) / (2 * s**2)) * sp.cosh(x * shift / s**2)),
    ).equals(overlap, "completing the square", domain=TAME)
    d.chain(
        "With the covariance $C_d = e^{-d^2/\\xi^2}$ of one class, $k_2 = \\sum_{ij} w_i C_{i-j} w_j$:",
        k2,
        line(overlap * sp.exp(-(shift**2) / xi**2), shift),
    ).equals(used.k2_gaussian(a, s, xi, sp), "Gaussian integral", name="k2 of a bump", domain=TAME)


def _fourth(d: Derivation) -> None:
    w, c, g = sp.symbols("w1:3", real=True), sp.Symbol("c", real=True), sp.Symbol("g", positive=True)
    total = sp.Integer(0)
    for index in product(range(2), repeat=4):
        sites = combinations(index, 2)
        pairs = {name: 1 if i == k else c for name, (i, k) in zip(PAIRS, sites, strict=True)}
        total += small_gain_fourth(g**2, pairs, order=1) * sp.Mul(*(w[i] for i in index))
    d.chain(
        "The fourth cumulant. At small gain the NLGP has $K_{ijkl} = -g^2 \\sum c\\,c\\,c$, summed over the four "
        "sites, for each the product of its covariances $c$ with the other three (derived in the document nlgp). "
        "With the weights, here two sites of covariance $c$ and all sixteen entries of $K$, it becomes a sum over "
        "single sites.",
        k4,
        total,
    ).equals(
        -4 * g**2 * (w[0] * (w[0] + c * w[1]) ** 3 + w[1] * (w[1] + c * w[0]) ** 3),
        "$k_4 = -4g^2\\sum_i w_i\\,(c*w)_i^3$",
    )
    reach = 2 * s**2 + xi**2
    smooth = a * sp.sqrt(2 * sp.pi) * s * xi / sp.sqrt(reach) * sp.exp(-(x**2) / reach)
    d.chain(
        "The bump seen through the covariance, $\\int w(d)\\,e^{-(x-d)^2/\\xi^2}\\,dd$, again with the even part of "
        "the integrand, is a wider bump.",
        "(c*w)(x)",
        line(field(shift) * sp.exp(-(x**2 + shift**2) / xi**2) * sp.cosh(2 * x * shift / xi**2), shift),
    ).equals(smooth, "completing the square", domain=TAME)
    d.chain(
        "Written with $\\kappa$, the kurtosis of one site, in place of $-4g^2$, its value at small gain: the "
        "integrand is a Gaussian.",
        k4,
        kappa * line(field(x) * smooth**3),
    ).equals(
        used.k4_gaussian(a, s, xi, kappa, sp),
        "Gaussian integral",
        name="k4 of a bump",
        domain=TAME | {kappa: (-1.5, -0.5)},
    )


def _rest(d: Derivation) -> None:
    u, v, alpha, beta = sp.symbols("u v alpha beta", real=True)
    psi = sp.exp(u * a**2 * alpha + v * a**4 * beta)
    first, second = 2 * u * psi, 4 * v * psi
    d.chain(
        "A bump at rest. A closure with a gradient lowers $V = -\\sum_y p_y\\Psi_y(k_2, k_4)$, and a stationary "
        "point of $V$ among bumps is the best guess of one among all fields. In the height, with $k_2 = "
        "a^2\\alpha(s)$ and $k_4 = a^4\\beta(s)$, checked for one class and $\\Psi = e^{uk_2 + vk_4}$, of which "
        "others are superpositions: at rest $\\sum_y p_y\\,[A_y k_2 + B_y k_4] = 0$.",
        r"a\,\frac{\partial V}{\partial a}",
        -a * sp.Derivative(psi, a),
    ).equals(
        -first * a**2 * alpha - second * a**4 * beta,
        "$-A k_2 - B k_4$ with $A = 2\\,\\partial\\Psi/\\partial k_2$, $B = 4\\,\\partial\\Psi/\\partial k_4$",
        domain={u: (-0.5, 0.5), v: (-0.5, 0.5)},
    )
    d.chain(
        "In the width, $\\sum_y p_y\\,[2 A_y k_2 n_2 + B_y k_4 n_4] = 0$ with the logarithmic derivatives $n_2$ and "
        "$n_4$: of the second cumulant",
        r"s\,\frac{\partial k_2}{\partial s} = n_2 k_2",
        s * sp.Derivative(used.k2_gaussian(a, s, xi, sp), s),
    ).equals(used.k2_exponent(s, xi) * used.k2_gaussian(a, s, xi, sp), "differentiation")
    d.chain(
        "and of the fourth.",
        r"s\,\frac{\partial k_4}{\partial s} = n_4 k_4",
        s * sp.Derivative(used.k4_gaussian(a, s, xi, kappa, sp), s),
    ).equals(
        used.k4_exponent(s, xi) * used.k4_gaussian(a, s, xi, kappa, sp),
        "differentiation",
        name="width at rest",
        domain={kappa: (-1.5, -0.5)},
    )
