"""``cumulode draw``: figures of a phase diagram from its file, nothing computed again."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from cumulode.theory.user_input.arguments import InvalidArgument
from cumulode.validation.cli.output import FIGURES, add_output, print_json, save_figure, without_screen, writable

NAMES = {"theory": "boundary", "sgd": "boundary_sgd", "seed": "field_seed"}


def add_options(parser: argparse.ArgumentParser) -> None:
    """The file, what to draw of it, where to."""
    parser.add_argument("file", metavar="FILE", help="a phase diagram saved by `cumulode phase` or phase_diagram (.nc)")
    group = parser.add_argument_group("what")
    group.add_argument("--variable", default="ipr_times_D", help="quantity, or pattern; sgd_... for SGD's")
    group.add_argument("--x", metavar="AXIS", default=None, help="axis along x (default: the first)")
    group.add_argument("--y", metavar="AXIS", default=None, help="axis along y (default: the second)")
    group.add_argument("--select", metavar="AXIS=VALUE", action="append", help="value of another axis; may be repeated")
    group.add_argument(
        "--over", default=None, help="from seeds to one number: median (of maps), mean (of slices), min, max, or a seed"
    )
    group.add_argument("--slice", action="store_true", help="curves against --x instead of a map")
    group.add_argument("--along", metavar="AXIS[=V,V,...]", default=None, help="with --slice: a curve for each value")
    colours = group.add_mutually_exclusive_group()
    colours.add_argument("--log", action="store_true", default=None, help="logarithmic colours (or ordinate)")
    colours.add_argument("--linear", dest="log", action="store_false", default=None, help="linear ones")
    _add_over(parser)
    add_output(parser)
    parser.add_argument(
        "--figure", metavar="FILE", default=None, help=".png, .pdf or .svg (default: FILE-VARIABLE.png)"
    )
    parser.add_argument("--width", type=float, default=5.2, help="inches at which it is printed (a column: 3.4)")
    parser.add_argument("--title", default=None, help="instead of what was held fixed")


def _add_over(parser: argparse.ArgumentParser) -> None:
    """What is drawn over a map."""
    group = parser.add_argument_group("over the map")
    fields = group.add_mutually_exclusive_group()
    fields.add_argument("--insets", type=int, metavar="N", default=None, help="receptive fields at N points (4)")
    fields.add_argument("--at", metavar="X,Y", action="append", help="receptive field at this point; may be repeated")
    group.add_argument("--fields", default="above", help="where receptive fields go: above the map, or below it")
    group.add_argument("--field-seed", type=int, default=None, help="whose (default: the seed nearest to the median)")
    group.add_argument("--no-hatch", action="store_true", help="do not hatch where the closure is not trusted")
    group.add_argument("--no-lines", action="store_true", help="leave the analytic lines out")
    group.add_argument("--contour", metavar="LEVELS", default=None, help="of the variable, V,V,... or none")
    group.add_argument(
        "--boundary", metavar="FILE", default=None, help="theory's boundary, of `boundary` or `refine_boundary` (.nc)"
    )
    group.add_argument(
        "--boundary-sgd", metavar="FILE", default=None, help="SGD's, of `boundary` with simulate=True (.nc)"
    )


def run(options: argparse.Namespace) -> int:
    """Draw and say where the figure is."""
    writable("figure", options.figure, FIGURES)
    _only_with_slice(options)
    ds = _diagram(options.file)
    # not FILE.png, which is the figure of `cumulode phase`
    figure_path = options.figure or str(Path(options.file).with_suffix("")) + f"-{options.variable}.png"
    select = _select(ds, options.select)
    without_screen()
    try:
        figure = _slice(ds, options, select) if options.slice else _map(ds, options, select)
    except InvalidArgument as error:
        names = {"points": "at" if options.at else "insets", "log": "linear" if options.log is False else "log"}
        raise error.about(names.get(error.name, error.name)) from None
    save_figure(figure, figure_path, options.command_line)
    if options.json:
        print_json({"figure": figure_path, "variable": options.variable, "command": options.command_line})
    elif not options.quiet:
        print(f"figure: {figure_path}", file=sys.stderr)
    return 0


def _only_with_slice(options: argparse.Namespace) -> None:
    """Refuse what would be ignored."""
    if options.slice:
        given = {"y": options.y, "insets": options.insets, "at": options.at, "contour": options.contour}
        given |= {"boundary": options.boundary, "boundary_sgd": options.boundary_sgd}
        allowed = "only without --slice"
    else:
        given, allowed = {"along": options.along}, "only with --slice"
    for name, value in given.items():
        if value is not None:
            raise InvalidArgument(name, value, allowed)


def _map(ds: Any, options: argparse.Namespace, select: dict[str, Any]) -> Any:
    from cumulode.validation.plots.phase import phase_figure

    points: Any = options.insets
    if options.at:
        points = [_point(text) for text in options.at]
    given = {name: getattr(options, name) for name in ("x", "y", "log", "title", "width", "fields")}
    return phase_figure(
        ds,
        options.variable,
        points=_default_points(ds, options) if points is None else points,
        seed=options.field_seed,
        select=select,
        over=_over(options.over, "median"),
        contour=_contour(options.contour),
        hatch=not options.no_hatch,
        lines=not options.no_lines,
        theory=None if options.boundary is None else _load("boundary", options.boundary),
        sgd=None if options.boundary_sgd is None else _load("boundary_sgd", options.boundary_sgd),
        **given,
    )


def _default_points(ds: Any, options: argparse.Namespace) -> int:
    """Four receptive fields, or none where the file holds no weights."""
    return 4 if ("sgd_w" if options.variable.startswith("sgd_") else "w") in ds else 0


def _slice(ds: Any, options: argparse.Namespace, select: dict[str, Any]) -> Any:
    from cumulode.validation.plots.phase import slice_figure

    along: Any = options.along
    if along is not None and "=" in along:
        name, _, values = along.partition("=")
        along = {name: [_value(ds, "along", name, v) for v in values.split(",")]}
    given = {name: getattr(options, name) for name in ("x", "log", "title", "width")}
    return slice_figure(
        ds,
        options.variable,
        along=along,
        select=select,
        over=_over(options.over, "mean"),
        lines=not options.no_lines,
        **given,
    )


def _load(name: str, path: str) -> Any:
    """The file as a Dataset in memory; ValueError naming the option where it is none."""
    import xarray as xr

    if not Path(path).is_file():
        raise InvalidArgument(name, path, "a file that exists")
    try:
        return xr.load_dataset(path)
    except (OSError, ValueError, TypeError, EOFError, KeyError, IndexError):
        raise InvalidArgument(name, path, "a netCDF file") from None


def _diagram(path: str) -> Any:
    """The phase diagram in a file; ValueError naming ``file`` where it is of anything else."""
    from cumulode.validation.sweep.files import open_phase

    allowed = "a phase diagram, a netCDF file saved by `cumulode phase` or phase_diagram"
    if not Path(path).is_file():
        raise InvalidArgument("file", path, "a file that exists")
    try:
        found = open_phase(path)  # with the blocks of a sweep that is running
    except ValueError:
        raise InvalidArgument("file", path, allowed) from None
    if "status" not in found or not {"seed"} < set(found["status"].dims):
        raise InvalidArgument("file", f"{path}, which holds {', '.join(map(str, found.data_vars))}", allowed)
    return found


def _select(ds: Any, given: list[str] | None) -> dict[str, Any]:
    found = {}
    for text in given or []:
        name, equals, value = text.partition("=")
        if not equals:
            raise InvalidArgument("select", text, "AXIS=VALUE, for instance closure=regression")
        found[name] = _value(ds, "select", name, value)
    return found


def _value(ds: Any, option: str, axis: str, text: str) -> Any:
    """A word or a number, as the axis has; an axis that does not exist is refused where it is used."""
    if axis in ds.coords and ds[axis].dtype.kind not in "fiub":
        return text
    return _number(option, f"{axis}={text}", text) if axis in ds.coords else text


def _number(option: str, shown: str, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise InvalidArgument(option, shown, "a number") from None


def _point(text: str) -> tuple[Any, Any]:
    parts = text.split(",")
    if len(parts) != 2:
        raise InvalidArgument("at", text, "X,Y")
    x, y = (_word_or_number(p) for p in parts)
    return x, y


def _word_or_number(text: str) -> Any:
    try:
        return float(text)
    except ValueError:
        return text


def _over(text: str | None, default: str) -> str | int:
    if text is None:
        return default
    return int(text) if text.isascii() and text.isdigit() else text


def _contour(text: str | None) -> Any:
    if text is None:
        return True
    return None if text == "none" else [_number("contour", text, level) for level in text.split(",")]
