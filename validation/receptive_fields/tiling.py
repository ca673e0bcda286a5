"""Do the centres of receptive fields cover the ring or torus? The largest gap against that of uniform points."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy import optimize, stats

from cumulode.numerics.display import json_ready
from cumulode.theory.problem.lattice import shape_of
from cumulode.theory.user_input.arguments import Described, InvalidArgument, integer, real
from cumulode.theory.user_input.arrays import real_array

MOST = 400  # centres: beyond, exact sums take seconds
_DRAWS = 999
_BITS = 40  # a gap's share of the ring is rounded to 2**-40 before the exact sum


@dataclass(frozen=True, eq=False)
class Tiling:
    """How the centres of n runs (n = 1 for one run) cover ring or torus.

    Attributes
    ----------
    counts : (n,) int array
        Number of centres K of each run.
    gaps : tuple of n (K,) arrays
        From each centre to the next round the ring, in sites, in ascending order of the centres; empty on a torus.
    largest : (n,) array
        Largest gap, sites; on a torus the radius of the largest disc without a centre, over discs about a site.
    p : (n,) array
        Probability that K independent uniform centres leave a gap (disc) at least as large.
    critical : (n,) array
        Gap (radius) that K uniform centres exceed with probability ``level``.
    combined : float
        Fisher's p of all runs: that of ``-2 sum log p``, chi-squared with 2 n degrees of freedom.
    level : float
    size : tuple
    """

    counts: np.ndarray
    gaps: tuple[np.ndarray, ...]
    largest: np.ndarray
    p: np.ndarray
    critical: np.ndarray
    combined: float
    level: float
    size: tuple[int, ...]

    @property
    def covers(self) -> bool:
        """Whether no run's gap is larger than ``critical``."""
        return bool(np.all(self.largest <= self.critical))

    def to_dict(self) -> dict[str, Any]:
        """Plain lists and numbers, ready for JSON."""
        arrays = {name: json_ready(getattr(self, name)) for name in ("counts", "largest", "p", "critical")}
        rest = {"combined": self.combined, "level": self.level, "size": list(self.size), "covers": self.covers}
        return {**arrays, "gaps": [json_ready(g) for g in self.gaps], **rest}

    def __repr__(self) -> str:
        worst = int(np.argmax(self.largest - self.critical))
        return (
            f"Tiling(runs {len(self.p)}, largest gap {self.largest[worst]:.3g} of at most {self.critical[worst]:.3g} "
            f"sites at p = {self.level:g}, combined p {self.combined:.3g})"
        )


def largest_gap_p(share: float, count: int) -> float:
    """Probability that the largest of the gaps of ``count`` uniform points on a circle is at least ``share`` of it.

    Stevens (Annals of Eugenics 9, 315, 1939): ``sum_(j >= 1) (-1)^(j+1) C(K, j) (1 - j x)_+^(K-1)``. Summed exactly,
    since its terms are large and cancel.
    """
    if count == 1:
        return 1.0
    x = Fraction(round(share * 2**_BITS), 2**_BITS)
    if x * count <= 1:  # the largest gap is never less than the mean
        return 1.0
    total = Fraction(0)
    for j in range(1, count + 1):
        if j * x >= 1:
            break
        total += (-1) ** (j + 1) * math.comb(count, j) * (1 - j * x) ** (count - 1)
    return float(total)


@lru_cache(maxsize=512)
def critical_gap(count: int, level: float) -> float:
    """Share of the circle that the largest gap of ``count`` uniform points exceeds with probability ``level``."""
    if count == 1:
        return 1.0
    return float(optimize.brentq(lambda x: largest_gap_p(x, count) - level, 1.0 / count, 1.0, xtol=1e-9))


