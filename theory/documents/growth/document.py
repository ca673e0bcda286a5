"""Linear growth: which plane waves grow from small weights, at which rate, and what the bias has to do with it."""

from __future__ import annotations

from typing import Any

import sympy as sp

from cumulode.theory.closures.family import b, taylor_coefficient
from cumulode.theory.cumulants.ising import second
from cumulode.theory.derivation.derivation import Derivation, Scope
from cumulode.theory.documents.rewritings import DERIVATIVES
from cumulode.theory.dynamics.dispersion import (
    force_slope,
    growth_rate,
    ising_spectrum,
    line_spectrum,
    selected_wavenumber,
    stationary_wavenumber_squared,
    threshold_wavenumber_squared,
)
from cumulode.theory.neuron.activations import Activation, h, parse, y

from .bias import bias, committee, piece_at_bias

k = sp.Symbol("k", real=True)
n = sp.Symbol("n", integer=True, positive=True)
p = sp.Symbol("p", positive=True)
xi, xi_p, xi_m = sp.symbols("xi xi_+ xi_-", positive=True)
a_p, a_m = sp.Symbol("a_+", positive=True), sp.Symbol("a_-", negative=True)
C_p, C_m = sp.symbols("Chat_+ Chat_-", positive=True)
s0, s1, s2 = sp.symbols("s_0:3", real=True)
#: The class of positive coefficient has the shorter length and the smaller a xi^3, so that k* is real and a maximum.
INSIDE = {a_p: (0.2, 0.4), a_m: (-0.6, -0.3), xi_p: (0.8, 1.2), xi_m: (1.8, 2.6), k: (0.2, 1.2)}


def _logarithm(difference: sp.Expr) -> sp.Expr:
    """log(A) - log(-B) of a difference A + B of two terms, with a_- written as the negative of a positive symbol."""
    positive = sp.Symbol("alpha", positive=True)
    first, other = sp.Add.make_args(difference.subs(a_m, -positive))
    sign = 1 if first.could_extract_minus_sign() else -1
    return sp.simplify(sp.expand_log(sp.log(-sign * first) - sp.log(sign * other), force=True))


_LOGARITHMS = {"rewrite": _logarithm, "by": "the logarithms of both sides"}


def build(activation: str = "erf", order: int = 3) -> Derivation:
    """mu(k), the selected wavenumber, the role of the bias, one neuron and a committee."""
    chosen = parse(activation)
    d = Derivation(
        "growth",
        "Linear growth",
        "To first order in the weights the drift is $\\sum_y p_y F_y'(0)\\,C^y w$. On a ring plane waves diagonalise "
        "it, and each grows at the rate $\\mu(k) = \\sum_y p_y F_y'(0)\\,\\hat C^y(k)$. The bias decides the signs: "
        "where the class of positive $F_y'(0)$ has the longer correlation length the uniform mode wins, where it has "
        "one enough shorter a finite wavelength. An odd activation at $b = 0$ lets nothing grow, and a trained bias "
        "drifts there; a balanced committee escapes, each half of it at other wavenumbers.",
        scope=Scope(
            small="the weights w; for the selected wavenumber of the NLGP also the gain, where $C$ is the Gaussian "
            "covariance",
            dropped="cubic and higher terms of the drift; for the selected wavenumber images under $k \\to k + 2\\pi$",
            neglected="order 3 in w",
            used=("cumulode.theory.dynamics.dispersion",),
        ),
    )
    _slope(d, chosen)
    _waves(d)
    _spectra(d)
    _selection(d, chosen)
    bias(d, chosen)
    committee(d, chosen)
    return d


def slope_at(chosen: Activation, bias: int, label: int) -> float:
    """F_y'(0) of one activation, a number."""
    return float(sp.N(taylor_coefficient(chosen, 1).subs({b: bias, y: label}), 20))


