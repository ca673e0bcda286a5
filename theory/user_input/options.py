"""Frozen objects of options, such as ``Solver`` and ``Sgd``: their fields, and object or keywords, not both."""

from __future__ import annotations

import functools
import inspect
import numbers
from collections.abc import Callable
from dataclasses import field, replace
from typing import Any, TypeVar

from .arguments import Described, InvalidArgument, instance, shown

T = TypeVar("T")
F = TypeVar("F", bound=Callable[..., Any])


def option(default: Any, words: str) -> Any:
    """A field, with the words that the command line shows for it."""
    return field(default=default, metadata={"help": words})


def choose_options(name: str, options: T | None, default: T, keywords: dict[str, Any]) -> T:
    """The argument ``options`` where it is given, else ``default`` changed by ``keywords``."""
    changed = replace(default, **keywords)  # type: ignore[type-var] # checks the keywords, whichever is taken
    if options is None:
        return changed
    instance(name, options, type(default), f"{type(default).__name__}(...) or None")
    return options


def either(**holders: tuple[str, ...]) -> Callable[[F], F]:
    """Refuse keywords that stand next to the object that has them as fields, unless both say the same.

    ``holders``: the argument that takes the object -> the function's own keywords that are fields of it. Whether a
    keyword was given is known only here: a default that is written out counts.
    """

    def decorate(function: F) -> F:
        signature = inspect.signature(function)

        @functools.wraps(function)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            for holder, keywords in holders.items():
                if kwargs.get(holder) is not None:
                    _refuse_both(signature, holder, keywords, args, kwargs)
            return function(*args, **kwargs)

        return wrapper  # type: ignore[return-value]

    return decorate


def _refuse_both(signature: inspect.Signature, holder: str, keywords: tuple[str, ...], args: Any, kwargs: Any) -> None:
    try:
        given = signature.bind_partial(*args, **kwargs).arguments
    except TypeError:
        return  # the call itself says so, with the function's name
    options = kwargs[holder]
    for keyword in keywords:
        if keyword not in given or not hasattr(options, keyword):
            continue
        held, value = getattr(options, keyword), given[keyword]
        held = signature.parameters[keyword].default if held is None else held  # None: what the function takes
        plain = value is None or isinstance(value, (str, numbers.Real))  # what else is refused by the object
        if plain and value != held:
            came = Described(f"{keyword}={shown(value)} and {options!r}")
            raise InvalidArgument(holder, came, f"one of {holder} and {keyword}")
