"""What the equations are.

Laws, activations, cumulants, drift and closures as SymPy expressions, checked derivations.

Read in this order: ``problem`` (what is learnt, from which inputs), ``neuron`` (activation, force, Gaussian
averages), ``cumulants`` (of each law), ``closures`` (the law of the preactivation from two cumulants), ``dynamics``
(drift, growth, fluctuations), ``equations`` (what crosses to numerics), ``derivation`` and ``documents`` (the
proofs), ``checking`` (a user's formula against ours). ``user_input`` reads and refuses what a user gives.
"""

from cumulode.public import room

__getattr__, __dir__, __all__ = room("theory")
