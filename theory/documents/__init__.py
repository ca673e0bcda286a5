"""The derivations this library ships, by name; each is built and checked when asked for."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING

from ..validate import choice

if TYPE_CHECKING:
    from ..derivation import Derivation

#: name: what it derives, in a line
DOCUMENTS = {
    "drift": "the population drift in cumulants, to any odd order",
    "closures": "the coefficients A and B of every closure, with closed forms where they exist",
    "nlgp": "second and fourth cumulant of the non-linear Gaussian process",
    "ising": "second and fourth cumulant of the Ising ring",
}


def derive(name: str, activation: str = "erf", order: int = 3) -> Derivation:
    """Build and check the derivation called ``name``.

    Parameters
    ----------
    name : str
        One of ``DOCUMENTS``.
    activation : str
        For ``drift`` and ``closures``: see ``Problem``.
    order : odd int
        For ``drift``: the order in w.

    Raises
    ------
    ValueError
        Naming ``name``, ``activation`` or ``order``.
    """
    choice("name", name, DOCUMENTS)
    build: Callable[..., Derivation] = import_module(f"{__name__}.{name}").build
    return build(activation=activation, order=order)
