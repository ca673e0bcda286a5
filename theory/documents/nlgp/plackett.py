"""Plackett's identity and the bracket of one pair: the part of the NLGP document about signs of Gaussian variables."""

from __future__ import annotations

from typing import Any

import sympy as sp

from cumulode.theory.cumulants.nlgp import PAIRS
from cumulode.theory.cumulants.plackett import given_one, plackett_pair, spread_in_order
from cumulode.theory.derivation.derivation import Derivation
from cumulode.theory.documents.rewritings import antiderivative, simplified

a, b, rho = sp.symbols("a b rho", real=True)
R = {p: sp.Symbol(f"r_{p}", real=True) for p in PAIRS}
#: Correlations for which a 4 x 4 matrix is safely positive.
SAFE = dict.fromkeys((*R.values(), a, b), (0.02, 0.3)) | {rho: (-0.9, 0.9)}


def density(x: Any, y: Any, r: Any) -> sp.Expr:
    """Density of two unit Gaussians of correlation ``r``."""
    exponent = -sp.sympify(x**2 - 2 * r * x * y + y**2) / (2 * (1 - r**2))
    return sp.exp(exponent) / (2 * sp.pi * sp.sqrt(1 - r**2))


def identity(d: Derivation) -> None:
    """Plackett's identity in Fourier space and for two variables, and the slope of two signs."""
    x, y, r = sp.symbols("x y r", real=True)
    ki, kj, xi, xj, rest = sp.symbols("k_i k_j x_i x_j Q", real=True)
    wave = sp.exp(sp.I * (ki * xi + kj * xj) - R["ij"] * ki * kj - rest / 2)
    inside = {r: (-0.9, 0.9)}
    d.chain(
        "The density of any number of unit Gaussians is the Fourier integral of $e^{i k\\cdot x - k\\cdot r k/2}$. "
        "With $Q$ for the terms that hold neither $r_{ij}$ nor $x_i$, $x_j$, each wave obeys Plackett's identity: "
        "raising the correlation of two variables is differentiating once in each.",
        None,
        sp.Derivative(wave, R["ij"]),
    ).equals(sp.Derivative(wave, xi, xj), "each derivative in x brings down i k")
    two = density(x, y, r)
    d.chain(
        "The same for the density $\\varphi_2(x, y; r)$ of two variables, written out.",
        r"\partial_r\varphi_2",
        sp.Derivative(two, r),
    ).equals(
        sp.Derivative(two, x, y),
        "Plackett's identity",
        domain=inside,
        rewrite=lambda e: sp.factor((e.doit() / two).simplify()),
        by="differentiation, the density divided out",
    )
    slope = 2 / sp.pi / sp.sqrt(1 - r**2)
    mean = 2 * sp.exp(-(x**2) / 2) / sp.sqrt(2 * sp.pi) * sp.erf(r * x / sp.sqrt(2 * (1 - r**2)))
    d.chain(
        "Integrated by parts in $x$ and $y$, each of two signs has a derivative $2\\delta$, which leaves "
        "$\\partial_r E[s_1 s_2] = 4\\varphi_2(0,0;r)$. To see it without delta functions: given $z_1 = x$ the mean of "
        "$s_2$ is $\\mathrm{erf}(r x/\\sqrt{2(1-r^2)})$, so $E[s_1 s_2]$ is $2\\int_0^\\infty$ of it over the density "
        "of $x$, and its slope is the integral below.",
        r"\partial_r E[s_1 s_2]",
        sp.Integral(sp.simplify(sp.diff(mean, r)), (x, 0, sp.oo)),
    ).equals(
        4 * density(0, 0, r),
        "an elementary integral",
        domain=inside,
        **antiderivative(-slope * sp.exp(-(x**2) / (2 * (1 - r**2))), ends=(-slope, 0)),
    )


