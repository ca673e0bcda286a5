"""The role of the bias in linear growth, for one neuron and for a committee: second part of the growth document."""

from __future__ import annotations

import sympy as sp

from cumulode.theory.closures.family import b
from cumulode.theory.derivation.derivation import Derivation
from cumulode.theory.documents.rewritings import DERIVATIVES
from cumulode.theory.dynamics.dispersion import (
    bias_velocity,
    committee_matrix,
    committee_rates,
    committee_slopes,
    force_slope,
    growth_rate,
)
from cumulode.theory.neuron.activations import Activation, h, y

C_p, C_m = sp.symbols("Chat_+ Chat_-", positive=True)
p = sp.Symbol("p", positive=True)
s0, s1, s2 = sp.symbols("s_0:3", real=True)
t, u1, u2 = sp.symbols("t u_1 u_2", real=True)
e, s = sp.symbols("e s", real=True)
slope = sp.Symbol("d", positive=True)
g, mu = sp.symbols("g mu", real=True)
damping = sp.Symbol("h", positive=True)


def piece_at_bias(chosen: Activation) -> sp.Expr:
    """The activation at the bias: its last smooth piece that varies."""
    return chosen.pieces[chosen.last_varying].subs(h, b)


def is_odd(chosen: Activation) -> bool:
    """Whether the activation is an odd function."""
    mirrored = zip(chosen.kinks, reversed(chosen.kinks), strict=True)
    pairs = zip(chosen.pieces, reversed(chosen.pieces), strict=True)
    return all(a + c == 0 for a, c in mirrored) and all(sp.simplify(f + g.subs(h, -h)) == 0 for f, g in pairs)


def bias(d: Derivation, chosen: Activation) -> None:
    """No growth at b = 0, where a trained bias goes; unequal priors."""
    sigma = piece_at_bias(chosen)
    at = [sp.diff(sigma, b, j).subs(b, 0) for j in range(3)]
    words = "" if is_odd(chosen) else " (this one is not odd)"
    d.chain(
        "The bias decides. At $b = 0$ an odd activation has $\\sigma(0) = \\sigma''(0) = 0$: the slope is the same for "
        f"both classes, $-\\sigma'(0)^2$, and every mode decays. For the activation {chosen.name}{words}:",
        r"F_y'(0)\big|_{b=0}",
        sp.Subs(sp.Derivative((y - sigma) * sp.Derivative(sigma, b), b), b, 0),
    ).equals(force_slope(y, *at), "product rule")
    force = p * (1 - s0) * s1 + (1 - p) * (-1 - s0) * s1
    d.chain(
        "A trained bias obeys $db/dt = \\sum_y p_y E[F_y]$. At $w = 0$ the force is $(y - s_0)\\,s_1$ with $s_n = "
        "\\sigma^{(n)}(b)$.",
        r"\frac{db}{dt}",
        force,
    ).equals(bias_velocity(p, s0, s1), "the two classes", name="bias flow")
    slope = sp.diff(sigma, b)
    d.chain(
        f"The distance of the output from the mean label $2p - 1$ can only fall, for the activation {chosen.name}. At "
        "$p = 1/2$ the bias of a neuron moves until $\\sigma(b) = 0$ or $\\sigma'(b) = 0$: one with an odd "
        "activation that rises everywhere ends at $b = 0$, where its slope of the force is $-\\sigma'(0)^2$ for both "
        "classes, and dies.",
        r"\frac{d}{dt}\frac{(\sigma(b) - 2p + 1)^2}{2}",
        sp.Derivative((sigma - 2 * p + 1) ** 2 / 2, b) * bias_velocity(p, sigma, slope),
    ).equals(-((2 * p - 1 - sigma) ** 2) * slope**2, "chain rule", **DERIVATIVES, domain={p: (0.1, 0.9)})
    d.chain(
        "With unequal priors it rests at $\\sigma(b) = 2p - 1$ instead, and waves may grow: by the difference of the "
        "two spectra, against a decay by their mean.",
        r"\mu(k)\big|_{s_0 = 2p-1}",
        growth_rate((p, 1 - p), [force_slope(label, 2 * p - 1, s1, s2) for label in (1, -1)], (C_p, C_m)),
    ).equals(
        2 * p * (1 - p) * s2 * (C_p - C_m) - s1**2 * (p * C_p + (1 - p) * C_m),
        "collected in $s_1$ and $s_2$",
        domain={p: (0.1, 0.9)},
    )


