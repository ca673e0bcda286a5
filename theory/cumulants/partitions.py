"""Moments and cumulants, joint and of one variable, over set partitions: one identity, four functions.

The partition formulas (Speed 1983; McCullagh, Tensor Methods in Statistics, 1987, eq. 2.5-2.7): a moment is the sum
over all set partitions of the product of the blocks' cumulants; a cumulant the same sum over moments with weights
``(-1)^(p-1) (p-1)!`` for ``p`` blocks.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from math import comb
from typing import Any

import sympy as sp

from cumulode.theory.user_input.arguments import InvalidArgument

Index = tuple[Hashable, ...]


def set_partitions(items: Sequence[Any]) -> Iterator[list[tuple[Any, ...]]]:
    """All partitions of ``items`` (kept apart even where equal) into blocks."""
    if not items:
        yield []
        return
    first, rest = items[0], items[1:]
    for partition in set_partitions(rest):
        yield [(first,), *partition]
        for i, block in enumerate(partition):
            yield [*partition[:i], (first, *block), *partition[i + 1 :]]


def joint_moment(index: Index, cumulant: Callable[[Index], Any]) -> Any:
    """Moment ``E[x_i x_j ...]`` of the sites in ``index``, from a function giving cumulants of index tuples.

    Of any law, means and odd cumulants included (eq. (drift.2, set partitions)).
    """
    return sum((_product(cumulant, blocks) for blocks in set_partitions(index)), sp.Integer(0))


def joint_cumulant(index: Index, moment: Callable[[Index], Any]) -> Any:
    """Cumulant of the sites in ``index``, from a function giving moments of index tuples.

    Of an odd number of sites it is zero for an even law (eq. (drift.3, odd cumulants)).
    """
    total = sp.Integer(0)
    for blocks in set_partitions(index):
        p = len(blocks)
        total += (-1) ** (p - 1) * sp.factorial(p - 1) * _product(moment, blocks)
    return total


def _product(function: Callable[[Index], Any], blocks: list[Index]) -> Any:
    result = sp.Integer(1)
    for block in blocks:
        result *= function(block)
    return result


def moments_from_cumulants(cumulants: Sequence[Any]) -> list[Any]:
    """Moments ``m_1 .. m_n`` of one variable from its cumulants ``k_1 .. k_n``.

    The partition sum, grouped by the block of the last element: ``m_n = sum_j C(n-1, j-1) k_j m_(n-j)``.
    """
    moments: list[Any] = [sp.Integer(1)]
    for n in range(1, len(cumulants) + 1):
        terms = (comb(n - 1, j - 1) * cumulants[j - 1] * moments[n - j] for j in range(1, n + 1))
        moments.append(sp.expand(sum(terms, sp.Integer(0))))
    return moments[1:]


def cumulants_from_moments(moments: Sequence[Any]) -> list[Any]:
    """Cumulants ``k_1 .. k_n`` of one variable from its moments ``m_1 .. m_n``: the same recursion solved for k_n."""
    cumulants: list[Any] = []
    full = [sp.Integer(1), *moments]
    for n in range(1, len(moments) + 1):
        known = sum((comb(n - 1, j - 1) * cumulants[j - 1] * full[n - j] for j in range(1, n)), sp.Integer(0))
        cumulants.append(sp.expand(full[n] - known))
    return cumulants


def even_moments(order: int, k2: Any, k4: Any) -> dict[int, Any]:
    """Moments ``m_0, m_2 .. m_order`` of an even variable whose cumulants beyond the fourth vanish."""
    if order < 0 or order % 2:
        raise InvalidArgument("order", order, "an even integer >= 0")
    cumulants = [{2: k2, 4: k4}.get(n, sp.Integer(0)) for n in range(1, order + 1)]
    moments = [sp.Integer(1), *moments_from_cumulants(cumulants)]
    return {n: moments[n] for n in range(0, order + 1, 2)}
