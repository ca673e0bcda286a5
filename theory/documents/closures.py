"""The coefficients A and B of the closures."""

from __future__ import annotations

import sympy as sp

from ..activations import Activation, h, parse, y
from ..closures import b, closure
from ..derivation import Derivation
from ..drift import k2, k4
from ..gaussian import GaussianMean, closed_form, mean, variance


def build(activation: str = "erf", order: int = 3) -> Derivation:
    """A = 2 dPsi/dk2 and B = 4 dPsi/dk4 of the closures whose potential is a Gaussian average."""
    chosen = parse(activation)
    about = (
        "A closure is a potential $\\Psi_y(k_2, k_4)$; the drift of a class is $A\\,Cw + B\\,K(w,w,w)$ with $A "
        "= 2\\,\\partial\\Psi/\\partial k_2$, "
        "$B = 4\\,\\partial\\Psi/\\partial k_4$. Averages are over $h = b + \\lambda$; a derivative in the "
        "variance is half the second "
        "derivative in the mean (heat equation). Used in cumulode.theory.lowering."
    )
    d = Derivation("closures", f"Closures for the activation {chosen.name}", about)
    for name in ("gaussian", "edgeworth", "bimodal"):
        _coefficients(d, name)
    _closed_form(d, chosen)
    _join(d)
    return d


def _test_average(expr: sp.Expr) -> sp.Expr:
    """GaussianMean for the test force F = e^(h/2): a number SymPy can check derivatives with, in closed form."""
    rate = sp.Rational(1, 2)

    def average(n: sp.Expr, m: sp.Expr, v: sp.Expr) -> sp.Expr:
        return rate**n * sp.exp(rate * m + rate**2 * v / 2)

    return expr.replace(GaussianMean, average)


def _coefficients(d: Derivation, name: str) -> None:
    law = closure(name)
    assert law.potential is not None
    A, B = law.coefficients()
    psi = _test_average(law.potential)
    negative = {k4: (-1.5, -0.1), k2: (1.0, 2.0)}
    for letter, factor, symbol, result in (("A", 2, k2, A), ("B", 4, k4, B)):
        if result == 0:
            continue
        d.chain(
            f"Closure {name}: ${letter} = {sp.latex(result)}$, checked on the force $F = e^{{h/2}}$, whose "
            f"averages are elementary.",
            rf"{letter}\big|_{{F=e^{{h/2}}}}",
            factor * sp.Derivative(psi, symbol),
        ).equals(_test_average(result), f"differentiation in {symbol} through mean and variance", domain=negative)


def _closed_form(d: Derivation, chosen: Activation) -> None:
    found = closed_form(chosen, 0)
    if found is None:
        d.chain(
            f"For {chosen.name} no closed form of the Gaussian average of the force was found; it is taken by "
            f"quadrature.",
            r"\int \varphi(z)\,dz",
            sp.Integral(sp.exp(-(h**2) / 2) / sp.sqrt(2 * sp.pi), (h, -sp.oo, sp.oo)),
        ).equals(1, "normalisation of the density used")
        return
    heat = sp.Derivative(found, variance)
    d.chain(
        f"The Gaussian average of the force, $G(m, v) = E[F_y(h)]$, $h \\sim N(m, v)$: $G = {sp.latex(found)}$. "
        f"It solves the "
        "heat equation and starts from $F$ at $v = 0$, and is therefore the average.",
        r"\partial_v G",
        heat,
    ).equals(sp.diff(found, mean, 2) / 2, "heat equation", domain={variance: (0.3, 2.0)})
    if chosen.smooth:
        at_zero = found.subs(variance, 0)
        d.chain("At zero variance.", "G(m, 0)", at_zero).equals(
            chosen.force_pieces()[0].subs(h, mean), "initial condition"
        )


def _join(d: Derivation) -> None:
    """The bimodal potential for small k4 is edgeworth's, order by order, for any polynomial force."""
    m = sp.Symbol("m", positive=True)
    c = sp.symbols("c1:5", real=True)
    phi = sum((ci * h ** (i + 1) for i, ci in enumerate(c)), sp.Integer(0)) + y * h**6

    def average(mean_value: sp.Expr, var: sp.Expr) -> sp.Expr:
        z = sp.Symbol("z", real=True)
        moments = {0: 1, 2: 1, 4: 3, 6: 15}
        poly = sp.Poly(sp.expand(phi.subs(h, mean_value + sp.sqrt(var) * z)), z)
        return sum((coefficient * moments.get(p, 0) for (p,), coefficient in poly.terms()), sp.Integer(0))

    bimodal = sp.expand((average(b + m, k2 - m**2) + average(b - m, k2 - m**2)) / 2)
    cut = sum((bimodal.coeff(m, p) * m**p for p in range(6)), sp.Integer(0))
    fourth = sp.diff(average(b, k2), b, 4)
    d.chain(
        "The bimodal law with $m = (-k_4/2)^{1/4}$, up to $m^5$, for a general potential of degree four plus $y h^6$.",
        r"\Psi_{\mathrm{bimodal}}",
        cut,
    ).equals(average(b, k2) - 2 * m**4 / 24 * fourth, "edgeworth with k4 = -2 m^4")
