"""Reading a user's activation: known functions only, real and finite everywhere, nothing that runs away."""

from __future__ import annotations

import ast
from typing import Any

import numpy as np
import sympy as sp

from cumulode.theory.user_input.arguments import InvalidArgument
from cumulode.theory.user_input.formulas import LONGEST, read_formula

h = sp.Symbol("h", real=True)

SHIPPED = {
    "erf": sp.erf(h / sp.sqrt(2)),
    "tanh": sp.tanh(h),
    "relu": sp.Max(0, h),
    "softplus": sp.log(2 * sp.cosh(h / 2)) + h / 2,  # log(1 + e^h), written out without overflow
}

_SMOOTH = (sp.erf, sp.erfc, sp.tanh, sp.sinh, sp.cosh, sp.exp, sp.log, sp.sin, sp.cos, sp.atan, sp.asinh)
FUNCTIONS: dict[str, Any] = {f.__name__: f for f in (*_SMOOTH, sp.Abs, sp.Max, sp.Min, sp.Heaviside, sp.Rational)}
FUNCTIONS |= {
    "sqrt": sp.sqrt,
    "abs": sp.Abs,
    "max": sp.Max,
    "min": sp.Min,
    "relu": lambda z: sp.Max(0, z),
    "sigmoid": lambda z: (1 + sp.tanh(z / 2)) / 2,
    "softplus": lambda z: SHIPPED["softplus"].subs(h, z),
    "pi": sp.pi,
    "h": h,
}
ALLOWED = "one of " + ", ".join(SHIPPED) + ", or a continuous expression in h, e.g. 'h - h**3/6' or 'tanh(2*h)'"
_NODES = (*_SMOOTH, sp.Abs, sp.Max, sp.Min, sp.Heaviside, sp.Add, sp.Mul, sp.Pow, sp.Number, sp.NumberSymbol, sp.Symbol)
_REAL = "an expression real and finite for every real h"


def read(text: str) -> sp.Expr:
    """The expression a string means; ValueError naming ``activation`` unless it is a short one of known names."""
    return known(read_formula("activation", text, FUNCTIONS, ALLOWED))


