"""Folders that the program makes for itself: marked as its own; only what it put there is ever removed."""

from __future__ import annotations

import contextlib
import json
import os
import re
from collections.abc import Iterator
from pathlib import Path

from filelock import FileLock, Timeout

from cumulode.theory.user_input.arguments import InvalidArgument

from .atomic import write_bytes

MARKER, LOCK = "cumulode-made-this.json", "lock"
#: What ``tempfile`` puts between the name and ".tmp".
_RANDOM = r"\.[a-z0-9_]{8}\.tmp"


class OwnFolder:
    """A folder of files called by the pattern ``names``, for the output ``of``, which is moved out of it when whole
    (``given``: as the user wrote it).

    It is the program's own where the marker is in it, or (of versions without one) a lock and nothing but such files.
    A link is never followed.
    """

    def __init__(self, path: Path, names: str, of: Path, given: Path | None = None) -> None:
        self.path, self.of, self._given = path, of, str(given or of)
        self._file = re.compile(names)
        self._temporary = re.compile(rf"\.(?:{names}|{re.escape(of.name)}|{re.escape(MARKER)}){_RANDOM}")

    def _names(self) -> list[str]:
        return [] if self.path.is_symlink() or not self.path.is_dir() else sorted(os.listdir(self.path))

    def _knows(self, name: str) -> bool:
        own = name in (MARKER, LOCK) or self._file.fullmatch(name) or self._temporary.fullmatch(name)
        return bool(own) and not (self.path / name).is_symlink()

    @property
    def ours(self) -> bool:
        """Whether the program made it."""
        names = self._names()
        if MARKER in names:
            return self._knows(MARKER)
        return LOCK in names and all(map(self._knows, names))

    def files(self) -> list[Path]:
        """The program's files in it, without temporary ones, by name; none in a folder that is not its own."""
        return self._matching(self._file) if self.ours else []

    def _matching(self, pattern: re.Pattern[str]) -> list[Path]:
        return [self.path / name for name in self._names() if pattern.fullmatch(name) and self._knows(name)]

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Make it where it is not there, and hold its lock, which dies with the process; an empty one is removed.

        InvalidArgument naming ``out`` where another process holds it, or where there is something else of this name.
        """
        lock = self._acquired()
        try:
            for left in self._matching(self._temporary):
                left.unlink(missing_ok=True)  # of a process that was killed while it wrote
            yield
        finally:
            if not self.files():
                self._remove()
            lock.release()

    def _acquired(self) -> FileLock:
        lock = FileLock(self.path / LOCK)
        while True:
            made = self._entered()
            try:
                lock.acquire(blocking=False)
                if (self.path / LOCK).exists():  # else of a folder that another process removed in between
                    self._mark(made)
                    return lock
                lock.release()
            except Timeout:
                raise InvalidArgument("out", self._given, "a file that no other sweep is writing") from None
            except FileNotFoundError:
                continue
            except OSError as error:
                raise self._not_writable(error) from None

    def _entered(self) -> bool:
        """Whether the folder is the program's to remove: made now, or by an earlier run."""
        try:
            self.path.mkdir()
        except FileExistsError:
            if self.ours:
                return self._made()
            if self.path.is_symlink() or not self.path.is_dir() or self._names():
                allowed = f"a file name for which {self.path.name} is free (cumulode did not make what is there)"
                raise InvalidArgument("out", self._given, allowed) from None
            return False
        except OSError as error:
            raise self._not_writable(error) from None
        return True

    def _not_writable(self, error: OSError) -> InvalidArgument:
        return InvalidArgument("out", self._given, f"a file in a directory that can be written ({error.strerror})")

    def _mark(self, made: bool) -> None:
        if not (self.path / MARKER).exists():
            note = {"what": "unfinished work of cumulode", "of": self.of.name, "made": made}
            write_bytes(self.path / MARKER, json.dumps(note).encode())

    def _made(self) -> bool:
        with contextlib.suppress(OSError, ValueError, AttributeError):
            return json.loads((self.path / MARKER).read_text()).get("made") is not False
        return True

    def _remove(self) -> None:
        """Remove marker, lock and folder; where the user put something there, all of them stay."""
        if not self.ours or not all(map(self._knows, self._names())):
            return
        made = self._made()
        with contextlib.suppress(OSError):
            for name in (MARKER, LOCK):
                (self.path / name).unlink(missing_ok=True)
            if made:
                self.path.rmdir()
