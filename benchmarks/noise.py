"""``python -m benchmarks.noise [--fresh]``: how often runs of SGD lie in the bands that theory draws for them.

It writes docs/bands.md as it goes (half an hour on two cores); rows that the page has are kept, but with ``--fresh``.
For each problem and learning rate over batch size: 200 runs of SGD in the 95 % bands of as many Langevin trajectories,
over recorded times and quantities; on the torus 60, where a trajectory takes seconds.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from cumulode import NLGP, Ising, Problem, centre, linear_fluctuations, simulate_sgd, solve, width
from cumulode.numerics.flow.exact import has_exact_flow

PAGE = Path(__file__).parents[1] / "docs" / "bands.md"
TIMES = np.array([2.0, 5.0, 10.0, 20.0, 40.0, 60.0, 80.0])
RATE, RUNS = 0.01, 200
QUANTITIES = ("norm", "ipr", "width", "power of the first wave", "kurtosis, plus", "kurtosis, minus")
#: Entries below this are listed.
LOW = 0.85

HEAD = """# How often SGD lies in theory's bands

Written by `python -m benchmarks.noise`. Shares of {runs} runs of SGD (on the torus 60; learning rate 0.01, batch 1,
10, 100) that lie in the 95 % band of one run by as many Langevin trajectories (closure regression), from one start of
norm 0.1, over seven times from 2 to 80 and six quantities (norm, IPR, width, power of the first wave, kurtoses): the
mean, the least, and the entries below {low:.0%}. By chance alone an entry scatters by 2.2 % (200 runs, 200
trajectories), on the torus by 4 %. A band is about theory's middle: where the closure is further off than the noise
is wide, SGD is beside it. Where noise is least this is tested: *moved* has the shares in the same bands moved by what
the closure's flow is off from the population's (exact, or on frozen samples), mean and least. Milliseconds of
processor a run: of theory, and of SGD.

| problem | learning rate / batch | mean % | least % | below | moved: mean, least % | theory, ms | SGD, ms |
|---|---|---|---|---|---|---|---|
"""


def problems() -> dict[str, Problem]:
    """The problems by name, of 40 sites but for the torus."""
    field = Problem(NLGP(3.0, 4.0), NLGP(3.0, 1.0), 40, bias=-1.0)
    return {
        "NLGP gain 3": field,
        "NLGP gain 1": Problem(NLGP(1.0, 4.0), NLGP(1.0, 1.0), 40, bias=-1.0),
        "Ising .7 / .3": Problem(Ising(0.7), Ising(0.3), 40, bias=-1.0),
        "Gaussian control": field.gaussian_control(),
        "tanh, gain 3": Problem(field.plus, field.minus, 40, "tanh", bias=-1.0),
        "ReLU, b 0.1, p 0.7": Problem(field.plus, field.minus, 40, "relu", bias=0.1, prior=0.7),
        "torus 12 x 12": Problem(NLGP(3.0, 2.0), NLGP(3.0, 1.0), (12, 12), bias=-1.0),
    }


def first_wave(w: np.ndarray) -> np.ndarray:
    """Power of the wave of length D."""
    return np.asarray(np.abs(np.fft.rfft(w)[..., 1]) ** 2)


def coverage(problem: Problem, batch: int, runs: int, moved: bool = False) -> tuple[np.ndarray, Any, float, float]:
    """Shares (quantities, times) of SGD's runs within the bands; with ``moved`` the same in bands moved to the
    population's middle (else None); seconds of one trajectory and of one run.
    """
    w0 = 0.1 * np.random.default_rng(1).standard_normal(problem.size) / np.sqrt(problem.size)

    def of_lattice(w: np.ndarray) -> np.ndarray:
        return width(w, problem.shape)

    began = time.process_time()
    theory = solve(problem, w0, TIMES, noise=RATE / batch, runs=runs, seed=0)
    of_theory, began = time.process_time() - began, time.process_time()
    sgd = simulate_sgd(problem, w0, TIMES, learning_rate=RATE, batch_size=batch, seeds=range(1000, 1000 + runs))
    took = time.process_time() - began

    def values(run: Any) -> np.ndarray:
        """Of runs (n, T), (quantities, n, T)."""
        return np.array([run.norm, run.ipr, of_lattice(run.w), first_wave(run.w), *np.moveaxis(run.kurtosis, -1, 0)])

    of_runs = values(theory)
    band = np.quantile(of_runs, (0.025, 0.975), axis=1, method="weibull")  # as ``Ensemble.band``
    mine = values(sgd)
    shares, beside = _within(mine, band), None
    if moved:
        truth = "exact" if has_exact_flow(problem) else "frozen"
        population, flow = solve(problem, w0, TIMES, truth), solve(problem, w0, TIMES)
        each = population.each() if truth == "frozen" else population
        off = (np.mean(values(each), axis=1) if truth == "frozen" else values(each)) - values(flow)
        beside = _within(mine, band + off)
    return shares, beside, of_theory / runs, took / runs


def _within(values: np.ndarray, band: np.ndarray) -> np.ndarray:
    """Share of the runs (quantities, n, T) within (2, quantities, T)."""
    low, high = band[:, :, None]
    return np.asarray(((values >= low) & (values <= high)).mean(axis=1))


DIFFUSION = """
## Diffusion of the centre

