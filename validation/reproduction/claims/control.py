"""Claim 2: on Gaussian inputs of the same covariance neither half of the units localises."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..claim import Claim, Data, Judgement
from ..drawing import CONTROL, HIGH, LOW, OTHER, band, fields, participation
from ..findings import over_seeds
from ..networks import networks, nlgp
from ..parts import Part
from ..scales import Scale
from ..units import BAR, last, localised_share, medians
from . import tiling

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def parts(scale: Scale) -> dict[str, tuple[Part, ...]]:
    """The same networks, from the same starts, on the two kinds of inputs."""
    control = networks("network-control", nlgp(scale.size).gaussian_control(), scale.seeds)
    return {**tiling.plain_parts(scale), "control": control}


def judge(data: Data, scale: Scale) -> Judgement:
    """IPR x D of both halves on Gaussian inputs, and how much larger NLGP inputs make it."""
    control, ratio = data["control"], medians(data["nlgp"], -1)[:, -1] / medians(data["control"], -1)[:, -1]
    numbers = [
        over_seeds("IPR x D, control, b < 0, median of a network", medians(control, -1)[:, -1], below=BAR),
        over_seeds("IPR x D, control, b > 0, median of a network", medians(control, +1)[:, -1], below=BAR),
        over_seeds("IPR x D of NLGP over control, b < 0", ratio, above=1.0),
        over_seeds("share of fields that are localised, control, b < 0", localised_share(control, -1)),
        over_seeds("share of fields that are localised, control, b > 0", localised_share(control, +1)),
    ]
    return numbers, (
        f"{scale.seeds} networks of 8 units, D = {scale.size}, t = 300; the control has the second cumulants of the "
        "NLGP inputs. Both from the same starts."
    )


def draw(figure: Figure, data: Data, scale: Scale) -> None:
    """Fields on both kinds of inputs, and IPR over time."""
    left, right, over = figure.subplots(1, 3, width_ratios=(1, 1, 1.4))
    for ax, name, colour, words in ((left, "nlgp", LOW, "NLGP"), (right, "control", CONTROL, "Gaussian control")):
        fields(ax, last(data[name], -1)[0], colour)
        ax.set_title(f"{words}, $b < 0$ (seed 0)", fontsize=9)
    for name, sign, colour, words in (
        ("nlgp", -1, LOW, f"NLGP, $b<0$, mean and sd of {scale.seeds} networks' medians"),
        ("nlgp", +1, HIGH, "NLGP, $b>0$"),
        ("control", -1, CONTROL, "control, $b<0$"),
        ("control", +1, OTHER, "control, $b>0$"),
    ):
        band(over, data[name]["t"], medians(data[name], sign), colour, words)
    participation(over, BAR)


CLAIM = Claim(
    2,
    "control",
    "Trained on Gaussian inputs of the same covariance, neither half of the units localises",
    parts,
    judge,
    draw,
    (10.0, 3.8),
)
