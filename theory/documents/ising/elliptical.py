"""Elliptical laws: the part of the Ising document about them."""

from __future__ import annotations

from typing import Any

import sympy as sp

from cumulode.theory.cumulants import elliptical as law
from cumulode.theory.cumulants import ising
from cumulode.theory.cumulants.nlgp import PAIRS
from cumulode.theory.cumulants.partitions import joint_cumulant, joint_moment
from cumulode.theory.derivation.derivation import Derivation
from cumulode.theory.documents.rewritings import QUADRATURE, antiderivative, simplified
from cumulode.theory.neuron.activations import h, parse
from cumulode.theory.neuron.activations import y as label
from cumulode.theory.neuron.gaussian import closed_form, mean, variance

c = sp.Symbol("c", positive=True)
k2 = sp.Symbol("k2", positive=True)
cw = sp.Symbol("Cw", real=True)
t = sp.Symbol("t", positive=True)
# a scale of two values, 1 - u and 1 + v, with mean 1 and variance u v
u, v = sp.symbols("u v", positive=True)
SCALES = ((v / (u + v), 1 - u), (u / (u + v), 1 + v))
TWO = tuple(
    (p.subs({u: sp.Rational(2, 3), v: sp.Rational(1, 3)}), s.subs({u: sp.Rational(2, 3), v: sp.Rational(1, 3)}))
    for p, s in SCALES
)
C = {p: sp.Symbol(f"C_{p}", real=True) for p in PAIRS}


def elliptical(d: Derivation) -> None:
    """Fourth cumulant, exact drift, Fourier modes, stationary states."""
    _fourth(d)
    _contracted(d)
    _drift(d)
    _modes(d)
    _stationary(d)
    _spectra(d)
    _not_ising(d)


def _fourth(d: Derivation) -> None:
    def moment(index: Any) -> sp.Expr:
        """E[s^(n/2)] times the Gaussian moment of the n sites."""
        gaussian = joint_moment(index, lambda p: C["".join(sorted(map(str, p)))] if len(p) == 2 else sp.Integer(0))
        return {2: sp.Integer(1), 4: 1 + c}.get(len(index), sp.Integer(0)) * gaussian

    d.chain(
        "Now $x = \\sqrt s\\,z$ with $z$ Gaussian of covariance $C$ and $s \\ge 0$ a random scale common to all "
        "sites, independent of $z$, of mean 1 and variance $c$. Four-point moments carry $E[s^2] = 1 + c$, and the "
        "cumulant is what the extra $c$ leaves.",
        "K_{ijkl}",
        joint_cumulant(tuple("ijkl"), moment),
    ).equals(law.fourth(c, C), "sum over set partitions", name="elliptical fourth cumulant")


def _pairs(*sites: int) -> dict[str, Any]:
    """Second cumulants of four sites of two, r apart from each other."""
    r = sp.Symbol("r", real=True)
    at = dict(zip("ijkl", sites, strict=True))
    return {p: 1 if at[p[0]] == at[p[1]] else r for p in PAIRS}


