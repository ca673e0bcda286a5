"""Where the sites lie: a ring of D, or a torus of L x L (row-major; theory.md section 1)."""

from __future__ import annotations

import math
import numbers
from typing import TypeAlias

from cumulode.theory.user_input.arguments import InvalidArgument

#: What every function that needs sites takes: D or (D,) for a ring, (L, L) for a torus.
Size: TypeAlias = "int | tuple[int, ...]"

#: More would not fit into memory; a larger number is a slip.
MOST_SITES = 10**8

_TORUS = f"(L, L) with an integer L from 4 to {math.isqrt(MOST_SITES)} (a torus)"
ALLOWED = f"an integer from 4 to {MOST_SITES} (a ring) or {_TORUS}"


def shape_of(size: object, name: str = "size", allowed: str = ALLOWED) -> tuple[int, ...]:
    """``(D,)`` for the ring, ``(L, L)`` for the torus; ValueError naming ``name`` for anything else."""
    sides = size if isinstance(size, tuple) else (size,)
    good = len(sides) in (1, 2) and all(isinstance(s, numbers.Integral) and not isinstance(s, bool) for s in sides)
    if not good or min(sides) < 4 or len(set(sides)) > 1 or math.prod(map(int, sides)) > MOST_SITES:
        raise InvalidArgument(name, size, allowed)
    return tuple(int(s) for s in sides)


def sites_in(shape: tuple[int, ...]) -> int:
    """Number of sites D."""
    return math.prod(shape)


def as_size(shape: tuple[int, ...]) -> Size:
    """What a user writes for this shape: D, or (L, L)."""
    return shape[0] if len(shape) == 1 else shape
