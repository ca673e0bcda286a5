"""Claim 6: the theory of third order localises with the fourth cumulant, and not without."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from cumulode.theory import Problem
from cumulode.validation.receptive_fields.metrics import ipr
from cumulode.validation.reproduction.claim import Claim, Data, Judgement
from cumulode.validation.reproduction.drawing import CONTROL, LOW, band, fields, participation
from cumulode.validation.reproduction.findings import Number
from cumulode.validation.reproduction.networks import checked, nlgp
from cumulode.validation.reproduction.parts import Arrays, Part
from cumulode.validation.reproduction.scales import Scale
from cumulode.validation.reproduction.units import BAR

if TYPE_CHECKING:
    from matplotlib.figure import Figure

TIME, AMPLITUDE = 300.0, 0.1


def flows(name: str, problem: Problem, closure: str, starts: int, time: float = TIME) -> Part:
    """The theory of one neuron from ``starts`` random starts."""
    told = {"problem": problem.to_dict(), "closure": closure, "starts": starts, "amplitude": AMPLITUDE, "time": time}
    return Part(name, _solve, told)


def _solve(settings: dict[str, Any], progress: bool) -> Arrays:
    from cumulode.numerics import solve
    from cumulode.validation.sgd.starts import random_start

    problem = Problem.from_dict(settings["problem"])
    w0 = np.stack([random_start(seed, settings["amplitude"], problem.size) for seed in range(settings["starts"])])
    times = np.linspace(0.0, settings["time"], 61)
    return checked(solve(problem, w0, times, closure=settings["closure"]), ("w", "k2", "k4"))


def parts(scale: Scale) -> dict[str, tuple[Part, ...]]:
    """Third order in w, with the laws' fourth cumulants and with none."""
    problem = nlgp(scale.size)
    return {
        "with": (flows("taylor-nlgp", problem, "taylor", scale.starts),),
        "without": (flows("taylor-control", problem.gaussian_control(), "taylor", scale.starts),),
    }


def _scaled(run: Arrays) -> np.ndarray:
    """IPR x D, (n, T)."""
    return np.asarray(ipr(run["w"]) * run["w"].shape[-1])


def judge(data: Data, scale: Scale) -> Judgement:
    """IPR x D of both at the end."""
    here, without = (_scaled(data[name])[:, -1] for name in ("with", "without"))
    numbers = [
        Number("smallest IPR x D with the fourth cumulant, over the starts", float(here.min()), above=BAR),
        Number("largest IPR x D without, over the starts", float(without.max()), below=BAR),
    ]
    return numbers, (
        f"One neuron, b = -1, D = {scale.size}, closure taylor, {scale.starts} random starts of norm 0.1, "
        f"t = {TIME:g}. Without: the same covariance, K = 0."
    )


def draw(figure: Figure, data: Data, scale: Scale) -> None:
    """Final fields of both, and IPR over time."""
    left, right, over = figure.subplots(1, 3, width_ratios=(1, 1, 1.4))
    for ax, name, colour, words in ((left, "with", LOW, "with $K$"), (right, "without", CONTROL, "without $K$")):
        fields(ax, data[name]["w"][:4, -1], colour)
        ax.set_title(f"fields, {words}", fontsize=9)
        band(over, data[name]["t"], _scaled(data[name]), colour, f"third order {words}, {scale.starts} starts")
    participation(over, BAR)


CLAIM = Claim(
    6,
    "cumulant",
    "The theory of third order localises with the fourth cumulant, and not without it",
    parts,
    judge,
    draw,
    (10.0, 3.8),
)
