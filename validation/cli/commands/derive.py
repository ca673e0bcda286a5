"""``cumulode derive``: print or write a checked derivation, or one equation of it."""

from __future__ import annotations

import argparse

from cumulode.numerics.io.atomic import write_bytes
from cumulode.theory.user_input.arguments import choice
from cumulode.validation.cli.output import FAILED, add_output, print_json, writable, written

FORMATS = ("text", "markdown", "latex")


def add_options(parser: argparse.ArgumentParser) -> None:
    """Which derivation, for what, in which form."""
    parser.add_argument("name", nargs="?", help="a derivation (see --list), or one equation of it, such as growth.18")
    parser.add_argument("--list", action="store_true", help="list the derivations")
    parser.add_argument("--format", default="text", help="text, markdown or latex")
    parser.add_argument("--activation", default="erf", help="erf, tanh, relu, softplus, or an expression in h")
    parser.add_argument("--order", type=int, default=3, help="order in w of the drift, odd")
    add_output(parser, "write to FILE instead of standard output")


def run(options: argparse.Namespace) -> int:
    """Build (which checks every step) and print."""
    from cumulode.theory.documents import DOCUMENTS, derive

    if options.list or options.name is None:
        if options.json:
            print_json(dict(DOCUMENTS))
        else:
            width = max(map(len, DOCUMENTS))
            print("\n".join(f"{name:<{width}}  {what}" for name, what in DOCUMENTS.items()))
        return 0
    choice("format", options.format, FORMATS)
    writable("out", options.out)
    derivation = derive(options.name, activation=options.activation, order=options.order)
    if options.json:
        print_json({**derivation.to_dict(), "command": options.command_line})
        if not options.out:
            return 0
    text = getattr(derivation, options.format)()
    if not options.out:
        print(text)
    elif not written(options.command, options.out, lambda path: write_bytes(path, text.encode())):
        return FAILED
    return 0
