"""Repeat a file from what it says of itself, and say how the numbers differ."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from cumulode.numerics.io.progress import Shown
from cumulode.theory.user_input.arguments import integer
from cumulode.theory.user_input.deprecation import renamed_arguments
from cumulode.theory.user_input.printable import printable

from .files import read_phase, table_of
from .layers import PENDING
from .phase_diagram import sweep
from .settings import Values
from .table import Table


@dataclass(frozen=True, eq=False)
class Rerun:
    """What :func:`rerun` returns.

    Attributes
    ----------
    differences : pandas.DataFrame
        A row a variable: how many numbers are ``compared``, how many ``differ`` at all, and by how much at most, the
        ``largest`` difference and ``relative`` to the larger of the two.
    cells : int
        Cells of the grid repeated, each with all its seeds.
    equal : bool
        Whether every number is the same to the bit: some were compared, and the file lacks no variable.
    verified : bool
        Whether the file had checksums, which were those of its contents; files of versions up to 0.1.0 have none.
    missing : tuple of str
        Variables that the file's settings mean and the file does not have.
    then, now : dict
        Versions and revision of the file, and of this run.
    """

    differences: pd.DataFrame
    cells: int
    equal: bool
    verified: bool
    missing: tuple[str, ...]
    then: dict[str, str]
    now: dict[str, str]

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        rows = self.differences.reset_index().to_dict("records")
        plain = {name: getattr(self, name) for name in ("equal", "verified", "cells", "then", "now")}
        return plain | {"missing": list(self.missing), "differences": rows}

    @property
    def outcome(self) -> str:
        """Whether all is equal, in words."""
        if self.missing:
            return f"not equal, the file lacks {', '.join(self.missing)}"
        if not self.differences["compared"].any():
            return "nothing to compare, all of it pending in the file"
        return "equal to the bit" if self.equal else "not equal"

    def __str__(self) -> str:
        lines = [self.differences.to_string(float_format="{:.2g}".format)]
        cells = "1 cell" if self.cells == 1 else f"{self.cells} cells"
        lines.append(f"{cells} repeated: {self.outcome}")
        lines += [] if self.verified else ["the file has no checksums: what it holds is not verified"]
        changed = [name for name in self.then if self.then[name] != self.now[name]]
        lines += [f"{name} then: {self.then[name]}; now: {self.now[name]}" for name in changed]
        return printable("\n".join(lines), keep="\n")


@renamed_arguments(points="cells")
def rerun(
    path: str | Path, *, cells: int | None = None, seed: int = 0, executor: Any = None, progress: Shown = False
) -> Rerun:
    """Compute a file's sweep again, from the file's own attributes and coordinates alone.

    Parameters
    ----------
    path : file written by :func:`phase_diagram`
    cells : int >= 1, optional
        Repeat only values of the axes drawn at random (with ``seed``) so that about so many cells are done; all by
        default.
    executor, progress
        As for :func:`phase_diagram`.

    Returns
    -------
    Rerun
        For each variable how many of the numbers that the file has differ, and by how much. Points that are pending
        in the file are left out. A file that is damaged, by its checksums, is refused.

    Raises
    ------
    InvalidArgument
        Naming ``path`` or ``cells``.
    KeyboardInterrupt
        After Ctrl-C: half a comparison is none.
    """
    dataset, verified = read_phase(path)
    path = Path(path)
    old = table_of(dataset, path)
    settings, axes = old.settings, old.axes
    if cells is not None:
        settings = replace(settings, lines=False)  # they are sought between the ends of the whole axis
        axes = _drawn(axes, integer("cells", cells, ge=1), seed)
    new, again = sweep(settings, axes, executor=executor, progress=progress)
    if new.tasks():
        raise KeyboardInterrupt  # what is missing would count as a difference
    there = Table(settings, axes)
    there.copy_from(old)
    rows = [_difference(there.arrays[name], new.arrays[name], _known(there, name)) for name in there.arrays]
    columns = ["compared", "differ", "largest", "relative"]
    differences = pd.DataFrame(rows, pd.Index(there.arrays, name="variable"), columns)
    counted = int(np.prod([len(values) for values in axes.values()]))
    missing = tuple(name for name in there.arrays if name not in dataset)
    equal = not missing and not differences["differ"].any() and bool(differences["compared"].any())
    then, now = ({name: str(a.get(name, "")) for name in ("versions", "revision")} for a in (dataset.attrs, again))
    return Rerun(differences, counted, equal, verified, missing, then, now)


def _drawn(axes: dict[str, Values], cells: int, seed: int) -> dict[str, Values]:
    """Fewer values of each axis, by about the same factor."""
    total = np.prod([len(values) for values in axes.values()])
    share = min(1.0, cells / total) ** (1 / len(axes))
    random = np.random.default_rng(seed)
    fewer = {}
    for name, values in axes.items():
        count = max(1, round(share * len(values)))
        fewer[name] = tuple(values[i] for i in sorted(random.choice(len(values), count, replace=False)))
    return fewer


def _known(table: Table, name: str) -> np.ndarray:
    """Where the variable is not pending, in the shape of its array."""
    layer = next(layer for layer in table.layers if name in layer.variables)
    variable, done = layer.variables[name], table.status(layer) != PENDING
    if layer.seeded and not variable.seed:
        done = done.all(axis=-1)
    return np.broadcast_to(done[..., None] if variable.last else done, table.arrays[name].shape)


def _difference(old: np.ndarray, new: np.ndarray, known: np.ndarray) -> tuple[int, int, float, float]:
    a, b = old[known], new[known]
    if a.dtype == object:
        return a.size, int(np.sum(a != b)), np.nan, np.nan
    a, b = a.astype(float), b.astype(float)
    same = (a == b) | (np.isnan(a) & np.isnan(b))
    with np.errstate(invalid="ignore", divide="ignore"):
        gap = np.abs(a - b)[~same]
        relative = gap / np.maximum(np.abs(a), np.abs(b))[~same]
    # a number where there was none differs by infinity
    largest, most = (float(np.max(np.nan_to_num(x, nan=np.inf), initial=0.0)) for x in (gap, relative))
    return a.size, gap.size, largest, most
