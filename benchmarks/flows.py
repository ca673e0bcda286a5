"""`solve`: against SciPy's solve_ivp with the same right-hand side, and over many trajectories and threads."""

from __future__ import annotations

import os
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from scipy.integrate import solve_ivp

from cumulode.numerics import drift, solve
from cumulode.numerics.contraction.form import fourth_form
from cumulode.numerics.flow.plan import make_plan
from cumulode.numerics.flow.solver import FLOW
from cumulode.theory import NLGP, Problem
from cumulode.validation import simulate_sgd

from .timing import exponent, show, side_by_side, table

TIME = 150.0


def _start(size: int, seed: int) -> np.ndarray:
    """Random weights of norm 0.1."""
    w = np.random.default_rng(seed).standard_normal(size)
    return 0.1 * w / np.linalg.norm(w)


def against_scipy() -> str:
    """One trajectory to t = 150, gain 3, xi 4/1, rtol 1e-6, atol 1e-9, default tolerance and closure."""
    rows = []
    for size in (40, 100, 1000):
        problem = Problem(NLGP(3.0, 4.0), NLGP(3.0, 1.0), size)
        w0, f = _start(size, 1), drift(problem)

        def scipy(method: str, w0: np.ndarray = w0, f: object = f) -> object:
            return solve_ivp(lambda t, w: f(w), (0.0, TIME), w0, method=method, rtol=1e-6, atol=1e-9)  # type: ignore[operator]

        seconds = side_by_side(
            {
                "ours": lambda problem=problem, w0=w0: solve(problem, w0, [0.0, TIME]),
                "RK45": lambda scipy=scipy: scipy("RK45"),
                "LSODA": lambda scipy=scipy: scipy("LSODA"),
            },
            repetitions=5,
        )
        ours = seconds["ours"].median
        rows.append([size, show(ours), *(f"{seconds[k].median / ours:.1f} x" for k in ("RK45", "LSODA"))])
    return table(["D", "solve", "solve_ivp RK45", "solve_ivp LSODA"], rows)


def _grid(gains: int, seeds: int, biases: int, xi: float, size: int) -> tuple[list[Problem], np.ndarray]:
    """Gains 0.1 .. 30, biases -1.5 .. -0.29, ``seeds`` starts each."""
    problems, starts = [], []
    for gain in np.geomspace(0.1, 30.0, gains):
        for bias in np.linspace(-1.5, -0.29, biases):
            for seed in range(seeds):
                problems.append(Problem(NLGP(float(gain), xi), NLGP(float(gain), 1.0), size, bias=float(bias)))
                starts.append(_start(size, seed))
    return problems, np.array(starts)


def batches() -> str:
    """64 gains x 8 biases x 8 seeds at D = 100, t = 150, rtol 1e-6, on every core, set-up included."""
    rows = []
    for xi in (4.0, 10.0):
        problems, starts = _grid(64, 8, 8, xi, 100)
        fourth_form.cache_clear()
        began = time.perf_counter()
        for problem in problems[::64]:
            make_plan(problem, FLOW)
        ready = time.perf_counter()
        found = solve(problems, starts, [0.0, TIME])
        seconds = time.perf_counter() - ready
        failed = int(np.count_nonzero(found.statuses))
        work = found.provenance["evaluations"] / len(problems)
        rows.append(
            [
                f"{xi:g}/1",
                len(problems),
                show(ready - began),
                show(seconds),
                f"{work:.0f}",
                failed,
                f"{found.provenance['cumulant_error']:.1e}",
            ]
        )
    head = ["xi", "trajectories", "set-up", "solve", "right-hand sides each", "failed", "error of K"]
    return table(head, rows)


def in_number_and_threads() -> str:
    """Gain 3, xi 4/1, D = 100: seconds over the number of trajectories and over threads."""
    problem = Problem(NLGP(3.0, 4.0), NLGP(3.0, 1.0), 100)
    numbers, seconds = [16, 64, 256, 1024], []
    for n in numbers:
        starts = np.array([_start(100, seed) for seed in range(n)])
        seconds.append(side_by_side({"": lambda s=starts: solve(problem, s, [0.0, TIME])}, repetitions=3)[""].median)
    lines = table(
        ["trajectories", *map(str, numbers), "exponent"],
        [["solve", *map(show, seconds), f"{exponent(numbers, seconds):.2f}"]],
    )
    starts, threads = np.array([_start(100, seed) for seed in range(128)]), sorted({1, os.cpu_count() or 1})
    pools = {n: ThreadPoolExecutor(n) for n in threads}
    timed = side_by_side(
        {str(n): lambda p=pool: solve(problem, starts, [0.0, TIME], executor=p) for n, pool in pools.items()},
        repetitions=5,
    )
    one = timed["1"].median
    rows = [[n, show(timed[str(n)].median), f"{one / timed[str(n)].median:.2f}"] for n in threads]
    return lines + "\n\n" + table(["threads (128 trajectories)", "solve", "speed-up"], rows)


def torus() -> str:
    """Set-up and solve; and, from a start of norm 0.5, theory and SGD of a rate small enough for 1024 sites."""
    problem = Problem(NLGP(3.0, 2.0), NLGP(3.0, 1.0), (32, 32))
    began = time.perf_counter()
    make_plan(problem, FLOW)
    ready = time.perf_counter()
    found = solve(problem, _start(1024, 1), [0.0, TIME])
    seconds = time.perf_counter() - ready
    lines = table(
        ["set-up", "solve", "right-hand sides", "method", "error of K"],
        [
            [show(ready - began), show(seconds), found.provenance["evaluations"], found.provenance["contraction"],
             f"{found.provenance['cumulant_error']:.1e}"]
        ],
    )  # fmt: skip
    at, w0 = np.array([0.0, 5.0, 20.0]), 5 * _start(1024, 1)
    theory = solve(problem, w0, at)
    runs = simulate_sgd(problem, w0, at, learning_rate=0.002, batch_size=100, seeds=4)
    rows = []
    for name, ours, theirs in (("IPR x D", theory.ipr * 1024, runs.ipr * 1024), ("norm", theory.norm, runs.norm)):
        for i in (1, 2):
            mean, error = theirs[:, i].mean(), theirs[:, i].std(ddof=1) / 2
            rows.append([name, f"{at[i]:g}", f"{ours[i]:.4f}", f"{mean:.4f} ± {error:.4f}"])
    return lines + "\n\n" + table(["start of norm 0.5", "t", "theory", "SGD (4 seeds, rate 0.002, batch 100)"], rows)
