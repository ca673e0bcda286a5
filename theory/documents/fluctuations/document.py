"""What steps of finite size add to the flow: covariance, shift of the mean, and noise at the start."""

from __future__ import annotations

import math
from collections.abc import Callable

import sympy as sp

from cumulode.theory.cumulants import ising
from cumulode.theory.derivation.derivation import Derivation, Scope
from cumulode.theory.documents.responses import response
from cumulode.theory.dynamics import fluctuations as used
from cumulode.theory.neuron.activations import Activation, parse

from .squared_force import centre, squared_force
from .step_noise import data_noise, small_fields

eta, t, mu, noise, start = (sp.Symbol(name, positive=True) for name in ("eta", "t", "mu", "B", "S0"))
b, s = sp.Symbol("b", real=True), sp.Symbol("s", real=True)
J = sp.Matrix(2, 2, sp.symbols("J11 J12 J21 J22", real=True))
S = sp.Matrix(2, 2, [sp.Symbol(f"S{i}", real=True) for i in ("11", "12", "12", "22")])
B = sp.Matrix(2, 2, [sp.Symbol(f"B{i}", real=True) for i in ("11", "12", "12", "22")])


def build(activation: str = "erf", order: int = 3) -> Derivation:
    """The covariance equation and its exact form, fluctuations at rest and early, the mean, the noise, the centre."""
    chosen = parse(activation)
    d = Derivation(
        "fluctuations",
        "Fluctuations of stochastic gradient descent",
        "Around a trajectory of the flow the weights of many runs scatter. The covariance $S$ of this scatter is found "
        "to first order in the learning rate, with the exact form where the drift is linear; the mean is shifted by as "
        "much. The covariance $B$ of one step follows from the data, and at small weights it says when noise, and not "
        f"the start, chooses where a field forms. The activation is {chosen.name}.",
        scope=Scope(
            small="the learning rate $\\eta$; from equation fluctuations.15 on also $|w|$",
            dropped="cumulants of the scatter beyond the second, and the change of $f'$ and $B$ across it",
            neglected="order $\\eta^2$ in $S$ and in the mean; relative order $|w|^2$ in the noise of small fields",
            used=("cumulode.theory.dynamics.fluctuations", "cumulode.theory.closures.force_square"),
        ),
    )
    _covariance(d)
    _stationary(d)
    _modes(d)
    _mean(d)
    data_noise(d, chosen)
    small_fields(d, chosen)
    _early_growth(d, chosen)
    squared_force(d)
    centre(d)
    return d


def _covariance(d: Derivation) -> None:
    u, m = sp.symbols("u1:3", real=True), sp.symbols("n1:3", real=True)
    moved = [u[i] + eta * (J[i, 0] * u[0] + J[i, 1] * u[1]) for i in range(2)]
    cases = [(moved[0] + sign * eta * m[0]) * (moved[1] + sign * eta * m[1]) / 2 for sign in (1, -1)]
    U, M = sp.Matrix(u), sp.Matrix(m)
    d.chain(
        "One step of the deviation from a trajectory, $w \\to w + \\eta (J w + n)$, with a drift linear around it and "
        "noise $n$ independent of $w$. Let $w$ be $\\pm(u_1, u_2)$ and $n$ be $\\pm(n_1, n_2)$, all four cases equally "
        "likely, of which two and two give the same; then $S = u u^T$ and $B = n n^T$. General laws follow, as both "
        "sides are linear in $S$ and in $B$.",
        "S'_{12}",
        sp.Add(*cases),
    ).equals(
        used.covariance_step(J, U * U.T, M * M.T, eta)[0, 1],
        "$S' = (1 + \\eta J)\\,S\\,(1 + \\eta J)^T + \\eta^2 B$",
        name="covariance step",
    )
    for i, k in ((0, 0), (0, 1), (1, 1)):
        what = f"S_{{{i + 1}{k + 1}}}"
        text = (
            "The change of $S$ in one step, one entry after the other: $\\eta$ times the rate $J S + S J^T + \\eta "
            "B$, and a rest $\\eta^2 J S J^T$ that is of order $\\eta^3$, as $S$ itself is of order $\\eta$."
            if i + k == 0
            else "The entry off the diagonal."
            if i != k
            else "The last entry."
        )
        d.chain(text, rf"\Delta {what}", used.covariance_step(J, S, B, eta)[i, k] - S[i, k]).equals(
            eta * used.covariance_rate(J, S, B, eta)[i, k] + eta**2 * (J * S * J.T)[i, k],
            "exact; without the rest, and per unit of time, $dS/dt = J S + S J^T + \\eta B$",
            name="covariance equation" if i != k else None,
        )


