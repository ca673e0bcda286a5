"""Numbers for the NLGP: covariance by the arcsine law, fourth cumulant by the Plackett integral (theory.md
section 2).
"""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache

import numpy as np

from cumulode.numerics.compile.generated.nlgp import plackett_layer, plackett_pair
from cumulode.numerics.compile.jit import compiled, i8, kernel, matrix, types, vector
from cumulode.theory.cumulants import nlgp as theory
from cumulode.theory.problem.covariance import covariance_on, gaussian_covariance
from cumulode.theory.problem.laws import NLGP

#: Smallest 1 - r of two hidden signs down to which a number of nodes below serves; the last has no limit.
CLOSEST = (1e-1, 1e-2, 1e-5, 1e-7, 0.0)
#: Nodes by the error allowed, relative to K_0000; measured against 256 nodes over gains 0.1 to infinity and
#: correlation lengths 0.5 to 1000: the last 1e-14, but 8e-14 down to 1 - r = 1e-7. Then ``_layer_rule``, to 1e-14.
NODES = {1e-6: (16, 16, 24, 32, 100), 1e-11: (32, 32, 48, 80, 200), 1e-14: (32, 48, 64, 96, 300)}
#: Below this 1 - q a gain is infinite: K and C are those of signs to 1e-17.
SIGNS = 1e-34
LAYER = len(CLOSEST) - 1


def second(law: NLGP, shape: tuple[int, ...]) -> np.ndarray:
    """C of site 0 with every site, (D,), row-major on a torus."""
    c, c_complement = covariance_on(law.covariance, law.xi, shape)
    complements = (law.one_minus_q + law.q * c_complement, law.one_minus_q)
    return np.asarray(theory.second(law.q, c, complements=complements)).ravel()


