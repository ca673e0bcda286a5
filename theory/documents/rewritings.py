"""How differences are brought to zero in several documents: keywords of ``ChainWriter.equals``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sympy as sp

DERIVATIVES: dict[str, Any] = {
    "rewrite": lambda e: sp.expand(e.doit(), log=False),
    "by": "differentiation and expansion",
}
RATIONAL: dict[str, Any] = {
    "rewrite": lambda e: sp.cancel(sp.together(e.doit())),
    "by": "algebra of rational functions",
}
#: For integrals that are evaluated numerically only, at one point.
QUADRATURE: dict[str, Any] = {"symbolic": False, "points": 1}


def simplified(by: str, first: Callable[[sp.Expr], sp.Expr] = lambda e: e) -> dict[str, Any]:
    """``simplify`` after ``first``."""
    return {"rewrite": lambda e: sp.simplify(first(e)), "by": by}


def antiderivative(formula: sp.Expr, ends: tuple[Any, Any] | None = None, over: Any = 1) -> dict[str, Any]:
    """An integral by a stated antiderivative, differentiated.

    ``ends`` are its values at the lower and upper limit where putting these in would not do; ``over`` is a factor to
    divide out before the derivative is compared.
    """

    def close(integrand: sp.Expr, limits: sp.Tuple) -> sp.Expr:
        x, *range_ = limits
        if sp.simplify(sp.expand((sp.diff(formula, x) - integrand) / over)) != 0:
            return sp.Integral(integrand, limits)
        low, high = ends or (formula.subs(x, end) for end in range_)
        return high - low

    return simplified("antiderivative, differentiated", lambda e: e.replace(sp.Integral, close))
