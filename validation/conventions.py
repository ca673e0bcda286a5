"""The conventions of Ingrosso & Goldt's own runs, so that their settings can be typed in as they are.

======================  ====================================  ==========================================
theirs                  what it is                            ours
======================  ====================================  ==========================================
input over sqrt D       h = w.x / sqrt D + b                  w is theirs over sqrt D
loss (y - s)^2          without the 1/2                       twice the learning rate, half the loss
lr                      plain gradient of the mean output     learning_rate = 2 lr / (K D), K = 1: 2 lr / D
time                    steps / D                             t = 2 lr time / K
lr of b and readout     the same lr: no sqrt D in these       D times the rate of the weights
covariance of z         1e-3 on its diagonal, not in Z        the same, in the sampler alone
cross-entropy           no factor                             learning_rate = lr / (K D)
======================  ====================================  ==========================================

Sources: theory.md section 1, checked against an explicit loop in their conventions (tests). That a committee of K units
descends the plain gradient of its loss, so that lr is divided by K, is assumed: their code is not at hand. Gains and
correlation lengths mean the same. What is recorded of cumulants is the law's, without the 1e-3. The theory (``solve``,
``drift``) does not copy these conventions.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from cumulode.numerics.inputs import check_times
from cumulode.theory.problem import Problem
from cumulode.theory.validate import choice, complain

from .training import check_rate

OURS, THEIRS = "cumulode", "ingrosso-goldt"
CONVENTIONS = (OURS, THEIRS)
#: What they add to the diagonal of the Gaussian covariance.
DIAGONAL = 1e-3


@dataclass(frozen=True)
class Units:
    """Factors from their numbers to ours, all 1 (and no diagonal) in our own conventions.

    ``rate``: of the learning rate of the weights; ``time``: of the times; ``weight``: of the weights; ``other``: rate
    of biases and readouts relative to that of the weights; ``loss``: from our loss to theirs.
    """

    name: str = OURS
    rate: float = 1.0
    time: float = 1.0
    weight: float = 1.0
    other: float = 1.0
    loss: float = 1.0
    diagonal: float = 0.0

    def given(self, learning_rate: Any, t_eval: Any, w0: Any, amplitude: Any = 1.0) -> tuple[Any, Any, Any, Any]:
        """What was typed in, as ours; what is no number is left for the function itself to refuse."""
        if self.name == OURS:
            return learning_rate, t_eval, w0, amplitude
        if t_eval is None:
            raise complain("t_eval", None, f"times, steps / D, with conventions={THEIRS!r}")
        rate, times = check_rate(learning_rate) * self.rate, check_times(t_eval) * self.time
        return rate, times, _scaled(w0, self.weight), _scaled(amplitude, self.weight)

    def clock(self, learning_rate: float) -> tuple[float, float]:
        """The time of a step, and the learning rate, as asked for, of our learning rate."""
        return learning_rate / self.time, learning_rate / self.rate

    def told(self, run: Any) -> Any:
        """A run in the units that were asked for, with a word about them in its provenance."""
        run.provenance["conventions"] = self.name
        if self.name == OURS:
            return run
        run.provenance["learning_rate"] /= self.rate
        changed: dict[str, Any] = {"t": run.t / self.time, "w": run.w / self.weight}
        for name in ("loss", "loss_error"):
            if hasattr(run, name):
                changed[name] = getattr(run, name) * self.loss
        return replace(run, **changed)


def _scaled(value: Any, factor: float) -> Any:
    """Numbers times a factor; anything else as it is."""
    if value is None or isinstance(value, (str, bool)):
        return value
    try:
        return np.asarray(value) * factor if np.ndim(value) else value * factor
    except (TypeError, ValueError):
        return value


def units(conventions: object, problem: Problem, learning_rate: Any, hidden: int = 1, squared: bool = True) -> Units:
    """The factors of ``conventions`` ("cumulode" or "ingrosso-goldt") for a network of ``hidden`` units.

    ``squared``: whether the loss is the squared error. Raises ValueError naming ``conventions``.
    """
    if choice("conventions", conventions, CONVENTIONS) == OURS:
        return Units()
    size, factor = problem.size, 2.0 if squared else 1.0
    rate = factor / (hidden * size)
    return Units(
        name=THEIRS,
        rate=rate,
        time=rate * size * check_rate(learning_rate),
        weight=1.0 / float(np.sqrt(size)),
        other=float(size),
        loss=factor,
        diagonal=DIAGONAL,
    )
