"""``cumulode network``: train a two-layer network on fresh samples."""

from __future__ import annotations

import argparse
import sys
from typing import Any

import numpy as np

from cumulode.theory.user_input.arguments import InvalidArgument, integer
from cumulode.validation.cli import values
from cumulode.validation.cli.fields import read
from cumulode.validation.cli.output import ARRAYS, add_output, report, writable
from cumulode.validation.cli.problem_options import add_problem, problem
from cumulode.validation.cli.run_options import add_sgd, add_times, read_array, times
from cumulode.validation.sgd.settings import Sgd

RENAMED = {"--test": "--n-test"}


def add_options(parser: argparse.ArgumentParser) -> None:
    """Problem, network, run, learning rule, output."""
    add_problem(parser)
    group = parser.add_argument_group("network")
    group.add_argument("--hidden", type=int, default=8, help="number K of hidden units")
    group.add_argument("--architecture", default="committee", help="committee (readouts 1) or two-layer (trained)")
    group.add_argument(
        "--biases", default="balanced", help="balanced, trained, equal, or K numbers with commas: --biases=-1,1"
    )
    group.add_argument("--loss", default="mse", help="mse or cross-entropy")
    group.add_argument("--labels", default="-1,1", help="targets of the classes minus and plus: --labels=-1,1 or 0,1")
    group = parser.add_argument_group("run")
    add_times(group, time=300.0)
    group.add_argument("--seed", type=int, default=0, help="seed of one run: of its inputs and its start")
    group.add_argument("--seeds", type=values.integers, help="number of runs, or their seeds (0,3,7)")
    group.add_argument("--amplitude", type=float, default=0.1, help="norm, about, of the rows of the random start")
    group.add_argument("--w0", metavar="FILE", help="start from a .npy file instead, (K, D)")
    group.add_argument("--n-test", type=int, default=10_000, help="number of held-out inputs")
    add_sgd(parser)
    add_output(parser, "also write the arrays to FILE (.nc or .npz)")


def run(options: argparse.Namespace) -> int:
    """Simulate and print; 1 when a run failed, 130 when it was interrupted."""
    writable("out", options.out, ARRAYS)
    seeds = _seeds(options)
    given: dict[str, Any] = {name: getattr(options, name) for name in ("architecture", "amplitude", "loss", "n_test")}
    given |= {"biases": _biases(options.biases), "labels": tuple(_numbers("labels", options.labels))}
    given |= {"t_eval": times(options), "sgd": read(Sgd, options), "seeds": seeds}
    if options.w0 is not None:
        given["w0"] = read_array(options.w0, "a readable .npy file")
    of = problem(options)
    from cumulode.validation.sgd.network.simulate import simulate_network  # numba: only once the input is good

    net = simulate_network(of, options.hidden, **given, progress=not options.quiet)
    remark = (
        f"{options.architecture} of {net.hidden}, {options.loss}, seeds {seeds[0]} .. {seeds[-1]}, medians "
        f"over units and seeds; accuracy over {options.n_test} held-out inputs: {net.message}"
    )
    return report(net, options, remark, table)


def _seeds(options: argparse.Namespace) -> list[int]:
    """``--seed``, or those of ``--seeds``; with both, as in earlier versions, so many from ``--seed`` on."""
    first = integer("seed", options.seed, ge=0)
    if options.seeds is None:
        return [first]
    if len(options.seeds) > 1:
        return [integer("seeds", seed, ge=0) for seed in options.seeds]
    seeds = list(range(first, first + integer("seeds", options.seeds[0], ge=1, le=100000)))
    if first:
        named = ",".join(map(str, seeds))
        print(f"cumulode network: --seed with --seeds goes with the next release: --seeds {named}", file=sys.stderr)
    return seeds


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


def table(net: Any) -> str:
    """A line a time: medians of IPR x D over units of bias below and from 0 on, of the norm; loss and accuracy.

    The mean over seeds of loss and accuracy comes with its standard error: that of the held-out inputs, which all seeds
    share, and, where there are several, that over seeds, added as squares.
    """
    head = ("time", "IPRxD b<0", "IPRxD b>=0", "norm", "loss", "+-", "accuracy", "+-")
    lines = ["".join(f"{name:>12}" for name in head)]
    for i, t in enumerate(net.t):
        low = net.bias[:, i] < 0
        halves = [net.ipr_times_D[:, i][half] for half in (low, ~low)]
        cells = [t, *(np.median(half) if half.size else np.nan for half in halves), np.median(net.norm[:, i])]
        for name in ("loss", "accuracy"):
            sample, error = getattr(net, name)[:, i], getattr(net, f"{name}_error")[:, i]
            over_seeds = sample.std(ddof=1) / np.sqrt(len(sample)) if len(sample) > 1 else 0.0
            cells += [sample.mean(), np.hypot(over_seeds, error.mean())]
        lines.append("".join(f"{cell:>12.4g}" for cell in cells))
    return "\n".join(lines)
