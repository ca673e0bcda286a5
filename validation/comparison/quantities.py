"""The seven quantities that are compared: none changes under the symmetries of ring and torus."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from cumulode.numerics import Result
from cumulode.validation.receptive_fields.metrics import width

QUANTITIES: dict[str, Callable[[Result], np.ndarray]] = {
    "ipr": lambda x: x.ipr,
    "norm": lambda x: x.norm,
    "width": lambda x: width(x.w, x.shape),
    "k2_plus": lambda x: x.k2[..., 0],
    "k2_minus": lambda x: x.k2[..., 1],
    "kurtosis_plus": lambda x: x.kurtosis[..., 0],
    "kurtosis_minus": lambda x: x.kurtosis[..., 1],
}
#: Those that are a shape's, which weights that have decayed do not have.
SHAPES = ("ipr", "width", "kurtosis_plus", "kurtosis_minus")
#: The scale that a margin is relative to is at least this: a kurtosis runs from 0 to -2.
FLOOR = {"kurtosis_plus": 1.0, "kurtosis_minus": 1.0}


def values(result: Result) -> np.ndarray:
    """Every quantity of every run at every time, (quantity, n, T); n = 1 for one run."""
    return np.stack([np.reshape(quantity(result), (-1, result.t.size)) for quantity in QUANTITIES.values()])


def floors() -> np.ndarray:
    """Least scale of every quantity, (quantity,)."""
    return np.array([FLOOR.get(name, 0.0) for name in QUANTITIES])
