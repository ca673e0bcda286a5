"""The difference closure - SGD in three parts, and a verdict on two of them.

``closure - SGD = C + R + X``: C = closure - population is the closure's error, R = closure - mean of the theory's
noisy runs is what the learning rate does, X is what neither explains.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats

from .intervals import LEVEL, Scatter, distance_to_decide, joint_quantile, joint_t, seeds_that_decide
from .verdicts import DECAYED, INCONCLUSIVE, NOT_JUDGED, judge, together

#: Trajectories of the theory for each run of SGD, and the fewest.
RUNS_A_SEED, FEWEST_RUNS = 5, 200

ENDED_EARLY = "a run did not reach this time"
UNRESOLVED = "k4 is not resolved: a smaller tolerance resolves it"
ONE_DECAYED = "one side has decayed and has no shape"
SPLIT = "the population's scrambles end in different basins"
POPULATION_ERROR = "the population's error: a smaller frozen_accuracy"
SCATTER = "the scatter of SGD: more seeds"


@dataclass(frozen=True, eq=False)
class Material:
    """What is compared, every array (..., quantity, time).

    Attributes
    ----------
    closure : (Q, T)
        The flow of the closure.
    population : (S, Q, T) or None
        The population flow, S = 1 where it is exact; None: it is not known, and X includes the closure's error.
    langevin : (R, Q, T)
    sgd : (n, Q, T)
    unfit : (Q, T) array of str
        Why a row is not judged; "" where it is.
    decayed : (T,) bool
        Whether both have decayed to w = 0.
    family : (T,) bool
        The times that are judged.
    margin : float
        Relative to ``|population|``, or to ``floor`` (Q,) where that is larger.
    """

    closure: np.ndarray
    population: np.ndarray | None
    langevin: np.ndarray
    sgd: np.ndarray
    unfit: np.ndarray
    decayed: np.ndarray
    family: np.ndarray
    margin: float
    floor: np.ndarray

    @property
    def judged(self) -> np.ndarray:
        """The rows of the family, (Q, T)."""
        fit = (self.unfit == "") & self.family & ~self.decayed
        return fit & np.isfinite(self.closure) & self._finite

    @property
    def _finite(self) -> np.ndarray:
        given = [self.langevin, self.sgd, *([] if self.population is None else [self.population])]
        return np.asarray(np.all([np.isfinite(each).all(axis=0) for each in given], axis=0))


def columns(of: Material) -> dict[str, np.ndarray]:
    """Every column of the table from ``theory`` on, (Q, T) each."""
    theirs, ours = Scatter(of.sgd), Scatter(of.langevin)
    truth = Scatter(of.closure[None] if of.population is None else of.population)
    scale = of.margin * np.maximum(np.abs(truth.mean), of.floor[:, None])
    closure_error, rate_shift = of.closure - truth.mean, of.closure - ours.mean
    unexplained = truth.mean - theirs.mean - rate_shift
    sd, c = np.maximum(ours.sd, theirs.sd), joint_quantile(of.langevin[:, of.judged], theirs.n)
    fixed = np.hypot(truth.error, ours.error)
    factor = np.where(of.judged, c, stats.t.ppf((1 + LEVEL) / 2, theirs.n - 1))
    half = factor * np.hypot(sd / np.sqrt(theirs.n), fixed)
    welch = joint_t(truth.n, int(of.judged.sum())), joint_t(truth.n, 1)
    closure_half = np.where(of.judged, *welch) * truth.error
    on_closure = judge(closure_error, closure_half, scale)
    on_rest = judge(unexplained, half, scale)
    distance = distance_to_decide(unexplained, sd / np.sqrt(theirs.n), scale)
    needed = seeds_that_decide(c, sd, truth.error, distance, 1 / RUNS_A_SEED)
    needed[(on_rest != INCONCLUSIVE) | ~of.judged] = np.nan
    if of.population is None:
        closure_error = closure_half = np.full_like(of.closure, np.nan)
        on_closure = np.full(of.closure.shape, NOT_JUDGED, object)
    for verdict in (on_closure, on_rest):
        verdict[~of.judged] = INCONCLUSIVE
        verdict[:, ~of.family] = NOT_JUDGED
        verdict[:, of.decayed & of.family] = DECAYED
    both = [together(*pair) for pair in zip(on_closure.ravel(), on_rest.ravel(), strict=True)]
    verdict, cause = (np.reshape(np.array(part, object), on_rest.shape) for part in zip(*both, strict=True))
    _say_why(of, verdict, cause, on_closure, on_rest, needed)
    return {
        "theory": of.closure,
        "population": np.full_like(of.closure, np.nan) if of.population is None else truth.mean,
        "population_error": truth.error if of.population is not None else np.full_like(of.closure, np.nan),
        "langevin": ours.mean,
        "sgd": theirs.mean,
        "standard_error": theirs.error,
        "closure_error": closure_error,
        "closure_half_width": closure_half,
        "rate_shift": rate_shift,
        "unexplained": unexplained,
        "unexplained_half_width": half,
        "closure_verdict": on_closure,
        "unexplained_verdict": on_rest,
        "verdict": verdict,
        "cause": cause,
        "seeds_needed": needed,
    }


def _say_why(
    of: Material, verdict: np.ndarray, cause: np.ndarray, closure: np.ndarray, rest: np.ndarray, needed: np.ndarray
) -> None:
    """Of every row that is inconclusive the reason, in ``cause``."""
    open_ = verdict == INCONCLUSIVE
    cause[open_ & (closure == INCONCLUSIVE)] = POPULATION_ERROR
    cause[open_ & (rest == INCONCLUSIVE)] = SCATTER
    cause[open_ & np.isinf(needed)] = POPULATION_ERROR
    cause[open_ & ~of.judged] = ENDED_EARLY
    stated = open_ & (of.unfit != "")
    cause[stated] = of.unfit[stated]
