"""Theory against SGD, quantity by quantity, with standard errors and a verdict."""

from __future__ import annotations

import html
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from cumulode.numerics import Result, Solution, preactivation_cumulants, solve
from cumulode.numerics.check_input import check_problem, check_times, check_weights
from cumulode.numerics.flow.dormand_prince import INTERRUPTED
from cumulode.theory.problem.problem import Problem
from cumulode.theory.user_input.arguments import InvalidArgument, integer, real
from cumulode.validation.receptive_fields.field_input import shape_of_run
from cumulode.validation.receptive_fields.metrics import width
from cumulode.validation.sgd.neuron import Run, simulate_sgd

from .table import Row, Table, judge

#: Quantities compared: all unchanged by the symmetries of ring and torus, so that no alignment is needed.
QUANTITIES: dict[str, Callable[[Result], np.ndarray]] = {
    "ipr": lambda x: x.ipr,
    "norm": lambda x: x.norm,
    "width": lambda x: width(x.w, shape_of_run(x)),
    "k2_plus": lambda x: x.k2[..., 0],
    "k2_minus": lambda x: x.k2[..., 1],
    "kurtosis_plus": lambda x: x.kurtosis[..., 0],
    "kurtosis_minus": lambda x: x.kurtosis[..., 1],
}
#: The scale against which the tolerance is relative is at least this: a kurtosis runs from 0 to -2.
FLOOR = {"kurtosis_plus": 1.0, "kurtosis_minus": 1.0}
MEASURED = "measured"


@dataclass(frozen=True, eq=False)
class Comparison:
    """What :func:`compare` returns.

    Attributes
    ----------
    table : Table
        A row a quantity and time: theory, SGD mean, standard error, allowance, z, verdict.
    theory : Solution
    sgd : Run
        One run a seed, weights (n, T, D).
    coarse : Run or None
        The runs at twice the learning rate from which the allowance was measured.
    provenance : dict
    """

    table: Table
    theory: Solution
    sgd: Run
    coarse: Run | None
    provenance: dict[str, Any] = field(repr=False)

    def verdict(self, quantity: str = "ipr", time: float | None = None) -> str:
        """The verdict on one quantity at the recorded time nearest to ``time`` (default: the last)."""
        if quantity not in QUANTITIES:
            raise InvalidArgument("quantity", quantity, "one of " + ", ".join(QUANTITIES))
        rows = self.table.select(quantity, self.theory.t[-1] if time is None else time)
        return rows[0].verdict

    @property
    def failures(self) -> list[str]:
        """What failed or was interrupted, in words: theory, SGD, SGD at twice the learning rate."""
        runs = {"theory": self.theory, "SGD": self.sgd, "SGD at twice the learning rate": self.coarse}
        return [f"{name}: {run.message}" for name, run in runs.items() if run is not None and not run.success]

    @property
    def interrupted(self) -> bool:
        """Whether Ctrl-C ended a part of it."""
        return _interrupted(*(run for run in (self.theory, self.sgd, self.coarse) if run is not None))

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "table": self.table.to_dict(),
            "theory": self.theory.to_dict(),
            "sgd": self.sgd.to_dict(),
            "provenance": self.provenance,
        }

    def figure(self, control: Comparison | None = None, **options: Any) -> Any:
        """Space-time maps (of a torus the final fields), IPR and kurtosis; see ``report.comparison_figure``."""
        from cumulode.validation.plots.comparison import comparison_figure

        if control is not None:
            options = {"control": control.theory, "control_sgd": control.sgd, **options}
        return comparison_figure(self.theory, self.sgd, **options)

    def _repr_html_(self) -> str:
        last = self.table.select(time=float(self.theory.t[-1]))
        return f"<p>{html.escape(repr(self.table))}; at the last time:</p>{last._repr_html_()}"


