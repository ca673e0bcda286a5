"""What a convolutional network is trained with, checked, beyond what ``network.settings`` checks."""

from __future__ import annotations

from typing import Any

import numpy as np

from cumulode.theory.problem.problem import Problem
from cumulode.theory.user_input.arguments import InvalidArgument, choice, integer
from cumulode.validation.sgd.network import settings

from .engine import FilterLattice

READOUTS = {"pooled": "committee", "full": "two-layer"}
MOST_FILTERS = 10_000


def check_filters(filters: object) -> int:
    """The number F of filters."""
    return integer("filters", filters, ge=1, le=MOST_FILTERS)


def taps_of(filter_size: object, shape: tuple[int, ...]) -> tuple[int, ...]:
    """(P,) of a ring, (p, p) of a torus; None is all of it."""
    side = shape[0]
    if filter_size is None:
        return shape
    allowed = f"None (all) or an integer from 1 to {side}" + (", a filter's side" if len(shape) == 2 else "")
    return (integer("filter_size", filter_size, ge=1, le=side, allowed=allowed),) * len(shape)


def lattice_of(taps: tuple[int, ...], shape: tuple[int, ...]) -> FilterLattice:
    """A ring as one row."""
    return FilterLattice(1, shape[0], 1, taps[0]) if len(shape) == 1 else FilterLattice(*shape, *taps)


def architecture_of(readout: Any) -> str:
    """The architecture of ``network.settings`` whose readout is trained alike."""
    return READOUTS[choice("readout", readout, READOUTS)]


def biases_of(biases: Any, problem: Problem, filters: int) -> np.ndarray:
    """The biases (F,) at the start."""
    if isinstance(biases, str) and biases in ("balanced", "trained") and filters % 2:
        raise InvalidArgument(
            "filters", filters, f"an even number with biases={biases!r}, half +|bias| and half -|bias|"
        )
    return settings.biases_of(biases, problem, filters)
