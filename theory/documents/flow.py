"""From steps of stochastic gradient descent to the gradient flow, its time and its errors."""

from __future__ import annotations

from itertools import product

import sympy as sp

from cumulode.theory.derivation.derivation import Derivation, Scope
from cumulode.theory.dynamics.fluctuations import local_error, noise_covariance, step_error
from cumulode.theory.neuron.activations import Activation, h, parse
from cumulode.theory.neuron.activations import y as label

from .responses import live_points, response
from .rewritings import simplified

b = sp.Symbol("b", real=True)
eta = sp.Symbol("eta", positive=True)
t = sp.Symbol("t", positive=True)
p = {1: sp.Symbol("p_+1", positive=True), -1: sp.Symbol("p_-1", positive=True)}
aligned = {1: sp.Symbol("q_+1", positive=True), -1: sp.Symbol("q_-1", positive=True)}
opposed = {1: sp.Symbol("r_+1", positive=True), -1: sp.Symbol("r_-1", positive=True)}


def build(activation: str = "erf", order: int = 3) -> Derivation:
    """Force, mean and covariance of a step, the flow and its error in the learning rate, other conventions of time."""
    chosen = parse(activation)
    d = Derivation(
        "flow",
        "From stochastic gradient descent to the gradient flow",
        "One step of stochastic gradient descent on a fresh sample is $w \\to w + \\eta F_y(w\\cdot x + b)\\,x$. Its "
        "mean is $\\eta$ times minus the gradient of the population loss $V$, so that many small steps follow the flow "
        "$dw/dt = -\\nabla V$ in the time $t = \\eta \\times$ steps. The error of steps against flow is found to first "
        "order in $\\eta$, and the time is translated from two other conventions. "
        f"The activation is {chosen.name}.",
        scope=Scope(
            small="the learning rate $\\eta$ at fixed time $t$",
            dropped="the fluctuations about the mean (they are in the document fluctuations) and the difference "
            "between a step and the flow over a time $\\eta$",
            neglected="order $\\eta$ at fixed time, found below as the global error",
            used=(
                "cumulode.theory.problem.problem",
                "cumulode.theory.dynamics.fluctuations",
                "cumulode.validation.sgd.neuron",
            ),
        ),
    )
    _force(d, chosen)
    _mean_step(d, chosen)
    _descent(d, chosen)
    _one_step(d)
    _many_steps(d)
    _batch(d)
    _authors(d, chosen)
    _committee(d, chosen)
    return d


def _force(d: Derivation, chosen: Activation) -> None:
    """The force is the derivative of Phi, and the step of one weight minus the gradient of the loss."""
    sigma, force = (pieces[chosen.last_varying] for pieces in (chosen.pieces, chosen.force_pieces()))
    between = "" if chosen.smooth else ", between the kinks, in the last piece that varies"
    d.chain(
        f"The loss of one sample is $(y - \\sigma)^2/2 = -\\Phi_y(h)$, with the preactivation $h = w\\cdot x + b$. The "
        f"force is the derivative of $\\Phi_y$, here for the activation $\\sigma(h) = {sp.latex(sigma)}${between}.",
        r"F_y(h) = \Phi_y'(h)",
        sp.Derivative(-((label - sigma) ** 2) / 2, h),
    ).equals(force, "chain rule: $F_y = (y - \\sigma)\\,\\sigma'$", name="force")
    w, x = sp.symbols("w1:3", real=True), sp.symbols("x1:3", real=True)
    inside = w[0] * x[0] + w[1] * x[1] + b
    d.chain(
        "Minus the gradient of the loss with respect to one of the weights, two of them written out: the force times "
        "the input. A step of stochastic gradient descent is $\\eta$ times this.",
        r"-\frac{\partial}{\partial w_1}\frac{(y-\sigma(w\cdot x+b))^2}{2}",
        -sp.Derivative((label - sigma.subs(h, inside)) ** 2 / 2, w[0]),
    ).equals(force.subs(h, inside) * x[0], "chain rule: $\\partial h/\\partial w_1 = x_1$")


def _states(y: int, w: tuple[sp.Symbol, ...]) -> list[tuple[sp.Expr, sp.Expr]]:
    """Probability and ``w.x`` of the states of a ring with ``x_1 = 1``; their mirror images ``-x`` are as likely."""
    found = []
    for x in product((1, -1), repeat=len(w) - 1):
        probability = aligned[y] if all(spin == 1 for spin in x) else opposed[y]
        found.append((probability, sp.Add(*(wi * xi for wi, xi in zip(w, (1, *x), strict=True)))))
    return found


