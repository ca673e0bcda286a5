"""The findings in words: lines for a terminal, and the page of results."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from cumulode.numerics.io.provenance import versions

from .findings import ERRORS, Finding, Number
from .scales import Scale


def text(findings: Iterable[Finding]) -> str:
    """A block of lines a claim."""
    lines: list[str] = []
    for found in findings:
        lines.append(f"{found.number} {found.name}: {found.verdict.upper()}. {found.title}")
        for number in found.numbers:
            asked = f"  asked {number.asked}: {number.verdict}" if number.asked else ""
            lines.append(f"    {number.what}: {number.shown()}{asked}")
        lines += [f"    {line}" for line in (found.message, f"figure: {found.figure}" if found.figure else "") if line]
    return "\n".join(lines)


def markdown(rows: list[dict[str, Any]], scale: Scale) -> str:
    """The page: a table of verdicts, then every claim with its numbers and figure."""
    made = ", ".join(f"{name} {number}" for name, number in versions().items())
    lines = [
        "# The paper's claims, regenerated",
        "",
        "Ingrosso & Goldt, *Data-driven emergence of convolutional structure in neural networks* (PNAS 2022), claim by",
        f"claim, each by the command below it ({scale.name} scale). {made}.",
        "",
        f"Errors are standard errors over independent seeds. A criterion is met, or broken, by more than {ERRORS:g} of",
        "them (of few seeds by what Student's t has for the same probability: 9.2 of 4, 4.5 of 8), else the claim is",
        "inconclusive. Numbers without a criterion are told because a reader will ask.",
        "",
        "| | claim | verdict |",
        "|---|---|---|",
        *(f"| {row['number']} | [{row['title']}](#{_anchor(row)}) | {row['verdict']} |" for row in rows),
    ]
    for row in rows:
        lines += [
            "",
            f"## {row['number']} {row['name']}",
            "",
            f"{row['title']}: **{row['verdict']}**. {row['message']}",
        ]
        if row["numbers"]:
            lines += ["", "| number | value | asked | verdict |", "|---|---|---|---|"]
            lines += [f"| {_cell(n['what'])} | {_shown(n)} | {n['asked']} | {n['verdict']} |" for n in row["numbers"]]
        if row["figure"]:
            lines += ["", f"![{row['title']}]({row['figure']})"]
        lines += ["", f"`{row['command']}`, revision {row['revision'][:10]}"]
    return "\n".join(lines) + "\n"


def _anchor(row: dict[str, Any]) -> str:
    return f"{row['number']}-{row['name']}"


def _cell(words: str) -> str:
    """A bar would end the cell."""
    return words.replace("|", r"\|")


def _shown(row: dict[str, Any]) -> str:
    value, error = (float("nan") if row[key] is None else row[key] for key in ("value", "error"))
    return Number("", value, error).shown().replace("+-", "±")
