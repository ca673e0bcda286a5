"""``cumulode compare``: theory, Gaussian control and SGD side by side."""

from __future__ import annotations

import argparse
import sys
import warnings
from functools import partial
from typing import Any

from cumulode.numerics.flow.solver import Solver
from cumulode.numerics.io.atomic import write_bytes
from cumulode.validation.cli import output, values
from cumulode.validation.cli.fields import read
from cumulode.validation.cli.problem_options import add_problem, problem
from cumulode.validation.cli.run_options import add_run, add_sgd, add_solver, start, times
from cumulode.validation.sgd.settings import Sgd

NOTE = "The control may rest on a saddle of a few modes for long; SGD's noise leaves it sooner."
RENAMED = {"--wanted": "--margin"}


def add_options(parser: argparse.ArgumentParser) -> None:
    """Problem, run, theory, learning rule, output."""
    add_problem(parser)
    add_run(parser)
    add_solver(parser)
    add_sgd(parser, conventions=False)
    group = parser.add_argument_group("comparison")
    group.add_argument("--seeds", type=values.integers, default="8", help="number of SGD runs, or their seeds (0,3,7)")
    group.add_argument("--no-control", action="store_true", help="leave the Gaussian control out")
    group.add_argument(
        "--margin",
        type=float,
        default=0.05,
        help="relative difference one cares to see; intervals are judged against it",
    )
    group.add_argument(
        "--verdict-times", type=values.numbers, default="3", help="how many recorded times are judged, or which (20,60)"
    )
    group.add_argument(
        "--population",
        default="auto",
        help="flow that the closure is judged against: auto, exact, frozen (on samples), or none",
    )
    group.add_argument("--runs", type=int, help="Langevin runs of the theory (default: five a seed, at least 200)")
    group.add_argument("--allowance", help=argparse.SUPPRESS)
    output.add_output(parser, "also write the whole table as comma-separated values to FILE (.csv)")
    parser.add_argument("--figure", metavar="FILE", default="compare.png", help="the figure (.png, .pdf or .svg)")
    parser.add_argument("--no-figure", action="store_true", help="draw no figure")


def run(options: argparse.Namespace) -> int:
    """Compare, draw and print; 1 when a run failed (a verdict of *differs* is a result, not a failure)."""
    figure = None if options.no_figure else options.figure
    output.writable("figure", figure, output.FIGURES)
    output.writable("out", options.out, (".csv",))
    if options.allowance is not None:
        output.note(options.command, "--allowance has no effect: the learning rate's part is a column of its own")
    of, solver = problem(options), read(Solver, options)
    pair: dict[str, Any] = {"theory": _compare(options, of, solver, "theory")}
    if not pair["theory"].interrupted and not options.no_control and not options.control and options.law != "gp":
        gaussian = read(Solver, options, closure="gaussian")
        pair["control"] = _compare(options, of.gaussian_control(), gaussian, "Gaussian control")
    whole = not any(c.interrupted for c in pair.values())
    saved = not options.out or output.written(options.command, options.out, partial(_write_csv, pair), whole)
    if options.json:
        output.print_json({**{name: c.to_dict() for name, c in pair.items()}, "command": options.command_line})
    else:
        _print(pair)
    if figure and _draw(pair, figure, options, whole):
        if whole and not options.json:
            output.show(f"figure: {figure}")
    elif figure:
        saved = False
    for name, comparison in pair.items():
        for message in comparison.failures:
            output.note(options.command, f"{name}, {message}")
    if not whole:
        return output.INTERRUPTED
    return output.FAILED if not saved or any(c.failures for c in pair.values()) else 0


def _compare(options: argparse.Namespace, of: Any, solver: Solver, name: str) -> Any:
    given = start(options), times(options)
    more: dict[str, Any] = {"seeds": values.how_many_or_which(options.seeds), "margin": options.margin}
    more |= {"solver": solver, "sgd": read(Sgd, options), "runs": options.runs}
    more["population"] = None if options.population == "none" else options.population
    more["verdict_times"] = values.count_or_times(options.verdict_times)
    if not options.quiet:
        print(f"cumulode compare: {name}, closure {solver.closure}", file=sys.stderr)
    from cumulode.numerics import SolveWarning  # numba: only once the input is good
    from cumulode.validation.comparison.compare import compare

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SolveWarning)  # said at the end
        return compare(of, *given, **more, progress=not options.quiet)


def _write_csv(pair: dict[str, Any], path: str) -> None:
    import pandas as pd

    tables = {name: comparison.table for name, comparison in pair.items()}
    text = pd.concat(tables, names=["run"]).reset_index("run").to_csv(index=False)
    write_bytes(path, text.encode())


def _draw(pair: dict[str, Any], path: str, options: argparse.Namespace, whole: bool) -> bool:
    output.without_screen()
    control = pair.get("control")
    note = NOTE if control is not None else None
    return output.save_figure(pair["theory"].plot(control, note=note), path, options, whole)


def _print(pair: dict[str, Any]) -> None:
    from cumulode.validation.comparison.words import LEGEND, as_printed

    for name, comparison in pair.items():
        counts = ", ".join(f"{n} {verdict}" for verdict, n in comparison.counts.items())
        print(f"{name} against SGD ({len(comparison.judged)} judged rows: {counts})")
        print(as_printed(comparison) + "\n")
    print(LEGEND)
    if "control" in pair:
        print(f"{NOTE} That is its column rate.")
