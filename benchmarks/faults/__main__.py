"""``python -m benchmarks.faults``: make every fault and write docs/reliability.md (some minutes on two cores)."""

from __future__ import annotations

import argparse
import os
import platform
import re
import sys
import tempfile
import time
from pathlib import Path

from ..timing import table
from . import caches, damage, disks, interruptions, kills
from .bench import Bench, Row

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reliability.md"
KINDS = {"kills": kills, "interruptions": interruptions, "disks": disks, "damage": damage, "caches": caches}

INTRODUCTION = """# What faults cost

Written by `python -m benchmarks.faults`. Each fault is made `tried` times, at random moments where it has a moment
(seed {seed}). *Lost*: what had been done, or was there, before the fault and was not there after it, in the unit given.
*Wrong*: results that are not those of an undisturbed run to the bit, other exit codes than those stated, tracebacks,
processes or temporary files left behind. *Seen*: what the user reads. The map is of 56 points and two starts each.

## What is promised

- Files are written under another name and moved: a reader sees the old one or the new one. A disk that is full leaves
  the old one. Outputs are tried before the work.
- A sweep keeps every finished block on disk; the same command goes on from there, and its numbers are those of a sweep
  that nobody disturbed. Two sweeps of one file: the second is refused.
- Ctrl-C, SIGTERM and the end of a terminal (SIGHUP) stop every command within seconds (of a kernel that is being
  compiled, within its compilation; 30 s at the latest): what was recorded is printed and written, under
  `NAME.partial.EXT`, the exit code is 130, 143 or 129. A second signal ends the program at once. What the caller
  ignores (`nohup`) stays ignored. In Python Ctrl-C returns what exists or raises `KeyboardInterrupt`, as each function says.
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


def page(rows: list[Row], seed: int) -> str:
    """The whole page."""
    heads = ["fault", "what it hits", "tried", "lost", "wrong", "seen"]
    cells = [[str(cell).replace("|", "\\|") for cell in row.cells()] for row in rows]
    where = f"{platform.system()}, Python {platform.python_version()}, {os.cpu_count()} cores"
    return f"{INTRODUCTION.format(seed=seed)}\n## What was tried\n\nOn {where}.\n\n{table(heads, cells)}\n"


def main() -> None:
    """Make the faults of the kinds named (all) and write the page, or print it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kind", nargs="*", choices=[*KINDS, []], help="print the rows of these only")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--small", action="store_true", help="a few of each")
    options = parser.parse_args()
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder), options.small, options.seed)
        for name in options.kind or KINDS:
            began = time.monotonic()
            for row in KINDS[name].rows(bench):
                print(f"{name}, {time.monotonic() - began:.0f} s: {row}", file=sys.stderr, flush=True)
                rows.append(row)
            for row in rows:
                row.seen = re.sub(rf"{re.escape(folder)}/(\d+/)?", "", row.seen)  # other ones in each run
    text = page(rows, options.seed)
    if options.kind or options.small:
        print(text.partition("## What was tried")[2])
    else:
        PAGE.write_text(text)
    sys.exit(any(row.lost or row.wrong for row in rows))


if __name__ == "__main__":
    main()