def four_signs(d: Derivation) -> None:
    """The slope of four signs: conditional correlation of two given that the other two variables vanish."""
    precision, positive = sp.Matrix([[1, rho], [rho, 1]]).inv(), sp.Symbol("p", positive=True)
    d.chain(
        "For four signs the identity, integrated by parts in $x_i$ and $x_j$, leaves the density at $z_i = z_j = 0$ "
        "times the mean of the other two signs there: $\\partial_{r_{ij}} E[s_i s_j s_k s_l] = "
        "4\\varphi_2(0,0;r_{ij})\\,E[s_k s_l | z_i = z_j = 0] = (4/\\pi^2)(1-r_{ij}^2)^{-1/2}\\arcsin\\rho$, with "
        "$\\rho$ the correlation of $z_k$ and $z_l$ under that condition. Setting $z_i = z_j = 0$ in the exponent "
        "leaves the block of the inverse matrix $P = r^{-1}$ that belongs to $k$ and $l$, which is the inverse of the "
        "conditional covariance. The correlation is read from it so, in units of the two standard deviations.",
        r"-P_{kl}/\sqrt{P_{kk}P_{ll}}",
        -precision[0, 1] / sp.sqrt(precision[0, 0] * precision[1, 1]),
    ).equals(
        rho,
        "two by two inverse",
        domain=SAFE,
        **simplified("1 - rho^2 is positive", lambda e: e.subs(rho, sp.sqrt(1 - 1 / (1 + positive)))),
    )
    _schur(d)
    r, s, tau = sp.symbols("r s tau", positive=True)
    d.chain(
        "Now scale all six correlations by $\\tau$ and integrate from independent signs ($\\tau = 0$) to $\\tau = 1$: "
        "$E[s_i s_j s_k s_l] = (4/\\pi^2)\\int_0^1 d\\tau \\sum_{i<j} r_{ij}(1-\\tau^2 r_{ij}^2)^{-1/2} "
        "\\arcsin\\rho_{kl|ij}(\\tau)$. A product of two covariances, as the cumulant subtracts it, is an integral of "
        "the same form, with two of the six pairs and the plain correlation in place of the partial one.",
        None,
        sp.asin(r) * sp.asin(s),
    ).equals(
        sp.Integral(
            r * sp.asin(tau * s) / sp.sqrt(1 - tau**2 * r**2) + s * sp.asin(tau * r) / sp.sqrt(1 - tau**2 * s**2),
            (tau, 0, 1),
        ),
        "product rule",
        domain={r: (0.1, 0.9), s: (0.1, 0.9)},
        **antiderivative(sp.asin(tau * r) * sp.asin(tau * s)),
    )


def code_steps() -> dict[str, sp.Expr]:
    """What the code computes, by name, with ``tau`` inside the correlations and plain names for complements."""
    equations = plackett_pair()
    tau_c = equations.arguments[1]
    bars = {x: sp.Symbol(f"rbar_{str(x)[3:]}", real=True) for x in equations.arguments[8:]}
    steps = {str(symbol): sp.sympify(e).xreplace(bars) for symbol, e in equations.before}
    steps["result"] = equations.results[0]
    return {name: e.xreplace({tau_c: sp.Symbol("taubar", real=True)}) for name, e in steps.items()}


def _schur(d: Derivation) -> None:
    """Entries of P by cofactors of the 4 x 4 matrix, against what the code calls N and A."""
    r = sp.Matrix(4, 4, lambda m, n: 1 if m == n else R["".join("ijkl"[x] for x in sorted((m, n)))])
    r = r.subs({R["ij"]: a, R["kl"]: b})
    steps, named = code_steps(), {}
    for site in "kl":
        named[sp.Symbol(f"s_{site}", real=True)] = R[f"i{site}"] + R[f"j{site}"]
        named[sp.Symbol(f"d_{site}", real=True)] = R[f"i{site}"] - R[f"j{site}"]
    named[sp.Symbol("alpha", real=True)] = 1 - a
    d.chain(
        "The entries of $P$ are cofactors of the $4\\times4$ matrix of correlations over its determinant. With "
        "$a = r_{ij}$ and $b = r_{kl}$, and in units of $1-a^2$, the entry off the diagonal is $b - N$: the covariance "
        "of $k$ and $l$ less what $z_i$ and $z_j$ explain of it. With sums and differences over $i$ and $j$ the "
        "$2\\times2$ matrix of $z_i$ and $z_j$ is diagonal, and $N$ has two terms.",
        r"b - N",
        -r.cofactor(3, 2) / (1 - a**2),
    ).equals(b - steps["N"].xreplace(named), "Schur complement", domain=SAFE)
    d.chain(
        "On the diagonal, the conditional variance $v_k = 1 - A$: $A$ is the part of the variance of $k$ that $z_i$ "
        "and $z_j$ explain, and $B$ the same for $l$. Then $\\rho = (b - N)/\\sqrt{(1-A)(1-B)}$.",
        r"1 - A",
        r.cofactor(3, 3) / (1 - a**2),
    ).equals(1 - steps["A"].xreplace(named), "Schur complement", domain=SAFE)


