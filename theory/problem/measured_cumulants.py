"""A law given by its cumulants alone, as arrays: for data that none of the built-in laws describes."""

from __future__ import annotations

import hashlib
import itertools
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from cumulode.theory.user_input.arguments import Described, InvalidArgument
from cumulode.theory.user_input.arrays import finite_array

from .covariance import NEGATIVE_EIGENVALUE
from .lattice import Size, as_size, shape_of

_AVERAGE = "; Cumulants.symmetrised(second, fourth) averages estimates"
#: Symmetries hold to this fraction of the largest entry, and C_00 = 1 to this.
ROUNDING = 1e-9


@dataclass(frozen=True, eq=False, repr=False)
class Cumulants:
    """Inputs of which second and fourth cumulant are known: all that the closures in ``k2`` and ``k4`` need.

    Odd moments vanish. Laws are equal, and hash alike, where their arrays and names are equal. There is nothing to
    sample: theory only. On a ring K need not be the same under reflections; on a torus its contraction (pair form)
    wants it unchanged by inversion, reflections and quarter turns, and refuses others.

    Parameters
    ----------
    second : real array (D,), or (L, L) on a torus
        ``C_0a`` of site 0 with every site; D, L >= 4. ``C_00 = 1``, ``C_0a = C_0(-a)``, positive semidefinite (to 1e-6
        of the largest eigenvalue).
    fourth : real array
        ``K_0abc``: (D, D, D) on the ring, (L, L, L, L, L, L) on the torus (the two indices of a, then of b, then of
        c). Or short-ranged: (m, m, m), or six times m, with m = 2h + 1 < D (or L) the offsets -h .. h in each
        direction, zero beyond, as on the infinite line or plane. Unchanged (to 1e-9 of the largest entry) by every
        order of the four sites and by translations, ``K_0abc = K_0bac = K_0(-a)(b-a)(c-a)``; of the short-ranged form
        this makes those entries zero whose four sites spread over more than h. ``K_0000 >= -2``.
    name : str
        For provenance.

    Attributes
    ----------
    digest : str
        SHA-256 of the arrays, which are read-only.

    Raises
    ------
    ValueError
        Naming the argument, what came and what is allowed.
    """

    second: ArrayLike
    fourth: ArrayLike
    name: str = ""
    digest: str = field(init=False, default="")

    def __post_init__(self) -> None:
        second, fourth = _real("second", self.second), _real("fourth", self.fourth)
        if not isinstance(self.name, str):
            raise InvalidArgument("name", self.name, "a text")
        _check_second(second)
        _check_shape(fourth, second.shape)
        _check_fourth(fourth, second.ndim, second.shape[0])
        object.__setattr__(self, "second", second)
        object.__setattr__(self, "fourth", fourth)
        digest = hashlib.sha256(repr((second.shape, fourth.shape)).encode())
        for array in (second, fourth):
            digest.update(array.astype("<f8").tobytes())
        object.__setattr__(self, "digest", digest.hexdigest())

    @classmethod
    def symmetrised(cls, second: ArrayLike, fourth: ArrayLike, name: str = "") -> Cumulants:
        """Of estimates, which have the symmetries up to noise: averages over orders of the sites and translations.

        Parameters
        ----------
        second, fourth : real arrays
            As for the class, ``fourth`` on all sites; scaled to unit variance, C by 1/C_00 and K by 1/C_00^2.

        Raises
        ------
        ValueError
            As the class does; so for a C that noise leaves with a clearly negative eigenvalue.
        """
        C, K = _real("second", second), _real("fourth", fourth)
        if C.ndim not in (1, 2) or not C.size or C.flat[0] <= 0:
            raise InvalidArgument("second", Described(f"shape {C.shape}"), "shape (D,) or (L, L), C_00 > 0")
        sites = C.size
        if K.shape != C.shape * 3:
            raise InvalidArgument("fourth", Described(f"shape {K.shape}"), f"{C.shape * 3}: all sites of second")
        C, K = C / C.flat[0], K / C.flat[0] ** 2
        mirrored = np.roll(np.flip(C), 1, tuple(range(C.ndim)))
        K = K.reshape(sites, sites, sites)
        K = sum(K.transpose(order) for order in itertools.permutations(range(3))) / 6  # type: ignore[assignment]
        _, less = _differences(C.shape[0], C.ndim, True)
        a, b, c = np.ogrid[:sites, :sites, :sites]
        moved = [K[less[0, x], less[y, x], less[z, x]] for x, y, z in ((a, b, c), (b, a, c), (c, a, b))]
        return cls((C + mirrored) / 2, ((K + sum(moved)) / 4).reshape(C.shape * 3), name)

    @property
    def shape(self) -> tuple[int, ...]:
        """Where the law lives: ``(D,)`` a ring, ``(L, L)`` a torus."""
        return np.shape(self.second)

    @property
    def reach(self) -> int | None:
        """``h`` where the fourth cumulant was given on offsets -h .. h; None where on all sites."""
        m = np.shape(self.fourth)[0]
        return None if m == self.shape[0] else m // 2

    def check_size(self, size: Size) -> None:
        """Raise ValueError when ``size`` is not that of the arrays."""
        if shape_of(size) != self.shape:
            raise InvalidArgument("size", size, f"{as_size(self.shape)}, the size of {self!r}")

    def check_infinite(self, dimension: int) -> None:
        """Raise ValueError unless the fourth cumulant is short-ranged and has this dimension (1 line, 2 plane)."""
        if self.reach is None:
            raise InvalidArgument("size", None, f"{as_size(self.shape)}, where {self!r} has all its sites")
        if dimension != len(self.shape):
            raise InvalidArgument(
                "offsets", Described(f"{dimension} dimensions"), f"{len(self.shape)}, as {self!r} has"
            )

    def to_dict(self) -> dict[str, Any]:
        """Arrays as nested lists (some 20 bytes an entry), with the law's own name under ``law``."""
        return {
            "law": "Cumulants",
            "second": np.asarray(self.second).tolist(),
            "fourth": np.asarray(self.fourth).tolist(),
            "name": self.name,
        }

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Cumulants):
            return NotImplemented
        return (self.digest, self.name) == (other.digest, other.name)

    def __hash__(self) -> int:
        return hash((self.digest, self.name))

    def __reduce__(self) -> Any:  # made anew, so that a copy's arrays are read-only too
        return type(self), (self.second, self.fourth, self.name)

    def __repr__(self) -> str:
        shapes = " x ".join(map(str, self.shape)), " x ".join(map(str, np.shape(self.fourth)))
        named = f"{self.name!r}, " if self.name else ""
        return f"Cumulants({named}{shapes[0]} sites, fourth {shapes[1]}, {self.digest[:8]})"


