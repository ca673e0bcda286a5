"""``compare``: a closure, the population and SGD from one start, and what of their differences is whose."""

from __future__ import annotations

import math
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from cumulode.numerics import Ensemble, Result, Solution, Solver, solve
from cumulode.numerics.check_input import check_executor, check_problem, check_times, check_weights
from cumulode.numerics.flow.solver import FLOW, choose
from cumulode.numerics.io.progress import Shown, check_progress
from cumulode.numerics.noise.langevin import STEP
from cumulode.numerics.observables import norm
from cumulode.numerics.trajectory.decay import SMALL, has_decayed, largest_rate
from cumulode.theory.problem.problem import Problem
from cumulode.theory.user_input.arguments import Described, InvalidArgument, integer, real
from cumulode.theory.user_input.deprecation import dropped_arguments, renamed_arguments
from cumulode.theory.user_input.options import either
from cumulode.validation.sampling.sampler import sampler
from cumulode.validation.sgd.decay import AT_NOISE, noise_level
from cumulode.validation.sgd.neuron import Run, simulate_sgd
from cumulode.validation.sgd.seeds import is_sequence, seed_numbers
from cumulode.validation.sgd.settings import OURS, Sgd
from cumulode.validation.sgd.settings import choose as choose_sgd
from cumulode.validation.sgd.training import whole_steps

from .parts import FEWEST_RUNS, ONE_DECAYED, RUNS_A_SEED, SPLIT, UNRESOLVED, Material, columns
from .population import AUTO, Population, at_tolerance, check_kind, population_flow
from .positions import positions
from .quantities import QUANTITIES, SHAPES, floors, values
from .result import Comparison, interrupted
from .table import COLUMNS

if TYPE_CHECKING:
    from pandas import DataFrame

#: The longest time to which the theory's noisy runs are made.
LONGEST = STEP * FLOW.max_steps
_SOLVER = ("solver", Solver, ("closure",))


