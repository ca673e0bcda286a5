"""Closures: the law of the preactivation from its second and fourth cumulant, and the drift that follows.

Read ``names``, ``family``, ``pearson``, ``tree``, ``tree_drift``, ``conditional``, ``third_norm``, ``averages``,
``force_square`` (for the noise of SGD), ``remainders`` (what a small k2 needs); ``lowering`` turns a closure into the
equation sets that numerics compiles.
"""
