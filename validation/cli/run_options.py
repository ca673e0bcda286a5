"""Options of a run: start, times, theory, learning rule, and where work that can be spread is done."""

from __future__ import annotations

import argparse
from collections.abc import Container, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from cumulode.numerics.flow.solver import FLOW
from cumulode.numerics.io.netcdf import UNREADABLE, reason
from cumulode.theory.problem.lattice import shape_of, sites_in
from cumulode.theory.user_input.arguments import Described, InvalidArgument, integer, real
from cumulode.validation.sgd.settings import Sgd
from cumulode.validation.sgd.starts import random_start

from .fields import add_fields
from .problem_options import size_of


def add_run(parser: argparse.ArgumentParser) -> None:
    """Start and times."""
    group = parser.add_argument_group("run")
    add_times(group)
    group.add_argument("--seed", type=int, default=1, help="seed of the random start, and of the run of `sgd`")
    group.add_argument(
        "--amplitude",
        type=float,
        default=0.1,
        help="start: amplitude * default_rng(seed).standard_normal(D) / sqrt(D), of norm about amplitude",
    )
    group.add_argument("--w0", metavar="FILE", help="start from a .npy or text file instead, (D,) or (L, L)")


def add_times(group: Any, time: float = 150.0, points: int = 31) -> None:
    """Which times are recorded."""
    group.add_argument("--time", type=float, default=time, help="last time, learning rate x steps")
    group.add_argument("--points", type=int, default=points, help="number of equally spaced times from 0 recorded")


def times(options: argparse.Namespace) -> np.ndarray:
    """The times the options describe, (T,)."""
    end = real("time", options.time, gt=0)
    return np.linspace(0.0, end, integer("points", options.points, ge=2, le=100000))


def start(options: argparse.Namespace) -> np.ndarray:
    """The start the options describe, (D,); of a torus a file may hold it as (L, L)."""
    shape = shape_of(size_of(options.size))
    size = sites_in(shape)
    if options.w0 is None:
        return random_start(integer("seed", options.seed, ge=0), real("amplitude", options.amplitude, gt=0), size)
    w0 = read_array(options.w0, f"a readable .npy or text file of {size} numbers")
    if w0.shape not in ((size,), shape):
        raise InvalidArgument("w0", Described(f"{options.w0}, shape {w0.shape}"), f"{size} numbers, one start")
    return np.reshape(w0, size)


def read_array(path: str, allowed: str) -> np.ndarray:
    """The array in a .npy or text file; InvalidArgument naming ``w0`` otherwise."""
    try:
        return np.asarray(np.load(path) if path.endswith(".npy") else np.loadtxt(path))
    except (OSError, *UNREADABLE) as error:
        raise InvalidArgument("w0", path, f"{allowed} ({reason(error)})") from None


def add_solver(parser: argparse.ArgumentParser, many: Container[str] = ()) -> None:
    """The fields of ``Solver``."""
    add_fields(parser.add_argument_group("theory"), FLOW, many)


def add_sgd(parser: argparse.ArgumentParser, many: Container[str] = (), conventions: bool = True) -> None:
    """The fields of ``Sgd``."""
    add_fields(parser.add_argument_group("learning"), Sgd(), many, () if conventions else ("conventions",))


def add_executor(parser: argparse.ArgumentParser) -> None:
    """Where work is done."""
    group = parser.add_argument_group("where work is done")
    group.add_argument("--workers", type=int, help="processes to use instead of threads")
    group.add_argument("--scheduler", metavar="ADDRESS", help="a dask scheduler, tcp://HOST:PORT")


@contextmanager
def executor(options: argparse.Namespace) -> Iterator[Any]:
    """Threads (None), processes, or a dask cluster."""
    if options.scheduler is not None and options.workers is not None:
        raise InvalidArgument("workers", options.workers, "only without --scheduler")
    if options.scheduler is not None:
        with _client(options.scheduler) as client:
            yield client
    elif options.workers is not None:
        from .workers import processes  # numba: only once the input is good

        with processes(integer("workers", options.workers, ge=1, le=1024)) as pool:
            yield pool
    else:
        yield None


def _client(address: str) -> Any:
    try:
        from distributed import Client
    except ImportError:
        raise InvalidArgument(
            "scheduler", address, "only where dask is installed: pip install 'cumulode[dask]'"
        ) from None
    try:
        return Client(address, timeout="10s")
    except (OSError, ValueError, TimeoutError) as error:
        raise InvalidArgument("scheduler", address, f"the address of a dask scheduler that answers ({error})") from None
