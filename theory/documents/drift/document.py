"""The population drift in moments and cumulants, to any odd order, and the derivatives of the force."""

from __future__ import annotations

from itertools import combinations
from math import comb, factorial
from typing import Any

import sympy as sp

from cumulode.theory.cumulants.partitions import joint_cumulant, joint_moment, moments_from_cumulants
from cumulode.theory.derivation.derivation import Derivation, Scope
from cumulode.theory.documents.spins import spin_law
from cumulode.theory.dynamics.drift import Cw, Kwww, expand_drift, force_symbol, k2, k4, mixed_moment
from cumulode.theory.neuron.activations import parse

from .force import cuts, higher_derivative, nested, of_activation

t, tau, lam = sp.symbols("t tau lam", real=True)


def build(activation: str = "erf", order: int = 3) -> Derivation:
    """E[x_i F(w.x)] to odd ``order``: moments from set partitions, the drift, its coefficients for one activation."""
    neglected, chosen = expand_drift(order).first_neglected()[1], parse(activation)
    d = Derivation(
        "drift",
        "The drift in cumulants",
        "The force $F_y(\\lambda) = (y - \\sigma(\\lambda + b))\\,\\sigma'(\\lambda + b)$ of one neuron is expanded in "
        "its preactivation $\\lambda = w\\cdot x$. The drift $E[x_i F_y(\\lambda)]$ of a class becomes a sum of mixed "
        "moments, each of them a sum over set partitions. For a law that is even under $x \\to -x$ second and fourth "
        "cumulant give the drift to third order exactly; the sixth enters at order five. At the end the two meanings "
        "of third order, force cut or activation cut, are compared.",
        scope=Scope(
            small="the weights w, through the preactivation w.x, at fixed bias",
            dropped=f"powers of w beyond {order}" + (", and cumulants beyond the fourth" if order > 3 else ""),
            neglected=neglected,
            used=("cumulode.theory.dynamics.drift.expand_drift", "cumulode.theory.closures.family"),
        ),
    )
    _pairing(d)
    _partitions(d)
    _odd_cumulants(d)
    _even_moment(d, 3, "mixed moment")
    _three_spins(d)
    _drift(d, 3, "third order drift")
    _even_moment(d, 5, "sixth cumulant")
    _two_spins(d)
    cuts(d)
    of_activation(d, chosen)
    for n in range(5, order + 1, 2):
        if n > 5:
            _even_moment(d, n)
        _drift(d, n)
        higher_derivative(d, chosen, n)
    return d


def _pairing(d: Derivation) -> None:
    x = sp.Symbol("x_i", real=True)
    f = [force_symbol(j) / sp.factorial(j) for j in range(5)]

    def force(at: sp.Expr) -> sp.Expr:
        return sum((f[j] * at**j for j in range(5)), sp.Integer(0))

    d.chain(
        "Expanding the force, $E[x_i F_y(\\lambda)] = \\sum_n F_y^{(n)}(0)\\,E[x_i\\lambda^n]/n!$. An even law gives "
        "$x$ and $-x$ the same weight; averaged over such a pair, here with the force to fourth order, only its odd "
        "derivatives are left.",
        r"\frac{x_i F_y(\lambda) - x_i F_y(-\lambda)}{2}",
        x / 2 * (force(lam) - force(-lam)),
    ).equals(x * (f[1] * lam + f[3] * lam**3), "the even powers cancel between x and -x")


