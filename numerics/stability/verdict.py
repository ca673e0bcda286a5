"""The verdict on a flow from the three numbers of :func:`validity`: trusted, not trusted, or not known, and why."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from cumulode.numerics.contraction.form import is_gaussian
from cumulode.numerics.flow.solver import EXACT, FROZEN
from cumulode.theory.problem.problem import Problem

#: Above these a flow is not to be trusted.
RHO, MU, DELTA = 0.45, 0.04, 0.1
#: A growth of which the closure itself sees at least this share is an unfinished flow, not a missed instability.
SEEN = 0.5
#: Closures on which the thresholds were tried.
TRIED = ("regression", "tree")

TRUSTED, NOT_TRUSTED, UNKNOWN = 1, 0, -1


class Diagnostics(NamedTuple):
    """Of one run; NaN where not known. ``decayed``: whether it, and tree's, went to w = 0, where delta has no sense."""

    rho: float
    mu: float
    mu_own: float
    delta: float = np.nan
    decayed: bool = False
    tree_decayed: bool = False


def judge(problem: Problem, closure: str, d: Diagnostics, with_delta: bool = False) -> tuple[int, str]:
    """Trusted or not, and why; ``with_delta``: whether a missing delta leaves the run unknown."""
    if closure == EXACT:
        return TRUSTED, "exact"
    if closure == FROZEN:
        return TRUSTED, "the population's own flow, on samples"
    if all(map(is_gaussian, problem.laws)) and not closure.startswith("taylor"):
        return TRUSTED, "Gaussian inputs, for which the closure is exact"
    unfinished = d.mu_own >= SEEN * d.mu > 0
    against = _against(closure, d, unfinished)
    more = [f"not finished: modes still grow at {d.mu_own:.3f}"] if d.mu > MU and unfinished else []
    if against:
        return NOT_TRUSTED, "; ".join(against + more)
    if not np.isfinite(d.mu):
        return UNKNOWN, "the run has no end, or tree is not defined there"
    if not np.isfinite(d.rho):
        return UNKNOWN, "the kurtosis passes 3, where Pearson's law has no sixth moment"
    if d.decayed:
        more.append("w = 0 attracts and the weights decayed: there is no shape to judge")
    elif with_delta and not np.isfinite(d.delta):
        return UNKNOWN, "tree's flow from the same start did not reach the end"
    if closure not in TRIED:
        return UNKNOWN, "; ".join(["nothing against it, but the thresholds are regression's", *more])
    return TRUSTED, "; ".join(["nothing against it", *more])


def _against(closure: str, d: Diagnostics, unfinished: bool) -> list[str]:
    """What speaks against a run, in words."""
    against = []
    if d.rho > RHO:
        against.append(f"rho = {d.rho:.2f} > {RHO:g}: the inputs explain much of the third polynomial of w.x")
    if d.mu > MU and closure != "tree" and not unfinished:
        against.append(f"mu = {d.mu:.3f} > {MU:g}: an instability that {closure} misses (its own rate: {d.mu_own:.3f})")
    if d.decayed != d.tree_decayed and closure != "tree":
        against.append(f"{closure} {_goes(d.decayed)}, tree {_goes(d.tree_decayed)}")
    elif d.delta > DELTA and closure != "tree":
        against.append(f"delta = {d.delta:.2f} > {DELTA:g}: tree ends elsewhere")
    return against


def _goes(decayed: bool) -> str:
    return "decays to w = 0" if decayed else "does not decay to w = 0"
