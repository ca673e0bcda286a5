"""``cumulode draw``: figures of a phase diagram from its file, nothing computed again."""

from __future__ import annotations

import argparse
import sys
import warnings
from pathlib import Path
from typing import Any

from cumulode.numerics.io.netcdf import UNREADABLE, read, reason, say_unverified
from cumulode.theory.user_input.arguments import Described, InvalidArgument, existing_file
from cumulode.theory.user_input.printable import printable
from cumulode.validation.cli.output import (
    FAILED,
    FIGURES,
    add_output,
    note,
    print_json,
    save_figure,
    without_screen,
    writable,
)
from cumulode.validation.cli.values import numbers

NAMES = {"theory": "boundary", "sgd": "boundary_sgd", "seed": "field_seed"}


def add_options(parser: argparse.ArgumentParser) -> None:
    """The file, what to draw of it, where to."""
    parser.add_argument("file", metavar="FILE", help="a phase diagram saved by `cumulode phase` or phase_diagram (.nc)")
    group = parser.add_argument_group("what")
    group.add_argument("--variable", default="ipr_times_D", help="quantity, or pattern; sgd_... for SGD's")
    group.add_argument("--x", metavar="AXIS", help="axis along x (default: the first)")
    group.add_argument("--y", metavar="AXIS", help="axis along y (default: the second)")
    group.add_argument("--select", metavar="AXIS=VALUE", action="append", help="value of another axis; may be repeated")
    over = "from seeds to one number: median (of maps), mean (of slices), min, max, or a seed"
    group.add_argument("--over", type=_word_or_integer, help=over)
    group.add_argument("--slice", action="store_true", help="curves against --x instead of a map")
    group.add_argument("--along", metavar="AXIS[=V,V,...]", help="with --slice: a curve for each value")
    colours = group.add_mutually_exclusive_group()
    colours.add_argument("--log", action="store_true", default=None, help="logarithmic colours (or ordinate)")
    colours.add_argument("--linear", dest="log", action="store_false", default=None, help="linear ones")
    _add_over(parser.add_argument_group("over the map"))
    add_output(parser)
    parser.add_argument("--figure", metavar="FILE", help=".png, .pdf or .svg (default: FILE-VARIABLE.png)")
    parser.add_argument("--width", type=float, default=5.2, help="inches at which it is printed (a column: 3.4)")
    parser.add_argument("--title", help="instead of what was held fixed")


def _add_over(group: Any) -> None:
    """What is drawn over a map."""
    fields = group.add_mutually_exclusive_group()
    fields.add_argument("--insets", type=int, metavar="N", help="receptive fields at N points (4)")
    fields.add_argument(
        "--at", metavar="X,Y", type=_point, action="append", help="receptive field at this point; may be repeated"
    )
    group.add_argument("--fields", default="above", help="where receptive fields go: above the map, or below it")
    group.add_argument("--field-seed", type=int, help="whose (default: the seed nearest to the median)")
    group.add_argument("--no-hatch", action="store_true", help="do not hatch where the closure is not trusted")
    group.add_argument("--no-lines", action="store_true", help="leave the analytic lines out")
    group.add_argument("--contour", metavar="LEVELS", type=_levels, help="of the variable, V,V,... or none")
    group.add_argument("--boundary", metavar="FILE", help="theory's boundary, of `boundary` or `refine_boundary` (.nc)")
    group.add_argument("--boundary-sgd", metavar="FILE", help="SGD's, of `boundary` with simulate=True (.nc)")


def run(options: argparse.Namespace) -> int:
    """Draw and say where the figure is."""
    writable("figure", options.figure, FIGURES)
    if options.fields == "inside":
        print("cumulode draw: --fields inside is now above; the old word goes with the next release", file=sys.stderr)
        options.fields = "above"
    _only_with_slice(options)
    with warnings.catch_warnings(record=True) as said:  # a refusal is one line
        warnings.simplefilter("default")
        code = _drawn(options)
    for warning in said:
        note("draw", warning.message)
    return code


