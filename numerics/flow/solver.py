"""``Solver``: how a flow is closed and integrated, and how exactly K is known; one object for every function."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, replace
from typing import Any

from cumulode.numerics.check_input import check_atol, check_rtol, check_tolerance
from cumulode.numerics.contraction.names import AUTO, check_contraction
from cumulode.theory.closures.names import check_closure
from cumulode.theory.user_input.arguments import InvalidArgument, integer, real
from cumulode.theory.user_input.options import choose_options, option

#: What is integrated without a closure.
EXACT, FROZEN = "exact", "frozen"


@dataclass(frozen=True)
class Solver:
    """How to integrate: closure, error of a step, error of the fourth cumulant.

    Parameters
    ----------
    closure : str
        taylor | taylor-activation | taylor-N | gaussian | edgeworth | bimodal | pearson | regression (default) |
        tree or tree:CHI | conditional, or the population's own flow: exact (Ising, Gaussian inputs) or frozen (on
        samples, of one problem and start): theory.md sections 3 and 6.
    rtol : float in [1e-13, 1)
        Relative error allowed in one step of the Dormand-Prince 5(4) pair.
    atol : float > 0, or None
        Absolute error allowed in one step. None: 0.03 rtol times the root mean square of the weights at that time, so
        that weights of every size, 1e-300 to 1e8, are followed with the same accuracy.
    tolerance : float in [0, 1), or None
        Relative Frobenius error allowed in the fourth cumulant tensor, on a torus at least 1e-11. None: what the
        function takes by default, 1e-3 for flows, 1e-4 for critical values, 1e-6 for stationary states.
    contraction : {"auto", "ordered-gap", "pair-form", "sorted-list"}
        How K(w,w,w) is contracted (theory.md section 5). ``auto`` takes the fastest that meets the tolerance.
    max_step : float > 0
        Longest step, in time.
    max_steps : int >= 1
        Most steps tried in one run, which then ends as OUT_OF_STEPS.
    frozen_accuracy : float in (0, 1)
        Of "frozen": the standard error of the last IPR that is asked for, relative.
    frozen_points : int from 64 to 2^20, or None
        Of "frozen": the most points a class in each of its eight scrambles; from 256 on they are doubled until the
        accuracy is met. None: what takes about a minute on two cores, by a count of operations.

    Raises
    ------
    InvalidArgument
        Naming the field, what came and what is allowed.
    """

    closure: str = option(
        "regression",
        "taylor, taylor-activation, taylor-N, gaussian, edgeworth, bimodal, pearson, regression, tree, tree:CHI, "
        "conditional, exact (Ising, Gaussian), frozen (samples)",
    )
    rtol: float = option(1e-6, "relative error of a step")
    atol: float | None = option(None, "absolute error of a step; follows the size of the weights if not given")
    tolerance: float | None = option(None, "relative error of the fourth cumulant tensor")
    contraction: str = option(AUTO, "auto, ordered-gap, pair-form or sorted-list: how K(w,w,w) is contracted")
    max_step: float = option(math.inf, "longest step")
    max_steps: int = option(50_000, "most steps tried in one run")
    frozen_accuracy: float = option(0.01, "closure frozen: relative standard error of the last IPR asked for")
    frozen_points: int | None = option(None, "closure frozen: the most points a class and scramble, if not a minute's")

    def __post_init__(self) -> None:
        check_closure(self.closure, (EXACT, FROZEN))
        checked = {"frozen_accuracy": real("frozen_accuracy", self.frozen_accuracy, gt=0, lt=1)}
        if self.frozen_points is not None:
            checked["frozen_points"] = integer("frozen_points", self.frozen_points, ge=64, le=2**20)
        checked |= {"rtol": check_rtol(self.rtol), "max_steps": integer("max_steps", self.max_steps, ge=1)}
        checked |= {} if self.atol is None else {"atol": check_atol(self.atol)}
        checked["max_step"] = real("max_step", self.max_step, gt=0, le=math.inf)
        if self.tolerance is not None:
            checked["tolerance"] = check_tolerance(self.tolerance)
        check_contraction(self.contraction)
        for name, value in checked.items():
            object.__setattr__(self, name, value)

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for provenance."""
        return asdict(self)


#: What flows take where nothing else is given.
FLOW = Solver(tolerance=1e-3)


def choose(solver: Solver | None, default: Solver, **keywords: Any) -> Solver:
    """``solver`` where it is given, else ``default`` changed by ``keywords``; both at once are refused.

    ``default`` holds the defaults of the function that is called; without a tolerance, its is taken.
    """
    chosen = choose_options("solver", solver, default, keywords)
    return chosen if chosen.tolerance is not None else replace(chosen, tolerance=default.tolerance)


def refuse_frozen(*closures: str) -> None:
    """InvalidArgument where many flows are wanted at once, each of which would be eight on samples."""
    if FROZEN in closures:
        allowed = "'exact' or a closure here (frozen samples are for solve, drift, compare and stationary_state)"
        raise InvalidArgument("closure", FROZEN, allowed)
