"""The averages of one activation in the closures document: closed forms where there are any, else the quadrature."""

from __future__ import annotations

from typing import Any

import sympy as sp

from cumulode.theory.closures.family import b, closure
from cumulode.theory.closures.lowering import REACH, lower
from cumulode.theory.cumulants.partitions import even_moments
from cumulode.theory.derivation.derivation import Derivation
from cumulode.theory.derivation.pickling import made_by
from cumulode.theory.documents.rewritings import QUADRATURE
from cumulode.theory.dynamics.drift import k2, k4
from cumulode.theory.equations import d_e, s
from cumulode.theory.equations import lam as node
from cumulode.theory.neuron import gaussian
from cumulode.theory.neuron.activations import Activation, h, y
from cumulode.theory.neuron.gaussian import GaussianMean, closed_form, mean, variance

v = sp.Symbol("v", positive=True)


def written(n: int) -> str:
    """LaTeX of Phi (n = -1) or of the n-th derivative of the force."""
    return r"\Phi_y" if n < 0 else "F_y" + ("'" * n if n < 4 else f"^{{({n})}}")


def mean_latex(printer: object, n: int, centre: sp.Expr, var: sp.Expr, exp: str | None = None) -> str:
    """An average over ``N(centre, var)`` in a few letters."""
    at = r",\,".join(printer._print(a) for a in (centre, var))  # type: ignore[attr-defined]
    return rf"\langle {written(n)}\rangle_{{{at}}}" + ("" if exp is None else f"^{{{exp}}}")


class Normal(sp.Function):
    """Density at x of the normal law of given mean and variance."""

    nargs = 3

    def doit(self, **hints: bool) -> sp.Expr:
        """Written out."""
        x, centre, var = self.args
        return sp.exp(-((x - centre) ** 2) / (2 * var)) / sp.sqrt(2 * sp.pi * var)

    def _latex(self, printer: object, exp: str | None = None) -> str:
        x, centre, var = (printer._print(a) for a in self.args)  # type: ignore[attr-defined]
        return rf"N({x};\,{centre},\,{var})" + ("" if exp is None else f"^{{{exp}}}")


def hermite(n: int) -> type[sp.Function]:
    """The Hermite polynomial of degree n and leading coefficient 1, shown by name."""

    class Hermite(sp.Function):
        nargs = 1

        def doit(self, **hints: bool) -> sp.Expr:
            return gaussian.hermite(n, self.args[0])

        def _latex(self, printer: object, exp: str | None = None) -> str:
            return rf"H_{n}\left({printer._print(self.args[0])}\right)"  # type: ignore[attr-defined]

    Hermite.__name__ = f"H{n}"
    return made_by(Hermite, hermite, n)


class Average(sp.Integral):
    """An integral of functions that are shown by name."""

    def doit(self, **hints: bool) -> sp.Expr:
        """The same with every function written out, integrated if the hints say so."""
        return sp.Integral(self.function.doit(**hints), *self.limits).doit(**hints)


def force_of(chosen: Activation, n: int, piece: int = 0) -> type[sp.Function]:
    """``F_y^(n)`` of an activation between two kinks, a function of h and y shown by name."""
    expr = chosen.force_pieces(n)[piece]

    class Force(sp.Function):
        nargs = 2

        def doit(self, **hints: bool) -> sp.Expr:
            return expr.xreplace(dict(zip((h, y), self.args, strict=True)))

        def _latex(self, printer: object, exp: str | None = None) -> str:
            return rf"{written(n)}\left({printer._print(self.args[0])}\right)"  # type: ignore[attr-defined]

    Force.__name__ = f"F{n}"
    return made_by(Force, force_of, chosen, n, piece)


def closed_mean(chosen: Activation, n: int) -> type[sp.Function]:
    """The code's closed form of ``E[F_y^(n)]``, a function of mean, variance and y shown by name."""
    found = sp.sympify(closed_form(chosen, n))

    class ClosedMean(sp.Function):
        nargs = 3

        def doit(self, **hints: bool) -> sp.Expr:
            return found.xreplace(dict(zip((mean, variance, y), self.args, strict=True)))

        def _latex(self, printer: object, exp: str | None = None) -> str:
            return mean_latex(printer, n, self.args[0], self.args[1], exp)

    ClosedMean.__name__ = f"mean_F{n}"
    return made_by(ClosedMean, closed_mean, chosen, n)


