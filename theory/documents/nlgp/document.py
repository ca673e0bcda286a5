"""Second and fourth cumulant of the non-linear Gaussian process."""

from __future__ import annotations

import sympy as sp

from cumulode.theory.cumulants.nlgp import normalisation
from cumulode.theory.cumulants.nlgp import second as arcsine_law
from cumulode.theory.derivation.derivation import Derivation, Scope
from cumulode.theory.documents.rewritings import QUADRATURE, antiderivative

from .plackett import bracket, code_steps, density, four_signs, identity, layer
from .small_gain import hermite, small_fourth, small_second

g = sp.Symbol("g", positive=True)
q = sp.Symbol("q", positive=True)
z = sp.Symbol("z", real=True)
normal = sp.exp(-(z**2) / 2) / sp.sqrt(2 * sp.pi)
hidden = sp.erf(g * z / sp.sqrt(2))


def build(activation: str = "erf", order: int = 3) -> Derivation:
    """Signs, Plackett's identity, the arcsine law, the fourth cumulant as one integral, and its limits."""
    d = Derivation(
        "nlgp",
        "Cumulants of the non-linear Gaussian process",
        "The field is $x = \\mathrm{erf}(g z/\\sqrt 2)/Z(g)$, with $z$ Gaussian of unit variance and covariance $c$. "
        "It is the mean of signs of Gaussian variables, so that its moments are those of signs: two of them give the "
        "arcsine law, four of them a single integral over arcsines of partial correlations. The fourth cumulant is "
        "written so that nothing cancels in it, and then followed to a uniform marginal ($g = 1$), to small gain, "
        "where it is a sum of four stars of covariances, and to infinite gain, where the field is a sign.",
        scope=Scope(
            small="none for the arcsine law and the Plackett bracket, which hold at every gain; $q = g^2/(1+g^2)$ for "
            "the small-gain formulas",
            dropped="nothing at general gain; from the small-gain second cumulant $q^4$ and beyond, from the "
            "small-gain fourth cumulant $q^3$ and beyond",
            neglected="none at general gain; at small gain $q^4$ in $C$ and $q^3$ in $K$ (the leading term alone "
            "neglects $q^2$, that is $g^4$)",
            used=(
                "cumulode.theory.cumulants.nlgp",
                "cumulode.theory.cumulants.plackett",
                "cumulode.numerics.cumulants.nlgp",
                "cumulode.numerics.compile.generated.nlgp",
            ),
        ),
    )
    _signs(d)
    identity(d)
    _arcsine(d)
    four_signs(d)
    bracket(d)
    _one_site(d)
    _uniform(d)
    small_second(d)
    small_fourth(d)
    hermite(d)
    _infinite_gain(d)
    layer(d)
    return d


def _signs(d: Derivation) -> None:
    """x as a mean of signs, and the correlation of the Gaussians under two signs."""
    u, c = sp.Symbol("u", real=True), sp.Symbol("c", real=True)
    noise = sp.exp(-(u**2) / 2) / sp.sqrt(2 * sp.pi)
    d.chain(
        "Add unit Gaussian noise $u$ to $g z$ and take the sign. For given $z > 0$ its mean over the noise is the "
        "probability of a positive sign less that of a negative one, which is the probability of $|u| < g z$; for $z "
        "< 0$ the signs turn.",
        r"E_u[\mathrm{sign}(g z + u)]",
        2 * sp.Integral(noise, (u, 0, g * z)),
    ).equals(
        hidden,
        "the error function of a Gaussian",
        domain={z: (0.2, 1.8)},
        points=2,
        **antiderivative(sp.erf(u / sp.sqrt(2)) / 2),
    )
    mix = sp.Matrix([[g, 0, 1, 0], [0, g, 0, 1]])
    source = sp.eye(4)
    source[0, 1] = source[1, 0] = c
    covariance = mix * source * mix.T
    d.chain(
        "So a product of fields is, up to powers of $Z$, the mean of a product of signs, each factor with a noise of "
        "its own, also where sites coincide. Two such Gaussian variables have the correlation $r = q c$ with "
        "$q = g^2/(1+g^2)$: the entry of their covariance matrix over the variance. One site with itself ($c = 1$) "
        "gives $q$, not 1. (This is how $q$ is defined.)",
        "r",
        covariance[0, 1] / sp.sqrt(covariance[0, 0] * covariance[1, 1]),
    ).equals(c * (1 - 1 / (1 + g**2)), "q = 1 - 1/(1 + g^2)")


