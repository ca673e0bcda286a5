"""The cubic term K(w,w,w) of the drift as a field equation on the ring (theory.md sections 4 and 5).

Everything here is a sum over the sites of a ring, written with circular shifts, for numpy arrays of numbers or of
SymPy symbols alike. A line is a ring on which ``w`` is padded with zeros. These are the formulas that the fast
contractions rest on, not the fast contractions.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

Field = Any  # (D,) array of numbers or symbols


def convolve(f: Field, g: Field) -> np.ndarray:
    """``(f * g)_i = sum_j f_(i-j) g_j``; ``f`` may be shorter than the ring (one-sided)."""
    return sum((f[a] * np.roll(g, a) for a in range(len(f))), np.zeros_like(g))


def correlate(f: Field, g: Field) -> np.ndarray:
    """``sum_j f_(j-i) g_j``; ``f`` may be shorter than the ring (one-sided)."""
    return sum((f[a] * np.roll(g, -a) for a in range(len(f))), np.zeros_like(g))


def convolutional_cubic(kernels: Sequence[Field], coefficients: Sequence[Any], w: Field) -> np.ndarray:
    """``K(w,w,w) = sum_r c_r G_r * (G_r (star) w)^3``, eq. (cubic.1, field equation).

    It is the cubic term of a convolutional CP decomposition, ``K_ijkl = sum_r c_r sum_m G_r(i-m) G_r(j-m) G_r(k-m)
    G_r(l-m)``.

    Parameters
    ----------
    kernels : sequence of (D,) arrays
        The factors ``G_r``, of any shape.
    coefficients : sequence of numbers, of either sign
    w : (D,) array

    Returns
    -------
    (D,) array
    """
    w = np.asarray(w)
    terms = (c * convolve(np.asarray(G), correlate(G, w) ** 3) for G, c in zip(kernels, coefficients, strict=True))
    return sum(terms, np.zeros_like(w))


def small_gain_cubic(c: Field, w: Field, q: Any) -> np.ndarray:
    """``-q [ (c * w)^3 + 3 c * (w (c * w)^2) ]``: the NLGP at small gain, eq. (cubic.2, small gain cubic).

    To first order in ``q = g^2/(1+g^2)``, so its relative error is of order q.

    Parameters
    ----------
    c : (D,) array
        Covariance of the Gaussian field, ``c_d = c_(-d)``.
    w : (D,) array
    q : number in [0, 1], small
    """
    w = np.asarray(w)
    u = convolve(c, w)
    return -q * (u**3 + 3 * convolve(c, w * u**2))


def border_rank_pair(c: Field, w: Field, q: Any, epsilon: Any) -> np.ndarray:
    """The small-gain cubic term from two kernels, ``c +- epsilon delta``, eq. (cubic.4, border rank pair).

    Their coefficients ``-+q/(2 epsilon)`` diverge as the error, of order ``epsilon^2``, vanishes: the two terms
    nearly cancel.

    Parameters
    ----------
    c, w, q : as for ``small_gain_cubic``
    epsilon : number > 0, small
    """
    delta = np.zeros_like(np.asarray(c))
    delta[0] = 1
    weight = q / (2 * epsilon)
    return convolutional_cubic((c + epsilon * delta, c - epsilon * delta), (-weight, weight), w)


def ordered_gradient(A: Any, B: Any, w: Field) -> np.ndarray:
    """Gradient of the sum over sorted sites, eq. (cubic.6, ordered gradient).

    The sum is ``V4 = 24 sum_rs sum A_r(alpha) B_rs(beta) A_s(gamma) w_i w_j w_k w_l`` over sites ``i <= j <= k <= l``
    with gaps alpha, beta, gamma, each gap of zero counting one half.

    Parameters
    ----------
    A : (R, n) array
        ``A_r`` at gaps 0 .. n-1.
    B : (R, R, n) array
        With ``B_rs = B_sr``, so that a mirrored quadruple has the same entry.
    w : (D,) array
        On a ring of ``D`` sites the gaps go around it; pad with ``n - 1`` zeros for a line.
    """
    A, B, w = _halved(A), _halved(B), np.asarray(w)
    ranks = range(len(A))
    left, right = [convolve(A[r], w) for r in ranks], [correlate(A[r], w) for r in ranks]
    total = np.zeros_like(w)
    for r in ranks:
        ahead = 24 * sum(correlate(B[r][s], w * right[s]) for s in ranks)
        behind = 24 * sum(convolve(B[s][r], w * left[s]) for s in ranks)
        total = total + left[r] * ahead + right[r] * behind + correlate(A[r], w * ahead) + convolve(A[r], w * behind)
    return total


def _halved(f: Any) -> np.ndarray:
    """The entries at gap zero, the first along the last axis, times one half."""
    f = np.asarray(f)
    return np.concatenate([f[..., :1] / 2, f[..., 1:]], axis=-1)


def coincidence_correction(kappa: Field, w: Field) -> np.ndarray:
    """``2 [ 3 w^2 (kappa * w) + kappa * w^3 ]``, eq. (cubic.7, coincidence correction).

    What the gradient of the sum over sorted sites has too much, because halving the entries at gap zero does not
    count triple coincidences right.

    Parameters
    ----------
    kappa : (D,) array
        ``K_000d``, on a line padded with zeros up to ``d`` around the ring.
    w : (D,) array
    """
    w = np.asarray(w)
    return 2 * (3 * w**2 * convolve(kappa, w) + convolve(kappa, w**3))


def ordered_cubic(A: Any, B: Any, kappa: Field, w: Field) -> np.ndarray:
    """``K(w,w,w) = (dV4 - correction) / 4``, eq. (cubic.7, coincidence correction).

    For a cumulant of low rank in its sorted gaps.

    Parameters
    ----------
    A, B, kappa, w : as for ``ordered_gradient`` and ``coincidence_correction``
    """
    return (ordered_gradient(A, B, w) - coincidence_correction(kappa, w)) / 4
