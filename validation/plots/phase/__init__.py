"""Figures of phase diagrams: maps, slices, receptive fields and boundaries, from the Dataset alone.

Everything here reads what ``phase_diagram`` returned or saved (``xarray.open_dataset("phase.nc")``), computes no
trajectory, draws into the Axes given or into a new figure that pyplot does not know, and returns the Axes. Bad input
raises ``InvalidArgument`` with its name; for an axis that is neither drawn nor selected it lists the values.

Read in this order: ``axes`` (an axis of a map, and what is selected on the others), ``cells`` (from seeds to one
number), ``map`` (``PhaseMap``), ``colours`` and ``lines`` (drawn by it), ``boundaries`` (measured ones), ``fields``
(receptive fields), ``slicing``, ``figure`` (all together).
"""

from cumulode.public import lazy

__getattr__, __dir__, __all__ = lazy(
    __name__,
    {
        "map": ["PhaseMap", "phase_map"],
        "boundaries": ["boundary_symbols"],
        "fields": ["field_strip", "insets"],
        "slicing": ["slices"],
        "figure": ["phase_figure", "slice_figure"],
    },
)
