"""Are the equations true? Direct SGD, metrics, comparison with theory, phase diagrams, figures, command line.

Read in this order: ``sampling`` (inputs drawn from their law), ``sgd`` (training of neurons and networks),
``receptive_fields`` (what is measured of a field), ``comparison`` (theory against SGD), ``sweep`` (phase diagrams),
``boundaries`` (where fields localise), ``plots``, ``reproduction`` (the paper's claims), ``cli``. ``phase_plots`` and
``plots_cp`` are old places of figures, kept for one release.
"""

from cumulode.public import room

__getattr__, __dir__, __all__ = room("validation", ["plots"])
