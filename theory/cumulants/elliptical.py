"""Elliptical laws ``x = sqrt(s) z``: cumulants and population drift (theory.md section 2).

``z`` is Gaussian with covariance C, ``s >= 0`` a random scale independent of it with mean 1 and variance ``c``. Plain
arithmetic, so numbers, arrays and SymPy alike.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any


def fourth(c: Any, second: Mapping[str, Any]) -> Any:
    """Fourth cumulant ``c (C_ij C_kl + C_ik C_jl + C_il C_jk)`` (eq. (ising.14, elliptical fourth cumulant)).

    Parameters
    ----------
    c : number or symbol >= 0
        Variance of the scale s.
    second : by pair, ``cumulode.theory.cumulants.nlgp.PAIRS``
        Second cumulants ``C_ij .. C_kl`` of the four sites.
    """
    C = second
    return c * (C["ij"] * C["kl"] + C["ik"] * C["jl"] + C["il"] * C["jk"])


def contracted(c: Any, k2: Any, cw: Any) -> Any:
    """``K(w,w,w)_i = 3 c k2 (C w)_i``, along ``C w`` whatever w."""
    return 3 * c * k2 * cw


def kurtosis(c: Any) -> Any:
    """``k4 / k2^2 = 3 c`` of every preactivation ``w.x``, whatever w."""
    return 3 * c


def drift_coefficient(scales: Iterable[tuple[Any, Any]], mean_slope: Callable[[Any], Any], k2: Any) -> Any:
    """``alpha`` of the exact drift ``E[x_i F(w.x)] = alpha (C w)_i`` (eq. (ising.19, elliptical drift)).

    ``alpha = E_s[ s E_z F'(sqrt(s k2) z) ]``: one number for all sites and wavenumbers.

    Parameters
    ----------
    scales : pairs (probability, s)
        The law of the scale, of mean 1.
    mean_slope : function of the variance
        Gaussian average of ``F'`` at that variance of the preactivation.
    k2 : number or symbol >= 0
        ``w.C w``.
    """
    first, *rest = (p * s * mean_slope(s * k2) for p, s in scales)
    return sum(rest, first)
