"""Closures: from a law of the preactivation with given k2 and k4 to the coefficients A and B of the drift."""

from __future__ import annotations

from itertools import product

import sympy as sp

from cumulode.theory.closures.family import Closure, b, closure
from cumulode.theory.closures.lowering import BIMODAL_END
from cumulode.theory.cumulants.partitions import cumulants_from_moments, moments_from_cumulants
from cumulode.theory.derivation.derivation import Derivation, Scope
from cumulode.theory.documents.rewritings import DERIVATIVES
from cumulode.theory.dynamics.drift import k2, k4
from cumulode.theory.neuron.activations import h, parse
from cumulode.theory.neuron.gaussian import GaussianMean

from . import closed_averages, pearson_steps, tree_steps
from .closed_averages import Average, Normal, hermite, mean_latex, v

q = sp.Symbol("q", positive=True)  # rate of the test force e^(q h)
lam = sp.Symbol("lam", real=True)
m = sp.Symbol("m", positive=True)  # half the distance of the two Gaussians of bimodal


class Mean(sp.Function):
    """``GaussianMean(n, m, v)`` of the force ``e^(r h)``, r the last argument: shown in general, evaluated for it."""

    nargs = 4

    def doit(self, **hints: bool) -> sp.Expr:
        """``r^n e^(r m + r^2 v/2)``."""
        n, centre, var, rate = self.args
        return rate**n * sp.exp(rate * centre + rate**2 * var / 2)

    def _latex(self, printer: object, exp: str | None = None) -> str:
        return mean_latex(printer, int(self.args[0]), self.args[1], self.args[2], exp)


def build(activation: str = "erf", order: int = 3) -> Derivation:
    """The closures in k2 and k4, Pearson's law, and the Gaussian averages of one activation."""
    chosen = parse(activation)
    d = Derivation("closures", f"Closures for the activation {chosen.name}", _about(), scope=_scope())
    _chain_rule(d)
    _heat(d)
    _edgeworth(d)
    _neglected(d)
    _bimodal(d)
    _bimodal_coefficients(d)
    pearson_steps.law(d)
    pearson_steps.stein(d)
    pearson_steps.regression(d)
    pearson_steps.gradient(d)
    pearson_steps.join(d)
    tree_steps.gradient(d)
    tree_steps.coefficient(d)
    tree_steps.bound(d)
    closed_averages.of_activation(d, chosen)
    return d


def _about() -> str:
    return (
        "A closure assumes a law of the preactivation $\\lambda = w\\cdot x$ with the second and fourth cumulant $k_2 "
        "= w\\cdot Cw$ and $k_4 = K(w,w,w,w)$ of the data, and so turns the drift of a class, $E[x_i F_y(\\lambda)]$, "
        "into $A\\,(Cw)_i + B\\,K(w,w,w)_i$. Here $A$ and $B$ are derived for Gaussian, edgeworth and bimodal laws and "
        "for Pearson's law, with what each of them neglects, and the further term of the closure tree. The "
        "averages of a given activation follow at the end. Notation: $\\langle\\cdot\\rangle_{m,v}$ is an average over "
        "$h$ with the normal density $N(h; m, v)$, $b$ the bias, and $F_y = \\Phi_y'$ with $\\Phi_y = "
        "-(y-\\sigma)^2/2$. Averages of a general force are checked on $F = e^{qh}$ with any rate $q$, of which other "
        "forces are superpositions."
    )


def _scope() -> Scope:
    return Scope(
        small="edgeworth: the kurtosis $\\kappa = k_4/k_2^2$; gaussian, bimodal, Pearson's law: none",
        dropped="whatever the law of $\\lambda$ has beyond $k_2$ and $k_4$ that the assumed law has not",
        neglected="edgeworth: $k_4^2$ times the eighth derivative of $\\Phi_y$, and the sixth cumulant times the "
        "sixth; the others hold at any size of $k_4$ if the law is the one assumed",
        used=(
            "cumulode.theory.closures.family",
            "cumulode.theory.neuron.gaussian",
            "cumulode.theory.closures.pearson",
            "cumulode.theory.closures.tree",
            "cumulode.theory.closures.tree_drift",
            "cumulode.theory.closures.third_norm",
            "cumulode.theory.closures.lowering",
        ),
    )


