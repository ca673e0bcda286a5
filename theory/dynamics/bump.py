"""Localised fields as Gaussian bumps: participation ratio, width, cumulants, and the bump at which a flow rests.

The ansatz is ``w_i = a exp(-(i - i0)^2 / (2 s^2))`` on the infinite line, with sums over sites as integrals. The
Gaussian covariance of a class is ``exp(-d^2/xi^2)``, its second cumulant the same, and its fourth

    K_ijkl = (kurtosis / 4) sum over the four sites i of prod_(j != i) c_ij,

the NLGP at small gain, where ``kurtosis = -4 g^2``. With the kurtosis of one site at any gain in its place
(``site_kurtosis``) it is right where sites coincide. Formulas take numbers, arrays and SymPy expressions alike; ``m``
is the module whose ``sqrt``, ``exp`` and ``pi`` are used (``numpy`` or ``sympy``).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from cumulode.theory.user_input.arguments import InvalidArgument, real

_GOLDEN = (math.sqrt(5) - 1) / 2


class BumpClass(NamedTuple):
    """One class as the Taylor closure and the ansatz see it.

    Attributes
    ----------
    prior : probability
    slope, cubic : ``F_y'(0)`` and ``F_y'''(0)``
    xi : correlation length of the Gaussian field
    kurtosis : excess kurtosis of one site, in [-2, 0]
    """

    prior: Any
    slope: Any
    cubic: Any
    xi: Any
    kurtosis: Any


def norm_squared(a: Any, s: Any, m: Any = np) -> Any:
    """``|w|^2 = a^2 sqrt(pi) s``; relative corrections ``sum_correction(s)`` and ``erfc(D/(2s))`` on D sites."""
    return a**2 * m.sqrt(m.pi) * s


def sum_correction(s: Any, m: Any = np) -> Any:
    """Largest relative error of the integral for ``sum_i exp(-(i - i0)^2/s^2)``: ``2 exp(-pi^2 s^2)`` to leading order.

    Eq. (bump.4, lattice correction); for ``s > 0``, small from ``s`` about 1 on.
    """
    return 2 * m.exp(-((m.pi * s) ** 2))


def ipr_gaussian(s: Any, m: Any = np) -> Any:
    """Inverse participation ratio of the bump, ``1 / (sqrt(2 pi) s)``, eq. (bump.2, IPR of a bump); ``1 < s << D``."""
    return 1 / (m.sqrt(2 * m.pi) * s)


def width_gaussian(s: Any, m: Any = np) -> Any:
    """Width of the bump as ``cumulode.validation.receptive_fields.metrics.width`` defines it, ``s / sqrt 2``.

    Eq. (bump.3, width of a bump); IPR x width is ``1 / (2 sqrt pi)`` for every Gaussian bump.
    """
    return s / m.sqrt(2)


def sinusoid_ipr(size: Any) -> Any:
    """``3 / (2 D)`` of a wave whose wavenumber is none of 0, D/4 and D/2, eq. (bump.23, IPR of a wave)."""
    return 3 / (2 * size)


def random_ipr(size: Any) -> Any:
    """Mean over Gaussian vectors, ``3 / (D + 2)``, exact, eq. (bump.26, IPR of a random vector)."""
    return 3 / (size + 2)


def k2_gaussian(a: Any, s: Any, xi: Any, m: Any = np) -> Any:
    """Second cumulant of the preactivation, ``2 pi a^2 s^2 xi / sqrt(xi^2 + 4 s^2)``, eq. (bump.7, k2 of a bump)."""
    return 2 * m.pi * a**2 * s**2 * xi / m.sqrt(xi**2 + 4 * s**2)


def k4_gaussian(a: Any, s: Any, xi: Any, kurtosis: Any, m: Any = np) -> Any:
    """Fourth cumulant, ``4 pi^2 kurtosis a^4 s^4 xi^3 / [(2 s^2 + xi^2) sqrt(8 s^2 + xi^2)]``.

    Eq. (bump.10, k4 of a bump).
    """
    return kurtosis * 4 * m.pi**2 * a**4 * s**4 * xi**3 / ((2 * s**2 + xi**2) * m.sqrt(8 * s**2 + xi**2))


def k2_exponent(s: Any, xi: Any) -> Any:
    """``d log k2 / d log s`` at fixed height; eq. (bump.13, width at rest) is the same of k4."""
    return 2 - 4 * s**2 / (xi**2 + 4 * s**2)


def k4_exponent(s: Any, xi: Any) -> Any:
    """``d log |k4| / d log s`` at fixed height, eq. (bump.13, width at rest)."""
    return 4 - 4 * s**2 / (2 * s**2 + xi**2) - 8 * s**2 / (8 * s**2 + xi**2)


def linear_part(classes: Sequence[BumpClass], s: Any, m: Any = np) -> Any:
    """``P = sum_y p_y F_y'(0) alpha_y(s)``, with ``k2 = a^2 alpha``."""
    return sum(c.prior * c.slope * k2_gaussian(1, s, c.xi, m) for c in classes)


