"""Files whole at any moment: written under another name, then moved over the old one; and where they may go."""

from __future__ import annotations

import contextlib
import os
import stat
import tempfile
from pathlib import Path
from typing import Any

from cumulode.theory.user_input.arguments import InvalidArgument

_LONGEST = 200  # bytes of a name that still leave room for what partial and temporary ones add


def write_bytes(path: str | Path, data: bytes, within: Path | None = None, mode: int | None = None) -> None:
    """A reader sees the old file or the new one; on disk before this returns. A link is followed, a device written to.

    ``within``: the folder of the file while it is unfinished, by default that of ``path``; ``mode``: by default that of
    the old file, or a new one's. OSError, naming ``path``, where it cannot be written: what was there is untouched.
    """
    target = real_path(path)
    try:
        if target.exists() and not target.is_file():  # /dev/stdout is no file to be replaced
            target.write_bytes(data)
        else:
            _replace(target, data, within or target.parent, mode)
    except OSError as error:
        why = error.strerror or str(error)
        raise OSError(error.errno, f"cannot write {path}: {why} (a file that was there is as it was)") from error


def _replace(target: Path, data: bytes, folder: Path, mode: int | None) -> None:
    handle, temporary = tempfile.mkstemp(dir=folder, prefix=f".{target.name}.", suffix=".tmp")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, _mode(target) if mode is None else mode)
        os.replace(temporary, target)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise


def _mode(target: Path) -> int:
    """Of the file that is replaced, or of a new one."""
    try:
        return stat.S_IMODE(target.stat().st_mode)
    except OSError:
        mask = os.umask(0)
        os.umask(mask)
        return 0o666 & ~mask


def real_path(path: str | Path) -> Path:
    """Where a file really is, links followed: it is replaced there, and the link stays."""
    return Path(os.path.realpath(path))


def check_output(name: str, path: Any, suffixes: tuple[str, ...] = (), what: str = "a file name") -> Path:
    """``path`` as a Path if a file can be written there, now; InvalidArgument naming ``name`` otherwise.

    ``suffixes`` that its name may have (none: any), in words ``what``.
    """
    words = f"{what} ending in {', '.join(suffixes)}" if suffixes else what
    if not isinstance(path, (str, os.PathLike)) or not isinstance(os.fspath(path), str):
        raise InvalidArgument(name, path, words)
    given = str(os.fspath(path))
    if not given or "\0" in given or (suffixes and Path(given).suffix.lower() not in suffixes):
        raise InvalidArgument(name, given, words)
    why = _hindrance(given)
    if why:
        raise InvalidArgument(name, given, why)
    return Path(given)


def _hindrance(path: str) -> str | None:
    """What is allowed instead, where no file can be written at ``path``."""
    try:
        target = Path(os.path.realpath(path, strict=False))
        if target.is_symlink():  # a circle of links
            return "a file, or a link to one"
        if target.is_dir() or path.endswith(os.sep):
            return "a file, not a directory"
        if not target.parent.is_dir():
            return "a file in a directory that exists"
        if len(os.fsencode(target.name)) > _LONGEST:
            return f"a file name of at most {_LONGEST} bytes"
        exists = target.exists()
    except (OSError, ValueError) as error:
        return f"a file name that the system takes ({getattr(error, 'strerror', None) or error})"
    if exists and not os.access(target, os.W_OK):
        return "a file that may be written (this one may only be read)"
    if (not exists or target.is_file()) and not os.access(target.parent, os.W_OK | os.X_OK):
        return "a file in a directory that can be written"
    return _unwritable(target) if not exists else None


def _unwritable(target: Path) -> str | None:
    """What only a trial tells: of a directory that takes no files, whatever its mode says, such as /proc."""
    trial = target.parent / f".{os.getpid()}.trial"
    try:
        trial.touch()
        trial.unlink()
    except OSError:
        return "a file in a directory that can be written"
    return None


def partial_path(path: str | Path) -> Path:
    """Where an interrupted run goes: ``run.partial.nc`` for ``run.nc``, so that a whole one is never replaced by it."""
    path = Path(path)
    return path.with_name(f"{path.stem}.partial{path.suffix}")
