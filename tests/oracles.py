"""Brute force to test against; nothing in this file imports cumulode.

Sums over all states of an Ising ring, tensor Gauss-Hermite points of small NLGP rings, dense cumulant tensors, and
high-precision averages over the laws that closures assume, all written from their definitions in theory.md.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from functools import lru_cache

import mpmath as mp
import numpy as np
from mpmath.calculus.quadrature import GaussLegendre
from scipy import special

Force = Callable[[np.ndarray, float], np.ndarray]


# ---------------------------------------------------------------- activations, written by hand


def _cubic(h: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return h - h**3 / 6, 1 - h**2 / 2


def _erf(h: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return special.erf(h / math.sqrt(2)), math.sqrt(2 / math.pi) * np.exp(-(h**2) / 2)


def _tanh(h: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return np.tanh(h), 1 / np.cosh(h) ** 2


def _softplus(h: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return np.logaddexp(0, h), special.expit(h)


def _relu(h: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return np.maximum(h, 0), (h > 0).astype(float)


#: sigma and its derivative by the string a user gives.
ACTIVATIONS = {"erf": _erf, "tanh": _tanh, "softplus": _softplus, "relu": _relu, "h - h**3/6": _cubic}


def force(activation: str) -> Force:
    """``F_y(h) = (y - sigma) sigma'`` in doubles."""

    def of(h: np.ndarray, label: float) -> np.ndarray:
        value, slope = ACTIVATIONS[activation](h)
        return (label - value) * slope

    return of


def polynomial_force(coefficients: np.ndarray) -> Force:
    """The force of a polynomial activation, coefficients from the constant up."""
    poly = np.polynomial.Polynomial(coefficients)

    def of(h: np.ndarray, label: float) -> np.ndarray:
        return (label - poly(h)) * poly.deriv()(h)

    return of


# ---------------------------------------------------------------- laws as points and weights


@lru_cache(maxsize=32)
def ising_points(t: float, size: int) -> tuple[np.ndarray, np.ndarray]:
    """All states (2^D, D) of an Ising ring and their probabilities, from the product of bond weights."""
    x = np.array(list(itertools.product((-1.0, 1.0), repeat=size)))
    weight = np.prod(1 + t * x * np.roll(x, -1, axis=1), axis=1)
    return x, weight / weight.sum()


def hermite_points(gain: float, covariance: np.ndarray, nodes: int) -> tuple[np.ndarray, np.ndarray]:
    """Tensor Gauss-Hermite points of ``x = erf(g z / sqrt 2) / Z``, ``z`` of the given covariance (D, D), and weights.

    ``Z`` is the standard deviation found by quadrature over one site, not the arcsine law's.
    """
    roots, weights = np.polynomial.hermite_e.hermegauss(nodes)
    weights = weights / weights.sum()
    power, modes = np.linalg.eigh(covariance)
    axes = [np.sqrt(max(p, 0.0)) * roots for p in power]
    z = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, len(power)) @ modes.T
    weight = math.prod(np.meshgrid(*[weights] * len(power), indexing="ij")).ravel()
    x = special.erf(gain * z / math.sqrt(2))
    return x / math.sqrt(float(weight @ x[:, 0] ** 2)), weight


def population_drift(
    w: np.ndarray, plus: tuple, minus: tuple, force: Force, bias: float, prior: float = 0.5
) -> np.ndarray:
    """``sum_y p_y E_y[F_y(w.x + b) x]`` over the points of the two classes."""
    total = np.zeros_like(w)
    for (x, probability), label, p in ((plus, 1.0, prior), (minus, -1.0, 1 - prior)):
        total += p * (probability * force(x @ w + bias, label)) @ x
    return total


# ---------------------------------------------------------------- cumulants


