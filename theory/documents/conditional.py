"""The conditional closure: lam given x_i taken as Gaussian. Its third order, and why it is no gradient flow."""

from __future__ import annotations

import mpmath
import sympy as sp

from cumulode.theory.closures.conditional import antisymmetric, mean, spins, third_order, variance
from cumulode.theory.cumulants.nlgp import normalisation
from cumulode.theory.cumulants.nlgp import second as arcsine_law
from cumulode.theory.cumulants.plackett import plackett_pair
from cumulode.theory.derivation.derivation import Derivation, Scope
from cumulode.theory.dynamics.drift import Cw, Kwww, expand_drift, force_symbol, k2
from cumulode.theory.neuron.activations import Activation, h, parse
from cumulode.theory.neuron.gaussian import closed_form
from cumulode.theory.neuron.gaussian import mean as at_mean
from cumulode.theory.neuron.gaussian import variance as at_variance
from cumulode.theory.problem.covariance import squared_exponential

from .rewritings import simplified
from .spins import spin_law

x, lam, z = sp.symbols("x lam z", real=True)
m, kappa4 = sp.symbols("m_i kappa_4", real=True)
r = sp.Symbol("r", real=True)
ONE = sp.Integer(1)
F1, F3 = force_symbol(1), force_symbol(3)
INSIDE = {k2: (1.0, 2.0), m: (-0.9, 0.9)}


def build(activation: str = "erf", order: int = 3) -> Derivation:
    """The closure, its exactness for Gaussian data, its third order, and what it misses."""
    d = Derivation(
        "conditional",
        "The conditional closure",
        "Lufkin, Saxe and Grant take the preactivation $\\lambda = w\\cdot x$ at a given input $x_i$ to be Gaussian. "
        "The drift $E[x_i F_y(\\lambda)]$ is then a Gaussian average of the force followed by one over the marginal of "
        "$x_i$, and needs the second cumulant and the marginal alone. This is exact for Gaussian data. To third order "
        "it replaces the fourth cumulant $K(w,w,w)_i$ by $\\kappa_4 (Cw)_i^3$, which is right at the peak of a "
        "localised field and far too small beside it, and it makes the flow one without a potential.",
        scope=Scope(
            small="none for the closure itself; the weights w in its third order",
            dropped="all of the law of $\\lambda$ given $x_i$ beyond its mean and variance, these by linear regression",
            neglected="third order in w: the closure and the exact drift differ by $F_y'''(0)/6$ times "
            "$\\kappa_4 (Cw)_i^3 - K(w,w,w)_i$",
            used=("cumulode.theory.closures.conditional",),
        ),
    )
    _law(d)
    _gaussian_data(d)
    _third_order(d)
    _two_spins(d)
    _peak(d)
    _gradient(d)
    _spins(d, parse(activation))
    return d


def normal(u: sp.Expr, v: sp.Expr = ONE) -> sp.Expr:
    """Gaussian density of mean zero and variance ``v``."""
    return sp.exp(-(u**2) / (2 * v)) / sp.sqrt(2 * sp.pi * v)


def _density(u: sp.Expr, at: sp.Expr, v: sp.Expr) -> sp.Expr:
    """Gaussian density of mean ``at`` and variance ``v``, the square in its exponent multiplied out."""
    return sp.exp(-(u**2) / (2 * v) + u * at / v - at**2 / (2 * v)) / sp.sqrt(2 * sp.pi * v)


def _gaussian_integrals(expr: sp.Expr) -> sp.Expr:
    """Integrals over the line of terms ``c``, ``c u`` times the exponential of a quadratic in u, done."""

    def done(integrand: sp.Expr, limits: sp.Tuple) -> sp.Expr:
        u, total = limits[0], sp.Integer(0)
        for term in sp.Add.make_args(sp.powsimp(sp.expand(integrand.rewrite(sp.exp)), combine="exp")):
            wave = next(f for f in sp.Mul.make_args(term) if isinstance(f, sp.exp) and f.has(u))
            gamma, beta, alpha = (sp.expand(wave.args[0]).coeff(u, n) for n in range(3))
            factor = (term / wave).subs(u, -beta / (2 * alpha))  # linear in u: its value at the centre
            total += factor * sp.sqrt(-sp.pi / alpha) * sp.exp(gamma - beta**2 / (4 * alpha))
        return total

    return expr.replace(sp.Integral, done)


_SQUARE = simplified("Gaussian integrals, the square completed", _gaussian_integrals)


