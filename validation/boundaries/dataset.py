"""A boundary of the theory as a dataset: named, with units and how it was made."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from cumulode.theory.problem.axes import AXES

from .roots import Lines, Roots


def dataset(lines: Lines, names: dict[str, list[Any]], roots: Roots, settings: dict[str, Any]) -> xr.Dataset:
    """The theory's part, named and with units; ``names``: the other axes and their values."""
    probe, along = lines.probe, lines.range
    dims, shape = tuple(names), tuple(map(len, names.values()))
    what, (long_name, units) = along.axis.attrs, probe.measured
    rate = along.rate(roots.u)
    error = roots.spread / np.sqrt(len(probe.seeds)) / np.abs(roots.slope) * rate

    def variable(values: Any, long: str, unit: str, *extra: str) -> tuple[Any, ...]:
        array = np.asarray(values)
        return (*dims, *extra), array.reshape(shape + array.shape[1:]), {"long_name": long, "units": unit}

    critical, unit = f"critical {what['long_name']}", what["units"]
    ln = f"ln of {long_name}"
    data = {
        "critical": variable(along.value(roots.u), critical, unit),
        "standard_error": variable(error, f"standard error over starts of the {critical}", unit),
        "critical_of_seed": variable(along.value(roots.u_of_seed), f"{critical} of each start", unit, "seed"),
        "slope": variable(roots.slope / rate, f"slope of the mean {ln}", unit if unit == "1" else f"1 / {unit}"),
        "spread": variable(roots.spread, f"standard deviation over starts of the {ln} there", "1"),
        "scanned": variable(roots.scanned, f"mean over starts of the {ln} / level", "1", "scan"),
        "reason": variable(roots.reasons, "why there is no critical value", ""),
        "remark": variable(roots.remarks, "what to know of a critical value", ""),
    }
    coords: dict[str, Any] = {name: (name, values, AXES[name].attrs) for name, values in names.items()}
    coords["seed"] = ("seed", np.array(probe.seeds, np.int32), {"long_name": "seed of the start", "units": "1"})
    coords["scan"] = ("scan", along.value(roots.grid), what)
    title = f"{critical} at which the {long_name} is {probe.level:g}"
    attrs = probe.stamp(title, settings) | {"axis": along.name, "units": unit, "quantity_units": units}
    return xr.Dataset(data, coords, attrs)
