"""Are the equations true? Direct SGD, metrics, comparison with theory, phase diagrams, figures, command line.

Read in this order: ``sampling`` (inputs drawn from their law), ``sgd`` (training of neurons and networks),
``receptive_fields`` (what is measured of a field), ``compare`` (theory against SGD), ``sweep`` and ``boundary``
(phase diagrams), ``plots``, ``reproduction`` (the paper's claims), ``cli``. ``io`` writes files and shows progress.
"""

from cumulode.public import room

__getattr__, __dir__, __all__ = room("validation", ["plots"])
