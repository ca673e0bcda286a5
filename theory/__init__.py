"""What the equations are: laws, activations, cumulants, drift and closures as SymPy expressions, checked derivations.

``Problem`` and the laws need no SymPy; the names of the second kind are loaded when first used.
"""

from importlib import import_module
from typing import Any

from .laws import GP, NLGP, Cumulants, Ising
from .problem import Problem

_WITH_SYMPY = {
    "Derivation": "derivation",
    "Scope": "derivation",
    "WrongStep": "derivation",
    "derive": "documents",
    "check": "checking",
    "CheckResult": "checking",
    "QUANTITIES": "quantities",
}

__all__ = ["GP", "NLGP", "Cumulants", "Ising", "Problem", *_WITH_SYMPY]


def __getattr__(name: str) -> Any:
    if name in _WITH_SYMPY:
        return getattr(import_module(f"{__name__}.{_WITH_SYMPY[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
