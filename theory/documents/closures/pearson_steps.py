"""Pearson's law in the closures document: moments, Stein's rules, the two closures that rest on it, small kurtosis."""

from __future__ import annotations

import math
import re
from functools import lru_cache

import sympy as sp

from cumulode.theory.closures import pearson
from cumulode.theory.closures.family import NEARLY_GAUSSIAN
from cumulode.theory.closures.pearson import BOUNDED, HEAVY, nu
from cumulode.theory.cumulants.partitions import joint_moment
from cumulode.theory.derivation.derivation import Derivation
from cumulode.theory.derivation.pickling import made_by
from cumulode.theory.derivation.plain_text import plain_maths
from cumulode.theory.documents.rewritings import QUADRATURE, RATIONAL
from cumulode.theory.dynamics.drift import Cw, Kwww, k2, k4
from cumulode.theory.equations import d_e, f_o, phi_e
from cumulode.theory.equations import lam as node

S = sp.Symbol("S", positive=True)
kappa = sp.Symbol("kappa", real=True)
a = dict(zip(range(1, 9), sp.symbols("a_1:9", real=True), strict=True))  # coefficients of test polynomials
_HALF = sp.Rational(1, 2)
_INSIDE = {nu: (1.6, 3.0)}


class Moment(sp.Function):
    """``E[lam^n]`` of the law with the second argument for nu, at scale S: ``S^n (1/2)_(n/2) / (nu)_(n/2)``."""

    nargs = 3

    def doit(self, **hints: bool) -> sp.Expr:
        """Written out."""
        n, order, scale = self.args
        rise = sp.rf if n.is_Integer else lambda base, steps: sp.gamma(base + steps) / sp.gamma(base)
        return scale**n * rise(_HALF, n / 2) / rise(order, n / 2)

    def _latex(self, printer: object, exp: str | None = None) -> str:
        n, order = (printer._print(e) for e in self.args[:2])  # type: ignore[attr-defined]
        return rf"\mu_{{{n}}}" + ("" if exp is None else f"^{{{exp}}}") + f"({order})"


def mu(n: int, shift: int = 0) -> sp.Expr:
    """A moment of even order under the law with ``nu + shift``."""
    return sp.S.One if n == 0 else Moment(n, nu + shift, S)


def mean(polynomial: sp.Expr, shift: int = 0) -> sp.Expr:
    """The average of an even polynomial in lam under the law with ``nu + shift``."""
    return sum((c * mu(n, shift) for (n,), c in sp.Poly(polynomial, node).terms()), sp.S.Zero)


@lru_cache(maxsize=256)
def named(head: str, expr: sp.Expr) -> sp.Expr:
    """An expression shown by a name; its symbols are the arguments."""

    class Named(sp.Function):
        def doit(self, **hints: bool) -> sp.Expr:
            return expr.xreplace(dict(zip(symbols, self.args, strict=True))).doit(**hints)

        def _latex(self, printer: object, exp: str | None = None) -> str:
            return head if exp is None else f"{{{head}}}^{{{exp}}}"

        def _sympystr(self, printer: object) -> str:
            return plain_maths(head)

    symbols = sorted(expr.free_symbols, key=str)
    # a name of its own: between two of one name SymPy would order terms by their hash, otherwise in every process
    Named.__name__ = "mean_" + re.sub(r"\W+", "_", head.replace("'", "prime")).strip("_")
    return made_by(Named, named, head, expr)(*symbols)


def average(head: str, polynomial: sp.Expr, shift: int = 0) -> sp.Expr:
    """``mean`` shown as an average over the law with ``nu + shift``."""
    law_of = r"\nu" + (f"+{shift}" if shift else "")
    return named(f"E_{{{law_of}}}[{head}]", mean(sp.expand(polynomial), shift))


def _test_force(degree: int) -> sp.Expr:
    """An odd polynomial with a symbol for each coefficient."""
    return sum((a[n] * node**n for n in range(1, degree + 1, 2)), sp.S.Zero)


FORCE = _test_force(7)

_RATIONAL = RATIONAL | {"domain": _INSIDE}


