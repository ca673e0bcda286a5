"""Write docs/public-names.md: public names, arguments and options of an older revision, and where each went.

``python -m benchmarks.public_names OLD``, OLD the Python of an environment in which the older revision is installed.
Where an argument went follows from ``renamed_arguments``; ``WENT`` says what that cannot.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import inspect
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

PAGE = Path(__file__).resolve().parent.parent / "docs" / "public-names.md"
ROOMS = ("cumulode", "cumulode.theory", "cumulode.numerics", "cumulode.validation")
#: Where figures are, or were.
FIGURES = ("cumulode.validation.plots", "cumulode.validation.phase_plots", "cumulode.validation.plots_cp")
#: Old name, ``function.argument``, ``Class.attribute`` or ``command --option`` -> where it went.
WENT: dict[str, str] = {
    "*.conventions": "`sgd=Sgd(conventions=...)`",
    **dict.fromkeys(("*.theory", "*.control", "*.sgd", "*.control_sgd"), "works as before, as one of `**runs`"),
    "*.command": "`plots.save(figure, path, command)`, which writes it into the file",
    "*.erf": "no choice of a user's: the table, exact to 2e-14; the old argument still works, with a warning",
    "*.allowance": "the learning rate's part is a column of its own, `rate_shift`; the argument has no effect",
    "* --allowance": "the same",
    "*.coarse": "`langevin`: theory's own noisy runs say what the learning rate does",
    "Table": "pandas.DataFrame",
    "Trajectory": "`Result`, the base of all results; `Solution` and `Run` are classes of their own",
}

HEAD = """# Public names: before and after

Written by `python -m benchmarks.public_names OLD`: every public name of 0.1.0 (revision f3f70bb), its arguments,
and where each went. Old names of arguments work for one more release, with a `FutureWarning`.

The names are imported from `cumulode`, or from the room they belong to, as before. Modules inside the rooms moved, all
of them; `cumulode.validation.plots` and `cumulode.validation.phase_plots` are one, `cumulode.plots`.

