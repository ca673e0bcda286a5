"""Reading a formula from a string safely: known names only, no endless powers, one clear line where it fails."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from typing import Any

import sympy as sp

from .validate import complain

LONGEST = 400
LARGEST_POWER = 64
NESTED_POWERS = 3
#: What SymPy raises at text that is no expression (ValueError: Max(sqrt(-1), h)).
UNREADABLE = (
    sp.SympifyError,
    SyntaxError,
    TypeError,
    ValueError,
    ArithmeticError,
    AttributeError,
    RecursionError,
    MemoryError,
)


def words(text: str) -> set[str]:
    """The names in a formula; the e of 1e-3 is none."""
    return set(re.findall(r"[A-Za-z_]\w*", re.sub(r"(?<![A-Za-z_])\d+\.?\d*[eE][+-]?\d+", "0", text)))


def read_formula(
    argument: str,
    text: str,
    names: Mapping[str, Any],
    allowed: str,
    *,
    symbolic_powers: bool = False,
    longest: int = LONGEST,
) -> sp.Expr:
    """The expression a string means.

    Parameters
    ----------
    argument, allowed : str
        What the complaint names.
    names : mapping
        Every name that may occur, and what it stands for.
    symbolic_powers : bool
        Whether a symbol may stand in an exponent.

    Raises
    ------
    ValueError
        When it is not an expression of the known names, or too long, or has powers too large to compute.
    """
    clean = text.isascii() and re.fullmatch(r"[\w\s+\-*/().,^]+", text) and not re.search(r"\.\s*[A-Za-z_]", text)
    unknown = sorted(words(text) - set(names))
    if clean and unknown:
        allowed = f"{allowed} (not known: {', '.join(unknown[:5])})" if symbolic_powers else allowed
    if not clean or len(text) > longest or unknown:
        raise complain(argument, text, allowed)
    source = text.strip().replace("^", "**")
    try:
        tree = ast.parse(source, mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise complain(argument, text, allowed) from None
    _check_powers(argument, text, tree, symbolic_powers)
    try:
        expr = sp.sympify(source, locals=dict(names))
    except UNREADABLE:
        raise complain(argument, text, allowed) from None
    if not isinstance(expr, sp.Expr):
        raise complain(argument, text, allowed)
    return expr


def _check_powers(argument: str, text: str, tree: ast.AST, symbolic: bool) -> None:
    """Refuse towers and huge powers before SymPy tries to compute them: 9**(64*64*64*64), ((9**64)**64)**64 ..."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.BinOp) or not isinstance(node.op, ast.Pow):
            continue
        fine = _small(node.right, True) or (symbolic and _with_symbol(node.right))
        if not fine or _nested(node) > NESTED_POWERS:
            raise complain(
                argument,
                text,
                f"powers with a number of at most {LARGEST_POWER} as exponent, e.g. h**3 "
                "or (1 + h**2)**(1/2); for others use exp and log",
            )


def _with_symbol(node: ast.AST) -> bool:
    """Whether an exponent has a name in it and only small numbers."""
    numbers = [n.value for n in ast.walk(node) if isinstance(n, ast.Constant)]
    named = any(isinstance(n, ast.Name) for n in ast.walk(node))
    return named and all(isinstance(v, (int, float)) and abs(v) <= LARGEST_POWER for v in numbers)


def _nested(node: ast.AST) -> int:
    """How many powers stand inside one another."""
    power = isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow)
    return power + max((_nested(child) for child in ast.iter_child_nodes(node)), default=0)


def _small(node: ast.AST, quotient: bool = False) -> bool:
    """Whether a node is a number of at most 64, with a sign or not, or the quotient of two."""
    if isinstance(node, ast.UnaryOp):
        return _small(node.operand, quotient)
    if isinstance(node, ast.BinOp):
        return quotient and isinstance(node.op, ast.Div) and _small(node.left) and _small(node.right)
    if not isinstance(node, ast.Constant) or not isinstance(node.value, (int, float)):
        return False
    return abs(node.value) <= LARGEST_POWER