def cubic_part(classes: Sequence[BumpClass], s: Any, m: Any = np) -> Any:
    """``Q = sum_y p_y F_y'''(0) (3 alpha_y^2 + beta_y)``, with ``k4 = a^4 beta``."""
    return sum(
        c.prior * c.cubic * (3 * k2_gaussian(1, s, c.xi, m) ** 2 + k4_gaussian(1, s, c.xi, c.kurtosis, m))
        for c in classes
    )


def amplitude_squared(linear: Any, cubic: Any) -> Any:
    """Squared height of the bump at rest under the Taylor closure, ``-6 P / Q``, eq. (bump.15, amplitude)."""
    return -6 * linear / cubic


def depth(linear: Any, cubic: Any) -> Any:
    """``V`` of that bump, below ``w = 0``: ``3 P^2 / (2 Q)``, eq. (bump.15, amplitude); its width makes it deepest."""
    return 3 * linear**2 / (2 * cubic)


def leading_width(p1: Any, p3: Any, s2: Any, s4: Any, t: Any, m: Any = np) -> Any:
    """``s`` of the bump at small kurtosis, ``-(3/sqrt 2) (S2/T) (P3/P1 - S4/S2)``, eq. (bump.21, leading width).

    Parameters
    ----------
    p1, p3 : ``sum_y p_y F_y'(0) xi_y^n`` with n = 1, 3
    s2, s4 : ``sum_y p_y F_y'''(0) xi_y^n`` with n = 2, 4
    t : ``sum_y p_y F_y'''(0) kurtosis_y xi_y^3``
        So ``s`` goes as 1/kurtosis; holds where positive (``p3/p1 > s4/s2``) and much larger than every ``xi``.
    """
    return -3 / m.sqrt(2) * (s2 / t) * (p3 / p1 - s4 / s2)


def small_kurtosis_width(classes: Sequence[BumpClass]) -> float:
    """``leading_width`` of given classes."""
    p1, p3 = (sum(c.prior * c.slope * c.xi**n for c in classes) for n in (1, 3))
    s2, s4 = (sum(c.prior * c.cubic * c.xi**n for c in classes) for n in (2, 4))
    return float(leading_width(p1, p3, s2, s4, sum(c.prior * c.cubic * c.kurtosis * c.xi**3 for c in classes)))


def site_kurtosis(gain: float) -> float:
    """Excess kurtosis of one site of an NLGP: ``-4 g^2`` at small gain, -6/5 at 1, -2 at infinity.

    Parameters
    ----------
    gain : float in (0, inf]
    """
    gain = real("gain", gain, gt=0, le=math.inf)
    if math.isinf(gain):
        return -2.0
    z = np.linspace(0.0, 10.0, 4001)
    x = np.array([math.erf(gain * at / math.sqrt(2)) for at in z])
    weight = np.exp(-(z**2) / 2)
    second, fourth = (np.sum(x**n * weight) / (np.sum(weight) - weight[0] / 2) for n in (2, 4))
    return float(fourth / second**2 - 3)


def taylor_bump(classes: Sequence[BumpClass], widest: float = 1e3) -> tuple[float, float]:
    """Height ``a`` and width parameter ``s`` of the deepest bump under the Taylor closure.

    Parameters
    ----------
    classes : sequence of BumpClass, numbers
    widest : float > 0.3
        Largest ``s`` looked at; the ring should be at least six times as large as what is found.

    Raises
    ------
    ValueError
        Where there is none: no bump grows, the cubic term does not saturate it, or the deepest is the widest (no
        localisation) or narrower than 0.3 sites.
    """

    def energy(log_s: float) -> float:
        linear, cubic = (part(classes, math.exp(log_s)) for part in (linear_part, cubic_part))
        return float(depth(linear, cubic)) if linear > 0 > cubic else 0.0

    grid = np.linspace(
        math.log(0.3), math.log(real("widest", widest, gt=0.3, le=math.inf, allowed="widest > 0.3")), 2001
    )
    best = int(np.argmin([energy(x) for x in grid]))
    if best in (0, grid.size - 1) or energy(grid[best]) == 0:
        raise InvalidArgument("classes", tuple(classes), "classes with a deepest bump between 0.3 and widest sites")
    s = math.exp(_minimum(energy, grid[best - 1], grid[best + 1]))
    return math.sqrt(amplitude_squared(linear_part(classes, s), cubic_part(classes, s))), s


def _minimum(function: Callable[[float], float], low: float, high: float) -> float:
    """Golden-section search."""
    for _ in range(60):
        left, right = high - _GOLDEN * (high - low), low + _GOLDEN * (high - low)
        if function(left) < function(right):
            high = right
        else:
            low = left
    return (low + high) / 2
