"""A numeric axis between two values, mapped to 0 .. 1: by its logarithm where steps along it are ratios."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from cumulode.theory.problem.axes import AXES, CONTINUOUS, Axis, check_axis
from cumulode.theory.user_input.arguments import InvalidArgument, real

#: Axes along which a boundary can be followed to any precision.
FOLLOWED = (*CONTINUOUS, "start_amplitude")


@dataclass(frozen=True)
class AxisRange:
    """An axis between two values, and the coordinate u, 0 to 1, along it."""

    name: str
    low: float
    high: float

    @property
    def axis(self) -> Axis:
        """Its name in words and its units."""
        return AXES[self.name]

    def value(self, u: Any) -> np.ndarray:
        """The axis's values at coordinates 0 .. 1."""
        u = np.asarray(u, dtype=float)
        low, high = self.low, self.high
        inner = low * (high / low) ** u if self.axis.ratios else low + (high - low) * u
        return np.where(u == 0, low, np.where(u == 1, high, inner))  # the bounds as they were given

    def coordinate(self, value: Any) -> np.ndarray:
        """Coordinates 0 .. 1 of values of the axis."""
        value = np.asarray(value, dtype=float)
        if self.axis.ratios:
            return np.asarray(np.log(value / self.low) / np.log(self.high / self.low))
        return np.asarray((value - self.low) / (self.high - self.low))

    def rate(self, u: Any) -> np.ndarray:
        """How fast the value changes with the coordinate."""
        if self.axis.ratios:
            return np.asarray(self.value(u) * np.log(self.high / self.low))
        return np.full(np.shape(u), self.high - self.low)


def check_range(name: object, between: Any, names: str = "axis", argument: str = "between") -> AxisRange:
    """The axis called ``name`` between two values; InvalidArgument by the name of the argument that holds it."""
    axis = check_axis(name, FOLLOWED, names)
    words = f"two finite values of {axis.name}, the smaller first" + (", above 0" * axis.ratios)
    try:
        low, high = (real(argument, x) for x in between)
    except (TypeError, ValueError):
        raise InvalidArgument(argument, between, words) from None
    if not low < high or (axis.ratios and low <= 0):
        raise InvalidArgument(argument, between, words)
    return AxisRange(axis.name, low, high)
