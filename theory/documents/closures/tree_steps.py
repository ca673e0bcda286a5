"""The tree closure in the closures document: the gradient of Q, c6 from F' over the law with nu + 1, the bound of Q."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import sympy as sp

from cumulode.theory.closures import third_norm as validity
from cumulode.theory.closures import tree, tree_drift
from cumulode.theory.closures.pearson import BOUNDED, nu
from cumulode.theory.derivation.derivation import Derivation
from cumulode.theory.documents.rewritings import RATIONAL
from cumulode.theory.dynamics.drift import k2, k4
from cumulode.theory.equations import d_4
from cumulode.theory.equations import lam as node

from .pearson_steps import _RATIONAL, Moment, S, a, average, mean, mu

_W = sp.symbols("w_0:2", real=True)
_NEIGHBOUR = sp.Symbol("c", real=True)
_K = sp.symbols("K_0:3", real=True)  # by how many of the four sites are the other one: 0 or 4, 1 or 3, 2


def gradient(d: Derivation) -> None:
    """The gradient of ``Q = T.C^-1 T - k4^2/k2`` on a ring of two sites."""
    C = sp.Matrix([[1, _NEIGHBOUR], [_NEIGHBOUR, 1]])
    w = sp.Matrix(_W)
    T = _cubic(w, w, w)
    u = C.inv() * T
    second, fourth = (w.T * C * w)[0], (w.T * T)[0]
    ratio = fourth / second
    Q = (T.T * u)[0] - fourth**2 / second
    slope = _slope_of_form(ratio, (C * w, T, _cubic(w, w, u), w))
    d.chain(
        "The closure tree adds $\\chi Q c_6$ to pearson's potential, $Q = T\\cdot C^{-1}T - k_4^2/k_2$ with $T = "
        "K(w,w,w)$. $Q \\ge 0$ by Cauchy and Schwarz, and zero where $T$ is parallel to $Cw$. With $u = C^{-1}T$ its "
        "gradient is $6K(w,w,u) - 8(k_4/k_2)T + 2(k_4/k_2)^2Cw$, here in one weight on a ring of two sites, with any "
        "neighbour's covariance $c$ and any $K_{0000}$, $K_{0001}$, $K_{0011}$. With any number of sites $T$ stands "
        "twice in $T\\cdot C^{-1}T$ and is of third degree, its derivative is $3K(w,w,\\cdot)$, and both factors give "
        "$3K(w,w,u)$ as $C$ and $K$ are symmetric; the rest is the chain rule for $k_4^2/k_2$.",
        r"\partial Q/\partial w_0",
        sp.Derivative(Q, _W[0]),
    ).equals(slope[0], "symmetry of C and K", name="tree gradient", **RATIONAL, domain={_NEIGHBOUR: (0.1, 0.6)})


def _slope_of_form(ratio: sp.Expr, fields: Sequence[sp.Matrix]) -> sp.Matrix:
    """The gradient of Q as the drift has it: its part with c6, without slopes of c6 and without ridge."""
    only = dict.fromkeys((tree_drift.A, tree_drift.B, tree_drift.c6_k2, tree_drift.c6_k4, tree_drift.ridge), 0)
    only |= {tree_drift.c6: 1, tree_drift.chi: 1, tree_drift.ratio: ratio}
    total = sp.zeros(2, 1)
    for coefficient, field in zip(tree_drift.drift(), fields, strict=True):
        total += coefficient.subs(only) * field
    return total


def bound(d: Derivation) -> None:
    """Q as a squared projection on P_3, and its bound h3 in k2 and kappa."""
    u = sp.symbols("u_0:2", real=True)
    second, fourth, square = _product(_W, _W), _product(_W, u), _product(u, u)
    rest = [x - fourth / second * y for x, y in zip(u, _W, strict=True)]
    d.chain(
        "How far a closure in $k_2$ and $k_4$ can be trusted: with $r = E[xP_3] = T - (k_4/k_2)Cw$, $Q$ is $r\\cdot "
        "C^{-1}r$, the largest of $(a\\cdot r)^2/a\\cdot Ca$ over directions $a$. On two sites, with $u = C^{-1}T$ any "
        "vector, so that $r = C(u - (k_4/k_2)w)$ and $k_4 = w\\cdot Cu$. The expansion needs no more than these and "
        "the symmetry of $C$, and so holds with any number of sites:",
        r"r\cdot C^{-1}r",
        _product(rest, rest),
    ).equals(square - fourth**2 / second, "expansion of the square", **RATIONAL, domain={_NEIGHBOUR: (0.1, 0.6)})
    order = -3 * k2**2 / k4 - 1
    m4, m6 = (Moment(n, order, sp.sqrt(2 * order * k2)) for n in (4, 6))
    d.chain(
        "So by Cauchy and Schwarz $0 \\le Q \\le E[P_3^2] = \\mu_6 - \\mu_4^2/k_2$, for Pearson's law and with "
        "$\\kappa = k_4/k_2^2$ a function that is zero for two points, at $\\kappa = -2$, $6k_2^3$ for a Gaussian, and "
        "has a pole at $\\kappa = 3$, from where on the law has no sixth moment. $\\rho = Q/E[P_3^2]$ is the share of "
        "$P_3$ that the inputs explain.",
        "E_\\nu[P_3^2]",
        m6 - m4**2 / k2,
    ).equals(
        validity.third_norm().subs(validity.kappa, k4 / k2**2),
        "moments in k2 and k4",
        name="third norm",
        **_RATIONAL | {"domain": {k2: (1.0, 2.0), k4: (-1.6, -0.4)}},
    )


def _product(a: Sequence[sp.Expr], b: Sequence[sp.Expr]) -> sp.Expr:
    """``a.C b`` on two sites."""
    return a[0] * b[0] + a[1] * b[1] + _NEIGHBOUR * (a[0] * b[1] + a[1] * b[0])


def _cubic(*fields: sp.Matrix) -> sp.Matrix:
    """K contracted with three fields on two sites."""
    total = sp.zeros(2, 1)
    for index in product(range(2), repeat=4):
        others = min(sum(index), 4 - sum(index))
        total[index[0]] += _K[others] * sp.Mul(*(v[i] for v, i in zip(fields, index[1:], strict=True)))
    return total


def coefficient(d: Derivation) -> None:
    """c6 as the projection of Phi on P_6, as an average of its sixth derivative, and as the code sums it."""
    phi = a[6] * node**6 + a[8] * node**8
    p6 = _sixth_polynomial()
    sums, (c6, _, _) = tree.coefficient_sums(BOUNDED)
    slope = sp.diff(phi, node, 2)
    scale = {k2: S**2 / (2 * nu), k4: -3 * (S**2 / (2 * nu)) ** 2 / (nu + 1)}
    known = {symbol: mean(sp.expand(e.xreplace(scale | {d_4: slope})), 1) for symbol, e in list(sums.items())[:2]}
    d.chain(
        "$c_6$ is the projection of $\\Phi$ on the sixth orthogonal polynomial, so that to first order $Qc_6$ is what "
        "a sixth cumulant larger than Pearson's by $Q$ adds to $\\Psi$. By parts it is an average of $\\Phi^{(6)}/720$ "
        "over the law with $\\nu + 6$ (here for $\\Phi = a_6\\lambda^6 + a_8\\lambda^8$) and, undone, of $F'$ over "
        "that with $\\nu + 1$, as the code sums it.",
        r"\frac{E_\nu[P_6\Phi]}{E_\nu[P_6^2]}",
        average(r"P_6\Phi", p6 * phi) / average("P_6^2", p6 * node**6),
    ).equals(mean(sp.diff(phi, node, 6) / 720, 6), "integration by parts, six times", **_RATIONAL).equals(
        c6.xreplace(scale).xreplace(known), "integration by parts, four times", name="tree coefficient", **_RATIONAL
    )


def _sixth_polynomial() -> sp.Expr:
    """``P_6`` by orthogonality to 1, lam^2 and lam^4 under the law itself."""
    unknown = sp.symbols("p_0:3")
    poly = node**6 + sum(p * node ** (2 * n) for n, p in enumerate(unknown))
    moments = {n: mu(n).doit() for n in range(0, 12, 2)}
    equations = [
        sum(c * moments[n] for (n,), c in sp.Poly(sp.expand(poly * node ** (2 * j)), node).terms()) for j in range(3)
    ]
    return poly.subs({p: sp.factor(v) for p, v in sp.solve(equations, unknown, dict=True)[0].items()})
