"""``cumulode compare``: theory, Gaussian control and SGD side by side."""

from __future__ import annotations

import argparse
import sys
import warnings
from pathlib import Path
from typing import Any

from . import options as common
from .sgd import add_learning

NOTE = "The control may rest on a saddle of a few modes, which SGD's noise leaves sooner than the theory."
FIGURES = (".png", ".pdf", ".svg")


def add_options(parser: argparse.ArgumentParser) -> None:
    """Problem, run, theory, learning rule, output."""
    common.add_problem(parser)
    common.add_run(parser)
    common.add_solver(parser)
    add_learning(parser)
    group = parser.add_argument_group("comparison")
    group.add_argument("--seeds", type=int, default=8, help="number of SGD runs")
    group.add_argument("--no-control", action="store_true", help="leave the Gaussian control out")
    group.add_argument(
        "--allowance",
        default="measured",
        help="O(learning rate) shift granted to SGD: measured (by runs at twice the rate), or a fraction of the "
        "theory's value",
    )
    group.add_argument(
        "--wanted", type=float, default=0.05, help="relative standard error above which a row is inconclusive"
    )
    common.add_output(parser, "also write the whole table as comma-separated values to FILE (.csv)")
    parser.add_argument("--figure", metavar="FILE", default="compare.png", help="the figure (.png, .pdf or .svg)")
    parser.add_argument("--no-figure", action="store_true", help="draw no figure")


def run(options: argparse.Namespace) -> int:
    """Compare, draw and print; 1 when a run failed (a verdict of *differs* is a result, not a failure)."""
    figure = None if options.no_figure else options.figure
    common.writable("figure", figure, FIGURES)
    common.writable("out", options.out, (".csv",))
    problem = common.problem(options)
    pair: dict[str, Any] = {"theory": _compare(options, problem, options.closure, "theory")}
    if not pair["theory"].interrupted and not options.no_control and not options.control and options.law != "gp":
        pair["control"] = _compare(options, problem.gaussian_control(), "gaussian", "Gaussian control")
    if options.out:
        _write_csv(pair, options.out)
    if options.json:
        common.print_json({**{name: c.to_dict() for name, c in pair.items()}, "command": options.command_line})
    else:
        _print(pair, figure)
    if figure:
        _draw(pair, figure, options)
    for name, comparison in pair.items():
        for message in comparison.failures:
            print(f"cumulode compare: {name}, {message}", file=sys.stderr)
    if any(c.interrupted for c in pair.values()):
        return 130
    return 1 if any(c.failures for c in pair.values()) else 0


def _compare(options: argparse.Namespace, problem: Any, closure: str, name: str) -> Any:
    from cumulode.numerics import Solver, SolveWarning
    from cumulode.validation.comparison.compare import compare

    if not options.quiet:
        print(f"cumulode compare: {name}, closure {closure}, {options.seeds} seeds", file=sys.stderr)
    allowance = options.allowance if options.allowance == "measured" else _number(options.allowance)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SolveWarning)  # told at the end
        return compare(
            problem,
            common.start(options),
            common.times(options),
            learning_rate=options.learning_rate,
            batch_size=options.batch_size,
            seeds=options.seeds,
            margin=options.wanted,
            allowance=allowance,
            solver=Solver(closure, options.rtol, options.atol, options.tolerance),
            progress=not options.quiet,
        )


def _number(text: str) -> Any:
    try:
        return float(text)
    except ValueError:
        return text  # refused by compare, which names it


def _write_csv(pair: dict[str, Any], path: str) -> None:
    parts: list[str] = []
    for name, comparison in pair.items():
        head, *lines = comparison.table.to_csv(index=False, na_rep="nan").splitlines()
        parts += ([f"run,{head}"] if not parts else []) + [f"{name},{line}" for line in lines]
    Path(path).write_text("\n".join(parts) + "\n")


def _draw(pair: dict[str, Any], path: str, options: argparse.Namespace) -> None:
    import matplotlib

    matplotlib.use("Agg")
    from cumulode.validation.plots.comparison import save

    control = pair.get("control")
    note = NOTE if control is not None else None
    title = f"{options.closure} closure and SGD (learning rate {options.learning_rate:g}, batch {options.batch_size})"
    figure = pair["theory"].plot(control, title=title, command=options.command_line, note=note)
    save(figure, path, options.command_line)


def _print(pair: dict[str, Any], figure: str | None) -> None:
    from cumulode.validation.comparison.table import as_text

    for name, comparison in pair.items():
        end = float(comparison.theory.t[-1])
        counts = ", ".join(f"{n} {v}" for v, n in comparison.counts.items())
        print(f"{name} against SGD at t = {end:g} (all {len(comparison.table)} rows: {counts})")
        print(as_text(comparison.at(end)))
        print()
    print("z is (theory - SGD) in standard errors; the allowance is granted on top of three of them")
    if "control" in pair:
        print(NOTE)
    if figure:
        print(f"figure: {figure}")
