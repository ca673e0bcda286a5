"""Random starts: one a seed, the same for theory and SGD; apart from seeds, so that the command line needs no numba."""

from __future__ import annotations

import numpy as np


def random_start(seed: int, amplitude: float, size: int) -> np.ndarray:
    """``amplitude * default_rng(seed).standard_normal(D) / sqrt(D)``, (D,): of norm about ``amplitude``."""
    return np.asarray(amplitude * np.random.default_rng(seed).standard_normal(size) / np.sqrt(size))