def law(d: Derivation) -> None:
    """Moments from Beta integrals, the two cumulants, the weights of the code."""
    n, x = sp.Symbol("n", positive=True, integer=True), sp.Symbol("x", real=True)
    quarter, density = (x, 0, sp.pi / 2), sp.cos(x) ** (2 * nu - 2)
    d.chain(
        "Pearson's symmetric law: $\\lambda = S u$ with a density proportional to $(1-u^2)^{\\nu-3/2}$ on $[-1, 1]$. "
        "With $u = \\sin x$ its even moments are ratios of Beta integrals, and these of rising factorials, "
        "$\\nu^{(n)} = \\nu(\\nu+1)\\cdots(\\nu+n-1)$.",
        r"E_\nu[u^{2n}]",
        sp.Integral(sp.sin(x) ** (2 * n) * density, quarter) / sp.Integral(density, quarter),
    ).equals(
        sp.gamma(n + _HALF) * sp.gamma(nu) / (sp.gamma(_HALF) * sp.gamma(n + nu)),
        "Beta integrals",
        **QUADRATURE,
        domain=_INSIDE,
    ).equals(
        sp.rf(_HALF, n) / sp.rf(nu, n),
        "recursion of the Gamma function",
        domain=_INSIDE,
        rewrite=_gamma,
        by="Gamma functions",
    )
    scale, order = (dict(BOUNDED.before)[symbol] for symbol in (pearson.scale, nu))
    d.chain(
        "So $\\mu_2(\\nu) = S^2/2\\nu$, where $\\mu_n(\\nu) = E_\\nu[\\lambda^n]$, and with $S^2 = 2\\nu k_2$ the "
        "second cumulant is $k_2$. With $\\nu = -3k_2^2/k_4 - 1$ the fourth is $k_4$; both as the code assigns them.",
        r"\mu_4(\nu) - 3\mu_2(\nu)^2",
        Moment(4, nu, scale).doit().subs(nu, order) - 3 * Moment(2, nu, scale).doit() ** 2,
    ).equals(k4, "substitution of nu and S", **_RATIONAL)
    for tails in (BOUNDED, HEAVY):
        _weights(d, tails)


def _gamma(expr: sp.Expr) -> sp.Expr:
    expr = expr.replace(sp.RisingFactorial, lambda x, n: sp.gamma(x + n) / sp.gamma(x)).rewrite(sp.gamma)
    return sp.simplify(sp.gammasimp(expr))


def _weights(d: Derivation, tails: pearson.Tails) -> None:
    """The fourth moment over nu + 1 with the weight of the code, in the angle x."""
    x = sp.Symbol("x", real=True)
    end = sp.oo if tails.heavy else sp.pi / 2
    weight, path = (e.xreplace({tails.x: x, pearson.scale: S}) for e in (tails.weight, tails.lam))
    words = (
        "For $k_4 > 0$ the law is Student's $t$: $\\nu < -1$, the sign of $S^2$ is reversed and $\\lambda = S\\sinh x$;"
        if tails.heavy
        else "The code sums over the law with $\\nu + 1$, in the angle, $\\lambda = S\\sin x$:"
    )
    d.chain(
        f"{words} the weight is ${sp.latex(weight)}$.",
        r"E_{\nu+1}[\lambda^4]",
        sp.Integral(weight * path**4, (x, 0, end)) / sp.Integral(weight, (x, 0, end)),
    ).equals(mu(4, 1), "Beta integrals", **QUADRATURE, domain={nu: (-6.0, -4.0)} if tails.heavy else _INSIDE)


def stein(d: Derivation) -> None:
    """Integration by parts: averages over laws with larger nu."""
    even = sum((a[n] * node**n for n in (2, 4, 6, 8)), sp.S.Zero)
    sums, psi = pearson.potential_sums()
    (m0, _), (p, integrand) = sums.items()
    known = {phi_e: even, f_o: sp.diff(even, node), pearson.phi_0: sp.S.Zero}
    d.chain(
        "The density of the law with $\\nu$ may be infinite at the ends, that with $\\nu + 1$ is not, and by parts "
        "$E_\\nu[\\Phi] = E_{\\nu+1}[\\Phi + \\lambda F/2\\nu]$. For a polynomial $\\Phi = \\sum_n a_n\\lambda^n$ (odd "
        "powers have no average), the right side from the code's integrand:",
        r"E_\nu[\Phi]",
        mean(even),
    ).equals(
        psi.xreplace({m0: sp.S.One, p: mean(integrand.xreplace(known), 1)}).xreplace(known),
        "integration by parts",
        name="Pearson average",
        **_RATIONAL,
    )
    force, slope = FORCE, sp.diff(FORCE, node)
    d.chain(
        "The same by parts is Stein's rule, $E_\\nu[\\lambda F] = k_2 E_{\\nu+1}[F']$, here for $F = \\sum_n "
        "a_n\\lambda^n$ to the seventh degree, $k_2 = S^2/2\\nu$. For $\\kappa < 0$ polynomials come as near as one "
        "likes to any continuous force on the bounded range. For $\\kappa > 0$ they prove less, as the eighth moment "
        "exists for $\\kappa < 3/2$ only; but the rule is one integration by parts, $d(1+v^2)^{\\nu-1/2}/dv = "
        "(2\\nu-1)\\,v\\,(1+v^2)^{\\nu-3/2}$, whose boundary term vanishes up to $\\kappa = 3$ for every force that "
        "grows at most linearly.",
        r"E_\nu[\lambda F]",
        mean(sp.expand(node * force)),
    ).equals(S**2 / (2 * nu) * mean(slope, 1), "integration by parts", **_RATIONAL)
    sixth = mean(sp.diff(slope, node, 2) / 6, 3)
    d.chain(
        "Three times applied, it does the same for the third orthogonal polynomial, $P_3 = \\lambda^3 - "
        "(\\mu_4/\\mu_2)\\lambda$, and the same force: its projection is an average of $F^{(3)}/6$ over the law with "
        "$\\nu + 3$, or, undone twice, of $F'$ over that with $\\nu + 1$, which is what the code sums. For $\\kappa "
        "\\ge 3/2$, where these polynomials have no averages, the last form rests on Stein's rule alone, applied to "
        "$\\lambda^3F$ and $\\lambda F$; quadrature confirms it there to nine digits.",
        r"\frac{E_\nu[P_3 F]}{E_\nu[P_3^2]}",
        _projections()[1],
    ).equals(sixth, "integration by parts, three times", name="Pearson Stein rule", **_RATIONAL).equals(
        _coefficients(BOUNDED)[1], "integration by parts, twice", **_RATIONAL
    )