def defined(chosen: Activation, n: int, weight: sp.Expr | int = 1) -> sp.Expr:
    """``E[weight F_y^(n)]`` between the kinks, as integrals over h; the weight a function of h."""
    total = sp.S.Zero
    for i, (low, high) in enumerate(chosen.intervals):
        if chosen.force_pieces(n)[i] != 0:
            total += Average(weight * force_of(chosen, n, i)(h, y) * Normal(h, b, v), (h, low, high))
    return total


def kinks(chosen: Activation) -> sp.Expr:
    """What the delta functions of F_y' add to its average: the jumps of F_y times the density there."""
    jumps = zip(chosen.force_jumps(), chosen.kinks, strict=True)
    return sum((jump * Normal(c, b, v) for jump, c in jumps), sp.S.Zero)


def vanish(expr: sp.Expr) -> sp.Expr:
    """Zero for an identity between exponentials, error functions and roots, each taken for a symbol of its own."""
    symbols: dict[sp.Expr, sp.Symbol] = {}

    def product(e: sp.exp) -> sp.Expr:
        """An exponential as a product of powers, one base for each partial fraction in v of its exponent."""
        terms = (t.as_coeff_Mul() for t in sp.Add.make_args(sp.expand(sp.apart(sp.together(e.args[0]), v))))
        return sp.Mul(*(symbols.setdefault(rest, sp.Dummy(positive=True)) ** (2 * c) for c, rest in terms))

    expr = sp.expand(expr.doit(), power_exp=False).replace(lambda e: isinstance(e, sp.exp), product)
    expr = expr.replace(_is_root, lambda e: _over_factors(e.base, e.exp))
    expr = expr.replace(sp.erf, lambda argument: sp.erf(sp.factor(sp.together(argument))))
    expr = expr.xreplace({e: sp.Dummy() for e in expr.atoms(sp.erf)})
    roots = {e.base: sp.Dummy() for e in expr.atoms(sp.Pow) if _is_root(e)}
    expr = expr.replace(_is_root, lambda e: roots[e.base] ** (2 * e.exp))
    numerator = sp.expand(sp.fraction(sp.together(expr))[0])
    return sp.reduced(numerator, [r**2 - base for base, r in roots.items()], *roots.values())[1] if roots else numerator


def _is_root(e: sp.Basic) -> bool:
    return bool(e.is_Pow and e.exp.is_Rational and not e.exp.is_Integer)


def _over_factors(base: sp.Expr, power: sp.Expr) -> sp.Expr:
    return sp.Mul(*[f ** (k * power) for f, k in sp.factor(sp.together(base)).as_powers_dict().items()])


_ALGEBRA: dict[str, Any] = {"rewrite": vanish, "by": "algebra of exponentials, error functions and roots"}


def of_activation(d: Derivation, chosen: Activation) -> None:
    """The force, its averages in closed form with A and B, or the quadrature the code takes instead."""
    for sigma, force in zip(chosen.pieces, chosen.force_pieces(), strict=True):
        if sigma.has(h):
            d.chain(
                f"The activation {chosen.name}: its force is the derivative of the potential"
                + ("." if chosen.smooth else " between the kinks."),
                "F_y(h)",
                sp.Derivative(-((y - sigma) ** 2) / 2, h),
            ).equals(force, "differentiation")
    if closed_form(chosen, 0) is None:
        _quadrature(d, chosen)
        return
    _closed(d, chosen)
    if not chosen.smooth:
        _jumps(d, chosen)
    if chosen.name == "erf":
        _erf(d, chosen)
    elif chosen.name == "relu":
        _relu(d, chosen)
    elif chosen.smooth and chosen.expr.is_polynomial(h) and sp.degree(chosen.expr, h) == 3:
        _polynomial(d, chosen)