def _mean_step(d: Derivation, chosen: Activation) -> None:
    w = sp.symbols("w1:4", real=True)
    _correlation(d)
    mean, gradient = [], []
    for y in (1, -1):
        force, phi = response(chosen, y, 0), response(chosen, y, -1)
        for probability, s in _states(y, w):
            mean.append(eta * p[y] * probability * (force(b + s) - force(b - s)))
            gradient.append(eta * p[y] * probability * sp.Derivative(phi(b + s) + phi(b - s), w[0]))
    d.chain(
        "The mean of one step of $w_1$ over both classes, of probabilities $p_y$, and over all eight states of each: "
        "a state and its mirror image $-x$ together, each of probability $q_y$ where all $x_i$ are equal and $r_y$ "
        "otherwise. Every term is a derivative in $w_1$, and their sum is $-\\eta\\, \\partial V/\\partial w_1$ with "
        "the population loss $V(w) = -\\sum_y p_y E_y[\\Phi_y(w\\cdot x + b)]$. Per unit of time, $t = \\eta \\times$ "
        "steps, the mean motion is therefore $dw/dt = f(w) = -\\nabla V$. It is so term by term, and therefore for "
        "any number of sites and any law of the inputs.",
        r"E[\Delta w_1]",
        sp.Add(*mean),
    ).equals(
        sp.Add(*gradient),
        "$\\Phi_y' = F_y$ and $\\partial (w\\cdot x)/\\partial w_1 = x_1$",
        name="gradient flow",
        domain=live_points(chosen, w),
    )


def _correlation(d: Derivation) -> None:
    u, c = sp.symbols("u1:4", real=True), sp.Symbol("c", real=True)
    terms = []
    for kind, probability in ((aligned[1], (1 + 3 * c) / 8), (opposed[1], (1 - c) / 8)):
        waves = sp.Add(*(sp.cos(s) for q, s in _states(1, u) if q == kind))
        terms.append(-2 * probability * sp.Subs(sp.Derivative(waves, u[0], u[1]), u, (0, 0, 0)))
    d.chain(
        "An even, translation-invariant law small enough for sums over all its states: on a ring of three sites "
        "$x_i = \\pm 1$, two states with all $x_i$ equal of probability $(1+3c)/8$ each and six others of probability "
        "$(1-c)/8$ each. The second derivative of $E\\cos(u\\cdot x)$ at $u = 0$ shows that $c$ is the correlation of "
        "two sites.",
        "E[x_1 x_2]",
        sp.Add(*terms),
    ).equals(c, "sum over the states")


def _descent(d: Derivation, chosen: Activation) -> None:
    w, v = sp.symbols("w1:3", real=True), sp.symbols("v1:3", real=True)
    s = sp.Symbol("s", real=True)
    force, phi = response(chosen, 1, 0), response(chosen, 1, -1)
    slope, drift = [], [sp.Integer(0), sp.Integer(0)]
    for sign, (probability, along) in zip((1, -1), _states(1, w), strict=True):
        moving = along + s * (v[0] + sign * v[1])
        slope.append(-probability * sp.Subs(sp.Derivative(phi(b + moving) + phi(b - moving), s), s, 0))
        for i, x in enumerate((1, sign)):
            drift[i] += x * probability * (force(b + along) - force(b - along))
    d.chain(
        "How $V$ changes when the weights move with velocity $v$: two sites, one class. The bracket that multiplies "
        "$-v_i$ is the drift $f_i$, so that along the flow, $v = f$, the loss falls at the rate $|f|^2$.",
        r"\frac{dV}{dt}",
        sp.Add(*slope),
    ).equals(
        -v[0] * drift[0] - v[1] * drift[1],
        "chain rule: $dV/dt = -v\\cdot f$, which is $-|f|^2$ along the flow",
        domain=live_points(chosen, w),
    )