def _contracted(d: Derivation) -> None:
    r, w0, w1 = sp.symbols("r w_0 w_1", real=True)
    norm = w0**2 + 2 * r * w0 * w1 + w1**2
    cubes = [(1, w0**3, (0, 0, 0, 0)), (3, w0**2 * w1, (0, 0, 0, 1)), (3, w0 * w1**2, (0, 0, 1, 1))]
    cubes.append((1, w1**3, (0, 1, 1, 1)))
    terms = [n * law.fourth(c, _pairs(*sites)) * monomial for n, monomial, sites in cubes]
    d.chain(
        "Contracted with $w$ three times it is $3 c\\,k_2\\,C w$ with $k_2 = w\\cdot C w$: the fourth cumulant pulls "
        "the way the second does, whatever $w$. Written out for two sites of correlation $r$, with $Cw$ and $k_2$ as "
        "polynomials:",
        "K(w,w,w)_0",
        sum(terms, sp.Integer(0)),
    ).equals(law.contracted(c, norm, w0 + r * w1), "sum over three indices")
    d.chain(
        "Conversely, if $K(w,w,w)$ is along $Cw$ for every $w$, the gradient of $k_4 = K(w,w,w,w)$ is along that of "
        "$k_2$; a quartic that is constant where $k_2$ is constant is a multiple of $k_2^2$, and its fourth "
        "derivatives are the elliptical form. One of them, for the same two sites:",
        "K_{0011}",
        sp.Derivative(3 * c * norm**2 / 24, (w0, 2), (w1, 2)),
    ).equals(law.fourth(c, _pairs(0, 0, 1, 1)), "differentiation")
    d.chain(
        "So every preactivation $\\lambda = w\\cdot x$ has the same kurtosis. With a scale that takes two values, $1 "
        "- u$ and $1 + v$, of mean 1 and variance $c = uv$:",
        r"E[\lambda^4]/k_2^2 - 3",
        sum((3 * p * s**2 for p, s in SCALES), sp.Integer(0)) - 3,
    ).equals(law.kurtosis(u * v), "the two values", domain={u: (0.2, 0.9)})


def _drift(d: Derivation) -> None:
    """The exact drift for any force: a linear conditional mean, Stein's rule, one number for all sites."""
    x, lam = sp.Symbol("x", real=True), sp.Symbol("lambda", real=True)
    m = sp.Symbol("m", real=True)
    s, n = sp.symbols("s n", positive=True)
    norm = m**2 + n
    joint = sp.exp(-(norm * x**2 - 2 * m * x * lam + lam**2) / (2 * s * n)) / (2 * sp.pi * s * sp.sqrt(n))
    marginal = sp.exp(-(lam**2) / (2 * s * norm)) / sp.sqrt(2 * sp.pi * s * norm)
    below = sp.erf((norm * x - m * lam) / sp.sqrt(2 * s * n * norm))
    slope = m * lam / norm * marginal
    d.chain(
        "No closure is needed for the drift. For a given scale $x_i$ and $\\lambda$ are Gaussian with covariance "
        "$s\\,m$, $m = (Cw)_i$, and variances $s$ and $s k_2$. With $n = k_2 - m^2$ the mean of $x_i$ at given "
        "$\\lambda$ is $\\lambda m/k_2$, from which $s$ has gone: it is the same for all scales, and linear.",
        r"\int dx\,x\,p(x, \lambda|s)",
        sp.Integral(x * joint, (x, -sp.oo, sp.oo)),
    ).equals(
        slope,
        "the mean times the density of lambda",
        points=1,
        **antiderivative(-s * n / norm * joint + slope * below / 2, ends=(-slope / 2, slope / 2), over=joint),
    )
    _stein(d)


def _product(force: sp.Expr, lam: sp.Symbol, s: sp.Expr) -> sp.Expr:
    """Integrand of E[x_i F] at one scale, x_i replaced by its conditional mean."""
    return cw / k2 * lam * force * sp.exp(-(lam**2) / (2 * s * k2)) / sp.sqrt(2 * sp.pi * s * k2)


def _stein(d: Derivation) -> None:
    """E[x_i F] at one scale, for exponential forces, which make up all others."""
    a, lam = sp.Symbol("a", real=True), sp.Symbol("lambda", real=True)
    s = sp.Symbol("s", positive=True)
    product, spread = _product(sp.exp(a * lam), lam, s), s * k2
    tilted = sp.erf((lam - a * spread) / sp.sqrt(2 * spread)) / 2
    result = cw * law.drift_coefficient([(1, s)], lambda at: a * sp.exp(a**2 * at / 2), k2)
    d.chain(
        "Hence $E[x_i F(\\lambda)] = (Cw)_i\\,E[\\lambda F]/k_2$. For the force $F = e^{a\\lambda}$ (with imaginary "
        "$a$ these make up every other) the Gaussian integral at one scale is Stein's rule, $s$ times the mean of "
        "$F'$.",
        r"E[x_i F(\lambda)|s]",
        sp.Integral(product, (lam, -sp.oo, sp.oo)),
    ).equals(
        result,
        "Stein's rule",
        domain={a: (-0.9, 0.9)},
        points=2,
        **antiderivative(-spread * product / lam + result * tilted, ends=(-result / 2, result / 2), over=product / lam),
        name="elliptical drift",
    )
    _two_scales(d)


