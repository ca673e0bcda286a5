"""``python -m benchmarks.judgements``: how often ``compare`` is wrong, and whether what it asks for decides.

It writes docs/judgements.md (two minutes on two cores): repeated comparisons, drawn from thousands of runs of SGD
and of theory whose means are the truth.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cumulode import GP, NLGP, Ising, Problem, simulate_sgd, solve
from cumulode.validation.comparison.parts import FEWEST_RUNS, RUNS_A_SEED, Material, columns
from cumulode.validation.comparison.population import at_tolerance
from cumulode.validation.comparison.quantities import QUANTITIES, floors, values
from cumulode.validation.comparison.verdicts import DIFFERS

PAGE = Path(__file__).parents[1] / "docs" / "judgements.md"
S, RATE, BATCH, MARGIN = 1e-3, 0.01, 10, 0.05
REPEATED, SEEDS = 200, (3, 8, 20)
#: More seeds than this are not drawn from the pool.
MOST = 1200

HEAD = """# How often a comparison is wrong

Written by `python -m benchmarks.judgements`. `compare` is repeated with fresh runs of SGD and of theory's Langevin
equation, at learning rate 0.01 and batch size 10, where the truth is known: the mean of 2,400 runs of SGD and of 4,000
of theory, and the exact population flow. Criteria, fixed before: any interval misses the true rest in at most 8 %
of comparisons, something is called different that is within the margin (5 %) in at most 8 %, and a rest of 10 % is
found in at least 83 of 100 at the number of seeds that a first comparison of eight asks for.
"""


@dataclass(frozen=True)
class Case:
    """A problem with an exact flow, the closure that is judged, and the times at which."""

    name: str
    problem: Problem
    closure: str
    times: tuple[float, ...]


CASES = (
    Case("Ising ring of 12", Problem(Ising(0.7), Ising(0.3), 12, bias=-1.0), "regression", (2.0, 10.0, 40.0)),
    Case(
        "Gaussian control of 40 sites",
        Problem(GP(NLGP(3.0, 4.0)), GP(NLGP(3.0, 1.0)), 40, bias=-1.0),
        "gaussian",
        (20.0, 40.0, 60.0),
    ),
)


@dataclass(frozen=True, eq=False)
class Pool:
    """Quantities of the flows (Q, T), and of many runs of theory and of SGD, (n, Q, T)."""

    closure: np.ndarray
    exact: np.ndarray
    langevin: np.ndarray
    sgd: np.ndarray

    @property
    def rest(self) -> np.ndarray:
        """The true rest, (Q, T)."""
        return self.exact - self.sgd.mean(axis=0) - (self.closure - self.langevin.mean(axis=0))

    @property
    def scale(self) -> np.ndarray:
        """What the margin is relative to."""
        return np.maximum(np.abs(self.exact), floors()[:, None])

    def compare(self, n: int, rng: np.random.Generator, shift: np.ndarray | float = 0.0) -> dict[str, np.ndarray]:
        """One comparison with n seeds, SGD moved by ``shift``."""
        runs = max(FEWEST_RUNS, RUNS_A_SEED * n)
        sgd = self.sgd[rng.choice(len(self.sgd), n, replace=False)] + shift
        langevin = self.langevin[rng.choice(len(self.langevin), min(runs, len(self.langevin)), replace=False)]
        unfit, all_times = np.full(self.exact.shape, "", object), np.ones(self.exact.shape[1], bool)
        return columns(
            Material(self.closure, self.exact[None], langevin, sgd, unfit, ~all_times, all_times, MARGIN, floors())
        )


def pool(case: Case) -> Pool:
    """The runs, about a minute on two cores."""
    start = 0.1 * np.random.default_rng(1).standard_normal(case.problem.size) / np.sqrt(case.problem.size)
    given = case.problem, start, case.times
    langevin = solve(*given, case.closure, noise=S, runs=4000, seed=5)
    sgd = at_tolerance(case.problem, simulate_sgd(*given, RATE, BATCH, seeds=2400), 1e-3)
    flows = (values(solve(*given, closure))[:, 0] for closure in (case.closure, "exact"))
    return Pool(*flows, *(np.swapaxes(values(runs), 0, 1) for runs in (langevin, sgd)))


def errors(of: Pool, n: int, seed: int = 0) -> tuple[float, float]:
    """Shares of comparisons of which an interval misses the rest, and in which something differs falsely."""
    rng, missed, false = np.random.default_rng(seed), 0, 0
    for _ in range(REPEATED):
        made = of.compare(n, rng)
        missed += bool(np.any(np.abs(made["unexplained"] - of.rest) > made["unexplained_half_width"] + 1e-12))
        false += bool(np.any((made["unexplained_verdict"] == DIFFERS) & (np.abs(of.rest) <= MARGIN * of.scale)))
    return missed / REPEATED, false / REPEATED


def power(of: Pool, repeated: int = 60, seed: int = 1) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Of each row with a rest of 10 %: seeds asked for (median), and the shares found by eight and by so many."""
    rng, shift = np.random.default_rng(seed), of.rest + 0.1 * of.scale
    asked = np.full((repeated, *of.exact.shape), np.nan)
    at_eight, found = np.zeros(asked.shape, bool), np.full(asked.shape, np.nan)
    for i in range(repeated):
        first = of.compare(8, rng, shift)
        at_eight[i], asked[i] = first["unexplained_verdict"] == DIFFERS, first["seeds_needed"]
        for n in np.unique(asked[i][np.isfinite(asked[i]) & (asked[i] <= MOST)]):
            then = of.compare(max(2, int(n)), rng, shift)["unexplained_verdict"] == DIFFERS
            found[i][asked[i] == n] = then[asked[i] == n]
    found[at_eight] = 1.0
    needed, share = np.nanmedian(asked, axis=0), np.nanmean(found, axis=0)
    share[needed > MOST] = np.nan  # few of them were tried
    return needed, at_eight.mean(axis=0), share


def page() -> str:
    """The page as Markdown."""
    lines = [HEAD]
    for case in CASES:
        of = pool(case)
        lines += [f"\n## {case.name}\n", "| seeds | an interval misses | differs falsely |", "|---|---|---|"]
        lines += ["| {} | {:.1%} | {:.1%} |".format(n, *errors(of, n)) for n in SEEDS]
        asked, at_eight, found = power(of)
        lines += [
            f"\nA rest of 10 % planted, by row (t = {', '.join(f'{t:g}' for t in case.times)}): found by eight seeds, "
            f"seeds asked for otherwise (median), found by so many or by eight ('-': it takes more than {MOST}).\n",
            "| quantity | by eight | asked for | found |",
            "|---|---|---|---|",
        ]
        for name, *row in zip(QUANTITIES, at_eight, asked, found, strict=True):
            eight, seeds, then = ([f"{v:.2f}" if np.isfinite(v) else "-" for v in one] for one in row)
            seeds = [s.split(".")[0] for s in seeds]
            lines.append(f"| {name} | {', '.join(eight)} | {', '.join(seeds)} | {', '.join(then)} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page())
    print(PAGE)
