"""Pickling of formulas that are kept as they are written, and of functions made on the way.

SymPy evaluates what it unpickles: a product written in a certain order would come back in another. And it cannot
pickle classes made by a function, such as an average that is shown by a name.
"""

from __future__ import annotations

import io
import pickle
from collections.abc import Callable
from copyreg import __newobj__  # type: ignore[attr-defined]
from typing import Any, TypeVar

import sympy as sp
from sympy.core.function import UndefinedFunction

Class = TypeVar("Class", bound=type)


def made_by(cls: Class, factory: Callable[..., Any], *arguments: Any) -> Class:
    """Note that ``factory(*arguments)`` gives this class or an object of it, so that it can be pickled."""
    cls.made_by = (factory, *arguments)  # type: ignore[attr-defined]
    return cls


class Pickled:
    """An object whose formulas come back from pickle and deepcopy as they are written."""

    def __reduce__(self) -> tuple[Any, ...]:
        stream = io.BytesIO()
        _Pickler(stream).dump((type(self), self.__dict__))
        return _restored, (stream.getvalue(),)


class _Pickler(pickle.Pickler):
    def reducer_override(self, thing: Any) -> Any:
        if isinstance(thing, Pickled):  # in one stream with the object that holds it
            return __newobj__, (type(thing),), thing.__dict__
        if isinstance(thing, sp.Basic) and thing.args:
            return _as_written, (thing.func, thing.args)
        if isinstance(thing, UndefinedFunction):
            return sp.Function, (thing.__name__,)
        if isinstance(thing, type) and "made_by" in vars(thing):
            return _made, thing.made_by  # type: ignore[attr-defined]
        return NotImplemented


def _as_written(func: Any, arguments: tuple[Any, ...]) -> sp.Basic:
    if issubclass(func, (sp.Add, sp.Mul)):
        return func._from_args(arguments)
    evaluated = func(*arguments)
    return evaluated if evaluated.args == arguments else func(*arguments, evaluate=False)


def _made(factory: Callable[..., Any], *arguments: Any) -> type:
    made = factory(*arguments)
    return made if isinstance(made, type) else type(made)


def _restored(stream: bytes) -> Any:
    cls, state = pickle.loads(stream)
    new = cls.__new__(cls)
    new.__dict__.update(state)
    return new
