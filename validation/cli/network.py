"""``cumulode network``: train a two-layer network on fresh samples."""

from __future__ import annotations

import argparse
from typing import Any

import numpy as np

from cumulode.theory.user_input.arguments import InvalidArgument, integer

from . import options as common
from .sgd import add_conventions, add_learning


def add_options(parser: argparse.ArgumentParser) -> None:
    """Problem, network, run, learning rule, output."""
    common.add_problem(parser)
    group = parser.add_argument_group("network")
    group.add_argument("--hidden", type=int, default=8, help="number K of hidden units")
    group.add_argument("--architecture", default="committee", help="committee (readouts 1) or two-layer (trained)")
    group.add_argument(
        "--biases", default="balanced", help="balanced, trained, equal, or K numbers with commas: --biases=-1,1"
    )
    group.add_argument("--loss", default="mse", help="mse or cross-entropy")
    group.add_argument("--labels", default="-1,1", help="targets of the classes minus and plus: --labels=-1,1 or 0,1")
    run = parser.add_argument_group("run")
    run.add_argument("--time", type=float, default=300.0, help="last time, learning rate x steps")
    run.add_argument("--points", type=int, default=31, help="number of equally spaced times from 0 recorded")
    run.add_argument("--seed", type=int, default=0, help="seed of the first run: of its inputs and its start")
    run.add_argument("--seeds", type=int, default=1, help="number of runs, of seeds SEED, SEED + 1, ...")
    run.add_argument("--amplitude", type=float, default=0.1, help="norm, about, of the rows of the random start")
    run.add_argument("--w0", metavar="FILE", default=None, help="start from a .npy file instead, (K, D)")
    run.add_argument("--test", type=int, default=10_000, help="number of held-out inputs")
    add_learning(parser)
    add_conventions(parser)
    common.add_output(parser, "also write the arrays to FILE (.nc or .npz)")


def run(options: argparse.Namespace) -> int:
    """Simulate and print; 1 when a run failed, 130 when it was interrupted."""
    common.writable("out", options.out, (".nc", ".npz"))
    problem, times = common.problem(options), common.times(options)
    first = integer("seed", options.seed, ge=0)
    count = integer("seeds", options.seeds, ge=1, le=100000)
    biases = _biases(options.biases)
    labels: Any = tuple(_numbers("labels", options.labels))
    start = _start(options.w0)
    from cumulode.validation.sgd.network.result import NetworkRun
    from cumulode.validation.sgd.network.simulate import simulate_network
    from cumulode.validation.sgd.settings import Sgd

    net = simulate_network(
        problem, options.hidden, options.architecture, biases, times, start, options.amplitude,
        seeds=list(range(first, first + count)), loss=options.loss, labels=labels,
        n_test=options.test, sgd=Sgd(options.learning_rate, options.batch_size, options.conventions),
        progress=not options.quiet,
    )  # fmt: skip
    remark = (
        f"{options.architecture} of {net.hidden}, {options.loss}, seeds {first} .. {first + count - 1}, medians "
        f"over units and seeds; accuracy over {options.test} held-out inputs: {net.message}"
    )
    return common.report(net, options, remark, table, ("t", *NetworkRun.VARIABLES))


def _numbers(name: str, text: str) -> list[float]:
    try:
        return [float(part) for part in text.split(",")]
    except ValueError:
        raise InvalidArgument(name, text, "numbers with commas between them") from None


def _biases(text: str) -> Any:
    """A name, or numbers; what is no number is left to be refused as a name."""
    try:
        return np.array([float(part) for part in text.split(",")])
    except ValueError:
        return text


def _start(path: str | None) -> np.ndarray | None:
    if path is None:
        return None
    try:
        return np.asarray(np.load(path))
    except (OSError, ValueError, EOFError) as error:
        raise InvalidArgument("w0", path, f"a readable .npy file ({error})") from None


def table(net: Any) -> str:
    """A line a time: medians of IPR x D over units of bias below and from 0 on, of the norm; loss and accuracy.

    The mean over seeds of loss and accuracy comes with its standard error: that of the held-out inputs, which all seeds
    share, and, where there are several, that over seeds, added as squares.
    """
    head = ("time", "IPRxD b<0", "IPRxD b>=0", "norm", "loss", "+-", "accuracy", "+-")
    lines = ["".join(f"{name:>12}" for name in head)]
    scaled = net.ipr * net.size
    for i, t in enumerate(net.t):
        low = net.bias[:, i] < 0
        halves = [np.median(part) if part.size else np.nan for part in (scaled[:, i][low], scaled[:, i][~low])]
        cells = [t, *halves, np.median(net.norm[:, i])]
        for name in ("loss", "accuracy"):
            values, error = getattr(net, name)[:, i], getattr(net, f"{name}_error")[:, i]
            over_seeds = values.std(ddof=1) / np.sqrt(len(values)) if len(values) > 1 else 0.0
            cells += [values.mean(), np.hypot(over_seeds, error.mean())]
        lines.append("".join(f"{cell:>12.4g}" for cell in cells))
    return "\n".join(lines)
