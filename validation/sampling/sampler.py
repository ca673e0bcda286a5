"""A law of inputs as the kernels of ``draw`` read it, and inputs drawn from it: ``sampler``, ``sample``.

Nothing is iterated to equilibrium: every input is an independent draw, Ising rings exact, Gaussian fields with a
covariance within 1e-10 of the law's (``fields``), all in double precision.
"""

from __future__ import annotations

import math

import numpy as np

from cumulode.numerics import second_cumulant
from cumulode.numerics.compile.jit import kernel
from cumulode.theory.cumulants import nlgp
from cumulode.theory.problem import covariance
from cumulode.theory.problem.lattice import shape_of
from cumulode.theory.problem.laws import GP, NLGP, Ising, Law
from cumulode.theory.problem.measured_cumulants import ROUNDING
from cumulode.theory.user_input.arguments import InvalidArgument, integer

from .draw import ERF, ERF_LIBM, GAUSSIAN, ISING, ROWS, SIGN, Sampler, draw, scratch
from .erf_table import LIBM, TABLE, erf_name, old_erf_argument
from .fields import FieldRecipe, ring_field, torus_field
from .streams import seed_sequence, stream

#: More inputs at once are a slip.
MOST_ROWS = 10**8
ERFS = {TABLE: ERF, LIBM: ERF_LIBM}


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
    InvalidArgument
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


def _of_field(
    kind: int, field: FieldRecipe, shape: tuple[int, ...], scale: float = 1.0, factor: float = 1.0
) -> Sampler:
    side = shape[0] if len(shape) == 2 else 0
    return Sampler(kind, side, field.modes, field.cosines, field.table, field.amplitude, scale, factor)


def _field(law: NLGP, shape: tuple[int, ...], diagonal: float) -> FieldRecipe:
    """The Gaussian field under an NLGP."""
    c, _ = covariance.gaussian_covariance(law.covariance, np.arange(shape[0]), law.xi, shape[0])
    if diagonal:
        return _with_diagonal(c if len(shape) == 1 else np.outer(c, c), diagonal)
    return ring_field(c) if len(shape) == 1 else torus_field(np.outer(c, c), c)


def _with_diagonal(c: np.ndarray, diagonal: float) -> FieldRecipe:
    """The field whose covariance is ``c`` with something added at distance 0; ``fields`` know a variance of 1 only."""
    wider = np.array(c, dtype=float)
    wider.flat[0] += diagonal
    field = ring_field(wider / (1.0 + diagonal)) if c.ndim == 1 else torus_field(wider / (1.0 + diagonal))
    factor = math.sqrt(1.0 + diagonal)
    if field.modes:
        return field._replace(amplitude=factor * field.amplitude)
    return field._replace(table=factor * field.table)  # the taps of a filter


def _control_field(law: GP, shape: tuple[int, ...], diagonal: float) -> FieldRecipe:
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
    InvalidArgument
        Naming the argument, what came and what is allowed.
    """
    described = sampler(law, size)
    count, root = integer("n", n, ge=1, le=MOST_ROWS), seed_sequence("seed", seed)
    rows = np.empty((count, math.prod(shape_of(size))))
    _draw_rows(described, stream(root), rows)
    return rows
