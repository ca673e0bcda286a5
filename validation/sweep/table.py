"""The numbers of a sweep in memory: an array a variable, filled point by point, and as an ``xarray.Dataset``."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from cumulode.theory.problem.axes import AXES
from cumulode.theory.problem.lattice import sites_in
from cumulode.theory.user_input.arguments import InvalidArgument

from .layers import CROSSINGS, DONE, PENDING, Layer, Variable, layers, line_axis, line_range
from .settings import Settings, Values
from .work import Found, Task

_TYPES = {"f8": np.float64, "i1": np.int8, "U": object}


class Table:
    """All variables of the layers that the settings ask for, on the grid of the axes."""

    def __init__(self, settings: Settings, axes: Mapping[str, Values]) -> None:
        self.settings, self.axes = settings, dict(axes)
        self.layers = layers(settings, axes)
        self.sites = _most_sites(settings, self.axes)
        self.arrays = {
            name: np.full(self._shape(layer, variable), variable.missing, _TYPES[variable.dtype])
            for layer in self.layers
            for name, variable in layer.variables.items()
        }

    def _dimensions(self, layer: Layer, variable: Variable) -> tuple[str, ...]:
        return (*layer.axes, *(["seed"] if variable.seed else []), *([variable.last] if variable.last else []))

    def _shape(self, layer: Layer, variable: Variable) -> tuple[int, ...]:
        sizes = {name: len(values) for name, values in self.axes.items()}
        sizes |= {"seed": len(self.settings.seeds), "site": self.sites, "crossing": CROSSINGS}
        return tuple(sizes[d] for d in self._dimensions(layer, variable))

    @property
    def identity(self) -> str:
        """What a block on disk must share for its indices to mean the same points: all that decides the numbers."""
        problem = self.settings.problem.to_dict()
        stated = [problem, self.settings.seeds, self.settings.to_json(), list(self.axes.items())]
        return hashlib.sha256(json.dumps(stated, sort_keys=True).encode()).hexdigest()

    def layer(self, name: str) -> Layer:
        """The layer called so."""
        return next(layer for layer in self.layers if layer.name == name)

    def status(self, layer: Layer) -> np.ndarray:
        """Its status, with the axes' dimensions and, where it is seeded, the seeds'."""
        return self.arrays[f"{layer.prefix}status"]

    def tasks(self, retry_failed: bool = False) -> list[Task]:
        """What is still to be done: for each point the seeds that are pending, or failed where those are repeated."""
        found = []
        for layer in self.layers:
            status = self.status(layer)
            for index in layer.indices(self.axes):
                state = np.atleast_1d(status[index])
                todo = (state != DONE) if retry_failed else (state == PENDING)
                if todo.any():
                    seeds = np.array(self.settings.seeds)[todo] if layer.seeded else ()
                    point = layer.point(index, self.axes)
                    found.append(Task(layer.name, index, point, tuple(int(s) for s in seeds)))
        return found

    def put(self, task: Task, found: Found) -> None:
        """Fill in what was found at a point."""
        layer = self.layer(task.layer)
        seeds = [self.settings.seeds.index(seed) for seed in task.seeds]
        last = f"{layer.prefix}status"  # what Ctrl-C may cut short stays pending
        for name, value in sorted(found.items(), key=lambda item: item[0] == last):
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
        for layer in self.layers:
            theirs = next((x for x in other.layers if x.name == layer.name), None)
            if theirs is None or (theirs.axes, list(theirs.variables)) != (layer.axes, list(layer.variables)):
                continue
            if layer.name == "lines" and self.range != other.range:
                continue  # critical values are sought between the ends of the axis
            common = [_matches(self.axes[d], other.axes[d]) for d in layer.axes]
            seeds = _matches(self.settings.seeds, other.settings.seeds)
            last = {"site": [(i, i) for i in range(min(self.sites, other.sites))]}
            last["crossing"] = [(i, i) for i in range(CROSSINGS)]
            for name, variable in layer.variables.items():
                pairs = [*common, *([seeds] if variable.seed else [])]
                pairs += [last[variable.last]] if variable.last else []
                here, there = (np.ix_(*([pair[side] for pair in axis] for axis in pairs)) for side in (0, 1))
                self.arrays[name][here] = other.arrays[name][there]

    @property
    def range(self) -> tuple[Any, ...] | None:
        """Ends of the axis along which critical values are sought."""
        along = line_axis(self.axes)
        return None if along is None else (along, *line_range(self.axes, along))

    def dataset(self, attrs: Mapping[str, Any]) -> Any:
        """As an ``xarray.Dataset``, variables in a fixed order."""
        import xarray as xr

        variables = {
            name: (self._dimensions(layer, variable), self.arrays[name], dict(variable.attrs))
            for layer in self.layers
            for name, variable in layer.variables.items()
        }
        coords: dict[str, Any] = {
            name: (name, np.array(values, dtype=object if AXES[name].text else None), AXES[name].attrs)
            for name, values in self.axes.items()
        }
        coords["seed"] = ("seed", np.array(self.settings.seeds, np.int32), {"long_name": "seed of the start"})
        return xr.Dataset(variables, coords, dict(attrs))


def _matches(here: tuple[Any, ...], there: tuple[Any, ...]) -> list[tuple[int, int]]:
    """Pairs of indices of equal values."""
    where = {value: i for i, value in enumerate(there)}
    return [(i, where[value]) for i, value in enumerate(here) if value in where]


def _most_sites(settings: Settings, axes: Mapping[str, Values]) -> int:
    sides = axes.get("size", (settings.problem.shape[0],))
    return max(sites_in((side,) * len(settings.problem.shape)) for side in sides)


def table_from(dataset: Any, settings: Settings) -> Table:
    """The table that a dataset holds; what it lacks is pending."""
    order = str(dataset.attrs["axes"]).split(", ")
    table = Table(settings, {name: _plain(dataset[name].values) for name in order})
    for name, array in table.arrays.items():
        if name in dataset:
            values = dataset[name].values
            if values.shape != array.shape:
                shapes = f"{name} of shape {values.shape}"
                raise InvalidArgument("out", shapes, f"shape {array.shape}: a file of this version of cumulode, whole")
            array[...] = values.astype(str).astype(object) if array.dtype == object else values
    return table


def _plain(values: np.ndarray) -> Values:
    """Coordinates as ``settings.check_axes`` gives them."""
    return tuple(v.item() if isinstance(v, np.generic) else v for v in values)
