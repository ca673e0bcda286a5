"""The cache of compiled kernels and generated sources: where it is, what it holds, how to fill and empty it.

``kernels/<version>`` holds numba's files for one version of the package and of numba, ``generated/`` the modules
written for users' own activations. Removing any of it is safe at any time: what is missing is compiled again.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from cumulode.theory.closures.names import CLOSURES
from cumulode.theory.problem.problem import SHIPPED_ACTIVATIONS

from . import jit
from .closure_kernels import activation_kernels, coefficients_kernel, potential_kernel
from .places import cache_directory, kernel_directory


@dataclass(frozen=True)
class CacheContents:
    """Where the cache is, its size in bytes, and how much of it belongs to other versions."""

    path: Path
    size: int
    files: int
    stale: int


def contents() -> CacheContents:
    """What the cache holds now; an empty one where there is none."""
    path = cache_directory()
    sizes = {file: file.stat().st_size for file in path.rglob("*") if file.is_file()}
    current = kernel_directory()
    stale = sum(n for file, n in sizes.items() if (path / "kernels") in file.parents and current not in file.parents)
    return CacheContents(path, sum(sizes.values()), len(sizes), stale)


#: Names of files that this version and earlier ones have written, below the folder of each.
_OURS = {
    "kernels": ("*.nbc", "*.nbi", "*.nb[ci].tmp.*", ".*.nbc.*.tmp", "lock", "lock-*"),
    "generated": ("*cumulode_generated_*",),
}


def clear(stale_only: bool = False) -> CacheContents:
    """Remove what the cache holds, or only kernels of other versions; returns what there was.

    Only files of the names that the cache gives are removed, and the folders that are empty then.
    """
    before, current = contents(), kernel_directory()
    for folder, names in _OURS.items():
        top = before.path / folder
        if stale_only and folder != "kernels":
            continue
        for place in [*_folders(top), top]:
            if not (stale_only and place == current):
                _remove(place, names)
    return before


def _folders(top: Path) -> Iterator[Path]:
    """The folders in a folder, none that is a link to elsewhere."""
    with contextlib.suppress(OSError):
        yield from (place for place in sorted(top.iterdir()) if place.is_dir() and not place.is_symlink())


def _remove(place: Path, names: tuple[str, ...]) -> None:
    for name in names:
        for file in list(place.glob(name)):
            with contextlib.suppress(OSError):
                file.unlink()
    with contextlib.suppress(OSError):
        place.rmdir()


def warm(
    activations: Iterable[str] = SHIPPED_ACTIVATIONS,
    closures: Iterable[str] = CLOSURES,
    also: Callable[[str], None] | None = None,
) -> float:
    """Compile every kernel of the given activations and closures, so that later processes find them.

    Parameters
    ----------
    activations, closures : names as for ``Problem`` and ``solve``
    also : function of an activation, optional
        Called after its kernels, to compile more (SGD, in another room).

    Returns
    -------
    Seconds spent compiling or loading.
    """
    before, start = jit.compile_seconds, time.perf_counter()
    for activation in activations:
        activation_kernels(activation)
        for closure in closures:
            coefficients_kernel(activation, closure)
            potential_kernel(activation, closure)
        if also is not None:
            also(activation)
    return max(jit.compile_seconds - before, time.perf_counter() - start)
