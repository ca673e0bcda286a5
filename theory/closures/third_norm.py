"""Where closures of k2 and k4 can be trusted, from the cumulants alone (theory.md section 3, the diagnostic).

What the third orthogonal polynomial of the preactivation's law says about the inputs is ``r = E[x P_3] = T - (k4/k2)
C w``, ``T = K(w,w,w)``, and ``Q = r.C^-1 r = T.C^-1 T - k4^2/k2`` is its largest square over directions of unit
variance. By Cauchy and Schwarz ``Q <= E[P_3^2]``, for Pearson's law ``h3 = m6 - m4^2/k2``. So ``rho = Q/h3`` in
[0, 1] is the share of ``P_3`` that a linear function of the inputs explains.
"""

from __future__ import annotations

import sympy as sp

from cumulode.theory.dynamics.drift import k2, k4
from cumulode.theory.equations import EquationSet

from .pearson import nu
from .tree import moment

kappa = sp.Symbol("kappa", real=True)

#: Pearson's law has a sixth moment for kappa below this (Student's t with more than 6 degrees of freedom).
END = 3


def third_norm() -> sp.Expr:
    """``h3 = E[P_3^2] = m6 - m4^2/k2`` of Pearson's law (eq. (closures.37, third norm)).

    ``k2^3 (2 + kappa) (3 + kappa)^2 / (3 - kappa)``: 0 for two points (kappa = -2), ``6 k2^3`` for a Gaussian. There is
    no such moment from kappa = 3 on, where the expression is negative.
    """
    square = 2 * nu * k2
    m4, m6 = (square**n * moment(n, nu) for n in (2, 3))
    return sp.factor(sp.simplify((m6 - m4**2 / k2).subs(nu, -3 / kappa - 1)))


def third_norm_equations() -> EquationSet:
    """The function of k2 and k4 that numerics compiles."""
    return EquationSet(
        name="third_norm",
        doc="h3 = E[P_3^2] of Pearson's law; negative where there is none (kappa < -2 or > 3).",
        arguments=(k2, k4),
        before=((kappa, k4 / k2**2),),
        results=(third_norm(),),
    )