def _slope(d: Derivation, chosen: Activation) -> None:
    sigma = piece_at_bias(chosen)
    plus, minus = (slope_at(chosen, -1, label) for label in (1, -1))
    d.chain(
        "The slope of the force at zero preactivation (drift.9, force slope) for the activation "
        f"{chosen.name}{'' if chosen.smooth else ', in its last piece'}. At $b = -1$ it is ${plus:+.3f}$ for the class "
        f"$y = 1$ and ${minus:+.3f}$ for $y = -1$.",
        "F_y'(0)",
        sp.Derivative((y - sigma) * sp.Derivative(sigma, b), b),
    ).equals(force_slope(y, sigma, sp.diff(sigma, b), sp.diff(sigma, b, 2)), "product rule", **DERIVATIVES)
    a1, a3, a5 = sp.symbols("a_1 a_3 a_5", real=True)
    odd = a1 * h + a3 * h**3 + a5 * h**5
    s = [sp.diff(odd, h, j).subs(h, b) for j in range(3)]
    d.chain(
        "With an odd activation, here $\\sigma(h) = a_1 h + a_3 h^3 + a_5 h^5$, turning the sign of the bias exchanges "
        "the classes: the slope for $-y$ at $-b$ is that for $y$ at $b$. What follows for $b < 0$ holds for $b > 0$ "
        "with the labels exchanged.",
        r"F_{-y}'(0)\big|_{-b}",
        sp.Subs(sp.Derivative((-y - odd) * sp.diff(odd, h), h), h, -b),
    ).equals(force_slope(y, *s), "$\\sigma$ and $\\sigma''$ are odd, $\\sigma'$ is even")


def _each_wavenumber(size: int, in_words: str) -> dict[str, Any]:
    """A difference is zero at all wavenumbers n of a ring: the sum of its absolute values, each simplified."""

    def total(expr: sp.Expr) -> sp.Expr:
        return sp.Add(*(abs(sp.simplify(sp.expand_trig(expr.subs(n, j)))) for j in range(1, size + 1)))

    return {"rewrite": total, "by": f"each of the {in_words} wavenumbers"}


def _waves(d: Derivation) -> None:
    phase, c = sp.Symbol("phi", real=True), sp.symbols("c_1 c_2", real=True)
    angle = 2 * sp.pi * n / 5
    spectrum = 1 + 2 * c[0] * sp.cos(angle) + 2 * c[1] * sp.cos(2 * angle)
    d.chain(
        "On a ring $C_{ij}$ depends on the distance alone. Take five sites, $C = 1, c_1, c_2$ at distance 0 to 2, and "
        "a plane wave $w_j = \\cos(k j + \\phi)$ with $k = 2\\pi n/5$, seen from site 0: it comes back multiplied by "
        "the spectrum $\\hat C(k) = \\sum_d C_d \\cos(k d)$. On a ring of any size the sites at $d$ and $-d$ go "
        "together in the same way, as $\\cos(\\phi + kd) + \\cos(\\phi - kd) = 2\\cos\\phi\\cos kd$.",
        r"(Cw)_0",
        sum((one * sp.cos(angle * j + phase) for j, one in enumerate((1, *c, *c[::-1]))), sp.Integer(0)),
    ).equals(
        spectrum * sp.cos(phase), "sines of opposite distances cancel", **_each_wavenumber(5, "five"), name="plane wave"
    )
    cp, cm, fp, fm = sp.symbols("c_+ c_- F_+ F_-", real=True)
    turn = 2 * sp.pi * n / 3

    def seen(one: sp.Symbol) -> sp.Expr:
        return sum((c_j * sp.cos(turn * j) for j, c_j in enumerate((1, one, one))), sp.Integer(0))

    d.chain(
        "Both classes together, on a ring of three sites with correlations $c_+$ and $c_-$, priors $p$ and $1 - p$, "
        "and slopes $F_\\pm$ of the force: the drift of the wave $\\cos(k j)$ over the wave, seen from site 0.",
        r"\mu(k)",
        p * fp * seen(cp) + (1 - p) * fm * seen(cm),
    ).equals(
        growth_rate((p, 1 - p), (fp, fm), (1 + 2 * cp * sp.cos(turn), 1 + 2 * cm * sp.cos(turn))),
        "a plane wave for each class",
        **_each_wavenumber(3, "three"),
        name="growth rate",
        domain={p: (0.1, 0.9)},
    )


