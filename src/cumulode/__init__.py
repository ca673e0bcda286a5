"""cumulode: learning dynamics on translation-invariant data from second and fourth cumulants.

The public names are loaded when first used, so that ``import cumulode`` is quick.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

_ROOMS = {
    "theory": ("Problem", "NLGP", "GP", "Ising", "Cumulants", "Derivation", "derive", "check"),
    "numerics": (
        "solve",
        "solve_network",
        "drift",
        "network_drift",
        "potential",
        "second_cumulant",
        "fourth_cumulant",
        "convolutional_cp",
        "growth_rates",
        "stationary_state",
        "critical_value",
        "critical_line",
        "validity",
        "SolveWarning",
    ),
    "validation": (
        "simulate_sgd",
        "simulate_network",
        "simulate_convolutional",
        "tiling",
        "match_fields",
        "compare",
        "boundary",
        "refine_boundary",
        "ipr",
        "width",
        "centre",
        "dominant_wavenumber",
        "align",
        "phase_diagram",
        "open_phase",
        "reproduce",
    ),
}
_HOME = {name: room for room, names in _ROOMS.items() for name in names}

__all__ = ["__version__", *_ROOMS, *_HOME]


def __getattr__(name: str) -> Any:
    if name in _ROOMS:
        return import_module(f"cumulode.{name}")
    if name in _HOME:
        return getattr(import_module(f"cumulode.{_HOME[name]}"), name)
    raise AttributeError(f"module 'cumulode' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
