"""Which fits of a convolutional CP decomposition are tried: cold ones, continued in the gain, grown in the rank."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from cumulode.numerics.contraction.low_rank_setup import LONGEST_GAP, line_table
from cumulode.theory.problem.laws import NLGP, Ising

from .fit import Point, fit
from .line import Segment, segment

#: Where the continuation starts: errors are smallest at small gains.
FIRST_GAIN = 0.3
#: Of the entries, relative to K_0000; errors of fits are larger.
PRECISION = 1e-11
#: Fits on the way to the law's gain, equally spaced in atan(gain), and how many starts take that way.
WAY, CONTINUED = 3, 2
#: Steps of a first fit, and of the fits, so many, that look best after it.
SCOUT, POLISH, POLISHED = 40, 200, 2


@dataclass(frozen=True, eq=False)
class Fit:
    """A fit: where it came from, in words, and the gains it passed (none for a law without)."""

    line: Segment
    at: Point
    origin: str
    path: tuple[float, ...]


def reach(law: NLGP | Ising, level: float | None = None) -> int:
    """Sites over which the Gaussian covariance (Ising: the covariance) falls to ``level``, at least 2."""
    exponential = isinstance(law, Ising) or law.covariance == "circular-exponential"
    low = math.log(1 / (level or (1e-4 if exponential else 1e-5)))
    return max(2, math.ceil(law.xi * (low if exponential else math.sqrt(low))))


def longest_gap(law: NLGP | Ising) -> int:
    """The longest gap tabulated: K, there of order C or less, has fallen well below what a fit leaves."""
    return min(reach(law) + max(1, reach(law) // 4), LONGEST_GAP)


def search(law: NLGP | Ising, rank: int, half: int, starts: int, seed: int) -> Fit:
    """The best fit of ``rank`` factors on ``2 half + 1`` sites."""
    line = segment(line_table(law, longest_gap(law), PRECISION), 2 * half + 1)
    cold = [start(law, rank, half, (seed, i)) for i in range(starts)]
    gains = (law.gain,) if isinstance(law, NLGP) else ()
    fits = [Fit(line, fit(line, G, SCOUT, 1e-3), f"cold start {i}", gains) for i, G in enumerate(cold)]
    if isinstance(law, NLGP) and law.gain > FIRST_GAIN:
        fits += [_continued(law, line, G, i) for i, G in enumerate(cold[:CONTINUED])]
    if rank > 1:
        less = search(law, rank // 2, half, starts, seed)
        grown = fit(line, np.concatenate([less.at.G, cold[0][rank // 2 :]]), SCOUT, 1e-3)
        fits.append(Fit(line, grown, f"grown from rank {rank // 2} ({less.origin})", less.path))
    fits.sort(key=lambda each: each.at.left)
    fits[:POLISHED] = [replace(each, at=fit(line, each.at.G, POLISH)) for each in fits[:POLISHED]]
    return min(fits, key=lambda each: each.at.left)


def start(law: NLGP | Ising, rank: int, half: int, seed: tuple[int, int]) -> np.ndarray:
    """Factors of the covariance's shape, half to 1.2 times as wide, with 10 % of noise: (R, 2 half + 1).

    Where correlations fall off exponentially, every second start has factors of one side, a tenth of the other added
    and taken away in turn: of this kind are the pairs that the Ising chain is a limit of.
    """
    exponential = isinstance(law, Ising) or law.covariance == "circular-exponential"
    d, xi, noise = np.arange(-half, half + 1), max(law.xi, 0.3), np.random.default_rng(seed)
    if exponential and seed[1] % 2 == 1:
        other = 0.1 * (-1.0) ** np.arange(rank)[:, None] * (1 + 0.1 * noise.normal(size=(rank, 1)))
        G = np.exp(-np.abs(d) / xi) * np.where(d > 0, other, 1.0)
    else:
        widths = xi * np.geomspace(0.5, 1.2, rank)[:, None]
        G = np.exp(-(np.abs(d / widths) ** (1 if exponential else 2)))
        G += 0.1 * noise.normal(size=G.shape) * np.exp(-((d / xi / 1.5) ** 2))
    alternating = isinstance(law, Ising) and law.t < 0  # K is that of -t with every second site reversed
    return np.asarray(G * (-1.0) ** d if alternating else G)


def _continued(law: NLGP, line: Segment, G: np.ndarray, number: int) -> Fit:
    """From a small gain to the law's."""
    first, last = math.atan(FIRST_GAIN), math.atan(law.gain)
    gains = [math.tan(first + (last - first) * i / WAY) for i in range(WAY)]
    for gain in gains:
        there = replace(law, gain=gain)
        G = fit(segment(line_table(there, longest_gap(there), PRECISION), G.shape[1]), G, SCOUT, 1e-3).G
    return Fit(line, fit(line, G, SCOUT, 1e-3), f"continued in the gain from start {number}", (*gains, law.gain))
