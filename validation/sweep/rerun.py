"""Repeat a file from what it says of itself, and tell how the numbers differ."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from cumulode.theory.user_input.arguments import InvalidArgument, integer

from .files import open_phase, settings_of
from .phase_diagram import phase_diagram
from .table import Table, table_from


@dataclass(frozen=True)
class Difference:
    """One variable: how many numbers are compared, how many differ at all, and by how much at most."""

    variable: str
    compared: int
    differ: int
    largest: float
    relative: float


@dataclass(frozen=True)
class Rerun:
    """What :func:`rerun` returns.

    Attributes
    ----------
    differences : tuple of Difference
        A row a variable.
    points : int
        Points repeated.
    equal : bool
        Whether every number is the same to the bit.
    then, now : dict
        Versions and revision of the file, and of this run.
    """

    differences: tuple[Difference, ...]
    points: int
    equal: bool
    then: dict[str, str]
    now: dict[str, str]

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        rows = [vars(row) for row in self.differences]
        return {"equal": self.equal, "points": self.points, "differences": rows, "then": self.then, "now": self.now}

    def __str__(self) -> str:
        lines = [f"{'variable':<28}{'compared':>10}{'differ':>8}{'largest':>12}{'relative':>12}"]
        for d in self.differences:
            lines.append(f"{d.variable:<28}{d.compared:>10}{d.differ:>8}{d.largest:>12.2g}{d.relative:>12.2g}")
        word = "equal to the bit" if self.equal else "not equal"
        lines.append(f"{self.points} points repeated: {word}")
        for name in self.then:
            if self.then[name] != self.now[name]:
                lines.append(f"{name} then: {self.then[name]}; now: {self.now[name]}")
        return "\n".join(lines)


def rerun(
    path: str | Path, *, points: int | None = None, seed: int = 0, executor: Any = None, progress: bool = False
) -> Rerun:
    """Compute a file's sweep again, from the file's own attributes and coordinates alone.

    Parameters
    ----------
    path : file written by :func:`phase_diagram`
    points : int >= 1, optional
        Repeat only values of the axes drawn at random (with ``seed``) so that about so many points are done; all by
        default.
    executor, progress
        As for :func:`phase_diagram`.

    Returns
    -------
    Rerun
        For each variable how many of the numbers that the file has differ, and by how much. Points that are pending
        in the file are left out.

    Raises
    ------
    ValueError
        Naming ``path`` or ``points``.
    KeyboardInterrupt
        After Ctrl-C: half a comparison is none.
    """
    path = Path(path)
    dataset = open_phase(path)
    settings = settings_of(dataset, path)
    old = table_from(dataset, settings)
    axes = dict(old.axes)
    names = [name for name in settings.__dataclass_fields__ if name not in ("problem", "seeds")]
    given: dict[str, Any] = {name: getattr(settings, name) for name in names}
    if points is not None:
        given["lines"] = False  # they are sought between the ends of the whole axis
        settings = replace(settings, lines=False)
        axes = _drawn(axes, integer("points", points, ge=1), seed)
    again = phase_diagram(settings.problem, axes, settings.seeds, executor=executor, progress=progress, **given)
    new = table_from(again, settings)
    if new.tasks():
        raise KeyboardInterrupt  # what is missing would be told as a difference
    there = Table(settings, axes)
    there.copy_from(old)
    names = [name for name in there.arrays if name in new.arrays]
    rows = [_difference(name, there.arrays[name], new.arrays[name], _known(there, name)) for name in names]
    counted = int(np.prod([len(values) for values in axes.values()]))
    labels = ("versions", "revision")
    then, now = ({name: str(d.attrs.get(name, "")) for name in labels} for d in (dataset, again))
    return Rerun(tuple(rows), counted, all(row.differ == 0 for row in rows), then, now)


def _drawn(axes: dict[str, tuple[Any, ...]], points: int, seed: int) -> dict[str, tuple[Any, ...]]:
    """Fewer values of each axis, by about the same factor."""
    total = np.prod([len(values) for values in axes.values()])
    share = min(1.0, points / total) ** (1 / len(axes))
    random = np.random.default_rng(seed)
    found = {}
    for name, values in axes.items():
        count = max(1, round(share * len(values)))
        found[name] = tuple(values[i] for i in sorted(random.choice(len(values), count, replace=False)))
    return found


def _known(table: Table, name: str) -> np.ndarray:
    """Where the variable is not pending, in the shape of its array."""
    layer = next(layer for layer in table.layers if name in layer.variables)
    variable, done = layer.variables[name], table.status(layer) != -1
    if layer.seeded and not variable.seed:
        done = done.all(axis=-1)
    return np.broadcast_to(done[..., None] if variable.last else done, table.arrays[name].shape)


def _difference(name: str, old: np.ndarray, new: np.ndarray, known: np.ndarray) -> Difference:
    a, b = old[known], new[known]
    if a.dtype == object:
        return Difference(name, a.size, int(np.sum(a != b)), np.nan, np.nan)
    a, b = a.astype(float), b.astype(float)
    same = (a == b) | (np.isnan(a) & np.isnan(b))
    with np.errstate(invalid="ignore", divide="ignore"):
        gap = np.abs(a - b)[~same]
        relative = gap / np.maximum(np.abs(a), np.abs(b))[~same]
    if not gap.size:
        return Difference(name, a.size, 0, 0.0, 0.0)
    # a number where there was none differs by infinity
    return Difference(name, a.size, gap.size, *(float(np.max(np.nan_to_num(x, nan=np.inf))) for x in (gap, relative)))


def check_file(path: Any) -> Path:
    """A path that exists; ValueError naming it otherwise."""
    if not Path(path).is_file():
        raise InvalidArgument("path", str(path), "a file written by phase_diagram")
    return Path(path)
