"""Laws of the inputs: translation invariant, even, unit variance (theory.md section 1).

These are plain parameter sets; their cumulants as expressions are in ``theory/cumulants`` (``nlgp``, ``ising``), as
numbers in ``numerics/cumulants``. A law of the user's own, by its cumulants as arrays, is in ``measured_cumulants``.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import MISSING, dataclass, fields, replace
from typing import Any

from cumulode.theory.user_input.arguments import Described, InvalidArgument, choice, real

from . import covariance as _cov
from .lattice import Size, shape_of
from .measured_cumulants import Cumulants


@dataclass(frozen=True)
class NLGP:
    """Non-linear Gaussian process: ``x = erf(g z / sqrt 2) / Z(g)``, ``z`` a stationary Gaussian field.

    Parameters
    ----------
    gain : float in (0, inf]
        ``g``; small gains are nearly Gaussian, ``inf`` is ``sign(z)``.
    xi : float > 0
        Correlation length of ``z`` in sites.
    covariance : {"squared-exponential", "wrapped", "circular-exponential"}
        ``exp(-d^2/xi^2)`` with periodic distance ``d`` (default; not positive semidefinite for ``xi`` above about 0.14
        ``size``, and then refused), its sum over images, or ``(t^d + t^(D-d)) / (1 + t^D)`` with ``t = exp(-1/xi)``. On
        a torus (and the plane) each is the product of the ring's in the two directions: ``exp(-(dx^2+dy^2)/xi^2)``, its
        sum over images, and ``t^(|dx|+|dy|)`` with images.

    Raises
    ------
    ValueError
        Naming the argument, what came and what is allowed.
    """

    gain: float
    xi: float
    covariance: str = "squared-exponential"

    def __post_init__(self) -> None:
        note = " (below, the field is Gaussian to all digits: use the law GP)"
        object.__setattr__(self, "gain", real("gain", self.gain, ge=1e-7, le=math.inf, note=note))
        note = " (neighbours are uncorrelated to all digits below 0.03)"
        object.__setattr__(self, "xi", real("xi", self.xi, ge=1e-100, note=note))
        choice("covariance", self.covariance, _cov.COVARIANCES)

    @property
    def q(self) -> float:
        """Correlation of the hidden signs at one site, ``g^2 / (1 + g^2)``."""
        return 1.0 / (1.0 + (1.0 / self.gain) ** 2)

    @property
    def one_minus_q(self) -> float:
        """``1 / (1 + g^2)``, without cancellation."""
        return 1.0 / (1.0 + self.gain * self.gain)  # a power would overflow where the product is inf

    def check_size(self, size: Size) -> None:
        """Raise ValueError when the law does not exist on a ring of ``size`` sites, or a torus of sides ``size``."""
        _cov.check_ring(self.covariance, self.xi, shape_of(size)[0])

    def check_infinite(self, dimension: int) -> None:
        """The law exists on the infinite line (``dimension`` 1) and plane (2)."""

    def to_dict(self) -> dict[str, Any]:
        """Parameters by name, with the law's own name under ``law``."""
        return {"law": "NLGP", "gain": self.gain, "xi": self.xi, "covariance": self.covariance}


@dataclass(frozen=True)
class Ising:
    """Ising ring of spins +-1 with nearest-neighbour coupling ``J``, ``t = tanh(J)``.

    Parameters
    ----------
    t : float in (-1, 1)
        Correlation of neighbours on the infinite line. Give either ``t`` or ``J``.
    J : float, finite
        Coupling in units of the temperature.
    """

    t: float = None  # type: ignore[assignment]
    J: float | None = None

    def __post_init__(self) -> None:
        if (self.t is None) == (self.J is None):
            raise InvalidArgument("t", (self.t, self.J), "exactly one of t (-1 < t < 1) and J (|J| <= 18)")
        if self.J is not None:
            coupling = real("J", self.J, ge=-18, le=18, allowed="|J| <= 18 (beyond, tanh J rounds to 1)")
            object.__setattr__(self, "t", math.tanh(coupling))
            object.__setattr__(self, "J", None)  # equal laws compare equal, however they were given
        t = real("t", self.t, gt=-1, lt=1)
        object.__setattr__(self, "t", t)

    def __repr__(self) -> str:
        return f"Ising(t={self.t!r})"

    @property
    def xi(self) -> float:
        """Correlation length ``-1 / log|t|`` in sites."""
        return 0.0 if self.t == 0 else -1.0 / math.log(abs(self.t))

    def check_size(self, size: Size) -> None:
        """An Ising ring exists at every size; a torus is refused, where no exact fourth cumulant is known."""
        if len(shape_of(size)) > 1:
            raise InvalidArgument(
                "size", size, f"an integer, a ring, for {self!r} (no exact cumulants in two dimensions)"
            )

    def check_infinite(self, dimension: int) -> None:
        """Raise ValueError for the plane (``dimension`` 2); the infinite line is the limit of the ring."""
        if dimension > 1:
            raise InvalidArgument(
                "offsets", Described("two dimensions"), f"(n, 3) for {self!r}, which lives on a line or ring"
            )

    def to_dict(self) -> dict[str, Any]:
        """Parameters by name, with the law's own name under ``law``."""
        return {"law": "Ising", "t": self.t}


