"""``cumulode solve``: integrate the theory from one start."""

from __future__ import annotations

import argparse
import warnings

from . import options as common


def add_options(parser: argparse.ArgumentParser) -> None:
    """Problem, run, theory, output."""
    common.add_problem(parser)
    common.add_run(parser)
    common.add_solver(parser)
    common.add_output(parser, "also write the arrays to FILE (.nc or .npz)")


def run(options: argparse.Namespace) -> int:
    """Solve and print; 1 when the run failed."""
    from cumulode.numerics import SolveWarning, solve
    from cumulode.numerics.io.progress import Progress

    common.writable("out", options.out, (".nc", ".npz"))
    common.check_solver(options)
    problem, start, times = common.problem(options), common.start(options), common.times(options)
    with Progress(1000, "solve", not options.quiet, unit="") as shown, warnings.catch_warnings():
        warnings.simplefilter("ignore", SolveWarning)  # told below, once
        solution = solve(
            problem,
            start,
            times,
            options.closure,
            options.rtol,
            options.atol,
            tolerance=options.tolerance,
            contraction=options.contraction,
            progress=lambda done: shown.update(int(1000 * done) - shown.done),
        )
    error = solution.provenance["cumulant_error"]
    remark = f"closure {options.closure}: {solution.message}; fourth cumulant to {error:.1e}"
    return common.report(solution, options, remark)
