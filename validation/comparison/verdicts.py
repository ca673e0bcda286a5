"""Verdicts by equivalence: what an interval says of a margin, and why it may say nothing."""

from __future__ import annotations

import numpy as np

AGREES, DIFFERS, INCONCLUSIVE, DECAYED = VERDICTS = "agrees", "differs", "inconclusive", "decayed"
#: Of rows that are not judged: they carry intervals of their own alone.
NOT_JUDGED = ""


def judge(part: np.ndarray, half_width: np.ndarray, margin: np.ndarray) -> np.ndarray:
    """*agrees* where the interval lies within +- margin, *differs* where it lies outside, else *inconclusive*."""
    low, high = part - half_width, part + half_width
    verdict = np.full(np.shape(part), INCONCLUSIVE, object)
    verdict[(low >= -margin) & (high <= margin)] = AGREES
    verdict[(low > margin) | (high < -margin)] = DIFFERS
    return verdict


def together(closure: str, unexplained: str) -> tuple[str, str]:
    """One verdict of the two, and its cause: which of them differs, or which is open."""
    both = {"closure": closure, "unexplained": unexplained}
    for verdict in (DECAYED, DIFFERS, INCONCLUSIVE):
        which = [name for name, one in both.items() if one == verdict]
        if which:
            return verdict, "" if verdict == DECAYED else " and ".join(which)
    return (AGREES, "") if AGREES in both.values() else (NOT_JUDGED, "")
