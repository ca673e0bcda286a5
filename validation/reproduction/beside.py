"""Networks on some inputs beside the same ones on their Gaussian control: what claims 2 and 8 have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .claim import Data
from .drawing import CONTROL, HIGH, LOW, OTHER, band, fields, participation
from .findings import Number, over_seeds
from .scales import Scale
from .units import BAR, last, medians

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def of_the_control(data: Data, name: str, words: str) -> list[Number]:
    """IPR x D of both halves of ``control``, which is asked to stay low, and by how much ``name`` exceeds it."""
    control, ratio = data["control"], medians(data[name], -1)[:, -1] / medians(data["control"], -1)[:, -1]
    return [
        over_seeds("IPR x D, control, b < 0, median of a network", medians(control, -1)[:, -1], below=BAR),
        over_seeds("IPR x D, control, b > 0, median of a network", medians(control, +1)[:, -1], below=BAR),
        over_seeds(f"IPR x D of {words} over control, b < 0", ratio, above=1.0),
    ]


def draw(figure: Figure, data: Data, scale: Scale, name: str, words: str) -> None:
    """Fields on both kinds of inputs, and IPR over time."""
    left, right, over = figure.subplots(1, 3, width_ratios=(1, 1, 1.4))
    for ax, key, colour, title in ((left, name, LOW, words), (right, "control", CONTROL, "Gaussian control")):
        fields(ax, last(data[key], -1)[0], colour)
        ax.set_title(f"{title}, $b < 0$ (seed 0)", fontsize=9)
    for key, sign, colour, label in (
        (name, -1, LOW, f"{words}, $b<0$, mean and sd of {scale.seeds} networks' medians"),
        (name, +1, HIGH, f"{words}, $b>0$"),
        ("control", -1, CONTROL, "control, $b<0$"),
        ("control", +1, OTHER, "control, $b>0$"),
    ):
        band(over, data[key]["t"], medians(data[key], sign), colour, label)
    participation(over, BAR)