def dense_cumulants(x: np.ndarray, probability: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """``C`` (D, D) and ``K`` (D, D, D, D) of an even law given by points, from its moments."""
    size = x.shape[1]
    C = np.einsum("n,ni,nj->ij", probability, x, x, optimize=True)
    pairs = (x[:, :, None] * x[:, None, :]).reshape(len(x), -1)
    M = ((pairs.T * probability) @ pairs).reshape((size,) * 4)
    return C, M - isserlis(C)


def isserlis(C: np.ndarray) -> np.ndarray:
    """``C_ij C_kl + C_ik C_jl + C_il C_jk``."""
    a = np.einsum("ij,kl->ijkl", C, C)
    return a + a.transpose(0, 2, 1, 3) + a.transpose(0, 3, 2, 1)


def all_offsets(size: int) -> np.ndarray:
    """Offsets (D^3, 3) of all triples of sites, in the order of ``K[0].ravel()``."""
    return np.array(list(itertools.product(range(size), repeat=3)))


def circulant_tensor(first: np.ndarray, size: int) -> np.ndarray:
    """``K_ijkl`` (D, D, D, D) from ``K_0abc`` (D^3,) by translation."""
    K0 = first.reshape((size,) * 3)
    i = np.arange(size)
    a = (i[None, :] - i[:, None]) % size
    return K0[a[:, :, None, None], a[:, None, :, None], a[:, None, None, :]]


def cubic_form_tensor(form: Callable[[np.ndarray], np.ndarray], size: int) -> np.ndarray:
    """The symmetric tensor ``T`` with ``form(w)_l = sum T_ijkl w_i w_j w_k``, by polarisation."""
    e = np.eye(size)
    one = np.array([form(v) for v in e])
    two = np.array([[form(u + v) for v in e] for u in e])
    T = np.array([[[form(u + v + s) for s in e] for v in e] for u in e])
    T -= two[:, :, None] + two[:, None, :] + two[None]
    return (T + one[:, None, None] + one[None, :, None] + one[None, None]) / 6


# ---------------------------------------------------------------- moments of signs, in high precision


def sign_moment(r: Callable[[int, int], mp.mpf]) -> mp.mpf:
    """``E[s_0 s_1 s_2 s_3]`` of signs of Gaussians with correlations ``r(i, j)``: Plackett's integral as it stands."""
    pairs = [(0, 1, 2, 3), (0, 2, 1, 3), (0, 3, 1, 2), (1, 2, 0, 3), (1, 3, 0, 2), (2, 3, 0, 1)]

    def integrand(t: mp.mpf) -> mp.mpf:
        total = mp.mpf(0)
        for i, j, k, l in pairs:
            a = t * r(i, j)
            b = [[t * r(p, q) for q in (i, j)] for p in (k, l)]
            shrink = 1 - a * a
            cov = (
                t * r(k, l)
                - (b[0][0] * b[1][0] + b[0][1] * b[1][1] - a * (b[0][0] * b[1][1] + b[0][1] * b[1][0])) / shrink
            )
            var = [1 - (c * c + d * d - 2 * a * c * d) / shrink for c, d in b]
            total += r(i, j) / mp.sqrt(shrink) * mp.asin(cov / mp.sqrt(var[0] * var[1]))
        return total

    return 4 / mp.pi**2 * mp.quad(integrand, [0, 0.5, 0.9, 0.99, 1])


def nlgp_cumulant(gain: float, c: Callable[[int, int], mp.mpf]) -> mp.mpf:
    """``K`` of four NLGP sites, ``c(i, j)`` the Gaussian correlation, as the difference of moments it is defined as."""
    q = mp.mpf(1) if math.isinf(gain) else mp.mpf(gain) ** 2 / (1 + mp.mpf(gain) ** 2)
    square = 2 / mp.pi * mp.asin(q)

    def C(i: int, j: int) -> mp.mpf:
        return mp.asin(q * c(i, j)) / mp.asin(q)

    gaussian = C(0, 1) * C(2, 3) + C(0, 2) * C(1, 3) + C(0, 3) * C(1, 2)
    return sign_moment(lambda i, j: q * c(i, j)) / square**2 - gaussian


# ---------------------------------------------------------------- activations and laws of lam in high precision

#: sigma, its derivative (one-sided at kinks) and the kinks.
MP_ACTIVATIONS: dict[str, tuple[Callable, Callable, tuple[float, ...]]] = {
    "erf": (lambda h: mp.erf(h / mp.sqrt(2)), lambda h: mp.sqrt(2 / mp.pi) * mp.exp(-h * h / 2), ()),
    "tanh": (mp.tanh, lambda h: mp.sech(h) ** 2, ()),
    "softplus": (lambda h: mp.log1p(mp.exp(h)), lambda h: 1 / (1 + mp.exp(-h)), ()),
    "relu": (lambda h: max(h, mp.mpf(0)), lambda h: mp.mpf(h > 0), (0.0,)),
    "Max(0, h) + 0.1*Min(0, h)": (
        lambda h: h if h > 0 else h / 10,
        lambda h: mp.mpf(1) if h > 0 else mp.mpf(1) / 10,
        (0.0,),
    ),
    "Abs(h - 1)": (lambda h: abs(h - 1), lambda h: mp.mpf(1) if h > 1 else mp.mpf(-1), (1.0,)),
    "h - h**3/6": (lambda h: h - h**3 / 6, lambda h: 1 - h * h / 2, ()),
    "tanh(Max(0, h))": (lambda h: mp.tanh(max(h, 0)), lambda h: mp.sech(h) ** 2 if h > 0 else mp.mpf(0), (0.0,)),
}


class Neuron:
    """``Phi_y`` and ``F_y`` at ``b + lam`` in high precision, and where ``lam`` meets a kink."""

    def __init__(self, activation: str, label: float, bias: float) -> None:
        self.sigma, self.slope, kinks = MP_ACTIVATIONS[activation]
        self.label, self.bias = label, mp.mpf(bias)
        self.breaks = [mp.mpf(k) - self.bias for k in kinks]

    def phi(self, lam: mp.mpf) -> mp.mpf:
        """The potential."""
        return -((self.label - self.sigma(self.bias + lam)) ** 2) / 2

    def force(self, lam: mp.mpf) -> mp.mpf:
        """The force."""
        h = self.bias + lam
        return (self.label - self.sigma(h)) * self.slope(h)


@lru_cache(maxsize=8)
def _rule(precision: int) -> list[tuple[mp.mpf, mp.mpf]]:
    """24 Gauss-Legendre nodes and weights on [-1, 1]."""
    return GaussLegendre(mp.mp).calc_nodes(4, precision)


def _composite(edges: list) -> list[tuple[mp.mpf, mp.mpf]]:
    """Gauss-Legendre on every interval between ``edges``."""
    pieces = [((high + low) / 2, (high - low) / 2) for low, high in itertools.pairwise(edges)]
    return [(middle + half * x, half * weight) for middle, half in pieces for x, weight in _rule(mp.mp.prec)]


def _edges(neuron: Neuron, width: mp.mpf, top: mp.mpf) -> list:
    """Places in (0, top) so close that between them both the force (scale 1) and the law (``width``) are smooth."""
    steps = [mp.mpf(3 * k) / 2 for k in range(18)] + [mp.mpf(32) * 2**k for k in range(6)]
    steps += [width * k for k in range(14)] + [abs(b) for b in neuron.breaks]
    return sorted({p for p in steps if 0 < p < top})


def gaussian_nodes(neuron: Neuron, variance: mp.mpf, mean: mp.mpf = 0) -> list[tuple[mp.mpf, mp.mpf, mp.mpf]]:
    """Nodes ``(lam, z, weight)`` of ``lam = mean + s z``, ``z`` standard normal."""
    s = mp.sqrt(variance)
    positive = _edges(neuron, s, 13 * s + abs(mean))
    inner = {(sign * p - mean) / s for p in positive for sign in (1, -1)} | {mp.mpf(k) for k in range(-12, 13)}
    edges = [mp.mpf(-13), *sorted(e for e in inner if -13 < e < 13), mp.mpf(13)]
    return [(mean + s * z, z, weight * mp.npdf(z)) for z, weight in _composite(edges)]


def gaussian_derivatives(neuron: Neuron, orders: tuple[int, ...], variance: mp.mpf, mean: mp.mpf = 0) -> list[mp.mpf]:
    """``E[F^(n)]`` over N(mean, variance), by parts on to the Gaussian, so that kinks need no delta functions."""
    nodes = [(z, weight * neuron.force(lam)) for lam, z, weight in gaussian_nodes(neuron, variance, mean)]
    hermite = {n: [mp.mpf(c) for c in np.polynomial.hermite_e.herme2poly([0] * n + [1])[::-1]] for n in orders}
    totals = [mp.fsum(value * mp.polyval(hermite[n], z) for z, value in nodes) for n in orders]
    return [total / mp.sqrt(variance) ** n for n, total in zip(orders, totals, strict=True)]


def pearson_nodes(neuron: Neuron, k2: mp.mpf, k4: mp.mpf) -> list[tuple[mp.mpf, mp.mpf]]:
    """Nodes ``(lam, weight)``, lam > 0, of means of even functions over Pearson's law with cumulants ``k2``, ``k4``.

    Density proportional to ``(1 - lam^2/S^2)^power``: ``power = nu - 3/2``, ``S^2 = 2 nu k2``, ``nu = -3 k2^2/k4 - 1``.
    """
    nu = -3 * k2**2 / k4 - 1
    power, scale = nu - mp.mpf(3) / 2, mp.sqrt(abs(2 * nu * k2))
    nodes = (_heavy_nodes if k4 > 0 else _bounded_nodes)(neuron, mp.sqrt(k2), power, scale)
    total = mp.fsum(weight for _, weight in nodes)
    return [(lam, weight / total) for lam, weight in nodes]


def _bounded_nodes(neuron: Neuron, width: mp.mpf, power: mp.mpf, scale: mp.mpf) -> list[tuple[mp.mpf, mp.mpf]]:
    """``1 - lam/S = exp(-x)`` spreads an infinite density at the end out; beyond x = 64 the force is that at
    the end.
    """
    last = min(mp.mpf(64), -mp.log(1 - mp.sqrt(1 - mp.exp(-70 / (power + 1)))))
    inner = {-mp.log(1 - e / scale) for e in _edges(neuron, width, scale)} | {mp.mpf(2) ** k for k in range(6)}
    edges = [mp.mpf(0), *sorted(e for e in inner if 0 < e < last), last]
    nodes = [(-mp.expm1(-x), weight * mp.exp(-x * (power + 1))) for x, weight in _composite(edges)]
    tail = mp.mpf(2) ** power * mp.exp(-last * (power + 1)) / (power + 1) if last == 64 else mp.mpf(0)
    return [(scale * u, weight * (1 + u) ** power) for u, weight in nodes] + [(scale, tail)]


def _heavy_nodes(neuron: Neuron, width: mp.mpf, power: mp.mpf, scale: mp.mpf) -> list[tuple[mp.mpf, mp.mpf]]:
    """``lam = S sinh x``, up to where the weight times lam^4 has fallen by exp(-60)."""
    last = mp.acosh(mp.exp(60 / (-2 * power - 5)))
    inner = {mp.asinh(e / scale) for e in _edges(neuron, width, scale * mp.sinh(last))}
    inner |= {mp.mpf(k) for k in range(0, 40, 2)}
    edges = [mp.mpf(0), *sorted(e for e in inner if 0 < e < last), last]
    return [(scale * mp.sinh(x), weight * mp.cosh(x) ** (2 * power + 1)) for x, weight in _composite(edges)]


# ---------------------------------------------------------------- A and B of the closures, from their definitions


def gaussian_coefficients(neuron: Neuron, k2: mp.mpf, k4: mp.mpf) -> tuple[mp.mpf, mp.mpf]:
    """``E_G[F']`` and nothing."""
    return gaussian_derivatives(neuron, (1,), k2)[0], mp.mpf(0)


def edgeworth_coefficients(neuron: Neuron, k2: mp.mpf, k4: mp.mpf) -> tuple[mp.mpf, mp.mpf]:
    """``E_G[F^(1)] + k4/24 E_G[F^(5)]`` and ``E_G[F^(3)]/6``."""
    first, third, fifth = gaussian_derivatives(neuron, (1, 3, 5), k2)
    return first + k4 / 24 * fifth, third / 6


def _difference(psi: Callable, k2: mp.mpf, k4: mp.mpf) -> tuple[mp.mpf, mp.mpf]:
    """``2 dPsi/dk2`` and ``4 dPsi/dk4`` by central differences of 1e-8 of each: 1e-16 of the third derivative
    is lost.
    """
    d2, d4 = k2 * mp.mpf(10) ** -8, k4 * mp.mpf(10) ** -8
    return (psi(k2 + d2, k4) - psi(k2 - d2, k4)) / d2, 2 * (psi(k2, k4 + d4) - psi(k2, k4 - d4)) / d4


def pearson_potential(neuron: Neuron, k2: mp.mpf, k4: mp.mpf) -> mp.mpf:
    """``E_nu[Phi]``."""
    return mp.fsum(weight * (neuron.phi(lam) + neuron.phi(-lam)) / 2 for lam, weight in pearson_nodes(neuron, k2, k4))


def bimodal_coefficients(neuron: Neuron, k2: mp.mpf, k4: mp.mpf) -> tuple[mp.mpf, mp.mpf]:
    """Of ``Psi = E[Phi(+-m + s n)]``, ``m^4 = -k4/2``, ``s^2 = k2 - m^2``, differentiated by hand.

    At fixed m, ``dPsi/d(s^2) = E[F']/2``; at fixed s, ``dPsi/dm = E[+-F]``; and ``dm/dk4 = -1/(8 m^3)``.
    """
    m = (-k4 / 2) ** mp.mpf("0.25")
    up, down = (gaussian_derivatives(neuron, (0, 1), k2 - m**2, sign * m) for sign in (1, -1))
    A = (up[1] + down[1]) / 2
    return A, -((up[0] - down[0]) / 2 - m * A) / (2 * m**3)


def pearson_coefficients(neuron: Neuron, k2: mp.mpf, k4: mp.mpf) -> tuple[mp.mpf, mp.mpf]:
    """Derivatives of its potential."""
    return _difference(lambda a, b: pearson_potential(neuron, a, b), k2, k4)


def regression_coefficients(neuron: Neuron, k2: mp.mpf, k4: mp.mpf) -> tuple[mp.mpf, mp.mpf]:
    """From the projection itself: ``c_n = E_nu[P_n F] / E_nu[P_n^2]`` with ``P_1 = lam``, ``P_3 = lam^3 - (m4/k2)
    lam``.

    No derivative of F enters, so kinks are no exception. ``A = c_1 - c_3 k4/k2``, ``B = c_3``; moments of a beta law.
    """
    nu = -3 * k2**2 / k4 - 1
    m4, m6 = k4 + 3 * k2**2, 15 * k2**3 * nu**2 / ((nu + 1) * (nu + 2))
    nodes = pearson_nodes(neuron, k2, k4)
    odd = [(lam, weight * (neuron.force(lam) - neuron.force(-lam)) / 2) for lam, weight in nodes]
    c1 = mp.fsum(lam * value for lam, value in odd) / k2
    c3 = mp.fsum((lam**3 - m4 / k2 * lam) * value for lam, value in odd) / (m6 - m4**2 / k2)
    return c1 - c3 * k4 / k2, c3


def squared_force(neuron: Neuron, k2: mp.mpf, k4: mp.mpf) -> list[mp.mpf]:
    """Projections of ``G = F^2`` over Pearson's law by their definitions: ``E[G]``, on ``p_2``, on ``x p_3`` less its
    part along ``p_2``, on ``p_3^2`` less its parts along 1 and ``p_2``. No derivative of F enters. ``x = lam/sqrt k2``.
    """
    kappa, nodes = k4 / k2**2, pearson_nodes(neuron, k2, k4)
    G = [(lam / mp.sqrt(k2), weight * (neuron.force(lam) ** 2 + neuron.force(-lam) ** 2) / 2) for lam, weight in nodes]

    def mean(polynomial: Callable) -> mp.mpf:
        return mp.fsum(value * polynomial(x) for x, value in G)

    def p3(x: mp.mpf) -> mp.mpf:
        return x**3 - (3 + kappa) * x

    nu = -3 / kappa - 1
    m6 = 15 * nu**2 / ((nu + 1) * (nu + 2))
    m8 = 105 * nu**3 / ((nu + 1) * (nu + 2) * (nu + 3))
    h2, h3 = 2 + kappa, m6 - (3 + kappa) ** 2
    both = m8 - 2 * (3 + kappa) * m6 + (3 + kappa) ** 3 - h3  # E[p_2 p_3^2]
    g0, g2 = mean(lambda x: 1), mean(lambda x: x**2 - 1) / h2
    g4 = mean(lambda x: x * p3(x)) / h3 - g2
    return [g0, g2, g4, (mean(lambda x: p3(x) ** 2) - h3 * g0 - both * g2) / h3**2]


def fields(size):
    """Random, localised, one-site, sinusoidal and constant."""
    i = np.arange(size)
    return {
        "random": np.random.default_rng(size).standard_normal(size),
        "localised": np.exp(-((i - size / 3) ** 2) / 4.0),
        "one site": np.eye(size)[2],
        "sinusoid": np.cos(2 * np.pi * i / size + 0.3),
        "constant": np.ones(size),
    }


def plackett_fourth(gain, xi, offsets, size=None, nodes=260):
    """K of sites (0, *offsets) of an NLGP by Plackett's identity from its definition, 130 digits; to about 1e-13."""
    sites = (0, *offsets)
    with mp.workdps(130):
        q = 1 / (1 + 1 / mp.mpf(gain) ** 2)

        def covariance(i, j):
            d = abs(i - j)
            d = d if size is None else min(d % size, size - d % size)
            return q * mp.exp(-((mp.mpf(d) / mp.mpf(xi)) ** 2))

        r = [[covariance(i, j) for j in sites] for i in sites]

        def integrand(tau):
            def c(x, y):
                return mp.mpf(1) if x == y else tau * r[x][y]

            total = mp.mpf(0)
            for i, j in itertools.combinations(range(4), 2):
                k, l = (x for x in range(4) if x not in (i, j))
                rest = 1 - c(i, j) ** 2

                def left(x, y, i=i, j=j, rest=rest):
                    mixed = c(x, i) * c(j, y) + c(x, j) * c(i, y)
                    return c(x, y) - (c(x, i) * c(i, y) + c(x, j) * c(j, y) - c(i, j) * mixed) / rest

                rho = left(k, l) / mp.sqrt(left(k, k) * left(l, l))
                total += r[i][j] / mp.sqrt(rest) * (mp.asin(rho) - mp.asin(c(k, l)))
            return total

        step = mp.mpf(115) / nodes
        taus = (1 / (1 + mp.exp(-(-25 + step * n))) for n in range(nodes + 1))
        whole = step * sum(integrand(tau) * tau * (1 - tau) for tau in taus)
        return float(4 / mp.pi**2 * whole / (2 / mp.pi * mp.asin(q)) ** 2)
