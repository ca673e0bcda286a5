"""What steps of finite size add to the flow, to first order in the learning rate (theory.md section 7).

Around a trajectory of the flow the weights scatter with a covariance ``S`` of the order of the learning rate ``eta``,
and their mean is shifted by as much. Plain arithmetic: numbers, NumPy arrays and SymPy expressions alike; ``m`` is the
module whose ``exp`` and ``log`` are used (``numpy`` or ``sympy``). Time is ``eta`` x steps.
"""

from __future__ import annotations

from typing import Any

import numpy as np


def local_error(drift: Any, slope: Any, eta: Any) -> Any:
    """How much further the flow moves in a time ``eta`` than one step: ``eta^2 f f' / 2``, to second order in ``eta``.

    Eq. (flow.7, local error); for one weight, ``drift`` is ``f`` and ``slope`` is ``f'`` where the step begins.
    """
    return eta**2 * drift * slope / 2


def step_error(first_drift: Any, drift: Any, eta: Any, m: Any = np) -> Any:
    """How far steps without noise are from the flow at the same time: ``-(eta/2) f log(f / f_0)``, to first order.

    Eq. (flow.10, global error); for one weight that starts with drift ``f_0`` and has reached drift ``f`` (same sign).
    """
    return -eta / 2 * drift * m.log(drift / first_drift)


def noise_covariance(second_moment: Any, means: Any, batch_size: Any = 1) -> Any:
    """Covariance ``B`` of one step over ``eta^2``, eq. (flow.12, batch covariance).

    Parameters
    ----------
    second_moment : number, expression or (D, D)
        ``sum_y p_y E_y[F_y^2 x_i x_j]``; eq. (fluctuations.13, data noise).
    means : like ``second_moment``
        ``f_i f_j``, the product of the drifts.
    batch_size : >= 1
        Independent samples a step.
    """
    return (second_moment - means) / batch_size


def small_field_noise(priors: Any, forces: Any, correlations: Any) -> Any:
    """``B`` at ``w = 0``: ``sum_y p_y F_y(b)^2 C^y``, eq. (fluctuations.15, noise of small fields).

    Parameters
    ----------
    priors, forces : sequences
        ``p_y`` and the force ``F_y`` at ``h = b``, one a class.
    correlations : sequence
        ``C^y`` one a class: an entry, a matrix, or the power ``Chat^y(k)`` for the noise of mode ``k``.
        Relative corrections are of order ``|w|^2``.
    """
    return sum(p * f**2 * c for p, f, c in zip(priors, forces, correlations, strict=True))


def covariance_step(jacobian: Any, covariance: Any, noise: Any, eta: Any) -> Any:
    """``S`` after one step, exact where the drift is linear: ``(1 + eta J) S (1 + eta J)^T + eta^2 B``.

    Eq. (fluctuations.1, covariance step); matrices (D, D).
    """
    moved = covariance + eta * (jacobian @ covariance)
    return moved + eta * (moved @ jacobian.T) + eta**2 * noise


def covariance_rate(jacobian: Any, covariance: Any, noise: Any, eta: Any) -> Any:
    """``dS/dt = J S + S J^T + eta B``, eq. (fluctuations.3, covariance equation); matrices (D, D).

    Neglected: ``eta J S J^T``, of second order as ``S`` itself is of first.
    """
    return jacobian @ covariance + covariance @ jacobian.T + eta * noise


def stationary_variance(rate: Any, noise: Any, eta: Any) -> Any:
    """Variance of one mode at rest, ``-eta B / (2 J + eta J^2)``, eq. (fluctuations.5, stationary variance).

    Exact for steps of a linear drift; ``rate`` is ``J`` with ``-2 < eta J < 0``.
    """
    return -eta * noise / (2 * rate + eta * rate**2)


def variance_after(rate: Any, noise: Any, eta: Any, steps: Any, start: Any = 0) -> Any:
    """Variance of one mode after whole steps from ``start``, solving the recursion of ``covariance_step``.

    Exact for steps of a linear drift with ``eta rate`` neither 0 nor -2.
    """
    grown = (1 + eta * rate) ** (2 * steps)
    return grown * start + eta * noise * (grown - 1) / (2 * rate + eta * rate**2)


def mode_variance(rate: Any, noise: Any, t: Any, eta: Any, start: Any = 0, m: Any = np) -> Any:
    """``e^(2 mu t) S_0 + eta B (e^(2 mu t) - 1) / (2 mu)``, eq. (fluctuations.10, variance of a mode).

    It is ``E|w_k|^2`` of one mode of an early field, and the variance of a mode of ``S`` where ``J`` and ``B`` have the
    same eigenvectors.

    Parameters
    ----------
    rate : real
        ``mu(k)``, or the eigenvalue of ``J``; any sign, 0 only where ``m`` is ``numpy``.
    noise : >= 0
        ``B`` of the mode: ``small_field_noise`` over the batch size.
    t, eta : >= 0
        Time and learning rate.
    start : >= 0
        ``|w_k(0)|^2``, or the variance at time 0.
    """
    if m is not np:
        return m.exp(2 * rate * t) * start + eta * noise * (m.exp(2 * rate * t) - 1) / (2 * rate)
    twice = 2 * np.asarray(rate, dtype=float)
    with np.errstate(divide="ignore", invalid="ignore"):
        spread = np.where(twice == 0, t, np.expm1(twice * t) / twice)
    return np.exp(twice * t) * start + eta * noise * spread


def noise_share(rate: Any, noise: Any, eta: Any, start: Any, t: Any = None, m: Any = np) -> Any:
    """Share of ``mode_variance`` that is due to noise, in [0, 1]; above 1/2 it chooses where the field forms.

    Eq. (fluctuations.19, share of the noise). Arguments as there; without ``t`` at late times, for a growing mode.
    """
    seen = start if t is None else start / (1 - m.exp(-2 * rate * t))
    return eta * noise / (eta * noise + 2 * rate * seen)


def mean_rate(drift: Any, slope: Any, curvature: Any, variance: Any, eta: Any) -> Any:
    """``dm/dt = f + f'' S / 2 - eta f f' / 2`` of the mean of one weight, to first order in ``eta``.

    Eq. (fluctuations.11, shift of the mean) and eq. (fluctuations.12, modified flow): ``f``, ``f'``, ``f''`` at the
    mean, and the variance ``S`` about it; the last term is that of steps in place of a flow.
    """
    return drift + curvature * variance / 2 - eta * drift * slope / 2


def centre_diffusion(left: Any, noise: Any, shift: Any) -> Any:
    """``l.B.l/(l.dw)^2``, eq. (fluctuations.26, diffusion of the centre): growth of the variance of a field's place.

    Per unit of time, over ``eta``. Columns (D, 1), ``left`` of the Jacobian at a stationary field with ``l J = 0``,
    ``shift`` the derivative of the field along the lattice; ``noise`` (D, D).
    """
    overlap = left.T @ shift
    return left.T @ noise @ left / overlap[0, 0] ** 2
