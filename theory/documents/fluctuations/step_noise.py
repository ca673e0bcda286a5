"""The covariance of one step: the part of the document on fluctuations about the noise of the data."""

from __future__ import annotations

import sympy as sp

from cumulode.theory.derivation.derivation import Derivation
from cumulode.theory.documents.responses import b, live_points, response
from cumulode.theory.dynamics import fluctuations as used
from cumulode.theory.neuron.activations import Activation

s = sp.Symbol("s", real=True)


def data_noise(d: Derivation, chosen: Activation) -> None:
    """The covariance of one step from its cases on one site, and of two classes."""
    a, w, r = sp.symbols("a w r", real=True)
    p = sp.Symbol("p_+1", positive=True)
    up, down = a * response(chosen, 1, 0)(b + a * w), a * response(chosen, 1, 0)(b - a * w)
    d.chain(
        "The noise of the data. First one class on one site, $x = \\pm a$: a step moves $w$ by $\\eta a F_{+1}(b + a "
        "w)$ or by $-\\eta a F_{+1}(b - a w)$. The mean square deviation of $F x$ from any number $r$ is the mean "
        "square less the square of the drift $f$, half the difference of the two, plus $(f - r)^2$; at $r = f$ it is "
        "$B$.",
        r"4 E[(F x - r)^2]",
        2 * (up - r) ** 2 + 2 * (down + r) ** 2,
    ).equals(
        used.noise_covariance(2 * up**2 + 2 * down**2, (up - down) ** 2) + (up - down - 2 * r) ** 2,
        "four times $B = E[F^2 x x^T] - f f^T$ and four times $(f - r)^2$",
        name="data noise",
        domain=live_points(chosen, (w,)),
    )
    spread, means = sp.symbols("B_+1 B_-1", real=True), sp.symbols("f_+1 f_-1", real=True)
    shares = (p, 1 - p)
    d.chain(
        "Two classes. Each step draws the class anew, and the moments $E_y[F_y^2 x x^T] = B_y + f_y^2$ and $f_y$ are "
        "averaged over the classes first: the difference of their drifts is part of the noise.",
        "B",
        used.noise_covariance(
            sum(q * (v + f**2) for q, v, f in zip(shares, spread, means, strict=True)),
            sum(q * f for q, f in zip(shares, means, strict=True)) ** 2,
        ),
    ).equals(
        p * spread[0] + (1 - p) * spread[1] + p * (1 - p) * (means[0] - means[1]) ** 2,
        "within the classes and between them",
        domain={p: (0.1, 0.9)},
    )


def small_fields(d: Derivation, chosen: Activation) -> None:
    """The same at small weights, what is left out, and its modes."""
    v = sp.symbols("v1:3", real=True)
    c, p = sp.symbols("c_+1 c_-1", real=True), sp.symbols("p_+1 p_-1", positive=True)
    forces = [response(chosen, y, 0) for y in (1, -1)]
    terms = [sign * p[i] * (1 + sign * c[i]) / 2 * force(b) ** 2 for i, force in enumerate(forces) for sign in (1, -1)]
    d.chain(
        "At the start the weights are small, the force is that at the bias whatever the input, and the drift vanishes. "
        "Two sites of correlation $c_y$, with $x_1x_2 = \\pm 1$ in states of total probability $(1 \\pm c_y)/2$: "
        "$E[F_y^2 x_1 x_2]$ over both classes and all states, at $w = 0$.",
        "B_{12}",
        sp.Add(*terms),
    ).equals(
        used.small_field_noise(p, [force(b) for force in forces], c),
        "$B = \\sum_y p_y F_y(b)^2 C^y$",
        name="noise of small fields",
        domain=live_points(chosen, ()),
    )
    force, slope, curve = (response(chosen, 1, order)(b) for order in range(3))
    seconds = []
    for sign in (1, -1):
        moved = s * (v[0] + sign * v[1])
        both = forces[0](b + moved) ** 2 + forces[0](b - moved) ** 2
        seconds.append(sign * (1 + sign * c[0]) / 8 * sp.Subs(sp.Derivative(both, (s, 2)), s, 0))
    d.chain(
        "What is neglected there, of second order in the weights: $E[F^2 x_1 x_2]$ of one class at $w = s v$, the "
        "coefficient of $s^2$. (There is no first order, as the law is even; $f f^T$ is of second order, too.)",
        r"[s^2]\,E[F_{+1}^2 x_1 x_2]",
        sp.Add(*seconds),
    ).equals(
        (slope**2 + force * curve) * (c[0] * (v[0] ** 2 + v[1] ** 2) + 2 * v[0] * v[1]),
        "second derivative of the square of the force",
        domain=live_points(chosen, v),
    )
    _mode_noise(d)


def _mode_noise(d: Derivation) -> None:
    """Power of one mode of the input over the eight states of a ring of three sites."""
    z, c = sp.Symbol("z", positive=True), sp.Symbol("c", real=True)
    terms = []
    for x in ((1, 1, 1), (1, 1, -1), (1, -1, 1), (-1, 1, 1)):
        four_times = 1 + 3 * c if sum(x) == 3 else 1 - c  # the probability of the state and its mirror image
        terms.append(four_times * (x[0] + x[1] * z + x[2] * z**2) * (x[0] * z**2 + x[1] * z + x[2]))
    d.chain(
        "In the modes $x_k = D^{-1/2}\\sum_j x_j e^{-2\\pi i jk/D}$ this noise is $\\sum_y p_y F_y(b)^2 E_y|x_k|^2$, "
        "and $E|x_k|^2$ is the power $\\hat C(k) = \\sum_d C_d \\cos(2\\pi k d/D)$. Three sites with correlation "
        "$c$, over all states (a state and its mirror image together), with $z = e^{-i\\theta}$, $1/z$ its complex "
        "conjugate, and $4 z^2$ in front to have polynomials. On the ring $z^3 = 1$, so that the result is "
        "$12\\,[z^2 + c\\,(1 + z)]$, that is $12 z^2\\,[1 + c\\,(z + 1/z)] = 12 z^2\\,[1 + 2c\\cos\\theta]$.",
        r"4 z^2 E\Big|\sum_j x_j z^j\Big|^2",
        sp.Add(*terms),
    ).equals(12 * z**2 + 4 * c * (1 + 2 * z + 2 * z**3 + z**4), "sum over the states")