def compare(
    problem: Problem,
    w0: ArrayLike,
    t_eval: ArrayLike,
    closure: str = "regression",
    learning_rate: float = 0.01,
    batch_size: int = 100,
    seeds: int | Sequence[int] = 8,
    *,
    tolerance: float = 0.05,
    allowance: str | float = MEASURED,
    rtol: float = 1e-6,
    atol: float = 1e-9,
    cumulant_tolerance: float = 1e-3,
    executor: Executor | None = None,
    progress: bool = False,
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
        See :func:`cumulode.solve`.
    learning_rate : float > 0
    batch_size : int >= 1
    seeds : int >= 2, or a sequence of at least two distinct ints
        Number of seeds (0, 1, ...), or the seeds.
    tolerance : float > 0
        Relative difference one cares to see (for the kurtosis: relative to at least 1): a standard error above it is
        inconclusive.
    allowance : "measured" or float >= 0
        What SGD at a finite learning rate may differ by from its limit. "measured": the change of the mean when the
        learning rate is doubled, from as many further runs (half the work again; it carries their standard error, so
        agreement is granted a little too easily); a number: that fraction of the theory's value, with no further runs.
    rtol, atol, cumulant_tolerance : float
        Of :func:`cumulode.solve`.
    executor, progress
        Of :func:`cumulode.simulate_sgd`.

    Returns
    -------
    Comparison
        ``table`` has a row a quantity and time. Verdict: *differs* where |theory - mean| exceeds 3 standard errors
        plus the allowance, else *agrees*, or *inconclusive* where the standard error exceeds the tolerance or a run
        failed. Seven quantities at T times are not independent: one row in hundreds may differ by chance. While a flow
        rests on a saddle (as a Gaussian control does) SGD's noise leaves it sooner, and rows in between do differ.

    Raises
    ------
    ValueError
        Naming the argument, what came and what is allowed.
    """
    chosen = _seeds(seeds)
    share = _allowance(allowance)
    tolerance = real("tolerance", tolerance, gt=0)
    check_problem(problem)
    start = check_weights("w0", w0, problem.shape)
    if start.ndim != 1:
        raise InvalidArgument("w0", f"shape {start.shape}", f"finite numbers of shape ({start.shape[-1]},): one start")
    options: dict[str, Any] = {"batch_size": batch_size, "executor": executor, "progress": progress}
    probe = simulate_sgd(problem, start, [0.0], learning_rate, batch_size)  # refuses bad input before any work
    step = probe.provenance["learning_rate"] * (2 if share is None else 1)  # the coarse runs take steps twice as long
    times = np.unique(np.rint(check_times(t_eval) / step)) * step
    theory = solve(problem, start, times, closure, rtol, atol, tolerance=cumulant_tolerance)
    sgd = simulate_sgd(problem, start, theory.t, learning_rate, seed=chosen, **options)
    coarse = None
    if share is None and not _interrupted(theory, sgd):
        further = [10**6 + s for s in chosen]  # streams of their own: the two means are independent
        coarse = simulate_sgd(problem, start, theory.t, 2 * learning_rate, seed=further, **options)
    sgd, coarse = (_at_tolerance(problem, run, cumulant_tolerance) for run in (sgd, coarse))
    rows = [row for name in QUANTITIES for row in _rows(name, theory, sgd, coarse, share, tolerance)]
    provenance = {
        "theory": theory.provenance,
        "sgd": sgd.provenance,
        "tolerance": tolerance,
        "allowance": MEASURED if share is None else share,
    }
    return Comparison(Table(rows), theory, sgd, coarse, provenance)


def _at_tolerance(problem: Problem, run: Any, tolerance: float) -> Any:
    """The run with its cumulants computed as the theory's are, so that rounding of K is no difference."""
    if run is None:
        return None
    k2, k4 = preactivation_cumulants(problem, run.w, tolerance)
    return replace(run, k2=k2, k4=k4)


def _interrupted(*results: Result) -> bool:
    return any(bool(np.any(r.status == INTERRUPTED)) for r in results)


def _seeds(seeds: Any) -> list[int]:
    allowed = "an integer >= 2, or at least two distinct integers >= 0"
    if isinstance(seeds, (Sequence, np.ndarray)) and not isinstance(seeds, str):
        chosen = [integer("seeds", s, ge=0, allowed=allowed) for s in seeds]
        if len(chosen) < 2 or len(set(chosen)) < len(chosen):
            raise InvalidArgument("seeds", list(seeds), allowed)
        return chosen
    return list(range(integer("seeds", seeds, ge=2, allowed=allowed)))


def _allowance(allowance: Any) -> float | None:
    if allowance == MEASURED:
        return None
    return real("allowance", allowance, ge=0, allowed="'measured' or a fraction >= 0")


def _rows(
    name: str, theory: Solution, sgd: Run, coarse: Run | None, share: float | None, tolerance: float
) -> list[Row]:
    quantity = QUANTITIES[name]
    predicted, measured = quantity(theory), quantity(sgd)
    mean = measured[0] + (measured - measured[0]).mean(axis=0)  # exact where all runs are equal, as at t = 0
    error = measured.std(axis=0, ddof=1) / np.sqrt(len(measured))
    shift = np.abs(quantity(coarse).mean(axis=0) - mean) if coarse is not None else (share or 0.0) * np.abs(predicted)
    scale = np.maximum(np.abs(predicted), FLOOR.get(name, 0.0))
    with np.errstate(divide="ignore", invalid="ignore"):
        z = np.where(predicted == mean, 0.0, (predicted - mean) / error)
    return [
        Row(
            name,
            float(t),
            float(a),
            float(m),
            float(e),
            float(s),
            float(zz),
            judge(float(a), float(m), float(e), float(s), float(tolerance * c)),
        )
        for t, a, m, e, s, zz, c in zip(theory.t, predicted, mean, error, shift, z, scale, strict=True)
    ]
