"""The one decorator for compiled code: ``@kernel`` compiles with numba and caches on disk.

Numba's own cache looks only at the file a function stands in, so a kernel that calls a changed function of
another file would run stale code. Here the stamp is a digest of every kernel source of the package, and the
cache lives in the user's cache directory, so a read-only installation works too.
"""

from __future__ import annotations

import atexit
import contextlib
import hashlib
import os
import shutil
import sys
import tempfile
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import numba
from numba import njit, types
from numba.core import caching
from numba.core.errors import NumbaExperimentalFeatureWarning

f8 = types.float64
i8 = types.int64
vector = types.float64[::1]
matrix = types.float64[:, ::1]

_SOURCES = Path(__file__).resolve().parents[1]

_compiling = threading.RLock()

#: Seconds spent compiling (or loading from the cache) since the process started.
compile_seconds = 0.0


def cache_directory() -> Path:
    """Where compiled kernels and generated sources are kept: $CUMULODE_CACHE, or cumulode/ in the user's cache."""
    chosen = os.environ.get("CUMULODE_CACHE")
    if chosen:
        return Path(chosen).expanduser()
    try:
        base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    except RuntimeError:  # a user without a home, as in a container
        return _own_directory()
    return Path(base) / "cumulode"


@lru_cache(maxsize=1)
def _own_directory() -> Path:
    """A directory for this process alone: compiled code found in a shared one could be anybody's."""
    directory = tempfile.mkdtemp(prefix="cumulode-")
    atexit.register(shutil.rmtree, directory, ignore_errors=True)
    return Path(directory)


@lru_cache(maxsize=1)
def source_stamp() -> str:
    """Digest of all kernel sources of the package and of numba's version."""
    digest = hashlib.sha256(numba.__version__.encode())
    rooms = [_SOURCES, _SOURCES.parent / "validation"]  # the SGD kernels live in the next room
    for room in rooms:
        for path in sorted(room.rglob("*.py")):
            text = path.read_bytes()
            if b"@kernel" in text or b"@intrinsic" in text:
                digest.update(path.name.encode() + text)
    return digest.hexdigest()[:16]


class _Locator(caching._CacheLocator):  # type: ignore[misc]
    """Tells numba where to cache, and when what it finds there is stale."""

    def __init__(self, py_func: Callable[..., Any], py_file: str) -> None:
        self._py_func = py_func
        self._py_file = py_file

    @classmethod
    def from_function(cls, py_func: Callable[..., Any], py_file: str) -> _Locator:
        return cls(py_func, py_file)

    def get_cache_path(self) -> str:
        return str(cache_directory() / "kernels" / source_stamp())

    def get_source_stamp(self) -> str:
        return source_stamp()

    def get_disambiguator(self) -> str:
        name = f"{self._py_file}:{self._py_func.__code__.co_firstlineno}"
        return hashlib.sha256(name.encode()).hexdigest()[:10]

    def ensure_cache_path(self) -> None:
        os.makedirs(self.get_cache_path(), exist_ok=True)


@lru_cache(maxsize=1)
def _announce() -> None:
    """Tell somebody who looks at a terminal, once, why nothing happens for a while."""
    if sys.stderr.isatty():
        where = cache_directory()
        print(f"cumulode: compiling kernels, up to half a minute, once: kept in {where}", file=sys.stderr, flush=True)


class _Impl(caching.CompileResultCacheImpl):  # type: ignore[misc]
    _locator_classes = [_Locator]  # noqa: RUF012 - as numba declares it


class _Cache(caching.FunctionCache):  # type: ignore[misc]
    _impl_class = _Impl

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """What is cached, or None where it cannot be read."""
        try:
            found = super().load_overload(sig, target_context)
        except Exception:  # a pickle that is cut or garbage raises nearly anything
            found = None
        if found is None:
            _announce()
        return found

    def save_overload(self, sig: Any, data: Any) -> None:
        """Keep it for the next process, where there is a place to; an index that cannot be read is begun anew."""
        with contextlib.suppress(OSError):
            try:
                super().save_overload(sig, data)
            except OSError:
                raise
            except Exception:
                self.flush()
                super().save_overload(sig, data)


def kernel(function: Callable[..., Any] | None = None, **options: Any) -> Any:
    """Compile ``function`` with numba: cached on disk, without the GIL, IEEE division.

    With a cache that cannot be written (a full or read-only disk) the kernel is compiled in memory.
    """
    if function is None:
        return lambda f: kernel(f, **options)
    compiled = njit(nogil=True, error_model="numpy", **options)(function)
    if hasattr(compiled, "enable_caching"):  # not under NUMBA_DISABLE_JIT
        try:
            cache_directory().mkdir(parents=True, exist_ok=True)
            compiled._cache = _Cache(function)
        except OSError:
            pass
    return compiled


@contextlib.contextmanager
def one_process_at_a_time() -> Iterator[None]:
    """Hold the lock of the cache: of many workers that start at once one compiles, the others then find it there.

    Where files cannot be locked (a system without flock, a directory that cannot be written) nobody waits.
    """
    with contextlib.ExitStack() as held:
        with contextlib.suppress(ImportError, OSError):
            import fcntl

            kernels = cache_directory() / "kernels"
            kernels.mkdir(parents=True, exist_ok=True)
            file = held.enter_context(open(kernels / "lock", "a"))
            fcntl.flock(file, fcntl.LOCK_EX)
            # a process forked meanwhile has the file open too, and would hold the lock for its life
            held.callback(fcntl.flock, file, fcntl.LOCK_UN)
        yield


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
            with one_process_at_a_time(), warnings.catch_warnings():
                warnings.simplefilter("ignore", NumbaExperimentalFeatureWarning)
                _compile(function, signature)
            compile_seconds += time.perf_counter() - start
    return function
