"""argparse as the commands use it: errors in one line, defaults in the help, old names of options, signed values."""

from __future__ import annotations

import argparse
import difflib
import sys
from collections.abc import Iterable, Mapping
from typing import Any, NoReturn

from cumulode.theory.user_input.arguments import nearest
from cumulode.theory.user_input.printable import printable


class Parser(argparse.ArgumentParser):
    """A parser whose error is one line and exit code 2."""

    def error(self, message: str) -> NoReturn:
        print(printable(f"{self.prog}: {' '.join(message.split())} (see {self.prog} --help)"), file=sys.stderr)
        raise SystemExit(2)


class CommandParser(Parser):
    """The parser of one command: options may stand between positional arguments, and what is unknown is an error."""

    _intermixed = False

    def _get_values(self, action: argparse.Action, arg_strings: list[str]) -> Any:
        if action.option_strings and arg_strings == ["--"]:  # which argparse takes for no value at all
            raise argparse.ArgumentError(action, "got '--', allowed: one argument")
        return super()._get_values(action, arg_strings)  # type: ignore[misc]

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        if self._intermixed:  # argparse parses options and positional arguments in turn, by this method
            return super().parse_known_args(args, namespace)
        self._intermixed = True
        try:
            read, unknown = self.parse_known_intermixed_args(args, namespace)
        finally:
            self._intermixed = False
        if unknown:
            near = nearest(unknown[0].partition("=")[0], self._option_string_actions)
            self.error(f"unrecognized arguments: {' '.join(unknown)}{near}")
        return read, unknown


class Help(argparse.ArgumentDefaultsHelpFormatter):
    """Shows defaults that are a value: None and True or False say nothing to a reader."""

    def _get_help_string(self, action: argparse.Action) -> str | None:
        plain = action.default is None or isinstance(action.default, bool)
        return action.help if plain else super()._get_help_string(action)


def unknown_command(name: str, commands: Iterable[str]) -> str:
    """What to say of a command that does not exist, with the nearest that does."""
    near = difflib.get_close_matches(name, list(commands), 1)
    return f"COMMAND: got {name!r}, " + (f"did you mean {near[0]}?" if near else f"allowed: {', '.join(commands)}")


def current_names(command: str, arguments: list[str], renamed: Mapping[str, str]) -> list[str]:
    """The arguments with old names of options replaced; one line on standard error for each."""
    current = []
    for argument in arguments:
        name, equals, value = argument.partition("=")
        if name in renamed:
            print(
                f"cumulode {command}: {name} is now {renamed[name]}; the old name goes with the next release",
                file=sys.stderr,
            )
            name = renamed[name]
        current.append(name + equals + value)
    return current


def values_with_a_sign(arguments: list[str], formulas: bool) -> list[str]:
    """Arguments as argparse takes them where a value begins with a minus sign.

    A range is joined to its option: ``--bias -1:0:5`` is ``--bias=-1:0:5``. A formula (of ``check``) gets a space in
    front: argparse takes what holds a space for no option.
    """
    words: list[str] = []
    for a in arguments:
        if formulas and len(a) > 1 and a[0] == "-" and a[1] not in "-h":
            words.append(f" {a}")
        elif a[:1] == "-" and a[1:2] in set("0123456789.") and words and words[-1][:2] == "--" and "=" not in words[-1]:
            words[-1] += f"={a}"
        else:
            words.append(a)
    return words