def _two_scales(d: Derivation) -> None:
    """The drift averaged over two scales, for erf without bias, against the closed form of the mean of F'."""
    lam = sp.Symbol("lambda", real=True)
    first, second = TWO
    erf = parse("erf")
    slope = closed_form(erf, 1)
    assert slope is not None
    unbiased = sp.simplify(slope.subs({mean: 0}))
    force = erf.force_pieces()[0].subs(h, lam)
    total = sum((2 * p * _product(force, lam, w) for p, w in TWO), sp.Integer(0))
    even = sp.expand((total + total.subs(lam, -lam)) / 2)
    d.chain(
        "Averaged over the scale, the drift is $\\alpha\\,Cw$ with one number "
        "$\\alpha = E_s[s\\,E_z F'(\\sqrt{s k_2}\\,z)]$ for all sites. For the erf activation without bias and the "
        f"scales ${first[1]}$ and ${second[1]}$, of probabilities ${first[0]}$ and ${second[0]}$:",
        r"\alpha",
        sp.Integral(sp.factor_terms(even / cw), (lam, 0, sp.oo)),
    ).equals(
        law.drift_coefficient(TWO, lambda at: unbiased.subs(variance, at), k2),
        "the closed form of the mean of F'",
        **QUADRATURE,
    )


def _modes(d: Derivation) -> None:
    w = sp.symbols("w_0:4", real=True)
    r = (sp.Integer(1), *sp.symbols("p q", real=True))
    second = [r[min(i, 4 - i)] for i in range(4)]
    filtered = [sum((second[(i - j) % 4] * w[j] for j in range(4)), sp.Integer(0)) for i in range(4)]
    wave = [sp.I ** (-i) for i in range(4)]
    d.chain(
        "On a ring $C$ is diagonal in Fourier space. On four sites, with correlations $p$ and $q$ at distances 1 and "
        "2, the mode of wavenumber $2\\pi/4$ of $Cw$ is that of $w$ times the real number $\\hat C = 1 - q$.",
        r"\sum_j e^{-2\pi i j/4} (Cw)_j",
        sum((f * x for f, x in zip(filtered, wave, strict=True)), sp.Integer(0)),
    ).equals(
        (1 - r[2]) * sum((f * x for f, x in zip(w, wave, strict=True)), sp.Integer(0)), "discrete Fourier transform"
    )


def _stationary(d: Derivation) -> None:
    erf = parse("erf")
    lam, bias = sp.Symbol("lambda", positive=True), sp.Symbol("b", real=True)
    force = erf.force_pieces()[0].subs(label, -1)
    d.chain(
        "So with two elliptical classes each mode obeys $\\dot w_k = [A \\hat C^+(k) + B \\hat C^-(k)]\\,w_k$, with "
        "real numbers $A = p_+\\alpha_+$ and $B = p_-\\alpha_-$ that all modes share. Phases stay, modes that vanish "
        "stay so, and the field at any time is the initial one filtered by $e^{a_+\\hat C^+ + a_-\\hat C^-}$, with "
        "$a_+$ and $a_-$ the integrals of $A$ and $B$ over time. In a stationary field $A\\hat C^+(k) + B\\hat C^-(k) "
        "= 0$ wherever $w_k \\ne 0$. For erf $A$ and $B$ do not both vanish. In $E[\\lambda F] = \\int_0^\\infty "
        "\\lambda\\,[F(\\lambda) - F(-\\lambda)]\\,p(\\lambda)\\,d\\lambda$ the force $F_- < 0$ of the negative class "
        "has the ratio below. For $b \\le 0$ the exponential is at least 1 and the quotient of the others larger than "
        "1, so that $\\alpha_- < 0$; and $\\alpha_+ < 0$ for $b \\ge 0$, by the mirror image.",
        r"F_-(\lambda)/F_-(-\lambda)",
        force.subs(h, bias + lam) / force.subs(h, bias - lam),
    ).equals(
        sp.exp(-2 * bias * lam) * (1 + sp.erf((bias + lam) / sp.sqrt(2))) / (1 + sp.erf((bias - lam) / sp.sqrt(2))),
        "a shifted Gaussian over another",
        domain={bias: (-1.2, 1.2)},
    )


