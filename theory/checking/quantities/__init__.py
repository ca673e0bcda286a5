"""The quantities a formula can be checked against, by name.

Read ``quantity`` (what one is), ``neuron`` (drift, closures, growth), ``data`` (cumulants of the laws), ``shapes`` (of
receptive fields).
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from cumulode.theory.neuron.activations import Activation, parse
from cumulode.theory.user_input.arguments import InvalidArgument, choice

from . import data, neuron, shapes
from .quantity import Quantity

_BUILDERS = {**neuron.BUILDERS, **data.BUILDERS, **shapes.BUILDERS}
#: Names of the quantities a formula can be checked against.
QUANTITIES = tuple(_BUILDERS)
#: Those that have an order.
_ORDERED = ("drift", "force", "taylor.A", "taylor.B")

__all__ = ["QUANTITIES", "Quantity", "quantity"]


def quantity(name: object, activation: Any = "erf", order: int | None = None) -> Quantity:
    """The quantity called ``name``; ValueError naming ``against``, ``activation`` or ``order``."""
    name = choice("against", name, (*QUANTITIES, "ipr"))
    if order is not None and (isinstance(order, bool) or not isinstance(order, int) or not 0 <= order <= 19):
        raise InvalidArgument("order", order, "an odd integer from 1 to 19 (for force any from 0)")
    if order is not None and name != "force" and order % 2 == 0:
        raise InvalidArgument("order", order, "an odd integer from 1 to 19")
    if order is not None and name not in _ORDERED:
        raise InvalidArgument("order", order, "no order: only " + ", ".join(_ORDERED) + " have one")
    return _built(name, parse(activation), order)


@lru_cache(maxsize=64)  # conventions need a quantity again and again
def _built(name: str, activation: Activation, order: int | None) -> Quantity:
    return _BUILDERS[name](activation, order)
