"""Derivations for tests: built once a session by whichever worker comes first, pickled for the others."""

from __future__ import annotations

import hashlib
import pickle
from pathlib import Path

from filelock import FileLock

from cumulode.theory.derivation.derivation import Derivation
from cumulode.theory.documents import derive


class Derived:
    """``derive`` that keeps what it builds in a folder, and in memory."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "derivations"
        self.folder.mkdir(exist_ok=True)
        self.known: dict[tuple[str, str, int], Derivation] = {}

    def __call__(self, name: str, activation: str = "erf", order: int = 3) -> Derivation:
        key = (name, activation, order)
        if key not in self.known:
            self.known[key] = self._shared(*key)
        return self.known[key]

    def _shared(self, name: str, activation: str, order: int) -> Derivation:
        digest = hashlib.sha256(repr((name, activation, order)).encode()).hexdigest()[:16]
        path = self.folder / f"{name}-{digest}.pickle"
        with FileLock(f"{path}.lock"):
            if not path.exists():
                path.write_bytes(pickle.dumps(derive(name, activation=activation, order=order)))
        return pickle.loads(path.read_bytes())
