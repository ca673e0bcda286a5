"""Second and fourth cumulant of the Ising ring (theory.md section 2); plain arithmetic, so numbers and SymPy alike."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


def second(t: Any, d: Any, size: Any = None) -> Any:
    """``C_d = (t^d + t^(D-d)) / (1 + t^D)`` at distance ``d``; ``t^d`` on the infinite line."""
    if size is None:
        return t**d
    return (t**d + t ** (size - d)) / (1 + t**size)


def fourth_moment(t: Any, gaps: Sequence[Any], size: Any) -> Any:
    """``E[x_i x_j x_k x_l]`` of sorted sites with cyclic gaps ``g_0 .. g_3``: ``a = g_0 + g_2`` bonds are crossed."""
    return second(t, gaps[0] + gaps[2], size)


def fourth(t: Any, gaps: Sequence[Any], size: Any = None) -> Any:
    """Fourth cumulant of sorted sites (eq. (ising.4, Ising fourth cumulant)), cyclic gaps ``g_0 .. g_3``.

    ``K = -2/(1+t^D)^2 sum_e t^(g_(e-1) + 2 g_e + g_(e+1))``; on the line one term is left, without ``g_3``.
    """
    if size is None:
        return -2 * t ** (gaps[0] + 2 * gaps[1] + gaps[2])
    total = sum(t ** (gaps[e - 1] + 2 * gaps[e] + gaps[(e + 1) % 4]) for e in range(4))
    return -2 / (1 + t**size) ** 2 * total
