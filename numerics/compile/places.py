"""Where the cache is, and whether what lies there may be run.

Kernels and generated modules are code: whoever can change them, or a directory on the way to them, runs as the user.
So the cache is used only where nobody but the user and root can, as ssh has it for its keys.
"""

from __future__ import annotations

import atexit
import os
import shutil
import stat
import sys
import tempfile
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import numba
from platformdirs import user_cache_path

from cumulode import __version__

_MOST_LINKS = 40  # symbolic links on one path, as Linux has it
_OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH


def cache_directory() -> Path:
    """Where compiled kernels and generated sources are kept: $CUMULODE_CACHE, or cumulode/ in the user's cache.

    Where others could change what is kept there: a directory of this process, and a line on standard error.
    """
    chosen = os.environ.get("CUMULODE_CACHE")
    try:
        path = Path(chosen).expanduser() if chosen else user_cache_path("cumulode", appauthor=False)
    except RuntimeError:  # a user without a home, as in a container
        return _own_directory()
    if not chosen and not path.is_absolute():  # the same, in older versions of platformdirs
        return _own_directory()
    return path if _may_be_used(path) else _own_directory()


def kernel_directory() -> Path:
    """Where the kernels of this version of the package and of numba are kept."""
    return cache_directory() / "kernels" / _VERSION


_VERSION = f"{__version__}-numba-{numba.__version__}"


def generated_directory() -> Path:
    """Where the modules of users' activations are kept."""
    return cache_directory() / "generated"


def is_private() -> bool:
    """Whether this process has a cache of its own, which goes with it."""
    return _own_directory.cache_info().currsize > 0 and cache_directory() == _own_directory()


def make(directory: Path) -> None:
    """Make a directory, and those above it that are missing, for the user alone."""
    if not directory.is_dir():
        make(directory.parent)
        directory.mkdir(mode=0o700, exist_ok=True)


def read(path: Path) -> bytes | None:
    """What a file of the cache holds; None where there is none, or where others could have written it."""
    try:
        with path.open("rb") as file:
            why = _changed_by_others(path, os.fstat(file.fileno()))
            if why is None:
                return file.read()
    except OSError:
        return None
    _say(f"{why}; made anew")
    return None


@lru_cache(maxsize=1)
def _own_directory() -> Path:
    """A directory for this process alone."""
    directory = tempfile.mkdtemp(prefix="cumulode-")
    atexit.register(_remove, directory, os.getpid())
    return Path(directory)


def _remove(directory: str, process: int) -> None:
    """At the end of the process that made it, not of one that was forked from it."""
    if os.getpid() == process:
        shutil.rmtree(directory, ignore_errors=True)


@lru_cache(maxsize=8)
def _may_be_used(cache: Path) -> bool:
    why = _unsafe(cache / "kernels" / _VERSION) or _unsafe(cache / "generated")
    if why is not None:
        _say(
            f"the cache {cache} is not used, others could change what runs: {why}. This process compiles into a "
            "directory of its own. Change its owner or mode (chown, chmod go-w), or set CUMULODE_CACHE to another"
        )
    return why is None


def _say(line: str) -> None:
    print(f"cumulode: {line}", file=sys.stderr, flush=True)


def _unsafe(directory: Path) -> str | None:
    """Why others could change what is in a directory, or put another in its place; None where they cannot.

    What is not there yet is no reason. Windows has no owners of this kind: a user's profile is closed to others there.
    """
    if not hasattr(os, "getuid"):
        return None
    try:
        for place, last in _way_to(directory):
            why = _changed_by_others(place, place.lstat(), last)
            if why is not None:
                return why
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return None
    except OSError as error:
        return str(error)
    return None


def _way_to(path: Path) -> Iterator[tuple[Path, bool]]:
    """Every directory and symbolic link passed on the way to ``path``, and whether nothing is left after it."""
    whole = Path.cwd() / path
    place, left, links = Path(whole.anchor), list(whole.parts[1:]), 0
    yield place, not left
    while left:
        part = left.pop(0)
        place = place.parent if part == ".." else place / part
        yield place, not left
        if place.is_symlink():
            links += 1
            if links > _MOST_LINKS:
                raise OSError(f"{path}: too many symbolic links")
            target = place.parent / os.readlink(place)
            place, left = Path(target.anchor), [*target.parts[1:], *left]
            yield place, not left


def _changed_by_others(place: Path, found: os.stat_result, last: bool = True) -> str | None:
    """Why others could change a file or directory; above the ``last`` one a sticky directory keeps what is in it."""
    if not hasattr(os, "getuid"):
        return None
    if found.st_uid not in (0, os.getuid()):
        return f"{place} is owned by user {found.st_uid}, neither you nor root"
    if stat.S_ISLNK(found.st_mode) or not found.st_mode & _OTHERS_WRITE:
        return None
    if stat.S_ISDIR(found.st_mode) and found.st_mode & stat.S_ISVTX and not last:
        return None
    if not found.st_mode & stat.S_IWOTH and _has_no_other_member(found.st_gid):
        return None
    return f"{place} can be written by others (mode {stat.S_IMODE(found.st_mode):o})"


@lru_cache(maxsize=8)
def _has_no_other_member(group: int) -> bool:
    """Whether a group is the user's own, or root's, of the same name and with nobody else in it."""
    import grp
    import pwd

    try:
        found = grp.getgrgid(group)
        names = {pwd.getpwuid(os.getuid()).pw_name, pwd.getpwuid(0).pw_name}
    except KeyError:
        return False
    return found.gr_name in names and set(found.gr_mem) <= names
