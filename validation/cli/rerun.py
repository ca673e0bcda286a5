"""``cumulode rerun``: repeat a phase diagram from its file alone, and tell how the numbers differ."""

from __future__ import annotations

import argparse
import warnings

from . import options as common


def add_options(parser: argparse.ArgumentParser) -> None:
    """The file, and how much of it."""
    parser.add_argument("file", help="a file written by `cumulode phase` or phase_diagram(out=...)")
    parser.add_argument("--points", type=int, default=None, help="repeat about so many points only, drawn at random")
    parser.add_argument("--seed", type=int, default=0, help="of the draw")
    common.add_output(parser)


def run(options: argparse.Namespace) -> int:
    """Repeat and compare; 0 when all is equal to the bit, else 1."""
    from cumulode.validation.sweep.rerun import check_file, rerun

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # points that failed, as they did before
        found = rerun(check_file(options.file), cells=options.points, seed=options.seed, progress=not options.quiet)
    if options.json:
        common.print_json({**found.to_dict(), "command": options.command_line})
    else:
        print(found)
    return 0 if found.equal else 1
