"""Losses of a network of output ``s``, and their residuals, minus the derivative in ``s`` (theory.md section 1).

Mean squared error: ``(y - s)^2 / 2``, residual ``y - s``. Cross-entropy: ``s`` is the logit, ``p = 1 / (1 + e^-s)`` the
probability of the class plus, ``y`` is 1 or 0; ``-y log p - (1 - y) log(1 - p) = log(1 + e^s) - y s``, residual
``y - p``.
"""

from __future__ import annotations

import sympy as sp

from cumulode.theory.equations import EquationSet

from .activation_input import SHIPPED, h
from .activations import tidy, y

s = sp.Symbol("s", real=True)

LOSSES = {"mse": (y - s) ** 2 / 2, "cross-entropy": SHIPPED["softplus"].subs(h, s) - y * s}


def loss_equations() -> list[EquationSet]:
    """The functions of ``y`` and ``s`` that numerics compiles: of every loss its value and its residual."""
    found = []
    for name, value in LOSSES.items():
        tag = name.replace("-", "_")
        residual = tidy(sp.expand(-sp.diff(value, s)))
        found.append(EquationSet(f"{tag}_loss", f"Loss {name} of output s.", (y, s), (value,)))
        found.append(EquationSet(f"{tag}_residual", f"Minus the derivative in s of {name}.", (y, s), (residual,)))
    return found