def _projections() -> tuple[sp.Expr, sp.Expr]:
    """``E[P_n F] / E[P_n^2]`` of the test force, n = 1 and 3, from moments under the law itself."""
    first, third = average(r"\lambda F", node * FORCE), average(r"\lambda^3 F", node**3 * FORCE)
    return first / mu(2), (third - mu(4) / mu(2) * first) / (mu(6) - mu(4) ** 2 / mu(2))


def _coefficients(tails: pearson.Tails) -> tuple[sp.Expr, sp.Expr]:
    """A and B of ``regression_sums`` with the sums replaced by averages of the test force."""
    sums, A, B = pearson.regression_sums(tails)
    slope = sp.diff(FORCE, node)
    shown = {d_e: average("F'", slope, 1), node**2 * d_e: average(r"\lambda^2 F'", node**2 * slope, 1)}
    known = {symbol: shown.get(e) or mean(e, 1) for symbol, e in sums.items()}
    at = known | {k4: mu(4) - 3 * mu(2) ** 2, k2: S**2 / (2 * nu) if tails.heavy else mu(2)}
    return A.xreplace(at), B.xreplace(at)


def _moment(*index: str) -> sp.Expr:
    """Joint moment of x_i and lam over set partitions."""
    known = {(1, 2): Cw, (0, 2): k2, (1, 4): Kwww, (0, 4): k4}
    return joint_moment(index, lambda block: known.get((block.count("x"), len(block)), sp.S.Zero))


def regression(d: Derivation) -> None:
    """The projection of x on P_1 and P_3, and its coefficients as the code has them."""
    lam = ("lam",) * 4
    d.chain(
        "Regression, the default closure: the conditional mean of $x_i$ given $\\lambda$ is projected on $P_1 = "
        "\\lambda$ and $P_3$. The moments of $x_i$ and $\\lambda$ over set partitions give $E[x_i P_1] = (Cw)_i$ and",
        "E[x_i P_3]",
        _moment("x", *lam[:3]) - sp.Mul(_moment(*lam) / k2, _moment("x", "lam"), evaluate=False),
    ).equals(Kwww - k4 / k2 * Cw, "set partitions")
    c1, c3 = _projections()
    A, B = _coefficients(BOUNDED)
    d.chain(
        "The drift is then $c_1 E[x_i P_1] + c_3 E[x_i P_3]$ with the projections $c_n = E_\\nu[P_n F]/E_\\nu[P_n^2]$ "
        "of the force, so that $B = c_3$ and $A = c_1 - c_3 k_4/k_2$: from the projections, and from the code's sums.",
        "A",
        c1 - c3 * (mu(4) - 3 * mu(2) ** 2) / mu(2),
    ).equals(A, "Stein's rules", name="regression coefficients", **_RATIONAL)
    d.chain(
        "With heavy tails the code has $\\mu_2(\\nu+1)$ and $\\mu_4(\\nu+1)$ in closed form, $S^2 = 2\\nu k_2$; the "
        "same function of $\\nu$ and $S$.",
        "B",
        _coefficients(HEAVY)[1],
    ).equals(B, "closed moments", **_RATIONAL)


