"""Claim 9: a single neuron, theory against SGD."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from cumulode.theory import Problem
from cumulode.validation.reproduction.claim import Arrays, Claim, Data, Effort, Judgement, Number, Part, Parts
from cumulode.validation.reproduction.drawing import CONTROL, HIGH, IPR, LOW, SINUSOID, band, legend
from cumulode.validation.reproduction.networks import checked, nlgp
from cumulode.validation.sgd.starts import random_start

if TYPE_CHECKING:
    from matplotlib.figure import Figure

TIME, RATE, BATCH, START = 150.0, 0.01, 100, 1
CLOSURES = ("regression", "tree")
#: Theory and SGD may differ by this share of the IPR: the closures' known error (theory.md section 3).
ALLOWED = 0.1


def parts(effort: Effort) -> Parts:
    """SGD at the usual rate and at twice it, and the closures."""
    settings = {
        "problem": nlgp(effort.size).to_dict(),
        "seeds": effort.neuron_seeds,
        "start": START,
        "batch": BATCH,
        "time": TIME,
    }
    return {
        "sgd": (Part("neuron-sgd", _sgd, {**settings, "rate": RATE}),),
        "coarse": (Part("neuron-sgd-coarse", _sgd, {**settings, "rate": 2 * RATE}),),
        **{c: (Part(f"neuron-{c}", _theory, {**settings, "closure": c}),) for c in CLOSURES},
    }


def _given(settings: dict[str, Any]) -> tuple[Problem, np.ndarray, np.ndarray]:
    """Problem, start and times."""

    problem = Problem.from_dict(settings["problem"])
    return problem, random_start(settings["start"], 0.1, problem.size), np.linspace(0.0, settings["time"], 31)


def _sgd(settings: dict[str, Any], progress: bool) -> Arrays:
    from cumulode.validation.sgd.neuron import simulate_sgd

    problem, start, times = _given(settings)
    first = 0 if settings["rate"] == RATE else 10**6  # streams of their own: the means are independent
    seeds = list(range(first, first + settings["seeds"]))
    run = simulate_sgd(problem, start, times, settings["rate"], settings["batch"], seeds=seeds, progress=progress)
    return checked(run, ("w", "k2", "k4", "ipr", "norm"))


def _theory(settings: dict[str, Any], progress: bool) -> Arrays:
    from cumulode.numerics import solve

    problem, start, times = _given(settings)
    run = solve(problem, start[None], times, closure=settings["closure"])
    return checked(run, ("w", "k2", "k4", "ipr", "norm"))


def judge(data: Data, effort: Effort) -> Judgement:
    """Final IPR and norm of theory over SGD's."""
    numbers = []
    for name, words in (("ipr", "IPR"), ("norm", "norm")):
        fine, coarse = data["sgd"][name][:, -1], data["coarse"][name][:, -1]
        error = float(fine.std(ddof=1) / np.sqrt(fine.size) / fine.mean())
        shift = float(coarse.mean() / fine.mean() - 1)
        for closure in CLOSURES:
            ratio = float(data[closure][name][0, -1] / fine.mean())
            what = f"|{words}, theory ({closure}) over SGD - 1|, t = {TIME:g}"
            numbers.append(Number(what, abs(ratio - 1), error * ratio, below=ALLOWED))
        numbers.append(Number(f"change of SGD's {words} when its learning rate is doubled", shift, 2**0.5 * error))
    return numbers, (
        f"One neuron, b = -1, D = {effort.size}, from one start of norm 0.1; SGD of learning rate {RATE:g}, batch "
        f"{BATCH}, {effort.neuron_seeds} seeds. For verdicts over time: `cumulode compare`."
    )


def draw(figure: Figure, data: Data, effort: Effort) -> None:
    """IPR and norm over time, and the final field."""
    over, norms, field = figure.subplots(1, 3)
    size = effort.size
    for ax, name, factor in ((over, "ipr", size), (norms, "norm", 1)):
        band(ax, data["sgd"]["t"], factor * data["sgd"][name], LOW, f"SGD, mean and sd of {effort.neuron_seeds} seeds")
        for closure, colour, style in zip(CLOSURES, (HIGH, CONTROL), ("-", "--"), strict=True):
            band(ax, data["sgd"]["t"], factor * data[closure][name], colour, f"theory, {closure}", style)
        ax.set_ylim(bottom=0)
        ax.set(xlabel="time (learning rate x steps)")
    over.axhline(SINUSOID, color="0.3", linestyle=":", linewidth=1)
    over.set(ylabel=IPR)
    norms.set(ylabel="norm of the weights")
    _fields(field, data)
    for ax in (over, norms, field):
        legend(ax)


def _fields(ax: Any, data: Data) -> None:
    """Final fields, SGD's aligned to the theory's."""
    from cumulode.validation.receptive_fields.symmetry import align

    final = data["regression"]["w"][0, -1]
    aligned = align(data["sgd"]["w"][:, -1], final)[0]
    ax.plot(aligned.T, color=LOW, linewidth=0.7, alpha=0.6)
    ax.plot([], [], color=LOW, label="SGD, a line for each seed")
    ax.plot(final, color=HIGH, linewidth=2, label="theory, regression")
    ax.set(xlabel="site", ylabel="weight at the end")


CLAIM = Claim(9, "single", "A single neuron: the theory against SGD", parts, judge, draw, (12.0, 3.9))
