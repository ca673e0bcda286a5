"""Kernels.

Read ``jit`` (the decorator, the cache on disk) and ``stamps`` (when a cached kernel is stale), ``codegen`` (theory's
equation sets written into ``generated``), ``closure_kernels`` (kernels by activation and closure), ``signatures``.
``quadrature``, ``vectors`` and ``pointers`` are what kernels share; ``cache`` is what users see of it.
"""