def _readable(chosen: Activation) -> sp.Expr:
    """The average of the force as one would write it."""
    if chosen.name == "erf":
        slope = sp.sqrt(2) * sp.exp(-(b**2) / (2 * (1 + v))) / sp.sqrt(sp.pi * (1 + v))
        return slope * (y - sp.erf(b / sp.sqrt(2 * (1 + v) * (1 + 2 * v))))
    if chosen.name == "relu":
        return (y - b) * (1 + sp.erf(b / sp.sqrt(2 * v))) / 2 - v * Normal(0, b, v)
    found = sp.sympify(closed_form(chosen, 0)).xreplace({mean: b, variance: v})
    return sp.collect(sp.expand(found), y) if chosen.expr.is_polynomial(h) else sp.factor_terms(found)


def _closed(d: Derivation, chosen: Activation) -> None:
    average, second = closed_mean(chosen, 0), closed_mean(chosen, 2)
    potential = " That of the potential has none; it is taken by quadrature." if closed_form(chosen, -1) is None else ""
    d.chain(
        "The average of the force over a Gaussian of mean $b$ and variance $v$ has a closed form; the integral it "
        f"stands for is evaluated in 30 digits.{potential}",
        None,
        average(b, v, y),
    ).equals(_readable(chosen), "the code's rules for Gaussian averages", **_ALGEBRA).equals(
        defined(chosen, 0), "the definition, by quadrature", **QUADRATURE
    )
    start = " and starts from the force at $v = 0$" if chosen.smooth else ""
    d.chain(
        f"It solves the heat equation{start}, as the average does. Its derivatives in $b$ give the coefficients above.",
        None,
        sp.Derivative(average(b, v, y), v),
    ).equals(second(b, v, y) / 2, "heat equation", domain={v: (0.3, 1.5)}, **_ALGEBRA)
    if chosen.smooth:
        at_zero = _readable(chosen).subs(v, 0)
        d.chain("Its value at zero variance.", r"\langle F_y\rangle_{b,\,0}", at_zero).equals(
            force_of(chosen, 0)(b, y), "initial condition"
        )


def _jumps(d: Derivation, chosen: Activation) -> None:
    d.chain(
        "Where the activation has a kink its force jumps, so that $F_y'$ has a delta function there: its average is "
        "that of the smooth parts and, for each kink, the jump times the density.",
        None,
        closed_mean(chosen, 1)(b, v, y),
    ).equals(defined(chosen, 1) + kinks(chosen), "smooth parts and kinks, by quadrature", **QUADRATURE)


def _erf(d: Derivation, chosen: Activation) -> None:
    f = {n: closed_mean(chosen, n)(b, v, y) for n in range(6)}
    square = 2 * sp.exp(-(b**2) / (1 + 2 * v)) / (sp.pi * sp.sqrt(1 + 2 * v))
    G = sp.Function("G")(b)
    known = {square: -(1 + v) * G.diff(b) - b * G} | {mean_n: G.diff(b, n) for n, mean_n in f.items()}
    again = {"rewrite": lambda e: sp.expand(e.xreplace(known).doit()), "by": "derivatives of the relation before"}
    words = {
        1: "As $\\sigma'' = -h\\sigma'$, here $F_y' = -hF_y - \\sigma'^2$. With Stein's rule $\\langle hF_y\\rangle = "
        "b\\langle F_y\\rangle + v\\langle F_y'\\rangle$ the average of the slope is explicit, the last term being "
        "$\\langle\\sigma'^2\\rangle$.",
        3: "Differentiated twice in $b$, the same relation gives the third derivative, hence $B = \\langle "
        "F_y'''\\rangle/6$;",
        5: "and four times, the fifth, hence $A = \\langle F_y'\\rangle + k_4\\langle F_y^{(5)}\\rangle/24$.",
    }
    for n in (1, 3, 5):
        before = b * f[n - 1] + ((n - 1) * f[n - 2] if n > 1 else 0)
        rest = sp.Derivative(square, (b, n - 1)) if n > 1 else square
        how = _ALGEBRA if n == 1 else again
        d.chain(words[n], None, f[n]).equals(-(before + rest) / (1 + v), "Stein's rule", **how)


