"""The force and its potential as SymPy functions, so that sums over states stay short in the documents."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import sympy as sp
from mpmath.libmp import prec_to_dps

from cumulode.theory.derivation.evaluation import Domain
from cumulode.theory.derivation.pickling import made_by
from cumulode.theory.neuron.activations import Activation, h
from cumulode.theory.neuron.activations import y as label

b = sp.Symbol("b", real=True)


def response(activation: Activation, y: int | None, order: int) -> Any:
    """``Phi_y`` (order -1), ``F_y`` (0) or a derivative of it, as a SymPy function that knows its derivative.

    Its value is that of the activation's piece in which the argument lies; ``y`` None is the activation itself.
    """
    return _response(activation, y, order)


@lru_cache(maxsize=256)
def _response(activation: Activation, y: int | None, order: int) -> Any:
    primes = "'" * max(order, 0)
    letter = "sigma" if y is None else "F" if order >= 0 else "Phi"
    written = {"sigma": r"\sigma", "F": "F", "Phi": r"\Phi"}[letter] + ("" if y is None else f"_{{{y:+d}}}")
    name = letter + ("" if y is None else "_plus" if y > 0 else "_minus")

    def fdiff(self: Any, argindex: int = 1) -> Any:
        return _response(activation, y, order + 1)(self.args[0])

    def value(self: Any, prec: int) -> Any:
        at = self.args[0]._eval_evalf(prec)
        if at is None or not at.is_number:
            return None
        piece = _pieces(activation, y, order)[sum(bool(at >= kink) for kink in activation.kinks)]
        return piece.subs(h, at).evalf(prec_to_dps(prec) + 2)

    def latex(self: Any, printer: Any, exp: str | None = None) -> str:
        power = "" if exp is None else f"^{{{exp}}}"
        return rf"{written}{primes}{power}\left({printer._print(self.args[0])}\right)"

    methods = {"fdiff": fdiff, "_eval_evalf": value, "_latex": latex, "nargs": 1}
    return made_by(type(name + "_prime" * max(order, 0), (sp.Function,), methods), _response, activation, y, order)


def _pieces(activation: Activation, y: int | None, order: int) -> tuple[sp.Expr, ...]:
    if y is None:
        return tuple(sp.diff(s, h, order) for s in activation.pieces)
    found = activation.potential_pieces() if order < 0 else activation.force_pieces(order)
    return tuple(piece.subs(label, y) for piece in found)


def live_points(activation: Activation, weights: tuple[sp.Symbol, ...]) -> Domain:
    """Random points at which every state is in the last piece of the activation that varies."""
    if activation.smooth:
        return {}
    last = activation.last_varying
    kink = float(activation.kinks[min(last, len(activation.kinks) - 1)])
    low = kink + 1 if last == len(activation.kinks) else kink - 2
    return {b: (low, low + 1), **dict.fromkeys(weights, (-0.3, 0.3))}
