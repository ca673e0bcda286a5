"""The command line: ``cumulode derive|check|solve|sgd|network|compare|phase|draw|rerun|reproduce|cache``.

Data on standard output, progress and messages on standard error. Exit codes: 0 done; 1 a run failed, or a checked
formula is wrong; 2 bad input, in one line; 130 interrupted (143 by SIGTERM, 129 by the terminal's end).

``commands`` has one file a command. They share ``parser`` (argparse as used here), ``values`` (one or many),
``problem_options``, ``run_options``, ``fields`` (options of a dataclass), ``output``, ``signals`` and ``workers``.
"""
# For readers of the code: ``commands`` holds one command a file; ``parser`` is argparse with one-line errors and old
# names; ``fields`` makes options from dataclasses; ``values``, ``problem_options``, ``run_options`` and ``output`` are
# what commands share; ``signals`` hears Ctrl-C and its like, ``workers`` are processes that end with this one.

from __future__ import annotations

import argparse
import os
import shlex
import sys
from importlib import import_module
from typing import Any

from .parser import CommandParser, Help, Parser, current_names, unknown_command, values_with_a_sign
from .signals import INTERRUPTED, interrupted, listening

COMMANDS = {
    "derive": "print a checked derivation",
    "check": "check a formula of your own against the theory's",
    "solve": "integrate the theory",
    "sgd": "train a neuron by stochastic gradient descent",
    "network": "train a two-layer network by stochastic gradient descent",
    "compare": "theory, Gaussian control and SGD side by side: a figure and a table",
    "phase": "a phase diagram over any parameters: resumable data and a figure",
    "draw": "figures of a phase diagram from its file, nothing computed again",
    "rerun": "repeat a phase diagram from its file, and say how the numbers differ",
    "reproduce": "the paper's claims, each as numbers, a verdict and a figure: resumable",
    "cache": "where compiled kernels are kept; compile them all now, or remove them",
}


def build_parser(only: str | None = None) -> Parser:
    """The parser with all commands; only the named one gets its options, so that starting up is quick."""
    from cumulode import __version__

    parser = Parser(prog="cumulode", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--version", action="version", version=f"cumulode {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True, parser_class=CommandParser)
    for name, what in COMMANDS.items():
        description = f"{what[0].upper()}{what[1:]}."
        command = commands.add_parser(name, help=what, description=description, formatter_class=Help)
        if name == only:
            _module(name).add_options(command)
    return parser


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    with listening(program=arguments is None) as listener:
        try:
            code = _run(sys.argv[1:] if arguments is None else arguments)
        except (KeyboardInterrupt, Exception) as error:
            if listener.heard is None and not isinstance(error, KeyboardInterrupt):
                raise
            print("cumulode: interrupted", file=sys.stderr)
            code = INTERRUPTED
    return listener.exit_code(code)


def _run(arguments: list[str]) -> int:
    named = next((a for a in arguments if not a.startswith("-")), None)
    parser = build_parser(named)
    if named is None:
        parser.parse_args(arguments)
    if named not in COMMANDS:
        parser.error(unknown_command(str(named), COMMANDS))
    module = _module(named)
    current = current_names(named, arguments, getattr(module, "RENAMED", {}))
    options = parser.parse_args(values_with_a_sign(current, formulas=named == "check"))
    options.arguments = current
    options.command_line = shlex.join(["cumulode", *arguments])
    return _guarded(module, options)


def _module(command: str) -> Any:
    return import_module(f"{__name__}.commands.{command}")


def _guarded(module: Any, options: argparse.Namespace) -> int:
    """Bad input is one line and 2; a closed pipe (``| head``) is no error."""
    from cumulode.theory.user_input.arguments import InvalidArgument
    from cumulode.theory.user_input.printable import printable

    try:
        code = int(module.run(options))
        sys.stdout.flush()
        return code
    except (ValueError, OSError) as error:
        if interrupted():
            raise KeyboardInterrupt from error
        if isinstance(error, BrokenPipeError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return 0
        shown: object = error
        if isinstance(error, InvalidArgument):
            names = getattr(module, "NAMES", {})
            shown = error.about(names.get(error.name, error.name).replace("_", "-"))
        elif isinstance(error, OSError) and error.strerror:  # without its number
            shown = error.strerror + (f": {error.filename}" if error.filename else "")
        print(f"cumulode {options.command}: {printable(' '.join(str(shown).split()))}", file=sys.stderr)
        return 1 if isinstance(error, OSError) else 2  # bad input that the system refuses is an InvalidArgument
    except MemoryError as error:
        print(f"cumulode {options.command}: out of memory: {' '.join(str(error).split())}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(f"cumulode {options.command}: interrupted", file=sys.stderr)
        return INTERRUPTED
