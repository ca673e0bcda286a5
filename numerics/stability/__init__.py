"""Which states lose stability, where, and when a closure is to be trusted.

Read ``growth`` (about w = 0), ``symmetry``, ``jacobian``, ``stationary``, ``critical_value``,
``critical_line``, ``verdict``, ``validity``.
"""
