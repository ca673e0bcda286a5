"""Numbers for the Ising ring: closed forms (theory.md section 2)."""

from __future__ import annotations

import numpy as np

from cumulode.theory import ising as theory
from cumulode.theory.laws import Ising


def second(law: Ising, distances: np.ndarray, size: int | None) -> np.ndarray:
    """C at integer distances, same shape."""
    d = np.abs(np.asarray(distances, dtype=float))
    if size is not None:
        d = d % size
    return np.asarray(theory.second(law.t, d, size))


def fourth(law: Ising, sites: np.ndarray, size: int | None) -> np.ndarray:
    """K at ``sites`` (n, 4), absolute positions in any order -> (n,): eq. (ising.4, Ising fourth cumulant)."""
    sites = np.sort(np.asarray(sites) % size if size is not None else np.asarray(sites), axis=1)
    gaps = [(sites[:, i + 1] - sites[:, i]).astype(float) for i in range(3)]
    if size is not None:
        gaps.append(size - (sites[:, 3] - sites[:, 0]).astype(float))
    return np.asarray(theory.fourth(law.t, gaps, size))
