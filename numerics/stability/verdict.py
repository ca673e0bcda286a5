"""The verdict on a flow from the numbers of :func:`validity`: trusted, not trusted, or not known, and why.

The thresholds were fixed on one set of flows and are measured on another: ``python -m benchmarks.validity``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cumulode.numerics.contraction.form import is_gaussian
from cumulode.numerics.flow.solver import EXACT, FROZEN
from cumulode.theory.problem.problem import Problem

#: A flow is off where its IPR or k2 is off by more than this share at any recorded time.
OFF = 0.1
#: Above these a flow is not to be trusted: delta estimates how far it is off.
RHO, DELTA = 0.5, OFF
#: A missed instability: a growth above MU, by so much more than the closure itself sees.
MU, MISSED = 0.01, 0.04
#: The same of the population's own growth, which has no error but its samples'.
POPULATION_MU = 1e-3
#: Growth rates have an error of this size that closures share: over a time T it moves what still grows by T times it.
RATE_ERROR = 1e-3
#: Closures on which the thresholds were tried.
TRIED = ("regression", "tree")

TRUSTED, NOT_TRUSTED, UNKNOWN = 1, 0, -1


@dataclass(frozen=True)
class Diagnostics:
    """Of one run; NaN where not known.

    ``decayed``, ``other_decayed``: whether it, and the flow of ``other`` (the closure that delta compares with), went
    to w = 0; ``time``: how long it ran; the last four: where the population was asked.
    """

    rho: float
    mu: float
    mu_own: float
    delta: float = np.nan
    decayed: bool = False
    other_decayed: bool = False
    time: float = np.nan
    off: float = np.nan
    off_error: float = np.nan
    population_mu: float = np.nan
    population_mu_error: float = np.nan

    @property
    def grows(self) -> bool:
        """Whether the closure itself sees growth at the end: the flow has not finished."""
        return bool(self.mu_own > POPULATION_MU)


def other_of(closure: str) -> str:
    """The closure that delta compares with: tree, or regression for tree itself."""
    return "regression" if closure == "tree" else "tree"


def judge(
    problem: Problem, closure: str, d: Diagnostics, with_delta: bool = False, checked: bool = False
) -> tuple[int, str]:
    """Trusted or not, and why; ``with_delta``: a missing delta leaves it unknown; ``checked``: by the population."""
    if closure == EXACT:
        return TRUSTED, "exact"
    if closure == FROZEN:
        return TRUSTED, "the population's own flow, on samples"
    if checked:
        return _by_population(closure, d)
    if all(map(is_gaussian, problem.laws)) and not closure.startswith("taylor"):
        return TRUSTED, "Gaussian inputs, for which the closure is exact"
    against = _against(closure, d)
    more = [f"not finished: modes still grow at {d.mu_own:.3f}"] if d.grows else []
    if against:
        return NOT_TRUSTED, "; ".join(against + more)
    open_ = _open(closure, d, with_delta)
    if d.decayed:
        more.append("w = 0 attracts and the weights decayed: there is no shape to judge")
    if open_:
        return UNKNOWN, "; ".join([open_, *more])
    return TRUSTED, "; ".join(["nothing against it", *more])


def _open(closure: str, d: Diagnostics, with_delta: bool) -> str:
    """What leaves a run unknown; "" where nothing does."""
    if not np.isfinite(d.mu):
        return "the run has no end, or tree is not defined there"
    if not np.isfinite(d.rho) and not with_delta:
        return "the kurtosis passes 3, where Pearson's law has no sixth moment"
    if with_delta and not np.isfinite(d.delta):
        return f"the flow of {other_of(closure)} from the same start did not reach the end"
    if d.grows and d.time * RATE_ERROR > OFF:
        return f"it grew for t = {d.time:g} and still does: errors that closures share ({RATE_ERROR:g}) add up"
    return "" if closure in TRIED else "nothing against it, but the thresholds are regression's"


def _against(closure: str, d: Diagnostics) -> list[str]:
    """What speaks against a run, in words."""
    against = []
    if d.rho > RHO:
        against.append(f"rho = {d.rho:.2f} > {RHO:g}: the inputs explain much of the third polynomial of w.x")
    if closure != "tree" and d.mu > MU and d.mu - d.mu_own > MISSED:
        against.append(f"mu = {d.mu:.3f} > {MU:g}: an instability that {closure} misses (its own rate: {d.mu_own:.3f})")
    other = other_of(closure)
    if d.decayed != d.other_decayed:
        against.append(f"{closure} {_goes(d.decayed)}, {other} {_goes(d.other_decayed)}")
    elif d.delta > DELTA:
        against.append(f"delta = {d.delta:.2f} > {DELTA:g}: {other} takes another way")
    return against


def _by_population(closure: str, d: Diagnostics) -> tuple[int, str]:
    """The verdict of the population's own flow and growth rate."""
    if np.isnan(d.off):
        return UNKNOWN, "the population's flow, or the run, has no end"
    error = f" +- {100 * d.off_error:.1g}" if d.off_error > 0 else ""
    words = f"off by {100 * d.off:.2g}{error} % at most in IPR or k2 at the recorded times"
    if np.isinf(d.off):
        words = "one decays to w = 0, the flow or the population, and the other does not"
    if d.off - 2 * d.off_error > OFF:
        return NOT_TRUSTED, words
    least = d.population_mu - 2 * d.population_mu_error
    if least > POPULATION_MU and least - d.mu_own > MISSED:
        rate = f"the population leaves such a state at the rate {d.population_mu:.4f} ({closure}: {d.mu_own:.3f})"
        return NOT_TRUSTED, f"{rate}; {words}"
    return (TRUSTED, words) if d.off + 2 * d.off_error < OFF else (UNKNOWN, words)


def _goes(decayed: bool) -> str:
    return "decays to w = 0" if decayed else "does not decay to w = 0"