def fourth(law: NLGP, sites: np.ndarray, shape: tuple[int, ...] | None, precision: float = 1e-14) -> np.ndarray:
    """K at ``sites`` (n, 4) or (n, 4, 2), absolute integer positions in any order -> (n,).

    Eq. (nlgp.18, Plackett bracket). ``precision``: error allowed, relative to K_0000.
    """
    sites = _in_order(np.asarray(sites, dtype=np.int64))
    sides = np.array([0, 0] if shape is None else [shape[0], shape[-1]])
    tables = [_table(law, sites[..., axis], shape) for axis in range(2)]
    out = np.empty(len(sites))
    work = compiled(_fourth, _SIGNATURE)
    rules, last = _rules(precision)
    chunks = np.array_split(np.arange(len(sites)), max(1, len(sites) // 4096))
    hidden = np.array([law.q, law.one_minus_q if law.one_minus_q > SIGNS else 0.0])
    scale = 4 / math.pi**2 / theory.normalisation(law.q, complement=law.one_minus_q) ** 2

    def run(rows: np.ndarray) -> None:
        block = np.ascontiguousarray(sites[rows])
        result = np.empty(len(rows))
        work(block, sides, *tables, hidden, rules, last, result)
        out[rows] = result * scale

    with ThreadPoolExecutor() as pool:
        list(pool.map(run, chunks))
    return out


def _in_order(sites: np.ndarray) -> np.ndarray:
    """Every row's sites sorted, (n, 4, 2); in one dimension the second coordinate is 0."""
    if sites.ndim == 2:
        sites = np.sort(sites, axis=1)
        return np.stack([sites, np.zeros_like(sites)], axis=2)
    order = np.argsort(sites[..., 1], axis=1, kind="stable")
    sites = np.take_along_axis(sites, order[..., None], axis=1)
    order = np.argsort(sites[..., 0], axis=1, kind="stable")
    return np.take_along_axis(sites, order[..., None], axis=1)


def _table(law: NLGP, positions: np.ndarray, shape: tuple[int, ...] | None) -> np.ndarray:
    """Rows c, 1 - c of the Gaussian field at the distances 0, 1, ... that occur in one direction."""
    span = int(positions.max() - positions.min()) if positions.size else 0
    side = None if shape is None else shape[0]
    most = span if side is None else min(span, side // 2)
    return np.stack(gaussian_covariance(law.covariance, np.arange(most + 1), law.xi, side))


def _rules(precision: float) -> tuple[np.ndarray, np.ndarray]:
    """The rules for each of ``CLOSEST`` one after another, (3, n), and where each ends."""
    counts = NODES[max((p for p in NODES if p <= precision), default=min(NODES))]
    rules = [*map(_rule, counts[:-1]), _layer_rule(counts[-1])]
    return np.ascontiguousarray(np.concatenate(rules, axis=1)), np.cumsum([0, *counts])


@lru_cache(maxsize=16)
def _rule(count: int) -> np.ndarray:
    """Nodes tau, 1 - tau and weights of the Plackett integral: tau = sin(pi u/2), u = 1 - (1-v)^4, Gauss in v.

    The map crowds the nodes where tau is near 1, where a large gain leaves a narrow layer.
    """
    x, weight = np.polynomial.legendre.leggauss(count)
    rest = (1 - x) / 2  # 1 - v
    u = 1 - rest**4
    tau = np.sin(np.pi * u / 2)
    tau_complement = 2 * np.sin(np.pi * rest**4 / 4) ** 2
    jacobian = np.pi / 2 * np.cos(np.pi * u / 2) * 4 * rest**3
    return np.stack([tau, tau_complement, weight / 2 * jacobian])


@lru_cache(maxsize=4)
def _layer_rule(count: int) -> np.ndarray:
    """The same with ``1 - tau = 1/(1 + e^x)``, x at equal steps: as dense at every scale of 1 - tau down to 1e-35.

    The integrand is at most ``1/sqrt(1 - tau)`` and analytic for ``|Im x| < pi``.
    """
    x, step = np.linspace(-20.0, 80.0, count, retstep=True)
    tau, rest = 1 / (1 + np.exp(-x)), 1 / (1 + np.exp(x))
    return np.stack([tau, rest, tau * rest * step])


@kernel
def _distance(a: int, b: int, size: int) -> int:
    d = abs(a - b)
    return d if size == 0 else min(d % size, size - d % size)


@kernel
def _correlations(sites, sides, first, second, hidden, r, rc):  # type: ignore[no-untyped-def]
    """Correlations r = q c of four hidden signs, rc = 1 - r, each (4, 4): c is the product of the two directions'.

    Returns whether two of the signs are one: only at infinite gain, where sites coincide.
    """
    coincide = False
    for i in range(4):
        for j in range(4):
            x = _distance(sites[i, 0], sites[j, 0], sides[0])
            y = _distance(sites[i, 1], sites[j, 1], sides[1])
            r[i, j] = hidden[0] * (first[0, x] * second[0, y])
            rc[i, j] = hidden[1] + hidden[0] * (first[1, x] + first[0, x] * second[1, y])
            coincide |= i != j and rc[i, j] == 0.0
    return coincide


@kernel
def _fourth(sites, sides, first, second, hidden, rule, last, out):  # type: ignore[no-untyped-def]
    """The integral for each row of sites; where gain is infinite, s^2 = 1 is put in by hand at coinciding sites."""
    pairs = np.array([[0, 1, 2, 3], [0, 2, 1, 3], [0, 3, 1, 2], [1, 2, 0, 3], [1, 3, 0, 2], [2, 3, 0, 1]])
    r, rc = np.empty((4, 4)), np.empty((4, 4))
    for row in range(sites.shape[0]):
        coincide = _correlations(sites[row], sides, first, second, hidden, r, rc)
        if coincide:
            out[row] = _coinciding(r, rc)
            continue
        closest = 1.0
        for p in range(6):
            closest = min(closest, rc[pairs[p, 0], pairs[p, 1]])
        chosen = 0
        while closest < CLOSEST[chosen]:
            chosen += 1
        if chosen == LAYER:
            out[row] = _layer(pairs, r, rc, rule[:, last[chosen] :])
            continue
        total = 0.0
        for p in range(6):
            i, j, k, l = pairs[p]
            if r[i, j] == 0.0:
                continue
            for n in range(last[chosen], last[chosen + 1]):
                total += rule[2, n] * plackett_pair(
                    rule[0, n],
                    rule[1, n],
                    r[i, j],
                    r[i, k],
                    r[i, l],
                    r[j, k],
                    r[j, l],
                    r[k, l],
                    rc[i, j],
                    rc[i, k],
                    rc[i, l],
                    rc[j, k],
                    rc[j, l],
                    rc[k, l],
                )
        out[row] = total
    return 0


@kernel
def _layer(pairs, r, rc, rule):  # type: ignore[no-untyped-def]
    """The integral where signs are nearly one; of a pair i comes first that is nearer to one of the others."""
    total = 0.0
    for p in range(6):
        i, j, k, l = pairs[p]
        if min(rc[j, k], rc[j, l]) < min(rc[i, k], rc[i, l]):
            i, j = j, i
        whole = (r[i, j], r[i, k], r[i, l], r[j, k], r[j, l], r[k, l])
        rest = (rc[i, j], rc[i, k], rc[i, l], rc[j, k], rc[j, l], rc[k, l])
        for n in range(rule.shape[1]):
            total += rule[2, n] * plackett_layer(rule[0, n], rule[1, n], *whole, *rest)
    return total


@kernel
def _arcsine(r: float, complement: float) -> float:
    """asin r, which keeps its digits where r is near 1."""
    return math.atan2(r, math.sqrt(complement * (1.0 + r)))


@kernel
def _coinciding(r, rc):  # type: ignore[no-untyped-def]
    """Signs: with i = j, ``K_iikl = -2 C_ik C_il`` (eq. (nlgp.40, coinciding signs)), in the units of the integral
    (C = (2/pi) asin r, 4/pi^2 outside).
    """
    for i in range(4):
        for j in range(i + 1, 4):
            if rc[i, j] == 0.0:
                k = 0
                while k in (i, j):
                    k += 1
                l = 6 - i - j - k
                return -2.0 * _arcsine(r[i, k], rc[i, k]) * _arcsine(r[i, l], rc[i, l])
    return math.nan


_SIGNATURE = i8(types.int64[:, :, ::1], types.int64[::1], matrix, matrix, vector, matrix, types.int64[::1], vector)