def _spectra(d: Derivation) -> None:
    """Two wavenumbers need the same ratio of spectra; Ising spectra never have it twice; what is left."""
    z = sp.Symbol("kappa", real=True)
    s1, s2 = sp.symbols("t_+ t_-", positive=True)
    wave = sp.exp(sp.I * z)
    d.chain(
        "So all wavenumbers of a stationary field share one ratio $\\hat C^+/\\hat C^- = -B/A$ (of positive spectra). "
        "Take second cumulants of Ising form: summed over a ring at $\\kappa = 2\\pi k/D$, the two geometric series "
        "$t^d$ and $t^{D-d}$ give $(1-t^D)/(1+t^D)$ times the first form below.",
        r"\hat C(\kappa)",
        1 / (1 - t * wave) - 1 / (1 - wave / t),
    ).equals(
        (1 - t**2) / (1 - 2 * t * sp.cos(z) + t**2),
        "geometric series",
        domain={t: (0.1, 0.9)},
        **simplified("cosine as exponentials", lambda e: e.rewrite(sp.exp)),
    )
    cosine = sp.Symbol("y", real=True)
    first, second = ((1 - 2 * x * cosine + x**2) for x in (s1, s2))
    d.chain(
        "The ratio of two such spectra is, up to a constant, the ratio below of functions of $y = \\cos\\kappa$. For "
        "$t_+ \\ne t_-$ its slope has one sign: no two $|\\kappa|$ share a value, and a stationary field has a single "
        "wavenumber. (Were the spectra proportional, all would share it: every $w$ of one $k_2$ would rest, and none "
        "would be selected.)",
        r"\partial_y (\hat C^+/\hat C^-)",
        sp.Derivative(second / first, cosine),
    ).equals(
        2 * (s1 - s2) * (1 - s1 * s2) / first**2,
        "quotient rule",
        domain={s1: (0.1, 0.4), s2: (0.5, 0.9), cosine: (-0.9, 0.9)},
    )
    _sinusoid(d)


def _sinusoid(d: Derivation) -> None:
    """The inverse participation ratio of one wavenumber."""
    phase = sp.Symbol("phi", real=True)
    field = [sp.cos(2 * sp.pi * i / 8 + phase) for i in range(8)]
    d.chain(
        "One wavenumber is a sinusoid, and its IPR that of an oscillatory field, $3/(2D)$ whatever the phase unless "
        "$4k$ is a multiple of $D$, and never above $2/D$, as $w_i^2$ is at most twice its mean. On eight sites:",
        r"\mathrm{IPR}",
        sum(f**4 for f in field) / sum(f**2 for f in field) ** 2,
    ).equals(
        sp.Rational(3, 2 * 8), "powers of a cosine", **simplified("addition theorem", lambda e: e.expand(trig=True))
    )


def _not_ising(d: Derivation) -> None:
    n = sp.Symbol("d", positive=True)
    pairs = dict.fromkeys(PAIRS, ising.second(t, n)) | {"ij": 1, "kl": 1}
    needed = ising.fourth(t, (0, n, 0)) / law.fourth(1, pairs)
    near, far = needed.subs(n, 0), sp.limit(needed.subs(t, sp.Rational(1, 2)), n, sp.oo)
    d.chain(
        "Fields that do localise differ in just this. For the Ising line to be of the elliptical form, $K_{0011}$ at "
        "two sites $d$ apart would have to be $c(1 + 2C_d^2)$ with one $c$; the ratio goes from "
        f"${near}$ at $d = 0$ to ${far}$ at long distances.",
        "c(d)",
        needed,
    ).equals(-2 / (2 + t ** (-2 * n)), "divided by the square of C", domain={t: (0.1, 0.9)})
