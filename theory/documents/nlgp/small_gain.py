"""Small gain: the part of the NLGP document about the nearly Gaussian field."""

from __future__ import annotations

from typing import Any

import sympy as sp

from cumulode.theory.cumulants.nlgp import PAIRS, normalisation, small_gain_fourth, small_gain_second
from cumulode.theory.cumulants.partitions import joint_cumulant, joint_moment
from cumulode.theory.derivation.derivation import Derivation

from .plackett import code_steps

q = sp.Symbol("q", positive=True)
C = {p: sp.Symbol(f"c_{p}", real=True) for p in PAIRS}


def small_second(d: Derivation) -> None:
    """C for small q, and the first term left out."""
    c = sp.Symbol("c", real=True)
    d.chain(
        "At small gain the field is nearly Gaussian, and $C$ is near $c$. With $C = c + C_2 q^2 + C_4 q^4 + \\dots$ in "
        "$C \\arcsin q = \\arcsin(q c)$, the third order is $C_2 + c/6 = c^3/6$:",
        "C_2",
        sp.Subs(sp.Derivative(sp.asin(q * c) - c * sp.asin(q), (q, 3)), q, 0) / 6,
    ).equals(
        (small_gain_second(q, c) - c) / q**2,
        "third derivative of both arcsines",
        domain={c: (-0.9, 0.9)},
        name="small gain second",
    )
    second = small_gain_second(1, c) - c
    d.chain(
        "The first term left out is of order $q^4$: the fifth order of the same equation holds $C_4 + C_2/6$. In the "
        "gain the correction itself is of order $g^4$, as $q^2 = g^4 - 2g^6 + \\dots$",
        "C_4",
        sp.Subs(sp.Derivative(sp.asin(q * c) - c * sp.asin(q), (q, 5)), q, 0) / 120 - second / 6,
    ).equals(
        sp.Rational(3, 40) * c**5 - c**3 / 36 - sp.Rational(17, 360) * c,
        "fifth derivative of both arcsines",
        domain={c: (-0.9, 0.9)},
    )


def small_fourth(d: Derivation) -> None:
    """K for small q from the integrand of each pair: stars at first order, doubled links at second."""
    b, A, B, N2, N3, delta = sp.symbols("b A B N_2 N_3 delta", real=True)
    d.chain(
        "For the fourth cumulant write $r = q c$ in the bracket of one pair. Then $b$ is of order $q$, the gap "
        "$\\delta = \\rho - b = G_2 q^2 + G_3 q^3 + \\dots$ of order $q^2$, and the arcsines change it by a factor "
        "that differs from 1 at order $q^2$ only: to order $q^3$ they may be left out.",
        r"\partial_\delta (\arcsin(b+\delta) - \arcsin b)",
        sp.Subs(sp.Derivative(sp.asin(b + delta) - sp.asin(b), delta), delta, 0),
    ).equals(1 / sp.sqrt(1 - b**2), "slope of the arcsine", domain={b: (-0.9, 0.9)})
    gap = (b - N2 * q - N3 * q**2) / sp.sqrt((1 - A * q**2) * (1 - B * q**2)) - b
    small = {A: (0.1, 0.5), B: (0.1, 0.5)}
    d.chain(
        "With $A$ and $B$ of order $q^2$ and $N = N_2 q^2 + N_3 q^3 + \\dots$ the gap begins with $-N_2 q^2$.",
        "G_2",
        sp.Subs(sp.Derivative(gap, q), q, 0),
    ).equals(-N2, "derivative of the gap over q", domain=small, points=2)
    d.chain(
        "At the next order the variances that $z_i$ and $z_j$ explain count, too.",
        "G_3",
        sp.Subs(sp.Derivative(gap, (q, 2)), q, 0) / 2,
    ).equals(b * (A + B) / 2 - N3, "second derivative of the gap over q", domain=small, points=1)
    stars, doubled = _pair_sums()
    d.chain(
        "Each pair multiplies its bracket by $r_{ij} = q c_{ij}$, with $N_2 = \\tau^2(c_{ik}c_{il} + c_{jk}c_{jl})$ "
        "from the sums and differences above. With $\\int_0^1\\tau^2 d\\tau = 1/3$ and $(4/\\pi^2)Z^{-4} = "
        "1/\\arcsin^2 q$, that is $1/q^2$ at this order, the sum over the six pairs is the leading term of $K$: four "
        "stars, each from the three pairs that hold its centre.",
        "K",
        stars,
    ).equals(small_gain_fourth(q, C, order=1), "sum over the six pairs", name="small gain fourth")
    d.chain(
        "The next term comes from the bracket at order $q^3$, with $\\int_0^1\\tau^3 d\\tau = 1/4$; the prefactor adds "
        "nothing before $q^3$. It is a sum over paths of three links through the four sites, the middle link counted "
        "twice. So the leading term alone neglects $q^2 = g^4 - \\dots$, both together neglect $q^3 = g^6 - \\dots$",
        r"[q^2]\,K",
        doubled,
    ).equals(sp.expand((small_gain_fourth(q, C) - small_gain_fourth(q, C, order=1)) / q**2), "sum over the six pairs")


