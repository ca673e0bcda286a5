"""``cumulode phase``: a phase diagram, resumable, with its figure."""

from __future__ import annotations

import argparse
import itertools
import sys
import warnings
from pathlib import Path
from typing import Any

from cumulode.numerics.flow.solver import Solver
from cumulode.theory.problem.lattice import shape_of
from cumulode.theory.user_input.arguments import Described, InvalidArgument, choice
from cumulode.theory.user_input.printable import printable
from cumulode.validation.cli import output, values
from cumulode.validation.cli.fields import read
from cumulode.validation.cli.problem_options import LAW_AXES, add_problem, problem, size_of
from cumulode.validation.cli.run_options import add_executor, add_sgd, add_solver, add_times, executor
from cumulode.validation.cli.signals import interrupted
from cumulode.validation.sgd.settings import Sgd

RENAMED = {"--measure": "--measures"}
NAMES = {"path": "out"}
#: Options of the problem and of the run that may be axes.
_PROBLEM = (*LAW_AXES, "bias", "prior")
_RUN = ("closure", "amplitude", "learning_rate", "batch_size")


def add_options(parser: argparse.ArgumentParser) -> None:
    """Problem, run, theory, SGD, sweep, output."""
    parser.epilog = (
        "Options of numbers take one value, values with commas between, START:STOP:COUNT or START:STOP:COUNT:log; "
        "those with several are the axes, in the order of the command line. An --out that is there is continued."
    )
    add_problem(parser, many=True)
    group = parser.add_argument_group("run")
    add_times(group, points=61)
    group.add_argument("--seeds", type=values.integers, default="8", help="number of starts, or their seeds (0,3,7)")
    group.add_argument("--amplitude", type=values.numbers, default="0.1", help="norm of the starts, about")
    add_solver(parser, many=_RUN)
    add_sgd(parser, many=_RUN, conventions=False)
    parser.add_argument("--simulate", action="store_true", help="run SGD, too")
    _add_sweep(parser.add_argument_group("sweep"))
    add_executor(parser)
    output.add_output(parser)
    parser.add_argument("--out", metavar="FILE", default="phase.nc", help="where the data go as they come (.nc)")
    parser.add_argument("--variable", help="what the figure shows (default: ipr_times_D)")
    parser.add_argument("--figure", metavar="FILE", help=".png, .pdf or .svg; default: --out with .png")
    parser.add_argument("--no-figure", action="store_true", help="draw no figure")


def _add_sweep(group: Any) -> None:
    group.add_argument("--measures", type=values.words, help="what is measured, with commas (all)")
    group.add_argument("--validity", default="quick", help="off, quick (rho, mu) or full (delta, by a second flow)")
    group.add_argument("--no-lines", action="store_true", help="seek no critical values along the first axis")
    group.add_argument("--frozen-lines", action="store_true", help="the population's critical values, too")
    group.add_argument("--no-fields", action="store_true", help="keep no final weights")
    group.add_argument("--retry-failed", action="store_true", help="repeat the points that failed in an earlier run")
    group.add_argument("--extend", action="store_true", help="add the values that --out has to those given")


def run(options: argparse.Namespace) -> int:
    """Sweep, draw and print; 1 when every run failed or a worker died, 130 when interrupted."""
    output.writable("out", options.out, (".nc",))
    drawn = str(Path(options.out).with_suffix(".png")) if options.figure is None else options.figure
    figure = None if options.no_figure else drawn
    output.writable("figure", figure, output.FIGURES)
    axes, of = sweep_of(options)
    options.variable = _variable(options)
    if figure and len(axes) == 1 and options.variable.removeprefix("sgd_") in ("pattern", "trusted"):
        raise InvalidArgument(
            "variable", options.variable, "a number, where there is one axis (classes are drawn on maps)"
        )
    try:
        dataset = _sweep(options, of, axes)
    except RuntimeError as error:
        if interrupted():
            raise KeyboardInterrupt from error  # SIGTERM to all processes of a group ends the workers, too
        output.note("phase", error)
        return output.FAILED
    except OSError as error:
        kept = "the finished blocks on disk are kept, the same command goes on from there"
        output.note("phase", f"{error.strerror or error}; {kept}")
        return output.FAILED
    return _report(dataset, options, figure)


def _sweep(options: argparse.Namespace, of: Any, axes: dict[str, list[Any]]) -> Any:
    from cumulode.numerics.io.netcdf import UnverifiedWarning
    from cumulode.validation.sweep.files import ContinuedWarning
    from cumulode.validation.sweep.phase_diagram import phase_diagram

    names = ("time", "measures", "simulate", "out", "points", "validity", "retry_failed", "extend")
    given: dict[str, Any] = {name: getattr(options, name) for name in names}
    given |= {"solver": read(Solver, options), "sgd": read(Sgd, options), "amplitude": options.amplitude[0]}
    given |= {
        "fields": not options.no_fields,
        "lines": "frozen" if options.frozen_lines else not options.no_lines,
        "command": options.command_line,
    }
    with executor(options) as where, warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # said at the end
        for said in (ContinuedWarning, UnverifiedWarning):
            warnings.simplefilter("always", said)
        warnings.showwarning = lambda message, *_, **__: output.note("phase", message)
        seeds: Any = values.how_many_or_which(options.seeds)
        return phase_diagram(of, axes, seeds, executor=where, progress=not options.quiet, **given)


