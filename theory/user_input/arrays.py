"""Arrays that a user gives, checked: real numbers as a new array, which kernels may be given and nobody else holds."""

from __future__ import annotations

import numbers
from typing import Any

import numpy as np

from .arguments import Described, InvalidArgument


def real_array(name: str, values: Any, allowed: str) -> np.ndarray:
    """A writable, contiguous copy of real numbers as float64, NaN and infinities included; InvalidArgument otherwise.

    Lists, tuples, arrays read-only or not, pandas Series and DataFrames, xarray's arrays, and arrays of objects that
    are real numbers are all one; text, truth values, dates, complex numbers and masked entries are refused.
    """
    try:
        array = np.asarray(values)
        if np.ma.is_masked(values):
            raise InvalidArgument(name, Described("masked entries"), allowed)
        if array.dtype.kind == "c":
            raise InvalidArgument(name, Described("complex numbers"), allowed)
        if array.dtype.kind not in "iuf" and not _holds_numbers(array):
            raise InvalidArgument(name, values, allowed)
        with np.errstate(over="ignore"):  # of longer floats, to infinity
            return np.array(array, dtype=float, order="C")
    except InvalidArgument:
        raise
    except (TypeError, ValueError, OverflowError):  # ragged lists, integers beyond 1.8e308
        raise InvalidArgument(name, values, allowed) from None


def _holds_numbers(array: np.ndarray) -> bool:
    """Whether an array of objects holds real numbers only."""
    return array.dtype.kind == "O" and all(
        isinstance(x, numbers.Real) and not isinstance(x, (bool, np.bool_)) for x in array.ravel()
    )


def finite_array(name: str, values: Any, allowed: str) -> np.ndarray:
    """The same, all finite."""
    array = real_array(name, values, allowed)
    bad = int(np.sum(~np.isfinite(array)))
    if bad:
        raise InvalidArgument(name, Described(f"{bad} entries that are NaN or infinite"), allowed)
    return array


def listed(name: str, values: Any, allowed: str) -> list[Any]:
    """Values one after another, of any kind, as Python has them; InvalidArgument for none, or rows of them."""
    try:
        array = np.asarray(values)
    except ValueError:  # ragged lists
        raise InvalidArgument(name, values, allowed) from None
    if array.ndim != 1 or array.size == 0:
        raise InvalidArgument(name, values, allowed)
    return list(array.tolist())
