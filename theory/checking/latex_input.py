r"""Formulas written in LaTeX, read by SymPy's parser where it can be trusted and refused with a clear line elsewhere.

The parser reads ``\operatorname{erf}(x)`` as a product of letters, ``b(1+x)`` as a function b, ``1 2`` as twelve and
``b^10`` as b to the tenth; so names are put in for it beforehand, and what it might misread is refused.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import sympy as sp
from sympy.core.function import AppliedUndef
from sympy.parsing.latex import parse_latex
from sympy.parsing.latex.errors import LaTeXParsingError

from cumulode.theory.user_input.arguments import InvalidArgument
from cumulode.theory.user_input.formulas import LONGEST, UNREADABLE, TooLarge, check_brackets, check_literals, evaluated

#: Commands that SymPy's parser reads as a person does.
_FUNCTIONS = ("exp", "log", "ln", "sin", "cos", "tan", "sinh", "cosh", "tanh", "arcsin", "arctan")
COMMANDS = frozenset((*_FUNCTIONS, "frac", "sqrt", "pi", "left", "right", "cdot", "times"))
_IGNORED = r"\\[,;!:]|\\quad|~"
_ERF, _NAME = "q", "x"  # letters put in for the parser: for erf, and with an index for our names
_CALL = re.compile(rf"\\(?:{'|'.join(_FUNCTIONS)}|operatorname\{{erf\}})(?![A-Za-z])")
_POWER = re.compile(r"\s*\^\s*(?:\{\s*(\d+)\s*\}|(\d)(?!\d))")
_PARENTHESES = re.compile(r"[(){}]")
#: What could be read in two ways, and how to write it.
_DOUBTFUL = {
    r"[\^_]\s*\d\d": r"put braces round an exponent of two digits: b^{10}",
    r"\d\s+\d": r"put a \cdot between two numbers",
    r"(?<![a-zA-Z])/": r"write a quotient as \frac{..}{..}",
    r"\|": "no absolute values",
    r"[\^_]\s*\d+\s*!": r"put braces round an exponent: b^{3!}",
    r"!\s*!": "no double factorials",
}


def looks_like_latex(text: str) -> bool:
    """Whether a string is LaTeX rather than Python."""
    return "\\" in text or "{" in text or "$" in text


def read_latex(text: str, spellings: Mapping[str, sp.Symbol]) -> sp.Expr:
    """The expression LaTeX means; ``spellings`` maps LaTeX names such as ``k_2`` to symbols.

    Raises
    ------
    ValueError
        When it holds what SymPy's parser may misread (saying what), a name that is not known, or when the parser is
        not installed.
    """
    allowed = "LaTeX with the names " + ", ".join(sorted(spellings)) + r", \operatorname{erf} and elementary functions"
    source = _clean(text, allowed)
    check_brackets("mine", text)
    check_literals("mine", source)
    marked, placeholders = _marked(source, spellings)
    for pattern, advice in _DOUBTFUL.items():
        if re.search(pattern, marked):
            raise InvalidArgument("mine", text, f"LaTeX that can be read in one way only: {advice}")
    unknown = set(re.findall(r"\\([A-Za-z]+)", marked)) - COMMANDS - {"operatorname"}
    if unknown:
        raise InvalidArgument("mine", text, f"{allowed} (not read: {', '.join(sorted(unknown))})")
    letters = set(re.sub(r"\\operatorname\{erf\}|\\[A-Za-z]+", "", marked)) & {_ERF, _NAME}
    if letters:
        raise InvalidArgument("mine", text, f"{allowed} (not known: {', '.join(sorted(letters))})")
    try:
        # none of our names is a function: one before a parenthesis is a factor
        source = _calls(re.sub(r"@(\d+)@", rf" {_NAME}_{{\1}} ", re.sub(r"@\s*\(", r"@\\cdot (", marked)))
    except ValueError as error:
        raise InvalidArgument("mine", text, f"LaTeX that can be read in one way only: {error}") from None
    parsed = _parse(text, source, allowed)
    return _named(text, parsed, placeholders, allowed)


def _clean(text: str, allowed: str) -> str:
    source = text.strip().strip("$").strip()
    if len(source) > 2 * LONGEST or not source.isascii() or not source:
        raise InvalidArgument("mine", text, allowed)
    source = re.sub(_IGNORED, " ", source)
    source = re.sub(r"\\left\s*\(", "(", re.sub(r"\\right\s*\)", ")", source))
    source = re.sub(r"\\sqrt\s*(\d)(?!\d)", r"\\sqrt{\1}", source)
    source = re.sub(r"\\[dt]frac", r"\\frac", source)
    source = re.sub(r"\\(?:mathrm|text|mathop|rm)\s*\{\s*erf\s*\}|\\erf(?![A-Za-z])", r"\\operatorname{erf}", source)
    source = re.sub(r"_\{\s*(\w)\s*\}", r"_\1", source)
    return re.sub(r"\\(?:asin|atan)(?![A-Za-z])", lambda m: "\\arc" + m[0][2:], source)


def _marked(source: str, spellings: Mapping[str, sp.Symbol]) -> tuple[str, dict[str, sp.Symbol]]:
    """Every known name replaced by a numbered mark, @7@; commands are left alone."""
    longest_first = sorted(spellings, key=len, reverse=True)
    ours = [re.escape(name) + r"(?![A-Za-z0-9])" for name in longest_first if name.startswith("\\")]
    plain = [re.escape(name) + (r"(?![0-9])" if len(name) > 1 else r"(?![_'])") for name in longest_first]
    passed = [r"\\operatorname\{[a-z]+\}", r"\\[A-Za-z]+"]
    pattern = "|".join(f"(?:{part})" for part in (*ours, *passed, *plain))
    numbers = {name: str(n) for n, name in enumerate(longest_first)}
    source = re.sub(pattern, lambda m: f"@{numbers[m[0]]}@" if m[0] in numbers else m[0], source)
    return source, {n: spellings[name] for name, n in numbers.items()}


def _calls(source: str) -> str:
    r"""Every function call as f(argument) or (f(argument))^{n}: of \tanh^2(b), \operatorname{erf}{(b)} ..."""
    written, at = "", 0
    while found := _CALL.search(source, at):
        power = _POWER.match(source, found.end())
        argument, end = _argument(source, power.end() if power else found.end())
        name = _ERF if "erf" in found[0] else found[0]
        written += source[at : found.start()]
        call = f"{name}({_calls(argument)})"
        after = _POWER.match(source, end)
        if power or after:  # in parentheses, so that the power is of the whole; a name before them would be a function
            product = r"\cdot " if re.search(r"(?<!\\cdot)(?<!\\times)[\w})]\s*$", written) else ""
            call = f"{product}({call})" + "".join(f"^{{{p[1] or p[2]}}}" for p in (power or after,) if p)
            end = after.end() if after and not power else end
        written += call
        at = end
    return written + source[at:]


def _argument(source: str, at: int) -> tuple[str, int]:
    """What stands between the parentheses or braces that open at ``at``, and where they end."""
    opening = re.compile(r"\s*([({])").match(source, at)
    if not opening:
        raise ValueError(r"put the argument of a function in parentheses: \tanh(b), \tanh^{2}(b)")
    depth = 1
    for bracket in _PARENTHESES.finditer(source, opening.end()):
        depth += 1 if bracket[0] in "({" else -1
        if depth == 0:
            inside = source[opening.end() : bracket.start()]
            if opening[1] == "{" and inside.lstrip().startswith("("):
                inner, end = _argument(inside, 0)
                inside = inner if not inside[end:].strip() else inside
            return inside, bracket.end()
    raise ValueError("a parenthesis that opens closes")


def _parse(text: str, source: str, allowed: str) -> sp.Expr:
    try:
        parsed = parse_latex(source, strict=True)
    except ImportError:
        raise ValueError(
            "mine: reading LaTeX needs the parser antlr4-python3-runtime 4.11, which is not installed; "
            "pip install 'cumulode[latex]', or write the formula in Python's notation"
        ) from None
    except (LaTeXParsingError, *UNREADABLE):
        raise InvalidArgument("mine", text, allowed) from None
    if not isinstance(parsed, sp.Expr):
        raise InvalidArgument("mine", text, allowed + " (a formula, not an equation)")
    return parsed


def _named(text: str, parsed: sp.Expr, placeholders: dict[str, sp.Symbol], allowed: str) -> sp.Expr:
    """Our symbols and functions for the parser's, numbers bounded before they are computed; the rest is refused."""

    def ours(node: sp.Basic) -> sp.Basic | None:
        if isinstance(node, AppliedUndef):
            if node.func.__name__ != _ERF:
                raise InvalidArgument("mine", text, f"{allowed} (read as a function: {node.func.__name__})")
            return sp.erf(*(evaluated(argument, ours) for argument in node.args))
        if not isinstance(node, sp.Symbol):
            return None
        inside = re.fullmatch(r"x_\{(\d+)\}", node.name)
        if inside:
            return placeholders[inside[1]]
        if node.name not in ("e", "pi"):
            raise InvalidArgument("mine", text, f"{allowed} (not known: {node.name})")
        return sp.E if node.name == "e" else sp.pi

    try:
        return evaluated(parsed, ours)
    except TooLarge as error:
        raise InvalidArgument("mine", text, str(error)) from None