def _report(dataset: Any, options: argparse.Namespace, figure: str | None) -> int:
    """Print, draw, and say what failed; the exit code."""
    from cumulode.validation.sweep.summary import summary, text

    numbers = summary(dataset)
    if options.json:
        output.print_json({**numbers, "out": options.out, "command": options.command_line})
    else:
        output.show(text(numbers))
    drawn = not figure or bool(numbers["pending"]) or _draw(dataset, options, figure)
    for line in numbers["failures"]:
        output.note("phase", line)
    if numbers["pending"]:
        output.note("phase", f"interrupted; the same command goes on from {options.out}")
        return output.INTERRUPTED
    return output.FAILED if numbers["failed"] == numbers["runs"] or not drawn else 0


def _variable(options: argparse.Namespace) -> str:
    """What the figure shows: refused before the sweep where it will not be there."""
    from cumulode.validation.sweep.measures import check_measures

    measures = check_measures(options.measures)
    if options.variable is None:
        return "ipr_times_D" if "ipr_times_D" in measures else measures[0]
    allowed = [*measures, *(f"sgd_{name}" for name in measures if options.simulate)]
    allowed += ["relative_speed", "growth_rate", "selected_wavenumber", "cumulant_error"]
    if options.validity != "off":
        allowed += ["validity_rho", "validity_mu", "validity_mu_own", "trusted"]
        allowed += ["validity_delta"] if options.validity == "full" else []
    return choice("variable", options.variable, allowed)


def sweep_of(options: argparse.Namespace) -> tuple[dict[str, list[Any]], Any]:
    """Axes, in the order of the command line, and the problem that is moved along them."""
    given: dict[str, Any] = {name: getattr(options, name, None) for name in (*_PROBLEM, *_RUN)}
    if given["gain"] is not None and given["gain_minus"] is not None:
        given["gain_plus"] = options.gain_plus = given.pop("gain")
    sizes = _sizes(options.size)
    if len({"x" in size.lower() for size in sizes}) > 1:
        raise InvalidArgument("size", options.size, "rings, or tori (LxL), not both")
    given["size"] = [shape_of(size_of(size))[0] for size in sizes]
    there = _axes_there(options)
    axes = {}
    for name in _order(options, list(given)):
        axis = "start_amplitude" if name == "amplitude" else name
        if values.is_many(given[name]) or (axis in there and name in _names_given(options)):
            axes[axis] = given[name]
        elif axis in there and name in _PROBLEM:
            setattr(options, name, there[axis])  # where the problem is, to be moved
    if not axes and not there:
        raise InvalidArgument(
            "options", Described("one value of each"), "a range of at least one, such as --gain 0.1:30:16:log"
        )
    return axes, _problem(options, sizes)


def _axes_there(options: argparse.Namespace) -> dict[str, list[Any]]:
    """With --extend, the axes of the file: a single new value of theirs will do, or none."""
    if not options.extend or not Path(options.out).is_file():
        return {}
    from cumulode.validation.sweep.files import open_phase

    dataset = open_phase(options.out)
    return {name: dataset[name].values.tolist() for name in str(dataset.attrs["axes"]).split(", ")}


def _names_given(options: argparse.Namespace) -> list[str]:
    """What stands on the command line, as names of arguments; ``gain`` as what it means."""
    names = [word.split("=")[0].lstrip("-").replace("-", "_") for word in options.arguments]
    return ["gain_plus" if name == "gain" and hasattr(options, "gain_plus") else name for name in names]


def _order(options: argparse.Namespace, names: list[str]) -> list[str]:
    """Names in the order in which their options stand on the command line, the others after."""
    given = _names_given(options)
    return sorted(names, key=lambda name: given.index(name) if name in given else len(given))


def _sizes(text: str) -> list[str]:
    """``--size``: D or LxL, several with commas, or D as START:STOP:COUNT."""
    if ":" not in text:
        return text.split(",")
    try:
        return [str(n) for n in values.integers(text)]
    except argparse.ArgumentTypeError as error:
        raise InvalidArgument("size", text, str(error)) from None


def _problem(options: argparse.Namespace, sizes: list[str]) -> Any:
    """A problem with one value of each option: the first combination that exists."""
    many = {name: getattr(options, name) for name in _PROBLEM if isinstance(getattr(options, name, None), list)}
    error: ValueError | None = None
    for *chosen, size in itertools.islice(itertools.product(*many.values(), sizes), 2000):
        one = argparse.Namespace(**{**vars(options), **dict(zip(many, chosen, strict=True)), "size": size})
        try:
            return problem(one)
        except ValueError as wrong:
            error = error or wrong
    assert error is not None
    raise error


def _draw(dataset: Any, options: argparse.Namespace, path: str) -> bool:
    """The figure that suits the number of axes; whether it could be written."""
    output.without_screen()
    from cumulode import plots

    swept = [str(name) for name in dataset[options.variable].dims if name not in ("seed", "site")]
    rest = [name for name in str(dataset.attrs["axes"]).split(", ") if name not in swept[:2]]
    more: dict[str, Any] = {"select": {name: dataset[name].values[0] for name in rest}}
    if len(swept) > 1:
        more["points"] = 4 if "w" in dataset else None
    draw = plots.phase_figure if len(swept) > 1 else plots.slice_figure
    if not output.save_figure(draw(dataset, options.variable, **more), path, options):
        return False
    print(printable(f"figure: {path}"), file=sys.stderr)
    return True