def _partitions(d: Derivation) -> None:
    """E[x_i lam^3] with means and third cumulants kept: from the generating function, and over set partitions."""
    m, k1, k3, T = sp.symbols("m_i k_1 k_3 T_i", real=True)
    with_x, alone = {1: m, 2: Cw, 3: T, 4: Kwww}, {1: k1, 2: k2, 3: k3}
    c = nested([m, Cw, T / 2, Kwww / 6], t)
    k = nested([0, k1, k2 / 2, k3 / 6], t)
    d.chain(
        "Cumulants are defined by $\\log E[e^{s x_i + t\\lambda}] = k(t) + s\\,c(t) + O(s^2)$, so $E[x_i\\lambda^n]$ "
        "is the $n$-th derivative of $c\\,e^{k}$ at $t = 0$. Take any law, with mean $m_i = E[x_i]$, $T_i$ the third "
        "cumulant of $x_i, \\lambda, \\lambda$, and $k_n$ the cumulants of $\\lambda$. The third derivative is the "
        "sum over all partitions of $x_i, \\lambda, \\lambda, \\lambda$ into blocks, of the product of the blocks' "
        "cumulants.",
        r"E[x_i \lambda^3]",
        sp.Subs(sp.Derivative(c * sp.exp(k), (t, 3)), t, 0),
    ).equals(
        joint_moment(("x", *("lam",) * 3), lambda block: (with_x if "x" in block else alone)[len(block)]),
        "the 15 partitions of four items, equal products collected",
        name="set partitions",
    )


def _odd_cumulants(d: Derivation) -> None:
    """Cumulants of an odd number of variables, with a factor epsilon for every odd moment."""
    eps = sp.Symbol("epsilon", positive=True)
    s = dict(zip("ijk", sp.symbols("s_i s_j s_k", real=True), strict=True))

    def moment(block: tuple[Any, ...]) -> sp.Expr:
        return eps ** (len(block) % 2) * sp.Symbol("m_" + "".join(sorted(block)), real=True)

    blocks = [block for size in (1, 2, 3) for block in combinations("ijk", size)]
    joint = 1 + sum(moment(block) * sp.Mul(*(s[site] for site in block)) for block in blocks)
    d.chain(
        "Why odd cumulants drop out for an even law: every partition of an odd number of sites has a block of odd "
        "size. Mark each odd moment by a factor $\\epsilon$. In the cumulant of three sites, the mixed derivative of "
        "the logarithm of the moment generating function, every term carries it; an even law has $\\epsilon = 0$.",
        r"\kappa_{ijk}",
        sp.Subs(sp.Derivative(sp.log(joint), *s.values()), tuple(s.values()), (0, 0, 0)),
    ).equals(
        joint_cumulant(("i", "j", "k"), moment),
        "the five partitions of three sites, with weight $(-1)^{p-1}(p-1)!$ for $p$ blocks",
        name="odd cumulants",
    )


_WORDS = {
    3: "For an even law $c/t$ and $k$ depend on $\\tau = t^2/2$ alone, $c/t = (Cw)_i + \\tau K(w,w,w)_i/3 + \\ldots$ "
    "and $k = \\tau k_2 + \\tau^2 k_4/6 + \\ldots$, and $E[x_i\\lambda^{2m+1}]$ is $(2m+1)!!$ times the $m$-th "
    "derivative in $\\tau$. At third order the block that holds $x_i$ takes one or three of the factors $\\lambda$.",
    5: "At order five the sixth cumulant enters: $K_6$, that of $x_i$ and five factors $\\lambda$, stands beside "
    "products of the second and the fourth. It is the one term that a theory of second and fourth cumulants drops "
    "at this order.",
}


def _even_moment(d: Derivation, n: int, name: str | None = None) -> None:
    """E[x_i lam^n] of an even law: what the code keeps, then the terms with cumulants beyond the fourth."""
    half = (n - 1) // 2
    with_x = {2: Cw, 4: Kwww} | {j: sp.Symbol(f"K_{j}", real=True) for j in range(6, n + 2, 2)}
    alone = {2: k2, 4: k4} | {j: sp.Symbol(f"k_{j}", real=True) for j in range(6, n, 2)}
    c = [with_x[2 * j + 2] * sp.Rational(2**j, factorial(2 * j + 1)) for j in range(half + 1)]
    k = [alone[2 * j] * sp.Rational(2**j, factorial(2 * j)) for j in range(1, half + 1)]
    moments = [1, *moments_from_cumulants([alone.get(j, sp.Integer(0)) for j in range(1, n)])]
    exact = sum((comb(n, j) * with_x[j + 1] * moments[n - j] for j in range(1, n + 1, 2)), sp.Integer(0))
    with_c, with_k = mixed_moment(n)
    kept = sp.expand(with_c * Cw + with_k * Kwww)
    further = f"Order {n}: the cumulants beyond the fourth, $K_j$ with and $k_j$ without $x_i$, are dropped."
    d.chain(
        _WORDS.get(n, further),
        rf"E[x_i \lambda^{{{n}}}]",
        sp.factorial2(n) * sp.Subs(sp.Derivative(nested(c, tau) * sp.exp(nested([0, *k], tau)), (tau, half)), tau, 0),
    ).equals(
        kept + sp.expand(exact - kept),
        "differentiation; grouped by the block that holds $x_i$" + (", nothing dropped" if n == 3 else ""),
        name=name,
    )