def gradient(d: Derivation) -> None:
    """A and B of the gradient closure from its potential, by the chain rule over S and nu, as the code has them."""
    phi = a[4] * node**4 + a[6] * node**6
    scale, rate = sp.sqrt(2 * nu * k2), sp.Symbol("rate", real=True)
    terms = sp.Poly(phi, node).terms()
    in_nu = sum((-c * mu(n) * sum(1 / (nu + j) for j in range(n // 2)) for (n,), c in terms), sp.S.Zero)
    sums, A, B = pearson.gradient_sums(BOUNDED)
    m0, d0, p, m0_nu, p_nu = sums
    slope = average("F'", sp.diff(phi, node, 2), 1)
    at_fixed_scale = named(r"\left.\partial_\nu E_\nu[\Phi]\right|_S", in_nu)
    averages = {d0: slope, p: mean(phi), p_nu: rate * mean(phi) + at_fixed_scale}
    at = {m0: sp.S.One, m0_nu: rate, k4: -3 * k2**2 / (nu + 1)} | averages
    A, B = (e.xreplace(at).xreplace({S: scale}) for e in (A, B))
    psi = mean(phi).xreplace({S: scale})
    d.chain(
        "The closure pearson is the gradient flow of $\\Psi = E_\\nu[\\Phi]$. At fixed $k_2$, with $k_4 = "
        "-3k_2^2/(\\nu+1)$ and $S^2 = 2\\nu k_2$, here for $\\Phi = a_4\\lambda^4 + a_6\\lambda^6$ and against the "
        "code's chain rule over $\\nu$ and $S^2$:",
        "B",
        4 * (nu + 1) ** 2 / (3 * k2**2) * sp.Derivative(psi, nu),
    ).equals(B, "chain rule over nu and S", **_RATIONAL)
    d.chain(
        "At fixed $k_4$, $\\partial\\nu/\\partial k_2 = 2(\\nu+1)/k_2$.",
        "A",
        2 * sp.Derivative(psi, k2) + 4 * (nu + 1) / k2 * sp.Derivative(psi, nu),
    ).equals(A, "chain rule over nu and S", **_RATIONAL)


def _regular(n: int, shift: int = 0) -> sp.Expr:
    """The n-th moment of the law with ``nu + shift``, S and nu of k2 and kappa, in a form regular at kappa = 0."""
    factors = ((3 + kappa) / (3 - (j + shift - 1) * kappa) for j in range(n // 2))
    return sp.factorial2(n - 1) * k2 ** (n // 2) * sp.Mul(*factors)


def _slope_at_zero(polynomial: sp.Expr, shift: int) -> sp.Expr:
    """Derivative in kappa, at 0, of a polynomial's average, term by term."""
    terms = ((c, _regular(n, shift)) for (n,), c in sp.Poly(polynomial, node).terms())
    return sum((c * sp.Subs(sp.Derivative(e, kappa), kappa, 0) for c, e in terms if e.has(kappa)), sp.S.Zero)


def _gauss(polynomial: sp.Expr) -> sp.Expr:
    """Average of an even polynomial over N(0, k2)."""
    return sum((c * _regular(n).subs(kappa, 0) for (n,), c in sp.Poly(polynomial, node).terms()), sp.S.Zero)


def join(d: Derivation) -> None:
    """Both closures of Pearson's law become edgeworth to first order in kappa."""
    near, order = _RATIONAL | {"domain": {kappa: (-1.2, -0.2)}}, -3 / kappa - 1
    d.chain(
        "Towards $\\kappa = k_4/k_2^2 \\to 0$ the moments are regular, the eighth for example:",
        r"\mu_8(\nu)",
        Moment(8, order, sp.sqrt(2 * order * k2)).doit(),
    ).equals(_regular(8), "substitution of nu and S", **near)
    phi, power = sum((a[n] * node**n for n in (2, 4, 6, 8)), sp.S.Zero), round(math.log10(NEARLY_GAUSSIAN))
    d.chain(
        "So the potential joins edgeworth to first order in $\\kappa$, here for $\\Phi = \\sum_n a_n\\lambda^n$ to the "
        "eighth degree: its slope is $k_2^2\\langle\\Phi^{(4)}\\rangle/24$. What is neglected where the code passes to "
        f"edgeworth, at $|\\kappa| = 10^{{{power}}}$, is of order $\\kappa^2 = 10^{{{2 * power}}}$.",
        r"\partial_\kappa\Psi\big|_{\kappa=0}",
        _slope_at_zero(phi, 0),
    ).equals(k2**2 / 24 * _gauss(sp.diff(phi, node, 4)), "moments to first order", **_RATIONAL)
    slope = sp.diff(_test_force(5), node)
    d.chain(
        "For regression, with $F$ to the fifth degree, $A = c_1 - c_3\\kappa k_2$ joins in the same way. $B = c_3$ "
        "multiplies a term of order $\\kappa$ already, and becomes $\\langle F^{(3)}\\rangle/6$ in the limit.",
        r"\partial_\kappa A\big|_{\kappa=0}",
        _slope_at_zero(slope, 1) - k2 * _gauss(sp.diff(slope, node, 2) / 6),
    ).equals(k2**2 / 24 * _gauss(sp.diff(slope, node, 4)), "moments to first order", **_RATIONAL)
