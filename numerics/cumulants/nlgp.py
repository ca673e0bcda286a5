"""Numbers for the NLGP: covariance by the arcsine law, fourth cumulant by the Plackett integral (theory.md
section 2).
"""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from cumulode.theory import nlgp as theory
from cumulode.theory.covariance import gaussian_covariance
from cumulode.theory.laws import NLGP

from ..generated.nlgp import plackett_pair
from ..jit import compiled, i8, kernel, matrix, types, vector

#: With the map below: 4e-14 up to gain 10^3, 6e-13 at 10^4, 5e-11 at 10^6 (measured, repeated sites).
NODES = 96


def second(law: NLGP, distances: np.ndarray, size: int | None) -> np.ndarray:
    """C at integer distances, same shape."""
    c, c_complement = gaussian_covariance(law.covariance, distances, law.xi, size)
    complements = (law.one_minus_q + law.q * c_complement, law.one_minus_q)
    return np.asarray(theory.second(law.q, c, complements=complements))


def fourth(law: NLGP, sites: np.ndarray, size: int | None) -> np.ndarray:
    """K at ``sites`` (n, 4), absolute integer positions in any order -> (n,): eq. (nlgp.18, Plackett bracket)."""
    sites = np.sort(np.asarray(sites), axis=1)
    span = int(sites.max() - sites.min()) if len(sites) else 0
    distances = np.arange(size if size is not None else span + 1)
    c, c_complement = gaussian_covariance(law.covariance, distances, law.xi, size)
    q = law.q
    r = q * c
    r_complement = law.one_minus_q + q * c_complement
    out = np.empty(len(sites))
    work = compiled(_fourth, _SIGNATURE)
    rule = _rule()
    chunks = np.array_split(np.arange(len(sites)), max(1, len(sites) // 4096))
    scale = 4 / math.pi**2 / theory.normalisation(q, complement=law.one_minus_q) ** 2

    def run(rows: np.ndarray) -> None:
        block = np.ascontiguousarray(sites[rows])
        result = np.empty(len(rows))
        work(block, 0 if size is None else size, r, r_complement, rule, math.isinf(law.gain), result)
        out[rows] = result * scale

    with ThreadPoolExecutor() as pool:
        list(pool.map(run, chunks))
    return out


def _rule() -> np.ndarray:
    """Nodes tau, 1 - tau and weights of the Plackett integral: tau = sin(pi u/2), u = 1 - (1-v)^4, Gauss in v.

    The map crowds the nodes where tau is near 1, where a large gain leaves a narrow layer.
    """
    x, weight = np.polynomial.legendre.leggauss(NODES)
    rest = (1 - x) / 2  # 1 - v
    u = 1 - rest**4
    tau = np.sin(np.pi * u / 2)
    tau_complement = 2 * np.sin(np.pi * rest**4 / 4) ** 2
    jacobian = np.pi / 2 * np.cos(np.pi * u / 2) * 4 * rest**3
    return np.ascontiguousarray(np.stack([tau, tau_complement, weight / 2 * jacobian]))


@kernel
def _distance(a: int, b: int, size: int) -> int:
    d = abs(a - b)
    return d if size == 0 else min(d % size, size - d % size)


@kernel
def _fourth(sites, size, r, rc, rule, infinite, out):  # type: ignore[no-untyped-def]
    """The integral for each row of sites; where gain is infinite, s^2 = 1 is put in by hand at coinciding sites."""
    pairs = np.array([[0, 1, 2, 3], [0, 2, 1, 3], [0, 3, 1, 2], [1, 2, 0, 3], [1, 3, 0, 2], [2, 3, 0, 1]])
    for row in range(sites.shape[0]):
        d = np.empty((4, 4), np.int64)
        for i in range(4):
            for j in range(4):
                d[i, j] = _distance(sites[row, i], sites[row, j], size)
        if infinite and (d[0, 1] == 0 or d[1, 2] == 0 or d[2, 3] == 0 or d[0, 3] == 0):
            out[row] = _coinciding(d, r)
            continue
        total = 0.0
        for p in range(6):
            i, j, k, l = pairs[p]
            ij, ik, il, jk, jl, kl = d[i, j], d[i, k], d[i, l], d[j, k], d[j, l], d[k, l]
            if r[ij] == 0.0:
                continue
            for n in range(rule.shape[1]):
                total += rule[2, n] * plackett_pair(
                    rule[0, n],
                    rule[1, n],
                    r[ij],
                    r[ik],
                    r[il],
                    r[jk],
                    r[jl],
                    r[kl],
                    rc[ij],
                    rc[ik],
                    rc[il],
                    rc[jk],
                    rc[jl],
                    rc[kl],
                )
        out[row] = total
    return 0


@kernel
def _coinciding(d, r):  # type: ignore[no-untyped-def]
    """Signs: with i = j, ``K_iikl = -2 C_ik C_il`` (eq. (nlgp.40, coinciding signs)), in the units of the integral
    (C = (2/pi) asin r, 4/pi^2 outside).
    """
    for i in range(4):
        for j in range(i + 1, 4):
            if d[i, j] == 0:
                k = 0
                while k in (i, j):
                    k += 1
                l = 6 - i - j - k
                return -2.0 * math.asin(r[d[i, k]]) * math.asin(r[d[i, l]])
    return math.nan


_SIGNATURE = i8(types.int64[:, ::1], i8, vector, vector, matrix, types.boolean, vector)
