"""The command line: ``cumulode derive|check|solve|sgd|network|compare|phase|draw|rerun|reproduce|cache``.

Data on standard output, progress and messages on standard error. Exit codes: 0 done; 1 a run failed, or a checked
formula is wrong; 2 bad input, told in one line; 130 interrupted.
"""

from __future__ import annotations

import argparse
import os
import sys
from importlib import import_module
from typing import Any, NoReturn

COMMANDS = {
    "derive": "print a checked derivation",
    "check": "check a formula of your own against ours",
    "solve": "integrate the theory",
    "sgd": "train a neuron by stochastic gradient descent",
    "network": "train a two-layer network by stochastic gradient descent",
    "compare": "theory, Gaussian control and SGD side by side: a figure and a table",
    "phase": "a phase diagram over any parameters: resumable data and a figure",
    "draw": "figures of a phase diagram from its file, nothing computed again",
    "rerun": "repeat a phase diagram from its file, and tell how the numbers differ",
    "reproduce": "the paper's claims, each as numbers, a verdict and a figure: resumable",
    "cache": "where compiled kernels are kept; compile them all now, or remove them",
}


class Parser(argparse.ArgumentParser):
    """A parser whose error is one line and exit code 2."""

    def error(self, message: str) -> NoReturn:
        print(f"{self.prog}: {message} (see {self.prog} --help)", file=sys.stderr)
        raise SystemExit(2)


class Help(argparse.ArgumentDefaultsHelpFormatter):
    """Defaults are told where they are a value: None and True or False say nothing to a reader."""

    def _get_help_string(self, action: argparse.Action) -> str | None:
        plain = action.default is None or isinstance(action.default, bool)
        return action.help if plain else super()._get_help_string(action)


def build_parser(only: str | None = None) -> Parser:
    """The parser with all commands; only the named one gets its options (starting up is quicker)."""
    from cumulode import __version__

    parser = Parser(prog="cumulode", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--version", action="version", version=f"cumulode {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True, parser_class=Parser)
    for name, what in COMMANDS.items():
        command = commands.add_parser(name, help=what, description=what.capitalize() + ".", formatter_class=Help)
        if only in (None, name):
            import_module(f"{__name__}.{name}").add_options(command)
    return parser


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    arguments = sys.argv[1:] if arguments is None else arguments
    named = next((a for a in arguments if not a.startswith("-")), None)
    parser = build_parser(named if named in COMMANDS else None)
    options = parser.parse_args({"check": _formulas, "phase": _ranges}.get(str(named), list)(arguments))
    options.arguments = arguments
    options.command_line = "cumulode " + " ".join(_quote(a) for a in arguments)
    return _guarded(options)


def _guarded(options: argparse.Namespace) -> int:
    """Bad input is one line and 2; a closed pipe (``| head``) is no error."""
    run: Any = import_module(f"{__name__}.{options.command}").run
    try:
        code = int(run(options))
        sys.stdout.flush()
        return code
    except (ValueError, OSError) as error:
        if isinstance(error, BrokenPipeError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return 0
        print(f"cumulode {options.command}: {' '.join(str(error).split())}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print(f"cumulode {options.command}: interrupted", file=sys.stderr)
        return 130


def _formulas(arguments: list[str]) -> list[str]:
    """A formula may begin with a minus sign: argparse takes what holds a space for no option."""
    return [f" {a}" if len(a) > 1 and a[0] == "-" and a[1] not in "-h" else a for a in arguments]


def _ranges(arguments: list[str]) -> list[str]:
    """A range may begin with a minus sign: ``--bias -1:0:5`` is ``--bias=-1:0:5``, which argparse takes for a value."""
    found: list[str] = []
    for a in arguments:
        value = a[:1] == "-" and a[1:2] in set("0123456789.")
        if value and found and found[-1].startswith("--") and "=" not in found[-1]:
            found[-1] += f"={a}"
        else:
            found.append(a)
    return found


def _quote(argument: str) -> str:
    import shlex

    return shlex.quote(argument)
