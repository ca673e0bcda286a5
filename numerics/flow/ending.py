"""How runs ended, in words: for a failure its cause and the next step."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cumulode.numerics.status import Status

from .right_hand_side import CLAMPED, CONTINUED

#: A run whose weights change by less than this, relative to the largest, has not moved.
MOVED = 1e-9


def describe(status: int, state: np.ndarray, moved: bool, closure: str, end: float) -> str:
    """How one run ended; ``state`` as the integrator leaves it, ``moved``: whether the last weights are not the first.

    Parameters
    ----------
    status : int
        A ``Status``.
    state : (4,) array
        Time reached, stop flag, norm of the weights there, flags seen.
    """
    t, _, norm, flags = state
    if status == Status.REACHED_END:
        remarks = _remarks(int(flags), moved, closure)
        return f"reached t = {end:g}" + (f" ({'; '.join(remarks)})" if remarks else "")
    where = f"stopped at t = {t:.6g} of {end:g}: "
    if status == Status.DIVERGED:
        advice = (
            "a closure that saturates, such as 'regression', or a smaller |w0|"
            if closure.startswith("taylor")
            else "a smaller |w0| or a bounded activation"
        )
        return where + f"the weights blow up (|w| = {norm:.3g}); closure {closure!r} has no bound here; try {advice}"
    if status == Status.LEFT_DOMAIN:
        return where + (
            f"closure {closure!r} is not defined here (kurtosis k4/k2^2 of the preactivation at or above 3, |w| = "
            f"{norm:.3g}); try closure='edgeworth', which is, or another start"
        )
    if status == Status.INTERRUPTED:
        return where + "interrupted; what was recorded is kept, the rest is NaN"
    return where + (
        f"the step size collapsed (|w| = {norm:.3g}), the tolerances are tighter than rounding allows; try a "
        "larger rtol or atol, or a smoother closure"
    )


def _remarks(flags: int, moved: bool, closure: str) -> list[str]:
    """What should be known of a run that reached its end."""
    remarks = []
    if not moved:
        remarks.append("the weights did not move: w0 is zero, or the force vanishes around this bias (a dead neuron)")
    if flags & CONTINUED:
        other = "pearson (from 3/4) or edgeworth (from 3)" if closure.startswith("tree") else "edgeworth"
        remarks.append(f"the kurtosis k4/k2^2 was for a while beyond what the closure covers, where {other} stood in")
    if flags & CLAMPED:
        remarks.append("k4 was clamped to -2 k2^2 (the contraction's error, or a field where k2 is at rounding level)")
    return remarks


def has_moved(w0: np.ndarray, last: np.ndarray, end: float) -> bool:
    """Whether weights differ from where they started, if there was time to."""
    return end == 0 or not np.max(np.abs(last - w0)) <= MOVED * np.max(np.abs(w0))


def unresolved(k4: np.ndarray, error: np.ndarray) -> str:
    """Words where the error of k4 exceeds it, (T, 2) both: the drift has that error, too."""
    times = int(np.sum(np.any(error > np.abs(k4), axis=-1)))
    advice = "below the error of the fourth cumulant; a smaller tolerance resolves it"
    return f"; k4 is not resolved at {times} of {len(k4)} recorded times ({advice})" if times else ""


def summary(messages: Sequence[str], failed: Sequence[int], single: bool) -> str:
    """One line for all runs; ``failed``: the indices of those that failed."""
    if single or len(set(messages)) == 1:
        return messages[0]
    if not failed:
        noted = sum(m != messages[0] for m in messages)
        return f"all {len(messages)} runs reached the last time ({noted} with remarks: see messages)"
    return f"{len(failed)} of {len(messages)} runs failed; run {failed[0]}: {messages[failed[0]]}"