def _drawn(options: argparse.Namespace) -> int:
    ds = _diagram(options.file)
    # not FILE.png, which is the figure of `cumulode phase`
    path = options.figure or str(Path(options.file).with_suffix("")) + f"-{options.variable}.png"
    writable("figure", path, FIGURES)
    given = {name: getattr(options, name) for name in ("x", "log", "title", "width")}
    given |= {"select": _select(ds, options.select), "lines": not options.no_lines}
    given |= {} if options.over is None else {"over": options.over}
    without_screen()
    try:
        figure = (_slice if options.slice else _map)(ds, options, given)
        saved = save_figure(figure, path, options)
    except InvalidArgument as error:
        names = {"points": "at" if options.at else "insets", "log": "linear" if options.log is False else "log"}
        raise error.about(names.get(error.name, error.name)) from None
    except UNREADABLE as error:  # attributes and words in the file, which figures take as they are
        raise InvalidArgument("file", options.file, f"a phase diagram that can be drawn ({reason(error)})") from None
    if not saved:
        return FAILED
    if options.json:
        print_json({"figure": path, "variable": options.variable, "command": options.command_line})
    elif not options.quiet:
        print(printable(f"figure: {path}"), file=sys.stderr)
    return 0


def _only_with_slice(options: argparse.Namespace) -> None:
    """Refuse what would be ignored."""
    of_maps = ("y", "insets", "at", "contour", "boundary", "boundary_sgd")
    for name in of_maps if options.slice else ("along",):
        if getattr(options, name) is not None:
            allowed = "only without --slice" if options.slice else "only with --slice"
            raise InvalidArgument(name, getattr(options, name), allowed)


def _map(ds: Any, options: argparse.Namespace, given: dict[str, Any]) -> Any:
    from cumulode import plots

    weights = ("sgd_w" if options.variable.startswith("sgd_") else "w") in ds
    points = options.at or (options.insets if options.insets is not None else 4 if weights else 0)
    if options.contour is not None:
        given["contour"] = options.contour or None
    return plots.phase_figure(
        ds,
        options.variable,
        y=options.y,
        points=points,
        fields=options.fields,
        seed=options.field_seed,
        hatch=not options.no_hatch,
        theory=_load("boundary", options.boundary),
        sgd=_load("boundary_sgd", options.boundary_sgd),
        **given,
    )


def _slice(ds: Any, options: argparse.Namespace, given: dict[str, Any]) -> Any:
    from cumulode import plots

    along: Any = options.along
    if along is not None and "=" in along:
        name, _, values = along.partition("=")
        along = {name: [_value(ds, "along", name, v) for v in values.split(",")]}
    return plots.slice_figure(ds, options.variable, along=along, **given)


def _load(name: str, path: str | None) -> Any:
    """The file as a Dataset in memory; InvalidArgument naming the option where it is none."""
    if path is None:
        return None
    dataset, verified = read(existing_file(name, path), name, "a netCDF file of `boundary` or `refine_boundary`")
    say_unverified(path, verified)
    return dataset


def _diagram(path: str) -> Any:
    """The phase diagram in a file; InvalidArgument naming ``file`` where it is of anything else."""
    from cumulode.validation.sweep.files import open_phase

    try:
        return open_phase(path)  # with the blocks of a sweep that is running
    except InvalidArgument as error:
        raise error.about("file") from None


def _select(ds: Any, given: list[str] | None) -> dict[str, Any]:
    pairs = [text.partition("=") for text in given or []]
    for name, equals, _ in pairs:
        if not equals:
            raise InvalidArgument("select", name, "AXIS=VALUE, for instance closure=regression")
    return {name: _value(ds, "select", name, value) for name, _, value in pairs}


def _value(ds: Any, option: str, axis: str, text: str) -> Any:
    """A word or a number, as the axis has; an axis that does not exist is refused where it is used."""
    if axis not in ds.coords or ds[axis].dtype.kind not in "fiub":
        return text
    try:
        return float(text)
    except ValueError:
        raise InvalidArgument(option, Described(f"{axis}={text}"), "a number") from None


def _point(text: str) -> tuple[Any, ...]:
    parts = text.split(",")
    if len(parts) != 2:
        raise argparse.ArgumentTypeError(f"got {text!r}, allowed: X,Y")
    return tuple(_word_or_number(part) for part in parts)


def _word_or_number(text: str) -> Any:
    try:
        return float(text)
    except ValueError:
        return text


def _word_or_integer(text: str) -> str | int:
    return int(text) if text.isascii() and text.isdigit() else text


def _levels(text: str) -> list[float]:
    """``--contour``: numbers, or none at all."""
    return [] if text == "none" else numbers(text)
