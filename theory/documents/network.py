"""K neurons with a common output: the averages over two neurons that their coupled flow is made of."""

from __future__ import annotations

from itertools import product
from math import comb, prod

import sympy as sp

from cumulode.theory.derivation.derivation import Derivation, Scope
from cumulode.theory.documents.drift.force import leibniz
from cumulode.theory.dynamics.committee import (
    DIRECTIONS,
    FOURTH,
    SLOPES_K,
    SLOPES_L,
    Q,
    label_drift,
    mixed_moment,
    pair_bias,
    pair_drift,
    pair_output,
)
from cumulode.theory.dynamics.drift import Cw, Kwww, expand_drift, force_symbol, k2
from cumulode.theory.neuron.activations import y

from .spins import spin_law

a, b = sp.symbols("a b", real=True)
tau, eps = sp.symbols("tau epsilon", real=True)
Cw_k, Cw_l, K_kkk, K_kkl, K_kll, K_lll = DIRECTIONS


def build(activation: str = "erf", order: int = 3) -> Derivation:
    """Mixed moments of two preactivations, the pair's drift and bias, one neuron, and many balanced ones."""
    d = Derivation(
        "network",
        "The flow of a committee",
        "The output of $K$ neurons is $s = \\frac1K\\sum_l \\sigma(h_l)$, $h_l = w_l\\cdot x + b_l$. The weights of "
        "each move by $\\sum_y p_y E_y[(y - s)\\,\\sigma'(h_k)\\,x]$ and its bias by the same without $x$: the "
        "gradient of the loss times $K$. Beside the label's term stand averages over two neurons, $-\\frac1K\\sum_l "
        "E[\\sigma'(h_k)\\sigma(h_l)\\,x]$. They are expanded at the biases, $u_n = \\sigma^{(n)}(b_k)$ and $v_n = "
        "\\sigma^{(n)}(b_l)$, in joint cumulants of the two preactivations: $q_{kl} = w_k\\cdot C w_l$, $K_{kkl} = "
        "K(w_k,w_k,w_l)$, $f_{kkll} = K(w_k,w_k,w_l,w_l)$.",
        scope=Scope(
            small="the weights w of all neurons, at fixed biases",
            dropped="powers of w beyond the third in dw/dt, beyond the fourth in db/dt; in the limit of many balanced "
            "neurons, the output of the others",
            neglected="order 5 in w (order 6 for the biases), where the sixth cumulant enters; for many balanced "
            "neurons order 3 in w",
            used=("cumulode.theory.dynamics.committee", "cumulode.numerics.solve_network"),
        ),
    )
    _moments(d)
    _spins(d)
    _gradient(d)
    _one_neuron(d)
    _balanced(d)
    return d


def _moments(d: Derivation) -> None:
    with_x = a**3 * K_kkk + 3 * a**2 * b * K_kkl + 3 * a * b**2 * K_kll + b**3 * K_lll
    c = tau * (a * Cw_k + b * Cw_l) + tau**3 * with_x / 6
    k = tau**2 * (a**2 * Q[0] + 2 * a * b * Q[1] + b**2 * Q[2]) / 2
    powers = (comb(3, m) * a**m * b ** (3 - m) * mixed_moment(m, 3 - m, site=True) for m in range(4))
    d.chain(
        "Cumulants are multilinear: those of $a\\lambda_k + b\\lambda_l$ are polynomials in $a$ and $b$ whose "
        "coefficients are the joint cumulants. So the third moment with $x_i$, from the generating function of the "
        "document drift, holds all four mixed moments $E[x_i\\lambda_k^m\\lambda_l^{3-m}]$ at once; each is a sum over "
        "set partitions. The law is even, so odd cumulants vanish, and nothing is dropped.",
        r"E[x_i (a\lambda_k + b\lambda_l)^3]",
        sp.Subs(sp.Derivative(c * sp.exp(k), (tau, 3)), tau, 0),
    ).equals(sum(powers, sp.S.Zero), "the coefficients of $a^m b^{3-m}$", name="mixed moment of two neurons")


def _spins(d: Derivation) -> None:
    """Two spins: the sum over states against the cumulants of their law."""
    law, v = spin_law(2), sp.symbols("z_1 z_2", real=True)

    def joint(*vectors: tuple[sp.Symbol, ...]) -> sp.Expr:
        sites = product(range(2), repeat=len(vectors))
        return sp.Add(*(law.cumulant(0, *s) * prod(u[i] for u, i in zip(vectors, s, strict=True)) for s in sites))

    w = law.w
    second = {
        pair: sum(law.cumulant(i, j) * u[i] * z[j] for i in range(2) for j in range(2))
        for pair, (u, z) in zip(Q, ((w, w), (w, v), (v, v)), strict=True)
    }
    along = (joint(w), joint(v), joint(w, w, w), joint(w, w, v), joint(w, v, v), joint(v, v, v))
    values = second | dict(zip(DIRECTIONS, along, strict=True))
    d.chain(
        "Checked on two spins $\\pm1$ of correlation $c$ that can be summed by hand, with $w$ the weights of one "
        "neuron and $z$ those of the other: the sum over the states, each together with its mirror image, then from "
        "the cumulants of this law.",
        r"2\,E[x_1 \lambda_k^2\lambda_l]",
        sp.Add(*(2 * term for term in law.mean(lambda s, h: s[0] * h**2 * (v[0] * s[0] + v[1] * s[1])).args)),
    ).equals(sp.expand(2 * mixed_moment(2, 1, site=True).subs(values)), "its $C$ and $K$ inserted")


