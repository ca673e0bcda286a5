"""The numbers of a sweep in memory: an array a variable, filled point by point, and as an ``xarray.Dataset``."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr

from cumulode.numerics.io.provenance import revision, versions
from cumulode.theory.problem.axes import AXES
from cumulode.theory.problem.lattice import sites_in

from .layers import CROSSINGS, DONE, PENDING, Layer, layers, line_axis, line_range
from .measures import LOCALISED
from .settings import Settings, Values
from .work import Row, Task

_TYPES = {"f8": np.float64, "i1": np.int8, "U": object}


class Table:
    """All variables of the layers of a sweep, on the grid of the axes."""

    def __init__(self, settings: Settings, axes: Mapping[str, Values]) -> None:
        self.settings, self.axes = settings, dict(axes)
        self.layers = layers(settings, axes)
        self.data = self._pending()
        #: The numbers themselves, filled in place.
        self.arrays: dict[str, np.ndarray] = {str(name): v.values for name, v in self.data.items()}

    def _pending(self) -> xr.Dataset:
        """The dataset of nothing done yet, variables in a fixed order."""
        sizes = sizes_of(self.settings, self.axes)
        data = {}
        for layer in self.layers:
            for name, v in layer.variables.items():
                dims = v.dims(layer.axes)
                data[name] = (dims, np.full([sizes[d] for d in dims], v.missing, _TYPES[v.dtype]), dict(v.attrs))
        coords: dict[str, Any] = {
            name: (name, np.array(values, dtype=object if AXES[name].text else None), AXES[name].attrs)
            for name, values in self.axes.items()
        }
        coords["seed"] = ("seed", np.array(self.settings.seeds, np.int32), {"long_name": "seed of the start"})
        return xr.Dataset(data, coords)

    @property
    def identity(self) -> str:
        """What a block on disk must share for its indices to mean the same points: all that decides the numbers."""
        problem = self.settings.problem.to_dict()
        stated = [problem, self.settings.seeds, self.settings.to_json(), list(self.axes.items())]
        return hashlib.sha256(json.dumps(stated, sort_keys=True).encode()).hexdigest()

    def status(self, layer: Layer) -> np.ndarray:
        """Its status, with the axes' dimensions and, where it is seeded, the seeds'."""
        return self.arrays[f"{layer.prefix}status"]

    def tasks(self, retry_failed: bool = False) -> list[Task]:
        """What is still to be done: for each point the seeds that are pending, or failed where those are repeated."""
        tasks = []
        for layer in self.layers:
            status = self.status(layer)
            for index in np.ndindex(*status.shape[: len(layer.axes)]):
                state = np.atleast_1d(status[index])
                todo = (state != DONE) if retry_failed else (state == PENDING)
                if todo.any():
                    seeds = np.array(self.settings.seeds)[todo] if layer.seeded else ()
                    point = {name: self.axes[name][i] for name, i in zip(layer.axes, index, strict=True)}
                    tasks.append(Task(layer.name, index, point, tuple(int(s) for s in seeds)))
        return tasks

    def put(self, task: Task, row: Row) -> None:
        """Fill in the variables of a point."""
        layer = next(layer for layer in self.layers if layer.name == task.layer)
        seeds = [self.settings.seeds.index(seed) for seed in task.seeds]
        last = f"{layer.prefix}status"  # what Ctrl-C may cut short stays pending
        for name, value in sorted(row.items(), key=lambda item: item[0] == last):
            variable, array = layer.variables[name], self.arrays[name]
            if variable.last == "site":
                array[task.index][np.ix_(seeds, range(value.shape[-1]))] = value
            elif variable.seed:
                array[task.index][seeds] = value
            elif variable.dtype == "U":
                array[task.index] = self._reason(layer, task.index, seeds, str(value))
            else:
                array[task.index] = value

    def _reason(self, layer: Layer, index: tuple[int, ...], seeds: list[int], new: str) -> str:
        """With what is known of seeds that failed in an earlier run and were not repeated."""
        old = self.arrays[f"{layer.prefix}reason"][index]
        others = np.delete(self.status(layer)[index], seeds) if layer.seeded else np.empty(0)
        if not np.any((others != DONE) & (others != PENDING)):
            return new
        return old if new in old else "; ".join(filter(None, (old, new)))

    def copy_from(self, other: Table) -> None:
        """Take over what another grid has at points that both have."""
        theirs = {layer.name: layer for layer in other.layers}
        for layer in self.layers:
            its = theirs.get(layer.name)
            if its is None or (its.axes, list(its.variables)) != (layer.axes, list(layer.variables)):
                continue
            if layer.name == "lines" and self.range != other.range:
                continue  # critical values are sought between the ends of the axis
            for name in layer.variables:
                both = (self.data[name], other.data[name])
                pairs = [_matches(*(array[dim].values.tolist() for array in both)) for dim in both[0].dims]
                here, there = (np.ix_(*(pair[side] for pair in pairs)) for side in (0, 1))
                self.arrays[name][here] = other.arrays[name][there]

    @property
    def range(self) -> tuple[Any, ...] | None:
        """Ends of the axis along which critical values are sought."""
        along = line_axis(self.axes)
        return None if along is None else (along, *line_range(self.axes, along))

    def dataset(self, attrs: Mapping[str, Any]) -> xr.Dataset:
        """As an ``xarray.Dataset`` with these attributes."""
        return self.data.assign_attrs(attrs)

    def attributes(self, command: str) -> dict[str, Any]:
        """How it was made: plain text and numbers, without times and places, so that equal sweeps are equal."""
        return {
            "title": "cumulode phase diagram",
            "problem": json.dumps(self.settings.problem.to_dict(), sort_keys=True),
            "axes": ", ".join(self.axes),
            "settings": self.settings.to_json(),
            "versions": json.dumps(versions(), sort_keys=True),
            "revision": revision(),
            "command": command,
            "time": self.settings.time,
            "time_units": "learning rate x steps",
            "localised_threshold": LOCALISED,
            "starts": "seed s: amplitude * numpy.random.default_rng(s).standard_normal(D) / sqrt(D); "
            "SGD draws from seed s",
        }


def _matches(here: list[Any], there: list[Any]) -> tuple[list[int], list[int]]:
    """Indices of equal values, here and there."""
    where = {value: i for i, value in enumerate(there)}
    common = [i for i, value in enumerate(here) if value in where]
    return common, [where[here[i]] for i in common]


def sizes_of(settings: Settings, axes: Mapping[str, Values]) -> dict[str, int]:
    """The length of every dimension."""
    sides = axes.get("size", (settings.problem.shape[0],))
    sites = max(sites_in((side,) * len(settings.problem.shape)) for side in sides)
    lengths = {name: len(values) for name, values in axes.items()}
    return lengths | {"seed": len(settings.seeds), "site": sites, "crossing": CROSSINGS}
