"""What a compiled kernel depends on, as a digest: its own code, the kernels it calls, the constants they read.

Nothing is read from disk and no path is known: what enters is what numba compiles. So an edit anywhere, of a kernel or
of a module that only states a constant, makes exactly those kernels stale that depend on it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from enum import Enum, EnumType
from functools import cache
from types import CodeType, FunctionType, ModuleType
from typing import Any

import numba
import numpy as np

from cumulode.theory.user_input.arguments import InvalidArgument

_PLAIN = (bool, int, float, complex, str, bytes, type(None), np.generic)


def stamp(kernel: Any) -> str:
    """Digest of a kernel, of all that it calls, and of the versions of numba and NumPy."""
    digest = hashlib.sha256(f"{numba.__version__} {np.__version__}".encode())
    seen: set[Any] = set()
    left = [("", kernel)]
    while left:
        name, one = left.pop()
        own, called = _own(one)
        digest.update(f"{name} = {own}\n".encode())
        if one not in seen:
            seen.add(one)
            left += called
    return digest.hexdigest()


@cache
def _own(kernel: Any) -> tuple[str, tuple[tuple[str, Any], ...]]:
    """Digest of one kernel's code, options and constants, and the kernels it calls by name."""
    function, called = _function_of(kernel), []
    assert function is not None
    digest = hashlib.sha256(_words(function.__name__, getattr(kernel, "targetoptions", None)).encode())
    for part in _code(function.__code__, function.__doc__):
        digest.update(part)
    for name, value in _read(function):
        if _function_of(value) is None:
            digest.update(f"{name} = {_words(name, value)}\n".encode())
        else:
            called.append((name, value))
    return digest.hexdigest(), tuple(called)


def _read(function: FunctionType) -> Iterator[tuple[str, Any]]:
    """All that a function takes from elsewhere, by name."""
    cells = (cell.cell_contents for cell in function.__closure__ or ())
    yield from zip(function.__code__.co_freevars, cells, strict=True)
    yield from _globals(function.__code__, function.__globals__)
    yield "defaults", function.__defaults__


def _code(code: CodeType, doc: str | None) -> Iterator[bytes]:
    """Bytes of a code object and of those inside it, without its docstring and the lines it stands on."""
    yield code.co_code
    yield repr((code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars)).encode()
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _code(constant, None)
        elif constant is None or constant != doc:
            yield repr(constant).encode()


def _globals(code: CodeType, scope: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Names that a code object, or one inside it, finds in its module or in a module of this package named there."""
    for name in code.co_names:
        value = scope.get(name)
        if isinstance(value, ModuleType) and value.__name__.startswith(f"{__name__.split('.')[0]}."):
            yield from ((n, vars(value)[n]) for n in code.co_names if n in vars(value))
        elif name in scope:
            yield name, value
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _globals(constant, scope)


def _function_of(value: Any) -> FunctionType | None:
    """The Python function behind a kernel, an intrinsic or a function; None for anything else."""
    found = getattr(value, "py_func", None) or getattr(value, "_defn", None) or value
    return found if isinstance(found, FunctionType) else None


def _words(name: str, value: Any) -> str:
    """A constant in words that are the same in every process."""
    if isinstance(value, (tuple, list)):
        return f"({', '.join(_words(name, item) for item in value)})"
    if isinstance(value, (set, frozenset)):
        return f"{{{', '.join(sorted(_words(name, item) for item in value))}}}"
    if isinstance(value, dict):
        return _words(name, sorted((str(key), _words(name, item)) for key, item in value.items()))
    if isinstance(value, np.ndarray):
        return f"{value.dtype} {value.shape} {hashlib.sha256(value.tobytes()).hexdigest()}"
    if isinstance(value, ModuleType):
        return value.__name__
    if isinstance(value, EnumType):
        return f"{value.__module__}.{value.__qualname__} {list(value.__members__.items())}"
    if isinstance(value, type):
        return f"{value.__module__}.{value.__qualname__} {getattr(value, '_fields', '')}"
    if isinstance(value, (*_PLAIN, Enum, numba.types.Type)):
        return repr(value)
    if callable(value) and hasattr(value, "__qualname__"):  # built in: math.sqrt and the like
        return f"{getattr(value, '__module__', '')}.{value.__qualname__}"
    raise InvalidArgument(name, value, "in a kernel a number, string, array, kernel, or a tuple of these")
