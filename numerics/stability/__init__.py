"""Which states lose stability, where, and when a closure is to be trusted.

Read ``symmetry``, ``stationary``, ``critical_value``, ``critical_line``; then ``diagnostics`` (of a trajectory alone),
``distance`` (of two flows), ``population`` (against the population's own), ``verdict`` and ``validity``. Rates about
w = 0 and Jacobians are in ``numerics.trajectory``.
"""
