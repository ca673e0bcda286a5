"""``cumulode solve``: integrate the theory from one start."""

from __future__ import annotations

import argparse
import warnings

from cumulode.numerics.flow.solver import Solver
from cumulode.validation.cli.fields import read
from cumulode.validation.cli.output import ARRAYS, add_output, report, writable
from cumulode.validation.cli.problem_options import add_problem, problem
from cumulode.validation.cli.run_options import add_run, add_solver, start, times


def add_options(parser: argparse.ArgumentParser) -> None:
    """Problem, run, theory, output."""
    add_problem(parser)
    add_run(parser)
    add_solver(parser)
    add_output(parser, "also write the arrays to FILE (.nc or .npz)")


def run(options: argparse.Namespace) -> int:
    """Solve and print; 1 when the run failed."""
    writable("out", options.out, ARRAYS)
    given = problem(options), start(options), times(options)
    solver = read(Solver, options)
    from cumulode.numerics import SolveWarning, solve  # numba: only once the input is good

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SolveWarning)  # said below, once
        solution = solve(*given, solver=solver, progress=not options.quiet)
    error = solution.provenance["cumulant_error"]
    return report(solution, options, f"closure {solver.closure}: {solution.message}; fourth cumulant to {error:.1e}")
