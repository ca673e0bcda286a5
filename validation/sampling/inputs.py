"""Inputs on a ring or a torus, drawn from their law: Gaussian fields, what NLGP makes of them, and Ising rings.

A law becomes a ``Sampler``, a tuple of plain arrays and numbers; ``draw`` is the kernel that turns it and a random
stream into one input. Nothing here is iterated to equilibrium: every input is an independent draw, Ising rings exact,
Gaussian fields with a covariance within 1e-10 of the law's (``fields``), all in double precision.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numba import types

from cumulode.numerics import second_cumulant
from cumulode.numerics.compile.jit import f8, i8, kernel, vector
from cumulode.theory.cumulants import nlgp
from cumulode.theory.problem import covariance
from cumulode.theory.problem.lattice import shape_of
from cumulode.theory.problem.laws import GP, NLGP, Ising, Law
from cumulode.theory.problem.measured_cumulants import ROUNDING
from cumulode.theory.user_input.arguments import InvalidArgument, integer
from cumulode.validation.sgd.borrowing import borrowed

from .erf_table import LIBM, TABLE, erf_by_libm, erf_by_table, erf_name, old_erf_argument
from .field_kernels import filter_ring, filter_torus, modes_torus, sum_modes
from .fields import Field, ring_field, torus_field
from .normals import fill_normals
from .streams import seed_sequence, stream, uniform

GAUSSIAN, ERF, ERF_LIBM, SIGN, ISING, ROWS = range(6)
ERFS = {TABLE: ERF, LIBM: ERF_LIBM}


class Sampler(NamedTuple):
    """A law as the kernels read it; made by ``sampler``.

    Attributes
    ----------
    kind : int
        ``GAUSSIAN``, ``ERF``, ``ERF_LIBM``, ``SIGN`` (what is done to the Gaussian field), ``ISING`` or ``ROWS``.
    side : int
        L on a torus, 0 on a ring.
    modes, cosines : int
        Of a field drawn by modes (``fields.Field``); 0 by a filter.
    table, amplitude : (m,) arrays
        Those of ``fields.Field``. Ising: ``table[2 i + s]``, the probability that spin i+1 equals spin i, where
        ``s`` tells whether spin i equals spin 0. Rows: a user's samples, one after another.
    scale, factor : float
        ``x = factor erf(scale z)``: ``g / sqrt 2`` and ``1 / Z(g)``.
    """

    kind: int
    side: int
    modes: int
    cosines: int
    table: np.ndarray
    amplitude: np.ndarray
    scale: float
    factor: float


sampler_type = types.NamedTuple((i8, i8, i8, i8, vector, vector, f8, f8), Sampler)


def sampler(law: Law, size: int | tuple[int, ...], diagonal: float = 0.0) -> Sampler:
    """Describe ``law`` for the kernel ``draw`` (theory.md sections 1 and 2).

    Parameters
    ----------
    law : NLGP, GP or Ising
    size : int >= 4, or (D,), or (L, L)
        Sites of a ring, or of a torus: there inputs are flat, row by row, and an NLGP's Gaussian covariance is the
        product of the rings' in each direction.
    diagonal : float >= 0
        Added to the diagonal of the covariance of an NLGP's Gaussian field, not to what divides by its variance, and
        what follows for its Gaussian control (``conventions``); other laws have no such field.

    Raises
    ------
    ValueError
        For something that is no law, a law that does not exist at this size, or the Gaussian control of a user's
        arrays whose covariance on a torus is not even in each direction.
    """
    if not isinstance(law, (NLGP, GP, Ising)):
        raise InvalidArgument("law", law, "a law to draw from: NLGP(...), GP(...) or Ising(...)")
    shape = shape_of(size)
    law.check_size(shape)
    if isinstance(law, Ising):
        return Sampler(ISING, 0, 0, 0, _keep_probabilities(law.t, shape[0]), np.empty(0), 1.0, 1.0)
    if isinstance(law, GP):
        return _of_field(GAUSSIAN, _control_field(law, shape, diagonal), shape)
    field = _field(law, shape, diagonal)
    if math.isinf(law.gain):
        return _of_field(SIGN, field, shape)
    variance = float(nlgp.normalisation(law.q, complement=law.one_minus_q))
    return _of_field(ERFS[erf_name.get()], field, shape, law.gain / math.sqrt(2.0), 1.0 / math.sqrt(variance))


def rows_sampler(rows: np.ndarray) -> Sampler:
    """Draw one of the ``rows`` (n, D), each as likely, with replacement."""
    return Sampler(ROWS, 0, 0, 0, np.ascontiguousarray(rows, float).ravel(), np.empty(0), 1.0, 1.0)


def _of_field(kind: int, field: Field, shape: tuple[int, ...], scale: float = 1.0, factor: float = 1.0) -> Sampler:
    side = shape[0] if len(shape) == 2 else 0
    return Sampler(kind, side, field.modes, field.cosines, field.table, field.amplitude, scale, factor)


def _field(law: NLGP, shape: tuple[int, ...], diagonal: float) -> Field:
    """The Gaussian field under an NLGP."""
    c, _ = covariance.gaussian_covariance(law.covariance, np.arange(shape[0]), law.xi, shape[0])
    if diagonal:
        return _with_diagonal(c if len(shape) == 1 else np.outer(c, c), diagonal)
    return ring_field(c) if len(shape) == 1 else torus_field(np.outer(c, c), c)


def _with_diagonal(c: np.ndarray, diagonal: float) -> Field:
    """The field whose covariance is ``c`` with something added at distance 0; ``fields`` know a variance of 1 only."""
    wider = np.array(c, dtype=float)
    wider.flat[0] += diagonal
    field = ring_field(wider / (1.0 + diagonal)) if c.ndim == 1 else torus_field(wider / (1.0 + diagonal))
    factor = math.sqrt(1.0 + diagonal)
    if field.modes:
        return field._replace(amplitude=factor * field.amplitude)
    return field._replace(table=factor * field.table)  # the taps of a filter


def _control_field(law: GP, shape: tuple[int, ...], diagonal: float) -> Field:
    """The Gaussian field with the covariance of another law, which on a torus is no product."""
    c = second_cumulant(law, shape).reshape(shape)
    diagonal = _of_control(law, diagonal)
    if len(shape) == 1:
        return _with_diagonal(c, diagonal) if diagonal else ring_field(c)
    odd = float(np.abs(c - np.roll(c[::-1], 1, axis=0)).max())  # modes are products of the two directions'
    if odd > ROUNDING:
        raise InvalidArgument(
            "law",
            law,
            "to draw from on a torus, a covariance even in each direction, C(x, y) = C(-x, y); "
            f"here they differ by {odd:.2g}",
        )
    return _with_diagonal(c, diagonal) if diagonal else torus_field(c)


def _of_control(law: GP, diagonal: float) -> float:
    """What the diagonal of an NLGP's own covariance gains: ``asin(q (1 + diagonal)) / asin q - 1``."""
    inner = law.source
    if not diagonal or not isinstance(inner, NLGP):
        return 0.0
    if inner.q * (1.0 + diagonal) > 1.0:
        most = 1.0 / math.sqrt(diagonal)
        raise InvalidArgument("gain", inner.gain, f"at most {most:.3g} for a control with {diagonal:g} on the diagonal")
    return math.asin(inner.q * (1.0 + diagonal)) / math.asin(inner.q) - 1.0


