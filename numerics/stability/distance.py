"""How far a trajectory is from another of the same start: the largest relative difference in IPR or k2, over time."""

from __future__ import annotations

from typing import Any

import numpy as np

from cumulode.numerics.flow.plan import class_forms
from cumulode.numerics.flow.preactivation import cumulants_by
from cumulode.numerics.flow.solver import Solver
from cumulode.numerics.observables import ipr, norm
from cumulode.numerics.trajectory.decay import has_decayed
from cumulode.theory.problem.problem import Problem


def shape_and_size(problem: Problem, w: np.ndarray, solver: Solver) -> np.ndarray:
    """IPR, k2 of the class plus and of the class minus of weights (..., D), (..., 3)."""
    k2, _ = cumulants_by(class_forms(problem, solver.tolerance or 0.0, solver.contraction), problem, w)
    return np.concatenate([ipr(w)[..., None], k2], axis=-1)


def distance(problem: Problem, w: np.ndarray, other: np.ndarray, solver: Solver) -> float:
    """``max |q / q_other - 1|`` over the rows (T, D) and over IPR, k2+ and k2-; NaN where one of them has an end.

    Rows where both have decayed to w = 0 have no shape; where one has and the other not they are infinitely apart.
    """
    if not (np.isfinite(w).all() and np.isfinite(other).all()):
        return np.nan
    own, theirs = (shape_and_size(problem, x, solver) for x in (w, other))
    return float(np.max(relative(own, theirs, gone(problem, w), gone(problem, other)), initial=0.0))


def gone(problem: Problem, w: np.ndarray) -> np.ndarray:
    """Which rows (T, D) of a trajectory have decayed, (T,)."""
    return has_decayed(problem, norm(w[0]), norm(w))


def relative(own: Any, theirs: Any, own_gone: np.ndarray, theirs_gone: np.ndarray) -> np.ndarray:
    """``|own / theirs - 1|`` of (T, 3); 0 where both have decayed, infinite where one has."""
    with np.errstate(divide="ignore", invalid="ignore"):
        apart = np.abs(np.asarray(own) / np.asarray(theirs) - 1.0)
    apart[own_gone & theirs_gone] = 0.0
    apart[own_gone != theirs_gone] = np.inf
    return np.nan_to_num(apart, nan=0.0, posinf=np.inf)