def committee(d: Derivation, chosen: Activation) -> None:
    """The coupled linear growth, modes within a group, and the balanced committee of two and of four."""
    _slopes(d)
    _group(d, chosen)
    _two(d)
    _rates(d)
    _four(d)


def _slopes(d: Derivation) -> None:
    """The linear response of one of two neurons."""
    s0, s1, s2 = ([sp.Symbol(f"s_{k}{j}", real=True) for k in (1, 2)] for j in range(3))

    def at(k: int, field: sp.Expr) -> sp.Expr:
        return s0[k] + field * s1[k]

    output = (at(0, t * u1) + at(1, t * u2)) / 2
    force = (y - output) * (s1[0] + t * u1 * s2[0])
    row = committee_slopes(y, s0, s1, s2)[0]
    d.chain(
        "A committee of $K$ neurons answers $s(x) = K^{-1}\\sum_k \\sigma(\\lambda_k + b_k)$, and neuron $k$ moves by "
        "the force $(y - s)\\,\\sigma'(\\lambda_k + b_k)$. Write $s_{kj}$ for $\\sigma^{(j)}(b_k)$. For $K = 2$ and "
        "small fields $\\lambda_k = t u_k$ the force on the first neuron has its own slope, with the committee's "
        "output in place of its own, and is damped by all neurons: the coefficient of $\\lambda_l$ in general is "
        "$\\delta_{kl}(y - \\bar s)\\,s_{k2} - s_{k1}s_{l1}/K$, with $\\bar s = K^{-1}\\sum_k \\sigma(b_k)$.",
        r"\partial_t F_1",
        sp.Subs(sp.Derivative(force, t), t, 0),
    ).equals(row[0] * u1 + row[1] * u2, "product rule", name="committee slopes")


def _group(d: Derivation, chosen: Activation) -> None:
    """A mode within neurons of one bias, for any activation."""
    mean, s10 = sp.symbols("sbar s_10", real=True)
    s0 = [s10, s10, 3 * mean - 2 * s10]
    s1, s2 = (list(sp.symbols(f"s_1{j} s_1{j} s_3{j}", real=True)) for j in (1, 2))
    matrix = committee_matrix((p, 1 - p), (C_p, C_m), s0, s1, s2)
    d.chain(
        "In a plane wave $\\lambda_k$ brings a factor $\\hat C^y(k)$, so that the amplitudes of the neurons grow by "
        "the matrix $\\sum_y p_y \\hat C^y(k)$ times these coefficients. Take three neurons of which the first two "
        "have equal biases, and a mode $(1, -1, 0)$ within these two: the output does not change, and with it the "
        f"damping goes. This holds for any activation. {_coefficients(chosen)}",
        r"\mu(k)",
        matrix[0][0] - matrix[0][1],
    ).equals(
        s2[0] * (p * (1 - mean) * C_p - (1 - p) * (1 + mean) * C_m),
        "the rank-one term cancels",
        domain={p: (0.1, 0.9)},
        name="group mode",
    )


def _coefficients(chosen: Activation) -> str:
    """In words: the two groups of a balanced committee, biases -1 and 1, for one activation."""
    at = {x: [sp.N(sp.diff(_near(chosen, x), h, j).subs(h, x), 20) for j in (0, 2)] for x in (-1, 1)}
    mean = (at[-1][0] + at[1][0]) / 2
    groups = [
        f"${float(at[x][1] * (1 - mean) / 2):+.3f}\\,\\hat C^+ {float(-at[x][1] * (1 + mean) / 2):+.3f}\\,\\hat C^-$ "
        f"at $b = {x}$"
        for x in (-1, 1)
    ]
    return f"For {chosen.name}, half the biases -1 and half 1, at $p = 1/2$: {' and '.join(groups)}."


def _near(chosen: Activation, x: int) -> sp.Expr:
    """The smooth piece of the activation at h = x."""
    return chosen.pieces[sum(bool(kink <= x) for kink in chosen.kinks)]


def _balanced(size: int) -> list[list[sp.Expr]]:
    """The growth matrix of an odd activation, half the biases -b, half b; e = sigma''(-b), d = sigma'(b)."""
    half = size // 2
    s0, s1, s2 = [-s] * half + [s] * half, [slope] * size, [e] * half + [-e] * half
    return committee_matrix((sp.Rational(1, 2),) * 2, (C_p, C_m), s0, s1, s2)


