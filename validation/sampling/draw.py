"""The kernels that draw an input on a ring or a torus: Gaussian fields, what NLGP makes of them, and Ising rings."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import types

from cumulode.numerics.compile.jit import f8, i8, kernel, vector

from .erf_table import erf_by_libm, erf_by_table
from .field_kernels import filter_ring, filter_torus, modes_torus, sum_modes
from .normals import fill_normals
from .streams import uniform
from .unowned import unowned

GAUSSIAN, ERF, ERF_LIBM, SIGN, ISING, ROWS = range(6)


class Sampler(NamedTuple):
    """A law as the kernels read it; made by ``sampler``.

    Attributes
    ----------
    kind : int
        ``GAUSSIAN``, ``ERF``, ``ERF_LIBM``, ``SIGN`` (what is done to the Gaussian field), ``ISING`` or ``ROWS``.
    side : int
        L on a torus, 0 on a ring.
    modes, cosines : int
        Of a field drawn by modes (``fields.FieldRecipe``); 0 by a filter.
    table, amplitude : (m,) arrays
        Those of ``fields.FieldRecipe``. Ising: ``table[2 i + s]``, the probability that spin i+1 equals spin i, where
        ``s`` is whether spin i equals spin 0. Rows: a user's samples, one after another.
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


@kernel
def unowned_law(law: Sampler) -> Sampler:
    """The same law, its arrays ``unowned``: for a kernel's own argument only."""
    return Sampler(
        law.kind, law.side, law.modes, law.cosines, unowned(law.table), unowned(law.amplitude), law.scale, law.factor
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