def test_mean(expr: sp.Expr) -> sp.Expr:
    """An expression in ``GaussianMean`` for the test force."""
    return expr.replace(GaussianMean, lambda n, centre, var: Mean(n, centre, var, q))


def _contraction(tensor: str, rank: int, fixed: int) -> sp.Expr:
    """A symmetric tensor on three sites, ``fixed`` indices 0, the others summed with the weights."""
    w = sp.symbols("w_0:3", real=True)
    total = sp.S.Zero
    for index in product(range(3), repeat=rank - fixed):
        name = "".join(map(str, sorted((0,) * fixed + index)))
        total += sp.Symbol(f"{tensor}_{name}", real=True) * sp.Mul(*(w[i] for i in index))
    return total


def _chain_rule(d: Derivation) -> None:
    w = sp.Symbol("w_0", real=True)
    for tensor, rank, name, side in (("C", 2, "k_2", "Cw"), ("K", 4, "k_4", "K(w,w,w)")):
        powers = sp.Poly(_contraction(tensor, rank, 0), w)
        parts = (sp.factor_terms(c) * w**n for (n,), c in powers.terms() if n > 0)
        d.chain(
            f"The derivative of ${name}$ in one weight is {rank} times the component of ${side}$ there, since "
            f"${tensor}$ is symmetric: three sites, every entry a symbol of its own, the terms that hold $w_0$. With "
            f"any number of sites each of the {rank} places may hold the weight, and all give the same.",
            rf"\partial {name}/\partial w_0",
            sp.Add(*(sp.Derivative(part, w) for part in parts)),
        ).equals(sp.expand(rank * _contraction(tensor, rank, 1)), "symmetry")
    rates, c, K = sp.symbols("a_2 a_4", real=True), sp.symbols("c_0:3", real=True), sp.symbols("K_0:5", real=True)
    second = c[0] * w**2 + 2 * c[1] * w + c[2]
    fourth = K[0] * w**4 + 4 * K[1] * w**3 + 6 * K[2] * w**2 + 4 * K[3] * w + K[4]
    A, B = Closure("any", "any", True, sp.exp(rates[0] * k2 + rates[1] * k4)).coefficients()
    at = {k2: second, k4: fourth}
    d.chain(
        "The drift is the gradient of the mean potential, as $x_i F_y(w\\cdot x) = \\partial\\Phi_y/\\partial w_i$; a "
        "closure is therefore a function $\\Psi_y(k_2, k_4) = E[\\Phi_y]$. Checked for any number of sites as a "
        "function of one weight, $k_2 = c_0w_0^2 + 2c_1w_0 + c_2$, $k_4 = K_0w_0^4 + 4K_1w_0^3 + 6K_2w_0^2 + 4K_3w_0 + "
        "K_4$ with the other weights fixed, and for $\\Psi = e^{a_2k_2 + a_4k_4}$ with any rates, of which other "
        "potentials are superpositions: $A = 2\\,\\partial\\Psi/\\partial k_2$ and $B = 4\\,\\partial\\Psi/\\partial "
        "k_4$.",
        r"\partial\Psi/\partial w_0",
        sp.Derivative(sp.exp(rates[0] * second + rates[1] * fourth), w),
    ).equals(
        A.xreplace(at) * (c[0] * w + c[1]) + B.xreplace(at) * (K[0] * w**3 + 3 * K[1] * w**2 + 3 * K[2] * w + K[3]),
        "chain rule",
        name="chain rule",
        domain=dict.fromkeys((w, *rates, *c, *K), (-0.8, 0.8)),
        **DERIVATIVES,
    )


def _heat(d: Derivation) -> None:
    d.chain(
        "Over a Gaussian of mean $b$ and variance $v$ the test force has the average",
        r"\langle e^{qh} \rangle",
        Average(sp.exp(q * h) * Normal(h, b, v), (h, -sp.oo, sp.oo)),
    ).equals(Mean(0, b, v, q).doit(), "completing the square", points=1, rewrite=shifted, by="completing the square")
    d.chain(
        "A derivative in the mean differentiates the force once; a derivative in the variance is half the second "
        "derivative in the mean.",
        None,
        sp.Derivative(Mean(0, b, v, q), v),
    ).equals(test_mean(sp.diff(GaussianMean(0, b, v), v)), "heat equation", name="heat equation")
    A, _ = closure("gaussian").coefficients()
    d.chain(
        "The gaussian closure ignores $k_4$, so that $B = 0$. It is exact for Gaussian data.",
        "A",
        2 * sp.Derivative(test_mean(closure("gaussian").potential), k2),
    ).equals(test_mean(A), "heat equation")


