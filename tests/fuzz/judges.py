"""What may be wrong with a result that claims success: one function of result and arguments a kind, its words empty
where all is well."""

from __future__ import annotations

from typing import Any

import numpy as np

from cumulode import InvalidArgument
from cumulode.numerics import Status
from cumulode.numerics.trajectory.decay import SMALL

Given = dict[str, Any]


def _bad(name: str, array: Any) -> str:
    array = np.asarray(array)
    if array.dtype.kind not in "fc" or np.all(np.isfinite(array)):
        return ""
    return f"silent NaN: {int(np.sum(~np.isfinite(array)))} of {array.size} numbers of {name}"


def nothing(result: Any, given: Given) -> str:
    """No claim is made of numbers."""
    return ""


def finite(result: Any, given: Given) -> str:
    """All numbers of an array are finite."""
    return _bad("the result", result) if isinstance(result, np.ndarray) else ""


def run(result: Any, given: Given) -> str:
    """Of a run that reached its end, everything but shape and kurtosis of zero weights."""
    if not result.success:
        if not result.message:
            return "a failed run without a message"
        failed = np.asarray(result.statuses) != Status.REACHED_END
        ends = result.w[:, -1] if result.runs is not None else result.w[None, -1]
        good = np.isfinite(ends.reshape(len(ends), -1)).all(axis=1)
        return "a run that did not fail has NaN" if np.any(~good & ~failed) else ""
    small = float(np.max(np.abs(result.w), initial=0.0))
    of_law = [] if given.get("samples") is not None else ["k2", "k4"]  # of a user's samples not known
    for name in ("w", "bias", *of_law, "norm", *(["loss", "accuracy"] if hasattr(result, "loss") else [])):
        words = _bad(name, getattr(result, name))
        if words:
            return f"{words} (largest |w| = {small:.3g})"
    shapes = result.ipr[np.asarray(result.norm) > 0]
    return _bad("ipr", shapes)


def noise(result: Any, given: Given) -> str:
    """Of weights of a size that the cumulants allow."""
    if not _all_finite(given.get("w", given.get("w0")), 1e30):
        return ""
    return _bad("the covariance", result if isinstance(result, np.ndarray) else result.Sigma)


def drift(result: Any, given: Given) -> str:
    """At a small field."""
    try:
        return _bad("the drift", result(0.1 * np.cos(np.arange(result.problem.size))))
    except InvalidArgument as error:
        return "" if error.name in ("w", "closure") else f"refused at a small field: {error}"


def network_drift(result: Any, given: Given) -> str:
    """At small fields."""
    return _bad("the drift", result(0.1 * np.cos(np.arange(2.0 * given["problem"].size)).reshape(2, -1), [1.1, -1.1]))


def _all_finite(w: Any, largest: float) -> bool:
    w = np.asarray(w, dtype=float)
    return bool(np.all(np.isfinite(w)) and np.max(np.abs(w), initial=0.0) <= largest)


def potential(result: Any, given: Given) -> str:
    """Of finite weights: cumulants grow with the fourth power of the weights, beyond 1e70 out of range."""
    return _bad("the result", result) if _all_finite(given["w"], 1e70) else ""


def of_field(result: Any, given: Given) -> str:
    """Of fields that are finite and nowhere zero in all sites."""
    for name in ("w", "reference"):
        w = np.asarray(given.get(name, 1.0), dtype=float)
        if not _all_finite(w, 1e300) or not np.all(np.any(w != 0, axis=-1)):
            return ""
    parts = result if isinstance(result, tuple) else (result,)
    return next(filter(None, (_bad("the result", part) for part in parts)), "")


def match(result: Any, given: Given) -> str:
    """Correlations are finite."""
    return _bad("correlations", result.correlations)


def stationary(result: Any, given: Given) -> str:
    """A state that there is has weights and rates."""
    return "" if result.kind == "none" else _bad("w", result.w) or _bad("rates", result.rates)


def critical(result: Any, given: Given) -> str:
    """Values are finite; where there is none, a reason, or the rate keeps its sign."""
    return _bad("values", result.values)


def comparison(result: Any, given: Given) -> str:
    """Both sides as runs; the numbers of rows that are judged."""
    judged = result.judged[~result.judged.verdict.isin(["inconclusive", "decayed"])]
    numbers = {name: judged[name] for name in ("theory", "sgd") if name in judged}
    words = "" if result.failures else next(filter(None, (_bad(n, v) for n, v in numbers.items())), "")
    return run(result.theory, given) or run(result.sgd, given) or words


def phase(result: Any, given: Given) -> str:
    """A run that reached its end has an inverse participation ratio, unless it decayed and has no shape."""
    if not {"ipr", "status", "norm"} <= set(result.data_vars):
        return ""
    grown = result["norm"].values >= SMALL
    ended = result["status"].values == Status.REACHED_END
    return _bad("ipr", result["ipr"].values[ended & grown]) if ended.shape == grown.shape else ""