@dropped_arguments(allowance="what the learning rate does is the table's rate_shift, by the theory's own noisy runs")
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
    verdict_times: int | Sequence[float] = 3,
    population: str | None = AUTO,
    runs: int | None = None,
    seed: int = 0,
    solver: Solver | None = None,
    sgd: Sgd | None = None,
    executor: Any = None,
    progress: Shown = False,
) -> Comparison:
    """Solve the closure, the population and SGD from one start, and say which part of a difference is whose.

    ``closure - SGD = C + R + X``: ``C = closure - population`` is the closure's error; ``R = closure - mean of its
    Langevin runs`` is what the learning rate does; ``X`` is what neither explains. C and X get a verdict each.

    Parameters
    ----------
    problem : Problem
    w0 : (D,) array, finite
    t_eval : (T,) array
        Times, increasing, up to 1e4; time is learning rate x steps. Each is rounded to a whole step of SGD.
    closure : str
        See :class:`cumulode.Solver`.
    learning_rate, batch_size
        See :class:`cumulode.Sgd`.
    seeds : int n >= 2, or a sequence of at least two distinct ints
        Seeds 0 .. n - 1, or these.
    margin : float > 0
        Relative difference one cares to see: relative to the population's value (for a kurtosis to at least 1).
    verdict_times : int >= 1, or a sequence of times
        The recorded times that are judged, as a family with the seven quantities: so many at equal distances, the last
        included, or those nearest to these. More of them need more seeds.
    population : {"auto", "exact", "frozen"} or None
        The flow that C is measured against: "auto" is "exact" where there is such a flow (Gaussian inputs, Ising rings
        with smooth activations), else "frozen" (on samples, with the standard error of eight scrambles; half a minute
        at D = 40). None: no verdict on the closure, and X includes its error.
    runs : int >= 20, optional
        Langevin runs (default: five for each seed, at least 200).
    seed : int >= 0
        Of the Langevin runs, and of frozen samples.
    solver : Solver, optional
        The closure, and how the theory is integrated, in place of ``closure``.
    sgd : Sgd, optional
        Learning rate and batch in place of the two keywords; conventions "cumulode".
    executor, progress
        Of :func:`cumulode.simulate_sgd`.

    Returns
    -------
    Comparison
        ``table`` has a row a quantity and time. A judged part *agrees* where its interval lies within +- margin,
        *differs* where it lies outside, else it is *inconclusive*, with ``seeds_needed`` runs of SGD that would decide
        nine times in ten. The intervals of all judged rows hold together with probability 0.95: those of X by the
        bootstrap from the Langevin runs, those of C by Welch over the scrambles. Rows at other times carry 95 %
        intervals of their own and no verdict. ``verdict`` is both in one, ``cause`` which part differs, or why
        nothing is known. *decayed* where w = 0 attracts and closure and SGD have both arrived there: nothing is left
        to compare. ``positions`` compares where fields form. theory.md section 7.

    Raises
    ------
    InvalidArgument
        Naming the argument, what came and what is allowed.
    """
    job = _job(problem, w0, t_eval, closure, solver, sgd, learning_rate, batch_size, seeds)
    margin, kind = real("margin", margin, gt=0), check_kind(population)
    more = max(FEWEST_RUNS, RUNS_A_SEED * len(job.seeds))
    runs = integer("runs", more if runs is None else runs, ge=20, le=10**6)
    seed = integer("seed", seed, ge=0)
    judged = judged_times(verdict_times, job.times)
    check_executor(executor)
    check_progress(progress)
    options: dict[str, Any] = {"executor": executor, "progress": progress}
    theory = solve(job.problem, job.start, job.times, solver=job.solver, progress=progress)
    sides = _sides(job, theory, kind, runs, seed, options)
    provenance = {
        "theory": theory.provenance,
        "sgd": sides.sgd.provenance,
        "population": None if sides.population is None else sides.population.solution.provenance,
        "langevin": sides.langevin.provenance,
        "margin": margin,
        "verdict_times": theory.t[judged].tolist(),
    }
    table = _table(_material(job, theory, sides, judged, margin), theory.t)
    places = positions(theory, sides.langevin, sides.sgd, np.flatnonzero(judged))
    truth = None if sides.population is None else sides.population.solution
    return Comparison(table, theory, sides.sgd, truth, sides.langevin, places, provenance)


@dataclass(frozen=True, eq=False)
class _Job:
    """The arguments, checked."""

    problem: Problem
    start: np.ndarray
    times: np.ndarray
    solver: Solver
    rule: Sgd
    seeds: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class _Sides:
    """What theory's flow is compared with."""

    population: Population | None
    langevin: Ensemble
    sgd: Run


def _job(
    problem: Any,
    w0: Any,
    t_eval: Any,
    closure: str,
    solver: Any,
    sgd: Any,
    learning_rate: Any,
    batch_size: Any,
    seeds: Any,
) -> _Job:
    chosen = seed_numbers(seeds, least=2)
    start = _start(problem, w0)
    theirs = choose(solver, FLOW, closure=closure)
    rule = choose_sgd(sgd, learning_rate=learning_rate, batch_size=batch_size)
    if rule.conventions != OURS:
        raise InvalidArgument("sgd", rule, f"conventions={OURS!r}, which are the theory's")
    times = np.unique(whole_steps(check_times(t_eval), rule.learning_rate)) * rule.learning_rate
    if times[-1] > LONGEST:
        raise InvalidArgument("t_eval", Described(f"times to {times[-1]:g}"), f"times up to {LONGEST:g}")
    for law in problem.laws:
        sampler(law, problem.shape)  # what cannot be drawn is refused before any work
    return _Job(problem, start, times, theirs, rule, chosen)