def shifted(expr: sp.Expr) -> sp.Expr:
    """Normal averages of a polynomial times e^(q x): the exponential shifts the mean by q times the variance."""

    def average(f: sp.Expr, limits: sp.Tuple) -> sp.Expr:
        (normal,) = f.atoms(Normal)
        x, centre, var = normal.args
        polynomial = sp.cancel(f / normal / sp.exp(q * x)).doit().subs(x, x + centre + q * var)
        terms = sp.Poly(sp.expand(polynomial), x).terms()
        moments = (c * sp.factorial2(n - 1) * var ** (n // 2) for (n,), c in terms if n % 2 == 0)
        return sp.exp(q * centre + q**2 * var / 2) * sum(moments, sp.S.Zero)

    return sp.expand(sp.expand(expr.replace(Average, average).doit()), power_exp=False)


def _edgeworth(d: Derivation) -> None:
    law = closure("edgeworth")
    density = 1 + k4 / (24 * k2**2) * hermite(4)(lam / sp.sqrt(k2))
    d.chain(
        "The edgeworth closure has the Gaussian density with the first term of Edgeworth's series, which holds the "
        "Hermite polynomial $H_4(z) = z^4 - 6z^2 + 3$. The test potential is $e^{qh}/q$.",
        r"\Psi_{\mathrm{edgeworth}}",
        sp.exp(q * b) / q * Average(density * sp.exp(q * lam) * Normal(lam, 0, k2), (lam, -sp.oo, sp.oo)),
    ).equals(
        test_mean(law.potential),
        "integration by parts of the Hermite polynomial",
        points=1,
        name="edgeworth potential",
        rewrite=shifted,
        by="completing the square",
    )
    psi = test_mean(law.potential)
    for letter, factor, symbol, result in zip("AB", (2, 4), (k2, k4), law.coefficients(), strict=True):
        d.chain(
            "Its coefficient of $Cw$ by the heat equation." if letter == "A" else "And that of $K(w,w,w)$.",
            letter,
            factor * sp.Derivative(psi, symbol),
        ).equals(test_mean(result), f"differentiation in ${sp.latex(symbol)}$")


def _neglected(d: Derivation) -> None:
    k6, p = sp.Symbol("k_6", real=True), sp.symbols("p_0:9", real=True)

    def gauss(n: int) -> sp.Expr:
        return sum((p[j] * (k2 / 2) ** ((j - n) // 2) / sp.factorial((j - n) // 2) for j in range(n, 9, 2)), sp.S.Zero)

    moments = [sp.S.One, *moments_from_cumulants([0, k2, 0, k4, 0, k6, 0, 0])]
    d.chain(
        "What it neglects: for a polynomial $\\Phi_y = \\sum_n p_n\\lambda^n/n!$ to the eighth degree, and a law with "
        "a sixth cumulant, too, the moments over set partitions regroup into Gaussian averages of even derivatives "
        "of $\\Phi_y$. Beyond edgeworth come $k_6\\,\\langle\\Phi_y^{(6)}\\rangle/720$ and $k_4^2\\,\\langle"
        "\\Phi_y^{(8)}\\rangle/1152$.",
        r"E[\Phi_y(\lambda)]",
        sum((p[n] * moments[n] / sp.factorial(n) for n in range(0, 9, 2)), sp.S.Zero),
    ).equals(
        gauss(0) + k4 / 24 * gauss(4) + k6 / 720 * gauss(6) + k4**2 / 1152 * gauss(8),
        "collected by derivatives of the potential",
    )


def _bimodal(d: Derivation) -> None:
    def moment(n: int) -> sp.Expr:
        """E[(+-m + s z)^n] by the binomial theorem and the moments of z; odd powers of m cancel."""
        even = range(0, n + 1, 2)
        return sum(
            (sp.binomial(n, j) * sp.factorial2(j - 1) * m ** (n - j) * (k2 - m**2) ** (j // 2) for j in even), sp.S.Zero
        )

    d.chain(
        "The bimodal closure: $\\lambda = \\pm m + \\sqrt{k_2 - m^2}\\,z$ with equal chances, a neuron that looks at "
        "one domain of a saturating field. Its variance is $m^2 + (k_2 - m^2) = k_2$; its fourth cumulant decides $m = "
        "(-k_4/2)^{1/4}$.",
        r"E[\lambda^4] - 3 E[\lambda^2]^2",
        moment(4) - 3 * k2**2,
    ).equals(-2 * m**4, "binomial theorem")
    symbols = sp.symbols("m_2 m_4 m_6", real=True)
    zero = sp.S.Zero
    sixth = cumulants_from_moments([zero, symbols[0], zero, symbols[1], zero, symbols[2]])[5]
    d.chain(
        "Its sixth cumulant, from the moments.", "k_6", sixth.subs(zip(symbols, map(moment, (2, 4, 6)), strict=True))
    ).equals(16 * m**6, "cumulants from moments")
    p = {n: sp.Symbol(f"p_{n}", real=True) for n in (4, 6)}
    joined, edgeworth = (_sextic(closure(name).potential, p) for name in ("bimodal", "edgeworth"))
    size = float((BIMODAL_END / 2) ** 1.5 / 45)
    d.chain(
        "Towards small $k_4$ it joins edgeworth. For a potential $\\Phi_y = \\sum_n p_n\\lambda^n/n!$ to the sixth "
        "degree the two differ by $k_6\\,\\Phi_y^{(6)}/720$ alone, $m^6 = |k_4/2|^{3/2}$: the first term beyond "
        "edgeworth is of order $|k_4|^{3/2}$. The code passes to edgeworth at $\\kappa = "
        f"{_times_ten(-BIMODAL_END)}$, where the difference is ${_times_ten(size)}\\,k_2^3\\,\\Phi_y^{{(6)}}$.",
        r"\Psi_{\mathrm{bimodal}} - \Psi_{\mathrm{edgeworth}}",
        joined - edgeworth,
    ).equals(m**6 / 45 * p[6], "moments of both laws", name="bimodal limit")


def _times_ten(number: float) -> str:
    """A small number for inline maths."""
    digits, power = f"{number:.0e}".split("e")
    return f"{digits} \\cdot 10^{{{int(power)}}}"


def _sextic(potential: sp.Expr, p: dict[int, sp.Symbol]) -> sp.Expr:
    """A potential in ``GaussianMean`` for the even polynomial Phi of h - b with the coefficients p_n/n!."""

    def average(n: sp.Expr, centre: sp.Expr, var: sp.Expr) -> sp.Expr:
        shift, total = sp.expand(centre - b), sp.S.Zero
        for degree, c in p.items():
            left = degree - int(n) - 1
            moment = sum(
                (sp.binomial(left, j) * sp.factorial2(j - 1) * var ** (j // 2) * shift ** (left - j))
                for j in range(0, left + 1, 2)
            )
            total += c * sp.expand(moment) / sp.factorial(left) if left >= 0 else 0
        return total

    return potential.replace(GaussianMean, average).subs(k4, -2 * m**4)


def _bimodal_coefficients(d: Derivation) -> None:
    law = closure("bimodal")
    psi, A, B = (test_mean(sp.sympify(e).subs(k4, -2 * m**4)) for e in (law.potential, *law.coefficients()))
    inside = {m: (0.4, 0.9), k2: (1.0, 2.0)}
    d.chain(
        "The coefficients of bimodal have averages over the two Gaussians. At fixed $k_4$, that is at fixed $m$,",
        "A",
        2 * sp.Derivative(psi, k2),
    ).equals(A, "heat equation", domain=inside)
    d.chain(
        "and at fixed $k_2$, as $\\partial m/\\partial k_4 = -1/(8m^3)$,",
        "B",
        -sp.Derivative(psi, m) / (2 * m**3),
    ).equals(B, "derivative in the mean, and heat equation", domain=inside)
