"""What a claim is: its parts, what they come to, and its figure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .criteria import FULL as FULL
from .criteria import QUICK as QUICK
from .criteria import Effort
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
