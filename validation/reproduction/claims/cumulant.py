"""Claim 6: the theory of third order localises with the fourth cumulant, and not without; it overshoots."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from cumulode.theory import Problem
from cumulode.validation.reproduction import criteria
from cumulode.validation.reproduction.claim import Arrays, Claim, Data, Effort, Judgement, Number, Part, Parts
from cumulode.validation.reproduction.drawing import CONTROL, HIGH, LOW, two_kinds
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
    """Third order in w, with the laws' fourth cumulants and with none; the closure to all orders in w."""
    problem = nlgp(effort.size)
    return {
        "with": (flows("taylor-nlgp", problem, "taylor", effort.starts),),
        "without": (flows("taylor-control", problem.gaussian_control(), "taylor", effort.starts),),
        "closed": (flows("regression-nlgp", problem, "regression", effort.starts),),
    }


def judge(data: Data, effort: Effort) -> Judgement:
    """IPR x D of both at the end, and how far the third order overshoots."""
    here, without, closed = (scaled(data[name])[:, -1] for name in ("with", "without", "closed"))
    norms = [np.linalg.norm(data[name]["w"][:, -1], axis=-1) for name in ("with", "closed")]
    with_k, least = "smallest IPR x D with the fourth cumulant, over the starts", float(here.min())
    numbers = [
        Number(with_k, least, **criteria.LOCALISES),
        Number("largest IPR x D without, over the starts", float(without.max()), **criteria.STAYS_EXTENDED),
        Number("IPR, third order over regression, smallest", float((here / closed).min()), **criteria.MORE),
        Number("IPR x D by regression, largest", float(closed.max())),
        Number("norm, third order over regression, largest", float((norms[0] / norms[1]).max())),
    ]
    return numbers, (
        f"One neuron, b = -1, D = {effort.size}, closure taylor, {effort.starts} random starts of norm 0.1, "
        f"t = {TIME:g}. Without: the same covariance, K = 0. Regression knows all orders in w."
    )


def draw(figure: Figure, data: Data, effort: Effort) -> None:
    """Final fields of both, and IPR over time."""
    kinds = ((data["with"], LOW, "with $K$"), (data["without"], CONTROL, "without $K$"))
    closed = data["closed"]
    two_kinds(
        figure,
        [(run["w"][:4, -1], colour, f"fields, {words}") for run, colour, words in kinds],
        [
            (run["t"], scaled(run), colour, f"third order {words}, {effort.starts} starts")
            for run, colour, words in kinds
        ]
        + [(closed["t"], scaled(closed), HIGH, "all orders (regression) with $K$")],
    )


CLAIM = Claim(
    6,
    "cumulant",
    "The theory of third order localises with the fourth cumulant, not without it, and overshoots",
    parts,
    judge,
    draw,
)
