"""Where work may be spread: over executors, over clients that have one, and over nothing else."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

from cumulode.numerics import critical_line, solve, validity
from cumulode.theory import NLGP, Problem
from cumulode.theory.user_input.arguments import InvalidArgument
from cumulode.validation import compare, simulate_convolutional, simulate_network, simulate_sgd

RING = Problem(NLGP(3.0, 1.0), NLGP(2.0, 0.5), 10)
STARTS = 0.1 * np.random.default_rng(0).standard_normal((2, 10))
T = [0.0, 0.1]
SMALL: dict[str, Any] = {"batch_size": 2, "seeds": 2}

SPREAD: dict[str, Callable[[Any], Any]] = {
    "solve": lambda where: solve(RING, STARTS, T, executor=where).w,
    "simulate_sgd": lambda where: simulate_sgd(RING, STARTS, T, batch_size=2, executor=where).w,
    "simulate_network": lambda where: simulate_network(RING, 2, t_eval=T, n_test=2, executor=where, **SMALL).w,
    "simulate_convolutional": lambda where: (
        simulate_convolutional(RING, 2, t_eval=T, n_test=2, executor=where, **SMALL).w
    ),
    "compare": lambda where: compare(RING, STARTS[0], T, executor=where, **SMALL).sgd.w,
    "critical_line": lambda where: critical_line(RING, "gain", (0.5, 5.0), {"xi_plus": [1.0, 2.0]}, executor=where)[
        "direction"
    ],
    "validity": lambda where: validity(RING, STARTS[:, None], executor=where).rho,
}


class Client:
    """As a dask client: no executor, but has one."""

    used = 0

    def get_executor(self) -> ThreadPoolExecutor:
        """The executor, which counts what it is given."""
        client = self

        class Counted(ThreadPoolExecutor):
            def submit(self, *work: Any, **options: Any) -> Future[Any]:
                client.used += 1
                return super().submit(*work, **options)

        return Counted(1)


@pytest.mark.parametrize("name", SPREAD)
def test_a_client_s_executor_does_the_work(name: str) -> None:
    """Assert that the work goes to the executor that a client has, with the same numbers, and other things are refused."""
    client = Client()
    np.testing.assert_array_equal(np.asarray(SPREAD[name](client)), np.asarray(SPREAD[name](None)))
    assert client.used
    with pytest.raises(InvalidArgument, match="^executor: got 3"):
        SPREAD[name](3.5)
