"""Claim 2: on Gaussian inputs of the same covariance neither half of the units localises."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cumulode.validation.reproduction import beside
from cumulode.validation.reproduction.claim import Claim, Data, Judgement
from cumulode.validation.reproduction.findings import over_seeds
from cumulode.validation.reproduction.networks import networks, nlgp
from cumulode.validation.reproduction.parts import Part
from cumulode.validation.reproduction.scales import Scale
from cumulode.validation.reproduction.units import localised_share

from . import tiling

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def parts(scale: Scale) -> dict[str, tuple[Part, ...]]:
    """The same networks, from the same starts, on the two kinds of inputs."""
    control = networks("network-control", nlgp(scale.size).gaussian_control(), scale.seeds)
    return {**tiling.plain_parts(scale), "control": control}


def judge(data: Data, scale: Scale) -> Judgement:
    """IPR x D of both halves on Gaussian inputs, and how much larger NLGP inputs make it."""
    numbers = [
        *beside.of_the_control(data, "nlgp", "NLGP"),
        over_seeds("share of fields that are localised, control, b < 0", localised_share(data["control"], -1)),
        over_seeds("share of fields that are localised, control, b > 0", localised_share(data["control"], +1)),
    ]
    return numbers, (
        f"{scale.seeds} networks of 8 units, D = {scale.size}, t = 300; the control has the second cumulants of the "
        "NLGP inputs. Both from the same starts."
    )


def draw(figure: Figure, data: Data, scale: Scale) -> None:
    """Fields on both kinds of inputs, and IPR over time."""
    beside.draw(figure, data, scale, "nlgp", "NLGP")


CLAIM = Claim(
    2,
    "control",
    "Trained on Gaussian inputs of the same covariance, neither half of the units localises",
    parts,
    judge,
    draw,
    (10.0, 3.8),
)
