"""A derivation as an object: chains of equalities checked by the machine, and how they are written.

Read ``content`` (steps and chains), ``derivation`` (what adds and checks them), ``evaluation`` (30-digit checks),
``render`` with ``line_breaks`` and ``plain_text``, ``pickling``.
"""
