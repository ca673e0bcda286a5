"""What figures need to know of a run: its shape, its last field, and the symmetry that brings a field to the middle."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from cumulode.numerics.result import Result
from cumulode.theory.user_input.arguments import Described, InvalidArgument, integer
from cumulode.validation.receptive_fields.metrics import centre
from cumulode.validation.receptive_fields.symmetry import AnySymmetry, Symmetry, TorusSymmetry

IDENTITY = Symmetry(np.asarray(0), np.asarray(False), np.asarray(1.0))


def one_run(trajectory: Result, run: int, name: str = "run") -> np.ndarray:
    """The weights (T, D) of one run."""
    runs = trajectory.w if trajectory.w.ndim == 3 else trajectory.w[None]
    return np.asarray(runs[integer(name, run, ge=0, le=len(runs) - 1)])


def check_ring(name: str, trajectory: Result, instead: str) -> None:
    """Raise InvalidArgument for a run on a torus."""
    sides = trajectory.shape
    if len(sides) > 1:
        got = Described(f"a run on a {sides[0]} x {sides[1]} torus")
        raise InvalidArgument(name, got, f"a run on a ring (of a torus: {instead})")


def check_same_size(roles: Mapping[str, Result | None]) -> None:
    """Raise InvalidArgument where a run's size is not the theory's."""
    size = roles["theory"].size  # type: ignore[union-attr]
    for role, run in roles.items():
        if run is not None and run.size != size:
            raise InvalidArgument(role, run.w.shape, f"weights on {size} sites, as in theory")


def last_time(w: np.ndarray) -> int:
    """Index of the last time at which (T, D) is finite: where a run that stopped early stood."""
    finite = np.flatnonzero(np.isfinite(w).all(axis=-1))
    return int(finite[-1]) if finite.size else len(w) - 1


def largest_weight(w: np.ndarray) -> float:
    """Largest absolute weight, for the colour scale; 1 where there is none."""
    return float(np.abs(w[np.isfinite(w)]).max(initial=0.0)) or 1.0


def to_middle(field: np.ndarray, shape: tuple[int, ...] | None = None) -> AnySymmetry:
    """The translation by whole sites that brings the field's centre to site D // 2, of a torus in each direction.

    A direction without a centre is not moved.
    """
    at = centre(field, shape if shape and len(shape) == 2 else None)
    side = shape[0] if shape else field.size
    shift = np.where(np.isnan(at), 0, side // 2 - np.round(np.nan_to_num(at))).astype(int) % side
    return IDENTITY._replace(shift=shift) if shift.ndim == 0 else TorusSymmetry(shift, np.asarray(0), np.asarray(1.0))


def moved_by(move: AnySymmetry | None, side: int) -> str:
    """How the sites were moved, in brackets; empty where they were not."""
    if move is None:
        return ""
    shift = [int(s) - (side if s > side // 2 else 0) for s in np.atleast_1d(move.shift)]
    if isinstance(move, TorusSymmetry):
        flips = {"axes exchanged": 4, "rows reversed": 1, "columns reversed": 2}
        words = [name for name, bit in flips.items() if int(move.element) & bit]
    else:
        words = ["reflected"] * bool(move.reflected)
    words += ["shifted by " + ", ".join(f"{s:+d}" for s in shift)] * any(shift) + ["sign reversed"] * bool(
        move.sign < 0
    )
    return f"({', '.join(words)})" if words else ""
