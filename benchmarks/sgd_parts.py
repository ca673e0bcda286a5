"""SGD at batch 1 against the sum of its parts: normals, filter (or modes), erf, dot and axpy, each alone.

The parts are the very kernels that ``simulate_sgd`` calls, each looped in compiled code over arrays of the same size;
the whole is its compiled step. All are timed in turn, many times over, and the medians compared. The clock is the
thread's own CPU time, so that a busy machine disturbs little; one thread. Part of ``make bench``; alone, ``python -m
benchmarks.sgd_parts``.
"""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from numba import types

from cumulode.numerics.compile.closure_kernels import activation_kernels
from cumulode.numerics.compile.jit import compiled, f8, i8, kernel, vector
from cumulode.theory import NLGP, Problem
from cumulode.validation.sampling.draw import ERF, Sampler, scratch, unowned_law
from cumulode.validation.sampling.erf_table import erf_by, erf_by_libm, erf_by_table
from cumulode.validation.sampling.field_kernels import filter_ring, filter_torus, modes_torus, sum_modes
from cumulode.validation.sampling.normals import fill_normals
from cumulode.validation.sampling.sampler import sampler
from cumulode.validation.sampling.streams import stream
from cumulode.validation.sampling.unowned import unowned
from cumulode.validation.sgd import neuron as sgd

from .timing import table

PARTS = ("normals", "field", "erf", "dot", "axpy")


@kernel
def _normals(n: int, random: np.ndarray, work: np.ndarray) -> None:
    random = unowned(random)
    for _ in range(n):
        fill_normals(random, work)


@kernel
def _field(n: int, law: Sampler, noise: np.ndarray, work: np.ndarray, x: np.ndarray) -> None:
    """The filter, or the sum over modes with their amplitudes, of given normal numbers."""
    law, count = unowned_law(law), law.amplitude.size  # as the whole does
    work[: noise.size] = noise
    for _ in range(n):
        if law.modes == 0 and law.side == 0:
            filter_ring(law.table, work, x)
        elif law.modes == 0:
            work[: law.side] = noise[: law.side]  # where the filter worked
            filter_torus(law.table, law.side, work, x)
        else:
            a = work[:count]
            for k in range(count):
                a[k] = noise[k] * law.amplitude[k]
            if law.side == 0:
                sum_modes(law.table, law.cosines, a, work[count:], x)
            else:
                modes_torus(law.table, law.cosines, law.side, a, work[count:], x)


@kernel
def _erf(n: int, law: Sampler, x: np.ndarray) -> None:
    for _ in range(n):  # over and over in place: x tends to where x = factor erf(scale x)
        if law.kind == ERF:
            erf_by_table(x, law.scale, law.factor)
        else:
            erf_by_libm(x, law.scale, law.factor)


@kernel
def _dot(n: int, w: np.ndarray, x: np.ndarray) -> float:
    total = 0.0
    for _ in range(n):
        total += sgd.dot(w, x)
        x[0] = total * 1e-300  # so that no two products are the same
    return total


@kernel
def _axpy(n: int, w: np.ndarray, x: np.ndarray) -> None:
    for k in range(n):
        sgd.axpy(1e-9 * k, x, w)


@kernel
def _force(n: int, force: Any, h: np.ndarray) -> float:
    """The neuron's force, which is no part of the sum: one call a sample, through a pointer."""
    total = 0.0
    for k in range(n):
        total += force(h[k % h.size], 1.0)
    return total


def _force_calls(activation: str, n: int) -> Callable[[], Any]:
    call = compiled(_force, f8(i8, types.FunctionType(f8(f8, f8)), vector))
    force, h = activation_kernels(activation).force, np.random.default_rng(4).standard_normal(64) - 1.0
    return lambda: call(n, force, h)


def _law_parts(law: Sampler, size: int, n: int) -> dict[str, Callable[[], Any]]:
    """What one class's input costs, part by part."""
    random = stream(np.random.SeedSequence(1))
    noise = np.random.default_rng(1).standard_normal(law.amplitude.size or size)
    work = np.empty(scratch(law, size))
    z, x, drawn = np.random.default_rng(2).standard_normal(size), np.empty(size), np.empty(noise.size)
    return {
        "normals": lambda: _normals(n, random, drawn),
        "field": lambda: _field(n, law, noise, work, x),
        "erf": lambda: _erf(n, law, z),
    }