def _law(d: Derivation) -> None:
    determinant = k2 - m**2
    joint = sp.exp(-(k2 * x**2 - 2 * m * x * lam + lam**2) / (2 * determinant)) / (2 * sp.pi * sp.sqrt(determinant))
    d.chain(
        "Two Gaussian variables $x_i$ and $\\lambda$ of variances 1 and $k_2 = w\\cdot Cw$ have the covariance "
        "$m_i = E[x_i\\lambda] = (Cw)_i$. The density of $\\lambda$ at given $x_i = x$ is their joint density over "
        "that of $x_i$: Gaussian, its mean the regression line $x\\,m_i$, its variance what the regression leaves, "
        "$k_2 - m_i^2$. The closure takes this law for any data.",
        r"p(\lambda\,|\,x)",
        joint / normal(x),
    ).equals(
        normal(lam - mean(x, m), variance(k2, m)),
        "completing the square",
        domain=INSIDE,
        **simplified("simplify"),
        name="conditional law",
    )


def _gaussian_data(d: Derivation) -> None:
    d.chain(
        "For Gaussian data nothing is lost. Take the force $e^{r\\lambda}$, for any $r$ (derivatives in $r$ at 0 give "
        "all powers). Its average at given $x$ is $e^{r x m_i + r^2(k_2 - m_i^2)/2}$, and the average over a Gaussian "
        "$x$ is what Stein's rule $E[x_i F] = (Cw)_i E[F']$ says.",
        r"E[x_i e^{r\lambda}]",
        sp.Integral(x * sp.exp(r * mean(x, m) + r**2 * variance(k2, m) / 2) * normal(x), (x, -sp.oo, sp.oo)),
    ).equals(m * r * sp.exp(r**2 * k2 / 2), "Stein's rule", domain=INSIDE, **_SQUARE, name="exact for Gaussian data")


def _third_order(d: Derivation) -> None:
    a, v = sp.symbols("a v", positive=True)
    f = [force_symbol(n) / sp.factorial(n) for n in range(4)]

    def averaged(at: sp.Expr) -> sp.Expr:
        cubic = sum((f[n] * lam**n for n in range(4)), sp.Integer(0))
        return (cubic + v / 2 * sp.diff(cubic, lam, 2)).subs(lam, mean(at, m))

    d.chain(
        "For other data, to third order in $w$: a cubic force averaged over a Gaussian of mean $x\\,m_i$ and variance "
        "$v = k_2 - m_i^2$ is $F + v F''/2$ at the mean. Of the marginal only $E[x_i^2] = 1$ and $E[x_i^4] = 3 + "
        "\\kappa_4$ then matter, so that the values $\\pm a$ with probability $1/(2a^2)$ each, and 0 otherwise, with "
        "$a^2 = 3 + \\kappa_4$, stand for any even marginal.",
        r"E[x_i F_y(\lambda)]",
        (averaged(a) - averaged(-a)) / (2 * a),
    ).equals(
        third_order(F1, F3, v + m**2, m, a**2 - 3),
        "odd terms collected; $k_2 = v + m_i^2$, $\\kappa_4 = a^2 - 3$",
        domain={a: (1.0, 2.5)},
        name="conditional third order",
    )
    d.chain(
        "Against the exact third order of any even law (drift.6, third order drift). The second cumulant enters as it "
        "should; of the fourth, $K(w,w,w)_i = \\sum_{jkl} K_{ijkl} w_j w_k w_l$ is replaced by the marginal's "
        "$\\kappa_4$ carried along three lines of $C$. (The difference of two formulas derived before, nothing more.)",
        r"f_i^{\mathrm{closure}} - f_i",
        third_order(F1, F3, k2, m, kappa4) - expand_drift(3).expr.subs(Cw, m),
    ).equals(F3 / 6 * (kappa4 * m**3 - Kwww), "the linear terms cancel", name="cumulant replaced")


def _two_spins(d: Derivation) -> None:
    law = spin_law(2)
    w, c = law.w, sp.Symbol("c", real=True)
    third = third_order(sp.Integer(0), sp.Integer(6), law.k2(), law.contracted(2), sp.Integer(-2))
    d.chain(
        "The smallest example: two spins $\\pm 1$ of correlation $c$, for which $\\kappa_4 = -2$. Let $\\Delta$ be "
        "$E[x_1\\lambda^3]$, the sum over their states, less the closure's $3 k_2 m_1 - 2 m_1^3$ with $m_1 = w_1 + c "
        "w_2$. All terms with a weight at the spin itself agree. What is missing belongs to the fourth cumulant of one "
        "spin with three times the other.",
        r"\Delta",
        law.mean(lambda s, field: s[0] * field**3) - third,
    ).equals((law.cumulant(0, 1, 1, 1) + 2 * c**3) * w[1] ** 3, "$K_{1222} - \\kappa_4 c^3 = -2c + 2c^3$")