def _pair_sums() -> tuple[sp.Expr, sp.Expr]:
    """Orders q and q^2 of K summed over the six pairs, from N, A and B as the code computes them."""
    steps = code_steps()
    stars = doubled = sp.Integer(0)
    for pair in PAIRS:
        i, j = pair[0], pair[1]
        k, l = (x for x in "ijkl" if x not in pair)
        named = {"a": q * C[pair], "alpha": 1 - q * C[pair]}
        for name, x in (("k", k), ("l", l)):
            named |= {f"s_{name}": q * (_c(i, x) + _c(j, x)), f"d_{name}": q * (_c(i, x) - _c(j, x))}
        at = {sp.Symbol(n, real=True): e for n, e in named.items()}
        N, A, B = (steps[n].xreplace(at) for n in "NAB")
        explained = _coefficient(A, 2) + _coefficient(B, 2)
        stars -= q * C[pair] * _coefficient(N, 2) / 3
        doubled += C[pair] * (_c(k, l) * explained / 2 - _coefficient(N, 3)) / 4
    return stars, doubled


def _coefficient(expr: sp.Expr, n: int) -> sp.Expr:
    """Of ``q^n`` at q = 0."""
    return sp.expand(expr.diff(q, n).subs(q, 0) / sp.factorial(n))


def _c(x: str, y: str) -> sp.Expr:
    """Covariance of two of the Gaussians, in either order; 1 for one with itself."""
    return sp.Integer(1) if x == y else C[min(x, y) + max(x, y)]


def hermite(d: Derivation) -> None:
    """The leading term again, from the field's expansion in Hermite polynomials; and one site to second order."""
    g, z = sp.Symbol("g", positive=True), sp.Symbol("z", real=True)
    u = sp.Symbol("u", positive=True)
    variance = sp.pi / 2 * normalisation(u / (1 + u), sp)
    d.chain(
        "The leading term follows without Plackett's identity. The squared normalisation, in units of $2/\\pi$ and "
        "with $u = g^2$, is $\\arcsin q = u - u^2 + \\dots$, so that its root is $g\\,(1 - g^2/2 + \\dots)$.",
        r"[g^4]\,\arcsin q",
        sp.Subs(sp.Derivative(variance, (u, 2)), u, 0) / 2,
    ).equals(-1, "second derivative at u = 0")
    d.chain(
        "With $x = z + g^2 x_2 + \\dots$ the third order in $g$ of $x \\sqrt{\\arcsin q} = "
        "\\sqrt{\\pi/2}\\,\\mathrm{erf}(g z/\\sqrt2)$ is $x_2 - z/2$. It makes $x_2$ a sixth of the third Hermite "
        "polynomial, $H_3(z) = z^3 - 3z$, with a minus sign.",
        "x_2",
        sp.Subs(sp.Derivative(sp.sqrt(sp.pi / 2) * sp.erf(g * z / sp.sqrt(2)), (g, 3)), g, 0) / 6 + z / 2,
    ).equals(-(z**3 - 3 * z) / 6, "third derivative of the error function")
    six, four = joint_moment(tuple("iiijkl"), _pair), joint_moment(tuple("ijkl"), _pair)
    d.chain(
        "In the mean over Gaussians (all pairings), what $z_i^3$ pairs within itself cancels against $3z_i$; what is "
        "left joins $z_i$ to each of the other three.",
        r"E[H_3(z_i) z_j z_k z_l]",
        sp.Add(six, sp.Mul(-3, four, evaluate=False)),
    ).equals(6 * C["ij"] * C["ik"] * C["il"], "pairings")
    cumulant = sum((joint_cumulant((f"H{x}", *(y for y in "ijkl" if y != x)), _moment) for x in "ijkl"), sp.Integer(0))
    d.chain(
        "To first order the fourth cumulant has $-(g^2/6) H_3$ in place of one of the four variables. With $q = g^2$ "
        "at this order, that is the leading term found above.",
        "K",
        -(g**2) / 6 * cumulant,
    ).equals(small_gain_fourth(g**2, C, order=1), "one variable at a time")
    _one_site(d)


def _pair(block: Any) -> sp.Expr:
    """Cumulants of the Gaussians z: pairs only."""
    return _c(*block) if len(block) == 2 else sp.Integer(0)


def _moment(index: Any) -> sp.Expr:
    """Moment of z's, of which one may be the third Hermite polynomial of its own z."""
    rest = tuple(x for x in index if not x.startswith("H"))
    if rest == index:
        return joint_moment(index, _pair)
    (site,) = (x[1] for x in index if x.startswith("H"))
    return joint_moment((site, site, site, *rest), _pair) - 3 * joint_moment((site, *rest), _pair)


def _one_site(d: Derivation) -> None:
    """The second-order term where all sites coincide, from the moments of a truncated field."""
    u, z = sp.symbols("u z", positive=True)
    field = sp.expand(sp.series(sp.erf(z / sp.sqrt(2)), z, 0, 7).removeO() * sp.sqrt(sp.pi / 2))

    def moment(n: int) -> sp.Expr:
        """E[field^n] to second order in u = g^2, in units of g^n."""
        terms = sp.Poly(sp.expand(field**n), z).terms()
        return sum((a * u ** ((m - n) // 2) * sp.factorial2(m - 1) for (m,), a in terms if m <= n + 4), sp.Integer(0))

    same = dict.fromkeys(PAIRS, sp.Integer(1))
    d.chain(
        "The second term is confirmed where all four sites coincide. With $u = g^2$ the ratio below is that of the "
        "moments of $g z - g^3z^3/6 + g^5z^5/40$, to the order that counts: $E[x^4]/E[x^2]^2$, from which the "
        "kurtosis differs by 3.",
        r"[g^4]\,K_{0000}",
        sp.Subs(sp.Derivative(moment(4) / moment(2) ** 2, (u, 2)), u, 0) / 2,
    ).equals(sp.expand(small_gain_fourth(u - u**2, same)).coeff(u, 2), "q = g^2 - g^4, all covariances 1")
