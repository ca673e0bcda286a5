"""``python -m benchmarks.faults``: make every fault and write docs/reliability.md (ten minutes on two idle cores)."""

from __future__ import annotations

import argparse
import os
import platform
import re
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from ..timing import table
from . import caches, damage, disks, interruptions, kills
from .bench import Bench, Row

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reliability.md"
KINDS: dict[str, tuple[str, Any]] = {
    "kills": ("Processes killed", kills),
    "interruptions": ("Ctrl-C and SIGTERM", interruptions),
    "disks": ("Disks and two writers", disks),
    "damage": ("Bits turned", damage),
    "caches": ("The cache of kernels", caches),
}

INTRODUCTION = """# What faults cost

Written by `python -m benchmarks.faults`. Each fault is made `tried` times, at random moments where it has a moment
(seed {seed}). *Lost*: what had been done, or was there, before the fault and was not there after it, in the unit given.
*Wrong*: results that are not those of an undisturbed run to the bit, other exit codes than those stated, tracebacks,
processes or temporary files left behind. *Seen*: what the user reads. The map is of 400 points and two starts each.

## What is promised

- Files are written under another name and moved: a reader sees the old one or the new one. A disk that is full leaves
  the old one. Outputs are tried before the work.
- A sweep keeps every finished block on disk; the same command goes on from there, and its numbers are those of a sweep
  that nobody disturbed. Two sweeps of one file: the second is refused.
- Ctrl-C, SIGTERM and the end of a terminal (SIGHUP) stop every command within seconds (of a kernel that is being
  compiled, within its compilation; 30 s at the latest): what was recorded is printed and written, under
  `NAME.partial.EXT`, the exit code is 130, 143 or 129. A second signal ends the program at once. What the caller
  ignores (`nohup`) stays ignored. In Python Ctrl-C returns what exists or raises `KeyboardInterrupt`, as each function
  says.
- Worker processes of `--workers` end with their command, even one killed with -9.
- Maps and runs carry checksums, verified whenever they are opened.
- The cache of kernels is code that runs. It is used only where nobody but you and root owns or can write the files, the
  folders and the links on the way to them (above the cache, a sticky folder such as /tmp will do; a group that is yours
  alone is you). Otherwise one line says which place is the reason, and the process compiles into a folder of its own
  that goes with it. So root does not use a user's cache, nor a container one that is mounted from another user; a cache
  that an administrator filled as root serves everybody. Windows has no such owners: there the profile's own protection
  holds. A kernel that is there is loaded without waiting; for one that another process compiles a line comes after 3 s,
  and after a minute it is compiled here, too.
"""


def section(name: str, rows: list[Row]) -> str:
    """The table of one kind, and what it was made on."""
    heads = ["fault", "what it hits", "tried", "lost", "wrong", "seen"]
    cells: list[list[object]] = [[str(cell).replace("|", "\\|") for cell in row.cells()] for row in rows]
    where = f"{platform.system()}, Python {platform.python_version()}, {os.cpu_count()} cores"
    return f"## {KINDS[name][0]}\n\nOn {where}.\n\n{table(heads, cells)}\n"


def page(sections: dict[str, str], seed: int) -> str:
    """The whole page; a section that was not made now is that of before."""
    before = PAGE.read_text() if PAGE.exists() else ""
    parts = [INTRODUCTION.format(seed=seed)]
    for name, (title, _) in KINDS.items():
        old = re.search(rf"## {re.escape(title)}\n.*?(?=\n## |\Z)", before, re.DOTALL)
        parts.append(sections.get(name) or (old[0].rstrip() + "\n" if old else ""))
    return "\n".join(part for part in parts if part)


def made(bench: Bench, name: str) -> list[Row]:
    """The rows of a kind, each reported as it comes."""
    rows: list[Row] = []
    began = time.monotonic()
    for row in KINDS[name][1].rows(bench):
        row.seen = re.sub(rf"{re.escape(str(bench.folder))}/(\d+/)?", "", row.seen)  # another one each time
        print(f"{name}, {time.monotonic() - began:.0f} s: {row}", file=sys.stderr, flush=True)
        rows.append(row)
    return rows


def main() -> None:
    """Make the faults of the kinds named (all) and write their sections of the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kind", nargs="*", help=f"of {', '.join(KINDS)}: only these; the rest keeps its table")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--small", action="store_true", help="a few of each, printed and not written")
    options = parser.parse_args()
    rows: dict[str, list[Row]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for name in options.kind or KINDS:
            place = Path(folder) / name
            place.mkdir()
            rows[name] = made(Bench(place, options.small, options.seed), name)
            sections = {done: section(done, of) for done, of in rows.items()}
            if not options.small:
                PAGE.write_text(page(sections, options.seed))
    if options.small:
        print("\n".join(sections.values()))
    sys.exit(any(row.lost or row.wrong for of in rows.values() for row in of))


if __name__ == "__main__":
    main()
