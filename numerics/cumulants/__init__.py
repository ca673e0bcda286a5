"""Second and fourth cumulants of the laws as numbers: ``nlgp``, ``ising``, ``user`` (arrays of one's own)."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from cumulode.theory.problem.lattice import ALLOWED, Size, shape_of
from cumulode.theory.problem.laws import GP, NLGP, Cumulants, Ising, Law, check_law
from cumulode.theory.user_input.arguments import InvalidArgument

from . import ising, nlgp, user

_MODULES = {NLGP: nlgp, Ising: ising, Cumulants: user}


def second_cumulant(law: Law, size: Size) -> np.ndarray:
    """Covariance of site 0 with every site of the ring or torus, ``C_0a``.

    Parameters
    ----------
    law : NLGP, GP, Ising or Cumulants
    size : int >= 4, or (L, L) with an int L >= 4
        Number of sites D of the ring, or sides of the torus (no Ising law there).

    Returns
    -------
    (D,) array with ``C_00 = 1`` (theory.md section 2: arcsine law; Ising ring); on a torus row-major, D = L**2.

    Raises
    ------
    ValueError
        Naming ``size`` or ``xi`` when the law does not exist there.
    """
    check_law("law", law)
    shape = shape_of(size)
    law.check_size(shape)
    source = law.source if isinstance(law, GP) else law
    return np.asarray(_MODULES[type(source)].second(source, shape))


def fourth_cumulant(law: Law, offsets: ArrayLike, size: Size | None = None) -> np.ndarray:
    """Fourth cumulant ``K_0abc`` of sites 0, a, b, c.

    Parameters
    ----------
    law : NLGP, GP, Ising or Cumulants
    offsets : (n, 3) integers, in two dimensions (n, 3, 2)
        Offsets (a, b, c), in any order, repeated and negative ones allowed; (3,) or (3, 2) is one row.
    size : int >= 4, (L, L) with an int L >= 4, or None
        On the ring of that many sites, on the torus of these sides; None is the infinite line or plane.

    Returns
    -------
    (n,) array. Zero for a Gaussian law. Relative accuracy about 1e-12 where |K| > 1e-5 (theory.md section 2).

    Raises
    ------
    ValueError
        Naming ``offsets`` (not integers, not three a row, not of the dimension of ``size``), ``size`` or ``xi``.
    """
    check_law("law", law)
    shape = None if size is None else shape_of(size, allowed=f"{ALLOWED} or None (the infinite line or plane)")
    rows = _offsets(offsets, shape)
    if shape is not None:
        law.check_size(shape)
    else:
        law.check_infinite(rows.ndim - 1)
    sites = np.concatenate([np.zeros_like(rows[:, :1]), rows], axis=1)
    return fourth_at(law, sites, shape)


def _offsets(offsets: ArrayLike, shape: tuple[int, ...] | None) -> np.ndarray:
    """``offsets`` as an integer array (n, 3) or (n, 3, 2), whichever ``shape`` needs."""
    allowed = {1: "integers of shape (n, 3)", 2: "integers of shape (n, 3, 2)"}
    wanted = " or ".join(allowed.values()) if shape is None else allowed[len(shape)]
    try:
        rows = np.asarray(offsets)
    except ValueError:  # rows of different lengths
        raise InvalidArgument("offsets", offsets, wanted) from None
    if rows.shape in ((3,), (3, 2)):
        rows = rows[None]
    integral = np.issubdtype(rows.dtype, np.integer) or (
        rows.size > 0 and np.issubdtype(rows.dtype, np.floating) and bool(np.all(rows == np.round(rows)))
    )
    dimension = {(3,): 1, (3, 2): 2}.get(rows.shape[1:])
    if dimension is None or not integral or (shape is not None and dimension != len(shape)):
        raise InvalidArgument("offsets", np.asarray(offsets).tolist(), wanted)
    return rows.astype(np.int64)


def fourth_at(law: Law, sites: np.ndarray, size: Size | None, precision: float = 1e-14) -> np.ndarray:
    """K at absolute positions ``sites`` (n, 4), in two dimensions (n, 4, 2) -> (n,); no checks.

    ``precision``: error allowed, relative to K_0000, where an integral is done; 1e-6 takes a quarter of the time.
    """
    if isinstance(law, GP):
        return np.zeros(len(sites))
    shape = None if size is None else size if isinstance(size, tuple) else (size,)
    return np.asarray(_MODULES[type(law)].fourth(law, sites, shape, precision))
