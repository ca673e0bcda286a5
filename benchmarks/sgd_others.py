"""SGD at batch 1 in PyTorch (a plain loop) and in JAX (a jitted scan), beside ``simulate_sgd``; one thread each.

All three do the same: an NLGP field from fresh normal numbers (a Cholesky factor, as the authors' scripts do), erf,
one neuron, half the squared error, one step. PyTorch and JAX are optional: where one is missing, that is reported.
Part of ``make bench``; alone, ``python -m benchmarks.sgd_others``.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1")

import argparse
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from cumulode.theory import NLGP, Problem
from cumulode.theory.problem.covariance import gaussian_covariance
from cumulode.validation import simulate_sgd

from .timing import table

GAIN, XI, BIAS, RATE = 3.0, (4.0, 1.0), -1.0, 0.01


def _factor(size: int, xi: float) -> np.ndarray:
    """Cholesky factor (D, D) of the Gaussian covariance, which needs a little more on its diagonal."""
    c, _ = gaussian_covariance("squared-exponential", np.arange(size), xi, size)
    ring = c[(np.arange(size)[:, None] - np.arange(size)) % size]
    return np.linalg.cholesky(ring + 1e-3 * np.eye(size))


def _normalisation() -> float:
    return float(np.sqrt(2 / np.pi * np.arcsin(GAIN**2 / (1 + GAIN**2))))


def ours(size: int, steps: int) -> float:
    """Seconds a sample of one run."""
    problem = Problem(NLGP(GAIN, XI[0]), NLGP(GAIN, XI[1]), size, bias=BIAS)
    w0 = np.full(size, 0.1 / np.sqrt(size))
    return _timed(lambda count: simulate_sgd(problem, w0, [count * RATE], RATE, 1), steps)


def numpy_loop(size: int, steps: int) -> float:
    """Seconds a sample of a loop in NumPy, erf by SciPy."""
    from scipy.special import erf

    factors, z = [_factor(size, xi) for xi in XI], _normalisation()
    rng, w = np.random.default_rng(1), np.full(size, 0.1 / np.sqrt(size))

    def run(count: int) -> None:
        nonlocal w
        for _ in range(count):
            y = 1.0 if rng.random() < 0.5 else -1.0
            x = erf(GAIN / 2**0.5 * (factors[0 if y > 0 else 1] @ rng.standard_normal(size))) / z
            h = w @ x + BIAS
            w = w + RATE * (y - erf(h / 2**0.5)) * (2 / np.pi) ** 0.5 * np.exp(-h * h / 2) * x

    return _timed(run, steps)


def torch_sampler(size: int) -> Callable[[], tuple[Any, float]]:
    """One input and its label, as PyTorch would draw them; one thread."""
    import torch

    torch.set_num_threads(1)
    factors = [torch.tensor(_factor(size, xi), dtype=torch.float32) for xi in XI]
    z = _normalisation()

    def sample() -> tuple[Any, float]:
        y = 1.0 if torch.rand(()) < 0.5 else -1.0
        with torch.no_grad():
            return torch.erf(GAIN / 2**0.5 * (factors[0 if y > 0 else 1] @ torch.randn(size))) / z, y

    return sample


def torch_loop(size: int, steps: int) -> float:
    """Seconds a sample of a loop with autograd and ``torch.optim.SGD``."""
    import torch

    sample = torch_sampler(size)
    w = torch.full((size,), 0.1 / size**0.5, requires_grad=True)
    optimiser = torch.optim.SGD([w], lr=RATE)

    def run(count: int) -> None:
        for _ in range(count):
            x, y = sample()
            optimiser.zero_grad()
            loss = 0.5 * (y - torch.erf((w @ x + BIAS) / 2**0.5)) ** 2
            loss.backward()
            optimiser.step()

    return _timed(run, steps)


def jax_scan(size: int, steps: int) -> float:
    """Seconds a sample of a jitted ``lax.scan`` whose step differentiates the loss."""
    import jax
    import jax.numpy as jnp

    factors = jnp.asarray(np.stack([_factor(size, xi) for xi in XI]), jnp.float32)
    z = _normalisation()

    def loss(w, x, y):  # type: ignore[no-untyped-def]
        return 0.5 * (y - jax.scipy.special.erf((w @ x + BIAS) / 2**0.5)) ** 2

    def step(carry, _):  # type: ignore[no-untyped-def]
        w, key = carry
        key, label, noise = jax.random.split(key, 3)
        plus = jax.random.bernoulli(label)
        factor = jnp.where(plus, factors[0], factors[1])
        x = jax.scipy.special.erf(GAIN / 2**0.5 * (factor @ jax.random.normal(noise, (size,)))) / z
        w = w - RATE * jax.grad(loss)(w, x, jnp.where(plus, 1.0, -1.0))
        return (w, key), None

    scan = jax.jit(lambda w, key, n: jax.lax.scan(step, (w, key), None, length=n)[0][0], static_argnums=2)
    w = jnp.full((size,), 0.1 / size**0.5, jnp.float32)
    return _timed(lambda count: scan(w, jax.random.key(1), count).block_until_ready(), steps)


def _timed(run: Callable[[int], object], steps: int) -> float:
    """Seconds of processor time a step, the median of five runs after one that compiles; a busy machine counts less."""
    run(steps)
    times = []
    for _ in range(5):
        began = time.process_time()
        run(steps)
        times.append(time.process_time() - began)
    return float(np.median(times)) / steps


OTHERS: tuple[tuple[str, Callable[[int, int], float], int], ...] = (
    ("NumPy loop", numpy_loop, 5000),
    ("PyTorch loop", torch_loop, 2000),
    ("JAX scan", jax_scan, 20_000),
)


def samples(size: int) -> str:
    """Samples a second, and how many times ours that takes, as a Markdown table."""
    base = ours(size, 200_000)
    rows: list[list[object]] = [["cumulode", f"{1 / base:,.0f}", "1"]]
    for name, run, steps in OTHERS:
        try:
            seconds = run(size, steps)
        except ImportError:
            rows.append([name, "not installed", "-"])
            continue
        rows.append([name, f"{1 / seconds:,.0f}", f"{seconds / base:.0f} x"])
    return table([f"D = {size}, batch 1, one thread", "samples a second", "time over ours"], rows)


def at_hundred() -> str:
    """What ``make bench`` shows."""
    return samples(100) + "\n\nPyTorch and JAX in single precision, the others in double; processor time."


def main() -> None:
    """Print samples a second and how many times ours that takes."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", type=int, default=100)
    print(samples(parser.parse_args().size))


if __name__ == "__main__":
    main()
