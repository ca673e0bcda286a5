"""Files of sweeps: read with what is not gathered yet, continued, and refused where something would be lost."""

from __future__ import annotations

import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

import xarray as xr

from cumulode.theory.problem.axes import AXES
from cumulode.theory.user_input.arguments import Described, InvalidArgument, existing_file

from . import store as disk
from .settings import Settings, Values, same_sweep
from .table import Table
from .work import Block


class SweepWarning(UserWarning):
    """A sweep with points that failed, or that was interrupted, or that other versions had begun."""


class ContinuedWarning(SweepWarning):
    """A sweep that other versions had begun."""


def open_phase(path: str | Path) -> xr.Dataset:
    """The dataset in a file, with the finished blocks that a running (or killed) sweep has not gathered yet.

    Raises
    ------
    InvalidArgument
        Naming ``path`` where there is no file, or one that is no phase diagram.
    """
    path = existing_file("path", path)
    parts = disk.read_parts(path)  # before the file: what is gathered meanwhile is in the file then
    try:
        dataset = disk.read(path)
    except InvalidArgument as error:
        raise error.about("path") from None
    _check_diagram(dataset, path)
    if not parts:
        return dataset
    table = table_of(dataset, path)
    _put_parts(table, parts)
    return table.dataset(dataset.attrs)


def _check_diagram(dataset: xr.Dataset, path: Path) -> None:
    """InvalidArgument for a file of anything but a phase diagram."""
    if "status" in dataset and {"seed"} < set(dataset["status"].dims):
        return
    kind = dataset.attrs.get("kind")
    what = f"a {kind}" if kind else ", ".join(map(str, dataset.data_vars))
    allowed = "a phase diagram, a netCDF file written by `cumulode phase` or phase_diagram"
    more = f" (cumulode.load reads a {kind})" if kind else ""
    raise InvalidArgument("path", Described(f"{path}, which holds {what}"), allowed + more)


def _put_parts(table: Table, parts: list[tuple[str, Block]]) -> None:
    """Fill in finished blocks.

    Blocks of another grid were gathered before the file was written for this one: a sweep was killed before it removed
    them. Their indices mean other points.
    """
    for identity, block in parts:
        if identity == table.identity:
            for task, row in block:
                table.put(task, row)


def table_of(dataset: xr.Dataset, path: Path) -> Table:
    """The table that a file's dataset holds, with the settings that it states; what it lacks is pending."""
    attrs = dataset.attrs
    try:
        settings = Settings.from_json(attrs["problem"], dataset["seed"].values.tolist(), attrs["settings"])
    except (KeyError, TypeError, ValueError) as error:
        raise InvalidArgument("path", str(path), f"a file written by phase_diagram ({error})") from None
    order = str(attrs["axes"]).split(", ")
    table = Table(settings, {name: tuple(dataset[name].values.tolist()) for name in order})
    for name, array in table.arrays.items():
        if name in dataset:
            values = dataset[name].values
            if values.shape != array.shape:
                shapes = Described(f"{name} of shape {values.shape}")
                raise InvalidArgument("out", shapes, f"shape {array.shape}: a file of this version of cumulode, whole")
            array[...] = values.astype(str).astype(object) if array.dtype == object else values
    return table


def check_out(out: Any) -> Path | None:
    """``out`` as a path whose folder exists."""
    if out is None:
        return None
    if not isinstance(out, (str, Path)) or Path(out).suffix != ".nc":
        raise InvalidArgument("out", str(out), "a file name ending in .nc")
    path = Path(out)
    if not path.resolve().parent.is_dir():
        raise InvalidArgument("out", str(out), "a file in a directory that exists")
    return path


def extended(settings: Settings, axes: dict[str, Values], path: Path) -> tuple[Settings, dict[str, Values]]:
    """Seeds and values of the file, and those given."""
    old = table_of(disk.read(path), path)

    def both(name: str, values: Values) -> Values:
        union = tuple(dict.fromkeys([*old.axes.get(name, ()), *values]))
        return union if AXES[name].text else tuple(sorted(union))

    seeds = tuple(dict.fromkeys([*old.settings.seeds, *settings.seeds]))
    wider = replace(settings, seeds=seeds, simulate=settings.simulate or old.settings.simulate)
    every = {**old.axes, **{name: values for name, values in axes.items() if name not in old.axes}}
    return wider, {name: both(name, axes.get(name, ())) for name in every}


def continue_from(table: Table, path: Path, attrs: dict[str, Any]) -> None:
    """Take over what the file at ``path`` has, blocks included; refuse one that is of another sweep."""
    if not path.exists():
        return
    dataset = disk.read(path)
    old = table_of(dataset, path)
    if list(old.axes) != list(table.axes):
        raise InvalidArgument("axes", list(table.axes), f"{', '.join(old.axes)}, as {path} has, or another file")
    _refuse_loss(old, table, path)
    differs = same_sweep(old.settings, table.settings, table.axes)
    if differs:
        raise InvalidArgument("out", str(path), f"a file of the same sweep, or a new one; there {differs}")
    _put_parts(old, disk.read_parts(path))
    table.copy_from(old)
    for name in ("versions", "revision"):
        before = str(dataset.attrs.get(name))
        if before.split("; ")[-1] != attrs[name]:
            words = f"{path} was begun with {name} {before}, is continued with {attrs[name]}"
            warnings.warn(words, ContinuedWarning, stacklevel=5)
            before = f"{before}; {attrs[name]}"
        attrs[name] = before


def _refuse_loss(old: Table, new: Table, path: Path) -> None:
    """InvalidArgument where the new grid lacks something of the old one: finished points are not thrown away."""
    for name, values in {**old.axes, "seeds": old.settings.seeds}.items():
        kept = new.settings.seeds if name == "seeds" else new.axes[name]
        lost = [str(v) for v in values if v not in kept]
        if lost:
            words = ", ".join(lost[:3]) + (", ..." if len(lost) > 3 else "")
            raise InvalidArgument(
                name, f"values without {words}", f"all that {path} has, and more (or extend=True), or another file"
            )
    if old.settings.simulate and not new.settings.simulate:
        raise InvalidArgument("simulate", False, f"True, as {path} has SGD, or another file")
