"""Types of the compiled functions that kernels take as arguments: one signature for every closure of a kind."""

from __future__ import annotations

from numba import types

from .jit import f8, i8, matrix

#: ``(k2, k4, y, b, rule) -> (A, B, flag)``, and ``-> Psi``.
coefficients_sig = types.Tuple((f8, f8, i8))(f8, f8, f8, f8, matrix)
potential_sig = f8(f8, f8, f8, f8, matrix)
#: ``(k2, k4, y, b, rule) -> (A, B, c6, dc6/dk2, dc6/dk4, flag)``.
tree_law_sig = types.Tuple((f8, f8, f8, f8, f8, i8))(f8, f8, f8, f8, matrix)
#: ``(mean, variance, y, b, rule) -> E[F], E[F']``.
conditional_law_sig = types.UniTuple(f8, 2)(f8, f8, f8, f8, matrix)
#: ``(k2, k4, y, b, rule) -> (g0, g2, g4, g6, flag)``: averages of the squared force.
square_sig = types.Tuple((f8, f8, f8, f8, i8))(f8, f8, f8, f8, matrix)
#: ``h -> sigma(h), sigma'(h)``, and ``(h, y) -> F``.
response_sig = types.UniTuple(f8, 2)(f8)
force_sig = f8(f8, f8)

coefficients_t = types.FunctionType(coefficients_sig)
square_t = types.FunctionType(square_sig)
tree_law_t = types.FunctionType(tree_law_sig)
conditional_law_t = types.FunctionType(conditional_law_sig)
response_type = types.FunctionType(response_sig)
force_t = types.FunctionType(force_sig)
