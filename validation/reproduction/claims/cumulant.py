"""Claim 6: the theory of third order localises with the fourth cumulant, and not without."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from cumulode.theory import Problem
from cumulode.validation.receptive_fields.localised import MEDIAN_LOCALISED
from cumulode.validation.reproduction.claim import Arrays, Claim, Data, Effort, Judgement, Number, Part, Parts
from cumulode.validation.reproduction.drawing import CONTROL, LOW, two_kinds
from cumulode.validation.reproduction.networks import checked, nlgp
from cumulode.validation.reproduction.units import scaled
from cumulode.validation.sgd.starts import random_start

if TYPE_CHECKING:
    from matplotlib.figure import Figure

TIME, AMPLITUDE = 300.0, 0.1


def flows(name: str, problem: Problem, closure: str, starts: int, time: float = TIME) -> Part:
    """The theory of one neuron from ``starts`` random starts."""
    settings = {
        "problem": problem.to_dict(),
        "closure": closure,
        "starts": starts,
        "amplitude": AMPLITUDE,
        "time": time,
    }
    return Part(name, _solve, settings)


def _solve(settings: dict[str, Any], progress: bool) -> Arrays:
    from cumulode.numerics import solve

    problem = Problem.from_dict(settings["problem"])
    w0 = np.stack([random_start(seed, settings["amplitude"], problem.size) for seed in range(settings["starts"])])
    times = np.linspace(0.0, settings["time"], 61)
    return checked(solve(problem, w0, times, closure=settings["closure"]), ("w", "k2", "k4"))


def parts(effort: Effort) -> Parts:
    """Third order in w, with the laws' fourth cumulants and with none."""
    problem = nlgp(effort.size)
    return {
        "with": (flows("taylor-nlgp", problem, "taylor", effort.starts),),
        "without": (flows("taylor-control", problem.gaussian_control(), "taylor", effort.starts),),
    }


def judge(data: Data, effort: Effort) -> Judgement:
    """IPR x D of both at the end."""
    here, without = (scaled(data[name])[:, -1] for name in ("with", "without"))
    numbers = [
        Number("smallest IPR x D with the fourth cumulant, over the starts", float(here.min()), above=MEDIAN_LOCALISED),
        Number("largest IPR x D without, over the starts", float(without.max()), below=MEDIAN_LOCALISED),
    ]
    return numbers, (
        f"One neuron, b = -1, D = {effort.size}, closure taylor, {effort.starts} random starts of norm 0.1, "
        f"t = {TIME:g}. Without: the same covariance, K = 0."
    )


def draw(figure: Figure, data: Data, effort: Effort) -> None:
    """Final fields of both, and IPR over time."""
    kinds = ((data["with"], LOW, "with $K$"), (data["without"], CONTROL, "without $K$"))
    two_kinds(
        figure,
        [(run["w"][:4, -1], colour, f"fields, {words}") for run, colour, words in kinds],
        [
            (run["t"], scaled(run), colour, f"third order {words}, {effort.starts} starts")
            for run, colour, words in kinds
        ],
    )


CLAIM = Claim(
    6,
    "cumulant",
    "The theory of third order localises with the fourth cumulant, and not without it",
    parts,
    judge,
    draw,
)
