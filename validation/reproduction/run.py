"""Claims regenerated: ``reproduce``."""

from __future__ import annotations

import json
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from cumulode.numerics.display import html_table
from cumulode.numerics.io.atomic import write_bytes
from cumulode.theory.user_input.arguments import InvalidArgument

from . import page
from .claim import Claim, Data
from .claims import chosen
from .findings import Finding
from .networks import joined
from .parts import Failed, Folder, Interrupted
from .scales import FULL, QUICK, Scale

FAILED, INTERRUPTED = "failed", "interrupted"


@dataclass(frozen=True)
class Reproduction:
    """What ``reproduce`` found.

    Attributes
    ----------
    findings : tuple of Finding
        One a claim: ``number``, ``name``, ``title``, ``numbers``, ``verdict``, ``figure``, ``command``.
    scale : str
        ``quick`` or ``full``.
    interrupted : bool
        Whether it was stopped; what was finished is kept, and the same call goes on.
    """

    findings: tuple[Finding, ...]
    scale: str
    interrupted: bool = False

    @property
    def success(self) -> bool:
        """Whether all claims have numbers (whatever the verdicts)."""
        return not self.interrupted and all(finding.ended == "" for finding in self.findings)

    def __getitem__(self, claim: str | int) -> Finding:
        """The finding of a claim, by name or number."""
        for finding in self.findings:
            if claim in (finding.name, finding.number):
                return finding
        raise KeyError(claim)

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""
        found = [finding.to_dict() for finding in self.findings]
        return {"scale": self.scale, "interrupted": self.interrupted, "claims": found}

    def __str__(self) -> str:
        return page.text(self.findings)

    def __repr__(self) -> str:
        told = ", ".join(f"{f.number} {f.name}: {f.verdict}" for f in self.findings)
        return f"{type(self).__name__}({self.scale}; {told})"

    def _repr_html_(self) -> str:
        rows = {f"{f.number} {f.name}": f"{f.title}: {f.verdict}" for f in self.findings}
        return html_table(f"{type(self).__name__}, {self.scale}", rows)


def reproduce(
    claims: Any = "all", *, quick: bool = False, out: str | Path | None = None, progress: bool = False
) -> Reproduction:
    """Regenerate claims of the paper (Ingrosso & Goldt 2022), each as numbers with errors, a verdict and a figure.

    Parameters
    ----------
    claims : "all", a number 1..9, a name, or a sequence of these
        1 tiling, 2 control, 3 filters, 4 robust, 5 early, 6 cumulant, 7 tensor, 8 ising, 9 single.
    quick : bool
        Small rings and few seeds: all claims in minutes. Otherwise D = 100 and many seeds: hours.
    out : path, optional
        A folder (made if needed) for figures, the page ``results.md``, the numbers ``results.json``, and ``data``:
        every finished part of the work goes there at once, and the same call later takes it from there, so that a run
        that was stopped or killed goes on. Without it nothing is written, and no figure drawn.
    progress : bool
        Tell on standard error what is being done.

    Returns
    -------
    Reproduction
        A finding a claim. Seeds are fixed: the same version gives the same numbers.

    Raises
    ------
    ValueError
        Naming ``claim`` or ``out``, what came and what is allowed.
    """
    if not isinstance(quick, bool):
        raise InvalidArgument("quick", quick, "True or False")
    picked, scale = chosen(claims), QUICK if quick else FULL
    path = _folder(out, scale)
    folder = Folder(path)
    findings: list[Finding] = []
    stopped = False
    for claim in picked:
        finding = _regenerate(claim, scale, folder, progress)
        findings.append(finding)
        if path is not None:
            _write(findings, path, scale)
        if finding.ended == INTERRUPTED:
            stopped = True
            break
    return Reproduction(tuple(findings), scale.name, stopped)


