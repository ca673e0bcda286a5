"""Theory against SGD, quantity by quantity, with standard errors and a verdict."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from cumulode.numerics import Result, Solution, Solver, solve
from cumulode.numerics.check_input import check_executor, check_problem, check_times, check_weights
from cumulode.numerics.flow.preactivation import cumulants_and_error
from cumulode.numerics.flow.solver import FLOW, choose
from cumulode.numerics.io.progress import Shown, check_progress
from cumulode.numerics.observables import norm
from cumulode.numerics.trajectory.decay import SMALL, has_decayed, largest_rate
from cumulode.theory.problem.problem import Problem
from cumulode.theory.user_input.arguments import Described, InvalidArgument, real
from cumulode.theory.user_input.deprecation import renamed_arguments
from cumulode.theory.user_input.options import either
from cumulode.validation.receptive_fields.metrics import width
from cumulode.validation.sampling.sampler import sampler
from cumulode.validation.sgd.decay import AT_NOISE, noise_level
from cumulode.validation.sgd.neuron import Run, simulate_sgd
from cumulode.validation.sgd.seeds import seed_numbers
from cumulode.validation.sgd.settings import OURS, Sgd
from cumulode.validation.sgd.settings import choose as choose_sgd
from cumulode.validation.sgd.training import whole_steps

from .result import Comparison, interrupted
from .table import COLUMNS, DECAYED, INCONCLUSIVE, judge

if TYPE_CHECKING:
    from pandas import DataFrame

#: Quantities compared: all unchanged by the symmetries of ring and torus, so that no alignment is needed.
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
#: The scale against which the margin is relative is at least this: a kurtosis runs from 0 to -2.
FLOOR = {"kurtosis_plus": 1.0, "kurtosis_minus": 1.0}
MEASURED = "measured"
_SOLVER = ("solver", Solver, ("closure",))


@renamed_arguments(
    {"rtol": _SOLVER, "atol": _SOLVER, "cumulant_tolerance": (*_SOLVER, "tolerance")}, tolerance="margin"
)
@either(solver=("closure",), sgd=("learning_rate", "batch_size"))
def compare(
    problem: Problem,
    w0: ArrayLike,
    t_eval: ArrayLike,
    closure: str = "regression",
    learning_rate: float = 0.01,
    batch_size: int = 100,
    seeds: int | Sequence[int] = 8,
    *,
    margin: float = 0.05,
    allowance: str | float = MEASURED,
    solver: Solver | None = None,
    sgd: Sgd | None = None,
    executor: Any = None,
    progress: Shown = False,
) -> Comparison:
    """Solve the theory and run SGD from the same start, and say where they agree.

    Parameters
    ----------
    problem : Problem
    w0 : (D,) array, finite
    t_eval : (T,) array
        Times, increasing; time is learning rate x steps. Each is rounded to a whole step of SGD (of the coarse runs,
        too).
    closure : str
        See :class:`cumulode.Solver`.
    learning_rate, batch_size
        See :class:`cumulode.Sgd`.
    seeds : int n >= 2, or a sequence of at least two distinct ints
        Seeds 0 .. n - 1, or these.
    margin : float > 0
        Relative difference one cares to see (for the kurtosis: relative to at least 1): a standard error above it is
        inconclusive.
    allowance : "measured" or float >= 0
        What SGD at a finite learning rate may differ by from its limit. "measured": the change of the mean when the
        learning rate is doubled, from as many further runs (half the work again; it carries their standard error, so
        agreement is granted a little too easily); a number: that fraction of the theory's value, with no further runs.
    solver : Solver, optional
        The closure, and how the theory is integrated, in place of ``closure``.
    sgd : Sgd, optional
        Learning rate and batch in place of the two keywords; conventions "cumulode".
    executor, progress
        Of :func:`cumulode.simulate_sgd`.

    Returns
    -------
    Comparison
        ``table`` has a row a quantity and time. Verdict: *differs* where |theory - mean| exceeds 3 standard errors
        plus the allowance, else *agrees*, or *inconclusive* where the standard error exceeds the margin or a run
        failed. *decayed* where w = 0 attracts and both have arrived there, the theory below SGD's noise and SGD within
        twice of it: nothing is left to compare. Where only one has, shapes (IPR, width, kurtosis) are inconclusive.
        Seven quantities at T times are not independent: one row in hundreds may differ by chance. While a flow rests on
        a saddle (as a Gaussian control does) SGD's noise leaves it sooner, and rows in between do differ.

    Raises
    ------
    InvalidArgument
        Naming the argument, what came and what is allowed.
    """
    chosen = seed_numbers(seeds, least=2)
    share = _allowance(allowance)
    margin = real("margin", margin, gt=0)
    check_executor(executor)
    check_progress(progress)
    start = _start(problem, w0)
    theirs = choose(solver, FLOW, closure=closure)
    rule = choose_sgd(sgd, learning_rate=learning_rate, batch_size=batch_size)
    if rule.conventions != OURS:
        raise InvalidArgument("sgd", rule, f"conventions={OURS!r}, which are the theory's")
    rates = [rule.learning_rate] if share is not None else [rule.learning_rate, 2 * rule.learning_rate]
    times = np.unique(whole_steps(check_times(t_eval), rates[-1])) * rates[-1]  # whole steps of the coarse runs, too
    for law in problem.laws:
        sampler(law, problem.shape)  # what cannot be drawn is refused before any work
    theory = solve(problem, start, times, solver=theirs)
    options: dict[str, Any] = {"executor": executor, "progress": progress}
    stopped = threading.Event()
    if interrupted(theory):
        stopped.set()  # SGD does not begin
    run = simulate_sgd(problem, start, theory.t, seeds=chosen, sgd=rule, stop=stopped, **options)
    coarse = None
    if share is None and not interrupted(theory, run):
        further = [10**6 + s for s in chosen]  # streams of their own: the two means are independent
        coarse = simulate_sgd(
            problem, start, theory.t, seeds=further, sgd=replace(rule, learning_rate=rates[1]), **options
        )
    run, coarse = (_at_tolerance(problem, r, theirs.tolerance) for r in (run, coarse))
    provenance = {
        "theory": theory.provenance,
        "sgd": run.provenance,
        "margin": margin,
        "allowance": MEASURED if share is None else share,
    }
    gone = _gone(problem, theory, run, rule)
    return Comparison(_table(theory, run, coarse, share, margin, gone), theory, run, coarse, provenance)


def _gone(problem: Problem, theory: Solution, run: Run, rule: Sgd) -> np.ndarray:
    """Whether theory, and SGD (the root mean square over seeds), have decayed to w = 0 at each time, (2, T)."""
    spread, start = np.sqrt(np.mean(run.norm**2, axis=0)), float(norm(theory.w0))
    noise = noise_level(problem, rule)
    theirs = has_decayed(problem, start, theory.norm) & ((theory.norm < noise / AT_NOISE) | (theory.norm == 0))
    at_kink = math.isnan(largest_rate(problem))  # no noise is known: SGD has decayed where it is small
    measured = spread < (min(start, SMALL) / 2 if at_kink else noise)
    return np.stack([theirs, measured & (theory.t > 0)])


def _start(problem: Problem, w0: ArrayLike) -> np.ndarray:
    check_problem(problem)
    start = check_weights("w0", w0, problem.shape)
    if start.ndim != 1:
        raise InvalidArgument(
            "w0", Described(f"shape {start.shape}"), f"finite numbers of shape ({start.shape[-1]},): one start"
        )
    return start


def _at_tolerance(problem: Problem, run: Run | None, tolerance: float | None) -> Any:
    """The run with its cumulants computed as the theory's are, so that rounding of K is no difference."""
    if run is None:
        return None
    k2, k4, k4_error = cumulants_and_error(problem, run.w, Solver(tolerance=tolerance))
    return replace(run, k2=k2, k4=k4, k4_error=k4_error)


