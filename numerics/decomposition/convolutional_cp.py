"""Convolutional CP decomposition of a fourth cumulant on the line, one dimension (theory.md section 4).

``K_ijkl ~ sum_r c_r sum_m G_r(i-m) G_r(j-m) G_r(k-m) G_r(l-m)``: what the cubic term of the drift sees the weights
through. It is a result to look at, not the way to evaluate K(w,w,w): see ``contraction`` for that.
"""

from __future__ import annotations

import time
from typing import Any, NamedTuple

import numpy as np

from cumulode.numerics.contraction.low_rank_setup import LONGEST_GAP
from cumulode.numerics.io.provenance import versions
from cumulode.theory.problem.laws import GP, NLGP, Cumulants, Ising
from cumulode.theory.user_input.arguments import InvalidArgument, integer

from .fit import RIDGE, Point
from .line import Segment, residual
from .result import ConvolutionalCP
from .search import longest_gap, reach, search

#: Most unknowns of a fit: its normal equations take a second a step there.
MOST_UNKNOWNS = 2000


def convolutional_cp(
    law: NLGP | Ising, rank: int, *, half_width: int | None = None, starts: int = 6, seed: int = 0
) -> ConvolutionalCP:
    """Decompose the fourth cumulant of ``law`` on the infinite line into ``rank`` convolutional terms.

    The factors have any shape on the offsets ``-half_width .. half_width``; the coefficients, of either sign, are at
    their optimum. The best of several fits is kept: from cold starts, continued from a small gain, and grown from the
    best fit of half the rank (so the error is never above that one's). It is a local optimum: no method is known that
    certifies more. What is certain is ``error``, a sum of squares over all entries. The small-gain limit has border
    rank two, eq. (cubic.4, border rank pair): best fits may have nearly cancelling pairs, see ``max_coefficient``.

    Parameters
    ----------
    law : NLGP or Ising
        Any gain and covariance ("wrapped" is the squared exponential on the line); correlation lengths up to 29
        sites, 8 if correlations fall off exponentially (the table of entries takes (gaps)^3 / 2 x 50 us, the fit
        (rank x half_width)^3).
    rank : int >= 1
        Number of terms R.
    half_width : int >= 1, optional
        Default: where the covariance has fallen to 1e-5, or 1e-4 where it falls off exponentially.
    starts : int >= 1
        Number of cold starts.
    seed : int >= 0
        Of the starts; the result is a function of the arguments.

    Returns
    -------
    ConvolutionalCP
        ``factors``, ``coefficients``, ``error``, ``max_coefficient`` ...

    Raises
    ------
    InvalidArgument
        Naming ``law`` (a GP: its K is zero; a correlation length out of reach), ``rank``, ``half_width``, ``starts``
        or ``seed``.
    """
    started = time.perf_counter()
    half = _check(law, rank, half_width)
    starts, seed = integer("starts", starts, ge=1, le=10_000), integer("seed", seed, ge=0)
    best = search(law, rank, half, starts, seed)
    placed = _in_order(_centred(best.at))
    settings = {"law": law.to_dict(), "starts": starts, "seed": seed, "half_width": half, "ridge": RIDGE}
    fitted = {"fit": best.origin, "longest_gap": longest_gap(law), "beyond": best.line.beyond}
    return ConvolutionalCP(
        law=law,
        offsets=placed.offsets,
        factors=placed.factors,
        coefficients=placed.coefficients * best.line.norm,
        path=best.path,
        seconds=time.perf_counter() - started,
        provenance={**versions(), **settings, **fitted},
        **_statistics(best.line, best.at, placed),
    )


def _check(law: Any, rank: Any, half_width: Any) -> int:
    """The half width, by default from the law; InvalidArgument naming ``law``, ``rank`` or ``half_width``."""
    allowed = "NLGP(...) or Ising(...)"
    if isinstance(law, GP):
        raise InvalidArgument("law", law, f"{allowed}: a Gaussian law has no fourth cumulant to decompose")
    if isinstance(law, Cumulants):
        raise InvalidArgument("law", law, f"{allowed}: a user's arrays have no correlation length to start from")
    if not isinstance(law, (NLGP, Ising)):
        raise InvalidArgument("law", law, allowed)
    if reach(law, 1e-5) > LONGEST_GAP:
        far = f"xi up to 29, or 8 where correlations fall off exponentially (to 1e-5 over {LONGEST_GAP} sites)"
        raise InvalidArgument("law", law, far)
    half = (
        reach(law)
        if half_width is None
        else integer("half_width", half_width, ge=1, le=(MOST_UNKNOWNS - 1) // 2, note=" or None")
    )
    note = f" (rank x (2 half_width + 1) <= {MOST_UNKNOWNS}, half_width is {half})"
    integer("rank", rank, ge=1, le=MOST_UNKNOWNS // (2 * half + 1), note=note)
    return half


class _Placed(NamedTuple):
    offsets: np.ndarray
    factors: np.ndarray
    coefficients: np.ndarray


def _statistics(line: Segment, at: Point, placed: _Placed) -> dict[str, Any]:
    """Error, norm and the sizes of the terms relative to it."""
    terms = np.abs(at.c) * np.sqrt((at.correlations[range(len(at.c)), range(len(at.c))] ** 4).sum(axis=1))
    weight = np.square(placed.factors)
    middle = weight @ placed.offsets
    return {
        "norm": line.norm,
        "error": residual(line, at.G, at.c),
        "max_coefficient": float(np.abs(at.c).max()),
        "cancellation": float(terms.max()),
        "widths": np.sqrt((weight * (placed.offsets - middle[:, None]) ** 2).sum(axis=1)),
    }


def _centred(at: Point) -> _Placed:
    """Every factor moved by whole sites so that its centre (weights G^2) is nearest to 0, its sum not negative.

    Neither changes the decomposition. The support grows by the largest move.
    """
    n = at.G.shape[1]
    site = np.arange(n)
    shift = np.round(np.square(at.G) @ site).astype(int)
    half = int(np.maximum(shift, n - 1 - shift).max())
    factors = np.zeros((len(at.G), 2 * half + 1))
    for row, g, s in zip(factors, at.G, shift, strict=True):
        row[half - s : half - s + n] = g if g.sum() >= 0 else -g
    return _Placed(np.arange(-half, half + 1), factors, at.c)


def _in_order(placed: _Placed) -> _Placed:
    """Largest coefficient first."""
    order = np.argsort(-np.abs(placed.coefficients), kind="stable")
    return _Placed(placed.offsets, placed.factors[order], placed.coefficients[order])
