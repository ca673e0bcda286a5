"""Claim 4: the same with other activations, losses, trained biases and readouts, and in two dimensions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from cumulode.validation.reproduction import criteria
from cumulode.validation.reproduction.claim import Arrays, Claim, Data, Effort, Judgement, Number, Parts, over_seeds
from cumulode.validation.reproduction.drawing import CONTROL, LOW, band, participation
from cumulode.validation.reproduction.networks import networks, nlgp
from cumulode.validation.reproduction.units import chosen, medians, scaled

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SIDE = 20
FROM = 10.0
#: Name: words, changes of the problem, options of the network.
VARIANTS: dict[str, tuple[str, dict[str, Any], dict[str, Any]]] = {
    "tanh": ("tanh", {"activation": "tanh"}, {}),
    "relu": ("ReLU, b = 0, labels 0 and 1", {"activation": "relu", "bias": 0.0}, {"labels": [0, 1], "biases": "equal"}),
    "biases": ("trained biases", {}, {"biases": "trained"}),
    "readout": ("trained readout", {}, {"architecture": "two-layer"}),
    "both": ("trained biases and readout", {}, {"architecture": "two-layer", "biases": "trained"}),
    "entropy": ("cross-entropy", {}, {"loss": "cross-entropy"}),
    "torus": (f"{SIDE} x {SIDE} torus, xi 2/1", {"xi": 2.0}, {}),
    "torus-biases": ("the torus, gain 10, trained biases", {"xi": 2.0, "gain": 10.0}, {"biases": "trained"}),
}


def parts(effort: Effort) -> Parts:
    """Every variant, and its Gaussian control."""
    networks_of: Parts = {}
    for name, (_, changes, options) in VARIANTS.items():
        torus = name.startswith("torus")
        problem = nlgp((SIDE, SIDE) if torus else effort.size, **changes)
        extra: dict[str, Any] = {"time": effort.torus_time} if torus else {}
        for kind, of in ((name, problem), (f"{name}-control", problem.gaussian_control())):
            networks_of[kind] = networks(f"variant-{kind}", of, effort.variant_seeds, **extra, **options)
    return networks_of


def _sign(name: str) -> int:
    """The units that are looked at: b < 0, or all where they have one bias."""
    return 0 if VARIANTS[name][2].get("biases") == "equal" else -1


def judge(data: Data, effort: Effort) -> Judgement:
    """For every variant, the largest IPR x D over time over the control's, and what is left of it at the end."""
    numbers: list[Number] = []
    for name, (words, _, _) in VARIANTS.items():
        here, control = (_late(data[kind], _sign(name)) for kind in (name, f"{name}-control"))
        numbers += [
            over_seeds(f"{words}: largest IPR x D over the control's", here.max(-1) / control.max(-1), **criteria.MORE),
            over_seeds(f"{words}: IPR x D, largest in time", here.max(-1)),
            over_seeds(f"{words}: IPR x D, at the end", here[:, -1]),
            over_seeds(f"{words}: the control's IPR x D, largest in time", control.max(-1), **criteria.STAYS_EXTENDED),
        ]
    return numbers, (
        f"{effort.variant_seeds} networks of 8 units each, medians over the units of b < 0 (of ReLU over all); rings "
        f"of D = {effort.size}, t = 300, tori t = {effort.torus_time:g}. With a trained readout fields localise and "
        "widen again later: the criteria are on the largest value from t = 10 on."
    )


def _late(run: Arrays, sign: int) -> np.ndarray:
    """Medians from t = ``FROM`` on, (n, T'): what is left of the random start before does not count."""
    return medians(run, sign)[:, run["t"] >= FROM]


def draw(figure: Figure, data: Data, effort: Effort) -> None:
    """IPR x D of every variant and its control over time, and a field on the torus."""
    from cumulode.validation.plots.torus_images import field_image  # here, so that matplotlib loads for figures alone

    axes = figure.subplots(3, 3).ravel()
    for ax, (name, (words, _, _)) in zip(axes, VARIANTS.items(), strict=False):
        for kind, colour, label in ((name, LOW, "NLGP"), (f"{name}-control", CONTROL, "control")):
            band(ax, data[kind]["t"], medians(data[kind], _sign(name)), colour, label)
        participation(ax, criterion=False)
        ax.get_legend().remove()
        ax.set_title(words, fontsize=9)
    axes[0].legend(frameon=False, fontsize=8)
    run, image = data["torus-biases"], axes[-1]
    units = np.flatnonzero(chosen(run, -1))
    values = scaled(run)[0, -1]
    best = units[np.argmax(values[units])]
    field_image(run["w"][0, -1, best], image, shape=(SIDE, SIDE))
    image.set_title(f"torus, gain 10: IPR x D = {values[best]:.1f} (seed 0)", fontsize=9)


CLAIM = Claim(
    4,
    "robust",
    "Other activations and losses, trained biases and readouts, two dimensions: localised more than on the control",
    parts,
    judge,
    draw,
    (11.5, 8.6),
)
