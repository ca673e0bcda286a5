"""Weights that decay: whether w = 0 attracts, and from when on weights are nothing and have no shape."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import numpy as np

from cumulode.numerics.flow.plan import Plan
from cumulode.theory.problem.problem import Problem
from cumulode.theory.user_input.arguments import InvalidArgument

from .dormand_prince import SMALLEST_STEP, length
from .growth import growth_rates
from .jacobian import slope

#: The share of the smaller of 1 and their start below which weights are given up, where the flow is linear to LINEAR.
NOTHING, LINEAR = 1e-9, 1e-3
#: Weights that are smaller than this, and than their start, have decayed where w = 0 attracts.
SMALL = 0.1


@lru_cache(maxsize=1024)
def largest_rate(problem: Problem) -> float:
    """The largest growth rate about w = 0; NaN where the activation has a kink at the bias, or rates are not known."""
    try:
        return float(growth_rates(problem).max())
    except InvalidArgument:
        return math.nan


def has_decayed(problem: Problem, start: Any, size: Any) -> np.ndarray:
    """Whether weights of norm ``size``, that began with norm ``start``, have decayed to w = 0 and have no shape.

    Where they are zero; and where w = 0 attracts (no wave grows, at this fixed bias) and they are below both their
    start and SMALL. Bool array of the shape of both; False for NaN.
    """
    start, size = np.asarray(start, dtype=float), np.asarray(size, dtype=float)
    below = (size < np.minimum(start, SMALL)) & (largest_rate(problem) < 0)
    return np.asarray(below | (size == 0))


def goes_to_zero(plan: Plan, y: np.ndarray, data: Any) -> bool:
    """Whether small weights ``y`` (D,) go to zero: w = 0 attracts, and the drift is linear there."""
    if not largest_rate(plan.problem) < 0:
        return False
    f, half = slope(plan, y, data), slope(plan, 0.5 * y, data)
    return bool(length(f - 2.0 * half) <= LINEAR * length(f))


def reaches_zero(y: np.ndarray, f: np.ndarray, t: float, start: float) -> bool:
    """Whether weights get to zero within a time too short to resolve, as they do where the activation has a kink."""
    size, speed = length(y), length(f)
    if not (0.0 < size < 1e-6 * start and math.isfinite(speed)):
        return False
    inwards = -float((y / size) @ (f / speed))
    return inwards > 0.5 and size <= 1e3 * SMALLEST_STEP * t * speed
