"""``Sgd``: the rule of stochastic gradient descent; one object for every function that trains."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from cumulode.theory.user_input.arguments import choice, integer, real
from cumulode.theory.user_input.options import choose_options, option

OURS, THEIRS = "cumulode", "ingrosso-goldt"


@dataclass(frozen=True)
class Sgd:
    """The rule of SGD.

    Parameters
    ----------
    learning_rate : float > 0
        Time is learning rate x steps.
    batch_size : int >= 1
        Samples a step.
    conventions : {"cumulode", "ingrosso-goldt"}
        Units of weights, times and learning rate: cumulode's, or those of the paper's own runs
        (docs/conventions.md).

    Raises
    ------
    InvalidArgument
        Naming the field, what came and what is allowed.
    """

    learning_rate: float = option(0.01, "learning rate of SGD")
    batch_size: int = option(100, "samples a step")
    conventions: str = option(OURS, "units of w0, time and learning rate: cumulode or ingrosso-goldt")

    def __post_init__(self) -> None:
        object.__setattr__(self, "learning_rate", real("learning_rate", self.learning_rate, gt=0))
        object.__setattr__(self, "batch_size", integer("batch_size", self.batch_size, ge=1, le=2**31 - 1))
        choice("conventions", self.conventions, (OURS, THEIRS))


def choose(sgd: Sgd | None, **keywords: Any) -> Sgd:
    """``sgd`` where it is given, else ``Sgd(**keywords)``; keywords that contradict ``sgd`` are refused."""
    return choose_options("sgd", sgd, Sgd(), keywords)
