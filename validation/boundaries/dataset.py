"""A boundary of the theory as a dataset: named, with units and how it was made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr

from cumulode.theory.problem.axes import AXES

from .probe import QUANTITIES, Probe, Scale, stamp


@dataclass(frozen=True)
class Theory:
    """Critical coordinates ``u`` (lines,), of each start (lines, seeds), and the scan (lines, scan)."""

    u: np.ndarray
    u_of_seed: np.ndarray
    slope: np.ndarray
    spread: np.ndarray
    grid: np.ndarray
    scanned: np.ndarray
    reasons: list[str]
    remarks: list[str]


def dataset(
    probe: Probe, scaled: Scale, names: dict[str, list[Any]], theory: Theory, settings: dict[str, Any]
) -> xr.Dataset:
    """The theory's part, named and with units."""
    dims, shape = tuple(names), tuple(map(len, names.values()))
    what, (long_name, units, _) = AXES[scaled.name].attrs, QUANTITIES[probe.quantity]
    rate = scaled.rate(theory.u)
    error = theory.spread / np.sqrt(probe.seeds) / np.abs(theory.slope) * rate

    def variable(values: Any, extra: tuple[str, ...], long: str, unit: str) -> tuple[Any, ...]:
        array = np.asarray(values)
        return (*dims, *extra), array.reshape(shape + array.shape[1:]), {"long_name": long, "units": unit}

    critical, unit = f"critical {what['long_name']}", what["units"]
    ln = f"ln of {long_name}"
    data = {
        "critical": variable(scaled.value(theory.u), (), critical, unit),
        "standard_error": variable(error, (), f"standard error over starts of the {critical}", unit),
        "critical_of_seed": variable(scaled.value(theory.u_of_seed), ("seed",), f"{critical} of each start", unit),
        "slope": variable(theory.slope / rate, (), f"slope of the mean {ln}", unit if unit == "1" else f"1 / {unit}"),
        "spread": variable(theory.spread, (), f"standard deviation over starts of the {ln} there", "1"),
        "scanned": variable(theory.scanned, ("scan",), f"mean over starts of the {ln} / level", "1"),
        "reason": variable(theory.reasons, (), "why there is no critical value", ""),
        "remark": variable(theory.remarks, (), "what to know of a critical value", ""),
    }
    coords: dict[str, Any] = {name: (name, values, AXES[name].attrs) for name, values in names.items()}
    coords["seed"] = ("seed", np.arange(probe.seeds, dtype=np.int32), {"long_name": "seed of the start", "units": "1"})
    coords["scan"] = ("scan", scaled.value(theory.grid), what)
    title = f"{critical} at which the {long_name} is {probe.level:g}"
    attrs = stamp(title, probe, settings) | {"axis": scaled.name, "units": unit, "quantity_units": units}
    return xr.Dataset(data, coords, attrs)