def _stationary(d: Derivation) -> None:
    rate = sp.Symbol("J", negative=True)
    stable = {rate: (-1.8, -0.2), eta: (0.1, 0.9)}
    rest = used.stationary_variance(rate, noise, eta)
    d.chain(
        "The variance of one mode at rest, exactly: one step leaves it as it is.",
        "(1 + \\eta J)^2 S + \\eta^2 B",
        (1 + eta * rate) ** 2 * rest + eta**2 * noise,
    ).equals(rest, "fixed point of the recursion", name="stationary variance", domain=stable)
    d.chain(
        "It is $-\\eta B/(2J)$, where the covariance equation is at rest, to first order. The next order and what is "
        "left of it, exactly:",
        "S",
        rest,
    ).equals(
        -eta * noise / (2 * rate) + eta**2 * noise / 4 - eta**3 * noise * rate / (8 * (1 + eta * rate / 2)),
        "geometric series in $\\eta J/2$",
        domain=stable,
    )
    steps = start
    for _ in range(3):
        steps = (1 + eta * mu) ** 2 * steps + eta**2 * noise
    d.chain(
        "From any start the recursion has a solution in closed form for whole steps; here three of them, one inside "
        "the other, for a mode of rate $\\mu$.",
        "S(3\\eta)",
        steps,
    ).equals(used.variance_after(mu, noise, eta, 3, start), "geometric sum")


def _modes(d: Derivation) -> None:
    own, other = sp.symbols("a c", real=True)
    own_noise, other_noise = sp.symbols("p q", real=True)
    drift = sp.Matrix([[own, other], [other, own]])
    spread = sp.Matrix([[own_noise, other_noise], [other_noise, own_noise]])
    rate = used.covariance_rate(drift, S, spread, eta)
    for sign, words in ((1, "sum"), (-1, "difference")):
        text = (
            "Where $J$ and $B$ have the same eigenvectors, as on a ring, whose modes are waves, each mode has an "
            "equation of its own. Two sites, with $a$ and $p$ on the diagonals of $J$ and $B$ and $c$ and $q$ off "
            "them, and $S$ of any kind: the sum of the two weights."
            if sign == 1
            else "And their difference."
        )
        variance = (S[0, 0] + 2 * sign * S[0, 1] + S[1, 1]) / 2
        d.chain(
            text,
            rf"\frac{{d}}{{dt}}\,S_{{\mathrm{{{words}}}}}",
            (rate[0, 0] + sign * rate[0, 1] + sign * rate[1, 0] + rate[1, 1]) / 2,
        ).equals(
            2 * (own + sign * other) * variance + eta * (own_noise + sign * other_noise),
            "eigenvalues of $J$ and of $B$ for this mode",
        )
    d.chain(
        "So for a mode of rate $\\mu$, with noise $B$ and variance $S_0$ at time 0, $dS/dt = 2\\mu S + \\eta B$, "
        "integrated:",
        "S(t)",
        sp.exp(2 * mu * t) * start + sp.Integral(eta * noise * sp.exp(2 * mu * (t - s)), (s, 0, t)),
    ).equals(used.mode_variance(mu, noise, t, eta, start, sp), "integration", name="variance of a mode")


def _mean(d: Derivation) -> None:
    a, k, m = sp.symbols("a k m", positive=True)
    f, f1, f2 = sp.symbols("f f1 f2", real=True)

    def drift(w: sp.Expr) -> sp.Expr:
        return a * w - k * w**3

    root = sp.sqrt(start)
    d.chain(
        "The mean. Where the drift bends, its mean over the scatter is not its value at the mean $m$: for a scatter of "
        "variance $S_0$ around $m$, and $f(w) = a w - k w^3$, exactly,",
        "E[f(w)]",
        (drift(m + root) + drift(m - root)) / 2,
    ).equals(
        used.mean_rate(drift(m), a - 3 * k * m**2, -6 * k * m, start, 0),
        "$f + f'' S_0/2$; third and higher moments would enter with higher derivatives",
        name="shift of the mean",
    )
    modified = used.mean_rate(f, f1, f2, 0, eta)
    bend = f1 - eta * (f1**2 + f * f2) / 2
    d.chain(
        "Steps are not a flow either. The flow with the drift $f - \\eta f f'/2$ moves in a time $\\eta$ by $\\eta$ "
        "times this drift and $\\eta^2/2$ times it and its derivative, which is one step $\\eta f$ up to order "
        "$\\eta^3$. Here $f_1$ and $f_2$ are $f'$ and $f''$.",
        r"w(\eta) - w(0)",
        eta * modified + eta**2 / 2 * modified * bend,
    ).equals(
        eta * f - eta**3 * f * (2 * f1**2 + f * f2) / 4 + eta**4 * f * f1 * (f1**2 + f * f2) / 8,
        "the terms of order $\\eta^2$ cancel",
        name="modified flow",
    )


