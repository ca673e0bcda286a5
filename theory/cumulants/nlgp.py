"""Second and fourth cumulant of the non-linear Gaussian process (theory.md section 2).

``erf(g z/sqrt 2)`` is the mean of ``sign(g z + u)``, ``u ~ N(0,1)``; so moments are those of signs with correlations
``r = q c``, ``q = g^2/(1+g^2)``. Second: the arcsine law. Fourth: Plackett's identity, with all correlations scaled
by ``tau`` in [0, 1], taken pair by pair so that no difference of moments is formed. At infinite gain x is a sign and
``K_iikl = -2 C_ik C_il`` (eq. (nlgp.40, coinciding signs)). Written once for numbers and for SymPy, which is not
imported here; the integrand is in ``plackett``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from cumulode.theory.user_input.arguments import InvalidArgument

PAIRS = ("ij", "ik", "il", "jk", "jl", "kl")


def arcsine(r: Any, complement: Any = None, m: Any = np) -> Any:
    """``asin r``; given ``complement = 1 - r`` without loss of digits where r is near 1."""
    if complement is None:
        return m.arcsin(r) if m is np else m.asin(r)
    return m.arctan2(r, m.sqrt(complement * (1 + r)))


def normalisation(q: Any, m: Any = np, complement: Any = None) -> Any:
    """``Z^2 = (2/pi) asin q``, the variance of ``erf(g z/sqrt 2)``."""
    return 2 / m.pi * arcsine(q, complement, m)


def second(q: Any, c: Any, m: Any = np, complements: tuple[Any, Any] = (None, None)) -> Any:
    """``C = asin(q c) / asin(q)``, ``c`` the Gaussian covariance (eq. (nlgp.6, arcsine law)).

    ``complements``, 1 - qc and 1 - q, save digits where q is near 1.
    """
    return arcsine(q * c, complements[0], m) / arcsine(q, complements[1], m)


def small_gain_second(q: Any, c: Any) -> Any:
    """C to second order in ``q`` (eq. (nlgp.26, small gain second)).

    ``C = c + q^2 (c^3 - c)/6``, first neglected: ``q^4``. With ``q = g^2 - g^4 + ..`` the correction is of order
    ``g^4`` and the first neglected one in the gain alone ``g^6``, if ``q`` itself is cut at ``g^2``.

    Parameters
    ----------
    q : number or symbol in (0, 1], small
        ``g^2/(1+g^2)``.
    c : number, array or symbol in [-1, 1]
        Gaussian covariance of the two sites.
    """
    return c + q**2 * (c**3 - c) / 6


def small_gain_fourth(q: Any, c: Mapping[str, Any], order: int = 2) -> Any:
    """K to first or second order in ``q`` (eq. (nlgp.31, small gain fourth)).

    ``K = -q sum_i prod_(j != i) c_ij + (q^2/2) sum_(i<j) c_ij^2 (c_ik c_jl + c_il c_jk)``, first neglected: ``q^3``;
    with ``order=1`` the first sum alone, first neglected ``q^2``, that is ``g^4``.

    Parameters
    ----------
    q : number or symbol in (0, 1], small
        ``g^2/(1+g^2)``.
    c : numbers, arrays or symbols by pair, ``PAIRS``
        Gaussian covariances of the four sites i, j, k, l.
    order : 1 or 2
    """
    if order not in (1, 2):
        raise InvalidArgument("order", order, "1 or 2")

    def pair(x: str, y: str) -> Any:
        return c[min(x, y) + max(x, y)]

    sites, total = "ijkl", 0
    for x in sites:
        a, b, d = (pair(x, y) for y in sites if y != x)
        total = total - q * a * b * d
    if order == 1:
        return total
    for p in PAIRS:
        x, y = p[0], p[1]
        u, v = (site for site in sites if site not in (x, y))
        total = total + q**2 / 2 * pair(x, y) ** 2 * (pair(x, u) * pair(y, v) + pair(x, v) * pair(y, u))
    return total