def _real(name: str, given: Any) -> np.ndarray:
    """A read-only, finite copy."""
    found = finite_array(name, given, "an array of finite real numbers") + 0.0  # -0.0 is 0.0
    found.setflags(write=False)
    return found


def _check_second(second: np.ndarray) -> None:
    allowed = "shape (D,) with D >= 4, or (L, L) with L >= 4"
    if second.ndim not in (1, 2):
        raise InvalidArgument("second", Described(f"shape {second.shape}"), allowed)
    try:
        shape_of(second.shape)
    except ValueError:
        raise InvalidArgument("second", Described(f"shape {second.shape}"), allowed) from None
    if abs(second.flat[0] - 1) > ROUNDING:
        raise InvalidArgument(
            "second", Described(f"C_00 = {second.flat[0]:.12g}"), "C_00 = 1 (inputs of unit variance)"
        )
    every = tuple(range(second.ndim))
    mirrored = np.roll(np.flip(second), 1, every)
    if np.abs(second - mirrored).max() > ROUNDING:
        raise InvalidArgument(
            "second",
            Described(f"C_0a and C_0(-a) that differ by {np.abs(second - mirrored).max():.2g}"),
            "C_0a = C_0(-a)",
        )
    power = np.fft.fftn(second).real
    if power.min() < -NEGATIVE_EIGENVALUE * power.max():
        raise InvalidArgument(
            "second",
            Described(f"a smallest eigenvalue {power.min() / power.max():.2g} of the largest"),
            f"a covariance: none below -{NEGATIVE_EIGENVALUE:g} of the largest",
        )


def _check_shape(fourth: np.ndarray, shape: tuple[int, ...]) -> None:
    axes, side = 3 * len(shape), shape[0]
    m = fourth.shape[0] if fourth.ndim else 0
    if fourth.shape != (m,) * axes or m not in (side, *range(1, side, 2)):
        raise InvalidArgument(
            "fourth",
            Described(f"shape {fourth.shape}"),
            f"{axes} axes of {side} (all sites), or of an odd number below {side} (offsets -h .. h), for second of "
            f"shape {shape}",
        )


def _check_fourth(fourth: np.ndarray, dimension: int, side: int) -> None:
    """K_0000 and the symmetries, which these three generate: a and b, b and c exchanged; a the new origin."""
    m = fourth.shape[0]
    sites = m**dimension
    K = fourth.reshape(sites, sites, sites)
    origin, difference = _differences(m, dimension, m == side)
    bound = ROUNDING * np.abs(K).max()
    if K[origin, origin, origin] < -2 - ROUNDING:
        raise InvalidArgument(
            "fourth", Described(f"K_0000 = {K[origin, origin, origin]:.6g}"), "K_0000 >= -2 (as of every law)"
        )
    for swapped, what in ((K.swapaxes(0, 1), "K_0abc = K_0bac"), (K.swapaxes(1, 2), "K_0abc = K_0acb")):
        if np.abs(K - swapped).max() > bound:
            raise InvalidArgument(
                "fourth", Described(f"entries that differ by {np.abs(K - swapped).max():.2g}"), what + _AVERAGE
            )
    worst = 0.0
    for a in range(sites):
        to = difference[:, a]
        inside = to >= 0
        moved = K[difference[origin, a]][np.ix_(to, to)] * (inside[:, None] & inside)
        worst = max(worst, float(np.abs(K[a] - moved).max()))
    if worst > bound:
        what = "" if m == side else f", so zero where the four sites spread over more than {m // 2}"
        raise InvalidArgument(
            "fourth",
            Described(f"entries that differ by {worst:.2g}"),
            f"K_0abc = K_0(-a)(b-a)(c-a) (translations{what})" + _AVERAGE,
        )


def _differences(m: int, dimension: int, around: bool) -> tuple[int, np.ndarray]:
    """Index of the origin, and of ``b - a`` for all sites (b, a): -1 outside of the offsets -h .. h."""
    line = np.arange(m) if around else np.arange(m) - m // 2
    steps = line[:, None] - line
    index = steps % m if around else np.where(np.abs(steps) <= m // 2, steps + m // 2, -1)
    origin = 0 if around else m // 2
    if dimension == 1:
        return origin, index
    both = np.where(
        (index[:, None, :, None] >= 0) & (index[None, :, None, :] >= 0),
        index[:, None, :, None] * m + index[None, :, None, :],
        -1,
    )
    return origin * m + origin, both.reshape(m * m, m * m)