def _sides(job: _Job, theory: Solution, kind: str | None, runs: int, seed: int, options: dict[str, Any]) -> _Sides:
    """SGD, Langevin runs and population; after Ctrl-C nothing more begins."""
    stopped = threading.Event()
    given = {**options, "stop": stopped}

    def unless_interrupted(before: Result) -> None:
        if interrupted(before):
            stopped.set()

    unless_interrupted(theory)
    run = simulate_sgd(job.problem, job.start, job.times, seeds=job.seeds, sgd=job.rule, **given)
    unless_interrupted(run)
    s = job.rule.learning_rate / job.rule.batch_size
    noisy = {"noise": s, "runs": runs, "seed": seed}
    langevin: Any = solve(job.problem, job.start, job.times, solver=_plain(job.solver), **noisy, **given)
    unless_interrupted(langevin)
    population = None
    if kind is not None and not stopped.is_set():
        population = population_flow(job.problem, job.start, job.times, kind, job.solver, seed, **given)
    return _Sides(population, langevin, at_tolerance(job.problem, run, job.solver.tolerance))


def _plain(solver: Solver) -> Solver:
    """The closure alone: Langevin steps have a length of their own."""
    return Solver(closure=solver.closure, tolerance=solver.tolerance, contraction=solver.contraction)


def judged_times(verdict_times: Any, times: np.ndarray) -> np.ndarray:
    """Which recorded times are judged, (T,): never t = 0, where all are equal."""
    allowed = "an integer >= 1, or recorded times after 0"
    later = np.flatnonzero(times > 0)
    judged = np.zeros(times.size, bool)
    if not is_sequence(verdict_times):
        count = integer("verdict_times", verdict_times, ge=1, allowed=allowed)
        if later.size:
            judged[later[np.linspace(-1, later.size - 1, min(count, later.size) + 1).round().astype(int)[1:]]] = True
        return judged
    wanted = check_times(verdict_times, "verdict_times")
    if wanted[0] <= 0 or wanted[-1] > times[-1] * (1 + 1e-9) or not later.size:
        raise InvalidArgument("verdict_times", verdict_times, allowed)
    for t in wanted:
        judged[later[np.abs(times[later] - t).argmin()]] = True
    return judged


def _material(job: _Job, theory: Solution, sides: _Sides, judged: np.ndarray, margin: float) -> Material:
    """The arrays of all sides, and which rows are not to be judged."""
    gone = _gone(job.problem, theory, sides.sgd, job.rule)
    population = sides.population
    given = [values(theory), values(sides.langevin), values(sides.sgd)]
    truth = None if population is None else np.swapaxes(values(population.runs), 0, 1)
    unfit = np.full((len(QUANTITIES), theory.t.size), "", object)
    names = np.array(list(QUANTITIES))
    known = np.isfinite(sides.sgd.norm).all(axis=0) & np.isfinite(theory.norm)
    missing = np.isnan(given[0][:, 0]) | np.isnan(given[2]).any(axis=1)
    unfit[missing & known & np.char.startswith(names, "kurtosis")[:, None]] = UNRESOLVED
    if population is not None:
        unfit[:, population.split] = SPLIT
    unfit[np.isin(names, SHAPES)[:, None] & (gone.any(axis=0) & ~gone.all(axis=0))] = ONE_DECAYED
    closure, langevin, sgd = given
    return Material(
        closure[:, 0],
        truth,
        np.swapaxes(langevin, 0, 1),
        np.swapaxes(sgd, 0, 1),
        unfit,
        np.asarray(gone.all(axis=0)),
        judged,
        margin,
        floors(),
    )


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


def _table(of: Material, times: np.ndarray) -> DataFrame:
    import pandas as pd  # half a second, only where a table is made

    made = {name: column.ravel() for name, column in columns(of).items()}
    quantities = np.repeat(list(QUANTITIES), times.size)
    return pd.DataFrame(
        {"quantity": quantities, "time": np.tile(times, len(QUANTITIES)), **made}, columns=list(COLUMNS)
    )
