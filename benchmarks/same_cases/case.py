"""What a case is: a name and a function that returns named arrays; and what all cases share.

Cases are written in the words of this revision; ``call`` finds those of an older one.
"""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Callable
from dataclasses import fields
from typing import Any

import numpy as np

import cumulode
from cumulode import NLGP, Ising, Problem

Arrays = dict[str, Any]
CASES: dict[str, Callable[[], Arrays]] = {}

#: Keywords by the name that they have in older revisions.
OLD_NAMES = {"scan": "points", "seeds": "seed", "margin": "tolerance"}
#: Keywords that moved into a frozen object.
HOLDERS = {"contraction": "solver", "max_step": "solver", "conventions": "sgd"}

NLGP_RING = Problem(NLGP(3.0, 2.0), NLGP(3.0, 0.7), 24, bias=-1.0)
ISING_RING = Problem(Ising(t=0.7), Ising(t=0.3), 12, bias=-0.9, prior=0.4)
TORUS = Problem(NLGP(3.0, 1.0), NLGP(3.0, 0.5), (6, 6), bias=-1.0)
WAVES = Problem(NLGP(3.0, 1.0), NLGP(3.0, 3.0), 30, bias=-1.0)
WRAPPED = Problem(
    NLGP(3.0, 2.0, covariance="wrapped"), NLGP(1.0, 0.7, covariance="circular-exponential"), 24, bias=-1.0
)
TIMES = [0.0, 5.0, 20.0]


def case(name: str) -> Callable[[Callable[[], Arrays]], Callable[[], Arrays]]:
    """Register a function as the case ``name``."""

    def register(function: Callable[[], Arrays]) -> Callable[[], Arrays]:
        CASES[name] = function
        return function

    return register


def call(function: Callable[..., Any], *args: Any, **keywords: Any) -> Any:
    """``function(*args, **keywords)``, with keywords called as the revision installed calls them."""
    known = inspect.signature(function).parameters
    for name in [name for name in keywords if name not in known]:
        if OLD_NAMES.get(name) in known:
            keywords[OLD_NAMES[name]] = keywords.pop(name)
        elif name in keywords:  # not moved with another one
            kind = getattr(cumulode, HOLDERS[name].capitalize())
            own = {f.name: keywords.pop(f.name) for f in fields(kind) if f.name in keywords}
            keywords[HOLDERS[name]] = kind(**own)
    return function(*args, **keywords)


def start(problem: Problem, seed: int = 0, amplitude: float = 0.3) -> np.ndarray:
    """Normal weights of norm about ``amplitude``."""
    return amplitude * np.random.default_rng(seed).standard_normal(problem.size) / np.sqrt(problem.size)


def run_arrays(run: Any, *names: str) -> Arrays:
    """What every result has, its statuses as integers, and further arrays by name."""
    arrays = {name: getattr(run, name) for name in ("t", "w", "ipr", "norm", *names)}
    return arrays | {"statuses": run.statuses if hasattr(run, "statuses") else run.status}


def digest(*texts: str) -> Arrays:
    """Texts as the bytes of their digests."""
    return {str(i): np.frombuffer(hashlib.sha256(t.encode()).digest(), np.uint8) for i, t in enumerate(texts)}
