"""Cumulants of a lattice field with a quartic action to first order in the coupling (theory.md section 2).

The weight is ``exp(-phi.G^-1 phi / 2 - lambda sum_m phi_m^4 / 4!)``; at ``lambda = 0`` the field is Gaussian with
covariance ``G``. Valid for small ``lambda``: the double well the authors simulate (``mu^2 = -6``, ``lambda = 2``) has
no such expansion. Plain arithmetic, so numbers, arrays and SymPy alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


def second_change(coupling: Any, to_i: Sequence[Any], to_j: Sequence[Any], local: Sequence[Any]) -> Any:
    """First-order change of the second cumulant, ``-(lambda/2) sum_m G_im G_mm G_mj``; neglected: ``lambda^2``.

    Parameters
    ----------
    coupling : number or symbol >= 0, small
        ``lambda`` of ``lambda phi^4 / 4!``.
    to_i, to_j : sequences over the sites m
        ``G_im`` and ``G_jm``.
    local : sequence over the sites m
        ``G_mm``.
    """
    return -coupling * _total(a * b * c for a, b, c in zip(to_i, to_j, local, strict=True)) / 2


def fourth(coupling: Any, to_i: Sequence[Any], to_j: Sequence[Any], to_k: Sequence[Any], to_l: Sequence[Any]) -> Any:
    """Fourth cumulant to first order (eq. (ising.9, phi4 first order)).

    ``K_ijkl = -lambda sum_m G_im G_jm G_km G_lm``; neglected: ``lambda^2``. The same to that order for the field in
    units of its standard deviation, with ``G`` in units of the variance and ``lambda`` times the variance squared.

    Parameters
    ----------
    coupling : number or symbol >= 0, small
        ``lambda`` of ``lambda phi^4 / 4!``.
    to_i, to_j, to_k, to_l : sequences over the sites m
        ``G_im``, ``G_jm``, ``G_km``, ``G_lm``.
    """
    return -coupling * _total(a * b * c * d for a, b, c, d in zip(to_i, to_j, to_k, to_l, strict=True))


def _total(terms: Any) -> Any:
    first, *rest = terms
    return sum(rest, first)
