"""Growth rates, stationary states, critical values, validity, decompositions."""

from __future__ import annotations

from typing import Any

import numpy as np
from case import ISING_RING, NLGP_RING, TIMES, TORUS, WAVES, WRAPPED, Arrays, call, case, start

import cumulode
from cumulode import NLGP, Ising, Problem


@case("growth rates")
def _growth() -> Arrays:
    problems = {"ring": NLGP_RING, "ising": ISING_RING, "torus": TORUS, "waves": WAVES, "covariances": WRAPPED}
    return {name: cumulode.growth_rates(problem) for name, problem in problems.items()}


def add_state(name: str, problem: Problem, closure: str = "regression", k: Any = None) -> None:
    """A stationary state and its rates."""

    @case(f"state {name}")
    def state() -> Arrays:
        s = cumulode.stationary_state(problem, closure, k)
        return {"w": s.w, "rates": s.rates, "rate": s.rate, "translation": s.translation, "mode": s.mode}


for _closure in ("regression", "pearson", "tree", "exact"):
    add_state(f"uniform {_closure}", ISING_RING, _closure)
add_state("waves", WAVES)
add_state("four waves", WAVES, k=4)
add_state("torus", TORUS)


def add_critical(name: str, problem: Problem, axis: str, between: tuple[float, float], *args: str) -> None:
    """Critical values."""

    @case(f"critical {name}")
    def critical() -> Arrays:
        c = call(cumulode.critical_value, problem, axis, between, *args, scan=7)
        return {"values": c.values, "directions": c.directions, "jumps": c.jumps, "modes": np.array(c.modes)}


add_critical("gain", Problem(NLGP(1.0, 4.0), NLGP(1.0, 1.0), 40, bias=-1.0), "gain", (0.1, 30.0))
add_critical("t exact", Problem(Ising(t=0.9), Ising(t=0.3), 40, bias=-1.0), "t_plus", (0.5, 0.99), "stability", "exact")
add_critical("t tree", Problem(Ising(t=0.9), Ising(t=0.3), 40, bias=-1.0), "t_plus", (0.5, 0.99), "stability", "tree")
add_critical("bias linear", NLGP_RING, "bias", (-2.0, 2.0), "linear")
add_critical("prior linear", ISING_RING, "prior", (0.01, 0.99), "linear")


@case("critical line")
def _line() -> Arrays:
    problem = Problem(NLGP(1.0, 4.0), NLGP(1.0, 1.0), 40, bias=-1.0)
    ds = call(cumulode.critical_line, problem, "gain", (0.1, 2.0), {"xi_plus": [2.0, 4.0, 30.0]}, scan=4)
    return {name: ds[name].values for name in ("gain", "direction", "mode")}


@case("validity")
def _validity() -> Arrays:
    problems = [NLGP_RING, Problem(NLGP(50.0, 2.0), NLGP(50.0, 0.5), 24, bias=-1.2)]
    w = cumulode.solve(problems, start(NLGP_RING), TIMES).w
    v = cumulode.validity(problems, w, t=TIMES)
    return {name: getattr(v, name) for name in ("rho", "mu", "mu_own", "delta", "trusted")}


@case("convolutional CP")
def _decomposition() -> Arrays:
    arrays = {}
    for name, law, rank in (("nlgp", NLGP(3.0, 1.0), 2), ("ising", Ising(t=0.4), 2)):
        cp = cumulode.convolutional_cp(law, rank, starts=2)
        for part in ("offsets", "factors", "coefficients", "error", "norm", "widths"):
            arrays[f"{name} {part}"] = getattr(cp, part)
    return arrays
