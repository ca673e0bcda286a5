"""Long formulas in lines that fit a page: sums are broken between their terms, also inside a product."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import sympy as sp

#: about how many characters fit on a printed line next to the number of the equation.
WIDTH = 68
_TOKEN = re.compile(r"\\operatorname\{(\w+)\}|\\([A-Za-z]+)|([{}^_])|\s+|\\?(.)")
_NO_WIDTH = frozenset(("left", "right", "limits", "displaystyle", "Bigl", "Bigr"))
_WORDS = frozenset(("sin", "cos", "tan", "sinh", "cosh", "tanh", "exp", "log"))


def broken(expr: Any, tex: Callable[[Any], str], width: float = WIDTH) -> list[str]:
    """LaTeX of an expression in lines no wider than ``width``, where its sums and products allow it."""
    whole = tex(expr)
    if isinstance(expr, str) or visible_width(whole) <= width:
        return [whole]
    if isinstance(expr, sp.Add):
        return _sum(expr, tex, width)
    if isinstance(expr, sp.Mul):
        return _product(expr, tex, width) or _factors(expr, tex, width)
    if isinstance(expr, sp.Derivative) and len(expr.variable_count) == 1:
        return _derivative(expr, tex, width)
    if isinstance(expr, sp.Subs) and len(expr.variables) == 1:
        *lines, last = broken(expr.expr, tex, width - 4)
        return [*lines, rf"{last} \Big|_{{{tex(expr.variables[0])}={tex(expr.point[0])}}}"]
    if isinstance(expr, sp.Integral) and len(expr.limits) == 1:
        return _integral(expr, tex, width)
    return [whole]


def _derivative(expr: sp.Derivative, tex: Callable[[Any], str], width: float) -> list[str]:
    (x, order), inner = expr.variable_count[0], expr.expr
    if isinstance(inner, sp.Mul):
        first, *more = _product(inner, tex, width - 4) or [tex(inner)]
    else:
        first, *more = _bracketed(inner, tex, width - 4)
    power = "" if order == 1 else f"^{{{tex(order)}}}"
    return [rf"\frac{{\partial{power}}}{{\partial {tex(x)}{power}}} {first}", *more]


def _sum(expr: sp.Add, tex: Callable[[Any], str], width: float) -> list[str]:
    done: list[str] = []
    current = ""
    for term in expr.as_ordered_terms():
        first, *more = broken(term, tex, width)
        signed = first if first.startswith("-") or not (done or current) else f"+ {first}"
        if current and visible_width(current + signed) > width:
            done.append(current)
            current = ""
        current = f"{current} {signed}".strip()
        for line in more:
            done.append(current)
            current = line
    return [*done, current]


def _product(expr: sp.Mul, tex: Callable[[Any], str], width: float) -> list[str] | None:
    """The other factors, then the widest sum in brackets, a line a part."""
    sums = [factor for factor in expr.args if isinstance(factor, sp.Add)]
    if not sums:
        return None
    widest = max(sums, key=lambda factor: visible_width(tex(factor)))
    rest = expr / widest
    sign, rest = ("-", -rest) if rest.could_extract_minus_sign() else ("", rest)
    shown = rf"\left({tex(rest)}\right)" if isinstance(rest, sp.Add) else tex(rest)
    head = sign if rest == 1 else sign + shown
    if visible_width(head) > width / 2:
        return None
    inside = broken(widest, tex, width - visible_width(head) - 2)
    if max(map(visible_width, inside)) > width - visible_width(head):
        return None
    if len(inside) == 1:
        return [rf"{head} \left[ {inside[0]} \right]"]
    return [rf"{head} \Bigl[ {inside[0]}", *inside[1:-1], rf"{inside[-1]} \Bigr]"]


def _factors(expr: sp.Mul, tex: Callable[[Any], str], width: float) -> list[str]:
    """As many factors as fit, then the next ones after a times sign; a sum alone on its lines in brackets."""
    coefficient, rest = expr.as_coeff_Mul()
    groups: list[list[sp.Expr]] = [[coefficient]] if coefficient != 1 else []
    for factor in rest.as_ordered_factors() if isinstance(rest, sp.Mul) else [rest]:
        if groups and visible_width(tex(sp.Mul(*groups[-1], factor, evaluate=False))) <= width:
            groups[-1].append(factor)
        else:
            groups.append([factor])
    if len(groups) == 1:
        return [tex(expr)]
    lines: list[str] = []
    for group in groups:
        first, *more = _bracketed(group[0], tex, width) if len(group) == 1 else [tex(sp.Mul(*group, evaluate=False))]
        lines += [rf"\times {first}" if lines else first, *more]
    return lines


def _bracketed(factor: sp.Expr, tex: Callable[[Any], str], width: float) -> list[str]:
    """One factor of a product; a sum, or a power of one, broken where it must be."""
    base, power = factor.as_base_exp() if isinstance(factor, sp.Pow) else (factor, sp.Integer(1))
    if not isinstance(base, sp.Add) or (power != 1 and visible_width(tex(factor)) <= width):
        return [tex(factor)]
    inside = broken(base, tex, width - 4)
    raised = "" if power == 1 else f"^{{{tex(power)}}}"
    if len(inside) == 1:
        return [rf"\left[ {inside[0]} \right]{raised}"]
    return [rf"\Bigl[ {inside[0]}", *inside[1:-1], rf"{inside[-1]} \Bigr]{raised}"]


def _integral(expr: sp.Integral, tex: Callable[[Any], str], width: float) -> list[str]:
    x, low, high = expr.limits[0]
    inside = broken(expr.function, tex, width - 4)
    opened, closed = (r"\Bigl[ ", r" \Bigr]") if isinstance(expr.function, sp.Add) else ("", "")
    inside[0] = rf"\int\limits_{{{tex(low)}}}^{{{tex(high)}}} {opened}{inside[0]}"
    inside[-1] += rf"{closed}\, d{tex(x)}"
    return inside


def visible_width(latex: str) -> float:
    """About how many characters wide a formula is: the wider half of a fraction, smaller indices, no braces."""
    return _group(_tokens(latex), 0)[0]


def _tokens(latex: str) -> list[tuple[str, float]]:
    """(kind, width) of every visible token; kinds: frac, open, close, script, plain."""
    tokens: list[tuple[str, float]] = []
    for named, command, mark, letter in _TOKEN.findall(latex):
        if named:
            tokens.append(("plain", len(named)))
        elif command == "frac":
            tokens.append(("frac", 0.0))
        elif command:
            tokens.append(("plain", len(command) if command in _WORDS else 0.0 if command in _NO_WIDTH else 1.2))
        elif mark:
            tokens.append(({"{": "open", "}": "close"}.get(mark, "script"), 0.0))
        elif letter:
            tokens.append(("plain", 2.2 if letter in "+-=" else 1.0))
    return tokens


def _group(tokens: list[tuple[str, float]], at: int) -> tuple[float, int]:
    """Width up to the brace that closes, and the place after it."""
    total = 0.0
    while at < len(tokens) and tokens[at][0] != "close":
        wide, at = _item(tokens, at)
        total += wide
    return total, at + 1


def _item(tokens: list[tuple[str, float]], at: int) -> tuple[float, int]:
    kind, width = tokens[at]
    if kind == "open":
        return _group(tokens, at + 1)
    if kind == "frac" and at + 1 < len(tokens):
        above, at = _item(tokens, at + 1)
        below, at = _item(tokens, at) if at < len(tokens) else (0.0, at)
        return max(above, below) + 0.5, at
    if kind == "script" and at + 1 < len(tokens):
        wide, at = _item(tokens, at + 1)
        return 0.7 * wide, at
    return width, at + 1
