"""``python benchmarks/same_cases FILE.npz [CASE ...]``: the numbers of the revision installed, for ``same_numbers.py``.

Read ``case``, then any of ``flows``, ``stability``, ``training``, ``maps``.
"""

from __future__ import annotations

import sys
import time
import warnings
from pathlib import Path

import flows
import maps
import numpy as np
import stability
import training
from case import CASES, Arrays

import cumulode

#: Each registers its cases when imported.
ROOMS = (flows, stability, training, maps)


def main() -> int:
    """Compute the cases named (default: all) and write their arrays, with the seconds that each took."""
    path, names = Path(sys.argv[1]), sys.argv[2:] or list(CASES)
    warnings.simplefilter("ignore", cumulode.SolveWarning)  # taylor may blow up: so must both
    arrays: Arrays = {}
    for name in names:
        began = time.perf_counter()
        arrays |= {f"{name}/{key}": np.asarray(value) for key, value in CASES[name]().items()}
        print(f"{name}: {time.perf_counter() - began:.1f} s", file=sys.stderr, flush=True)
    np.savez(path, **arrays)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
