"""Intervals that hold together: of means over runs of SGD by the theory's own runs, of the population flow by Welch."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy import stats

#: Probability with which all intervals of a family hold together.
LEVEL = 0.95
#: Means of n runs that are drawn from the theory's runs for their largest deviation.
DRAWS = 4000
#: The law of a mean of so many runs is that of more, but for its width.
ENOUGH = 100
#: With this many standard errors to spare a verdict is reached nine times in ten.
POWER = 1.28


@dataclass(frozen=True, eq=False)
class Scatter:
    """Runs of one kind in every row, (n, rows): their mean, standard deviation and number."""

    values: np.ndarray

    @property
    def n(self) -> int:
        """Number of runs."""
        return len(self.values)

    @property
    def mean(self) -> np.ndarray:
        """Mean in every row; exact where all runs are equal, as at t = 0."""
        return self.values[0] + (self.values - self.values[0]).mean(axis=0)

    @property
    def sd(self) -> np.ndarray:
        """Standard deviation (n - 1) in every row, zero of a single run."""
        return (self.values - self.values[0]).std(axis=0, ddof=1) if self.n > 1 else np.zeros(self.values.shape[1:])

    @property
    def error(self) -> np.ndarray:
        """Standard error of the mean."""
        return self.sd / math.sqrt(self.n)


def joint_quantile(runs: np.ndarray, n: int, seed: int = 0) -> float:
    """``c``: with probability 0.95 no row's mean of n runs is off by more than ``c sd / sqrt(n)``.

    By the bootstrap: means of n of the theory's ``runs`` (R, rows), and the largest of their deviations over the rows.
    Student's t would take the scatter for Gaussian, which it is not while fields form.
    """
    of = runs[:, np.isfinite(runs).all(axis=0)]
    z = of - of[0]  # exactly zero where all runs are equal
    z, sd = z - z.mean(axis=0), z.std(axis=0, ddof=1)
    z = z[:, sd > 0] / sd[sd > 0]
    if not z.shape[1]:
        return 0.0
    n = min(n, ENOUGH)
    rng, block = np.random.default_rng(seed), max(1, 4_000_000 // (n * z.shape[1]))
    largest = [
        np.abs(z[rng.integers(len(z), size=(count, n))].mean(axis=1)).max(axis=1)
        for count in np.diff([*range(0, DRAWS, block), DRAWS])
    ]
    return float(np.quantile(np.concatenate(largest), LEVEL, method="weibull") * math.sqrt(n))


def joint_t(scrambles: int, rows: int) -> float:
    """Student's quantile that ``rows`` means over ``scrambles`` keep together (Bonferroni)."""
    return float(stats.t.ppf(1 - (1 - LEVEL) / (2 * max(rows, 1)), scrambles - 1)) if scrambles > 1 else 0.0


def distance_to_decide(part: np.ndarray, error: np.ndarray, margin: np.ndarray) -> np.ndarray:
    """How far from the margin the part is taken to be when seeds are counted.

    Few runs may show a part that is large by chance: more than ``margin`` counts only as far as its error allows.
    """
    seen = np.abs(np.abs(part) - margin)
    certain = np.abs(part) - 1.645 * error - margin
    return np.asarray(np.maximum(np.minimum(seen, margin), certain))


def seeds_that_decide(c: float, sd: np.ndarray, other: np.ndarray, distance: np.ndarray, share: float) -> np.ndarray:
    """Runs of SGD for a verdict nine times in ten: ``((c + 1.28) sd / distance)^2``, with the other errors counted.

    ``distance``: from the part that is judged to the nearer end of the margin. ``share``: runs of SGD over runs of
    theory, which grow with them. ``other``: the error that no number of runs makes smaller; infinite where that alone
    is too large.
    """
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        left = np.maximum(1 - (c * other / distance) ** 2, 0.0)
        return np.asarray(np.ceil((1 + share) * ((c + POWER) * (sd / distance)) ** 2 / left))