def tiling(centres: ArrayLike, size: int | tuple[int, ...], *, level: float = 0.01, seed: int = 0) -> Tiling:
    """Test whether centres leave a gap that is too large for uniform points.

    On a ring exact (Stevens' law of the largest spacing). On a torus Monte Carlo: the largest radius of a disc about a
    site without a centre, against 999 draws of uniform centres; p is ``(1 + number at least as large) / 1000``, so
    never below 0.001. Evenly spaced centres give p near 1: only gaps count against coverage. With few centres the test
    is weak: of four, only a gap of more than 0.86 of the ring has p < 0.01. Fields that pair up, as in networks of
    balanced biases, are not independent and leave larger gaps.

    Parameters
    ----------
    centres : (K,) or (n, K) array; on a torus (K, 2) or (n, K, 2)
        In sites, taken modulo the side. NaN is left out, as the caller may do with fields that are not localised (their
        centres mean nothing); each run keeps at least 1 and at most 400.
    size : int >= 4, or (D,), or (L, L)
    level : 0 < float < 1
        Probability at which ``critical`` is given.
    seed : int >= 0
        Of the Monte Carlo on a torus.

    Raises
    ------
    InvalidArgument
        Naming the argument, what came and what is allowed.
    """
    shape = shape_of(size)
    alpha = real("level", level, gt=0, lt=1)
    start = integer("seed", seed, ge=0)
    runs = _runs(centres, shape)
    counts = [len(run) for run in runs]  # Python's integers, for exact sums
    if len(shape) == 1:
        gaps = tuple(np.diff(np.append(run, run[0] + shape[0])) for run in runs)
        largest = np.array([g.max() for g in gaps])
        p = np.array([largest_gap_p(m / shape[0], k) for m, k in zip(largest, counts, strict=True)])
        critical = np.array([critical_gap(k, alpha) * shape[0] for k in counts])
    else:
        gaps = ()
        largest = np.array([_largest_disc(run, shape[0]) for run in runs])
        # one child of the seed a run: with one set of draws for all, the runs' p would not be independent
        drawn = [_null_discs(k, shape[0], np.random.default_rng((start, i))) for i, k in enumerate(counts)]
        p = np.array([(1 + np.sum(d >= m)) / (1 + d.size) for d, m in zip(drawn, largest, strict=True)])
        critical = np.array([np.quantile(d, 1 - alpha) for d in drawn])
    return Tiling(np.array(counts), gaps, largest, p, critical, _fisher(p), alpha, shape)


def _fisher(p: np.ndarray) -> float:
    with np.errstate(divide="ignore"):
        return float(stats.chi2.sf(-2 * np.log(p).sum(), 2 * p.size))


def _runs(centres: Any, shape: tuple[int, ...]) -> list[np.ndarray]:
    """Sorted finite centres (K,) of each run, on a torus (K, 2)."""
    own = len(shape)
    form = "(K,) or (n, K)" if own == 1 else "(K, 2) or (n, K, 2)"
    allowed = f"real numbers of shape {form}, NaN left out, 1 to {MOST} finite ones a run"
    array = real_array("centres", centres, allowed)
    if array.ndim not in (own, own + 1) or array.size == 0 or (own == 2 and array.shape[-1] != 2):
        raise InvalidArgument("centres", Described(f"shape {array.shape}"), allowed)
    if np.isinf(array).any():
        raise InvalidArgument("centres", Described("an infinite entry"), allowed)
    array = array if array.ndim > own else array[None]
    sorted_runs = []
    for run in array:
        run = run[~np.isnan(run)] if own == 1 else run[~np.isnan(run).any(axis=-1)]
        if not 1 <= len(run) <= MOST:
            raise InvalidArgument("centres", Described(f"a run with {len(run)} finite centres"), allowed)
        run = np.mod(run, shape[0])
        run[run >= shape[0]] = 0.0  # mod rounds -1e-17 up to the side
        sorted_runs.append(np.sort(run) if own == 1 else run)
    return sorted_runs


def _largest_disc(points: np.ndarray, side: int) -> float:
    """Largest distance from a site to its nearest point (K, 2) on the torus."""
    apart = np.abs(points[:, :, None] - np.arange(side))
    squares = np.minimum(apart, side - apart) ** 2  # (K, 2, L)
    return float(np.sqrt((squares[:, 0, :, None] + squares[:, 1, None, :]).min(axis=0).max()))


def _null_discs(count: int, side: int, random: np.random.Generator) -> np.ndarray:
    return np.array([_largest_disc(side * random.random((count, 2)), side) for _ in range(_DRAWS)])