def _keep_probabilities(t: float, size: int) -> np.ndarray:
    """P(spin i+1 = spin i | spin i, spin 0), from powers ``T^n(s, s') = (1 + s s' t^n) / 2`` closing the ring."""
    left = size - np.arange(size - 1)  # bonds from spin i round to spin 0
    table = np.empty((size - 1, 2))
    for column, sign in enumerate((-1.0, 1.0)):
        table[:, column] = 0.5 * (1.0 + t) * (1.0 + sign * t ** (left - 1)) / (1.0 + sign * t**left)
    return np.clip(table, 0.0, 1.0).ravel()


@kernel
def lent(law: Sampler) -> Sampler:
    """The same law, an argument of the calling kernel, for use inside it (``borrowing``)."""
    return Sampler(
        law.kind, law.side, law.modes, law.cosines, borrowed(law.table), borrowed(law.amplitude), law.scale, law.factor
    )


@kernel
def scratch(law: Sampler, size: int) -> int:
    """How many numbers ``draw`` needs to work with, for inputs of ``size`` sites."""
    if law.kind == ROWS:
        return 0
    across = max(law.side, 1)  # a filter needs so many numbers more a tap
    filtering = size + law.table.size * across
    coefficients = law.amplitude.size
    summing = coefficients + size + 2 if law.side == 0 else coefficients + law.modes * (across + 1) + 2 * across + 2
    return summing if law.modes > 0 else filtering


