"""Closures at small k2, where averages are differences of nearly equal numbers: without what cancels.

A closure is linear in the potential, and a quadratic one, ``Phi(0) + F'(0) lam^2/2``, gives ``A = F'(0)``, ``B = 0``
under every law of variance k2. At a small k2 that part is left out at every node, and ``F'(0)`` added to A. What is
left starts with ``F^(3)(0) lam^4/24``; near the bias it is its Taylor series, so that no difference is formed. The
sixth cumulant's coefficient, of which the quartic part has none, is averaged without that part, too.
"""

from __future__ import annotations

import sympy as sp

from cumulode.theory.equations import d_4, d_e, f_o, lam, phi_e

#: Phi, F', F^(3), F^(5) and F^(7) at the bias; zero but for the first where k2 is not small.
base, f_1, f_3, f_5, f_7 = SLOPES = sp.symbols("base f_1 f_3 f_5 f_7", real=True)
#: Phi at lam = 0, which Pearson's averages leave out at any k2; zero where ``base`` is left out already.
phi_0 = sp.Symbol("phi_0", real=True)
#: Orders of the derivatives of F among them.
ORDERS = (1, 3, 5, 7)

_series = sum((f * lam ** (n + 1) / sp.factorial(n + 1) for n, f in zip(ORDERS, SLOPES[1:], strict=True)), sp.S.Zero)


def _parts(potential: sp.Expr) -> dict[sp.Symbol, sp.Expr]:
    """A potential even in lam, its force and its slope, as node values."""
    return {phi_e: potential, f_o: sp.diff(potential, lam), d_e: sp.diff(potential, lam, 2)}


def left_out() -> dict[sp.Symbol, sp.Expr]:
    """What is subtracted from a node's values."""
    quadratic = _parts(base + f_1 * lam**2 / 2)
    return {**quadratic, d_4: quadratic[d_e] + f_3 * lam**2 / 2}


def near_the_bias() -> dict[sp.Symbol, sp.Expr]:
    """What is left of a node's values, as a Taylor series."""
    rest = _parts(_series - f_1 * lam**2 / 2)
    return {name: sp.horner(sp.expand(e), lam) for name, e in {**rest, d_4: rest[d_e] - f_3 * lam**2 / 2}.items()}
