"""Kernels as JavaScript, for pages that run without Python.

``translate`` writes the source of kernels anew, statement by statement; ``erf`` is what JavaScript has no function for.
"""