def bracket(d: Derivation) -> None:
    """The form without cancellation, assignment by assignment as the code computes it."""
    steps = code_steps()
    _complements(d, steps)
    A, B, N, root = (sp.Symbol(n, real=True) for n in ("A", "B", "N", "root"))
    u = sp.Symbol("u", positive=True)
    small = {A: (0.02, 0.4), B: (0.02, 0.4), N: (0.02, 0.2), b: (0.02, 0.3)}
    width = sp.sqrt((1 - A) * (1 - B))
    d.chain(
        "The gap between partial and plain correlation: in $(b - N)/\\sqrt{(1-A)(1-B)} - b$ two numbers near $b$ "
        "cancel. Multiplied out by $1 + \\sqrt{(1-A)(1-B)}$ only small terms are left.",
        r"\rho - b",
        (b - N) / width - b,
    ).equals(
        steps["gap"].xreplace({root: width}),
        "difference of squares",
        domain=small,
        **simplified("with the root as variable", lambda e: e.subs(B, 1 - u**2 / (1 - A))),
    )
    _angles(d, steps)


def _complements(d: Derivation, steps: dict[str, sp.Expr]) -> None:
    """1 - a, a difference of correlations and v_k in complements, positive terms where a correlation is near 1."""
    tau, tau_c = sp.Symbol("tau", real=True), sp.Symbol("taubar", real=True)
    bar = {p: sp.Symbol(f"rbar_{p}", real=True) for p in PAIRS}
    near = dict.fromkeys(bar.values(), (0.05, 0.6)) | {tau_c: (0.05, 0.6)}
    d.chain(
        "Near a correlation of 1 digits are lost in $1 - a$, too. The code is given $\\bar r = 1 - r$ and $\\bar\\tau "
        "= 1-\\tau$ with all their digits, and forms complements and differences from them. Such steps restate a "
        "definition: they are here because the code computes by them.",
        r"1 - \tau r_{ij}",
        1 - (1 - tau_c) * (1 - bar["ij"]),
    ).equals(steps["alpha"].subs(tau, 1 - tau_c), "complement of a product", domain=near)
    d.chain(
        "The difference of two correlations, which $A$ and $N$ need, likewise.",
        r"\tau r_{ik} - \tau r_{jk}",
        tau * (1 - bar["ik"]) - tau * (1 - bar["jk"]),
    ).equals(steps["d_k"], "difference of complements", domain=near | {tau: (0.1, 0.9)})
    alpha, beta, gamma = (sp.Symbol(n, real=True) for n in ("alpha", "beta_k", "gamma_k"))
    three = sp.Matrix([[1, 1 - alpha, 1 - beta], [1 - alpha, 1, 1 - gamma], [1 - beta, 1 - gamma, 1]])
    named = {sp.Symbol("d_k", real=True): gamma - beta, sp.Symbol("a", real=True): 1 - alpha}
    d.chain(
        "The conditional variance $v_k = 1 - A$, where $A$ may be near 1: the ratio of two determinants, with "
        "$\\alpha$, $\\beta_k$, $\\gamma_k$ for the complements of $a$, $r_{ik}$, $r_{jk}$ (times $\\tau$).",
        r"v_k",
        three.det() / three[:2, :2].det(),
    ).equals(
        steps["v_k"].xreplace(named),
        "determinants in complements",
        domain=dict.fromkeys((alpha, beta, gamma), (0.1, 0.6)),
    )