def _two(d: Derivation) -> None:
    both, gap = sp.symbols("Sigma Delta", real=True)
    m = sp.Matrix(_balanced(2)).subs({C_p: (both + gap) / 2, C_m: (both - gap) / 2}).applyfunc(sp.expand)
    d.chain(
        "Now an odd activation with biases $-b$ and $b$ in equal numbers, $p = 1/2$, $e = \\sigma''(-b)$ and $d = "
        "\\sigma'(b)$. At $w = 0$ the output is zero: trained biases stay where they are (bias flow, with $\\bar s$ "
        "for $s_0$). The two halves have opposite $\\sigma''$, so a mode that is equal and opposite in the two is no "
        "eigenmode. For $K = 2$, with $\\Sigma = \\hat C^+ + \\hat C^-$ and $\\Delta = \\hat C^+ - \\hat C^-$, the "
        "characteristic polynomial of the growth matrix:",
        r"\det(M - \mu)",
        (m[0, 0] - mu) * (m[1, 1] - mu) - m[0, 1] * m[1, 0],
    ).equals(
        mu**2 + slope**2 * both / 2 * mu - (e * gap / 2) ** 2,
        "$\\mu^2 + h\\mu - g^2$ with $g = e\\,\\Delta/2$ and $h = d^2\\,\\Sigma/2$",
        name="committee of two",
    )


def _rates(d: Derivation) -> None:
    inside = {damping: (0.2, 1.5), g: (0.2, 1.5)}
    _, _, up, down = committee_rates(g, damping, sp)
    d.chain(
        "Its roots. One is positive for every wavenumber with $g \\ne 0$, where the spectra differ: the committee "
        "escapes the decay of a single neuron at rest.",
        None,
        (mu - up) * (mu - down),
    ).equals(mu**2 + damping * mu - g**2, "product of the roots", name="committee rates", domain=inside)
    ratio = (2 * g - sp.sqrt(damping**2 + 4 * g**2)) / damping
    d.chain(
        "The growing mode is $(1, r)$ with $r = (2g - \\sqrt{h^2 + 4g^2})/h$, as the second row of the eigenvalue "
        "equation shows. Where $g > 0$, $|r| < 1$: the mode lives in the half $b < 0$ at wavenumbers with $g > 0$, "
        "and in the other half at those with $g < 0$.",
        r"M_{21} + M_{22}\,r",
        -damping / 2 + (-g - damping / 2) * ratio,
    ).equals(up * ratio, "the growing rate", domain=inside)
    d.chain(
        "The damping matters. Where the spectra differ little the growing rate is $g^2/h$, as its second derivative "
        "says.",
        r"\frac{\partial^2\mu}{\partial g^2}\Big|_{g=0}",
        sp.Subs(sp.Derivative(up, (g, 2)), g, 0),
    ).equals(2 / damping, "differentiation", domain=inside)
    weak = committee_rates(g, t * damping, sp)[2]
    d.chain(
        "To first order in the damping, scaled by $t$, it is $|g| - h/2$: half the damping of a single neuron at rest.",
        r"\frac{\partial\mu}{\partial t}\Big|_{t=0}",
        sp.Subs(sp.Derivative(weak, t), t, 0),
    ).equals(-damping / 2, "differentiation", domain=inside)


def _four(d: Derivation) -> None:
    matrix = sp.Matrix(_balanced(4)).subs({C_p: damping / slope**2 + g / e, C_m: damping / slope**2 - g / e})
    matrix = matrix.applyfunc(sp.expand)
    diagonal = ", ".join(str(matrix[k, k] - matrix[0, 1]) for k in range(4))
    inside = {damping: (0.2, 1.5), g: (0.2, 1.5)}
    rates = committee_rates(g, damping, sp)
    d.chain(
        f"Four neurons, two at each bias: $M = \\mathrm{{diag}}({diagonal})$ less $h/4$ in every entry. Its "
        "determinant factorises into the two rates above and two more, $g$ and $-g$, of the modes $(1, -1, 0, 0)$ and "
        "$(0, 0, 1, -1)$ that sum to zero within a half. So undamped growth at $g = \\sigma''(-b)\\,(\\hat C^+ - "
        "\\hat C^-)/2$ is that of modes within the half $b < 0$; those within the other half grow at $-g$, at the "
        "wavenumbers where class minus has the larger spectrum. A zero mean over all neurons is not enough.",
        r"\det(M - \mu)",
        sp.expand((matrix - mu * sp.eye(4)).det()),
    ).equals(sp.Mul(*(rate - mu for rate in rates)), "product of the eigenvalues", domain=inside)
