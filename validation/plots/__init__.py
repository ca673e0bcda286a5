"""Figures: of runs, of comparisons, of decompositions and matches, of phase diagrams.

Every function takes ``ax=`` (or makes a figure of its own) and returns the Axes. ``trajectories`` and ``torus_images``
draw runs, ``comparison``, ``decomposition``, ``match`` and ``phase`` what their names say; ``parts`` is shared.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "trajectories": ["space_time", "ipr_over_time", "kurtosis_over_time", "fields"],
        "torus_images": ["field_image", "field_images"],
        "comparison": ["comparison_figure"],
        "decomposition": ["factors"],
        "match": ["plot_match"],
    },
)
