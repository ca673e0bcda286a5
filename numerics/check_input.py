"""Checks of what a user hands to numerics and validation: a problem, weights, times, a tolerance."""

from __future__ import annotations

import math
import threading
from concurrent.futures import Executor
from typing import Any

import numpy as np

from cumulode.theory.problem.problem import Problem
from cumulode.theory.user_input.arguments import Described, InvalidArgument, real
from cumulode.theory.user_input.arrays import finite_array, real_array

#: Weights may be as large as this: their k2^2 and k4 are finite on up to 1e7 sites.
LARGEST_WEIGHT = 1e70


def check_problem(problem: object) -> None:
    """Raise ValueError unless ``problem`` is a Problem."""
    if not isinstance(problem, Problem):
        raise InvalidArgument("problem", problem, "a Problem")


def check_tolerance(tolerance: object) -> float:
    """Return ``tolerance`` if it is in [0, 1)."""
    return real("tolerance", tolerance, ge=0, lt=1)


def check_rtol(rtol: object) -> float:
    """Return ``rtol``, the relative error allowed in a step, if it is in [1e-13, 1)."""
    return real("rtol", rtol, ge=1e-13, lt=1)


def check_atol(atol: object) -> float:
    """Return ``atol``, the absolute error allowed in a step, if it is positive."""
    return real("atol", atol, gt=0)


def check_executor(executor: Any) -> Executor | None:
    """The executor, or that of a dask client; None for threads of our own. InvalidArgument otherwise."""
    if executor is None or isinstance(executor, Executor):
        return executor
    if hasattr(executor, "get_executor"):  # a dask.distributed client, which need not be installed to be recognised
        theirs = executor.get_executor()
        if isinstance(theirs, Executor):
            return theirs
    raise InvalidArgument("executor", executor, "a concurrent.futures.Executor, a dask.distributed.Client or None")


def check_stop(stop: Any) -> threading.Event | None:
    """The event that ends runs early, or None; InvalidArgument for what cannot be looked at."""
    if stop is None or callable(getattr(stop, "is_set", None)):
        return stop
    raise InvalidArgument("stop", stop, "a threading.Event or None")


def check_weights(name: str, w: Any, shape: tuple[int, ...]) -> np.ndarray:
    """``w`` as a new contiguous float array (D,) or (n, D), finite; ValueError naming it otherwise.

    On a torus (L, L) and (n, L, L) will do, too, and become rows of D = L L.
    """
    size = math.prod(shape)
    square = f", {shape} or (n, {shape[0]}, {shape[1]})" if len(shape) == 2 else ""
    allowed = f"finite numbers of shape ({size},) or (n, {size})" + square
    array = finite_array(name, w, allowed)
    came = Described(f"shape {array.shape}")
    if len(shape) == 2 and array.shape[-2:] == shape:
        array = array.reshape(*array.shape[:-2], size)
    if array.ndim not in (1, 2) or array.shape[-1] != size or array.size == 0:
        raise InvalidArgument(name, came, allowed)
    check_size_of_weights(name, array)
    return array


def check_size_of_weights(name: str, w: np.ndarray) -> None:
    """Refuse weights whose fourth powers, summed over sites, would leave the range of floating-point numbers."""
    largest = float(np.max(np.abs(w), initial=0.0, where=np.isfinite(w)))
    if largest > LARGEST_WEIGHT:
        raise InvalidArgument(name, Described(f"largest |w_i| = {largest:.3g}"), f"weights up to {LARGEST_WEIGHT:g}")


def check_moments(t: Any, first: float, last: float = math.inf) -> np.ndarray:
    """``t`` as floats () or (m,), in any order, each a finite time from ``first`` to ``last``."""
    allowed = f"a finite time from {first:.17g} to {last:.17g}, or a 1-d sequence of them"
    times = real_array("t", t, allowed)
    if times.ndim > 1 or times.size == 0 or not np.all((times >= first) & (times <= last) & np.isfinite(times)):
        raise InvalidArgument("t", t, allowed)
    return times


def check_times(t_eval: Any, name: str = "t_eval") -> np.ndarray:
    """``t_eval`` as a new float array; ValueError unless it is 1-d, finite, non-negative and increasing."""
    allowed = "a 1-d sequence of finite times >= 0, strictly increasing"
    times = np.atleast_1d(real_array(name, t_eval, allowed))
    good = times.ndim == 1 and times.size > 0 and bool(np.all(np.isfinite(times)) and times[0] >= 0)
    if not good or np.any(np.diff(times) <= 0):
        raise InvalidArgument(name, t_eval, allowed)
    return times
