"""The covariance of one step from two cumulants, and what it does to the place of a field: part of the document."""

from __future__ import annotations

import sympy as sp

from cumulode.theory.closures import force_square as closed
from cumulode.theory.closures.force_square import kappa, x
from cumulode.theory.closures.pearson import nu
from cumulode.theory.closures.tree import moment
from cumulode.theory.derivation.derivation import Derivation
from cumulode.theory.dynamics import fluctuations as used

_a = sp.symbols("a0 a2 a4 a6", real=True)
#: An even function of the preactivation, of as high a degree as the polynomials.
SQUARE = sum((a * x ** (2 * n) for n, a in enumerate(_a)), sp.Integer(0))
_bounded = {"domain": {kappa: (-1.9, -0.1)}}


def mean(expr: sp.Expr, further: int = 0) -> sp.Expr:
    """Average over Pearson's law with ``nu + further``, ``x`` in units of the root of k2; in kappa, term by term."""
    terms = sp.Poly(sp.expand(expr), x).terms()
    moments = {n: _in_kappa((2 * nu) ** (n // 2) * moment(n // 2, nu + further)) for (n,), _ in terms if n % 2 == 0}
    return sum((_in_kappa(c) * moments[n] for (n,), c in terms if n in moments), sp.Integer(0))


def squared_force(d: Derivation) -> None:
    """Averages of the squared force by parts, the matrix they make, and the identity along w."""
    _by_parts(d)
    _matrix(d)


def _in_kappa(expr: sp.Expr) -> sp.Expr:
    return sp.factor(sp.cancel(sp.together(expr).subs(nu, -3 / kappa - 1)))


def _by_parts(d: Derivation) -> None:
    p, h2, h3 = [each.as_expr() for each in closed.polynomials()], closed.norm(2), closed.norm(3)
    c = mean(p[2] * p[3] ** 2) / h2
    texts = (
        "The noise away from $w = 0$. Let $G = F_y^2$, $x = \\lambda/\\sqrt{k_2}$, and $p_n(x)$ the orthogonal "
        "polynomials of Pearson's law, monic, $h_n = E[p_n^2]$. What is needed are the projections of $G$ on them. "
        "Each $p_n$ but the first is, times the weight of the law, a derivative, so that averages of $dG/dx$ over the "
        "law with $\\nu + 1$ remain: no digit is lost where $G$ hardly varies, and a force that jumps adds its jumps. "
        "Here for $G = \\sum_n a_{2n} x^{2n}$ to the sixth degree; both sides are linear in $G$, and the rule is one "
        "integration by parts for any other. The first is that on $p_2 = x^2 - 1$.",
        "The next is that on $p_4$, in units of $h_3$, with which it enters below.",
        "And the last that on $p_3^2$ less its parts along $1$ and $p_2$, $c = E[p_2 p_3^2]/h_2$.",
    )
    left = (p[2], p[4], p[3] ** 2 - h3 - c * p[2])
    names = (
        r"g_2 = \frac{E[p_2 G]}{h_2}",
        r"g_4 = \frac{E[p_4 G]}{h_3}",
        r"g_6 = \frac{E[(p_3^2 - h_3 - c p_2) G]}{h_3^2}",
    )
    labels = ("projection by parts", "fourth projection", "sixth projection")
    for text, name, polynomial, norm, row, label in zip(
        texts, names, left, (h2, h3, h3**2), closed.slope_polynomials(), labels, strict=True
    ):
        d.chain(text, name, mean(_flat(polynomial) * SQUARE) / norm).equals(
            mean(row * sp.diff(SQUARE, x), 1),
            f"$E_{{\\nu+1}}[R\\,dG/dx]$, $R = {sp.latex(row)}$",
            name=label,
            **_bounded,
        )


def _flat(polynomial: sp.Expr) -> sp.Expr:
    """A polynomial in x whose coefficients are in kappa."""
    return sum((_in_kappa(c) * x**n for (n,), c in sp.Poly(sp.expand(polynomial), x).terms()), sp.Integer(0))


def _matrix(d: Derivation) -> None:
    g0, g2, g4, g6 = averages = sp.symbols("g0 g2 g4 g6", real=True)
    h2, h3, c = sp.symbols("h2 h3 c", positive=True)
    C, K, u1, u2, T1, T2, k2, k4 = sp.symbols("C12 K12 u1 u2 T1 T2 k2 k4", real=True)
    uu, uT, TT = u1 * u2, u1 * T2 + T1 * u2, T1 * T2
    explained = uu * (g0 + h2 * g2) + uT * (g4 + g2) + TT * (h3**2 * g6 + h3 * g0 + c * h2 * g2) / h3**2
    rest = g0 * (C - uu - TT / h3) + g2 * (2 * uu + K - h2 * uu - uT - TT * c * h2 / h3**2)
    d.chain(
        "The matrix. Given the preactivation, the inputs have the mean $m = u\\,p_1 + (T/h_3)\\,p_3$ of the regression "
        "(closures.26, regression coefficients), $u = Cw/\\sqrt{k_2}$, $T = [K(w,w,w) - (k_4/k_2)\\,Cw]/k_2^{3/2}$. "
        "Their second moment has the part $C$ along $1$ and, as $E[x_i x_j p_2] = 2u_iu_j + K(w,w)_{ij}/k_2$, that "
        "part over $h_2$ along $p_2$; what $m m^T$ does not have of both is taken to have no part along higher "
        "polynomials. With $p_1^2 = 1 + p_2$, $p_1p_3 = p_4 + (h_3/h_2)\\,p_2$ and $K_{12} = K(w,w)_{12}/k_2$, first "
        "$E[G\\,m_1m_2]$, then the rest.",
        "E[G x_1 x_2]",
        explained + rest,
    ).equals(
        closed.entry(averages, C, K, u1, u2, T1, T2),
        "$g_0 C + g_2[2uu^T + K(w,w)/k_2] + g_4(uT^T + Tu^T) + g_6\\,TT^T$; the norms and $c$ cancel",
        name="squared force",
    )
    root = sp.sqrt(k2)
    positive = {k2: (0.3, 2.0), k4: (-0.2, 0.2)}
    d.chain(
        "A check that no closure of the rest can spoil: along $w$ itself, where $w\\cdot u = \\sqrt{k_2}$, "
        "$w\\cdot T = 0$ and $w\\cdot K(w,w)\\,w = k_4$, the matrix is the average of $\\lambda^2 G$ over the law, "
        "$h_2 = 2 + \\kappa$.",
        r"w \cdot E[G x x^T]\, w",
        closed.entry(averages, k2, k4 / k2, root, root, sp.Integer(0), sp.Integer(0)),
    ).equals(
        k2 * (g0 + (2 + k4 / k2**2) * g2),
        "$k_2\\,E[(1 + p_2)\\,G] = E[\\lambda^2 G]$",
        name="noise along w",
        domain=positive,
    )


def centre(d: Derivation) -> None:
    """Diffusion of a field along the direction in which nothing drives it back."""
    eta, left, moved = sp.Symbol("eta", positive=True), sp.symbols("l1 l2", real=True), sp.symbols("d1 d2", real=True)
    rows = sp.symbols("r1 r2", real=True)
    S = sp.Matrix(2, 2, [sp.Symbol(f"S{i}", real=True) for i in ("11", "12", "12", "22")])
    B = sp.Matrix(2, 2, [sp.Symbol(f"B{i}", real=True) for i in ("11", "12", "12", "22")])
    J = sp.Matrix([[-left[1] * rows[0], -left[1] * rows[1]], [left[0] * rows[0], left[0] * rows[1]]])
    l, dw = sp.Matrix(left), sp.Matrix(moved)
    rate = used.covariance_rate(J, S, B, eta)
    d.chain(
        "The place of a field. At a stationary field a translation costs nothing: $J\\,\\partial w = 0$, and there is "
        "a left vector $l$ with $l J = 0$. Moved by $\\delta$, the field is $w + \\delta\\,\\partial w$, so that "
        "$\\delta = l \\cdot (w' - w)/(l\\cdot\\partial w)$ is the part of a deviation that lasts, and its variance is "
        "$l\\cdot S\\,l/(l\\cdot\\partial w)^2$. Two weights, $J$ of rank one with $l J = 0$:",
        r"\frac{d}{dt}\,\frac{l \cdot S\,l}{(l\cdot\partial w)^2}",
        (l.T * rate * l)[0, 0] / (l.T * dw)[0, 0] ** 2,
    ).equals(
        eta * used.centre_diffusion(l, B, dw)[0, 0],
        "$J$ drops out: the centre diffuses, its variance grows without end",
        name="diffusion of the centre",
        domain={left[0]: (0.5, 1.0), moved[0]: (0.5, 1.0), left[1]: (0.1, 0.4), moved[1]: (0.1, 0.4)},
    )
