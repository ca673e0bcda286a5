"""Reading a formula from a string safely: known names only, no endless powers, one clear line where it fails."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Mapping
from typing import Any

import sympy as sp

from .arguments import InvalidArgument

LONGEST = 400
LARGEST_POWER = 64
NESTED_POWERS = 3
_NUMBERS = "numbers between 1e-300 and 1e300"
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
    argument: str, text: str, names: Mapping[str, Any], allowed: str, *, lazily: bool = False, longest: int = LONGEST
) -> sp.Expr:
    """The expression a string means.

    Parameters
    ----------
    argument, allowed : str
        What the error names.
    names : mapping
        Every name that may occur, and what it stands for.
    lazily : bool
        Whether to put the expression together step by step, with every number bounded before it is computed; symbols
        may stand in exponents then.

    Raises
    ------
    ValueError
        When it is not an expression of the known names, or too long, or has powers too large to compute.
    """
    clean = text.isascii() and re.fullmatch(r"[\w\s+\-*/().,^]+", text) and not re.search(r"\.\s*[A-Za-z_]", text)
    unknown = sorted(words(text) - set(names))
    if clean and unknown:
        allowed = f"{allowed} (not known: {', '.join(name[:40] for name in unknown[:5])})" if lazily else allowed
    if not clean or len(text) > longest or unknown:
        raise InvalidArgument(argument, text, allowed)
    check_brackets(argument, text)
    check_literals(argument, text)
    source = text.strip().replace("^", "**")
    try:
        tree = ast.parse(source, mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise InvalidArgument(argument, text, allowed) from None
    if not lazily:
        _check_powers(argument, text, tree)
    try:
        known = {name: _unevaluated(meaning) if lazily else meaning for name, meaning in names.items()}
        expr = sp.sympify(source, locals=known, evaluate=not lazily)
        if isinstance(expr, sp.Expr) and lazily:
            return evaluated(expr)
    except TooLarge as error:
        raise InvalidArgument(argument, text, str(error)) from None
    except UNREADABLE:
        raise InvalidArgument(argument, text, allowed) from None
    if not isinstance(expr, sp.Expr):
        raise InvalidArgument(argument, text, allowed)
    return expr


def check_literals(argument: str, text: str) -> None:
    """Raise InvalidArgument where a number is written that SymPy would take for ever to build: 1e999999999."""
    exponents = re.findall(r"(?<![A-Za-z_])\d*\.?\d*[eE][+-]?(\d+)", text)
    if any(len(e.lstrip("0")) > 3 or int(e) > 300 for e in exponents) or re.search(r"\d{301}", text):
        raise InvalidArgument(argument, text, _NUMBERS)


def check_brackets(argument: str, text: str) -> None:
    """Raise InvalidArgument where a bracket of a formula does not close, or closes none."""
    opened: list[str] = []
    for letter in text:
        if letter in "([{":
            opened.append(letter)
        elif letter in ")]}" and (not opened or opened.pop() + letter not in ("()", "[]", "{}")):
            raise InvalidArgument(argument, text, f"a formula whose brackets match (a {letter} closes no other)")
    if opened:
        raise InvalidArgument(argument, text, f"a formula whose brackets close (a {opened[-1]} does not)")


class TooLarge(ValueError):
    """A number in a formula that would take for ever to compute; the message says what is allowed."""


def _unevaluated(meaning: Any) -> Any:
    """A function that keeps its arguments as they are; symbols and numbers as they are."""
    if isinstance(meaning, sp.Basic) or meaning is sp.Rational:
        return meaning
    return lambda *arguments, **_: meaning(*arguments, evaluate=False)


def evaluated(expr: sp.Expr, leaves: Callable[[sp.Basic], sp.Basic | None] = lambda node: None) -> sp.Expr:
    """An unevaluated expression put together from its leaves on, each number bounded before it is computed.

    ``leaves`` may give another expression for a node before its arguments are looked at.

    Raises
    ------
    TooLarge
        For numbers beyond 1e-300 .. 1e300, exponents beyond 64 and gamma functions beyond 64.
    """
    given = leaves(expr)
    if given is not None:
        return given
    if not expr.args:
        return expr
    arguments = [evaluated(a, leaves) if isinstance(a, sp.Expr) else a for a in expr.args]
    _bound(expr.func, arguments)
    made = expr.func(*arguments)
    if made.is_number and not made.has(sp.Integral):
        size = abs(sp.N(made, 5))
        if size.is_infinite or (size != 0 and not sp.Float("1e-300") < size < sp.Float("1e300")):
            raise TooLarge(_NUMBERS)
    return made


def _bound(function: Any, arguments: list[Any]) -> None:
    """Refuse a power, an exponential or a gamma function of too large a number."""
    if function is sp.Pow and arguments[1].is_number:
        most = LARGEST_POWER
        if arguments[0].is_number and arguments[0] != 0:  # of a number: up to about 1e260
            most = 600 / max(1, abs(sp.log(sp.N(abs(arguments[0]), 5))))
        if not abs(sp.N(arguments[1], 5)) <= most:
            raise TooLarge(f"powers with an exponent of at most {LARGEST_POWER}; for others use exp and log")
    if function is sp.factorial and not (arguments[0].is_Integer and 0 <= arguments[0] <= LARGEST_POWER):
        raise TooLarge(f"factorials of whole numbers of at most {LARGEST_POWER}")
    if function in (sp.gamma, sp.exp, sp.sinh, sp.cosh) and arguments[0].is_number:
        most = LARGEST_POWER if function is sp.gamma else 600
        if not abs(sp.N(arguments[0], 5)) <= most:
            raise TooLarge(f"{function.__name__} of a number of at most {most}")


def _check_powers(argument: str, text: str, tree: ast.AST) -> None:
    """Refuse towers and huge powers before SymPy tries to compute them: 9**(64*64*64*64), ((9**64)**64)**64 ..."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.BinOp) or not isinstance(node.op, ast.Pow):
            continue
        if not _small(node.right, True) or _nested(node) > NESTED_POWERS:
            raise InvalidArgument(
                argument,
                text,
                f"powers with a number of at most {LARGEST_POWER} as exponent, e.g. h**3 "
                "or (1 + h**2)**(1/2); for others use exp and log",
            )


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
