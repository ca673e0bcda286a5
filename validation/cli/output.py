"""What commands print and write: tables, JSON, arrays, figures; and the exit code of a run."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from cumulode.numerics.result import NOT_RESOLVED
from cumulode.numerics.status import Status
from cumulode.theory.user_input.arguments import InvalidArgument

ARRAYS = (".nc", ".npz")
FIGURES = (".png", ".pdf", ".svg")
FAILED, INTERRUPTED = 1, 130


def add_output(parser: argparse.ArgumentParser, saved: str | None = None) -> None:
    """--json, --quiet, and where arrays go."""
    group = parser.add_argument_group("output")
    group.add_argument("--json", action="store_true", help="print one JSON object on standard output")
    group.add_argument("--quiet", action="store_true", help="no progress on standard error")
    if saved:
        group.add_argument("--out", metavar="FILE", help=saved)


def writable(name: str, path: str | None, suffixes: tuple[str, ...] = ()) -> None:
    """Refuse an output that could not be written, before the work is done; with no suffixes a name may end anyhow."""
    if path is None:
        return
    target = Path(path)
    if suffixes and target.suffix not in suffixes:
        raise InvalidArgument(name, path, "a file name ending in " + ", ".join(suffixes))
    if not target.resolve().parent.is_dir():
        raise InvalidArgument(name, path, "a file in a directory that exists")


def save(result: Any, path: str, command: str) -> None:
    """Write a run by its own ``save``, or as .npz, with the command that made it."""
    if path.endswith(".npz"):
        arrays = {name: getattr(result, name) for name in ("t", *result.VARIABLES)}
        np.savez(path, command=command, provenance=json.dumps(_plain(result.provenance), allow_nan=False), **arrays)
    else:
        result.save(path, command)


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
    if options.out:
        save(result, options.out, options.command_line)
    if options.json:
        print_json({**result.to_dict(), "command": options.command_line})
    else:
        print(table(result))
        print(f"# {remark}")
    if not result.success:
        print(f"cumulode {options.command}: {result.message}", file=sys.stderr)
    if Status.INTERRUPTED in result.statuses:
        return INTERRUPTED
    return 0 if result.success else FAILED


def save_figure(figure: Any, path: str, command: str) -> None:
    """Write a figure whole, with the command in its metadata."""
    from cumulode import plots

    plots.save(figure, path, command)


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