def _allowance(allowance: Any) -> float | None:
    if isinstance(allowance, str) and allowance == MEASURED:
        return None
    return real("allowance", allowance, ge=0, allowed="'measured' or a fraction >= 0")


def _table(
    theory: Solution, sgd: Run, coarse: Run | None, share: float | None, margin: float, gone: np.ndarray
) -> DataFrame:
    import pandas as pd  # half a second, only where a table is made

    parts = [_rows(name, theory, sgd, coarse, share, margin, gone) for name in QUANTITIES]
    return pd.concat([pd.DataFrame(part, columns=COLUMNS) for part in parts], ignore_index=True)


def _rows(
    name: str, theory: Solution, sgd: Run, coarse: Run | None, share: float | None, margin: float, gone: np.ndarray
) -> dict[str, Any]:
    """The rows of one quantity, column by column."""
    quantity = QUANTITIES[name]
    predicted, measured = quantity(theory), quantity(sgd)
    mean = measured[0] + (measured - measured[0]).mean(axis=0)  # exact where all runs are equal, as at t = 0
    error = measured.std(axis=0, ddof=1) / np.sqrt(len(measured))
    shift = np.abs(quantity(coarse).mean(axis=0) - mean) if coarse is not None else (share or 0.0) * np.abs(predicted)
    scale = np.maximum(np.abs(predicted), FLOOR.get(name, 0.0))
    with np.errstate(divide="ignore", invalid="ignore"):
        z = np.where(predicted == mean, 0.0, (predicted - mean) / error)
    judged = np.array([judge(*row) for row in zip(predicted, mean, error, shift, margin * scale, strict=True)], object)
    judged[gone.any(axis=0) & (name in SHAPES)] = INCONCLUSIVE
    judged[gone.all(axis=0)] = DECAYED
    numbers = dict(zip(COLUMNS[1:-1], (theory.t, predicted, mean, error, shift, z), strict=True))
    return {"quantity": name, **numbers, "verdict": judged}
