"""Figures: of runs, of comparisons, of decompositions and matches, of phase diagrams; ``cumulode.plots`` for users.

Every function takes ``ax=`` (or makes a figure of its own) and returns the Axes; all are drawn in one style,
``cumulode.mplstyle``. Read in this order: ``roles`` (who has which colour), ``style`` (new figures, legends, files),
``words`` (what figures say), ``runs`` (what they need to know of a run), then ``trajectories``,
``torus_images``, ``comparison``, ``decomposition``, ``match`` and ``phase``.
"""

from cumulode.public import lazy

__getattr__, __dir__, __all__ = lazy(
    __name__,
    {
        "trajectories": ["space_time", "ipr_over_time", "kurtosis_over_time", "units_over_time", "fields"],
        "torus_images": ["field_image", "field_images"],
        "comparison": ["comparison_figure"],
        "decomposition": ["factors"],
        "match": ["plot_match"],
        "style": ["save"],
        "phase": [
            "PhaseMap",
            "phase_map",
            "phase_figure",
            "slice_figure",
            "slices",
            "insets",
            "field_strip",
            "boundary_symbols",
        ],
    },
)