def _peak(d: Derivation) -> None:
    """K_ijjj of the NLGP against kappa4 C_ij^3."""
    gain, xi = sp.Integer(3), 4
    q = gain**2 / (1 + gain**2)
    marginal = _code_cumulant(q, q, digits=15)
    c = {distance: squared_exponential(sp.Integer(distance), xi, sp) for distance in (1, 4)}
    exact = {distance: _code_cumulant(q, q * c[distance], digits=15) for distance in c}
    lines = [
        f"${float(exact[n]):+.3f}$ against ${float(marginal * arcsine_law(q, c[n], sp) ** 3):+.3f}$ at distance {n}"
        for n in c
    ]
    # a symbol, put to its value by its domain: SymPy would evaluate a number again and again to print it
    g = sp.Symbol("g", positive=True)
    fraction = g**2 / (1 + g**2)
    hidden = sp.erf(g * z / sp.sqrt(2)) ** 3 * sp.erf(g * c[4] * z / sp.sqrt(2 + 2 * g**2 * (1 - c[4] ** 2)))
    moment = 2 * sp.Integral(normal(z) * hidden, (z, 0, sp.oo)) / normalisation(fraction, sp) ** 2
    d.chain(
        "A peaked field, $w = e_j$, has $K(w,w,w)_i = K_{ijjj} = E[x_i x_j^3] - 3 C_{ij}$, against $\\kappa_4 "
        f"C_{{ij}}^3$. For the NLGP at $g = {gain}$, $\\xi = {xi}$, where $\\kappa_4 = {float(marginal):+.3f}$, the "
        f"two are {' and '.join(lines)}. At the peak itself both are $\\kappa_4$; beside it the closure's is far too "
        "small. At distance 4, $c_{ij} = 1/e$: at given $z_j = z$ the mean of $\\mathrm{erf}(g z_i/\\sqrt2)$ is "
        "$\\mathrm{erf}(g c z/\\sqrt{2 + 2 g^2(1-c^2)})$, which leaves one integral over $z$ for the moment. On the "
        "right, the code's integrand for the six pairs of Plackett's identity.",
        r"K_{ijjj}",
        moment - 3 * arcsine_law(fraction, c[4], sp),
    ).equals(
        _code_cumulant(q, q * c[4]),
        f"at $g = {gain}$: the integrand ``plackett_pair`` of the code, integrated to 30 digits",
        symbolic=False,
        domain={g: (float(gain), float(gain))},
    )


def _code_cumulant(q: sp.Expr, rr: sp.Expr, digits: int = 30) -> sp.Float:
    """K_ijjj from the code's Plackett pairs: three (i, j), the others j and j; three (j, j), the others i and j."""
    with mpmath.workdps(digits + 10):
        total = _pair_integral((rr, rr, rr, q, q, q)) + _pair_integral((q, rr, q, rr, q, rr))
        square = mpmath.mpmathify(sp.N(normalisation(q, sp), digits + 10)) ** 2
        return sp.Float(12 / mpmath.pi**2 * total / square, digits)


def _pair_integral(r: tuple[sp.Expr, ...]) -> mpmath.mpf:
    """The integral over tau of ``plackett_pair`` at correlations r, in the order of its arguments."""
    pair = plackett_pair()
    tau, tau_c, *names = pair.arguments
    at = dict(zip(names, [*r, *(1 - x for x in r)], strict=True)) | {tau_c: 1 - tau}
    steps = {symbol: expr.xreplace(at) for symbol, expr in pair.before}
    for symbol, expr in steps.items():
        at[symbol] = expr.xreplace(at)
    integrand = sp.lambdify(tau, pair.results[0].xreplace(at), "mpmath", cse=True)
    return mpmath.quad(integrand, [0, 1])


def _gradient(d: Derivation) -> None:
    """The Jacobian's antisymmetric part: in general, and on a ring of three sites."""
    t, c, mj = sp.symbols("t C_ij m_j", real=True)

    def along(mine: sp.Symbol, other: sp.Symbol) -> sp.Expr:
        """Derivative of the field at one site in the weight at the other, which grows by t."""
        grown = third_order(F1, F3, k2 + 2 * t * other + t**2, mine + t * c, kappa4)
        return sp.Subs(sp.Derivative(grown, t), t, 0)

    d.chain(
        "A flow has a potential where the Jacobian of its field $f$ is symmetric. When $w_j$ grows by $t$, $m_i$ grows "
        "by $t\\,C_{ij}$ and $k_2$ by $2 t m_j + t^2$. The terms with $C$ and $k_2$ turn out symmetric, "
        "$\\kappa_4 m_i^3$ does not.",
        r"\partial_j f_i - \partial_i f_j",
        along(m, mj) - along(mj, m),
    ).equals(antisymmetric(F3, kappa4, c, m, mj), "differentiation", name="no gradient")
    _three_sites(d)


