"""Are the equations true? Direct SGD, metrics, comparison with theory, figures, command line."""

from __future__ import annotations

from importlib import import_module
from typing import Any

_HOME = {
    "simulate_sgd": "sgd",
    "simulate_network": "network.simulate",
    "simulate_convolutional": "convolutional.simulate",
    "ConvolutionalRun": "convolutional.result",
    "tiling": "tilings",
    "match_fields": "matching",
    "plot_match": "plots_match",
    "NetworkRun": "network.result",
    "Run": "sgd",
    "sample": "sampling",
    "compare": "comparison",
    "Comparison": "comparison",
    "Table": "table",
    "comparison_figure": "report",
    "boundary": "phase_boundary.boundaries",
    "refine_boundary": "phase_boundary.refinement",
    "ipr": "metrics",
    "norm": "metrics",
    "width": "metrics",
    "centre": "metrics",
    "dominant_wavenumber": "metrics",
    "power_spectrum": "metrics",
    "align": "metrics",
    "phase_diagram": "phase.sweep",
    "open_phase": "phase.files",
    "rerun": "phase.rerun",
    "reproduce": "reproduction.run",
}

__all__ = sorted([*_HOME, "phase_plots", "plots"])


def __getattr__(name: str) -> Any:
    # loaded on first use: metrics need neither numba nor matplotlib
    if name in ("plots", "phase_plots"):
        return import_module(f"{__name__}.{name}")
    if name in _HOME:
        return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
