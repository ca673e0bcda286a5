"""Checks of user input: one clear line naming the argument, what came, and what is allowed."""

from __future__ import annotations

import math
import numbers
from collections.abc import Iterable


def complain(name: str, got: object, allowed: str) -> ValueError:
    """Return the error every bad input gets: ``name: got ..., allowed: ...`` on one line."""
    try:
        shown = " ".join(repr(got).split())
    except ValueError:  # Python refuses to write out an integer of more than 4300 digits
        shown = f"a {type(got).__name__} too long to show"
    if len(shown) > 80:
        shown = shown[:77] + "..."
    return ValueError(f"{name}: got {shown}, allowed: {allowed}")


def real(
    name: str,
    value: object,
    allowed: str,
    *,
    low: float = -math.inf,
    high: float = math.inf,
    open_low: bool = False,
    open_high: bool = False,
) -> float:
    """Return ``value`` as a float inside [low, high] (or the open interval); raise ValueError otherwise.

    NaN is never accepted; infinity only where ``high`` is infinite and closed and ``low`` is finite.
    """
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        raise complain(name, value, allowed)
    try:
        x = float(value)
    except OverflowError:  # an integer beyond 1.8e308
        raise complain(name, value, allowed) from None
    below = x <= low if open_low else x < low
    above = x >= high if open_high else x > high
    if math.isnan(x) or below or above:
        raise complain(name, value, allowed)
    return x


def finite(name: str, value: object, allowed: str = "a finite number") -> float:
    """Return ``value`` as a finite float; raise ValueError otherwise."""
    return real(name, value, allowed, low=-math.inf, high=math.inf, open_low=True, open_high=True)


def integer(name: str, value: object, allowed: str, *, low: int, high: int | None = None) -> int:
    """Return ``value`` as an int in [low, high]; integral floats such as 40.0 are refused."""
    if isinstance(value, bool) or not isinstance(value, numbers.Integral):
        raise complain(name, value, allowed)
    n = int(value)
    if n < low or (high is not None and n > high):
        raise complain(name, value, allowed)
    return n


def choice(name: str, value: object, options: Iterable[str]) -> str:
    """Return ``value`` if it is one of ``options``; raise ValueError listing them otherwise."""
    allowed = list(options)
    if not isinstance(value, str) or value not in allowed:
        raise complain(name, value, "one of " + ", ".join(allowed))
    return value
