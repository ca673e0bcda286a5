"""``python -m benchmarks [PART ...]``: run the benchmarks on this machine and write docs/benchmarks.md.

Everything runs in one process on one thread unless a table says otherwise, so that ratios are of one run. PART is any
of the names below; what is not run keeps its table.
"""

from __future__ import annotations

import os

for _library in ("OPENBLAS", "OMP", "MKL"):
    os.environ[f"{_library}_NUM_THREADS"] = "1"  # before NumPy is imported: one thread for those compared with
os.environ.setdefault("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1")

import argparse  # noqa: E402
import re  # noqa: E402
import sys  # noqa: E402
import time  # noqa: E402
from pathlib import Path  # noqa: E402

PAGE = Path(__file__).resolve().parent.parent / "docs" / "benchmarks.md"

INTRODUCTION = """# Benchmarks

Written by `make bench` (`python -m benchmarks`). Every comparison runs side by side in one process, each repetition
all candidates in turn; times are medians. One thread unless said. JAX and PyTorch are compared where installed
(`pip install -e ".[bench]"`).
"""


def _parts() -> dict[str, tuple[str, str]]:
    """Name: (title, module.function)."""
    return {
        "rhs": ("K(w,w,w) against others (one class, gain 3, tolerance 1e-3)", "rhs.against_others"),
        "peak": ("K(w,w,w) against its own multiply-adds (gain 3, tolerance 1e-3)", "rhs.against_peak"),
        "size": ("K(w,w,w) over the size of the ring (gain 3, tolerance 1e-3)", "rhs.in_size"),
        "whole": ("The whole right-hand side (two classes, xi 4/1, gain 3)", "rhs.whole"),
        "solve": ("`solve` against `solve_ivp` (the same right-hand side, t = 150)", "flows.against_scipy"),
        "batch": ("4096 trajectories (64 gains x 8 biases x 8 seeds, D = 100, t = 150; all cores)", "flows.batches"),
        "scaling": ("`solve` over trajectories and threads (D = 100, t = 150)", "flows.in_number_and_threads"),
        "torus": ("A torus of 32 x 32, xi 2/1, gain 3, to t = 150 (all cores)", "flows.torus"),
        "sgd": ("SGD at batch 1 against the sum of its parts (ns a sample, gain 3)", "sgd_parts.parts"),
        "others": ("SGD at batch 1 against others (gain 3, xi 4/1)", "sgd_others.at_hundred"),
        "network": ("SGD of a committee at batch 1 against the sum of its parts (ns a sample)", "network_parts.parts"),
        "network-others": ("SGD of a committee at batch 1 against PyTorch (D = 100, K = 8)", "network_parts.others"),
        "start": ("Starting up", "startup.starts"),
        "accuracy": ("Errors as fractions of the tolerance (worst over the gains, D = 100)", "accuracy.cumulants"),
        "trajectories": ("Errors of trajectories at the default tolerance (D = 100)", "accuracy.trajectories"),
    }


def main() -> int:
    """Run the parts named, show each table as it is done, and write the page."""
    import importlib

    from .timing import machine

    parts = _parts()
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("part", nargs="*", choices=[*parts, []], help="parts to run (default: all)")
    chosen = parser.parse_args().part or list(parts)
    sections = _kept()
    for name in chosen:
        title, where = parts[name]
        module, function = where.split(".")
        print(f"{title} ...", file=sys.stderr, flush=True)
        began = time.perf_counter()
        text = getattr(importlib.import_module(f".{module}", __package__), function)()
        sections[title] = f"{text}\n\n*{machine()}; {time.strftime('%Y-%m-%d')}.*\n"
        print(f"## {title}\n\n{text}\n", flush=True)
        print(f"  {time.perf_counter() - began:.0f} s", file=sys.stderr, flush=True)
        _write(parts, sections)
    return 0


def _kept() -> dict[str, str]:
    """The sections of the page as it stands, by title."""
    if not PAGE.exists():
        return {}
    pieces = re.split(r"^## (.*)\n", PAGE.read_text(), flags=re.MULTILINE)
    return {title: body.strip() + "\n" for title, body in zip(pieces[1::2], pieces[2::2], strict=True)}


def _write(parts: dict[str, tuple[str, str]], sections: dict[str, str]) -> None:
    ordered = [title for title, _ in parts.values() if title in sections]
    PAGE.write_text(INTRODUCTION + "".join(f"\n## {title}\n\n{sections[title]}" for title in ordered))


if __name__ == "__main__":
    sys.exit(main())