def _three_sites(d: Derivation) -> None:
    w, c, size = sp.symbols("w_1:4", real=True), sp.Symbol("c", real=True), sp.Symbol("s", real=True)
    field = [w[i] + c * sum(w[j] for j in range(3) if j != i) for i in range(3)]
    square = w[0] ** 2 + w[1] ** 2 + w[2] ** 2 + 2 * c * (w[0] * w[1] + w[0] * w[2] + w[1] * w[2])
    f = [square * m_i + kappa4 / 3 * m_i**3 for m_i in field]
    d.chain(
        "On a ring of three sites with correlation $c$ between any two, $m_1 = w_1 + c(w_2 + w_3)$ and so on. The "
        "weights written out, $T_{12} = \\partial_2 f_1 - \\partial_1 f_2$ for the cubic part $f_i = k_2 m_i + "
        "\\kappa_4 m_i^3/3$ of the field (in units of half the third derivative of the force). For a peak, "
        "$w = (w_1, 0, 0)$, it is $c (1 - c^2) \\kappa_4 w_1^2$.",
        r"T_{12}",
        sp.Derivative(f[0], w[1]) - sp.Derivative(f[1], w[0]),
    ).equals(antisymmetric(sp.Integer(2), kappa4, c, field[0], field[1]), "differentiation").equals(
        kappa4 * c * (1 - c) * (w[0] - w[1]) * ((1 + c) * (w[0] + w[1]) + 2 * c * w[2]), "difference of squares"
    )
    same, third = size * (1 + c), -size * (1 + 3 * c)
    d.chain(
        "It vanishes for all correlated pairs only where $|m_i|$ is the same at every site: for a uniform field, and "
        "for one that $C$ takes to signs, here $w = s\\,(1 + c, 1 + c, -1 - 3c)$ with $m_1 = m_2 = -m_3$.",
        "m_1",
        same + c * (same + third),
    ).equals(-(third + 2 * c * same), "$-m_3$ in terms of $w_3$, $w_1$ and $w_2$")


def _spins(d: Derivation, chosen: Activation) -> None:
    v = sp.Symbol("v", positive=True)

    def wave(at: sp.Expr, spread: sp.Expr) -> sp.Expr:
        return sp.exp(r * (at + r * spread / 2))

    density = sp.exp(-(lam**2 + m**2) / (2 * v)) * sp.sinh(lam * m / v) / sp.sqrt(2 * sp.pi * v)
    d.chain(
        "For spins, $x_i = \\pm 1$, the average over $x_i$ is half the difference of two Gaussian averages, at the "
        "means $\\pm m_i$ and with variance $v = k_2 - m_i^2$. With the force $e^{r\\lambda}$; half the difference of "
        "the two densities is a hyperbolic sine times a Gaussian.",
        r"E[x_i e^{r\lambda}]",
        sp.Integral(sp.exp(r * lam) * density, (lam, -sp.oo, sp.oo)),
    ).equals(spins(wave, v + m**2, m), "Gaussian averages", **_SQUARE, name="conditional spins")
    d.chain(
        "Its third derivative in $r$ is the average of $x_i\\lambda^3$: the third order above with $\\kappa_4 = -2$.",
        r"E[x_i\lambda^3]",
        sp.Subs(sp.Derivative(spins(wave, k2, m), (r, 3)), r, 0),
    ).equals(third_order(sp.Integer(0), sp.Integer(6), k2, m, sp.Integer(-2)), "differentiation")
    _closed(d, chosen, v)


def _closed(d: Derivation, chosen: Activation, v: sp.Symbol) -> None:
    """The Gaussian average of one activation's force: in closed form where there is one, else by quadrature."""
    mu, found = sp.Symbol("mu", real=True), closed_form(chosen, 0)
    density = _density(h, mu, v)
    pieces = zip(chosen.force_pieces(), chosen.intervals, strict=True)
    start = sum((sp.Integral(force * density, (h, *between)) for force, between in pieces), sp.Integer(0))
    if found is None:
        force = chosen.force_pieces()[0].subs(h, mu + sp.sqrt(v) * z)
        rhs, words = sp.Integral(force * normal(z), (z, -sp.oo, sp.oo)), "taken by quadrature: it has no closed form"
    else:
        found = found.subs({at_mean: mu, at_variance: v}, simultaneous=True)
        short = min(found, sp.factor(found), key=lambda e: len(sp.latex(e)))
        rhs, words = short.replace(sp.erf, lambda e: sp.erf(sp.simplify(e))), "in closed form"
    d.chain(
        "For any force, $E[x_i F_y(\\lambda)] = [G(b + m_i, v) - G(b - m_i, v)]/2$ with $G(\\mu, v)$ the average of "
        f"$F_y$ over a Gaussian preactivation $h$ of mean $\\mu$ and variance $v$. For the activation {chosen.name} it "
        f"is {words}.",
        r"G(\mu, v)",
        start,
    ).equals(rhs, f"Gaussian average, {words}", symbolic=False, domain={v: (0.3, 1.5)})
