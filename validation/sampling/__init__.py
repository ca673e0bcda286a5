"""Inputs drawn from their law.

Read ``streams`` (random words), ``normals``, ``fields`` and ``field_kernels`` (Gaussian fields), ``erf_table``,
``draw`` (the kernels), ``sampler`` (a law as they read it); ``unowned`` is about speed.
"""
