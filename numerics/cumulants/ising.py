"""Numbers for the Ising ring: closed forms (theory.md section 2)."""

from __future__ import annotations

import numpy as np

from cumulode.theory.cumulants import ising as theory
from cumulode.theory.problem.laws import Ising


def second(law: Ising, shape: tuple[int, ...]) -> np.ndarray:
    """C of site 0 with every site of the ring, (D,)."""
    return np.asarray(theory.second(law.t, np.arange(shape[0], dtype=float), shape[0]))


def fourth(law: Ising, sites: np.ndarray, shape: tuple[int, ...] | None, precision: float = 0.0) -> np.ndarray:
    """K at ``sites`` (n, 4), absolute positions in any order -> (n,): eq. (ising.4, Ising fourth cumulant); exact."""
    size = None if shape is None else shape[0]
    sites = np.sort(np.asarray(sites) % size if size is not None else np.asarray(sites), axis=1)
    gaps = [(sites[:, i + 1] - sites[:, i]).astype(float) for i in range(3)]
    if size is not None:
        gaps.append(size - (sites[:, 3] - sites[:, 0]).astype(float))
    return np.asarray(theory.fourth(law.t, gaps, size))
