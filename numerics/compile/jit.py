"""The one decorator for compiled code: ``@kernel`` compiles with numba and caches on disk.

Numba's own cache looks only at the file a function stands in, so a kernel that calls a changed function of another
file would run stale code. Here what is cached carries the kernel's ``stamp``, which knows all that it calls; and the
cache lives in the user's cache directory, so that a read-only installation works, too.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

from numba import njit, types
from numba.core import caching
from numba.core.errors import NumbaExperimentalFeatureWarning

from cumulode.numerics.io import waiting

from . import places
from .kernel_files import UNREADABLE, KernelFiles
from .stamps import stamp

f8 = types.float64
i8 = types.int64
vector = types.float64[::1]
matrix = types.float64[:, ::1]
flag_type = types.uint8[::1]

_compiling = threading.RLock()

#: Seconds spent compiling (or loading from the cache) since the process started.
compile_seconds = 0.0


@lru_cache(maxsize=1)
def _own_kernels() -> Path | None:
    """Where this process keeps its kernels; None where no directory can be made."""
    directory = places.kernel_directory()
    try:
        places.make(directory)
    except OSError:
        return None
    return directory


class _Locator(caching._CacheLocator):  # type: ignore[misc]
    """Says where numba caches; when what it finds there is stale, ``_Cache`` knows."""

    def __init__(self, py_func: Callable[..., Any], py_file: str) -> None:
        self._place = f"{py_file}:{py_func.__code__.co_firstlineno}"

    @classmethod
    def from_function(cls, py_func: Callable[..., Any], py_file: str) -> _Locator:
        return cls(py_func, py_file)

    def get_cache_path(self) -> str:
        return str(_own_kernels())

    def get_source_stamp(self) -> str:
        return ""

    def get_disambiguator(self) -> str:
        return hashlib.sha256(self._place.encode()).hexdigest()[:10]

    def ensure_cache_path(self) -> None:
        os.makedirs(self.get_cache_path(), exist_ok=True)


@lru_cache(maxsize=1)
def _announce() -> None:
    """Tell somebody who looks at a terminal, once, why nothing happens for a while."""
    if sys.stderr.isatty():
        where = places.cache_directory()
        print(f"cumulode: compiling kernels, up to half a minute, once: kept in {where}", file=sys.stderr, flush=True)


class _Impl(caching.CompileResultCacheImpl):  # type: ignore[misc]
    _locator_classes = [_Locator]  # noqa: RUF012 - as numba declares it


class _Cache(caching.FunctionCache):  # type: ignore[misc]
    _impl_class = _Impl

    def __init__(self, kernel: Any) -> None:
        super().__init__(kernel.py_func)
        self._kernel = kernel
        self._cache_file: Any = KernelFiles(Path(self._cache_path), self._impl.filename_base)

    def _stamp(self) -> None:
        """Only now, since a kernel may call others that stand further down its file."""
        self._cache_file.stamp = stamp(self._kernel)

    def _index_key(self, sig: Any, codegen: Any) -> Any:
        return sig, codegen.magic_tuple()  # the code and its closure are in the stamp

    def file(self, sig: Any) -> Path:
        """Where the code for the signature is kept, or would be."""
        self._stamp()
        path: Path = self._cache_file.path(self._index_key(sig, self._kernel.targetctx.codegen()))
        return path

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """What is cached, or None where it cannot be read."""
        self._stamp()
        found = None
        with contextlib.suppress(*UNREADABLE):
            found = super().load_overload(sig, target_context)
        if found is None:
            _announce()
        return found

    def save_overload(self, sig: Any, data: Any) -> None:
        """Keep it for the next process, where there is a place to."""
        self._stamp()
        with contextlib.suppress(OSError):
            super().save_overload(sig, data)


def kernel(function: Callable[..., Any] | None = None, **options: Any) -> Any:
    """Compile ``function`` with numba: cached on disk, without the GIL, IEEE division.

    With a cache that cannot be written (a full or read-only disk) the kernel is compiled in memory.
    """
    if function is None:
        return lambda f: kernel(f, **options)
    compiled = njit(nogil=True, error_model="numpy", **options)(function)
    if hasattr(compiled, "enable_caching") and _own_kernels() is not None:  # not under NUMBA_DISABLE_JIT
        compiled._cache = _Cache(compiled)
    return compiled


#: Locks of the cache, among which the kernels are spread: those of different locks are compiled at the same time.
LOCKS = 16
#: Seconds that this process still waits for others that compile.
_patience = 60.0


@contextlib.contextmanager
def _alone(file: Path) -> Iterator[None]:
    """Hold the lock of a kernel's file: of many workers that start at once one compiles, the others find it there.

    Only a courtesy, since two that write at once do each other no harm: after a minute in all nobody waits any longer.
    """
    global _patience
    number = int(hashlib.sha256(file.name.encode()).hexdigest(), 16) % LOCKS
    what, then = "waiting for kernels that another process compiles", "compiling them here, too,"
    with waiting.held(file.parent / f"lock-{number}", _patience, what, then) as waited:
        _patience = max(0.0, _patience - waited)
        yield


def _in_turn(function: Any, signature: Any) -> contextlib.AbstractContextManager[None]:
    """Nobody waits for a kernel that is in the cache."""
    cached = getattr(function, "_cache", None)
    if not isinstance(cached, _Cache):
        return contextlib.nullcontext()
    file = cached.file(signature)
    return contextlib.nullcontext() if file.exists() else _alone(file)


#: Dispatchers of signatures that were added later; numba forgets what a dispatcher compiled when it goes.
_twins: list[Any] = []


def _compile(function: Any, signature: Any) -> None:
    """Compile the first signature in place, others by a twin: other threads may be calling ``function`` meanwhile.

    Were it allowed to compile while they call it, numba would compile for the very functions that are its arguments,
    or find that it may not after all ("compilation disabled").
    """
    if function.overloads and not function._can_compile:
        own = ("nopython", "nogil", "error_model")  # which ``kernel`` sets itself
        twin = kernel(function.py_func, **{k: v for k, v in function.targetoptions.items() if k not in own})
        twin.compile(signature)
        _twins.append(twin)
        function.add_overload(twin.overloads[tuple(signature.args)])
    else:
        function.compile(signature)
        function.disable_compile()


def compiled(function: Any, signature: Any) -> Any:
    """Compile ``function`` for one signature ahead of its first call, and for no other when called from Python.

    So a compiled function given as an argument is taken as a first-class function of the signature's type: one
    compilation serves all, and numba can cache it (a kernel specialised to the function itself it could not).
    """
    global compile_seconds
    if not hasattr(function, "compile"):  # under NUMBA_DISABLE_JIT
        return function
    with _compiling:
        if signature.args not in function.overloads:
            start = time.perf_counter()
            # that functions may be arguments is called experimental; it is tested here
            with _in_turn(function, signature), warnings.catch_warnings():
                warnings.simplefilter("ignore", NumbaExperimentalFeatureWarning)
                _compile(function, signature)
            compile_seconds += time.perf_counter() - start
    return function
