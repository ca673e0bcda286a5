"""Flows of one neuron; cumulants, contractions, potentials."""

from __future__ import annotations

from typing import Any

import numpy as np
from case import ISING_RING, NLGP_RING, TIMES, TORUS, WAVES, WRAPPED, Arrays, call, case, run_arrays, start

import cumulode
from cumulode import GP, NLGP, Cumulants, Ising, Problem


def add_flow(name: str, problem: Any, closure: str = "regression", **keywords: Any) -> None:
    """A flow of ``solve`` from one start."""

    @case(f"solve {name}")
    def flow() -> Arrays:
        w0 = start(problem, amplitude=0.05 if closure.startswith("taylor") else 0.3)
        times = [0.0, 1.0, 4.0] if closure.startswith("taylor") else TIMES
        return run_arrays(call(cumulode.solve, problem, w0, times, closure=closure, **keywords), "k2", "k4")


for _closure in ("taylor", "taylor-activation", "taylor-5", "gaussian", "edgeworth", "bimodal", "pearson"):
    add_flow(_closure, NLGP_RING, _closure)
for _closure in ("regression", "tree", "tree:0.5", "conditional"):
    add_flow(_closure, NLGP_RING, _closure)
    add_flow(f"Ising {_closure}", ISING_RING, _closure)
for _closure in ("regression", "tree"):
    add_flow(f"torus {_closure}", TORUS, _closure)
for _activation in ("tanh", "relu", "softplus", "h - h**3/6"):
    add_flow(f"activation {_activation}", Problem(NLGP(3.0, 2.0), Ising(t=0.3), 24, _activation, bias=-0.8))
add_flow("Ising exact", ISING_RING, "exact")
add_flow("waves", WAVES)
add_flow("covariances", WRAPPED)
add_flow("Gaussian control", NLGP_RING.gaussian_control())
add_flow("sorted list", NLGP_RING, contraction="sorted-list")
add_flow("pair form", NLGP_RING, contraction="pair-form")
add_flow("short steps", NLGP_RING, max_step=0.5)
add_flow("tight", NLGP_RING, rtol=1e-10, atol=1e-13, tolerance=1e-6)


@case("solve batch")
def _batch() -> Arrays:
    problems = [Problem(NLGP(gain, 2.0), NLGP(gain, 0.7), 24, bias=-1.0) for gain in (0.3, 1.0, 3.0)]
    starts = np.stack([start(NLGP_RING, seed) for seed in range(3)])
    many = run_arrays(cumulode.solve(NLGP_RING, starts, TIMES), "k2", "k4")
    return many | {f"problems {k}": v for k, v in run_arrays(cumulode.solve(problems, starts, TIMES)).items()}


def own_cumulants() -> Cumulants:
    """A law given by arrays."""
    offsets = np.indices((16, 16, 16)).reshape(3, -1).T
    law = NLGP(3.0, 1.0)
    K = cumulode.fourth_cumulant(law, offsets, size=16).reshape(16, 16, 16)
    return Cumulants(cumulode.second_cumulant(law, 16), K, name="own")


@case("solve own cumulants")
def _own() -> Arrays:
    problem = Problem(own_cumulants(), NLGP(3.0, 0.5), 16)
    return run_arrays(cumulode.solve(problem, start(problem), TIMES), "k2", "k4")


@case("cumulants")
def _cumulants() -> Arrays:
    offsets = np.indices((4, 4, 4)).reshape(3, -1).T
    laws = {"nlgp": NLGP(3.0, 2.0), "step": NLGP(np.inf, 1.5), "ising": Ising(t=-0.6), "gp": GP(NLGP(3.0, 2.0))}
    laws["wrapped"] = NLGP(3.0, 2.0, covariance="wrapped")
    arrays = {f"second {name}": cumulode.second_cumulant(law, 24) for name, law in laws.items()}
    arrays |= {f"fourth {name}": cumulode.fourth_cumulant(law, offsets, 24) for name, law in laws.items()}
    line = {name: law for name, law in laws.items() if name != "wrapped"}
    arrays |= {f"line {name}": cumulode.fourth_cumulant(law, offsets) for name, law in line.items()}
    return arrays | {"torus": cumulode.second_cumulant(NLGP(3.0, 1.0), (6, 6))}


@case("contractions")
def _contractions() -> Arrays:
    arrays: Arrays = {}
    for contraction in ("auto", "ordered-gap", "pair-form", "sorted-list"):
        for tolerance in (1e-2, 1e-3, 1e-6):
            f = call(cumulode.drift, NLGP_RING, tolerance=tolerance, contraction=contraction)
            arrays[f"{contraction} {tolerance:g}"] = np.append(f(start(NLGP_RING)), f.error)
    f = cumulode.drift(TORUS)
    return arrays | {
        "torus": np.append(f(start(TORUS)), f.error),
        "ising": cumulode.drift(ISING_RING)(start(ISING_RING)),
    }


@case("preactivation cumulants")
def _preactivation() -> Arrays:
    problems = {"ring": NLGP_RING, "ising": ISING_RING, "torus": TORUS, "covariances": WRAPPED}
    pairs = {name: cumulode.numerics.preactivation_cumulants(p, start(p)) for name, p in problems.items()}
    return {f"{name} {k}": array for name, pair in pairs.items() for k, array in zip(("k2", "k4"), pair, strict=True)}


@case("potential")
def _potential() -> Arrays:
    closures = ("taylor", "gaussian", "edgeworth", "bimodal", "pearson", "tree", "tree:0.5")
    return {closure: cumulode.potential(NLGP_RING, start(NLGP_RING), closure) for closure in closures}
