"""A claim's work in parts: each computed once, kept on disk, shared between claims."""

from __future__ import annotations

import hashlib
import json
import re
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import BrokenExecutor, Executor, as_completed
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np

from cumulode.numerics.io.atomic import write_bytes
from cumulode.theory.user_input.arguments import InvalidArgument

Arrays = dict[str, np.ndarray]
#: Names of the files in which parts are kept, and of those not finished.
KEPT = re.compile(r"\.?[^.]*-[0-9a-f]{16}\.npz(\.\w{8}\.tmp)?")


class Interrupted(Exception):
    """A part was stopped before its end: nothing of it is kept."""


class Failed(Exception):
    """A part could not be computed; the message says why and what to do."""


@dataclass(frozen=True)
class Part:
    """A computation: a function of plain settings that returns arrays; ``compute(settings, progress)``."""

    name: str
    compute: Callable[[dict[str, Any], bool], Arrays]
    settings: dict[str, Any] = field(default_factory=dict)

    @property
    def identity(self) -> str:
        """Of the function, the settings and the version: data of another identity are computed again.

        So everything that a part depends on and that may ever change stands in its settings.
        """
        from cumulode import __version__

        of = [self.compute.__module__, self.compute.__qualname__, self.settings, __version__]
        return hashlib.sha256(json.dumps(of, sort_keys=True).encode()).hexdigest()[:16]


class Folder:
    """Where parts are kept: ``PATH/data/NAME-IDENTITY.npz``, each whole or absent; in memory where there is no path."""

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self._here: dict[str, Arrays] = {}
        if path is not None:
            try:
                (path / "data").mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise InvalidArgument("out", str(path), f"a folder that can be written ({error})") from None

    def find(self, part: Part) -> Arrays | None:
        """The arrays of a part done before; None where there are none, or where the file is damaged."""
        if part.identity in self._here or self.path is None:
            return self._here.get(part.identity)
        try:
            with np.load(self._file(part), allow_pickle=False) as arrays:
                self._here[part.identity] = {name: arrays[name] for name in arrays.files}
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error):
            return None
        return self._here[part.identity]

    def get(self, part: Part, progress: bool = False) -> Arrays:
        """The arrays of a part, computed and kept where they are not there yet."""
        arrays = self.find(part)
        return self.keep(part, part.compute(part.settings, progress)) if arrays is None else arrays

    def keep(self, part: Part, arrays: Arrays) -> Arrays:
        """Store what a part came to."""
        self._here[part.identity] = arrays
        if self.path is not None:
            buffer = BytesIO()
            np.savez_compressed(buffer, **arrays)  # type: ignore[arg-type]
            write_bytes(self._file(part), buffer.getvalue())
        return arrays

    def missing(self, parts: Iterable[Part]) -> list[Part]:
        """Those of the parts that are to be computed, each once."""
        return list({part.identity: part for part in parts if self.find(part) is None}.values())

    def fill(self, parts: list[Part], executor: Executor | None, progress: bool) -> Iterator[Part]:
        """Compute and keep parts, here one after the other or spread over an executor; each as soon as it is done."""
        if executor is None:
            for part in parts:
                self.get(part, progress)
                yield part
            return
        running = {executor.submit(part.compute, part.settings, False): part for part in parts}
        try:
            for future in as_completed(running):
                self.keep(running[future], future.result())
                yield running[future]
        except BrokenExecutor as error:
            raise Failed(f"executor: a worker died ({error}); the same call goes on from here") from error
        finally:
            for future in running:
                future.cancel()

    def _file(self, part: Part) -> Path:
        assert self.path is not None
        return self.path / "data" / f"{part.name}-{part.identity}.npz"
