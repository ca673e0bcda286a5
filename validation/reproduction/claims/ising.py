"""Claim 8: on Ising inputs fields localise, too, and not on their Gaussian control."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cumulode.theory import Ising, Problem
from cumulode.validation.reproduction import beside
from cumulode.validation.reproduction.claim import Claim, Data, Judgement
from cumulode.validation.reproduction.findings import over_seeds
from cumulode.validation.reproduction.networks import networks
from cumulode.validation.reproduction.parts import Part
from cumulode.validation.reproduction.scales import Scale
from cumulode.validation.reproduction.units import BAR, medians

if TYPE_CHECKING:
    from matplotlib.figure import Figure

T_PLUS, T_MINUS = 0.7, 0.3


def parts(scale: Scale) -> dict[str, tuple[Part, ...]]:
    """Networks on Ising inputs and on their Gaussian control."""
    problem = Problem(plus=Ising(t=T_PLUS), minus=Ising(t=T_MINUS), size=scale.size, bias=-1.0)
    return {
        "ising": networks("network-ising", problem, scale.seeds),
        "control": networks("network-ising-control", problem.gaussian_control(), scale.seeds),
    }


def judge(data: Data, scale: Scale) -> Judgement:
    """IPR x D of both halves on both kinds of inputs."""
    here = data["ising"]
    numbers = [
        over_seeds("IPR x D, b < 0, median of a network", medians(here, -1)[:, -1], above=BAR),
        over_seeds("IPR x D, b > 0, median of a network", medians(here, +1)[:, -1]),
        *beside.of_the_control(data, "ising", "Ising"),
    ]
    return numbers, (
        f"{scale.seeds} networks of 8 units, Ising rings of t = {T_PLUS} and {T_MINUS}, D = {scale.size}, t = 300. "
        "Told, not asked: what the units of b > 0 do, which on NLGP inputs oscillate."
    )


def draw(figure: Figure, data: Data, scale: Scale) -> None:
    """Fields on both kinds of inputs, and IPR over time."""
    beside.draw(figure, data, scale, "ising", "Ising")


CLAIM = Claim(
    8,
    "ising",
    "On Ising inputs, too, units of b < 0 localise, and neither half does on their Gaussian control",
    parts,
    judge,
    draw,
    (10.0, 3.8),
)
