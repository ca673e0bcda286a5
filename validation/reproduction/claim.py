"""What a claim is: its parts, what they come to, and its figure; and how much is computed for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .findings import Number
from .findings import over_seeds as over_seeds
from .parts import Arrays, Part

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = [
    "FULL",
    "QUICK",
    "Arrays",
    "Claim",
    "Data",
    "Effort",
    "Judgement",
    "Number",
    "Part",
    "Parts",
    "every",
    "over_seeds",
]

Data = dict[str, Arrays]
Parts = dict[str, tuple[Part, ...]]
Judgement = tuple[list[Number], str]


def every(parts: Parts) -> list[Part]:
    """The parts of all data of a claim."""
    return [part for group in parts.values() for part in group]


@dataclass(frozen=True)
class Effort:
    """Sizes and numbers of a run of ``reproduce``; all else (gains, biases, rates, times) is the same in both.

    Attributes
    ----------
    size : int
        Sites D of the rings.
    seeds, variant_seeds : int
        Of the networks; of each variant of claim 4.
    torus_time : float
    neuron_seeds : int
        Of a single neuron's SGD.
    starts : int
        Of the theory.
    gains : int
        Of the tensor's decompositions.
    """

    name: str
    size: int
    seeds: int
    variant_seeds: int
    torus_time: float
    neuron_seeds: int
    starts: int
    gains: int


QUICK = Effort("quick", size=40, seeds=8, variant_seeds=6, torus_time=300.0, neuron_seeds=8, starts=8, gains=5)
FULL = Effort("full", size=100, seeds=16, variant_seeds=12, torus_time=600.0, neuron_seeds=16, starts=32, gains=9)


@dataclass(frozen=True)
class Claim:
    """A statement of the paper.

    ``parts(effort)``: its data by name, each as parts that are joined along their first axis; ``judge(data, effort)``:
    the numbers and a line about them; ``draw(figure, data, effort)`` fills an empty figure of ``figsize`` inches.
    """

    number: int
    name: str
    title: str
    parts: Callable[[Effort], Parts]
    judge: Callable[[Data, Effort], Judgement]
    draw: Callable[[Figure, Data, Effort], None]
    figsize: tuple[float, float] = (10.0, 3.8)
