"""``python -m benchmarks.validity [FOLDER]``: how often ``validity`` is wrong, with and without the population.

It writes docs/validity.md. The flows are kept in FOLDER (a temporary one): the first run takes about 40 minutes on two
cores, most of it flows on frozen samples; the truth has other scrambles than what ``check`` draws.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cumulode import validity
from cumulode.numerics.flow.exact import has_exact_flow
from cumulode.numerics.flow.solver import Solver
from cumulode.numerics.stability.distance import gone, relative, shape_and_size
from cumulode.numerics.stability.validity import Validity
from cumulode.numerics.stability.verdict import DELTA, MISSED, MU, RHO

from .validity_flows import FIXED_ON, MEASURED_ON, Case, Flows, kept

PAGE = Path(__file__).parents[1] / "docs" / "validity.md"
JUDGED = ("regression", "tree")
#: Off by more than the first, good within the second; between the two a flow does not count.
OFF, GOOD = 0.10, 0.05

HEAD = f"""# How often `validity` is wrong

Written by `python -m benchmarks.validity`. A flow is *off* where its IPR or k2 (of either class) is more than {OFF:.0%}
off the population's at any of 41 recorded times, *good* where all are within {GOOD:.0%}; between the two, or where the
population's own error decides, it does not count. The population: the exact flow of Ising rings; of NLGP frozen samples
(eight scrambles, others than those of `check`). 40 sites, from |w0| = 0.1. The thresholds (rho {RHO:g}, mu {MU:g} and
{MISSED:g} above the closure's own rate, delta {DELTA:g}) were fixed on the flows of the second part and are measured on
those of the first. Flagged: not trusted, or unknown (errors that closures share add up); missed: off, and trusted.
"""


@dataclass(frozen=True, eq=False)
class Row:
    """One flow of one closure: how far it is off (and the error of that), and the verdicts."""

    case: str
    closure: str
    off: float
    error: float
    plain: Validity
    checked: Validity | None

    @property
    def truth(self) -> str:
        """off, good, or between."""
        if self.off - 2 * self.error > OFF:
            return "off"
        return "good" if self.off + 2 * self.error < GOOD else "between"


def rows(cases: tuple[Case, ...], folder: Path, check: bool) -> Iterable[Row]:
    """All flows of some cases; ``check``: the population's verdict, too."""
    for case, of in kept(cases, folder):
        asked = "exact" if has_exact_flow(case.problem) else "frozen"
        for closure in JUDGED:
            given = case.problem, of.closures[closure], closure
            plain = validity(*given, t=case.times)
            checked = validity(*given, t=case.times, check=asked) if check else None
            yield Row(case.name, closure, *distance(case, of, closure), plain, checked)


def distance(case: Case, of: Flows, closure: str) -> tuple[float, float]:
    """Largest relative difference from the population over the times, and its standard error."""
    solver, w = Solver(tolerance=1e-3), of.closures[closure]
    theirs = np.array([shape_and_size(case.problem, one, solver) for one in of.population])
    mean, count = theirs.mean(axis=0), len(of.population)
    error = theirs.std(axis=0, ddof=1) / np.sqrt(count) / mean if count > 1 else np.zeros(mean.shape)
    away = np.all([gone(case.problem, one) for one in of.population], axis=0)
    apart = relative(shape_and_size(case.problem, w, solver), mean, gone(case.problem, w), away)
    at = np.unravel_index(int(np.argmax(apart)), apart.shape)
    return float(apart[at]), float(error[at])


def counts(found: list[Row], which: str) -> str:
    """Cells: off, of these flagged and missed; good, of these falsely flagged."""
    verdicts = {row: (row.plain if which == "plain" else row.checked).trusted for row in found}
    off, good = ([row for row in found if row.truth == kind] for kind in ("off", "good"))
    flagged = sum(verdicts[row] < 1 for row in off)
    false = sum(verdicts[row] < 1 for row in good)
    return f"{len(off)} | {flagged} | {len(off) - flagged} | {len(good)} | {false}"


def table(found: list[Row], check: bool) -> list[str]:
    """Counts by closure, then every flow."""
    lines = ["| closure | check | off | flagged | missed | good | false alarms |", "|---|---|---|---|---|---|---|"]
    for closure in JUDGED:
        own = [row for row in found if row.closure == closure]
        lines.append(f"| {closure} | none | {counts(own, 'plain')} |")
        lines += [f"| {closure} | the population | {counts(own, 'checked')} |"] if check else []
    words = {1: "trusted", 0: "not trusted", -1: "unknown"}
    lines += ["", "| flow | closure | off by | delta | verdict | with check |", "|---|---|---|---|---|---|"]
    for row in found:
        off = f"{100 * row.off:.1f}" + (f" ± {100 * row.error:.1f}" if row.error else "") + " %"
        off = f"**{off}**" if row.truth == "off" else off
        checked = words[int(row.checked.trusted)] if row.checked is not None else ""
        cells = (row.case, row.closure, off, f"{row.plain.delta:.3f}", words[int(row.plain.trusted)], checked)
        lines.append("| " + " | ".join(cells) + " |")
    return lines


def page(folder: Path) -> str:
    """The page as Markdown."""
    lines = [HEAD, "## Measured on other flows", ""]
    lines += table(list(rows(MEASURED_ON, folder, check=True)), check=True)
    lines += ["", "## The flows on which the thresholds were fixed", ""]
    lines += table(list(rows(FIXED_ON, folder, check=False)), check=False)
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as made:
        PAGE.write_text(page(Path(sys.argv[1] if sys.argv[1:] else made)))
    print(PAGE)
