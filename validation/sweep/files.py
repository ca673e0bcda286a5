"""Files of sweeps: read with what is not gathered yet, continued, and refused where something would be lost."""

from __future__ import annotations

import json
import math
import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

import xarray as xr

from cumulode.numerics.io.atomic import check_output
from cumulode.numerics.io.netcdf import UNREADABLE, reason, say_unverified
from cumulode.theory.problem.axes import AXES, check_axis
from cumulode.theory.user_input.arguments import Described, InvalidArgument, existing_file
from cumulode.theory.user_input.printable import printable

from . import store as disk
from .layers import layers
from .settings import Settings, Values, axis_values, same_sweep
from .table import Table, sizes_of
from .work import Block

#: What the values of each type of ``layers.Variable`` may be in a file, by NumPy's kinds.
_KINDS = {"f8": "fiu", "i1": "iu", "U": "OUS"}


class SweepWarning(UserWarning):
    """A sweep with points that failed, or that was interrupted, or that other versions had begun."""


class ContinuedWarning(SweepWarning):
    """A sweep that other versions had begun."""


def open_phase(path: str | Path) -> xr.Dataset:
    """The dataset in a file, with the finished blocks that a running (or killed) sweep has not gathered yet.

    Checksums in the file are verified; of a file without any (of an earlier version) an ``UnverifiedWarning`` says so.
    No formula in the file is evaluated, but for the activation of a sweep that has not ended, as any user's text.

    Raises
    ------
    InvalidArgument
        Naming ``path`` where there is no file, one that is no phase diagram, or one that is damaged.
    """
    return read_phase(path)[0]


def read_phase(path: str | Path) -> tuple[xr.Dataset, bool]:
    """As ``open_phase``, and whether the file's checksums were verified."""
    path = existing_file("path", path)
    parts = disk.read_parts(path)  # before the file: what is gathered meanwhile is in the file then
    dataset, verified = disk.read(path, "path")
    _check_diagram(dataset, path)
    if parts:
        table = table_of(dataset, path)
        _put_parts(table, parts)
        dataset = table.dataset(dataset.attrs)
    else:
        _check_stated(dataset, path)
    say_unverified(path, verified)
    return dataset, verified


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
                try:
                    table.put(task, row)
                except (StopIteration, *UNREADABLE) as error:
                    warnings.warn(f"a block that is no part of this sweep is left out ({reason(error)})", stacklevel=3)


def _check_stated(dataset: xr.Dataset, path: Path) -> None:
    """InvalidArgument where settings or axes are missing or no such, or variables have not the shapes these mean."""
    try:
        problem = json.loads(dataset.attrs["problem"]) | {"activation": "erf"}  # a formula is not evaluated to look
        settings, axes = _stated(dataset, json.dumps(problem))
        _check_variables(dataset, settings, axes)
    except UNREADABLE as error:
        raise _no_diagram(path, error) from None


def _no_diagram(path: Path, error: BaseException) -> InvalidArgument:
    why = printable(error) if isinstance(error, InvalidArgument) else reason(error)
    return InvalidArgument("path", str(path), f"a file written by phase_diagram, whole ({why})")


def _stated(dataset: xr.Dataset, problem: str) -> tuple[Settings, dict[str, Values]]:
    """Settings and axes; errors are of any kind."""
    order = str(dataset.attrs["axes"]).split(", ")
    if len(set(order)) < len(order):
        raise InvalidArgument("axes", ", ".join(order), "each once")
    axes = {name: axis_values(check_axis(name), dataset.variables[name].values.tolist()) for name in order}
    size = json.loads(problem)["size"]
    sites = math.prod(size) if isinstance(size, list) else size
    if "size" not in axes and dataset.sizes.get("site", sites) != sites:  # before laws of a huge one are looked at
        raise InvalidArgument("size", size, f"{dataset.sizes['site']} sites, as the weights have")
    settings = Settings.from_json(problem, dataset.variables["seed"].values.tolist(), dataset.attrs["settings"])
    return settings, axes


def _check_variables(dataset: xr.Dataset, settings: Settings, axes: dict[str, Values]) -> None:
    """Refuse shapes and types that are not those of the settings; and the lack of what says which points are done."""
    sizes = sizes_of(settings, axes)
    for layer in layers(settings, axes):
        if f"{layer.prefix}status" not in dataset:
            raise InvalidArgument(f"{layer.prefix}status", None, f"a variable, which settings with {layer.name} mean")
        for name, variable in layer.variables.items():
            if name in dataset:
                there, shape = dataset[name], {d: sizes[d] for d in variable.dims(layer.axes)}
                came = dict(zip(map(str, there.dims), there.shape, strict=True))
                if list(came.items()) != list(shape.items()) or there.dtype.kind not in _KINDS[variable.dtype]:
                    raise InvalidArgument(name, Described(f"{there.dtype} {came}"), f"{variable.dtype} {shape}")


def table_of(dataset: xr.Dataset, path: Path) -> Table:
    """The table that a file's dataset holds, with the settings that it states; what it lacks is pending."""
    try:
        settings, axes = _stated(dataset, dataset.attrs["problem"])
        _check_variables(dataset, settings, axes)
        table = Table(settings, axes)
        for name, array in table.arrays.items():
            if name in dataset:
                values = dataset[name].values
                array[...] = values.astype(str).astype(object) if array.dtype == object else values
    except UNREADABLE as error:
        raise _no_diagram(path, error) from None
    return table


def check_out(out: Any) -> Path | None:
    """``out`` as a path at which a file can be written and replaced."""
    if out is None:
        return None
    path = check_output("out", out, (".nc",))
    if path.exists() and not path.is_file():
        raise InvalidArgument("out", str(out), "a file, not a device")
    return path


def extended(settings: Settings, axes: dict[str, Values], path: Path) -> tuple[Settings, dict[str, Values]]:
    """Seeds and values of the file, and those given."""
    old = _table_there(path)[1]

    def both(name: str, values: Values) -> Values:
        union = tuple(dict.fromkeys([*old.axes.get(name, ()), *values]))
        return union if AXES[name].text else tuple(sorted(union))

    seeds = tuple(dict.fromkeys([*old.settings.seeds, *settings.seeds]))
    wider = replace(settings, seeds=seeds, simulate=settings.simulate or old.settings.simulate)
    every = {**old.axes, **{name: values for name, values in axes.items() if name not in old.axes}}
    return wider, {name: both(name, axes.get(name, ())) for name in every}


def _table_there(path: Path) -> tuple[xr.Dataset, Table]:
    """What the file that is to be continued has."""
    dataset, verified = disk.read(path)
    try:
        table = table_of(dataset, path)
    except InvalidArgument as error:
        raise error.about("out") from None
    say_unverified(path, verified)
    return dataset, table


def continue_from(table: Table, path: Path, attrs: dict[str, Any]) -> None:
    """Take over what the file at ``path`` has, blocks included; refuse one that is of another sweep."""
    if not path.exists():
        return
    dataset, old = _table_there(path)
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
            warnings.warn(printable(words), ContinuedWarning, stacklevel=5)
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
