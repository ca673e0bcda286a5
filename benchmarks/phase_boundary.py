"""Write docs/phase-boundary.md, its data and its figure: the boundary of localisation by theory and by SGD.

``python -m benchmarks.phase_boundary``    (some twelve minutes, nearly all SGD; an interrupted run is resumed from
docs/phase-boundary.nc, which a run from the beginning must not find there)
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from cumulode import NLGP, Problem
from cumulode.validation import boundary

DOCS = Path(__file__).resolve().parent.parent / "docs"
PROBLEM = Problem(plus=NLGP(1.0, 4.0), minus=NLGP(1.0, 1.0), size=100, bias=-1.0)
GAINS = (0.5, 0.54, 0.58, 0.62, 0.66, 0.7, 0.75, 0.8)
BETWEEN = (3.0, 12.0)


def measured(out: Path | None = DOCS / "phase-boundary.nc") -> Any:
    """Theory and SGD at eight gains."""
    along = {"gain": GAINS}
    return boundary(PROBLEM, "xi_plus", BETWEEN, along, simulate=True, scan=10, out=out, progress=True)


if __name__ == "__main__":
    began = time.perf_counter()
    print(measured(), time.perf_counter() - began)