@kernel
def gaussian_field(law: Sampler, random: np.ndarray, work: np.ndarray, x: np.ndarray) -> None:
    """Fill ``x`` (D,) with a field of unit variance; see ``draw``."""
    if law.modes == 0:
        fill_normals(random, work[: x.size])
        if law.side == 0:
            filter_ring(law.table, work, x)
        else:
            filter_torus(law.table, law.side, work, x)
        return
    count = law.amplitude.size
    a, rest = work[:count], work[count:]
    fill_normals(random, a)
    for k in range(count):
        a[k] *= law.amplitude[k]
    if law.side == 0:
        sum_modes(law.table, law.cosines, a, rest, x)
    else:
        modes_torus(law.table, law.cosines, law.side, a, rest, x)


@kernel
def ising_ring(keep: np.ndarray, random: np.ndarray, x: np.ndarray) -> None:
    """Fill ``x`` (D,) with the spins of a ring: each given the one before it and the first, which closes the ring."""
    first = 1.0 if uniform(random) < 0.5 else -1.0
    x[0] = first
    same = True  # whether the present spin equals the first
    for i in range(x.size - 1):
        u = uniform(random)
        after_same, after_other = u < keep[2 * i + 1], u >= keep[2 * i]
        same = (same & after_same) | ((not same) & after_other)  # no branch: it would be guessed wrong half the time
        x[i + 1] = first if same else -first


@kernel
def one_row(rows: np.ndarray, random: np.ndarray, x: np.ndarray) -> None:
    """Fill ``x`` (D,) with one of the ``rows`` (n D,), each as likely."""
    count = rows.size // x.size
    start = min(int(uniform(random) * count), count - 1) * x.size
    for i in range(x.size):
        x[i] = rows[start + i]


@kernel
def draw(law: Sampler, random: np.ndarray, work: np.ndarray, x: np.ndarray) -> None:
    """Fill ``x`` (D,) with one input; ``work`` (``scratch(law, D)``,) is scratch."""
    if law.kind == ISING:
        ising_ring(law.table, random, x)
        return
    if law.kind == ROWS:
        one_row(law.table, random, x)
        return
    gaussian_field(law, random, work, x)
    if law.kind == ERF:
        erf_by_table(x, law.scale, law.factor)
    elif law.kind == ERF_LIBM:
        erf_by_libm(x, law.scale, law.factor)
    elif law.kind == SIGN:
        for i in range(x.size):
            x[i] = -1.0 if x[i] < 0.0 else 1.0


@kernel
def draw_class(plus, minus, prior, random, work, x):  # type: ignore[no-untyped-def]
    """Fill ``x`` (D,) with an input of the class plus, with probability ``prior``, or minus; whether it was plus."""
    if uniform(random) < prior:
        draw(plus, random, work, x)
        return True
    draw(minus, random, work, x)
    return False


@kernel
def _draw_rows(law: Sampler, random: np.ndarray, rows: np.ndarray) -> None:
    size = rows.shape[1]
    work = np.empty(scratch(law, size))
    for k in range(rows.shape[0]):
        draw(law, random, work, rows[k])


@old_erf_argument
def sample(law: Law, size: int | tuple[int, ...], n: int, seed: int | np.random.SeedSequence = 0) -> np.ndarray:
    """Draw ``n`` independent inputs from ``law`` on a ring of ``size`` sites, or on a torus.

    Parameters
    ----------
    law : NLGP, GP or Ising
    size : int >= 4, or (L, L)
        Number of sites D of a ring, or the sides of a torus, D = L L (no Ising).
    n : int >= 1
    seed : int >= 0 or SeedSequence
        Equal seeds give equal inputs; the first rows do not depend on ``n``.

    Returns
    -------
    (n, D) array
        Inputs of zero mean and unit variance; on a torus site (i, j) is at i L + j.

    Raises
    ------
    ValueError
        Naming the argument, what came and what is allowed.
    """
    described = sampler(law, size)
    rows = np.empty((integer("n", n, ge=1), math.prod(shape_of(size))))
    _draw_rows(described, stream(seed_sequence("seed", seed)), rows)
    return rows
