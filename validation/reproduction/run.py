"""Claims regenerated: ``reproduce``."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from cumulode.numerics.check_input import check_executor
from cumulode.numerics.display import html_table
from cumulode.numerics.io import waiting
from cumulode.numerics.io.atomic import write_bytes
from cumulode.numerics.io.netcdf import UNREADABLE
from cumulode.numerics.io.progress import Progress, Shown, check_progress
from cumulode.theory.user_input.arguments import InvalidArgument, flag

from . import page
from .claim import FULL, QUICK, Claim, Data, Effort, Parts, every
from .claims import CLAIMS, chosen
from .findings import Finding
from .networks import joined
from .parts import KEPT, Failed, Folder, Interrupted

FAILED, INTERRUPTED = "failed", "interrupted"


@dataclass(frozen=True)
class Reproduction:
    """What :func:`reproduce` returns.

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
        claims = [finding.to_dict() for finding in self.findings]
        return {"scale": self.scale, "interrupted": self.interrupted, "claims": claims}

    def __str__(self) -> str:
        return page.text(self.findings)

    def __repr__(self) -> str:
        verdicts = ", ".join(f"{f.number} {f.name}: {f.verdict}" for f in self.findings)
        return f"{type(self).__name__}({self.scale}; {verdicts})"

    def _repr_html_(self) -> str:
        rows = {f"{f.number} {f.name}": f"{f.title}: {f.verdict}" for f in self.findings}
        return html_table(f"{type(self).__name__}, {self.scale}", rows)


