"""``make fuzz``: thousands of random calls and command lines; what fails is printed with the command that repeats it."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections import Counter
from typing import Any

from .cases import BATCH, batch, workplace, wrong


def main() -> int:
    """Run them; 1 where one failed."""
    parser = argparse.ArgumentParser(prog="python -m fuzz", description=__doc__)
    parser.add_argument("--cases", type=int, default=5000, help="how many, half of them command lines")
    parser.add_argument("--seed", type=int, default=int(time.time()) % 10**6 * 1000, help="of the first batch")
    parser.add_argument("--kind", choices=["call", "command"], help="only these")
    parser.add_argument("--place", type=int, help="this case of the seed alone")
    options = parser.parse_args()
    os.environ.setdefault("MPLBACKEND", "Agg")
    kinds = [options.kind] if options.kind else ["call", "command"]
    batches = 1 if options.place is not None else -(-options.cases // (BATCH * len(kinds)))
    print(f"seed {options.seed}: {batches} batches of {BATCH} {' and '.join(kinds)}s", flush=True)
    failures: list[tuple[str, str]] = []
    done: Counter[str] = Counter()
    seconds: Counter[str] = Counter()
    began = time.monotonic()
    with workplace():
        for number in range(options.seed, options.seed + batches):
            for kind in kinds:
                _go(kind, number, options.place, failures, done, seconds)
            print(f"{sum(done.values())} cases, {len(failures)} failures, {time.monotonic() - began:.0f} s", flush=True)
    print(dict(done))
    print("seconds of CPU: " + ", ".join(f"{name} {total:.0f}" for name, total in seconds.most_common(12)))
    return 1 if failures else 0


def _go(
    kind: str,
    number: int,
    place: int | None,
    failures: list[tuple[str, str]],
    done: Counter[str],
    seconds: Counter[str],
) -> None:
    def each(at: int, case: Any) -> None:
        if place not in (None, at):
            return
        repeat = f"python -m fuzz --kind {kind} --seed {number} --place {at}"
        with open("last", "w") as file:  # what a hang that ends the process leaves
            file.write(f"{repeat}\n{case}\n")
        done[kind] += 1
        began = time.process_time()
        words = wrong(case)
        seconds[str(case).split("(")[0].partition(" '--")[0][:30]] += time.process_time() - began
        if words or place is not None:
            print(f"{'FAILED' if words else 'well'}: {case}\n    {words}\n    {repeat}", flush=True)
        if words:
            failures.append((repeat, words))

    batch(kind, number, each)


if __name__ == "__main__":
    sys.exit(main())
