"""``cumulode reproduce``: the paper's claims, each as numbers, a verdict and a figure."""

from __future__ import annotations

import argparse

from cumulode.theory.user_input.arguments import Described, InvalidArgument
from cumulode.validation.cli.output import FAILED, INTERRUPTED, add_output, note, print_json, show, without_screen
from cumulode.validation.cli.run_options import add_executor, executor

NAMES = {"claims": "claim"}


def add_options(parser: argparse.ArgumentParser) -> None:
    """Which claims, how much work, where to."""
    parser.add_argument("claim", nargs="*", metavar="CLAIM", help="all, or numbers or names of claims (see --list)")
    parser.add_argument("--list", action="store_true", help="list the claims")
    parser.add_argument("--quick", action="store_true", help="small rings and few seeds: all in minutes")
    add_executor(parser)
    add_output(parser)
    parser.add_argument(
        "--out",
        metavar="FOLDER",
        default="reproduce",
        help="figures, results.md, results.json, and data from which an interrupted run goes on",
    )


def run(options: argparse.Namespace) -> int:
    """Regenerate and print; 1 where a claim could not be computed (a verdict is a result), 130 when interrupted."""
    from cumulode.validation.reproduction.claims import CLAIMS, chosen

    if options.list:
        if options.json:
            print_json({"claims": [{"number": c.number, "name": c.name, "title": c.title} for c in CLAIMS]})
        else:
            print("\n".join(f"{claim.number} {claim.name:10}{claim.title}" for claim in CLAIMS))
        return 0
    if "all" in options.claim[1:] or options.claim[:1] == ["all"] != options.claim:
        raise InvalidArgument("claims", Described(" ".join(options.claim)), "all alone, or numbers and names of claims")
    claims = "all" if options.claim in ([], ["all"]) else options.claim
    chosen(claims)
    without_screen()
    from cumulode.validation.reproduction.run import reproduce

    try:
        with executor(options) as where:
            result = reproduce(claims, quick=options.quick, out=options.out, executor=where, progress=not options.quiet)
    except OSError as error:
        note("reproduce", f"{error.strerror or error}; what was finished is kept, the same command goes on from there")
        return FAILED
    if options.json:
        print_json({**result.to_dict(), "command": options.command_line})
    else:
        show(result)
        show(f"# {result.scale} run; all of it in {options.out}/results.md")
    for finding in result.findings:
        if finding.ended:
            note("reproduce", f"{finding.name} {finding.ended}: {finding.message}")
    if result.interrupted:
        return INTERRUPTED
    return 0 if result.success else FAILED
