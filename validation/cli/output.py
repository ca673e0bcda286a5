"""What commands print and write: tables, JSON, arrays, figures; and the exit code of a run."""

from __future__ import annotations

import argparse
import io
import json
import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from cumulode.numerics.io.atomic import check_output, partial_path, write_bytes
from cumulode.numerics.result import NOT_RESOLVED
from cumulode.numerics.status import Status
from cumulode.theory.user_input.arguments import InvalidArgument
from cumulode.theory.user_input.printable import printable

from .signals import INTERRUPTED

ARRAYS = (".nc", ".npz")
FIGURES = (".png", ".pdf", ".svg")
FAILED = 1


def add_output(parser: argparse.ArgumentParser, saved: str | None = None) -> None:
    """--json, --quiet, and where arrays go."""
    group = parser.add_argument_group("output")
    group.add_argument("--json", action="store_true", help="print one JSON object on standard output")
    group.add_argument("--quiet", action="store_true", help="no progress on standard error")
    if saved:
        group.add_argument("--out", metavar="FILE", help=saved)


def show(text: object) -> None:
    """Lines on standard output."""
    print(printable(text, keep="\n"))


def note(command: str, text: object) -> None:
    """One line on standard error."""
    print(f"cumulode {command}: {printable(' '.join(str(text).split()))}", file=sys.stderr)


def writable(name: str, path: str | None, suffixes: tuple[str, ...] = ()) -> None:
    """Refuse an output that could not be written, before the work is done; with no suffixes a name may end anyhow."""
    if path is not None:
        check_output(name, path, suffixes)


def written(command: str, path: str, write: Callable[[str], None], whole: bool = True) -> bool:
    """Write a file by ``write``, of an interrupted run under another name; False, and a line, where it cannot be."""
    place = path if whole else str(partial_path(path))
    try:
        write(place)
    except (OSError, InvalidArgument) as error:
        note(command, getattr(error, "strerror", None) or error)
        return False
    if not whole:
        note(command, f"interrupted: what there is of {path} is in {place}")
    return True


def save(result: Any, path: str, command: str) -> None:
    """Write a run by its own ``save``, or as .npz (whose every array has a CRC-32), with the command that made it."""
    if not path.lower().endswith(".npz"):
        result.save(path, command)
        return
    arrays = {name: getattr(result, name) for name in ("t", *result.VARIABLES)}
    buffer = io.BytesIO()
    np.savez(buffer, command=command, provenance=json.dumps(_plain(result.provenance), allow_nan=False), **arrays)
    write_bytes(path, buffer.getvalue())


def trajectory_table(result: Any) -> str:
    """A line a time: IPR x D, norm, and kurtosis of the preactivation in each class."""
    lines = [f"{'time':>10}{'IPR x D':>10}{'norm':>10}{'kurtosis +':>13}{'kurtosis -':>13}"]
    for t, ipr, norm, (plus, minus) in zip(result.t, result.ipr_times_D, result.norm, result.kurtosis, strict=True):
        lines.append(f"{t:>10.4g}{ipr:>10.4f}{norm:>10.4f}{_kurtosis(plus)}{_kurtosis(minus)}")
    return "\n".join(lines)


def _kurtosis(value: float) -> str:
    return f"{NOT_RESOLVED:>13}" if np.isnan(value) else f"{value:>13.4f}"


def report(
    result: Any, options: argparse.Namespace, remark: str, table: Callable[[Any], str] = trajectory_table
) -> int:
    """Save and print a run, as lines by ``table``; the exit code: 0, 1 when a run failed, 130 when interrupted."""
    interrupted, saved = Status.INTERRUPTED in result.statuses, True
    if options.out:
        saved = written(
            options.command, options.out, lambda path: save(result, path, options.command_line), not interrupted
        )
    if options.json:
        print_json({**result.to_dict(), "command": options.command_line})
    else:
        show(table(result))
        show(f"# {remark}")
    if not result.success:
        note(options.command, result.message)
    if interrupted:
        return INTERRUPTED
    return 0 if result.success and saved else FAILED


def save_figure(figure: Any, path: str, options: argparse.Namespace, whole: bool = True) -> bool:
    """Write a figure with the command in its metadata; whether it could be written."""
    from cumulode import plots

    return written(options.command, path, lambda place: plots.save(figure, place, options.command_line), whole)


def without_screen() -> None:
    """Have matplotlib draw into files only."""
    import matplotlib

    matplotlib.use("Agg")


def print_json(values: dict[str, Any]) -> None:
    """One JSON object on standard output; NaN is null, an infinite gain the string "inf"."""
    print(json.dumps(_plain(values), allow_nan=False))  # made whole before anything is written


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(inside) for key, inside in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(inside) for inside in value]
    if isinstance(value, (np.generic, np.ndarray)):
        return _plain(value.tolist())
    if isinstance(value, float) and not np.isfinite(value):
        return None if np.isnan(value) else str(value)
    return value
