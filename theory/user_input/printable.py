"""Text of files and users on its way to a terminal: nothing that a terminal would act on."""

from __future__ import annotations


def printable(text: object, keep: str = "") -> str:
    """``text`` with control characters, and those that turn or hide letters, written as ``\\x1b``; ``keep`` stays.

    Letters of every alphabet stay as they are. Without ``keep`` the result is one line.
    """
    words = str(text)
    if words.isprintable():
        return words
    return "".join(c if c.isprintable() or c in keep else _written(c) for c in words)


def _written(letter: str) -> str:
    return letter.encode("unicode_escape").decode()
