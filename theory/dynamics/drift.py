"""The population drift expanded in cumulants, derived by summing set partitions.

``E[x_i F(lam)] = sum_n F^(n)(0)/n! E[x_i lam^n]`` with ``lam = w.x``; each mixed moment is a sum over partitions
of ``{x_i, lam, ..., lam}`` into blocks, of which the one holding ``x_i`` gives the direction (``C w`` from a block of
two, ``K(w,w,w)`` from a block of four) and the others powers of ``k2`` and ``k4``. Odd cumulants vanish
(eq. (drift.3, odd cumulants)).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import comb

import sympy as sp

from cumulode.theory.cumulants.partitions import even_moments
from cumulode.theory.user_input.arguments import InvalidArgument

k2 = sp.Symbol("k2", positive=True)
k4 = sp.Symbol("k4", real=True)
Cw = sp.Symbol("Cw", real=True)  # (C w)_i
Kwww = sp.Symbol("Kwww", real=True)  # K(w,w,w)_i
label = sp.Symbol("y", real=True)


def force_symbol(n: int) -> sp.Symbol:
    """``F_y^(n)(0)``, the n-th derivative of the force at ``w.x = 0``."""
    return sp.Symbol(f"F{n}", real=True)


@dataclass(frozen=True)
class DriftExpansion:
    """The drift of one class to an odd order in ``w``: ``A C w + B K(w,w,w)``.

    ``A`` and ``B`` are polynomials in ``k2``, ``k4`` and the derivatives ``F0, F1, ...`` of the force at zero.
    To third order this is exact (eq. (drift.6, third order drift)); from the fifth on, cumulants beyond the fourth are
    dropped: the sixth enters at fifth order through ``F5/120`` (eq. (drift.7, sixth cumulant)).
    """

    order: int
    A: sp.Expr
    B: sp.Expr

    @property
    def expr(self) -> sp.Expr:
        """``A Cw + B Kwww``."""
        return self.A * Cw + self.B * Kwww

    def first_neglected(self) -> tuple[int, str]:
        """The order in ``w`` of the first term left out, and what it is."""
        if self.order <= 3:
            return self.order + 2, f"order {self.order + 2} in w"
        return 5, "the sixth and higher cumulants, from order 5 in w on"


def expand_drift(order: int = 3) -> DriftExpansion:
    """Derive the drift of one class to the given odd order in ``w``.

    Parameters
    ----------
    order : odd int >= 1

    Raises
    ------
    ValueError
        When ``order`` is not an odd positive integer.
    """
    if isinstance(order, bool) or not isinstance(order, int) or order < 1 or order % 2 == 0:
        raise InvalidArgument("order", order, "an odd integer >= 1")
    A = B = sp.Integer(0)
    for n in range(1, order + 1, 2):
        with_c, with_k = mixed_moment(n)
        A += force_symbol(n) / sp.factorial(n) * with_c
        B += force_symbol(n) / sp.factorial(n) * with_k
    return DriftExpansion(order, sp.expand(A), sp.expand(B))


def mixed_moment(n: int) -> tuple[sp.Expr, sp.Expr]:
    """Coefficients of ``C w`` and ``K(w,w,w)`` in ``E[x_i lam^n]`` (eq. (drift.4, mixed moment)).

    The block of ``x_i`` takes one or three of the ``n`` factors ``lam``; the rest make a moment of ``lam``.
    """
    moments = even_moments(n - 1 + (n - 1) % 2, k2, k4)
    with_c = comb(n, 1) * moments[n - 1] if n >= 1 else sp.Integer(0)
    with_k = comb(n, 3) * moments[n - 3] if n >= 3 else sp.Integer(0)
    return with_c, with_k
