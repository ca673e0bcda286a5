"""Claim 9: a single neuron, theory against SGD, from several starts, of several problems, at several times."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from cumulode.theory import Ising, Problem
from cumulode.validation.reproduction import criteria
from cumulode.validation.reproduction.claim import Arrays, Claim, Data, Effort, Judgement, Number, Part, Parts
from cumulode.validation.reproduction.drawing import CONTROL, DASHED, HIGH, IPR, LOW, band, legend
from cumulode.validation.reproduction.findings import errors_of
from cumulode.validation.reproduction.networks import checked, nlgp
from cumulode.validation.sgd.starts import random_start

if TYPE_CHECKING:
    from matplotlib.figure import Figure

RATE, BATCH, STARTS = 0.01, 100, (1, 2, 3)
#: Recorded times and, of them, those judged.
TIMES, JUDGED = np.linspace(0.0, 150.0, 31), (10.0, 40.0, 150.0)
CLOSURE, RUNS = "regression", 48


def problems(size: int) -> dict[str, Problem]:
    """By name: strong and weak nonlinearity, and binary inputs."""
    return {
        "NLGP gain 3": nlgp(size),
        "NLGP gain 1": nlgp(size, gain=1.0),
        "Ising 0.7 / 0.3": Problem(plus=Ising(t=0.7), minus=Ising(t=0.3), size=size, bias=-1.0),
    }


def parts(effort: Effort) -> Parts:
    """For every problem and start: SGD's runs, and the theory's, with SGD's noise and without."""
    made: Parts = {}
    for name, problem in problems(effort.size).items():
        word = name.lower().replace(" ", "-").replace(".", "").replace("/", "")
        for start in STARTS:
            settings = {"problem": problem.to_dict(), "start": start, "rate": RATE, "batch": BATCH}
            settings |= {"seeds": effort.neuron_seeds, "times": TIMES.tolist()}
            theory = settings | {"closure": CLOSURE, "runs": RUNS}
            made[f"{name}, sgd, {start}"] = (Part(f"neuron-{word}-sgd-{start}", _sgd, settings),)
            made[f"{name}, theory, {start}"] = (Part(f"neuron-{word}-theory-{start}", _theory, theory),)
            made[f"{name}, flow, {start}"] = (Part(f"neuron-{word}-flow-{start}", _theory, theory | {"runs": 0}),)
    return made


def _given(settings: dict[str, Any]) -> tuple[Problem, np.ndarray, np.ndarray]:
    """Problem, start and times."""
    problem = Problem.from_dict(settings["problem"])
    return problem, random_start(settings["start"], 0.1, problem.size), np.array(settings["times"])


def _sgd(settings: dict[str, Any], progress: bool) -> Arrays:
    from cumulode.validation.sgd.neuron import simulate_sgd

    problem, start, times = _given(settings)
    seeds = [1000 * settings["start"] + seed for seed in range(settings["seeds"])]
    run = simulate_sgd(problem, start, times, settings["rate"], settings["batch"], seeds=seeds, progress=progress)
    return checked(run, ("ipr", "norm"))


def _theory(settings: dict[str, Any], progress: bool) -> Arrays:
    """Runs of the Langevin equation, (n, T); the flow, (1, T), where ``runs`` is 0."""
    from cumulode.numerics import solve

    problem, start, times = _given(settings)
    if not settings["runs"]:
        return checked(solve(problem, start[None], times, settings["closure"]), ("ipr", "norm"))
    noise = settings["rate"] / settings["batch"]
    run = solve(problem, start, times, settings["closure"], noise=noise, runs=settings["runs"], seed=settings["start"])
    return checked(run, ("ipr", "norm"))


def gap(data: Data, name: str, quantity: str) -> tuple[float, float, float]:
    """Theory's mean over SGD's, less 1, mean over the starts: the largest of the judged times, its error, the time."""
    at = [int(np.argmin(np.abs(TIMES - t))) for t in JUDGED]
    ratios, errors = [], []
    for start in STARTS:
        theory, sgd = (data[f"{name}, {kind}, {start}"][quantity][:, at] for kind in ("theory", "sgd"))
        relative = [runs.std(axis=0, ddof=1) / np.sqrt(len(runs)) / runs.mean(axis=0) for runs in (theory, sgd)]
        ratios.append(theory.mean(axis=0) / sgd.mean(axis=0) - 1)
        errors.append(np.hypot(*relative) * (ratios[-1] + 1))
    mean, error = np.mean(ratios, axis=0), np.sqrt(np.sum(np.square(errors), axis=0)) / len(STARTS)
    worst = int(np.argmax(np.abs(mean)))
    return float(np.abs(mean[worst])), float(error[worst]), JUDGED[worst]


def judge(data: Data, effort: Effort) -> Judgement:
    """Where theory and SGD differ most, for every problem; what SGD's noise does to the flow."""
    numbers = []
    away = errors_of(len(STARTS) * (effort.neuron_seeds - 1) + 1)
    for name in problems(effort.size):
        for quantity, words in (("ipr", "IPR"), ("norm", "norm")):
            value, error, time = gap(data, name, quantity)
            what = f"|{words} of theory over SGD's - 1|, {name}, largest (t = {time:g})"
            numbers.append(Number(what, value, error, **criteria.CLOSE, errors=away))
        shift = [_last(data, name, "theory", s) / _last(data, name, "flow", s) - 1 for s in STARTS]
        numbers.append(
            Number(f"IPR of theory with SGD's noise over the flow's - 1, {name}, t = 150", float(np.mean(shift)))
        )
    return numbers, (
        f"One neuron, b = -1, D = {effort.size}; {len(STARTS)} starts of norm 0.1 (means over them), judged at t = "
        f"{', '.join(f'{t:g}' for t in JUDGED)}. SGD: learning rate {RATE:g}, batch {BATCH}, {effort.neuron_seeds} "
        f"seeds a start; theory: {RUNS} Langevin runs of the same noise, closure {CLOSURE}. Verdicts with their cause: "
        "`cumulode compare`."
    )


def _last(data: Data, name: str, kind: str, start: int) -> float:
    """Mean IPR at the end."""
    return float(data[f"{name}, {kind}, {start}"]["ipr"][:, -1].mean())


def draw(figure: Figure, data: Data, effort: Effort) -> None:
    """IPR and norm of every problem over time, from the first start."""
    axes = figure.subplots(2, 3, sharex=True)
    first = STARTS[0]
    for column, name in zip(axes.T, problems(effort.size), strict=True):
        for ax, quantity, factor in zip(column, ("ipr", "norm"), (effort.size, 1), strict=True):
            sgd, theory, flow = (data[f"{name}, {kind}, {first}"] for kind in ("sgd", "theory", "flow"))
            band(ax, sgd["t"], factor * sgd[quantity], LOW, f"SGD, mean and sd of {effort.neuron_seeds} seeds")
            band(ax, theory["t"], factor * theory[quantity], HIGH, "theory with SGD's noise, mean and sd")
            ax.plot(flow["t"], factor * flow[quantity][0], color=CONTROL, linestyle=DASHED, label="flow")
            ax.set_ylim(bottom=0)
        column[0].set_title(name, fontsize=9, loc="right")
        column[1].set(xlabel="time (learning rate x steps)")
    axes[0, 0].set(ylabel=IPR)
    axes[1, 0].set(ylabel="norm of the weights")
    legend(axes[0, 0])


CLAIM = Claim(
    9,
    "single",
    "A single neuron: the theory, with SGD's noise in it, against SGD",
    parts,
    judge,
    draw,
    (12.0, 6.4),
)
