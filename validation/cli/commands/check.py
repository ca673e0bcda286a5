"""``cumulode check``: a formula of one's own against the theory's."""

from __future__ import annotations

import argparse
import sys

from cumulode.theory.user_input.arguments import InvalidArgument
from cumulode.validation.cli.output import print_json, show

NAMES = {"mine": "formula"}


def add_options(parser: argparse.ArgumentParser) -> None:
    """Which quantity, which formula, for what neuron."""
    parser.add_argument("against", nargs="?", help="name of the quantity; see --list")
    parser.add_argument("formula", nargs="?", help="Python's notation or LaTeX; - reads standard input")
    parser.add_argument("--list", action="store_true", help="list the quantities and their symbols")
    parser.add_argument("--activation", default="erf", help="erf, tanh, relu, softplus, or an expression in h")
    parser.add_argument("--order", type=int, help="order of drift, force, taylor.A or taylor.B")
    parser.add_argument("--ansatz", help="for ipr: a profile in x, e.g. 'exp(-x**2/(2*s**2))'")
    parser.add_argument("--seed", type=int, default=0, help="of the random points")
    parser.add_argument("--json", action="store_true", help="print JSON on standard output")


def run(options: argparse.Namespace) -> int:
    """Print the verdict; exit code 0 where the formula is right (in a named convention too), 1 where it is not."""
    from cumulode.theory.checking.check import check
    from cumulode.theory.checking.quantities import QUANTITIES, quantity

    if options.list or options.against is None:
        listed = {name: quantity(name) for name in QUANTITIES}
        if options.json:
            print_json({n: {"what": q.what, "symbols": q.names()} for n, q in listed.items()})
        else:
            print("\n".join(f"{n:<20} {q.what}; in {', '.join(q.names())}" for n, q in listed.items()))
        return 0
    if options.formula is None:
        raise InvalidArgument("formula", None, "a formula, e.g. cumulode check nlgp.second 'asin(q*c)/asin(q)'")
    formula = sys.stdin.read() if options.formula == "-" else options.formula
    result = check(
        formula,
        options.against,
        activation=options.activation,
        order=options.order,
        ansatz=options.ansatz,
        seed=options.seed,
    )
    if options.json:
        print_json({**result.to_dict(), "command": options.command_line})
    else:
        show(result)
    return 0 if result else 1
