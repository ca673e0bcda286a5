"""Kernels.

Read ``jit`` (the decorator), ``kernel_files`` (compiled code on disk), ``stamps`` (when it is stale) and ``places``
(where it is kept, and whether it may be run), ``codegen`` (theory's equation sets written into ``generated``),
``closure_kernels`` (kernels by activation and closure), ``signatures``. ``quadrature``, ``vectors`` and ``pointers``
are what kernels share; ``cache`` is what users see of it; ``javascript`` writes them for a browser.
"""
