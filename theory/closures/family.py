"""Closures: the drift as a function of the second and fourth cumulant of the preactivation (theory.md section 3).

A closure in the family is a potential ``Psi_y(k2, k4)``, and SymPy takes ``A = 2 dPsi/dk2``, ``B = 4 dPsi/dk4`` of

    dw/dt = sum_y p_y [ A_y(k2, k4) C^y w + B_y(k2, k4) K^y(w,w,w) ],

eq. (closures.3, chain rule). ``regression`` is the projection of E[x | lam] instead, and not exactly a gradient flow.
What a closure says is valid on an interval of ``kappa = k4/k2^2``; outside, it is continued by another (a branch), or
not defined.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import sympy as sp

from cumulode.theory.cumulants.partitions import even_moments
from cumulode.theory.dynamics.drift import k2, k4
from cumulode.theory.neuron.activations import Activation, force_derivative, h
from cumulode.theory.neuron.activations import y as label
from cumulode.theory.neuron.gaussian import GaussianMean
from cumulode.theory.user_input.arguments import InvalidArgument

from .names import TWO_TERM, check_closure, tree_weight

b = sp.Symbol("b", real=True)

#: Below this |kappa| the Pearson closures are replaced by edgeworth, which both join to first order in kappa.
NEARLY_GAUSSIAN = 1e-4


@dataclass(frozen=True)
class Closure:
    """A closure by name.

    Attributes
    ----------
    name : str
    potential : expression or None
        ``Psi(k2, k4)`` in ``GaussianMean``; None for Pearson's law (an integral) and for ``regression``, for ``tree``
        (``theory.closures.tree``) and ``conditional`` (``theory.closures.conditional``), which are not of the family.
    gradient : bool
        Whether the drift is minus the gradient of a potential, so that V falls along the flow.
    """

    name: str
    title: str
    gradient: bool
    potential: sp.Expr | None = None

    def coefficients(self) -> tuple[sp.Expr, sp.Expr]:
        """``A = 2 dPsi/dk2`` and ``B = 4 dPsi/dk4`` as SymPy finds them, eq. (closures.3, chain rule)."""
        if self.potential is None:
            closed = ", ".join(n for n in TWO_TERM if n not in ("pearson", "regression"))
            raise InvalidArgument("closure", self.name, f"those with a closed potential, {closed}")
        return 2 * sp.diff(self.potential, k2), 4 * sp.diff(self.potential, k4)


def _gaussian() -> sp.Expr:
    return GaussianMean(-1, b, k2)


def _edgeworth() -> sp.Expr:
    """Eq. (closures.7, edgeworth potential); neglected: ``k4^2 Phi^(8)/1152`` and ``k6 Phi^(6)/720``."""
    return GaussianMean(-1, b, k2) + k4 / 24 * GaussianMean(3, b, k2)


def _bimodal() -> sp.Expr:
    """``lam = +-m + s z``, ``k4 = -2 m^4``; edgeworth up to ``m^6 Phi^(6)/45``, eq. (closures.13, bimodal limit)."""
    m = (-k4 / 2) ** sp.Rational(1, 4)
    return (GaussianMean(-1, b + m, k2 - m**2) + GaussianMean(-1, b - m, k2 - m**2)) / 2


def taylor_potential(order: int) -> sp.Expr:
    """``Psi`` whose drift is the expansion to odd ``order``: moments of lam from k2, k4, cut at ``w^(order+1)``."""
    moments = even_moments(order + 1, k2, k4)
    w = sp.Symbol("w")
    psi = sp.Integer(0)
    for n, moment in moments.items():
        graded = sp.Poly(sp.expand(moment.subs({k2: k2 * w**2, k4: k4 * w**4}, simultaneous=True)), w)
        kept = sum((c for (p,), c in graded.terms() if p <= order + 1), sp.Integer(0))
        psi += GaussianMean(n - 1, b, 0) * kept / sp.factorial(n)
    return psi


_BUILT: dict[str, Callable[[], Closure]] = {
    "taylor": lambda: Closure("taylor", "third order in w, force cut", True, taylor_potential(3)),
    "taylor-activation": lambda: Closure(
        "taylor-activation", "third order in w, activation cut", True, taylor_potential(3)
    ),
    "gaussian": lambda: Closure("gaussian", "Gaussian preactivation", True, _gaussian()),
    "edgeworth": lambda: Closure("edgeworth", "first order in the fourth cumulant", True, _edgeworth()),
    "bimodal": lambda: Closure("bimodal", "two Gaussians of equal width", True, _bimodal()),
    "pearson": lambda: Closure("pearson", "Pearson's symmetric law", True),
    "regression": lambda: Closure("regression", "regression on Pearson's law", False),
    "tree": lambda: Closure("tree", "Pearson's law and the sixth cumulant at tree level", True),
    "conditional": lambda: Closure("conditional", "w.x Gaussian given one input (Lufkin, Saxe & Grant)", False),
}


def closure(name: object) -> Closure:
    """The closure called ``name``; ValueError for a name that is not one."""
    name = check_closure(name)
    if name in _BUILT:
        return _BUILT[name]()
    if name.startswith("tree:"):
        return Closure(name, f"tree with the sixth cumulant times {tree_weight(name):g}", True)
    order = int(name.removeprefix("taylor-"))
    return Closure(
        name, f"order {order} in w, force cut, cumulants beyond the fourth dropped", True, taylor_potential(order)
    )


def taylor_coefficient(activation: Activation, n: int, cut_activation: bool = False) -> sp.Expr:
    """``F_y^(n)`` at ``h = b`` (``n = -1``: Phi) as an expression in ``b`` and ``y``; undefined at a kink.

    For one activation eq. (drift.13, force derivatives), from the activation's derivatives eq. (drift.10, force cut).

    ``cut_activation``: of the activation's Taylor polynomial of degree three at ``b`` in place of the activation
    (the two meanings of "third order" in theory.md section 3; eq. (drift.11, activation cut)).
    """
    at = sp.Symbol("at", real=True)
    pieces = []
    for sigma in activation.pieces:
        if cut_activation:
            cut = sum(sp.diff(sigma, h, j).subs(h, at) * (h - at) ** j / sp.factorial(j) for j in range(4))
            pieces.append(_at_order(cut, n).subs(h, at).subs(at, h))
        else:
            pieces.append(_at_order(sigma, n))
    return activation.join(tuple(pieces)).subs(h, b)


def _at_order(sigma: sp.Expr, n: int) -> sp.Expr:
    return -((label - sigma) ** 2) / 2 if n < 0 else force_derivative(sigma, n)
