"""``cumulode rerun``: repeat a phase diagram from its file alone, and say how the numbers differ."""

from __future__ import annotations

import argparse
import warnings

from cumulode.validation.cli.output import FAILED, add_output, note, print_json, show
from cumulode.validation.cli.run_options import add_executor, executor
from cumulode.validation.cli.signals import interrupted

RENAMED = {"--points": "--cells"}
NAMES = {"path": "file"}


def add_options(parser: argparse.ArgumentParser) -> None:
    """The file, and how much of it."""
    parser.add_argument("file", help="a file written by `cumulode phase` or phase_diagram(out=...)")
    parser.add_argument("--cells", type=int, help="repeat about so many cells only, drawn at random")
    parser.add_argument("--seed", type=int, default=0, help="of the draw")
    add_executor(parser)
    add_output(parser)


def run(options: argparse.Namespace) -> int:
    """Repeat and compare; 0 when all is equal to the bit, else 1."""
    from cumulode.validation.sweep.rerun import rerun

    try:
        with executor(options) as where, warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # points that failed, as they did before
            given = {"cells": options.cells, "seed": options.seed}
            again = rerun(options.file, **given, executor=where, progress=not options.quiet)
    except RuntimeError as error:  # a worker died
        if interrupted():
            raise KeyboardInterrupt from error  # SIGTERM to all processes of a group ends the workers, too
        note("rerun", error)
        return FAILED
    if options.json:
        print_json({**again.to_dict(), "command": options.command_line})
    else:
        show(again)
    return 0 if again.equal else FAILED
