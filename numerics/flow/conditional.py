"""The conditional closure: w.x Gaussian given one input (Lufkin, Saxe & Grant).

Formulas: ``theory.closures.conditional``.

    dw_i/dt = sum_y p_y E[x_i G(x_i (C w)_i, k2 - (C w)_i^2)],    G(m, v) = E[F(lam)], lam ~ N(m, v).

The mean over x_i is a Gauss rule of the marginal itself, of as many nodes as the spread of ``x_i (C w)_i`` needs:
exact for spins, and for a Gaussian input the closed form ``(C w)_i E[F']``.
"""

from __future__ import annotations

import math
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numba import types
from scipy.linalg import eigh_tridiagonal
from scipy.special import erf

from cumulode.numerics.compile.closure_kernels import ActivationKernels
from cumulode.numerics.compile.jit import f8, i8, kernel, matrix, vector
from cumulode.numerics.compile.quadrature import gauss_legendre
from cumulode.numerics.compile.signatures import conditional_law_t
from cumulode.numerics.contraction.second import correlate
from cumulode.theory.cumulants.nlgp import normalisation
from cumulode.theory.problem.laws import GP, NLGP, Ising, Law
from cumulode.theory.user_input.arguments import InvalidArgument

from .right_hand_side import ClassData, class_t

#: Nodes at x > 0 of the rules of an NLGP; each has twice the nodes of the one before.
FEWEST, MOST = 8, 128
#: Where the tail of a standard normal is 2e-17.
REACH = 8.5
#: Nodes a standard deviation of a Gaussian feature of G. Measured: 1e-13 for erf, 3e-8 for tanh; at a kink nodes may
#: run out (MOST) where the variance left is small: 3e-5 of a relu's drift at gain 0.3, ``(C w)_i`` = 5, variance 0.01.
DENSITY = 1.5
#: Within this share of the length over which G varies, G(m) - G(-m) is the slope's integral by three Gauss nodes, of
#: which EDGE is the outer one; its error, of order m^7, is below rounding there.
NEAR, EDGE = 0.01, math.sqrt(0.6)


class ConditionalClass(NamedTuple):
    """One class: C; rules (2, nodes) one after another, positions x > 0 and weights, empty if Gaussian; spread of x."""

    law: ClassData
    nodes: np.ndarray
    spread: float


class ConditionalData(NamedTuple):
    """Both classes; bias; quadrature; square of the length over which the force varies."""

    classes: tuple[ConditionalClass, ConditionalClass]
    bias: float
    rule: np.ndarray
    grain: float


conditional_class_t = types.NamedTuple((class_t, matrix, f8), ConditionalClass)
conditional_data_t = types.NamedTuple((types.UniTuple(conditional_class_t, 2), f8, matrix, f8), ConditionalData)
conditional_sig = i8(vector, vector, conditional_data_t, conditional_law_t)


@lru_cache(maxsize=1024)
def marginal(law: Law) -> tuple[np.ndarray, float]:
    """Rules (2, nodes) of the marginal of one input, and its spread: the largest |x| that matters.

    Raises
    ------
    ValueError
        Naming ``closure`` for a law whose marginal is not known.
    """
    if isinstance(law, GP):
        return np.empty((2, 0)), REACH
    if isinstance(law, Ising) or (isinstance(law, NLGP) and math.isinf(law.gain)):
        return np.array([[1.0], [1.0]]), 1.0
    if isinstance(law, NLGP):
        return _erf_rules(law)
    raise InvalidArgument(
        "closure", "conditional", f"a closure without the marginal, such as 'regression', for {law!r}"
    )


def _erf_rules(law: NLGP) -> tuple[np.ndarray, float]:
    """Gauss rules in ``x^2`` of ``x = erf(g z/sqrt 2)/Z``, from its Jacobi matrix over a fine grid in z."""
    z, weight = _half_normal(law.gain)
    variance = float(normalisation(law.q, complement=law.one_minus_q))
    square = erf(law.gain * z / math.sqrt(2)) ** 2 / variance
    diagonal, off = _jacobi(square, weight, MOST)
    rules, n = [], FEWEST
    while n <= MOST:
        values, vectors = eigh_tridiagonal(diagonal[:n], off[: n - 1])
        rules.append([np.sqrt(np.maximum(values, 0.0)), vectors[0] ** 2])
        n *= 2
    return np.ascontiguousarray(np.concatenate(rules, axis=1)), min(1.0 / math.sqrt(variance), REACH)