def _gradient(d: Derivation) -> None:
    """The drift of a pair as derivatives of the average of the two outputs."""
    output = pair_output().subs(SLOPES_K[0], 0)
    moved = dict(zip(Q, (Q[0] + 2 * eps * Cw_k, Q[1] + eps * Cw_l, Q[2]), strict=True))
    steps = (4 * K_kkk, 3 * K_kkl, 2 * K_kll, K_lll, 0)
    moved |= {f: f + eps * step for f, step in zip(FOURTH, steps, strict=True)}
    d.chain(
        "The loss holds $E[\\sigma(h_k)\\sigma(h_l)]$, here to fourth order and without the part $\\sigma(b_k)"
        "E[\\sigma(h_l)]$, in which $w_k$ does not occur. Its derivative in $w_k$, with $\\partial q_{kk} = 2Cw_k$, "
        "$\\partial q_{kl} = Cw_l$, $\\partial f_{kkkk} = 4K_{kkk}$, $\\partial f_{kkkl} = 3K_{kkl}$, $\\partial "
        "f_{kkll} = 2K_{kll}$ and $\\partial f_{klll} = K_{lll}$, is the average in the drift to third order, from "
        "moments that hold $x_i$.",
        r"E[\sigma'(h_k)\sigma(h_l)\,x_i]",
        sp.Subs(sp.Derivative(output.subs(moved, simultaneous=True), eps), eps, 0),
    ).equals(pair_drift(), "differentiation, and the mixed moments", name="pair drift")
    shifted = {SLOPES_K[n]: SLOPES_K[n] + eps * SLOPES_K[n + 1] for n in range(5)}
    d.chain(
        "Its derivative in the bias $b_k$, $\\partial u_n = u_{n+1}$, is the average in the drift of the bias to "
        "fourth order. So at these orders weights and biases together descend one potential.",
        r"E[\sigma'(h_k)\sigma(h_l)]",
        sp.Subs(sp.Derivative(_small_first(shifted), eps), eps, 0),
    ).equals(pair_bias(), "differentiation", name="pair bias")


def _small_first(shifted: dict[sp.Symbol, sp.Expr]) -> sp.Expr:
    """The average of the two outputs at a bias moved by epsilon."""
    return pair_output().subs(shifted, simultaneous=True)


def _one_neuron(d: Derivation) -> None:
    s = SLOPES_K
    alone = dict.fromkeys(Q, k2) | dict.fromkeys(DIRECTIONS[:2], Cw) | dict.fromkeys(DIRECTIONS[2:], Kwww)
    alone |= dict(zip(SLOPES_L, s, strict=True))
    force = {force_symbol(n): leibniz((*s,), n) for n in (1, 3)}
    d.chain(
        "One neuron alone is its own partner. With all $q$ equal to $k_2$ the label's and the pair's term are the "
        "drift of the document drift, with the derivatives of the force $F_y = (y - \\sigma)\\sigma'$.",
        r"E[(y - s)\,\sigma'(h)\,x_i]",
        (y * label_drift() - pair_drift()).subs(alone, simultaneous=True),
    ).equals(expand_drift(3).expr.subs(force), "Leibniz' rule")


def _balanced(d: Derivation) -> None:
    a1, a3, a5, t = sp.symbols("a_1 a_3 a_5 t", real=True)
    u, v = sp.symbols("lam mu", real=True)

    def sigma(h: sp.Expr) -> sp.Expr:
        return a1 * h + a3 * h**3 + a5 * h**5

    mean = sum((sigma(sign * b + turn * t * h) for sign, h in ((1, u), (-1, v)) for turn in (1, -1)), sp.S.Zero) / 4
    d.chain(
        "Many balanced neurons: half the biases $b$, half $-b$, an odd activation (here of fifth degree), and within "
        "each half as many neurons at $-w$ as at $w$, as independent random starts of zero mean are for $K \\to "
        "\\infty$ (for finite $K$ up to $K^{-1/2}$). The flow keeps this: $s$ is then even in $x$, and for an even "
        "law the drift of $-w$ is minus that of $w$. The output at preactivations $\\lambda$ and $\\mu$ of neurons in "
        "the two halves vanishes at $w = 0$ and has no part linear in $w$; the second order, "
        "$\\sigma''(b)\\,(\\lambda^2 - \\mu^2)/4$ with the squares averaged over the halves, is the first. It too "
        "vanishes while the halves have one covariance of weights. Without it each neuron feels $y\\,\\sigma'(h)\\,x$ "
        "and none of the others: the closure mean-field.",
        r"\partial_t^2\,\bar s\,\big|_{t=0}",
        sp.Subs(sp.Derivative(mean, (t, 2)), t, 0),
    ).equals((6 * a3 * b + 20 * a5 * b**3) * (u**2 - v**2) / 2, "differentiation", name="balanced output")
