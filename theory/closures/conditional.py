"""The conditional closure of Lufkin, Saxe and Grant (NeurIPS 2024): lam = w.x given x_i is taken as Gaussian.

``E[x_i F(lam)]`` becomes an average over ``x_i`` of a Gaussian average of the force, with the mean and variance below.
It needs the second cumulant and the marginal of the data alone; from the joint fourth cumulant it takes nothing. It is
exact for Gaussian data (eq. (conditional.2, exact for Gaussian data)). Functions take numbers, arrays or symbols.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def mean(x: Any, cw: Any) -> Any:
    """Mean of lam given x_i: ``x_i (C w)_i`` (eq. (conditional.1, conditional law)).

    Parameters
    ----------
    x : value of the input x_i, unit variance
    cw : ``(C w)_i``
    """
    return x * cw


def variance(k2: Any, cw: Any) -> Any:
    """Variance of lam given x_i: ``k2 - (C w)_i^2 >= 0`` (eq. (conditional.1, conditional law)).

    Parameters
    ----------
    k2 : ``w.C w``
    cw : ``(C w)_i``, at most ``sqrt(k2)`` in size
    """
    return k2 - cw**2


def third_order(slope: Any, third: Any, k2: Any, cw: Any, kappa4: Any) -> Any:
    """The drift of one class to third order in w (eq. (conditional.3, conditional third order)).

    ``F'(0) (C w)_i + F'''(0)/6 [3 k2 (C w)_i + kappa4 (C w)_i^3]``: the drift to third order with ``K(w,w,w)_i``
    replaced by ``kappa4 (C w)_i^3`` (eq. (conditional.4, cumulant replaced)). First neglected: order 5.

    Parameters
    ----------
    slope, third : ``F_y'(0)`` and ``F_y'''(0)``
    k2, cw : ``w.C w`` and ``(C w)_i``
    kappa4 : number >= -2
        ``E[x_i^4] - 3``, the fourth cumulant of the marginal.
    """
    return slope * cw + third / 6 * (3 * k2 * cw + kappa4 * cw**3)


def antisymmetric(third: Any, kappa4: Any, c_ij: Any, cw_i: Any, cw_j: Any) -> Any:
    """``d f_i/d w_j - d f_j/d w_i`` of the third-order drift f (eq. (conditional.7, no gradient)).

    Not zero, so f is no gradient and the closure lowers no potential; zero where ``|C w|`` is the same at every site.
    """
    return third / 2 * kappa4 * c_ij * (cw_i**2 - cw_j**2)


def spins(average: Callable[[Any, Any], Any], k2: Any, cw: Any) -> Any:
    """``E[x_i F(lam)]`` for inputs +-1, such as Ising spins (eq. (conditional.11, conditional spins)).

    Parameters
    ----------
    average : function of (mean, variance)
        Gaussian average of the force.
    k2, cw : ``w.C w`` and ``(C w)_i``
    """
    left = variance(k2, cw)
    return (average(mean(1, cw), left) - average(mean(-1, cw), left)) / 2
