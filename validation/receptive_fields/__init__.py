"""What is measured of a receptive field.

Read ``field_input``, ``metrics``, ``localised`` (the one rule), ``symmetry``, ``tiling``, ``matching``.
"""