def _drift(d: Derivation, order: int, name: str | None = None) -> None:
    """The drift of one class: derivatives in tau without cumulants beyond the fourth, and the expansion."""
    half = (order - 1) // 2
    generating = nested([Cw, Kwww / 3], tau) * sp.exp(nested([0, k2, k4 / 6][: half + 1], tau))

    def term(m: int) -> sp.Expr:
        weight = force_symbol(2 * m + 1) / (2**m * factorial(m))
        return weight * sp.Subs(sp.Derivative(generating, (tau, m)), tau, 0)

    found = expand_drift(order).expr
    start, rhs = (term(0) + term(1), found) if order == 3 else (term(half), found - expand_drift(order - 2).expr)
    words = (
        "Hence the drift of one class to third order in $w$. Since $(2m+1)!!/(2m+1)! = 1/(2^m m!)$, it is the sum of "
        "$F_y^{(2m+1)}(0)/(2^m m!)$ times the $m$-th derivative in $\\tau$: $A\\,(Cw)_i + B\\,K(w,w,w)_i$ with $A = "
        "F_y'(0) + F_y'''(0)\\,k_2/2$ and $B = F_y'''(0)/6$."
    )
    d.chain(
        words if order == 3 else f"What order {order} adds, without cumulants beyond the fourth.",
        r"E[x_i F_y(\lambda)]" + (rf"\big|_{{{order}}}" if order > 3 else ""),
        start,
    ).equals(rhs if order == 3 else sp.expand(rhs), "differentiation", name=name)


def _three_spins(d: Derivation) -> None:
    law = spin_law(3)
    states = law.mean(lambda s, field: s[0] * field**3)
    values = {k2: law.k2(), Cw: law.contracted(2), Kwww: law.contracted(4)}
    with_c, with_k = mixed_moment(3)
    d.chain(
        "An independent check on a law that can be summed by hand: three spins $x_i = \\pm 1$ of correlations "
        "$c_{12}, c_{13}, c_{23}$, whose most general even law is $p(x) = (1 + c_{12}x_1x_2 + c_{13}x_1x_3 + "
        "c_{23}x_2x_3)/8$. First the sum over its states, each together with its mirror image; then $3 k_2 (Cw)_1$ "
        "and $K(w,w,w)_1$ from the cumulants of this law (both times four).",
        r"4\,E[x_1 \lambda^3]",
        sp.Add(*(4 * term for term in states.args)),
    ).equals((4 * with_c * Cw).subs(values) + sp.expand(4 * with_k * values[Kwww]), "its $C$ and $K$ inserted")


def _two_spins(d: Derivation) -> None:
    law = spin_law(2)
    states = law.mean(lambda s, field: s[0] * field**5)
    values = {k2: law.k2(), Cw: law.contracted(2), Kwww: law.contracted(4), k4: law.k4()}
    with_c, with_k = mixed_moment(5)
    kept = [sp.factor(term.subs(values)) for term in sp.expand(with_c * Cw + with_k * Kwww).args]
    d.chain(
        "Checked on two spins of correlation $c$. The last term is $K_6$, from the moments of this law up to the "
        "sixth; the others are those that are kept.",
        r"E[x_1 \lambda^5]",
        states,
    ).equals(sp.Add(*kept, sp.factor(law.contracted(6))), "second, fourth and sixth cumulants of the two spins")
