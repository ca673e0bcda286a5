"""Numbers for a law given by its cumulants: the entries of its arrays."""

from __future__ import annotations

import numpy as np

from cumulode.theory.problem.measured_cumulants import Cumulants


def second(law: Cumulants, shape: tuple[int, ...]) -> np.ndarray:
    """C of site 0 with every site, (D,), row-major on a torus."""
    return np.array(law.second).ravel()


def fourth(law: Cumulants, sites: np.ndarray, shape: tuple[int, ...] | None, precision: float = 0.0) -> np.ndarray:
    """K at ``sites`` (n, 4) or (n, 4, 2), absolute integer positions in any order -> (n,); exact."""
    K = np.asarray(law.fourth)
    sites = np.asarray(sites, dtype=np.int64)
    sites = sites[..., None] if sites.ndim == 2 else sites
    offsets = sites[:, 1:] - sites[:, :1]  # (n, 3, dimension)
    axes = 3 * sites.shape[2]  # not -1: there may be no rows
    if law.reach is None:
        return np.asarray(K[tuple((offsets % law.shape[0]).reshape(len(sites), axes).T)])
    if shape is not None:
        offsets = (offsets + shape[0] // 2) % shape[0] - shape[0] // 2
    inside = (np.abs(offsets) <= law.reach).all(axis=(1, 2))
    index = np.clip(offsets + law.reach, 0, 2 * law.reach).reshape(len(sites), axes)
    return np.where(inside, K[tuple(index.T)], 0.0)