def _angles(d: Derivation, steps: dict[str, sp.Expr]) -> None:
    """The difference of two arcsines from its sine and cosine."""
    alpha, gap = sp.Symbol("alpha", real=True), sp.Symbol("gap", real=True)
    roots = {
        sp.Symbol("b_root", real=True): sp.sqrt(1 - b**2),
        sp.Symbol("rho_root", real=True): sp.sqrt(1 - rho**2),
        gap: rho - b,
        alpha: 1 - a,
    }
    result = steps["result"].xreplace(roots)
    (turn,) = result.atoms(sp.atan2)
    sine, cosine = turn.args
    angle = sp.asin(rho) - sp.asin(b)
    d.chain(
        "The difference of the two arcsines keeps its digits if it is found from its sine, in which the gap is a "
        "factor.",
        r"\sin(\arcsin\rho - \arcsin b)",
        rho * sp.sqrt(1 - b**2) - b * sp.sqrt(1 - rho**2),
    ).equals(sine, "difference of squares", domain=SAFE, **simplified("rational denominators", sp.radsimp))
    d.chain("Its cosine.", r"\cos(\arcsin\rho - \arcsin b)", sp.cos(angle)).equals(
        cosine, "cosine of a difference", domain=SAFE
    )
    d.chain(
        "Sine and cosine give the angle at every size, and with it the part of one pair in the fourth cumulant as the "
        "code computes it: $K = (4/\\pi^2) Z^{-4}\\int_0^1 d\\tau$ of the sum of such parts over the six pairs.",
        None,
        R["ij"] / sp.sqrt(1 - a**2) * angle,
    ).equals(
        result,
        "an angle from its sine and cosine",
        domain=SAFE,
        rewrite=lambda e: sp.simplify(e.diff(rho)) + sp.simplify(e.subs(rho, b)),
        by="derivative in rho, and value at rho = b",
        name="Plackett bracket",
    )


def layer(d: Derivation) -> None:
    """Conditional variance and covariance from complements alone, where signs are nearly one."""
    x, y, z, u, v, alpha = sp.symbols("x y z u v alpha", positive=True)
    near = dict.fromkeys((x, y, z, u, v, alpha), (0.1, 0.6))
    three = sp.Matrix([[1, 1 - x, 1 - y], [1 - x, 1, 1 - z], [1 - y, 1 - z, 1]])
    d.chain(
        "At large gain sites that coincide, or near ones of a long correlation, have complements down to 1e-34 of the "
        "others, and every difference must be one of nearly equal numbers that are known exactly. The determinant of "
        "three variables is symmetric in their complements: with the difference taken of the two larger, all that is "
        "left is of the order of the smallest. Over $1-a^2$ it is $v_k$.",
        None,
        three.det(),
    ).equals(spread_in_order(x, y, z), "expansion", name="spread")
    partner = sp.Matrix([[1, 1 - alpha, 1 - x, 1 - y], [1 - alpha, 1, 1 - u, 1 - v]])
    block = partner[:, :2]
    cov = (1 - z) - (partner[:, 2].T * block.inv() * partner[:, 3])[0]
    smooth = given_one(x, y, z) - given_one(alpha, x, u) * given_one(alpha, y, v) / (alpha * (2 - alpha))
    d.chain(
        "The covariance of $k$ and $l$ given both $z_i$ and $z_j$, by conditioning first on $z_i$ and then on what is "
        "left of $z_j$; $x$, $y$ and $u$, $v$: the complements of $k$ and $l$ with $i$ and $j$; $z$: that of the two. "
        "Where $i$ is the site nearer to $k$ or $l$, each step is of the order of what is left. The bracket's sine and "
        "cosine then need no division by $\\sqrt{v_k v_l}$, which may be 1e-17.",
        None,
        cov,
    ).equals(
        smooth,
        "Schur complement, twice",
        domain=near,
        **simplified("min + max = sum", lambda e: e.replace(sp.Max, lambda p, q: p + q - sp.Min(p, q))),
        name="both given",
    )
