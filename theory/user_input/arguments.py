"""Arguments of public functions, checked: one clear line naming the argument, what came, and what is allowed."""

from __future__ import annotations

import difflib
import math
import numbers
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from .printable import printable

_LONGEST = 80


class InvalidArgument(ValueError):
    """An argument outside what is allowed; its text is ``name: got ..., allowed: ...`` on one line.

    Attributes
    ----------
    name : str
        The argument.
    got : object
        What came.
    allowed : str
        What is allowed, in words.
    """

    def __init__(self, name: str, got: object, allowed: str) -> None:
        super().__init__(name, got, allowed)
        self.name, self.got, self.allowed = name, got, allowed

    def __str__(self) -> str:
        return printable(f"{self.name}: got {shown(self.got)}, allowed: {' '.join(str(self.allowed).split())}")

    def about(self, name: str) -> InvalidArgument:
        """The same refusal under another name: of the option, or of the axis, that gave the argument."""
        return type(self)(name, self.got, self.allowed)


class InvalidTogether(InvalidArgument):
    """An argument that is refused because of another one: of a correlation length, because of the size."""


class Described(str):
    """Words about what came, shown as they are: ``Described("3 starts for 2 problems")``."""


def shown(got: object) -> str:
    """What came, on one line and not too long."""
    try:
        text = printable(" ".join((str(got) if isinstance(got, Described) else repr(got)).split()))
        text = text.replace("\\\\", "\\") if isinstance(got, str) else text  # LaTeX as it was written
    except ValueError:  # Python refuses to write out an integer of more than 4300 digits
        return f"a {type(got).__name__} too long to show"
    if len(text) <= _LONGEST:
        return text
    if isinstance(got, (str, os.PathLike)) and os.sep in text:  # the name of a file stands last
        return f"{text[: _LONGEST // 3]}...{text[-(_LONGEST - _LONGEST // 3 - 3) :]}"
    return text[: _LONGEST - 3] + "..."


def real(
    name: str,
    value: object,
    *,
    gt: float | None = None,
    ge: float | None = None,
    lt: float | None = None,
    le: float | None = None,
    note: str = "",
    allowed: str | None = None,
) -> float:
    """Return ``value`` as a float within the bounds; raise InvalidArgument, which words the range, otherwise.

    NaN is never accepted, infinity only where it is itself a closed bound. ``note`` ends the words; ``allowed``
    replaces them.
    """
    words = allowed or _range(name, gt, ge, lt, le) + note
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        raise InvalidArgument(name, value, words)
    try:
        x = float(value)
    except OverflowError:  # an integer beyond 1.8e308
        raise InvalidArgument(name, value, words) from None
    beyond = (gt is not None and x <= gt) or (ge is not None and x < ge)
    beyond = beyond or (lt is not None and x >= lt) or (le is not None and x > le)
    if math.isnan(x) or beyond or (math.isinf(x) and x not in (ge, le)):
        raise InvalidArgument(name, value, words)
    return x


def _range(name: str, gt: float | None, ge: float | None, lt: float | None, le: float | None) -> str:
    if gt is ge is lt is le is None:
        return "a finite number"
    low = "-inf < " if gt is ge is None else f"{gt:g} < " if ge is None else f"{ge:g} <= "
    high = " < inf" if lt is le is None else f" < {lt:g}" if le is None else f" <= {le:g}"
    return f"{low}{name}{high}"


def integer(
    name: str, value: object, *, ge: int, le: int | None = None, note: str = "", allowed: str | None = None
) -> int:
    """Return ``value`` as an int in [ge, le]; raise InvalidArgument otherwise, for 40.0, too."""
    words = allowed or (f"an integer >= {ge}" if le is None else f"an integer from {ge} to {le}") + note
    if isinstance(value, bool) or not isinstance(value, numbers.Integral):
        raise InvalidArgument(name, value, words)
    n = int(value)
    if n < ge or (le is not None and n > le):
        raise InvalidArgument(name, value, words)
    return n


def flag(name: str, value: object, allowed: str = "True or False") -> bool:
    """Return ``value`` as a bool if it is True or False; raise InvalidArgument otherwise."""
    if isinstance(value, bool) or type(value).__name__ == "bool":  # NumPy's bool, without NumPy
        return bool(value)
    raise InvalidArgument(name, value, allowed)


def choice(name: str, value: object, options: Iterable[str]) -> str:
    """Return ``value`` if it is one of ``options``; raise InvalidArgument listing them, and the nearest, otherwise."""
    allowed = list(options)
    if not isinstance(value, str) or value not in allowed:
        raise InvalidArgument(name, value, "one of " + ", ".join(allowed) + nearest(value, allowed))
    return value


def nearest(value: object, options: Iterable[str]) -> str:
    """``; did you mean 'regression'?`` where an option is spelt almost as ``value``; empty otherwise."""
    near = difflib.get_close_matches(value, list(options), 1) if isinstance(value, str) else []
    return f"; did you mean {near[0]!r}?" if near else ""


def existing_file(name: str, path: Any) -> Path:
    """Return ``path`` as a Path if there is a file; raise InvalidArgument otherwise."""
    try:
        if isinstance(path, (str, os.PathLike)) and Path(path).is_file():
            return Path(path)
    except (OSError, ValueError, TypeError):  # a name that the system does not take; a path of bytes
        pass
    raise InvalidArgument(name, str(path) if isinstance(path, Path) else path, "a file that exists")


def instance(name: str, value: Any, kind: type, words: str) -> Any:
    """Return ``value`` if it is a ``kind``; raise InvalidArgument, with ``words`` for what is allowed, otherwise."""
    if not isinstance(value, kind):
        raise InvalidArgument(name, value, words)
    return value