def _regenerate(claim: Claim, scale: Scale, folder: Folder, progress: bool) -> Finding:
    """One claim: its parts, its numbers, its figure."""
    began = time.perf_counter()
    blank = Finding(claim.number, claim.name, claim.title, command=_command(claim, scale, folder))
    try:
        data = _collect(claim, scale, folder, progress)
        numbers, message = claim.judge(data, scale)
        found = replace(blank, numbers=tuple(numbers), message=message, seconds=time.perf_counter() - began)
        if folder.path is not None:
            found = replace(found, figure=_figure(claim, found, data, scale, folder.path))
        return found
    except (Interrupted, KeyboardInterrupt):
        return replace(blank, ended=INTERRUPTED, message="stopped; the same command goes on from here")
    except (Failed, ValueError, ArithmeticError) as error:
        return replace(blank, ended=FAILED, message=str(error))


def _collect(claim: Claim, scale: Scale, folder: Folder, progress: bool) -> Data:
    """The data of a claim, what is not there yet computed."""
    groups = claim.parts(scale)
    missing = list(
        {part.identity: part for parts in groups.values() for part in parts if folder.find(part) is None}.values()
    )
    for i, part in enumerate(missing):
        if progress:
            print(f"{claim.name}: part {i + 1} of {len(missing)}, {part.name}", file=sys.stderr, flush=True)
        folder.get(part, progress)
    return {name: joined([folder.get(part, False) for part in parts]) for name, parts in groups.items()}


def _figure(claim: Claim, found: Finding, data: Data, scale: Scale, path: Path) -> str:
    """Draw and save; the file's name."""
    from matplotlib.figure import Figure

    from cumulode.validation.plots.comparison import save

    figure = Figure(figsize=claim.figsize, layout="constrained")
    claim.draw(figure, data, scale)
    figure.suptitle(f"{claim.title}. Verdict: {found.verdict}", fontsize=11, x=0.01, ha="left")
    figure.supxlabel(found.command, fontsize=7, color="0.4", x=0.01, ha="left", family="monospace")
    name = f"{claim.number}-{claim.name}.png"
    save(figure, path / name, found.command)
    return name


def _command(claim: Claim, scale: Scale, folder: Folder) -> str:
    quick = " --quick" if scale is QUICK else ""
    out = "" if folder.path is None else f" --out {folder.path}"
    return f"cumulode reproduce {claim.name}{quick}{out}"


def _folder(out: Any, scale: Scale) -> Path | None:
    """``out`` as a path; ValueError where it is none, or holds a run of the other scale."""
    if out is None:
        return None
    if not isinstance(out, (str, Path)) or not str(out):
        raise InvalidArgument("out", out, "the name of a folder")
    path = Path(out)
    there = _read(path / "results.json").get("scale", scale.name)
    if there != scale.name:
        raise InvalidArgument("out", str(out), f"a folder without a {there} run: a {scale.name} one would overwrite it")
    return path


def _write(findings: list[Finding], path: Path, scale: Scale) -> None:
    """The numbers and the page, with what an earlier run found of other claims.

    A claim that was interrupted or failed now does not replace what was found of it before.
    """
    file = path / "results.json"
    rows = {row["number"]: row for row in _read(file)["claims"]}
    for finding in findings:
        if not finding.ended or finding.number not in rows:
            rows[finding.number] = finding.to_dict()
    ordered = [rows[number] for number in sorted(rows)]
    write_bytes(file, json.dumps({"scale": scale.name, "claims": ordered}, indent=1).encode())
    write_bytes(path / "results.md", page.markdown(ordered, scale).encode())


def _read(file: Path) -> dict[str, Any]:
    """What ``results.json`` has; no claims where it is absent or damaged."""
    try:
        found = json.loads(file.read_text())
        whole = all(row.keys() >= Finding(0, "", "").to_dict().keys() for row in found["claims"])
        return dict(found) if whole and isinstance(found["scale"], str) else {"claims": []}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {"claims": []}
