"""``cumulode sgd``: train one neuron on fresh samples."""

from __future__ import annotations

import argparse

from cumulode.theory.user_input.arguments import integer
from cumulode.validation.cli.fields import read
from cumulode.validation.cli.output import ARRAYS, add_output, report, writable
from cumulode.validation.cli.problem_options import add_problem, problem
from cumulode.validation.cli.run_options import add_run, add_sgd, start, times
from cumulode.validation.sgd.settings import Sgd


def add_options(parser: argparse.ArgumentParser) -> None:
    """Problem, run, learning rule, output."""
    add_problem(parser)
    add_run(parser)
    add_sgd(parser)
    add_output(parser, "also write the arrays to FILE (.nc or .npz)")


def run(options: argparse.Namespace) -> int:
    """Simulate and print; 1 when the run failed."""
    writable("out", options.out, ARRAYS)
    given, seed = (problem(options), start(options), times(options)), integer("seed", options.seed, ge=0)
    rule = read(Sgd, options)
    from cumulode.validation.sgd.neuron import simulate_sgd  # numba: only once the input is good

    result = simulate_sgd(*given, seed=seed, sgd=rule, progress=not options.quiet)
    remark = f"SGD, learning rate {rule.learning_rate:g}, batch {rule.batch_size}, seed {seed}"
    return report(result, options, f"{remark}: {result.message}")
