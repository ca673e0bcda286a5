"""The number an expression stands for, in 30-digit arithmetic, and random points to evaluate it at."""

from __future__ import annotations

import random
from typing import Any

import mpmath
import sympy as sp

DIGITS = 30
#: Digits carried, so that 30 remain.
_WORKING = DIGITS + 10
#: Two sides agree at a point when they differ by less than this, relative to their size.
AGREEMENT = mpmath.mpf(10) ** -(DIGITS - 8)

Domain = dict[sp.Symbol, tuple[float, float]]


def random_point(symbols: set[Any], domain: Domain, source: random.Random) -> dict[sp.Symbol, Any]:
    """A random value for each symbol: in its domain, or within its assumptions."""
    at = {}
    for symbol in sorted(symbols, key=str):
        low, high = domain.get(symbol, (0.2, 1.8) if symbol.is_positive else (-1.8, 1.8))
        if symbol.is_integer:
            at[symbol] = sp.Integer(source.randint(int(max(low, 1)), int(max(high, 5))))
        else:
            at[symbol] = sp.Float(str(round(source.uniform(low, high), 6)), _WORKING)
    return at


def value(expr: sp.Expr, at: dict[sp.Symbol, Any]) -> Any:
    """The number an expression stands for at a point, to 30 digits; integrals (over one variable) and sums
    are evaluated numerically.

    Raises
    ------
    ValueError
        When it stands for no number there, or for one that cannot be had to 30 digits.
    """
    with mpmath.workdps(_WORKING):
        # derivatives first, of the formula and not of a number
        put_in = _integrated(_at(expr.doit(integrals=False, sums=False), at))
        number = sp.N(put_in, DIGITS)
        if not number.is_number or number.has(sp.Integral, sp.oo, -sp.oo, sp.zoo, sp.nan):
            raise ValueError(f"{expr} has no value at {at}")
        return mpmath.mpmathify(number)


def _at(expr: sp.Expr, at: dict[sp.Symbol, Any]) -> sp.Expr:
    """Put in the point: by replacement, which is quick, unless a dummy variable goes by the same name."""
    return expr.subs(at) if (expr.atoms(sp.Symbol) - expr.free_symbols) & set(at) else expr.xreplace(at)


def _integrated(expr: sp.Expr) -> sp.Expr:
    """Integrals over one variable by mpmath's double-exponential rule, a thousand times faster than SymPy's way."""
    if not expr.has(sp.Integral):
        return expr
    return expr.replace(lambda e: isinstance(e, sp.Integral) and len(e.limits) == 1 and not e.free_symbols, _quadrature)


def _quadrature(integral: sp.Integral) -> sp.Expr:
    integrand, (x, low, high) = integral.args
    if integrand == 0:
        return sp.Integer(0)
    integrand = _integrated(integrand)
    if integrand.has(sp.Integral):
        return sp.Integral(integrand, (x, low, high))
    function = sp.lambdify(x, integrand, "mpmath", cse=True)
    result, error = mpmath.quad(function, [_end(low), _end(high)], error=True)
    if not error < AGREEMENT * max(1, abs(result)):
        raise ValueError(f"the integral of {integrand} over {x} from {low} to {high} was not found to {DIGITS} digits")
    return sp.Float(result, _WORKING) if isinstance(result, mpmath.mpf) else sp.sympify(result)


def _end(limit: sp.Expr) -> Any:
    if limit.is_infinite:
        return mpmath.inf * int(sp.sign(limit))
    return mpmath.mpmathify(sp.N(limit, _WORKING))
