"""The flow of K neurons with a common output, expanded in joint cumulants of their preactivations.

A committee ``s(x) = mean_l sigma(h_l)``, ``h_l = w_l.x + b_l``, moves by ``dw_k/dt = sum_y p_y E_y[(y - s)
sigma'(h_k) x]`` and ``db_k/dt = sum_y p_y E_y[(y - s) sigma'(h_k)]``. Both are averages of a product of two
activations, one of each neuron: here they are expanded at the biases, and every mixed moment is a sum over set
partitions (eq. (network.1, mixed moment of two neurons)). To third order in w, and to fourth in the bias, nothing is
dropped, and the two are one gradient flow. At fifth order the sixth cumulant enters: what the second and fourth give of
that order (``label_next``, ``pair_next``) says how far the third can be trusted.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from functools import lru_cache

import sympy as sp

from cumulode.theory.cumulants.partitions import joint_moment
from cumulode.theory.equations import EquationSet

#: ``E[lam_k^2]``, ``E[lam_k lam_l]``, ``E[lam_l^2]``: w_k.C w_k, w_k.C w_l, w_l.C w_l.
Q = sp.symbols("q_kk q_kl q_ll", real=True)
#: ``K(w_k,w_k,w_k,w_k)`` and so on, with none to four times l.
FOURTH = sp.symbols("f_kkkk f_kkkl f_kkll f_klll f_llll", real=True)
#: Directions of the drift: ``C w_k``, ``C w_l``, ``K(w_k,w_k,w_k)``, ``K(w_k,w_k,w_l)`` and so on.
DIRECTIONS = sp.symbols("Cw_k Cw_l K_kkk K_kkl K_kll K_lll", real=True)
#: ``u_n = sigma^(n)(b_k)`` and ``v_n = sigma^(n)(b_l)``: the activation and its derivatives at the two biases.
SLOPES_K = sp.symbols("u0:7", real=True)
SLOPES_L = sp.symbols("v0:7", real=True)
#: Orders in w: of the drift of the weights, and of that of the biases.
WEIGHT_ORDER, BIAS_ORDER = 3, 4
NEXT_ORDER = WEIGHT_ORDER + 2
_SITE = "x"


def cumulant(block: tuple[Hashable, ...]) -> sp.Expr:
    """Joint cumulant of ``lam_k``, ``lam_l`` ("k", "l") and ``x_i`` ("x", at most once), a symbol.

    Odd ones vanish, those of more than four variables are left out.
    """
    times_l = block.count("l")
    if len(block) % 2:
        return sp.S.Zero
    if len(block) > 4:  # the sixth and higher ones are not known: only the next order would hold them
        return sp.S.Zero
    if _SITE in block:
        return DIRECTIONS[times_l if len(block) == 2 else 2 + times_l]
    return (Q if len(block) == 2 else FOURTH)[times_l]


@lru_cache(maxsize=64)
def mixed_moment(of_k: int, of_l: int, site: bool) -> sp.Expr:
    """``E[x_i lam_k^m lam_l^n]``, or without ``x_i`` (eq. (network.1, mixed moment of two neurons)).

    Parameters
    ----------
    of_k, of_l : int >= 0
        The powers m and n; of more than four variables without their sixth and higher cumulants.
    site : bool
        Whether ``x_i`` stands there.
    """
    return sp.expand(joint_moment((*(_SITE,) * site, *"k" * of_k, *"l" * of_l), cumulant))


def average(
    slopes_k: Sequence[sp.Expr], slopes_l: Sequence[sp.Expr], order: int, site: bool, lowest: int = 0
) -> sp.Expr:
    """``E[x_i f(h_k) g(h_l)]`` (or without ``x_i``) from one order in w to another.

    ``slopes_k``, ``slopes_l``: the derivatives of f and g at the biases.
    """
    total = sp.S.Zero
    for n in range(order + 1):
        for m in range(max(0, lowest - n), order + 1 - n):
            weight = slopes_k[m] * slopes_l[n] / (sp.factorial(m) * sp.factorial(n))
            total += weight * mixed_moment(m, n, site) if (m + n + site) % 2 == 0 else 0
    return total


def label_drift() -> sp.Expr:
    """``E[x_i sigma'(h_k)]`` to third order: what the label multiplies."""
    return average(SLOPES_K[1:], (1, 0, 0, 0), WEIGHT_ORDER, site=True)


def pair_drift() -> sp.Expr:
    """``E[x_i sigma'(h_k) sigma(h_l)]`` to third order (eq. (network.3, pair drift)): the drift has it over -K."""
    return average(SLOPES_K[1:], SLOPES_L, WEIGHT_ORDER, site=True)


def label_next() -> sp.Expr:
    """What second and fourth cumulants give of the fifth order of ``label_drift``."""
    return average(SLOPES_K[1:], (1, 0, 0, 0, 0, 0), NEXT_ORDER, site=True, lowest=NEXT_ORDER)


def pair_next() -> sp.Expr:
    """What second and fourth cumulants give of the fifth order of ``pair_drift``."""
    return average(SLOPES_K[1:], SLOPES_L, NEXT_ORDER, site=True, lowest=NEXT_ORDER)


def label_bias() -> sp.Expr:
    """``E[sigma'(h_k)]`` to fourth order."""
    return average(SLOPES_K[1:], (1, 0, 0, 0, 0), BIAS_ORDER, site=False)


def pair_bias() -> sp.Expr:
    """``E[sigma'(h_k) sigma(h_l)]`` to fourth order (eq. (network.4, pair bias))."""
    return average(SLOPES_K[1:], SLOPES_L, BIAS_ORDER, site=False)


def pair_output() -> sp.Expr:
    """``E[sigma(h_k) sigma(h_l)]`` to fourth order: what the loss of a committee is made of."""
    return average(SLOPES_K, SLOPES_L, BIAS_ORDER, site=False)


def _along(expr: sp.Expr) -> tuple[sp.Expr, ...]:
    """The coefficients of the six directions."""
    expanded = sp.expand(expr)
    return tuple(sp.factor(expanded.coeff(direction)) for direction in DIRECTIONS)


def network_equations() -> tuple[EquationSet, ...]:
    """What the kernel of the flow calls, for any activation."""
    k, l = SLOPES_K, SLOPES_L
    along_label, along_next = _along(label_drift()), _along(label_next())
    return (
        EquationSet(
            "label_drift",
            "E[x sigma'(h_k)]: coefficients of C w_k and K(w_k,w_k,w_k).",
            (Q[0], k[2], k[4]),
            (along_label[0], along_label[2]),
        ),
        EquationSet(
            "pair_drift",
            "E[x sigma'(h_k) sigma(h_l)]: coefficients of C w_k, C w_l, K_kkk, K_kkl, K_kll, K_lll.",
            (*Q, *k[1:5], *l[:4]),
            _along(pair_drift()),
        ),
        EquationSet("label_bias", "E[sigma'(h_k)].", (Q[0], FOURTH[0], k[1], k[3], k[5]), (label_bias(),)),
        EquationSet("pair_bias", "E[sigma'(h_k) sigma(h_l)].", (*Q, *FOURTH, *k[1:6], *l[:5]), (pair_bias(),)),
        EquationSet(
            "label_next",
            "Of the fifth order of label_drift without the sixth cumulant: coefficients of C w_k and K(w_k,w_k,w_k).",
            (Q[0], FOURTH[0], k[6]),
            (along_next[0], along_next[2]),
        ),
        EquationSet(
            "pair_next",
            "Of the fifth order of pair_drift without the sixth cumulant: coefficients as there.",
            (*Q, *FOURTH, *k[1:], *l[:6]),
            _along(pair_next()),
        ),
    )