def _arcsine(d: Derivation) -> None:
    s, c = sp.symbols("s c", real=True)
    inside = {c: (-0.9, 0.9), q: (0.1, 0.95)}
    slope = 4 * density(0, 0, s)
    d.chain(
        "At $r = 0$ two signs are independent, so their correlation is the integral of this slope from 0. The field's "
        "covariance is that of two signs at $r = q c$ over that of two signs at one site, $r = q$.",
        "C",
        sp.Integral(slope, (s, 0, q * c)) / sp.Integral(slope, (s, 0, q)),
    ).equals(
        arcsine_law(q, c, sp),
        "integration",
        domain=inside,
        **antiderivative(2 / sp.pi * sp.asin(s)),
        name="arcsine law",
    )
    d.chain(
        "The denominator is the variance of $\\mathrm{erf}(g z/\\sqrt2)$ itself, which defines $Z$; here from the "
        "integral over $z$.",
        "Z^2",
        2 * sp.Integral(hidden**2 * normal, (z, 0, sp.oo)),
    ).equals(
        normalisation(g**2 / (1 + g**2), sp),
        "two signs at one site",
        domain={g: (0.3, 2.0)},
        **QUADRATURE | {"points": 2},
    )


def _plackett(top: sp.Expr, cumulant: bool) -> sp.Expr:
    """Plackett's integral where all sites coincide, over rho up to ``top``: of the moment, or of the cumulant."""
    rho = sp.Symbol("rho", real=True)
    part = sp.asin(rho) - (sp.asin(rho / (1 - 2 * rho)) if cumulant else 0)
    slope = 1 / ((1 - 2 * rho) * sp.sqrt((1 - rho) * (1 - 3 * rho)))
    return 24 / sp.pi**2 * sp.Integral(part * slope, (rho, 0, top))


def _one_site(d: Derivation) -> None:
    """All four sites equal, at any gain: the integral over z against Plackett's."""
    a = sp.Symbol("a", positive=True)
    named = {"s_k": 2 * a, "s_l": 2 * a, "d_k": 0, "d_l": 0, "a": a, "alpha": 1 - a}
    at = {sp.Symbol(name, real=True): sp.sympify(e) for name, e in named.items()}
    explained, covered = (code_steps()[name].xreplace(at) for name in "NA")
    d.chain(
        "Where all four sites coincide all six pairs are alike, with $a = \\tau q$ for every correlation and this "
        "partial one.",
        r"\rho",
        (a - explained) / (1 - covered),
    ).equals(a / (1 + 2 * a), "all correlations equal")
    d.chain(
        "With $\\rho$ as variable, $a = \\rho/(1-2\\rho)$ and $da/\\sqrt{1-a^2} = "
        "d\\rho/((1-2\\rho)\\sqrt{(1-\\rho)(1-3\\rho)})$, Plackett's integral is held against the definition at every "
        "gain; it ends at $q/(1+2q)$.",
        r"E[\mathrm{erf}(g z/\sqrt2)^4]",
        2 * sp.Integral(hidden**4 * normal, (z, 0, sp.oo)),
    ).equals(
        _plackett(g**2 / (1 + 3 * g**2), cumulant=False),
        "six equal pairs",
        domain={g: (0.5, 1.6)},
        **QUADRATURE | {"points": 2},
    )


