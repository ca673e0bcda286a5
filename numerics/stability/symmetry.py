"""Fields with the symmetry of one wave: the subspaces that no flow leaves, in which stationary states are looked for.

The drift commutes with translations and with inversion of the sites, and is odd in w. So fields that depend on
``phase = k.site`` alone, are even in it, and change their sign after half a period where that is a whole number of
sites, stay such fields. They are spanned by ``cos(2 pi j phase / side)``, j odd (any j where the period is odd; j = 0
alone for k = 0). Where ``side`` is a multiple of k these are periodic fields of k equal humps; elsewhere more waves
than multiples of k have that symmetry, the period being ``side / gcd(side, k)``, and a state found among them is the
one nearest to the wave.
"""

from __future__ import annotations

import math

import numpy as np

from cumulode.numerics.trajectory.growth import Wavenumber


def _angles(shape: tuple[int, ...], k: Wavenumber) -> np.ndarray:
    """``2 pi j phase / side`` of all sites and of the j of :func:`waves`, (D, n)."""
    sites = np.array(np.unravel_index(np.arange(math.prod(shape)), shape))
    phases = np.atleast_1d(k) @ sites % shape[0]
    return 2 * np.pi / shape[0] * np.outer(phases, waves(shape, k))


def waves(shape: tuple[int, ...], k: Wavenumber) -> np.ndarray:
    """The multiples j of the wave ``k`` whose cosines have its symmetry."""
    period = shape[0] // math.gcd(shape[0], *map(int, np.atleast_1d(k)))
    if period == 1:
        return np.array([0])
    return np.arange(1, period // 2 + 1, 2) if period % 2 == 0 else np.arange(period // 2 + 1)


def symmetric_fields(shape: tuple[int, ...], k: Wavenumber) -> np.ndarray:
    """Orthonormal columns (D, n), the cosines of :func:`waves`; that of ``k`` itself is column ``own(shape, k)``."""
    fields = np.cos(_angles(shape, k))
    return np.asarray(fields / np.linalg.norm(fields, axis=0))


def own(shape: tuple[int, ...], k: Wavenumber) -> int:
    """Which column is the wave itself."""
    return int(np.argmax(waves(shape, k) == (1 if np.any(k) else 0)))


def shifted(shape: tuple[int, ...], k: Wavenumber, parts: np.ndarray) -> np.ndarray:
    """The direction (D,) in which a field ``symmetric_fields @ parts`` moves along its phase: its derivative."""
    angles = _angles(shape, k)
    return np.sin(angles) @ (waves(shape, k) * parts / np.linalg.norm(np.cos(angles), axis=0))
