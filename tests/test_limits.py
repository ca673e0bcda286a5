"""Limits named in refusals are the limits: just inside is taken, just outside refused with the same words."""

from __future__ import annotations

import math
import re
from typing import Any

import numpy as np
import pytest

from cumulode import (
    NLGP,
    InvalidArgument,
    Ising,
    Problem,
    Sgd,
    Solver,
    compare,
    convolutional_cp,
    critical_value,
    phase_diagram,
    refine_boundary,
    simulate_convolutional,
    simulate_network,
    simulate_sgd,
    tiling,
)
from cumulode.validation import sample
from cumulode.validation.boundaries.measured import Measurement
from cumulode.validation.boundaries.roots import Search

A = Problem(Ising(0.5), Ising(0.2), 6)
W = 0.1 * np.ones(6)
NET: dict[str, Any] = {"problem": A, "t_eval": [0.0], "n_test": 2}

#: Name of the argument, and what takes it; where a value just inside means work of hours, the work is not begun: the
#: argument is looked at before others, of which one is wrong.
NUMBERS = {
    "gain": lambda x: NLGP(x, 1.0),
    "xi": lambda x: NLGP(1.0, x),
    "t": lambda x: Ising(x),
    "bias": lambda x: Problem(A.plus, A.minus, 6, bias=x),
    "prior": lambda x: Problem(A.plus, A.minus, 6, prior=x),
    "rtol": lambda x: Solver(rtol=x),
    "atol": lambda x: Solver(atol=x),
    "tolerance": lambda x: Solver(tolerance=x),
    "max_step": lambda x: Solver(max_step=x),
    "learning_rate": lambda x: Sgd(learning_rate=x),
    "batch_size": lambda x: Sgd(batch_size=x),
    "level": lambda x: tiling([0.0, 3.0], 6, level=x),
    "seed": lambda x: simulate_sgd(A, W, [0.0], seed=x),
    "seeds": lambda x: compare(A, W, [0.0], seeds=x, margin=-1.0),
    "margin": lambda x: compare(A, W, [0.0], margin=x, seeds=2, population=None),
    "bias_rate": lambda x: simulate_network(**NET, hidden=2, bias_rate=x),
    "readout_rate": lambda x: simulate_network(**NET, hidden=2, readout_rate=x),
    "hidden": lambda x: simulate_network(**NET, hidden=x, architecture="none"),
    "n_test": lambda x: simulate_network(**NET | {"n_test": x}, hidden=2, test_seed=-1),
    "amplitude": lambda x: simulate_network(**NET, hidden=2, amplitude=x, w0="x"),
    "filters": lambda x: simulate_convolutional(**NET, filters=x, readout="none"),
    "filter_size": lambda x: simulate_convolutional(**NET, filters=2, filter_size=x, readout="none"),
    "rank": lambda x: convolutional_cp(A.plus, x, starts=0),
    "starts": lambda x: convolutional_cp(A.plus, 1, starts=x, seed=-1),
    "half_width": lambda x: convolutional_cp(A.plus, 1, half_width=x, starts=0),
    "scan": lambda x: critical_value(A, "bias", (1.0, 0.0), scan=x),
    "points": lambda x: phase_diagram(A, {"prior": [0.5]}, points=x, validity="none"),
    "sgd_values": lambda x: Measurement(x, 0.2, 0.05),
    "accuracy": lambda x: Search(3, x, True),
    "resolution": lambda x: refine_boundary(A, {}, resolution=x),
    "n": lambda x: sample(A.plus, 6, x, seed=-1),
    "size": lambda x: Problem(A.plus, A.minus, x),
}


def bounds(words: str, name: str) -> tuple[float, bool, float, bool]:
    """Low, whether it is allowed, high, whether it is allowed: as a refusal says them."""
    number = r"-?(?:inf|[\d.]+(?:e[+-]?\d+)?)"
    for pattern in (
        rf"({number}) (<=?) \w+ (<=?) ({number})",
        r"an integer from (\d+) to (\d+)",
        r"an int(?:eger)? >= (\d+)",
    ):
        match = re.search(pattern, words)
        if match and len(match.groups()) == 4:
            low, left, right, high = match.groups()
            return float(low), left == "<=", float(high), right == "<="
        if match:
            return (
                float(match[1]),
                True,
                float(match[2]) if len(match.groups()) == 2 else math.inf,
                len(match.groups()) == 2,
            )
    if "a finite number" in words:
        return -math.inf, False, math.inf, False
    pytest.fail(f"{name}: no limits in {words!r}")


def refusal(call: Any, value: Any, name: str) -> str:
    """The words in which ``name`` is refused; empty where it is not."""
    try:
        call(value)
    except InvalidArgument as error:
        return error.allowed if error.name == name else ""
    return ""


@pytest.mark.parametrize("name", NUMBERS)
def test_the_limits_named_are_the_limits(name):
    """Assert for both ends that the last value inside is taken and the first outside is not, in the same words."""
    call = NUMBERS[name]
    words = refusal(call, "x", name)
    low, low_in, high, high_in = bounds(words, name)
    whole = "an int" in words
    for end, inside, away in ((low, low_in, -1), (high, high_in, 1)):
        if math.isinf(end) and not inside:
            assert refusal(call, away * math.inf, name), f"{end} is taken"
            extreme = away * (10**9 if whole else 1e300)
            inner = extreme
        else:
            step = (lambda x, to: int(x) + to) if whole else (lambda x, to: float(np.nextafter(x, to * math.inf)))
            exact = int(end) if whole else end
            inner, outer = (exact, step(end, away)) if inside else (step(end, -away), exact)
            if not math.isinf(end):
                said = refusal(call, outer, name)
                assert said, f"{outer} is taken, allowed: {words}"
                assert bounds(said, name) == (low, low_in, high, high_in)
        assert not refusal(call, inner, name), f"{inner} is refused, allowed: {words}"
