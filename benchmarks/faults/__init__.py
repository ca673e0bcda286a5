"""Faults made on purpose, and what they cost: ``python -m benchmarks.faults`` writes docs/reliability.md.

``bench`` starts commands, ends them and keeps count; ``kills``, ``interruptions``, ``disks``, ``caches`` and ``damage``
each have faults of a kind, as functions of a ``Bench`` that return rows.
"""
