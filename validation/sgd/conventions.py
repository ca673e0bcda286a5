"""The conventions of Ingrosso & Goldt's own runs, so that their settings can be given as they are.

==========================  ====================================  =============================================
theirs                      what it is                            ours
==========================  ====================================  =============================================
input over sqrt D           h = w.x / sqrt D + b                  w is theirs over sqrt D
loss (y - s)^2              without the 1/2                       loss is theirs over 2
committee, lr               gradient of s = mean_k, times K       learning_rate = 2 lr / D
time                        steps / D                             t = 2 lr time
trained biases              rate of the weights over D            bias_rate = 1: no sqrt D in h's bias
two layers                  s = sum_k v_k sigma(h_k), no K        readout = K v, learning_rate = 2 lr / (K D),
                                                                  t = 2 lr time / K
readouts                    lr / D, loss is mean of two outputs   readout_rate = K^2 / 2
start                       entries of w of sd 0.1                rows of norm about 0.1: ``amplitude`` is both
covariance of z             1e-3 on its diagonal, not in Z        the same, in the sampler alone
Gaussian control            covariance asin(q c)/asin q of that   the same: asin(1.001 q)/asin q on the diagonal
==========================  ====================================  =============================================

Sources: theory.md section 1; github.com/sgoldt/conv_emerge (commit 58a6e99, ``conv_emerge_online.py``, ``network.py``,
``inputs.py``), read, not run. Their network has two outputs, one a class; of a committee they are s and -s, of two
layers we take them so, where theirs start from independent rows. A neuron is a committee of one. Refused, being other
rules there: cross-entropy (a softmax of two outputs) and labels 0 and 1 (one-hot: targets +-1/2). Cumulants that are
recorded are those of the law without the 1e-3, which matters at large gain (30 acts as 22). The theory (``solve``,
``drift``) does not copy these conventions.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from cumulode.theory.problem.problem import Problem
from cumulode.theory.user_input.arguments import InvalidArgument
from cumulode.theory.user_input.arrays import real_array

from .settings import OURS, THEIRS, Sgd

#: What they add to the diagonal of the Gaussian covariance.
DIAGONAL = 1e-3


@dataclass(frozen=True)
class Units:
    """Factors from their numbers to ours, all 1 (and no diagonal) in our own conventions.

    ``rate``: of the learning rate of the weights; ``time``: of the times; ``weight``: of the weights; ``readout``: of
    readouts; ``readout_rate``: rate of readouts relative to that of the weights; ``loss``: from our loss to theirs.
    """

    name: str = OURS
    rate: float = 1.0
    time: float = 1.0
    weight: float = 1.0
    readout: float = 1.0
    readout_rate: float = 1.0
    loss: float = 1.0
    diagonal: float = 0.0

    def times_to_ours(self, t_eval: Any) -> Any:
        """Times in our units; what is no numbers is left for the check of times to refuse."""
        if self.name == THEIRS and t_eval is None:
            raise InvalidArgument("t_eval", None, f"times, steps / D, with conventions={THEIRS!r}")
        return scaled(t_eval, self.time)

    def weights_to_ours(self, w0: Any) -> Any:
        """Weights in our units; what is no numbers is left for the check of weights to refuse."""
        return scaled(w0, self.weight)

    def rule(self, rule: Any) -> Any:
        """A network's rule in our units."""
        return rule._replace(
            learning_rate=rule.learning_rate * self.rate, readout_rate=rule.readout_rate * self.readout_rate
        )

    def from_ours(self, run: Any) -> Any:
        """A run of ours in these units."""
        if self.name == OURS:
            return run
        changed: dict[str, Any] = {"t": run.t / self.time, "w": run.w / self.weight}
        if hasattr(run, "loss"):
            changed |= {name: getattr(run, name) * self.loss for name in ("loss", "loss_error")}
            changed["readout"] = run.readout / self.readout
        return replace(run, **changed)


#: Our own.
OWN = Units()


def scaled(value: Any, factor: float) -> Any:
    """Numbers times a factor; anything else as it is, to be refused by those who know its name."""
    if value is None or factor == 1.0:
        return value
    try:
        return real_array("", value, "") * factor
    except InvalidArgument:
        return value


def units_of(sgd: Sgd, problem: Problem) -> Units:
    """The factors of ``sgd.conventions`` for a committee, or a neuron."""
    if sgd.conventions == OURS:
        return OWN
    rate, weight = 2.0 / problem.size, 1.0 / float(np.sqrt(problem.size))
    return Units(THEIRS, rate, 2.0 * sgd.learning_rate, weight, loss=2.0, diagonal=DIAGONAL)


def network_units(sgd: Sgd, problem: Problem, hidden: int, architecture: Any, loss: Any, labels: Any) -> Units:
    """The same for a network of ``hidden`` units; what theirs has otherwise is refused."""
    units = units_of(sgd, problem)
    if units.name == OURS:
        return units
    if loss != "mse":
        raise InvalidArgument("loss", loss, f"'mse' with conventions={THEIRS!r} (their cross-entropy has two outputs)")
    if tuple(labels) != (-1, 1):
        raise InvalidArgument("labels", labels, f"(-1, 1) with conventions={THEIRS!r} (their 0 and 1 are one-hot)")
    if architecture != "two-layer":
        return units
    K = float(hidden)
    return replace(units, rate=units.rate / K, time=units.time / K, readout=K, readout_rate=K**2 / 2)


def check_readout(readout: Any, units: Units, architecture: Any) -> Any:
    """Their readouts v as ours; they must be given, since theirs are random and of two outputs."""
    if units.name == THEIRS and architecture == "two-layer" and readout is None:
        raise InvalidArgument(
            "readout", None, f"numbers v_k, one a hidden unit, with conventions={THEIRS!r} (theirs: sd 0.1)"
        )
    return scaled(readout, units.readout)