def _one_step(d: Derivation) -> None:
    """The flow dw/dt = a w - k w^3, which has a closed solution, against one step."""
    a, g, w0 = (sp.Symbol(name, positive=True) for name in ("a", "k", "w0"))
    solution = w0 * sp.exp(a * t) / sp.sqrt(1 + g / a * w0**2 * (sp.exp(2 * a * t) - 1))
    d.chain(
        "Steps against the flow. One weight with $f(w) = a w - k w^3$, which grows and saturates, has a closed "
        "solution (Bernoulli's).",
        r"\frac{d}{dt}\,w(t)",
        sp.Derivative(solution, t),
    ).equals(a * solution - g * solution**3, "the solution satisfies $dw/dt = f(w)$")
    d.chain(
        "The term of order $\\eta^2$ of this solution after a time $\\eta$, which one step $w_0 + \\eta f(w_0)$ does "
        "not have: the local error, $\\eta^2 f f'/2$ with $f$ and $f'$ at $w_0$. In a unit of time there are $1/\\eta$ "
        "steps, so that the errors add up to order $\\eta$.",
        r"w(\eta) - [w_0 + \eta f(w_0)]",
        eta**2 / 2 * sp.Subs(sp.Derivative(solution, (t, 2)), t, 0),
    ).equals(
        local_error(a * w0 - g * w0**3, a - 3 * g * w0**2, eta), "second derivative at $t = 0$", name="local error"
    )


def _many_steps(d: Derivation) -> None:
    a, g, w, s = (sp.Symbol(name, positive=True) for name in ("a", "k", "w", "s"))
    error, first = sp.Symbol("delta", real=True), sp.Symbol("f0", positive=True)
    drift, slope = a * w - g * w**3, a - 3 * g * w**2
    example = {"a": sp.Rational(1, 10), "eta": sp.Rational(1, 100), "t": 100}
    percent = float(example["eta"] * example["a"] ** 2 * example["t"] / 2 * 100)
    d.chain(
        "Many steps. Where the drift is linear, $f = a w$, $t/\\eta$ steps multiply $w$ by $(1+\\eta a)^{t/\\eta}$ and "
        "the flow by $e^{at}$. The logarithm of their ratio, over $t$, is of order $\\eta$; the rest is positive and "
        f"below $\\eta^2 a^3/3$. At $\\eta = {float(example['eta'])}$, $a = {float(example['a'])}$, "
        f"$t = {example['t']}$ the first order is {percent:.2g} percent.",
        None,
        sp.log(1 + eta * a) / eta - a,
    ).equals(
        -eta * a**2 / 2 + sp.Integral(s**2 / (1 + s), (s, 0, eta * a)) / eta,
        "$\\ln(1+z)$ is the integral of $1/(1+s) = 1 - s + s^2/(1+s)$",
        **simplified("integration", lambda e: sp.expand_log(sp.expand(e.doit()), force=True)),
    )
    step = a * (w + eta * error) - g * (w + eta * error) ** 3
    d.chain(
        "In general write the steps as $w(t) + \\eta\\,\\delta(t)$. One step from there, exactly, less the place where "
        "the flow goes, $w + \\eta f + \\eta^2 f f'/2$: the new $\\eta\\,\\delta$ is the old plus "
        "$\\eta^2 (f'\\delta - f f'/2)$ plus terms of order $\\eta^3$. Hence $d\\delta/dt = f'\\delta - f f'/2$.",
        None,
        w + eta * error + eta * step - (w + eta * drift + local_error(drift, slope, eta)),
    ).equals(
        eta * error
        + eta**2 * (slope * error - slope * drift / 2)
        - 3 * g * w * eta**3 * error**2
        - g * eta**4 * error**3,
        "Taylor's theorem, which for this $f$ ends",
    )
    d.chain(
        "Its solution that starts at zero, $\\delta = -\\frac12 f \\ln(f/f_0)$, $f_0$ the drift at the start: in terms "
        "of the place $w$ that the flow has reached, $d/dt = f\\, d/dw$. Where the drift has grown the steps lag "
        "behind, where it has fallen they are ahead.",
        r"\frac{d}{dt}\,\eta\,\delta",
        drift * sp.Derivative(step_error(first, drift, eta, sp), w),
    ).equals(
        slope * step_error(first, drift, eta, sp) - local_error(drift, slope, eta) / eta,
        "product rule",
        name="global error",
        domain={a: (1.5, 2.0), g: (0.1, 0.3), w: (0.3, 1.0)},
    )


