"""The cubic term of the drift as a field equation: convolutional decomposition, small gain, sorted gaps."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from itertools import combinations_with_replacement, pairwise, product

import numpy as np
import sympy as sp

from cumulode.theory.cumulants import ising
from cumulode.theory.cumulants.cubic import (
    border_rank_pair,
    coincidence_correction,
    convolutional_cubic,
    ordered_cubic,
    ordered_gradient,
    small_gain_cubic,
)
from cumulode.theory.cumulants.nlgp import PAIRS, small_gain_fourth
from cumulode.theory.derivation.derivation import Derivation, Scope

q, eps = sp.symbols("q epsilon", positive=True)
W = sp.symbols("w_0:4", real=True)
RING = 3
_PAIR_SITES = [("ijkl".index(pair[0]), "ijkl".index(pair[1])) for pair in PAIRS]
c = (sp.Symbol("c_0", real=True), *[sp.Symbol("c_1", real=True)] * 2)  # an even covariance on three sites


def build(activation: str = "erf", order: int = 3) -> Derivation:
    """Field equation, small gain and border rank, the sum over sorted sites, power iteration."""
    d = Derivation("cubic", "The cubic term as a field equation", _about(), scope=_scope())
    _field_equation(d)
    _small_gain(d)
    _border_rank(d)
    _multiplicities(d)
    _ordered(d)
    _spins(d)
    _power_iteration(d)
    return d


def _about() -> str:
    return (
        "The drift holds the cubic term $K(w,w,w)_i = \\sum_{jkl} K_{ijkl} w_j w_k w_l$, with as many entries as "
        "$D^3$. Here it is written with convolutions, in two ways: a convolutional tensor decomposition, whose factors "
        "are localised fields and whose small-gain limit is reached only by two terms that nearly cancel; and a sum "
        "over sorted sites, in which $K$ has a low rank. The last part shows why power iteration with such a cubic "
        "term localises. $f \\ast g$ is the convolution on the ring."
    )


def _scope() -> Scope:
    return Scope(
        small="$q = g^2/(1+g^2)$ in the small-gain field equation and $\\epsilon$ in the border rank pair; else none",
        dropped="in the small-gain field equation, terms of $K$ beyond the first order in $q$",
        neglected="$q^2$ in the small-gain field equation; $\\epsilon^2$ in the border rank pair",
        used=("cumulode.theory.cumulants.cubic",),
    )


def _contraction(entry: Callable[[tuple[int, ...]], sp.Expr], first: int, sites: int) -> sp.Expr:
    """Sum of ``entry(first, j, k, l) w_j w_k w_l`` over all j, k, l, equal products collected."""
    count = Counter(tuple(sorted(others)) for others in product(range(sites), repeat=3))
    terms = (n * sp.factor_terms(entry((first, *o))) * sp.Mul(*(W[i] for i in o)) for o, n in count.items())
    return sum(terms, sp.S.Zero)


def _spread(expr: sp.Expr) -> sp.Expr:
    """A sum of products with sums: its outermost products multiplied out, so that lines can be broken there."""
    total = sp.S.Zero
    for term in sp.Add.make_args(expr):
        factor, inner = term.as_independent(sp.Add, as_Add=False) if term.is_Mul else (sp.S.One, term)
        total += sp.Add(*(factor * part for part in sp.Add.make_args(inner)))
    return total


def _field_equation(d: Derivation) -> None:
    G, weight = sp.symbols("G_0:3", real=True), sp.Symbol("a", real=True)

    def entry(sites: tuple[int, ...]) -> sp.Expr:
        return weight * sum(sp.Mul(*(G[(i - m) % RING] for i in sites)) for m in range(RING))

    d.chain(
        "One term of a convolutional decomposition, $K_{ijkl} = a \\sum_m G_{i-m}G_{j-m}G_{k-m}G_{l-m}$ with a kernel "
        "$G$ of any shape, on a ring of three sites: the sum over $j$, $k$ and $l$ is the cube of a field that is seen "
        "through the kernel. With any number of sites the three sums factorise for each $m$. "
        "The equation is linear in $K$, so that several terms add.",
        "K(w,w,w)_0",
        _contraction(entry, 0, RING),
    ).equals(_spread(convolutional_cubic((G,), (weight,), W[:RING])[0]), "the sum over m last", name="field equation")


def _small_gain(d: Derivation) -> None:
    def entry(sites: tuple[int, ...]) -> sp.Expr:
        between = {pair: c[(sites[i] - sites[j]) % RING] for pair, (i, j) in zip(PAIRS, _PAIR_SITES, strict=True)}
        return small_gain_fourth(q, between, order=1)

    d.chain(
        "At small gain the fourth cumulant of the NLGP is the sum of four stars, $K_{ijkl} = -q\\,(c_{ij}c_{ik}c_{il} "
        "+ \\dots)$ (document nlgp), with $c$ the covariance of the Gaussian field. The star centred on the site "
        "itself gives the cube of $u = c \\ast w$, the three others a second convolution: $K(w,w,w) = -q\\,[u^3 + "
        "3\\,c \\ast (w u^2)]$.",
        "K(w,w,w)_0",
        _contraction(entry, 0, RING),
    ).equals(_spread(small_gain_cubic(c, W[:RING], q)[0]), "the sum over the centre last", name="small gain cubic")


def _border_rank(d: Derivation) -> None:
    u = sp.symbols("u_0:3", real=True)
    tilted = ((c[m] + (eps if m == 0 else 0)) * (u[m] + eps * W[m]) ** 3 for m in range(RING))
    stars = u[0] ** 3 + 3 * sum(c[m] * u[m] ** 2 * W[m] for m in range(RING))
    d.chain(
        "The stars are one convolutional term after all, but as a limit: tilt the kernel to $c + \\epsilon\\,\\delta$. "
        "Then $u_m = (c \\ast w)_m$ becomes $u_m + \\epsilon w_m$. The derivative at $\\epsilon = 0$ is the bracket:",
        "-K(w,w,w)_0/q",
        sp.Subs(sp.Derivative(sum(tilted), eps), eps, 0),
    ).equals(stars, "product rule")
    width, ratio, error = _cancellation(2.0, 24, 1e-3)
    w, weight = W[:RING], sp.Symbol("a", positive=True)
    d.chain(
        "So a decomposition of the small-gain limit has border rank two: the difference of the kernels $c \\pm "
        "\\epsilon\\,\\delta$, with coefficients $\\mp a$, $a = q/2\\epsilon$, that diverge while the error vanishes "
        "as $\\epsilon^2$; in full it is $-q\\epsilon^2\\,[3w^2(c \\ast w) + c \\ast w^3]$. For $c = e^{-d^2/\\xi^2}$ "
        f"with $\\xi = 2$ on 24 sites, an error of {error:g} of $|K|$ needs $\\epsilon = {width:.2g}$, and each of the "
        f"two terms is {ratio:.0f} times as large as their sum $K$: they nearly cancel.",
        r"K_\epsilon(w,w,w)_0",
        _spread(border_rank_pair(c, w, 2 * eps * weight, eps)[0]),
    ).equals(
        _spread(small_gain_cubic(c, w, 2 * eps * weight)[0])
        + _spread(-weight * eps**3 * coincidence_correction(c, w)[0]),
        "odd powers of epsilon",
        name="border rank pair",
    )


def _cancellation(xi: float, size: int, error: float) -> tuple[float, float, float]:
    """For which epsilon the pair has the given relative error, and the norm of one of its terms over that of K."""
    distance = np.minimum(np.arange(size), size - np.arange(size))
    kernel = np.exp(-((distance / xi) ** 2))
    self_overlap = np.array([kernel @ np.roll(kernel, m) for m in range(size)])
    delta = (distance == 0).astype(float)
    e, f = sp.symbols("e f")
    total = sum(
        (
            sp.Poly((s + (e + f) * k + e * f * at) ** 4, e, f)
            for s, k, at in zip(self_overlap, kernel, delta, strict=True)
        ),
        sp.Poly(0, e, f),
    )
    stars, cubes = (math.sqrt(total.coeff_monomial(e**n * f**n)) for n in (1, 3))
    width = math.sqrt(error * stars / cubes)
    return width, math.sqrt(total.eval({e: width, f: width})) / (2 * width * stars), error


def _multiplicities(d: Derivation) -> None:
    terms = (
        24 * _halves(sites) * sp.Mul(*(W[i] for i in sites)) for sites in combinations_with_replacement(range(4), 4)
    )
    powers = {n: sum(w**n for w in W) for n in (1, 3)}
    d.chain(
        "Now sum over sorted sites only. A quadruple has 24 orders if its sites differ, 12 with one coincident pair, 6 "
        "with two pairs, 4 with a triple, 1 if all coincide. One half for each gap of zero makes that 24, 12, 6, 6, 3: "
        "two too many for a triple and for a quadruple. With $K = 1$ on four sites:",
        "V_4",
        sum(terms, sp.S.Zero),
    ).equals(powers[1] ** 4 + 2 * powers[3] * powers[1], "multinomial coefficients")


def _halves(sites: tuple[int, ...]) -> sp.Expr:
    return sp.Rational(1, 2) ** sum(i == j for i, j in pairwise(sites))


class _Slope(sp.Derivative):
    """A derivative in one weight, written in a few letters."""

    def _latex(self, printer: object, exp: str | None = None) -> str:
        expr, weight = (printer._print(e) for e in (self.expr, self.variables[0]))  # type: ignore[attr-defined]
        return rf"\partial_{{{weight}}}\left[{expr}\right]"


def _ordered(d: Derivation) -> None:
    """A line of four sites on which K has rank one in the sorted gaps, with a symbol for each factor."""
    half_A, half_B, at = sp.symbols("A_0:4", real=True), sp.symbols("B_0:4", real=True), 1
    A, B = ((2 * f[0], *f[1:]) for f in (half_A, half_B))
    padded = (*W, *[sp.S.Zero] * 3)

    def entry(sites: tuple[int, ...]) -> sp.Expr:
        first, second, third = (j - i for i, j in pairwise(sorted(sites)))
        return A[first] * B[second] * A[third]

    X = [w * sum(half_A[gap] * W[j - gap] for gap in range(j + 1)) for j, w in enumerate(W)]
    Y = [w * sum(half_A[gap] * W[j + gap] for gap in range(4 - j)) for j, w in enumerate(W)]
    pairs = (X[j] * half_B[k - j] * Y[k] for j in range(4) for k in range(j, 4))
    d.chain(
        "If $K$ is a product of functions of the three sorted gaps, $A(\\alpha)B(\\beta)A(\\gamma)$, or a sum of such "
        "products, the sum over sorted sites takes one-sided convolutions: $V_4 = 24\\sum_{j \\le k} X_j B_{k-j} Y_k$ "
        "with $X = wL$ and $Y = wR$, $L_j = \\sum_\\alpha A_\\alpha w_{j-\\alpha}$, $R_j = \\sum_\\gamma A_\\gamma "
        "w_{j+\\gamma}$. $A_0$ and $B_0$ are the halved entries, $A(0) = 2A_0$. The gradient is $LZ + RZ' + A \\star "
        "(wZ) + A \\ast (wZ')$ with $Z_j = 24\\sum_\\beta B_\\beta Y_{j+\\beta}$ and $Z'_j = 24\\sum_\\beta B_\\beta "
        "X_{j-\\beta}$, $\\star$ and $\\ast$ one-sided as $R$ and $L$. On a line of four sites, at the second, without "
        "the factor 24:",
        r"\frac{1}{24}\,\partial V_4/\partial w_1",
        sp.Add(*(_Slope(pair, W[at]) for pair in pairs if pair.has(W[at]))),
    ).equals(
        ordered_gradient([A], [[[entry / 24 for entry in B]]], padded)[at], "product rule", name="ordered gradient"
    )
    kappa = [A[0] * B[0] * A[min(gap, 7 - gap)] for gap in range(7)]
    d.chain(
        "The triples that halving counts twice too often are $2\\sum_{il}\\kappa_{l-i}w_i^3w_l$, $\\kappa_d = "
        "K_{000d}$, so that $K(w,w,w)$ is a quarter of the gradient less $2\\,[3w^2(\\kappa \\ast w) + \\kappa \\ast "
        "w^3]$. From all triples $j$, $k$, $l$, and from the gradient:",
        "K(w,w,w)_1",
        _contraction(entry, at, 4),
    ).equals(
        _spread(ordered_cubic([A], [[B]], kappa, padded)[at]), "sum over sorted sites", name="coincidence correction"
    )


def _spins(d: Derivation) -> None:
    t, gaps = sp.Symbol("t", positive=True), sp.symbols("alpha beta gamma", positive=True)
    a, b, e = gaps
    d.chain(
        "The Ising chain is the simplest case. On the infinite line $E[x_ix_jx_kx_l] = t^{\\alpha+\\gamma}$ and $C_d = "
        "t^d$, so that $K$ has rank one: $A(\\alpha) = t^\\alpha$ and $B(\\beta) = -2t^{2\\beta}$.",
        "K",
        t ** (a + e) - t**a * t**e - t ** (a + b) * t ** (b + e) - t ** (a + b + e) * t**b,
    ).equals(ising.fourth(t, gaps), "powers of t", domain={t: (0.2, 0.9)})


def _power_iteration(d: Derivation) -> None:
    p, weight = sp.symbols("p_0:3", real=True), sp.Symbol("a", positive=True)
    local = [sp.Rational(n, 3) for n in (2, 2, -1)]
    fields = [np.roll(np.array(local, dtype=object), m) for m in range(RING)]
    w = sum(amplitude * field for amplitude, field in zip(p, fields, strict=True))
    image = convolutional_cubic((local,), (weight,), w)
    d.chain(
        "Why the cubic term localises. Let $K = a \\sum_m G_m^{\\otimes 4}$ with orthonormal translates $G_m$ of one "
        "kernel, here $G = (2, 2, -1)/3$ on three sites. With $w = \\sum_m p_m G_m$ the amplitude of each translate is "
        "cubed by itself:",
        r"G_0 \cdot K(w,w,w)",
        sp.Add(*(g * part for g, part in zip(fields[0], image, strict=True))),
    ).equals(weight * p[0] ** 3, "orthonormal translates")
    r = sp.Symbol("r", real=True)
    pair = {p[0]: sp.S.One, p[1]: r, p[2]: sp.S.Zero}
    up, down = (
        sum(9 * g * sp.factor_terms(part.xreplace(pair)) for g, part in zip(fields[m], image, strict=True))
        for m in (1, 0)
    )
    d.chain(
        "So each $G_m$ is a fixed point of the power iteration $w \\mapsto K(w,w,w)$ up to its norm, one for each "
        "translation, and the ratio of two amplitudes goes to its cube: the smaller vanishes, faster in every step. "
        "From $w = G_0 + rG_1$, small deviations of $r$ from 1 grow threefold: superpositions are unstable.",
        r"\frac{d}{dr}\,\frac{G_1 \cdot K(w,w,w)}{G_0 \cdot K(w,w,w)}\Big|_{r=1}",
        sp.Subs(sp.Derivative(up / down, r), r, 1),
    ).equals(3, "derivative of the cube")
    d.chain(
        "A gradient flow goes the same way, as the quartic form is that of the amplitudes.",
        "K(w,w,w,w)",
        sp.Add(*(sp.factor_terms(part) * sp.factor_terms(other) for part, other in zip(w, image, strict=True))),
    ).equals(weight * sum(amplitude**4 for amplitude in p), "orthonormal translates")
    angle = sp.Symbol("theta", real=True)
    d.chain(
        "Between two translates, $p = (\\cos\\theta, \\sin\\theta, 0)$, it is largest at either and smallest half-way,",
        "K(w,w,w,w)",
        weight * (sp.cos(angle) ** 4 + sp.sin(angle) ** 4),
    ).equals(weight * (3 + sp.cos(4 * angle)) / 4, "double angles")
    n, m = sp.Symbol("n", integer=True, positive=True), sp.Symbol("m", integer=True)
    d.chain(
        "and at an equal superposition of $n$ translates, $p_m = n^{-1/2}$, it is the $n$-th part: the form is $a$ "
        "times the inverse participation ratio of the amplitudes (a sum of equal terms, written out).",
        "K(w,w,w,w)",
        sp.Sum(weight * (1 / sp.sqrt(n)) ** 4, (m, 1, n)),
    ).equals(weight / n, "n equal terms")