@dataclass(frozen=True)
class GP:
    """Gaussian field with the second cumulant of ``source`` (the control): the same C, no fourth cumulant."""

    source: NLGP | Ising | GP | Cumulants

    def __post_init__(self) -> None:
        if isinstance(self.source, GP):
            object.__setattr__(self, "source", self.source.source)
        else:
            check_law("source", self.source, "a law whose covariance to copy")

    def check_size(self, size: Size) -> None:
        """Raise ValueError when the source does not exist on a ring or torus of this size."""
        self.source.check_size(size)

    def check_infinite(self, dimension: int) -> None:
        """Raise ValueError when the source does not exist on the infinite line (1) or plane (2)."""
        self.source.check_infinite(dimension)

    def to_dict(self) -> dict[str, Any]:
        """Parameters by name, with the law's own name under ``law``."""
        return {"law": "GP", "source": self.source.to_dict()}


Law = NLGP | GP | Ising | Cumulants
#: All laws by name.
LAWS: dict[str, Any] = {"NLGP": NLGP, "GP": GP, "Ising": Ising, "Cumulants": Cumulants}


def check_law(name: str, law: object, what: str = "a law") -> None:
    """Raise ValueError naming ``name`` unless ``law`` is one of the laws."""
    if not isinstance(law, tuple(LAWS.values())):
        *most, last = (f"{each}(...)" for each in LAWS)
        raise InvalidArgument(name, law, f"{what}: {', '.join(most)} or {last}")


def from_dict(parameters: dict[str, Any]) -> Law:
    """The law that ``to_dict`` described; InvalidArgument naming ``law``, or what is wrong in it."""
    copies = False
    while isinstance(parameters, dict) and parameters.get("law") == "GP":  # of a GP as often as one likes
        copies, parameters = True, parameters.get("source")  # type: ignore[assignment]
    kind = parameters.get("law") if isinstance(parameters, dict) else parameters
    law = LAWS[choice("law", kind, LAWS)]
    own = [each.name for each in fields(law) if each.init]
    required = [each.name for each in fields(law) if each.init and each.default is MISSING]
    found: Law = law(**named("law", {k: v for k, v in parameters.items() if k != "law"}, own, required))
    return GP(found) if copies else found


def named(argument: str, parameters: object, names: Sequence[str], required: Sequence[str] = ()) -> dict[str, Any]:
    """A copy of ``parameters``, a dictionary; InvalidArgument unless its keys are ``names``, all required ones too."""
    keys = list(parameters) if isinstance(parameters, dict) else None
    if keys is None or not set(required) <= set(keys) <= set(names):
        got = parameters if keys is None else Described(f"keys {', '.join(map(str, keys))}" if keys else "no keys")
        optional = [name for name in names if name not in required]
        words = "a dictionary with " + ", ".join(required) + (" and perhaps " if required else "") + ", ".join(optional)
        raise InvalidArgument(argument, got, words + ", as to_dict gives")
    return dict(parameters)  # type: ignore[call-overload,no-any-return]


def with_parameters(law: Law, **changes: Any) -> Law:
    """A copy of ``law`` with some parameters changed; a GP changes its source."""
    if isinstance(law, GP):
        return GP(with_parameters(law.source, **changes))
    if isinstance(law, Ising) and "J" in changes:
        changes.setdefault("t", None)  # a law keeps t alone, whichever it was given by
    return replace(law, **changes)