def plain(text: str) -> bool:
    """Whether a text is so short and its numbers so small that reading it is the work of a moment.

    At most 80 nodes, numbers up to 10^4, degrees up to 16, functions three deep and of h, four branches.
    """
    try:
        tree = ast.parse(text.strip().replace("^", "**"), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return True  # no formula at all
    nodes = list(ast.walk(tree))
    numbers = [node.value for node in nodes if isinstance(node, ast.Constant)]
    calls = [node for node in nodes if isinstance(node, ast.Call)]
    return (
        len(nodes) <= 80
        and all(isinstance(n, (int, float)) and (n == 0 or 1e-4 <= abs(n) <= 1e4) for n in numbers)
        and all(
            any(isinstance(n, ast.Name) and n.id == "h" for n in ast.walk(call)) for call in calls if _deep(call) > 1
        )
        and sum(isinstance(c.func, ast.Name) and c.func.id in _BRANCHING for c in calls) <= 4
        and _deep(tree) <= 3
        and _degree(tree) <= 16
    )


_BRANCHING = ("Abs", "abs", "Max", "max", "Min", "min", "Heaviside", "relu")


def _deep(node: ast.AST) -> int:
    """How many functions stand inside one another."""
    return isinstance(node, ast.Call) + max((_deep(child) for child in ast.iter_child_nodes(node)), default=0)


def _degree(node: ast.AST) -> float:
    """The product of exponents that stand inside one another, infinite where one is no number."""
    inside = max((_degree(child) for child in ast.iter_child_nodes(node)), default=1.0)
    if not isinstance(node, ast.BinOp) or not isinstance(node.op, ast.Pow):
        return inside
    within = list(ast.walk(node.right))
    exponents = [
        abs(float(n.value)) for n in within if isinstance(n, ast.Constant) and isinstance(n.value, (int, float))
    ]
    names = any(isinstance(n, ast.Name) for n in within)
    return float("inf") if names or not exponents else inside * max(1.0, *exponents)


def _check_numbers(expr: sp.Expr) -> None:
    """Refuse numbers beyond double precision, innermost first: sin(exp(exp(50))) would take for ever."""
    for node in sp.postorder_traversal(expr):
        if node.is_number:
            size = abs(sp.N(node, 5))
            if size != 0 and not sp.Float("1e-300") < size < sp.Float("1e300"):
                raise InvalidArgument("activation", expr, "numbers between 1e-300 and 1e300")


def _whole_powers(expr: sp.Expr) -> sp.Expr:
    """h**2.0 as h**2, which is smooth at zero."""
    return expr.replace(
        lambda e: e.is_Pow and e.exp.is_Float and float(e.exp).is_integer(), lambda e: e.base ** sp.Integer(e.exp)
    )


def known(expr: sp.Expr) -> sp.Expr:
    """``expr`` with its variable made this module's ``h``; ValueError where it has functions that are not known."""
    for node in sp.preorder_traversal(expr):
        if not isinstance(node, _NODES) or node in (sp.oo, -sp.oo, sp.zoo, sp.nan):
            infinite = isinstance(node, sp.Expr) and node in (sp.oo, -sp.oo, sp.zoo, sp.nan, sp.I)
            raise InvalidArgument("activation", expr, _REAL if infinite else ALLOWED)
    if sp.count_ops(expr) > LONGEST:
        raise InvalidArgument("activation", expr, f"an expression of at most {LONGEST} operations")
    _check_numbers(expr)
    return _whole_powers(expr).xreplace({s: h for s in expr.free_symbols if s.name == "h"})


def check_real(name: str, piece: sp.Expr, low: sp.Expr, high: sp.Expr) -> None:
    """Refuse a piece with a pole, or the end of a logarithm or root, anywhere on its closed interval."""
    for node in sp.preorder_traversal(piece):
        if isinstance(node, sp.log):
            _check_sign(name, node.args[0], low, high, positive=True)
        elif node.is_Pow and node.base.has(h) and not (node.exp.is_Integer and node.exp >= 0):
            _check_sign(name, node.base, low, high, positive=not node.exp.is_Integer)
        elif node.is_Pow and node.exp.has(h):
            _check_sign(name, node.base, low, high, positive=True)
    for at in _grid(low, high)[::400]:
        value = sp.N(piece.subs(h, sp.Float(at)))
        if not (value.is_number and value.is_finite and value.is_real):
            raise InvalidArgument("activation", name, _REAL)


def _check_sign(name: str, base: sp.Expr, low: sp.Expr, high: sp.Expr, positive: bool) -> None:
    """Refuse unless ``base`` has no zero on the closed interval (and, where ``positive``, is above zero)."""
    if base.is_polynomial(h):
        inside = [root for root in sp.Poly(base, h).real_roots() if low <= root <= high] if base.has(h) else []
        signs = [sp.sign(base.subs(h, sp.Float(at))) for at in _grid(low, high)[1:-1:500]]
        bad = bool(inside) or (positive and any(sign != 1 for sign in signs))
    else:
        with np.errstate(all="ignore"):
            values = np.broadcast_to(sp.lambdify(h, base, ["scipy", "numpy"])(_grid(low, high)), _grid(low, high).shape)
        bad = not np.all(values > 0) and (positive or not np.all(values < 0))
    if bad:
        raise InvalidArgument("activation", name, _REAL)


def _grid(low: sp.Expr, high: sp.Expr) -> np.ndarray:
    """Points of an interval, its ends included; an infinite one is looked at 60 units beyond its other end or zero."""
    a, b = float(low), float(high)
    first = a if np.isfinite(a) else (b if np.isfinite(b) else 0.0) - 60.0
    last = b if np.isfinite(b) else (a if np.isfinite(a) else 0.0) + 60.0
    return np.linspace(first, last, 4001)
