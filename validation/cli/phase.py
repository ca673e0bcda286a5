"""``cumulode phase``: a phase diagram, resumable, with its figure."""

from __future__ import annotations

import argparse
import itertools
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from cumulode.theory.user_input.arguments import InvalidArgument, choice

from . import options as common
from . import ranges

FIGURES = (".png", ".pdf", ".svg")
#: Options of the problem that may be axes; of ``gain`` the axis is that of both classes unless gain-minus is given.
_PROBLEM = ("gain", "gain_minus", "xi_plus", "xi_minus", "t_plus", "t_minus", "covariance", "bias", "prior")
_RUN = ("closure", "amplitude", "learning_rate", "batch_size")


def add_options(parser: argparse.ArgumentParser) -> None:
    """Problem, run, theory, SGD, sweep, output."""
    parser.epilog = (
        "Options of numbers take one value, values with commas between, START:STOP:COUNT or START:STOP:COUNT:log; "
        "those with several are the axes, in the order of the command line. An --out that is there is continued."
    )
    common.add_problem(parser, many=True)
    parser.set_defaults(size="100")
    group = parser.add_argument_group("run")
    group.add_argument("--time", type=float, default=150.0, help="last time, learning rate x steps")
    group.add_argument("--points", type=int, default=61, help="number of equally spaced times from 0 recorded")
    group.add_argument("--seeds", type=ranges.integers, default="8", help="number of starts, or their seeds (0,3,7)")
    group.add_argument("--amplitude", type=ranges.numbers, default="0.1", help="norm of the starts, about")
    common.add_solver(parser, many=True)
    group = parser.add_argument_group("simulation")
    group.add_argument("--simulate", action="store_true", help="run SGD, too")
    group.add_argument("--learning-rate", type=ranges.numbers, default="0.01", help="learning rate")
    group.add_argument("--batch-size", type=ranges.integers, default="100", help="samples a step")
    _add_sweep(parser.add_argument_group("sweep"))
    common.add_output(parser)
    parser.add_argument("--out", metavar="FILE", default="phase.nc", help="where the data go as they come (.nc)")
    parser.add_argument("--variable", default=None, help="what the figure shows (default: ipr_times_D)")
    parser.add_argument("--figure", metavar="FILE", default=None, help=".png, .pdf or .svg; default: --out with .png")
    parser.add_argument("--no-figure", action="store_true", help="draw no figure")


def _add_sweep(group: Any) -> None:
    group.add_argument("--measure", type=ranges.words, default=None, help="what is measured, with commas (all)")
    group.add_argument("--validity", default="quick", help="off, quick (rho, mu) or full (Delta, by a second flow)")
    group.add_argument("--no-lines", action="store_true", help="seek no critical values along the first axis")
    group.add_argument("--no-fields", action="store_true", help="keep no final weights")
    group.add_argument("--retry-failed", action="store_true", help="repeat the points that failed in an earlier run")
    group.add_argument("--extend", action="store_true", help="add the values that --out has to those given")
    group.add_argument("--workers", type=int, default=None, help="processes to use instead of threads")
    group.add_argument("--scheduler", metavar="ADDRESS", default=None, help="a dask scheduler, tcp://HOST:PORT")


def run(options: argparse.Namespace) -> int:
    """Sweep, draw and print; 1 when every run failed or a worker died, 130 when interrupted."""
    figure = None if options.no_figure else options.figure or str(Path(options.out).with_suffix(".png"))
    common.writable("out", options.out, (".nc",))
    common.writable("figure", figure, FIGURES)
    axes, problem = sweep_of(options)
    options.variable = _variable(options)
    if figure and len(axes) == 1 and options.variable.removeprefix("sgd_") in ("pattern", "trusted"):
        raise InvalidArgument(
            "variable", options.variable, "a number, where there is one axis (classes are drawn on maps)"
        )
    try:
        dataset = _sweep(options, problem, axes)
    except RuntimeError as error:
        print(f"cumulode phase: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        print(
            f"cumulode phase: cannot write {options.out}: {error}; the finished blocks on disk are kept, the same "
            "command goes on from there",
            file=sys.stderr,
        )
        return 1
    return _report(dataset, options, figure)


def _sweep(options: argparse.Namespace, problem: Any, axes: dict[str, list[Any]]) -> Any:
    from cumulode.numerics import Solver
    from cumulode.validation.sweep.files import ContinuedWarning
    from cumulode.validation.sweep.phase_diagram import phase_diagram

    seeds: Any = options.seeds[0] if len(options.seeds) == 1 else options.seeds
    with _executor(options) as executor, warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # told at the end
        warnings.simplefilter("always", ContinuedWarning)
        warnings.showwarning = lambda message, *_, **__: print(f"cumulode phase: {message}", file=sys.stderr)
        return phase_diagram(
            problem,
            axes,
            seeds,
            options.time,
            options.amplitude[0],
            measures=options.measure,
            simulate=options.simulate,
            learning_rate=options.learning_rate[0],
            batch_size=options.batch_size[0],
            out=options.out,
            executor=executor,
            points=options.points,
            solver=Solver(
                options.closure[0], options.rtol, options.atol, options.tolerance, options.contraction
            ),
            validity=options.validity,
            fields=not options.no_fields,
            lines=not options.no_lines,
            retry_failed=options.retry_failed,
            extend=options.extend,
            progress=not options.quiet,
            command=options.command_line,
        )