def _relu(d: Derivation, chosen: Activation) -> None:
    g = Normal(0, b, v)
    fifth = b**3 / v - 3 * b + y * (b**4 / v**2 - 6 * b**2 / v + 3)
    explicit = {
        1: (y * g - (1 + sp.erf(b / sp.sqrt(2 * v))) / 2, "Hence the slope, with the kink in the first term."),
        3: (g * (b + y * (b**2 / v - 1)) / v, "The third derivative, six times $B$."),
        5: (g * fifth / v**2, "And the fifth, for $A = \\langle F_y'\\rangle + k_4\\langle F_y^{(5)}\\rangle/24$."),
    }
    for n, (expr, words) in explicit.items():
        d.chain(words, None, closed_mean(chosen, n)(b, v, y)).equals(expr, "differentiation in $b$", **_ALGEBRA)


def _polynomial(d: Derivation, chosen: Activation) -> None:
    coefficients = closure("edgeworth").coefficients()
    moments = even_moments(4, k2, k4)
    words = (
        "For a polynomial the expansion ends, and edgeworth is exact if there are no higher cumulants: $A$ is the sum "
        "over the derivatives of the force at $b$ with the moments of $\\lambda$,",
        "and so is $B$.",
    )
    for text, letter, expr, first in zip(words, "AB", coefficients, (1, 3), strict=True):
        shown = expr.replace(GaussianMean, lambda n, centre, var: closed_mean(chosen, int(n))(centre, var, y))
        terms = (chosen.force_pieces(first + n)[0].subs(h, b) * moments[n] / sp.factorial(n) for n in (0, 2, 4))
        total = sp.expand(sum(terms) / (1 if letter == "A" else 6))
        d.chain(text, letter, shown).equals(total, "moments of $\\lambda$")


def _quadrature(d: Derivation, chosen: Activation) -> None:
    """No closed form: Stein's rule for this force, and the sums of the code against the definition."""
    peak = float(sp.exp(-(REACH**2) / 2))
    extra = "" if chosen.smooth else ", the delta functions at the kinks included"
    d.chain(
        f"For {chosen.name} no closed form of the average of the force was found: it is taken by quadrature of $F_y'$ "
        "against Hermite polynomials, on Gauss-Legendre panels as long as the activation allows. By Stein's rule the "
        f"average of $F_y'$ is that of $zF_y/\\sqrt v$, $z = (h-b)/\\sqrt v$, for this force{extra}.",
        r"\langle F_y'\rangle_{b,\,v}",
        defined(chosen, 0, (h - b) / v),
    ).equals(defined(chosen, 1) + kinks(chosen), "Stein's rule, by quadrature", **QUADRATURE)
    if not chosen.smooth:
        return
    rule = lower(chosen, "edgeworth")[0].coefficients.quadratures[0]
    at = {k2: v, node: rule.lam.xreplace({k2: v})}
    slope = force_of(chosen, 1)
    even = (slope(b + node, y) + slope(b - node, y)) / 2
    third = rule.sums[2][1].xreplace({d_e: even}).xreplace(at)
    weight = rule.weight * rule.jacobian
    d.chain(
        "Higher derivatives of the force are not taken: the code's sum for $\\langle F_y'''\\rangle$ has the even part "
        f"of $F_y'$ and the second Hermite polynomial, $\\sqrt v\\,z = \\lambda$ with $z = {sp.latex(REACH)}\\,s$. It "
        f"stops at $s = 1$, where the density has fallen to {peak:.0e} of its peak.",
        r"\langle F_y'''\rangle_{b,\,v}",
        defined(chosen, 0, hermite(3)((h - b) / sp.sqrt(v))) / v ** sp.Rational(3, 2),
    ).equals(
        sp.sqrt(2 / sp.pi) * Average(weight * third, (s, 0, sp.oo)), "integration by parts, by quadrature", **QUADRATURE
    )