def _half_normal(gain: float) -> tuple[np.ndarray, np.ndarray]:
    """Points z > 0 and weights of |standard normal|, dense from 0.1/g to the end, where erf(g z) changes."""
    octaves = 4 + max(0, math.ceil(math.log2(gain * REACH / 0.1)))
    edges = np.concatenate([[0.0], REACH * 2.0 ** -np.arange(octaves, -1, -1.0)])
    edges = np.unique(np.concatenate([np.linspace(a, b, 5) for a, b in pairwise(edges)]))
    x, w = gauss_legendre()
    steps = np.diff(edges)[:, None]
    z, weight = (edges[:-1, None] + steps * x).ravel(), (steps * w).ravel()
    weight *= np.exp(-(z**2) / 2)
    return z, weight / weight.sum()


def _jacobi(t: np.ndarray, weight: np.ndarray, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Diagonal (n,) and off-diagonal (n-1,) of the Jacobi matrix of the points: Lanczos, orthogonalised twice."""
    basis = np.zeros((n, t.size))
    diagonal, off = np.zeros(n), np.zeros(n - 1)
    v = np.sqrt(weight)
    for k in range(n):
        basis[k] = v / np.linalg.norm(v)
        v = t * basis[k]
        diagonal[k] = basis[k] @ v
        for _ in range(2):
            v = v - basis[: k + 1].T @ (basis[: k + 1] @ v)
        if k < n - 1:
            off[k] = np.linalg.norm(v)
    return diagonal, off


def grain(activation: ActivationKernels) -> float:
    """Square of the length over which the force varies, from how dense its quadrature must be; 0 if it has kinks."""
    return 0.0 if activation.kinks else (activation.panel / 6.0) ** 2


@kernel
def _choose(rules, spread, left, grain):  # type: ignore[no-untyped-def]
    """First and last node of the smallest rule dense enough for ``x_i (C w)_i`` spread over ``+-spread``."""
    first, n = 0, FEWEST
    if rules.shape[1] < FEWEST:
        return 0, rules.shape[1]
    needed = FEWEST / 2 + (DENSITY * spread / math.sqrt(left + grain) if left + grain > 0.0 else math.inf)
    while n < needed and first + 3 * n <= rules.shape[1]:
        first += n
        n *= 2
    return first, first + n


@kernel
def conditional_rhs(w, out, data, law):  # type: ignore[no-untyped-def]
    """dw/dt of the conditional closure."""
    bias, rule = data.bias, data.rule
    out[:] = 0.0
    for own in data.classes:
        cw, nodes, label, prior = own.law.cw, own.nodes, own.law.label, own.law.prior
        correlate(w, cw, own.law.taps, own.law.left, own.law.pad)
        k2 = 0.0
        for i in range(w.size):
            k2 += w[i] * cw[i]
        if nodes.shape[1] == 0:  # a Gaussian input: Stein's rule
            slope = prior * law(0.0, k2, label, bias, rule)[1]
            for i in range(w.size):
                out[i] += slope * cw[i]
            continue
        for i in range(w.size):
            left = max(k2 - cw[i] * cw[i], 0.0)
            first, last = _choose(nodes, abs(cw[i]) * own.spread, left, data.grain)
            total = 0.0
            near = NEAR * math.sqrt(left + data.grain)
            for k in range(first, last):
                x = nodes[0, k]
                m = x * cw[i]
                if abs(m) < near:  # the difference of two nearly equal numbers, as the integral of the slope
                    edge = law(m * EDGE, left, label, bias, rule)[1] + law(-m * EDGE, left, label, bias, rule)[1]
                    total += nodes[1, k] * x * m * (8.0 * law(0.0, left, label, bias, rule)[1] + 5.0 * edge) / 9.0
                    continue
                up, down = law(m, left, label, bias, rule)[0], law(-m, left, label, bias, rule)[0]
                total += nodes[1, k] * x * (up - down)
            out[i] += 0.5 * prior * total
    return 0
