"""Who is drawn how: one table of roles and one palette. Light: it may be imported without matplotlib."""

from __future__ import annotations

from typing import NamedTuple

from cumulode.numerics.result import time_units

#: Okabe and Ito's colours, told apart in all common kinds of colour vision, without the yellow that is lost on white.
PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
MARKERS = ("o", "s", "^", "D", "v", "P", "X")


class Role(NamedTuple):
    """What a run is in a comparison, and how it looks: thin lines stand over thick ones, so that both are seen."""

    name: str
    colour: str
    width: float
    zorder: int
    member: str  # what several runs of it are


ROLES = {
    "theory": Role("theory", PALETTE[0], 2.2, 4, "start"),
    "control": Role("control, theory", PALETTE[2], 2.2, 3, "start"),
    "sgd": Role("SGD", PALETTE[1], 1.4, 5, "seed"),
    "control_sgd": Role("control, SGD", PALETTE[3], 1.4, 5, "seed"),
}
COLOURS = {name: role.colour for name, role in ROLES.items()}
TIME = f"time ({time_units({})})"
#: Line style of each class.
CLASSES = {"class plus": "-", "class minus": "--"}