Same name, another value: `simulate_sgd` has `batch_size=100` (was 1), `cumulode phase` `--size 40` (was 100) and
`cumulode draw` `--fields above` (was inside). `seed` is one run; a sequence goes to `seeds`, where an int n is
0 .. n - 1. `progress` is a bool or a function of the fraction done. `status` is a `Status`, of several runs the worst;
`statuses` holds one for each. `Comparison.table` is a pandas DataFrame.
"""


def public() -> dict[str, Any]:
    """Names, arguments and members, and options of commands, of the revision that is imported."""
    names: dict[str, Any] = {}
    for room in ROOMS:
        module = importlib.import_module(room)
        for name in sorted(module.__all__):
            value = getattr(module, name)
            if not inspect.ismodule(value):
                names.setdefault(name, describe(value))["rooms"].append(room)
    return {"names": names, "figures": figures(names), "commands": commands()}


def figures(names: dict[str, Any]) -> dict[str, list[str]]:
    """Functions that draw, with their arguments, of whichever of ``FIGURES`` there are; public names are no part."""
    drawing: dict[str, list[str]] = {}
    for room in FIGURES:
        with contextlib.suppress(ImportError):
            module = importlib.import_module(room)
            for name in {*getattr(module, "__all__", ()), "factors"} - set(names):
                function = getattr(module, name, None)
                if inspect.isfunction(function):
                    drawing[name] = parameters(function)
    return drawing


def parameters(function: Any) -> list[str]:
    """Names of the arguments of a function, those of any name with two stars."""
    each = inspect.signature(function).parameters.values()
    return [f"**{p.name}" if p.kind is p.VAR_KEYWORD else p.name for p in each]


def describe(value: Any) -> dict[str, Any]:
    """Kind, arguments, members of a class, and where renamed arguments went."""
    facts: dict[str, Any] = {"rooms": [], "kind": "value", "arguments": [], "members": [], "moved": {}}
    if callable(value):
        facts["kind"] = "class" if inspect.isclass(value) else "function"
        with contextlib.suppress(ValueError):  # exceptions have none
            facts["arguments"] = parameters(value)
        facts["moved"] = moved(value)
    if inspect.isclass(value):
        own = [c for c in value.__mro__ if c.__module__.startswith("cumulode")]
        members = {name for c in own for name in [*vars(c), *getattr(c, "__annotations__", {})]}
        facts["members"] = sorted(name for name in members if name[0].islower())
        facts["kind"] = "exception" if issubclass(value, Exception) else "class"
    return facts


def moved(function: Any) -> dict[str, str]:
    """Old argument -> new one, as ``renamed_arguments`` has it."""
    inner = moved(function.__wrapped__) if hasattr(function, "__wrapped__") else {}
    code = getattr(function, "__code__", None)
    if code is None or not {"into", "names"} <= set(code.co_freevars):
        return inner
    held = dict(zip(code.co_freevars, (cell.cell_contents for cell in function.__closure__), strict=True))
    inside = {old: f"{to[0]}={to[1].__name__}({to[3] if len(to) > 3 else old}=...)" for old, to in held["into"].items()}
    return {**inner, **held["names"], **inside}


def commands() -> dict[str, list[str]]:
    """Options and arguments of each command."""
    from cumulode.validation.cli import build_parser

    return {name: options(subparsers(build_parser(name))[name]) for name in subparsers(build_parser(None))}


def subparsers(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    """The parser of each command."""
    return next(a.choices for a in parser._actions if isinstance(a, argparse._SubParsersAction))


def options(command: argparse.ArgumentParser) -> list[str]:
    """Arguments and options of a command, without --help and hidden ones."""
    shown = [a for a in command._actions if a.help != argparse.SUPPRESS and a.dest != "help"]
    return [each for a in shown for each in (a.option_strings or [a.dest])]


def renamed_options(command: str) -> dict[str, str]:
    """Old option -> new one of a command of this revision."""
    module = importlib.import_module(f"cumulode.validation.cli.commands.{command}")
    return dict(getattr(module, "RENAMED", {}))


def went(owner: str, name: str, moved_to: dict[str, str]) -> str:
    """Where an old argument, member or option went: ``owner`` ends in "." or, of a command, in " "."""
    to = moved_to.get(name) or WENT.get(f"{owner}{name}") or WENT.get(f"*{owner[-1]}{name}") or "?"
    return f"`{name}`: {to if ' ' in to or '`' in to else f'`{to}`'}"


def call(name: str, parts: list[str], sep: str) -> str:
    """A function with its arguments, or a command with its options."""
    return f"`{name}({', '.join(parts)})`" if sep == "." else f"`{' '.join([name, *parts])}`"


def section(old: dict[str, list[str]], new: dict[str, list[str]], moves: dict[str, dict[str, str]], sep: str) -> str:
    """What changed as a table, what is new, gone and as it was as lists."""
    rows, same = [], []
    for name in sorted(set(old) & set(new), key=str.lower):
        gone = [went(name + sep, each, moves.get(name, {})) for each in old[name] if each not in new[name]]
        added = [f"`{each}`" for each in new[name] if each not in old[name]]
        if gone or added:
            rows.append(f"| {call(name, old[name], sep)} | {call(name, new[name], sep)} | {'; '.join(gone)} "
                        f"| {', '.join(added)} |")  # fmt: skip
        else:
            same.append(call(name, new[name], sep))
    parts = ["| before | now | where it went | new |", "|---|---|---|---|", *rows, ""] if rows else []
    for title, names in (("New", sorted(set(new) - set(old), key=str.lower)), ("As before", same)):
        shown = [call(name, new[name], sep) if title == "New" else name for name in names]
        parts += [f"{title}: {', '.join(shown)}.", ""] if shown else []
    gone = [f"`{name}`: {WENT.get(name, '?')}" for name in sorted(set(old) - set(new))]
    return "\n".join(parts + ([f"Gone: {'; '.join(gone)}.", ""] if gone else []))


def of_kind(names: dict[str, Any], kinds: tuple[str, ...], what: str) -> dict[str, list[str]]:
    """Arguments or members of the names of some kinds."""
    return {name: facts[what] for name, facts in names.items() if facts["kind"] in kinds}


def page(before: dict[str, Any], after: dict[str, Any]) -> str:
    """The page as Markdown."""
    old, new = before["names"], after["names"]
    moves = {name: facts["moved"] for name, facts in new.items()}
    classes = ("class", "exception")
    values = ", ".join(f"`{name}`" for name, facts in sorted(new.items()) if facts["kind"] == "value")
    return "\n".join([
        HEAD,
        "## Functions\n",
        section(of_kind(old, ("function",), "arguments"), of_kind(new, ("function",), "arguments"), moves, "."),
        "## Laws, settings, results and errors: their members\n",
        section(of_kind(old, classes, "members"), of_kind(new, classes, "members"), {}, "."),
        f"Values: {values}.\n",
        "## Figures, in `cumulode.plots`\n",
        section(before["figures"], after["figures"], {}, "."),
        "## Commands and their options\n",
        section(before["commands"], after["commands"], {n: renamed_options(n) for n in after["commands"]}, " "),
    ])  # fmt: skip


def main() -> None:
    """``dump`` prints this revision's names as JSON; a Python of an older one writes the page."""
    if sys.argv[1:] == ["dump"]:
        print(json.dumps(public()))
        return
    done = subprocess.run([sys.argv[1], __file__, "dump"], capture_output=True, text=True, check=True, cwd="/")
    PAGE.write_text(page(json.loads(done.stdout), public()))


if __name__ == "__main__":
    main()