def _spectra(d: Derivation) -> None:
    site, image = sp.symbols("d m", integer=True)
    images = sp.exp(-(sp.pi**2) * image**2 * xi**2) * sp.cosh(sp.pi * image * k * xi**2)
    beyond = 2e4 * float(sp.exp(-(sp.pi**2)))
    d.chain(
        "The Gaussian covariance $e^{-d^2/\\xi^2}$ on the infinite line has the spectrum $\\sqrt\\pi\\,\\xi\\,"
        "e^{-k^2\\xi^2/4}$. On integer sites it is this, summed over $k + 2\\pi m$ (Poisson's sum), here as a factor. "
        "The sums are cut where their terms are below $10^{-30}$. At $k = 0$ and $\\xi = 1$ the images add "
        f"$2 e^{{-\\pi^2}} = {beyond:.2f}\\cdot10^{{-4}}$, and less for longer correlations.",
        r"\hat c(k)",
        sp.Sum(sp.exp(-((site / xi) ** 2)) * sp.cos(k * site), (site, -10, 10)),
    ).equals(
        line_spectrum(k, xi, sp) * (1 + 2 * sp.Sum(images, (image, 1, 7))),
        "Poisson's sum, the images $m$ and $-m$ together",
        domain={xi: (0.5, 0.9), k: (0.1, 1.5)},
        symbolic=False,
        name="line spectrum",
    )
    t = sp.Symbol("t", positive=True)
    angle = sp.pi * n / 3
    d.chain(
        "The spectrum of the Ising ring is a geometric sum, here over $D = 6$ sites with $k = 2\\pi n/6$.",
        r"\hat C(k)",
        sum((second(t, j, 6) * sp.cos(angle * j) for j in range(6)), sp.Integer(0)),
    ).equals(
        ising_spectrum(angle, t, 6, sp),
        "geometric sum",
        domain={t: (0.1, 0.9)},
        **_each_wavenumber(6, "six"),
        name="Ising spectrum",
    )


def _selected(chosen: Activation) -> str:
    """In words: what is selected at b = -1 and equal priors, the growing class the long- or the short-range one."""
    a = [slope_at(chosen, -1, label) / 2 for label in (1, -1)]
    if not a[0] > 0 > a[1]:
        return f"At $b = -1$ the activation {chosen.name} has no class of positive slope, and nothing grows."
    (k_long, mu_long), (k_short, mu_short) = (selected_wavenumber(a[0], a[1], *xis) for xis in ((4, 1), (1, 4)))
    wave = f", wavelength {2 * float(sp.pi) / k_short:.2f} sites" if k_short else ""
    return (
        f"For the activation {chosen.name} at $b = -1$ and $p = 1/2$, lengths 4 (plus) and 1 (minus) select $k = "
        f"{k_long:.2f}$ at the rate $\\mu = {mu_long:.3f}$; lengths 1 and 4 select $k = {k_short:.2f}${wave}, at "
        f"${mu_short:.3f}$."
    )


def _selection(d: Derivation, chosen: Activation) -> None:
    """Stationary points of mu(k) for two Gaussian spectra, their curvature, and where mu changes sign."""
    mu = growth_rate((1, 1), (a_p, a_m), (line_spectrum(k, xi_p, sp), line_spectrum(k, xi_m, sp)))
    _stationary(d, mu)
    _curvature(d, mu, chosen)
    _sign_change(d)


