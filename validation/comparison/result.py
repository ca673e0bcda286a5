"""What ``compare`` returns: the table, and the runs it was made of."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from cumulode.numerics import Ensemble, Result, Solution
from cumulode.numerics.display import json_ready
from cumulode.numerics.status import Status
from cumulode.theory.user_input.arguments import InvalidArgument
from cumulode.validation.sgd.neuron import Run

from . import table as tables
from .words import LEGEND, as_printed

if TYPE_CHECKING:
    from pandas import DataFrame


@dataclass(frozen=True, eq=False, repr=False)
class Comparison:
    """A closure, the population and SGD from one start, compared quantity by quantity: :func:`cumulode.compare`.

    Attributes
    ----------
    table : pandas.DataFrame
        A row a quantity and time; columns quantity, time, theory (the closure), population, population_error, langevin
        (mean), sgd (mean over seeds), standard_error (of sgd), closure_error (C), closure_half_width, rate_shift (R),
        unexplained (X), unexplained_half_width, closure_verdict, unexplained_verdict, verdict, cause, seeds_needed.
    theory : Solution
    sgd : Run
        One run a seed, weights (n, T, D).
    population : Solution or None
    langevin : Ensemble
        The theory's noisy runs, weights (R, T, D); ``langevin.band`` is where one run of SGD lies.
    positions : pandas.DataFrame
        A row a judged time and direction: the share of fields within three sites of the flow's, of SGD and of theory,
        with 95 % intervals, that of uniform places (``chance``), and Kuiper's test of the two distributions.
    provenance : dict
    """

    table: DataFrame
    theory: Solution
    sgd: Run
    population: Solution | None
    langevin: Ensemble
    positions: DataFrame
    provenance: dict[str, Any] = field(repr=False)

    def verdict(self, quantity: str = "ipr", time: float | None = None) -> str:
        """The verdict on one quantity at the judged time nearest to ``time`` (default: the last)."""
        rows = tables.select(self.judged, quantity, self.theory.t[-1] if time is None else time)
        if rows.empty:
            raise InvalidArgument("quantity", quantity, "one of " + ", ".join(dict.fromkeys(self.table["quantity"])))
        return str(rows["verdict"].iloc[0])

    @property
    def judged(self) -> DataFrame:
        """The rows that have a verdict."""
        return tables.judged(self.table)

    @property
    def counts(self) -> dict[str, int]:
        """How many rows have each verdict."""
        return tables.verdict_counts(self.table)

    def at(self, time: float | None = None) -> DataFrame:
        """The rows at the recorded time nearest to ``time`` (default: the last)."""
        return tables.select(self.table, time=float(self.theory.t[-1] if time is None else time))

    @property
    def _runs(self) -> dict[str, Result]:
        runs = {"theory": self.theory, "population": self.population, "Langevin": self.langevin, "SGD": self.sgd}
        return {name: run for name, run in runs.items() if run is not None}

    @property
    def failures(self) -> list[str]:
        """What failed or was interrupted, in words: theory, population, Langevin runs, SGD."""
        return [f"{name}: {run.message}" for name, run in self._runs.items() if not run.success]

    @property
    def interrupted(self) -> bool:
        """Whether Ctrl-C ended a part of it."""
        return interrupted(*self._runs.values())

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "table": tables.plain_rows(self.table),
            "theory": self.theory.to_dict(),
            "sgd": self.sgd.to_dict(),
            "positions": tables.plain_rows(self.positions),
            "provenance": json_ready(self.provenance),
        }

    def to_xarray(self) -> Any:
        """The table as an ``xarray.Dataset`` with dimensions quantity and time."""
        return tables.to_xarray(self.table)

    def plot(self, control: Comparison | None = None, **options: Any) -> Any:
        """Space-time maps (of a torus the final fields), IPR and kurtosis; ``options`` of ``comparison_figure``."""
        from cumulode import plots

        if control is not None:
            options = {"control": control.theory, "control_sgd": control.sgd, **options}
        options = {"langevin": self.langevin, **options}
        return plots.comparison_figure(self.theory, self.sgd, **options)

    def figure(self, control: Comparison | None = None, **options: Any) -> Any:
        """The old name of ``plot``."""
        warnings.warn("Comparison.figure is now Comparison.plot", FutureWarning, stacklevel=2)
        return self.plot(control, **options)

    def __repr__(self) -> str:
        counts = ", ".join(f"{n} {verdict}" for verdict, n in self.counts.items())
        return f"Comparison({len(self.judged)} judged rows: {counts})"

    def __str__(self) -> str:
        """The judged rows, the parts of each difference in per cent, and what they show."""
        return as_printed(self) + "\n" + LEGEND

    def _repr_html_(self) -> str:
        return f"<p>{self!r}; at the last time:</p>{tables.as_html(tables.judged(self.at()))}"


def interrupted(*runs: Result) -> bool:
    """Whether one of the runs was."""
    return any(Status.INTERRUPTED in run.statuses for run in runs)
