"""Which states lose stability, where, and when a closure is to be trusted.

Read ``symmetry``, ``stationary``, ``critical_value``, ``critical_line``, ``verdict``, ``validity``; rates about w = 0
and Jacobians are in ``numerics.trajectory``.
"""