def _early_growth(d: Derivation, chosen: Activation) -> None:
    late = sp.exp(-2 * mu * t)
    d.chain(
        "An early field: its mode $k$ starts from $|w_k(0)|^2 = S_0$, grows at the rate $\\mu(k)$ and is driven by "
        "the noise $B(k)$ just found. What it has is what it had, multiplied, with $\\eta B/(2\\mu)$ added to it as "
        "if it had been there from the start.",
        r"E|w_k|^2",
        used.mode_variance(mu, noise, t, eta, start, sp),
    ).equals(
        sp.exp(2 * mu * t) * (start + eta * noise / (2 * mu)) - eta * noise / (2 * mu), "common factor $e^{2\\mu t}$"
    )
    d.chain(
        "The share of noise in it. At late times it is $\\eta B/(\\eta B + 2\\mu S_0)$: above one half, that is at "
        "learning rates above $2\\mu S_0/B$, noise and not the start chooses the sign or the phase of the mode, and "
        f"so the place where a field forms. {_example(chosen)}",
        None,
        used.mode_variance(mu, noise, t, eta, 0, sp) / used.mode_variance(mu, noise, t, eta, start, sp),
    ).equals(
        used.noise_share(mu, noise, eta, start, t, sp), "both divided by $e^{2\\mu t} - 1$", name="share of the noise"
    ).equals(
        eta * noise * (1 - late) / (eta * noise * (1 - late) + 2 * mu * start),
        "the same multiplied out; for $e^{-2\\mu t} \\to 0$ the share at late times",
    )


def _example(chosen: Activation) -> str:
    """Where noise takes over for one pair of Ising rings, in words."""
    size, rings, bias, length = 40, (0.7, 0.3), -1.0, 0.1
    forces, slopes = ([float(response(chosen, y, n)(sp.Float(bias)).evalf()) for y in (1, -1)] for n in (0, 1))
    modes = []
    for k in range(size // 2 + 1):
        power = [
            sum(ising.second(r, j, size) * math.cos(2 * math.pi * k * j / size) for j in range(size)) for r in rings
        ]
        rate = sum(slope * c for slope, c in zip(slopes, power, strict=True)) / 2
        modes.append((rate, k, used.small_field_noise((0.5, 0.5), forces, power)))
    best, wave = max(modes), max(modes[1:])
    rate, k, spread = best
    where = f"For two Ising rings of {size} sites, $t = {rings[0]}$ and ${rings[1]}$, $b = {bias:g}$"
    if not (rate > 0 and spread > 0):
        return f"{where}, no mode grows with this activation."
    begun = length**2 / size
    threshold, eta_usual = 2 * rate * begun / spread, 0.01

    def share(mode: tuple[float, int, float], batch: int) -> str:
        return f"{used.noise_share(mode[0], mode[2] / batch, eta_usual, begun):.2f}"

    return (
        f"{where}, and a random start of norm {length:g}, so that $S_0 = {length:g}^2/{size}$ in every mode, the mode "
        f"that grows fastest is $k = {k}$ with $\\mu = {rate:.3f}$ and, at batch size 1, $B = {spread:.2f}$: noise "
        f"takes "
        f"over above $\\eta = {_scientific(threshold)}$. At $\\eta = {eta_usual:g}$ its share is {share(best, 1)}, and "
        f"{share(best, 100)} at batch size 100, where $B$ is a hundredth. {_placed(k, wave, share)}"
    )


def _placed(fastest: int, wave: tuple[float, int, float], share: Callable[..., str]) -> str:
    """The same for the fastest mode that has a position, in words."""
    rate, k, spread = wave
    if fastest or rate <= 0:
        return "" if fastest else "No mode with a position grows."
    return (
        f"That mode is uniform: noise chooses its sign. Of those that have a position, $k = {k}$ grows fastest, $\\mu "
        f"= {rate:.3f}$, $B = {spread:.2f}$; the share of noise in its phase is {share(wave, 1)} at batch size 1 and "
        f"{share(wave, 100)} at 100."
    )


def _scientific(number: float) -> str:
    power = math.floor(math.log10(number))
    return rf"{number / 10**power:.1f} \cdot 10^{{{power}}}"
