"""Second and fourth cumulants of the laws as numbers."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from cumulode.theory.laws import GP, NLGP, Ising, Law
from cumulode.theory.validate import complain, integer

from . import ising, nlgp

_MODULES = {NLGP: nlgp, Ising: ising}


def second_cumulant(law: Law, size: int) -> np.ndarray:
    """Covariance of site 0 with every site of the ring, ``C_0a``.

    Parameters
    ----------
    law : NLGP, GP or Ising
    size : int >= 4
        Number of sites D.

    Returns
    -------
    (D,) array with ``C_00 = 1`` (theory.md section 2: arcsine law; Ising ring).

    Raises
    ------
    ValueError
        Naming ``size`` or ``xi`` when the law does not exist there.
    """
    check_law(law)
    size = integer("size", size, "an integer >= 4", low=4)
    law.check_size(size)
    source = law.source if isinstance(law, GP) else law
    return np.asarray(_MODULES[type(source)].second(source, np.arange(size), size))


def fourth_cumulant(law: Law, offsets: ArrayLike, size: int | None = None) -> np.ndarray:
    """Fourth cumulant ``K_0abc`` of sites 0, a, b, c.

    Parameters
    ----------
    law : NLGP, GP or Ising
    offsets : (n, 3) integers
        Offsets (a, b, c), in any order, repeated and negative ones allowed; (3,) is one row.
    size : int >= 4 or None
        On the ring of that many sites; None is the infinite line.

    Returns
    -------
    (n,) array. Zero for a Gaussian law. Relative accuracy about 1e-12 where |K| > 1e-5 (theory.md section 2).

    Raises
    ------
    ValueError
        Naming ``offsets`` (not integers, not three a row), ``size`` or ``xi``.
    """
    check_law(law)
    rows = np.asarray(offsets)
    if rows.ndim == 1:
        rows = rows[None]
    integral = np.issubdtype(rows.dtype, np.integer) or (
        rows.size > 0 and np.issubdtype(rows.dtype, np.floating) and bool(np.all(rows == np.round(rows)))
    )
    if rows.ndim != 2 or rows.shape[1] != 3 or not integral:
        raise complain("offsets", np.asarray(offsets).tolist(), "integers of shape (n, 3)")
    if size is not None:
        size = integer("size", size, "an integer >= 4 or None (the infinite line)", low=4)
        law.check_size(size)
    sites = np.concatenate([np.zeros((len(rows), 1), np.int64), rows.astype(np.int64)], axis=1)
    return fourth_at(law, sites, size)


def fourth_at(law: Law, sites: np.ndarray, size: int | None) -> np.ndarray:
    """K at absolute positions ``sites`` (n, 4) -> (n,); no checks."""
    if isinstance(law, GP):
        return np.zeros(len(sites))
    return np.asarray(_MODULES[type(law)].fourth(law, sites, size))


def check_law(law: object) -> None:
    """Raise ValueError unless ``law`` is one of the laws."""
    if not isinstance(law, (NLGP, GP, Ising)):
        raise complain("law", law, "NLGP(...), GP(...) or Ising(...)")
