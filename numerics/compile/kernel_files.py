"""Compiled code on disk: one file for a kernel, a signature and a stamp, used only if it is whole.

Numba's own files are an index and numbered data files, written one after the other: a process that is killed in
between, or two that write at once, leave an index that names the code of another signature or of an older version of
the kernel. Here nothing refers to anything: each file is written under another name and moved, carries a checksum, and
says what it is.
"""

from __future__ import annotations

import contextlib
import hashlib
import pickle
from pathlib import Path
from typing import Any

from numba.core.serialize import dumps

from cumulode.numerics.io.atomic import write_bytes

from . import places

#: What unpickling a file raises that another version of numba, NumPy or Python has written, or nobody.
UNREADABLE = (
    pickle.UnpicklingError,
    EOFError,
    AttributeError,
    ImportError,
    LookupError,
    MemoryError,
    OSError,
    OverflowError,
    RuntimeError,
    TypeError,
    ValueError,
)
_SEAL = hashlib.sha256().digest_size


class KernelFiles:
    """The files of one kernel; ``stamp`` says of which version of it."""

    def __init__(self, directory: Path, name: str) -> None:
        self._directory, self._name = directory, name
        self.stamp = ""

    def path(self, key: Any) -> Path:
        """Where the code for a signature and a processor is kept, or would be."""
        return self._directory / f"{self._name}.{_short(repr(key))}.{_short(self.stamp)}.nbc"

    def load(self, key: Any) -> Any:
        """The code, or None where there is none, it is damaged, or others could have written it."""
        whole = places.read(self.path(key))
        if whole is None or hashlib.sha256(whole[_SEAL:]).digest() != whole[:_SEAL]:
            return None
        stamp, kept, data = pickle.loads(whole[_SEAL:])
        return data if (stamp, kept) == (self.stamp, key) else None

    def save(self, key: Any, data: Any) -> None:
        """Keep the code, in place of that of other stamps."""
        path = self.path(key)
        places.make(path.parent)
        code = dumps((self.stamp, key, data))
        write_bytes(path, hashlib.sha256(code).digest() + code, mode=0o600)
        for older in path.parent.glob(f"{self._name}.{_short(repr(key))}.*"):
            if older != path:
                with contextlib.suppress(OSError):
                    older.unlink()

    def flush(self) -> None:
        """Forget all signatures."""
        for path in self._directory.glob(f"{self._name}.*"):
            with contextlib.suppress(OSError):
                path.unlink()


def _short(words: str) -> str:
    return hashlib.sha256(words.encode()).hexdigest()[:16]
