"""``python -m benchmarks.noise [RUNS]``: how often runs of SGD lie in the bands that theory draws for them.

For each problem and learning rate over batch size: RUNS runs of SGD (200) in the 95 % bands of as many Langevin
trajectories, over recorded times and over norm, IPR, width, both kurtoses and the power of the first wave; mean and
least share, and the seconds that one trajectory and one run of SGD took.
"""

from __future__ import annotations

import sys
import time

import numpy as np

from cumulode import NLGP, Ising, Problem, simulate_sgd, solve, width

TIMES = np.array([2.0, 5.0, 10.0, 20.0, 40.0, 60.0, 80.0])
RATE = 0.01


def problems() -> dict[str, Problem]:
    """The problems by name, of 40 sites."""
    field = Problem(NLGP(3.0, 4.0), NLGP(3.0, 1.0), 40, bias=-1.0)
    return {
        "NLGP gain 3": field,
        "NLGP gain 1": Problem(NLGP(1.0, 4.0), NLGP(1.0, 1.0), 40, bias=-1.0),
        "Ising .7 / .3": Problem(Ising(0.7), Ising(0.3), 40, bias=-1.0),
        "Gaussian control": field.gaussian_control(),
    }


def first_wave(w: np.ndarray) -> np.ndarray:
    """Power of the wave of length D."""
    return np.asarray(np.abs(np.fft.rfft(w)[..., 1]) ** 2)


def coverage(problem: Problem, batch: int, runs: int) -> tuple[np.ndarray, float, float]:
    """Shares (quantities, times) of SGD's runs within the bands; seconds of one trajectory and of one run."""
    w0 = 0.1 * np.random.default_rng(1).standard_normal(problem.size) / np.sqrt(problem.size)
    theory = solve(problem, w0, TIMES, noise=RATE / batch, runs=runs, seed=0)
    began = time.perf_counter()
    sgd = simulate_sgd(problem, w0, TIMES, learning_rate=RATE, batch_size=batch, seeds=range(1000, 1000 + runs))
    took = time.perf_counter() - began
    shares = []
    for quantity in ("norm", "ipr", width, first_wave):
        values, band = quantity(sgd.w) if callable(quantity) else getattr(sgd, quantity), theory.band(0.95, quantity)
        shares.append(_within(values, band))
    band = theory.band(0.95, "kurtosis")
    shares += [_within(sgd.kurtosis[..., c], band[:, c]) for c in range(2)]
    return np.array(shares), theory.provenance["run_seconds"] / runs, took / runs


def _within(values: np.ndarray, band: np.ndarray) -> np.ndarray:
    """Share of the runs (n, T) within (T, 2)."""
    return np.asarray(((values >= band[:, 0]) & (values <= band[:, 1])).mean(axis=0))


def main(runs: int = 200) -> None:
    """Print the table."""
    print("| problem | learning rate / batch | mean % | least % | ms a trajectory | ms a run of SGD |")
    print("|---|---|---|---|---|---|")
    for name, problem in problems().items():
        for batch in (1, 10, 100):
            shares, theory, sgd = coverage(problem, batch, runs)
            line = f"{100 * shares.mean():.1f} | {100 * shares.min():.0f} | {1e3 * theory:.0f} | {1e3 * sgd:.0f}"
            print(f"| {name} | {RATE / batch:g} | {line} |", flush=True)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]))
