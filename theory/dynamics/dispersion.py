"""Linear growth about w = 0: rates of plane waves, the wavenumber selected, the bias, and a committee of neurons.

Derived in the document ``growth``. Functions take numbers, arrays or symbols; ``m`` is where elementary functions come
from (numpy, or SymPy). Classes are in the order plus, minus, with labels +1, -1. Rates are per unit of ``t = eta *
steps``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

LABELS = (1, -1)


def force_slope(y: Any, s0: Any, s1: Any, s2: Any) -> Any:
    """``F_y'(0) = (y - s0) s2 - s1^2`` (eq. (drift.9, force slope)).

    Parameters
    ----------
    y : label of the class
    s0, s1, s2 : activation at the bias, and its first and second derivative there
    """
    return (y - s0) * s2 - s1**2


def growth_rate(priors: Sequence[Any], slopes: Sequence[Any], spectra: Sequence[Any]) -> Any:
    """``mu(k) = sum_y p_y F_y'(0) Chat^y(k)`` of a plane wave (eq. (growth.4, growth rate)).

    Parameters
    ----------
    priors : two numbers in [0, 1] that sum to 1
    slopes : ``F_y'(0)`` of each class, as :func:`force_slope` gives it
    spectra : ``Chat^y(k) = sum_d C^y_d cos(k d)`` of each class (eq. (growth.3, plane wave)), numbers or arrays over k
    """
    (p, q), (a, c), (plus, minus) = priors, slopes, spectra
    return p * a * plus + q * c * minus


def line_spectrum(k: Any, xi: Any, m: Any = np) -> Any:
    """``sqrt(pi) xi exp(-k^2 xi^2 / 4)`` of the covariance ``exp(-d^2/xi^2)`` (eq. (growth.5, line spectrum)).

    On the infinite line in the continuum; on integer sites the same summed over ``k + 2 pi n``, which for ``|k| <= 1``
    and ``xi >= 1`` adds less than 1e-3 of ``sqrt(pi) xi``.
    """
    return m.sqrt(m.pi) * xi * m.exp(-(k**2) * xi**2 / 4)


def ising_spectrum(k: Any, t: Any, size: Any = None, m: Any = np) -> Any:
    """Spectrum of the Ising correlations, ``|t| < 1`` (eq. (growth.6, Ising spectrum)).

    ``(1 - t^2)/(1 - 2 t cos k + t^2)`` on the line, times ``(1 - t^D)/(1 + t^D)`` on a ring of ``size`` D.
    """
    line = (1 - t**2) / (1 - 2 * t * m.cos(k) + t**2)
    return line if size is None else line * (1 - t**size) / (1 + t**size)


def stationary_wavenumber_squared(a_plus: Any, a_minus: Any, xi_plus: Any, xi_minus: Any, m: Any = np) -> Any:
    """``k^2`` of the stationary point of mu(k) other than ``k = 0`` (eq. (growth.8, stationary wavenumber)).

    For spectra as :func:`line_spectrum`; ``4/(xi_+^2 - xi_-^2) ln(-a_+ xi_+^3/(a_- xi_-^3))``. Negative: no such point.

    Parameters
    ----------
    a_plus, a_minus : ``p_y F_y'(0)``, of opposite signs
    xi_plus, xi_minus : correlation lengths, not equal
    """
    ratio = -a_plus * xi_plus**3 / (a_minus * xi_minus**3)
    return 4 / (xi_plus**2 - xi_minus**2) * m.log(ratio)


def threshold_wavenumber_squared(a_plus: Any, a_minus: Any, xi_plus: Any, xi_minus: Any, m: Any = np) -> Any:
    """``k^2`` at which mu(k) changes its sign (eq. (growth.11, threshold wavenumber)); arguments as above."""
    return 4 / (xi_plus**2 - xi_minus**2) * m.log(-a_plus * xi_plus / (a_minus * xi_minus))


def selected_wavenumber(a_plus: float, a_minus: float, xi_plus: float, xi_minus: float) -> tuple[float, float]:
    """The wavenumber that grows fastest and its rate, of numbers (eq. (growth.10, curvature)).

    A rate that is not positive says that no mode grows. The candidates are ``k = 0`` and the other stationary point: a
    maximum if the class of positive coefficient a has the shorter correlation length xi and the smaller ``|a| xi^3``.
    """
    candidates = [0.0]
    if a_plus * a_minus < 0 and xi_plus != xi_minus:
        square = float(stationary_wavenumber_squared(a_plus, a_minus, xi_plus, xi_minus))
        candidates += [float(np.sqrt(square))] if square > 0 else []

    def rate(k: float) -> float:
        spectra = (line_spectrum(k, xi_plus), line_spectrum(k, xi_minus))
        return float(growth_rate((1, 1), (a_plus, a_minus), spectra))

    best = max(candidates, key=rate)
    return best, rate(best)


def bias_velocity(prior: Any, s0: Any, s1: Any) -> Any:
    """``db/dt`` of a trained bias at ``w = 0``: ``(2p - 1 - s0) s1`` (eq. (growth.13, bias flow)).

    Parameters
    ----------
    prior : p, of the class plus
    s0, s1 : output of the unit, ``sigma(b)`` or a committee's mean, and ``sigma'(b)`` of the neuron
    """
    return (2 * prior - 1 - s0) * s1


def committee_slopes(y: Any, s0: Sequence[Any], s1: Sequence[Any], s2: Sequence[Any]) -> list[list[Any]]:
    """Derivatives of ``(y - s) sigma'(h_k)`` in ``h_l`` at ``w = 0`` (eq. (growth.16, committee slopes)).

    ``s`` is the mean over the K neurons. ``delta_kl (y - mean s0) s2_k - s1_k s1_l / K``.

    Parameters
    ----------
    y : label of the class
    s0, s1, s2 : sequences of length K
        Activation, first and second derivative at the bias of each neuron.
    """
    size = len(s0)
    rest = y - sum(s0) / size
    return [[(rest * s2[k] if k == l else 0) - s1[k] * s1[l] / size for l in range(size)] for k in range(size)]


def committee_matrix(
    priors: Sequence[Any], spectra: Sequence[Any], s0: Sequence[Any], s1: Sequence[Any], s2: Sequence[Any]
) -> list[list[Any]]:
    """Growth matrix (K, K) of a plane wave over the neurons: ``sum_y p_y Chat^y(k) committee_slopes(y)``.

    Its eigenvalues are growth rates. A mode within neurons of equal bias that sums to zero there grows at
    ``sigma''(b) sum_y p_y (y - mean s0) Chat^y`` (eq. (growth.17, group mode)).
    """
    slopes = [committee_slopes(y, s0, s1, s2) for y in LABELS]
    K = range(len(s0))
    return [[growth_rate(priors, [a[k][l] for a in slopes], spectra) for l in K] for k in K]


def committee_rates(g: Any, h: Any, m: Any = np) -> tuple[Any, Any, Any, Any]:
    """Growth rates of half the neurons at bias -b, half at +b, odd activation (eq. (growth.19, committee rates)).

    ``g`` and ``-g`` within the halves (modes that sum to zero there, K >= 4), and ``(-h +- sqrt(h^2 + 4 g^2))/2`` of
    the two modes that are uniform in each half: the roots of ``mu^2 + h mu - g^2`` (eq. (growth.18, committee of two)).

    Parameters
    ----------
    g : ``sigma''(-b) (p_+ Chat+ - p_- Chat-)``
    h : ``sigma'(b)^2 (p_+ Chat+ + p_- Chat-)``, >= 0
    """
    root = m.sqrt(h**2 + 4 * g**2)
    return g, -g, (-h + root) / 2, (-h - root) / 2
