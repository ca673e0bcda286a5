"""The drift of the tree closure from its potential: coefficients of its four directions (theory.md section 3).

The potential depends on the weights through ``k2 = w.Cw``, ``k4 = w.T``, ``second = w.(C + ridge) w`` and
``form = T.u``, with ``T = K(w,w,w)`` and ``u = (C + ridge)^-1 T``:

    Psi = E_nu[Phi](k2, k4) + chi Q c6(k2, k4),        Q = form - k4^2/second.

Half its derivative in k2 and a quarter of that in k4 come from the closure's coefficients; with ``K`` and ``C``
symmetric the gradients of the four are those of ``GRADIENTS``, eq. (closures.33, tree gradient). The ridge is zero
where C is well conditioned.
"""

from __future__ import annotations

import sympy as sp

from cumulode.theory.dynamics.drift import Cw, k2, k4
from cumulode.theory.equations import EquationSet

form, second, ridge, chi = sp.symbols("form second ridge chi", real=True)
#: ``w.w`` and ``Q``; ``k4/second`` and its square times the ridge.
square, Q, ratio, lifted = sp.symbols("square Q ratio lifted", real=True)
#: What the closure's coefficients give at one label: A and B of pearson, c6 and its slopes.
COEFFICIENTS = A, B, c6, c6_k2, c6_k4 = sp.symbols("A B c6 c6_k2 c6_k4", real=True)
#: Components at one site: ``(C w)_i`` is ``Cw``; ``K(w,w,w)_i``, ``K(w,w,u)_i``, ``w_i``.
T, Kwwu, w = sp.symbols("T Kwwu w", real=True)
DIRECTIONS = (Cw, T, Kwwu, w)
#: Gradient in w of each scalar the potential depends on, at one site.
GRADIENTS = {k2: 2 * Cw, k4: 4 * T, second: 2 * Cw + 2 * ridge * w, form: 6 * Kwwu}
#: The least k2 that is divided by.
LEAST = sp.Float("1e-60")


def drift() -> tuple[sp.Expr, ...]:
    """Coefficients of ``DIRECTIONS`` in the gradient of the potential."""
    pearson, sixth = sp.Function("pearson")(k2, k4), sp.Function("sixth")(k2, k4)
    known = {
        sp.Derivative(pearson, k2): A / 2,
        sp.Derivative(pearson, k4): B / 4,
        sp.Derivative(sixth, k2): c6_k2,
        sp.Derivative(sixth, k4): c6_k4,
        sixth: c6,
    }
    own = form - k4**2 / second
    potential = pearson + chi * own * sixth
    gradient = sum(sp.diff(potential, scalar) * slope for scalar, slope in GRADIENTS.items())
    gradient = sp.expand(gradient.subs(known).subs({form: Q + k4**2 / second, k4: ratio * second}))
    return tuple(sp.collect(gradient.coeff(direction), chi) for direction in DIRECTIONS)


def tree_equations() -> tuple[EquationSet, ...]:
    """What the kernel of the flow calls next to the closure's coefficients, for one class and any activation."""
    return (
        EquationSet(
            "tree_forms",
            "w.(C + ridge) w and Q >= 0 (negative only by rounding, or where the contraction's error shows).",
            (k2, k4, square, ridge, form),
            (second, Q),
            after=((second, sp.Max(k2 + ridge * square, LEAST)), (Q, sp.Max(0, form - k4**2 / second))),
        ),
        EquationSet(
            "tree_drift",
            "The drift: coefficients of C w, T = K(w,w,w), K(w,w,u), w.",
            (k4, second, Q, *COEFFICIENTS, chi, ridge),
            tuple(e.subs(ratio**2 * ridge, lifted) for e in drift()),
            before=((ratio, k4 / second), (lifted, ratio**2 * ridge)),
        ),
        EquationSet("tree_sixth", "What the sixth cumulant adds to the potential.", (Q, c6, chi), (Q * c6 * chi,)),
    )
