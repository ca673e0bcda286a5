"""``cumulode sgd``: train one neuron on fresh samples."""

from __future__ import annotations

import argparse

from . import options as common


def add_options(parser: argparse.ArgumentParser) -> None:
    """Problem, run, learning rule, output."""
    common.add_problem(parser)
    common.add_run(parser)
    add_learning(parser)
    add_conventions(parser)
    common.add_output(parser, "also write the arrays to FILE (.nc or .npz)")


def add_learning(parser: argparse.ArgumentParser) -> None:
    """Learning rate and batch."""
    group = parser.add_argument_group("learning")
    group.add_argument("--learning-rate", type=float, default=0.01, help="learning rate")
    group.add_argument("--batch-size", type=int, default=100, help="samples a step")


def add_conventions(parser: argparse.ArgumentParser) -> None:
    """Whose units the run is told in."""
    parser.add_argument(
        "--conventions",
        default="cumulode",
        help="cumulode, or ingrosso-goldt: learning rate, times (steps / D) and weights as in the paper's own runs",
    )


def run(options: argparse.Namespace) -> int:
    """Simulate and print; 1 when the run failed."""
    from cumulode.validation.sgd.neuron import simulate_sgd
    from cumulode.validation.sgd.settings import Sgd

    common.writable("out", options.out, (".nc", ".npz"))
    problem, start, times = common.problem(options), common.start(options), common.times(options)
    result = simulate_sgd(
        problem, start, times, seed=options.seed,
        sgd=Sgd(options.learning_rate, options.batch_size, options.conventions), progress=not options.quiet,
    )  # fmt: skip
    remark = f"SGD, learning rate {options.learning_rate:g}, batch {options.batch_size}, seed {options.seed}"
    return common.report(result, options, f"{remark}: {result.message}")
