"""Names of arguments that have changed: the old one works for one release, with a warning that says the new one."""

from __future__ import annotations

import functools
import inspect
import warnings
from collections.abc import Callable
from typing import Any, TypeVar

from .arguments import InvalidArgument

F = TypeVar("F", bound=Callable[..., Any])


def renamed_arguments(
    moved: dict[str, tuple[Any, ...]] | None = None, *, last: str | None = None, **names: str
) -> Callable[[F], F]:
    """Accept old keywords, each with a ``FutureWarning``.

    ``names``: old name -> new name. ``moved``: old name -> (argument that holds a frozen object, its class, the
    function's keywords that are fields of it, too): ``solve(..., max_step=1)`` is ``solve(...,
    solver=Solver(max_step=1))``, and keywords given with it move into the object with it. A fourth entry is the
    field's name, where that is not the old one. ``last``: the old name that was the last positional argument.
    """
    into = moved or {}

    def field(name: str) -> str:
        return str(into[name][3]) if len(into[name]) > 3 else name

    def decorate(function: F) -> F:
        signature = inspect.signature(function)
        positional = sum(p.kind is p.POSITIONAL_OR_KEYWORD for p in signature.parameters.values())

        @functools.wraps(function)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            if last is not None and len(args) == positional + 1 and last not in kwargs:
                args, kwargs = args[:-1], kwargs | {last: args[-1]}
            old = [name for name in kwargs if name in names or name in into]
            if not old:
                return function(*args, **kwargs)
            given = {name: kwargs.pop(name) for name in old}
            for name in old:
                new = names[name] if name in names else f"{into[name][0]}={into[name][1].__name__}({field(name)}=...)"
                warnings.warn(
                    f"{function.__name__}: {name} is now {new}; the old name goes with the next release",
                    FutureWarning,
                    stacklevel=2,
                )
                if name in names:
                    if new in kwargs:
                        raise InvalidArgument(name, given[name], f"one of {name} and {new}")
                    kwargs[new] = given[name]
            try:
                bound = signature.bind_partial(*args, **kwargs).arguments
            except TypeError:
                return function(*args, **kwargs)  # says so, with its name
            for holder in dict.fromkeys(into[name][0] for name in old if name in into):
                moving = [name for name in old if name in into and into[name][0] == holder]
                _, kind, shared = into[moving[0]][:3]
                if bound.get(holder) is not None:
                    raise InvalidArgument(moving[0], given[moving[0]], f"one of {moving[0]} and {holder}")
                values = {field(name): given[name] for name in moving}
                bound[holder] = kind(**values, **{name: bound.pop(name) for name in shared if name in bound})
            return function(**bound)

        return wrapper  # type: ignore[return-value]

    return decorate


def dropped_arguments(**instead: str) -> Callable[[F], F]:
    """Accept keywords that have no effect any more, each with a ``FutureWarning`` that says what to do instead."""

    def decorate(function: F) -> F:
        @functools.wraps(function)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            for name in [name for name in kwargs if name in instead]:
                del kwargs[name]
                message = f"{function.__name__}: {name} has no effect: {instead[name]}"
                warnings.warn(message, FutureWarning, stacklevel=2)
            return function(*args, **kwargs)

        return wrapper  # type: ignore[return-value]

    return decorate
