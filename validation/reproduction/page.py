"""The findings in words: lines for a terminal, and the page of results."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from cumulode.numerics.io.provenance import versions

from .claim import Effort
from .findings import ERRORS, Finding, Number


def text(findings: Iterable[Finding]) -> str:
    """A block of lines a claim."""
    lines: list[str] = []
    for finding in findings:
        lines.append(f"{finding.number} {finding.name}: {finding.verdict.upper()}. {finding.title}")
        for number in finding.numbers:
            judged = f"  criterion {number.criterion}: {number.judgement}" if number.criterion else ""
            lines.append(f"    {number.what}: {number.shown()}{judged}")
        figure = f"figure: {finding.figure}" if finding.figure else ""
        lines += [f"    {line}" for line in (finding.message, figure) if line]
    return "\n".join(lines)


def markdown(rows: list[dict[str, Any]], effort: Effort) -> str:
    """The page: a table of verdicts, then every claim with its numbers and figure."""
    made = ", ".join(f"{name} {number}" for name, number in versions().items())
    lines = [
        "# The paper's claims, regenerated",
        "",
        "Ingrosso & Goldt, *Data-driven emergence of convolutional structure in neural networks* (PNAS 2022), claim by",
        f"claim, each by the command below it ({effort.name} scale). {made}.",
        "",
        f"Errors are standard errors over independent seeds. A criterion is met, or broken, by more than {ERRORS:g} of",
        "them (of few seeds by what Student's t has for the same probability: 9.2 of 4, 4.5 of 8), else the claim is",
        "inconclusive. Numbers without a criterion are reported for comparison.",
        "",
        "| | claim | verdict |",
        "|---|---|---|",
        *(f"| {row['number']} | [{row['title']}](#{row['number']}-{row['name']}) | {row['verdict']} |" for row in rows),
    ]
    for row in rows:
        lines += ["", f"## {row['number']} {row['name']}", ""]
        lines.append(f"{row['title']}: **{row['verdict']}**. {row['message']}")
        if row["numbers"]:
            lines += ["", "| number | value | criterion | verdict |", "|---|---|---|---|"]
            lines += [f"| {_cell(n['what'])} | {_shown(n)} | {_limit(n)} | {n['verdict']} |" for n in row["numbers"]]
        if row["figure"]:
            lines += ["", f"![{row['title']}]({row['figure']})"]
        lines += ["", f"`{row['command']}`, revision {row['revision'][:10]}"]
    return "\n".join(lines) + "\n"


def _cell(words: str) -> str:
    """A bar would end the cell."""
    return words.replace("|", r"\|")


def _limit(row: dict[str, Any]) -> str:
    return str(row["criterion"] if "criterion" in row else row["asked"])  # the name of it in files of 0.1.0


def _shown(row: dict[str, Any]) -> str:
    value, error = (float("nan") if row[key] is None else row[key] for key in ("value", "error"))
    return Number("", value, error).shown().replace("+-", "±")
