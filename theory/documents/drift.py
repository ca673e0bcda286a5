"""The population drift in second and fourth cumulants."""

from __future__ import annotations

from typing import Any

import sympy as sp

from ..activations import Activation, h, parse
from ..cumulants import joint_moment
from ..derivation import Derivation
from ..drift import Cw, Kwww, expand_drift, force_symbol, k2, k4, mixed_moment


def build(activation: str = "erf", order: int = 3) -> Derivation:
    """E[x_i F(w.x)] to odd ``order``: mixed moments over set partitions, then the coefficients for one activation."""
    expansion = expand_drift(order)
    chosen = parse(activation)
    neglected, what = expansion.first_neglected()
    about = (
        f"Small parameter: $|w|$. The force $F_y(\\lambda) = (y - \\sigma(\\lambda+b))\\sigma'(\\lambda+b)$ is "
        f"expanded at "
        f"$\\lambda = w\\cdot x = 0$ to order {order}; first neglected: {what} (order {neglected}). Odd "
        f"cumulants vanish because the law "
        "is even. Used by the closures taylor (cumulode.theory.closures)."
    )
    d = Derivation("drift", "The drift in cumulants", about)
    for n in range(1, order + 1, 2):
        with_c, with_k = mixed_moment(n)
        d.chain(
            f"The mixed moment of one input with {n} factor{'s' if n > 1 else ''} $\\lambda$, summed over all set "
            "partitions with even blocks.",
            rf"E[x_i \lambda^{{{n}}}]",
            joint_moment(("x", *("lam",) * n), _cumulant),
        ).equals(with_c * Cw + with_k * Kwww, "partitions grouped by the block that holds x_i")
    series = sum(
        (
            force_symbol(n) / sp.factorial(n) * (mixed_moment(n)[0] * Cw + mixed_moment(n)[1] * Kwww)
            for n in range(1, order + 1, 2)
        ),
        sp.Integer(0),
    )
    d.chain(f"The drift of one class to order {order}.", r"E[x_i F_y(\lambda)]", series).equals(
        expansion.expr, "collected in powers of k2 and k4"
    )
    _force_derivatives(d, chosen, order)
    return d


def _cumulant(index: tuple[Any, ...]) -> sp.Expr:
    """Cumulants of {x_i, lam, ..., lam}: even ones up to the fourth."""
    with_x = "x" in index
    return {2: Cw if with_x else k2, 4: Kwww if with_x else k4}.get(len(index), sp.Integer(0))


def _force_derivatives(d: Derivation, chosen: Activation, order: int) -> None:
    """F_y^(n) between the kinks, in the last piece where there are any."""
    sigma, force = chosen.pieces[-1], chosen.force_pieces()[-1]
    for n in range(1, order + 1, 2):
        d.chain(
            f"The derivative of order {n} of the force for the activation ${sp.latex(sigma)}$; at $h = b$ it is "
            f"$F_y^{{({n})}}(0)$.",
            rf"\frac{{d^{{{n}}} F_y}}{{d h^{{{n}}}}}",
            sp.Derivative(force, (h, n)),
        ).equals(sp.factor_terms(sp.diff(force, h, n)), "differentiation", rewrite=lambda e: sp.expand(e.doit()))
