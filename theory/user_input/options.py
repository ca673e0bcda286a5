"""Frozen objects of options, such as ``Solver`` and ``Sgd``: their fields, and object or keywords, not both."""

from __future__ import annotations

from dataclasses import field, replace
from typing import Any, TypeVar

from .arguments import Described, InvalidArgument, instance

T = TypeVar("T")


def option(default: Any, words: str) -> Any:
    """A field, with the words that the command line shows for it."""
    return field(default=default, metadata={"help": words})


def choose_options(name: str, options: T | None, default: T, keywords: dict[str, Any]) -> T:
    """The argument ``options`` where it is given, else ``default`` changed by ``keywords``; both at once are refused.

    A keyword that is as in ``default`` counts as not given.
    """
    changed = replace(default, **keywords)  # type: ignore[type-var] # checks the keywords, whichever is taken
    if options is None:
        return changed
    instance(name, options, type(default), f"{type(default).__name__}(...) or None")
    for keyword, value in keywords.items():
        if value not in (getattr(default, keyword), getattr(options, keyword)):
            given = Described(f"{keyword}={value!r} and {options!r}")
            raise InvalidArgument(name, given, f"one of {name} and {keyword}")
    return options