def _report(dataset: Any, options: argparse.Namespace, figure: str | None) -> int:
    """Print, draw, and tell what failed; the exit code."""
    from cumulode.validation.sweep.summary import summary, text

    found = summary(dataset)
    if options.json:
        common.print_json({**found, "out": options.out, "command": options.command_line})
    else:
        print(text(found))
    if figure and not found["pending"]:
        _draw(dataset, options, figure)
    for line in found["failures"]:
        print(f"cumulode phase: {line}", file=sys.stderr)
    if found["pending"]:
        print(f"cumulode phase: interrupted; the same command goes on from {options.out}", file=sys.stderr)
        return 130
    return 1 if found["failed"] == found["runs"] else 0


def _variable(options: argparse.Namespace) -> str:
    """What the figure shows: refused before the sweep where it will not be there."""
    from cumulode.validation.sweep.measures import check_measures

    measures = check_measures(options.measure)
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
    sizes = _sizes(options.size)
    if len({"x" in size.lower() for size in sizes}) > 1:
        raise InvalidArgument("size", options.size, "rings, or tori (LxL), not both")
    given["size"] = [_side(size) for size in sizes]
    there = _axes_there(options)
    axes = {}
    for name in _order(options, list(given)):
        axis = _axis(name, given)
        if ranges.is_many(given[name]) or (axis in there and _said(options, name)):
            axes[axis] = given[name]
        elif axis in there and name in _PROBLEM:
            setattr(options, name, there[axis])  # where the problem is, to be moved
    if not axes and not there:
        raise InvalidArgument("axes", "no option with several values", "at least one, such as --gain 0.1:30:16:log")
    return axes, _problem(options, sizes)


def _axes_there(options: argparse.Namespace) -> dict[str, list[Any]]:
    """With --extend, the axes of the file: a single new value of theirs will do, or none."""
    if not options.extend or not Path(options.out).is_file():
        return {}
    from cumulode.validation.sweep.files import open_phase

    dataset = open_phase(options.out)
    return {name: dataset[name].values.tolist() for name in str(dataset.attrs["axes"]).split(", ")}


def _said(options: argparse.Namespace, name: str) -> bool:
    """Whether the option stands on the command line."""
    option = "--" + name.replace("_", "-")
    return any(word.split("=")[0] == option for word in options.arguments)


def _axis(name: str, given: dict[str, Any]) -> str:
    """The axis that an option of this name is."""
    if name == "gain" and given["gain_minus"] is not None:
        return "gain_plus"
    return "start_amplitude" if name == "amplitude" else name


def _sizes(text: str) -> list[str]:
    """``--size``: D or LxL, several with commas, or D as START:STOP:COUNT."""
    if ":" not in text:
        return text.split(",")
    try:
        return [str(n) for n in ranges.integers(text)]
    except argparse.ArgumentTypeError as error:
        raise InvalidArgument("size", text, str(error)) from None


def _side(text: str) -> int:
    found = common.sides(text)
    return found[0] if isinstance(found, tuple) else found


def _order(options: argparse.Namespace, names: list[str]) -> list[str]:
    """Names in the order in which their options stand on the command line, the others after."""
    place = {word.split("=")[0].lstrip("-").replace("-", "_"): -i for i, word in enumerate(reversed(options.arguments))}
    return sorted(names, key=lambda name: place.get(name, 1))


def _problem(options: argparse.Namespace, sizes: list[str]) -> Any:
    """A problem with one value of each option: the first combination that exists."""
    many = {name: getattr(options, name) for name in _PROBLEM if isinstance(getattr(options, name, None), list)}
    error: ValueError | None = None
    for *values, size in itertools.islice(itertools.product(*many.values(), sizes), 2000):
        one = argparse.Namespace(**{**vars(options), **dict(zip(many, values, strict=True)), "size": size})
        try:
            return common.problem(one)
        except ValueError as wrong:
            error = error or wrong
    assert error is not None
    raise error


@contextmanager
def _executor(options: argparse.Namespace) -> Iterator[Any]:
    """Threads (None), processes, or a dask cluster."""
    if options.scheduler is not None and options.workers is not None:
        raise InvalidArgument("workers", options.workers, "only without --scheduler")
    if options.scheduler is not None:
        with _client(options.scheduler) as client:
            yield client
    elif options.workers is not None:
        from concurrent.futures import ProcessPoolExecutor
        from multiprocessing import get_context

        from cumulode.theory.user_input.arguments import integer

        count = integer("workers", options.workers, ge=1, le=1024)
        with ProcessPoolExecutor(count, mp_context=get_context("spawn")) as pool:
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


def _draw(dataset: Any, options: argparse.Namespace, path: str) -> None:
    """The figure that suits the number of axes."""
    import matplotlib

    matplotlib.use("Agg")
    from cumulode.validation.plots.comparison import save
    from cumulode.validation.plots.phase import phase_figure
    from cumulode.validation.plots.phase.figure import slice_figure

    swept = [str(name) for name in dataset[options.variable].dims if name not in ("seed", "site")]
    rest = [name for name in str(dataset.attrs["axes"]).split(", ") if name not in swept[:2]]
    more: dict[str, Any] = {"command": options.command_line}
    more["select"] = {name: dataset[name].values[0] for name in rest}
    if len(swept) > 1:
        more["points"] = 4 if "w" in dataset else None
    figure = (phase_figure if len(swept) > 1 else slice_figure)(dataset, options.variable, **more)
    save(figure, path, options.command_line)
    print(f"figure: {path}", file=sys.stderr)
