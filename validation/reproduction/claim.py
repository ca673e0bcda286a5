"""What a claim is: its parts, what they come to, and its figure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .findings import Number
from .parts import Arrays, Part
from .scales import Scale

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Data = dict[str, Arrays]
Judgement = tuple[list[Number], str]


@dataclass(frozen=True)
class Claim:
    """A statement of the paper.

    ``parts(scale)``: its data by name, each as parts that are joined along their first axis; ``judge(data, scale)``:
    the numbers and a line about them; ``draw(figure, data, scale)`` fills an empty figure of ``figsize`` inches.
    """

    number: int
    name: str
    title: str
    parts: Callable[[Scale], dict[str, tuple[Part, ...]]]
    judge: Callable[[Data, Scale], Judgement]
    draw: Callable[[Figure, Data, Scale], None]
    figsize: tuple[float, float] = (9.0, 3.6)
