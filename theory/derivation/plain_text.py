r"""Inline LaTeX as a terminal can show it: ``\sqrt\pi\,\xi e^{-k^2\xi^2/4}`` as ``sqrt(pi) xi e^(-k^2 xi^2/4)``."""

from __future__ import annotations

import re

_TOKEN = re.compile(r"\\[A-Za-z]+|\\.|\s+|.", re.DOTALL)
_SYMBOLS = {
    r"\,": " ",
    r"\;": " ",
    r"\ ": " ",
    r"\quad": " ",
    r"\!": "",
    r"\{": "{",
    r"\}": "}",
    r"\|": "|",
    r"\times": " x ",
    r"\otimes": " x ",
    r"\pm": "+-",
    r"\mp": "-+",
    r"\le": "<=",
    r"\leq": "<=",
    r"\ge": ">=",
    r"\geq": ">=",
    r"\ne": "!=",
    r"\to": "->",
    r"\mapsto": "->",
    r"\ast": "*",
    r"\star": "*",
    r"\dots": "...",
    r"\ldots": "...",
    r"\cdots": "...",
    r"\rangle": ">",
    r"\infty": "inf",
    r"\nabla": "grad",
    r"\varphi": "phi",
}
#: Sizes of brackets and limits, of which text has none.
_SIZES = frozenset((r"\left", r"\right", r"\big", r"\Big", r"\bigl", r"\bigr", r"\Bigl", r"\Bigr", r"\limits"))
#: What stands upright, shown as it is.
_UPRIGHT = frozenset((r"\mathrm", r"\text", r"\operatorname"))
_ACCENTS = frozenset((r"\hat", r"\bar", r"\dot"))
_WORD = re.compile(r"[A-Za-z]{2,}\Z")


def plain(words: str) -> str:
    """Words with maths between dollar signs as plain text."""
    return "".join(plain_maths(part) if i % 2 else part for i, part in enumerate(words.split("$")))


def plain_maths(latex: str) -> str:
    """LaTeX of a formula as plain text."""
    shown = _Reader(latex).sequence()
    return re.sub(r" +", " ", shown).strip()


class _Reader:
    """Reads tokens one after the other; what was written last decides whether a space must follow."""

    def __init__(self, latex: str) -> None:
        self.tokens, self.at = _TOKEN.findall(latex), 0

    def sequence(self) -> str:
        """Up to the end or the brace that closes."""
        shown, before = "", ""  # before: "word", "script", "joined" to what follows, or nothing of the kind
        while self.at < len(self.tokens) and self.tokens[self.at] != "}":
            piece, kind = self.item(shown)
            if before == "joined":
                piece = piece.lstrip()
            if _apart(shown, before, piece, kind):
                shown += " "
            shown, before = shown + piece, kind if piece else before
        return shown

    def item(self, shown: str) -> tuple[str, str]:
        """The next piece of text, and its kind."""
        token = self.take()
        if token in "^_":
            return self.script(token), "script"
        if token == "{":
            return self.rest_of_group(), ""
        if token == r"\cdot":
            number = shown.rstrip()[-1:].isdigit() or self.tokens[self.at : self.at + 1] == [r"\frac"]
            return (" * " if number else "."), "joined"
        if token in (r"\partial", r"\langle"):
            return "d" if token == r"\partial" else "<", "joined"
        if token == r"\frac":
            return f"{_bracketed(self.group())}/{_bracketed(self.group())}", "word"
        if token == r"\sqrt":
            return f"sqrt({self.group()})", "word"
        if token in _ACCENTS:
            return f"{token[1:]} {self.group()}", "word"
        if token in _UPRIGHT:
            return self.group(), "word"
        if token in _SIZES:
            self.at += self.tokens[self.at : self.at + 1] == ["."]  # a bracket that is not shown
            return "", ""
        shown = _SYMBOLS.get(token, token.removeprefix("\\"))
        return shown, "word" if _WORD.match(shown) else ""

    def script(self, mark: str) -> str:
        """An index or a power: in brackets unless it is one word, number or sign, or a power's negative number."""
        inside = self.group()
        one = len(inside) == 1 or rf"\{inside}" in self.tokens or re.fullmatch(r"\(\d+\)|-?\d+|[+-]{2}", inside)
        return mark + inside if one or (mark == "_" and re.fullmatch(r"\w+", inside)) else f"{mark}({inside})"

    def take(self) -> str:
        """The next token, white space as one space."""
        self.at += 1
        token = self.tokens[self.at - 1]
        return " " if token.isspace() else token

    def group(self) -> str:
        """What a command or a script applies to: the next brace or token."""
        while self.tokens[self.at].isspace():
            self.at += 1
        piece, _ = self.item("")
        return piece.strip()

    def rest_of_group(self) -> str:
        """The inside of a brace that was opened."""
        inside = self.sequence()
        self.at += 1
        return inside


def _apart(shown: str, before: str, piece: str, kind: str) -> bool:
    """Whether a space keeps two pieces from being read as one word."""
    if not shown or not piece or kind == "script" or before == "joined":
        return False
    if before in ("word", "script"):
        return piece[0].isalnum()
    return (kind == "word" or (kind == "joined" and piece == "d")) and (shown[-1].isalnum() or shown[-1] in ")']")


def _bracketed(part: str) -> str:
    """Numerator or denominator: in brackets unless it is one factor."""
    return part if re.fullmatch(r"(?:[\w^'*]|(?<=[_^])[+-])+|\w+\([^()]*\)", part) else f"({part})"
