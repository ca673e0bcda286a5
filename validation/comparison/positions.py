"""Where fields form: SGD's centres against those of the theory's runs, as distributions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import stats

from cumulode.numerics import Result
from cumulode.validation.receptive_fields.metrics import centre

if TYPE_CHECKING:
    from pandas import DataFrame

#: A field within so many sites of the flow's formed where the flow's did.
NEAR = 3.0
#: Permutations of the labels by which Kuiper's statistic is judged.
PERMUTATIONS = 1999
COLUMNS = (
    "time", "direction", "sgd_near", "sgd_low", "sgd_high", "theory_near", "theory_low", "theory_high", "chance",
    "kuiper", "p", "sgd_runs", "theory_runs",
)  # fmt: skip


def displacements(result: Result, flow: np.ndarray, time: int) -> np.ndarray:
    """How far each run's centre is from the flow's field ``flow`` (D,), in sites, (n, directions), from -L/2 to L/2.

    Without runs that have no centre; none where the flow has none.
    """
    shape = None if len(result.shape) == 1 else result.shape
    w = np.reshape(result.w, (-1, *result.w.shape[-2:]))[:, time]
    w = w[np.isfinite(w).all(axis=-1) & w.any(axis=-1)]
    if not len(w) or not np.isfinite(flow).all() or not flow.any():
        return np.empty((0, len(result.shape)))
    moved = (centre(w, shape) - centre(flow, shape)).reshape(len(w), -1)
    side = result.shape[0]
    moved = (moved + side / 2) % side - side / 2
    return np.asarray(moved[np.isfinite(moved).all(axis=-1)])


def kuiper(a: np.ndarray, b: np.ndarray, period: float, seed: int = 0) -> tuple[float, float]:
    """Kuiper's statistic of two samples on a circle, and its p by permuting which is which.

    It does not depend on where the circle is cut.
    """
    both = (np.concatenate([a, b]) % period).argsort(kind="stable")
    of_a = np.zeros(len(both), bool)
    of_a[: len(a)] = True
    rng = np.random.default_rng(seed)
    seen = _kuiper(of_a[both][None])[0]
    shuffled = rng.permuted(np.tile(of_a, (PERMUTATIONS, 1)), axis=1)
    return float(seen), float((1 + np.sum(_kuiper(shuffled) >= seen - 1e-12)) / (PERMUTATIONS + 1))


def _kuiper(of_a: np.ndarray) -> np.ndarray:
    """The statistic from which of the sorted points are the first sample's, (..., points)."""
    first = np.cumsum(of_a, axis=-1) / of_a.sum(axis=-1, keepdims=True)
    second = np.cumsum(~of_a, axis=-1) / (~of_a).sum(axis=-1, keepdims=True)
    apart = first - second
    return np.asarray(np.maximum(apart.max(axis=-1), 0) - np.minimum(apart.min(axis=-1), 0))


def _near(moved: np.ndarray) -> tuple[float, float, float]:
    """Share of runs within three sites of the flow's field, with Clopper and Pearson's 95 % interval."""
    if not len(moved):
        return (np.nan,) * 3
    near = int(np.sum(np.linalg.norm(moved, axis=-1) <= NEAR))
    interval = stats.binomtest(near, len(moved)).proportion_ci(0.95)
    return near / len(moved), float(interval.low), float(interval.high)


def _chance(shape: tuple[int, ...]) -> float:
    """The same share of uniform places."""
    grids = np.meshgrid(*(np.minimum(np.arange(L), L - np.arange(L)) for L in shape))
    return float(np.mean(np.sqrt(sum(g**2.0 for g in grids)) <= NEAR))


def positions(flow: Result, langevin: Result, sgd: Result, times: np.ndarray) -> DataFrame:
    """A row a judged time and direction of the lattice: shares near the flow's field, and Kuiper's test."""
    import pandas as pd

    rows: list[tuple[Any, ...]] = []
    for time in times:
        theirs, ours = (displacements(runs, flow.w[time], int(time)) for runs in (sgd, langevin))
        shares = *_near(theirs), *_near(ours), _chance(flow.shape)
        for direction in range(len(flow.shape)):
            test = (np.nan, np.nan)
            if len(theirs) and len(ours):
                test = kuiper(theirs[:, direction], ours[:, direction], flow.shape[direction])
            rows.append((flow.t[time], direction, *shares, *test, len(theirs), len(ours)))
    return pd.DataFrame(rows, columns=COLUMNS)