def _batch(d: Derivation) -> None:
    q = sp.Symbol("q", positive=True)
    u, v = sp.symbols("u1:3", real=True), sp.symbols("v1:3", real=True)
    n = sp.Symbol("n", positive=True)
    uv, mu, mv = sp.symbols("m_uv m_u m_v", real=True)
    terms = []
    for k in range(4):
        chance = sp.binomial(3, k) * q**k * (1 - q) ** (3 - k)
        terms.append(chance / 9 * (k * u[0] + (3 - k) * u[1]) * (k * v[0] + (3 - k) * v[1]))
    means = (q * u[0] + (1 - q) * u[1]) * (q * v[0] + (1 - q) * v[1])
    d.chain(
        "The covariance of a step that averages a batch. First a sum over all cases: the two components of $F x$ are "
        "$(u_1, v_1)$ with probability $q$ and $(u_2, v_2)$ otherwise, and three samples are averaged.",
        r"\mathrm{Cov}",
        sp.Add(*terms, -means),
    ).equals(
        q * (1 - q) * (u[0] - u[1]) * (v[0] - v[1]) / 3,
        "a third of the covariance of one sample",
        domain={q: (0.1, 0.9)},
    )
    d.chain(
        "For any law and $n$ samples: of the $n^2$ pairs in the product of two means, $n$ are of a sample with itself, "
        "with mean $m_{uv}$, and $n(n-1)$ of independent ones.",
        r"\mathrm{Cov}",
        (n * uv + n * (n - 1) * mu * mv) / n**2 - mu * mv,
    ).equals(noise_covariance(uv, mu * mv, n), "the covariance of one sample over $n$", name="batch covariance")


def _authors(d: Derivation, chosen: Activation) -> None:
    rate, size = sp.Symbol("l", positive=True), sp.Symbol("D", positive=True)
    w, u, x = (sp.symbols(f"{letter}1:3", real=True) for letter in "wux")
    sigma, y = response(chosen, None, 0), sp.Symbol("y", real=True)
    loss = (y - sigma((w[0] * x[0] + w[1] * x[1]) / sp.sqrt(size) + b)) ** 2
    inside = u[0] * x[0] + u[1] * x[1] + b
    there = sp.Subs(sp.Derivative(loss, w[0]), w, (sp.sqrt(size) * u[0], sp.sqrt(size) * u[1]))
    d.chain(
        "The convention of Ingrosso and Goldt: the preactivation is $w\\cdot x/\\sqrt D + b$ and the loss "
        "$(y-\\sigma)^2$ lacks the half. Their step of $w_1$ with learning rate $l$, seen in $u = w/\\sqrt D$, is ours "
        "in $u$ with the learning rate $\\eta = 2 l/D$. Their time counts $D$ steps, so that $t = \\eta \\times$ steps "
        "is $2 l$ times theirs.",
        r"\Delta u_1",
        -rate / sp.sqrt(size) * there,
    ).equals(
        2 * rate / size * (y - sigma(inside)) * response(chosen, None, 1)(inside) * x[0],
        "chain rule, $F_y = (y - \\sigma)\\,\\sigma'$",
        name="their learning rate",
    )


def _committee(d: Derivation, chosen: Activation) -> None:
    count, others = sp.Symbol("K", positive=True), sp.Symbol("R", real=True)
    w, x, y = (sp.Symbol(name, real=True) for name in ("w1", "x1", "y"))
    sigma, slope = response(chosen, None, 0), response(chosen, None, 1)
    own = sigma(w * x + b)
    loss = (y - (own + others) / count) ** 2 / 2
    d.chain(
        "A committee of $K$ neurons, $s(x) = \\frac1K\\sum_k \\sigma(h_k)$: one weight of one neuron, $R$ the sum of "
        "$\\sigma$ over the others. The update is the gradient times $K$.",
        r"-K\,\frac{\partial}{\partial w_1}\frac{(y-s)^2}{2}",
        -count * sp.Derivative(loss, w),
    ).equals(
        (y - (own + others) / count) * slope(w * x + b) * x,
        "chain rule: the force of a committee, $(y - s)\\,\\sigma'$",
    )
    d.chain(
        "With this factor, time means the same for every $K$: $K$ equal neurons, $R = (K-1)\\,\\sigma$, move as one "
        "neuron would. This is the equation before at $R = (K-1)\\,\\sigma$: true by construction of the factor.",
        None,
        sp.Subs(-count * sp.Derivative(loss, w), others, (count - 1) * own),
    ).equals((y - own) * slope(w * x + b) * x, "$s = \\sigma$: the force of one neuron")
