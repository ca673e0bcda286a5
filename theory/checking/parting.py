"""At which order two formulas part when some of their symbols become small."""

from __future__ import annotations

from typing import Any

import mpmath
import sympy as sp

from cumulode.theory.derivation.evaluation import value

#: How small; nearer to 0 a difference of high order drowns in the digits carried.
_SCALES = ("1e-3", "1e-4")
#: Digits carried, twice: where the two evaluations of a difference are not the same, it is not resolved.
_CARRIED = (60, 90)
_UNREAL = (ValueError, TypeError, ArithmeticError, NameError)


def parting(
    mine: sp.Expr, ours: sp.Expr, letter: str, powers: dict[sp.Symbol, int], at: dict[sp.Symbol, Any]
) -> str | None:
    """``they part at order 3 in w``: the order in the size of the symbols of one grade, made small together.

    None where it is no whole or half number, or where the difference is lost in the digits carried.
    """
    if not any(s in powers for s in at):
        return None
    scales = [mpmath.mpf(scale) for scale in _SCALES]
    near = [{s: v * sp.Float(str(scale), 40) ** powers.get(s, 0) for s, v in at.items()} for scale in _SCALES]
    gaps = _gaps(mine, ours, near)
    if gaps is None or not all(gaps):
        return None
    slope = mpmath.log(gaps[0] / gaps[1]) / mpmath.log(scales[0] / scales[1])
    order = mpmath.nint(2 * slope) / 2
    if abs(slope - order) > 0.02:
        return None
    return f"they part at order {mpmath.nstr(order, 3, strip_zeros=True).removesuffix('.0')} in {letter}"


def _gaps(mine: sp.Expr, ours: sp.Expr, points: list[dict[sp.Symbol, Any]]) -> list[Any] | None:
    """The distance of the two at each point, or None where it is not resolved."""
    difference = mine - ours
    try:
        if difference.has(sp.Integral):
            sides = [(value(mine, near), value(ours, near)) for near in points]
            resolved = all(abs(one - other) > mpmath.mpf(10) ** -26 * abs(other) for one, other in sides)
            return [abs(one - other) for one, other in sides] if resolved else None
        few, many = (_carried(difference, points, digits) for digits in _CARRIED)
    except _UNREAL:
        return None
    return many if all(abs(f - m) < mpmath.mpf("1e-3") * m for f, m in zip(few, many, strict=True)) else None


def _carried(expr: sp.Expr, points: list[dict[sp.Symbol, Any]], digits: int) -> list[Any]:
    """Its size with so many digits carried; SymPy's N adds as many as cancel, a billion for 1 - erf(1e5)."""
    symbols = list(points[0])
    with mpmath.workdps(digits):
        function = sp.lambdify(symbols, expr.rewrite(sp.Heaviside, sp.Piecewise), "mpmath", cse=True)
        return [abs(mpmath.mpmathify(function(*(mpmath.mpf(near[s]._mpf_) for s in symbols)))) for near in points]
