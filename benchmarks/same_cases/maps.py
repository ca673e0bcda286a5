"""Comparisons, maps, boundaries, claims; receptive fields; formulas."""

from __future__ import annotations

import tempfile
from typing import Any

import numpy as np
from case import ISING_RING, NLGP_RING, Arrays, call, case, digest, run_arrays, start

import cumulode


@case("compare")
def _compare() -> Arrays:
    c = cumulode.compare(NLGP_RING, start(NLGP_RING), [0.0, 2.0, 4.0], seeds=3, batch_size=10, learning_rate=0.02)
    arrays = {f"theory {k}": v for k, v in run_arrays(c.theory).items()}
    arrays |= {f"sgd {k}": v for k, v in run_arrays(c.sgd).items()}
    return arrays | {"verdicts": np.array([c.verdict(quantity) for quantity in ("ipr", "norm")])}


def numbers_of(dataset: Any) -> Arrays:
    """The variables and coordinates of a dataset that are numbers."""
    return {str(name): v.values for name, v in dataset.variables.items() if v.dtype.kind in "biuf"}


@case("phase diagram")
def _phase() -> Arrays:
    axes = {"gain": [0.5, 3.0], "xi_plus": [1.0, 2.0]}
    return numbers_of(call(cumulode.phase_diagram, NLGP_RING, axes, seeds=2, time=20.0, points=11, validity="full"))


@case("phase diagram with SGD")
def _phase_sgd() -> Arrays:
    given = {"seeds": 1, "time": 2.0, "points": 5, "simulate": True, "batch_size": 10}
    return numbers_of(call(cumulode.phase_diagram, ISING_RING, {"t_plus": [0.5, 0.7]}, **given))


@case("boundary")
def _boundary() -> Arrays:
    given = {"seeds": 2, "time": 20.0, "scan": 4, "accuracy": 1e-3}
    return numbers_of(call(cumulode.boundary, NLGP_RING, "xi_plus", (0.4, 2.0), {"gain": [3.0]}, **given))


@case("claim")
def _claim() -> Arrays:
    with tempfile.TemporaryDirectory() as out:
        found = cumulode.reproduce("cumulant", quick=True, out=out)
    return {"numbers": [number.value for finding in found.findings for number in finding.numbers]}


def bumps(centres: list[float], size: int = 24) -> np.ndarray:
    """Fields of one hump each."""
    d = (np.arange(size) - np.array(centres)[:, None] + size / 2) % size - size / 2
    return np.exp(-(d**2) / 8)


@case("receptive fields")
def _fields() -> Arrays:
    fields, filters = bumps([2.0, 9.5, 17.0]), -bumps([12.0, 20.0, 4.0, 7.0])
    match = cumulode.match_fields(fields, filters)
    arrays = {name: getattr(match, name) for name in ("aligned", "assignment", "correlation", "correlations")}
    arrays |= {f"{name} of one": getattr(cumulode, name)(fields) for name in ("ipr", "width", "centre")}
    arrays["dominant wavenumber"] = cumulode.dominant_wavenumber(fields)
    arrays["aligned by hand"] = cumulode.align(fields[0], fields[1])[0]
    for name, size, centres in (("ring", 24, [2.0, 9.5, 17.0]), ("torus", (8, 8), [[1, 1], [5, 6], [2, 6]])):
        tiles = cumulode.tiling(centres, size)
        arrays |= {
            f"{name} {part}": getattr(tiles, part) for part in ("counts", "largest", "p", "critical", "combined")
        }
    return arrays


@case("check")
def _check() -> Arrays:
    formulas = (("asin(q*c)/asin(q)", "nlgp.second"), ("2*asin(q*c)/pi", "nlgp.second"))
    results = [cumulode.check(mine, against) for mine, against in formulas]
    return digest(*(f"{r.kind} {r.factor} {r.understood}" for r in results))


@case("derive")
def _derive() -> Arrays:
    d = cumulode.derive("flow")
    return digest(*(f"{step.label} {step.lhs} = {step.rhs}" for step in d.steps))
