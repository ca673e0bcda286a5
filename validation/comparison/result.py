"""What ``compare`` returns: the table, and the runs it was made of."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from cumulode.numerics import Result, Solution
from cumulode.numerics.display import json_ready
from cumulode.numerics.status import Status
from cumulode.theory.user_input.arguments import InvalidArgument
from cumulode.validation.sgd.neuron import Run

from . import table as tables

if TYPE_CHECKING:
    from pandas import DataFrame


@dataclass(frozen=True, eq=False, repr=False)
class Comparison:
    """Theory and SGD from one start, compared quantity by quantity.

    Attributes
    ----------
    table : pandas.DataFrame
        A row a quantity and time; columns quantity, time, theory, sgd (mean over seeds), standard_error, allowance,
        z, verdict.
    theory : Solution
    sgd : Run
        One run a seed, weights (n, T, D).
    coarse : Run or None
        The runs at twice the learning rate from which the allowance was measured.
    provenance : dict
    """

    table: DataFrame
    theory: Solution
    sgd: Run
    coarse: Run | None
    provenance: dict[str, Any] = field(repr=False)

    def verdict(self, quantity: str = "ipr", time: float | None = None) -> str:
        """The verdict on one quantity at the recorded time nearest to ``time`` (default: the last)."""
        rows = tables.select(self.table, quantity, self.theory.t[-1] if time is None else time)
        if rows.empty:
            raise InvalidArgument("quantity", quantity, "one of " + ", ".join(dict.fromkeys(self.table["quantity"])))
        return str(rows["verdict"].iloc[0])

    @property
    def counts(self) -> dict[str, int]:
        """How many rows have each verdict."""
        return tables.verdict_counts(self.table)

    def at(self, time: float | None = None) -> DataFrame:
        """The rows at the recorded time nearest to ``time`` (default: the last)."""
        return tables.select(self.table, time=float(self.theory.t[-1] if time is None else time))

    @property
    def _runs(self) -> dict[str, Result]:
        runs = {"theory": self.theory, "SGD": self.sgd, "SGD at twice the learning rate": self.coarse}
        return {name: run for name, run in runs.items() if run is not None}

    @property
    def failures(self) -> list[str]:
        """What failed or was interrupted, in words: theory, SGD, SGD at twice the learning rate."""
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
        return plots.comparison_figure(self.theory, self.sgd, **options)

    def figure(self, control: Comparison | None = None, **options: Any) -> Any:
        """The old name of ``plot``."""
        warnings.warn("Comparison.figure is now Comparison.plot", FutureWarning, stacklevel=2)
        return self.plot(control, **options)

    def __repr__(self) -> str:
        counts = ", ".join(f"{n} {verdict}" for verdict, n in self.counts.items())
        return f"Comparison({len(self.table)} rows: {counts})"

    def _repr_html_(self) -> str:
        return f"<p>{self!r}; at the last time:</p>{tables.as_html(self.at())}"


def interrupted(*runs: Result) -> bool:
    """Whether one of the runs was."""
    return any(Status.INTERRUPTED in run.statuses for run in runs)