def _whole(problem: Problem, laws: list[Sampler], n: int) -> Callable[[], Any]:
    """``n`` steps of ``simulate_sgd``'s kernel, from where the last ones ended."""
    advance, force = sgd._kernel(), activation_kernels(str(problem.activation)).force
    size = problem.size
    w = np.full(size, 0.1 / math.sqrt(size))
    random, rule = stream(np.random.SeedSequence(1)), sgd.NeuronRule(problem.prior, problem.bias, 1e-3, 1)
    return lambda: advance(w, n, *laws, force, rule, random)


def _seconds(call: Callable[[], Any]) -> float:
    began = time.thread_time()
    call()
    return time.thread_time() - began


def measure(
    size: int | tuple[int, int],
    xi: tuple[float, float] = (4.0, 1.0),
    gain: float = 3.0,
    *,
    repetitions: int = 11,
    seconds: float = 0.04,
    erf: str = "table",
) -> dict[str, Any]:
    """Nanoseconds a sample of SGD at batch 1 and of its parts, medians of interleaved repetitions.

    Parameters
    ----------
    size : int, or (L, L)
    xi : (xi_plus, xi_minus)
    gain : float
    repetitions : int
    seconds : float
        About how long each repetition of the whole takes (a call from Python costs 0.3 ms, which must not show).
    erf : {"table", "libm"}

    Returns
    -------
    dict
        ``size``, ``xi``, ``gain``, ``normals``, ``field``, ``erf``, ``dot``, ``axpy`` (ns a sample, the mean over the
        two classes), their ``sum``, ``force`` (the neuron's, not in the sum), ``sgd``, ``ratio`` (sgd / sum),
        ``method`` of each class, ``samples_per_second``.
    """
    problem = Problem(NLGP(gain, xi[0]), NLGP(gain, xi[1]), size)
    with erf_by(erf):
        laws = [sampler(law, size) for law in problem.laws]
    sites = problem.size
    n = max(20, int(seconds / (6e-9 * sites)))
    w, x = np.random.default_rng(3).standard_normal((2, sites))
    calls: dict[str, Callable[[], Any]] = {
        "sgd": _whole(problem, laws, n),
        "dot": lambda: _dot(n, w, x),
        "axpy": lambda: _axpy(n, w, x),
        "force": _force_calls(str(problem.activation), n),
    }
    for k, law in enumerate(laws):
        calls |= {f"{part}{k}": call for part, call in _law_parts(law, sites, n).items()}
    for call in calls.values():
        call()  # compile, and warm the cache
    times: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(repetitions):
        for name, call in calls.items():
            times[name].append(_seconds(call))
    ns = {name: float(np.median(t)) / n * 1e9 for name, t in times.items()}
    parts = {part: ns[part] if part in ns else 0.5 * (ns[f"{part}0"] + ns[f"{part}1"]) for part in PARTS}
    total = sum(parts.values())
    method = [f"{law.modes} modes" if law.modes else f"{law.table.size} taps" for law in laws]
    return {
        "size": size,
        "xi": list(xi),
        "gain": gain,
        **parts,
        "sum": total,
        "force": ns["force"],
        "sgd": ns["sgd"],
        "ratio": ns["sgd"] / total,
        "method": method,
        "samples_per_second": 1e9 / ns["sgd"],
    }


CASES = ((40, (4, 1)), (100, (4, 1)), (1000, (4, 1)), (100, (10, 1)), (1000, (10, 1)), ((32, 32), (2, 1)))


def parts(repetitions: int = 11, erf: str = "table") -> str:
    """ns a sample, by size and by the laws' correlation lengths, as a Markdown table."""
    rows: list[list[object]] = []
    for size, xi in CASES:
        row = measure(size, xi, repetitions=repetitions, erf=erf)
        numbers = [f"{row[part]:.0f}" for part in (*PARTS, "sum", "sgd")]
        shown = f"{size[0]} x {size[1]}" if isinstance(size, tuple) else size
        rows.append([shown, f"{xi[0]}/{xi[1]}", *numbers, f"{row['ratio']:.2f}", ", ".join(row["method"])])
    return table(["D", "xi", *PARTS, "sum", "SGD", "SGD over sum", "field by (plus, minus)"], rows)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repetitions", type=int, default=11)
    parser.add_argument("--erf", default="table", choices=("table", "libm"))
    options = parser.parse_args()
    print(parts(options.repetitions, options.erf))


if __name__ == "__main__":
    main()
