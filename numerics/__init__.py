"""Solve the equations: cumulants as numbers, compiled drifts, adaptive integration, exact oracles."""

from .convolutional_cp import convolutional_cp
from .convolutional_cp_result import ConvolutionalCP
from .critical import CriticalValues, critical_value
from .critical_map import critical_line
from .cumulants import fourth_cumulant, second_cumulant
from .drift import Drift, drift
from .growth import growth_rates
from .network_drift import NetworkDrift, network_drift
from .network_flow import NetworkFlow, solve_network
from .preactivation import potential, preactivation_cumulants
from .solution import Solution, Trajectory
from .solve import SolveWarning, solve
from .stability import StationaryState, stationary_state
from .validity import Validity, validity

__all__ = [
    "ConvolutionalCP",
    "CriticalValues",
    "Drift",
    "NetworkDrift",
    "NetworkFlow",
    "Solution",
    "SolveWarning",
    "StationaryState",
    "Trajectory",
    "Validity",
    "convolutional_cp",
    "critical_line",
    "critical_value",
    "drift",
    "fourth_cumulant",
    "growth_rates",
    "network_drift",
    "potential",
    "preactivation_cumulants",
    "second_cumulant",
    "solve",
    "solve_network",
    "stationary_state",
    "validity",
]
