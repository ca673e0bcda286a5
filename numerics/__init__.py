"""Solve the equations: cumulants as numbers, compiled drifts, adaptive integration, exact oracles."""

from .cumulants import fourth_cumulant, second_cumulant
from .drift import Drift, drift
from .plan import potential, preactivation_cumulants
from .solution import Solution, Trajectory
from .solve import SolveWarning, solve

__all__ = [
    "Drift",
    "Solution",
    "SolveWarning",
    "Trajectory",
    "drift",
    "fourth_cumulant",
    "potential",
    "preactivation_cumulants",
    "second_cumulant",
    "solve",
]
