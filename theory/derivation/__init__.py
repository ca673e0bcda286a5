"""A derivation as an object: chains of equalities checked by the machine, and how they are written.

Read ``derivation``, ``evaluation`` (30-digit checks), ``render``, ``line_breaks``.
"""
