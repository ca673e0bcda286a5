"""Kernels.

Written from theory's equation sets (``codegen``, into ``generated``), compiled and cached (``jit``, ``cache``), found
by activation and closure (``closure_kernels``). ``quadrature``, ``vectors`` and ``pointers`` are what kernels share.
"""
