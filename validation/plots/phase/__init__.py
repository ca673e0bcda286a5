"""Figures of phase diagrams: maps, slices, receptive fields and boundaries, from the Dataset alone.

Everything here reads what ``phase_diagram`` returned or saved (``xarray.open_dataset("phase.nc")``), computes no
trajectory, draws into the Axes given or into a new figure that pyplot does not know, and returns the Axes.
"""

from __future__ import annotations

from .figure import phase_figure, slice_figure
from .insets import field_strip, insets
from .maps import phase_map
from .slices import slices
from .symbols import boundary_symbols

__all__ = ["boundary_symbols", "field_strip", "insets", "phase_figure", "phase_map", "slice_figure", "slices"]
