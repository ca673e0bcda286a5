"""Commands in processes of their own, and the rows of the table."""

from __future__ import annotations

import os
import random
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

RING = "--size 8 --xi-plus 1.5 --quiet"
MAP = f"phase {RING} --gain 0.5:5:20 --bias=-1:1:20 --seeds 2 --points 5 --no-figure --no-lines --time 300 --out map.nc"


@dataclass
class Row:
    """A fault: how often it was tried, what of what there was before was lost, how many results were wrong then."""

    fault: str
    victim: str
    lost_is: str
    tried: int = 0
    lost: int = 0
    wrong: int = 0
    seen: str = ""

    def cells(self) -> list[object]:
        """As the table shows them."""
        return [self.fault, self.victim, self.tried, f"{self.lost} {self.lost_is}", self.wrong, self.seen]


@dataclass
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def line(self) -> str:
        """The last line on standard error that is not progress."""
        lines = [line for line in self.err.splitlines() if line.startswith("cumulode") or "Error" in line]
        return lines[-1] if lines else ""


@dataclass
class Bench:
    """A folder to work in, random moments, and how much is tried."""

    folder: Path
    small: bool = False
    seed: int = 1
    random: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)
        self._count = 0

    def times(self, many: int, few: int = 1) -> int:
        """How often to try."""
        return few if self.small else many

    def place(self) -> Path:
        """A new folder."""
        self._count += 1
        place = self.folder / f"{self._count}"
        place.mkdir()
        return place

    def python(self, words: list[str], place: Path, room: int | None = None, **environment: str) -> Any:
        """A Python process; ``room``: bytes beyond which it can write no file."""

        def prepare() -> None:
            signal.signal(signal.SIGINT, signal.default_int_handler)  # not as in the background of a shell
            if room is not None:
                resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))

        return subprocess.Popen(
            [sys.executable, *words], cwd=place, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env={**os.environ, **environment}, preexec_fn=prepare,
        )  # fmt: skip

    def command(self, words: str, place: Path, room: int | None = None, **environment: str) -> Any:
        """A ``cumulode`` process."""
        return self.python(["-m", "cumulode", *words.split()], place, room, **environment)

    def run(self, words: str, place: Path, room: int | None = None, **environment: str) -> Ended:
        """The same, to its end."""
        return end(self.command(words, place, room, **environment))

    def moment(self, seconds: float) -> None:
        """Wait for a random part of ``seconds``."""
        time.sleep(self.random.uniform(0.1, 1.0) * seconds)


def end(process: Any, seconds: float = 300.0) -> Ended:
    """Wait for a process."""
    out, err = process.communicate(timeout=seconds)
    return Ended(process.returncode, out, err)


def kill(process: Any) -> bool:
    """Kill -9, and wait; whether there was anything to kill."""
    there = process.poll() is None
    process.kill()
    process.communicate()
    return there


def until(true: Callable[[], bool], seconds: float = 60.0) -> bool:
    """Wait until something is true; whether it became so."""
    stop = time.monotonic() + seconds
    while not true():
        if time.monotonic() > stop:
            return False
        time.sleep(0.05)
    return True


def done(path: Path) -> int:
    """How many runs of a map are finished, on disk."""
    from cumulode.validation.sweep.files import open_phase

    return int((open_phase(path).status == 0).sum()) if path.exists() else 0


def same_map(one: Path, other: Path) -> bool:
    """Whether two maps hold the same numbers, to the bit."""
    from cumulode.validation.sweep.files import open_phase

    return bool(open_phase(one).drop_attrs().identical(open_phase(other).drop_attrs()))


def children(process: int) -> list[int]:
    """The processes that a process has started and theirs."""
    listed = subprocess.run(["ps", "-eo", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
    parents = {int(a): int(b) for a, b in (line.split() for line in listed.splitlines())}
    own = [child for child, parent in parents.items() if parent == process]
    return own + [grandchild for child in own for grandchild in children(child)]


def alive(process: int) -> bool:
    """Whether a process runs still (one that nobody has waited for does not)."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def cpu_seconds(process: int) -> float:
    """The time of a processor that a process has used so far, all its threads together."""
    try:
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return float("inf")
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def equal(one: Any, other: Any) -> bool:
    """Whether two arrays are equal to the bit, NaN to NaN."""
    return np.array_equal(np.asarray(one), np.asarray(other), equal_nan=True)