def _stationary(d: Derivation, mu: sp.Expr) -> None:
    E_p, E_m = (sp.exp(-(k**2) * length**2 / 4) for length in (xi_p, xi_m))
    d.chain(
        "Which mode grows fastest, for two Gaussian spectra (the NLGP at small gain, where $C$ is the Gaussian "
        "covariance) with $a_\\pm = p_\\pm F_\\pm'(0)$, of which the one of class plus is positive. The slope of "
        "$\\mu$ vanishes at $k = 0$ and where the bracket does.",
        r"\frac{d\mu}{dk}",
        sp.Derivative(mu, k),
    ).equals(-sp.sqrt(sp.pi) / 2 * k * (a_p * xi_p**3 * E_p + a_m * xi_m**3 * E_m), "differentiation", domain=INSIDE)
    star = stationary_wavenumber_squared(a_p, a_m, xi_p, xi_m, sp)
    d.chain(
        f"It does at $k_*^2 = {sp.latex(star)}$, if this is positive: the two terms are then equal and opposite.",
        r"a_+\xi_+^3 e^{-k_*^2\xi_+^2/4}",
        a_p * xi_p**3 * sp.exp(-star * xi_p**2 / 4),
    ).equals(
        -a_m * xi_m**3 * sp.exp(-star * xi_m**2 / 4),
        "$k_*$ inserted",
        **_LOGARITHMS,
        name="stationary wavenumber",
        domain=INSIDE,
    )


def _curvature(d: Derivation, mu: sp.Expr, chosen: Activation) -> None:
    d.chain(
        "At $k = 0$ the curvature makes this a maximum if $a_+\\xi_+^3 > -a_-\\xi_-^3$.",
        r"\mu''(0)",
        sp.Subs(sp.Derivative(mu, (k, 2)), k, 0),
    ).equals(-sp.sqrt(sp.pi) / 2 * (a_p * xi_p**3 + a_m * xi_m**3), "differentiation", domain=INSIDE)
    root = sp.Symbol("k_*", positive=True)
    balanced = {a_m: -a_p * xi_p**3 / xi_m**3 * sp.exp(root**2 * (xi_m**2 - xi_p**2) / 4)}
    d.chain(
        "At $k_*$ (with $a_-$ from the condition that the bracket vanishes) the curvature has the sign of $\\xi_+^2 - "
        "\\xi_-^2$. With the longer correlations in the growing class $k_*$ is the wave that decays fastest, and the "
        "uniform mode is selected if any grows. With the shorter ones, $\\xi_-/\\xi_+ > (-a_+/a_-)^{1/3}$, $k_*$ is a "
        f"maximum and a finite wavelength is selected: the field oscillates. {_selected(chosen)}",
        r"\mu''(k_*)",
        sp.Subs(sp.Derivative(mu, (k, 2)).subs(balanced), k, root),
    ).equals(
        sp.sqrt(sp.pi) / 4 * root**2 * a_p * xi_p**3 * (xi_p**2 - xi_m**2) * sp.exp(-(root**2) * xi_p**2 / 4),
        "differentiation",
        name="curvature",
        domain=INSIDE | {root: (0.3, 1.2)},
    )


def _sign_change(d: Derivation) -> None:
    cross = threshold_wavenumber_squared(a_p, a_m, xi_p, xi_m, sp)
    d.chain(
        f"The rate itself changes its sign at $k_0^2 = {sp.latex(cross)}$. The uniform mode grows if $a_+\\xi_+ > "
        "-a_-\\xi_-$.",
        r"a_+\hat c_+(k_0)",
        a_p * line_spectrum(k, xi_p, sp).subs(k**2, cross),
    ).equals(
        -a_m * line_spectrum(k, xi_m, sp).subs(k**2, cross),
        "$k_0$ inserted",
        **_LOGARITHMS,
        name="threshold wavenumber",
        domain=INSIDE,
    )
