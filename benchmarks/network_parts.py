"""Network SGD at batch 1 against the sum of its parts, and against a plain PyTorch loop.

The parts of a step of a committee of K units: one input, K scalar products, K activations with their derivatives, K
updates of weights; each is the kernel that ``simulate_network`` calls, looped in compiled code. Medians of interleaved
repetitions of the thread's processor time. ``python -m benchmarks.network_parts``; PyTorch, where it is installed.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from numba import types

from cumulode.numerics.compile.closure_kernels import response_kernel
from cumulode.numerics.compile.jit import compiled, f8, i8, kernel, matrix, vector
from cumulode.numerics.compile.signatures import response_type
from cumulode.theory import NLGP, Problem
from cumulode.validation.sampling.draw import Sampler, draw, sampler_type, scratch, unowned_law
from cumulode.validation.sampling.sampler import sampler
from cumulode.validation.sampling.streams import stream, stream_type
from cumulode.validation.sampling.unowned import unowned
from cumulode.validation.sgd import neuron as sgd
from cumulode.validation.sgd.network import engine

from .sgd_others import GAIN, RATE, XI, _timed, torch_sampler
from .timing import table

PARTS = ("samples", "dots", "activations", "axpys")


@kernel
def _samples(n: int, law: Sampler, random: np.ndarray, x: np.ndarray) -> None:
    law, random = unowned_law(law), unowned(random)
    work = np.empty(scratch(law, x.size))
    for _ in range(n):
        draw(law, random, work, x)


@kernel
def _dots(n: int, w: np.ndarray, x: np.ndarray) -> float:
    total = 0.0
    for i in range(n):
        x[0] = 1e-3 * i  # so that no two samples are the same; the K products do not wait for one another
        for k in range(w.shape[0]):
            total += sgd.dot(w[k], x)
    return total


@kernel
def _activations(n: int, response: Any, h: np.ndarray) -> float:
    total = 0.0
    for _ in range(n):
        for k in range(h.size):
            value, slope = response(h[k])
            total += value + slope
    return total


@kernel
def _axpys(n: int, w: np.ndarray, x: np.ndarray) -> None:
    for i in range(n):
        for k in range(w.shape[0]):
            sgd.axpy(1e-9 * i, x, w[k])


def _calls(problem: Problem, hidden: int, n: int) -> dict[str, Callable[[], Any]]:
    """The whole and its parts, ``n`` samples each."""
    laws = [sampler(law, problem.shape) for law in problem.laws]
    size, rng = problem.size, np.random.default_rng(1)
    response, random = response_kernel("erf"), stream(np.random.SeedSequence(1))
    weights, biases = 0.1 / np.sqrt(size) * rng.standard_normal(hidden * size), np.repeat([1.0, -1.0], hidden // 2)
    theta = np.concatenate([weights, biases, np.ones(hidden)])
    rule = engine.NetworkRule(0.5, 1e-3, 1, hidden, engine.MSE, 1.0, -1.0, 0.0, 0.0)
    w, x, h = rng.standard_normal((hidden, size)), rng.standard_normal(size), rng.standard_normal(hidden)
    samples = compiled(_samples, types.void(i8, sampler_type, stream_type, vector))
    dots = compiled(_dots, f8(i8, matrix, vector))
    activations = compiled(_activations, f8(i8, response_type, vector))
    axpys = compiled(_axpys, types.void(i8, matrix, vector))
    advance = engine.advance_kernel()
    return {
        "network": lambda: advance(theta, size, n, *laws, response, rule, random),
        "samples0": lambda: samples(n, laws[0], random, x),
        "samples1": lambda: samples(n, laws[1], random, x),
        "dots": lambda: dots(n, w, x),
        "activations": lambda: activations(n, response, h),
        "axpys": lambda: axpys(n, w, x),
    }


def measure(size: int = 100, hidden: int = 8, repetitions: int = 11, n: int = 20_000) -> dict[str, float]:
    """Nanoseconds a sample of the whole (``network``), of its PARTS, their ``sum`` and the ``ratio``."""
    calls = _calls(Problem(NLGP(GAIN, XI[0]), NLGP(GAIN, XI[1]), size), hidden, n)
    times: dict[str, list[float]] = {name: [] for name in calls}
    for repetition in range(repetitions + 1):
        for name, call in calls.items():
            began = time.thread_time()
            call()
            if repetition:  # the first warms the cache
                times[name].append(time.thread_time() - began)
    ns = {name: float(np.median(t)) / n * 1e9 for name, t in times.items()}
    ns["samples"] = 0.5 * (ns.pop("samples0") + ns.pop("samples1"))
    ns["sum"] = sum(ns[part] for part in PARTS)
    return ns | {"ratio": ns["network"] / ns["sum"]}


def torch_loop(size: int = 100, hidden: int = 8, steps: int = 2000) -> float:
    """Seconds a sample of a plain loop with autograd and ``torch.optim.SGD``, batch 1, one thread."""
    import torch

    sample = torch_sampler(size)
    w = (0.1 / size**0.5 * torch.randn(hidden, size)).requires_grad_()
    bias = torch.tensor([1.0, -1.0]).repeat_interleave(hidden // 2)
    optimiser = torch.optim.SGD([w], lr=RATE * hidden)

    def run(count: int) -> None:
        for _ in range(count):
            x, y = sample()
            optimiser.zero_grad()
            loss = 0.5 * (y - torch.erf((w @ x + bias) / 2**0.5).mean()) ** 2
            loss.backward()
            optimiser.step()

    return _timed(run, steps)


def parts(cases: tuple[tuple[int, int], ...] = ((40, 8), (100, 8), (100, 32))) -> str:
    """ns a sample by size and hidden units, as a Markdown table."""
    rows: list[list[object]] = []
    for size, hidden in cases:
        ns = measure(size, hidden)
        rows.append([size, hidden, *(f"{ns[name]:.0f}" for name in (*PARTS, "sum", "network")), f"{ns['ratio']:.2f}"])
    return table(["D", "K", *PARTS, "sum", "network", "network over sum"], rows)


def others() -> str:
    """ns a sample beside a plain PyTorch loop, where that is installed."""
    ours = measure(100, 8)["network"]
    try:
        torch = torch_loop() * 1e9
    except ImportError:
        return f"{ours:.0f} ns a sample; PyTorch is not installed here."
    return table(
        ["", "ns a sample", "times ours"],
        [
            ["ours", f"{ours:.0f}", "1"],
            ["PyTorch loop, autograd and optim.SGD", f"{torch:,.0f}", f"{torch / ours:.0f}"],
        ],
    )


def main() -> None:
    """Print both tables."""
    argparse.ArgumentParser(description=__doc__.splitlines()[0]).parse_args()
    print(parts())
    print(others())


if __name__ == "__main__":
    main()
