"""Solve the equations: cumulants as numbers, compiled drifts, adaptive integration, exact oracles.

Read in this order: ``cumulants`` and ``contraction`` (C, K and K(w,w,w) as numbers), ``flow`` (right-hand sides and
their runs), ``trajectory`` (steps of one, growth about w = 0), ``stability`` (stationary states, critical values,
validity), ``frozen`` (the population's flow on samples), ``noise`` (of SGD), ``networks``, ``decomposition``
(convolutional CP). ``compile`` writes, compiles and caches kernels. ``result`` is what every run returns, ``status``
how it ended, ``display`` how it shows itself, ``observables`` its norm and IPR; ``check_input`` refuses what a user
got wrong; ``io`` writes files and shows progress.
"""

from cumulode.public import room

__getattr__, __dir__, __all__ = room("numerics")
