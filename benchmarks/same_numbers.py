"""``python benchmarks/same_numbers.py OLD NEW [CASE ...]``: are the numbers of two installed revisions the same?

OLD and NEW are Python interpreters in which a revision each is installed. The cases of ``same_cases/`` run in a
process of each, on one thread; their arrays are compared bit by bit. What differs is listed with the largest
difference relative to the array's largest entry, and is a failure (exit code 1) unless ``EXPECTED`` names it, its
tolerance and the reason.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from fnmatch import fnmatchcase
from pathlib import Path
from typing import NamedTuple

import numpy as np

CASES = Path(__file__).with_name("same_cases")
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")

ROOTS = "roots by scipy.optimize.elementwise in place of brentq"
#: Pattern of "case/array": (largest relative difference allowed, reason).
EXPECTED: dict[str, tuple[float, str]] = {
    "critical */values": (1e-10, ROOTS),
    "critical line/gain": (1e-10, ROOTS),
    "phase diagram*/critical_*": (1e-10, ROOTS),
    "boundary/critical*": (1e-3, f"{ROOTS}; to the accuracy asked of it"),
}


class Row(NamedTuple):
    """One case: its arrays, how many of them are equal, the largest difference of the others, and why."""

    case: str
    arrays: int
    equal: int
    difference: float
    allowed: bool
    words: str


def run(python: str, cases: list[str], file: Path) -> subprocess.Popen[str]:
    """Start the cases in another interpreter, away from this source tree."""
    environment = os.environ | dict.fromkeys(THREADS, "1")
    command = [python, "-P", str(CASES.resolve()), str(file), *cases]
    return subprocess.Popen(command, env=environment, cwd=file.parent, text=True)


def difference(a: np.ndarray, b: np.ndarray) -> float:
    """0 where two arrays are equal to the bit (NaN to NaN); infinite where they cannot be compared."""
    if a.shape != b.shape or a.dtype.kind != b.dtype.kind:
        return np.inf
    if a.dtype.kind != "f":
        return 0.0 if np.array_equal(a, b) else np.inf
    if np.array_equal(a, b, equal_nan=True):
        return 0.0
    known = np.isfinite(a) & np.isfinite(b)
    if not np.array_equal(a[~known], b[~known], equal_nan=True):
        return np.inf
    return float(np.abs(a - b)[known].max() / max(np.abs(a[known]).max(), np.abs(b[known]).max()))


def expected(name: str) -> tuple[float, str]:
    """What ``EXPECTED`` says of an array."""
    return next((value for pattern, value in EXPECTED.items() if fnmatchcase(name, pattern)), (0.0, ""))


def compare(old: dict[str, np.ndarray], new: dict[str, np.ndarray]) -> list[Row]:
    """A row a case; an array that only one revision has is a difference."""
    rows = []
    names = list(dict.fromkeys([*old, *new]))
    for case in dict.fromkeys(name.rsplit("/", 1)[0] for name in names):
        own = [name for name in names if name.rsplit("/", 1)[0] == case]
        missing = [name for name in own if name not in old or name not in new]
        differences = {name: difference(old[name], new[name]) for name in own if name not in missing}
        off = {name: value for name, value in differences.items() if value > 0}
        bad = [name for name, value in off.items() if value > expected(name)[0]] + missing
        words = [f"DIFFERS: {', '.join(name.rsplit('/', 1)[1] for name in bad)}"] if bad else []
        words += dict.fromkeys(expected(name)[1] for name in off if name not in bad)
        equal = len(own) - len(off) - len(missing)
        rows.append(Row(case, len(own), equal, max(off.values(), default=0.0), not bad, "; ".join(words)))
    return rows


def table(rows: list[Row]) -> str:
    """The rows as text."""
    width = max(len(row.case) for row in rows)
    lines = [f"{'case':{width}}  arrays  equal  largest relative difference"]
    for row in rows:
        shown = f"{row.difference:.1e}" if row.difference else "0"
        lines.append(f"{row.case:{width}}  {row.arrays:6d}  {row.equal:5d}  {shown:>8}  {row.words}".rstrip())
    return "\n".join(lines)


def main(argv: list[str] | None = None) -> int:
    """Run both revisions at once, print the table, and say by the exit code whether all is as it should be."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0].split(": ", 1)[1])
    parser.add_argument("old", help="interpreter with the old revision")
    parser.add_argument("new", help="interpreter with the new revision")
    parser.add_argument("case", nargs="*", help="cases (default: all)")
    given = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder) / "old.npz", Path(folder) / "new.npz"]
        children = [run(python, given.case, file) for python, file in zip((given.old, given.new), files, strict=True)]
        codes = [child.wait() for child in children]
        if any(codes):
            print("a revision did not finish its cases", file=sys.stderr)
            return 1
        arrays = [dict(np.load(file)) for file in files]
    rows = compare(*arrays)
    bad = [row for row in rows if not row.allowed]
    print(table(rows))
    total, equal = sum(row.arrays for row in rows), sum(row.equal for row in rows)
    print(f"\n{len(rows)} cases, {total} arrays, {equal} equal to the bit; {len(bad)} cases differ unexpectedly")
    return 1 if bad else 0


if __name__ == "__main__":
    raise SystemExit(main())