def reproduce(
    claims: Any = "all",
    *,
    quick: bool = False,
    out: str | Path | None = None,
    executor: Any = None,
    progress: Shown = False,
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
        that was stopped or killed goes on. Several processes may write to one folder. Without it nothing is written,
        and no figure drawn.
    executor : concurrent.futures.Executor or dask.distributed.Client, optional
        Where the parts of a claim are computed; by default one after the other, each on all cores.
    progress : bool or callable
        Show progress on standard error, or call this with the fraction of the parts done.

    Returns
    -------
    Reproduction
        A finding a claim. Seeds are fixed: the same version gives the same numbers.

    Raises
    ------
    InvalidArgument
        Naming ``claims``, ``quick``, ``out``, ``executor`` or ``progress``, what came and what is allowed.
    """
    picked, effort = chosen(claims), QUICK if flag("quick", quick) else FULL
    check_progress(progress)
    path, pool = _folder(out, effort), check_executor(executor)
    folder = Folder(path)
    if path is not None:
        _write([], path, effort)  # which marks the folder as one of ours
    groups = {claim.name: claim.parts(effort) for claim in picked}
    missing = folder.missing(part for parts in groups.values() for part in every(parts))
    findings: list[Finding] = []
    with Progress(len(missing), "claims", progress, unit="parts") as shown:

        def collect(parts: Parts) -> Data:
            """The data of a claim, what is not there yet computed."""
            for _ in folder.fill(folder.missing(every(parts)), pool, progress is True):
                shown.update(1)
            return {name: joined([folder.get(part) for part in group]) for name, group in parts.items()}

        for claim in picked:
            findings.append(_regenerate(claim, effort, path, partial(collect, groups[claim.name])))
            if path is not None:
                _write(findings, path, effort)
            if findings[-1].ended == INTERRUPTED:
                break
    return Reproduction(tuple(findings), effort.name, findings[-1].ended == INTERRUPTED)


def _regenerate(claim: Claim, effort: Effort, path: Path | None, collect: Callable[[], Data]) -> Finding:
    """One claim: its data, its numbers, its figure."""
    began = time.perf_counter()
    command = f"cumulode reproduce {claim.name}" + (" --quick" if effort is QUICK else "")
    command += "" if path is None else f" --out {path}"
    blank = Finding(claim.number, claim.name, claim.title, command=command)
    try:
        data = collect()
        numbers, message = claim.judge(data, effort)
        finding = replace(blank, numbers=tuple(numbers), message=message, seconds=time.perf_counter() - began)
        return finding if path is None else replace(finding, figure=_figure(claim, finding, data, effort, path))
    except (Interrupted, KeyboardInterrupt):
        return replace(blank, ended=INTERRUPTED, message="stopped; the same command goes on from here")
    except (Failed, ValueError, ArithmeticError) as error:
        return replace(blank, ended=FAILED, message=str(error))


def _figure(claim: Claim, finding: Finding, data: Data, effort: Effort, path: Path) -> str:
    """Draw and save; the file's name."""
    from matplotlib.figure import Figure

    from cumulode.validation.plots.style import save

    figure = Figure(figsize=claim.figsize, layout="constrained")
    claim.draw(figure, data, effort)
    figure.suptitle(f"{claim.title}. Verdict: {finding.verdict}", fontsize=11, x=0.01, ha="left")
    name = _figure_name(claim)
    save(figure, path / name, finding.command)
    return name


def _figure_name(claim: Claim) -> str:
    return f"{claim.number}-{claim.name}.png"


def _folder(out: Any, effort: Effort) -> Path | None:
    """``out`` as a path; InvalidArgument where it is none, or holds a run of the other scale or something else."""
    if out is None:
        return None
    if not isinstance(out, (str, Path)) or not str(out):
        raise InvalidArgument("out", out, "the name of a folder")
    path = Path(out)
    there = _read(path / "results.json")
    if there is None:
        _refuse_anothers(path)
    elif there["scale"] != effort.name:
        allowed = f"a folder without a {there['scale']} run: a {effort.name} one would overwrite it"
        raise InvalidArgument("out", str(out), allowed)
    return path


def _refuse_anothers(path: Path) -> None:
    """InvalidArgument where no run of ours has been, and something is called as what a run would write."""
    names = ["results.json", "results.md", *(_figure_name(claim) for claim in CLAIMS)]
    taken = [name for name in names if (path / name).exists()]
    lock, data = path / "results.lock", path / "data"  # may be of a run that was killed before it wrote any results
    taken += [lock.name] if lock.exists() and (not lock.is_file() or lock.stat().st_size) else []
    if data.exists() and not (data.is_dir() and all(KEPT.fullmatch(kept.name) for kept in data.iterdir())):
        taken.append("data")
    if taken:
        allowed = f"a new folder, or that of an earlier run, whole (there {', '.join(taken)} would be overwritten)"
        raise InvalidArgument("out", str(path), allowed)


def _write(findings: list[Finding], path: Path, effort: Effort) -> None:
    """The numbers and the page, with what an earlier run has of other claims.

    A claim that was interrupted or failed now does not replace what was there before.
    """
    file = path / "results.json"
    what, then = "waiting for another process that writes results", "writing all the same"
    with waiting.held(path / "results.lock", 30.0, what, then):
        rows = {row["number"]: row for row in (_read(file) or {"claims": []})["claims"]}
        for finding in findings:
            if not finding.ended or finding.number not in rows:
                rows[finding.number] = finding.to_dict()
        ordered = [rows[number] for number in sorted(rows)]
        write_bytes(file, json.dumps({"scale": effort.name, "claims": ordered}, indent=1).encode())
        write_bytes(path / "results.md", page.markdown(ordered, effort).encode())


def _read(file: Path) -> dict[str, Any] | None:
    """What a ``results.json`` of ours has; None where it is absent, damaged or something else."""
    try:
        results = json.loads(file.read_text())
        needed = Finding(0, "", "").to_dict().keys() - {"criteria"}  # which files of 0.1.0 have not
        whole = all(row.keys() >= needed for row in results["claims"])
        page.markdown(results["claims"], QUICK)  # whatever else it needs is there, too
        return dict(results) if whole and results["scale"] in (QUICK.name, FULL.name) else None
    except (OSError, *UNREADABLE):
        return None