Variance of the centre of a formed field over s t, sites squared: by theory (`linear_fluctuations`), and of {runs} runs
of SGD (learning rate 0.01, batch 100) from the stationary field of the closure, between t = 5 and 20, with its standard
error.

| problem | theory | SGD | SGD / theory |
|---|---|---|---|
"""


def diffusion(problem: Problem, runs: int) -> tuple[float, float, float]:
    """Theory's constant, SGD's, and its standard error (of a variance of normal numbers)."""
    w0 = 0.1 * np.random.default_rng(1).standard_normal(problem.size) / np.sqrt(problem.size)
    field = solve(problem, w0, [300.0]).w[-1]
    theory = float(linear_fluctuations(problem, field, [0.0, 5.0]).diffusion[-1])
    t = np.array([5.0, 20.0])
    sgd = simulate_sgd(problem, field, t, RATE, 100, seeds=range(5000, 5000 + runs))
    moved = centre(sgd.w) - centre(field)
    moved = np.mod(moved + problem.size / 2, problem.size) - problem.size / 2
    early, late = moved.var(axis=0, ddof=1)
    slope = (late - early) / (t[1] - t[0]) / (RATE / 100)
    # of the difference late - early, whose steps are independent of the early ones
    return theory, slope, float(np.hypot(late, early) * np.sqrt(2 / (runs - 1)) / (t[1] - t[0]) / (RATE / 100))


def main() -> None:
    """Write the page, what it has already left as it is."""
    known = {} if "--fresh" in sys.argv or not PAGE.exists() else _rows(PAGE.read_text())
    lines: list[str] = []
    for name, problem in problems().items():
        torus = len(problem.shape) == 2
        for batch in (10,) if torus else (1, 10, 100):
            start = f"| {name} | {RATE / batch:g} |"
            lines.append(known.get(start) or start + _coverage_cells(problem, batch, 60 if torus else RUNS))
            PAGE.write_text(HEAD.format(runs=RUNS, low=LOW) + "\n".join(lines) + "\n")
    centres = []
    for name in ("NLGP gain 3", "Ising .7 / .3", "NLGP gain 1"):
        theory, sgd, error = diffusion(problems()[name], 4 * RUNS)
        centres.append(f"| {name} | {theory:.1f} | {sgd:.1f} ± {error:.1f} | {sgd / theory:.2f} |")
    page = HEAD.format(runs=RUNS, low=LOW) + "\n".join(lines) + "\n"
    PAGE.write_text(page + DIFFUSION.format(runs=4 * RUNS) + "\n".join(centres) + "\n")


def _rows(text: str) -> dict[str, str]:
    """Rows of the first table by their first two cells."""
    rows = [line for line in text.splitlines() if line.startswith("| ")]
    return {"|".join(row.split("|")[:3]) + "|": row for row in rows if row.count("|") == 9}


def _coverage_cells(problem: Problem, batch: int, runs: int) -> str:
    """The numbers of a row."""
    shares, moved, theory, sgd = coverage(problem, batch, runs, moved=batch == 100)
    low = [f"{QUANTITIES[i]} t {TIMES[j]:g}: {shares[i, j]:.0%}" for i, j in np.argwhere(shares < LOW)]
    beside = f"{100 * moved.mean():.1f}, {100 * moved.min():.0f}" if moved is not None else ""
    numbers = f" {100 * shares.mean():.1f} | {100 * shares.min():.0f} | {'; '.join(low)} | {beside}"
    return f"{numbers} | {1e3 * theory:.0f} | {1e3 * sgd:.0f} |"


if __name__ == "__main__":
    main()