def _uniform(d: Derivation) -> None:
    """g = 1, where x is uniform: from an orthant probability, from Plackett's integral, from the marginal."""
    e = sp.erf(z / sp.sqrt(2))
    d.chain(
        "At $g = 1$ the correlation is $q = 1/2$, as if each of four Gaussians were one common variable less one of "
        "its own. All four signs are positive when the common variable $z$ exceeds the other four: with probability "
        "$((1+e)/2)^4$ for $e = \\mathrm{erf}(z/\\sqrt2)$, which is averaged over $z$ and $-z$ below.",
        r"P(++++)",
        sp.Integral(normal * (1 + 6 * e**2 + e**4) / 8, (z, 0, sp.oo)),
    ).equals(
        sp.Rational(1, 5),
        "any of five is the largest alike",
        **antiderivative((e + 2 * e**3 + e**5 / 5) / 16),
        points=1,
    )
    quarter, pair = sp.Rational(1, 4), sp.Integral(4 * density(0, 0, q), (q, 0, sp.Rational(1, 2)))
    d.chain(
        "That probability is $(1 + 6E[s_1s_2] + E[s_1s_2s_3s_4])/16$. The mean of four signs it leaves is the integral "
        "over the six pairs.",
        r"E[s_1 s_2 s_3 s_4]",
        _plackett(quarter, cumulant=False),
    ).equals(sp.Rational(16, 5) - 1 - 6 * pair, "from the probability of four positive signs", **QUADRATURE).equals(
        sp.Rational(1, 5), "E[s1 s2] = 1/3 at r = 1/2", points=1
    )
    u, half = sp.Symbol("u", real=True), sp.Rational(1, 2)
    d.chain(
        "At $g = 1$ the marginal is uniform, since the error function of a Gaussian is its own distribution function. "
        "The integral over the bracket and the moments of a uniform variable of unit variance give the same kurtosis.",
        "K_{0000}",
        _plackett(quarter, cumulant=True) / normalisation(half, sp) ** 2,
    ).equals(
        sp.Integral(u**4 / sp.sqrt(3), (u, 0, sp.sqrt(3))) - 3, "E[x^4] - 3 of a uniform variable", **QUADRATURE
    ).equals(-sp.Rational(6, 5), "integration", points=1)


def _infinite_gain(d: Derivation) -> None:
    """Signs: q = 1."""
    s, c = sp.symbols("s c", real=True)
    d.chain(
        "At infinite gain $q = 1$ and $x = \\mathrm{sign}(z)$ is a sign without noise, with this second cumulant.",
        "C",
        sp.Integral(4 * density(0, 0, s), (s, 0, c)),
    ).equals(arcsine_law(1, c, sp), "integration", domain={c: (-0.9, 0.9)})
    psi = sp.Symbol("psi", real=True)
    third = sp.sin(psi) ** 2 / 3
    d.chain(
        "The fourth moment of a sign, 1, is Plackett's integral up to $\\rho = 1/3$, here with $3\\rho = "
        "\\sin^2\\psi$, which removes the root at its end. So $K_{0000} = 1 - 3 = -2$.",
        r"E[x^4]",
        16
        / sp.pi**2
        * sp.Integral(sp.asin(third) * sp.sin(psi) / ((1 - 2 * third) * sp.sqrt(1 - third)), (psi, 0, sp.pi / 2)),
    ).equals(1, "a sign squared is 1", **QUADRATURE)
    t = sp.symbols("t_0 t_1 t_2", real=True)
    names = {p: sp.Symbol(f"C_{p}", real=True) for p in ("01", "02", "12")}
    waves = 1 + sum(names[f"{m}{n}"] * sp.tanh(t[m]) * sp.tanh(t[n]) for m, n in ((0, 1), (0, 2), (1, 2)))
    d.chain(
        "Where two of four sites coincide no integral is needed. A sign obeys $e^{t s} = \\cosh t\\,(1 + s\\tanh t)$, "
        "so the generating function of the cumulants of three signs is a sum of terms of one sign each and the "
        "logarithm below (odd moments vanish). The code uses the result at infinite gain, where the integrand is "
        "singular. If a third site coincides, or the other two do, it holds with $C = 1$ there: $K_{0001} = "
        "-2C_{01}$, $K_{0011} = -2C_{01}^2$, $K_{0000} = -2$.",
        "K_{0012}",
        sp.Subs(sp.Derivative(sp.log(waves), (t[0], 2), t[1], t[2]), t, (0, 0, 0)),
    ).equals(-2 * names["01"] * names["02"], "derivatives of the generating function", name="coinciding signs")
